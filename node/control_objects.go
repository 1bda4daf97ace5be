package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"

	"entente/api"
	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/statement"
	"entente/watch/indicator"
)

// shareBundle says the objects of a bundle as they are. What it returns are the
// values of objects that cannot travel so, because they are no objects of the
// specification: those go as a list.
func (n *Node) shareBundle(ctx context.Context, r api.ShareRequest, out *api.ShareResult) ([]indicator.Item, error) {
	var good, bad [][]byte
	var numbers []int // of good, in the file
	list, err := stix.ObjectsOf(r.Data)
	if err != nil {
		return nil, err
	}
	for i, raw := range list {
		o, err := stix.ParseObject(raw)
		if err != nil {
			bad = append(bad, raw)
			out.Left = append(out.Left, left(i, err))
			continue
		}
		good, numbers = append(good, o.Raw), append(numbers, i)
	}
	var rest []indicator.Item
	if len(bad) > 0 {
		if rest, _, err = convert.Read(r.Name, stix.JoinEnvelope(bad)); err != nil {
			return nil, err
		}
	}
	if len(good) == 0 {
		return rest, nil
	}
	said, err := n.ShareObjects(ctx, ShareObjects{
		Lens:    n.lens,
		Objects: good, Name: r.Name, Source: listSource(r.Source, sha256.Sum256(r.Data)), Basis: r.Basis, Marking: r.Marking, To: r.To, Officer: r.Officer,
	})
	out.Case, out.Marking, out.To, out.Group = said.Case, said.Marking, said.To, said.Group
	out.Refs = append(out.Refs, said.Refs...)
	for i, o := range said.Objects {
		if o.Refused != nil {
			out.Left = append(out.Left, left(numbers[i], o.Refused))
		} else {
			out.Objects++
		}
	}
	out.Left = out.Left[:min(len(out.Left), convert.MaxSkips)]
	return rest, err
}

func left(i int, err error) convert.Skip {
	s := convert.Skip{Row: i + 1, Code: statement.CodeField}
	if r, ok := statement.AsRefusal(err); ok {
		s.Code, s.Detail = r.Code, r.Detail
	}
	return s
}

// Retract takes back a statement, parts of it, or an object.
func (c control) Retract(ctx context.Context, r api.RetractionRequest) (out api.RetractionResult, err error) {
	switch {
	case r.Reason == "":
		return out, statement.Refuse(statement.CodeField, "give a reason")
	case r.Index != nil && r.ID == "" && len(r.Versions) == 0:
		out.Refs, err = c.n.Retract(ctx, Retract{Ref: statement.Ref{Index: *r.Index}, Items: r.Items, Reason: r.Reason})
		return out, err
	case r.ID == "" || r.Index != nil || len(r.Items) > 0:
		return out, statement.Refuse(statement.CodeRequest, "a statement with or without numbers, or the id of an object")
	}
	var versions []string
	for _, v := range r.Versions {
		if !stix.IsTime(v) {
			return out, statement.Refuse(statement.CodeRequest, "%.40q is no version", v)
		}
		versions = append(versions, convert.VKey(v))
	}
	out.Bodies, out.Refs, err = c.n.retractAny(ctx, c.n.lens, r.ID, versions, r.Reason)
	if err == nil && out.Bodies == 0 {
		err = statement.Refuse(statement.CodeRequest, "the own party has said no object %.80q that stands", r.ID)
	}
	return out, err
}

// Retractions lists what a party took back.
func (c control) Retractions(ctx context.Context, q api.RetractionQuery) (api.Retractions, error) {
	out := api.Retractions{Items: []api.Retraction{}}
	list, err := c.n.Retractions(ctx, cmp.Or(q.Party, c.n.self.ID), q.Limit)
	for _, r := range list {
		one := api.Retraction{Index: r.Ref.Index, Of: r.Of.Index, Ranges: r.Ranges, Reason: r.Reason, To: r.To, Acks: []api.Ack{}, Open: append([]string{}, r.Open...)}
		for _, a := range r.Acked {
			one.Acks = append(one.Acks, api.Ack{Party: a.Party, Verdict: a.Verdict, Code: a.Code})
		}
		out.Items = append(out.Items, one)
	}
	return out, err
}

