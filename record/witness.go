package record

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// MaxAddCheckpoint is the largest add-checkpoint request, in bytes.
const MaxAddCheckpoint = 16 << 10

const maxProofLines = 63 // C2SP tlog-witness

// Witness answers add-checkpoint by C2SP tlog-witness: one head per size for
// ever, persisted before it is answered. TestWitnessMatrix holds it to the
// status codes.
type Witness struct {
	// Keys returns the keys of a log that the charter knows.
	Keys func(origin string) ([]Verifier, bool)
	// Store is the memory; it makes check and update atomic by its ErrConflict.
	Store HeadStore
	// Cosigner signs each answer; PQ once per PQEvery seconds and log.
	Cosigner, PQ Signer
	PQEvery      int64

	mu     sync.Mutex
	lastPQ map[string]int64
}

// Answer is the response to add-checkpoint.
type Answer struct {
	Status      int // HTTP status
	ContentType string
	Body        []byte
	Origin      string // of the checkpoint, when it could be read
	Code        statement.Code
	Suspect     []byte // a validly signed note that was refused: possible evidence
	Known       []byte // the note that it may contradict
}

// AddCheckpoint checks one request and cosigns. at is this witness's time in
// Unix seconds. Only storage failures are errors.
func (w *Witness) AddCheckpoint(ctx context.Context, body []byte, at int64) (Answer, error) {
	old, proof, msg, err := parseAddCheckpoint(body)
	if err != nil {
		return refuse(400, statement.CodeRequest), nil
	}
	peek, err := Peek(msg)
	if err != nil {
		return refuse(400, statement.CodeField), nil
	}
	keys, known := w.Keys(peek.Origin)
	if !known {
		return refuse(404, statement.CodeParty), nil
	}
	c, sigs, err := Open(msg, keys...)
	if err != nil {
		a := refuse(403, statement.CodeSignature)
		a.Origin = peek.Origin
		return a, nil
	}
	signed := make([][]byte, len(sigs))
	for i, s := range sigs {
		signed[i] = s.Line
	}
	a, err := w.decide(ctx, old, proof, c, signed, at)
	a.Origin = c.Origin
	if a.Status != 200 && err == nil {
		a.Suspect = msg
	}
	return a, err
}

func (w *Witness) decide(ctx context.Context, old uint64, proof tlog.TreeProof, c Checkpoint, signed [][]byte, at int64) (Answer, error) {
	if old > c.Size {
		return refuse(400, statement.CodeProof), nil
	}
	latest, have := w.Store.Latest(c.Origin)
	if !have {
		latest.Tree.Root = EmptyRoot
	}
	if old != latest.Tree.Size {
		return conflict(latest), nil
	}
	if !consistent(latest.Tree, c.Tree, proof) {
		code := statement.CodeProof
		if c.Size == latest.Tree.Size && c.Size > 0 && c.Root != latest.Tree.Root {
			code = statement.CodeSplit
		}
		a := refuse(422, code)
		a.Known = latest.Note
		return a, nil
	}
	lines, pq, err := w.cosign(c, at)
	if err != nil {
		return Answer{}, err
	}
	next := Head{Tree: c.Tree, Note: Join(c.Text(), append(signed, lines)...)}
	err = w.Store.Update(ctx, c.Origin, old, next)
	if errors.Is(err, ErrConflict) {
		latest, _ = w.Store.Latest(c.Origin)
		return conflict(latest), nil
	}
	if err != nil {
		return Answer{}, fmt.Errorf("keep the head of %s: %w", c.Origin, err)
	}
	if pq {
		w.signedPQ(c.Origin, at)
	}
	return Answer{Status: 200, ContentType: "text/plain; charset=utf-8", Body: lines}, nil
}

// cosign returns the lines over c, and whether the post-quantum one, due once
// per interval, is among them.
func (w *Witness) cosign(c Checkpoint, at int64) (lines []byte, pq bool, err error) {
	if at <= 0 { // C2SP tlog-witness: the timestamp must not be zero
		return nil, false, fmt.Errorf("cosign %s: the clock says %d", c.Origin, at)
	}
	text := c.Text()
	lines, err = w.Cosigner.Line(text, uint64(at))
	if err != nil || w.PQ.pq == nil || !w.pqDue(c.Origin, at) {
		return lines, false, err
	}
	line, err := w.PQ.Line(text, uint64(at))
	return append(lines, line...), true, err
}

func (w *Witness) pqDue(origin string, at int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	last, seen := w.lastPQ[origin]
	return !seen || at-last >= w.PQEvery || at < last
}

// signedPQ starts the next interval, once the line has been kept and answered.
func (w *Witness) signedPQ(origin string, at int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lastPQ == nil {
		w.lastPQ = make(map[string]int64)
	}
	w.lastPQ[origin] = at
}

// consistent reports whether next extends prev (RFC 6962 section 2.1.2, with
// the empty tree and equal sizes as C2SP tlog-witness rules them).
func consistent(prev, next Tree, proof tlog.TreeProof) bool {
	switch {
	case next.Size == 0 && next.Root != EmptyRoot:
		return false
	case prev.Size == 0 && next.Size == 0, prev.Size == next.Size:
		return len(proof) == 0 && prev.Root == next.Root
	case prev.Size == 0:
		return len(proof) == 0
	}
	return tlog.CheckTree(proof, int64(next.Size), next.Root, int64(prev.Size), prev.Root) == nil
}

func refuse(status int, code statement.Code) Answer {
	return Answer{Status: status, ContentType: "text/plain; charset=utf-8", Body: []byte(code + "\n"), Code: code}
}

func conflict(latest Head) Answer {
	return Answer{Status: 409, ContentType: "text/x.tlog.size", Body: fmt.Appendf(nil, "%d\n", latest.Tree.Size), Code: statement.CodeSeq, Known: latest.Note}
}

// parseAddCheckpoint reads a request strictly.
func parseAddCheckpoint(body []byte) (old uint64, proof tlog.TreeProof, msg []byte, err error) {
	if len(body) > MaxAddCheckpoint {
		return 0, nil, nil, statement.Refuse(statement.CodeSize, "a request of %d bytes, at most %d", len(body), MaxAddCheckpoint)
	}
	head, msg, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return 0, nil, nil, statement.Refuse(statement.CodeRequest, "no empty line")
	}
	lines := strings.Split(string(head), "\n")
	digits, ok := strings.CutPrefix(lines[0], "old ")
	old, perr := strconv.ParseUint(digits, 10, 63)
	if !ok || perr != nil || strconv.FormatUint(old, 10) != digits {
		return 0, nil, nil, statement.Refuse(statement.CodeRequest, "no old size")
	}
	if len(lines)-1 > maxProofLines {
		return 0, nil, nil, statement.Refuse(statement.CodeRequest, "more than %d proof lines", maxProofLines)
	}
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return 0, nil, nil, err
		}
		proof = append(proof, h)
	}
	return old, proof, msg, nil
}

// MarshalAddCheckpoint writes a request.
func MarshalAddCheckpoint(old uint64, proof tlog.TreeProof, msg []byte) []byte {
	b := fmt.Appendf(nil, "old %d\n", old)
	for _, h := range proof {
		b = append(b, base64.StdEncoding.EncodeToString(h[:])+"\n"...)
	}
	return append(append(b, '\n'), msg...)
}

func parseHash(line string) (tlog.Hash, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(line)
	if err != nil || len(raw) != len(tlog.Hash{}) || strings.ContainsAny(line, "\r\n") {
		return tlog.Hash{}, statement.Refuse(statement.CodeProof, "not a hash line")
	}
	return tlog.Hash(raw), nil
}
