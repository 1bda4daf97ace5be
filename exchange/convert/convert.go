// Package convert turns files of other tools into indicators and warning lists, and cases of the accord into STIX and MISP.
//
// It finds out what a file is (STIX bundle, MISP event, Sigma rules, CSV, plain list), has
// it read by the package of that format, and normalises every value. The
// report accounts for all of it: each value of the file becomes an item, is a
// duplicate of one, or is skipped with a reason.
//
// An item is dated only if the file dates it: by valid_from (STIX), first_seen,
// the timestamp of the attribute or the date of the event (MISP), or a column
// for it (CSV). Plain lists date nothing.
package convert

import (
	"bytes"
	"cmp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entente/border"
	"entente/observable"
	"entente/statement"
	"entente/watch/indicator"
	"entente/watch/rule"
)

// The formats that Report names.
const (
	FormatSTIX  = "stix"
	FormatMISP  = "misp"
	FormatCSV   = "csv"
	FormatPlain = "plain"
	FormatSigma = "sigma"
)

// MaxItems is how many distinct values one file may hold.
const MaxItems = 1_000_000

// MaxSkips is how many skipped values a report lists; all are counted.
const MaxSkips = 100

// Report says what became of a file. Items + Duplicates + SkippedTotal is the
// number of values that it held, a row without any counted as one.
type Report struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	Rows   int    `json:"rows"`  // rows, attributes or indicator objects
	Items  int    `json:"items"` // distinct values
	// Of the items:
	Undated   int `json:"undated"`   // no observation time, rules not counted
	BadDates  int `json:"bad_dates"` // undated or endless because the file's date cannot be read
	Context   int `json:"context"`   // not meant for detection
	Recovered int `json:"recovered"` // found in another column than that of values
	Rules     int `json:"rules"`     // Sigma rules and STIX patterns, which a person has to accept

	Duplicates   int                    `json:"duplicates"`
	SkippedTotal int                    `json:"skipped_total"`
	SkippedBy    map[statement.Code]int `json:"skipped_by"`
	Skipped      []Skip                 `json:"skipped"`  // the first MaxSkips
	NotRead      int                    `json:"not_read"` // what stands beside the rows: other STIX objects, MISP proposals
	Marking      string                 `json:"marking"`  // the strictest TLP label that the file names, "" for none
	Unmarked     int                    `json:"unmarked"` // rows under a label that is no TLP label
}

// Skip is one value that became no item.
type Skip struct {
	Row    int            `json:"row"` // line of a list, position of an attribute or object, from 1
	Code   statement.Code `json:"code"`
	Detail string         `json:"detail"`
}

