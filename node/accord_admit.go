package node

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"entente/accord"
	"entente/charter"
	"entente/record"
	"entente/statement"
)

// maySay is asked by the author before anything is logged, by whatever route it
// came: a statement of the accord that would not be this party's position, for
// want of officers or for another reason, is not said in the party's name.
func (n *Node) maySay(ctx context.Context, d draft, raw []byte) error {
	if d.kind == record.KindRelease {
		return n.mayRelease(ctx, d)
	}
	if !signable(d.kind) {
		return nil
	}
	return n.judge(ctx, d, raw, d.approvals)
}

// signable says that officers sign what is said of a kind.
func signable(k statement.Kind) bool {
	return ofAccord(k) && k != accord.KindDisclosure || k == record.KindWithdrawal || isMatchAct(k)
}

// judge says whether a statement would be this party's position with these
// approvals.
func (n *Node) judge(ctx context.Context, d draft, raw []byte, approvals []statement.Approval) error {
	act, err := actOf(raw)
	if err != nil {
		return err
	}
	if isMatchAct(act.Kind) {
		return n.judgeMatch(ctx, act, raw, approvals)
	}
	r, ref, err := n.recordWith(ctx, act, raw, approvals, d.parts)
	if err != nil {
		return err
	}
	if err := n.mayStand(r, act); err != nil {
		return err
	}
	return labelled(r, ref)
}

// recordWith is the record as it would be with one more statement of this party.
func (n *Node) recordWith(ctx context.Context, act statement.Act, raw []byte, approvals []statement.Approval, parts [][]byte) (*accord.Record, statement.Ref, error) {
	r, err := n.Case(ctx, act.Case)
	if err != nil {
		return nil, statement.Ref{}, err
	}
	s := n.nextSaid(act, raw, approvals, parts)
	w := r.World()
	w.Now = n.opt.Now()
	return r.Next(w, s), s.Ref, nil
}

// nextSaid is a statement as it would stand next in the own log.
func (n *Node) nextSaid(act statement.Act, raw []byte, approvals []statement.Approval, parts [][]byte) accord.Said {
	head, _ := n.log.Head()
	s := accord.Said{
		Ref:   statement.Ref{Origin: n.self.Origin, Index: head.Size, ID: statement.ApprovalDigest(raw)},
		Party: n.self.ID, Claimed: n.opt.Now().UnixMilli(), Act: act, Approvals: approvals, Parts: make(map[int][]byte),
	}
	for i, p := range parts {
		s.Parts[i+1] = p
	}
	return s
}

// labelled turns a label into a refusal.
func labelled(r *accord.Record, ref statement.Ref) error {
	demand, _ := r.Demand(ref)
	said, _ := r.Said(ref)
	if said.Act.Kind == record.KindWithdrawal && !demand.Ruled {
		return nil // nobody was ever named who would have to sign
	}
	if fresh := unproven(said.Act, demand, said.Approvals); len(fresh) > 0 && r.Label(said) == accord.LabelNone {
		return statement.Refuse(statement.CodePower, "the new passkey of %.60q has not signed the list", fresh[0].ID)
	}
	short := statement.Refuse(statement.CodePower, "%s: %s", demand.Name, mustSign(demand.Need.Officers, demand.Need.Roles))
	if said.Act.Kind == record.KindWithdrawal {
		if !demand.Need.Met(demand.Ruling, said) {
			return short
		}
		return nil
	}
	switch label := r.Label(said); label {
	case accord.LabelNone:
		// Whoever lists the first officers holds their keys.
		if said.Act.Kind == accord.KindOfficers && !demand.Need.Met(demand.Ruling, said) {
			return short
		}
		return nil
	case accord.LabelPersonal, accord.LabelReported:
		// It moves no state; still somebody stands for it.
		if !(accord.Power{Officers: 1}).Met(demand.Ruling, said) {
			return statement.Refuse(statement.CodePower, "one officer must sign")
		}
		return nil
	case accord.LabelNoPower:
		if !demand.Ruled {
			return statement.Refuse(statement.CodePower, "this party has no officers yet: list them first, entente officer enroll")
		}
		return short
	case accord.LabelOverQuota:
		return statement.Refuse(statement.CodeBudget, "over the charter's quota for one party")
	default:
		return statement.Refuse(statement.CodeState, "%s: it would be no position of this party", label)
	}
}

// mustSign says how many officers must sign, and in which roles.
func mustSign(officers int, roles []string) string {
	out := fmt.Sprintf("%d officers must sign", officers)
	if officers == 1 {
		out = "1 officer must sign"
	}
	if len(roles) > 0 {
		out += ", among them " + strings.Join(roles, ", ")
	}
	return out
}

