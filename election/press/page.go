package press

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Subject is something about an election that can be checked.
type Subject string

// The subjects, in the order of the page.
const (
	Sums      Subject = "sums"      // published numbers add up
	Versions  Subject = "versions"  // published numbers have not changed without a word
	Balance   Subject = "balance"   // parties agree that the same numbers balance
	Audit     Subject = "audit"     // paper ballots were drawn and compared
	Roll      Subject = "roll"      // the voter roll
	LookAlike Subject = "lookalike" // names made to be taken for official ones
	Posts     Subject = "posts"     // accounts that behave alike
	Papers    Subject = "papers"    // leaked documents against committed ones
)

// Subjects lists them all.
func Subjects() []Subject {
	return []Subject{Sums, Versions, Balance, Audit, Roll, LookAlike, Posts, Papers}
}

// Outcome is what a check came to.
type Outcome string

// The outcomes.
const (
	Clean Outcome = "clean" // nothing was found
	Found Outcome = "found" // something was found, Count says how much
	Split Outcome = "split" // those who checked say different things
)

// Check is one thing that was done.
type Check struct {
	Subject Subject  `json:"subject"`
	By      []string `json:"by"` // parties whose signed statements it rests on
	Outcome Outcome  `json:"outcome"`
	Count   int64    `json:"count"` // of what was found
	Of      int64    `json:"of"`    // of what was looked at
	Names   []string `json:"names"` // of what was found, at most MaxNames are printed
}

// Facts are what a page is made of.
type Facts struct {
	Election string // as the offices call it
	AsOf     time.Time
	Parties  []string // of the unit
	Checks   []Check
}

// Limits of a page: it is one sheet of paper.
const (
	MaxNames  = 4
	MaxName   = 60 // characters
	MaxChecks = 24
)

// ErrFacts says that no page can be made of the facts.
var ErrFacts = errors.New("press: facts are incomplete")

// Markdown is the canonical page. The order of checks, parties and names does
// not matter.
func Markdown(f Facts) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	f.Checks = Merge(f.Checks)
	p := &page{}
	p.line("# Statement on the election %s | Заявление о выборах %s", quote(f.Election), quote(f.Election))
	p.line("")
	p.line("| English | Русский |")
	p.line("|---|---|")
	at, parties := f.AsOf.UTC().Format("2006-01-02 15:04 UTC"), list(f.Parties)
	p.both("As of %s. Made by %s, who do not trust each other; each checked for itself.",
		"По состоянию на %s. Составили %s; они не доверяют друг другу, каждая сторона проверяла сама.", at, parties)
	p.section("What was checked", "Что проверено")
	for _, s := range Subjects() {
		for _, c := range f.of(s) {
			p.checked(c)
		}
	}
	p.section("What was not checked", "Что не проверено")
	for _, s := range Subjects() {
		if len(f.of(s)) == 0 {
			w := words[s]
			p.both("%s", "%s", pair{w.open[0], w.open[1]})
		}
	}
	p.section("What this page cannot say", "Чего этот лист сказать не может")
	for _, l := range limits {
		p.both("%s", "%s", pair{l[0], l[1]})
	}
	return []byte(p.b.String()), nil
}

// Row is one sentence of a page, or the head of a section.
type Row struct {
	English, Russian string
	Head             bool
}

// Rows reads a page that Markdown made, for a screen: the sentences without the
// marks that Markdown needs.
func Rows(page []byte) (rows []Row) {
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		title, isTitle := strings.CutPrefix(line, "# ")
		if isTitle {
			line = "| **" + strings.Replace(title, " | ", "** | **", 1) + "** |"
		}
		cells := strings.Split(line, " | ")
		if len(cells) != 2 || !strings.HasPrefix(cells[0], "| ") {
			continue
		}
		r := Row{English: strings.TrimPrefix(cells[0], "| "), Russian: strings.TrimSuffix(cells[1], " |")}
		if r.English == "English" {
			continue
		}
		if r.Head = strings.HasPrefix(r.English, "**"); r.Head {
			r.English, r.Russian = strings.Trim(r.English, "*"), strings.Trim(r.Russian, "*")
		}
		r.English, r.Russian = unmarked(r.English), unmarked(r.Russian)
		rows = append(rows, r)
	}
	return rows
}

// unmarked takes away the backslashes that plain has put in.
func unmarked(s string) string {
	var b strings.Builder
	marked := false
	for _, r := range s {
		if r == '\\' && !marked {
			marked = true
			continue
		}
		b.WriteRune(r)
		marked = false
	}
	return b.String()
}

// Digest is the SHA-256 of the page.
func Digest(page []byte) [32]byte { return sha256.Sum256(page) }

