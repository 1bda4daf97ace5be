package sqlite

import (
	"bytes"
	"path/filepath"
	"testing"

	"entente/border"
	"entente/statement"
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWatch(t testing.TB) *Watch {
	t.Helper()
	w := must(OpenWatch(t.Context(), filepath.Join(t.TempDir(), "watch.db")))(t)
	t.Cleanup(func() { ok(t, w.Close()) })
	return w
}

func newView(t testing.TB, dir string) *View {
	t.Helper()
	return must(OpenView(t.Context(), filepath.Join(dir, "view.db")))(t)
}

func dump(t testing.TB, v *View) string {
	t.Helper()
	var b bytes.Buffer
	ok(t, v.Dump(t.Context(), &b))
	return b.String()
}

// said is the entry of a statement that anybody can read.
func said(origin string, index uint64, kind statement.Kind, at int64) Entry {
	return Entry{Statement: Statement{
		Origin: origin, Index: index, ID: statement.Digest{byte(index), byte(len(origin))}, Party: origin, Time: at, State: StateOpen, Kind: kind,
		Recipients: []string{}, Refs: []statement.Ref{}, Body: []byte("{}"), Parts: 1, Counted: true,
	}}
}

// owner is the lens of whoever may see everything.
func owner(t testing.TB) border.Lens {
	t.Helper()
	return must(border.See(border.Owner("test"), "test", ""))(t)
}

// all is the watch as its owner sees it.
func (w *Watch) all() *Seen { return &Seen{db: w.db} }
