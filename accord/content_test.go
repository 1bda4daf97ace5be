package accord

import (
	"bytes"
	"crypto/rand"
	"testing"

	"entente/statement"
)

// What is written is what its act commits to, and one text is never committed to
// twice in the same way: two sealed accounts that say the same do not look alike.
func TestMarshalContent(t *testing.T) {
	items := []Item{{No: 1, Kind: "act", Who: "north", What: "scan", Text: Texts{"en": "Who did what."}, Basis: "asserted", Exhibits: []string{}}}
	part, digests, err := MarshalItems(items, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseItems(Account{Items: digests}, part); err != nil || got[0].Item.What != "scan" {
		t.Errorf("%v %+v", err, got)
	}
	if again, other, err := MarshalItems(items, rand.Reader); err != nil || bytes.Equal(part, again) || other[0] == digests[0] {
		t.Errorf("%v: the same bytes or digest twice", err)
	}
	m, digest, err := MarshalMatrix(Matrix{Rows: []Row{}, Cells: []Cell{{Row: "r", Hypothesis: "other", Value: "N"}}}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseMatrix(Assessment{Matrix: digest}, m); err != nil || len(got.Cells) != 1 {
		t.Errorf("%v %+v", err, got)
	}
	if _, _, err := MarshalItems(items, bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("a salt of too little chance")
	}
	if part, digests, err := MarshalItems(nil, nil); err != nil || string(part) != "[]" || len(digests) != 0 || digests == nil {
		t.Errorf("no items: %q %v %v", part, digests, err)
	}
	if _, digest, err := MarshalMatrix(Matrix{}, bytes.NewReader(nil)); err == nil || digest != (statement.Digest{}) {
		t.Error("a matrix without a salt")
	}
}