// Read turns a file into items, in the order of the file. name is what people
// call the file; it decides nothing. A file that is broken, too large, not text
// or of no known format is refused whole (*statement.Refusal, with line and
// byte where there is one); the report then holds the format as far as known.
func Read(name string, data []byte) ([]indicator.Item, Report, error) {
	c := collector{
		report:  Report{Name: name, SkippedBy: make(map[statement.Code]int), Skipped: []Skip{}},
		byValue: make(map[observable.Value]int), badDate: make(map[int]bool), recovered: make(map[int]bool),
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := c.read(data); err != nil {
		return nil, c.report, err
	}
	c.count()
	return c.items, c.report, nil
}

// row is what every format says of a row.
type row struct {
	number             int
	values             []value
	observed, until    string
	note               string
	markings           []string
	context, recovered bool
	refused            []*statement.Refusal
}

type value struct {
	typ  observable.Type
	text string
}

type collector struct {
	report             Report
	items              []indicator.Item
	byValue            map[observable.Value]int // index in items
	badDate, recovered map[int]bool             // by index
	marking            border.Marking           // "" before the first
}

func (c *collector) skip(number int, r *statement.Refusal) {
	c.report.SkippedTotal++
	c.report.SkippedBy[r.Code]++
	if len(c.report.Skipped) < MaxSkips {
		c.report.Skipped = append(c.report.Skipped, Skip{number, r.Code, r.Detail})
	}
}

// add takes one row in.
func (c *collector) add(r row) error {
	c.report.Rows++
	for _, refusal := range r.refused {
		c.skip(r.number, refusal)
	}
	c.mark(r.markings)
	observed, bad1 := date(r.observed)
	until, bad2 := date(r.until)
	template := indicator.Item{Observed: observed, Until: until, Context: r.context, Note: OneLine(r.note)}
	for _, raw := range r.values {
		it, badEnd, refusal := item(template, raw)
		if refusal != nil {
			c.skip(r.number, statement.Refuse(refusal.Code, "%.80q: %s", raw.text, refusal.Detail))
			continue
		}
		i := c.put(it)
		if len(c.items) > MaxItems {
			return statement.Refuse(statement.CodeSize, "more than %d indicators", MaxItems)
		}
		if bad1 || bad2 || badEnd {
			c.badDate[i] = true
		}
		if r.recovered {
			c.recovered[i] = true
		}
	}
	return nil
}

// item fills in the value. An end before the beginning (badEnd) is dropped;
// whatever else keeps an item from being sent refuses it.
func item(it indicator.Item, raw value) (_ indicator.Item, badEnd bool, why *statement.Refusal) {
	it.Type, it.Value = string(raw.typ), raw.text
	err := rule.Check([]indicator.Item{it})
	if !it.IsRule() {
		var v observable.Value
		v, err = normalise(raw)
		it.Type, it.Value = string(v.Type), v.Canonical
	}
	if err == nil {
		if err = it.Check(); err != nil && it.Until != "" {
			it.Until, badEnd = "", true
			err = it.Check()
		}
	}
	if err == nil {
		return it, badEnd, nil
	}
	why, ok := statement.AsRefusal(err)
	if !ok {
		why = statement.Refuse(statement.CodeValue, "not a value")
	}
	return it, false, why
}

// put adds an item, or joins it to the one with the same value: of two
// datings the later stands, with its end; detection outweighs context. It
// returns the item's index.
func (c *collector) put(it indicator.Item) int {
	i, known := c.byValue[it.Observable()]
	if !known {
		i = len(c.items)
		c.byValue[it.Observable()] = i
		c.items = append(c.items, it)
		return i
	}
	c.report.Duplicates++
	old := &c.items[i]
	if later(it.Observed, old.Observed) {
		old.Observed, old.Until = it.Observed, it.Until
	}
	old.Context = old.Context && it.Context
	old.Note = cmp.Or(old.Note, it.Note)
	return i
}

// mark remembers the TLP labels of a row.
func (c *collector) mark(labels []string) {
	for _, label := range labels {
		m, err := border.ParseMarking(label)
		if err != nil {
			c.report.Unmarked++
		} else {
			c.marking = border.Strictest(m, cmp.Or(c.marking, m))
		}
	}
}

// count fills in what is known at the end.
func (c *collector) count() {
	c.report.Items = len(c.items)
	c.report.BadDates, c.report.Recovered = len(c.badDate), len(c.recovered)
	for _, it := range c.items {
		switch {
		case it.IsRule():
			c.report.Rules++
		case it.Observed == "":
			c.report.Undated++
		}
		if it.Context {
			c.report.Context++
		}
	}
	c.report.Marking = string(c.marking)
}

// OneLine makes a note of foreign text: one line, without characters that a
// screen obeys instead of showing, cut at a whole character.
func OneLine(s string) string {
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= indicator.MaxNote {
		return s
	}
	const ellipsis = "…"
	cut := indicator.MaxNote - len(ellipsis)
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + ellipsis
}

// date reads a date as files write it into the form of an item: a bare date
// stays one, everything else becomes RFC 3339 in UTC. bad reports text that is
// no date, or one that could be two (05/06/2026).
func date(text string) (canonical string, bad bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", false
	}
	for _, layout := range []string{time.DateOnly, "2006/01/02"} {
		if t, err := time.Parse(layout, text); err == nil && plausible(t) {
			return t.Format(time.DateOnly), false
		}
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04:05 UTC", "2006-01-02 15:04", "2006/01/02 15:04:05", "2006-01-02 15:04:05Z07:00",
	} {
		if t, err := time.Parse(layout, text); err == nil && plausible(t) {
			return t.UTC().Format(time.RFC3339Nano), false
		}
	}
	return "", true
}

// plausible bounds dates as package indicator does: before 1970 stand the
// defaults of programs.
func plausible(t time.Time) bool { return t.Year() > 1970 && t.Year() < 2999 }

// later compares dates in the form of an item; none is before any.
func later(a, b string) bool {
	ta, _, errA := indicator.Item{Observed: a}.Times()
	tb, _, errB := indicator.Item{Observed: b}.Times()
	return errA == nil && errB == nil && ta.After(tb)
}
