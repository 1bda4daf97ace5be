package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"entente/accord"
	"entente/border"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// fold is what one log has said up to some leaf: the view, and what has been
// judged since and is not in it yet. What it says depends on statements
// alone, never on which ciphertexts this mirror still has of parts that were
// erased: the view is the same whenever it is computed.
type fold struct {
	ingress
	m     record.Member
	chain record.KeyChain
	log   record.Storage
	fresh []sqlite.Entry
}

// after lets a statement act on earlier ones of its log.
func (f fold) after(ctx context.Context, e sqlite.Entry, leaf []byte, sealed [][]byte) (sqlite.Entry, error) {
	var err error
	switch e.Statement.Kind {
	case record.KindRelease:
		parts, bad := f.released(e.Statement, leaf, sealed)
		if _, ok := statement.AsRefusal(bad); ok {
			return sqlite.Entry{Statement: refused(e.Statement, bad)}, nil
		}
		if bad != nil {
			return e, bad
		}
		if list := e.Statement.Refs[0].Index; parts != nil {
			var known sqlite.Statement
			if known, err = f.statement(ctx, list); err == nil && known.State == sqlite.StateSealed {
				e.Again, err = f.opened(list, parts)
			}
			if e.Again != nil {
				known = e.Again.Statement
			}
			e.Shows = shows(known.Kind, e.Statement.Refs[0], parts)
		}
		if about, ok := f.direct(e.Statement.Refs[0].Index); ok && err == nil && ofAccord(about) {
			if e.Accord, err = releasedAs(leaf); err != nil {
				return e, err
			}
		}
	case record.KindErasure:
		e.Again, e.Hides, err = f.erased(ctx, e.Statement)
	case border.KindRetraction:
		return f.retracted(e)
	case border.KindGroup:
		return f.grouped(ctx, e)
	}
	return e, err
}

// direct is the kind of a statement whose act is addressed to this node. Acts are
// never erased: what it says does not change.
func (f fold) direct(index uint64) (statement.Kind, bool) {
	raw, err := f.log.Leaf(index)
	if err != nil {
		return "", false
	}
	l, _, err := leafOf(raw)
	if err != nil {
		return "", false
	}
	sealed, err := f.log.Sealed(index)
	if err != nil {
		return "", false
	}
	part, err := f.open(l, sealed, 0)
	if err != nil {
		return "", false
	}
	a, _, err := statement.ParseAct(part.Plaintext)
	return a.Kind, err == nil
}

// releasedAs makes a release of a statement of the accord one of them: when
// something was opened is part of where a case stands.
func releasedAs(leaf []byte) (*sqlite.Accord, error) {
	l, _, err := leafOf(leaf)
	return &sqlite.Accord{Approvals: []statement.Approval{}, Digests: l.Parts}, err
}

// released opens what a release shows, by part number, and holds it against
// the digests in the leaf that it opens: a party cannot open its word to be
// another. Nothing and no error: it was erased since.
func (f fold) released(s sqlite.Statement, leaf []byte, sealed [][]byte) (map[int]record.Part, error) {
	var b record.ReleaseBody
	if err := json.Unmarshal(s.Body, &b); err != nil {
		return nil, err
	}
	if len(s.Refs) == 0 || len(s.Refs) > 2 || s.Refs[0].Origin != f.m.Origin || s.Refs[0].Index >= s.Index {
		return nil, statement.Refuse(statement.CodeField, "a release names one earlier statement of its own log")
	}
	raw, err := f.log.Leaf(s.Refs[0].Index)
	if err != nil {
		return nil, err
	}
	about, id, err := leafOf(raw)
	if err != nil || id != s.Refs[0].ID || b.Part >= len(about.Parts) {
		return nil, statement.Refuse(statement.CodeDigest, "what is released is not what the reference names")
	}
	own, _, err := leafOf(leaf)
	if err != nil {
		return nil, err
	}
	shows := []int{b.Part}
	if b.Part != 0 {
		shows = append(shows, 0) // the act says what the part is
	}
	parts := make(map[int]record.Part)
	for i, n := range shows {
		if i+1 < len(sealed) && sealed[i+1] == nil {
			return nil, nil // it was checked when it came
		}
		box, err := f.open(own, sealed, i+1)
		if err != nil {
			return nil, err
		}
		if len(box.Plaintext) < 32 {
			return nil, statement.Refuse(statement.CodePart, "a part without its salt")
		}
		p := record.Part{Salt: [32]byte(box.Plaintext[:32]), Plaintext: box.Plaintext[32:]}
		if p.Digest() != about.Parts[n] {
			return nil, statement.Refuse(statement.CodeDigest, "what is released does not match the digest in the record")
		}
		parts[n] = p
	}
	return parts, nil
}

// opened judges a list with the parts that a release shows, as if it had come
// with them. Other kinds are known by their release, and change nothing here.
func (f fold) opened(index uint64, parts map[int]record.Part) (*sqlite.Entry, error) {
	leaf, err := f.log.Leaf(index)
	if err != nil {
		return nil, fmt.Errorf("read leaf %d of %s: %w", index, f.m.ID, err)
	}
	e, _ := f.judge(f.m, f.chain, index, leaf, func(_ statement.Leaf, n int) (record.Part, error) {
		if p, ok := parts[n]; ok {
			return p, nil
		}
		return record.Part{}, statement.Refuse(statement.CodePart, "part %d is not released", n)
	})
	if ofAccord(e.Statement.Kind) && e.Statement.State == sqlite.StateOpen {
		clear(e.Accord.Parts) // they are the release's
		return &e, nil
	}
	if _, whole := parts[listPart]; !handsOn(e.Statement.Kind) || !whole {
		return nil, nil
	}
	return &e, nil
}

