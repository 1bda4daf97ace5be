package accord

import (
	"cmp"
	"slices"
	"time"

	"entente/statement"
)

// How far a notice has come with one of those whom it asks. That it was
// delivered is a machine's doing; only an officer's signed position makes it
// acknowledged, and acknowledging does not mean agreeing with the content.
const (
	CallSent         = "sent"
	CallDelivered    = "delivered"
	CallAcknowledged = "acknowledged"
	CallAnswered     = "answered"
	CallClosed       = "closed"
)

// What was answered.
const (
	AnswerAccepted  = "accepted"
	AnswerInPart    = "accepted-in-part"
	AnswerDeclined  = "declined"
	AnswerDone      = "done"
	AnswerExplained = "explained"
)

// The clocks that can run out.
const (
	ClockDelivery    = "delivery"    // it does not reach the other's node
	ClockAck         = "ack"         // nobody there has seen it: overdue
	ClockUnreachable = "unreachable" // nobody there has seen it for so long that others are called
	ClockAnswer      = "answer"      // it was not answered
)

// Call is one notice as it stands with one of those whom it asks. Times are Unix
// seconds, 0 for what has not happened: of sending the owner's own time, of
// everything else that of the node that cosigned.
type Call struct {
	Ref                     statement.Ref
	Case                    string
	From, To                string // party ids
	Level, Ask, Role        string
	Template                string
	About                   statement.Ref // zero: of nothing that was said before
	Part                    string
	Label                   Label // not empty: shown, starts no clocks
	State                   string
	Answer                  string // a word of the answers above, no-comment or cannot-say; empty: none yet
	Reason                  string // of a decline
	Result                  string // agree or differ: its author's word on what came of it
	Claimed                 int64  // Unix milliseconds, by its author: shown only
	Sent, Delivered         int64
	Acked, Answered, Closed int64
	AckDue, AnswerDue       int64 // 0: none, or not delivered yet
	Unreachable             int64 // when others are called if there is still no acknowledgement
	Late                    []Late
	Asked                   int // how often its author asked this, corrections apart
	Steps                   []Step
	Answers                 []statement.Ref // positions on it that count, in order
	Corrects                statement.Ref   // an earlier notice of its author
	CorrectedBy             []statement.Ref
	Rings                   bool
}

// Late is a clock that ran out: a fact, logged by nobody and computed by all.
type Late struct {
	Clock string
	Since int64
	Until int64 // 0: it still has not happened
}

// Step is who is called next, and from when on.
type Step struct {
	Who     string // contact, observer, all
	Contact int    // of the other's list, from 1; 0 for none
	At      int64
	Due     bool // its time has come without an acknowledgement
}

// Rings reports whether a notice may make a sound and break through: the urgent
// ones of a party that kept to its quota. A test or a routine notice never
// rings, so that the level is the signal and not the channel.
func Rings(n Notice, l Label) bool { return n.Level == LevelUrgent && l == "" }

// Open reports whether anything is still expected of whom the notice asks.
func (c Call) Open() bool { return c.Label == "" && c.Closed == 0 && c.Answered == 0 }

// NextDue is the clock that runs out next, and when; "" if none runs.
func (c Call) NextDue() (clock string, at int64) {
	switch {
	case !c.Open() || c.Delivered == 0:
		return "", 0
	case c.Acked == 0:
		return ClockAck, c.AckDue
	case c.AnswerDue != 0:
		return ClockAnswer, c.AnswerDue
	}
	return "", 0
}

// Assist is where a request for help stands: asked, acked, accepted,
// accepted-in-part, declined, done, then its author's agree or differ on the
// result; or not-answered. It is empty for what asks for no help.
func (c Call) Assist() string {
	switch {
	case c.Ask != "assist" && c.Ask != "preserve":
		return ""
	case c.Result != "":
		return c.Result
	case c.Answer != "":
		return c.Answer
	case slices.ContainsFunc(c.Late, func(l Late) bool { return l.Clock == ClockAnswer }):
		return "not-answered"
	case c.Acked != 0:
		return "acked"
	}
	return "asked"
}

