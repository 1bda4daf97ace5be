package canary

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"entente/election/trie"
	"entente/statement"
)

// A Folder is what an owner seals: documents by name. It is a secret, and what is
// needed to open anything later; the documents themselves are not in it.
type Folder struct {
	Title     string
	Key       [32]byte
	Documents map[string][]Document
}

// Add adds a document. Of one name each version stands once.
func (f *Folder) Add(name string, d Document) error {
	if err := errors.Join(CheckName(name), d.check()); err != nil {
		return err
	}
	if f.Documents == nil {
		f.Documents = make(map[string][]Document)
	}
	all := f.Documents[name]
	if slices.ContainsFunc(all, func(o Document) bool { return bytes.Equal(o.line(), d.line()) }) {
		return nil
	}
	if len(all) == maxSame || all == nil && len(f.Documents) == maxNames {
		return fmt.Errorf("more than %d names, or %d versions of %.80q", maxNames, maxSame, name)
	}
	f.Documents[name] = append(all, d)
	return nil
}

// Header is what a root is of. All of it may be shown to anybody.
type Header struct {
	Title string `json:"title"`
	Names int    `json:"names"` // with a place in the tree
	Key   Hash   `json:"key"`   // commitment to the key that leads from names to places
	Tree  Hash   `json:"tree"`
}

// Root is the digest that is sealed.
func (h Header) Root() Hash {
	return statement.TaggedSum("entente/folder-root/v1", []byte(strings.Join([]string{h.Title, strconv.Itoa(h.Names), h.Key.String(), h.Tree.String()}, "\n")))
}

func (h Header) check() error {
	if CheckName(h.Title) != nil || len(h.Title) > 120 || h.Names < 0 || h.Names > maxNames {
		return errors.New("a folder has a title of 1 to 120 bytes and at most 5000000 names")
	}
	return nil
}

// PlaceKey leads from names to places. It is shown with the first opening: then
// whoever is shown an opening can ask of other names too whether they were in
// the part of the tree that it shows, which is one leaf.
type PlaceKey [32]byte

func (f *Folder) placeKey() PlaceKey {
	return PlaceKey(mac(f.Key, "entente/folder-places/v1"))
}

func (k PlaceKey) commitment() Hash { return statement.TaggedSum("entente/folder-key/v1", k[:]) }

func (k PlaceKey) place(name string) (id trie.ID) {
	copy(id[:], mac(k, name))
	return id
}

// Salt hides one document.
type Salt [16]byte

func (f *Folder) salt(id trie.ID, n int) (s Salt) {
	copy(s[:], mac(f.Key, "entente/folder-salt/v1", string(id[:]), strconv.Itoa(n)))
	return s
}

func mac(key [32]byte, data ...string) []byte {
	h := hmac.New(sha256.New, key[:])
	for _, d := range data {
		h.Write([]byte(d))
	}
	return h.Sum(nil)
}

// First bytes of what is hashed, so that no digest made for one purpose serves
// another; 1 is package trie's.
const (
	leafByte     = 0
	documentByte = 2
)

func commit(s Salt, d Document) Hash {
	return sha256.Sum256(slices.Concat([]byte{documentByte}, s[:], d.line()))
}

func leafOf(id trie.ID, documents []Hash) Hash {
	b := append([]byte{leafByte}, id[:]...)
	for i := range documents {
		b = append(b, documents[i][:]...)
	}
	return sha256.Sum256(b)
}

type entry struct {
	id   trie.ID
	leaf Hash
	name string
}

// Place and Leaf are those of a tree's entry.
func (e entry) Place() trie.ID { return e.id }

// Leaf is the hash of all documents of a name.
func (e entry) Leaf() Hash { return e.leaf }

// A Sealed folder has its tree.
type Sealed struct {
	Header
	folder  *Folder
	entries []entry
}

// Seal hashes a folder's tree.
func (f *Folder) Seal() (*Sealed, error) {
	s := &Sealed{folder: f, Header: Header{Title: f.Title, Names: len(f.Documents), Key: f.placeKey().commitment()}}
	if err := s.check(); err != nil {
		return nil, err
	}
	key := f.placeKey()
	for _, name := range slices.Sorted(maps.Keys(f.Documents)) {
		id := key.place(name)
		s.entries = append(s.entries, entry{id, leafOf(id, f.commitments(id, name)), name})
	}
	slices.SortFunc(s.entries, func(a, b entry) int { return bytes.Compare(a.id[:], b.id[:]) })
	s.Tree = trie.Root(s.entries, 0)
	return s, nil
}

func (f *Folder) commitments(id trie.ID, name string) (out []Hash) {
	for i, d := range f.sorted(name) {
		out = append(out, commit(f.salt(id, i), d))
	}
	return out
}

// sorted are the versions of a name, in one order whatever order they were added in.
func (f *Folder) sorted(name string) []Document {
	all := slices.Clone(f.Documents[name])
	slices.SortFunc(all, func(a, b Document) int { return cmp.Or(bytes.Compare(a.line(), b.line())) })
	return all
}
