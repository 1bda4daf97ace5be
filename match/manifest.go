package match

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"entente/observable"
	"entente/statement"
)

// Format is the version of the protocol and of its manifest.
const Format = "entente/match/v1"

// Limits that no manifest may pass.
const (
	// MaxManifest is the largest manifest, in bytes.
	MaxManifest = 32 << 10
	// MaxItems is the largest list, dummies included.
	MaxItems = 1 << 21
	// MaxAudit is how many unmatched items of a side may be asked for.
	MaxAudit = 1000
	// MaxStocks is how many earlier commitments a side may name.
	MaxStocks = 32
)

// Modes: what the two sides learn.
const (
	ModeCount = "count" // how many items both hold
	ModeNames = "names" // which ones, once both have signed the count
)

// Who sees the items that an audit opens.
const (
	SeesNobody   = "nobody"
	SeesPartner  = "partner"
	SeesObserver = "observer"
)

// Manifest is everything that both sides fix before a run. Its digest, the
// run's sid, is bound into every point, proof and message.
type Manifest struct {
	Format     string            `json:"format"`
	Purpose    string            `json:"purpose"` // why, one line
	Mode       string            `json:"mode"`
	Types      []observable.Type `json:"types"`      // sorted
	Normaliser string            `json:"normaliser"` // observable.NormaliserVersion
	Corpus     statement.Digest  `json:"corpus"`     // observable.CorpusDigest
	// Exclude are the digests of the warning lists whose items both leave out;
	// sorted. What a side leaves out cannot be checked but by an audit.
	Exclude []statement.Digest `json:"exclude"`
	// Sides are the two parties, sorted by id.
	Sides    [2]Side `json:"sides"`
	Observer string  `json:"observer"` // party id, or empty
	Audit    Audit   `json:"audit"`
	Aged     Aged    `json:"aged"`
	Epoch    uint64  `json:"epoch"` // of the charter
	Time     int64   `json:"time"`  // when the run begins, Unix milliseconds
	// Step is how long, in seconds, a side may let the other wait.
	Step int64 `json:"step"`
	// Release is how the named lists come to the other side: empty, in turns, or
	// ReleaseObserver.
	Release string `json:"release,omitempty"`
}

// Side is one party's part of a manifest.
type Side struct {
	Party string `json:"party"`
	// Key is the base64 of the Ed25519 key that signs this side's messages, in
	// this run alone. The party's consent, in its log, is what vouches for it.
	Key   string `json:"key"`
	Items int    `json:"items"` // a size class; dummies fill it up
	// Stocks are commitments in the party's log to what it held earlier. Both
	// sides look up root and time there before they consent.
	Stocks []Stock `json:"stocks"`
	Head   Head    `json:"head"` // the party's log when it consented
	// Left and After are the partner's budget of guesses towards this party,
	// before and after the run.
	Left  int              `json:"left"`
	After int              `json:"after"`
	Nonce statement.Digest `json:"nonce"` // 32 random bytes, against a manifest used twice
}

// Stock is a root over salted items that stood in a log before the run.
type Stock struct {
	Root  statement.Digest `json:"root"`
	Items int              `json:"items"`
	Index uint64           `json:"index"` // of the statement in the party's log
	Time  int64            `json:"time"`  // of the checkpoint that has it, Unix milliseconds
}

// Head is a place in a log.
type Head struct {
	Size uint64           `json:"size"`
	Root statement.Digest `json:"root"`
}

// Audit says how many unmatched items of each side are opened, and to whom.
type Audit struct {
	Items int    `json:"items"`
	Sees  string `json:"sees"`
}

// Aged says for which types an opened item must have stood in a stock, and
// how long before the run.
type Aged struct {
	Types   []observable.Type `json:"types"` // sorted
	Seconds int64             `json:"seconds"`
}

// Marshal returns the one spelling of m.
func (m *Manifest) Marshal() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("marshal manifest: %w", err)
	}
	return b.Bytes(), nil
}

