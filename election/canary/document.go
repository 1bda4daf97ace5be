package canary

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/statement"
)

// Hash is a SHA-256 digest.
type Hash = statement.Digest

// Document is one version of what a name stands for.
type Document struct {
	Size      int64  `json:"size"`
	SHA256    Hash   `json:"sha256"`
	Words     *Hash  `json:"words,omitempty"`     // of what it says, whatever its line ends and encodings; nil where that cannot be read
	Recipient string `json:"recipient,omitempty"` // of a decoy: who alone was given it
}

// Bounds.
const (
	maxName   = 1 << 10  // bytes
	maxWhole  = 64 << 20 // bytes of a document whose words are read
	maxSize   = 1 << 50  // bytes
	maxNames  = 5_000_000
	maxSame   = 1000 // versions of one name
	maxHolder = 120  // bytes
)

var errName = errors.New("a name is 1 to 1024 bytes of UTF-8 without control characters")

// CheckName says whether a name can stand in a folder.
func CheckName(name string) error {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return errName
	}
	return nil
}

// FileName is the name of a file in a folder, the same on every system.
func FileName(relative string) string {
	return path.Clean(strings.ReplaceAll(relative, "\\", "/"))
}

// Read reads a document: of a mail the name too, which is its message id, and ""
// for any other document.
func Read(in io.Reader) (name string, d Document, err error) {
	h := sha256.New()
	whole, err := io.ReadAll(io.TeeReader(io.LimitReader(in, maxWhole), h))
	if err != nil {
		return "", d, err
	}
	rest, err := io.Copy(h, in)
	if err != nil {
		return "", d, err
	}
	d = Document{Size: int64(len(whole)) + rest, SHA256: Hash(h.Sum(nil))}
	if rest > 0 {
		return "", d, nil
	}
	if name, words, ok := mail(whole); ok {
		d.Words = &words
		return name, d, nil
	}
	if plain(whole) {
		w := wordsOf(string(whole))
		d.Words = &w
	}
	return "", d, nil
}

// plain tells text from what only programs read.
func plain(data []byte) bool {
	return len(data) > 0 && utf8.Valid(data) && !strings.ContainsFunc(string(data), func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// wordsOf is the digest of a text in which white space is one space and none at
// the ends, and a byte order mark nothing.
func wordsOf(text string) Hash {
	return statement.TaggedSum("entente/words/v1", []byte(strings.Join(strings.Fields(strings.TrimPrefix(text, "\ufeff")), " ")))
}

// Decoy is the document that a decoy stands for.
func Decoy(recipient string) (Document, error) {
	if recipient == "" || len(recipient) > maxHolder || CheckName(recipient) != nil {
		return Document{}, fmt.Errorf("a decoy is given to one recipient, whose name has 1 to %d bytes", maxHolder)
	}
	return Document{Recipient: recipient}, nil
}

// line is the one spelling of a document, of which the commitment is.
func (d Document) line() []byte {
	words := ""
	if d.Words != nil {
		words = hex.EncodeToString(d.Words[:])
	}
	return fmt.Appendf(nil, "%d\n%s\n%s\n%s", d.Size, d.SHA256, words, d.Recipient)
}

func (d Document) check() error {
	if d.Size < 0 || d.Size > maxSize || d.Recipient != "" && (len(d.Recipient) > maxHolder || CheckName(d.Recipient) != nil) {
		return errors.New("a document of no size, or a recipient of no name")
	}
	return nil
}
