package node

import (
	"context"
	"crypto/sha256"
	"errors"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/console"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/statement"
)

// caseExit is what of cases goes to a tool of the own side in one run.
type caseExit struct {
	n       *Node
	label   border.Label // of all that was let go
	authors map[string]stix.Author
}

func (n *Node) newCaseExit(ctx context.Context) (*caseExit, error) {
	x := &caseExit{n: n, label: border.Label{TLP: border.Clear}, authors: map[string]stix.Author{}}
	for _, m := range n.roster.Members {
		a, err := n.whoSaid(ctx, m.ID, m.Origin)
		if err != nil {
			return nil, err
		}
		x.authors[m.ID] = a
	}
	return x, nil
}

// may asks the border whether what a statement says may go to tools that only
// look. What is refused stays, and is counted in the record.
func (x *caseExit) may(s accord.Said) (bool, error) {
	label, err := border.ParseLabel(s.Act.Marking)
	piece := border.Piece{ID: refText(s.Ref), Label: label, Fault: err, Giver: x.n.signer(s.Party)}
	if _, err := x.n.out.decide(border.Request{Use: border.UsePassive, Roots: []border.Piece{piece}}, ""); err != nil {
		if _, refused := statement.AsRefusal(err); refused {
			return false, nil
		}
		return false, err
	}
	x.label = x.label.Join(label)
	return true, nil
}

func (x *caseExit) stix(r *accord.Record, id string) (convert.CaseObjects, error) {
	return convert.CaseSTIX(r, id, func(party string) stix.Author { return x.authors[party] }, x.may)
}

// leave writes the receipt of what goes.
func (x *caseExit) leave(ctx context.Context, tool, id string, data []byte) error {
	run := newRun(border.UsePassive, border.RuleOwn, tool, "")
	run.add(id, sha256.Sum256(data), x.label)
	return x.n.toTools(ctx, run)
}

// ExportCase implements console.Cases.
func (s caseScreens) ExportCase(ctx context.Context, id, format string) (data []byte, left int, err error) {
	r, err := s.n.Case(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	if len(r.Case(id)) == 0 || !s.showsCase(r, id) {
		return nil, 0, console.ErrNotFound
	}
	x, err := s.n.newCaseExit(ctx)
	if err != nil {
		return nil, 0, err
	}
	switch format {
	case "stix":
		var c convert.CaseObjects
		if c, err = x.stix(r, id); err == nil && len(c.Objects) > 0 {
			data, err = c.Bundle()
		}
		left = c.Left
	case "misp":
		data, left, err = convert.CaseMISP(r, id, x.may)
	default:
		err = statement.Refuse(statement.CodeRequest, "unknown format %.40q; want stix or misp", format)
	}
	if err == nil && data == nil {
		err = statement.Refuse(statement.CodeRequest, "nothing of the case may go: what no other node has seen, no party stands by or is marked TLP:RED stays, and texts of instruments do")
	}
	if err != nil {
		return nil, left, err
	}
	return data, left, x.leave(ctx, "case "+format, id, data)
}

// CaseFile implements api.Node.
func (c control) CaseFile(ctx context.Context, id, format string) (api.CaseFile, error) {
	data, left, err := caseScreens{c.n.whole()}.ExportCase(ctx, id, format)
	if errors.Is(err, console.ErrNotFound) {
		err = noCase(id)
	}
	return api.CaseFile{Data: data, Left: left}, err
}
