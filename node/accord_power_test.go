package node

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/record"
	"entente/statement"
)

// sign lets an officer sign a draft.
func (u *unit) sign(party, officer string, p Pending) (Pending, error) {
	return u.node(party).Approve(u.t.Context(), p.ID, signed(party, officer, p.Raw))
}

// TestOneOfficerAlone: by no route can one officer do what needs two: not as a
// draft, not at the author itself, not by leaving, not by naming new officers.
func TestOneOfficerAlone(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(north)
	ctx := t.Context()
	say := func(d draft, by ...string) error {
		d.toAll, d.marking, d.caseID = true, border.Amber, must(newCase(zeros{}))(t)
		once := d
		raw, _, err := n.author.act(ctx, &once)
		u.ok(err)
		for _, officer := range by {
			d.approvals = append(d.approvals, signed(north, officer, raw))
		}
		_, err = n.author.say(ctx, d)
		return err
	}
	text := u.groupProposal(time.Now().Add(72*time.Hour), "We work together.", north, south)
	if err := say(text, accord.RoleDelegate); !refusedWith(err, statement.CodePower) {
		t.Errorf("a text of a party without officers: %v", err)
	}
	list := draft{kind: accord.KindOfficers, body: staffOf(north)}
	if err := say(list, accord.RoleHead); !refusedWith(err, statement.CodePower) {
		t.Errorf("the first list, by one: %v", err)
	}
	u.enlist()
	u.settle()
	before := u.size(north)
	for what, d := range map[string]draft{
		"consent": {kind: accord.KindPosition, refs: []statement.Ref{u.utter(south, text, staff...)}, body: accord.Position{Stance: accord.Consent, Capacity: "official"}},
		"account": u.tale(time.Now().Add(72*time.Hour), "", "a scan"),
		"urgent":  {kind: accord.KindNotice, body: accord.Notice{Level: accord.LevelUrgent, Ask: "ack", Subject: accord.Texts{"en": "x"}, Text: accord.Texts{"en": "x"}, What: []string{}, SeenFrom: []string{}, AckBy: accord.At(time.Now().Add(time.Hour)), To: []string{south}, Role: accord.RoleDuty}},
		"list":    {kind: accord.KindOfficers, body: staffOf(north)},
		"leaving": {kind: record.KindWithdrawal, body: record.WithdrawalBody{Reason: "enough"}},
	} {
		if what == "consent" {
			u.settle() // north has read the text
		}
		for _, officer := range staff {
			if err := say(d, officer, officer); err == nil || !refusedWith(err, statement.CodePower) && !refusedWith(err, statement.CodeKey) {
				t.Errorf("%s, by %s alone: %v", what, officer, err)
			}
			if err := say(d, officer); !refusedWith(err, statement.CodePower) {
				t.Errorf("%s, by %s alone: %v", what, officer, err)
			}
		}
	}
	if _, err := n.Control().Withdraw(ctx, api.ReasonRequest{Reason: "enough"}); !refusedWith(err, statement.CodePower) {
		t.Errorf("left without officers: %v", err)
	}
	for _, s := range must(n.view.OfKind(ctx, n.self.Origin, accord.KindPosition))(t) {
		t.Errorf("north has said position %d of leaf %d on", s.Index, before)
	}
	if n.gone.Load() {
		t.Error("north has left")
	}
}

// TestDraft: a signature of a stranger, of another text or twice is none; the
// signature that makes it enough says exactly what was signed; a changed text is
// another draft without signatures.
func TestDraft(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	u.settle()
	n := u.node(north)
	note := func(text string) AccordDraft {
		return AccordDraft{Kind: accord.KindNotice, Body: accord.Notice{
			Level: accord.LevelUrgent, Ask: "ack", Subject: accord.Texts{"en": text}, Text: accord.Texts{"en": text}, What: []string{}, SeenFrom: []string{},
			AckBy: accord.At(time.Now().Add(time.Hour)), To: []string{south}, Role: accord.RoleDuty,
		}}
	}
	p := must(n.Draft(t.Context(), note("look at 192.0.2.7")))(t)
	if p.Officers != 2 || !slices.Contains(p.Roles, accord.RoleApprover) || len(p.May) != len(staff) {
		t.Errorf("%+v", p)
	}
	bad := p
	bad.Raw = append(slices.Clone(p.Raw), ' ')
	if _, err := u.sign(north, accord.RoleDuty, bad); !refusedWith(err, statement.CodeSignature) {
		t.Errorf("signed another text: %v", err)
	}
	if _, err := n.Approve(t.Context(), p.ID, signed(south, accord.RoleDuty, p.Raw)); !refusedWith(err, statement.CodeKey) {
		t.Errorf("signed by south: %v", err)
	}
	half := must(u.sign(north, accord.RoleDuty, p))(t)
	if half.Said != nil || len(half.Approvals) != 1 {
		t.Errorf("%+v", half)
	}
	if _, err := u.sign(north, accord.RoleDuty, p); !refusedWith(err, statement.CodePower) {
		t.Errorf("signed twice: %v", err)
	}
	changed := must(n.Draft(t.Context(), AccordDraft{Kind: accord.KindNotice, Case: p.Act.Case, Body: note("look at 192.0.2.8").Body}))(t)
	if changed.ID == p.ID || len(changed.Approvals) != 0 {
		t.Errorf("a changed text kept its signatures: %+v", changed)
	}
	whole := must(u.sign(north, accord.RoleApprover, p))(t)
	if whole.Said == nil {
		t.Fatalf("%+v", whole)
	}
	u.settle()
	s, ok := must(u.node(south).Accord(t.Context()))(t).Said(*whole.Said)
	raw := must(statement.NewAct(s.Act))(t)
	if !ok || statement.ApprovalDigest(raw).String() != p.ID || len(s.Approvals) != 2 {
		t.Errorf("south reads %s, %d signatures", raw, len(s.Approvals))
	}
	if left := must(n.Drafts(t.Context()))(t); len(left) != 1 || left[0].ID != changed.ID {
		t.Errorf("%d drafts wait", len(left))
	}
	sheet := must(n.Sheet(t.Context(), changed.ID))(t)
	if !json.Valid(sheet.Body) || sheet.Type != changed.ID[:12] || len(sheet.Effects) == 0 {
		t.Errorf("%+v", sheet)
	}
}
