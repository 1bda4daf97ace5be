package scenario

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/border"
	"entente/exchange/convert"
	"entente/observable"
	"entente/watch/indicator"
)

// The importers read from the lists what the cast says, in its order, and the gate holds back what it says.
func TestListsAgreeWithTheImporters(t *testing.T) {
	s := day()
	gate := border.NewGate(border.BuiltIn(), nil)
	for _, p := range s.Parties {
		for _, l := range append(p.Lists, p.Today...) {
			var want, got []Indicator
			for _, ind := range s.Indicators {
				if ind.Giver == p.Name && ind.List == l.Name {
					ind.Note = ""
					want = append(want, ind)
				}
			}
			items, report, err := convert.Read(l.Name, l.Data)
			if err != nil {
				t.Fatalf("%s: %v", l.Name, err)
			}
			if len(report.Skipped) > 0 || report.Rules != map[string]int{"scanners.stix.json": 1}[l.Name] {
				t.Errorf("%s: %+v", l.Name, report)
			}
			for _, it := range items {
				if it.Type == indicator.TypePattern {
					continue // the one that is no plain comparison: its books are another matter
				}
				c := border.Candidate{Value: observable.Value{Type: observable.Type(it.Type), Canonical: it.Value}, Context: it.Context}
				if it.Observed != "" {
					layout := time.RFC3339
					if len(it.Observed) == len(time.DateOnly) {
						layout = time.DateOnly
					}
					if c.Observed, err = time.Parse(layout, it.Observed); err != nil || !c.Observed.Before(s.Base) {
						t.Errorf("%s: %s observed %s: %v", l.Name, it.Value, it.Observed, err)
					}
				}
				ind := Indicator{Giver: p.Name, List: l.Name, Type: it.Type, Value: it.Value}
				if v := gate.Judge(c, s.Base.Add(Length)); v.Hold {
					ind.Held = v.Reasons[0].Code
					// The whole net is on every list, and what nobody dates has no evidence either.
					if len(v.Reasons) > 1 && ind.Held != border.HeldBreadth && v.Reasons[1].Code != border.HeldEvidence {
						t.Errorf("%s: %s is held for several reasons: %v", l.Name, it.Value, v.Reasons)
					}
				}
				got = append(got, ind)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s:\n%s", l.Name, diff)
			}
		}
	}
}