// ownLens is that of whoever may open the control socket.
func ownLens() (border.Lens, error) { return border.See(border.Owner("console"), "api:read", "") }

// Objects lists a scope, or every body of an id.
func (c control) Objects(ctx context.Context, q api.StoredQuery) (api.StoredObjects, error) {
	out := api.StoredObjects{Items: []api.StoredObject{}}
	lens, err := ownLens()
	if err != nil {
		return out, err
	}
	var rows []ObjectRow
	if q.Claims {
		rows, err = c.n.Claims(ctx, lens, q.ID)
	} else {
		ask := ObjectQuery{Scope: cmp.Or(q.Scope, ScopeOwn), Lens: lens, Media: MediaAny, After: q.After, Limit: q.Limit, Versions: Versions{All: q.All}}
		if c.n.shelvesOf(ask) == nil {
			return out, statement.Refuse(statement.CodeRequest, "no scope %.40q; want %s, %s or another party", ask.Scope, ScopeOwn, ScopeAccepted)
		}
		for _, f := range []struct {
			text string
			to   *[]string
		}{{q.ID, &ask.IDs}, {q.Type, &ask.Types}} {
			if f.text != "" {
				*f.to = []string{f.text}
			}
		}
		rows, out.More, err = c.n.Objects(ctx, ask)
	}
	for _, r := range rows {
		one := api.StoredObject{
			ID: r.ID, Type: r.Type, Version: r.Version, Added: r.Added, Party: r.Party, Index: r.Ref.Index, N: r.N, Marking: r.Marking,
			Revoked: r.Revoked, Standing: r.Standing, Hash: r.Hash, Raw: r.Raw,
		}
		if r.Retracted {
			one.Retracted = &r.RetractedBy
		}
		out.Items = append(out.Items, one)
	}
	return out, err
}

// exportPage is how many objects an export reads at once.
const exportPage = 1000

// Export writes the last versions of a scope as a STIX bundle, after its receipt.
func (c control) Export(ctx context.Context, scope string, w io.Writer) error {
	lens, err := ownLens()
	if err != nil {
		return err
	}
	q := ObjectQuery{Scope: cmp.Or(scope, ScopeOwn), Lens: lens, Limit: exportPage, Until: c.n.opt.Now().UnixMicro()}
	if c.n.shelvesOf(q) == nil {
		return statement.Refuse(statement.CodeRequest, "no scope %.40q; want %s, %s or another party", q.Scope, ScopeOwn, ScopeAccepted)
	}
	run, sums := newRun(border.UseKeep, border.RuleSelf, "bundle of "+q.Scope, ""), make(map[statement.Digest]bool)
	err = c.n.pages(ctx, q, func(r ObjectRow) error {
		sums[r.Hash] = true
		run.add(r.ID, r.Hash, border.Label{TLP: border.Marking(r.Marking)})
		return nil
	})
	if err == nil {
		err = c.n.toTools(ctx, run)
	}
	if err != nil {
		return err
	}
	var id [16]byte
	if _, err := io.ReadFull(rand.Reader, id[:]); err != nil {
		return err
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	b, err := stix.NewBundleWriter(w, fmt.Sprintf("bundle--%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]))
	if err != nil {
		return err
	}
	err = c.n.pages(ctx, q, func(r ObjectRow) error {
		if !sums[r.Hash] {
			return nil // it came since the receipt was written
		}
		return b.Add(stix.Object{Raw: bytes.TrimSpace(r.Raw)})
	})
	if err != nil {
		return err
	}
	return b.Close()
}

// pages visits every object that a query finds.
func (n *Node) pages(ctx context.Context, q ObjectQuery, visit func(ObjectRow) error) error {
	for more := true; more; {
		var rows []ObjectRow
		var err error
		if rows, more, err = n.Objects(ctx, q); err != nil {
			return err
		}
		for _, r := range rows {
			if err := visit(r); err != nil {
				return err
			}
			q.After = r.Added
		}
	}
	return nil
}
