package accord

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CompareText prints one case's comparison as of several times, the newest last,
// as two pages of Markdown parted by a rule: outcomes first, then, as of the
// last time, everybody's own words. It is the same on every node that has read
// as much.
func CompareText(l Lexicon, list []Comparison) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	last := list[len(list)-1]
	fmt.Fprintf(&b, "# %s\n\n", l.Say("accord.compare.title"))
	fmt.Fprintf(&b, "%s\n\n", l.Say("accord.compare.case", "case", code(last.Case), "parties", names(last.Parties)))
	if len(last.Accounts) > 0 {
		a := last.Accounts[0]
		fmt.Fprintf(&b, "%s\n\n", l.Say("accord.compare.event", "party", a.Party, "text", l.Quote(a.Event.Title)))
	}
	fmt.Fprintf(&b, "%s\n\n", l.Say("accord.compare.rule"))
	outcomesTable(&b, l, list)
	fmt.Fprintf(&b, "\n%s\n", l.Say("accord.compare.aspects"))
	fmt.Fprintf(&b, "\n## %s\n\n", l.Say("accord.compare.sizes"))
	for _, c := range list {
		fmt.Fprintf(&b, "- %s: %s. %s\n", stamp(c.At)+" UTC", sizesText(c), countsText(l, c))
	}
	for _, a := range last.Accounts {
		if len(a.After) > 0 {
			fmt.Fprintf(&b, "- %s %s: %s\n", a.Party, code(a.Ref.ID.Short()), l.Say("accord.compare.after", "party", names(a.After)))
		}
		if len(a.Seal.Wrong) > 0 {
			fmt.Fprintf(&b, "- %s %s: %s\n", a.Party, code(a.Ref.ID.Short()), l.Say("accord.compare.wrong", "party", a.Seal.Depositary))
		}
	}
	fmt.Fprintf(&b, "\n## %s\n\n", l.Say("accord.compare.last"))
	for _, p := range slices.Sorted(maps.Keys(last.Last)) {
		fmt.Fprintf(&b, "- %s: %s UTC\n", p, stamp(last.Last[p]))
	}
	fmt.Fprintf(&b, "\n## %s\n\n", l.Say("accord.compare.instruments"))
	for _, i := range last.Texts {
		fmt.Fprintf(&b, "- %s %s: %s\n", code(i.Ref.ID.Short()), say("for", string(i.For)).In(l.Lang), say("state", string(i.State)).In(l.Lang))
	}
	if len(last.Texts) == 0 {
		fmt.Fprintf(&b, "- %s\n", l.Say("accord.compare.none"))
	}
	fmt.Fprintf(&b, "\n---\n\n## %s\n", l.Say("accord.compare.words", "time", stamp(last.At)+" UTC"))
	for i, row := range last.Rows {
		rowWords(&b, l, i+1, row, last)
	}
	return b.String()
}

func outcomesTable(b *strings.Builder, l Lexicon, list []Comparison) {
	last := list[len(list)-1]
	fmt.Fprintf(b, "| | %s |", l.Say("accord.compare.thing"))
	for _, c := range list {
		fmt.Fprintf(b, " %s |", stamp(c.At)+" UTC")
	}
	fmt.Fprintf(b, "\n|---|---|%s\n", strings.Repeat("---|", len(list)))
	for i, row := range last.Rows {
		fmt.Fprintf(b, "| %d | %s |", i+1, code(row.Key))
		for _, c := range list {
			cell := l.Say("accord.compare.nothing")
			if j := slices.IndexFunc(c.Rows, func(r CompareRow) bool { return r.Key == row.Key }); j >= 0 {
				cell = rowCell(l, c.Rows[j], c.At)
			}
			fmt.Fprintf(b, " %s |", cell)
		}
		b.WriteByte('\n')
	}
}

// rowCell is an outcome, with its aspects.
func rowCell(l Lexicon, row CompareRow, now int64) string {
	cell := "**" + VerdictText(l, row.Verdict, now) + "**"
	for _, a := range row.Aspects {
		cell += "; " + code(a.Name) + ": " + VerdictText(l, a.Verdict, now)
	}
	if slices.ContainsFunc(row.Sides, func(s Side) bool { return len(s.Dissents) > 0 }) {
		cell += "; " + l.Say("accord.compare.dissent")
	}
	return cell
}

// VerdictText is an outcome in words: who alone, who has not answered, how long.
func VerdictText(l Lexicon, v Verdict, now int64) string {
	text := l.Say("accord.outcome."+string(v.Outcome), "party", names(v.Parties))
	if v.Outcome == OutNotAnswered {
		age := l.Age(time.Duration(now-v.Since) * time.Second)
		text += ", " + l.Say("accord.compare.asked", "n", strconv.Itoa(v.Asked), "age", age)
	}
	if len(v.About) > 0 {
		text += " " + l.Say("accord.compare.about", "party", names(v.About))
	}
	return text
}