// Calls returns every notice with each of those whom it asks, in order of the
// record. now decides only which clocks have run out.
func (r *Record) Calls(now time.Time) []Call {
	var list []Call
	for i := range r.said {
		if n := bodyOf[Notice](r, int32(i)); n != nil {
			for _, to := range n.To {
				if to != r.said[i].party {
					list = append(list, r.call(int32(i), n, to, now.Unix()))
				}
			}
		}
	}
	return list
}

func (r *Record) callsOf(now time.Time, shows func(statement.Ref) bool) []Call {
	calls := r.Calls(now)
	if shows != nil {
		calls = slices.DeleteFunc(calls, func(c Call) bool { return !shows(c.Ref) })
	}
	return calls
}

func (r *Record) call(place int32, n *Notice, to string, now int64) Call {
	e := &r.said[place]
	c := Call{
		Ref: e.Ref, Case: e.Act.Case, From: e.party, To: to, Level: n.Level, Ask: n.Ask, Role: n.Role, Template: n.Template, Part: n.Part,
		Label: r.Label(*e.Said), State: CallSent, Claimed: e.Claimed, Sent: known(r.clocks[e.Ref.Origin].ownerBy(e.Ref.Index)),
	}
	if len(e.Act.Refs) > 0 {
		c.About = e.Act.Refs[0]
	}
	c.Rings = Rings(*n, c.Label) && e.at != never // before it is covered nobody knows which of the day it is
	r.correct(place, n, &c)
	c.Asked = r.asks[place]
	if c.Label != "" {
		return c
	}
	r.answers(place, &c)
	delivered := r.coveredBy(e, to)
	if c.Acked != 0 { // whoever answers has read it, though its cosignature was not logged
		delivered = min(delivered, c.Acked)
	}
	c.Delivered = known(delivered)
	if c.State == CallSent && c.Delivered != 0 {
		c.State = CallDelivered
	}
	r.clock(n, place, &c, delivered, now)
	return c
}

// correct links a correction to what it corrects. Nothing is recalled.
func (r *Record) correct(place int32, n *Notice, c *Call) {
	if t := r.said[place].target; n.Corrects && t >= 0 && r.said[t].party == c.From && bodyOf[Notice](r, t) != nil {
		c.Corrects = r.said[t].Ref
	}
	for _, p := range r.on.of(place) {
		if o := bodyOf[Notice](r, p); o != nil && o.Corrects && r.said[p].party == c.From {
			c.CorrectedBy = append(c.CorrectedBy, r.said[p].Ref)
		}
	}
}

// asking tells what is asked: by whom, what, and of which part of which
// statement.
type asking struct {
	party, ask, part string
	of               int32
}

// countAsks counts, for each notice, which time its author asks this: about the
// same part, or about an earlier notice that asks it. Corrections ask nothing new.
func (r *Record) countAsks() {
	r.asks = map[int32]int{}
	keys, counts := map[int32]asking{}, map[asking]int{}
	for i := range r.said {
		place, e := int32(i), &r.said[i]
		n := bodyOf[Notice](r, place)
		if n == nil {
			continue
		}
		if r.asks[place] = 1; n.Corrects {
			continue
		}
		key, again := keys[e.target]
		if !again || key.party != e.party || key.ask != n.Ask {
			if key = (asking{e.party, n.Ask, n.Part, e.target}); e.target < 0 {
				key.of = -2 - place // about nothing that was said: each is its own
			}
		}
		keys[place] = key
		counts[key]++
		r.asks[place] = counts[key]
	}
}

// answers folds the positions on a notice, first those of whom it asks. An
// unsigned or personal word is kept with it and moves nothing.
func (r *Record) answers(place int32, c *Call) {
	var results []*entry
	for _, p := range r.on.of(place) {
		e, pos := &r.said[p], bodyOf[Position](r, p)
		switch {
		case pos == nil || e.at == never || r.Label(*e.Said) != LabelNone:
		case e.party == c.To:
			c.take(e, pos)
		case e.party == c.From && (pos.Stance == Agree || pos.Stance == Differ):
			results = append(results, e)
		}
	}
	for _, e := range results {
		if c.Answered == 0 || e.at < c.Answered {
			continue // there was nothing to judge yet
		}
		c.Result, c.Answers = string(e.body.(*Position).Stance), append(c.Answers, e.Ref)
		if c.State, c.Closed = CallAnswered, 0; c.Result == string(Agree) {
			c.State, c.Closed = CallClosed, e.at
		}
	}
	if c.Ask == "ack" && c.Acked != 0 {
		c.State, c.Closed = CallClosed, c.Acked
	}
}

