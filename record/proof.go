package record

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

const proofHeader = "c2sp.org/tlog-proof@v1"

// Proof is a C2SP tlog-proof without extra data: a leaf's index, its RFC 6962
// inclusion proof and the checkpoint note that it leads to.
type Proof struct {
	Index  uint64
	Hashes tlog.RecordProof
	Note   []byte
}

// Prove makes the inclusion proof of a leaf under note from stored hashes.
func Prove(r tlog.HashReader, index uint64, note []byte) (Proof, error) {
	c, err := Peek(note)
	if err != nil {
		return Proof{}, err
	}
	if index >= c.Size {
		return Proof{}, statement.Refuse(statement.CodeProof, "leaf %d is not in a tree of %d", index, c.Size)
	}
	hashes, err := tlog.ProveRecord(int64(c.Size), int64(index), r)
	if err != nil {
		return Proof{}, fmt.Errorf("prove leaf %d: %w", index, err)
	}
	return Proof{Index: index, Hashes: hashes, Note: note}, nil
}

// Marshal returns the one spelling of the proof.
func (p Proof) Marshal() []byte {
	b := fmt.Appendf(nil, "%s\nindex %d\n", proofHeader, p.Index)
	for _, h := range p.Hashes {
		b = append(b, base64.StdEncoding.EncodeToString(h[:])+"\n"...)
	}
	return append(append(b, '\n'), p.Note...)
}

// ParseProof reads a proof and accepts only the spelling of Marshal.
func ParseProof(data []byte) (Proof, error) {
	if len(data) > MaxNote+8<<10 {
		return Proof{}, statement.Refuse(statement.CodeSize, "a proof of %d bytes", len(data))
	}
	head, msg, ok := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || len(lines) < 2 || lines[0] != proofHeader || len(lines) > 2+maxProofLines {
		return Proof{}, statement.Refuse(statement.CodeProof, "not a tlog-proof")
	}
	index, err := strconv.ParseUint(strings.TrimPrefix(lines[1], "index "), 10, 63)
	if err != nil {
		return Proof{}, statement.Refuse(statement.CodeProof, "no index")
	}
	p := Proof{Index: index, Note: msg}
	for _, line := range lines[2:] {
		h, err := parseHash(line)
		if err != nil {
			return Proof{}, err
		}
		p.Hashes = append(p.Hashes, h)
	}
	if !bytes.Equal(p.Marshal(), data) {
		return Proof{}, statement.Refuse(statement.CodeProof, "not the one spelling of this proof")
	}
	return p, nil
}

// Check verifies that leaf stands at the proof's index under c, the
// checkpoint of its note. The caller verifies the note's signatures.
func (p Proof) Check(leaf []byte, c Checkpoint) error {
	if p.Index >= c.Size {
		return statement.Refuse(statement.CodeProof, "leaf %d is not in a tree of %d", p.Index, c.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, int64(c.Size), c.Root, int64(p.Index), tlog.RecordHash(leaf)); err != nil {
		return statement.Refuse(statement.CodeProof, "leaf %d is not included", p.Index)
	}
	return nil
}
