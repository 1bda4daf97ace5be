package hostile

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"math/big"

	"entente/charter"
	"entente/record"
	"entente/statement"
)

// order is the order of the base point of Ed25519 (RFC 8032 section 5.1).
func order() *big.Int {
	l, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
	return l.Add(l, new(big.Int).Lsh(big.NewInt(1), 252))
}

// Stretch returns a second signature that a verifier without the range check
// of RFC 8032 takes for the first: S + L.
func Stretch(sig []byte) []byte {
	out := clone(sig)
	s := new(big.Int).SetBytes(reversed(out[32:]))
	copy(out[32:], reversed(s.Add(s, order()).FillBytes(make([]byte, 32))))
	return out
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[len(b)-1-i] = b[i]
	}
	return out
}

// stretchLeaf stretches the signature of an envelope.
func stretchLeaf(leaf []byte) []byte {
	e, err := statement.ParseEnvelope(leaf)
	if err != nil {
		return leaf
	}
	e.Sig = Stretch(e.Sig)
	return e.Marshal()
}

// bare signs an envelope's payload alone, without the encoding that names its type.
func (p *Party) bare(leaf []byte) []byte {
	e, err := statement.ParseEnvelope(leaf)
	if err != nil {
		return leaf
	}
	e.Sig = ed25519.Sign(p.Keys.Statement, e.Payload)
	return e.Marshal()
}

// stretchNote stretches the first signature of a note, the log's own.
func stretchNote(msg []byte) []byte {
	text, lines, ok := record.SplitNote(msg)
	if !ok {
		return msg
	}
	line, rest, _ := bytes.Cut(lines, []byte("\n"))
	at := bytes.LastIndexByte(line, ' ')
	raw, err := base64.StdEncoding.DecodeString(string(line[at+1:]))
	if err != nil || len(raw) != 4+ed25519.SignatureSize {
		return msg
	}
	forged := append(clone(raw[:4]), Stretch(raw[4:])...)
	line = append(clone(line[:at+1]), base64.StdEncoding.EncodeToString(forged)...)
	return record.Join(text, append(line, '\n'), rest)
}

// swapText puts another text above the signatures of a note.
func swapText(msg, text []byte) string {
	_, lines, _ := record.SplitNote(msg)
	return string(record.Join(text, lines))
}

// keyBody names a statement key and commits to the next one.
func keyBody(key, next crypto.PublicKey) record.KeyBody {
	return record.KeyBody{Role: "statement", Key: charter.FormatPublicKey(key.(ed25519.PublicKey)), Next: charter.NextDigest(next.(ed25519.PublicKey))}
}
