package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"entente/api"
	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/statement"
)

// fileBook is what some files hold, as the border wants to know it.
type fileBook struct {
	public border.Definitions
	byID   map[string][]border.Piece
}

func (b fileBook) Pieces(id string) []border.Piece { return b.byID[id] }

func (b fileBook) Public(id string) bool { _, ok := b.public.Defined(id); return ok }

func (fileBook) Strictest(statement.Digest) (border.Label, bool) { return border.Label{}, false }

// piece is an object as the border sees it.
func piece(o stix.Object) border.Piece {
	p := border.Piece{ID: o.ID, Hash: o.Hash()}
	c, err := convert.ReadObject(stix.MediaSTIX, o.Raw)
	if err == nil {
		p.Label, err = border.ParseLabel(c.Labels...)
	}
	for _, label := range c.Parts {
		p.Least.TLP = border.Strictest(border.Marking(label), cmp.Or(p.Least.TLP, border.Marking(label)))
	}
	p.Fault = err
	for _, r := range o.Refs() {
		if !r.Mention {
			p.Refs = append(p.Refs, r.ID)
		}
	}
	p.Refs = append(p.Refs, o.Markings...)
	return p
}

// outgoing asks the border of each object of some bundles whether it may go to
// a tool of the own side; what may not stays, with its reason on stderr. A node,
// if there is one, decides by all that it knows, and keeps count in its record.
func outgoing(ctx context.Context, e *env, node *api.Client, files []string, marking string) (going []json.RawMessage, kept int, err error) {
	objects, kept, err := readObjects(e, files)
	if err != nil {
		return nil, 0, err
	}
	if node != nil {
		return asked(ctx, e, node, objects, kept, marking)
	}
	book := fileBook{border.NewDefinitions(), make(map[string][]border.Piece)}
	for _, o := range objects {
		book.byID[o.ID] = append(book.byID[o.ID], piece(o))
	}
	for _, o := range objects {
		if book.Public(o.ID) {
			continue // everybody has it
		}
		_, err := border.Egress(border.Request{Use: border.UsePassive, Roots: []border.Piece{piece(o)}, Book: book, Marking: marking})
		if refused, ok := statement.AsRefusal(err); ok {
			kept++
			fmt.Fprintf(e.stderr, "kept: %s: %v\n", o.ID, refused)
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		going = append(going, json.RawMessage(o.Raw))
	}
	return going, kept, nil
}

// asked is what a running node lets go.
func asked(ctx context.Context, e *env, node *api.Client, objects []stix.Object, kept int, marking string) (going []json.RawMessage, _ int, err error) {
	raws := make([][]byte, len(objects))
	for i, o := range objects {
		raws[i] = o.Raw
	}
	if len(raws) == 0 {
		return nil, kept, nil
	}
	got, err := node.Push(ctx, api.PushRequest{Data: stix.JoinEnvelope(raws), Marking: marking})
	if err != nil {
		return nil, 0, err
	}
	stays := make(map[int]bool)
	for _, k := range got.Kept {
		stays[k.N] = true
		kept++
		fmt.Fprintf(e.stderr, "kept: %s: %s: %s\n", k.ID, k.Code, k.Detail)
	}
	public := border.NewDefinitions()
	for i, o := range objects {
		if _, fixed := public.Defined(o.ID); !fixed && !stays[i] {
			going = append(going, json.RawMessage(o.Raw))
		}
	}
	return going, kept, nil
}
