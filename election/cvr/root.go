package cvr

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"entente/election/audit"
)

// Bounds of all rows together.
const (
	maxRows  = 1 << 25
	maxNames = 1 << 20 // distinct batches, styles, contests and choices
)

// small is the number of cards of a style below which its records may name
// their voters.
const small = 10

// A Sum takes rows in any order and says what all of them are: their root and
// their counts. It keeps some sixty bytes for each.
type Sum struct {
	key      []byte
	leaves   []leaf
	buf      []byte
	files    []string
	batches  map[[2]string]int64
	styles   map[string]int64
	contests map[string]*tally
	names    int
}

type leaf struct {
	id     [16]byte // the first bytes of idOf, by which leaves are ordered
	hash   tlog.Hash
	file   int32
	number int32
}

type tally struct {
	cards, blank int64
	ranked       bool
	votes        map[string]int64
}

// NewSum begins an empty one. key is nil, or 32 secret bytes: then nobody
// without it can try what a row says, and Open shows one row alone.
func NewSum(key []byte) *Sum {
	return &Sum{key: key, batches: map[[2]string]int64{}, styles: map[string]int64{}, contests: map[string]*tally{}}
}

// idOf is what rows are ordered by: SHA-256 over tabulator, batch and id, or its
// HMAC under the key.
func (s *Sum) idOf(r *Row) (id [sha256.Size]byte) {
	text := fmt.Appendf(nil, "entente/cvr-id/v1\n%s\n%s\n%s\n", r.Tabulator, r.Batch, r.ID)
	if s.key == nil {
		return sha256.Sum256(text)
	}
	return [sha256.Size]byte(mac(s.key, text))
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// rowKey opens one row: HMAC of its id under the key.
func rowKey(key []byte, id [sha256.Size]byte) []byte {
	return mac(key, append([]byte("entente/cvr-row/v1\n"), id[:]...))
}

// Add takes one row. The row is not kept.
func (s *Sum) Add(r *Row) error {
	if err := r.order(); err != nil {
		return err
	}
	if len(s.leaves) == maxRows {
		return fmt.Errorf("more than %d records", maxRows)
	}
	id := s.idOf(r)
	l := leaf{id: [16]byte(id[:]), number: int32(min(r.Number, math.MaxInt32))}
	if len(s.files) == 0 || s.files[len(s.files)-1] != r.File {
		s.files = append(s.files, r.File)
	}
	l.file = int32(len(s.files) - 1)
	s.buf = r.canonical(s.buf[:0])
	data := s.buf
	if s.key != nil {
		data = mac(rowKey(s.key, id), data)
	}
	l.hash = tlog.RecordHash(data)
	s.leaves = append(s.leaves, l)
	return s.count(r)
}

func (s *Sum) count(r *Row) error {
	s.batches[[2]string{r.Tabulator, r.Batch}]++
	s.styles[r.Style]++
	for _, c := range r.Contests {
		t := s.contests[c.Name]
		if t == nil {
			t = &tally{votes: map[string]int64{}}
			s.contests[c.Name] = t
			s.names++
		}
		t.cards++
		t.ranked = t.ranked || c.Ranked
		votes := c.Choices
		if len(votes) == 0 {
			t.blank++
		}
		if c.Ranked && len(votes) > 1 {
			votes = votes[:1]
		}
		for _, v := range votes {
			if t.votes[v]++; t.votes[v] == 1 {
				s.names++
			}
		}
	}
	if s.names+len(s.batches)+len(s.styles) > maxNames {
		return fmt.Errorf("more than %d names of batches, styles, contests and choices", maxNames)
	}
	return nil
}

// Total is what all rows are.
type Total struct {
	Rows     int64           `json:"rows"`
	Root     string          `json:"root"` // hex
	Keyed    bool            `json:"keyed"`
	Batches  []audit.Batch   `json:"batches"` // by tabulator and name; Cards is the number of records
	Contests []ContestCounts `json:"contests"`
	Styles   int             `json:"styles"`
	Small    int64           `json:"small_style_cards"` // cards in styles of fewer than ten cards
}

// ContestCounts are the counts of one contest: of first preferences where Ranked.
type ContestCounts struct {
	Name   string        `json:"name"`
	Ranked bool          `json:"ranked"`
	Cards  int64         `json:"cards"` // that it stands on
	Blank  int64         `json:"blank"` // without a choice that counts
	Votes  []ChoiceCount `json:"votes"` // by name
}

// ChoiceCount is the number of votes of one choice.
type ChoiceCount struct {
	Name  string `json:"name"`
	Votes int64  `json:"votes"`
}

// Done orders the rows and computes their root: the Merkle tree hash of RFC
// 6962, section 2.1. Two rows of one ballot are refused, with the places of both.
func (s *Sum) Done() (Total, error) {
	slices.SortFunc(s.leaves, func(a, b leaf) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.file, b.file), cmp.Compare(a.number, b.number))
	})
	for i := 1; i < len(s.leaves); i++ {
		if a, b := s.leaves[i-1], s.leaves[i]; a.id == b.id {
			return Total{}, fmt.Errorf("%s: row %d: the ballot of %s, row %d, once more: same tabulator, batch and id", s.files[b.file], b.number, s.files[a.file], a.number)
		}
	}
	root := s.hash(0, len(s.leaves))
	out := Total{Rows: int64(len(s.leaves)), Root: fmt.Sprintf("%x", root[:]), Keyed: s.key != nil, Styles: len(s.styles), Batches: []audit.Batch{}, Contests: []ContestCounts{}}
	for _, n := range s.styles {
		if n < small {
			out.Small += n
		}
	}
	for b, n := range s.batches {
		out.Batches = append(out.Batches, audit.Batch{Tabulator: b[0], Name: b[1], Cards: n})
	}
	slices.SortFunc(out.Batches, func(a, b audit.Batch) int {
		return cmp.Or(cmp.Compare(a.Tabulator, b.Tabulator), cmp.Compare(a.Name, b.Name))
	})
	for name, t := range s.contests {
		c := ContestCounts{Name: name, Ranked: t.ranked, Cards: t.cards, Blank: t.blank, Votes: []ChoiceCount{}}
		for choice, n := range t.votes {
			c.Votes = append(c.Votes, ChoiceCount{choice, n})
		}
		slices.SortFunc(c.Votes, func(a, b ChoiceCount) int { return cmp.Compare(a.Name, b.Name) })
		out.Contests = append(out.Contests, c)
	}
	slices.SortFunc(out.Contests, func(a, b ContestCounts) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// hash is the tree hash over leaves from to to.
func (s *Sum) hash(from, to int) tlog.Hash {
	switch n := to - from; n {
	case 0:
		return tlog.Hash(sha256.Sum256(nil))
	case 1:
		return s.leaves[from].hash
	default:
		half := split(n)
		return tlog.NodeHash(s.hash(from, from+half), s.hash(from+half, to))
	}
}

// split is the largest power of two below n.
func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}
