package audit

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"entente/statement"
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

// A Board is what one board committed to in the record, in order, and of it what
// has been shown to the reader.
type Board struct {
	Name   string
	Party  string // that committed for it
	Sealed []Sealed
	Shown  []*Reading // by commitment; nil: not shown here
}

// Boards are the boards of a joint audit, those with the most entries first: the
// two that read every card, and behind them who settled where these differ.
func (j Joint) Boards(shown []Reading) ([]Board, error) {
	known := make(map[statement.Digest]*Reading, len(shown))
	for i, r := range shown {
		if r.Audit != j.Audit {
			continue
		}
		d, err := r.Digest()
		if err != nil {
			return nil, err
		}
		known[d] = &shown[i]
	}
	var out []Board
	for _, s := range j.Entries {
		if j.changed(s) {
			continue
		}
		i := slices.IndexFunc(out, func(b Board) bool { return b.Party == s.Party && b.Name == s.Name })
		if i < 0 {
			i = len(out)
			out = append(out, Board{Name: s.Name, Party: s.Party})
		}
		r := known[s.Digest]
		if r != nil && r.Board != s.Name {
			r = nil
		}
		out[i].Sealed, out[i].Shown = append(out[i].Sealed, s), append(out[i].Shown, r)
	}
	largest := func(b Board) (n int64) {
		for _, s := range b.Sealed {
			n = max(n, s.Size)
		}
		return n
	}
	slices.SortStableFunc(out, func(a, b Board) int {
		return cmp.Or(cmp.Compare(largest(b), largest(a)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Party, b.Party))
	})
	return out, nil
}

// changed says that a board was shown to have read otherwise before.
func (j Joint) changed(s Sealed) bool {
	return slices.ContainsFunc(j.Sheets, func(x Sheet) bool {
		return x.Party == s.Party && x.Board == s.Name && x.Digest == s.Digest && x.Bad == BadChanged
	})
}

// A Round is the reading of the cards drawn so far by two boards.
type Round struct {
	Number  int // from 1
	Boards  []Sealed
	Both    bool         // both boards have committed: only then may either be shown
	Shown   bool         // and both readings are here
	Differ  []Difference // read otherwise by the one than by the other
	Settled Entries      // what counts; nil where nobody has settled what differs
}

var errUnsettled = errors.New("nobody has settled where the boards differ")

// Rounds pairs the commitments of the first two boards, in order. Of a round of
// which one board has not committed yet nothing is shown, else the other could
// look.
func Rounds(boards []Board) (out []Round) {
	if len(boards) == 0 {
		return nil
	}
	first, second := boards[0], Board{}
	if len(boards) > 1 {
		second = boards[1]
	}
	for i := range max(len(first.Sealed), len(second.Sealed)) {
		r := Round{Number: i + 1}
		var read [2]*Reading
		for k, b := range []Board{first, second} {
			if i < len(b.Sealed) {
				r.Boards = append(r.Boards, b.Sealed[i])
				read[k] = b.Shown[i]
			}
		}
		r.Both = len(r.Boards) == 2
		if r.Shown = r.Both && read[0] != nil && read[1] != nil; r.Shown {
			r.Differ = Compare(read[0].Entries, read[1].Entries)
			if entries, third, err := settle(*read[0], *read[1], boards[2:]); err == nil {
				r.Settled, r.Boards = entries, append(r.Boards, third...)
			}
		}
		out = append(out, r)
	}
	return out
}

// settle finds the reading that settles two others, the newest first.
func settle(a, b Reading, others []Board) (Entries, []Sealed, error) {
	if entries, err := Resolve(a.Entries, b.Entries, nil); err == nil {
		return entries, nil, nil
	}
	for _, o := range others {
		for i, r := range slices.Backward(o.Shown) {
			if r == nil {
				continue
			}
			if entries, err := Resolve(a.Entries, b.Entries, r.Entries); err == nil {
				return entries, []Sealed{o.Sealed[i]}, nil
			}
		}
	}
	return nil, nil, errUnsettled
}
