package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/statement"
)

// letBook remembers what was said and let in, and tells the slow way what
// stands among what is let in.
type letBook struct {
	t      testing.TB
	r      *rapid.T
	view   *View
	tag    string
	next   map[string]uint64
	base   int64
	said   []*letTold
	owners map[string]*letTold // the latest version by the log that owns the id
}

type letTold struct {
	Object
	origin    string
	index     uint64
	word      Word
	foreign   bool // the id is another's
	added     int64
	let       int64
	retracted bool
}

func (b *letBook) add(origin string, e Entry, word Word) {
	b.t.Helper()
	ctx := b.t.Context()
	ok(b.t, b.view.Add(ctx, origin, b.next[origin], []Entry{e}))
	b.next[origin]++
	for _, u := range must(b.view.Unshelved(ctx, 10))(b.t) {
		p := Placing{Unshelved: u, Base: b.base, Shelves: []string{ShelfOwn}, Word: word, In: true}
		if word == WordOther {
			p.Shelves = []string{ShelfFrom("a")}
		}
		must(b.view.Shelve(ctx, []Placing{p}))(b.t)
		b.base += int64(max(u.Objects, 1))
	}
}

func (b *letBook) say(o Object, word Word) {
	origin := b.tag + "self"
	if word == WordOther {
		origin = b.tag + "a"
	}
	e := said(origin, b.next[origin], "objects/v1", 1)
	e.Objects = []Object{o}
	t := &letTold{Object: o, origin: origin, index: e.Statement.Index, word: word, added: b.base}
	b.add(origin, e, word)
	w := b.owners[o.ID]
	switch {
	case w == nil:
		b.owners[o.ID] = t
	case w.origin != origin && (o.VKey > w.VKey || o.Revoked), w.origin == origin && w.Revoked && o.VKey > w.VKey:
		return // refused
	case w.origin != origin:
		t.foreign = true
	case o.VKey > w.VKey:
		b.owners[o.ID] = t
	}
	ends := t.word == WordDraft && t.Revoked && !t.foreign && slices.ContainsFunc(b.said, func(x *letTold) bool {
		return x.ID == t.ID && x.word == WordSaid && !x.retracted
	})
	b.said = append(b.said, t)
	if word == WordSaid || !t.Gated && !t.foreign || ends && b.good(t) {
		t.let = t.added
	}
}

// good says that a body is the one that its party's shelf shows for its version.
func (b *letBook) good(t *letTold) bool {
	i := slices.IndexFunc(b.said, func(x *letTold) bool {
		return x.origin == t.origin && x.ID == t.ID && x.VKey == t.VKey && !x.retracted
	})
	return b.said[i] == t && !t.foreign
}

func (b *letBook) retract(t *letTold) {
	e := said(t.origin, b.next[t.origin], "retraction/v1", 1)
	e.Retraction = &Retraction{Of: t.index}
	t.retracted, t.let = true, 0
	b.add(t.origin, e, t.word)
}

// gate lets something in or puts it out.
func (b *letBook) gate(t *letTold, in bool) {
	l := Let{Leaf: Leaf{t.origin, t.index}}
	if in {
		l.Added = b.base
		b.base++
	}
	ok(b.t, b.view.LetIn(b.t.Context(), []Let{l}))
	switch {
	case t.word == WordSaid:
	case !in:
		t.let = 0
	case t.let == 0 && !t.retracted && b.good(t):
		t.let = l.Added
	}
}

func (b *letBook) oracle() string {
	best := make(map[string]*letTold)
	own := make(map[string]bool)
	for _, t := range b.said {
		if t.let == 0 {
			continue
		}
		own[t.ID] = own[t.ID] || t.word > WordOther
		k := t.ID + "@" + t.VKey
		if x := best[k]; x == nil || t.word > x.word || t.word == x.word && t.let < x.let {
			best[k] = t
		}
	}
	var out []string
	for k, t := range best {
		if t.word > WordOther || !own[t.ID] {
			out = append(out, fmt.Sprintf("%s/%d", k, t.let))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (b *letBook) stand() string {
	page, _, err := b.view.Objects(b.t.Context(), ObjectQuery{Shelves: []string{ShelfIn}, Lens: at(MaxLevel), All: true, Limit: 100, IDs: []string{b.tag + "x", b.tag + "y"}})
	ok(b.t, err)
	var out []string
	for _, o := range page {
		out = append(out, fmt.Sprintf("%s@%s/%d", o.ID, o.VKey, o.Added))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// TestLetIn: whatever is said, drafted, judged and taken back in whatever
// order, what stands among what is let in is what a slow reading of the rules
// gives: the own word first, a draft and another's only when let in.
func TestLetIn(t *testing.T) {
	view := newView(t, t.TempDir())
	defer func() { ok(t, view.Close()) }()
	checks, base := 0, int64(1000)
	rapid.Check(t, func(r *rapid.T) {
		checks++
		b := &letBook{t: t, r: r, view: view, tag: fmt.Sprint(checks, ":"), next: make(map[string]uint64), base: base, owners: make(map[string]*letTold)}
		defer func() { base = b.base }()
		var acts []string
		for range rapid.IntRange(1, 14).Draw(r, "acts") {
			switch act := rapid.IntRange(0, 5).Draw(r, "act"); {
			case act < 3 || len(b.said) == 0:
				o := Object{Media: "stix", ID: b.tag + rapid.SampledFrom([]string{"x", "y"}).Draw(r, "id"), Type: "t", VKey: fmt.Sprint(rapid.IntRange(1, 4).Draw(r, "version")), Level: 1, Raw: []byte("{}")}
				o.Gated, o.Revoked = rapid.Bool().Draw(r, "gated"), rapid.IntRange(0, 5).Draw(r, "revoked") == 0
				o.Hash = statement.Digest{byte(rapid.IntRange(0, 1).Draw(r, "body"))}
				word := Word(rapid.IntRange(0, 2).Draw(r, "word"))
				acts = append(acts, fmt.Sprintf("say %s@%s word %d gated %t revoked %t", o.ID, o.VKey, word, o.Gated, o.Revoked))
				b.say(o, word)
			default:
				x := rapid.SampledFrom(b.said).Draw(r, "of")
				acts = append(acts, fmt.Sprintf("%d on %s@%s word %d", act, x.ID, x.VKey, x.word))
				if act == 3 && !x.retracted {
					b.retract(x)
				} else if act > 3 && x.Gated {
					b.gate(x, act == 4)
				}
			}
			if got, want := b.stand(), b.oracle(); got != want {
				r.Fatalf("after\n%s\n%s\nwant\n%s", strings.Join(acts, "\n"), got, want)
			}
		}
	})
}
