package charter

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/mlkem"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"entente/statement"
)

// Keys are the public keys of one party, one for each job and none for two.
type Keys struct {
	Statement string `json:"statement"`  // base64, Ed25519: signs leaves and consents
	Log       string `json:"log"`        // vkey 0x01, name = origin: signs checkpoints
	LogPQ     string `json:"log_pq"`     // vkey 0x06 (ML-DSA-44), name = origin: signs published checkpoints
	Time      string `json:"time"`       // vkey 0x04, origin/time: the owner's timestamped cosignature
	Witness   string `json:"witness"`    // vkey 0x04, origin/witness: cosigns others' checkpoints
	WitnessPQ string `json:"witness_pq"` // vkey 0x06, origin/witness-pq
	Mirror    string `json:"mirror"`     // vkey 0x04, origin/mirror: "I store what this covers"
	Transport string `json:"transport"`  // base64, Ed25519: the TLS certificate's key
	Parts     string `json:"parts"`      // age1pq1...: what parts are encrypted to
	Next      string `json:"next"`       // hex SHA-256 of the next statement public key
}

// StatementKey returns the key that the party's leaves verify under.
func (k Keys) StatementKey() (ed25519.PublicKey, error) { return ParsePublicKey(k.Statement) }

// TransportKey returns the key that the party's TLS certificate must hold.
func (k Keys) TransportKey() (ed25519.PublicKey, error) { return ParsePublicKey(k.Transport) }

// ParsePublicKey reads the base64 of a raw Ed25519 public key and refuses
// keys of small order and other spellings of a point.
func ParsePublicKey(s string) (ed25519.PublicKey, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != ed25519.PublicKeySize || base64.StdEncoding.EncodeToString(b) != s {
		return nil, statement.Refuse(statement.CodeKey, "not the base64 of an Ed25519 key")
	}
	if err := checkEd25519(b); err != nil {
		return nil, err
	}
	return b, nil
}

// FormatPublicKey is the inverse of ParsePublicKey.
func FormatPublicKey(pub ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(pub) }

// NextDigest is the commitment to a party's next statement key.
func NextDigest(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return hex.EncodeToString(sum[:])
}

type noteKey struct {
	role, suffix, vkey string
	kind               KeyType
}

// noteKeys lists the note keys with the suffix of their names and their type.
func (k Keys) noteKeys() []noteKey {
	return []noteKey{
		{"log", "", k.Log, KeyEd25519},
		{"log_pq", "", k.LogPQ, KeyMLDSA44},
		{"time", "/time", k.Time, KeyCosignature},
		{"witness", "/witness", k.Witness, KeyCosignature},
		{"witness_pq", "/witness-pq", k.WitnessPQ, KeyMLDSA44},
		{"mirror", "/mirror", k.Mirror, KeyCosignature},
	}
}

// check tests every key for itself and returns the statement key.
func (k Keys) check(origin string) (ed25519.PublicKey, *statement.Refusal) {
	pub, err := k.StatementKey()
	if err != nil {
		return nil, keyRefusal("statement", err)
	}
	if _, err := k.TransportKey(); err != nil {
		return nil, keyRefusal("transport", err)
	}
	for _, n := range k.noteKeys() {
		v, err := ParseVKey(n.vkey)
		if err != nil {
			return nil, keyRefusal(n.role, err)
		}
		if v.Type != n.kind || v.Name != origin+n.suffix {
			return nil, statement.Refuse(statement.CodeKey, "key %s: want type %d and the name %.80s", n.role, n.kind, origin+n.suffix)
		}
	}
	if err := checkRecipient(k.Parts); err != nil {
		return nil, keyRefusal("parts", err)
	}
	if _, err := statement.ParseDigest(k.Next); err != nil {
		return nil, keyRefusal("next", err)
	}
	return pub, nil
}

func keyRefusal(role string, err error) *statement.Refusal {
	detail := "not a key"
	if r, ok := statement.AsRefusal(err); ok {
		detail = r.Detail
	}
	return statement.Refuse(statement.CodeKey, "key %s: %s", role, detail)
}

// keySet finds one key used twice, across roles and parties, by its bytes
// and not by its name or its type, and a next key that is already in use.
type keySet struct {
	used     map[string]string // key bytes -> "party role"
	inUse    map[string]string // NextDigest of each Ed25519 key -> "party role"
	promised map[string]string // commitment to a next key -> party
}

