package match

import (
	"bufio"
	"crypto/ed25519"
	"encoding/binary"
	"io"

	"entente/statement"
)

// A transcript is a run in a file: a line that names the format, the manifest
// with both signatures, then messages in the order of the protocol, each as it
// was signed, logged ones with their place. It ends with a record of its own,
// so that a cut is seen. A run that was ended by a fault has the refused
// message last: then the transcript is the evidence.
const transcriptMagic = "entente match transcript v1\n"

const (
	recordEnd    = 0
	recordPlain  = 1
	recordLogged = 2
	recordFault  = 4 // added to one of the two before: the message was refused
)

// WriteTranscript writes what has been said so far. With items, it holds the
// receipts and openings, which show items; without, nothing in it does.
func (r *Run) WriteTranscript(w io.Writer, items bool) error {
	out := bufio.NewWriter(w)
	a := r.c.Agreed
	b := binary.BigEndian.AppendUint32([]byte(transcriptMagic), uint32(len(a.Bytes)))
	b = append(append(append(b, a.Bytes...), a.Signatures[0][:]...), a.Signatures[1][:]...)
	if _, err := out.Write(b); err != nil {
		return err
	}
	for _, step := range steps(items) {
		for side := range r.board.sides {
			if err := r.writeStep(out, side, step); err != nil {
				return err
			}
		}
	}
	if f := r.fault; f != nil && f.Message != nil {
		m, err := ParseMessage(f.Message)
		private := err == nil && (m.ID.Kind == KindReceipts || m.ID.Kind == KindOpenings)
		if private && !items {
			return statement.Refuse(statement.CodeState, "the evidence is a message that shows items")
		}
		if err := writeRecord(out, recordFault, f.Message, f.Place); err != nil {
			return err
		}
	}
	if err := out.WriteByte(recordEnd); err != nil {
		return err
	}
	return out.Flush()
}

// steps are the messages of one side in the order of a run; Index -1 stands
// for all there are.
func steps(items bool) []ID {
	list := []ID{{Kind: KindCommit}}
	add := func(ids ...ID) { list = append(list, ids...) }
	add(ID{Kind: KindOutline, List: ListOwn}, ID{Kind: KindChunk, List: ListOwn, Index: -1}, ID{Kind: KindReturned})
	add(ID{Kind: KindOutline, List: ListSorted}, ID{Kind: KindChunk, List: ListSorted, Index: -1}, ID{Kind: KindCount})
	add(ID{Kind: KindOutline, List: ListNamed}, ID{Kind: KindChunk, List: ListNamed, Index: -1})
	if items {
		add(ID{Kind: KindReceipts, Index: -1})
	}
	add(ID{Kind: KindNonce})
	if items {
		add(ID{Kind: KindOpenings, Index: -1})
	}
	add(ID{Kind: KindClosing}, ID{Kind: KindAbort})
	return list
}

// writeStep writes the messages of a step that are there.
func (r *Run) writeStep(out io.Writer, side int, step ID) error {
	last := step.Index
	if last < 0 {
		step.Index, last = 0, MaxItems
	}
	for ; step.Index <= last; step.Index++ {
		body, err := r.board.body(side, step)
		if err != nil || body == nil {
			return err
		}
		m := Message{ID: step, Side: side, SID: r.c.Agreed.SID, Body: body}
		rec, ok := r.board.sides[side].records[step]
		switch {
		case ok && side != r.side:
			m.Sig = rec.sig
		case side == r.side && (ok || step.Kind == KindOutline || step.Kind == KindChunk) && r.ready(step):
			m.sign(r.c.Key)
		default:
			return nil
		}
		if err := writeRecord(out, 0, m.Marshal(), rec.place); err != nil {
			return err
		}
	}
	return nil
}

func writeRecord(out io.Writer, flag byte, raw []byte, place *Place) error {
	b := []byte{flag | recordPlain}
	if place != nil {
		b[0] = flag | recordLogged
		b = binary.BigEndian.AppendUint64(b, place.Index)
		b = binary.BigEndian.AppendUint64(b, uint64(place.Time))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(raw)))
	if _, err := out.Write(b); err != nil {
		return err
	}
	_, err := out.Write(raw)
	return err
}

