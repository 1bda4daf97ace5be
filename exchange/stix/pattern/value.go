package pattern

import (
	stdbase64 "encoding/base64"
	"encoding/hex"
	"strings"
	"time"
)

// Kind is the type of a value.
type Kind uint8

// The kinds of values. Null is what JSON calls null: it equals nothing.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Binary // written as base64
	Hex    // written in hexadecimal
	Time
	List
	Dict
)

// Value is a property of an object or a literal of a pattern.
type Value struct {
	Kind   Kind
	Int    int64   // Int; Bool: 0 or 1; Time: seconds since 1970
	Float  float64 // Float
	Text   string  // String; Binary and Hex: the bytes; Time: the digits of the fraction, without zeros at the end
	Items  []Value // List
	Fields []Field // Dict
}

// Field is one property. A dictionary that holds a name twice has its first one.
type Field struct {
	Name  string
	Value Value
}

// Text returns a string value.
func Text(s string) Value { return Value{Kind: String, Text: s} }

// Number returns an integer value.
func Number(n int64) Value { return Value{Kind: Int, Int: n} }

// Get returns a property.
func (v *Value) Get(name string) (*Value, bool) {
	for i := range v.Fields {
		if v.Fields[i].Name == name {
			return &v.Fields[i].Value, true
		}
	}
	return nil, false
}

// Object is one cyber-observable object (SCO). Its properties include neither type nor id, which paths reach too.
type Object struct {
	Type, ID string
	Value    Value // Dict
}

// Observation is an observed-data object, or one event.
type Observation struct {
	Key         string    // what a hit calls it
	First, Last time.Time // Last is First where it is zero; no time at all fits no condition on time
	Count       int       // number_observed; less than 1 means 1
	Objects     []Object  // what was observed
	// Refs finds what references name, of these objects and beyond them; without it only the objects are searched.
	Refs map[string]*Object
}

// find resolves a reference.
func (o *Observation) find(id string) *Object {
	if o.Refs != nil {
		return o.Refs[id]
	}
	for i := range o.Objects {
		if o.Objects[i].ID == id {
			return &o.Objects[i]
		}
	}
	return nil
}

func (o *Observation) times() (first, last time.Time) {
	if o.Last.Before(o.First) {
		return o.First, o.First
	}
	return o.First, o.Last
}

// native turns a property's string into bytes where its name says so (section 9.6: comparisons are of native values).
func native(name string, v *Value) *Value {
	if v.Kind != String || len(name) < 4 {
		return v
	}
	switch name[len(name)-4:] {
	case "_bin":
		if raw, err := stdbase64.StdEncoding.DecodeString(v.Text); err == nil {
			return &Value{Kind: Binary, Text: string(raw)}
		}
	case "_hex":
		if raw, err := hex.DecodeString(v.Text); err == nil {
			return &Value{Kind: Hex, Text: string(raw)}
		}
	}
	return v
}

// parseTime reads a STIX timestamp: RFC 3339 in UTC with a capital T and Z and any number of digits. A leap
// second is the first of the next minute.
func parseTime(s string) (Value, bool) {
	const base = "2006-01-02T15:04:05"
	if len(s) <= len(base) || s[len(s)-1] != 'Z' || s[10] != 'T' {
		return Value{}, false
	}
	head, digits := s[:len(base)], s[len(base):len(s)-1]
	leap := strings.HasSuffix(head, ":60")
	if leap {
		head = head[:len(head)-2] + "59"
	}
	t, err := time.Parse(base, head)
	if err != nil || digits != "" && (len(digits) == 1 || digits[0] != '.' || strings.Trim(digits[1:], "0123456789") != "") {
		return Value{}, false
	}
	v := Value{Kind: Time, Int: t.Unix(), Text: strings.TrimRight(strings.TrimPrefix(digits, "."), "0")}
	if leap {
		v.Int++
	}
	const year10000 = 253402300800
	return v, v.Int < year10000
}

// instant is the time of a Time value, cut at nanoseconds.
func (v Value) instant() time.Time {
	nanos := int64(0)
	for i := range 9 {
		nanos *= 10
		if i < len(v.Text) {
			nanos += int64(v.Text[i] - '0')
		}
	}
	return time.Unix(v.Int, nanos).UTC()
}

// ParseTime reads a STIX timestamp as observed-data has it, cut at nanoseconds.
func ParseTime(s string) (time.Time, bool) {
	v, ok := parseTime(s)
	if !ok {
		return time.Time{}, false
	}
	return v.instant(), true
}
