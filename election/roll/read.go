package roll

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"entente/election/rows"
)

// A Record is one voter's row.
type Record struct {
	Row    int      // from 1
	Voter  string   // the id, parts set apart by Part
	Values []string // one a field, parts set apart by Part; "" where all parts are empty
}

// Part sets the columns of one field apart. No value holds it.
const Part = "\x1f"

// Show is a value for people.
func Show(value string) string {
	return strings.Join(strings.FieldsFunc(value, func(r rune) bool { return r == '\x1f' }), " ")
}

// Bounds of an export.
const (
	maxValue  = 1 << 10 // bytes
	maxID     = 64      // bytes
	maxVoters = 60_000_000
)

// A Problem is a row that could not be read.
type Problem struct {
	Row    int    `json:"row"`              // from 1
	Column int    `json:"column,omitempty"` // from 1; 0 for the whole row
	Says   string `json:"says"`
}

func (p Problem) Error() string {
	if p.Column == 0 {
		return fmt.Sprintf("row %d: %s", p.Row, p.Says)
	}
	return fmt.Sprintf("row %d, column %d: %s", p.Row, p.Column, p.Says)
}

// A Reader reads an export in one pass.
type Reader struct {
	Columns Columns  // the layout
	Ignored []string // heads of columns that no field names
	Missing []string // columns of the layout that this file has not
	Latin1  int      // values that were no UTF-8 and were read as ISO 8859-1

	in    *rows.Reader
	at    *layout
	first []string // the first row, where the file has no heads
}

// NewReader finds the layout of an export: the one declared, else the known one
// whose heads the file has.
func NewReader(in io.Reader, declared *Columns) (*Reader, error) {
	b := bufio.NewReaderSize(in, 64<<10)
	start, err := b.Peek(32 << 10)
	if len(start) == 0 {
		if err == nil || errors.Is(err, io.EOF) {
			err = errors.New("an empty file")
		}
		return nil, err
	}
	comma := commaOf(start)
	if declared != nil && declared.Comma != "" {
		comma = declared.Comma[0]
	}
	r := &Reader{in: rows.NewReader(b, comma)}
	head, _, broken, err := r.in.Next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("no row in it")
	case err != nil:
		return nil, err
	case broken != "":
		return nil, Problem{r.in.Number, 0, broken}
	case len(head) > maxColumns:
		return nil, Problem{r.in.Number, 0, fmt.Sprintf("more than %d columns", maxColumns)}
	}
	if err := r.find(head, declared); err != nil {
		return nil, fmt.Errorf("row %d: %w", r.in.Number, err)
	}
	r.in.Want, r.Ignored, r.Missing = len(r.at.heads), r.at.ignored, r.at.missing
	return r, nil
}

// ErrUnknown reports that an export's layout is none of Known.
var ErrUnknown = errors.New("the heads are of no layout that is known")

func (r *Reader) find(head []string, declared *Columns) (err error) {
	if declared == nil {
		for _, c := range Known() {
			if at, err := c.place(head); err == nil {
				r.Columns, r.at = c, at
				return nil
			}
		}
		return ErrUnknown
	}
	if err := declared.Check(); err != nil {
		return err
	}
	r.Columns = *declared
	if len(declared.Heads) == 0 {
		r.at, err = declared.place(head)
		return err
	}
	if r.at, err = declared.place(declared.Heads); err != nil {
		return fmt.Errorf("the heads of the map: %w", err)
	}
	if len(head) != len(declared.Heads) {
		return fmt.Errorf("%d columns, the layout has %d", len(head), len(declared.Heads))
	}
	if !slices.EqualFunc(head, declared.Heads, func(a, b string) bool { return plain(a) == plain(b) }) {
		r.first = head
	}
	return nil
}

// commaOf is what sets the columns of the first line apart.
func commaOf(start []byte) byte {
	if i := bytes.IndexAny(start, "\r\n"); i > 0 {
		start = start[:i]
	}
	best, most := byte(','), 0
	for _, c := range []byte(",\t|;") {
		if n := bytes.Count(start, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// Next gives the next record. A row that cannot be read is a Problem, after which
// reading goes on; io.EOF ends the file; any other error ends it early.
func (r *Reader) Next() (Record, error) {
	row := r.first
	if r.first = nil; row == nil {
		var broken string
		var err error
		if row, _, broken, err = r.in.Next(); err != nil {
			return Record{}, err
		}
		if broken != "" {
			return Record{}, Problem{r.in.Number, 0, broken}
		}
	}
	rec := Record{Row: r.in.Number, Values: make([]string, len(r.at.fields))}
	if len(row) < len(r.at.heads) {
		return Record{}, Problem{rec.Row, 0, fmt.Sprintf("%d columns, there should be %d", len(row), len(r.at.heads))}
	}
	var err error
	if rec.Voter, err = r.join(row, r.at.id, rec.Row); err != nil {
		return Record{}, err
	}
	if rec.Voter == "" || len(rec.Voter) > maxID {
		return Record{}, Problem{rec.Row, r.at.id[0] + 1, fmt.Sprintf("no id of a voter: want 1 to %d bytes", maxID)}
	}
	for i, places := range r.at.fields {
		if rec.Values[i], err = r.join(row, places, rec.Row); err != nil {
			return Record{}, err
		}
	}
	return rec, nil
}

// join makes the value of a field from its columns.
func (r *Reader) join(row []string, places []int, number int) (string, error) {
	var one string
	var b []byte
	for i, p := range places {
		v, ok := r.value(row[p])
		if !ok {
			return "", Problem{number, p + 1, fmt.Sprintf("%s: a control character, or more than %d bytes", r.at.heads[p], maxValue)}
		}
		if len(places) == 1 {
			one = v
			break
		}
		if b == nil {
			b = make([]byte, 0, 64)
		}
		if i > 0 {
			b = append(b, Part...)
		}
		b = append(b, v...)
	}
	if b == nil {
		return one, nil
	}
	if len(bytes.Trim(b, Part)) == 0 {
		return "", nil
	}
	return string(b), nil
}

// value is the one spelling of a value: ASCII letters in upper case, no space at
// the ends, one between words, UTF-8. Other letters stay as they are, since what
// their upper case is changes with the years.
func (r *Reader) value(s string) (string, bool) {
	if len(s) > maxValue {
		return "", false
	}
	canonical, ascii, space := true, true, true // space: the last byte was one, or there was none
	for i := range len(s) {
		c := s[i]
		switch {
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f:
			return "", false
		case c >= 'a' && c <= 'z' || c < ' ' || c == ' ' && space:
			canonical = false
		case c >= 0x80:
			ascii = false
		}
		space = c == ' '
	}
	if canonical && ascii && (s == "" || !space) {
		return s, true
	}
	if !ascii && !utf8.ValidString(s) {
		r.Latin1++
		all := make([]rune, 0, len(s))
		for i := range len(s) {
			all = append(all, rune(s[i]))
		}
		s = string(all)
	}
	words := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' })
	out := []byte(strings.Join(words, " "))
	for i, c := range out {
		if c >= 'a' && c <= 'z' {
			out[i] = c - 'a' + 'A'
		}
	}
	if len(out) > maxValue {
		return "", false
	}
	return string(out), true
}