// take folds a position of whom the notice asks.
func (c *Call) take(e *entry, pos *Position) {
	word := map[Stance]string{Accept: AnswerAccepted, Decline: AnswerDeclined, Done: AnswerDone, Explain: AnswerExplained, NoComment: string(NoComment), CannotSay: string(CannotSay)}[pos.Stance]
	if word == "" && pos.Stance != Ack {
		return
	}
	c.Answers = append(c.Answers, e.Ref)
	if c.Acked == 0 {
		c.Acked = e.at
		c.State = CallAcknowledged
	}
	if word == "" {
		return
	}
	if pos.Stance == Accept && pos.Reservation != nil {
		word = AnswerInPart
	}
	c.Answer, c.Reason = word, pos.Reason
	if c.Answered == 0 {
		c.Answered, c.State = e.at, CallAnswered
	}
}

// clock sets what is due, which clocks ran out, and who is called.
func (r *Record) clock(n *Notice, place int32, c *Call, delivered, now int64) {
	d := r.due(n, place, delivered)
	c.AckDue, c.Unreachable, c.AnswerDue = known(d.ack), known(d.unreachable), known(d.answer)
	late := func(clock string, due, done int64) {
		if due != 0 && due != never && (done == 0 && now > due || done > due) {
			c.Late = append(c.Late, Late{Clock: clock, Since: due, Until: done})
		}
	}
	if c.Sent != 0 {
		late(ClockDelivery, c.Sent+r.rulesAt(c.Sent).Clocks.Unreachable, c.Delivered)
	}
	late(ClockAck, c.AckDue, c.Acked)
	late(ClockUnreachable, c.Unreachable, c.Acked)
	late(ClockAnswer, c.AnswerDue, c.Answered)
	if c.Delivered != 0 {
		r.escalate(c, d, now)
	}
}

// escalate says who is called when: the contacts of the role one after the
// other, the observers when nobody can be reached, then all.
func (r *Record) escalate(c *Call, d due, now int64) {
	end := now
	if c.Acked != 0 {
		end = c.Acked
	}
	add := func(who string, contact int, at int64) {
		c.Steps = append(c.Steps, Step{Who: who, Contact: contact, At: at, Due: end >= at})
	}
	gap := max((d.unreachable-d.ack)/4, 60)
	called := 0
	for i, contact := range r.contactsOf(c.To, c.Delivered) {
		if contact.Role != c.Role {
			continue
		}
		at := c.Delivered
		if called > 0 {
			at = d.ack + int64(called-1)*gap
		}
		if called > 0 && at >= d.unreachable {
			break
		}
		add("contact", i+1, at)
		called++
	}
	add("observer", 0, d.unreachable)
	add("all", 0, d.unreachable+(d.unreachable-d.ack))
}

// Line is what the hotline shows.
type Line struct {
	Now      int64
	Open     []Call // both ways; what is due next stands first, what has no clock last
	Contacts []ContactLine
	Checks   []LineCheck // of the last 24 hours
	Next     int64       // the next line check
}

// Line returns the open notices between all, with what is due, the contacts with
// their last check, and the line checks of the last 24 hours.
func (r *Record) Line(now time.Time) Line { return r.LineOf(now, nil) }

// LineOf is the line of the notices that shows lets through, as if there were no
// others; nil lets all through.
func (r *Record) LineOf(now time.Time, shows func(statement.Ref) bool) Line {
	calls := r.callsOf(now, shows)
	l := Line{Now: now.Unix(), Contacts: r.contacts(calls, now), Checks: r.lineChecks(calls, now.Add(-24*time.Hour), now, now), Next: r.nextCheck(now)}
	for _, c := range calls {
		if c.Open() {
			l.Open = append(l.Open, c)
		}
	}
	slices.SortStableFunc(l.Open, func(a, b Call) int { return cmp.Compare(a.urgency(), b.urgency()) })
	return l
}

func (c Call) urgency() int64 {
	if _, at := c.NextDue(); at != 0 {
		return at
	}
	return never
}
