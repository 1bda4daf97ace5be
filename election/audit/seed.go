package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// A ceremony makes the seed of all draws. Each party first commits to its own
// dice, then opens them, and only when all have opened or the time is over do
// all throw the public dice. So nobody, who opens or keeps silent, can choose the
// ballots: the public dice come last, and nobody knows them before.

// A Commitment is a party's word on its dice: Commit of what it will open.
type Commitment struct {
	Party  string
	Digest [32]byte
}

// An Opening is what a party committed to.
type Opening struct {
	Party string
	Dice  string // decimal digits
	Salt  [32]byte
}

// Commit is SHA-256 over a tag, the ceremony's name, the party, the salt and the dice.
func Commit(ceremony string, o Opening) [32]byte {
	h := sha256.New()
	for _, s := range []string{"entente/audit/dice/v1", ceremony, o.Party, string(o.Salt[:]), o.Dice} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return [32]byte(h.Sum(nil))
}

// A Seed is the outcome of a ceremony.
type Seed struct {
	Digits string   // 20 decimal digits
	Silent []string // parties that committed and did not open, in order
}

// Ceremony computes the seed from the commitments, the openings and the public
// dice, which are thrown last. An opening that was not committed to is refused;
// who did not open is named, and its dice do not count. At least one must open.
func Ceremony(name string, commitments []Commitment, openings []Opening, public string) (Seed, error) {
	if err := CheckSeed(public); err != nil {
		return Seed{}, fmt.Errorf("the public dice: %w", err)
	}
	committed := make(map[string][32]byte)
	for _, c := range commitments {
		if _, twice := committed[c.Party]; twice {
			return Seed{}, fmt.Errorf("%s committed twice", c.Party)
		}
		committed[c.Party] = c.Digest
	}
	opened := make(map[string]string)
	for _, o := range openings {
		if err := CheckSeed(o.Dice); err != nil {
			return Seed{}, fmt.Errorf("the dice of %s: %w", o.Party, err)
		}
		if _, twice := opened[o.Party]; twice {
			return Seed{}, fmt.Errorf("%s opened twice", o.Party)
		}
		if d, ok := committed[o.Party]; !ok || d != Commit(name, o) {
			return Seed{}, fmt.Errorf("%s opened what it had not committed to", o.Party)
		}
		opened[o.Party] = o.Dice
	}
	if len(opened) == 0 {
		return Seed{}, errors.New("nobody opened")
	}
	var out Seed
	parts := []string{"entente/audit/seed/v1", name}
	for _, party := range slices.Sorted(maps.Keys(committed)) {
		if dice, ok := opened[party]; ok {
			parts = append(parts, party, dice)
		} else {
			out.Silent = append(out.Silent, party)
		}
	}
	out.Digits = digits(append(parts, public))
	return out, nil
}

// digits are 20 decimal digits of SHA-256 over the parts, each with its length.
func digits(parts []string) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%d:%s", len(p), p)
	}
	sum := sha256.Sum256([]byte(b.String()))
	n := new(big.Int).SetBytes(sum[:])
	n.Mod(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil))
	return fmt.Sprintf("%020d", n)
}
