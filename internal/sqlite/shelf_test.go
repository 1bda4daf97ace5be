package sqlite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/border"
	"entente/statement"
)

// book says objects in a view and remembers what it said.
type book struct {
	t    testing.TB
	view *View
	next map[string]uint64
	base int64
	said []*told
	tag  string // of everything in it: several books share a view
}

// told is one object that was said.
type told struct {
	Object
	origin    string
	index     uint64
	added     int64
	retracted bool
}

func newBook(t testing.TB) *book {
	return &book{t: t, view: newView(t, t.TempDir()), next: make(map[string]uint64), base: 1000}
}

// shelves are those of the log "self", which says everything to "b", and of others.
func (b *book) shelves(origin string) []string {
	if origin == b.tag+"self" {
		return []string{b.tag + ShelfOwn, b.tag + ShelfTo("b")}
	}
	return []string{b.tag + ShelfFrom("a")}
}

func (b *book) say(origin string, objects ...Object) []*told {
	b.t.Helper()
	origin = b.tag + origin
	e := said(origin, b.next[origin], "objects/v1", 1)
	e.Statement.Recipients = []string{"b"}
	var out []*told
	for n, o := range objects {
		o.N, o.Raw = n, []byte("{}")
		e.Objects = append(e.Objects, o)
		out = append(out, &told{Object: o, origin: origin, index: e.Statement.Index, added: b.base + int64(n)})
	}
	b.said = append(b.said, out...)
	b.add(e)
	return out
}

// retract takes an object back. What is taken back is gone with the statement
// that says so, before anything is shelved.
func (b *book) retract(o *told) {
	b.t.Helper()
	e := said(o.origin, b.next[o.origin], "retraction/v1", 1)
	e.Retraction = &Retraction{Of: o.index, Runs: [][2]int{{o.N, o.N}}}
	o.retracted = true
	b.come(e)
	row := fmt.Sprintf(" %s@%s/%d ", o.ID, o.VKey, o.added)
	for _, shelf := range []string{ShelfOwn, ShelfTo("b"), ShelfFrom("a")} {
		if page := b.page(shelf, ObjectQuery{All: true, Lens: at(MaxLevel)}); strings.Contains(" "+page+" ", row) {
			b.t.Errorf("taken back, and still on the shelf %s:%sof %s", shelf, row, page)
		}
	}
	b.shelve()
}

func (b *book) add(e Entry) {
	b.t.Helper()
	b.come(e)
	b.shelve()
}

// come takes a statement in, and no more.
func (b *book) come(e Entry) {
	b.t.Helper()
	origin := e.Statement.Origin
	ok(b.t, b.view.Add(b.t.Context(), origin, b.next[origin], []Entry{e}))
	b.next[origin]++
}

func (b *book) shelve() {
	b.t.Helper()
	ctx := b.t.Context()
	var places []Placing
	for _, u := range must(b.view.Unshelved(ctx, 10))(b.t) {
		places = append(places, Placing{Unshelved: u, Base: b.base, Shelves: b.shelves(u.Origin)})
		b.base += int64(u.Objects)
	}
	must(b.view.Shelve(ctx, places))(b.t)
}

func (b *book) page(shelf string, q ObjectQuery) string {
	b.t.Helper()
	q.Shelves, q.Limit = []string{b.tag + shelf}, cmp.Or(q.Limit, 10_000)
	page, _, err := b.view.Objects(b.t.Context(), q)
	ok(b.t, err)
	var out []string
	for _, o := range page {
		out = append(out, fmt.Sprintf("%s@%s/%d", o.ID, o.VKey, o.Added))
	}
	return strings.Join(out, " ")
}

// at is the lens of somebody who sees the levels up to this one.
func at(level int) border.Lens {
	v := border.Viewer{Account: "a", Clearance: border.Red, Scopes: []string{"read"}}
	if level < MaxLevel {
		v.Clearance = border.Markings()[level]
	}
	l, err := border.See(v, "read", "")
	if err != nil || l.Ceiling() != level {
		panic(fmt.Sprint(level, l.Ceiling(), err))
	}
	return l
}

// oracle computes a page the slow way.
func (b *book) oracle(shelf string, q ObjectQuery) string {
	type owner struct {
		origin, vkey string
		revoked      bool
	}
	owners := make(map[string]owner)
	strictest, owned := make(map[string]int), make(map[string]int) // by anybody, and by the owner, who is bound by itself alone
	var good []*told
	for _, o := range b.said {
		w, known := owners[o.ID]
		switch {
		case !known:
			owners[o.ID] = owner{o.origin, o.VKey, o.Revoked}
		case w.origin != o.origin && w.vkey != "" && (o.VKey > w.vkey || o.Revoked),
			w.origin == o.origin && w.revoked && o.VKey > w.vkey:
			continue
		case w.origin == o.origin && o.VKey > w.vkey:
			owners[o.ID] = owner{o.origin, o.VKey, o.Revoked}
		}
		strictest[o.ID+o.VKey] = max(strictest[o.ID+o.VKey], o.Level)
		if owners[o.ID].origin == o.origin {
			owned[o.ID+o.VKey] = max(owned[o.ID+o.VKey], o.Level)
		}
		good = append(good, o)
	}
	stands := make(map[string]bool)
	visible := make(map[string][]*told)
	for _, o := range good {
		if !slices.Contains(b.shelves(o.origin), b.tag+shelf) || o.retracted || stands[o.ID+o.VKey] {
			continue
		}
		stands[o.ID+o.VKey] = true
		level := strictest[o.ID+o.VKey]
		if owners[o.ID].origin == o.origin {
			level = owned[o.ID+o.VKey]
		}
		if level <= q.Lens.Ceiling() {
			visible[o.ID] = append(visible[o.ID], o)
		}
	}
	var rows []*told
	for _, all := range visible {
		byVersion := func(a, b *told) int { return strings.Compare(a.VKey, b.VKey) }
		last, first := slices.MaxFunc(all, byVersion), slices.MinFunc(all, byVersion)
		for _, o := range all {
			if q.All || q.Last && o == last || q.First && o == first || slices.Contains(q.VKeys, o.VKey) {
				if o.added > q.After && (len(q.Types) == 0 || slices.Contains(q.Types, o.Type)) && (len(q.IDs) == 0 || slices.Contains(q.IDs, o.ID)) {
					rows = append(rows, o)
				}
			}
		}
	}
	slices.SortFunc(rows, func(a, b *told) int { return cmp.Compare(a.added, b.added) })
	var out []string
	for _, o := range rows {
		out = append(out, fmt.Sprintf("%s@%s/%d", o.ID, o.VKey, o.added))
	}
	return strings.Join(out, " ")
}

