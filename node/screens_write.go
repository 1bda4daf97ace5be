package node

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"entente/console"
	"entente/internal/sqlite"
	"entente/statement"
)

// maxWritings is how many texts one person writes at a time.
const maxWritings = 100

// Keep implements console.Writer.
func (s accordScreens) Keep(ctx context.Context, by console.User, w console.Writing) (console.Writing, error) {
	s.n.writing.Lock()
	defer s.n.writing.Unlock()
	all, err := s.n.watch.Writings(ctx, by.Name, "")
	if err != nil {
		return w, err
	}
	i := slices.IndexFunc(all, func(o sqlite.Writing) bool { return o.ID == w.ID })
	switch {
	case i >= 0 && unaltered(all[i], w):
		return writingOf(all[i]), nil
	case i < 0 || all[i].Version != w.Version: // new, or changed elsewhere meanwhile: neither text is lost
		if len(all) >= maxWritings {
			return w, statement.Refuse(statement.CodeBudget, "%d texts are being written already; drop some", len(all))
		}
		if w.ID, err = newCase(rand.Reader); err != nil {
			return w, err
		}
		w.Version = 0
		if i >= 0 {
			w.Draft = ""
		}
	}
	w.Version++
	kept := sqlite.Writing{Owner: by.Name, ID: w.ID, Kind: string(w.Kind), Form: w.Form, Draft: w.Draft, Version: w.Version, At: s.n.opt.Now().UnixMilli()}
	return writingOf(kept), s.n.watch.PutWriting(ctx, kept)
}

func unaltered(a sqlite.Writing, b console.Writing) bool {
	return a.Draft == b.Draft && maps.EqualFunc(a.Form, b.Form, slices.Equal)
}

func writingOf(w sqlite.Writing) console.Writing {
	return console.Writing{ID: w.ID, Kind: console.WritingKind(w.Kind), Form: w.Form, Draft: w.Draft, Version: w.Version, At: time.UnixMilli(w.At)}
}

// Writings implements console.Writer.
func (s accordScreens) Writings(ctx context.Context, by console.User) ([]console.Writing, error) {
	all, err := s.n.watch.Writings(ctx, by.Name, "")
	out := make([]console.Writing, len(all))
	for i, w := range all {
		out[i] = writingOf(w)
	}
	return out, err
}

// Writing implements console.Writer.
func (s accordScreens) Writing(ctx context.Context, by console.User, id string) (console.Writing, error) {
	if id == "" {
		return console.Writing{}, console.ErrNotFound
	}
	all, err := s.n.watch.Writings(ctx, by.Name, id)
	if err != nil {
		return console.Writing{}, err
	}
	if len(all) == 0 {
		return console.Writing{}, console.ErrNotFound
	}
	return writingOf(all[0]), nil
}

// DropWriting implements console.Writer.
func (s accordScreens) DropWriting(ctx context.Context, by console.User, id string) error {
	return s.n.watch.DropWriting(ctx, by.Name, id)
}

// Look implements console.Writer.
func (s accordScreens) Look(ctx context.Context, by console.User, want console.DraftRequest) (console.Sheet, error) {
	d, err := s.wanted(ctx, by, want)
	if err != nil {
		return console.Sheet{}, err
	}
	kept, err := s.n.compose(ctx, d)
	if err != nil {
		return console.Sheet{}, err
	}
	p, err := s.n.pending(ctx, kept)
	if err != nil {
		return console.Sheet{}, err
	}
	return s.sheet(ctx, by, p)
}
