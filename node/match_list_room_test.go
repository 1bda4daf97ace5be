package node

import (
	"log/slog"
	"os"
	"testing"
	"time"

	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

// TestAnswersWaitToBeRead: who asks and does not read makes its next question wait, and
// not the owner keep answers without end; the owner is told. What was read is removed.
func TestAnswersWaitToBeRead(t *testing.T) {
	n := &Node{opt: Options{Now: time.Now}, self: record.Member{ID: south}} // without a line: to answer is to fall over
	l := &liveList{own: true, dir: t.TempDir(), dropped: map[int]bool{}}
	s := &voprf.Standing{From: south, Terms: voprf.Terms{To: north, Until: time.Now().Add(time.Hour).UnixMilli()}, About: &voprf.Announcement{}}
	for i := range maxUnread {
		s.Asks = append(s.Asks, voprf.Asked{Items: 16, Answer: &voprf.Word{}})
		write(t, l.path("answer", i), []byte("answer"))
	}
	s.Asks = append(s.Asks, voprf.Asked{Items: 16})
	if came, err := n.ownStep(t.Context(), l, s); came != playWaits || err != nil || l.trouble == "" {
		t.Errorf("%d answers unread: %v, %v, told %q", maxUnread, came, err, l.trouble)
	}
	s.Asks = s.Asks[:maxUnread]
	s.Asks[1].Read = &voprf.Word{}
	if came, err := n.ownStep(t.Context(), l, s); came != playIdle || err != nil {
		t.Error(came, err)
	}
	for i := range s.Asks {
		if exists(l.path("answer", i)) != (i != 1) {
			t.Errorf("answer %d is there: %t", i, i == 1)
		}
	}
	if got := unread(s, maxUnread); got != maxUnread-1 {
		t.Errorf("%d unread", got)
	}
}

// TestReceiptsHaveRoom: what hits on one partner's lists leave on the disk has a bound
// for each list and for all of them; hits beyond it are told, and have no receipt.
func TestReceiptsHaveRoom(t *testing.T) {
	n := &Node{opt: Options{Now: time.Now}, self: record.Member{ID: north}, logger: slog.New(slog.DiscardHandler)}
	n.cfg.Dir = t.TempDir()
	standing := func(from string, id byte) *voprf.Standing {
		return &voprf.Standing{Opened: statement.Ref{ID: statement.Digest{id}}, From: from, Terms: voprf.Terms{To: north}, About: &voprf.Announcement{Tokens: 1}}
	}
	all := []*voprf.Standing{standing(south, 1), standing(south, 2), standing(south, 3), standing(south, 4), standing(observer, 5)}
	live := func(s *voprf.Standing) *liveList {
		id := s.Opened.ID.String()
		if err := os.MkdirAll(n.matchPath(listDir(id)), 0o700); err != nil {
			t.Fatal(err)
		}
		return &liveList{id: id, dir: n.matchPath(listDir(id)), partner: record.Member{ID: s.From}}
	}
	for _, s := range all[:4] {
		l := live(s)
		f := must(os.Create(l.dir + "/evidence-0.json"))(t)
		if err := f.Truncate(maxKeptList - 1); err != nil { // takes no room of this disk
			t.Fatal(err)
		}
		_ = f.Close()
	}
	for _, s := range all[:4] {
		l := live(s)
		for more, want := range map[int]bool{1: true, 2: false} {
			if got, err := n.roomToKeep(all, l, more); err != nil || got != want {
				t.Errorf("list %s, %d bytes more: %t, %v", s.Opened.ID.Short(), more, got, err)
			}
		}
	}
	// Four full lists are all that one partner has; another one's are not touched.
	all = append(all, standing(south, 6))
	if got, err := n.roomToKeep(all, live(all[5]), 5); err != nil || got {
		t.Errorf("a fifth list of south's: %t, %v", got, err)
	}
	if got, err := n.roomToKeep(all, live(all[4]), 5); err != nil || !got {
		t.Errorf("the observer's: %t, %v", got, err)
	}
	l := live(all[4])
	n.rounds.asking.kept.add(l.id, maxKeptList-100)
	n.rounds.folding.Lock()
	n.rounds.asking.folded = all
	n.rounds.folding.Unlock()
	all[4].Asks = []voprf.Asked{{Items: 16}}
	hits := []voprf.Hit{{Item: observable.Value{Type: observable.Domain, Canonical: "one.example"}}}
	b, err := n.keepReceipts(t.Context(), l, all[4], 0, make([]byte, 32), make([]byte, 32), hits)
	if err != nil || b.Bare != 1 || len(b.Hits) != 1 || b.Hits[0].Value != "one.example" {
		t.Errorf("%+v, %v", b, err)
	}
}
