package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/internal/sqlite"
	"entente/statement"
)

// AccordDraft is what somebody wants to say in the accord.
type AccordDraft struct {
	Kind    statement.Kind
	Case    string // empty: that of the first reference, else a new one
	Refs    []statement.Ref
	Marking border.Marking // empty: TLP:AMBER
	Body    any            // of the kind, or its exact JSON
	Parts   [][]byte       // further parts, plaintext
	By      string         // who wrote it: a name at home, in no statement
}

// Pending is a draft that waits for officers.
type Pending struct {
	ID        string // hex of the digest that officers sign
	Act       statement.Act
	Raw       []byte // the act's exact bytes
	Parts     [][]byte
	By        string
	At        int64 // Unix milliseconds
	Approvals []statement.Approval
	Power     string   // name in the rules
	Officers  int      // how many must sign
	Roles     []string // which roles must be among them
	May       []string // officers who may still sign
	Said      *statement.Ref
	Seen      *api.RowSeen // of what the watch drafted
}

// maxPending is how many drafts wait at a time.
const maxPending = 500

// Draft keeps the exact bytes of a statement for officers to sign. What could
// not be said with any signature is refused at once.
func (n *Node) Draft(ctx context.Context, want AccordDraft) (Pending, error) {
	kept, err := n.compose(ctx, want)
	if err != nil {
		return Pending{}, err
	}
	if err := n.watch.PutDraft(ctx, kept); err != nil {
		return Pending{}, err
	}
	n.changes.all()
	return n.Pending(ctx, kept.ID)
}

// compose makes a draft without keeping it.
func (n *Node) compose(ctx context.Context, want AccordDraft) (kept sqlite.Draft, err error) {
	count, err := n.watch.CountDrafts(ctx)
	if err != nil {
		return kept, err
	}
	if count >= maxPending {
		return kept, statement.Refuse(statement.CodeBudget, "%d drafts wait already; sign or discard some", count)
	}
	d, err := n.draftOf(ctx, want)
	if err != nil {
		return kept, err
	}
	raw, _, err := n.author.act(ctx, &d)
	if err != nil {
		return kept, err
	}
	if err := checkParts(d.kind, raw, d.parts); err != nil {
		return kept, err
	}
	kept = sqlite.Draft{ID: statement.ApprovalDigest(raw).String(), Act: raw, Parts: d.parts, By: want.By, At: n.opt.Now().UnixMilli()}
	if len(d.closedTo) > 0 {
		kept.SealedTo = d.closedTo[0]
	}
	if kept.Parts == nil {
		kept.Parts = [][]byte{}
	}
	if err := n.judge(ctx, d, raw, nil); err != nil && !refusedFor(err, statement.CodePower) {
		return kept, err
	}
	return kept, nil
}

func refusedFor(err error, code statement.Code) bool {
	r, ok := statement.AsRefusal(err)
	return ok && r.Code == code
}

// draftOf fills in what the asker left open.
func (n *Node) draftOf(ctx context.Context, want AccordDraft) (draft, error) {
	d := draft{kind: want.Kind, caseID: want.Case, refs: want.Refs, marking: want.Marking, toAll: true, body: want.Body, parts: want.Parts}
	if !signable(want.Kind) {
		return d, statement.Refuse(statement.CodeKind, "%.40q is not said by officers", string(want.Kind))
	}
	if d.marking == "" {
		d.marking = border.Amber
	}
	if d.caseID == "" && len(d.refs) > 0 {
		s, err := n.view.Statement(ctx, d.refs[0].Origin, d.refs[0].Index)
		if err != nil {
			return d, statement.Refuse(statement.CodeRequest, "no statement %d here", d.refs[0].Index)
		}
		d.caseID = s.Case
	}
	if d.caseID == "" {
		var err error
		if d.caseID, err = newCase(rand.Reader); err != nil {
			return d, err
		}
	}
	body, err := json.Marshal(d.body)
	if err != nil {
		return d, err
	}
	if to := sealedFor(d.kind, body); to != nil && len(d.parts) > 0 {
		d.closed, d.closedTo = 1, to
	}
	return d, nil
}

// sealedFor says to whom beside its author the content of a sealed statement
// opens: its depositary, the observer that holds an exhibit, or nobody. Nil: it is
// not sealed.
func sealedFor(kind statement.Kind, body []byte) []string {
	var b struct {
		Mode       string `json:"mode"`
		Depositary string `json:"depositary"`
		Held       string `json:"held"`
		Observer   string `json:"observer"`
	}
	if json.Unmarshal(body, &b) != nil {
		return nil
	}
	to := b.Depositary
	switch {
	case kind == accord.KindExhibit && b.Held != "shared":
		to = b.Observer
	case kind != accord.KindAccount && kind != accord.KindAssessment || b.Mode != "sealed":
		return nil
	}
	if to == "" {
		return []string{}
	}
	return []string{to}
}

// checkParts holds parts against the act.
func checkParts(kind statement.Kind, raw []byte, parts [][]byte) error {
	act, err := actOf(raw)
	if err != nil {
		return err
	}
	if accord.NeedsContent(kind, act.Body) && len(parts) == 0 {
		return statement.Refuse(statement.CodePart, "its text is missing")
	}
	if len(parts) > 0 {
		return accord.CheckContent(kind, act.Body, parts[0])
	}
	return nil
}

func actOf(raw []byte) (statement.Act, error) {
	part, err := statement.MarshalAct(raw, nil)
	if err != nil {
		return statement.Act{}, err
	}
	a, _, err := statement.ParseAct(part)
	return a, err
}

// Pending returns one draft.
func (n *Node) Pending(ctx context.Context, id string) (Pending, error) {
	kept, err := n.kept(ctx, id)
	if err != nil {
		return Pending{}, err
	}
	return n.pending(ctx, kept)
}

