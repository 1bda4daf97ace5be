package accord

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

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
	on := r.find(ref)
	if on < 0 {
		return nil
	}
	var list []Clarification
	open := map[[3]string][]int64{} // when the open ones of before were answered, or never
	times := map[[3]string]int{}
	explained := r.explained(on)
	for _, place := range r.on.of(on) {
		e := &r.said[place]
		n, ok := e.body.(*Notice)
		if !ok || e.at == never || n.Ask != "explain" || r.Label(*e.Said) != LabelNone {
			continue
		}
		if _, claim := r.claimed(place); claim {
			continue // it rests on an account: it claims a breach
		}
		for _, to := range n.To {
			if to == e.party {
				continue
			}
			key := [3]string{e.party, to, n.Part}
			times[key]++
			c := Clarification{Notice: e.Ref, On: ref, Part: n.Part, From: e.party, To: to, Text: n.Text, At: e.at, Times: times[key]}
			open[key] = slices.DeleteFunc(open[key], func(answered int64) bool { return answered <= e.at })
			if c.Over = int64(len(open[key])) >= r.rulesAt(e.at).Quotas.Clarifications; !c.Over {
				c.Answers = r.understandings(c, place, explained[[2]string{to, n.Part}])
				until := int64(never)
				if len(c.Answers) > 0 {
					until = c.Answers[0].At
				}
				open[key] = append(open[key], until)
			}
			list = append(list, c)
		}
	}
	return list
}

// CaseClarifications are those that were asked for in a case, by what they are
// about, in order of the record.
func (r *Record) CaseClarifications(id string) []Clarification {
	no, ok := r.caseNo[id]
	if !ok {
		return nil
	}
	var out []Clarification
	looked := map[int32]bool{}
	for _, place := range r.cases.of(no) {
		e := &r.said[place]
		n, ok := e.body.(*Notice)
		if !ok || n.Ask != "explain" || e.target < 0 || looked[e.target] {
			continue
		}
		looked[e.target] = true
		for _, c := range r.Clarifications(r.said[e.target].Ref) {
			if r.said[r.find(c.Notice)].Act.Case == id {
				out = append(out, c)
			}
		}
	}
	return out
}

// ClarificationText prints one request with its answers: the words of its parties as
// quotations, what is made of them in words of the catalogue. On names the part.
func ClarificationText(l Lexicon, c Clarification, on string, now int64) string {
	var b strings.Builder
	state := l.Say("accord.text.ask_answered")
	switch {
	case c.Over:
		state = l.Say("accord.label." + string(LabelOverQuota))
	case c.Open():
		state = l.Say("accord.text.ask_open", "age", l.Age(time.Duration(now-c.At)*time.Second))
	}
	fmt.Fprintf(&b, "- %s: %s", l.Say("accord.text.ask", "on", on, "from", c.From, "to", c.To), state)
	if c.Times > 1 {
		fmt.Fprintf(&b, ", × %d", c.Times)
	}
	fmt.Fprintf(&b, ": %s\n", l.Quote(c.Text))
	for _, u := range c.Answers {
		fmt.Fprintf(&b, "  - %s, %s, %s UTC", u.Party, l.Say("accord.stance."+string(u.Stance)), stamp(u.At))
		if u.Text != nil {
			b.WriteString(": " + l.Quote(u.Text))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// explained are the explanations that stand on a statement itself, by whose they
// are and of which part, in order of the record.
func (r *Record) explained(on int32) map[[2]string][]int32 {
	found := map[[2]string][]int32{}
	for _, p := range r.on.of(on) {
		if b := bodyOf[Position](r, p); b != nil && b.Stance == Explain && r.stands(p) {
			key := [2]string{r.said[p].party, b.Part}
			found[key] = append(found[key], p)
		}
	}
	return found
}

// stands reports whether another node saw a statement, it is its party's position
// and was not taken back.
func (r *Record) stands(p int32) bool {
	e := &r.said[p]
	return e.at != never && r.Label(*e.Said) == LabelNone && !r.retracted(e.Ref)
}

// maxUnderstandings is how many answers stand beside one request: the first ones.
// The others stand in the case as what they are.
const maxUnderstandings = 50

// understandings are the answers of whom c asks: on the notice itself, or on the
// part since it was asked.
func (r *Record) understandings(c Clarification, notice int32, onPart []int32) (list []Understanding) {
	take := func(place int32) {
		e, p := &r.said[place], bodyOf[Position](r, place)
		u := Understanding{Ref: e.Ref, Party: e.party, Text: p.Text, Stance: p.Stance, At: e.at}
		for _, ap := range e.Approvals {
			u.Officers = append(u.Officers, ap.Officer)
		}
		slices.Sort(u.Officers)
		list = append(list, u)
	}
	for _, place := range r.on.of(notice) {
		e, p := &r.said[place], bodyOf[Position](r, place)
		if len(list) < maxUnderstandings && p != nil && slices.Contains([]Stance{Explain, NoComment, CannotSay}, p.Stance) && e.party == c.To && e.at >= c.At && r.stands(place) {
			take(place)
		}
	}
	since := sort.Search(len(onPart), func(i int) bool { return r.said[onPart[i]].at >= c.At })
	for _, place := range onPart[since:min(since+maxUnderstandings, len(onPart))] {
		take(place)
	}
	slices.SortStableFunc(list, func(a, b Understanding) int { return cmp.Compare(a.At, b.At) })
	return list[:min(len(list), maxUnderstandings)]
}

// retracted reports whether its author took a statement back as a whole.
func (r *Record) retracted(ref statement.Ref) bool {
	place := r.find(ref)
	if place < 0 {
		return false
	}
	return slices.ContainsFunc(r.on.of(place), func(q int32) bool {
		e, p := &r.said[q], bodyOf[Position](r, q)
		return p != nil && e.at != never && p.Stance == Retract && p.Part == "" && e.Ref.Origin == ref.Origin && r.Label(*e.Said) == LabelNone
	})
}

// MayAsk refuses a request for the meaning of a part that is not there, and one more
// while as many as the rules allow are open.
func (r *Record) MayAsk(from, to string, ref statement.Ref, part string) error {
	if on := r.find(ref); on >= 0 && part != "" && targetOf(&r.said[on], part) == "" {
		return statement.Refuse(statement.CodePart, "no such part: %.40q", part)
	}
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
