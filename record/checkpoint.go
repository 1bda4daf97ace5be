package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// Tree is the size and RFC 6962 root hash of a log.
type Tree struct {
	Size uint64
	Root tlog.Hash
}

// EmptyRoot is the root of the empty tree, SHA-256 of nothing (RFC 6962 section 2.1).
var EmptyRoot = tlog.Hash(sha256.Sum256(nil))

// maxSize keeps tree sizes within what JSON and int64 carry alike.
const maxSize = statement.MaxInt

// Checkpoint says which tree a log had. Its text is the three lines of C2SP
// tlog-checkpoint; extension lines are refused, because an ML-DSA cosignature
// does not cover them.
type Checkpoint struct {
	Origin string
	Tree
}

// Text returns the note text, three lines.
func (c Checkpoint) Text() []byte {
	return []byte(c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n")
}

// ParseCheckpoint reads a note text and accepts only the spelling of Text.
func ParseCheckpoint(text []byte) (Checkpoint, error) {
	lines := strings.Split(string(text), "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, statement.Refuse(statement.CodeField, "a checkpoint has three lines")
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || size > maxSize {
		return Checkpoint{}, statement.Refuse(statement.CodeNumber, "checkpoint size out of range")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(tlog.Hash{}) {
		return Checkpoint{}, statement.Refuse(statement.CodeField, "checkpoint root is not a hash")
	}
	c := Checkpoint{Origin: lines[0], Tree: Tree{Size: size, Root: tlog.Hash(root)}}
	if !bytes.Equal(c.Text(), text) {
		return Checkpoint{}, statement.Refuse(statement.CodeField, "not the one spelling of this checkpoint")
	}
	return c, nil
}

// OriginHash names a log in URLs and file names: hex of SHA-256(origin), as
// in C2SP tlog-witness.
func OriginHash(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}
