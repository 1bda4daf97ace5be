package statement_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	"entente/statement"
)

// A statement is an act, its salted digest in a leaf, and one signature.
func Example() {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	act, err := statement.NewAct(statement.Act{
		Kind: "seal/v1", Case: "00112233445566778899aabbccddeeff", Recipients: []string{"south"},
		Body: json.RawMessage(`{"what":"file"}`),
	})
	if err != nil {
		panic(err)
	}
	part, err := statement.MarshalAct(act, nil)
	if err != nil {
		panic(err)
	}
	salt := [32]byte{} // 32 random bytes in earnest
	envelope, id, err := statement.SignLeaf(statement.Leaf{
		Format: statement.LeafFormat, Party: "north", Seq: 0, Time: 1_767_268_800_000,
		Parts:  []statement.Digest{statement.PartDigest(salt, part)},
		Sealed: []statement.Digest{statement.SealedDigest([]byte("the part, encrypted"))},
	}, key)
	if err != nil {
		panic(err)
	}

	e, err := statement.ParseEnvelope(envelope)
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Verify(key.Public().(ed25519.PublicKey)), e.ID() == id)
	leaf, _ := e.Leaf()
	fmt.Println(leaf.Party, leaf.Seq, leaf.Parts[0] == statement.PartDigest(salt, part))
	_, err = statement.ParseEnvelope(append(envelope, '\n'))
	fmt.Println(err)
	// Output:
	// <nil> true
	// north 0 true
	// E_JSON: not the one spelling of this envelope
}
