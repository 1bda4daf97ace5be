package node

import (
	"context"
	"encoding/json"

	"filippo.io/age"

	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// erases reads erasures in the log of m with the key of this node. Its caller
// has proved that the leaf lies in the tree that the owner signed.
func erases(m record.Member, identity age.Identity) record.Erases {
	return func(by uint64, leaf, act []byte) (statement.Ref, int, bool) {
		l, _, err := leafOf(leaf)
		if err != nil || l.Party != m.ID || l.Seq != by {
			return statement.Ref{}, 0, false
		}
		p, err := record.OpenPart(act, l.Parts[0], identity)
		if err != nil {
			return statement.Ref{}, 0, false
		}
		a, _, err := statement.ParseAct(p.Plaintext)
		if err != nil || a.Kind != record.KindErasure {
			return statement.Ref{}, 0, false
		}
		return erasureOf(a.Refs, a.Body)
	}
}

func erasureOf(refs []statement.Ref, body []byte) (statement.Ref, int, bool) {
	var b record.ErasureBody
	if err := json.Unmarshal(body, &b); err != nil || len(refs) == 0 {
		return statement.Ref{}, 0, false
	}
	return refs[0], b.Part, true
}

// readable is as much of a log as looking for an erasure takes.
type readable interface {
	Head() (record.Tree, []byte)
	Leaf(index uint64) ([]byte, error)
	Sealed(index uint64) ([][]byte, error)
}

// seekErasure looks for the statement that erases a part, from a leaf on.
func seekErasure(log readable, reads record.Erases, of statement.Ref, part int, from uint64) (by uint64, ok bool) {
	head, _ := log.Head()
	for by = max(from, of.Index+1); by < head.Size; by++ {
		leaf, err := log.Leaf(by)
		if err != nil {
			continue
		}
		sealed, err := log.Sealed(by)
		if err != nil || len(sealed) == 0 || sealed[0] == nil {
			continue
		}
		if about, n, ok := reads(by, leaf, sealed[0]); ok && about == of && n == part {
			return by, true
		}
	}
	return 0, false
}

// refTo names a stored leaf.
func refTo(log readable, origin string, index uint64) (statement.Ref, bool) {
	raw, err := log.Leaf(index)
	if err != nil {
		return statement.Ref{}, false
	}
	e, err := statement.ParseEnvelope(raw)
	return statement.Ref{Origin: origin, Index: index, ID: e.ID()}, err == nil
}

// erasure says which statement of a log erases a part: from the view, and from
// leaves that the view does not have yet.
func (in ingress) erasure(m record.Member, log readable, index uint64, part int) (by uint64, ok bool) {
	ctx := context.Background()
	of, ok := refTo(log, m.Origin, index)
	if !ok {
		return 0, false
	}
	next, err := in.view.Next(ctx, m.Origin)
	if err != nil {
		return 0, false
	}
	known, err := in.view.OfKind(ctx, m.Origin, record.KindErasure)
	if err != nil {
		return 0, false
	}
	for _, s := range known {
		if about, n, ok := erasureOf(s.Refs, s.Body); ok && s.State == sqlite.StateOpen && about == of && n == part {
			return s.Index, true
		}
	}
	return seekErasure(log, erases(m, in.identity), of, part, next)
}
