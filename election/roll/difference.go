package roll

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"entente/election/trie"
	"entente/statement"
)

// DifferenceFormat is the format of a proof that two rolls differ in these voters only.
const DifferenceFormat = "entente/roll-difference/v1"

// A Difference proves that two rolls differ in these voters and in no other. It
// names them by their places alone. Tree is both trees at once, from the root:
// every part in which they are alike is one hash.
type Difference struct {
	Format string `json:"format"`
	Old    Header `json:"old"`
	New    Header `json:"new"`
	Tree   []byte `json:"tree"`
}

// MaxDifference is the largest proof, in bytes.
const MaxDifference = 64 << 20

// What stands for a part of both trees.
const (
	partEmpty   = 'E' // nobody, in both
	partOne     = 'L' // one voter, alike in both: the leaf's hash
	partSame    = 'S' // several voters, alike in both: the hash
	partSplit   = 'N' // what differs is below: the part of bit 0, then that of bit 1
	partAdded   = 'A' // a voter of the newer: id and commitments
	partRemoved = 'R' // a voter of the older: id and commitments
	partChanged = 'C' // a voter of both: id, the older commitments, which fields differ (32 bits), the newer ones of these
)

// Prove makes the proof. It reads nothing again: a comparison has all of it.
func (c *Comparison) Prove(o Office) (Difference, error) {
	d := Difference{Format: DifferenceFormat, Old: c.Old.Header, New: c.New.Header}
	if c.Old.entries == nil && c.Old.Voters > 0 {
		return d, errors.New("a comparison without trees")
	}
	w := differ{keyed: newKeyed(o.Key, o.Jurisdiction), of: make(map[ID]*Change, len(c.Changes))}
	for i := range c.Changes {
		w.of[c.Changes[i].id] = &c.Changes[i]
	}
	w.part(c.Old.entries, c.New.entries, 0)
	if len(w.out) > MaxDifference*2/3 {
		return d, fmt.Errorf("%d changes make a proof of more than %d bytes", len(c.Changes), MaxDifference)
	}
	d.Tree = w.out
	return d, nil
}

type differ struct {
	keyed *keyed
	of    map[ID]*Change
	out   []byte
}

// part writes what stands for the parts of both trees at one place.
func (w *differ) part(a, b []entry, depth int) {
	switch {
	case slices.EqualFunc(a, b, func(x, y entry) bool { return x.leaf == y.leaf }):
		switch len(a) {
		case 0:
			w.out = append(w.out, partEmpty)
			return
		case 1:
			w.out = append(w.out, partOne)
		default:
			w.out = append(w.out, partSame)
		}
		h := trie.Root(a, depth)
		w.out = append(w.out, h[:]...)
	case len(a) <= 1 && len(b) <= 1 && (len(a)+len(b) == 1 || a[0].id == b[0].id):
		if len(a) == 0 {
			a = b
		}
		w.voter(w.of[a[0].id])
	default:
		n, m := trie.Split(a, depth), trie.Split(b, depth)
		w.out = append(w.out, partSplit)
		w.part(a[:n], b[:m], depth+1)
		w.part(a[n:], b[m:], depth+1)
	}
}

func (w *differ) voter(ch *Change) {
	kind, first := map[string]byte{Added: partAdded, Removed: partRemoved, Changed: partChanged}[ch.Kind], ch.Old
	if first == nil {
		first = ch.New
	}
	w.out = append(append(w.out, kind), ch.id[:]...)
	for _, h := range w.keyed.commitments(ch.id, ch.Voter, first) {
		w.out = append(w.out, h[:]...)
	}
	if ch.Kind != Changed {
		return
	}
	var which uint32
	for _, f := range ch.Fields {
		which |= 1 << f
	}
	w.out = binary.BigEndian.AppendUint32(w.out, which)
	news := w.keyed.commitments(ch.id, ch.Voter, ch.New)
	for _, f := range ch.Fields {
		w.out = append(w.out, news[1+f][:]...)
	}
}

// A Differing voter, as a proof shows it.
type Differing struct {
	ID     ID       `json:"id"`
	Kind   string   `json:"kind"`
	Fields []string `json:"fields,omitempty"` // for Changed
}

// ParseDifference reads a proof.
func ParseDifference(data []byte) (Difference, error) {
	var d Difference
	if err := statement.Decode(data, MaxDifference, &d); err != nil {
		return d, err
	}
	return d, nil
}

