package node

import (
	"slices"
	"sync"

	"entente/record"
)

// relayed keeps the newest note of each log that each partner has cosigned as
// a mirror, so that this node can say how far others' statements have come.
type relayed struct {
	mu    sync.Mutex                   // guards notes
	notes map[string]map[string][]byte // by owner, then by mirror
}

func (r *relayed) put(owner, mirror string, msg []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.notes == nil {
		r.notes = make(map[string]map[string][]byte)
	}
	if r.notes[owner] == nil {
		r.notes[owner] = make(map[string][]byte)
	}
	old, errOld := record.Peek(r.notes[owner][mirror])
	if c, err := record.Peek(msg); err != nil || errOld == nil && c.Size < old.Size {
		return // what was held once is held
	}
	r.notes[owner][mirror] = msg
}

func (r *relayed) of(owner string) [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out [][]byte
	for _, id := range sortedKeys(r.notes[owner]) {
		out = append(out, r.notes[owner][id])
	}
	return out
}

func sortedKeys(m map[string][]byte) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// relayHeld takes in a note of another log with a mirror's cosignature.
func (n *Node) relayHeld(owner, by record.Member, msg []byte) error {
	c, sigs, err := openNote(n.roster, owner, msg)
	if err != nil {
		return err
	}
	if head, _ := n.mirrors[owner.ID].log.Head(); c.Size > head.Size {
		return nil // not comparable yet
	}
	if slices.ContainsFunc(sigs, func(s record.Signature) bool { return s.Key.ID() == by.Mirror.ID() }) {
		n.relayed.put(owner.ID, by.ID, msg)
	}
	return nil
}
