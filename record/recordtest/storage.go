// Package recordtest is the conformance suite that every engine behind record.Storage passes.
package recordtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

// Origin is the origin of the logs that the suite makes.
const Origin = "entente/north/0123abcd"

// SignFunc signs a tree of the log as its owner.
type SignFunc = func(record.Tree) ([]byte, error)

// Engine is one implementation of record.Storage.
type Engine struct {
	// Open opens the log of Origin that is in dir and makes it when the folder
	// is empty. A nil sign opens a mirror. The suite closes what it opens.
	Open func(dir string, sign SignFunc) (record.Storage, error)
	// Spoil changes a byte of a stored leaf behind the engine's back, while
	// the log is closed. Nil where that cannot be done.
	Spoil func(t *testing.T, dir string, leaf []byte)
}

// Sign makes a note of the right form under a signature that nobody checks.
func Sign(tree record.Tree) ([]byte, error) {
	text := record.Checkpoint{Origin: Origin, Tree: tree}.Text()
	return fmt.Appendf(text, "\n— %s AAAAAA==\n", Origin), nil
}

// Run runs the suite.
func Run(t *testing.T, e Engine) {
	for _, test := range []struct {
		name string
		run  func(suite, *testing.T)
	}{
		{"empty", suite.empty},
		{"append", suite.appends},
		{"sizes", suite.sizes},
		{"concurrent", suite.concurrent},
		{"order", suite.order},
		{"reopen", suite.reopen},
		{"proofs", suite.proofs},
		{"mirror", suite.mirror},
		{"notes", suite.notes},
		{"erase", suite.erase},
		{"scrub", suite.scrub},
		{"spoil", suite.spoil},
		{"cancel", suite.cancel},
		{"refuse", suite.refuse},
		{"signer", suite.signer},
		{"close", suite.closed},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(suite{e, t.TempDir()}, t) })
	}
}

type suite struct {
	Engine
	dir string
}

func (s suite) open(t *testing.T) record.Storage {
	t.Helper()
	return s.openWith(t, Sign)
}

func (s suite) openWith(t *testing.T, sign SignFunc) record.Storage {
	t.Helper()
	st, err := s.Open(s.dir, sign)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// leafOf makes leaf i; the length varies and may be 0.
func leafOf(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "leaf %d ", i), i%7) }

// partsOf makes the sealed parts of leaf i.
func partsOf(i int) [][]byte {
	parts := make([][]byte, i%3)
	for k := range parts {
		parts[k] = bytes.Repeat([]byte{byte(i), byte(k), 1}, 1+i%50)
	}
	return parts
}

func fill(t *testing.T, st record.Storage, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		index, err := st.Append(t.Context(), leafOf(i), partsOf(i))
		if err != nil || index != uint64(i) {
			t.Fatalf("append %d: index %d, %v", i, index, err)
		}
	}
}

// rootOf computes the root of a list of leaves by x/mod alone.
func rootOf(t *testing.T, leaves [][]byte) record.Tree {
	t.Helper()
	if len(leaves) == 0 {
		return record.Tree{Root: record.EmptyRoot}
	}
	var hashes []tlog.Hash
	r := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashes(int64(i), leaf, r)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(int64(len(leaves)), r)
	if err != nil {
		t.Fatal(err)
	}
	return record.Tree{Size: uint64(len(leaves)), Root: root}
}

// check holds a storage against the leaves and parts that it must have.
func check(t *testing.T, st record.Storage, n int) {
	t.Helper()
	var leaves [][]byte
	for i := range n {
		leaf, err := st.Leaf(uint64(i))
		if err != nil || !bytes.Equal(leaf, leafOf(i)) {
			t.Fatalf("leaf %d of %d: %q, %v", i, n, leaf, err)
		}
		leaves = append(leaves, leaf)
		parts, err := st.Sealed(uint64(i))
		if err != nil || !slices.EqualFunc(parts, partsOf(i), bytes.Equal) {
			t.Fatalf("parts of leaf %d: %v", i, err)
		}
	}
	tree, note := st.Head()
	if want := rootOf(t, leaves); tree != want {
		t.Fatalf("head %v, the leaves give %v", tree, want)
	}
	if n == 0 {
		if note != nil {
			t.Fatalf("an empty log has the note %q", note)
		}
		return
	}
	if c, err := record.Peek(note); err != nil || c != (record.Checkpoint{Origin: Origin, Tree: tree}) {
		t.Fatalf("the note is of %v, %v; the tree is %v", c, err, tree)
	}
}

func (s suite) empty(t *testing.T) {
	st := s.open(t)
	check(t, st, 0)
	if _, err := st.Leaf(0); err == nil {
		t.Error("an empty log gave a leaf")
	}
	if _, err := st.Sealed(0); err == nil {
		t.Error("an empty log gave parts")
	}
	if _, err := st.ReadHashes([]int64{0}); err == nil {
		t.Error("an empty log gave a hash")
	}
	if next, err := st.Scrub(t.Context(), 0, 10); next != 0 || err != nil {
		t.Errorf("scrub: %d, %v", next, err)
	}
}

func (s suite) appends(t *testing.T) {
	st := s.open(t)
	for i := range 70 {
		fill(t, st, i, i+1)
		check(t, st, i+1)
	}
	if _, err := st.Leaf(70); err == nil {
		t.Error("a leaf beyond the tree")
	}
}

