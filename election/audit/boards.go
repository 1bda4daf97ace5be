package audit

import (
	"cmp"
	"slices"

	"entente/statement"
)

// A Board is what one board of somebody who takes part committed to in the record,
// round by round, and of it what has been shown to the reader.
type Board struct {
	Name   string
	Party  string     // that committed for it
	Sheets []Sheet    // by round; one that is Bad counts for nothing
	Shown  []*Reading // by round; nil: not shown here
	reads  bool       // every card
	sizes  []int64    // that it claims
}

// ID is the board's name with its party's.
func (b Board) ID() string { return b.Party + "/" + b.Name }

// sealed is what it committed to in a round.
func (b Board) sealed(round int) Sealed {
	s := b.Sheets[round]
	out := Sealed{b.Party, s.Index, SealEntries, b.Name, s.Digest, b.sizes[round]}
	if r := b.Shown[round]; r != nil {
		out.Size = int64(len(r.Entries))
	}
	return out
}

// has says that it committed to something in a round that counts.
func (b Board) has(round int) bool { return round < len(b.Sheets) && b.Sheets[round].Bad == "" }

// Boards are the boards of a joint audit: first the two that read every card, then
// the others, who may settle where these differ. Of each party only the board that
// sealed first reads: a party with several would show the one that suits it. What
// anybody claims of itself moves no board.
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
	size := make(map[[2]string]int64)
	for _, s := range j.Entries {
		size[[2]string{s.Party + "/" + s.Name, s.Digest.String()}] = s.Size
	}
	var out []Board
	at := make(map[string]int)
	for _, s := range j.Sheets {
		if !slices.Contains(j.Parties, s.Party) && !slices.Contains(j.Observers, s.Party) {
			continue
		}
		i, ok := at[s.ID()]
		if !ok {
			i, at[s.ID()] = len(out), len(out)
			out = append(out, Board{Name: s.Board, Party: s.Party})
		}
		out[i].take(s, known[s.Digest], size[[2]string{s.ID(), s.Digest.String()}])
	}
	first, second := j.readers(out)
	var readers, others []Board
	for i, b := range out {
		if b.reads = i == first || i == second; b.reads {
			readers = append(readers, b)
		} else {
			others = append(others, b)
		}
	}
	return append(readers, others...), nil
}

// take adds the sheet of the next round. What is here of those before may prove what
// the record does not show: that nothing was changed, or that something was.
func (b *Board) take(s Sheet, r *Reading, size int64) {
	if r != nil && r.Board != b.Name {
		r = nil
	}
	if s.Bad == BadEarlier && r != nil && !slices.Contains(b.Shown, nil) {
		s.Bad = ""
	}
	for i, before := range b.Shown {
		if b.Sheets[i].Bad != BadChanged && r != nil && before != nil && before.Entries.otherIn(r.Entries) != "" {
			s.Bad = BadChanged
		}
	}
	b.Sheets, b.Shown, b.sizes = append(b.Sheets, s), append(b.Shown, r), append(b.sizes, size)
}

// readers are the two boards that read every card: the first that each of two parties
// sealed for; -1 where there is none. Of more than two parties it is two that read
// the first round apart, and else two that have sealed at all, in the order of names.
func (j Joint) readers(boards []Board) (first, second int) {
	var of []int
	for _, party := range j.Parties {
		if i := slices.IndexFunc(boards, func(b Board) bool { return b.Party == party }); i >= 0 {
			of = append(of, i)
		}
	}
	if len(of) == 0 {
		return -1, -1
	}
	for i, a := range of {
		for _, b := range of[i+1:] {
			if Apart(boards[a].Sheets[0], boards[b].Sheets[0]) {
				return a, b
			}
		}
	}
	if len(of) == 1 {
		return of[0], -1
	}
	return of[0], of[1]
}

// A Round is the reading of the cards drawn so far by two boards.
type Round struct {
	Number  int // from 1
	Boards  []Sealed
	Both    bool         // both boards have committed: only then may either be shown
	Knew    bool         // one may have known what the other read: it is no second reading
	Shown   bool         // and both readings are here, and neither board knew the other's
	Differ  []Difference // read otherwise by the one than by the other
	Settled Entries      // what counts; nil where nobody has settled what differs
}

// Rounds pairs the commitments of the two boards that read, round by round. Of a round
// of which one board has not committed yet nothing is shown, else the other could look.
func Rounds(boards []Board) (out []Round) {
	most, two := 0, boards[:0:0]
	for _, b := range boards {
		if b.reads {
			most, two = max(most, len(b.Sheets)), append(two, b)
		}
	}
	for i := range most {
		r := Round{Number: i + 1}
		for _, b := range two {
			if b.has(i) {
				r.Boards = append(r.Boards, b.sealed(i))
			}
		}
		if r.Both = len(r.Boards) == 2; r.Both {
			a, b := two[0].Sheets[i], two[1].Sheets[i]
			r.Knew = slices.Contains(a.Knew, b.ID()) || slices.Contains(b.Knew, a.ID())
			r.Shown = !r.Knew && two[0].Shown[i] != nil && two[1].Shown[i] != nil
		}
		if r.Shown {
			r.settle(*two[0].Shown[i], *two[1].Shown[i], boards[len(two):])
		}
		if len(r.Boards) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// settle compares two readings, and finds those that settle where they differ: of
// each other board the newest. Where these differ too, nothing is settled.
func (r *Round) settle(a, b Reading, others []Board) {
	r.Differ = Compare(a.Entries, b.Entries)
	if len(r.Differ) == 0 {
		r.Settled = a.Entries
		return
	}
	var third []Sealed
	for _, o := range others {
		for i, read := range slices.Backward(o.Shown) {
			if read == nil || !o.has(i) {
				continue
			}
			entries, err := Resolve(a.Entries, b.Entries, read.Entries)
			if err != nil {
				continue
			}
			if r.Settled != nil && len(Compare(r.Settled, entries)) > 0 {
				r.Settled = nil
				return
			}
			r.Settled, third = entries, append(third, o.sealed(i))
			break
		}
	}
	slices.SortFunc(third, func(a, b Sealed) int { return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Index, b.Index)) })
	r.Boards = append(r.Boards, third...)
}