// TestShelf: whatever is said, said again, marked stricter and taken back in
// whatever order, every clearance sees what a slow reading of the rules gives.
func TestShelf(t *testing.T) {
	first := newBook(t)
	defer func() { ok(t, first.view.Close()) }()
	checks := 0
	rapid.Check(t, func(r *rapid.T) {
		checks++
		b := &book{t: t, view: first.view, next: make(map[string]uint64), base: 1000, tag: fmt.Sprint(checks, ":")}
		for range rapid.IntRange(1, 16).Draw(r, "acts") {
			if len(b.said) > 0 && rapid.IntRange(0, 3).Draw(r, "what") == 0 {
				b.retract(rapid.SampledFrom(b.said).Draw(r, "of"))
				continue
			}
			var objects []Object
			for range rapid.IntRange(1, 3).Draw(r, "objects") {
				id := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(r, "id")
				o := Object{Media: "stix", ID: b.tag + id, Type: "type-" + id, VKey: fmt.Sprint(rapid.IntRange(1, 9).Draw(r, "version")), Level: rapid.IntRange(0, MaxLevel).Draw(r, "level")}
				if id == "z" {
					o.VKey = "" // has no versions
				}
				o.Revoked = id != "z" && rapid.IntRange(0, 5).Draw(r, "revoked") == 0
				o.Hash = statement.Digest{byte(rapid.IntRange(0, 1).Draw(r, "body"))}
				objects = append(objects, o)
			}
			b.say(rapid.SampledFrom([]string{"self", "a"}).Draw(r, "log"), objects...)
		}
		for _, shelf := range []string{ShelfOwn, ShelfTo("b"), ShelfFrom("a")} {
			for _, level := range []int{0, 1, 2, 3, MaxLevel} { // TLP:RED of the own side sees what nobody marked too
				for _, q := range []ObjectQuery{{Last: true}, {First: true}, {All: true}, {Last: true, First: true}, {VKeys: []string{"2", ""}}, {Last: true, IDs: []string{b.tag + "x"}}, {All: true, Types: []string{"type-x", "type-z"}}, {Last: true, VKeys: []string{"1"}, After: 1003}} {
					q.Lens = at(level)
					if got, want := b.page(shelf, q), b.oracle(shelf, q); got != want {
						r.Fatalf("%s %+v:\n%s\nwant\n%s", shelf, q, got, want)
					}
				}
			}
		}
	})
}

// TestPaging: pages of any length, one after the other, give every row once, and
// a row above the clearance changes no byte of them.
func TestPaging(t *testing.T) {
	b, hidden := newBook(t), newBook(t)
	defer func() { ok(t, b.view.Close()); ok(t, hidden.view.Close()) }()
	for i := range 40 {
		o := Object{Media: "stix", ID: fmt.Sprint("id", i%25), Type: fmt.Sprint("t", i%3), VKey: fmt.Sprint(i), Level: i % 3}
		b.say("self", o)
		hidden.say("self", o)
		secret := o
		secret.VKey, secret.Level = fmt.Sprint(i, "s"), 4
		before := hidden.base
		hidden.say("self", secret)
		hidden.base = before // the clock has gone on in both
	}
	for _, q := range []ObjectQuery{{}, {First: true}, {All: true}, {Types: []string{"t1"}}, {All: true, IDs: []string{"id3", "id4"}}} {
		q.Lens = at(2)
		if a, b := b.page(ShelfOwn, q), hidden.page(ShelfOwn, q); a != b {
			t.Errorf("%+v: what is hidden shows:\n%s\n%s", q, a, b)
		}
		whole := b.page(ShelfOwn, q)
		for limit := 1; limit < 6; limit++ {
			q.Limit, q.After, q.Shelves = limit, 0, []string{ShelfOwn}
			var got []string
			for more := true; more; {
				var page []Placed
				var err error
				page, more, err = b.view.Objects(t.Context(), q)
				ok(t, err)
				for _, o := range page {
					got = append(got, fmt.Sprintf("%s@%s/%d", o.ID, o.VKey, o.Added))
					q.After = o.Added
				}
			}
			if strings.Join(got, " ") != whole {
				t.Errorf("%+v: pages of %d: %v, want %s", q, limit, got, whole)
			}
		}
	}
}
