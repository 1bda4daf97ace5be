package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"entente/charter"
	"entente/console"
	"entente/internal/keyfile"
	"entente/statement"
)

// signingDir holds, before the charter is signed, the others' cards, which of
// them were compared over the telephone, and the charter that is looked at.
const signingDir = "signing"

// Signing leads one party to its first charter: it keeps what was exchanged in
// the data folder and signs with the party's statement key. Its methods are
// safe for concurrent use.
type Signing struct {
	dir  string
	keys *keyfile.Keys
	now  func() time.Time
	mu   sync.Mutex // one step at a time

	// Fingerprints are slow to make on purpose.
	prints map[charter.Party]string
	texts  map[statement.Digest]string
}

// print is the fingerprint of a party's keys. The caller holds mu.
func (s *Signing) print(p charter.Party) string {
	if _, ok := s.prints[p]; !ok {
		s.prints[p] = p.Fingerprint()
	}
	return s.prints[p]
}

// printOf is the fingerprint of a charter. The caller holds mu.
func (s *Signing) printOf(c charter.Charter) string {
	if _, ok := s.texts[c.Digest()]; !ok {
		s.texts[c.Digest()] = charter.Fingerprint(c.Digest())
	}
	return s.texts[c.Digest()]
}

// NewSigning opens the data folder of a party whose charter is not in force.
func NewSigning(cfg Config, opt Options) (*Signing, error) {
	keys, err := keyfile.Read(cfg.Dir, opt.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", cfg.Dir, err)
	}
	if c, _, err := ReadCharter(cfg.Dir); err == nil {
		if p, ok := c.Party(keys.Party); !ok || !keys.Belongs(p) {
			return nil, fmt.Errorf("%s: %w", cfg.Dir, ErrOther)
		}
	}
	if err := os.MkdirAll(filepath.Join(cfg.Dir, signingDir), 0o700); err != nil {
		return nil, err
	}
	return &Signing{dir: cfg.Dir, keys: keys, now: opt.withDefaults().Now, prints: make(map[charter.Party]string), texts: make(map[statement.Digest]string)}, nil
}

var _ console.SigningSource = (*Signing)(nil)

// Over reports whether the charter that was signed is in force, or what was
// signed can no longer come into force.
func (s *Signing) Over() bool {
	c, consents, err := ReadCharter(s.dir)
	return err == nil && charter.State(c, consents, s.now()).Phase == charter.InForce
}

// State says where the signing stands.
func (s *Signing) State(context.Context) (console.Signing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := console.Signing{Party: s.keys.Party, Dir: shellWord(s.dir), Now: s.now()}
	own, err := s.ownCard()
	if err != nil {
		return out, err
	}
	heard := s.heard()
	for _, c := range append([]charter.Card{own}, s.cards()...) {
		print := s.print(c.Party)
		one := console.SigningCard{ID: c.ID, Name: c.Name, Role: string(c.Role), Address: c.Address, Own: c.ID == own.ID, Heard: heard[c.ID] == print}
		if one.Own || one.Heard { // what is shown would be typed, not heard
			one.Fingerprint = print
		}
		out.Cards = append(out.Cards, one)
	}
	c, consents, err := s.charter()
	if errors.Is(err, os.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Status = charter.State(c, consents, s.now())
	out.Charter = &console.SigningCharter{Charter: c, Fingerprint: s.printOf(c), Strange: s.strange(c, own, heard)}
	for i := range out.Cards {
		id := out.Cards[i].ID
		out.Cards[i].Consented, out.Cards[i].Revoked = stancesOf(c, consents, id)
		if id == s.keys.Party {
			out.Signed = out.Cards[i].Consented
		}
	}
	if !out.Signed { // the other half is what the other reads
		out.Charter.Fingerprint = strings.Join(strings.Fields(out.Charter.Fingerprint)[:console.Spoken], " ")
	}
	return out, nil
}

func stancesOf(c charter.Charter, consents []charter.Consent, party string) (agreed, revoked bool) {
	for _, k := range consents {
		if k.Party == party && k.Verify(c) == nil {
			agreed, revoked = agreed || k.Stance == charter.Agree, revoked || k.Stance == charter.Revoke
		}
	}
	return agreed, revoked
}

// strange names the entries of a charter whose keys nobody here has compared.
func (s *Signing) strange(c charter.Charter, own charter.Card, heard map[string]string) []string {
	var ids []string
	for _, p := range c.Parties {
		if print := s.print(p); heard[p.ID] != print && (p.ID != own.ID || print != s.print(own.Party)) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// charter is what was signed, or else what is looked at.
func (s *Signing) charter() (charter.Charter, []charter.Consent, error) {
	c, consents, err := ReadCharter(s.dir)
	if !errors.Is(err, os.ErrNotExist) {
		return c, consents, err
	}
	data, err := os.ReadFile(s.path(CharterFile))
	if err != nil {
		return c, nil, err
	}
	c, err = charter.Parse(data)
	return c, readConsents([]string{s.path("")}), err
}

func (s *Signing) path(name string) string { return filepath.Join(s.dir, signingDir, name) }

func (s *Signing) ownCard() (charter.Card, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, s.keys.Party+".card.json"))
	if err != nil {
		return charter.Card{}, fmt.Errorf("the own card: %w", err)
	}
	return charter.ParseCard(data)
}

// cards are the others', by id.
func (s *Signing) cards() []charter.Card {
	files, err := filepath.Glob(s.path("*.card.json"))
	if err != nil {
		return nil
	}
	var list []charter.Card
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if c, err := charter.ParseCard(data); err == nil {
			list = append(list, c)
		}
	}
	return list
}

