package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"entente/election/inventory"
	"entente/election/results"
	"entente/election/rows"
)

// candidate is a name on a list, with the contest if the list has it.
type candidate struct{ contest, name string }

// heads are what the columns of lists are called, in lower case.
var heads = map[string]string{
	"domain": "domain", "domains": "domain", "domain name": "domain", "host": "domain", "website": "domain", "url": "domain",
	"candidate": "candidate", "candidates": "candidate", "candidate name": "candidate", "choice": "candidate",
	"office": "office", "office name": "office", "contest": "office", "race": "office", "position": "office",
	"jurisdiction": "jurisdiction", "county": "jurisdiction", "place": "jurisdiction",
}

// headsOf finds the columns of a first row.
func headsOf(row []string) map[string]int {
	columns := make(map[string]int)
	for i, h := range row {
		if name, ok := heads[strings.ToLower(strings.TrimSpace(h))]; ok {
			if _, twice := columns[name]; !twice {
				columns[name] = i
			}
		}
	}
	return columns
}

// firstRow is the first row of a table of values; none if it cannot be split.
func firstRow(data []byte) []string {
	row, _, broken, err := rows.NewReader(bytes.NewReader(data), ',').Next()
	if err != nil || broken != "" {
		return nil
	}
	return row
}

// isManifest reports whether the heads of a table are those of a ballot manifest:
// a batch and its number of cards.
func isManifest(data []byte) bool {
	batch, cards := false, false
	for _, h := range firstRow(data[:min(len(data), 64<<10)]) {
		h = strings.ToLower(strings.TrimSpace(h))
		batch = batch || strings.HasPrefix(h, "batch")
		cards = cards || strings.Contains(h, "ballots") && (strings.Contains(h, "#") || strings.Contains(h, "num") || strings.Contains(h, "total")) || h == "cards" || h == "# of ballot"
	}
	return batch && cards
}

// readNames reads a list of domains, offices or candidates; false if it is none.
func (a *Answer) readNames(f File) bool {
	data := f.Data
	if !utf8.Valid(data) {
		data = latin1(data)
		a.Problems = append(a.Problems, results.Problem{Place: results.Place{File: f.Name}, Says: "bytes that are no UTF-8, read as Latin-1"})
		a.Doubts++
	}
	l := list{a: a, file: f.Name, columns: headsOf(firstRow(data))}
	_, domain := l.columns["domain"]
	_, person := l.columns["candidate"]
	_, office := l.columns["office"]
	switch {
	case domain:
		l.take = l.domain
	case person:
		l.take = l.candidate
	case office:
		l.take = l.office
	case onlyDomains(data):
		l.columns, l.take, l.headless = map[string]int{"domain": 0}, l.domain, true
	default:
		a.Problems, a.Doubts = nil, 0
		return false
	}
	a.Kind = map[bool]Kind{true: Domains}[domain || l.headless]
	if a.Kind == "" {
		a.Kind = map[bool]Kind{true: Candidates, false: Offices}[person]
	}
	a.Format = "CSV"
	l.read(data)
	return true
}

// onlyDomains reports whether every row is one name that could be a domain.
func onlyDomains(data []byte) bool {
	n := 0
	for line := range strings.FieldsFuncSeq(string(data), func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if n++; !inventory.ValidDomain(host(line)) && !strings.Contains(line, ".") || strings.ContainsAny(line, " ,;\t") {
			return false
		}
	}
	return n > 0
}

// host is the name in an address, or what stands there.
func host(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	_, after, ok := strings.Cut(s, "://")
	if ok {
		s = after
	}
	s, _, _ = strings.Cut(s, "/")
	return strings.TrimSuffix(s, ".")
}

// list reads names row by row.
type list struct {
	a        *Answer
	file     string
	columns  map[string]int
	headless bool
	take     func(row []string) error
	seen     map[string]bool
}

func (l *list) read(data []byte) {
	in := rows.NewReader(bytes.NewReader(data), ',')
	l.seen = make(map[string]bool)
	for first := !l.headless; ; first = false {
		row, raw, broken, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			l.a.fail(fmt.Errorf("%s: %w", l.file, err))
			return
		}
		if first || broken == "" && (len(row) == 0 || len(row) == 1 && (strings.TrimSpace(row[0]) == "" || strings.HasPrefix(row[0], "#"))) {
			continue
		}
		l.a.Rows++
		if broken == "" {
			if err = l.take(row); err == nil {
				continue
			}
			broken, raw = err.Error(), strings.Join(row, ",")
		}
		l.a.Unread, l.a.Doubts = l.a.Unread+1, l.a.Doubts+1
		if len(l.a.Problems) < maxTold {
			l.a.Problems = append(l.a.Problems, results.Problem{Place: results.Place{File: l.file, Row: in.Number}, Says: broken, Raw: clip(raw), Unread: true})
		}
	}
	if l.a.Listed == 0 && l.a.Unread == 0 {
		l.a.fail(fmt.Errorf("%s: a list without a row", l.file))
	}
}

func (l *list) get(row []string, column string) string {
	if i, ok := l.columns[column]; ok && i < len(row) {
		return strings.TrimSpace(row[i])
	}
	return ""
}

// name takes up a name of the list, once.
func (l *list) name(s string) (fresh bool, err error) {
	switch {
	case s == "":
		return false, errors.New("the name is missing")
	case len(s) > inventory.MaxName:
		return false, fmt.Errorf("a name of more than %d bytes", inventory.MaxName)
	case !seen(s):
		return false, errors.New("a name with characters that hide or reorder others")
	case l.seen[s]:
		return false, nil
	case l.a.Listed == inventory.MaxItems:
		return false, fmt.Errorf("more than %d names", inventory.MaxItems)
	}
	l.seen[s] = true
	l.a.Listed++
	if len(l.a.Names) < maxShown {
		l.a.Names = append(l.a.Names, s)
	}
	return true, nil
}

func (l *list) domain(row []string) error {
	s := host(l.get(row, "domain"))
	if s != "" && !inventory.ValidDomain(s) {
		return errors.New("no domain: a name in Latin letters with at least one dot; other scripts as xn--")
	}
	fresh, err := l.name(s)
	if fresh {
		l.a.Guard.Domains = append(l.a.Guard.Domains, inventory.Domain{Name: s})
	}
	return err
}

func (l *list) office(row []string) error {
	place := l.get(row, "jurisdiction")
	if !seen(place) || len(place) > inventory.MaxName {
		return errors.New("a place with characters that hide or reorder others, or too long")
	}
	fresh, err := l.name(l.get(row, "office"))
	if fresh {
		l.a.Guard.Offices = append(l.a.Guard.Offices, inventory.Office{Name: l.get(row, "office"), Jurisdiction: place})
	}
	return err
}

func (l *list) candidate(row []string) error {
	c := candidate{l.get(row, "office"), l.get(row, "candidate")}
	if !seen(c.contest) {
		return errors.New("a contest with characters that hide or reorder others")
	}
	fresh, err := l.name(c.name)
	if fresh || err == nil {
		l.a.candidates = append(l.a.candidates, c)
	}
	return err
}

// latin1 reads bytes as ISO 8859-1.
func latin1(data []byte) []byte {
	out := make([]byte, 0, len(data)+len(data)/8)
	for _, c := range data {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}