// Check recomputes both trees: nil only if the rolls under the two roots differ
// in exactly the voters returned, in order of their ids.
func (d Difference) Check() ([]Differing, error) {
	if d.Format != DifferenceFormat {
		return nil, fmt.Errorf("format %q, want %q", d.Format, DifferenceFormat)
	}
	for _, h := range []Header{d.Old, d.New} {
		if err := h.check(); err != nil {
			return nil, err
		}
	}
	if d.Old.Jurisdiction != d.New.Jurisdiction || !slices.Equal(d.Old.Fields, d.New.Fields) {
		return nil, errors.New("two rolls of different places or fields")
	}
	r := reader{rest: d.Tree, fields: d.Old.Fields}
	old, now, err := r.part(0)
	if err == nil && len(r.rest) > 0 {
		err = errors.New("more behind the end of the trees")
	}
	if err != nil {
		return nil, fmt.Errorf("byte %d of the trees: %w", len(d.Tree)-len(r.rest), err)
	}
	if old.hash != d.Old.Tree || now.hash != d.New.Tree {
		return nil, errors.New("the rolls under these roots differ in more or in other voters")
	}
	if d.New.Voters-d.Old.Voters != r.balance {
		return nil, fmt.Errorf("%d voters were %d, and %+d came or went", d.New.Voters, d.Old.Voters, r.balance)
	}
	return r.found, nil
}

// side is one tree's part at some place.
type side struct {
	hash   Hash
	voters int // 0, 1, or 2 for more
}

// join is the part above two parts: a voter alone stands where the path of
// the other voters parts from its own, and nobody is no hash.
func join(left, right side) side {
	switch n := left.voters + right.voters; {
	case n == 0:
		return side{}
	case n == 1 && left.voters == 1:
		return left
	case n == 1:
		return right
	}
	return side{trie.Node(left.hash, right.hash), 2}
}

type reader struct {
	rest    []byte
	fields  []string
	path    ID // the bits that lead here
	found   []Differing
	balance int
}

var (
	errShort = errors.New("the trees end early")
	errPart  = errors.New("no part of a tree")
	errPlace = errors.New("a voter in the place of another")
	errOrder = errors.New("a change that changes nothing")
)

func (r *reader) take(n int) ([]byte, error) {
	if len(r.rest) < n {
		return nil, errShort
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b, nil
}

func (r *reader) part(depth int) (old, now side, err error) {
	b, err := r.take(1)
	if err != nil {
		return side{}, side{}, err
	}
	switch b[0] {
	case partEmpty:
		return side{}, side{}, nil
	case partOne, partSame:
		h, err := r.take(len(Hash{}))
		if err != nil {
			return side{}, side{}, err
		}
		s := side{Hash(h), 1}
		if b[0] == partSame {
			s.voters = 2
		}
		return s, s, nil
	case partSplit:
		if depth == trie.Bits {
			return side{}, side{}, errPart
		}
		return r.split(depth)
	case partAdded, partRemoved, partChanged:
		return r.voter(b[0], depth)
	}
	return side{}, side{}, errPart
}

func (r *reader) split(depth int) (old, now side, err error) {
	mask := byte(1) << (7 - depth%8)
	r.path[depth/8] &^= mask
	oldLeft, nowLeft, err := r.part(depth + 1)
	if err != nil {
		return side{}, side{}, err
	}
	r.path[depth/8] |= mask
	oldRight, nowRight, err := r.part(depth + 1)
	r.path[depth/8] &^= mask
	return join(oldLeft, oldRight), join(nowLeft, nowRight), err
}

// voter reads one that differs, and checks that it stands where its id leads.
func (r *reader) voter(kind byte, depth int) (old, now side, err error) {
	b, err := r.take(len(ID{}) + len(Hash{})*(1+len(r.fields)))
	if err != nil {
		return side{}, side{}, err
	}
	id := ID(b)
	for i := range depth {
		if id.Bit(i) != r.path.Bit(i) {
			return side{}, side{}, errPlace
		}
	}
	commitments := make([]Hash, 1+len(r.fields))
	for i := range commitments {
		commitments[i] = Hash(b[len(ID{})+i*len(Hash{}):][:len(Hash{})])
	}
	first := side{leafOf(id, commitments), 1}
	switch kind {
	case partAdded:
		r.balance++
		r.found = append(r.found, Differing{ID: id, Kind: Added})
		return side{}, first, nil
	case partRemoved:
		r.balance--
		r.found = append(r.found, Differing{ID: id, Kind: Removed})
		return first, side{}, nil
	}
	fields, err := r.newer(commitments)
	r.found = append(r.found, Differing{ID: id, Kind: Changed, Fields: fields})
	return first, side{leafOf(id, commitments), 1}, err
}

// newer replaces the commitments that changed.
func (r *reader) newer(commitments []Hash) (fields []string, err error) {
	b, err := r.take(4)
	if err != nil {
		return nil, err
	}
	which := binary.BigEndian.Uint32(b)
	if which == 0 || uint64(which)>>len(r.fields) != 0 {
		return nil, errOrder
	}
	for i, name := range r.fields {
		if which>>i&1 == 0 {
			continue
		}
		h, err := r.take(len(Hash{}))
		if err != nil {
			return nil, err
		}
		if commitments[1+i] == Hash(h) {
			return nil, errOrder
		}
		commitments[1+i], fields = Hash(h), append(fields, name)
	}
	return fields, nil
}
