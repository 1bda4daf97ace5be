package charter

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"time"

	"entente/statement"
)

const (
	// ConsentFormat is the format of a consent's payload.
	ConsentFormat = "entente/consent/v1"
	// ConsentType is the DSSE payload type of a consent.
	ConsentType = "application/vnd.entente.consent+json"
	// MaxConsent is the largest consent file, in bytes.
	MaxConsent = 4 << 10
)

// Stance is what a party says to a charter.
type Stance string

// The stances. A revocation is final for its charter: who changes its mind
// proposes a new one.
const (
	Agree  Stance = "consent"
	Revoke Stance = "revoke"
)

// Consent is one party's signed stance on one charter digest.
type Consent struct {
	Charter statement.Digest
	Party   string
	Time    time.Time // claimed by the signer, whole seconds, UTC
	Stance  Stance
	// Witnessed is the instant at which witnesses first saw it in a log. It is
	// not part of the file. Where it is set, State uses it instead of the
	// claimed time; a file alone has only its signer's word.
	Witnessed time.Time

	envelope statement.Envelope
}

type wireConsent struct {
	Format  string           `json:"format"`
	Charter statement.Digest `json:"charter"`
	Party   string           `json:"party"`
	Time    string           `json:"time"`
	Stance  Stance           `json:"stance"`
}

// SignConsent writes a consent file: a DSSE envelope over the stance, signed
// with the party's statement key, and a final newline. The key must be the
// one that c names for the party.
func SignConsent(c Charter, party string, stance Stance, at time.Time, key ed25519.PrivateKey) ([]byte, error) {
	payload, err := json.Marshal(wireConsent{
		Format: ConsentFormat, Charter: c.digest, Party: party,
		Time: at.UTC().Format(time.RFC3339), Stance: stance,
	})
	if err != nil {
		return nil, err
	}
	e := statement.Envelope{
		Payload: payload, PayloadType: ConsentType,
		KeyID: statement.KeyID(key.Public().(ed25519.PublicKey)),
		Sig:   ed25519.Sign(key, statement.PAE(ConsentType, payload)),
	}
	data := append(e.Marshal(), '\n')
	k, err := ParseConsent(data)
	if err != nil {
		return nil, err
	}
	return data, k.Verify(c)
}

// ParseConsent reads a consent file strictly. It does not verify the
// signature, which needs the charter: see Verify. Another format gives
// statement.ErrNotUnderstood, anything else a *statement.Refusal.
func ParseConsent(data []byte) (Consent, error) {
	if len(data) > MaxConsent {
		return Consent{}, statement.Refuse(statement.CodeSize, "a consent of %d bytes, at most %d", len(data), MaxConsent)
	}
	body, ok := bytes.CutSuffix(data, []byte("\n"))
	if !ok {
		return Consent{}, statement.Refuse(statement.CodeJSON, "a consent ends with a newline; the file is cut off")
	}
	e, err := statement.ParseEnvelope(body)
	if err != nil {
		return Consent{}, err
	}
	if e.PayloadType != ConsentType {
		return Consent{}, statement.Refuse(statement.CodeField, "payload type %.60q, want %s", e.PayloadType, ConsentType)
	}
	if err := statement.CheckJSON(e.Payload, MaxConsent); err != nil {
		return Consent{}, err
	}
	var probe struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(e.Payload, &probe); err != nil {
		return Consent{}, refuse("no format")
	}
	if probe.Format != ConsentFormat {
		return Consent{}, statement.ErrNotUnderstood
	}
	var w wireConsent
	if err := statement.Decode(e.Payload, MaxConsent, &w); err != nil {
		return Consent{}, err
	}
	if again, err := json.Marshal(w); err != nil || !bytes.Equal(again, e.Payload) {
		return Consent{}, statement.Refuse(statement.CodeJSON, "not the one spelling of this consent")
	}
	return w.consent(e)
}

func (w wireConsent) consent(e statement.Envelope) (Consent, error) {
	if !ValidID(w.Party) {
		return Consent{}, statement.Refuse(statement.CodeParty, "party id %.40q", w.Party)
	}
	if w.Stance != Agree && w.Stance != Revoke {
		return Consent{}, refuse("stance %.20q, want consent or revoke", string(w.Stance))
	}
	at, err := parseInstant(w.Time)
	if err != nil {
		return Consent{}, refuse("time %.40q: want an instant such as 2026-01-31T12:00:00Z", w.Time)
	}
	return Consent{Charter: w.Charter, Party: w.Party, Time: at, Stance: w.Stance, envelope: e}, nil
}

// Verify checks that k is about c and signed with the statement key that c
// names for its party.
func (k Consent) Verify(c Charter) error {
	if k.Charter != c.digest {
		return statement.Refuse(statement.CodeCharter, "consent to %s, not to %s", k.Charter.Short(), c.digest.Short())
	}
	p, ok := c.Party(k.Party)
	if !ok {
		return statement.Refuse(statement.CodeParty, "%s is not on this charter", k.Party)
	}
	pub, err := p.Keys.StatementKey()
	if err != nil {
		return err
	}
	// The fields are exported: what counts is what was signed.
	want, err := ParseConsent(append(k.envelope.Marshal(), '\n'))
	if err != nil || want.Charter != k.Charter || want.Party != k.Party || !want.Time.Equal(k.Time) || want.Stance != k.Stance {
		return statement.Refuse(statement.CodeSignature, "consent of %s is not the signed one", k.Party)
	}
	return k.envelope.Verify(pub)
}

// at is the instant that State reckons with.
func (k Consent) at() time.Time {
	if !k.Witnessed.IsZero() {
		return k.Witnessed
	}
	return k.Time
}
