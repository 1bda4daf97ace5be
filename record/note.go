package record

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"entente/statement"
)

// MaxNote is the largest checkpoint note, in bytes: sixteen ML-DSA lines fit.
const MaxNote = 64 << 10

// maxLines is the largest number of signature lines that x/mod/sumdb/note reads.
const maxLines = 100

// Signature is one verified line of a checkpoint note.
type Signature struct {
	Key  Verifier
	Time int64  // Unix seconds by the signer; 0 for a plain log signature
	Line []byte // the whole line, with its newline
}

// Sign returns the note of c with a line by each signer, in order. at is Unix
// seconds.
func Sign(c Checkpoint, at int64, signers ...Signer) ([]byte, error) {
	text := c.Text()
	b := append(slices.Clone(text), '\n')
	for _, s := range signers {
		line, err := s.Line(text, uint64(at))
		if err != nil {
			return nil, err
		}
		b = append(b, line...)
	}
	return b, nil
}

// Open parses a checkpoint note and returns the signatures that verify under
// the given keys. Lines of unknown keys are ignored (C2SP signed-note); a line
// of a known key that does not verify makes the note malformed. A note with
// no known signature is refused.
func Open(msg []byte, keys ...Verifier) (Checkpoint, []Signature, error) {
	if len(msg) > MaxNote {
		return Checkpoint{}, nil, statement.Refuse(statement.CodeSize, "a note of %d bytes, at most %d", len(msg), MaxNote)
	}
	list := make([]note.Verifier, len(keys))
	for i, k := range keys {
		list[i] = k
	}
	n, err := note.Open(msg, note.VerifierList(list...))
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unverified):
		return Checkpoint{}, nil, statement.Refuse(statement.CodeSignature, "no signature by a known key")
	case err != nil:
		return Checkpoint{}, nil, statement.Refuse(statement.CodeSignature, "not a signed note or a known key's signature does not verify")
	}
	c, err := ParseCheckpoint([]byte(n.Text))
	if err != nil {
		return Checkpoint{}, nil, err
	}
	if err := checkRepeats(msg, keys); err != nil {
		return Checkpoint{}, nil, err
	}
	sigs := make([]Signature, 0, len(n.Sigs))
	for _, s := range n.Sigs {
		i := slices.IndexFunc(keys, func(k Verifier) bool { return k.name == s.Name && k.hash == s.Hash })
		raw, err := base64.StdEncoding.Strict().DecodeString(s.Base64)
		if err != nil || i < 0 {
			return Checkpoint{}, nil, statement.Refuse(statement.CodeSignature, "signature line in another spelling")
		}
		sig := Signature{Key: keys[i], Line: fmt.Appendf(nil, "— %s %s\n", s.Name, s.Base64)}
		if keys[i].alg != algEd25519 {
			sig.Time = int64(binary.BigEndian.Uint64(raw[4:]))
		}
		sigs = append(sigs, sig)
	}
	return c, sigs, nil
}

// checkRepeats verifies the second and later lines of a known key, which
// note.Open skips: C2SP signed-note wants every line of a known key verified.
func checkRepeats(msg []byte, keys []Verifier) error {
	text, lines, _ := SplitNote(msg)
	seen := make(map[uint32]bool, len(keys))
	for line := range bytes.Lines(lines) {
		key, sig, ok := ofKey(line, keys)
		if !ok {
			continue
		}
		if seen[key.hash] && !key.Verify(text, sig) {
			return statement.Refuse(statement.CodeSignature, "a known key's second signature does not verify")
		}
		seen[key.hash] = true
	}
	return nil
}

// ofKey finds the key of a signature line, and the signature without its key id.
func ofKey(line []byte, keys []Verifier) (key Verifier, sig []byte, ok bool) {
	name, b64, _ := strings.Cut(strings.TrimPrefix(string(bytes.TrimSuffix(line, []byte("\n"))), "— "), " ")
	for _, k := range keys {
		if k.name != name {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(b64)
		if err == nil && len(raw) > 4 && binary.BigEndian.Uint32(raw) == k.hash {
			return k, raw[4:], true
		}
	}
	return Verifier{}, nil, false
}

// Peek reads the checkpoint of a note without verifying anything.
func Peek(msg []byte) (Checkpoint, error) {
	text, _, ok := SplitNote(msg)
	if !ok {
		return Checkpoint{}, statement.Refuse(statement.CodeField, "not a signed note")
	}
	return ParseCheckpoint(text)
}

// SplitNote cuts a note into its text and its signature lines.
func SplitNote(msg []byte) (text, lines []byte, ok bool) {
	if len(msg) > MaxNote {
		return nil, nil, false
	}
	i := bytes.LastIndex(msg, []byte("\n\n"))
	if i < 0 {
		return nil, nil, false
	}
	return msg[:i+1], msg[i+2:], true
}

// Join returns the note of a checkpoint text with the given signature lines.
func Join(text []byte, lines ...[]byte) []byte {
	return append(append(slices.Clone(text), '\n'), bytes.Join(lines, nil)...)
}

// Merge adds to note those lines by known keys that it lacks; both must be of
// one checkpoint. The newer line of one key replaces the older.
func Merge(msg, lines []byte, keys ...Verifier) ([]byte, error) {
	text, have, ok := SplitNote(msg)
	if !ok {
		return nil, statement.Refuse(statement.CodeField, "not a signed note")
	}
	_, fresh, err := Open(Join(text, lines), keys...)
	if err != nil {
		return nil, err
	}
	out := have
	for _, s := range fresh {
		out = mergeLine(out, s)
	}
	if merged := Join(text, out); len(merged) <= MaxNote && bytes.Count(out, []byte("\n")) <= maxLines {
		return merged, nil
	}
	return nil, statement.Refuse(statement.CodeSize, "more signatures than a note may have")
}

// mergeLine adds one verified line to lines, in the place of an older line of
// the same key; a newer one stays.
func mergeLine(lines []byte, s Signature) []byte {
	var kept []byte
	for line := range bytes.Lines(lines) {
		_, sig, same := ofKey(line, []Verifier{s.Key})
		if same && s.Key.alg != algEd25519 && len(sig) >= 8 && int64(binary.BigEndian.Uint64(sig)) > s.Time {
			return lines
		}
		if !same {
			kept = append(kept, line...)
		}
	}
	return append(kept, s.Line...)
}
