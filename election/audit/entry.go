package audit

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/election/rows"
)

// What a board finds of a contest on a card.
const (
	StateVotes   = "votes"   // it has the choices named
	StateBlank   = "blank"   // none is marked
	StateOver    = "over"    // too many are
	StateAbsent  = "absent"  // the contest does not stand on the card
	StateMissing = "missing" // the card cannot be found
)

// An Entry is what one board read from one card in one contest.
type Entry struct {
	Ballot  string   `json:"ballot"` // as Batch.Label names it
	Contest string   `json:"contest"`
	State   string   `json:"state"`
	Choices []string `json:"choices"` // in order of preference where the contest ranks
}

func (e Entry) key() [2]string { return [2]string{e.Ballot, e.Contest} }

func (e Entry) same(o Entry) bool { return e.State == o.State && slices.Equal(e.Choices, o.Choices) }

// Paper is the card's vote; nil where it cannot be found.
func (e Entry) Paper() *Vote {
	if e.State == StateMissing {
		return nil
	}
	v := Vote(e.Choices)
	return &v
}

// Says is an entry in words: its choices, or its state.
func (e Entry) Says() string {
	if e.State == StateVotes {
		return strings.Join(e.Choices, " | ")
	}
	return e.State
}

const maxEntries = 1_000_000

// Entries are what one board read, in the order of ballots and contests.
type Entries []Entry

// ReadEntries reads what a board entered: CSV with the heads ballot, contest and
// state, and behind them columns of choices, as many as a row needs. ranked
// says of a contest that the order of its choices counts; else they are sorted.
func ReadEntries(r io.Reader, ranked func(contest string) bool) (Entries, error) {
	in := rows.NewReader(r, ',')
	head, _, broken, err := in.Next()
	if err != nil || broken != "" || len(head) < 3 || !headed(head) {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return nil, fmt.Errorf("row 1: the heads are not ballot, contest, state and choices %s", broken)
	}
	var out Entries
	seen := make(map[[2]string]int)
	for {
		row, _, broken, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			slices.SortFunc(out, func(a, b Entry) int {
				return cmp.Or(cmp.Compare(a.Ballot, b.Ballot), cmp.Compare(a.Contest, b.Contest))
			})
			return out, nil
		case err != nil:
			return nil, err
		case broken != "":
			return nil, fmt.Errorf("row %d: %s", in.Number, broken)
		case len(out) == maxEntries:
			return nil, fmt.Errorf("more than %d entries", maxEntries)
		}
		e, err := entryOf(row)
		if err == nil && seen[e.key()] > 0 {
			err = fmt.Errorf("the ballot %s stands in row %d too", e.Ballot, seen[e.key()])
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", in.Number, err)
		}
		if !ranked(e.Contest) {
			slices.Sort(e.Choices)
		}
		seen[e.key()] = in.Number
		out = append(out, e)
	}
}

func headed(head []string) bool {
	for i, want := range []string{"ballot", "contest", "state"} {
		if !strings.EqualFold(strings.TrimSpace(head[i]), want) {
			return false
		}
	}
	return true
}

func entryOf(row []string) (Entry, error) {
	if len(row) < 3 {
		return Entry{}, errors.New("no ballot, contest and state")
	}
	e := Entry{Choices: []string{}}
	for i, to := range []*string{&e.Ballot, &e.Contest, &e.State} {
		s, err := word(row[i])
		if err != nil {
			return e, fmt.Errorf("column %d: %w", i+1, err)
		}
		*to = s
	}
	e.State = strings.ToLower(e.State)
	for i, cell := range row[3:] {
		s, err := word(cell)
		if err != nil {
			return e, fmt.Errorf("column %d: %w", i+4, err)
		}
		if slices.Contains(e.Choices, s) {
			return e, fmt.Errorf("column %d: the choice %q twice", i+4, s)
		}
		if s != "" {
			e.Choices = append(e.Choices, s)
		}
	}
	return e, e.check()
}

