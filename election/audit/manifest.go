package audit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"entente/election/rows"
)

// A Manifest says how many cards lie in which batch, in the order in which they
// are numbered. It is sealed before the seed is known.
type Manifest struct {
	Batches []Batch
	ends    []int64 // number of the last card of each batch
}

// A Batch is a stack of cards.
type Batch struct {
	County, Tabulator, Name string
	Cards                   int64
	Place                   string // the box or bin it lies in
}

// Bounds of a manifest.
const (
	maxBatches = 2_000_000
	maxCards   = 1 << 31
	maxField   = 1024
)

// heads are what columns are called, in lower case and without blanks around
// them, in the manifests of Colorado and of Dominion's users.
var heads = map[string]string{
	"county": "county", "tabulator id": "tabulator", "tabulator": "tabulator", "scannerid": "tabulator", "scanner id": "tabulator", "container": "place",
	"batch": "batch", "batch name": "batch", "batchid": "batch", "batch id": "batch", "batch number": "batch",
	"# of ballots": "cards", "# of ballot": "cards", "number of ballots": "cards", "numballots": "cards", "total ballots": "cards", "cards": "cards",
	"locations": "place", "box # location": "place", "location": "place", "storagelocation": "place", "storage location": "place",
}

// ReadManifest reads a manifest as CSV with a line of heads. Every error names
// the row; rows are counted from 1, the line of heads included.
func ReadManifest(r io.Reader) (*Manifest, error) {
	in := rows.NewReader(r, ',')
	head, _, broken, err := in.Next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("row 1: no line of heads")
	case err != nil:
		return nil, err
	case broken != "":
		return nil, fmt.Errorf("row %d: %s", in.Number, broken)
	}
	columns := make(map[string]int)
	for i, h := range head {
		if name, ok := heads[strings.ToLower(strings.TrimSpace(h))]; ok {
			if _, twice := columns[name]; twice {
				return nil, fmt.Errorf("row 1, column %d: a second column of %s", i+1, name)
			}
			columns[name] = i
		}
	}
	for _, need := range []string{"batch", "cards"} {
		if _, ok := columns[need]; !ok {
			return nil, fmt.Errorf("row 1: no column of %s; this one has %s", need, strings.Join(head, ", "))
		}
	}
	m := new(Manifest)
	seen := make(map[[3]string]bool)
	for {
		row, _, broken, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && broken != "" {
			err = fmt.Errorf("row %d: %s", in.Number, broken) // a batch less would number all cards behind it otherwise
		}
		if err != nil {
			return nil, err
		}
		if err := m.add(row, columns, seen); err != nil {
			return nil, fmt.Errorf("row %d: %w", in.Number, err)
		}
	}
	if len(m.Batches) == 0 {
		return nil, errors.New("a manifest without a batch")
	}
	return m, nil
}

func (m *Manifest) add(row []string, columns map[string]int, seen map[[3]string]bool) error {
	get := func(name string) string {
		if i, ok := columns[name]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	b := Batch{County: get("county"), Tabulator: get("tabulator"), Name: get("batch"), Place: get("place")}
	for _, s := range []string{b.County, b.Tabulator, b.Name, b.Place} {
		if len(s) > maxField || !utf8.ValidString(s) {
			return errors.New("a field is longer than 1024 bytes or no UTF-8")
		}
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(get("cards"), ",", ""), 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no number of cards", get("cards"))
	}
	b.Cards = n
	key := [3]string{b.County, b.Tabulator, b.Name}
	switch {
	case b.Name == "":
		return errors.New("a batch without a name")
	case seen[key]:
		return fmt.Errorf("the batch %s %s stands twice", b.Tabulator, b.Name)
	case len(m.Batches) == maxBatches || m.Cards()+n > maxCards || n > maxCards:
		return errors.New("more than 2000000 batches or 2147483648 cards")
	}
	seen[key] = true
	m.Batches = append(m.Batches, b)
	m.ends = append(m.ends, m.Cards()+n)
	return nil
}

// Cards is the number of all cards.
func (m *Manifest) Cards() int64 {
	if len(m.ends) == 0 {
		return 0
	}
	return m.ends[len(m.ends)-1]
}

// Card is the place of a card by its number from 1: its batch, and its position
// in it from 1. ok is false beyond the manifest.
func (m *Manifest) Card(n int64) (b Batch, position int64, ok bool) {
	if n < 1 || n > m.Cards() {
		return Batch{}, 0, false
	}
	i := sort.Search(len(m.ends), func(i int) bool { return m.ends[i] >= n })
	return m.Batches[i], n - (m.ends[i] - m.Batches[i].Cards), true
}

// Number is the number of a card by its place: the inverse of Card.
func (m *Manifest) Number(county, tabulator, batch string, position int64) (int64, bool) {
	i := slices.IndexFunc(m.Batches, func(b Batch) bool { return b.County == county && b.Tabulator == tabulator && b.Name == batch })
	if i < 0 || position < 1 || position > m.Batches[i].Cards {
		return 0, false
	}
	return m.ends[i] - m.Batches[i].Cards + position, true
}

// Label is a card's name as audit boards write it, tabulator-batch-position.
func (b Batch) Label(position int64) string {
	return strings.TrimPrefix(fmt.Sprintf("%s-%s-%d", b.Tabulator, b.Name, position), "-")
}