func (n *Node) kept(ctx context.Context, id string) (sqlite.Draft, error) {
	list, err := n.watch.Drafts(ctx, id)
	if err != nil {
		return sqlite.Draft{}, err
	}
	if id == "" || len(list) != 1 {
		return sqlite.Draft{}, statement.Refuse(statement.CodeRequest, "no draft %.80q", id)
	}
	return list[0], nil
}

func (n *Node) pending(ctx context.Context, kept sqlite.Draft) (Pending, error) {
	p := Pending{ID: kept.ID, Raw: kept.Act, Parts: kept.Parts, By: kept.By, At: kept.At, Approvals: kept.Approvals}
	var err error
	if p.Act, err = actOf(kept.Act); err != nil {
		return p, err
	}
	if p.Seen, err = n.seenIn(ctx, kept); err != nil {
		return p, err
	}
	r, err := n.Case(ctx, p.Act.Case)
	if err != nil {
		return p, err
	}
	demand, _ := r.DemandFor(n.nextSaid(p.Act, kept.Act, kept.Approvals, nil))
	p.Power, p.Officers, p.Roles = demand.Name, demand.Need.Officers, demand.Need.Roles
	for _, o := range demand.Ruling.Officers {
		if !slices.ContainsFunc(kept.Approvals, func(a statement.Approval) bool { return a.Officer == o.ID }) {
			p.May = append(p.May, o.ID)
		}
	}
	for _, o := range unproven(p.Act, demand, kept.Approvals) {
		if !slices.Contains(p.May, o.ID) {
			p.May = append(p.May, o.ID)
		}
	}
	return p, nil
}

// Drafts returns what waits for officers, oldest first.
func (n *Node) Drafts(ctx context.Context) ([]Pending, error) {
	list, err := n.watch.Drafts(ctx, "")
	if err != nil {
		return nil, err
	}
	out := []Pending{}
	for _, kept := range list {
		p, err := n.pending(ctx, kept)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Discard drops a draft with its approvals.
func (n *Node) Discard(ctx context.Context, id string) error {
	kept, err := n.kept(ctx, id)
	if err != nil {
		return err
	}
	act, err := actOf(kept.Act)
	if err == nil {
		err = n.forgetDraft(act)
	}
	if err != nil {
		return err
	}
	n.changes.all()
	return n.watch.DropDraft(ctx, id)
}

// Approve adds an officer's signature to a draft. The signature that makes it
// enough lets the statement be said: Said is then set.
func (n *Node) Approve(ctx context.Context, id string, a statement.Approval) (Pending, error) {
	n.approving.Lock()
	defer n.approving.Unlock()
	kept, err := n.kept(ctx, id)
	if err != nil {
		return Pending{}, err
	}
	p, err := n.pending(ctx, kept)
	if err != nil {
		return p, err
	}
	if n.keyless(p.Act) {
		if err := n.watch.DropDraft(ctx, id); err != nil {
			return p, err
		}
		n.changes.all()
		return p, keyDied()
	}
	if !slices.Contains(p.May, a.Officer) {
		return p, statement.Refuse(statement.CodePower, "%.60q is no officer who may sign this, or has signed", a.Officer)
	}
	all := append(slices.Clone(kept.Approvals), a)
	if err := n.genuine(ctx, p, all); err != nil {
		return p, err
	}
	if err := n.watch.ApproveDraft(ctx, id, all); err != nil {
		return p, err
	}
	p.Approvals = all
	ref, err := n.sayDraft(ctx, kept, p.Act, all)
	if refusedFor(err, statement.CodePower) {
		n.changes.all()
		return n.Pending(ctx, id) // not enough yet
	}
	if err != nil {
		return p, err
	}
	p.Said = &ref
	if err := n.watch.DropWritingSaid(ctx, id); err != nil {
		return p, err
	}
	return p, n.watch.DropDraft(ctx, id)
}

// genuine verifies the newest signature, and that it is by a key of its officer.
func (n *Node) genuine(ctx context.Context, p Pending, all []statement.Approval) error {
	part, err := statement.MarshalAct(p.Raw, all)
	if err != nil {
		return err
	}
	if _, _, err := statement.ParseAct(part); err != nil {
		return err
	}
	newest := all[len(all)-1]
	r, err := n.Case(ctx, p.Act.Case)
	if err != nil {
		return err
	}
	said := n.nextSaid(p.Act, p.Raw, []statement.Approval{newest}, nil)
	demand, _ := r.DemandFor(said)
	shown := accord.Officers{Officers: unproven(p.Act, demand, all[:len(all)-1])}
	if one := (accord.Power{Officers: 1}); !one.Met(demand.Ruling, said) && !one.Met(shown, said) {
		return statement.Refuse(statement.CodeKey, "the key is not one of %.60q's", newest.Officer)
	}
	return nil
}

func (n *Node) sayDraft(ctx context.Context, kept sqlite.Draft, act statement.Act, all []statement.Approval) (statement.Ref, error) {
	d := draft{
		kind: act.Kind, caseID: act.Case, refs: act.Refs, marking: border.Marking(act.Marking), toAll: true,
		body: act.Body, parts: kept.Parts, approvals: all, exact: kept.Act,
	}
	if to := sealedFor(act.Kind, act.Body); to != nil && len(d.parts) > 0 {
		d.closed, d.closedTo = 1, to
	}
	return n.author.say(ctx, d)
}

// unchanged refuses a draft that would now be another statement than the one that
// was signed.
func unchanged(exact, raw []byte) error {
	if exact != nil && !bytes.Equal(exact, raw) {
		return statement.Refuse(statement.CodeState, "who receives it has changed since it was drafted: draft it anew")
	}
	return nil
}
