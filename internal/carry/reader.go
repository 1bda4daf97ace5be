package carry

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// Ask is an add-checkpoint request of one party to another's witness.
type Ask struct {
	From, To string
	Body     []byte
}

// Digest names the ask in its answer.
func (a Ask) Digest() statement.Digest { return sha256.Sum256(a.Body) }

// Answer is the response of a witness (From) to an ask of To.
type Answer struct {
	From, To    string
	Status      int
	Asked       statement.Digest // of the ask's body
	ContentType string
	Body        []byte
}

// span is where a body lies.
type span struct {
	at   int64
	size uint32
}

// run is the sealed parts of consecutive leaves.
type run struct {
	first uint64
	spans []span
}

type letter struct {
	head
	span
}

// Reader answers from a stick that has been checked from end to end. It is
// safe for concurrent use if the file is.
type Reader struct {
	From string    // who says to have written it
	Made time.Time // when, by the same word

	file    io.ReaderAt
	bodies  map[string]span
	sealed  map[string]*run
	letters []letter
}

// NewReader checks a stick of size bytes and indexes it; bodies stay in the
// file. A stick that is torn, damaged or not in its exact form is refused as a
// whole with a *statement.Refusal.
func NewReader(file io.ReaderAt, size int64) (*Reader, error) {
	r := &Reader{file: file, bodies: map[string]span{}, sealed: map[string]*run{}}
	s := &scanner{in: bufio.NewReaderSize(io.NewSectionReader(file, 0, size), 64<<10), sum: sha256.New()}
	var err error
	if r.From, r.Made, err = s.header(); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		h, at, err := s.next()
		switch {
		case err != nil:
			return nil, err
		case h.kind == kindEnd:
			return r, nil
		case n == MaxRecords:
			return nil, statement.Refuse(statement.CodeSize, "more than %d records", MaxRecords)
		}
		if err := r.index(h, span{at, uint32(h.size)}); err != nil {
			return nil, err
		}
	}
}

func (r *Reader) index(h head, at span) error {
	switch h.kind {
	case kindGet:
		if _, twice := r.bodies[h.path]; twice {
			return statement.Refuse(statement.CodeDupKey, "%s is there twice", h.path)
		}
		r.bodies[h.path] = at
	case kindLeaf:
		leaves := r.sealed[h.log]
		if leaves == nil {
			leaves = &run{first: h.index}
			r.sealed[h.log] = leaves
		}
		if want := leaves.first + uint64(len(leaves.spans)); h.index != want {
			return statement.Refuse(statement.CodeSeq, "parts of leaf %d, want leaf %d", h.index, want)
		}
		leaves.spans = append(leaves.spans, at)
	case kindAsk, kindAnswer:
		if len(r.letters) == 2*MaxLetters {
			return statement.Refuse(statement.CodeSize, "more than %d asks and answers", 2*MaxLetters)
		}
		r.letters = append(r.letters, letter{h, at})
	}
	return nil
}

// Logs returns the names (H) of the logs of which a checkpoint is there.
func (r *Reader) Logs() []string {
	var out []string
	for path := range r.bodies {
		if h, ok := strings.CutSuffix(path, "/checkpoint"); ok {
			out = append(out, h[1:])
		}
	}
	slices.Sort(out)
	return out
}

// Get returns what the link would answer to path. What is not there is an
// fs.ErrNotExist.
func (r *Reader) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at, ok := r.bodies[path]
	if !ok {
		if h, rest, found := strings.Cut(strings.TrimPrefix(path, "/"), "/parts/"); found {
			return r.parts(h, rest, limit)
		}
		return r.narrower(path, limit)
	}
	if int64(at.size) > limit {
		return nil, statement.Refuse(statement.CodeSize, "%s of %d bytes, at most %d", path, at.size, limit)
	}
	return r.read(nil, at)
}

