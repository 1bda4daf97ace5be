package taxiitest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entente/exchange/stix"
	"entente/exchange/taxii"
)

// Rig is one store to be tested, empty at first.
type Rig struct {
	// Open returns the store as an account sees it that may read and write; uncleared, it
	// sees nothing red.
	Open func(account string, cleared bool) taxii.Store
	// Collection may be read and written.
	Collection string
}

// Green is the marking definition of TLP:GREEN (TLP 1): what carries it all see.
const Green = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"

// Object makes an indicator, TLP:GREEN if nothing else is said; version is its
// number of seconds after its creation, below 60.
func Object(t testing.TB, n, version int, markings ...string) stix.Object {
	t.Helper()
	if len(markings) == 0 {
		markings = []string{Green}
	}
	marked := `,"object_marking_refs":["` + strings.Join(markings, `","`) + `"]`
	// Spaces and an escape that no encoder would write: bytes must come back as they were.
	raw := fmt.Sprintf(`{ "type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012x","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:%02d.000Z","pattern":"[domain-name:value = '\u0068ost%d.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"%s }`, n, version, n, marked)
	return Parse(t, raw)
}

// Parse reads an object of a test.
func Parse(t testing.TB, raw string) stix.Object {
	t.Helper()
	o, err := stix.ParseObject([]byte(raw))
	if err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return o
}

