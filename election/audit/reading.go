package audit

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"

	"entente/statement"
)

// A Reading is the file of what one board entered, with what its digest needs.
type Reading struct {
	Audit   string  `json:"audit"`
	Board   string  `json:"board"`
	Salt    string  `json:"salt"` // 64 hex digits
	Entries Entries `json:"entries"`
}

// ParseReading reads such a file.
func ParseReading(data []byte) (Reading, error) {
	var r Reading
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.Board == "" {
		return Reading{}, errors.New("no file of what a board read")
	}
	return r, nil
}

// Digest is what the board committed to by it.
func (r Reading) Digest() (statement.Digest, error) {
	salt, err := statement.ParseDigest(r.Salt)
	if err != nil {
		return statement.Digest{}, err
	}
	d, err := r.Entries.Commit(r.Audit, r.Board, salt)
	return d, err
}

// Digest is what a contest is sealed by.
func (c Contest) Digest() (statement.Digest, error) {
	data, err := json.Marshal(c)
	return sha256.Sum256(data), err
}

// Cards are the labels of the cards that were read for a contest.
func (es Entries) Cards(contest string) map[string]bool {
	out := make(map[string]bool)
	for _, e := range es {
		if e.Contest == contest {
			out[e.Ballot] = true
		}
	}
	return out
}
