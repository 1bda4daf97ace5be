package accord

import (
	"slices"

	"entente/statement"
)

// Clarification is one request for the meaning of a text or a part of it, to one
// of those whom it asks. Until it is answered it stands beside the part.
type Clarification struct {
	Notice  statement.Ref
	On      statement.Ref
	Part    string
	From    string // who asks
	To      string
	Text    Texts // the question, in its author's words
	At      int64 // Unix seconds at which it was covered
	Times   int   // how often its author has asked that of this part, with this one
	Over    bool  // beyond the open ones that the rules allow: shown, asks nothing
	Answers []Understanding
}

// Understanding is an answer to a clarification. It stands beside the text that
// it explains and changes none of it.
type Understanding struct {
	Ref      statement.Ref
	Party    string
	Officers []string
	Text     Texts // nil where the answer is that there is none
	Stance   Stance
	At       int64
}

// Open reports whether it still waits for an answer.
func (c Clarification) Open() bool { return !c.Over && len(c.Answers) == 0 }

// Clarifications returns what was asked about a statement, part by part, in
// order of the record.
func (r *Record) Clarifications(ref statement.Ref) []Clarification {
	var list []Clarification
	times := map[[3]string]int{}
	for _, s := range r.On(ref) {
		n, ok := Body[Notice](r, s.Ref)
		at, covered := r.Covered(s.Ref)
		if !ok || !covered || n.Ask != "explain" || r.Label(s) != LabelNone {
			continue
		}
		for _, to := range n.To {
			if to == s.Party {
				continue
			}
			c := Clarification{Notice: s.Ref, On: ref, Part: n.Part, From: s.Party, To: to, Text: n.Text, At: at}
			key := [3]string{s.Party, to, n.Part}
			times[key]++
			c.Times = times[key]
			c.Over = r.openAsks(list, c) >= int(r.rulesAt(at).Quotas.Clarifications)
			if !c.Over {
				c.Answers = r.understandings(c)
			}
			list = append(list, c)
		}
	}
	return list
}

// openAsks counts the author's requests on the same part that were open when c
// was made. What is answered later was open then.
func (r *Record) openAsks(before []Clarification, c Clarification) (n int) {
	for _, o := range before {
		if o.From == c.From && o.To == c.To && o.Part == c.Part && !o.Over && (len(o.Answers) == 0 || o.Answers[0].At > c.At) {
			n++
		}
	}
	return n
}

// understandings are the answers of whom c asks: on the notice itself, or on the
// part since it was asked.
func (r *Record) understandings(c Clarification) (list []Understanding) {
	take := func(s Said, part string, stances ...Stance) {
		p, ok := Body[Position](r, s.Ref)
		at, covered := r.Covered(s.Ref)
		if !ok || !covered || s.Party != c.To || p.Part != part || at < c.At || !slices.Contains(stances, p.Stance) || r.Label(s) != LabelNone || r.retracted(s.Ref) {
			return
		}
		u := Understanding{Ref: s.Ref, Party: s.Party, Text: p.Text, Stance: p.Stance, At: at}
		for _, ap := range s.Approvals {
			u.Officers = append(u.Officers, ap.Officer)
		}
		slices.Sort(u.Officers)
		list = append(list, u)
	}
	for _, s := range r.On(c.Notice) {
		take(s, "", Explain, NoComment, CannotSay)
	}
	for _, s := range r.On(c.On) {
		take(s, c.Part, Explain)
	}
	slices.SortStableFunc(list, func(a, b Understanding) int { return int(min(max(a.At-b.At, -1), 1)) })
	return list
}

// retracted reports whether its author took a statement back as a whole.
func (r *Record) retracted(ref statement.Ref) bool {
	return slices.ContainsFunc(r.On(ref), func(s Said) bool {
		p, ok := Body[Position](r, s.Ref)
		_, covered := r.Covered(s.Ref)
		return ok && covered && p.Stance == Retract && p.Part == "" && s.Ref.Origin == ref.Origin && r.Label(s) == LabelNone
	})
}

// MayAsk refuses one more request for the meaning of a part while as many as the
// rules allow are open.
func (r *Record) MayAsk(from, to string, ref statement.Ref, part string) error {
	open := 0
	for _, c := range r.Clarifications(ref) {
		if c.From == from && c.To == to && c.Part == part && c.Open() {
			open++
		}
	}
	if most := r.rulesAt(r.now.Unix()).Quotas.Clarifications; int64(open) >= most {
		return statement.Refuse(statement.CodeBudget, "%d requests on this part are open, at most %d", open, most)
	}
	return nil
}
