package charter

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"

	"entente/statement"
)

const (
	fingerprintTag = "entente/fingerprint/v1"
	partyTag       = "entente/party-keys/v1"
	// fingerprintRounds makes one guess cost 2^18 hashes (some 20 ms here).
	fingerprintRounds = 1 << 18
	groups, perGroup  = 6, 5
)

// Fingerprint is a digest for people to read to each other in any language:
// six groups of five digits, as in "04931 77120 …".
//
// Thirty digits are 99 bits. Who wants another text for a given fingerprint
// needs 2^99 guesses; who may choose both texts, as one in the middle of two
// parties could, 2^50. Each guess costs 2^18 hashes, hence 2^117 and 2^68.
func Fingerprint(d statement.Digest) string {
	sum := statement.TaggedSum(fingerprintTag, d[:])
	for range fingerprintRounds {
		sum = sha256.Sum256(sum[:])
	}
	n := new(big.Int).SetBytes(sum[:])
	n.Mod(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(groups*perGroup), nil))
	digits := fmt.Sprintf("%0*d", groups*perGroup, n)
	out := make([]string, 0, groups)
	for i := 0; i < len(digits); i += perGroup {
		out = append(out, digits[i:i+perGroup])
	}
	return strings.Join(out, " ")
}

// Fingerprint covers the party's id, role, origin and every public key. It is
// the same on the card and on the charter. Name and address are left out:
// they are for people, and prove nothing.
func (p Party) Fingerprint() string {
	k := p.Keys
	var b []byte
	for _, s := range []string{
		p.ID, string(p.Role), p.Origin, k.Statement, k.Log, k.LogPQ, k.Time,
		k.Witness, k.WitnessPQ, k.Mirror, k.Transport, k.Parts, k.Next,
	} {
		b = fmt.Appendf(b, "%d:%s,", len(s), s) // netstrings: no two lists run together
	}
	return Fingerprint(statement.TaggedSum(partyTag, b))
}
