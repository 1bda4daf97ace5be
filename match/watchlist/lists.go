package watchlist

import (
	"bytes"
	"cmp"
	"slices"

	"entente/match"
	"entente/statement"
)

// Standing is what the logs say of one list.
type Standing struct {
	Opened statement.Ref
	From   string
	Terms  Terms
	Body   []byte // of the statement, exactly
	About  *Announcement
	At     int64          // claimed, Unix milliseconds
	Before *statement.Ref // the list whose place it takes
	Asks   []Asked        // in their order
	Spent  int            // items asked about
	// Ended is nil while it is open. Each side's first close counts; of two the one
	// that claims to be the earlier ends the list: both do.
	Ended *Ending
	// Void says why the list is not its owner's position: nobody asks it anything. What
	// was answered counts all the same.
	Void string

	seen   map[statement.Digest]bool
	closed [2]*Ending // the first close of the owner and of the partner
}

// Asked is a question as it stands in the logs.
type Asked struct {
	Ref    statement.Ref
	Time   int64 // claimed, Unix milliseconds
	Items  int
	Digest statement.Digest
	// Void says why the question does not count, whatever its owner thinks: over
	// the list's budget, after its time, or the same as one before.
	Void   statement.Code
	Answer *Word
	Refuse *Word
	Read   *Word
}

// Word is a step about a question.
type Word struct {
	Ref    statement.Ref
	Time   int64
	Digest statement.Digest
	Code   statement.Code
}

// Ending is a close of a list.
type Ending struct {
	Word
	By     string
	Number int
}

// States of a list.
const (
	StateOpen   = "open"
	StateOver   = "over"   // its time has passed, and nobody has closed it yet
	StateClosed = "closed" // as agreed
	StateBroken = "broken" // for a reason
	StateVoid   = "void"   // not its owner's position
)

// State is a word for how a list stands at a time, in Unix milliseconds.
func (s *Standing) State(now int64) string {
	switch {
	case s.Void != "":
		return StateVoid
	case s.Ended != nil && s.Ended.Code != "":
		return StateBroken
	case s.Ended != nil:
		return StateClosed
	case now >= s.Terms.Until:
		return StateOver
	}
	return StateOpen
}

// Left is how many items may still be asked about.
func (s *Standing) Left() int { return s.Terms.Budget - s.Spent }

// Answered is how many items were asked about and answered.
func (s *Standing) Answered() int {
	return s.sum(func(q *Asked) bool { return q.Answer != nil })
}

// Taken is how many items were asked about and not refused: they were answered,
// or may be.
func (s *Standing) Taken() int {
	return s.sum(func(q *Asked) bool { return q.Void == "" && q.Refuse == nil })
}

func (s *Standing) sum(counts func(*Asked) bool) (n int) {
	for i := range s.Asks {
		if counts(&s.Asks[i]) {
			n += s.Asks[i].Items
		}
	}
	return n
}

// Lists folds what the logs say into lists, in the order of their opening. As
// with runs the order of different logs does not matter, and what does not fit
// moves nothing.
func Lists(said []match.Said) []*Standing {
	lists := map[statement.Ref]*Standing{}
	for i := range said {
		if s := opened(&said[i]); s != nil {
			lists[s.Opened] = s
		}
	}
	for _, words := range []bool{false, true} { // questions first: they stand in another log than what is said of them
		for i := range said {
			if said[i].Kind != StepKind || len(said[i].Refs) == 0 {
				continue
			}
			step, err := ParseStep(said[i].Body)
			l := lists[said[i].Refs[0]]
			if err != nil || l == nil || (step.Do != DoAsk) != words {
				continue
			}
			l.take(&said[i], step)
		}
	}
	list := make([]*Standing, 0, len(lists))
	for _, l := range lists {
		list = append(list, l)
	}
	takeOver(list, lists)
	slices.SortFunc(list, func(a, b *Standing) int {
		return cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.Opened.ID[:], b.Opened.ID[:]))
	})
	return list
}

func opened(s *match.Said) *Standing {
	if s.Kind != OpenKind {
		return nil
	}
	t, a, err := ParseTerms(s.Body)
	if err != nil || a.Party != s.Party {
		return nil
	}
	l := &Standing{Opened: s.Ref, From: s.Party, Terms: *t, Body: s.Body, About: a, At: s.Time, Void: s.Void, seen: map[statement.Digest]bool{}}
	if len(s.Refs) > 0 {
		l.Before = &s.Refs[0]
	}
	return l
}

func (l *Standing) take(s *match.Said, step Step) {
	w := &Word{Ref: s.Ref, Time: s.Time, Digest: step.Digest, Code: step.Code}
	if step.Do == DoClose {
		l.end(&Ending{Word: *w, By: s.Party, Number: step.Number})
		return
	}
	byOwner := step.Do == DoAnswer || step.Do == DoRefuse
	if byOwner && s.Party != l.From || !byOwner && s.Party != l.Terms.To {
		return
	}
	if step.Do == DoAsk {
		l.ask(s, step)
		return
	}
	if step.Number >= len(l.Asks) {
		return
	}
	switch q := &l.Asks[step.Number]; {
	case byOwner && (q.Answer != nil || q.Refuse != nil):
		return // the first word counts
	case step.Do == DoAnswer && q.Void == "":
		q.Answer = w
	case step.Do == DoRefuse:
		q.Refuse = w
	case step.Do == DoRead && q.Read == nil:
		q.Read = w
	}
}

// end takes a close: the first of each side, in the order of its own log.
func (l *Standing) end(e *Ending) {
	side := slices.Index([]string{l.From, l.Terms.To}, e.By)
	if side < 0 || l.closed[side] != nil {
		return
	}
	l.closed[side] = e
	if l.Ended == nil || before(&e.Word, &l.Ended.Word) {
		l.Ended = e
	}
}

func before(a, b *Word) bool {
	return cmp.Or(cmp.Compare(a.Time, b.Time), bytes.Compare(a.Ref.ID[:], b.Ref.ID[:])) < 0
}

// ask takes a question. Its number must be the next one: one that is skipped or
// said twice is none. What counts against the budget follows from the asker's
// log alone, so that nobody can say more was left.
func (l *Standing) ask(s *match.Said, step Step) {
	if step.Number != len(l.Asks) {
		return
	}
	q := Asked{Ref: s.Ref, Time: s.Time, Items: step.Items, Digest: step.Digest}
	switch {
	case l.seen[q.Digest]:
		q.Void = statement.CodeSeq
	case q.Items > l.Left():
		q.Void = statement.CodeBudget
	case q.Time >= l.Terms.Until:
		q.Void = statement.CodeLate
	default:
		l.Spent += q.Items
	}
	l.seen[q.Digest] = true
	l.Asks = append(l.Asks, q)
}
