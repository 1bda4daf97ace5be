package border

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/statement"
)

// book is a Book in memory.
type book struct {
	pieces map[string][]Piece
	public map[string]bool
	ever   map[statement.Digest]Label
}

func (b book) Pieces(id string) []Piece { return b.pieces[id] }
func (b book) Public(id string) bool    { return b.public[id] }
func (b book) Strictest(h statement.Digest) (Label, bool) {
	l, ok := b.ever[h]
	return l, ok
}

func shelf(pieces ...Piece) book {
	b := book{pieces: make(map[string][]Piece), public: make(map[string]bool), ever: make(map[statement.Digest]Label)}
	for _, p := range pieces {
		b.pieces[p.ID] = append(b.pieces[p.ID], p)
	}
	return b
}

func label(tags string) Label {
	l, err := ParseLabel(strings.Fields(tags)...)
	if err != nil {
		panic(err)
	}
	return l
}

func code(err error) statement.Code {
	if err == nil {
		return ""
	}
	if r, ok := statement.AsRefusal(err); ok {
		return r.Code
	}
	return "internal"
}

func TestParseLabel(t *testing.T) {
	for tags, want := range map[string]string{
		"tlp:white":                   "TLP:CLEAR",
		"tlp:white TLP:CLEAR":         "TLP:CLEAR",
		"TLP:GREEN pap:red":           "TLP:GREEN PAP:RED",
		"PAP:WHITE tlp:clear":         "TLP:CLEAR PAP:CLEAR",
		"misp-galaxy:x type:y":        "",
		"tlp:green tlp:amber":         "E_MARKING",
		"tlp:green pap:red pap:green": "E_MARKING",
		"tlp:ex:chr":                  "E_MARKING",
		"tlp:green tlp:unclear":       "E_MARKING",
		"pap:black tlp:clear":         "E_MARKING",
		"tlp:":                        "E_MARKING",
	} {
		l, err := ParseLabel(strings.Fields(tags)...)
		got := strings.TrimSpace(string(l.TLP) + " " + string(l.PAP))
		if err != nil {
			got = string(code(err))
		}
		if got != want {
			t.Errorf("%q: %q, want %q", tags, got, want)
		}
	}
}

// TestJoinIsALattice: the order in which markings come together changes
// nothing, and none of them is ever loosened.
func TestJoinIsALattice(t *testing.T) {
	gen := rapid.Custom(func(t *rapid.T) Label {
		return Label{rapid.SampledFrom(append(Markings(), "", "TLP:PINK")).Draw(t, "tlp"), rapid.SampledFrom(append(PAPs(), "")).Draw(t, "pap")}
	})
	norm := func(l Label) Label { return l.Join(l) }
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := norm(gen.Draw(t, "a")), norm(gen.Draw(t, "b")), norm(gen.Draw(t, "c"))
		if a.Join(b) != b.Join(a) || a.Join(b).Join(c) != a.Join(b.Join(c)) || a.Join(a) != a {
			t.Fatalf("%v %v %v", a, b, c)
		}
		if openLabel.Join(a) != a {
			t.Fatalf("open and %v is %v", a, openLabel.Join(a))
		}
		j := a.Join(b)
		if a.Marked() && b.Marked() != j.Marked() {
			t.Fatalf("%v and %v: %v", a, b, j)
		}
		if j.Marked() && !(j.Covers(a) && j.Covers(b)) {
			t.Fatalf("%v does not cover %v and %v", j, a, b)
		}
	})
}

