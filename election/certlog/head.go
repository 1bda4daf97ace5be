package certlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const maxHead = 64 << 10 // bytes of a checkpoint or answer with a head

// largest is the last index that five bytes hold, plus one.
const largest = 1 << 40

var errCheckpoint = errors.New("this is no checkpoint of a certificate log")

// Checkpoint reads a checkpoint and takes the head that the key signed. The origin
// is not signed and says only how the log calls itself.
func (k Key) Checkpoint(data []byte) (Head, string, error) {
	text, signatures, ok := strings.Cut(string(data), "\n\n")
	lines := strings.Split(text, "\n")
	if !ok || len(data) > maxHead || len(lines) != 3 || lines[0] == "" {
		return Head{}, "", errCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || err2 != nil || size < 0 || size > largest || strconv.FormatInt(size, 10) != lines[1] || len(root) != sha256.Size {
		return Head{}, "", errCheckpoint
	}
	h := Head{Size: size, Root: [32]byte(root)}
	sum := sha256.Sum256(append([]byte(lines[0]+"\n\x05"), k.ID[:]...))
	err = errSignature
	for line := range strings.Lines(signatures) {
		rest, ok := strings.CutPrefix(line, "— "+lines[0]+" ")
		raw, bad := base64.StdEncoding.DecodeString(strings.TrimSuffix(rest, "\n"))
		if !ok || bad != nil || len(raw) < 12 || !bytes.Equal(raw[:4], sum[:4]) {
			continue // of another key, a witness's
		}
		h.Time, h.Signature = int64(binary.BigEndian.Uint64(raw[4:])), raw[12:]
		if err = k.Verify(h); err == nil {
			return h, lines[0], nil
		}
	}
	return Head{}, "", err
}

// STH reads the answer to get-sth (RFC 6962 section 4.3) and checks it.
func (k Key) STH(data []byte) (Head, error) {
	var in struct {
		Size      int64  `json:"tree_size"`
		Time      int64  `json:"timestamp"`
		Root      []byte `json:"sha256_root_hash"`
		Signature []byte `json:"tree_head_signature"`
	}
	if len(data) > maxHead || json.Unmarshal(data, &in) != nil || len(in.Root) != sha256.Size || in.Size < 0 || in.Size > largest {
		return Head{}, errors.New("this is no answer to get-sth (RFC 6962 section 4.3)")
	}
	h := Head{Size: in.Size, Time: in.Time, Root: [32]byte(in.Root), Signature: in.Signature}
	return h, k.Verify(h)
}

// TilePath is the path of a tile below a log's monitoring prefix; level -1 are the
// entries. width is how many of 256 it holds.
func TilePath(level int, n int64, width int) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	kind := strconv.Itoa(level)
	if level < 0 {
		kind = "data"
	}
	s = "tile/" + kind + "/" + s
	if width < 256 {
		s += ".p/" + strconv.Itoa(width)
	}
	return s
}
