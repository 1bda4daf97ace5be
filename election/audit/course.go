package audit

import (
	"cmp"
	"strings"
)

// Measured is what the cards drawn say of a contest.
type Measured struct {
	Outcome
	Rows       []Drawn  // in the order of the draws
	Unrecorded []string // drawn cards without a record, where the method compares
	seen       []Seen
	records    *Records
	contest    Contest
}

// Measure recomputes the draws of a seed, and the risk that entries leave. votes
// are the machine's records of the cards entered, by label.
func (c Contest) Measure(seed string, m *Manifest, entries Entries, records *Records, votes map[string]Vote) (out Measured, err error) {
	sequence, err := c.Sequence(seed, m)
	if err != nil {
		return out, err
	}
	drawn, err := c.Order(sequence, entries)
	if err != nil {
		return out, err
	}
	out = Measured{contest: c, records: records}
	told := make(map[string]bool)
	for i, d := range drawn {
		row, s := Drawn{Draw: i + 1, Ballot: d.Ballot, Paper: d.Says()}, Seen{Paper: d.Paper()}
		if v, ok := votes[d.Ballot]; ok {
			s.Record = &v
			row.Record = cmp.Or(strings.Join(v, " | "), StateBlank)
		} else if c.Compares() && !told[d.Ballot] {
			told[d.Ballot] = true
			out.Unrecorded = append(out.Unrecorded, d.Ballot)
		}
		out.seen, out.Rows = append(out.seen, s), append(out.Rows, row)
	}
	out.Outcome, err = c.Evaluate(out.seen, records)
	return out, err
}

// A Point is the risk after so many draws.
type Point struct {
	Draws int     `json:"draws"`
	Risk  float64 `json:"risk"`
}

// Course is the risk after some of the draws, at most so many points, the last
// of them the measured risk itself. Each is what would have been measured then.
func (m Measured) Course(most int) ([]Point, error) {
	var out []Point
	n, before := len(m.seen), 0
	for i := 1; i <= most; i++ {
		at := n * i / most
		if at == before {
			continue
		}
		before = at
		o, err := m.contest.Evaluate(m.seen[:at], m.records)
		if err != nil {
			return nil, err
		}
		out = append(out, Point{at, o.Risk})
	}
	return out, nil
}
