package roll

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"entente/election/trie"
	"entente/statement"
)

// Office is what an office holds to while it reads its exports.
type Office struct {
	Key          Key
	Jurisdiction string // part of each id, so that one voter of two places is two
	Broken       int    // rows that may be left out, counted; one more ends the reading
}

// Source is an export that can be read from the start, more than once.
type Source struct {
	Name    string
	Day     string // YYYY-MM-DD
	Columns *Columns
	Open    func() (io.ReadCloser, error)
}

// Header is what a root is of. All of it may be shown to anybody.
type Header struct {
	Jurisdiction string   `json:"jurisdiction"`
	Day          string   `json:"day"`
	Layout       string   `json:"layout"`
	Fields       []string `json:"fields"`
	Voters       int      `json:"voters"`
	Unread       int      `json:"unread"` // rows that could not be read and are in no tree
	Tree         Hash     `json:"tree"`
}

// Root is the digest that is sealed: of the tree and of all that its header says.
func (h Header) Root() Hash {
	lines := append([]string{h.Jurisdiction, h.Day, h.Layout, strconv.Itoa(len(h.Fields))}, h.Fields...)
	lines = append(lines, strconv.Itoa(h.Voters), strconv.Itoa(h.Unread), h.Tree.String())
	return statement.TaggedSum("entente/roll-root/v1", []byte(strings.Join(lines, "\n")))
}

func (h Header) check() error {
	for _, s := range append([]string{h.Jurisdiction, h.Day, h.Layout}, h.Fields...) {
		if s == "" || len(s) > 120 || unprintable(s) {
			return fmt.Errorf("%.40q: a name is 1 to 120 bytes that can be printed", s)
		}
	}
	if len(h.Fields) == 0 || len(h.Fields) > maxFields || h.Voters < 0 || h.Voters > maxVoters || h.Unread < 0 {
		return errors.New("a roll has 1 to 32 fields and at most 60000000 voters")
	}
	return nil
}

// entry is what is kept of a voter: 68 bytes, so that a million take 65 MiB.
type entry struct {
	id   ID
	mark [16]byte
	leaf Hash
	row  uint32
}

// Place and Leaf are those of a tree's entry.
func (e entry) Place() ID { return e.id }

// Leaf is the hash of the record.
func (e entry) Leaf() Hash { return e.leaf }

// A Roll is one export, read.
type Roll struct {
	Header
	Name    string    // of the file
	Broken  []Problem // rows left out
	Latin1  int       // values read as ISO 8859-1
	Ignored []string  // columns that the layout does not name
	Missing []string  // columns of the layout that the file has not
	Crowd   Crowd

	columns Columns
	entries []entry // sorted by id
}

// Read reads an export and hashes its tree. It ends soon after its context does.
func (o Office) Read(ctx context.Context, s Source) (*Roll, error) {
	r, _, err := o.read(ctx, s, nil)
	return r, err
}

// read reads an export. Of a voter whom before has with the same values the
// leaf is taken from there; the records of all others are returned too.
func (o Office) read(ctx context.Context, s Source, before *Roll) (*Roll, []Record, error) {
	in, err := s.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	defer in.Close()
	r, err := NewReader(in, s.Columns)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	roll := &Roll{Name: s.Name, Ignored: r.Ignored, Missing: r.Missing, columns: r.Columns, Crowd: newCrowd(r.Columns)}
	roll.Header = Header{Jurisdiction: o.Jurisdiction, Day: s.Day, Layout: r.Columns.Name, Fields: r.Columns.Fieldnames()}
	if err := roll.check(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if before != nil && !slices.Equal(before.Fields, roll.Fields) {
		return nil, nil, fmt.Errorf("%s: fields %s, those of %s are %s", s.Name, strings.Join(roll.Fields, ", "), before.Name, strings.Join(before.Fields, ", "))
	}
	kept, err := roll.fill(ctx, r, o, before)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	roll.Latin1 = r.Latin1
	if err := roll.sort(o.Broken); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	roll.Voters, roll.Unread, roll.Tree = len(roll.entries), len(roll.Broken), trie.Root(roll.entries, 0)
	return roll, kept, nil
}

// maxKept bounds the records that two days of one roll may differ in.
const maxKept = 2_000_000

// askEvery so many rows the context is asked.
const askEvery = 1 << 10

func (roll *Roll) fill(ctx context.Context, r *Reader, o Office, before *Roll) (kept []Record, err error) {
	k := newKeyed(o.Key, o.Jurisdiction)
	for n := 0; ; n++ {
		if n%askEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return kept, nil
		}
		var p Problem
		if errors.As(err, &p) {
			if roll.Broken = append(roll.Broken, p); len(roll.Broken) > o.Broken {
				return nil, p
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(roll.entries) == maxVoters {
			return nil, fmt.Errorf("more than %d voters", maxVoters)
		}
		e := entry{id: k.place(rec.Voter), mark: k.fingerprint(rec.Values), row: uint32(rec.Row)}
		if old := before.find(e.id); old != nil && old.mark == e.mark {
			e.leaf = old.leaf
		} else {
			e.leaf = leafOf(e.id, k.commitments(e.id, rec.Voter, rec.Values))
			if before != nil {
				if kept = append(kept, rec); len(kept) > maxKept {
					return nil, fmt.Errorf("more than %d records differ: these are no two days of one roll", maxKept)
				}
			}
		}
		roll.entries = append(roll.entries, e)
		roll.Crowd.shift(rec.Values, 1)
	}
}

// sort orders the entries by id; a voter who stands twice is a broken row.
func (roll *Roll) sort(broken int) error {
	slices.SortFunc(roll.entries, func(a, b entry) int {
		if c := cmp.Compare(binary.BigEndian.Uint64(a.id[:]), binary.BigEndian.Uint64(b.id[:])); c != 0 {
			return c
		}
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.row, b.row))
	})
	one := roll.entries[:0]
	for _, e := range roll.entries {
		if n := len(one); n == 0 || one[n-1].id != e.id {
			one = append(one, e)
			continue
		}
		p := Problem{int(e.row), 0, fmt.Sprintf("the voter of row %d again", one[len(one)-1].row)}
		if roll.Broken = append(roll.Broken, p); len(roll.Broken) > broken {
			return p
		}
	}
	roll.entries = one
	return nil
}

// find is the entry of a voter, nil where there is none. Ids are spread evenly, so
// that the place of one is nearly known before looking.
func (roll *Roll) find(id ID) *entry {
	if roll == nil || len(roll.entries) == 0 {
		return nil
	}
	all := roll.entries
	lead := uint64(id[0])<<24 | uint64(id[1])<<16 | uint64(id[2])<<8 | uint64(id[3])
	low, high, i := 0, len(all), int(lead*uint64(len(all))>>32)
	for step := 16; low < high; {
		switch c := bytes.Compare(all[i].id[:], id[:]); {
		case c == 0:
			return &all[i]
		case c < 0:
			low = i + 1
			i += step
		default:
			high = i
			i -= step
		}
		if step *= 4; i < low || i >= high || step > len(all) {
			i = int(uint(low+high) / 2)
		}
	}
	return nil
}
