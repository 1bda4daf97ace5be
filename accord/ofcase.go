package accord

import (
	"bytes"

	"entente/statement"
)

// Of is the part of a world by which one case is judged, of which a Record says of
// that case what one of the whole world says: every case that it hangs together
// with by references, those in which rules were amended or officers listed, and
// what counts against a quota of the same days.
func (w World) Of(caseID string) World {
	t := w.together(caseID)
	days := w.quotaDays(t)
	part := w
	part.Said = nil
	for i := range w.Said {
		s := &w.Said[i]
		if t[s.Act.Case] || days.hold(s) {
			part.Said = append(part.Said, *s)
		}
	}
	return part
}

// together finds the cases that a case hangs together with, itself among them. Of a
// list in a case all is needed, since what contests it stands there.
func (w World) together(caseID string) map[string]bool {
	of := make(map[statement.Ref]string, len(w.Said))
	for i := range w.Said {
		of[w.Said[i].Ref] = w.Said[i].Act.Case
	}
	links := map[string][]string{}
	link := func(a string, ref statement.Ref) {
		if b, ok := of[ref]; ok && a != b {
			links[a], links[b] = append(links[a], b), append(links[b], a)
		}
	}
	open := []string{caseID}
	for i := range w.Said {
		s := &w.Said[i]
		for _, ref := range s.Act.Refs {
			link(s.Act.Case, ref)
		}
		switch s.Act.Kind {
		case KindOfficers:
			open = append(open, s.Act.Case)
		case KindProposal:
			if bytes.HasPrefix(s.Act.Body, []byte(`{"for":"amend"`)) { // a body has one spelling
				open = append(open, s.Act.Case)
			}
			if bytes.Contains(s.Act.Body, []byte(`"depends_on":[]`)) {
				continue
			}
			p, _ := ParseProposal(s.Act.Body) // one that is not understood depends on nothing
			for _, ref := range p.DependsOn {
				link(s.Act.Case, ref)
			}
		}
	}
	found := map[string]bool{}
	for len(open) > 0 {
		c := open[len(open)-1]
		open = open[:len(open)-1]
		if !found[c] {
			found[c] = true
			open = append(open, links[c]...)
		}
	}
	return found
}

// partyDays are the days of logs in which something stands that quotas count.
type partyDays struct {
	clocks map[string]*clock
	counts func(origin string) func(by string) bool
	days   map[partyDay]bool
}

type partyDay struct {
	origin string
	day    int64
}

func (w World) quotaDays(cases map[string]bool) partyDays {
	r := &Record{charter: w.Charter}
	d := partyDays{clocks: newClocks(w.Moments), days: map[partyDay]bool{}, counts: func(origin string) func(string) bool {
		owner, _ := w.Charter.ByOrigin(origin)
		return r.otherThan(owner.ID)
	}}
	for i := range w.Said {
		if s := &w.Said[i]; cases[s.Act.Case] {
			if day, ok := d.of(s); ok {
				d.days[day] = true
			}
		}
	}
	return d
}

// of is the day against whose quota a statement counts, if it does.
func (d partyDays) of(s *Said) (partyDay, bool) {
	switch s.Act.Kind {
	case KindNotice, KindAccount, KindAssessment, KindExhibit:
		at := d.clocks[s.Ref.Origin].covered(s.Ref.Index, d.counts(s.Ref.Origin))
		return partyDay{s.Ref.Origin, at / quotaDay}, at != never
	}
	return partyDay{}, false
}

func (d partyDays) hold(s *Said) bool {
	day, ok := d.of(s)
	return ok && d.days[day]
}