// heard are the fingerprints that were compared, by party.
func (s *Signing) heard() map[string]string {
	heard := make(map[string]string)
	if data, err := os.ReadFile(s.path("heard.json")); err == nil {
		_ = json.Unmarshal(data, &heard) // what cannot be read was not compared
	}
	return heard
}

// AddCard takes another party's card. A second card under one id replaces the
// first, and what was compared with that counts no more.
func (s *Signing) AddCard(_ context.Context, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := charter.ParseCard(data)
	if err != nil {
		return notUnderstood(err)
	}
	if c.ID == s.keys.Party {
		return statement.Refuse(statement.CodeParty, "this is a card of %s, the own side", c.ID)
	}
	return replaceFile(s.path(c.FileName()), data)
}

// notUnderstood turns what a page cannot show into what it can.
func notUnderstood(err error) error {
	if errors.Is(err, statement.ErrNotUnderstood) {
		return statement.Refuse(statement.CodeKind, "a format that this version does not know")
	}
	return err
}

// Heard compares digits with the first groups of a card's fingerprint.
func (s *Signing) Heard(_ context.Context, party, digits string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.cards() {
		if c.ID != party {
			continue
		}
		print := s.print(c.Party)
		if !spoken(print, digits, 0) {
			return statement.Refuse(statement.CodeKey, "these are not the digits of this card: ask %s to read them once more; if they differ, the card is not theirs", party)
		}
		heard := s.heard()
		heard[party] = print
		data, err := json.Marshal(heard)
		if err != nil {
			return err
		}
		return replaceFile(s.path("heard.json"), data)
	}
	return statement.Refuse(statement.CodeParty, "no card of %.40q", party)
}

// spoken reports whether digits are those groups of a fingerprint that begin at
// from.
func spoken(print, digits string, from int) bool {
	return strings.Join(strings.Fields(digits), "") == strings.Join(strings.Fields(print)[from:from+console.Spoken], "")
}

// Propose writes a charter from the own card and those that were compared.
func (s *Signing) Propose(_ context.Context, t charter.Terms) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, err := s.ownCard()
	if err != nil {
		return err
	}
	heard, cards := s.heard(), []charter.Card{own}
	for _, c := range s.cards() {
		if heard[c.ID] != s.print(c.Party) {
			return statement.Refuse(statement.CodeKey, "the card of %s was not compared over the telephone yet", c.ID)
		}
		cards = append(cards, c)
	}
	if len(cards) < 2 {
		return statement.Refuse(statement.CodeParty, "a charter has at least two parties: take in another card first")
	}
	defaults := charter.DefaultTerms(t.Name, len(cards), t.Effective)
	t.Quorum, t.Succession = defaults.Quorum, defaults.Succession
	data, err := charter.Propose(cards, t)
	if err != nil {
		return err
	}
	return s.take(data)
}

// TakeCharter takes a charter that another proposed.
func (s *Signing) TakeCharter(_ context.Context, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(data)
}

