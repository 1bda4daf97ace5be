package certlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Format of evidence.
const Format = "entente/certificate-seen/v1"

// Evidence shows that a log holds an entry that names a domain: the log's
// signed head and the proof that the entry is under it. Whoever has the log's key
// checks it without the log.
type Evidence struct {
	Format    string   `json:"format"`
	Log       string   `json:"log"` // what the log calls itself, or where it was read; not signed
	Key       []byte   `json:"key"` // SubjectPublicKeyInfo
	Size      int64    `json:"size"`
	Time      int64    `json:"time"`
	Root      []byte   `json:"root"`
	Signature []byte   `json:"signature"`
	Index     int64    `json:"index"`
	Leaf      []byte   `json:"leaf"`
	Proof     [][]byte `json:"proof"`
	Name      string   `json:"name"`      // in the certificate
	Protected string   `json:"protected"` // that it resembles
	Kind      string   `json:"kind"`      // how
}

const maxEvidence = 8 << 20

// Seen is what evidence shows.
type Seen struct {
	Entry Entry
	Head  Head
	Names []string
}

// ParseEvidence reads evidence, and nothing beside it.
func ParseEvidence(data []byte) (Evidence, error) {
	var ev Evidence
	if len(data) > maxEvidence {
		return ev, fmt.Errorf("evidence of more than %d bytes", maxEvidence)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&ev); err != nil {
		return ev, fmt.Errorf("this is no evidence: %w", err)
	}
	if ev.Format != Format {
		return ev, fmt.Errorf("evidence of the format %.60q; this version knows %s", ev.Format, Format)
	}
	return ev, nil
}

// Check checks evidence against the log's key, which comes from elsewhere than the evidence.
func (ev Evidence) Check(k Key) (Seen, error) {
	if string(ev.Key) != string(k.DER) {
		return Seen{}, errors.New("it is of another log: its key is not the one given")
	}
	if len(ev.Root) != sha256.Size {
		return Seen{}, errors.New("its root is no SHA-256")
	}
	h := Head{Size: ev.Size, Time: ev.Time, Root: [32]byte(ev.Root), Signature: ev.Signature}
	if err := k.Verify(h); err != nil {
		return Seen{}, err
	}
	e, err := ParseLeaf(ev.Leaf)
	if err != nil {
		return Seen{}, fmt.Errorf("its entry: %w", err)
	}
	if e.Index >= 0 && e.Index != ev.Index {
		return Seen{}, fmt.Errorf("its entry says that it is %d, not %d", e.Index, ev.Index)
	}
	e.Index = ev.Index
	var proof tlog.RecordProof
	for _, p := range ev.Proof {
		if len(p) != sha256.Size {
			return Seen{}, errors.New("its proof holds what is no SHA-256")
		}
		proof = append(proof, tlog.Hash(p))
	}
	if ev.Index < 0 || ev.Index >= ev.Size || tlog.CheckRecord(proof, ev.Size, tlog.Hash(h.Root), ev.Index, tlog.RecordHash(ev.Leaf)) != nil {
		return Seen{}, errors.New("the entry is not proved to be under the head")
	}
	names, err := e.Names()
	if err != nil && !errors.Is(err, ErrMany) {
		return Seen{}, err
	}
	if !slices.Contains(names, ev.Name) {
		return Seen{}, fmt.Errorf("the certificate does not name %.253q", ev.Name)
	}
	return Seen{e, h, names}, nil
}
