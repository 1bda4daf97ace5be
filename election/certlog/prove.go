package certlog

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles gives the hashes of a log's tile, by their path; see TilePath.
type Tiles func(path string) ([]byte, error)

// tiles reads for tlog, which checks each tile against the head.
type tiles struct {
	size int64
	read Tiles
}

func (t tiles) Height() int                     { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(list []tlog.Tile) (out [][]byte, err error) {
	for _, one := range list {
		data, err := t.read(TilePath(one.L, one.N, one.W))
		if err != nil && one.W < 256 { // a full tile may have taken its place
			if data, err = t.read(TilePath(one.L, one.N, 256)); err == nil && len(data) >= one.W*sha256.Size {
				data = data[:one.W*sha256.Size]
			}
		}
		if err != nil {
			return nil, err
		}
		if len(data) != one.W*sha256.Size {
			return nil, fmt.Errorf("%s has %d bytes", TilePath(one.L, one.N, one.W), len(data))
		}
		out = append(out, data)
	}
	return out, nil
}

// Prove computes the proof that the entry at an index is under a head, from
// tiles that are checked against it.
func Prove(h Head, e Entry, read Tiles) ([][]byte, error) {
	r := tlog.TileHashReader(tlog.Tree{N: h.Size, Hash: tlog.Hash(h.Root)}, tiles{h.Size, read})
	proof, err := tlog.ProveRecord(h.Size, e.Index, r)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", e.Index, err)
	}
	if err := tlog.CheckRecord(proof, h.Size, tlog.Hash(h.Root), e.Index, tlog.RecordHash(e.Leaf)); err != nil {
		return nil, fmt.Errorf("entry %d is another than the log's tree holds", e.Index)
	}
	return bytesOf(proof), nil
}

func bytesOf(proof tlog.RecordProof) [][]byte {
	out := make([][]byte, 0, len(proof))
	for _, h := range proof {
		out = append(out, h[:])
	}
	return out
}

// LeafHash is what RFC 6962 asks a proof by.
func LeafHash(e Entry) [32]byte { return tlog.RecordHash(e.Leaf) }

// ParseProof reads the answer to get-proof-by-hash (RFC 6962 section 4.5) and checks it.
func ParseProof(data []byte, h Head, e Entry) ([][]byte, error) {
	var in struct {
		Index int64    `json:"leaf_index"`
		Path  [][]byte `json:"audit_path"`
	}
	if len(data) > maxHead || json.Unmarshal(data, &in) != nil || len(in.Path) > 64 {
		return nil, errors.New("this is no answer to get-proof-by-hash (RFC 6962 section 4.5)")
	}
	var proof tlog.RecordProof
	for _, p := range in.Path {
		if len(p) != sha256.Size {
			return nil, errors.New("a proof that holds what is no SHA-256")
		}
		proof = append(proof, tlog.Hash(p))
	}
	if in.Index != e.Index || tlog.CheckRecord(proof, h.Size, tlog.Hash(h.Root), e.Index, tlog.RecordHash(e.Leaf)) != nil {
		return nil, fmt.Errorf("entry %d is not proved to be under the head", e.Index)
	}
	return bytesOf(proof), nil
}