// TestClosure has catalogue numbers 26 and 27 among its rows: a marking that is
// looser on resend, and one that is stripped by wrapping.
func TestClosure(t *testing.T) {
	red := Piece{ID: "intrusion-set--1", Hash: statement.Digest{1}, Label: label("TLP:RED")}
	green := Piece{ID: "indicator--1", Hash: statement.Digest{2}, Label: label("TLP:GREEN")}
	known := shelf(red, green,
		Piece{ID: "twice--1", Label: label("TLP:CLEAR")}, Piece{ID: "twice--1", Label: label("TLP:AMBER")},
		Piece{ID: "loop--1", Label: label("TLP:GREEN"), Refs: []string{"loop--2"}},
		Piece{ID: "loop--2", Label: label("TLP:AMBER PAP:RED"), Refs: []string{"loop--1"}},
		Piece{ID: "nobody--1"},
		Piece{ID: "forged--1", Fault: statement.Refuse(statement.CodeForged, "secret")},
		Piece{ID: "theirs--1", Giver: "south"},
	)
	known.public["marking-definition--x"] = true
	known.ever[statement.Digest{7}] = label("TLP:RED")
	wrap := func(kind string, refs ...string) Piece {
		return Piece{ID: kind + "--9", Label: label("TLP:CLEAR"), Refs: refs}
	}
	rows := []struct {
		piece Piece
		own   string
		want  string
	}{
		{green, "", "TLP:GREEN"},
		{wrap("indicator", "marking-definition--x"), "", "TLP:CLEAR"},
		{wrap("report", "indicator--1", "intrusion-set--1"), "", "TLP:RED"},
		{wrap("note", "loop--1"), "", "TLP:AMBER PAP:RED"},
		{wrap("note", "twice--1"), "", "TLP:AMBER"},
		{wrap("note", "absent--1"), "", "E_CLOSURE"},
		{wrap("note", "nobody--1"), "", "E_MARKING"},
		{wrap("note", "nobody--1"), "TLP:GREEN", "TLP:GREEN"}, // an own one, marked by whoever shares it
		{wrap("note", "theirs--1"), "TLP:GREEN", "E_MARKING"}, // a partner's is not ours to mark
		{wrap("note", "forged--1"), "", "E_FORGED"},
		{Piece{ID: "again--1", Hash: statement.Digest{7}, Label: label("TLP:CLEAR")}, "", "TLP:RED"},
		{Piece{ID: "bare--1"}, "", "E_MARKING"},
		{Piece{ID: "bad--1", Fault: contradiction("TLP:RED", "TLP:CLEAR")}, "TLP:RED", "E_MARKING"},
	}
	for _, kind := range []string{"sighting", "opinion", "relationship", "grouping"} {
		rows = append(rows, struct {
			piece Piece
			own   string
			want  string
		}{wrap(kind, "intrusion-set--1"), "", "TLP:RED"})
	}
	for _, r := range rows {
		c, err := Close([]Piece{r.piece}, known, Label{TLP: Marking(r.own)})
		got := strings.TrimSpace(string(c.Label.TLP) + " " + string(c.Label.PAP))
		if err != nil {
			got = string(code(err))
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "nobody--1") || strings.Contains(err.Error(), "absent--1") {
				t.Errorf("%s: the refusal names what is not shown: %v", r.piece.ID, err)
			}
		}
		if got != r.want {
			t.Errorf("%s %v: %q, want %q", r.piece.ID, r.piece.Refs, got, r.want)
		}
	}
}

func TestClosureLimits(t *testing.T) {
	chain, wide := shelf(), shelf()
	for i := range maxHops + 2 {
		id := fmt.Sprint("c", i)
		chain.pieces[id] = []Piece{{ID: id, Label: openLabel, Refs: []string{fmt.Sprint("c", i+1)}}}
	}
	chain.public[fmt.Sprint("c", maxHops+2)] = true
	var refs []string
	for i := range maxPieces {
		id := fmt.Sprint("w", i)
		wide.pieces[id] = []Piece{{ID: id, Label: openLabel}}
		refs = append(refs, id)
	}
	for _, r := range []struct {
		root Piece
		book book
		want statement.Code
	}{
		{Piece{ID: "a", Label: openLabel, Refs: []string{"c0"}}, chain, statement.CodeDepth},
		{Piece{ID: "a", Label: openLabel, Refs: []string{"c3"}}, chain, ""},
		{Piece{ID: "a", Label: openLabel, Refs: refs}, wide, statement.CodeSize},
		{Piece{ID: "a", Label: openLabel, Refs: refs[1:]}, wide, ""},
	} {
		if _, err := Close([]Piece{r.root}, r.book, Label{}); code(err) != r.want {
			t.Errorf("%d references: %v, want %q", len(r.root.Refs), err, r.want)
		}
	}
}

// TestEgressOnlyTightens draws graphs of any shape: nothing in the closure of
// what leaves is stricter than what it leaves as, and nobody receives what one
// of its givers did not let him have.
func TestEgressOnlyTightens(t *testing.T) {
	parties := []string{"observer", "south", "west"}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "pieces")
		b := shelf()
		all := make([]Piece, n)
		for i := range all {
			p := Piece{ID: fmt.Sprint("o--", i), Label: Label{TLP: rapid.SampledFrom(append(Markings(), "")).Draw(t, "tlp")}}
			for _, j := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 3).Draw(t, "refs") {
				p.Refs = append(p.Refs, fmt.Sprint("o--", j))
			}
			if p.Giver = rapid.SampledFrom([]string{"", "south"}).Draw(t, "giver"); p.Giver != "" {
				p.Only = rapid.SampledFrom([][]string{nil, {}, {"south"}, {"south", "west"}}).Draw(t, "only")
			}
			all[i] = p
			b.pieces[p.ID] = []Piece{p}
		}
		asked := rapid.SampledFrom([]string{"", "TLP:GREEN", "TLP:AMBER", "TLP:RED"}).Draw(t, "asked")
		to := rapid.SampledFrom([][]string{nil, {"south"}, {"south", "west"}}).Draw(t, "to")
		got, err := Egress(Request{Use: UseShare, Roots: all[:1], Book: b, Marking: asked, To: to, Parties: parties})
		reached := reach(all, 0)
		must := Clear
		for _, i := range reached {
			l := all[i].Label.TLP
			if l == "" && all[i].Giver == "" {
				l = Marking(asked)
			}
			if l == "" {
				if err == nil {
					t.Fatalf("something unmarked left as %+v", got)
				}
				return
			}
			must = Strictest(must, l)
		}
		if err != nil {
			if len(to) > 0 && (asked == "" || Strictest(Marking(asked), must) == Marking(asked)) && code(err) == statement.CodeMarking {
				t.Fatalf("%v, though everything is %s or looser", err, must)
			}
			return
		}
		if Strictest(Marking(got.Marking), must) != Marking(got.Marking) {
			t.Fatalf("%s left as %s", must, got.Marking)
		}
		for _, i := range reached {
			for _, id := range got.Recipients {
				if all[i].Only != nil && !slices.Contains(all[i].Only, id) && id != all[i].Giver {
					t.Fatalf("%s received what only %v may have", id, all[i].Only)
				}
			}
		}
	})
}

