package record

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// sealed returns the sealed parts of leaves, or of the first of them once they
// are more than chunkBytes.
func (g giving) sealed(ctx context.Context, from uint64, leaves [][]byte) ([][][]byte, error) {
	sealed := make([][][]byte, 0, len(leaves))
	size := 0
	for len(sealed) < len(leaves) && size < chunkBytes {
		next := from + uint64(len(sealed))
		got, err := g.src.Sealed(ctx, g.c.Origin, next, len(leaves)-len(sealed))
		if err != nil {
			return nil, fmt.Errorf("fetch parts from leaf %d: %w", next, err)
		}
		if len(got) == 0 || len(got) > len(leaves)-len(sealed) {
			return nil, statement.Refuse(statement.CodePart, "parts of %d leaves, asked for %d", len(got), len(leaves)-len(sealed))
		}
		for _, parts := range got {
			if err := g.check(ctx, from+uint64(len(sealed)), leaves[len(sealed)], parts); err != nil {
				return nil, err
			}
			sealed = append(sealed, parts)
			for _, p := range parts {
				size += len(p)
			}
		}
	}
	return sealed, nil
}

// check demands of a proven leaf each ciphertext that it commits to, or the
// owner's word that it is erased, so that "held" means the ciphertexts too. Of
// a leaf that commits to none everything is taken as it is; ingress refuses
// such a leaf, so nobody reads them.
func (g giving) check(ctx context.Context, index uint64, leaf []byte, parts [][]byte) error {
	if len(parts) > statement.MaxParts {
		return statement.Refuse(statement.CodePart, "%d parts, at most %d", len(parts), statement.MaxParts)
	}
	var id statement.Digest
	var want []statement.Digest
	e, err := statement.ParseEnvelope(leaf)
	committed := false
	if err == nil {
		id = e.ID()
		want, committed = e.Ciphertexts()
	}
	if committed && len(want) != len(parts) {
		return statement.Refuse(statement.CodePart, "%d sealed parts for %d digests", len(parts), len(want))
	}
	for i, p := range parts {
		switch {
		case p == nil:
			err = g.erased(ctx, statement.Ref{Origin: g.c.Origin, Index: index, ID: id}, i)
		case len(p) == 0:
			err = statement.Refuse(statement.CodePart, "the source does not hold part %d of leaf %d", i, index)
		case len(p) > MaxSealed:
			err = statement.Refuse(statement.CodeSize, "a sealed part of %d bytes", len(p))
		case committed && statement.SealedDigest(p) != want[i]:
			err = statement.Refuse(statement.CodeDigest, "sealed part %d of leaf %d is not what its owner logged", i, index)
		default:
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// erased demands the owner's own statement that a part is erased. That the
// leaf lies in the tree that the owner signed proves that the owner said it.
// Acts are never erased: every state is computed from them.
func (g giving) erased(ctx context.Context, of statement.Ref, part int) error {
	bad := statement.Refuse(statement.CodePart, "part %d of leaf %d is missing, and its owner has not erased it", part, of.Index)
	if part == 0 || g.erases == nil {
		return bad
	}
	by, err := g.src.Erasure(ctx, of.Origin, of.Index, part)
	if err != nil {
		return fmt.Errorf("ask what erased part %d of leaf %d: %w", part, of.Index, err)
	}
	if by <= of.Index || by >= g.c.Size {
		return bad
	}
	leaf, err := g.leaf(ctx, by)
	if err != nil {
		return err
	}
	sealed, err := g.src.Sealed(ctx, of.Origin, by, 1)
	if err != nil {
		return fmt.Errorf("fetch parts of leaf %d: %w", by, err)
	}
	e, err := statement.ParseEnvelope(leaf)
	if err != nil || len(sealed) != 1 || len(sealed[0]) == 0 {
		return bad
	}
	want, ok := e.Ciphertexts()
	if !ok || len(want) == 0 || len(sealed[0][0]) > MaxSealed || statement.SealedDigest(sealed[0][0]) != want[0] {
		return bad
	}
	if about, n, ok := g.erases(by, leaf, sealed[0][0]); !ok || about != of || n != part {
		return bad
	}
	return nil
}

// leaf fetches one leaf and proves it against the signed root.
func (g giving) leaf(ctx context.Context, index uint64) ([]byte, error) {
	bundle := index / bundleWidth
	width := int(min(bundleWidth, g.c.Size-bundle*bundleWidth))
	got, err := g.src.Entries(ctx, g.c.Origin, bundle, width)
	if err != nil {
		return nil, fmt.Errorf("fetch bundle %d: %w", bundle, err)
	}
	if len(got) != width {
		return nil, statement.Refuse(statement.CodeProof, "bundle %d has %d leaves, want %d", bundle, len(got), width)
	}
	want, err := g.hashes(ctx, index, 1)
	if err != nil {
		return nil, err
	}
	leaf := got[index-bundle*bundleWidth]
	if tlog.RecordHash(leaf) != want[0] {
		return nil, statement.Refuse(statement.CodeProof, "leaf %d does not match its tile", index)
	}
	return leaf, nil
}

// hashes returns n leaf hashes from index first on, proved against the root.
func (g giving) hashes(ctx context.Context, first, n uint64) ([]tlog.Hash, error) {
	r := tlog.TileHashReader(tlog.Tree{N: int64(g.c.Size), Hash: g.c.Root}, tiles{ctx, g.src, g.c.Origin})
	indexes := make([]int64, n)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, int64(first)+int64(i))
	}
	want, err := r.ReadHashes(indexes)
	if err != nil {
		return nil, fmt.Errorf("read tiles: %w", err)
	}
	return want, nil
}
