package list

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"entente/observable"
	"entente/statement"
)

// layout is a recognised header.
type layout struct {
	comma    rune
	columns  []column
	untyped  bool // there is a column of values: typed ones are then not used
	consumed int  // bytes up to the first row
	line     int  // of the first row
}

// IsCSV reports whether data begins with a header that names a column of
// indicators. Comment lines may come first, and the header may be one of them,
// as abuse.ch writes it.
func IsCSV(data []byte) bool {
	_, ok := findHeader(trimBOM(data))
	return ok
}

func findHeader(data []byte) (layout, bool) {
	const maxPreamble = 100 // lines
	rest := data
	for line := 1; line <= maxPreamble && len(rest) > 0; line++ {
		text, after, _ := bytes.Cut(rest, []byte("\n"))
		consumed := len(data) - len(after)
		rest = after
		trimmed := bytes.TrimSpace(text)
		if len(trimmed) > MaxLine {
			return layout{}, false
		}
		comment := bytes.HasPrefix(trimmed, []byte("#"))
		l, ok := parseHeader(string(bytes.TrimLeft(trimmed, "# ")))
		if ok && (!comment || l.fits(after)) {
			l.consumed, l.line = consumed, line+1
			return l, true
		}
		if len(trimmed) > 0 && !comment {
			return layout{}, false
		}
	}
	return layout{}, false
}

// fits reports whether the line after a header that is a comment has as many
// fields: prose has commas too.
func (l layout) fits(after []byte) bool {
	next, _, _ := bytes.Cut(after, []byte("\n"))
	return len(l.columns) > 1 && next != nil && bytes.Count(next, []byte(string(l.comma))) >= len(l.columns)-1
}

// parseHeader recognises a header by the names of its columns. A line that
// holds a value ("evil.example,domain") is a row, not a header.
func parseHeader(text string) (layout, bool) {
	for _, comma := range ",;\t" {
		l := layout{comma: comma}
		found := false
		for _, name := range strings.Split(text, string(comma)) {
			if _, err := observable.Detect(strings.Trim(name, "\"' ")); err == nil {
				return layout{}, false
			}
			c := columnOf(key(name))
			l.columns = append(l.columns, c)
			l.untyped = l.untyped || c.role == value
			found = found || c.role == value || c.role == typed
		}
		if found {
			return l, true
		}
	}
	return layout{}, false
}

// ReadCSV reads a CSV file (RFC 4180, with ',', ';' or tab) and calls visit for
// each row, in order. It refuses a file without a header that it knows (E_KIND)
// and, at that row, broken quotes (E_VALUE), naming the line: what follows a
// quote that never ends cannot be told apart. An error of visit ends the reading.
func ReadCSV(data []byte, visit func(Row) error) error {
	if err := checkText(data); err != nil {
		return err
	}
	data = trimBOM(data)
	head, ok := findHeader(data)
	if !ok {
		return statement.Refuse(statement.CodeKind, "no header that names a column of indicators")
	}
	r := csv.NewReader(bytes.NewReader(data[head.consumed:]))
	r.Comma, r.Comment, r.FieldsPerRecord, r.ReuseRecord = head.comma, '#', -1, true
	r.TrimLeadingSpace = head.comma != '\t' // abuse.ch writes `"a", "b"`
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvRefusal(err, head.line)
		}
		line, _ := r.FieldPos(0)
		if err := visit(head.row(record, line+head.line-1)); err != nil {
			return err
		}
	}
}

func csvRefusal(err error, first int) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return statement.Refuse(statement.CodeValue, "not CSV")
	}
	line, why := p.Line+first-1, "a quote inside an unquoted field"
	if errors.Is(p.Err, csv.ErrQuote) {
		line, why = p.StartLine+first-1, "a quoted field of the row that begins here does not end as it should"
	}
	return statement.Refuse(statement.CodeValue, "line %d, column %d: %s", line, p.Column, why)
}

// row turns one record into a Row.
func (l layout) row(record []string, line int) Row {
	row := Row{Line: line}
	var typeName, text, last string
	var notes []string
	for i, field := range record {
		if i >= len(l.columns) {
			break
		}
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		if len(field) > MaxLine {
			row.refuse(statement.CodeSize, "a field of %d bytes, at most %d", len(field), MaxLine)
			continue
		}
		switch c := l.columns[i]; c.role {
		case value:
			text = field
		case kind:
			typeName = field
		case typed:
			if !l.untyped {
				row.Values = append(row.Values, Value{c.typ, field})
			}
		case observed:
			row.Observed = cmp.Or(last, field)
		case observedLast:
			last, row.Observed = field, field
		case until:
			row.Until = field
		case marking:
			row.Marking = field
		case note:
			notes = append(notes, field)
		}
	}
	row.Note = strings.Join(notes, "; ")
	if l.untyped {
		row.take(typeName, text, notes)
	} else if len(row.Values) == 0 && len(row.Refused) == 0 {
		row.refuse(statement.CodeValue, "no value")
	}
	return row
}

// take sets the row's value from the columns of value and type.
func (row *Row) take(typeName, text string, notes []string) {
	t, known := typeOf(key(typeName))
	switch {
	case typeName != "" && !known:
		row.refuse(statement.CodeKind, "type %.40q is not read", typeName)
	case text != "":
		row.Values = []Value{{t, text}}
	default:
		if v, ok := hashIn(notes); ok {
			row.Values, row.Recovered = []Value{v}, true
		} else if len(row.Refused) == 0 {
			row.refuse(statement.CodeValue, "no value")
		}
	}
}

func (row *Row) refuse(code statement.Code, format string, a ...any) {
	row.Refused = append(row.Refused, statement.Refuse(code, format, a...))
}

// hashIn finds a hash written as "SHA256:0576CD0E…" among the notes, the
// strongest if there are several. In 19 rows of JAR-16-20296A, of type MD5 and
// without a value, it is all there is.
func hashIn(notes []string) (best Value, found bool) {
	strength := map[observable.Type]int{observable.MD5: 1, observable.SHA1: 2, observable.SHA256: 3}
	for _, n := range notes {
		for _, piece := range strings.FieldsFunc(n, func(r rune) bool { return strings.ContainsRune("|;, \t\n", r) }) {
			name, digits, ok := strings.Cut(piece, ":")
			t, known := typeOf(key(name))
			if ok && known && digits != "" && strength[t] > strength[best.Type] {
				best, found = Value{t, digits}, true
			}
		}
	}
	return best, found
}
