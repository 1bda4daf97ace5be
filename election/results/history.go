package results

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Capture is a publication as one observer saw it.
type Capture struct {
	Observer string    `json:"observer,omitempty"`
	From     string    `json:"from"` // address or file
	At       time.Time `json:"at"`
	Table    *Table    `json:"-"`
}

// History answers whether a number was ever published.
type History struct {
	captures []Capture
	byCount  map[int64][]place
}

type place struct{ capture, cell int }

// Add takes a capture up. Captures may come in any order.
func (h *History) Add(c Capture) {
	if h.byCount == nil {
		h.byCount = map[int64][]place{}
	}
	for i, cell := range c.Table.Cells {
		h.byCount[cell.Count] = append(h.byCount[cell.Count], place{len(h.captures), i})
	}
	h.captures = append(h.captures, c)
}

// Query is a number that somebody showed: a count, or a share of a contest's
// votes as a percentage. The words narrow it; "" is any.
type Query struct {
	Count   int64  `json:"count"`
	Percent string `json:"percent"` // "37" or "37.1", instead of Count
	Contest string `json:"contest"`
	Choice  string `json:"choice"`
	Unit    string `json:"unit"`
}

// Hit is where a number was published.
type Hit struct {
	Capture
	Cell Cell `json:"cell"`
}

// Answer says that it was, or that in so many captures it never was.
type Answer struct {
	Hits     []Hit     `json:"hits"` // the earliest first, at most 100
	Total    int       `json:"total"`
	Captures int       `json:"captures"`
	First    time.Time `json:"first"` // of the captures searched
	Last     time.Time `json:"last"`
}

const maxHits = 100

var errPercent = errors.New("a percentage is like 37 or 37.1")

// ErrAsked reports that what was asked for is no number.
func ErrAsked(err error) bool { return errors.Is(err, errPercent) }

// Lookup searches all captures.
func (h *History) Lookup(q Query) (Answer, error) {
	a := Answer{Captures: len(h.captures), Hits: []Hit{}}
	for _, c := range h.captures {
		if a.First.IsZero() || c.At.Before(a.First) {
			a.First = c.At
		}
		if c.At.After(a.Last) {
			a.Last = c.At
		}
	}
	found := h.byCount[q.Count]
	if q.Percent != "" {
		var err error
		if found, err = h.shares(q.Percent); err != nil {
			return a, err
		}
	}
	for _, at := range found {
		c := h.captures[at.capture]
		cell := c.Table.Cells[at.cell]
		if names(cell.Contest, q.Contest) && names(cell.Choice, q.Choice) && names(cell.Unit, q.Unit) {
			a.Hits = append(a.Hits, Hit{c, cell})
		}
	}
	slices.SortStableFunc(a.Hits, func(x, y Hit) int { return x.At.Compare(y.At) })
	a.Total = len(a.Hits)
	a.Hits = a.Hits[:min(a.Total, maxHits)]
	return a, nil
}

func names(name, asked string) bool {
	clean, _ := text(asked)
	return strings.Contains(name, fold(clean))
}

// shares finds the choices whose share of their contest's votes rounds to a percentage.
func (h *History) shares(percent string) (found []place, err error) {
	digits := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(percent), "%"))
	whole, frac, _ := strings.Cut(digits, ".")
	want, ok := parseCount(whole + frac)
	if !ok || len(frac) > 3 || len(whole) > 3 || want < 0 {
		return nil, errPercent
	}
	scale := int64(100)
	for range frac {
		scale *= 10
	}
	type contest struct{ name, unit, level, typ string }
	for i, c := range h.captures {
		sums := map[contest]int64{}
		votes := func(k Cell) bool { return k.What == Votes && k.Count >= 0 && k.Count <= HugeCount }
		for _, k := range c.Table.Cells {
			if votes(k) {
				sums[contest{k.Contest, k.Unit, k.Level, k.Type}] += k.Count
			}
		}
		for j, k := range c.Table.Cells {
			sum := sums[contest{k.Contest, k.Unit, k.Level, k.Type}]
			if votes(k) && sum > 0 && (2*k.Count*scale+sum)/(2*sum) == want {
				found = append(found, place{i, j})
			}
		}
	}
	return found, nil
}
