package border

import (
	"encoding/json"
	"slices"

	"entente/observable"
	"entente/statement"
)

// KindCanary is the kind of the statement that commits, before a release, to
// which recipient gets which decoys and which copy. It is sealed to its own
// party; the digest of its part 1, in the leaf, is the commitment.
const KindCanary statement.Kind = "canary/v1"

// MaxCopies is to how many recipients one marked release may go: of every two
// of them there are decoys that nobody else gets.
const MaxCopies = 16

const maxDecoys, maxSheets = 1000, 10_000

// CanaryBody is the body of canary/v1.
type CanaryBody struct {
	Name   string `json:"name"`   // of the list that is released
	Copies int    `json:"copies"` // recipients, each with a copy of its own
	Decoys int    `json:"decoys"` // in all
}

// CheckCanary checks the body of a canary.
func CheckCanary(body []byte) error {
	var b CanaryBody
	if err := statement.Decode(body, statement.MaxAct, &b); err != nil {
		return err
	}
	if b.Name == "" || len(b.Name) > 120 || b.Copies < 1 || b.Copies > MaxCopies || b.Decoys < 1 || b.Decoys > maxDecoys {
		return statement.Refuse(statement.CodeField, "a canary names a list, 1 to %d copies and 1 to %d decoys", MaxCopies, maxDecoys)
	}
	return nil
}

// Ledger is part 1 of canary/v1: who gets what.
type Ledger struct {
	Decoys []Decoy  `json:"decoys"`
	Copies []Issued `json:"copies"`
}

// Decoy is a value that stands for nothing: nobody uses it, so whoever has it
// has it from one of its holders.
type Decoy struct {
	Type  string   `json:"type"`
	Value string   `json:"value"`
	To    []string `json:"to"` // its holders, one or two party ids, sorted
}

// Issued is one recipient's copy: SHA-256 of the exact text of each sheet.
type Issued struct {
	To     string             `json:"to"`
	Sheets []statement.Digest `json:"sheets"`
}

// Marshal returns the bytes of part 1, which ParseLedger accepts.
func (l Ledger) Marshal() ([]byte, error) {
	data, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	_, err = ParseLedger(data)
	return data, err
}

// ParseLedger decodes and checks part 1 of a canary; its error is a
// *statement.Refusal.
func ParseLedger(data []byte) (Ledger, error) {
	var l Ledger
	if err := statement.Decode(data, statement.MaxPart, &l); err != nil {
		return Ledger{}, err
	}
	if len(l.Copies) < 1 || len(l.Copies) > MaxCopies || len(l.Decoys) < 1 || len(l.Decoys) > maxDecoys {
		return Ledger{}, statement.Refuse(statement.CodeSize, "%d copies and %d decoys", len(l.Copies), len(l.Decoys))
	}
	holders := make(map[string]bool)
	for _, c := range l.Copies {
		if c.To == "" || holders[c.To] || len(c.Sheets) < 1 || len(c.Sheets) > maxSheets {
			return Ledger{}, statement.Refuse(statement.CodeField, "the copy of %.40q", c.To)
		}
		holders[c.To] = true
	}
	seen := make(map[observable.Value]bool)
	for i, d := range l.Decoys {
		v, err := observable.Normalise(observable.Type(d.Type), d.Value)
		if err != nil || v.Canonical != d.Value || string(v.Type) != d.Type || seen[v] {
			return Ledger{}, statement.Refuse(statement.CodeValue, "decoy %d", i)
		}
		seen[v] = true
		if len(d.To) < 1 || len(d.To) > 2 || !slices.IsSorted(d.To) || len(d.To) == 2 && d.To[0] == d.To[1] ||
			slices.ContainsFunc(d.To, func(p string) bool { return !holders[p] }) {
			return Ledger{}, statement.Refuse(statement.CodeRecipient, "the holders of decoy %d", i)
		}
	}
	return l, nil
}

// Observable returns the decoy as gate and watch compare it.
func (d Decoy) Observable() observable.Value {
	return observable.Value{Type: observable.Type(d.Type), Canonical: d.Value}
}

// of returns the decoys that a party holds.
func (l Ledger) of(party string) map[string]bool {
	all := make(map[string]bool)
	for _, d := range l.Decoys {
		if slices.Contains(d.To, party) {
			all[d.Value] = true
		}
	}
	return all
}
