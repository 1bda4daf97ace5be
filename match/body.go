package match

import (
	"encoding/binary"

	"entente/match/group"
	"entente/statement"
)

// Parts is into how many chunks each list is cut. The named lists are
// exchanged one chunk against another, so that whoever runs off with the
// result is ahead by one part in 64.
const Parts = 64

// chunkItems is how many points a chunk of a list of n has; the last may have
// fewer.
func chunkItems(n int) int { return (n + Parts - 1) / Parts }

// chunks is how many chunks a list of n has.
func chunks(n int) int { return (n + chunkItems(n) - 1) / chunkItems(n) }

// chunkRange is which points chunk i of a list of n holds.
func chunkRange(n, i int) (from, to int) {
	size := chunkItems(n)
	return i * size, min((i+1)*size, n)
}

// Commit is the body of M1: what a side cannot change afterwards.
type Commit struct {
	Items int              // length of its list
	Key   group.Encoded    // k·G
	Know  group.Proof      // that k is known, by this side, in this run
	List  statement.Digest // of its locked list
	Root  statement.Digest // over the salted items, in the order of the list
	Nonce statement.Digest // of the number that will choose what is audited
}

const commitSize = 4 + 32 + 64 + 3*32

func (c *Commit) marshal() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, commitSize), uint32(c.Items))
	b = append(append(b, c.Key[:]...), c.Know[:]...)
	return append(append(append(b, c.List[:]...), c.Root[:]...), c.Nonce[:]...)
}

func parseCommit(b []byte) (*Commit, error) {
	if len(b) != commitSize {
		return nil, statement.Refuse(statement.CodeSize, "a commit of %d bytes", len(b))
	}
	return &Commit{
		Items: int(binary.BigEndian.Uint32(b)),
		Key:   group.Encoded(b[4:36]), Know: group.Proof(b[36:100]),
		List: statement.Digest(b[100:132]), Root: statement.Digest(b[132:164]), Nonce: statement.Digest(b[164:196]),
	}, nil
}

// outline is the body of an outline: the hash of each chunk, and for a named
// list the proof that it was locked with the sender's key.
type outline struct {
	hashes []statement.Digest
	proof  *group.Proof
}

func (o *outline) marshal() []byte {
	b := make([]byte, 0, 32*len(o.hashes)+group.ProofSize)
	for _, h := range o.hashes {
		b = append(b, h[:]...)
	}
	if o.proof != nil {
		b = append(b, o.proof[:]...)
	}
	return b
}

func parseOutline(b []byte, list List, n int) (*outline, error) {
	want := 32 * chunks(n)
	if list == ListNamed {
		want += group.ProofSize
	}
	if len(b) != want {
		return nil, statement.Refuse(statement.CodeSize, "an outline of %d bytes for a list of %d points", len(b), n)
	}
	o := &outline{}
	for i := range chunks(n) {
		o.hashes = append(o.hashes, statement.Digest(b[32*i:]))
	}
	if list == ListNamed {
		p := group.Proof(b[len(b)-group.ProofSize:])
		o.proof = &p
	}
	return o, nil
}

// digest is what a commit or a returned message says of a list: hash over its
// length and the hashes of its chunks.
func (o *outline) digest(n int) statement.Digest {
	b := binary.BigEndian.AppendUint32(nil, uint32(n))
	for _, h := range o.hashes {
		b = append(b, h[:]...)
	}
	return statement.TaggedSum("entente/match/v1 list", b)
}

func chunkHash(points []byte) statement.Digest {
	return statement.TaggedSum("entente/match/v1 chunk", points)
}

// outlineOf hashes a list.
func outlineOf(list []byte) *outline {
	n, o := len(list)/group.Size, &outline{}
	for i := range chunks(n) {
		from, to := chunkRange(n, i)
		o.hashes = append(o.hashes, chunkHash(list[from*group.Size:to*group.Size]))
	}
	return o
}

// Returned is the body of M3a: the digests of the partner's list, locked
// again, in its order and sorted.
type Returned struct{ Named, Sorted statement.Digest }

func (r *Returned) marshal() []byte {
	return append(append([]byte(nil), r.Named[:]...), r.Sorted[:]...)
}

func parseReturned(b []byte) (*Returned, error) {
	if len(b) != 64 {
		return nil, statement.Refuse(statement.CodeSize, "a returned message of %d bytes", len(b))
	}
	return &Returned{statement.Digest(b[:32]), statement.Digest(b[32:])}, nil
}

// Closing is the body of M7. It holds digests and numbers only.
type Closing struct {
	Count    int              // of items that both hold
	Receipts statement.Digest // of the receipts that this side got, page after page
	Openings statement.Digest // of the audit's openings that it got
	// Self is the digest of its self-proof: with the proof and every item
	// opened, an auditor whom both accept can check the whole list later.
	Self    statement.Digest
	Began   int64 // Unix milliseconds
	Ended   int64
	Left    uint64         // guesses that the partner has left, after this run
	Verdict statement.Code // empty: all that this side could check was right
}

func (c *Closing) marshal() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(c.Count))
	b = append(append(append(b, c.Receipts[:]...), c.Openings[:]...), c.Self[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Began))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Ended))
	b = binary.BigEndian.AppendUint64(b, c.Left)
	return append(append(b, byte(len(c.Verdict))), c.Verdict...)
}

const closingSize = 4 + 3*32 + 3*8 + 1

func parseClosing(b []byte) (*Closing, error) {
	if len(b) < closingSize || len(b) != closingSize+int(b[closingSize-1]) {
		return nil, statement.Refuse(statement.CodeSize, "a closing of %d bytes", len(b))
	}
	c := &Closing{
		Count:    int(binary.BigEndian.Uint32(b)),
		Receipts: statement.Digest(b[4:]), Openings: statement.Digest(b[36:]), Self: statement.Digest(b[68:]),
		Began: int64(binary.BigEndian.Uint64(b[100:])), Ended: int64(binary.BigEndian.Uint64(b[108:])),
		Left: binary.BigEndian.Uint64(b[116:]),
	}
	code, err := parseCode(b[closingSize:])
	c.Verdict = code
	if err == nil && (c.Began < 0 || c.Ended < c.Began || c.Ended > statement.MaxTime) {
		err = field("a run that ended before it began")
	}
	return c, err
}

// parseCode reads a reason code, or none.
func parseCode(b []byte) (statement.Code, error) {
	if len(b) > 32 {
		return "", field("a code of %d bytes", len(b))
	}
	for _, c := range b {
		if !(c >= 'A' && c <= 'Z' || c == '_') {
			return "", field("a code of other characters")
		}
	}
	return statement.Code(b), nil
}

// Abort is the body of an abort: the reason, and the last message that counted.
type Abort struct {
	Code  statement.Code
	Fault int // side that is said to be at fault, or -1
}

func (a *Abort) marshal() []byte { return append([]byte{byte(a.Fault + 1)}, a.Code...) }

func parseAbort(b []byte) (*Abort, error) {
	if len(b) < 2 || b[0] > 2 {
		return nil, field("an abort names a side and a code")
	}
	code, err := parseCode(b[1:])
	return &Abort{code, int(b[0]) - 1}, err
}