// body is the body of a message that a side has said, or nil.
func (b *board) body(side int, id ID) ([]byte, error) {
	h := &b.sides[side]
	l := &h.lists[id.List]
	switch {
	case id.Kind == KindCommit && h.commit != nil:
		return h.commit.marshal(), nil
	case id.Kind == KindOutline && l.outline != nil:
		return l.outline.marshal(), nil
	case id.Kind == KindChunk && l.outline != nil && id.Index < l.got:
		from, to := chunkRange(b.items(side^min(1, int(id.List))), id.Index)
		if id.List == ListNamed {
			body := make([]byte, 0, (to-from)*rankSize)
			for _, rank := range h.ranks[from:to] {
				body = binary.BigEndian.AppendUint32(body, rank)
			}
			return body, nil
		}
		return l.points(from, to)
	case id.Kind == KindReturned && h.returned != nil:
		return h.returned.marshal(), nil
	case id.Kind == KindCount && h.counted:
		return binary.BigEndian.AppendUint32(nil, uint32(b.count)), nil
	case id.Kind == KindReceipts && id.Index < len(h.receipts.bodies):
		return h.receipts.bodies[id.Index], nil
	case id.Kind == KindNonce && h.nonce != nil:
		return h.nonce[:], nil
	case id.Kind == KindOpenings && id.Index < len(h.openings.bodies):
		return h.openings.bodies[id.Index], nil
	case id.Kind == KindClosing && h.closing != nil:
		return h.closing.marshal(), nil
	case id.Kind == KindAbort && h.abort != nil:
		return h.abort.marshal(), nil
	}
	return nil, nil
}

// record is one message of a transcript.
type record struct {
	raw   []byte
	place *Place
	fault bool
	end   bool
}

// readRecord reads the next record; lengths are checked before memory is taken.
func readRecord(in *bufio.Reader) (record, error) {
	flag, err := in.ReadByte()
	if err != nil {
		return record{}, cut(err)
	}
	rec := record{fault: flag&recordFault != 0, end: flag == recordEnd}
	if rec.end {
		return rec, nil
	}
	kind := flag &^ recordFault
	if kind != recordPlain && kind != recordLogged {
		return rec, statement.Refuse(statement.CodeKind, "no record %d", flag)
	}
	var head [20]byte
	b := head[:4]
	if kind == recordLogged {
		b = head[:]
	}
	if _, err := io.ReadFull(in, b); err != nil {
		return rec, cut(err)
	}
	if kind == recordLogged {
		rec.place = &Place{binary.BigEndian.Uint64(b), int64(binary.BigEndian.Uint64(b[8:]))}
		b = b[16:]
	}
	size := binary.BigEndian.Uint32(b)
	if size > MaxMessage {
		return rec, statement.Refuse(statement.CodeSize, "a record of %d bytes", size)
	}
	rec.raw = make([]byte, size)
	_, err = io.ReadFull(in, rec.raw)
	return rec, cut(err)
}

func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return statement.Refuse(statement.CodeSize, "the transcript is cut off")
	}
	return err
}

// readHead reads the manifest and its signatures.
func readHead(in *bufio.Reader) (*Agreed, error) {
	head := make([]byte, len(transcriptMagic)+4)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, cut(err)
	}
	if string(head[:len(transcriptMagic)]) != transcriptMagic {
		return nil, statement.Refuse(statement.CodeKind, "not a transcript of %s", Format)
	}
	size := binary.BigEndian.Uint32(head[len(transcriptMagic):])
	if size > MaxManifest {
		return nil, statement.Refuse(statement.CodeSize, "a manifest of %d bytes", size)
	}
	manifest := make([]byte, size)
	if _, err := io.ReadFull(in, manifest); err != nil {
		return nil, cut(err)
	}
	var signatures [2][ed25519.SignatureSize]byte
	for i := range signatures {
		if _, err := io.ReadFull(in, signatures[i][:]); err != nil {
			return nil, cut(err)
		}
	}
	return NewAgreed(manifest, signatures)
}
