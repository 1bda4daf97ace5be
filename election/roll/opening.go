package roll

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"entente/election/trie"
	"entente/statement"
)

// RecordFormat is the format of a proof that a voter's record is in a roll.
const RecordFormat = "entente/roll-record/v1"

// Opened is a proof that a voter's record is in a roll, with the values that its
// maker chose to show. It is for the voter, or for whom the voter lets see it:
// whoever has it can tell this voter's shown values on other days too, as long as
// they do not change.
type Opened struct {
	Format string        `json:"format"`
	Roll   Header        `json:"roll"`
	Voter  string        `json:"voter"`
	Salt   string        `json:"salt"` // hex, of the voter's id
	ID     string        `json:"id"`   // hex
	Values []OpenedValue `json:"values"`
	Path   []string      `json:"path"` // hex, the hashes beside the path from the root down
}

// OpenedValue is a value and its salt, or the commitment alone.
type OpenedValue struct {
	Value      string `json:"value"`
	Salt       string `json:"salt,omitempty"`
	Commitment string `json:"commitment,omitempty"`
}

// Open proves that a voter is in a roll, and shows those fields; all of them where show is nil.
func (o Office) Open(r *Roll, rec Record, show []string) (Opened, error) {
	k := newKeyed(o.Key, o.Jurisdiction)
	id := k.place(rec.Voter)
	e := r.find(id)
	if e == nil || e.mark != k.fingerprint(rec.Values) {
		return Opened{}, errors.New("no such record in this roll")
	}
	for _, name := range show {
		if !slices.Contains(r.Fields, name) {
			return Opened{}, fmt.Errorf("no field %q among %q", name, r.Fields)
		}
	}
	out := Opened{Format: RecordFormat, Roll: r.Header, Voter: rec.Voter, ID: id.String(), Path: []string{}}
	salts := slices.Clone(k.saltsOf(id, 1+len(rec.Values)))
	commitments := k.commitments(id, rec.Voter, rec.Values)
	out.Salt = hex.EncodeToString(salts[0][:])
	for i, v := range rec.Values {
		if show != nil && !slices.Contains(show, r.Fields[i]) {
			out.Values = append(out.Values, OpenedValue{Commitment: commitments[1+i].String()})
			continue
		}
		out.Values = append(out.Values, OpenedValue{Value: v, Salt: hex.EncodeToString(salts[1+i][:])})
	}
	path, _ := trie.Path(r.entries, id)
	for _, h := range path {
		out.Path = append(out.Path, h.String())
	}
	return out, nil
}

// Find reads an export again for the record of one voter. The parts of an id are
// set apart by Part.
func (o Office) Find(ctx context.Context, s Source, r *Roll, voter string) (Record, error) {
	k := newKeyed(o.Key, o.Jurisdiction)
	e := r.find(k.place(voter))
	if e == nil {
		return Record{}, errors.New("no such voter in this roll")
	}
	all, err := o.records(ctx, s, r, []uint32{e.row})
	return all[e.id], err
}

// ParseOpened reads a proof.
func ParseOpened(data []byte) (Opened, error) {
	var p Opened
	if err := statement.Decode(data, 1<<20, &p); err != nil {
		return p, err
	}
	return p, nil
}

var errOpened = errors.New("the record is not under this root")

// Check recomputes the root: nil only if the record with the values shown is in the roll.
func (p Opened) Check() error {
	if p.Format != RecordFormat {
		return fmt.Errorf("format %q, want %q", p.Format, RecordFormat)
	}
	if err := p.Roll.check(); err != nil {
		return err
	}
	if len(p.Values) != len(p.Roll.Fields) || len(p.Path) > trie.Bits || len(p.Voter) > maxID {
		return errors.New("a value for each field, and at most 128 hashes")
	}
	var id ID
	if err := trie.Unhex(id[:], p.ID); err != nil {
		return fmt.Errorf("id: %w", err)
	}
	commitments := make([]Hash, 1+len(p.Values))
	var salt Salt
	if err := trie.Unhex(salt[:], p.Salt); err != nil {
		return fmt.Errorf("salt: %w", err)
	}
	commitments[0] = commit(salt, 0, voterValue(p.Roll.Jurisdiction, p.Voter))
	for i, v := range p.Values {
		if (v.Commitment == "") == (v.Salt == "") || v.Commitment != "" && v.Value != "" {
			return fmt.Errorf("%s: a value with its salt, or a commitment", p.Roll.Fields[i])
		}
		if v.Commitment != "" {
			if err := trie.Unhex(commitments[1+i][:], v.Commitment); err != nil {
				return fmt.Errorf("%s: %w", p.Roll.Fields[i], err)
			}
			continue
		}
		if err := trie.Unhex(salt[:], v.Salt); err != nil {
			return fmt.Errorf("%s: %w", p.Roll.Fields[i], err)
		}
		commitments[1+i] = commit(salt, 1+i, v.Value)
	}
	path := make([]Hash, len(p.Path))
	for i, text := range p.Path {
		if err := trie.Unhex(path[i][:], text); err != nil {
			return fmt.Errorf("path: %w", err)
		}
	}
	if trie.Fold(id, leafOf(id, commitments), path) != p.Roll.Tree {
		return errOpened
	}
	return nil
}
