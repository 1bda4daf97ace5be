package audit

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// A Report is what is told of a joint audit of one contest when it was measured.
type Report struct {
	Joint   Joint
	Contest Contest
	Outcome Outcome
	Boards  []string // who read the cards; the third settled where the first two differ
	Apart   bool     // the record proves that neither of the two knew what the other had read
	Differ  []Difference
	Settled Entries // what counts
	Rows    []Drawn
}

// A Drawn is a card as it was drawn, in order.
type Drawn struct {
	Draw   int
	Ballot string
	Record string // what the machine recorded; empty without a comparison
	Paper  string // what was read
}

// Languages are those that a report is written in.
func Languages() []string { return []string{"en", "ru"} }

// Markdown is the report in a language of Languages. It brings its own words, as
// what two sides compare byte for byte must not change with a catalogue.
func (r Report) Markdown(lang string) (string, error) {
	w, ok := reportWords[lang]
	if !ok {
		return "", fmt.Errorf("no language %.20q: %s", lang, strings.Join(Languages(), " or "))
	}
	p := &page{words: w}
	p.line("# %s", p.text(r.Joint.Audit)+": "+p.text(r.Contest.Name))
	result := w.goOn
	if r.Outcome.Met {
		result = w.met
	}
	p.line("**"+result+"**", percent(r.Outcome.Risk), limitPercent(r.Contest.Limit))
	p.line(w.rule, w.rules[r.Contest.Rule], w.methods[r.Contest.Method], r.Contest.Cards)
	p.line(w.outcome, p.list(r.Contest.Winners), p.list(r.Contest.Losers))
	r.sealed(p)
	r.seed(p)
	r.cards(p)
	p.line("## %s", w.asserted)
	for _, a := range r.Outcome.Risks {
		p.item("%s: %s", p.text(a.Assertion), percent(a.Risk))
	}
	p.line("## %s", w.showsTitle)
	p.line("%s", w.shows)
	p.line("## %s", w.showsNotTitle)
	for _, s := range w.showsNot {
		p.item("%s", s)
	}
	return strings.TrimRight(p.b.String(), "\n") + "\n", nil
}

func (r Report) sealed(p *page) {
	p.line("## %s", p.sealedTitle)
	p.row(p.party, p.number, p.what, "SHA-256")
	p.row("---", "---:", "---", "---")
	for _, s := range r.Joint.Sealed {
		if s.What == SealContest && s.Name != r.Contest.Name {
			continue
		}
		p.row(p.text(s.Party), fmt.Sprint(s.Index), p.seals[s.What], s.Digest.String())
	}
	p.line("%s", p.sealedText)
	for _, f := range r.Joint.Faults {
		p.line(p.fault, p.text(f.Party), joined(f.Indices), p.faults[f.Code])
	}
}

func joined(all []uint64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ", "), "[]")
}

func (r Report) seed(p *page) {
	p.line("## %s", p.seedTitle)
	p.line(p.seedText, r.Joint.Seed)
	for _, s := range r.Joint.Steps {
		if s.Step == StepOpen || s.Step == StepPublic {
			p.item(p.dice[s.Step], p.text(s.Party), s.Dice, s.Index)
		}
	}
	if n := len(r.Joint.Parties) + len(r.Joint.Observers); n > 0 {
		p.line(p.agreed, n, p.list(r.Joint.seats().All()), r.Joint.Words)
	}
	for _, s := range r.Joint.Silent {
		p.line(p.silent[s.Step], p.text(s.Party))
	}
}

func (r Report) cards(p *page) {
	p.line("## %s", p.cardsTitle)
	p.line(p.seen, r.Outcome.Seen, r.Outcome.Missing)
	if r.Contest.Compares() {
		p.line(p.differ, r.Outcome.Differ)
	}
	if len(r.Boards) > 1 {
		text := p.boards
		if r.Apart {
			text = p.apart
		}
		p.line(text, p.list(r.Boards[:2]), len(r.Differ))
	}
	third := make(map[string]string)
	for _, e := range r.Settled {
		if e.Contest == r.Contest.Name {
			third[e.Ballot] = e.Says()
		}
	}
	if len(r.Differ) > 0 && len(r.Boards) > 2 {
		p.row(p.ballot, r.Boards[0], r.Boards[1], r.Boards[2])
		p.row("---", "---", "---", "---")
		for _, d := range r.Differ {
			if d.Contest == r.Contest.Name {
				p.row(p.text(d.Ballot), p.says(d.First), p.says(d.Second), p.text(third[d.Ballot]))
			}
		}
		p.line("")
	}
	p.row(p.draw, p.ballot, p.record, p.paper)
	p.row("---:", "---", "---", "---")
	for _, d := range r.Rows {
		p.row(fmt.Sprint(d.Draw), p.text(d.Ballot), p.text(d.Record), p.text(d.Paper))
	}
	p.line("")
}

func (p *page) says(e *Entry) string {
	if e == nil {
		return "-"
	}
	return p.text(e.Says())
}

// page is a text in the making.
type page struct {
	words
	b    strings.Builder
	rows bool // the line before was a row of a table, or an item of a list
}

func (p *page) line(format string, a ...any) {
	if p.rows {
		p.b.WriteString("\n")
		p.rows = false
	}
	if s := fmt.Sprintf(format, a...); s != "" {
		p.b.WriteString(s + "\n\n")
	}
}

func (p *page) item(format string, a ...any) {
	p.rows = true
	p.b.WriteString("- " + fmt.Sprintf(format, a...) + "\n")
}

func (p *page) row(cells ...string) {
	p.rows = true
	p.b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// text keeps a name from being read as Markdown.
func (p *page) text(s string) string {
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "]", "\\]", "<", "&lt;", "&", "&amp;", "#", "\\#", "\n", " ").Replace(s)
}

func (p *page) list(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, p.text(n))
	}
	return strings.Join(out, ", ")
}

// percent is a risk with four digits that count.
func percent(risk float64) string { return fmt.Sprintf("%.4g %%", 100*risk) }

// limitPercent is a limit as it was set, times a hundred, exactly.
func limitPercent(limit string) string {
	r, err := Parse(limit)
	if err != nil {
		return limit
	}
	return strings.TrimSuffix(strings.TrimRight(r.Mul(r, big.NewRat(100, 1)).FloatString(10), "0"), ".") + " %"
}

// Shown are the sentences of a report on what an audit shows, and what it does not.
func Shown(lang string) (shows string, not []string) {
	w := reportWords[lang]
	return w.shows, slices.Clone(w.showsNot)
}
