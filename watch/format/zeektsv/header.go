package zeektsv

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"unicode/utf8"

	"entente/watch/format/zeekfield"
)

// Bounds of a header. Zeek's widest log has some fifty columns.
const (
	maxColumns   = 512
	maxColumn    = 128 // bytes of a name or type
	maxSeparator = 8
	maxState     = 1 << 17
)

var errBadHeader = errors.New("a Zeek header line that says nothing usable")

// column is one column as the header declares it.
type column struct {
	zeekfield.Column
	name, typ string
	isTime    bool // the time of the event
	isList    bool // set[…] or vector[…]
	isBool    bool
}

// header is what the lines that start with # have said so far. Every "#separator" starts a new one.
type header struct {
	separator, setSeparator, empty, unset []byte
	path                                  string
	columns                               []column
	typed                                 bool // #types has come
}

func (h *header) complete() bool { return len(h.columns) > 0 && h.typed }

// take reads one header line. Lines with unknown keywords (#open, #close, remarks) say nothing.
func (h *header) take(line []byte) error {
	if value, ok := bytes.CutPrefix(line, []byte("#separator ")); ok {
		separator := unescape(value)
		*h = header{}
		if len(separator) == 0 || len(separator) > maxSeparator || bytes.ContainsAny(separator, "\r\n") || !utf8.Valid(separator) {
			return errBadHeader
		}
		*h = header{
			separator: bytes.Clone(separator), setSeparator: []byte(","), empty: []byte("(empty)"), unset: []byte("-"),
		}
		return nil
	}
	if h.separator == nil {
		return nil // a remark before any header
	}
	keyword, value, _ := bytes.Cut(line, h.separator)
	switch string(keyword) {
	case "#set_separator":
		return h.setWord(&h.setSeparator, value)
	case "#empty_field":
		return h.setWord(&h.empty, value)
	case "#unset_field":
		return h.setWord(&h.unset, value)
	case "#path":
		if h.path = string(value); !zeekfield.ValidPath(h.path) {
			h.path = ""
			return errBadHeader
		}
		h.resolve()
	case "#fields":
		return h.fields(value)
	case "#types":
		return h.types(value)
	}
	return nil
}

func (h *header) setWord(word *[]byte, value []byte) error {
	value = unescape(value)
	if len(value) == 0 || len(value) > 4*maxSeparator || bytes.ContainsAny(value, "\r\n") || !utf8.Valid(value) {
		return errBadHeader
	}
	*word = bytes.Clone(value)
	return nil
}

func (h *header) fields(value []byte) error {
	h.columns, h.typed = nil, false
	if bytes.Count(value, h.separator) >= maxColumns {
		return errBadHeader
	}
	var columns []column
	for name := range bytes.SplitSeq(value, h.separator) {
		if len(name) == 0 || len(name) > maxColumn || !utf8.Valid(name) {
			return errBadHeader
		}
		columns = append(columns, column{name: string(name)})
	}
	h.columns = columns
	h.resolve()
	return nil
}

func (h *header) types(value []byte) error {
	h.typed = false
	if bytes.Count(value, h.separator)+1 != len(h.columns) {
		return errBadHeader
	}
	i := 0
	for typ := range bytes.SplitSeq(value, h.separator) {
		if len(typ) == 0 || len(typ) > maxColumn || !utf8.Valid(typ) {
			return errBadHeader
		}
		h.columns[i].typ = string(typ)
		i++
	}
	h.typed = true
	h.resolve()
	return nil
}

// resolve works out what each column becomes. Times other than the event's,
// intervals and doubles are left out: the encodings write them differently, and nothing is matched on them.
func (h *header) resolve() {
	for i := range h.columns {
		c := &h.columns[i]
		element := c.typ
		if inner, ok := strings.CutSuffix(c.typ, "]"); ok {
			_, element, c.isList = strings.Cut(inner, "[")
		}
		c.isTime = c.name == "ts" && c.typ == "time"
		c.isBool = element == "bool"
		switch element {
		case "time", "interval", "double":
			c.Column = zeekfield.Column{}
		default:
			c.Column = zeekfield.Of(h.path, c.name)
		}
	}
}

// text returns one value as the JSON encoding would have it.
func (c *column) text(value []byte) string {
	if c.Name == "" {
		return ""
	}
	if c.isBool {
		switch string(value) {
		case "T":
			return "true"
		case "F":
			return "false"
		}
	}
	return string(unescape(value))
}

// text writes the header in Zeek's form, nothing before the first "#separator".
func (h *header) text() []byte {
	if h.separator == nil {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("#separator ")
	writeEscaped(&b, h.separator)
	for _, word := range []struct {
		keyword string
		value   []byte
	}{{"#set_separator", h.setSeparator}, {"#empty_field", h.empty}, {"#unset_field", h.unset}} {
		b.WriteString("\n" + word.keyword)
		b.Write(h.separator)
		writeEscaped(&b, word.value)
	}
	if h.path != "" {
		b.WriteString("\n#path")
		b.Write(h.separator)
		b.WriteString(h.path)
	}
	h.writeList(&b, "\n#fields", len(h.columns) > 0, func(c *column) string { return c.name })
	h.writeList(&b, "\n#types", h.typed, func(c *column) string { return c.typ })
	return b.Bytes()
}

func (h *header) writeList(b *bytes.Buffer, keyword string, have bool, get func(*column) string) {
	if !have {
		return
	}
	b.WriteString(keyword)
	for i := range h.columns {
		b.Write(h.separator)
		b.WriteString(get(&h.columns[i]))
	}
}

// writeEscaped writes every byte as \xHH, which unescape reads back whatever the byte.
func writeEscaped(b *bytes.Buffer, value []byte) {
	const digits = "0123456789abcdef"
	for _, c := range value {
		b.Write([]byte{'\\', 'x', digits[c>>4], digits[c&15]})
	}
}

// unescape undoes Zeek's \xHH and \\. Where that would not give UTF-8, the escapes
// stay: they stand for bytes of no text.
func unescape(value []byte) []byte {
	if bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		switch {
		case value[i] == '\\' && i+1 < len(value) && value[i+1] == '\\':
			b = append(b, '\\')
			i++
		case value[i] == '\\' && i+3 < len(value) && value[i+1] == 'x':
			var err error
			if b, err = hex.AppendDecode(b, value[i+2:i+4]); err != nil {
				b = append(b, '\\')
				continue
			}
			i += 3
		default:
			b = append(b, value[i])
		}
	}
	if !utf8.Valid(b) {
		return value
	}
	return b
}
