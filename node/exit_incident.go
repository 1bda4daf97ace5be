package node

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"entente/border"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/incident"
)

// ExportIncident implements console.Source: a file for a tool of the own side,
// if the border lets what it tells of go to one.
func (on screens) ExportIncident(ctx context.Context, id, format string) ([]byte, error) {
	n := on.n
	if !slices.Contains(incident.Formats(), format) {
		return nil, statement.Refuse(statement.CodeRequest, "unknown format %.40q; want ocsf or stix", format)
	}
	i, err := on.oneIncident(ctx, id)
	if err != nil {
		return nil, err
	}
	marks, err := on.mayTell(ctx, id)
	if err != nil {
		return nil, err
	}
	var data []byte
	if format == "ocsf" {
		data, err = i.OCSF(Version, marks, n.opt.Now())
	} else {
		data, err = i.STIX(n.self.ID, marks, n.opt.Now())
	}
	if err != nil {
		return nil, err
	}
	label, err := border.ParseLabel(marks...)
	if err != nil {
		return nil, err
	}
	run := newRun(border.UsePassive, border.RuleOwn, "incident "+format, "")
	run.add(id, sha256.Sum256(data), label)
	return data, n.toTools(ctx, run)
}

// mayTell asks the border whether what an incident tells of may go to tools
// that only look, and returns the labels that it goes under. An incident tells
// of own systems: it is never more open than TLP:AMBER+STRICT. What is refused
// is counted in the record, as for any tool.
func (on screens) mayTell(ctx context.Context, id string) ([]string, error) {
	n := on.n
	roots, err := on.toldOf(ctx, id)
	if err != nil {
		return nil, err
	}
	got, err := n.out.decide(border.Request{Use: border.UsePassive, Roots: roots, Marking: string(border.AmberStrict)}, "")
	if err != nil {
		return nil, err
	}
	marks := []string{got.Marking}
	if got.PAP != "" {
		marks = append(marks, got.PAP)
	}
	return marks, nil
}

// toldOf are the pieces that an incident tells of: the indicators and rules that
// led to it. Rules of the operator's own are nobody's to mark.
func (on screens) toldOf(ctx context.Context, id string) ([]border.Piece, error) {
	n := on.n
	keys, err := on.seen.IncidentKeys(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []border.Piece
	list := n.lists.get()
	for _, k := range keys {
		if strings.HasPrefix(k.Origin, ownRule) {
			continue
		}
		s, err := n.view.Statement(ctx, k.Origin, k.Index)
		if err != nil {
			return nil, err
		}
		label, err := border.ParseLabel(s.Marking)
		p := border.Piece{ID: refText(statement.Ref{Origin: k.Origin, Index: k.Index}), Label: label, Fault: err, Giver: n.signer(s.Party)}
		if s.Kind == stix.KindObjects && err == nil {
			object := -1 // no longer watched for: any of them
			if at, ok := list.byKey[k]; ok {
				object = list.entries[at].object
			}
			if err := n.tighten(ctx, &p, s, object); err != nil {
				return nil, err
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// tighten adds to the label of a statement those of the object in it that an
// indicator is of: PAP, and a TLP stricter than the statement's, stand there.
func (n *Node) tighten(ctx context.Context, p *border.Piece, s sqlite.Statement, object int) error {
	objects, err := n.view.ObjectsOf(ctx, n.lens, s.Origin, s.Index)
	if err != nil {
		return err
	}
	k := n.newBook(ctx, n.lens)
	for _, o := range objects {
		if object >= 0 && o.N != object {
			continue
		}
		said := k.piece(o.Media, o.Raw)
		if said.Fault != nil {
			p.Fault = said.Fault
		}
		if p.Label.Marked() {
			p.Label = p.Label.Join(border.Label{TLP: markingAt(o.Level), PAP: said.Label.PAP})
		}
	}
	return k.err
}
