package certlog

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"golang.org/x/mod/sumdb/tlog"
)

// A Source reads a path below a log's prefix, with its query.
type Source func(ctx context.Context, path string) ([]byte, error)

// ErrNotThere is what a source says of a path that the log does not have.
var ErrNotThere = errors.New("not there")

// A Reader reads one log under one of its heads.
type Reader struct {
	Key    Key
	Head   Head
	Name   string // what the log calls itself, or what the caller calls it
	Static bool   // its tiles are read, else the interface of RFC 6962
	read   Source
}

// Open reads a log's newest head: a checkpoint, or where there is none, what RFC 6962
// has. name is kept where the log says none.
func Open(ctx context.Context, k Key, read Source, name string) (*Reader, error) {
	r := &Reader{Key: k, Name: name, read: read}
	data, err := read(ctx, "checkpoint")
	if err == nil {
		r.Static = true
		r.Head, r.Name, err = k.Checkpoint(data)
	} else if errors.Is(err, ErrNotThere) {
		if data, err = read(ctx, "ct/v1/get-sth"); err == nil {
			r.Head, err = k.STH(data)
		}
	}
	return r, err
}

// Part reads what holds an entry: a tile, or what the log gives at once. Of tiles
// each entry is checked to be the one under the head, so that none can be left out
// or changed; else only what is proved is sure.
func (r *Reader) Part(ctx context.Context, at int64) (list []Entry, err error) {
	if !r.Static {
		data, err := r.read(ctx, fmt.Sprintf("ct/v1/get-entries?start=%d&end=%d", at, min(at+255, r.Head.Size-1)))
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", at, err)
		}
		return ParseEntries(data, at)
	}
	n := at / 256
	width := int(min(256, r.Head.Size-n*256))
	data, err := r.read(ctx, TilePath(-1, n, width))
	if errors.Is(err, ErrNotThere) && width < 256 { // it is full by now
		data, err = r.read(ctx, TilePath(-1, n, 256))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", TilePath(-1, n, width), err)
	}
	if list, err = ParseTile(data, n*256); err == nil && len(list) < width {
		err = fmt.Errorf("%s has %d entries", TilePath(-1, n, width), len(list))
	}
	if err != nil {
		return list, err
	}
	list = list[:width]
	return list, r.under(ctx, list)
}

// under checks entries against the tree.
func (r *Reader) under(ctx context.Context, list []Entry) error {
	indexes := make([]int64, 0, len(list))
	for _, e := range list {
		indexes = append(indexes, tlog.StoredHashIndex(0, e.Index))
	}
	hashes, err := r.hashes(ctx).ReadHashes(indexes)
	if err != nil {
		return fmt.Errorf("the tree of entry %d: %w", list[0].Index, err)
	}
	for i, e := range list {
		if hashes[i] != tlog.RecordHash(e.Leaf) {
			return fmt.Errorf("entry %d is another than the log's tree holds", e.Index)
		}
	}
	return nil
}

// hashes reads the tree by its tiles, each checked against the head.
func (r *Reader) hashes(ctx context.Context) tlog.HashReader {
	read := func(path string) ([]byte, error) { return r.read(ctx, path) }
	return tlog.TileHashReader(tlog.Tree{N: r.Head.Size, Hash: tlog.Hash(r.Head.Root)}, tiles{r.Head.Size, read})
}

// Prove gets the proof that an entry is under the head.
func (r *Reader) Prove(ctx context.Context, e Entry) ([][]byte, error) {
	if r.Static {
		return Prove(r.Head, e, func(path string) ([]byte, error) { return r.read(ctx, path) })
	}
	h := LeafHash(e)
	data, err := r.read(ctx, fmt.Sprintf("ct/v1/get-proof-by-hash?hash=%s&tree_size=%d", url.QueryEscape(base64.StdEncoding.EncodeToString(h[:])), r.Head.Size))
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", e.Index, err)
	}
	return ParseProof(data, r.Head, e)
}

// Evidence is that of a name in an entry, with its proof.
func (r *Reader) Evidence(e Entry, proof [][]byte, name, protected, kind string) Evidence {
	return Evidence{
		Format: Format, Log: r.Name, Key: r.Key.DER, Size: r.Head.Size, Time: r.Head.Time, Root: r.Head.Root[:], Signature: r.Head.Signature,
		Index: e.Index, Leaf: e.Leaf, Proof: proof, Name: name, Protected: protected, Kind: kind,
	}
}

// Since compares the head with an older one of the same log. A log that only grew
// gives nil; one that did not gives a *Split. ErrStale says that this head is the
// older of the two, as a copy that lags behind gives it, ErrUnproved that the log's
// proof does not hold: it may be a fault of whoever serves it. Other errors are of reading.
func (r *Reader) Since(ctx context.Context, old Head) error {
	now := r.Head
	switch {
	case now.Size == old.Size && now.Root == old.Root, old.Size == 0 && now.Size > 0:
		return nil
	case now.Size == old.Size:
		return r.split(old, nil, nil)
	case now.Size < old.Size && now.Time > old.Time:
		return r.split(old, nil, nil)
	case now.Size < old.Size:
		return ErrStale
	}
	if !r.Static {
		return r.sinceRFC6962(ctx, old)
	}
	hashes := r.hashes(ctx)
	root, err := tlog.TreeHash(old.Size, hashes)
	if err != nil {
		return fmt.Errorf("the tree of %d entries: %w", old.Size, err)
	}
	if root == tlog.Hash(old.Root) {
		return nil
	}
	proof, err := tlog.ProveTree(now.Size, old.Size, hashes)
	if err != nil {
		return fmt.Errorf("the tree of %d entries: %w", old.Size, err)
	}
	return r.split(old, root[:], proof)
}

// What Since says where nothing is shown either way.
var (
	ErrStale    = errors.New("a head that is older than the one seen before")
	ErrUnproved = errors.New("the log does not prove that it has only grown")
)

// sinceRFC6962 asks for the proof of section 4.4.
func (r *Reader) sinceRFC6962(ctx context.Context, old Head) error {
	data, err := r.read(ctx, fmt.Sprintf("ct/v1/get-sth-consistency?first=%d&second=%d", old.Size, r.Head.Size))
	if err != nil {
		return fmt.Errorf("the proof that the log has grown: %w", err)
	}
	var in struct {
		Path [][]byte `json:"consistency"`
	}
	if len(data) > maxHead || json.Unmarshal(data, &in) != nil || len(in.Path) > 128 {
		return errors.New("this is no answer to get-sth-consistency (RFC 6962 section 4.4)")
	}
	var proof tlog.TreeProof
	for _, p := range in.Path {
		if len(p) != sha256.Size {
			return errors.New("a proof that holds what is no SHA-256")
		}
		proof = append(proof, tlog.Hash(p))
	}
	if tlog.CheckTree(proof, r.Head.Size, tlog.Hash(r.Head.Root), old.Size, tlog.Hash(old.Root)) != nil {
		return ErrUnproved
	}
	return nil
}
