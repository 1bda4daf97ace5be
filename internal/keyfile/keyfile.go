// Package keyfile makes and stores the secret keys of one party: one file, one key for each role.
//
// The file keys.json holds 32-byte seeds in base64, and with a passphrase the
// same bytes inside an armored age file (scrypt). It is created once and never
// overwritten; who may read it is checked on every read. The next statement
// and log keys are made at the same time: the charter commits to the hash of
// the next statement key, so that a thief of today's key cannot name
// tomorrow's.
package keyfile

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/mldsa"

	"entente/charter"
)

// Errors that callers tell apart.
var (
	// ErrExists: there is a key file already, and it is never overwritten.
	ErrExists = errors.New("a key file exists already")
	// ErrExposed: others than the owner may read the key file.
	ErrExposed = errors.New("the key file is open to others than its owner")
	// ErrPassphrase: the file is encrypted, and the passphrase is missing or wrong.
	ErrPassphrase = errors.New("the key file needs its passphrase")
	// ErrDamaged: the file is cut off, edited or inconsistent.
	ErrDamaged = errors.New("the key file is damaged")
)

// Keys are the secret keys of one party.
type Keys struct {
	Party  string
	Origin string // of its log, from the statement key at enrolment

	Statement ed25519.PrivateKey // leaves and consents
	Log       ed25519.PrivateKey // checkpoints, type 0x01
	LogPQ     *mldsa.PrivateKey  // checkpoints, type 0x06
	Time      ed25519.PrivateKey // the owner's cosignature, type 0x04
	Witness   ed25519.PrivateKey // cosignatures on others' checkpoints, type 0x04
	WitnessPQ *mldsa.PrivateKey  // the same, type 0x06
	Mirror    ed25519.PrivateKey // "I store what this covers", type 0x04
	Transport ed25519.PrivateKey // the TLS certificate
	Parts     *age.HybridIdentity

	NextStatement ed25519.PrivateKey // committed to by the charter's "next"
	NextLog       ed25519.PrivateKey
	NextLogPQ     *mldsa.PrivateKey
}

// Generate makes all keys of a party. Seeds come from rand, except that of
// the age identity, which age draws from the system itself.
func Generate(rand io.Reader, party string) (*Keys, error) {
	if !charter.ValidID(party) {
		return nil, fmt.Errorf("party id %.40q: want [a-z][a-z0-9-]{0,30}", party)
	}
	k := &Keys{Party: party}
	for _, r := range k.roles() {
		seed := make([]byte, ed25519.SeedSize)
		if _, err := io.ReadFull(rand, seed); err != nil {
			return nil, fmt.Errorf("drawing key %s: %w", r.name, err)
		}
		if err := r.set(seed); err != nil {
			return nil, fmt.Errorf("making key %s: %w", r.name, err)
		}
	}
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, fmt.Errorf("making key parts: %w", err)
	}
	k.Parts = identity
	k.Origin = charter.Origin(party, public(k.Statement))
	return k, nil
}

// role ties one field of Keys to its name in the file. Both kinds of key are
// made from 32-byte seeds.
type role struct {
	name string
	ed   *ed25519.PrivateKey
	pq   **mldsa.PrivateKey
}

func (r role) set(seed []byte) error {
	if r.ed != nil {
		*r.ed = ed25519.NewKeyFromSeed(seed)
		return nil
	}
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed)
	if err != nil {
		return err
	}
	*r.pq = key
	return nil
}

func (r role) seed() []byte {
	if r.ed != nil {
		return r.ed.Seed()
	}
	return (*r.pq).Bytes()
}

// roles lists the seeded keys in the order of the file.
func (k *Keys) roles() []role {
	return []role{
		{name: "statement", ed: &k.Statement},
		{name: "log", ed: &k.Log},
		{name: "log_pq", pq: &k.LogPQ},
		{name: "time", ed: &k.Time},
		{name: "witness", ed: &k.Witness},
		{name: "witness_pq", pq: &k.WitnessPQ},
		{name: "mirror", ed: &k.Mirror},
		{name: "transport", ed: &k.Transport},
		{name: "next_statement", ed: &k.NextStatement},
		{name: "next_log", ed: &k.NextLog},
		{name: "next_log_pq", pq: &k.NextLogPQ},
	}
}

// Public returns the public forms as a charter names them: base64 for the
// raw keys, verifier keys for those of signed notes (c2sp.org/signed-note),
// an age recipient for parts.
func (k *Keys) Public() charter.Keys {
	ed := func(suffix string, kind charter.KeyType, key ed25519.PrivateKey) string {
		return charter.NewVKey(k.Origin+suffix, kind, public(key)).String()
	}
	pq := func(suffix string, key *mldsa.PrivateKey) string {
		return charter.NewVKey(k.Origin+suffix, charter.KeyMLDSA44, key.PublicKey().Bytes()).String()
	}
	return charter.Keys{
		Statement: charter.FormatPublicKey(public(k.Statement)),
		Log:       ed("", charter.KeyEd25519, k.Log),
		LogPQ:     pq("", k.LogPQ),
		Time:      ed("/time", charter.KeyCosignature, k.Time),
		Witness:   ed("/witness", charter.KeyCosignature, k.Witness),
		WitnessPQ: pq("/witness-pq", k.WitnessPQ),
		Mirror:    ed("/mirror", charter.KeyCosignature, k.Mirror),
		Transport: charter.FormatPublicKey(public(k.Transport)),
		Parts:     k.Parts.Recipient().String(),
		Next:      charter.NextDigest(public(k.NextStatement)),
	}
}

// Card makes the party's public entry for a roster. address is host:port, or
// empty where there is no direct line.
func (k *Keys) Card(name string, role charter.Role, address string) (charter.Card, error) {
	return charter.NewCard(charter.Party{
		ID: k.Party, Role: role, Name: name, Origin: k.Origin, Address: address, Keys: k.Public(),
	})
}

// Match reports whether the charter's entry names exactly these keys.
func (k *Keys) Match(p charter.Party) bool {
	return p.ID == k.Party && p.Origin == k.Origin && p.Keys == k.Public()
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }
