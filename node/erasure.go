package node

import (
	"context"
	"encoding/json"
	"sync"

	"filippo.io/age"

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

// refTo names a stored leaf.
func refTo(log readable, origin string, index uint64) (statement.Ref, bool) {
	raw, err := log.Leaf(index)
	if err != nil {
		return statement.Ref{}, false
	}
	e, err := statement.ParseEnvelope(raw)
	return statement.Ref{Origin: origin, Index: index, ID: e.ID()}, err == nil
}

// erasure says which statement of a log erases a part.
func (in ingress) erasure(m record.Member, log readable, index uint64, part int) (by uint64, ok bool) {
	of, ok := refTo(log, m.Origin, index)
	if !ok {
		return 0, false
	}
	return in.erasures.find(of, part, log, erases(m, in.identity), func(from uint64) ([]uint64, uint64, error) {
		return in.view.MayErase(context.Background(), m.Origin, from)
	})
}

// erasures knows what erases what in every log, by what a pull takes for an
// erasure: whatever a mirror has taken as erased it can account for to others,
// also where ingress refuses the statement. Each leaf is looked at once, or a
// log full of erasures would make every request for its parts a long one.
type erasures struct {
	mu   sync.Mutex // guards logs
	logs map[string]*erased
}

// erased is what is erased in one log.
type erased struct {
	mu   sync.Mutex // guards what follows
	next uint64     // leaves before this one have been looked at
	by   map[gone]uint64
}

type gone struct {
	of   statement.Ref
	part int
}

func (x *erasures) log(origin string) *erased {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.logs == nil {
		x.logs = make(map[string]*erased)
	}
	if x.logs[origin] == nil {
		x.logs[origin] = &erased{by: make(map[gone]uint64)}
	}
	return x.logs[origin]
}

// find returns the first statement that erases a part. view, if there is one,
// names the leaves from one on that may be erasures, and up to where it has
// judged the log.
func (x *erasures) find(of statement.Ref, part int, log readable, reads record.Erases, view func(from uint64) ([]uint64, uint64, error)) (by uint64, ok bool) {
	e := x.log(of.Origin)
	e.mu.Lock()
	defer e.mu.Unlock()
	key := gone{of, part}
	if by, ok = e.by[key]; ok {
		return by, true
	}
	if view != nil {
		some, judged, err := view(e.next)
		if err != nil {
			return 0, false
		}
		for _, index := range some {
			e.look(index, log, reads)
		}
		e.next = max(e.next, judged)
	}
	for head, _ := log.Head(); e.next < head.Size; e.next++ {
		e.look(e.next, log, reads)
	}
	by, ok = e.by[key]
	return by, ok
}

func (e *erased) look(index uint64, log readable, reads record.Erases) {
	leaf, err := log.Leaf(index)
	if err != nil {
		return
	}
	sealed, err := log.Sealed(index)
	if err != nil || len(sealed) == 0 || sealed[0] == nil {
		return
	}
	if of, part, ok := reads(index, leaf, sealed[0]); ok && of.Index < index {
		if _, known := e.by[gone{of, part}]; !known {
			e.by[gone{of, part}] = index
		}
	}
}