// Run tests a store.
func Run(t *testing.T, open func(*testing.T) Rig) {
	for name, f := range map[string]func(*testing.T, Rig){
		"collections": testCollections,
		"bytes":       testBytes,
		"dates":       testDates,
		"pages":       testPages,
		"sizes":       testSizes,
		"ends":        testEnds,
		"filters":     testFilters,
		"versions":    testVersions,
		"hidden":      testHidden,
		"again":       testAgain,
		"retraction":  testRetraction,
		"statuses":    testStatuses,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
}

func add(t *testing.T, r Rig, objects ...stix.Object) {
	t.Helper()
	results, err := r.Open("writer", true).Add(t.Context(), r.Collection, objects)
	if err = errors.Join(append(results, err)...); err != nil || len(results) != len(objects) {
		t.Fatalf("add: %d results, %v", len(results), err)
	}
}

// search has the defaults of a request without filters.
func search() taxii.Search {
	return taxii.Search{Query: taxii.Query{Versions: taxii.Version{Last: true}}, Limit: 1000, Bytes: 1 << 20, Bodies: true}
}

func find(t *testing.T, r Rig, cleared bool, s taxii.Search) taxii.Page {
	t.Helper()
	p, err := r.Open("reader", cleared).Find(t.Context(), r.Collection, s)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(p.Entries); i++ {
		if p.Entries[i].DateAdded <= p.Entries[i-1].DateAdded {
			t.Errorf("%s was added at %s, after %s", p.Entries[i].ID, p.Entries[i].DateAdded, p.Entries[i-1].DateAdded)
		}
	}
	return p
}

// names writes entries as "number/second".
func names(p taxii.Page) []string {
	list := []string{}
	for _, e := range p.Entries {
		list = append(list, strings.TrimLeft(e.ID[len(e.ID)-12:], "0")+"/"+strings.TrimLeft(e.Version[17:19], "0"))
	}
	return list
}

func want(t *testing.T, why string, p taxii.Page, expected ...string) {
	t.Helper()
	if got := names(p); !slices.Equal(got, expected) {
		t.Errorf("%s: %v, want %v", why, got, expected)
	}
}

// same says that entries are what they were.
func same(t *testing.T, before, after []taxii.Entry) {
	t.Helper()
	if !reflect.DeepEqual(before, after) {
		t.Errorf("%+v became %+v", before, after)
	}
}

func testCollections(t *testing.T, r Rig) {
	list, err := r.Open("reader", true).Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(list, func(a, b taxii.Collection) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("not ordered by id")
	}
	i := slices.IndexFunc(list, func(c taxii.Collection) bool { return c.ID == r.Collection })
	if i < 0 || !list[i].CanRead || !list[i].CanWrite || list[i].Title == "" {
		t.Errorf("%s is not among %+v", r.Collection, list)
	}
	for i, c := range list {
		if len(c.ID) != 36 || c.ID[14] != '4' {
			t.Errorf("%s is no UUID of version 4", c.ID)
		}
		if slices.ContainsFunc(list[:i], func(o taxii.Collection) bool { return o.Alias == c.Alias && c.Alias != "" }) {
			t.Errorf("alias %s twice", c.Alias)
		}
	}
}

func testBytes(t *testing.T, r Rig) {
	sco := Parse(t, `{"value":"host.example","type":"domain-name","spec_version":"2.1","id":"domain-name--b3ca4a2b-9a0c-5a86-9bd5-3a4a3d0e4b11","object_marking_refs":["`+Green+`"]}`)
	objects := []stix.Object{Object(t, 1, 0), sco}
	add(t, r, objects...)
	p := find(t, r, true, search())
	if len(p.Entries) != 2 || p.More {
		t.Fatalf("%d entries, more: %v", len(p.Entries), p.More)
	}
	for i, o := range objects {
		if got := p.Entries[i].Raw; !slices.Equal(got, o.Raw) {
			t.Errorf("%s\nbecame %s", o.Raw, got)
		}
	}
	if v := p.Entries[1].Version; v != taxii.Unversioned {
		t.Errorf("the version of what has none is %s", v)
	}
	s := search()
	s.Bodies = false
	if p := find(t, r, true, s); len(p.Entries) != 2 || p.Entries[0].Raw != nil {
		t.Errorf("without bodies: %+v", p)
	}
}

func testDates(t *testing.T, r Rig) {
	var all []stix.Object
	for n := range 50 {
		all = append(all, Object(t, n+1, 0))
	}
	add(t, r, all[:40]...)
	before := find(t, r, true, search())
	add(t, r, all[40:]...)
	after := find(t, r, true, search())
	if len(before.Entries) != 40 || len(after.Entries) != 50 {
		t.Fatalf("%d, then %d entries", len(before.Entries), len(after.Entries))
	}
	same(t, before.Entries, after.Entries[:40])
	s := search()
	s.AddedAfter = before.Entries[39].DateAdded
	want(t, "added after the 40th", find(t, r, true, s), "29/", "2a/", "2b/", "2c/", "2d/", "2e/", "2f/", "30/", "31/", "32/")
	s.AddedAfter = after.Entries[49].DateAdded
	want(t, "added after the last", find(t, r, true, s))
}

func testPages(t *testing.T, r Rig) {
	for n := range 10 {
		add(t, r, Object(t, n+1, 0))
	}
	for limit := 1; limit <= 11; limit++ {
		s := search()
		s.Limit = limit
		var got []string
		for more := true; more; {
			p := find(t, r, true, s)
			if len(p.Entries) > limit || len(p.Entries) == 0 {
				t.Fatalf("limit %d: %d entries", limit, len(p.Entries))
			}
			got = append(got, names(p)...)
			more, s.After = p.More, p.Entries[len(p.Entries)-1].DateAdded
		}
		if !slices.Equal(got, []string{"1/", "2/", "3/", "4/", "5/", "6/", "7/", "8/", "9/", "a/"}) {
			t.Errorf("limit %d: %v", limit, got)
		}
	}
}

// testEnds: nothing younger than the end of a search comes, and what an account
// does not see is not the youngest for it.
func testEnds(t *testing.T, r Rig) {
	newest := func(cleared bool) taxii.Time {
		t.Helper()
		d, err := r.Open("reader", cleared).Newest(t.Context(), r.Collection)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := newest(true); d != 0 {
		t.Errorf("the youngest of nothing is of %s", d)
	}
	add(t, r, Object(t, 1, 0), Object(t, 2, 0))
	s := search()
	s.Until = newest(true)
	add(t, r, Object(t, 3, 0), Object(t, 4, 0, Red))
	p := find(t, r, true, s)
	want(t, "until the youngest", p, "1/", "2/")
	if p.More || p.Entries[1].DateAdded != s.Until {
		t.Errorf("more: %v, ends at %s", p.More, s.Until)
	}
	if s.Until = newest(false); s.Until >= newest(true) {
		t.Errorf("the youngest is at %s for all", s.Until)
	}
	want(t, "until the youngest of another account", find(t, r, true, s), "1/", "2/", "3/")
}

func testSizes(t *testing.T, r Rig) {
	for n := range 4 {
		add(t, r, Object(t, n+1, 0))
	}
	s := search()
	for size, n := range map[int]int{1: 1, len(Object(t, 1, 0).Raw): 1, len(Object(t, 1, 0).Raw) + 1: 2, 1 << 20: 4} {
		s.Bytes = size
		if p := find(t, r, true, s); len(p.Entries) != n || p.More != (n < 4) {
			t.Errorf("a page of %d bytes has %d entries, more: %v", size, len(p.Entries), p.More)
		}
	}
}

func testFilters(t *testing.T, r Rig) {
	domain := `{"type":"domain-name","spec_version":"2.1","id":"domain-name--00000000-0000-4000-8000-000000000009","value":"host.example","object_marking_refs":["` + Green + `"]}`
	add(t, r, Object(t, 1, 0), Object(t, 2, 0), Parse(t, domain), Object(t, 3, 0))
	id := func(n int) string { return Object(t, n, 0).ID }
	for _, c := range []struct {
		why  string
		edit func(*taxii.Search)
		want []string
	}{
		{"an id", func(s *taxii.Search) { s.IDs = []string{id(2)} }, []string{"2/"}},
		{"two ids", func(s *taxii.Search) { s.IDs = []string{id(3), id(1)} }, []string{"1/", "3/"}},
		{"an id of nothing", func(s *taxii.Search) { s.IDs = []string{id(4)} }, nil},
		{"no id at all", func(s *taxii.Search) { s.IDs = []string{"x' OR '1'='1"} }, nil},
		{"a type", func(s *taxii.Search) { s.Types = []string{"domain-name"} }, []string{"9/"}},
		{"types", func(s *taxii.Search) { s.Types = []string{"domain-name", "indicator", "malware"} }, []string{"1/", "2/", "9/", "3/"}},
		{"a type that is not here", func(s *taxii.Search) { s.Types = []string{"malware"} }, nil},
		{"id and type", func(s *taxii.Search) { s.IDs, s.Types = []string{id(1)}, []string{"domain-name"} }, nil},
		{"the version of the specification", func(s *taxii.Search) { s.SpecVersions = []string{"2.1"} }, []string{"1/", "2/", "9/", "3/"}},
		{"another one", func(s *taxii.Search) { s.SpecVersions = []string{"2.0"} }, nil},
		{"an object", func(s *taxii.Search) { s.Object = id(2) }, []string{"2/"}},
		{"a filter and a limit", func(s *taxii.Search) { s.Types, s.Limit = []string{"indicator"}, 2 }, []string{"1/", "2/"}},
	} {
		s := search()
		c.edit(&s)
		want(t, c.why, find(t, r, true, s), c.want...)
	}
}

func testVersions(t *testing.T, r Rig) {
	// Not in the order of their versions: what counts is what the object says.
	add(t, r, Object(t, 1, 2), Object(t, 2, 5), Object(t, 1, 1), Object(t, 1, 3))
	for _, c := range []struct {
		why  string
		is   taxii.Version
		want []string
	}{
		{"last", taxii.Version{Last: true}, []string{"2/5", "1/3"}},
		{"first", taxii.Version{First: true}, []string{"2/5", "1/1"}},
		{"both", taxii.Version{First: true, Last: true}, []string{"2/5", "1/1", "1/3"}},
		{"all", taxii.Version{All: true}, []string{"1/2", "2/5", "1/1", "1/3"}},
		{"one", taxii.Version{Exact: []string{"2026-01-01T00:00:02.000Z"}}, []string{"1/2"}},
		{"one, written shorter", taxii.Version{Exact: []string{"2026-01-01T00:00:02Z"}}, []string{"1/2"}},
		{"two", taxii.Version{Exact: []string{"2026-01-01T00:00:02.000Z", "2026-01-01T00:00:05.000Z"}}, []string{"1/2", "2/5"}},
		{"one and last", taxii.Version{Last: true, Exact: []string{"2026-01-01T00:00:01.000Z"}}, []string{"2/5", "1/1", "1/3"}},
		{"none", taxii.Version{Exact: []string{"2026-01-01T00:00:09.000Z"}}, nil},
	} {
		s := search()
		s.Versions = c.is
		want(t, c.why, find(t, r, true, s), c.want...)
		s.Object = Object(t, 1, 0).ID
		s.Limit = 1
		p := find(t, r, true, s)
		ofOne := slices.DeleteFunc(slices.Clone(c.want), func(n string) bool { return n[0] != '1' })
		if len(p.Entries) != min(1, len(ofOne)) || p.More != (len(ofOne) > 1) {
			t.Errorf("%s of one object, the first: %v, more: %v; want of %v", c.why, names(p), p.More, ofOne)
		}
	}
}

// testHidden: what an account may not see changes none of its answers.
func testHidden(t *testing.T, r Rig) {
	for _, o := range []stix.Object{Object(t, 1, 1), Object(t, 2, 1, Red), Object(t, 1, 2, Red), Object(t, 3, 1), Object(t, 3, 0, Red), Object(t, 4, 0, Red)} {
		add(t, r, o) // alone: within one call the order of what is marked differently is open
	}
	s := search()
	want(t, "uncleared", find(t, r, false, s), "1/1", "3/1")
	want(t, "cleared", find(t, r, true, s), "2/1", "1/2", "3/1", "4/")
	s.Versions = taxii.Version{First: true}
	want(t, "uncleared, first", find(t, r, false, s), "1/1", "3/1")
	s.Versions = taxii.Version{All: true}
	s.Limit = 1
	p := find(t, r, false, s)
	want(t, "uncleared, a page", p, "1/1")
	s.After = p.Entries[0].DateAdded
	if p := find(t, r, false, s); p.More || len(p.Entries) != 1 {
		t.Errorf("uncleared, the last page: %v, more: %v", names(p), p.More)
	}
	for n, sees := range map[int]bool{1: true, 2: false, 3: true, 4: false, 5: false} {
		got, err := r.Open("reader", false).Has(t.Context(), r.Collection, Object(t, n, 0).ID)
		if err != nil || got != sees {
			t.Errorf("object %d: seen %v, %v", n, got, err)
		}
	}
	s = search()
	s.Object, s.Versions = Object(t, 2, 0).ID, taxii.Version{All: true}
	if n, err := r.Open("reader", false).Retract(t.Context(), r.Collection, s); err != nil || n != 0 {
		t.Errorf("retracted %d of what it may not see: %v", n, err)
	}
	want(t, "after it tried", find(t, r, true, s), "2/1")
}

func testAgain(t *testing.T, r Rig) {
	add(t, r, Object(t, 1, 0), Object(t, 1, 0), Object(t, 2, 0))
	before := find(t, r, true, search())
	add(t, r, Object(t, 2, 0), Object(t, 1, 0), Object(t, 3, 0))
	after := find(t, r, true, search())
	want(t, "added again", after, "1/", "2/", "3/")
	same(t, before.Entries, after.Entries[:2])
}

func testRetraction(t *testing.T, r Rig) {
	add(t, r, Object(t, 1, 1), Object(t, 2, 1), Object(t, 1, 2), Object(t, 1, 3))
	retract := func(v taxii.Version) int {
		t.Helper()
		s := search()
		s.Object, s.Versions = Object(t, 1, 0).ID, v
		n, err := r.Open("writer", true).Retract(t.Context(), r.Collection, s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := search()
	all.Versions = taxii.Version{All: true}
	if n := retract(taxii.Version{Exact: []string{"2026-01-01T00:00:02.000Z"}}); n != 1 {
		t.Errorf("%d retracted", n)
	}
	want(t, "one of three", find(t, r, true, all), "1/1", "2/1", "1/3")
	if n := retract(taxii.Version{Last: true}); n != 1 {
		t.Errorf("%d retracted", n)
	}
	want(t, "the last is another one then", find(t, r, true, search()), "1/1", "2/1")
	if n := retract(taxii.Version{All: true}); n != 1 {
		t.Errorf("%d retracted", n)
	}
	want(t, "none is left", find(t, r, true, all), "2/1")
	if n := retract(taxii.Version{All: true}); n != 0 {
		t.Errorf("%d retracted of nothing", n)
	}
	if there, err := r.Open("reader", true).Has(t.Context(), r.Collection, Object(t, 1, 0).ID); err != nil || there {
		t.Errorf("still there: %v, %v", there, err)
	}
	add(t, r, Object(t, 1, 3))
	want(t, "added again", find(t, r, true, all), "2/1", "1/3")
}

func testStatuses(t *testing.T, r Rig) {
	s := taxii.Status{ID: "2d086da7-4bdc-4f91-900e-d77486753710", RequestTimestamp: 1_790_000_000_000_001, Successes: []taxii.Detail{{ID: "a", Version: "b"}}, Failures: []taxii.Detail{{ID: "c", Version: "d", Message: "e"}}}
	s.Count()
	if err := r.Open("writer", true).PutStatus(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	got, err := r.Open("writer", false).Status(t.Context(), s.ID)
	if err != nil || !reflect.DeepEqual(s, got) {
		t.Errorf("%+v became %+v, %v", s, got, err)
	}
	for account, id := range map[string]string{"reader": s.ID, "writer": "2d086da7-4bdc-4f91-900e-d77486753711"} {
		if _, err := r.Open(account, true).Status(t.Context(), id); !errors.Is(err, taxii.ErrNotFound) {
			t.Errorf("%s asks for %s: %v", account, id, err)
		}
	}
}
