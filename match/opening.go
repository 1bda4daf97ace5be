package match

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"entente/match/group"
	"entente/match/tree"
	"entente/observable"
	"entente/statement"
)

// padding is the type of dummies; no observable has it.
const padding observable.Type = "padding"

const pointDST = "entente/match/v1 ristretto255_XMD:SHA-512_R255MAP_RO_"

// hashItem maps an item of a run to its point. The run's id is in it, so no
// point of one run means anything in another, and the type is, so that two
// hashes of one length are two items.
func hashItem(sid SID, v observable.Value) group.Point {
	return group.Hash(pointDST, fields(sid[:], []byte(v.Type), []byte(v.Canonical)))
}

// fields puts byte strings behind one another, each with its length.
func fields(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

// leafOf commits to an item under a salt.
func leafOf(salt [32]byte, v observable.Value) tree.Digest {
	return statement.TaggedSum("entente/match/v1 item", salt[:], fields([]byte(v.Type), []byte(v.Canonical)))
}

// saltOf derives an item's salt from the party's seed. It is the same in every
// stock and run, so that one opening fits all; nobody without the seed can try
// out items on a leaf.
func saltOf(seed [32]byte, v observable.Value) [32]byte {
	mac := hmac.New(sha256.New, seed[:])
	mac.Write(fields([]byte("entente/match/v1 salt"), []byte(v.Type), []byte(v.Canonical)))
	return [32]byte(mac.Sum(nil))
}

// dummy is the i-th item that fills a list up, of a secret of this run alone.
func dummy(secret [32]byte, i int) observable.Value {
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(binary.BigEndian.AppendUint64([]byte("entente/match/v1 dummy"), uint64(i)))
	return observable.Value{Type: padding, Canonical: hex.EncodeToString(mac.Sum(nil))}
}

// Opening shows one item of a list: what stands behind a point and a leaf.
type Opening struct {
	Index int // in the list of the side that opens
	Item  observable.Value
	Salt  [32]byte
	Path  []tree.Digest // to the commit's root
	// Stock is which of the side's stocks the item is in too, or -1.
	Stock      int
	StockIndex int
	StockPath  []tree.Digest
}

// Padding reports whether the item is a dummy, which fills the list up.
func (o *Opening) Padding() bool { return o.Item.Type == padding }

// page is the body of receipts and openings: some openings, and one proof that
// each opened item, locked with the side's key, is the point at its index.
type page struct {
	last     bool
	openings []Opening
	proof    group.Proof
}

// MaxItem is the longest canonical value that a set may hold, in bytes: a page
// of openings stays below MaxBody.
const MaxItem = 4096

const (
	pageItems = 128
	keptBytes = 64 << 20 // of the pages of one side, so that evidence can show them
)

func (o *Opening) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(o.Index))
	b = append(append(b, byte(len(o.Item.Type))), o.Item.Type...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(o.Item.Canonical)))
	b = append(append(b, o.Item.Canonical...), o.Salt[:]...)
	for _, d := range o.Path {
		b = append(b, d[:]...)
	}
	b = append(b, byte(o.Stock+1))
	if o.Stock < 0 {
		return b
	}
	b = binary.BigEndian.AppendUint32(b, uint32(o.StockIndex))
	for _, d := range o.StockPath {
		b = append(b, d[:]...)
	}
	return b
}

// body is what the proof is bound to: all but the proof.
func (p *page) body() []byte {
	last := byte(0)
	if p.last {
		last = 1
	}
	b := binary.BigEndian.AppendUint16([]byte{last}, uint16(len(p.openings)))
	for i := range p.openings {
		b = p.openings[i].append(b)
	}
	return b
}

func (p *page) marshal() []byte { return append(p.body(), p.proof[:]...) }

// reader takes fields from bytes; after a failure everything is empty.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) number(size int) int {
	n := 0
	for _, c := range r.take(size) {
		n = n<<8 | int(c)
	}
	return n
}

func (r *reader) digest() (d [32]byte) {
	copy(d[:], r.take(32))
	return d
}

func (r *reader) path(i, n int) []tree.Digest {
	if i >= n {
		r.bad = true
	}
	if r.bad {
		return nil
	}
	path := make([]tree.Digest, 0, tree.PathLen(i, n))
	for range tree.PathLen(i, n) {
		path = append(path, r.digest())
	}
	return path
}

// parsePage reads a page of openings of a side's list.
func parsePage(b []byte, s *Side) (*page, error) {
	if len(b) < group.ProofSize {
		return nil, statement.Refuse(statement.CodeSize, "a page of %d bytes", len(b))
	}
	p := &page{proof: group.Proof(b[len(b)-group.ProofSize:])}
	r := &reader{b: b[:len(b)-group.ProofSize]}
	flag, n := r.number(1), r.number(2)
	if r.bad || flag > 1 || n > pageItems {
		return nil, statement.Refuse(statement.CodeSize, "a page of %d openings", n)
	}
	p.last = flag == 1
	for range n {
		o := Opening{Index: r.number(4)}
		o.Item.Type = observable.Type(r.take(r.number(1)))
		long := r.number(2)
		if long > MaxItem {
			r.bad = true
		}
		o.Item.Canonical = string(r.take(long))
		o.Salt = r.digest()
		o.Path = r.path(o.Index, s.Items)
		o.Stock = r.number(1) - 1
		if o.Stock >= len(s.Stocks) {
			r.bad = true
		}
		if !r.bad && o.Stock >= 0 {
			o.StockIndex = r.number(4)
			o.StockPath = r.path(o.StockIndex, s.Stocks[o.Stock].Items)
		}
		if r.bad {
			return nil, statement.Refuse(statement.CodeSize, "a page that ends within an opening, or opens what is not there")
		}
		p.openings = append(p.openings, o)
	}
	if len(r.b) > 0 {
		return nil, statement.Refuse(statement.CodeSize, "a page with %d bytes too many", len(r.b))
	}
	return p, nil
}
