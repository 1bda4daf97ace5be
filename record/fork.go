package record

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

const evidenceFormat = "entente/evidence/v1"

// Evidence proves offline that the owner of one log signed two checkpoints
// that cannot both be of one append-only log. It is self-contained: the
// charter's keys are all that a judge needs.
type Evidence struct {
	Format string `json:"format"`
	Kind   string `json:"kind"` // "fork" or "rollback"
	Origin string `json:"origin"`
	A      string `json:"a"` // signed note, the smaller or earlier tree
	B      string `json:"b"` // signed note, the larger or later tree
	// Prefix is the root that B's tree has at A's size, and Proof the
	// consistency proof that shows it, when the sizes differ.
	Prefix string   `json:"prefix"`
	Proof  []string `json:"proof"`
}

// Marshal returns the evidence's one spelling.
func (e Evidence) Marshal() ([]byte, error) {
	b, err := json.MarshalIndent(e, "", "  ")
	return append(b, '\n'), err
}

// ParseEvidence reads evidence strictly. It does not verify it.
func ParseEvidence(data []byte) (Evidence, error) {
	var e Evidence
	if err := statement.Decode(data, 4*MaxNote, &e); err != nil {
		return Evidence{}, err
	}
	again, err := e.Marshal()
	if err != nil || !bytes.Equal(again, data) || e.Format != evidenceFormat {
		return Evidence{}, statement.Refuse(statement.CodeField, "not evidence in its one spelling")
	}
	return e, nil
}

// Verify checks the evidence under the log's own keys. nil means: the owner
// of these keys has signed a contradiction.
func (e Evidence) Verify(keys ...Verifier) error {
	keys = ownKeys(e.Origin, keys)
	a, asigs, err := Open([]byte(e.A), keys...)
	if err != nil {
		return fmt.Errorf("first note: %w", err)
	}
	b, bsigs, err := Open([]byte(e.B), keys...)
	if err != nil {
		return fmt.Errorf("second note: %w", err)
	}
	if a.Origin != b.Origin || a.Origin != e.Origin {
		return statement.Refuse(statement.CodeProof, "two logs do not contradict each other")
	}
	switch e.Kind {
	case "fork":
		return e.verifyFork(a, b)
	case "rollback":
		if e.Prefix == "" && len(e.Proof) == 0 && b.Size < a.Size && ownTime(asigs) > 0 && ownTime(bsigs) > ownTime(asigs) {
			return nil
		}
		return statement.Refuse(statement.CodeProof, "no smaller tree signed at a later time")
	}
	return statement.Refuse(statement.CodeField, "unknown kind of evidence")
}

// ownKeys keeps the keys that the owner of origin alone may hold, so that a
// witness's signature and clock accuse nobody.
func ownKeys(origin string, keys []Verifier) []Verifier {
	var own []Verifier
	for _, k := range keys {
		if k.name == origin || k.name == origin+"/time" {
			own = append(own, k)
		}
	}
	return own
}

func (e Evidence) verifyFork(a, b Checkpoint) error {
	if a.Size == b.Size {
		if a.Root != b.Root && e.Prefix == "" && len(e.Proof) == 0 {
			return nil
		}
		return statement.Refuse(statement.CodeProof, "the same tree twice")
	}
	if a.Size > b.Size || a.Size == 0 {
		return statement.Refuse(statement.CodeProof, "the first note must be of the smaller tree")
	}
	prefix, err := parseHash(e.Prefix)
	if err != nil {
		return err
	}
	var proof tlog.TreeProof
	for _, line := range e.Proof {
		h, err := parseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, h)
	}
	if len(proof) > maxProofLines || tlog.CheckTree(proof, int64(b.Size), b.Root, int64(a.Size), prefix) != nil {
		return statement.Refuse(statement.CodeProof, "prefix is not of the second tree")
	}
	if prefix == a.Root {
		return statement.Refuse(statement.CodeProof, "the second tree extends the first")
	}
	return nil
}

// ownTime is the time that the owner's time key put on a note, 0 if none. The
// time of an ML-DSA line is left aside: it may be added when a note is
// published, after larger trees were signed.
func ownTime(sigs []Signature) int64 {
	var t int64
	for _, s := range sigs {
		if s.Key.alg == algCosigned {
			t = max(t, s.Time)
		}
	}
	return t
}

// NotBefore returns the time to sign the next checkpoint with: at, but never
// less than the owner's time on the last note. A clock that jumps back must
// not make a larger tree look older than a smaller one, because just that is
// what evidence of a rollback says. The note is the owner's own, from its own
// storage, or nil.
func NotBefore(at int64, last []byte, time Verifier) int64 {
	_, lines, _ := SplitNote(last)
	for line := range bytes.Lines(lines) {
		if _, sig, ok := ofKey(line, []Verifier{time}); ok && len(sig) >= 8 {
			at = max(at, int64(binary.BigEndian.Uint64(sig)))
		}
	}
	return at
}

// Contradict looks for evidence in two notes that verify under keys, the
// log's own. src is asked for tiles of the larger tree when the sizes differ
// and may be nil when they do not. It returns false where the notes agree or
// where nothing can be proved: nobody is accused by a failed proof.
func Contradict(ctx context.Context, a, b []byte, src Source, keys ...Verifier) (Evidence, bool) {
	peek, err := Peek(a)
	if err != nil {
		return Evidence{}, false
	}
	keys = ownKeys(peek.Origin, keys)
	ca, asigs, err := Open(a, keys...)
	if err != nil {
		return Evidence{}, false
	}
	cb, bsigs, err := Open(b, keys...)
	if err != nil || ca.Origin != cb.Origin {
		return Evidence{}, false
	}
	e := Evidence{Format: evidenceFormat, Kind: "fork", Origin: ca.Origin, A: string(a), B: string(b), Proof: []string{}}
	if ca.Size > cb.Size {
		ca, cb, asigs, bsigs = cb, ca, bsigs, asigs
		e.A, e.B = e.B, e.A
	}
	fork := e
	if ca.Size < cb.Size && ca.Size > 0 && src != nil && fork.fillProof(ctx, src, ca, cb) != nil {
		fork = e // the source is broken, which proves nothing
	}
	if fork.Verify(keys...) == nil {
		return fork, true
	}
	if ca.Size < cb.Size && ownTime(asigs) > ownTime(bsigs) {
		e.Kind, e.A, e.B = "rollback", e.B, e.A
		return e, e.Verify(keys...) == nil
	}
	return Evidence{}, false
}

func (e *Evidence) fillProof(ctx context.Context, src Source, a, b Checkpoint) error {
	r := tlog.TileHashReader(tlog.Tree{N: int64(b.Size), Hash: b.Root}, tiles{ctx, src, b.Origin})
	prefix, err := tlog.TreeHash(int64(a.Size), r)
	if err != nil {
		return fmt.Errorf("read tiles: %w", err)
	}
	proof, err := tlog.ProveTree(int64(b.Size), int64(a.Size), r)
	if err != nil {
		return fmt.Errorf("read tiles: %w", err)
	}
	e.Prefix, e.Proof = prefix.String(), []string{}
	for _, h := range proof {
		e.Proof = append(e.Proof, h.String())
	}
	return nil
}
