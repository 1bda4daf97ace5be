package console

import (
	"net/http"

	"entente/accord"
)

// actionsPage is the body of what a case asks of the parties: the charge and its
// evidence, what is to be put right, what was asked and what it means.
type actionsPage struct {
	caseHead
	Here    CaseRecord
	Charge  *accord.Accusation
	Unseen  [2]int // items of the charge that rest on what the own side cannot see, of how many
	Actions []caseAction
	Asks    []accord.Clarification

	Speaks    bool
	Templates []accord.ProposalTemplate // of what can be proposed in a case
}

// caseAction is one corrective action with its title.
type caseAction struct {
	accord.ActionView
	Title accord.Texts
	Text  accord.State
}

func (c *Console) caseActions(v *visit) error {
	r, head, err := c.caseAt(v, "actions")
	if err != nil {
		return err
	}
	p := actionsPage{caseHead: head, Here: r, Speaks: v.user.speaks() && len(head.Asked) == 0, Templates: accord.CaseTemplates()}
	if a, ok := r.Accusation(r.ID); ok {
		p.Charge = &a
		p.Unseen[0], p.Unseen[1] = a.Unseen(r.Self)
	}
	p.Asks = r.CaseClarifications(r.ID)
	for _, s := range r.Record.Case(r.ID) {
		if a, ok := r.Action(s.Ref, r.Now()); ok {
			i, _ := r.Instrument(s.Ref)
			p.Actions = append(p.Actions, caseAction{a, r.Headline(s.Ref), i.State})
		}
	}
	return c.render(v, http.StatusOK, "case_actions", frame{Title: "case.title", Live: "record", Case: p.Case, Up: "/cases", Body: p})
}
