package watchlist

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"entente/match/group"
	"entente/observable"
	"entente/statement"
)

// MaxQuery is how many items one query may ask about.
const MaxQuery = 1 << 15

// A query is the announcement's digest (32) and blinded points; an answer is
// the evaluated points in the same order, a proof (64) and the owner's
// signature over both (64).
const (
	queryHead  = 32
	answerTail = group.ProofSize + ed25519.SignatureSize
)

// Query is one side's question about some items, before it is answered.
type Query struct {
	about  *Announcement
	items  []observable.Value
	blinds []*group.Scalar
	raw    []byte
}

// Ask blinds items for a question. The blinds are drawn anew for each, so two
// questions about one item look unlike.
func Ask(a *Announcement, items []observable.Value, random io.Reader) (*Query, error) {
	if len(items) == 0 || len(items) > MaxQuery {
		return nil, statement.Refuse(statement.CodeSize, "a question about %d items", len(items))
	}
	q := &Query{about: a, items: slices.Clone(items), blinds: make([]*group.Scalar, len(items))}
	for i := range q.blinds {
		var err error
		if q.blinds[i], err = group.RandomScalar(random); err != nil {
			return nil, err
		}
	}
	d := a.Digest()
	q.raw = append(d[:], make([]byte, len(items)*group.Size)...)
	s := newSuite(modeVOPRF)
	group.Each(len(items), func(from, to int) {
		for i := from; i < to; i++ {
			p := s.hash(a.input(items[i]))
			b := p.Mul(q.blinds[i])
			e := b.Encode()
			copy(q.raw[queryHead+i*group.Size:], e[:])
		}
	})
	return q, nil
}

// filler is the type of dummies, which are no item of anybody's.
const filler observable.Type = "padding"

// Fill adds dummies to items, so that a question tells nothing of how many there
// are. The answer's hits are never of a dummy.
func Fill(items []observable.Value, size int, random io.Reader) ([]observable.Value, error) {
	list := slices.Clone(items)
	for len(list) < size {
		var b [32]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return nil, fmt.Errorf("draw a dummy: %w", err)
		}
		list = append(list, observable.Value{Type: filler, Canonical: hex.EncodeToString(b[:])})
	}
	return list, nil
}

// Bytes is what is sent to the owner.
func (q *Query) Bytes() []byte { return bytes.Clone(q.raw) }

// QueryItems returns how many items a query asks about. It is what a budget
// counts, before anything else is done.
func QueryItems(query []byte) (int, error) {
	n := (len(query) - queryHead) / group.Size
	if len(query) < queryHead || (len(query)-queryHead)%group.Size != 0 || n < 1 || n > MaxQuery {
		return 0, statement.Refuse(statement.CodeSize, "a query of %d bytes", len(query))
	}
	return n, nil
}

// CheckQuery checks a question whose sender committed to so many items, without
// any secret: one that is wrong, with the commitment, is evidence.
func CheckQuery(a *Announcement, query []byte, items int) error {
	_, err := a.points(query, items)
	return err
}

func (a *Announcement) points(query []byte, items int) ([]group.Point, error) {
	n, err := QueryItems(query)
	if err != nil {
		return nil, err
	}
	if d := a.Digest(); !bytes.Equal(query[:queryHead], d[:]) {
		return nil, statement.Refuse(statement.CodeState, "a question about another list")
	}
	if n != items {
		return nil, statement.Refuse(statement.CodeSize, "a question about %d items that was said to be about %d", n, items)
	}
	in := make([]group.Point, n)
	if bad := group.DecodeAll(query[queryHead:], in); bad >= 0 {
		return nil, statement.Refuse(statement.CodeValue, "point %d is none", bad)
	}
	return in, nil
}

// Answer evaluates a query; left is how many items its sender may still ask
// about in this epoch. The error is a *statement.Refusal, or random's.
func (o *Owner) Answer(query []byte, left int, random io.Reader) ([]byte, error) {
	n, err := QueryItems(query)
	if err != nil {
		return nil, err
	}
	switch {
	case o.key == nil:
		return nil, statement.Refuse(statement.CodeState, "the epoch is over and its key is gone")
	case n > left:
		return nil, statement.Refuse(statement.CodeBudget, "%d questions, %d are left", n, left)
	}
	in, err := o.Announcement.points(query, n)
	if err != nil {
		return nil, err
	}
	answer := make([]byte, n*group.Size, n*group.Size+answerTail)
	group.LockAll(o.key, in, answer)
	pr, err := o.prove(query, in, answer, random)
	if err != nil {
		return nil, err
	}
	answer = append(answer, pr[:]...)
	d := answerDigest(query, answer)
	return append(answer, ed25519.Sign(o.signer, d[:])...), nil
}

func answerDigest(query, answer []byte) statement.Digest {
	return statement.TaggedSum("entente/match/v1 answer", binary.BigEndian.AppendUint32(nil, uint32(len(query))), query, answer)
}

// weights depend on every point asked about and answered.
func (a *Announcement) weights(query, points []byte) group.Weights {
	return group.NewWeights([]byte("answer"), a.Key[:], query, points)
}

