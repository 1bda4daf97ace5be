package certlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// SplitFormat is that of a Split.
const SplitFormat = "entente/certificate-log-split/v1"

// A Split is two heads of one log that cannot both be of a log that only grows,
// both signed by its key. Whoever has the key checks it without the log.
type Split struct {
	Format string     `json:"format"`
	Log    string     `json:"log"` // what the log calls itself; not signed
	Key    []byte     `json:"key"` // SubjectPublicKeyInfo
	Older  SignedHead `json:"older"`
	Newer  SignedHead `json:"newer"`
	// Under is the root that a tree of the older size has under the newer head, and
	// Proof shows that; both only where the sizes differ and the newer is larger.
	Under []byte   `json:"under,omitempty"`
	Proof [][]byte `json:"proof,omitempty"`
}

// SignedHead is a Head as it is written down.
type SignedHead struct {
	Size      int64  `json:"size"`
	Time      int64  `json:"time"` // Unix milliseconds
	Root      []byte `json:"root"`
	Signature []byte `json:"signature"`
}

// Signed writes a head down.
func (h Head) Signed() SignedHead { return SignedHead{h.Size, h.Time, h.Root[:], h.Signature} }

// Head is a head that was written down; its signature is not checked.
func (s SignedHead) Head() (Head, error) {
	if len(s.Root) != sha256.Size || s.Size < 0 || s.Size > largest {
		return Head{}, errors.New("this is no head of a certificate log")
	}
	return Head{Size: s.Size, Time: s.Time, Root: [32]byte(s.Root), Signature: s.Signature}, nil
}

// What contradicts itself in a Split.
const (
	SplitRoots   = "two-roots" // one size, two roots
	SplitShrank  = "shrank"    // a later head of fewer entries
	SplitRewrote = "rewrote"   // what the older head held is other under the newer
)

func (r *Reader) split(old Head, under []byte, proof tlog.TreeProof) *Split {
	s := &Split{Format: SplitFormat, Log: r.Name, Key: r.Key.DER, Older: old.Signed(), Newer: r.Head.Signed(), Under: under}
	for _, h := range proof {
		s.Proof = append(s.Proof, h[:])
	}
	return s
}

// Kind is what contradicts itself, "" for nothing.
func (s *Split) Kind() string {
	switch {
	case s.Older.Size == s.Newer.Size:
		return SplitRoots
	case s.Newer.Size < s.Older.Size:
		return SplitShrank
	case s.Under != nil:
		return SplitRewrote
	}
	return ""
}

// Error says it in a line.
func (s *Split) Error() string {
	return fmt.Sprintf("%s: the head of %d entries and that of %d contradict each other (%s)", s.Log, s.Older.Size, s.Newer.Size, s.Kind())
}

// ParseSplit reads what is written down of a split, and nothing beside it.
func ParseSplit(data []byte) (*Split, error) {
	var s Split
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if len(data) > maxEvidence || d.Decode(&s) != nil || s.Format != SplitFormat || len(s.Proof) > 128 {
		return nil, fmt.Errorf("this is no %s", SplitFormat)
	}
	return &s, nil
}

// Check checks it against the log's key, which comes from elsewhere than the
// evidence, and says what contradicts itself. A split that is not proved is an error.
func (s *Split) Check(k Key) (string, error) {
	if string(s.Key) != string(k.DER) {
		return "", errors.New("it is of another log: its key is not the one given")
	}
	older, err := s.Older.Head()
	if err != nil {
		return "", err
	}
	newer, err := s.Newer.Head()
	if err != nil {
		return "", err
	}
	if err := errors.Join(k.Verify(older), k.Verify(newer)); err != nil {
		return "", err
	}
	kind := s.Kind()
	switch {
	case kind == SplitRoots && older.Root != newer.Root, kind == SplitShrank && newer.Time > older.Time:
		return kind, nil
	case kind != SplitRewrote:
		return "", errors.New("it does not show that the log contradicts itself")
	}
	var proof tlog.TreeProof
	for _, p := range s.Proof {
		if len(p) != sha256.Size {
			return "", errors.New("its proof holds what is no SHA-256")
		}
		proof = append(proof, tlog.Hash(p))
	}
	if len(s.Under) != sha256.Size || older.Root == [32]byte(s.Under) ||
		tlog.CheckTree(proof, newer.Size, tlog.Hash(newer.Root), older.Size, tlog.Hash(s.Under)) != nil {
		return "", errors.New("it does not show another tree under the newer head")
	}
	return kind, nil
}