func newKeySet() keySet {
	return keySet{used: make(map[string]string), inUse: make(map[string]string), promised: make(map[string]string)}
}

// add takes a checked entry into the set.
func (s keySet) add(p Party) error {
	for _, k := range p.Keys.bytes() {
		if other, twice := s.used[k.bytes]; twice {
			return statement.Refuse(statement.CodeKey, "party %s: key %s is also that of %s", p.ID, k.role, other)
		}
		s.used[k.bytes] = p.ID + " " + k.role
		if len(k.bytes) == ed25519.PublicKeySize {
			s.inUse[NextDigest(ed25519.PublicKey(k.bytes))] = p.ID + " " + k.role
		}
	}
	if other, twice := s.promised[p.Keys.Next]; twice {
		return statement.Refuse(statement.CodeKey, "party %s: key next is also that of %s", p.ID, other)
	}
	s.promised[p.Keys.Next] = p.ID
	return nil
}

// fresh checks, after the last add, that no next key is in use already.
func (s keySet) fresh(parties []Party) error {
	for _, p := range parties {
		if used, now := s.inUse[p.Keys.Next]; now {
			return statement.Refuse(statement.CodeKey, "party %s: key next is already in use as that of %s", p.ID, used)
		}
	}
	return nil
}

type roleKey struct{ role, bytes string }

// bytes returns the bytes of each public key; the keys are checked before.
func (k Keys) bytes() []roleKey {
	list := []roleKey{{"parts", k.Parts}}
	for _, raw := range []roleKey{{"statement", k.Statement}, {"transport", k.Transport}} {
		b, _ := base64.StdEncoding.DecodeString(raw.bytes)
		list = append(list, roleKey{raw.role, string(b)})
	}
	for _, n := range k.noteKeys() {
		v, _ := ParseVKey(n.vkey)
		list = append(list, roleKey{n.role, string(v.Key)})
	}
	return list
}

// checkEd25519 refuses the encodings under which a signature may verify for
// nobody's key or for one verifier only: small order, and y not below
// p = 2^255-19.
func checkEd25519(pub []byte) error {
	y := [32]byte(pub)
	y[31] &= 0x7f // the sign of x
	if y[31] == 0x7f && y[0] >= 0xed {
		high := true
		for _, b := range y[1:31] {
			high = high && b == 0xff
		}
		if high {
			return statement.Refuse(statement.CodeKey, "not the usual spelling of an Ed25519 key")
		}
	}
	for _, low := range smallOrder() {
		if y == low {
			return statement.Refuse(statement.CodeKey, "an Ed25519 key of small order")
		}
	}
	return nil
}

// smallOrder returns the y coordinates, below p, of the eight points of small
// order on edwards25519: 0, 1, -1 and the two of order eight.
func smallOrder() [5][32]byte {
	one := [32]byte{1}
	minusOne := [32]byte{0xec, 31: 0x7f}
	for i := 1; i < 31; i++ {
		minusOne[i] = 0xff
	}
	return [5][32]byte{
		{},
		one, minusOne,
		mustHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
		mustHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
	}
}

func mustHex(s string) (out [32]byte) {
	if n, err := hex.Decode(out[:], []byte(s)); err != nil || n != len(out) {
		panic("charter: bad constant " + s)
	}
	return out
}

// checkRecipient reads an age hybrid recipient (MLKEM768-X25519) and tests
// both halves, so that no entry of a roster makes sealing a part fail later.
func checkRecipient(s string) error {
	b, ok := decodeBech32("age1pq", s)
	if !ok || len(b) != mlkem.EncapsulationKeySize768+32 {
		return statement.Refuse(statement.CodeKey, "not an age1pq1 recipient")
	}
	if _, err := mlkem.NewEncapsulationKey768(b[:mlkem.EncapsulationKeySize768]); err != nil {
		return statement.Refuse(statement.CodeKey, "not an ML-KEM-768 key")
	}
	point, err := ecdh.X25519().NewPublicKey(b[mlkem.EncapsulationKeySize768:])
	if err != nil {
		return statement.Refuse(statement.CodeKey, "not an X25519 key")
	}
	// Any scalar will do: the product is zero for points of small order only.
	scalar, err := ecdh.X25519().NewPrivateKey(make([]byte, 32))
	if err != nil {
		return err
	}
	if _, err := scalar.ECDH(point); err != nil {
		return statement.Refuse(statement.CodeKey, "an X25519 key of small order")
	}
	return nil
}
