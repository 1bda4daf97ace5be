package roll

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	firstDay = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	office   = Office{Key: Key{1, 2, 3}, Jurisdiction: "Nowhere County"}
)

// county is a synthetic county, and its export of a day in a layout.
func county(t testing.TB, seed uint64, voters, precincts int) *Synth {
	t.Helper()
	s, err := NewSynth(seed, voters, precincts, firstDay)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func export(t testing.TB, s *Synth, layout string) Source {
	t.Helper()
	var b bytes.Buffer
	if err := s.Write(&b, layout); err != nil {
		t.Fatal(err)
	}
	return source(b.Bytes(), s.day.Format(time.DateOnly), layout)
}

func source(data []byte, day, layout string) Source {
	out := Source{Name: day + ".txt", Day: day, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
	for _, c := range Known() {
		if c.Name == layout && c.Heads != nil {
			out.Columns = &c
		}
	}
	return out
}

// TestCompareFindsWhatHappened: in every layout, two exports compared say exactly
// what the county did between them.
func TestCompareFindsWhatHappened(t *testing.T) {
	for i, layout := range Known() {
		t.Run(layout.Name, func(t *testing.T) {
			s := county(t, uint64(i), 3000, 5)
			s.Day()
			old := export(t, s, layout.Name)
			want := s.Day(func(s *Synth) { s.together(2, 30) })
			got, err := office.Compare(t.Context(), old, export(t, s, layout.Name))
			if err != nil {
				t.Fatal(err)
			}
			if len(want.Changes) < 25 || got.New.Voters != want.New.Voters {
				t.Fatalf("%d changes, %d voters of %d", len(want.Changes), got.New.Voters, want.New.Voters)
			}
			tell := func(c *Comparison) (out []string) {
				for _, ch := range c.Changes {
					_, number, two := strings.Cut(ch.Voter, Part)
					if !two {
						number = ch.Voter
					}
					line := number + " " + ch.Kind
					for _, f := range c.New.Fields {
						if f == Reason && layout.field(Reason) < 0 || f == Phone && layout.field(Phone) < 0 {
							continue
						}
						if n := slices.Index(c.New.Fields, f); slices.Contains(ch.Fields, n) {
							line += " " + f
						}
					}
					if line != number+" "+Changed { // of a field that the layout has not
						out = append(out, line)
					}
				}
				slices.Sort(out)
				return out
			}
			if a, b := tell(got), tell(want); !slices.Equal(a, b) {
				t.Fatalf("compared\n%q\nhappened\n%q", a, b)
			}
			if !slices.Equal(got.New.Missing, nil) || got.New.Unread != 0 {
				t.Errorf("missing %q, unread %d", got.New.Missing, got.New.Unread)
			}
			for p, n := range want.New.Crowd.Precincts {
				if p != "" && layout.Heads == nil && got.New.Crowd.Precincts[p] != n {
					t.Errorf("precinct %s: %d voters, there are %d", p, got.New.Crowd.Precincts[p], n)
				}
			}
		})
	}
}

// TestRootDependsOnNothingElse: neither order, spelling nor line ends of a file
// move its root; each single value does, and so does the office's key.
func TestRootDependsOnNothingElse(t *testing.T) {
	s := county(t, 7, 200, 2)
	var b bytes.Buffer
	if err := s.Write(&b, Known()[0].Name); err != nil {
		t.Fatal(err)
	}
	root := func(o Office, text string) Hash {
		t.Helper()
		r, err := o.Read(t.Context(), source([]byte(text), "2026-09-01", ""))
		if err != nil {
			t.Fatal(err)
		}
		return r.Root()
	}
	text := b.String()
	want := root(office, text)
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\r\n"), "\r\n")
	last := lines[len(lines)-1] + "\r\n"
	slices.Reverse(lines[1 : len(lines)-1])
	for name, same := range map[string]string{
		"order":     lines[0] + last + strings.Join(lines[1:len(lines)-1], ""),
		"case":      strings.ToLower(text),
		"spaces":    strings.ReplaceAll(text, "NOWHERE", " nowhere  "),
		"line ends": strings.ReplaceAll(text, "\r\n", "\n"),
		"quotes":    strings.ReplaceAll(text, "\"", ""),
	} {
		if got := root(office, same); got != want {
			t.Errorf("%s: another root", name)
		}
	}
	other := office
	other.Key[31] ^= 1
	if root(other, text) == want {
		t.Error("another key, the same root")
	}
	other = office
	other.Jurisdiction = "Elsewhere"
	if root(other, text) == want {
		t.Error("another jurisdiction, the same root")
	}
	fields := strings.Split(strings.TrimSpace(lines[5]), "\t")
	for i := range fields {
		edited := slices.Clone(fields)
		edited[i] = "\"9" + strings.Trim(edited[i], "\"") + "\""
		if root(office, strings.Replace(text, lines[5], strings.Join(edited, "\t")+"\r\n", 1)) == want {
			t.Errorf("column %d edited, the same root", i+1)
		}
	}
}

func TestBadRolls(t *testing.T) {
	own := &Columns{Name: "own", ID: []string{"id"}, Fields: fields("precinct: pct\naddress: street, city?\nreason: why?")}
	for name, c := range map[string]struct {
		text    string
		columns *Columns
		broken  int
		want    string
	}{
		"empty":         {"", own, 0, "an empty file"},
		"no heads":      {"a,b\n1,2\n", nil, 0, "row 1: the heads are of no layout that is known"},
		"other heads":   {"id,street\n", own, 0, "row 1: no column pct"},
		"twice a head":  {"id,pct,street,PCT\n", own, 0, `row 1: column 4: a second "PCT"`},
		"short row":     {"id,pct,street\n1,2,3\n4,5\n", own, 0, "row 3: 2 fields, the head has 3"},
		"no id":         {"id,pct,street\n,2,3\n", own, 0, "row 2, column 1: no id of a voter: want 1 to 64 bytes"},
		"control":       {"id,pct,street\n1,2,a\x00b\n", own, 0, "row 2, column 3: street: a control character, or more than 1024 bytes"},
		"part mark":     {"id,pct,street\n1,2,a\x1fb\n", own, 0, "row 2, column 3: street: a control character"},
		"long":          {"id,pct,street\n1,2," + strings.Repeat("x", 1025) + "\n", own, 0, "row 2, column 3: street: a control character, or more than"},
		"twice a voter": {"id,pct,street\n7,2,a\n8,2,a\n7,2,b\n", own, 0, "row 4: the voter of row 2 again"},
		"quote":         {"id,pct,street\n7,2,\"a\n8,2,a\n", own, 0, "row 2: a quote that is never closed"},
		"some borne":    {"id,pct,street\n7,2,\"a\n8,2,a\n8,2,b\n,1,1\n", own, 3, ""},
		"one too many":  {"id,pct,street\n7,2,\"a\n8,2,a\n8,2,b\n,1,1\n", own, 2, "again"},
	} {
		o := office
		o.Broken = c.broken
		r, err := o.Read(t.Context(), Source{Name: "x.csv", Day: "2026-09-01", Columns: c.columns, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(c.text)), nil }})
		if c.want == "" {
			if err != nil || r.Unread != 3 || r.Voters != 1 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "x.csv: ") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestValue(t *testing.T) {
	var r Reader
	for in, want := range map[string]string{
		"": "", "A B": "A B", " a  b\tc ": "A B C", "12 Main St.": "12 MAIN ST.", "Gr\xfcn": "GRüN", "Grün": "GRüN", " ": "", "A ": "A",
	} {
		if got, ok := r.value(in); !ok || got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if r.Latin1 != 1 {
		t.Errorf("%d values of Latin-1", r.Latin1)
	}
	for in, want := range map[string]string{"1985": "1980s", "02/29/1984": "1980s", "1984-02-29": "1980s", "19840229": "1980s", "02291984": "1980s", "43": "aged 40s", "7": "aged 0s", "": "", "UNKNOWN": "", "123456": ""} {
		if got := decade(in); got != want {
			t.Errorf("decade of %q: %q, want %q", in, got, want)
		}
	}
}

func TestPublish(t *testing.T) {
	d := Day{Day: "2026-09-02", Precincts: map[string]Count{
		"P1": {900, map[string]int{Added: 12, Changed: 40, "changed address": 38, "only address": 30, "changed party": 11, "only party": 0}},
		"P2": {900, map[string]int{Added: 3, Changed: 25, "changed address": 12, "only address": 12, Removed: 30, "removed reason RD": 11, "removed reason RM": 15, noReason: 4}},
		"P3": {900, map[string]int{Added: 4, Changed: 9}},
	}}
	var got []string
	for _, c := range d.Publish().Cells {
		got = append(got, fmt.Sprintf("%s/%s/%d", c.Precinct, c.Measure, c.Count))
	}
	slices.Sort(got)
	want := []string{
		// 12 added in P1 are shown; 19 in all would tell that there are 7 in the two others.
		"P1/added/12", "P1/changed/40", "P1/only address/30", "P1/changed party/11",
		"P2/changed/25", "P2/changed address/12", "P2/only address/12",
		// RD is not shown, or its complement in removed would tell the 4 without a reason.
		"P2/removed/30", "P2/removed reason RM/15",
		"/removed/30", "/removed reason RM/15", "/only address/42", "/changed party/11",
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, c := range d.Publish().Cells {
		if c.Count < Least {
			t.Errorf("%+v leaves the office", c)
		}
	}
}

func TestFind(t *testing.T) {
	for _, n := range []int{1, 2, 3, 100, 5000} {
		var r Roll
		c := chance(n)
		for range n {
			var e entry
			for i := range e.id {
				e.id[i] = byte(c.next() >> 7)
			}
			if n == 100 {
				e.id[0], e.id[1], e.id[2], e.id[3] = 0, 0, 0, 9 // not spread at all
			}
			r.entries = append(r.entries, e)
		}
		slices.SortFunc(r.entries, func(a, b entry) int { return bytes.Compare(a.id[:], b.id[:]) })
		for i := range r.entries {
			if got := r.find(r.entries[i].id); got != &r.entries[i] {
				t.Fatalf("entry %d of %d not found", i, n)
			}
			other := r.entries[i].id
			other[15] ^= 1
			if got := r.find(other); got != nil && cmp.Compare(got.id.String(), other.String()) != 0 {
				t.Fatal("another found")
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, c := range Known() {
		s, err := NewSynth(3, 3, 1, firstDay)
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		if err := s.Write(&b, c.Name); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), c.Heads != nil)
	}
	f.Add([]byte("a;b\n1;2\n"), false)
	f.Fuzz(func(t *testing.T, data []byte, headless bool) {
		src := source(data, "2026-09-01", "")
		if headless {
			src = source(data, "2026-09-01", "NY AllNYSVoters")
		}
		o := office
		o.Broken = 3
		r, err := o.Read(t.Context(), src)
		if err != nil {
			return
		}
		c, err := o.Compare(t.Context(), src, src)
		if err != nil || len(c.Changes) != 0 || c.New.Root() != r.Root() || len(r.Broken) > 3 {
			t.Fatalf("a file compared with itself: %v, %d changes", err, len(c.Changes))
		}
	})
}

func FuzzColumns(f *testing.F) {
	f.Add([]byte(`{"name":"own","id":["id"],"fields":[{"name":"precinct","columns":["pct"]}]}`))
	f.Add([]byte(`{"name":"own","comma":"\t","heads":["a"],"id":["a|b?"],"fields":[{"name":"x","columns":["?"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseColumns(data)
		if err != nil {
			return
		}
		if _, err := NewReader(strings.NewReader("id,pct\n1,2\n"), &c); err == nil && len(c.Fields) == 0 {
			t.Fatal("a map of nothing")
		}
	})
}

// ending ends after it was asked so many times.
type ending struct {
	context.Context
	left int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestEndsWithItsContext: wherever it stands in three readings of two exports, a
// comparison ends before its context is asked once more.
func TestEndsWithItsContext(t *testing.T) {
	s := county(t, 1, 5000, 3)
	old := export(t, s, Known()[0].Name)
	s.Day()
	new := export(t, s, Known()[0].Name)
	all := &ending{t.Context(), 1 << 30}
	c, err := office.Compare(all, old, new)
	if err != nil || len(c.Changes) == 0 {
		t.Fatalf("%d changes, %v", len(c.Changes), err)
	}
	asked := 1<<30 - all.left
	if asked < 3*5000/askEvery-3 {
		t.Errorf("asked %d times", asked)
	}
	for left := range asked {
		e := &ending{t.Context(), left}
		if _, err := office.Compare(e, old, new); !errors.Is(err, context.Canceled) || e.left != -2 && e.left != -1 {
			t.Fatalf("after %d times: %v, asked %d times more", left, err, -1-e.left)
		}
	}
}
