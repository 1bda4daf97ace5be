package jsonline

import (
	"encoding/binary"
	"math"

	"entente/watch/quote"
)

// MaxPlaces is how many paths a walker remembers. Those of all kinds of lines of one log are some hundreds.
const MaxPlaces = 4096

// maxPath is the longest path remembered, in bytes.
const maxPath = 512

// Numbers of places that are none.
const (
	outermost = 0
	unknown   = -1
)

// places are the paths seen, each known by its object's and its key. The lines of a log are much alike: what comes after a key is
// nearly always what came after it last time.
type places struct {
	all     []place
	numbers map[placeKey]int
	before  int // the place found last
}

type place struct {
	parent int
	next   int // the place that came after it, a guess

	// The key as it stands in a line, with quotes and colon; empty if it needs escapes. Up to sixteen bytes are compared as their first
	// and last eight.
	spelled     []byte
	first, last uint64
	mask        uint64 // what of these counts: not all, if there are fewer than eight bytes
	tail        int    // where last begins

	path, key []byte
	quiet     bool // its numbers and words are not shown
}

type placeKey struct {
	parent int
	key    string
}

func (p *places) begin() {
	if p.all == nil {
		p.all, p.numbers = append(make([]place, 0, 64), place{parent: unknown - 1}), make(map[placeKey]int)
	}
	p.before = outermost
}

// expect returns the place of the key that stands at line[at] if it is the one that is guessed, else unknown.
func (p *places) expect(parent int, line []byte, at int) int {
	next := p.all[p.before].next
	if !p.all[next].stands(parent, line, at) {
		return unknown
	}
	return next
}

// stands says that the place's key is at line[at]. It may miss one at the very end of the line.
func (g *place) stands(parent int, line []byte, at int) bool {
	n := len(g.spelled)
	return g.parent == parent && n > 0 && max(n, 8) <= len(line)-at &&
		((binary.LittleEndian.Uint64(line[at:])^g.first)|(binary.LittleEndian.Uint64(line[at+g.tail:])^g.last))&g.mask == 0 &&
		(n <= 16 || string(line[at:at+n]) == string(g.spelled))
}

// spell is what stands looks at.
func (g *place) spell(key []byte) {
	g.spelled = append(append(append(make([]byte, 0, len(key)+3), '"'), key...), '"', ':')
	var padded [8]byte
	copy(padded[:], g.spelled)
	n := len(g.spelled)
	g.tail = max(n-8, 0)
	g.mask = math.MaxUint64
	if n < 8 {
		g.mask = 1<<(8*n) - 1
	}
	g.first = binary.LittleEndian.Uint64(padded[:])
	if g.last = g.first; n > 8 {
		g.last = binary.LittleEndian.Uint64(g.spelled[g.tail:])
	}
}

// find returns the place of a key in an object, unknown if it is not remembered.
func (p *places) find(parent int, key []byte) int {
	n := p.search(parent, key)
	if n != unknown {
		p.all[p.before].next = n
		p.before = n
	}
	return n
}

func (p *places) search(parent int, key []byte) int {
	if parent == unknown {
		return unknown
	}
	if n, ok := p.numbers[placeKey{parent, string(key)}]; ok {
		return n
	}
	above := p.all[parent].path
	if len(p.all) > MaxPlaces || len(above)+1+len(key) > maxPath {
		return unknown
	}
	path := append(make([]byte, 0, len(above)+1+len(key)), above...)
	if parent != outermost {
		path = append(path, '.')
	}
	at := len(path)
	path = append(path, key...)
	n := len(p.all)
	fresh := place{parent: parent, path: path, key: path[at:]}
	if marks, _ := quote.Index(nil, key); len(marks) == 0 {
		fresh.spell(key)
	}
	p.all = append(p.all, fresh)
	p.numbers[placeKey{parent, string(key)}] = n
	return n
}
