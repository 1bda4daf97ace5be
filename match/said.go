package match

import (
	"crypto/ed25519"
	"encoding/base64"

	"entente/observable"
	"entente/statement"
)

// The kinds of statements by which a run stands in the logs. An offer names the
// terms and one side, a consent holds the whole manifest and its author's
// signature, and steps hold the other signature and then every message that is
// to be logged. All of them go to every party and observer: nothing in them
// shows an item.
const (
	OfferKind   statement.Kind = "match-offer/v1"
	ConsentKind statement.Kind = "match-consent/v1"
	StepKind    statement.Kind = "match-step/v1"
	StockKind   statement.Kind = "match-stock/v1"
)

// Specs are the kinds for the registry.
func Specs() []statement.Spec {
	return []statement.Spec{
		{Kind: OfferKind, Check: CheckOffer},
		{Kind: ConsentKind, Check: CheckConsent},
		{Kind: StepKind, Check: CheckStep},
		{Kind: StockKind, Check: CheckStock},
		{Kind: ReleaseKind, Check: CheckRelease},
	}
}

// Offer is the body of match-offer/v1: a manifest but for the other side.
type Offer struct {
	To         string             `json:"to"`
	Purpose    string             `json:"purpose"`
	Mode       string             `json:"mode"`
	Types      []observable.Type  `json:"types"`
	Normaliser string             `json:"normaliser"`
	Corpus     statement.Digest   `json:"corpus"`
	Exclude    []statement.Digest `json:"exclude"`
	Side       Side               `json:"side"` // of who offers; after is 0, the other side fills it in
	Observer   string             `json:"observer"`
	Audit      Audit              `json:"audit"`
	Aged       Aged               `json:"aged"`
	Epoch      uint64             `json:"epoch"`
	Time       int64              `json:"time"`
	Step       int64              `json:"step"`
	Release    string             `json:"release,omitempty"`
}

// Manifest completes an offer by the other side: both sides get the same bytes.
func (o *Offer) Manifest(other Side) Manifest {
	m := Manifest{
		Format: Format, Purpose: o.Purpose, Mode: o.Mode, Types: o.Types, Normaliser: o.Normaliser, Corpus: o.Corpus,
		Exclude: o.Exclude, Sides: [2]Side{o.Side, other}, Observer: o.Observer, Audit: o.Audit, Aged: o.Aged,
		Epoch: o.Epoch, Time: o.Time, Step: o.Step, Release: o.Release,
	}
	m.Sides[0].After = max(0, o.Side.Left-other.Items)
	if other.Party < o.Side.Party {
		m.Sides[0], m.Sides[1] = m.Sides[1], m.Sides[0]
	}
	return m
}

// CheckOffer checks the body of match-offer/v1. What an offer leaves open is
// filled in with something that would do.
func CheckOffer(body []byte) error {
	o, err := ParseOffer(body)
	if err != nil {
		return err
	}
	if o.Side.After != 0 || o.To == o.Side.Party {
		return field("an offer goes to another party and leaves open what is left after the run")
	}
	other := Side{Party: o.To, Key: base64.StdEncoding.EncodeToString(make([]byte, ed25519.PublicKeySize)), Items: 1, Stocks: []Stock{}}
	m := o.Manifest(other)
	return m.check()
}

// ParseOffer reads the body of an offer.
func ParseOffer(body []byte) (*Offer, error) {
	var o Offer
	if err := statement.Decode(body, statement.MaxAct, &o); err != nil {
		return nil, err
	}
	return &o, nil
}

// Consent is the body of match-consent/v1. It refers to the offer.
type Consent struct {
	Manifest  string `json:"manifest"`  // its one spelling
	Signature string `json:"signature"` // base64, of the consenting side's key of the run
}

// CheckConsent checks the body of match-consent/v1.
func CheckConsent(body []byte) error {
	_, _, err := ParseConsent(body)
	return err
}

// ParseConsent reads the body of a consent.
func ParseConsent(body []byte) (*Manifest, Consent, error) {
	var c Consent
	if err := statement.Decode(body, statement.MaxAct, &c); err != nil {
		return nil, c, err
	}
	if _, err := parseSignature(c.Signature); err != nil {
		return nil, c, err
	}
	m, err := ParseManifest([]byte(c.Manifest))
	return m, c, err
}

func parseSignature(s string) (sig [ed25519.SignatureSize]byte, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(sig) {
		return sig, field("a signature is the base64 of %d bytes", len(sig))
	}
	return [ed25519.SignatureSize]byte(b), nil
}

// Step is the body of match-step/v1: the offering side's signature under the
// manifest, which begins the run, or a message of it. It refers to the consent.
type Step struct {
	Signature string `json:"signature,omitempty"` // base64
	Message   string `json:"message,omitempty"`   // base64 of a logged message
}

// CheckStep checks the body of match-step/v1.
func CheckStep(body []byte) error {
	_, _, err := ParseStep(body)
	return err
}

// ParseStep reads the body of a step; raw is its message, or nil.
func ParseStep(body []byte) (s Step, raw []byte, err error) {
	if err := statement.Decode(body, statement.MaxAct, &s); err != nil {
		return s, nil, err
	}
	if (s.Signature == "") == (s.Message == "") {
		return s, nil, field("a step is a signature or a message")
	}
	if s.Message == "" {
		_, err = parseSignature(s.Signature)
		return s, nil, err
	}
	if raw, err = base64.StdEncoding.Strict().DecodeString(s.Message); err != nil {
		return s, nil, field("a message is base64")
	}
	m, err := ParseMessage(raw)
	switch {
	case err != nil:
		return s, nil, err
	case !m.ID.Kind.Logged():
		return s, nil, statement.Refuse(statement.CodeKind, "%s is not logged", m.ID)
	}
	return s, raw, nil
}

// MessageStep is the body that logs a message.
func MessageStep(raw []byte) Step { return Step{Message: base64.StdEncoding.EncodeToString(raw)} }

// StockBody is the body of match-stock/v1: a commitment to items, so that it
// can be shown later since when they are held.
type StockBody struct {
	Root  statement.Digest `json:"root"`
	Items int              `json:"items"`
}

// CheckStock checks the body of match-stock/v1.
func CheckStock(body []byte) error {
	_, err := ParseStock(body)
	return err
}

// ParseStock reads the body of a stock.
func ParseStock(body []byte) (s StockBody, err error) {
	if err := statement.Decode(body, statement.MaxAct, &s); err != nil {
		return s, err
	}
	if s.Items < 1 || s.Items > 1<<26 {
		return s, field("a stock is of 1 to 2^26 items")
	}
	return s, nil
}