func (e Entry) check() error {
	switch e.State {
	case StateVotes, StateBlank, StateOver, StateAbsent, StateMissing:
	default:
		return fmt.Errorf("no state %.20q: votes, blank, over, absent or missing", e.State)
	}
	switch {
	case e.Ballot == "" || e.Contest == "":
		return errors.New("no ballot or no contest")
	case (e.State == StateVotes) != (len(e.Choices) > 0):
		return fmt.Errorf("choices stand with the state %s and only there", StateVotes)
	}
	return nil
}

// word is a cell with single blanks. Nothing in it may hide or reorder characters.
func word(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if !utf8.ValidString(s) || len(s) > maxField {
		return "", fmt.Errorf("no UTF-8, or more than %d bytes", maxField)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co) {
			return "", fmt.Errorf("%+.60q holds %U, which hides or reorders other characters", s, r)
		}
	}
	return s, nil
}

// Commit is what a board says before it shows its entries: SHA-256 over a tag,
// the audit, the board, a salt and the entries. Without the salt a sample of few
// cards could be tried out.
func (es Entries) Commit(audit, board string, salt [32]byte) ([32]byte, error) {
	h := sha256.New()
	for _, s := range []string{"entente/audit/entries/v1", audit, board, string(salt[:])} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode([]Entry(es)); err != nil {
		return [32]byte{}, err
	}
	h.Write(b.Bytes())
	return [32]byte(h.Sum(nil)), nil
}

// A Difference is a card that two boards read differently, or one only.
type Difference struct {
	Ballot  string `json:"ballot"`
	Contest string `json:"contest"`
	First   *Entry `json:"first"`  // nil: no entry
	Second  *Entry `json:"second"` // nil: no entry
}

// Compare lists the cards that two boards read differently.
func Compare(first, second Entries) []Difference {
	var out []Difference
	add := func(a, b *Entry) {
		e := cmp.Or(a, b)
		out = append(out, Difference{e.Ballot, e.Contest, a, b})
	}
	i, j := 0, 0
	for i < len(first) || j < len(second) {
		order := -1
		switch {
		case i == len(first):
			order = 1
		case j < len(second):
			a, b := first[i], second[j]
			order = cmp.Or(cmp.Compare(a.Ballot, b.Ballot), cmp.Compare(a.Contest, b.Contest))
		}
		switch {
		case order < 0:
			add(&first[i], nil)
			i++
		case order > 0:
			add(nil, &second[j])
			j++
		default:
			if !first[i].same(second[j]) {
				add(&first[i], &second[j])
			}
			i, j = i+1, j+1
		}
	}
	return out
}

// Resolve joins two boards' entries: what both read alike, and for the rest what
// the third entry says, which must hold exactly the cards that differ.
func Resolve(first, second, third Entries) (Entries, error) {
	decided := make(map[[2]string]Entry, len(third))
	for _, e := range third {
		decided[e.key()] = e
	}
	var out Entries
	for _, d := range Compare(first, second) {
		e, ok := decided[[2]string{d.Ballot, d.Contest}]
		if !ok {
			return nil, fmt.Errorf("ballot %s, %s: the boards differ, and the third entry does not say", d.Ballot, d.Contest)
		}
		delete(decided, e.key())
		out = append(out, e)
	}
	if len(decided) > 0 {
		for _, e := range third {
			if _, left := decided[e.key()]; left {
				return nil, fmt.Errorf("ballot %s, %s: a third entry where the boards do not differ", e.Ballot, e.Contest)
			}
		}
	}
	settled := make(map[[2]string]bool, len(out))
	for _, e := range out {
		settled[e.key()] = true
	}
	for _, e := range first {
		if !settled[e.key()] {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Ballot, b.Ballot), cmp.Compare(a.Contest, b.Contest))
	})
	return out, nil
}
