package parquet

// names finds the numbers of a column's values that are names: few, the same strings for every row, and what follows one is nearly
// always what followed it last time in a row of the same kind.
type names struct {
	dict *dictionary
	held []string // the first: comparing a string with itself takes no look at its bytes

	kind uint8          // of the row
	now  []int32        // what came after each name in rows of this kind: by the name's number and one, 0 where a row begins
	next [kinds][]int32 // now of the other kinds
	last int32          // the place in now
	text []byte
}

const (
	kinds     = 16 // of rows, told apart by their datasets
	heldNames = 256
	fewNames  = 8 // that are looked at before any hash is made
)

// begin says that names of another row come, and of which kind it is.
func (n *names) begin(kind int32) {
	if k := uint8(kind) % kinds; k != n.kind {
		n.next[n.kind], n.now, n.kind = n.now, n.next[k], k
	}
	n.last = 0
}

// after says what the next name follows: the value of another column, by its number there.
func (n *names) after(other int32) { n.last = other + 1 }

// guess returns the number of a name that was foreseen; of another it is -1, and find has to be asked.
func (n *names) guess(s string) int32 {
	if int(n.last) < len(n.now) {
		if g := n.now[n.last]; int(g) < len(n.held) && n.held[g] == s {
			n.last = g + 1
			return g
		}
	}
	return -1
}

// find returns the number of a name, -1 if the dictionary has no room for it.
func (n *names) find(s string) int32 {
	id := n.look(s)
	if id >= 0 {
		for len(n.now) <= int(n.last) {
			n.now = append(n.now, 0)
		}
		n.now[n.last], n.last = id, id+1
	}
	return id
}

func (n *names) look(s string) int32 {
	for id := range n.held[:min(len(n.held), fewNames)] {
		if n.held[id] == s {
			return int32(id)
		}
	}
	n.text = append(n.text[:0], s...)
	id := n.dict.number(n.text)
	if id < 0 && len(n.held) > 0 {
		n.reset() // those that have numbers are not to be found any more either
	}
	if int(id) == len(n.held) && id < heldNames {
		n.held = append(n.held, s)
	}
	return id
}

// reset forgets all, as its dictionary does.
func (n *names) reset() {
	n.next[n.kind] = n.now
	for i := range n.next {
		n.next[i] = n.next[i][:0]
	}
	clear(n.held)
	n.now, n.held, n.last = n.next[n.kind], n.held[:0], 0
}
