package node

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestExactly: a line of evidence comes back byte for byte, whatever it holds.
func TestExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SliceOf(rapid.Byte()).Draw(t, "line")
		data, err := json.Marshal(heldLine{Source: "gate", exactText: exactly(line)})
		if err != nil {
			t.Fatal(err)
		}
		var back heldLine
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if got := back.Raw + string(back.Bytes); got != string(line) {
			t.Fatalf("%q comes back as %q", line, got)
		}
	})
}
