package node

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

// TestListRests: a list whose partner is away, or whose disk is full, is tried less
// and less often, however often something wakes it, and never for long against what
// its step allows.
func TestListRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &Node{opt: Options{Now: time.Now}} // without a line: to step is to fall over
		s := &voprf.Standing{Terms: voprf.Terms{Until: time.Now().Add(time.Hour * 24).UnixMilli(), Step: 3600}}
		l, tries := &liveList{}, 0
		for end := time.Now().Add(time.Hour); time.Now().Before(end); tries++ {
			l.rest(s.Terms.Step)
			if came, err := n.stepList(t.Context(), l, s); came != playWaits || err != nil {
				t.Fatal(came, err)
			}
			time.Sleep(time.Until(l.again))
		}
		if tries < 100 || tries > 150 {
			t.Errorf("%d tries in an hour", tries)
		}
		l.rested()
		if l.rest(2); l.pause != listRest {
			t.Errorf("after something came: %v", l.pause)
		}
		for range 20 {
			l.rest(2)
		}
		if l.pause != 250*time.Millisecond {
			t.Errorf("a rest of %v in a step of 2 s", l.pause)
		}
	})
}

// TestTokenFile: of a token file that came in part, what is right is kept and the rest
// is cut off, and no part of it stands for the whole.
func TestTokenFile(t *testing.T) {
	var items match.Items
	for i := range 100 {
		items = append(items, observable.Value{Type: observable.Domain, Canonical: string(rune('a'+i%26)) + string(rune('a'+i/26)) + ".example"})
	}
	owner := must(voprf.NewOwner(t.Context(), south, 1, items, rand.Reader))(t)
	whole, path := owner.File(), filepath.Join(t.TempDir(), "tokens")
	for what, c := range map[string]struct {
		there []byte
		whole bool
	}{
		"nothing":       {nil, false},
		"a part":        {whole[:len(whole)-1], false},
		"another":       {bytes.Repeat([]byte{7}, len(whole)), false},
		"the whole":     {whole, true},
		"and more":      {append(bytes.Clone(whole), 1, 2, 3), true},
		"far too large": {make([]byte, 3*voprf.BlockTokens*voprf.TokenSize), false},
	} {
		write(t, path, c.there)
		l := &liveList{}
		var err error
		l.file, err = openTokens(path, must(owner.Announcement.NewIntake(owner.Outline()))(t))
		if err != nil {
			t.Fatal(err)
		}
		left := must(os.ReadFile(path))(t)
		if (l.tokens() != nil) != c.whole || c.whole && !bytes.Equal(left, whole) || !c.whole && len(left) != 0 {
			t.Errorf("%s: %d bytes of %d left, whole %t", what, len(left), len(whole), l.tokens() != nil)
		}
		l.shut()
	}
}

// TestTokenRoom: the files of one partner's lists have a bound together, and take
// nothing from another's.
func TestTokenRoom(t *testing.T) {
	n := &Node{}
	add := func(id, partner string) error {
		l := &liveList{id: id, partner: record.Member{ID: partner}}
		n.rounds.asking.live.put(id, l)
		return n.roomForTokens(l, &voprf.Standing{About: &voprf.Announcement{Tokens: voprf.MaxTokens}})
	}
	for _, id := range []string{"1", "2", "3", "4"} {
		if err := add(id, south); err != nil {
			t.Fatal(err)
		}
	}
	if err := add("5", south); !refusedFor(err, statement.CodeBudget) {
		t.Errorf("a fifth: %v", err)
	}
	if err := add("6", observer); err != nil {
		t.Errorf("another partner's: %v", err)
	}
	n.rounds.asking.live.put("1", nil)
	if err := add("7", south); err != nil {
		t.Errorf("after one was left: %v", err)
	}
}

// TestListsCrowded: a partner that opens lists without end leaves room for another's,
// and who looks at one that is not followed is told why.
func TestListsCrowded(t *testing.T) {
	n := &Node{opt: Options{Now: time.Now}, self: record.Member{ID: north}}
	a := &n.rounds.asking
	shown := func(from string) string {
		return n.listShown(&voprf.Standing{From: from, About: &voprf.Announcement{}, Terms: voprf.Terms{To: north, Until: time.Now().Add(time.Hour).UnixMilli()}}).Trouble
	}
	for i := range maxLists {
		if a.crowded(south) || shown(south) != "" {
			t.Fatalf("crowded by %d", i)
		}
		a.live.put(strconv.Itoa(i), &liveList{partner: record.Member{ID: south}})
		a.live.put("own "+strconv.Itoa(i), &liveList{own: true, partner: record.Member{ID: observer}})
	}
	if !a.crowded(south) || !strings.Contains(shown(south), "64 lists of south") {
		t.Errorf("crowded %t: %q", a.crowded(south), shown(south))
	}
	if a.crowded(observer) || shown(observer) != "" {
		t.Error("another partner's lists have no room")
	}
}