func (s *Signing) take(data []byte) error {
	signed := filepath.Join(s.dir, CharterFile)
	old, consents, err := ReadCharter(s.dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case charter.State(old, consents, s.now()).Phase != charter.Revoked:
		return statement.Refuse(statement.CodeState, "a charter is signed here already")
	}
	again := err == nil
	c, err := charter.Parse(data)
	if err != nil {
		return notUnderstood(err)
	}
	if p, ok := c.Party(s.keys.Party); !ok || !s.keys.Belongs(p) {
		return statement.Refuse(statement.CodeKey, "this charter does not name the keys of %s", s.keys.Party)
	}
	if again { // what was revoked is kept, out of the way
		if err := os.Rename(signed, s.path("revoked."+old.Digest().Short()+".json")); err != nil {
			return err
		}
	}
	return replaceFile(s.path(CharterFile), data)
}

// Sign consents to the charter that is looked at: digits are the last groups of
// its fingerprint; the first ones are shown, to be read to the other.
func (s *Signing) Sign(_ context.Context, digits string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := os.ReadFile(s.path(CharterFile))
	if err != nil {
		return statement.Refuse(statement.CodeState, "no charter to sign")
	}
	c, err := charter.Parse(data)
	if err != nil {
		return notUnderstood(err)
	}
	own, err := s.ownCard()
	if err != nil {
		return err
	}
	if ids := s.strange(c, own, s.heard()); len(ids) > 0 {
		return statement.Refuse(statement.CodeKey, "keys that nobody has compared over the telephone: %s", strings.Join(ids, ", "))
	}
	if !spoken(s.printOf(c), digits, console.Spoken) {
		return statement.Refuse(statement.CodeDigest, "these are not the digits of this text: another text is being read to you")
	}
	return s.stand(c, charter.Agree)
}

// stand writes the own stance, and the charter before it.
func (s *Signing) stand(c charter.Charter, stance charter.Stance) error {
	data, err := charter.SignConsent(c, s.keys.Party, stance, s.now(), s.keys.Statement)
	if err != nil {
		return err
	}
	k, err := charter.ParseConsent(data)
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(s.dir, CharterFile), c.Bytes()); err != nil {
		return err
	}
	for _, early := range readConsents([]string{s.path("")}) {
		if early.Verify(c) == nil {
			if err := s.keep(early); err != nil {
				return err
			}
		}
	}
	return replaceFile(filepath.Join(s.dir, ConsentDir, ConsentFileName(k)), data)
}

func (s *Signing) keep(k charter.Consent) error {
	data, err := os.ReadFile(s.path(ConsentFileName(k)))
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(s.dir, ConsentDir, ConsentFileName(k)), data)
}

// ConsentFileName is the usual name of a consent's file.
func ConsentFileName(k charter.Consent) string {
	if k.Stance == charter.Revoke {
		return k.Party + ".revoke.consent.json"
	}
	return k.Party + ".consent.json"
}

// AddConsent takes another party's consent or revocation.
func (s *Signing) AddConsent(_ context.Context, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := charter.ParseConsent(data)
	if err != nil {
		return notUnderstood(err)
	}
	c, _, err := s.charter()
	if err != nil {
		return statement.Refuse(statement.CodeState, "no charter yet that it could be a consent to")
	}
	if err := k.Verify(c); err != nil {
		return err
	}
	folder := s.path("")
	if _, _, err := ReadCharter(s.dir); err == nil {
		folder = filepath.Join(s.dir, ConsentDir)
	}
	return replaceFile(filepath.Join(folder, ConsentFileName(k)), data)
}

// Revoke takes back the own consent.
func (s *Signing) Revoke(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, _, err := ReadCharter(s.dir)
	if err != nil {
		return statement.Refuse(statement.CodeState, "nothing is signed here")
	}
	return s.stand(c, charter.Revoke)
}

// File gives the own card, the charter or the own stance.
func (s *Signing) File(_ context.Context, name string) (string, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	party := s.keys.Party
	for file, path := range map[string]string{
		party + ".card.json":           filepath.Join(s.dir, party+".card.json"),
		party + ".consent.json":        filepath.Join(s.dir, ConsentDir, party+".consent.json"),
		party + ".revoke.consent.json": filepath.Join(s.dir, ConsentDir, party+".revoke.consent.json"),
		CharterFile:                    s.path(CharterFile),
	} {
		if file != name {
			continue
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return "", nil, console.ErrNotFound
		}
		return file, data, err
	}
	return "", nil, console.ErrNotFound
}
