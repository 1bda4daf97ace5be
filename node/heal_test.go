package node

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// spoil flips a bit of some bytes that lie in a node's mirror of a log.
func (u *unit) spoil(name, owner string, what []byte) {
	u.t.Helper()
	path := filepath.Join(mirrorDir(u.path(name), u.keys[owner].Origin), "log")
	data := must(os.ReadFile(path))(u.t)
	at := bytes.Index(data, what)
	if at < 0 {
		u.t.Fatal("the mirror does not hold these bytes")
	}
	f := must(os.OpenFile(path, os.O_WRONLY, 0))(u.t)
	at += len(what) / 2
	must(f.WriteAt([]byte{data[at] ^ 1}, int64(at)))(u.t)
	u.ok(f.Close())
}

// TestHealed: what scrubbing finds damaged in a mirror is put right from the
// owner or another mirror, counted, and said on the record; while nobody has
// it, it stays damaged and the status says so.
func TestHealed(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, observer, "a.csv", dated("203.0.113.7")) // south cannot read it
	list := u.size(north) - 1
	index := u.seal(north, "a file")
	u.settle()
	n, log := u.node(south), u.node(south).mirrors[north].log
	leaf, parts := must(log.Leaf(index))(t), must(log.Sealed(list))(t)
	status := func() (int, uint64) {
		for _, p := range must(n.Control().Status(t.Context()))(t).Partners {
			if p.Party == north {
				return p.Damaged, p.Healed
			}
		}
		return -1, 0
	}

	u.wire.silence(north) // the observer's mirror has it as well
	u.spoil(south, north, leaf)
	u.eventually("the leaf is put right", func() bool { got, err := log.Leaf(index); return err == nil && bytes.Equal(got, leaf) })
	u.eventually("it is counted", func() bool { open, healed := status(); return open == 0 && healed == 1 })

	u.wire.silence(observer)
	u.spoil(south, north, parts[1])
	u.eventually("it stays damaged", func() bool { open, _ := status(); return open > 0 })
	if _, err := log.Sealed(list); err == nil {
		t.Error("changed bytes are given out")
	}
	u.wire.hear(north)
	u.wire.hear(observer)
	u.eventually("the part is put right", func() bool {
		got, err := log.Sealed(list)
		return err == nil && bytes.Equal(got[1], parts[1])
	})
	u.eventually("it is counted too", func() bool { open, healed := status(); return open == 0 && healed == 2 })
	u.eventually("both are on the record", func() bool { return u.ofKind(south, south, record.KindRepair) == 2 })
	for _, s := range must(n.view.OfKind(t.Context(), u.keys[south].Origin, record.KindRepair))(t) {
		var b record.RepairBody
		u.ok(statement.Decode(s.Body, statement.MaxAct, &b))
		if s.State != sqlite.StateOpen || b.Origin != u.keys[north].Origin || b.Leaves != 1 || b.From != observer && b.From != north {
			t.Errorf("%s %+v", s.State, b)
		}
	}
	for k, count := range n.clerk.counts() {
		if k.party != south && k.party != stranger {
			t.Errorf("somebody is blamed: %v, %d times", k, count)
		}
	}
	u.settle()
}