func (o *Owner) prove(query []byte, in []group.Point, points []byte, random io.Reader) (group.Proof, error) {
	if len(in) == 1 {
		out := in[0].Mul(o.key)
		return newSuite(modeVOPRF).prove(o.key, &in[0], &out, random)
	}
	w := o.Announcement.weights(query, points)
	base := w.Sum(0, in)
	image := base.Mul(o.key)
	return group.Equal(o.key, o.Announcement.context(), &base, &image, random)
}

// CheckAnswer checks an answer to a query without any secret: anybody who has
// both and the announcement can, so a wrong answer, signed, is evidence. An
// answer that its owner did not sign gives E_SIG and is evidence of nothing.
func (a *Announcement) CheckAnswer(query, answer []byte) error {
	_, err := a.checked(query, answer)
	return err
}

func (a *Announcement) checked(query, answer []byte) ([]group.Point, error) {
	n, err := QueryItems(query)
	if err != nil {
		return nil, err
	}
	cut := len(answer) - ed25519.SignatureSize
	if cut < 0 {
		return nil, statement.Refuse(statement.CodeSize, "an answer of %d bytes to %d questions", len(answer), n)
	}
	d := answerDigest(query, answer[:cut])
	if !ed25519.Verify(a.Signer, d[:], answer[cut:]) {
		return nil, statement.Refuse(statement.CodeSignature, "the answer is not signed by %s", a.Party)
	}
	if len(answer) != n*group.Size+answerTail {
		return nil, statement.Refuse(statement.CodeSize, "an answer of %d bytes to %d questions", len(answer), n)
	}
	points := answer[:n*group.Size]
	in, out := make([]group.Point, n), make([]group.Point, n)
	if bad := group.DecodeAll(query[queryHead:], in); bad >= 0 {
		return nil, statement.Refuse(statement.CodeValue, "question %d is no point", bad)
	}
	if bad := group.DecodeAll(points, out); bad >= 0 {
		return nil, statement.Refuse(statement.CodeValue, "answer %d is no point", bad)
	}
	key, err := group.Decode(a.Key[:])
	if err != nil {
		return nil, err
	}
	pr := group.Proof(answer[n*group.Size : cut])
	if n == 1 {
		return out, newSuite(modeVOPRF).verify(&key, &in[0], &out[0], pr)
	}
	w := a.weights(query, points)
	base, image := w.Sum(0, in), w.Sum(0, out)
	return out, group.CheckEqual(&key, a.context(), &base, &image, pr)
}

// Hit is an item that was asked about and is on the list.
type Hit struct {
	Item observable.Value
	// Echo proves to the owner that the item was evaluated: what of the hash is
	// not in the file. Whoever sees it learns that there was a hit on its token.
	Echo Echo
	// Place and Blind open the question at this item and no other, for whoever is
	// to see that its owner's list held it.
	Place int
	Blind [32]byte
}

// Echo is the whole hash of a hit.
type Echo [64]byte

// Open checks an answer and looks the items up in the file, whose every block an
// Intake has taken. It erases the blinds: a query is opened once, unless the file
// cannot be read.
func (q *Query) Open(answer []byte, file File) ([]Hit, error) {
	out, err := q.about.checked(q.raw, answer)
	if err != nil {
		return nil, err
	}
	if q.blinds == nil {
		return nil, statement.Refuse(statement.CodeState, "this answer was opened before")
	}
	blinds := make([][32]byte, len(out))
	for i, b := range q.blinds {
		copy(blinds[i][:], b.Bytes())
	}
	group.InvertAll(q.blinds)
	hashes := make([]Echo, len(out))
	group.Each(len(out), func(from, to int) {
		for i := from; i < to; i++ {
			p := out[i].Mul(q.blinds[i])
			hashes[i] = finalize(q.about.input(q.items[i]), &p)
		}
	})
	defer clear(blinds)
	var hits []Hit
	for i, h := range hashes {
		_, found, err := find(file, h[:TokenSize])
		if err != nil {
			group.InvertAll(q.blinds) // as they were
			return nil, err
		}
		if found && q.items[i].Type != filler {
			hits = append(hits, Hit{Item: q.items[i], Echo: h, Place: i, Blind: blinds[i]})
		}
	}
	for _, b := range q.blinds {
		b.Erase()
	}
	q.blinds = nil
	return hits, nil
}

// CheckEcho returns the item of the list that an echo proves to have been asked
// about. The error is a *statement.Refusal with E_PROOF.
func (o *Owner) CheckEcho(e Echo) (observable.Value, error) {
	if o.key == nil {
		return observable.Value{}, statement.Refuse(statement.CodeState, "the epoch is over and its key is gone")
	}
	at, found, err := find(bytes.NewReader(o.tokens), e[:TokenSize])
	if err != nil {
		return observable.Value{}, err
	}
	for ; found && at < len(o.items) && bytes.Equal(o.tokens[at*TokenSize:][:TokenSize], e[:TokenSize]); at++ {
		if int(o.items[at]) >= o.set.Len() {
			continue // a dummy
		}
		var one [1]observable.Value
		if err := o.set.Read(int(o.items[at]), one[:]); err != nil {
			return observable.Value{}, err
		}
		if o.output(one[0]) == e {
			return one[0], nil
		}
	}
	return observable.Value{}, statement.Refuse(statement.CodeProof, "the echo is of no item on the list")
}
