package roll

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"entente/statement"
)

// Names of fields that counts and alarms know. A map may declare others.
const (
	Precinct   = "precinct"
	Status     = "status"
	Reason     = "reason" // of a status or a removal
	Surname    = "surname"
	Given      = "given"
	Birth      = "birth" // a date, a year or an age
	Address    = "address"
	Mail       = "mail" // where ballots and letters go
	Phone      = "phone"
	Party      = "party"
	Registered = "registered"
)

// Columns says which columns of an export hold what.
type Columns struct {
	Name  string   `json:"name"`
	Comma string   `json:"comma,omitempty"` // what sets columns apart; found by itself where it is missing
	Heads []string `json:"heads,omitempty"` // of files without a row of heads
	ID    []string `json:"id"`              // the columns that together name a voter
	// Fields are compared and committed to, in this order. What no field
	// names is neither.
	Fields []Field `json:"fields"`
}

// Field is one thing that a record says. A column is named by its head, in any
// case and with any punctuation; "A|B" is whichever is there, and a ? at the end
// allows that it is missing.
type Field struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// Bounds of a map.
const (
	maxFields  = 32
	maxColumns = 512
	maxMap     = 64 << 10 // bytes
)

// ParseColumns reads a map as JSON.
func ParseColumns(data []byte) (Columns, error) {
	var c Columns
	if err := statement.Decode(data, maxMap, &c); err != nil {
		return Columns{}, err
	}
	return c, c.Check()
}

// Check refuses a map that no export can be read by.
func (c Columns) Check() error {
	switch {
	case c.Name == "" || len(c.Name) > 120 || unprintable(c.Name):
		return fmt.Errorf("a map of columns needs a name of at most 120 bytes")
	case len(c.Comma) > 1 || c.Comma == "\"" || c.Comma == "\n" || c.Comma == "\r":
		return fmt.Errorf("comma: %q sets no columns apart", c.Comma)
	case len(c.ID) == 0 || len(c.ID) > 8:
		return fmt.Errorf("id: 1 to 8 columns name a voter")
	case len(c.Fields) == 0 || len(c.Fields) > maxFields:
		return fmt.Errorf("fields: 1 to %d", maxFields)
	case len(c.Heads) > maxColumns:
		return fmt.Errorf("heads: at most %d", maxColumns)
	}
	seen := make(map[string]bool)
	for _, f := range c.Fields {
		if f.Name == "" || len(f.Name) > 40 || strings.ContainsFunc(f.Name, func(r rune) bool { return r != '-' && r != '_' && (r < 'a' || r > 'z') }) {
			return fmt.Errorf("field %.40q: a name is lower-case letters, - and _", f.Name)
		}
		if seen[f.Name] || len(f.Columns) == 0 || len(f.Columns) > 32 {
			return fmt.Errorf("field %s: named twice, or not 1 to 32 columns", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

func unprintable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) })
}

// layout is Columns found in a file.
type layout struct {
	heads   []string
	id      []int
	fields  [][]int
	ignored []string
	missing []string // optional columns that the file has not
}

// place finds the columns among the heads of a file, or says what is missing.
func (c Columns) place(heads []string) (*layout, error) {
	at := make(map[string]int)
	l := &layout{heads: heads}
	for i, h := range heads {
		name := plain(h)
		if _, twice := at[name]; twice && name != "" {
			return nil, fmt.Errorf("column %d: a second %q", i+1, h)
		}
		at[name] = i
	}
	used := make([]bool, len(heads))
	var lacks []string
	find := func(want string) (int, bool) {
		names, optional := strings.CutSuffix(want, "?")
		for name := range strings.SplitSeq(names, "|") {
			if i, ok := at[plain(name)]; ok {
				used[i] = true
				return i, true
			}
		}
		if optional {
			l.missing = append(l.missing, names)
		} else {
			lacks = append(lacks, names)
		}
		return 0, false
	}
	for _, want := range c.ID {
		if i, ok := find(want); ok {
			l.id = append(l.id, i)
		}
	}
	for _, f := range c.Fields {
		var places []int
		for _, want := range f.Columns {
			if i, ok := find(want); ok {
				places = append(places, i)
			}
		}
		l.fields = append(l.fields, places)
	}
	if len(lacks) > 0 || len(l.id) == 0 {
		return nil, fmt.Errorf("no column %s", strings.Join(lacks, ", "))
	}
	for i, u := range used {
		if !u {
			l.ignored = append(l.ignored, heads[i])
		}
	}
	return l, nil
}

// plain is a head as it is compared.
func plain(head string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 0x7f && r != '\ufeff':
			return r
		}
		return -1
	}, head)
}

// Fieldnames are the names of the fields in their order.
func (c Columns) Fieldnames() []string {
	var out []string
	for _, f := range c.Fields {
		out = append(out, f.Name)
	}
	return out
}

// field is the index of a field, -1 where the map has none.
func (c Columns) field(name string) int {
	return slices.IndexFunc(c.Fields, func(f Field) bool { return f.Name == name })
}