func (f Facts) check() error {
	switch {
	case strings.TrimSpace(f.Election) == "", f.AsOf.IsZero(), len(f.Parties) == 0:
		return fmt.Errorf("%w: an election, a time and a party are needed", ErrFacts)
	case len(Merge(f.Checks)) > MaxChecks:
		return fmt.Errorf("%w: %d checks, one page holds %d", ErrFacts, len(Merge(f.Checks)), MaxChecks)
	}
	for i, c := range f.Checks {
		_, known := words[c.Subject]
		switch {
		case !known:
			return fmt.Errorf("%w: check %d is of %q", ErrFacts, i+1, c.Subject)
		case !slices.Contains([]Outcome{Clean, Found, Split}, c.Outcome):
			return fmt.Errorf("%w: check %d ends as %q", ErrFacts, i+1, c.Outcome)
		case len(c.By) == 0:
			return fmt.Errorf("%w: nobody stands for check %d", ErrFacts, i+1)
		case c.Count < 0 || c.Of < 0 || c.Outcome == Clean && c.Count > 0:
			return fmt.Errorf("%w: check %d found %d of %d", ErrFacts, i+1, c.Count, c.Of)
		}
		for _, who := range c.By {
			if !slices.Contains(f.Parties, who) {
				return fmt.Errorf("%w: %q of check %d is no party", ErrFacts, who, i+1)
			}
		}
	}
	return nil
}

// of are the checks of one subject, in one order.
func (f Facts) of(s Subject) (out []Check) {
	for _, c := range f.Checks {
		if c.Subject == s {
			c.By, c.Names = sorted(c.By), sorted(c.Names)
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b Check) int { return strings.Compare(a.key(), b.key()) })
	return out
}

func (c Check) key() string {
	return fmt.Sprintf("%s %020d %020d %q %q", c.Outcome, c.Of, c.Count, c.By, c.Names)
}

// Merge puts checks of one subject, with one outcome and by the same parties,
// together: their counts are added up. The order of the page is the page's.
func Merge(checks []Check) (out []Check) {
	for _, c := range checks {
		c.By, c.Names = sorted(c.By), sorted(c.Names)
		i := slices.IndexFunc(out, func(o Check) bool {
			return o.Subject == c.Subject && o.Outcome == c.Outcome && slices.Equal(o.By, c.By)
		})
		if i < 0 {
			out = append(out, c)
			continue
		}
		out[i].Count, out[i].Of = out[i].Count+c.Count, out[i].Of+c.Of
		out[i].Names = sorted(append(out[i].Names, c.Names...))
	}
	return out
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

// pair is one value in two languages.
type pair struct{ en, ru string }

type page struct{ b strings.Builder }

func (p *page) line(format string, a ...any) { fmt.Fprintf(&p.b, format+"\n", a...) }

func (p *page) section(en, ru string) {
	p.line("| **%s** | **%s** |", en, ru)
}

func (p *page) both(en, ru string, args ...any) {
	var e, r []any
	for _, a := range args {
		if two, ok := a.(pair); ok {
			e, r = append(e, two.en), append(r, two.ru)
			continue
		}
		e, r = append(e, a), append(r, a)
	}
	p.line("| "+strings.ReplaceAll(en, "|", "/")+" | "+strings.ReplaceAll(ru, "|", "/")+" |", append(e, r...)...)
}

func (p *page) checked(c Check) {
	w := words[c.Subject]
	say := map[Outcome][2]string{Clean: w.clean, Found: w.found, Split: w.split}[c.Outcome]
	fill := strings.NewReplacer("{count}", fmt.Sprint(c.Count), "{of}", fmt.Sprint(c.Of))
	names := ""
	if len(c.Names) > 0 {
		shown := c.Names[:min(len(c.Names), MaxNames)]
		quoted := make([]string, len(shown))
		for i, n := range shown {
			quoted[i] = quote(n)
		}
		names = ": " + strings.Join(quoted, ", ")
		if more := len(c.Names) - len(shown); more > 0 {
			names += fmt.Sprintf(" (+%d)", more)
		}
	}
	p.line("| %s: %s%s. | %s: %s%s. |", list(c.By), fill.Replace(say[0]), names, list(c.By), fill.Replace(say[1]), names)
}

func list(names []string) string {
	var out []string
	for _, n := range sorted(names) {
		out = append(out, plain(n))
	}
	return strings.Join(out, ", ")
}

func quote(s string) string { return "«" + plain(s) + "»" }

// plain makes a foreign name harmless: one line, no Markdown, no marks that
// turn the direction of reading, and short.
func plain(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			r = '·'
		case strings.ContainsRune("|*_`<>[]()#\\&~«»", r):
			b.WriteByte('\\')
		}
		if n++; n > MaxName {
			return strings.TrimSuffix(b.String(), "\\") + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}
