package recordtest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"entente/record"
)

// batchOf makes leaves from to to with their parts.
func batchOf(from, to int) (leaves [][]byte, sealed [][][]byte) {
	for i := from; i < to; i++ {
		leaves, sealed = append(leaves, leafOf(i)), append(sealed, partsOf(i))
	}
	return leaves, sealed
}

// noteAt signs the tree of the first n leaves as the owner would.
func noteAt(t *testing.T, n int) []byte {
	t.Helper()
	leaves, _ := batchOf(0, n)
	note, err := Sign(rootOf(t, leaves))
	if err != nil {
		t.Fatal(err)
	}
	return note
}

func (s suite) openMirror(t *testing.T) record.Storage {
	t.Helper()
	return s.openWith(t, nil)
}

func (s suite) mirror(t *testing.T) {
	st := s.openMirror(t)
	if _, err := st.Append(t.Context(), []byte("x"), nil); err == nil {
		t.Error("a mirror signed a leaf of its own")
	}
	n := 0
	for _, more := range []int{1, 256, 3, 0, 256, 40} {
		leaves, sealed := batchOf(n, n+more)
		n += more
		if err := st.AppendVerified(t.Context(), leaves, sealed, noteAt(t, n)); err != nil {
			t.Fatal(err)
		}
		check(t, st, n)
	}
	s.close(t, st)
	st = s.openMirror(t)
	check(t, st, n)

	// A part that is not addressed to this mirror is nil, and stays nil.
	leaves, sealed := batchOf(n, n+8)
	for i := range sealed {
		if len(sealed[i]) > 0 {
			sealed[i][0] = nil
		}
	}
	if err := st.AppendVerified(t.Context(), leaves, sealed, noteAt(t, n+8)); err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		got, err := st.Sealed(uint64(n + i))
		if err != nil || !slices.EqualFunc(got, sealed[i], func(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }) {
			t.Errorf("parts of leaf %d: %v", n+i, err)
		}
	}
}

// notes: what note a mirror takes and shows.
func (s suite) notes(t *testing.T) {
	st := s.openMirror(t)
	leaves, sealed := batchOf(0, 10)
	larger := noteAt(t, 30)
	if err := st.AppendVerified(t.Context(), leaves, sealed, larger); err != nil {
		t.Fatalf("a note of a larger tree: %v", err)
	}
	tree, note := st.Head()
	if tree.Size != 10 || !bytes.Equal(note, larger) {
		t.Errorf("head %d with the note %q", tree.Size, note)
	}
	other := rootOf(t, leaves)
	other.Root[3] ^= 4
	wrong, _ := Sign(other)
	foreign := bytes.Replace(noteAt(t, 10), []byte("north"), []byte("south"), 1)
	for name, bad := range map[string][]byte{"none": nil, "junk": []byte("junk"), "smaller": noteAt(t, 9), "another root": wrong, "another origin": foreign} {
		if err := st.AppendVerified(t.Context(), nil, nil, bad); err == nil {
			t.Errorf("a note was taken: %s", name)
		}
	}
	if got, now := st.Head(); got != tree || !bytes.Equal(now, larger) {
		t.Errorf("refused notes changed the head to %v, %q", got, now)
	}
	if err := st.AppendVerified(t.Context(), nil, nil, noteAt(t, 10)); err != nil {
		t.Errorf("a note of this size: %v", err)
	}
	s.close(t, st)
	check(t, s.openMirror(t), 10)
}

func (s suite) erase(t *testing.T) {
	st := s.open(t)
	fill(t, st, 0, 12)
	erased := map[[2]int]bool{{2, 0}: true, {2, 1}: true, {5, 1}: true, {11, 0}: true}
	for k := range erased {
		for range 2 { // a second time is no error
			if err := st.Erase(uint64(k[0]), k[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, bad := range [][2]int{{0, 0}, {2, 2}, {2, -1}, {12, 0}} {
		if err := st.Erase(uint64(bad[0]), bad[1]); err == nil {
			t.Errorf("erased part %d of leaf %d, which is not there", bad[1], bad[0])
		}
	}
	verify := func() {
		t.Helper()
		for i := range 12 {
			want := partsOf(i)
			for k := range want {
				if erased[[2]int{i, k}] {
					want[k] = nil
				}
			}
			got, err := st.Sealed(uint64(i))
			if err != nil || !slices.EqualFunc(got, want, func(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }) {
				t.Fatalf("parts of leaf %d: %v", i, err)
			}
		}
		if next, err := st.Scrub(t.Context(), 0, 1000); next != 0 || err != nil {
			t.Fatalf("scrub after erasing: %d, %v", next, err)
		}
	}
	verify()
	s.close(t, st)
	st = s.open(t)
	verify()
	fill(t, st, 12, 15)
}

func (s suite) scrub(t *testing.T) {
	st := s.open(t)
	const n = 520
	fill(t, st, 0, n)
	seen, from := 0, uint64(0)
	for {
		next, err := st.Scrub(t.Context(), from, 256)
		if err != nil {
			t.Fatal(err)
		}
		if seen++; next == 0 {
			break
		}
		if next <= from || next > n {
			t.Fatalf("scrub went from %d to %d", from, next)
		}
		from = next
	}
	if seen < 2 {
		t.Errorf("%d leaves in steps of 256 took %d calls", n, seen)
	}
	if next, err := st.Scrub(t.Context(), n+5, 10); next != 0 || err != nil {
		t.Errorf("scrub beyond the end: %d, %v", next, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := st.Scrub(ctx, 0, n); !errors.Is(err, context.Canceled) {
		t.Errorf("scrub under a cancelled context: %v", err)
	}
}

// spoil: a changed leaf is named, by Open if it looks there, by Scrub, by Leaf.
func (s suite) spoil(t *testing.T) {
	if s.Spoil == nil {
		t.Skip("this engine's leaves cannot be changed from here")
	}
	st := s.open(t)
	const n, bad = 400, 130
	for i := range n {
		leaf := leafOf(i)
		if i == bad {
			leaf = []byte("the leaf that somebody changes")
		}
		if _, err := st.Append(t.Context(), leaf, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.close(t, st)
	s.Spoil(t, s.dir, []byte("the leaf that somebody changes"))
	var damage *record.Damage
	st, err := s.Open(s.dir, Sign)
	if errors.As(err, &damage) && damage.Index == bad {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if _, err := st.Scrub(t.Context(), 0, n); !errors.As(err, &damage) || damage.Index != bad {
		t.Errorf("scrub of a changed leaf %d: %v", bad, err)
	}
	if _, err := st.Leaf(bad); !errors.As(err, &damage) || damage.Index != bad {
		t.Errorf("reading a changed leaf %d: %v", bad, err)
	}
	if _, err := st.Scrub(t.Context(), 256, n); err != nil {
		t.Errorf("scrub of the rest: %v", err)
	}
}

func (s suite) refuse(t *testing.T) {
	st := s.openMirror(t)
	leaves, sealed := batchOf(0, 4)
	if err := st.AppendVerified(t.Context(), leaves, sealed[:3], noteAt(t, 4)); err == nil {
		t.Error("four leaves with parts for three")
	}
	leaves[2] = make([]byte, 1<<16)
	if err := st.AppendVerified(t.Context(), leaves, sealed, noteAt(t, 4)); err == nil {
		t.Error("a leaf of 64 KiB")
	}
	check(t, st, 0)
}