func reach(all []Piece, from int) []int {
	out := []int{from}
	for i := 0; i < len(out); i++ {
		for _, ref := range all[out[i]].Refs {
			var j int
			if _, err := fmt.Sscanf(ref, "o--%d", &j); err == nil && !slices.Contains(out, j) {
				out = append(out, j)
			}
		}
	}
	return out
}

// TestToolsMatrix is every use against every marking (catalogue number 29).
func TestToolsMatrix(t *testing.T) {
	for _, tlp := range append(Markings(), "") {
		for _, pap := range append(PAPs(), "") {
			for use, allowed := range map[Use]bool{
				UsePassive: tlp != Red && tlp != "",
				UseActive:  tlp != Red && tlp != "" && pap != PAPRed && pap != PAPAmber,
				UsePublish: tlp == Clear && (pap == "" || pap == PAPClear),
				"":         false,
				"else":     false,
			} {
				got, err := Egress(Request{Use: use, Roots: []Piece{{ID: "a", Label: Label{tlp, pap}}}})
				if (err == nil) != allowed || allowed && (got.Marking != string(tlp) || got.PAP != string(pap) || len(got.Recipients) > 0) {
					t.Errorf("%q of %s %s: %+v %v, want %v", use, tlp, pap, got, err, allowed)
				}
			}
		}
	}
}

// TestGroups has the failures of others among its rows: an empty sharing group
// that published to everybody (MISP#4200), groups told apart by a local number
// (MISP#3380), and a member that stays although it was removed (MISP#10899).
func TestGroups(t *testing.T) {
	parties := []string{"observer", "south", "west"}
	var g Groups
	say := func(owner, name string, epoch, index uint64, members ...string) error {
		return g.Apply(owner, statement.Ref{Origin: owner, Index: index}, GroupBody{Name: name, Epoch: epoch, Members: members})
	}
	for _, r := range []struct {
		err  error
		want statement.Code
	}{
		{say("north", "inner", 1, 2, "south", "west"), ""},
		{say("south", "inner", 1, 3, "west"), ""}, // the same name of another owner
		{say("north", "inner", 1, 4, "south"), statement.CodeGroup},
		{say("north", "inner", 2, 2, "south"), statement.CodeSeq},
		{say("north", "inner", 2, 5, "south"), ""},
		{say("north", "empty", 1, 6), ""},
		{say("north", "gone", 1, 7, "east"), ""},
	} {
		if code(r.err) != r.want {
			t.Errorf("%v, want %q", r.err, r.want)
		}
	}
	if old, _ := g.At("north", "inner", 5); !old.Has("west") {
		t.Error("the past has changed")
	}
	for name, want := range map[string]string{"inner": "south", "empty": "E_GROUP", "gone": "E_GROUP"} {
		e, ok := g.Newest("north", name)
		if !ok {
			t.Fatal(name)
		}
		for _, m := range Markings() {
			got, err := Egress(Request{Use: UseShare, Marking: string(m), Group: &e, Parties: parties})
			to := strings.Join(got.Recipients, " ")
			if err != nil {
				to = string(code(err))
			}
			if to != want {
				t.Errorf("%s to %s: %s, want %s", m, name, to, want)
			}
			if err == nil && (got.Rule != RuleGroup || got.Group.Epoch != 2) {
				t.Errorf("%+v", got)
			}
		}
	}
	if theirs, _ := g.Newest("south", "inner"); theirs.Has("north") || !theirs.Has("west") {
		t.Errorf("%+v", theirs)
	}
	if len(g.All()) != 4 {
		t.Errorf("%d groups", len(g.All()))
	}
}

func TestAudience(t *testing.T) {
	now := &Epoch{Owner: "north", Name: "inner", Epoch: 2, Members: []string{"south"}}
	for _, r := range []struct {
		m     Marking
		group *Epoch
		want  string
	}{
		{Clear, nil, "all"},
		{Clear, now, "all"},
		{Green, nil, "all"},
		{Green, now, "north south"},
		{Amber, nil, "north south west"},
		{Amber, now, "north south"},
		{AmberStrict, nil, "north south west"},
		{Red, nil, "north south west"},
	} {
		got := Audience(r.m, "north", []string{"south", "west"}, r.group)
		text := strings.Join(got, " ")
		if got == nil {
			text = "all"
		}
		if text != r.want {
			t.Errorf("%s: %s, want %s", r.m, text, r.want)
		}
	}
}
