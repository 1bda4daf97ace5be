package misp

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

// Text is a field that MISP writes now as a string, now as a number or a
// boolean ("1", 1, true); null and a missing field are "".
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(raw []byte) error {
	switch v := jsontext.Value(raw); v.Kind() {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*t = Text(s)
	case 'n':
		*t = ""
	case '0', 't', 'f':
		*t = Text(raw)
	default:
		return statement.Refuse(statement.CodeField, "text, a number or a boolean is expected")
	}
	return nil
}

// On reads a flag.
func (t Text) On() bool { return t == "1" || t == "true" }

// Int reads a whole number; what is none, or negative, is 0.
func (t Text) Int() int64 {
	n, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// Time reads a count of seconds since 1970; the zero time for 0, for what lies
// beyond the year 4147, and for anything else.
func (t Text) Time() time.Time {
	n := t.Int()
	if n == 0 || n > 1<<36 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// unix reads a count of seconds since 1970 as RFC 3339, or "".
func (t Text) unix() string {
	at := t.Time()
	if at.IsZero() {
		return ""
	}
	return at.Format(time.RFC3339)
}
