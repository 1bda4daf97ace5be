package night

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/election/inventory"
	"entente/election/results"
	"entente/statement"
)

// The kinds of statements on published results.
const (
	KindPublished statement.Kind = "published/v1"
	KindBalance   statement.Kind = "balance/v1"
)

// What became of a page from one version to the next, beside results.Changed,
// results.Reformatted and results.Unread.
const (
	First      = "first"      // the first version that was fetched
	Unreadable = "unreadable" // what was fetched is no table of results that is known
)

// Limits of a statement.
const (
	MaxSpans  = inventory.MaxPages
	MaxBreaks = 100
	maxField  = 1000 // bytes of a mark
)

// Published is the body of published/v1: a version of one page, or how long
// pages were still the same, or both.
type Published struct {
	Version *Version `json:"version,omitempty"`
	Same    []Span   `json:"same"`
}

// Version is one page as it was fetched. The further parts hold its cells as a
// sheet (package results), packed with gzip, cut into pieces.
type Version struct {
	Page     string           `json:"page"` // the party's own id of the page
	URL      string           `json:"url"`
	Election string           `json:"election"` // as the cells name it
	At       int64            `json:"at"`       // Unix milliseconds of the fetch
	SHA256   statement.Digest `json:"sha256"`   // of the bytes
	Size     int64            `json:"size"`     // bytes
	Format   string           `json:"format"`
	Root     statement.Digest `json:"root"`     // over the cells; zero where it is unreadable
	Leaves   int64            `json:"leaves"`   // cells, and what could not be read
	Unread   int64            `json:"unread"`   // of them
	Previous statement.Digest `json:"previous"` // root before; zero at first
	Marks    results.Marks    `json:"marks"`
	Outcome  string           `json:"outcome"`
	Changed  int64            `json:"changed"` // numbers that differ from the version before
	Added    int64            `json:"added"`
	Removed  int64            `json:"removed"`
	Parts    int              `json:"parts"` // further parts that hold the cells; 0: they are not told
}

// Span is how a page was found over some time without other numbers.
type Span struct {
	Page    string           `json:"page"`
	URL     string           `json:"url"`
	Root    statement.Digest `json:"root"`   // that it still had; zero: none was read yet
	SHA256  statement.Digest `json:"sha256"` // of the newest bytes
	From    int64            `json:"from"`   // Unix milliseconds of the first fetch
	To      int64            `json:"to"`     // of the last
	Fetches int64            `json:"fetches"`
	// Respelled counts fetches whose bytes differ from the version's, with the same numbers.
	Respelled int64 `json:"respelled"`
	Facts
}

// Facts are how a server behaved (T7: results sites that are flooded).
type Facts struct {
	Failed    int64 `json:"failed"`  // fetches without an answer that could be used
	Refused   int64 `json:"refused"` // of them with a status of 500 and more
	SlowestMS int64 `json:"slowest_ms"`
	TotalMS   int64 `json:"total_ms"` // of all fetches, for the mean
	Status    int   `json:"status"`   // of the last answer; 0: none came
}

// CheckPublished checks the body of published/v1.
func CheckPublished(body []byte) error {
	_, err := ParsePublished(body)
	return err
}

// ParsePublished decodes and checks it; its error is a *statement.Refusal.
func ParsePublished(body []byte) (Published, error) {
	var p Published
	if err := statement.Decode(body, statement.MaxAct, &p); err != nil {
		return p, err
	}
	if p.Version == nil && len(p.Same) == 0 || len(p.Same) > MaxSpans {
		return p, statement.Refuse(statement.CodeField, "a version, or 1 to %d pages that are the same", MaxSpans)
	}
	if v := p.Version; v != nil {
		if err := v.check(); err != nil {
			return p, err
		}
	}
	for i, s := range p.Same {
		counts := []int64{s.Fetches, s.Respelled, s.Failed, s.Refused, s.SlowestMS, s.TotalMS}
		if checkPage(s.Page, s.URL) != nil || s.From < 0 || s.To < s.From || s.To > statement.MaxTime || s.Status < 0 || s.Status > 999 ||
			slices.Min(counts) < 0 || s.Fetches < 1 || s.Failed+s.Respelled > s.Fetches || s.Refused > s.Failed {
			return p, statement.Refuse(statement.CodeField, "page %d of those that are the same", i)
		}
	}
	return p, nil
}

func checkPage(id, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(address) > inventory.MaxAddress {
		return statement.Refuse(statement.CodeField, "url: an http or https address of at most %d bytes", inventory.MaxAddress)
	}
	if !inventory.ValidID(id) {
		return statement.Refuse(statement.CodeField, "page: lower-case letters, digits and hyphens, at most %d", inventory.MaxID)
	}
	return nil
}

