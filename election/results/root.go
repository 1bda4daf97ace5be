package results

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// ProofFormat names the file of one cell's proof.
const ProofFormat = "entente/result-cell/v1"

// leaf is the one spelling of a cell: the format and eight fields, a line
// each. Names hold no line ends (see text), so it reads one way only.
func leaf(election string, k Key, count int64) []byte {
	return []byte(strings.Join([]string{ProofFormat, election, k.Contest, k.Choice, k.Unit, k.Level, k.Type, k.What, strconv.FormatInt(count, 10), ""}, "\n"))
}

// unreadLeaf is what could not be read, as it stands.
func unreadLeaf(election string, p Problem) []byte {
	return []byte("entente/result-unread/v1\n" + election + "\n" + strconv.Quote(p.Says) + "\n" + strconv.Quote(p.Raw) + "\n")
}

// hashes are the leaves in their order, as a tree's storage.
type hashes []tlog.Hash

func (h hashes) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		if n < 0 || n >= int64(len(h)) {
			return nil, errors.New("no such hash")
		}
		out[i] = h[n]
	}
	return out, nil
}

func (t *Table) size() int64 { return int64(len(t.Cells) + len(t.unread)) }

// tree hashes all cells. Its storage cannot fail but by a fault of this
// package, which the error then tells.
func (t *Table) tree() (hashes, error) {
	store := make(hashes, 0, 2*t.size())
	put := func(n int64, h tlog.Hash) error {
		more, err := tlog.StoredHashesForRecordHash(n, h, store)
		store = append(store, more...)
		return err
	}
	for i, c := range t.Cells {
		if err := put(int64(i), tlog.RecordHash(leaf(t.Election, c.Key, c.Count))); err != nil {
			return nil, err
		}
	}
	for i, h := range t.unread {
		if err := put(int64(len(t.Cells)+i), h); err != nil {
			return nil, err
		}
	}
	return store, nil
}

// Root is the Merkle tree hash (RFC 6962, section 2.1) over all cells in
// their order, then over what could not be read. The same numbers under the same names give
// the same root, whatever the format.
func (t *Table) Root() (tlog.Hash, error) {
	store, err := t.tree()
	if err != nil {
		return tlog.Hash{}, err
	}
	return tlog.TreeHash(t.size(), store)
}

// Proof shows that one cell is under a root.
type Proof struct {
	Format   string `json:"format"`
	Election string `json:"election"`
	Key
	Count  int64    `json:"count"`
	Index  int64    `json:"index"`
	Size   int64    `json:"size"`
	Hashes []string `json:"hashes"` // hex, from the leaf up
	Root   string   `json:"root"`   // hex
}

// Prove makes the proof of a cell.
func (t *Table) Prove(k Key) (Proof, error) {
	index := -1
	for i := range t.Cells {
		if t.Cells[i].Key == k {
			index = i
			break
		}
	}
	if index < 0 {
		return Proof{}, fmt.Errorf("no cell: %s", k)
	}
	store, err := t.tree()
	if err != nil {
		return Proof{}, err
	}
	root, err := tlog.TreeHash(t.size(), store)
	if err != nil {
		return Proof{}, err
	}
	path, err := tlog.ProveRecord(t.size(), int64(index), store)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Format: ProofFormat, Election: t.Election, Key: k, Count: t.Cells[index].Count, Index: int64(index), Size: t.size(), Root: hexHash(root), Hashes: []string{}}
	for _, h := range path {
		p.Hashes = append(p.Hashes, hexHash(h))
	}
	return p, nil
}

// Check recomputes a proof: nil only if the cell with this very count is under the root.
func (p Proof) Check() error {
	if p.Format != ProofFormat {
		return fmt.Errorf("format %q, want %q", p.Format, ProofFormat)
	}
	for _, field := range []string{p.Election, p.Contest, p.Choice, p.Unit, p.Level, p.Type, p.What} {
		if strings.Contains(field, "\n") {
			return errors.New("a name with a line end")
		}
	}
	if len(p.Hashes) > 63 {
		return errors.New("more hashes than a proof has")
	}
	root, err := parseHash(p.Root)
	if err != nil {
		return fmt.Errorf("root: %w", err)
	}
	path := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		if path[i], err = parseHash(h); err != nil {
			return fmt.Errorf("hash %d: %w", i+1, err)
		}
	}
	if err := tlog.CheckRecord(path, p.Size, root, p.Index, tlog.RecordHash(leaf(p.Election, p.Key, p.Count))); err != nil {
		return errors.New("the cell is not under this root")
	}
	return nil
}

func parseHash(s string) (h tlog.Hash, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) || hex.EncodeToString(b) != s {
		return h, errors.New("not 32 bytes in lower-case hex")
	}
	copy(h[:], b)
	return h, nil
}

func hexHash(h tlog.Hash) string { return hex.EncodeToString(h[:]) }