// erased says what an erasure hides, and judges the list that it takes away,
// whether it names the list or a release that opened it.
func (f fold) erased(ctx context.Context, s sqlite.Statement) (*sqlite.Entry, *sqlite.Hidden, error) {
	of, part, ok := erasureOf(s.Refs, s.Body)
	if !ok || part == 0 || of.Origin != f.m.Origin || of.Index >= s.Index {
		return nil, nil, nil
	}
	about, err := f.statement(ctx, of.Index)
	if err != nil || about.ID != of.ID {
		return nil, nil, err
	}
	again, err := f.without(ctx, about, part, s)
	return again, &sqlite.Hidden{Index: of.Index, Part: part}, err
}

// without judges anew what stood by a part of about that s has erased.
func (f fold) without(ctx context.Context, about sqlite.Statement, part int, s sqlite.Statement) (*sqlite.Entry, error) {
	switch {
	case handsOn(about.Kind) && part == listPart:
		return &sqlite.Entry{Statement: refused(about, statement.Refuse(statement.CodePart, "part %d was erased", part))}, nil
	case ofAccord(about.Kind) && about.State == sqlite.StateRefused && part == accord.ContentPart:
		return f.withoutContent(about.Index)
	case about.Kind == record.KindRelease && about.State == sqlite.StateOpen:
		return f.closed(ctx, about, s)
	}
	return nil, nil
}

// withoutContent judges a statement of the accord by its act alone, as whoever
// reads the log later does: the text that did not fit the act is erased.
func (f fold) withoutContent(index uint64) (*sqlite.Entry, error) {
	leaf, err := f.log.Leaf(index)
	if err != nil {
		return nil, err
	}
	sealed, err := f.log.Sealed(index)
	if err != nil {
		return nil, err
	}
	e, _ := f.judge(f.m, f.chain, index, leaf, func(l statement.Leaf, n int) (record.Part, error) {
		if n > 0 {
			return record.Part{}, statement.Refuse(statement.CodePart, "part %d was erased", n)
		}
		return f.open(l, sealed, n)
	})
	return &e, nil
}

// closed judges anew the list that a release opened, now that the release is
// erased by s: another one may still open it.
func (f fold) closed(ctx context.Context, release, s sqlite.Statement) (*sqlite.Entry, error) {
	index := release.Refs[0].Index
	leaf, err := f.log.Leaf(index)
	if err != nil {
		return nil, err
	}
	sealed, err := f.log.Sealed(index)
	if err != nil {
		return nil, err
	}
	direct, _ := f.entry(f.m, f.chain, index, leaf, sealed)
	if direct.Statement.State != sqlite.StateSealed {
		return nil, nil
	}
	all, err := f.standing(ctx, index, s)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		leaf, err := f.log.Leaf(r.Index)
		if err != nil {
			return nil, err
		}
		sealed, err := f.log.Sealed(r.Index)
		if err != nil {
			return nil, err
		}
		parts, bad := f.released(r, leaf, sealed)
		if bad != nil || parts == nil {
			continue
		}
		if e, err := f.opened(index, parts); e != nil || err != nil {
			return e, err
		}
	}
	return &direct, nil
}

// maxStanding is how many releases of one list are tried, the newest ones.
const maxStanding = 64

// standing returns the newest releases of a list that are not erased, s and
// what the view does not have yet included.
func (f fold) standing(ctx context.Context, list uint64, s sqlite.Statement) ([]sqlite.Statement, error) {
	gone := make(map[statement.Ref]bool)
	var fresh []sqlite.Statement
	for _, e := range append(f.fresh, sqlite.Entry{Statement: s}) {
		s := e.Statement
		if s.State != sqlite.StateOpen {
			continue
		}
		if of, part, ok := erasureOf(s.Refs, s.Body); ok && s.Kind == record.KindErasure && part > 0 {
			gone[of] = true
		}
		if s.Kind == record.KindRelease && s.Refs[0].Index == list {
			fresh = append(fresh, s)
		}
	}
	slices.Reverse(fresh)
	known, err := f.view.StandingReleases(ctx, f.m.Origin, list, maxStanding+len(gone))
	all := slices.DeleteFunc(append(fresh, known...), func(r sqlite.Statement) bool {
		return gone[statement.Ref{Origin: r.Origin, Index: r.Index, ID: r.ID}]
	})
	return all[:min(len(all), maxStanding)], err
}

// statement returns a leaf as it is judged so far.
func (f fold) statement(ctx context.Context, index uint64) (sqlite.Statement, error) {
	for _, e := range slices.Backward(f.fresh) {
		if e.Again != nil && e.Again.Statement.Index == index {
			return e.Again.Statement, nil
		}
	}
	for _, e := range f.fresh {
		if e.Statement.Index == index {
			return e.Statement, nil
		}
	}
	s, err := f.view.Statement(ctx, f.m.Origin, index)
	if errors.Is(err, sqlite.ErrNone) {
		return sqlite.Statement{}, nil
	}
	return s, err
}
