package roll

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// twoDays is a comparison with trees.
func twoDays(t testing.TB, seed uint64, voters int, plant ...func(*Synth)) *Comparison {
	t.Helper()
	s := county(t, seed, voters, min(voters, 3))
	old := export(t, s, Known()[0].Name)
	s.Day(plant...)
	c, err := office.Compare(t.Context(), old, export(t, s, Known()[0].Name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDifference: a proof shows exactly what changed, and holds for no other pair of rolls.
func TestDifference(t *testing.T) {
	all := func(s *Synth) {
		for i := range s.voters {
			s.change(int32(i), func(p *person) { p.gone = true })
		}
		s.register(0)
	}
	for name, c := range map[string]*Comparison{
		"a day": twoDays(t, 1, 3000), "a busy day": twoDays(t, 2, 3000, func(s *Synth) { s.together(0, 300) }),
		"two voters": twoDays(t, 3, 2), "one": twoDays(t, 4, 1), "all others": twoDays(t, 5, 40, all),
	} {
		d, err := c.Prove(office)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if d, err = ParseDifference(data); err != nil {
			t.Fatal(err)
		}
		found, err := d.Check()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := make(map[ID]string)
		for _, f := range found {
			got[f.ID] = f.Kind + " " + strings.Join(f.Fields, ",")
		}
		want := make(map[ID]string)
		for _, ch := range c.Changes {
			var names []string
			for _, f := range ch.Fields {
				names = append(names, c.New.Fields[f])
			}
			want[ch.id] = ch.Kind + " " + strings.Join(names, ",")
		}
		if !maps.Equal(got, want) || len(found) != len(c.Changes) {
			t.Errorf("%s: proved %v, happened %v", name, got, want)
		}
		for i := range d.Tree {
			if len(d.Tree) > 4096 && i%499 != 0 {
				continue
			}
			bad := d
			bad.Tree = slices.Clone(d.Tree)
			bad.Tree[i] ^= 1
			if _, err := bad.Check(); err == nil {
				t.Fatalf("%s: byte %d of %d changed, and it still holds", name, i, len(d.Tree))
			}
			bad.Tree = d.Tree[:i]
			if _, err := bad.Check(); err == nil {
				t.Fatalf("%s: cut off at %d, and it still holds", name, i)
			}
		}
	}
}

// TestDifferenceHidesNothing: whoever leaves out a change has no proof.
func TestDifferenceHidesNothing(t *testing.T) {
	c := twoDays(t, 1, 500, func(s *Synth) { s.together(0, 20) })
	hidden := *c
	hidden.New = &Roll{Header: c.New.Header, entries: slices.Clone(c.New.entries)}
	victim := slices.IndexFunc(c.Changes, func(ch Change) bool { return ch.Kind == Changed })
	id := c.Changes[victim].id
	hidden.New.find(id).leaf = c.Old.find(id).leaf
	d, err := hidden.Prove(office)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Check(); err == nil || !strings.Contains(err.Error(), "differ in more or in other voters") {
		t.Errorf("a hidden change: %v", err)
	}
	d, err = c.Prove(office)
	if err != nil {
		t.Fatal(err)
	}
	roots := [2]Hash{d.Old.Root(), d.New.Root()}
	for name, edit := range map[string]func(*Difference){
		"voters":       func(d *Difference) { d.New.Voters++ },
		"jurisdiction": func(d *Difference) { d.New.Jurisdiction = "Elsewhere" },
		"field":        func(d *Difference) { d.New.Fields = append(slices.Clone(d.New.Fields[:10]), "email") },
		"format":       func(d *Difference) { d.Format = "entente/roll-difference/v2" },
		"day":          func(d *Difference) { d.New.Day = "2026-12-24" },
		"unread":       func(d *Difference) { d.Old.Unread = 4 },
		"layout":       func(d *Difference) { d.Old.Layout, d.New.Layout = "x", "x" },
	} {
		bad := d
		edit(&bad)
		if _, err := bad.Check(); err == nil && [2]Hash{bad.Old.Root(), bad.New.Root()} == roots {
			t.Errorf("%s edited, and neither the proof nor the roots say so", name)
		}
	}
}

// TestOpened: a voter's record is proved with the values that were chosen, and with no others.
func TestOpened(t *testing.T) {
	s := county(t, 1, 300, 3)
	src := export(t, s, Known()[0].Name)
	r, err := office.Read(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range s.voters[:50] {
		rec, err := office.Find(t.Context(), src, r, s.voter(p.number))
		if err != nil {
			t.Fatal(err)
		}
		var show []string
		if i%2 == 0 {
			show = []string{Address, Status}
		}
		o, err := office.Open(r, rec, show)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Check(); err != nil {
			t.Fatal(err)
		}
		if show != nil && strings.Contains(fmt.Sprint(o), word(int(p.surname))+" ") {
			t.Errorf("a value that was not chosen is shown: %+v", o)
		}
		for name, edit := range map[string]func(*Opened){
			"voter":  func(o *Opened) { o.Voter = s.voter(p.number + 1) },
			"place":  func(o *Opened) { o.Roll.Jurisdiction = "Elsewhere" },
			"value":  func(o *Opened) { o.Values[6].Value += "1" },
			"moved":  func(o *Opened) { o.Values[6], o.Values[1] = o.Values[1], o.Values[6] },
			"path":   func(o *Opened) { o.Path = o.Path[1:] },
			"id":     func(o *Opened) { o.ID = strings.Repeat("0", 32) },
			"fields": func(o *Opened) { o.Values = o.Values[1:] },
		} {
			bad := o
			bad.Values = slices.Clone(o.Values)
			edit(&bad)
			if bad.Check() == nil {
				t.Errorf("%s edited, and it still holds", name)
			}
		}
	}
	if _, err := office.Find(t.Context(), src, r, "1\x1f999999999"); err == nil {
		t.Error("a voter who is not there was found")
	}
	if _, err := office.Open(r, Record{Voter: s.voter(1), Values: make([]string, 11)}, nil); err == nil {
		t.Error("values that are not there were opened")
	}
}

func FuzzDifference(f *testing.F) {
	d, err := twoDays(f, 1, 60).Prove(office)
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(d)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":"entente/roll-difference/v1","old":{},"new":{},"tree":"RQ=="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := ParseDifference(data); err == nil {
			if all, err := d.Check(); err == nil && len(all) > len(d.Tree)/17 {
				t.Fatal("more voters than bytes hold")
			}
		}
	})
}

func FuzzOpened(f *testing.F) {
	s := county(f, 1, 30, 1)
	src := export(f, s, Known()[0].Name)
	r, err := office.Read(f.Context(), src)
	if err != nil {
		f.Fatal(err)
	}
	rec, err := office.Find(f.Context(), src, r, s.voter(3))
	if err != nil {
		f.Fatal(err)
	}
	o, err := office.Open(r, rec, []string{Party})
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(o)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseOpened(data)
		if err != nil || p.Check() != nil {
			return
		}
		if p.Roll.Root() == r.Root() && p.Voter != rec.Voter {
			t.Fatal("another voter under this root")
		}
	})
}
