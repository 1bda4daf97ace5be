package match

import (
	"math"
	"slices"

	"entente/statement"
)

// Mark is one statement of a run in the logs: the evidence of what a side did,
// and when by its own claim.
type Mark struct {
	Ref   statement.Ref
	Party string
	What  string // offer, consent, begin, or the kind of a logged message
	Time  int64  // claimed, Unix milliseconds
	// Abort says why the party ended the run; nil for every other mark.
	Abort *Abort
}

// Trail lists what the logs hold of the run: first offer, consent and the
// signature that begins it, then each side's messages in the order of a run.
func (s *Standing) Trail() []Mark {
	list := []Mark{{Ref: s.Offer, Party: s.From, What: "offer", Time: s.Offered}}
	if s.Consent != nil {
		list = append(list, Mark{Ref: *s.Consent, Party: s.Terms.To, What: "consent", Time: s.Consented})
	}
	if s.Begun != nil {
		list = append(list, Mark{Ref: *s.Begun, Party: s.From, What: "begin", Time: s.BegunAt})
	}
	for _, k := range []Kind{KindCommit, KindReturned, KindClosing, KindAbort} {
		from := len(list)
		for side := range s.Steps {
			m, ok := s.Steps[side][k]
			if !ok {
				continue
			}
			mark := Mark{Ref: m.Ref, Party: s.Agreed.Manifest.Sides[side].Party, What: k.String(), Time: m.Time}
			if k == KindAbort {
				mark.Abort = AbortOf(m.Raw)
			}
			list = append(list, mark)
		}
		slices.SortStableFunc(list[from:], func(a, b Mark) int { return int(max(-1, min(1, a.Time-b.Time))) })
	}
	return list
}

// AbortOf is what a logged abort says; nil if raw is none.
func AbortOf(raw []byte) *Abort {
	m, err := ParseMessage(raw)
	if err != nil || m.ID.Kind != KindAbort {
		return nil
	}
	a, err := parseAbort(m.Body)
	if err != nil {
		return nil
	}
	return a
}

// Granted is how many items a partner may still bring towards a party, in the runs of
// one epoch between them that a class holds, by what the party last said of it in an
// offer or a consent, less what the partner brought in runs begun since. At is when
// the newest of that was said, by its author's claim; 0 if the party never did.
func Granted(runs []*Standing, by, partner string, epoch uint64, class func(*Offer) bool) (left int, at int64) {
	var of []*Standing
	for _, s := range runs {
		o, said, n := &s.Terms, int64(0), 0
		switch {
		case o.Epoch != epoch || s.Void != "" || !class(o):
			continue
		case s.From == by && o.To == partner:
			said, n = s.Offered, o.Side.Left
		case s.From == partner && o.To == by && s.Proposed != nil:
			said, n = s.Consented, s.Proposed.Sides[s.Proposed.Side(by)].Left
		default:
			continue
		}
		of = append(of, s)
		if said >= at {
			left, at = n, said
		}
	}
	said := at
	for _, s := range of {
		if s.Agreed != nil && s.BegunAt > said {
			left, at = max(0, left-s.Proposed.Sides[s.Proposed.Side(partner)].Items), max(at, s.BegunAt)
		}
	}
	return left, at
}

// AuditFinds is the chance that a sample of s opened items shows a list of which
// a share was made up: 1-(1-share)^s.
func AuditFinds(s int, share float64) float64 { return 1 - math.Pow(1-share, float64(s)) }
