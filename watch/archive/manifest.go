package archive

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"entente/statement"
)

// Span is a run of bytes of one incarnation of a source of which every event is
// in the archive.
type Span struct {
	Source     string `json:"source"`
	Generation int    `json:"generation"`
	Begin      int64  `json:"begin"` // where the source began with this incarnation
	From       int64  `json:"from"`
	To         int64  `json:"to"`
	Final      bool   `json:"final,omitempty"` // read to the end of the incarnation
}

// File is one file of a segment.
type File struct {
	Name   string           `json:"name"`
	Size   int64            `json:"size"` // bytes
	Digest statement.Digest `json:"sha256"`
}

// Manifest describes one segment. Its digest is what the record seals.
type Manifest struct {
	Format string `json:"format"` // ManifestFormat
	Number uint64 `json:"number"`
	Spool  int64  `json:"spool"` // bytes of the spool that it was made of
	Rows   int64  `json:"rows"`
	Keys   int64  `json:"keys"`  // pairs of a row and an expression that an indicator could be
	First  int64  `json:"first"` // times of the earliest and latest event, Unix milliseconds; 0 where none has one
	Last   int64  `json:"last"`
	Made   int64  `json:"made"` // Unix milliseconds
	Files  []File `json:"files"`
	Spans  []Span `json:"spans"`
}

// ManifestFormat names this version of the files.
const ManifestFormat = "entente segment v1"

// MaxManifest is the most bytes of a manifest.
const MaxManifest = 64 << 20

// summed is a manifest as it is written: with the SHA-256 of what it is without
// it, since a flipped bit in a span would claim that the archive has what it has not.
type summed struct {
	Manifest
	Sum statement.Digest `json:"sum"`
}

// Marshal returns the manifest's bytes.
func (m Manifest) Marshal() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(summed{m, sha256.Sum256(b)}, "", " ")
}

// ParseManifest reads what Marshal gave, strictly. An error wraps ErrDamaged.
func ParseManifest(data []byte) (Manifest, error) {
	var s summed
	if len(data) > MaxManifest {
		return Manifest{}, damaged(fmt.Errorf("a manifest of %d bytes", len(data)))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Manifest{}, damaged(err)
	}
	m := s.Manifest
	if m.Format != ManifestFormat || m.Rows < 0 || m.Rows > MaxRows {
		return m, damaged(fmt.Errorf("a manifest of the format %.40q", m.Format))
	}
	again, err := m.Marshal()
	if err != nil || !bytes.Equal(again, data) {
		return m, damaged(errors.New("a manifest that is not as it was written"))
	}
	return m, nil
}

// Digest is the SHA-256 of the manifest's bytes, which the record says of the
// segment: all of it hangs on that.
func (m Manifest) Digest() (statement.Digest, error) {
	b, err := m.Marshal()
	return statement.Digest(sha256.Sum256(b)), err
}

// Size is the bytes of the files.
func (m Manifest) Size() int64 {
	var sum int64
	for _, f := range m.Files {
		sum += f.Size
	}
	return sum
}

// Merge joins spans that touch or overlap. The result is ordered by source,
// generation and place. It takes the slice over.
func Merge(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if last.Source == s.Source && last.Generation == s.Generation && s.From <= last.To {
				last.Final = last.Final && last.To >= s.To || s.Final && s.To >= last.To
				last.To = max(last.To, s.To)
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// Coverage answers what an archive covers.
type Coverage map[string][]Span

// Cover orders spans by source.
func Cover(spans []Span) Coverage {
	c := make(Coverage)
	for _, s := range Merge(spans) {
		c[s.Source] = append(c[s.Source], s)
	}
	return c
}

// Has says that every event in the bytes from..to of an incarnation of a source
// is in the archive.
func (c Coverage) Has(source string, generation int, from, to int64) bool {
	if from >= to {
		return true
	}
	for _, s := range c[source] {
		if s.Generation == generation && s.From <= from && s.To >= to {
			return true
		}
	}
	return false
}

// Whole says that an incarnation of a source is in the archive from its
// beginning to its end.
func (c Coverage) Whole(source string, generation int) bool {
	for _, s := range c[source] {
		if s.Generation == generation && s.From <= s.Begin && s.Final {
			return true
		}
	}
	return false
}