// mayStand asks what only a state can say: whether a text can be read that is
// consented to, and what may be revealed, asked, added or closed now.
func (n *Node) mayStand(r *accord.Record, act statement.Act) error {
	switch act.Kind {
	case accord.KindPosition:
		p, err := accord.ParsePosition(act.Body)
		if err != nil || len(act.Refs) == 0 {
			return err
		}
		return n.mayTake(r, act.Refs[0], p)
	case accord.KindProposal:
		p, err := accord.ParseProposal(act.Body)
		if err == nil && p.For == accord.ForClose {
			return r.MayClose(act.Case)
		}
		return err
	case accord.KindNotice:
		b, err := accord.ParseNotice(act.Body)
		if err != nil || b.Ask != "explain" || len(act.Refs) == 0 {
			return err
		}
		for _, to := range b.To {
			if err := r.MayAsk(n.self.ID, to, act.Refs[0], b.Part); err != nil {
				return err
			}
		}
	case accord.KindAssessment:
		b, err := accord.ParseAssessment(act.Body)
		if err == nil && len(act.Refs) > 0 && len(b.Hypotheses) > 0 {
			return r.MayAddHypothesis(act.Refs[0])
		}
		return err
	}
	return nil
}

func (n *Node) mayTake(r *accord.Record, on statement.Ref, p accord.Position) error {
	s, ok := r.Said(on)
	if !ok {
		return statement.Refuse(statement.CodeClosure, "it stands on a statement that cannot be read here")
	}
	switch {
	case p.Stance == accord.Reveal:
		return mayReveal(r, on)
	case p.Stance == accord.Consent && s.Act.Kind == accord.KindProposal:
		b, err := accord.ParseProposal(s.Act.Body)
		if err != nil {
			return err
		}
		if s.Parts[accord.ContentPart] == nil {
			return statement.Refuse(statement.CodePart, "nobody consents to a text that cannot be read here")
		}
		_, err = accord.OpenPaper(b, s.Parts[accord.ContentPart])
		return err
	}
	return nil
}

// mayReveal: what was sealed opens once all have committed, or their time has
// passed, by every route.
func mayReveal(r *accord.Record, ref statement.Ref) error {
	seal, ok := r.Reveal(ref)
	if ok && seal.State == accord.SealClosed {
		return statement.Refuse(statement.CodeState, "sealed: waiting for %s until %s", strings.Join(seal.Missing, ", "), accord.At(timeOf(seal.CommitBy)))
	}
	return nil
}

// mayRelease keeps a release from opening what is sealed before its time.
func (n *Node) mayRelease(ctx context.Context, d draft) error {
	body, err := json.Marshal(d.body)
	if err != nil {
		return err
	}
	var b record.ReleaseBody
	if json.Unmarshal(body, &b) != nil || len(d.refs) == 0 || b.Part != accord.ContentPart {
		return nil
	}
	r, err := n.Case(ctx, d.caseID)
	if err != nil {
		return err
	}
	return mayReveal(r, d.refs[0])
}

// disclose opens what was deposited here and whose time has passed without its
// author having opened it to everybody. That the author says it has is not
// enough: what it deposited can be read here in any case, and by the others not.
// What cannot be opened keeps nothing else from being opened.
func (n *Node) disclose(ctx context.Context) error {
	if n.self.Role != charter.RoleObserver || n.writable() != nil {
		return nil
	}
	r, err := n.Accord(ctx)
	if err != nil {
		return err
	}
	for s := range r.All() {
		if depositary(s.Act) != n.self.ID {
			continue
		}
		seal, ok := r.Reveal(s.Ref)
		if !ok || seal.State == accord.SealOpen || r.Now().Unix() < seal.RevealBy || n.opened(r, s) {
			continue
		}
		if err := n.survived(n.discloseOne(ctx, s)); err != nil {
			return err
		}
	}
	return nil
}

// opened says that a deposited statement is open already: this node has disclosed
// it, though no other may have seen that yet, or a release of its author, which was
// held against the digest when it came, goes to all who received the statement.
func (n *Node) opened(r *accord.Record, s accord.Said) bool {
	return slices.ContainsFunc(r.On(s.Ref), func(o accord.Said) bool {
		if d, ok := accord.Body[accord.Disclosure](r, o.Ref); ok {
			return o.Party == n.self.ID && d.Part == accord.ContentPart && !slices.Contains(s.Wrong, accord.Leaf{Origin: o.Ref.Origin, Index: o.Ref.Index})
		}
		var b record.ReleaseBody
		if o.Act.Kind != record.KindRelease || o.Ref.Origin != s.Ref.Origin || json.Unmarshal(o.Act.Body, &b) != nil || b.Part != accord.ContentPart {
			return false
		}
		return !slices.ContainsFunc(s.Act.Recipients, func(id string) bool { return id != n.self.ID && !slices.Contains(o.Act.Recipients, id) })
	})
}