func (s suite) sizes(t *testing.T) {
	st := s.open(t)
	large := bytes.Repeat([]byte{0xe7}, 1<<16-1)
	parts := [][]byte{{}, bytes.Repeat([]byte("x"), record.MaxSealed)}
	if _, err := st.Append(t.Context(), large, parts); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Append(t.Context(), append(large, 1), nil); err == nil {
		t.Error("a leaf of 64 KiB was taken")
	}
	leaf, err := st.Leaf(0)
	if err != nil || !bytes.Equal(leaf, large) {
		t.Errorf("the large leaf: %d bytes, %v", len(leaf), err)
	}
	got, err := st.Sealed(0)
	if err != nil || !slices.EqualFunc(got, parts, bytes.Equal) || got[0] == nil {
		t.Errorf("the large parts: %v", err)
	}
	if tree, _ := st.Head(); tree.Size != 1 {
		t.Errorf("size %d after a refused leaf", tree.Size)
	}
}

// concurrent appends from many goroutines: every index once, every leaf there.
func (s suite) concurrent(t *testing.T) {
	st := s.open(t)
	const writers, each = 16, 25
	var mu sync.Mutex
	at := map[uint64]string{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				leaf := fmt.Sprintf("writer %d leaf %d", w, i)
				index, err := st.Append(t.Context(), []byte(leaf), nil)
				tree, _ := st.Head()
				mu.Lock()
				if old, twice := at[index]; twice || err != nil || tree.Size <= index {
					t.Errorf("index %d for %q and %q, tree %d, %v", index, old, leaf, tree.Size, err)
				}
				at[index] = leaf
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	leaves := make([][]byte, len(at))
	for index, leaf := range at {
		got, err := st.Leaf(index)
		if err != nil || string(got) != leaf {
			t.Fatalf("leaf %d is %q, acknowledged %q, %v", index, got, leaf, err)
		}
		leaves[index] = got
	}
	if tree, _ := st.Head(); tree != rootOf(t, leaves) || tree.Size != writers*each {
		t.Errorf("head %v", tree)
	}
}

// order: calls of one goroutine keep their order beside others.
func (s suite) order(t *testing.T) {
	st := s.open(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i, last := 0, uint64(0); i < 30; i++ {
				index, err := st.Append(t.Context(), []byte("x"), nil)
				if err != nil || i > 0 && index <= last {
					t.Errorf("index %d after %d, %v", index, last, err)
				}
				last = index
			}
		})
	}
	wg.Wait()
}

func (s suite) reopen(t *testing.T) {
	n := 0
	for _, more := range []int{1, 5, 251, 0, 1, 30, 1} {
		st := s.open(t)
		check(t, st, n)
		fill(t, st, n, n+more)
		n += more
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	check(t, s.open(t), n)
}

// proofs: x/mod makes and checks proofs from the stored hashes.
func (s suite) proofs(t *testing.T) {
	st := s.open(t)
	const n = 400
	fill(t, st, 0, n)
	tree, _ := st.Head()
	for i := int64(0); i < n; i += 7 {
		p, err := tlog.ProveRecord(n, i, st)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(p, n, tree.Root, i, tlog.RecordHash(leafOf(int(i)))); err != nil {
			t.Fatal(err)
		}
		old, err := tlog.TreeHash(i+1, st)
		if err != nil {
			t.Fatal(err)
		}
		c, err := tlog.ProveTree(n, i+1, st)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(c, n, tree.Root, i+1, old); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []int64{-1, tlog.StoredHashCount(n), 1 << 62} {
		if _, err := st.ReadHashes([]int64{bad}); err == nil {
			t.Errorf("hash %d of a tree of %d", bad, n)
		}
	}
}

func (s suite) close(t *testing.T, st record.Storage) {
	t.Helper()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

func (s suite) closed(t *testing.T) {
	st := s.open(t)
	fill(t, st, 0, 3)
	s.close(t, st)
	if _, err := st.Append(t.Context(), []byte("x"), nil); err == nil {
		t.Error("a closed log took a leaf")
	}
	if _, err := st.Leaf(0); err == nil {
		t.Error("a closed log gave a leaf")
	}
	s.close(t, st)
}

func (s suite) cancel(t *testing.T) {
	st := s.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := st.Append(ctx, []byte("x"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("append under a cancelled context: %v", err)
	}
	check(t, st, 0)
	fill(t, st, 0, 2)
	check(t, st, 2)
}

// signer: a signature that is refused, or of another tree, changes nothing.
func (s suite) signer(t *testing.T) {
	var fault error
	wrong := false
	st := s.openWith(t, func(tree record.Tree) ([]byte, error) {
		if wrong {
			tree.Root[0] ^= 1
		}
		note, _ := Sign(tree)
		return note, fault
	})
	fill(t, st, 0, 4)
	fault = errors.New("the signer is locked")
	if _, err := st.Append(t.Context(), leafOf(4), nil); !errors.Is(err, fault) {
		t.Errorf("append without a signature: %v", err)
	}
	fault, wrong = nil, true
	if _, err := st.Append(t.Context(), leafOf(4), nil); err == nil {
		t.Error("a checkpoint of another tree was taken")
	}
	check(t, st, 4)
	wrong = false
	fill(t, st, 4, 6)
	check(t, st, 6)
}
