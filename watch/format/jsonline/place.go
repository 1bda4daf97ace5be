package jsonline

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
	parent    int
	path, key []byte
	spelled   []byte // the key as it stands in a line, with quotes and colon; empty if it needs escapes
	next      int    // the place that came after it, a guess
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

// expect returns the place of the key at the start of rest if it is the one that is guessed, else unknown.
func (p *places) expect(parent int, rest []byte) int {
	next := p.all[p.before].next
	g := &p.all[next]
	if n := len(g.spelled); g.parent != parent || n == 0 || n > len(rest) || string(rest[:n]) != string(g.spelled) {
		return unknown
	}
	p.before = next
	return next
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
	if plain(key, 0) == len(key) {
		fresh.spelled = append(append([]byte{'"'}, key...), '"', ':')
	}
	p.all = append(p.all, fresh)
	p.numbers[placeKey{parent, string(key)}] = n
	return n
}
