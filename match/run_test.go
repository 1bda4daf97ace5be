package match

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/observable"
	"entente/statement"
)

func refusal(code statement.Code) error { return &statement.Refusal{Code: code} }

// mixed are two sets that share some names.
func mixed(a, b, both int) [2]Set {
	shared := names("shared", both)
	return [2]Set{append(names("north", a-both), shared...), append(slices.Clone(shared), names("south", b-both)...)}
}

func matched(t testing.TB, r *Run) []string {
	t.Helper()
	ms, err := r.Matches()
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, m := range ms {
		list = append(list, m.Item.Canonical)
	}
	slices.Sort(list)
	return list
}

// TestNames: both sides and the observer find the intersection, and no more.
func TestNames(t *testing.T) {
	for _, size := range [][3]int{{1, 1, 1}, {1, 1, 0}, {3, 2, 2}, {100, 70, 13}, {130, 200, 129}} {
		g := meet(t, mixed(size[0], size[1], size[2]), nil).start()
		if err := g.play(nil); err != nil {
			t.Fatal(err)
		}
		want := []string{}
		for _, v := range names("shared", size[2]) {
			want = append(want, v.Canonical)
		}
		slices.Sort(want)
		for side, r := range g.runs {
			if !r.Done() {
				t.Fatalf("%v: side %d waits for %v", size, side, r.Want())
			}
			if got := matched(t, r); !slices.Equal(got, want) {
				t.Errorf("%v: side %d found %d items, want %d", size, side, len(got), len(want))
			}
			ms, _ := r.Matches()
			for _, m := range ms {
				if m.Theirs != began.Add(-48*time.Hour).UnixMilli() {
					t.Errorf("%v: %s is held since %d", size, m.Item, m.Theirs)
				}
			}
			if done, total := r.Progress(); done != total {
				t.Errorf("%v: done with %d of %d", size, done, total)
			}
			if r.key != nil || r.dummies != [32]byte{} || r.Self() == nil {
				t.Errorf("%v: secrets outlive the run", size)
			}
		}
		for _, items := range []bool{false, true} {
			rep := verified(t, g, items)
			if rep.Count != size[2] || len(rep.Pairs) != size[2] || !rep.Proven || !rep.Closed || rep.Fault != nil {
				t.Errorf("%v: the observer found %+v", size, rep)
			}
			if !slices.Equal(rep.Pairs, g.runs[0].board.pairs) {
				t.Errorf("%v: the observer pairs otherwise", size)
			}
			if items != (rep.Receipts == [2]int{size[2], size[2]}) && size[2] > 0 {
				t.Errorf("%v: receipts of %v items, with items: %v", size, rep.Receipts, items)
			}
		}
	}
}

// verified writes both sides' transcripts, which must be the same, and reads one.
func verified(t testing.TB, g *meeting, items bool) Report {
	t.Helper()
	var files [2]bytes.Buffer
	for i, r := range g.runs {
		if err := r.WriteTranscript(&files[i], items); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("the sides tell two stories")
	}
	rep, err := Verify(&files[0])
	if err != nil {
		t.Fatal(err)
	}
	if text := files[1].String(); !items && (strings.Contains(text, "shared-0") || strings.Contains(text, "north-")) {
		t.Error("a transcript without items shows one")
	}
	return rep
}

func TestCountAlone(t *testing.T) {
	g := meet(t, mixed(20, 30, 7), func(m *Manifest) { m.Mode, m.Audit = ModeCount, Audit{Sees: SeesNobody} }).start()
	if err := g.play(func(_ int, id ID, raw []byte) []byte {
		if id.List == ListNamed || id.Kind == KindReceipts || id.Kind == KindOpenings {
			t.Errorf("%s in a run that only counts", id)
		}
		return raw
	}); err != nil {
		t.Fatal(err)
	}
	for _, r := range g.runs {
		if n, ok := r.Count(); n != 7 || !ok || !r.Done() {
			t.Errorf("count %d, done %v", n, r.Done())
		}
		for l := range lists {
			if _, err := r.Message(ID{Kind: KindOutline, List: ListNamed}); l == 0 && !errors.Is(err, refusal(statement.CodeBusy)) {
				t.Errorf("the named list is given out: %v", err)
			}
		}
	}
	if rep := verified(t, g, false); rep.Count != 7 || rep.Pairs != nil || !rep.Closed {
		t.Errorf("the observer found %+v", rep)
	}
}

