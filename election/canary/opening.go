package canary

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"entente/election/trie"
	"entente/statement"
)

// OpeningFormat is the format of what opens one name of a sealed folder.
const OpeningFormat = "entente/folder-opening/v1"

// An Opening shows all that one name stood for in a sealed folder; or, without
// documents, that it stood for nothing.
type Opening struct {
	Format    string           `json:"format"`
	Folder    Header           `json:"folder"`
	PlaceKey  string           `json:"place_key"` // hex
	Name      string           `json:"name"`
	Documents []OpenedDocument `json:"documents"`
	Other     *OtherLeaf       `json:"other,omitempty"` // what stands alone where the name would, if it stands for nothing
	Path      []string         `json:"path"`            // hex, the hashes beside the way from the root down
}

// OpenedDocument is a document and its salt.
type OpenedDocument struct {
	Document
	Salt string `json:"salt"` // hex
}

// OtherLeaf is a leaf that is not opened.
type OtherLeaf struct {
	ID        string   `json:"id"`        // hex
	Documents []string `json:"documents"` // hex, commitments
}

// Open opens a name.
func (s *Sealed) Open(name string) (Opening, error) {
	if err := CheckName(name); err != nil {
		return Opening{}, err
	}
	key := s.folder.placeKey()
	id := key.place(name)
	path, end := trie.Path(s.entries, id)
	o := Opening{Format: OpeningFormat, Folder: s.Header, PlaceKey: hex.EncodeToString(key[:]), Name: name, Documents: []OpenedDocument{}, Path: []string{}}
	for _, h := range path {
		o.Path = append(o.Path, h.String())
	}
	switch {
	case len(end) == 1 && end[0].id == id:
		for i, d := range s.folder.sorted(name) {
			salt := s.folder.salt(id, i)
			o.Documents = append(o.Documents, OpenedDocument{d, hex.EncodeToString(salt[:])})
		}
	case len(end) == 1:
		o.Other = &OtherLeaf{ID: end[0].id.String()}
		for _, h := range s.folder.commitments(end[0].id, end[0].name) {
			o.Other.Documents = append(o.Other.Documents, h.String())
		}
	}
	return o, nil
}

// ParseOpening reads an opening.
func ParseOpening(data []byte) (Opening, error) {
	var o Opening
	return o, statement.Decode(data, 1<<20, &o)
}

// Check recomputes the root: nil only if the name stood for these documents and no
// others, or for none, in the folder under it.
func (o Opening) Check() error {
	if o.Format != OpeningFormat {
		return fmt.Errorf("format %q, want %q", o.Format, OpeningFormat)
	}
	if err := errors.Join(o.Folder.check(), CheckName(o.Name)); err != nil {
		return err
	}
	if len(o.Path) > trie.Bits || len(o.Documents) > maxSame || len(o.Documents) > 0 && o.Other != nil {
		return errors.New("documents or another leaf, and at most 128 hashes")
	}
	var key PlaceKey
	if err := trie.Unhex(key[:], o.PlaceKey); err != nil {
		return fmt.Errorf("place key: %w", err)
	}
	if key.commitment() != o.Folder.Key {
		return errors.New("another place key than was sealed")
	}
	id := key.place(o.Name)
	end, err := o.end(id)
	if err != nil {
		return err
	}
	path := make([]Hash, len(o.Path))
	for i, text := range o.Path {
		if err := trie.Unhex(path[i][:], text); err != nil {
			return fmt.Errorf("path: %w", err)
		}
	}
	if trie.Fold(id, end, path) != o.Folder.Tree {
		return errors.New("not what was sealed under this root")
	}
	return nil
}

// end is the hash of what stands at the end of the path.
func (o Opening) end(id trie.ID) (Hash, error) {
	var hashes []Hash
	for _, d := range o.Documents {
		var salt Salt
		if err := errors.Join(trie.Unhex(salt[:], d.Salt), d.check()); err != nil {
			return Hash{}, fmt.Errorf("document: %w", err)
		}
		hashes = append(hashes, commit(salt, d.Document))
	}
	switch {
	case len(hashes) > 0:
		return leafOf(id, hashes), nil
	case o.Other == nil:
		return Hash{}, nil
	}
	var other trie.ID
	if err := trie.Unhex(other[:], o.Other.ID); err != nil {
		return Hash{}, fmt.Errorf("other leaf: %w", err)
	}
	for i := range o.Path { // or it would stand elsewhere
		if other.Bit(i) != id.Bit(i) {
			return Hash{}, errors.New("the other leaf does not stand where the name would")
		}
	}
	if other == id || len(o.Other.Documents) == 0 || len(o.Other.Documents) > maxSame {
		return Hash{}, errors.New("the other leaf is that of the name, or none")
	}
	for _, text := range o.Other.Documents {
		var h Hash
		if err := trie.Unhex(h[:], text); err != nil {
			return Hash{}, fmt.Errorf("other leaf: %w", err)
		}
		hashes = append(hashes, h)
	}
	return leafOf(other, hashes), nil
}

// What an opening says of a document that somebody shows.
const (
	Same      = "same"       // byte for byte what was sealed
	SameWords = "same-words" // the same words in other bytes
	Differs   = "differs"    // not what was called so
	Absent    = "absent"     // nothing was called so
)

// Compare says what an opening says of a document that is shown under its name.
func (o Opening) Compare(shown Document) string {
	is := func(f func(Document) bool) bool {
		return slices.ContainsFunc(o.Documents, func(d OpenedDocument) bool { return f(d.Document) })
	}
	switch {
	case len(o.Documents) == 0:
		return Absent
	case is(func(d Document) bool { return d.SHA256 == shown.SHA256 && d.Size == shown.Size && d.Recipient == "" }):
		return Same
	case shown.Words != nil && is(func(d Document) bool { return d.Words != nil && *d.Words == *shown.Words }):
		return SameWords
	}
	return Differs
}