// narrower answers for a partial tile or bundle from a wider one of the same
// number: a mirror's own note may be of a smaller tree than the stick's
// checkpoint, and the beginning of a tile is the same in both.
func (r *Reader) narrower(path string, limit int64) ([]byte, error) {
	absent := fmt.Errorf("stick: %.300q: %w", path, fs.ErrNotExist)
	whole, text, partial := strings.Cut(path, ".p/")
	w, err := strconv.ParseUint(text, 10, 8)
	if !partial || err != nil || w == 0 || strconv.FormatUint(w, 10) != text {
		return nil, absent
	}
	at, ok := r.bodies[whole]
	for wider := w + 1; !ok && wider < width; wider++ {
		at, ok = r.bodies[whole+".p/"+strconv.FormatUint(wider, 10)]
	}
	if !ok {
		return nil, absent
	}
	if int64(at.size) > maxBody {
		return nil, statement.Refuse(statement.CodeSize, "%s of %d bytes, at most %d", whole, at.size, maxBody)
	}
	body, err := r.read(nil, at)
	if err != nil {
		return nil, err
	}
	n := int(w) * tlog.HashSize
	if strings.Contains(whole, "/tile/entries/") {
		n = 0
		for range w { // C2SP tlog-tiles: uint16 length before each entry
			if len(body) < n+2 {
				return nil, absent
			}
			n += 2 + int(binary.BigEndian.Uint16(body[n:]))
		}
	}
	if n > len(body) {
		return nil, absent
	}
	if int64(n) > limit {
		return nil, statement.Refuse(statement.CodeSize, "%s of %d bytes, at most %d", path, n, limit)
	}
	return body[:n], nil
}

const softParts = 1 << 20 // as the link: a body of parts ends before the leaf that would cross it

// parts joins the frames of consecutive leaves; rest is "<index>?n=<count>".
func (r *Reader) parts(h, rest string, limit int64) ([]byte, error) {
	index, count, _ := strings.Cut(rest, "?n=")
	from, err1 := strconv.ParseUint(index, 10, 63)
	n, err2 := strconv.ParseUint(count, 10, 16)
	leaves := r.sealed[h]
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("stick: %w", badLine())
	}
	if leaves == nil || from < leaves.first || from-leaves.first >= uint64(len(leaves.spans)) {
		return nil, fmt.Errorf("stick: parts of leaf %d: %w", from, fs.ErrNotExist)
	}
	spans := leaves.spans[from-leaves.first:]
	spans = spans[:min(uint64(len(spans)), n)]
	var body []byte
	var err error
	for _, at := range spans {
		if len(body) > 0 && len(body)+int(at.size) > softParts {
			break
		}
		if int64(len(body))+int64(at.size) > limit {
			return nil, statement.Refuse(statement.CodeSize, "parts of more than %d bytes", limit)
		}
		if body, err = r.read(body, at); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func (r *Reader) read(dst []byte, at span) ([]byte, error) {
	n := len(dst)
	dst = append(dst, make([]byte, at.size)...)
	if k, err := r.file.ReadAt(dst[n:], at.at); k < int(at.size) {
		return nil, fmt.Errorf("read stick: %w", err)
	}
	return dst, nil
}

// Asks returns the add-checkpoint requests to a party's witness, in the order
// in which they were written.
func (r *Reader) Asks(to string) ([]Ask, error) {
	var out []Ask
	for _, l := range r.letters {
		if l.kind != kindAsk || l.to != to {
			continue
		}
		body, err := r.read(nil, l.span)
		if err != nil {
			return nil, err
		}
		out = append(out, Ask{l.from, l.to, body})
	}
	return out, nil
}

// Answers returns the responses to a party's asks, in order.
func (r *Reader) Answers(to string) ([]Answer, error) {
	var out []Answer
	for _, l := range r.letters {
		if l.kind != kindAnswer || l.to != to {
			continue
		}
		body, err := r.read(nil, l.span)
		if err != nil {
			return nil, err
		}
		out = append(out, Answer{l.from, l.to, l.status, l.digest, l.contentType, body})
	}
	return out, nil
}