// TestNothingEarly: before both have committed in their logs no point is shown,
// and before both have signed the count no order.
func TestNothingEarly(t *testing.T) {
	g := meet(t, mixed(5, 5, 2), nil).start()
	r := g.runs[0]
	lists := []ID{{Kind: KindOutline}, {Kind: KindChunk}, {Kind: KindReturned}, {Kind: KindOutline, List: ListNamed}, {Kind: KindChunk, List: ListNamed}, {Kind: KindReceipts}, {Kind: KindNonce}, {Kind: KindOpenings}, {Kind: KindClosing}, {Kind: KindCount}}
	check := func(when string, ids []ID) {
		t.Helper()
		for _, id := range ids {
			if _, err := r.Message(id); !errors.Is(err, refusal(statement.CodeBusy)) {
				t.Errorf("%s: %s gave %v", when, id, err)
			}
		}
	}
	check("before the commits", lists)
	if err := r.Logged(g.now, ID{Kind: KindCommit}, g.place()); err != nil {
		t.Fatal(err)
	}
	check("before the partner's commit", lists)
	raw, err := g.runs[1].Message(ID{Kind: KindCommit})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Accept(g.now, raw, nil); !errors.Is(err, refusal(statement.CodeState)) || r.Fault() != nil {
		t.Errorf("a commit outside the log gave %v", err)
	}
	check("before the partner's commit is logged", lists)
	if err := r.Accept(g.now, raw, &Place{}); err != nil {
		t.Fatal(err)
	}
	check("after the commits", lists[2:])
}

// TestAgain: every message may come twice, and late ones a second time.
func TestAgain(t *testing.T) {
	g := meet(t, mixed(16, 12, 7), nil).start()
	var all [2][][]byte
	var places [2][]*Place
	if err := g.play(func(from int, id ID, raw []byte) []byte {
		to := g.runs[1-from]
		for i, old := range all[from] {
			if err := to.Accept(g.now, old, places[from][i]); err != nil {
				t.Fatalf("%s again: %v", id, err)
			}
		}
		all[from] = append(all[from], raw)
		var p *Place
		if rec, ok := g.runs[from].ours().records[id]; ok {
			p = rec.place
		}
		places[from] = append(places[from], p)
		if again, err := g.runs[from].Message(id); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%s is another message the second time: %v", id, err)
		}
		return raw
	}); err != nil {
		t.Fatal(err)
	}
	if !g.runs[0].Done() || !g.runs[1].Done() || len(matched(t, g.runs[0])) != 7 {
		t.Error("the run did not come to its end")
	}
}

// TestTurns: neither side is ahead of the other by more than one chunk of names.
func TestTurns(t *testing.T) {
	g := meet(t, mixed(200, 200, 20), nil).start()
	var got [2]int
	if err := g.play(func(from int, id ID, raw []byte) []byte {
		if id.Kind == KindChunk && id.List == ListNamed {
			got[1-from]++
			if d := got[0] - got[1]; d < -1 || d > 1 {
				t.Errorf("one side has %d chunks of the result, the other %d", got[0], got[1])
			}
		}
		return raw
	}); err != nil {
		t.Fatal(err)
	}
	if got[0] < 50 || got[1] < 50 {
		t.Errorf("%v chunks", got)
	}
}

func TestSizeClass(t *testing.T) {
	for n, want := range map[int]int{0: 1, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 6, 7: 8, 9: 12, 12: 12, 13: 16, 17: 23, 100_000: 131_072, 1_000_000: 1 << 20, 1<<20 + 1: 1_482_911} {
		if got := SizeClass(n); got != want {
			t.Errorf("the class of %d is %d, want %d", n, got, want)
		}
	}
	for n := 1; n < 5000; n++ {
		if c := SizeClass(n); c < n || SizeClass(c) != c || n > 3 && c*100 > n*150 {
			t.Fatalf("the class of %d is %d", n, c)
		}
	}
}

func TestIDs(t *testing.T) {
	for k := KindCommit; k <= KindAbort; k++ {
		id := ID{Kind: k, List: ListNamed, Index: 17}
		if got, err := ParseID(id.String()); err != nil || got != id {
			t.Errorf("%s gave %v, %v", id, got, err)
		}
	}
	for _, s := range []string{"", "chunk-own", "chunk-own-01", "chunk-own--1", "chunk-own-1-", "-own-1", "what-own-1", "chunk-x-1", "chunk-own-99999999", "Chunk-own-1", "chunk-own-+1"} {
		if _, err := ParseID(s); !errors.Is(err, refusal(statement.CodeRequest)) {
			t.Errorf("%q gave %v", s, err)
		}
	}
}

// TestSets: what does not fit is refused before anything is locked.
func TestSets(t *testing.T) {
	g := meet(t, mixed(4, 4, 1), nil)
	twice := append(slices.Clone(names("north", 3)), names("north", 1)...)
	long := Items{{Type: observable.URL, Canonical: strings.Repeat("x", MaxItem+1)}}
	for name, c := range map[string]struct {
		set  Set
		code statement.Code
	}{"twice the same": {twice, statement.CodeValue}, "too long": {long, statement.CodeSize}, "too many": {names("north", 5), statement.CodeSize}} {
		g.sets[0] = c.set
		r, err := New(g.config(0))
		if err == nil {
			err = r.Prepare(t.Context(), nil)
		}
		if !errors.Is(err, refusal(c.code)) {
			t.Errorf("a set with %s gave %v", name, err)
		}
	}
}
