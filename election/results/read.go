package results

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"
)

// Options say what a file does not.
type Options struct {
	File     string // its name, for messages
	Election string // "": what the file says
	Columns  *Columns
	Final    bool   // certified, though the file does not say so
	Modified string // what the server said of it, if it was fetched
	ETag     string
}

// Limits of archives: what a zip of honest results needs many times over.
const (
	MaxZip      = 256 << 20
	maxZipFiles = 64
	maxZipRatio = 200
)

// Read reads one publication in one pass, whatever its format: NIST SP
// 1500-100 v2 as XML or JSON, Clarity's detail.xml, a table of values in a known or
// declared layout, or a zip of one of these.
func Read(in io.Reader, o Options) (*Table, error) {
	h := sha256.New()
	c := &counted{in: in, hash: h}
	r := bufio.NewReaderSize(c, 64<<10)
	head, err := r.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", o.File, err)
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return readZip(r, o, c)
	}
	t, err := readOne(r, head, o)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // what stands after the end counts for the digest
		return nil, fmt.Errorf("%s: %w", o.File, err)
	}
	t.Sources[0].Size, t.Sources[0].SHA256 = c.n, hex.EncodeToString(h.Sum(nil))
	return t, nil
}

// counted hashes and counts what passes, to a limit.
type counted struct {
	in   io.Reader
	hash hash.Hash
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.hash.Write(p[:n])
	if c.n += int64(n); c.n > MaxBytes {
		return n, fmt.Errorf("more than %d bytes", MaxBytes)
	}
	return n, err
}

func readOne(r *bufio.Reader, head []byte, o Options) (*Table, error) {
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) || bytes.IndexByte(head, 0) >= 0 && len(head) > 1 {
		return nil, fmt.Errorf("%s: row 1: UTF-16 or no text; save it as UTF-8", o.File)
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		if _, err := r.Discard(3); err != nil {
			return nil, fmt.Errorf("%s: %w", o.File, err)
		}
		head = head[3:]
	}
	b, src := newBuilder(o.File, o.Election), Source{File: o.File}
	var err error
	switch start := bytes.TrimLeft(head, " \t\r\n"); {
	case len(start) == 0:
		return nil, fmt.Errorf("%s: row 1: the file is empty", o.File)
	case start[0] == '<':
		err = readXML(r, b, &src)
	case start[0] == '{':
		err = readNISTJSON(r, b, &src)
	default:
		err = readColumns(r, delimiter(head), b, &src, o.Columns)
	}
	if err != nil {
		return nil, err
	}
	if o.Election != "" { // the caller's word names the election
		clean, _ := text(o.Election)
		b.t.Election = fold(clean)
	}
	t, err := b.done()
	if err != nil {
		return nil, err
	}
	if len(t.Cells) == 0 && t.Unread == 0 {
		return nil, fmt.Errorf("%s: there is no number in it", o.File)
	}
	t.Final = o.Final || src.Marks.Status == "certified"
	src.Marks.Modified, src.Marks.ETag = o.Modified, o.ETag
	t.Sources = []Source{src}
	return t, nil
}

// delimiter is what stands most often in the first lines.
func delimiter(head []byte) byte {
	best, most := byte(','), bytes.Count(head, []byte{','})
	for _, c := range []byte{'\t', ';'} {
		if n := bytes.Count(head, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// readZip reads an archive's one file of results, or its several as one publication.
func readZip(r io.Reader, o Options, c *counted) (*Table, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxZip+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.File, err)
	}
	if len(data) > MaxZip {
		return nil, fmt.Errorf("%s: an archive of more than %d bytes; unpack it", o.File, MaxZip)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.File, err)
	}
	if len(z.File) > maxZipFiles {
		return nil, fmt.Errorf("%s: an archive of %d files, at most %d", o.File, len(z.File), maxZipFiles)
	}
	var all []*Table
	left := maxZipRatio*int64(len(data)) + 1<<20
	for _, f := range z.File {
		switch strings.ToLower(path.Ext(f.Name)) {
		case ".xml", ".json", ".csv", ".txt", ".tsv":
		default:
			continue
		}
		t, used, err := readMember(f, o, left)
		if err != nil {
			return nil, err
		}
		left -= used
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no .xml, .json or .csv in the archive", o.File)
	}
	t, err := Merge(all...)
	if err != nil {
		return nil, err
	}
	t.Sources[0].Size, t.Sources[0].SHA256 = c.n, hex.EncodeToString(c.hash.Sum(nil))
	t.Sources[0].File = o.File
	t.Sources = t.Sources[:1]
	return t, nil
}

func readMember(f *zip.File, o Options, left int64) (*Table, int64, error) {
	name, _ := text(f.Name)
	o.File += " > " + cut(name)
	in, err := f.Open()
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", o.File, err)
	}
	defer in.Close()
	c := &capped{in: in, left: left}
	r := bufio.NewReaderSize(c, 64<<10)
	head, err := r.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("%s: %w", o.File, err)
	}
	t, err := readOne(r, head, o)
	if err != nil {
		return nil, 0, err
	}
	_, err = io.Copy(io.Discard, r)
	return t, left - c.left, err
}

// capped ends an archive that grows beyond measure.
type capped struct {
	in   io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return n, fmt.Errorf("an archive that unpacks to more than %d times its size", maxZipRatio)
	}
	return n, err
}

// Merge makes one publication of several files: precincts, wards and the whole.
func Merge(all ...*Table) (*Table, error) {
	if len(all) == 0 {
		return nil, errors.New("no table")
	}
	if len(all) == 1 {
		return all[0], nil
	}
	b := newBuilder("", all[0].Election)
	for _, t := range all {
		if t.Election != all[0].Election {
			return nil, fmt.Errorf("%w: %s of %q and %s of %q", ErrElections, all[0].Sources[0].File, all[0].Election, t.Sources[0].File, t.Election)
		}
		b.file = t.Sources[0].File
		for _, c := range t.Contests {
			b.contest(c.Name, c.VoteFor, "")
			for _, choice := range c.Choices {
				b.contest(c.Name, 0, choice)
			}
		}
		for _, c := range t.Cells {
			b.add(c.Key, "", c.Count, Place{Row: first(c.at)})
		}
		for k, v := range t.Names {
			if _, ok := b.t.Names[k]; !ok {
				b.t.Names[k] = v
			}
		}
		b.t.Sources = append(b.t.Sources, t.Sources...)
		b.t.Problems = append(b.t.Problems, t.Problems[:min(len(t.Problems), MaxProblems-min(MaxProblems, len(b.t.Problems)))]...)
		b.t.Doubts, b.t.Unread, b.t.Rows = b.t.Doubts+t.Doubts, b.t.Unread+t.Unread, b.t.Rows+t.Rows
		b.t.unread = append(b.t.unread, t.unread...)
	}
	merged, err := b.done()
	if err != nil {
		return nil, err
	}
	merged.Final = true
	for _, t := range all {
		merged.Final = merged.Final && t.Final
	}
	return merged, nil
}

func first(at []int32) int {
	if len(at) == 0 {
		return 0
	}
	return int(at[0])
}