// rowWords are the items and answers of one row, as quotations.
func rowWords(b *strings.Builder, l Lexicon, no int, row CompareRow, c Comparison) {
	fmt.Fprintf(b, "\n**%d. %s: %s", no, code(row.Key), VerdictText(l, row.Verdict, c.At))
	if row.Why != "" {
		fmt.Fprintf(b, " (%s)", l.Say("accord.why."+row.Why))
	}
	b.WriteString("**\n\n")
	for i, s := range row.Sides {
		sideWords(b, l, s, "")
		for _, a := range row.Aspects {
			sideWords(b, l, a.Sides[i], a.Name)
		}
		if s.Divided {
			fmt.Fprintf(b, "- %s: %s\n", s.Party, l.Say("accord.compare.divided"))
		}
	}
	for _, v := range row.Others {
		fmt.Fprintf(b, "- %s\n", itemWords(l, v, ""))
	}
}

func sideWords(b *strings.Builder, l Lexicon, s Side, aspect string) {
	for _, v := range s.Items {
		fmt.Fprintf(b, "- %s\n", itemWords(l, v, aspect))
	}
	for _, a := range s.Answers {
		fmt.Fprintf(b, "- %s\n", answerWords(l, a, ""))
	}
	for _, a := range s.Dissents {
		fmt.Fprintf(b, "- %s\n", answerWords(l, a, l.Say("accord.compare.dissent")))
	}
}

// itemWords is one item: who says it, the words, whence, and every mark.
func itemWords(l Lexicon, v ItemView, aspect string) string {
	marks := []string{l.Say("basis." + v.Item.Basis)}
	if v.Item.Basis == "told" {
		marks[0] += " " + v.Item.SourceRel + strconv.Itoa(v.Item.Cred)
	}
	if v.Item.Quantity != nil {
		marks = append(marks, quantityText(*v.Item.Quantity))
	}
	if v.Item.Where != "" {
		marks = append(marks, l.Quote(Texts{l.Lang: v.Item.Where}))
	}
	if v.Kind == "state-of-mind" && v.About != "" {
		marks = append(marks, l.Say("accord.compare.mind", "party", v.About))
	}
	if v.Absent {
		marks = append(marks, l.Say("accord.compare.absent"))
	}
	for _, p := range v.VagueBy {
		marks = append(marks, l.Say("accord.compare.vague", "party", p))
	}
	if v.Label != LabelNone {
		marks = append(marks, l.Say("accord.label."+string(v.Label)))
	}
	head := v.Party + " " + code(v.Account.ID.Short()+"/"+strconv.Itoa(v.Item.No))
	if aspect != "" {
		head += ", " + code(aspect)
	}
	if v.Item.Source != "" {
		marks = append([]string{l.Quote(Texts{l.Lang: v.Item.Source})}, marks...)
	}
	return fmt.Sprintf("%s: %s (%s)", head, l.Quote(v.Item.Text), strings.Join(marks, "; "))
}

func answerWords(l Lexicon, a ItemAnswer, mark string) string {
	var marks []string
	if a.Label != LabelNone {
		marks = append(marks, l.Say("accord.label."+string(a.Label)))
	}
	if mark != "" {
		marks = append(marks, mark)
	}
	text := fmt.Sprintf("%s, %s: %s", a.Party, code(names(a.Officers)), l.Say("accord.stance."+string(a.Stance)))
	if a.Quantity != nil {
		text += ", " + quantityText(*a.Quantity)
	}
	if q := l.Quote(a.Text); q != "" {
		text += ", " + q
	}
	if len(marks) > 0 {
		text += " (" + strings.Join(marks, "; ") + ")"
	}
	return text
}

func quantityText(q Quantity) string {
	if q.Cmp == "?" {
		return "? " + code(q.Unit)
	}
	return strings.NewReplacer("<", "\\<", ">", "\\>", "~", "\\~").Replace(q.Cmp) + " " + strconv.FormatInt(q.N, 10) + " " + code(q.Unit)
}

func sizesText(c Comparison) string {
	var parts []string
	for origin, n := range c.Sizes {
		parts = append(parts, fmt.Sprintf("%s %d", code(origin), n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func countsText(l Lexicon, c Comparison) string {
	var parts []string
	for _, o := range Outcomes() {
		if n := c.Counts[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", l.Say("accord.count."+string(o)), n))
		}
	}
	return strings.Join(parts, "; ")
}

// code shows an id or tag as such, whatever a partner put into it.
func code(s string) string {
	return "`" + strings.NewReplacer("`", "'", "|", "'", "\n", " ", "\t", " ").Replace(s) + "`"
}

func names(list []string) string { return strings.Join(list, ", ") }
