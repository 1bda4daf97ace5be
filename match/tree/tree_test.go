package tree

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

func leaves(n int) []Digest {
	list := make([]Digest, n)
	for i := range list {
		list[i] = statement.TaggedSum("test", []byte{byte(i), byte(i >> 8)})
	}
	return list
}

// TestAgainstTlog: roots and paths are those of the standard's other reader.
func TestAgainstTlog(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 7, 8, 33, 100} {
		list := leaves(n)
		var stored []tlog.Hash
		read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(at))
			for i, k := range at {
				out[i] = stored[k]
			}
			return out, nil
		})
		for i, leaf := range list {
			hs, err := tlog.StoredHashesForRecordHash(int64(i), tlog.RecordHash(leaf[:]), read)
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, hs...)
		}
		root, err := tlog.TreeHash(int64(n), read)
		if err != nil {
			t.Fatal(err)
		}
		tree := New(list)
		if Digest(root) != tree.Root() || tree.Size() != n {
			t.Fatalf("root of %d leaves differs", n)
		}
		for i := range n {
			path := tree.Path(i)
			proof, err := tlog.ProveRecord(int64(n), int64(i), read)
			if err != nil {
				t.Fatal(err)
			}
			if len(path) != PathLen(i, n) || !slices.EqualFunc(path, proof, func(a Digest, b tlog.Hash) bool { return a == Digest(b) }) {
				t.Fatalf("path of %d of %d differs", i, n)
			}
			if err := Check(tree.Root(), n, i, list[i], path); err != nil {
				t.Fatal(err)
			}
		}
	}
	if New(nil).Root() != (Digest{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}) {
		t.Error("the root of nothing is another one")
	}
}

func TestWrongPaths(t *testing.T) {
	list := leaves(11)
	tree := New(list)
	path := tree.Path(4)
	bent := slices.Clone(path)
	bent[1][0] ^= 1
	for name, err := range map[string]error{
		"another leaf":     Check(tree.Root(), 11, 4, list[5], path),
		"another place":    Check(tree.Root(), 11, 5, list[4], path),
		"behind the end":   Check(tree.Root(), 11, 11, list[4], path),
		"before the start": Check(tree.Root(), 11, -1, list[4], path),
		"a bent path":      Check(tree.Root(), 11, 4, list[4], bent),
		"a short path":     Check(tree.Root(), 11, 4, list[4], path[1:]),
		"a long path":      Check(tree.Root(), 11, 4, list[4], append(path, path[0])),
		"another root":     Check(list[0], 11, 4, list[4], path),
	} {
		if !errors.Is(err, &statement.Refusal{Code: statement.CodeDigest}) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}
