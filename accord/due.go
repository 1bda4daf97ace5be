package accord

import "strings"

// due is when an acknowledgement and an answer to a notice are expected, in
// Unix seconds; never where there is none. Clocks start when the notice has
// reached the node of whom it asks, not when it was sent: whoever is cut off is
// not late. The author may give more time than the rules, never less.
type due struct{ ack, unreachable, answer int64 }

func (r *Record) due(n *Notice, place int32, delivered int64) due {
	if delivered == never {
		return due{never, never, never}
	}
	ack, answer := r.within(n, place, delivered)
	clocks := r.rulesAt(delivered).Clocks
	d := due{ack: delivered + ack, answer: never}
	if by := n.AckBy.Time(); !by.IsZero() {
		d.ack = max(d.ack, by.Unix())
	}
	d.unreachable = d.ack + max(clocks.Unreachable-clocks.TestAck, 60)
	if answer == 0 {
		return d
	}
	d.answer = delivered + answer
	if by := n.AnswerBy.Time(); !by.IsZero() {
		d.answer = max(d.answer, by.Unix())
	}
	return d
}

// AckWithin is how many seconds the rules give for an acknowledgement of a notice
// of a level.
func (c Clocks) AckWithin(level string) int64 {
	switch level {
	case LevelTest:
		return c.TestAck
	case LevelUrgent:
		return c.UrgentAck
	case LevelPriority:
		return c.UrgentAnswer
	}
	return c.Ack
}

// within is how many seconds a notice of this level and ask gives for an
// acknowledgement and for an answer; 0 where no answer is asked.
func (r *Record) within(n *Notice, place int32, at int64) (ack, answer int64) {
	c := r.rulesAt(at).Clocks
	ack = c.AckWithin(n.Level)
	switch n.Ask {
	case "explain":
		answer = c.Explain
	case "assist":
		answer = c.Assist
	case "preserve":
		answer = c.Preserve
	case "inspect":
		answer = c.Evidence
	case "consult", "stop":
		answer = c.Explain
		if n.Level == LevelUrgent {
			answer = c.UrgentAnswer
		}
	}
	if clause := r.clauseBroken(n, place); clause != nil { // what the parties agreed for this clause goes first
		if clause.Breach.AckWithin > 0 {
			ack = clause.Breach.AckWithin
		}
		if clause.Breach.ExplainWithin > 0 {
			answer = clause.Breach.ExplainWithin
		}
	}
	return ack, answer
}

// clauseBroken returns the clause whose breach a notice claims, or nil.
func (r *Record) clauseBroken(n *Notice, place int32) *Clause {
	if n.Ask != "explain" || !strings.HasPrefix(n.Part, "clause/") {
		return nil
	}
	if _, ok := r.claimed(place); !ok {
		return nil
	}
	p := bodyOf[Proposal](r, r.said[place].target)
	_, no, err := SplitPart(n.Part)
	if p == nil || err != nil || no > len(p.Clauses) {
		return nil
	}
	return &p.Clauses[no-1]
}

// coveredBy is the earliest time at which this node cosigned a checkpoint that
// holds the statement, or never.
func (r *Record) coveredBy(e *entry, party string) int64 {
	if c := r.clocks[e.Ref.Origin]; c != nil && c.tracks[party] != nil {
		return c.tracks[party].covered(e.Ref.Index)
	}
	return never
}
