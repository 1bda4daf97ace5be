package node

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"entente/statement"
)

// TestKeepOutcome: what a run has come to is read as it was kept, and of many matches
// none is held while they are written.
func TestKeepOutcome(t *testing.T) {
	n := &Node{cfg: Config{Dir: t.TempDir()}}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for _, many := range []int{0, 1, 2, 100_000} {
		offer, before, held := statement.Digest{byte(many)}, heap(), uint64(0)
		want := outcome{Count: many, Fault: `E_STATE: a "matches":[] in it`, Audited: 7, Began: 1, Ended: 2}
		err := n.keepOutcome(offer, want, func(f func(matchFound) error) error {
			for i := range many {
				if err := f(matchFound{"domain-name", fmt.Sprintf("%d.a-name-of-some-length.example", i), int64(i), 9}); err != nil {
					return err
				}
			}
			held = heap()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if held > before+4<<20 {
			t.Errorf("%d matches: %d bytes are held while they are written", many, held-before)
		}
		var got outcome
		if err := n.readMatch(matchRunsDir+"/"+offer.String()+"/outcome.json", &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Matches) != many || got.Count != many || got.Fault != want.Fault || got.Audited != 7 || got.Ended != 2 {
			t.Errorf("%d matches: %d are read, %+v", many, len(got.Matches), got.Fault)
		}
		for i, m := range got.Matches {
			if m.Ours != int64(i) || m.Theirs != 9 {
				t.Fatalf("match %d: %+v", i, m)
			}
		}
	}
	n = &Node{cfg: Config{Dir: t.TempDir()}}
	if err := n.keepOutcome(statement.Digest{}, outcome{}, func(func(matchFound) error) error { return os.ErrClosed }); err == nil || exists(n.outcomePath(statement.Digest{})) {
		t.Error("an outcome without its matches is kept")
	}
}
