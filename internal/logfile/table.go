package logfile

// place says where a leaf is: its offset in log (48 bits) and its length (16).
type place uint64

func newPlace(offset int64, length int) place { return place(offset)<<16 | place(uint16(length)) }

func (p place) offset() int64 { return int64(p >> 16) }

func (p place) length() int { return int(uint16(p)) }

const chunkLeaves = 4096

// table holds twelve bytes for each leaf, in chunks that never move.
type table struct {
	n      uint64
	chunks []*chunk
}

type chunk struct {
	places [chunkLeaves]place
	back   [chunkLeaves]uint32 // distance from the leaf back to its batch's header
}

func (t *table) add(p place, back uint32) {
	if t.n%chunkLeaves == 0 {
		t.chunks = append(t.chunks, new(chunk))
	}
	c := t.chunks[t.n/chunkLeaves]
	c.places[t.n%chunkLeaves], c.back[t.n%chunkLeaves] = p, back
	t.n++
}

// at returns the leaf's place and the offset of its batch.
func (t *table) at(index uint64) (place, int64) {
	c := t.chunks[index/chunkLeaves]
	p := c.places[index%chunkLeaves]
	return p, p.offset() - int64(c.back[index%chunkLeaves])
}
