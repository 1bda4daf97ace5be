package accord

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CaseStateText is the state of a case in a few lines: what it is, where it stands,
// whose step is next, what is open.
func CaseStateText(l Lexicon, c CaseState, now int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", l.Say("accord.casekind."+string(c.Kind)), l.Say("accord.case."+c.State))
	nextText(&b, l, c.Since, c.Owner, c.Due, now)
	if len(c.Disputed) > 0 {
		fmt.Fprintf(&b, "- %s: %s\n", say("label", string(LabelDisputed)).In(l.Lang), names(c.Disputed))
	}
	for _, m := range c.Open {
		on := strings.TrimSpace(code(m.On.ID.Short()) + " " + m.Part)
		fmt.Fprintf(&b, "- %s: %s, %s", l.Say("accord.matter."+m.Kind), on, names(m.Owner))
		if m.Since != 0 {
			fmt.Fprintf(&b, ", %s", l.Age(time.Duration(now-m.Since)*time.Second))
		}
		if m.Times > 1 {
			fmt.Fprintf(&b, ", × %d", m.Times)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func nextText(b *strings.Builder, l Lexicon, since int64, owner []string, due, now int64) {
	if since != 0 {
		fmt.Fprintf(b, "- %s\n", l.Say("accord.text.since", "time", stamp(since)+" UTC"))
	}
	if len(owner) == 0 {
		return
	}
	line := l.Say("accord.text.next", "party", names(owner))
	if due != 0 {
		line += ", " + l.Say("accord.text.until", "time", stamp(due)+" UTC")
	}
	if due != 0 && now > due {
		line += " (" + l.Say("accord.text.overdue", "age", l.Age(time.Duration(now-due)*time.Second)) + ")"
	}
	fmt.Fprintf(b, "- %s\n", line)
}

// AccusationText prints a charge as a reader may see it: its items with each
// answer, the evidence, the finding, and how much rests on what is not seen.
func AccusationText(l Lexicon, a Accusation, reader string, now int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s\n\n", l.Say("accord.text.against", "accusers", names(a.Accusers), "accused", names(a.Accused)), l.Say("accord.case."+a.State))
	nextText(&b, l, a.Since, a.Owner, a.Due, now)
	for _, f := range a.Flags {
		fmt.Fprintf(&b, "- %s\n", l.Say("accord.flag."+f))
	}
	if n, of := a.Unseen(reader); n > 0 {
		fmt.Fprintf(&b, "- %s\n", UnseenText(l, reader, n, of))
	}
	fmt.Fprintf(&b, "- %s\n", l.Say("accord.found."+a.Finding.Word))
	for _, c := range a.Items {
		fmt.Fprintf(&b, "\n%d. %s\n", c.Item.No, itemWords(l, c.ItemView, ""))
		for _, p := range a.Accused {
			if word := c.States[p]; word == AccAlleged || word == AccAcked {
				fmt.Fprintf(&b, "   - %s: %s\n", p, l.Say("accord.case."+word))
			}
		}
		for _, answer := range c.Answers {
			if answer.Stands {
				fmt.Fprintf(&b, "   - %s\n", answerWords(l, answer, ""))
			}
		}
	}
	if len(a.Evidence) > 0 {
		fmt.Fprintf(&b, "\n### %s\n\n", l.Say("accord.text.evidence"))
	}
	for _, e := range a.Evidence {
		fmt.Fprintf(&b, "- %s: %s", code(e.ID), l.Say("accord.evidence."+e.State))
		if e.Late {
			fmt.Fprintf(&b, "; %s", l.Say("accord.flag."+FlagLateEvidence))
		}
		if len(e.SeenBy) > 0 {
			fmt.Fprintf(&b, "; %s", l.Say("accord.text.seen", "party", names(e.SeenBy)))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// QuestionText prints a question of attribution: each party's matrix by itself,
// the most telling rows first, both rankings, and the judgements.
func QuestionText(l Lexicon, q Question) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s\n\n", l.Quote(q.Text), l.Say("accord.case."+q.Stage))
	for i, h := range q.Hypotheses {
		fmt.Fprintf(&b, "- H%d: %s\n", i+1, hypothesisText(l, h))
	}
	for i, row := range q.Rows {
		fmt.Fprintf(&b, "- E%d: %s: %s\n", i+1, row.Party, l.Quote(row.Row.Text))
	}
	for _, c := range q.Columns {
		matrixText(&b, l, q, c)
	}
	for _, v := range q.Views {
		fmt.Fprintf(&b, "\n### H%d, %s: %s\n\n", q.number(v.Hypothesis), l.Say("accord.about."+v.About), JointText(l, v))
		for _, p := range v.By {
			likelihood, confidence := JudgementText(l, p)
			fmt.Fprintf(&b, "- %s\n", strings.TrimSpace(likelihood+" "+confidence))
			for _, d := range p.Dissents {
				word, _ := LikelihoodWord(l.Lang, d.Likelihood)
				fmt.Fprintf(&b, "  - %s: %s. %s\n", l.Say("accord.text.dissent", "party", p.Party, "who", l.Quote(Texts{l.Lang: d.Who})), word,
					l.Say("accord.judgement.confidence", "party", p.Party, "level", l.Say("accord.confidence."+d.Confidence)))
			}
		}
	}
	if n, of := q.Unseen(); n > 0 {
		fmt.Fprintf(&b, "\n%s\n", l.Say("accord.text.unseen", "n", strconv.Itoa(n), "of", strconv.Itoa(of)))
	}
	for _, o := range q.Left {
		fmt.Fprintf(&b, "\n- %s %s %s: %s\n", o.Party, code(o.Ref.ID.Short()), o.Part, l.Say("accord.left."+o.Why))
	}
	return b.String()
}

func hypothesisText(l Lexicon, h HypothesisView) string {
	if h.BuiltIn {
		return l.Say("accord.hypothesis." + h.ID)
	}
	return h.Party + ": " + l.Quote(h.Text)
}

// number is how a hypothesis is called in print.
func (q Question) number(id string) int {
	return 1 + slices.IndexFunc(q.Hypotheses, func(h HypothesisView) bool { return h.ID == id })
}

func matrixText(b *strings.Builder, l Lexicon, q Question, c PartyMatrix) {
	fmt.Fprintf(b, "\n### %s: %s\n\n", c.Party, l.Say("accord.seal."+string(c.Seal.State)))
	if !c.Seal.Readable() || len(c.Cells) == 0 {
		return
	}
	b.WriteString("| |")
	for i := range q.Hypotheses {
		fmt.Fprintf(b, " H%d |", i+1)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(q.Hypotheses)) + "\n")
	for i, row := range q.Rows {
		fmt.Fprintf(b, "| E%d |", i+1)
		for _, h := range q.Hypotheses {
			cell := c.Cells[row.ID][h.ID]
			if slices.Contains(q.Disputed, CellAt{row.ID, h.ID}) {
				cell += " ≠"
			}
			fmt.Fprintf(b, " %s |", cell)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "\n- %s: %s\n", l.Say("accord.text.ranking"), q.rankingText(c.Ranking))
	fmt.Fprintf(b, "- %s: %s\n", l.Say("accord.text.unplaced"), q.rankingText(c.Unplaced))
}

func (q Question) rankingText(list []Standing) string {
	var words []string
	for _, s := range list {
		words = append(words, fmt.Sprintf("%d. H%d (%d)", s.Rank, q.number(s.Hypothesis), s.Against))
	}
	return strings.Join(words, ", ")
}
