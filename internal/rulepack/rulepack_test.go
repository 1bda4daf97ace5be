package rulepack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/watch"
	"entente/watch/detect"
	"entente/watch/event"
	"entente/watch/rule"
	"entente/watch/sigma"
)

// vendors are those that the stories' mails imitate.
func vendors() detect.Senders {
	return detect.Senders{
		List: []detect.Sender{{Names: []string{"VR Systems", "VR Elections"}, Domains: []string{"vrsystems.com"}}},
		Resembles: func(domain string) (string, string) {
			if domain == "vrsystems.co" || domain == "vrsysterns.com" {
				return "vrsystems.com", "looks-the-same"
			}
			return "", ""
		},
	}
}

func election(t testing.TB) *rule.Set {
	t.Helper()
	list, err := Rules(Names(), vendors())
	if err != nil {
		t.Fatal(err)
	}
	return rule.NewSet(list)
}

// play gives a story to an engine; at says in which order its lines come.
func play(t testing.TB, set *rule.Set, s story, order []int) (hits []rule.Hit) {
	t.Helper()
	p, e := s.format.New(), rule.NewEngine(set)
	offset := int64(0)
	events := make([]event.Event, len(s.lines))
	places := make([]watch.Place, len(s.lines))
	for i, line := range s.lines {
		if err := p.Parse([]byte(line), &events[i]); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		places[i] = watch.Place{Source: "log", Line: int64(i + 1), Offset: offset}
		offset += int64(len(line)) + 1
	}
	for n := range s.lines {
		i := n
		if order != nil {
			i = order[n]
		}
		hits = append(hits, e.Event(&events[i], places[i], []byte(s.lines[i]), time.Time{})...)
	}
	return append(hits, e.End("log")...)
}

func show(hits []rule.Hit) (out []string) {
	for _, h := range hits {
		out = append(out, fmt.Sprintf("%s %s line %d %s=%s %s", h.Code, h.Name, h.Place.Line, h.Field, h.Seen, h.Raw))
	}
	slices.Sort(out)
	return out
}

// TestEveryEntryHasBoth walks the packs: each entry that raises an alert is met by its
// attack and by no twin, and no other entry by a twin either.
func TestEveryEntryHasBoth(t *testing.T) {
	set, told := election(t), stories()
	entries := 0
	for _, e := range set.Report() {
		if e.Outcome != sigma.Loaded {
			t.Errorf("%s: %s %v", e.File, e.Outcome, e.Refusal)
		}
		if e.ID == "" {
			continue // feeds a correlation
		}
		entries++
		p, ok := told[e.ID]
		if !ok {
			t.Errorf("%s has neither attack nor twin", e.Title)
			continue
		}
		delete(told, e.ID)
		found := 0
		for _, h := range play(t, set, p.attack, nil) {
			if h.Name == e.ID {
				if found++; found == 1 {
					t.Logf("%s: %s=%s %s", e.Title, h.Field, h.Seen, h.Raw[:min(len(h.Raw), 300)])
				}
				if h.Title == "" || h.Level == "" || h.Field == "" && e.Kind != sigma.Correlation || len(h.Raw) == 0 {
					t.Errorf("%s explains nothing: %+v", e.Title, h)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: its attack is not found", e.Title)
		}
		if hits := play(t, set, p.twin, nil); len(hits) > 0 {
			t.Errorf("%s: its twin meets %s", e.Title, strings.Join(show(hits)[:1], "\n"))
		}
	}
	for id := range told {
		t.Errorf("a story of nothing: %s", id)
	}
	if entries < 12 {
		t.Errorf("%d entries", entries)
	}
}

// TestOrder: what is found is the same in whatever order lines come within the lateness.
func TestOrder(t *testing.T) {
	set := election(t)
	for id, p := range stories() {
		if len(p.attack.lines) > 2000 {
			continue
		}
		want := show(play(t, set, p.attack, nil))
		c := chance(11)
		order := make([]int, len(p.attack.lines))
		for i := range order {
			order[i] = i
		}
		for i := 0; i+1 < len(order); i += 2 { // neighbours, where they are less than a minute apart
			if c.below(2) == 0 && len(order) < 300 && !strings.HasSuffix(id, "c06") && !strings.HasSuffix(id, "c03") {
				order[i], order[i+1] = order[i+1], order[i]
			}
		}
		if d := cmp.Diff(want, show(play(t, set, p.attack, order))); d != "" {
			t.Errorf("%s: %s", id, d)
		}
	}
}

func TestRulesRefuses(t *testing.T) {
	for _, c := range []struct {
		names []string
		s     detect.Senders
		want  string
	}{
		{[]string{"other"}, detect.Senders{}, "no pack"},
		{[]string{"election"}, detect.Senders{List: []detect.Sender{{Names: []string{"VR"}}}}, "fewer than 5 letters"},
		{[]string{"election"}, detect.Senders{List: []detect.Sender{{}}}, "without names and domains"},
		{[]string{"election"}, detect.Senders{List: []detect.Sender{{Domains: []string{"vendor"}}}}, "no domain"},
	} {
		if _, err := Rules(c.names, c.s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.names, err)
		}
	}
	once, err := Rules([]string{"election"}, detect.Senders{})
	twice, err2 := Rules([]string{"election", "election"}, detect.Senders{})
	if err != nil || err2 != nil || len(once) != len(twice) || len(once) == 0 {
		t.Errorf("%d %d %v %v", len(once), len(twice), err, err2)
	}
}
