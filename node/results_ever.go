package node

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"

	"entente/api"
	"entente/border"
	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/internal/logfile"
	"entente/statement"
)

// Ever says whether a number was ever published, by the sealed history of every
// party: the own pages as they are kept, others' cells as far as they are told.
func (on screens) ever(ctx context.Context, q results.Query) (night.Ever, error) {
	all, err := on.n.histories(ctx)
	if err != nil {
		return night.Ever{}, err
	}
	shown := all[:0]
	list := on.n.guarded.get()
	for _, h := range all {
		page, known := list.Page(h.Page)
		if h.Party == on.n.self.ID && !(known && page.Shared) && border.Marking(border.Red).Level() > on.lens.Ceiling() {
			continue
		}
		shown = append(shown, h)
	}
	return night.Search(shown, q, func(v night.Seen) (*results.Table, error) { return on.n.cellsOf(ctx, v) })
}

// cellsOf is the table of a version that any party sealed, if its cells are here.
func (n *Node) cellsOf(_ context.Context, v night.Seen) (*results.Table, error) {
	page, ok := n.guarded.get().Page(v.Page)
	if !ok || page.URL != v.URL || v.Party != n.self.ID {
		page = inventory.Page{ID: v.Page, URL: v.URL}
	}
	t, err := n.press.table(page, v.Version)
	if err != nil || t != nil || v.Parts == 0 {
		return t, err
	}
	m, ok := n.roster.Member(v.Party)
	if !ok {
		return nil, nil
	}
	log := n.log
	if other := n.mirrors[m.ID]; other != nil {
		log = other.log
	}
	return n.toldCells(log, v)
}

// toldCells reads the sheet that the parts of a statement hold. One with
// another root than the statement says is not taken.
func (n *Node) toldCells(log *logfile.Log, v night.Seen) (*results.Table, error) {
	var packed bytes.Buffer
	for i := range v.Parts {
		piece, err := n.ingress.text(log, v.Index, i+1)
		if err != nil || piece == nil {
			return nil, err
		}
		packed.Write(piece)
	}
	sheet, err := unzipped(packed.Bytes())
	if err != nil {
		return nil, nil //nolint:nilerr // what a partner's parts hold is its own; its cells count as missing
	}
	t, err := results.ReadSheet(sheet)
	if err != nil || !rooted(t, v.Root) || t.Leaves() != v.Leaves {
		n.logger.Warn("the cells that a party tells are not those of its root", "party", v.Party, "statement", v.Index)
		return nil, nil //nolint:nilerr // told
	}
	return t, nil
}

// giveWord says whether the numbers of a page's newest version add up, over
// their root. Nobody writes it by hand: it is what the tests give.
func (n *Node) giveWord(ctx context.Context, id string) (night.Given, error) {
	page, ok := n.guarded.get().Page(id)
	if !ok {
		return night.Given{}, statement.Refuse(statement.CodeRequest, "the inventory has no results page %.60q", id)
	}
	h, err := n.press.own(ctx, page.URL)
	if err != nil {
		return night.Given{}, err
	}
	last, ok := h.Last()
	if !ok || last.Outcome == night.Unreadable {
		return night.Given{}, statement.Refuse(statement.CodeState, "no version of %s that could be read was fetched last", id)
	}
	t, err := n.press.table(page, last.Version)
	if err != nil {
		return night.Given{}, err
	}
	if t == nil {
		return night.Given{}, statement.Refuse(statement.CodeState, "what was fetched is not kept any more")
	}
	b, err := night.Word(page, t)
	if err != nil {
		return night.Given{}, err
	}
	d := draft{kind: night.KindBalance, private: true, marking: border.Red, body: b}
	if page.Shared {
		d.private, d.toAll, d.marking = false, true, border.Green
	}
	s, err := n.view.Statement(ctx, n.self.Origin, last.Index)
	if err != nil {
		return night.Given{}, err
	}
	d.refs = []statement.Ref{{Origin: n.self.Origin, Index: last.Index, ID: s.ID}}
	ref, err := n.author.say(ctx, d)
	return night.Given{Party: n.self.ID, Index: ref.Index, Balance: b}, err
}

// ResultPages implements api.Node.
func (c control) ResultPages(ctx context.Context, id string) ([]night.PageView, error) {
	if id == "" {
		return c.n.whole().pages(ctx)
	}
	v, ok, err := c.n.whole().page(ctx, id)
	if err == nil && !ok {
		err = statement.Refuse(statement.CodeRequest, "the inventory has no results page %.60q", id)
	}
	return []night.PageView{v}, err
}

// LookAtPage fetches a page now.
func (c control) LookAtPage(ctx context.Context, r api.PageRequest) (night.PageView, error) {
	page, ok := c.n.guarded.get().Page(r.Page)
	if !ok {
		return night.PageView{}, statement.Refuse(statement.CodeRequest, "the inventory has no results page %.60q", r.Page)
	}
	if err := c.n.writable(); err != nil {
		return night.PageView{}, err
	}
	if _, err := c.n.press.look(ctx, page); err != nil {
		return night.PageView{}, err
	}
	v, _, err := c.n.whole().page(ctx, r.Page)
	return v, err
}

// GiveWord implements api.Node.
func (c control) GiveWord(ctx context.Context, r api.PageRequest) (night.Given, error) {
	return c.n.giveWord(ctx, r.Page)
}

// Ever implements api.Node.
func (c control) Ever(ctx context.Context, q results.Query) (night.Ever, error) {
	e, err := c.n.whole().ever(ctx, q)
	if results.ErrAsked(err) {
		err = statement.Refuse(statement.CodeRequest, "%v", err)
	}
	return e, err
}

// PageBytes gives back what was fetched.
func (c control) PageBytes(ctx context.Context, id string, index uint64) ([]byte, error) {
	page, ok := c.n.guarded.get().Page(id)
	if !ok {
		return nil, statement.Refuse(statement.CodeRequest, "the inventory has no results page %.60q", id)
	}
	h, err := c.n.press.own(ctx, page.URL)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(h.Versions, func(v night.Seen) bool { return v.Index == index })
	if i < 0 {
		return nil, statement.Refuse(statement.CodeRequest, "number %d of the own log is no version of %s", index, id)
	}
	body, err := c.n.press.store.get(keptBytes, h.Versions[i].SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		err = statement.Refuse(statement.CodeState, "the bytes of number %d are not kept any more", index)
	}
	return body, err
}
