package node

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"entente/accord"
	"entente/border"
	"entente/statement"
)

// staff are the officers whom the tests enrol for each party; the name of each
// is its role.
var staff = []string{accord.RoleHead, accord.RoleDelegate, accord.RoleApprover, accord.RoleDuty, accord.RoleAnalyst}

func officerKey(party, officer string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(party + "/" + officer))
	return ed25519.NewKeyFromSeed(seed[:])
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// staffOf is a whole list of officers of a party.
func staffOf(party string) accord.Officers {
	o := accord.Officers{Contacts: []accord.Contact{}}
	for _, id := range staff {
		pub := officerKey(party, id).Public().(ed25519.PublicKey)
		o.Officers = append(o.Officers, accord.Officer{ID: id, Name: id, Roles: []string{id}, Keys: []accord.OfficerKey{{Form: "ed25519", Key: base64Of(pub)}}})
	}
	return o
}

// signed is the approval of an officer of a party.
func signed(party, officer string, raw []byte) statement.Approval {
	key := officerKey(party, officer)
	digest := statement.ApprovalDigest(raw)
	return statement.Approval{Officer: officer, Key: base64Of(key.Public().(ed25519.PublicKey)), Sig: base64Of(ed25519.Sign(key, digest[:]))}
}

// utter lets a party say something of the accord that officers signed, at the
// author itself: what is said is judged by those who read it.
func (u *unit) utter(party string, d draft, by ...string) statement.Ref {
	u.t.Helper()
	a := u.node(party).author
	if d.marking == "" {
		d.marking = border.Amber
	}
	if d.caseID == "" {
		d.caseID = must(newCase(zeros{}))(u.t)
	}
	d.toAll = true
	once := d
	raw, _, err := a.act(u.t.Context(), &once)
	u.ok(err)
	for _, officer := range by {
		d.approvals = append(d.approvals, signed(party, officer, raw))
	}
	return must(a.say(u.t.Context(), d))(u.t)
}

// enrol logs the officers of every party.
func (u *unit) enlist() {
	u.t.Helper()
	for _, name := range u.names {
		u.utter(name, draft{kind: accord.KindOfficers, body: staffOf(name)}, staff...)
	}
}

// paper is a text with its digest for the act.
func paper(t testing.TB, text string, clauses ...string) ([]byte, statement.Digest) {
	p := accord.Paper{Text: accord.Texts{"en": text}, Clauses: []accord.ClauseTexts{}}
	for i, c := range clauses {
		p.Clauses = append(p.Clauses, accord.ClauseTexts{No: i + 1, Text: accord.Texts{"en": c}})
	}
	part, digest, err := accord.MarshalPaper(p)
	if err != nil {
		t.Fatal(err)
	}
	return part, digest
}

// until lets time pass until an hour of the day by north's clock.
func (u *unit) until(hour string) {
	u.t.Helper()
	now := u.opt[north].Now().UTC()
	h := must(time.Parse("15:04", hour))(u.t)
	next := time.Date(now.Year(), now.Month(), now.Day(), h.Hour(), h.Minute(), 0, 0, time.UTC)
	if !next.After(now) {
		next = next.Add(24 * time.Hour)
	}
	pass(next.Sub(now))
}

// sever cuts the line between two parties and ends their connections: they hear
// of each other through the observer alone.
func (u *unit) sever(a, b string) {
	u.wire.oneWay(a, b)
	u.wire.oneWay(b, a)
}

// groupProposal is a proposal to set up a working group.
func (u *unit) groupProposal(by time.Time, text string, needs ...string) draft {
	part, digest := paper(u.t, text)
	return draft{kind: accord.KindProposal, parts: [][]byte{part}, body: accord.Proposal{
		For: accord.ForGroup, Title: accord.Texts{"en": "A working group"}, Authentic: []string{"en"}, Needs: needs, DecideBy: accord.At(by),
		CoolingOff: 2 * 3600, Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{}, Paper: digest,
	}}
}

// tale is an account with items, open or sealed to the depositary.
func (u *unit) tale(by time.Time, depositary string, texts ...string) draft {
	u.t.Helper()
	items := []accord.SaltedItem{}
	body := accord.Account{Event: accord.Event{Title: accord.Texts{"en": "A meeting"}, From: accord.At(by.Add(-48 * time.Hour)), Present: []string{}}, Mode: "open", Capacity: "official", Names: []string{}, Items: []statement.Digest{}}
	if depositary != "" {
		body.Mode, body.Depositary, body.RevealBy, body.CommitBy = "sealed", depositary, accord.At(by), accord.At(by.Add(-96*time.Hour))
	}
	for i, text := range texts {
		it := accord.SaltedItem{Salt: statement.Digest(sha256.Sum256([]byte(text))).String(), Item: accord.Item{No: i + 1, Kind: "act", Who: "south", What: "scan", Text: accord.Texts{"en": text}, Basis: "asserted", Exhibits: []string{}}}
		items = append(items, it)
		body.Items = append(body.Items, must(accord.ItemDigest(it))(u.t))
	}
	d := draft{kind: accord.KindAccount, body: body, parts: [][]byte{must(marshalJSON(items))(u.t)}}
	if depositary != "" {
		d.closed, d.closedTo = 1, []string{depositary}
	}
	return d
}
