package inventory

import (
	"crypto/sha256"
	"encoding/json"
	"reflect"

	"entente/statement"
)

// KindInventory is the kind of statements that tell the shared part of a list.
const KindInventory statement.Kind = "inventory/v1"

// Told is the body of inventory/v1. Part 1 holds the list in the format of the file.
// A party's newest one counts.
type Told struct {
	Items  int64            `json:"items"`
	SHA256 statement.Digest `json:"sha256"` // of part 1
}

// CheckTold checks the body of inventory/v1.
func CheckTold(body []byte) error {
	_, err := ParseTold(body)
	return err
}

// ParseTold decodes and checks it; its error is a *statement.Refusal.
func ParseTold(body []byte) (t Told, err error) {
	if err := statement.Decode(body, statement.MaxAct, &t); err != nil {
		return t, err
	}
	if t.Items < 0 || t.Items > int64(len(Sections())*MaxItems) || t.SHA256 == (statement.Digest{}) {
		return t, statement.Refuse(statement.CodeField, "items: 0 to %d, and the digest of their list", len(Sections())*MaxItems)
	}
	return t, nil
}

// Tell is what a statement tells of a list: its shared part, as body and part 1.
func (v Inventory) Tell() (Told, []byte, error) {
	shared := v.Shared()
	data, err := json.Marshal(shared)
	if err == nil && len(data) > min(MaxBytes, statement.MaxPart) {
		err = statement.Refuse(statement.CodeSize, "what is shared is longer than %d bytes", min(MaxBytes, statement.MaxPart))
	}
	return Told{Items: int64(shared.Count()), SHA256: sha256.Sum256(data)}, data, err
}

// ReadTold reads part 1. Beside what every list must be, it is as long as its body says
// and names nothing that stays at home; its error is a *statement.Refusal.
func ReadTold(t Told, part []byte) (Inventory, error) {
	if sha256.Sum256(part) != t.SHA256 {
		return Inventory{}, statement.Refuse(statement.CodeDigest, "part 1 is not the list of the body")
	}
	v, err := Parse(part, "list")
	if err != nil {
		return v, statement.Refuse(statement.CodeField, "%.200s", err.Error())
	}
	if int64(v.Count()) != t.Items || !reflect.DeepEqual(v, v.Shared()) {
		return Inventory{}, statement.Refuse(statement.CodeField, "a list that is told has %d items, all of them shared, without networks, exports and files", t.Items)
	}
	return v, nil
}

// Of is what a party told, as one's own list takes it up: pages under ids that say
// whose they are, nothing of it shared on, and nobody to call, who would be theirs. Pages
// that the own list watches already are left out.
func (v Inventory) Of(party string, own Inventory) (out Inventory) {
	watched := make(map[string]bool)
	for _, p := range own.Results {
		watched[p.URL] = true
	}
	for _, p := range v.Results {
		if watched[p.URL] {
			continue
		}
		p.ID, p.Call, p.Shared = theirs(party, p.ID), "", false
		out.Results = append(out.Results, p)
	}
	for _, d := range v.Domains {
		d.Call, d.Shared = "", false
		out.Domains = append(out.Domains, d)
	}
	for _, s := range v.Senders {
		s.Call, s.Shared = "", false
		out.Senders = append(out.Senders, s)
	}
	for _, d := range v.Vendors {
		d.Call, d.Shared = "", false
		out.Vendors = append(out.Vendors, d)
	}
	return out
}

// theirs is the id of another's page in the own list.
func theirs(party, id string) string {
	s := party + "-" + id
	return s[:min(len(s), MaxID)]
}
