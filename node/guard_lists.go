package node

import (
	"context"
	"path/filepath"

	"entente/console"
)

// Lists implements console.Guards.
func (s guardScreens) Lists(ctx context.Context) (console.ListsView, error) {
	var v console.ListsView
	if !s.own() {
		return v, nil
	}
	g := s.n.guarded
	list := g.get()
	if v.Shared = list.Shared(); !g.own {
		v.File = filepath.Base(g.path)
	}
	body, _, err := list.Tell()
	if err != nil {
		return v, err
	}
	told, err := s.n.toldInventories(ctx)
	if err != nil {
		return v, err
	}
	for _, t := range told {
		own := t.Party == s.n.self.ID
		v.Same = v.Same || own && t.SHA256 == body.SHA256
		v.Told = append(v.Told, console.ToldList{Ref: console.Ref{Party: t.Party, Index: t.Index}, Own: own, At: t.At, Items: t.Items, Fault: t.Fault != "", List: t.List})
	}
	return v, nil
}

// TellList implements console.Guards.
func (s guardScreens) TellList(ctx context.Context, _ console.User) error {
	if !s.own() {
		return console.ErrNotFound
	}
	if err := s.n.writable(); err != nil {
		return err
	}
	_, err := s.n.tellInventory(ctx)
	return err
}

// GuardList implements console.Guards.
func (s guardScreens) GuardList(ctx context.Context, _ console.User, party string) error {
	if !s.own() {
		return console.ErrNotFound
	}
	_, err := s.n.guardTheirs(ctx, party)
	return err
}