func (v Version) check() error {
	if err := checkPage(v.Page, v.URL); err != nil {
		return err
	}
	for _, s := range []string{v.Election, v.Format, v.Marks.Status, v.Marks.Generated, v.Marks.Sequence, v.Marks.Issuer, v.Marks.Modified, v.Marks.ETag} {
		if !oneLine(s, maxField) {
			return statement.Refuse(statement.CodeField, "a mark is one line of at most %d bytes", maxField)
		}
	}
	if !slices.Contains([]string{First, results.Changed, results.Reformatted, results.Unread, Unreadable}, v.Outcome) {
		return statement.Refuse(statement.CodeField, "unknown outcome %.40q", v.Outcome)
	}
	counts := []int64{v.At, v.Size, v.Leaves, v.Unread, v.Changed, v.Added, v.Removed, int64(v.Parts)}
	none := v.Root == statement.Digest{}
	if slices.Min(counts) < 0 || v.At > statement.MaxTime || v.Unread > v.Leaves || v.Parts >= statement.MaxParts || none != (v.Outcome == Unreadable) || none && v.Leaves+int64(v.Parts) > 0 {
		return statement.Refuse(statement.CodeField, "the counts of a version")
	}
	return nil
}

func oneLine(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}

// Balance is the body of balance/v1: a party's word on the numbers under a root.
// A party's newest word on a root counts.
type Balance struct {
	Page     string           `json:"page"`
	URL      string           `json:"url"`
	Election string           `json:"election"`
	Root     statement.Digest `json:"root"`
	Leaves   int64            `json:"leaves"`
	Balances bool             `json:"balances"`
	Tested   []results.Tally  `json:"tested"`
	Breaks   []Break          `json:"breaks"` // at most MaxBreaks
	Total    int              `json:"total"`  // all of them
}

// Break is a rule that does not hold.
type Break struct {
	Rule    string        `json:"rule"`
	Code    string        `json:"code"`
	Grade   results.Grade `json:"grade"`
	Contest string        `json:"contest"`
	Unit    string        `json:"unit"`
	Says    string        `json:"says"`
}

// CheckBalance checks the body of balance/v1.
func CheckBalance(body []byte) error {
	_, err := ParseBalance(body)
	return err
}

// ParseBalance decodes and checks it; its error is a *statement.Refusal.
func ParseBalance(body []byte) (Balance, error) {
	var b Balance
	if err := statement.Decode(body, statement.MaxAct, &b); err != nil {
		return b, err
	}
	if err := checkPage(b.Page, b.URL); err != nil {
		return b, err
	}
	if b.Root == (statement.Digest{}) || b.Leaves < 1 || !oneLine(b.Election, maxField) || b.Balances != (b.Total == 0) || len(b.Breaks) != min(b.Total, len(b.Breaks)) || (b.Total > 0) != (len(b.Breaks) > 0) {
		return b, statement.Refuse(statement.CodeField, "a word is given over a root, and lists what does not balance, or nothing")
	}
	if len(b.Breaks) > MaxBreaks || len(b.Tested) < 1 || len(b.Tested) > 20 {
		return b, statement.Refuse(statement.CodeField, "1 to 20 rules that were tested, at most %d that do not hold", MaxBreaks)
	}
	for _, t := range b.Tested {
		if t.Held < 0 || t.Broken < 0 || !oneLine(t.Rule, 40) || !oneLine(t.Tests, 200) {
			return b, statement.Refuse(statement.CodeField, "a rule that was tested")
		}
	}
	for _, x := range b.Breaks {
		if !oneLine(x.Rule, 40) || !oneLine(x.Code, 60) || !oneLine(x.Contest, maxField) || !oneLine(x.Unit, maxField) || !oneLine(x.Says, maxField) ||
			!slices.Contains([]results.Grade{results.Hard, results.Medium, results.Learned}, x.Grade) {
			return b, statement.Refuse(statement.CodeField, "a rule that does not hold")
		}
	}
	return b, nil
}

// Word tests a table and makes a party's word on it. What is a notice alone
// does not keep numbers from balancing. The list is cut to what fits one act.
func Word(page inventory.Page, t *results.Table) (Balance, error) {
	root, err := t.Root()
	if err != nil {
		return Balance{}, err
	}
	b := Balance{Page: page.ID, URL: page.URL, Election: t.Election, Root: statement.Digest(root), Leaves: t.Leaves(), Breaks: []Break{}}
	r := results.Check(t, page.Profile)
	b.Tested = r.Tallies
	for _, f := range r.Findings {
		if f.Grade == results.Notice {
			continue
		}
		if b.Total++; len(b.Breaks) < MaxBreaks {
			b.Breaks = append(b.Breaks, Break{f.Rule, f.Code, f.Grade, f.Contest, f.Unit, clip(f.Says)})
		}
	}
	b.Balances = b.Total == 0
	for len(b.Breaks) > 1 {
		data, err := json.Marshal(b)
		if err != nil || len(data) <= statement.MaxAct/2 {
			return b, err
		}
		b.Breaks = b.Breaks[:len(b.Breaks)/2]
	}
	return b, nil
}

func clip(s string) string {
	if len(s) > maxField {
		s = s[:maxField]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}
