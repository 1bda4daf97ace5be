package statement

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
)

// Ref names one statement: the log, the leaf's index, and the id, so that a
// reference can never come to mean something else.
type Ref struct {
	Origin string `json:"origin"`
	Index  uint64 `json:"index"`
	ID     Digest `json:"id"`
}

// Act is what a statement says, as far as a state function reads it.
type Act struct {
	Kind       Kind            `json:"kind"`
	Case       string          `json:"case"` // random id, 32 hex digits, shared by what belongs together
	Refs       []Ref           `json:"refs"`
	Marking    string          `json:"marking"`    // TLP label
	Recipients []string        `json:"recipients"` // party ids; sorted; the author is never listed
	Body       json.RawMessage `json:"body"`
}

// Approval is one officer's signature over an act: by an Ed25519 key from a file
// or an agent over ApprovalDigest, or by a passkey over an assertion whose
// challenge it is.
type Approval struct {
	Officer string `json:"officer"`
	Key     string `json:"key"` // base64 of the officer's public key
	Sig     string `json:"sig"` // base64 of the signature
	// Assertion is what a passkey signed; nil for other keys.
	Assertion *Assertion `json:"assertion,omitempty"`
}

type actPart struct {
	Act       json.RawMessage `json:"act"`
	Approvals []Approval      `json:"approvals"`
}

const maxRefs, maxRecipients, maxApprovals = 64, 200, 16

// ApprovalDigest is what an officer signs: SHA-256(tag, exact act bytes).
func ApprovalDigest(act []byte) Digest { return TaggedSum("entente/approval/v1", act) }

// MarshalAct returns the plaintext of part 0 for an act and its approvals.
func MarshalAct(act []byte, approvals []Approval) ([]byte, error) {
	if approvals == nil {
		approvals = []Approval{}
	}
	return json.Marshal(actPart{Act: act, Approvals: approvals})
}

// NewAct marshals a to the exact bytes that officers approve. Nil slices
// become empty ones and recipients are sorted.
func NewAct(a Act) ([]byte, error) {
	if a.Refs == nil {
		a.Refs = []Ref{}
	}
	a.Recipients = slices.Compact(slices.Sorted(slices.Values(a.Recipients)))
	if a.Recipients == nil {
		a.Recipients = []string{}
	}
	b, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	if _, err := parseAct(b); err != nil {
		return nil, err
	}
	return b, nil
}

// ParseAct reads part 0 strictly: the act and its verified approvals. An
// approval that does not verify is a refusal, not an omission. An act with
// fields that this version does not know gives a refusal with E_FIELD; an
// unknown kind does not: its body is left unread.
func ParseAct(part []byte) (Act, []Approval, error) {
	var p actPart
	if err := Decode(part, MaxAct, &p); err != nil {
		return Act{}, nil, err
	}
	again, err := MarshalAct(p.Act, p.Approvals)
	if err != nil || !bytes.Equal(again, part) {
		return Act{}, nil, Refuse(CodeJSON, "not the one spelling of this act")
	}
	a, err := parseAct(p.Act)
	if err != nil {
		return Act{}, nil, err
	}
	if len(p.Approvals) > maxApprovals {
		return Act{}, nil, Refuse(CodeField, "%d approvals, at most %d", len(p.Approvals), maxApprovals)
	}
	digest := ApprovalDigest(p.Act)
	for i, ap := range p.Approvals {
		if slices.ContainsFunc(p.Approvals[:i], func(other Approval) bool { return other.Key == ap.Key }) {
			return Act{}, nil, Refuse(CodeKey, "officer %.40q: a key approves once", ap.Officer)
		}
		if err := ap.verify(digest); err != nil {
			return Act{}, nil, err
		}
	}
	return a, p.Approvals, nil
}

func (ap Approval) verify(digest Digest) error {
	if ap.Assertion != nil {
		return ap.verifyAssertion(digest)
	}
	pub, ok := oneBase64(ap.Key)
	if !ok || len(pub) != ed25519.PublicKeySize {
		return Refuse(CodeKey, "officer %.40q: not an Ed25519 key", ap.Officer)
	}
	sig, ok := oneBase64(ap.Sig)
	if !ok || !ed25519.Verify(pub, digest[:], sig) {
		return Refuse(CodeSignature, "officer %.40q: approval does not verify", ap.Officer)
	}
	return nil
}

// oneBase64 decodes the one spelling of some bytes. Comparing is needed:
// encoding/base64 skips line ends.
func oneBase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil && base64.StdEncoding.EncodeToString(b) == s
}

func parseAct(raw []byte) (Act, error) {
	var a Act
	if err := Decode(raw, MaxAct, &a); err != nil {
		return Act{}, err
	}
	if !a.Kind.Valid() {
		return Act{}, Refuse(CodeKind, "kind %.64q", string(a.Kind))
	}
	if len(a.Case) != 32 || !isLowerHex(a.Case) {
		return Act{}, Refuse(CodeField, "a case id is 32 hex digits")
	}
	if a.Refs == nil || len(a.Refs) > maxRefs {
		return Act{}, Refuse(CodeField, "refs: a list of at most %d", maxRefs)
	}
	if a.Recipients == nil || len(a.Recipients) > maxRecipients {
		return Act{}, Refuse(CodeRecipient, "recipients: a list of at most %d", maxRecipients)
	}
	if !slices.IsSorted(a.Recipients) || len(slices.Compact(slices.Clone(a.Recipients))) != len(a.Recipients) {
		return Act{}, Refuse(CodeRecipient, "recipients are sorted and named once")
	}
	if len(a.Body) == 0 || a.Body[0] != '{' {
		return Act{}, Refuse(CodeField, "a body is an object")
	}
	// A missing field, null or another order would be a second spelling.
	if again, err := json.Marshal(a); err != nil || !bytes.Equal(again, raw) {
		return Act{}, Refuse(CodeJSON, "not the one spelling of this act")
	}
	return a, nil
}

func isLowerHex(s string) bool {
	for _, c := range s {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}
