package indicator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"entente/observable"
	"entente/statement"
)

// Limits of one list. A longer one is sent as several sheets, see Split.
const (
	MaxItems  = 5000
	MaxList   = statement.MaxPart // bytes of part 1
	MaxSheets = 10000

	maxName, maxSource = 120, 280
)

// The words for how a party came to know something (DESIGN invariant I8).
const (
	BasisTold     = "told"     // by somebody else, a feed or a report
	BasisObserved = "observed" // seen by the party itself
	BasisRecorded = "recorded" // read in a record that the party holds
	BasisInferred = "inferred" // concluded from other items
	BasisAsserted = "asserted" // stated without more
)

// Bases returns the vocabulary of bases.
func Bases() []string {
	return []string{BasisTold, BasisObserved, BasisRecorded, BasisInferred, BasisAsserted}
}

// ListBody is the body of a list's act. It says what was given without saying
// which values: those are in part 1, for the recipients alone.
type ListBody struct {
	Name   string `json:"name"`   // as people call it, at most 120 bytes
	Source string `json:"source"` // where the giver has it from, at most 280 bytes, may be empty
	Basis  string `json:"basis"`  // one of Bases
	Count  int    `json:"count"`  // items in part 1
	Sheet  int    `json:"sheet"`  // which sheet of a list that needed several, from 1
	Sheets int    `json:"sheets"` // how many sheets there are; they share the act's case
}

// CheckList checks the body of a list's act; its error is a *statement.Refusal.
func CheckList(body []byte) error {
	_, err := ParseListBody(body)
	return err
}

// ParseListBody decodes and checks the body of a list's act.
func ParseListBody(body []byte) (ListBody, error) {
	var b ListBody
	if err := statement.Decode(body, statement.MaxAct, &b); err != nil {
		return ListBody{}, err
	}
	if b.Name == "" {
		return ListBody{}, statement.Refuse(statement.CodeField, "a list has a name")
	}
	if err := checkText("name", b.Name, maxName); err != nil {
		return ListBody{}, err
	}
	if err := checkText("source", b.Source, maxSource); err != nil {
		return ListBody{}, err
	}
	if !slices.Contains(Bases(), b.Basis) {
		return ListBody{}, statement.Refuse(statement.CodeField, "unknown basis %.40q", b.Basis)
	}
	if b.Count < 1 || b.Count > MaxItems {
		return ListBody{}, statement.Refuse(statement.CodeField, "count is %d, from 1 to %d", b.Count, MaxItems)
	}
	if b.Sheet < 1 || b.Sheet > b.Sheets || b.Sheets > MaxSheets {
		return ListBody{}, statement.Refuse(statement.CodeField, "sheet %d of %d", b.Sheet, b.Sheets)
	}
	return b, nil
}

// List is the content of part 1.
type List struct {
	Items []Item `json:"items"`
}

// ParseList decodes part 1 strictly: 1 to MaxItems items that all pass Check,
// no value twice, at most MaxList bytes. Its error is a *statement.Refusal.
func ParseList(data []byte) (List, error) {
	var l List
	if err := statement.Decode(data, MaxList, &l); err != nil {
		return List{}, err
	}
	if err := l.check(); err != nil {
		return List{}, err
	}
	return l, nil
}

// Marshal returns the bytes of part 1, which ParseList accepts.
func (l List) Marshal() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	data, err := encode(l)
	if err != nil {
		return nil, err
	}
	if len(data) > MaxList {
		return nil, statement.Refuse(statement.CodeSize, "a list of %d bytes, at most %d", len(data), MaxList)
	}
	return data, nil
}

func (l List) check() error {
	if n := len(l.Items); n < 1 || n > MaxItems {
		return statement.Refuse(statement.CodeSize, "%d items, from 1 to %d", n, MaxItems)
	}
	seen := make(map[observable.Value]int, len(l.Items))
	for i, it := range l.Items {
		if err := it.Check(); err != nil {
			return atItem(i, err)
		}
		if first, twice := seen[it.Observable()]; twice {
			return statement.Refuse(statement.CodeValue, "item %d repeats item %d", i, first)
		}
		seen[it.Observable()] = i
	}
	return nil
}

// atItem says which item a refusal is about.
func atItem(i int, err error) error {
	if r, ok := statement.AsRefusal(err); ok {
		return statement.Refuse(r.Code, "item %d: %s", i, r.Detail)
	}
	return fmt.Errorf("item %d: %w", i, err)
}

// Split cuts items, in their order, into as few sheets as fit the limits of a
// list. Items that could never be sent (Check) are the caller's to leave out.
func Split(items []Item) [][]Item {
	var sheets [][]Item
	start, size := 0, frame
	for i, it := range items {
		n := encodedSize(it)
		if i > start && (i-start == MaxItems || size+n > MaxList) {
			sheets = append(sheets, items[start:i:i])
			start, size = i, frame
		}
		size += n
	}
	if start < len(items) {
		sheets = append(sheets, items[start:])
	}
	return sheets
}

// frame is what a list costs beside its items: {"items":[]}.
const frame = 12

// encodedSize is the item's share of the encoded list, its comma included.
func encodedSize(it Item) int {
	b, err := encode(it)
	if err != nil { // strings and a bool always encode
		return MaxList
	}
	return len(b) + 1
}

// encode is json.Marshal without the HTML escapes: URLs are full of '&', and
// the sheet limits should count what people see.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