// ParseManifest reads a manifest in its one spelling and checks what does not
// depend on who reads it. The error is a *statement.Refusal.
func ParseManifest(data []byte) (*Manifest, error) {
	var m Manifest
	if err := statement.Decode(data, MaxManifest, &m); err != nil {
		return nil, err
	}
	again, err := m.Marshal()
	if err != nil || !bytes.Equal(again, data) {
		return nil, statement.Refuse(statement.CodeJSON, "not the one spelling of a manifest")
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return &m, nil
}

func field(format string, a ...any) error {
	return statement.Refuse(statement.CodeField, format, a...)
}

func (m *Manifest) check() error {
	switch {
	case m.Format != Format:
		return field("format %.40q", m.Format)
	case len(m.Purpose) == 0 || len(m.Purpose) > maxPurpose:
		return field("a purpose has 1 to %d bytes", maxPurpose)
	case m.Mode != ModeCount && m.Mode != ModeNames:
		return field("mode %.40q", m.Mode)
	case len(m.Types) == 0 || len(m.Types) > 64 || !ascending(m.Types) || !ascending(m.Aged.Types):
		return field("types are sorted, each once")
	case m.Exclude == nil || len(m.Exclude) > 64 || !slices.IsSortedFunc(m.Exclude, func(a, b statement.Digest) int { return bytes.Compare(a[:], b[:]) }):
		return field("excluded lists are sorted, at most 64")
	case m.Sides[0].Party >= m.Sides[1].Party:
		return field("the sides are two parties, sorted")
	case m.Sides[0].Key == m.Sides[1].Key || m.Sides[0].Nonce == m.Sides[1].Nonce:
		return field("the sides have one key, or one nonce, between them")
	case m.Audit.Items < 0 || m.Audit.Items > MaxAudit, (m.Audit.Items == 0) != (m.Audit.Sees == SeesNobody):
		return field("an audit of %d items seen by %.40q", m.Audit.Items, m.Audit.Sees)
	case m.Audit.Items > 0 && m.Mode == ModeCount:
		return field("a count alone does not tell what is unmatched, so nothing is audited")
	case !slices.Contains([]string{SeesNobody, SeesPartner, SeesObserver}, m.Audit.Sees):
		return field("audit seen by %.40q", m.Audit.Sees)
	case m.Audit.Sees == SeesObserver && m.Observer == "":
		return field("an audit seen by an observer names it")
	case m.Release != "" && (m.Release != ReleaseObserver || m.Observer == "" || m.Mode != ModeNames):
		return field("release %.40q: an observer that is named releases names", m.Release)
	case m.Observer == m.Sides[0].Party || m.Observer == m.Sides[1].Party:
		return field("a side is no observer")
	case m.Aged.Types == nil || m.Aged.Seconds < 0 || m.Aged.Seconds > 366*86400 || (len(m.Aged.Types) == 0) != (m.Aged.Seconds == 0):
		return field("aged types and their age go together")
	case m.Time <= 0 || m.Time > statement.MaxTime || m.Step < 1 || m.Step > 7*86400:
		return field("time or step out of range")
	}
	for i := range m.Sides {
		if err := m.Sides[i].check(m.Time); err != nil {
			return err
		}
	}
	return nil
}

func (s *Side) check(begins int64) error {
	if s.Party == "" || len(s.Party) > 31 {
		return field("a party id has 1 to 31 bytes")
	}
	if _, err := s.publicKey(); err != nil {
		return err
	}
	if s.Items < 1 || s.Items > MaxItems {
		return statement.Refuse(statement.CodeSize, "a list of %d items", s.Items)
	}
	if SizeClass(s.Items) != s.Items {
		return statement.Refuse(statement.CodeSize, "%d is no size class: it tells how many items there are", s.Items)
	}
	if s.Stocks == nil || len(s.Stocks) > MaxStocks {
		return field("at most %d stocks", MaxStocks)
	}
	for _, k := range s.Stocks {
		if k.Items < 1 || k.Items > 1<<26 || k.Time <= 0 || k.Time > begins {
			return field("a stock is of 1 to 2^26 items, logged before the run")
		}
	}
	if s.Left < 0 || s.After < 0 || s.Left > statement.MaxInt || s.After > s.Left {
		return field("a budget that grows or is below zero")
	}
	return nil
}

func (s *Side) publicKey() (ed25519.PublicKey, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s.Key)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, field("a key is the base64 of %d bytes", ed25519.PublicKeySize)
	}
	return b, nil
}

func ascending[T ~string](list []T) bool {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return false
		}
	}
	return true
}

// SID is the id of a run: SHA-512/256 of a tag and the manifest's bytes.
type SID [32]byte

func newSID(manifest []byte) SID {
	return sha512.Sum512_256(append([]byte("entente/match/v1 sid\x00"), manifest...))
}

// Agreed is a manifest that both sides have signed with their keys of the run.
type Agreed struct {
	Manifest   Manifest
	SID        SID
	Bytes      []byte
	Signatures [2][ed25519.SignatureSize]byte
	keys       [2]ed25519.PublicKey
}

// SignManifest returns one side's signature over a manifest.
func SignManifest(manifest []byte, key ed25519.PrivateKey) [ed25519.SignatureSize]byte {
	d := statement.TaggedSum("entente/match/v1 manifest", manifest)
	return [ed25519.SignatureSize]byte(ed25519.Sign(key, d[:]))
}

// NewAgreed checks a manifest and both signatures. The error is a
// *statement.Refusal.
func NewAgreed(manifest []byte, signatures [2][ed25519.SignatureSize]byte) (*Agreed, error) {
	m, err := ParseManifest(manifest)
	if err != nil {
		return nil, err
	}
	a := &Agreed{Manifest: *m, SID: newSID(manifest), Bytes: bytes.Clone(manifest), Signatures: signatures}
	d := statement.TaggedSum("entente/match/v1 manifest", manifest)
	for i := range m.Sides {
		if a.keys[i], err = m.Sides[i].publicKey(); err != nil {
			return nil, err
		}
		if !ed25519.Verify(a.keys[i], d[:], signatures[i][:]) {
			return nil, statement.Refuse(statement.CodeSignature, "the manifest is not signed by %s", m.Sides[i].Party)
		}
	}
	return a, nil
}
