package node

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"entente/api"
	voprf "entente/match/watchlist"
	"entente/observable"
)

// readDigest waits until a question is read, and returns what its findings are
// committed to with.
func (m mallory) readDigest(number int) (w voprf.Word) {
	m.t.Helper()
	m.eventually("what was found is committed to", func() bool {
		s, err := m.node(north).listOf(m.t.Context(), m.list.said)
		m.ok(err)
		if len(s.Asks) <= number || s.Asks[number].Read == nil {
			return false
		}
		w = *s.Asks[number].Read
		return true
	})
	return w
}

// TestWatchlistHitsOutliveCrash: a question whose answer was opened by a process that
// died, wherever it died, keeps its hits and commits to them.
func TestWatchlistHitsOutliveCrash(t *testing.T) {
	t.Parallel()
	u, id := listUnit(t, api.WatchlistOpen{Budget: 200})
	m := u.malloryOn(id)
	found := func(number int) (b api.WatchlistBatch) {
		u.ok(u.node(north).readMatch(listDir(id)+"/found-"+string(rune('0'+number))+".json", &b))
		return b
	}
	for number, c := range []struct {
		what           string
		findings, hits bool // lie there when the node comes back
		lost           bool
	}{
		{"died before it said what it had kept", true, true, false},
		{"died between findings and hits", true, false, false},
		{"died before it opened the answer", false, false, true},
	} {
		f := voprf.Findings{Salt: [32]byte{1, byte(number)}, Echoes: []voprf.Echo{{7}}}
		item := observable.Value{Type: observable.Domain, Canonical: "shared-one.example"}
		if c.findings {
			u.ok(u.node(north).keepMatch(receiptName(id, number, 0), must(json.Marshal(voprf.Receipt{Item: item}))(t)))
			write(t, m.list.path("findings", number), f.Marshal())
		}
		if c.hits {
			u.ok(u.node(north).keepFound(id, &api.WatchlistBatch{Number: number, Items: 16, Hits: []api.WatchlistHit{{Type: item.Type, Value: item.Canonical, At: 5}}}))
		}
		m.asks(number, 16, m.question("q"+string(rune('0'+number)), 16), nil) // nobody here has its blinds
		said := m.readDigest(number)
		if (said.Digest == f.Digest()) != c.findings {
			t.Errorf("%s: committed to other findings than lie here", c.what)
		}
		if b := found(number); b.Lost != c.lost || len(b.Hits) > 0 == c.lost {
			t.Errorf("%s: %+v", c.what, b)
		}
	}
}

// TestWatchlistHitsOutliveFullDisk: a disk that is full just when findings are written
// makes them wait, and loses none.
func TestWatchlistHitsOutliveFullDisk(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is Linux's")
	}
	u, id := listUnit(t, api.WatchlistOpen{Budget: 100})
	l := u.node(north).rounds.asking.live.get(id)
	full := l.path("findings", 0) + ".new"
	u.ok(os.Symlink("/dev/full", full))
	must(u.node(north).Control().WatchlistAsk(t.Context(), api.WatchlistAsk{List: id, Files: namesFile("north", 5, "shared-one.example")}))(t)
	var first os.FileInfo
	u.eventually("it was tried again", func() bool {
		now, err := os.Stat(filepath.Join(l.dir, "evidence-0.json"))
		if err != nil {
			return false
		}
		if first == nil {
			first = now
		}
		var b api.WatchlistBatch
		_ = u.node(north).readMatch(listDir(id)+"/found-0.json", &b)
		return !os.SameFile(first, now) || b.Lost
	})
	u.ok(os.Remove(full))
	u.settled(id, 1)
	if got := u.listAt(north, id); !slices.Equal(listHits(got), []string{"shared-one.example"}) || got.Batches[0].Lost {
		t.Errorf("%+v", got.Batches)
	}
}
