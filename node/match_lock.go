package node

import (
	"context"

	"entente/statement"
)

// lockList locks the own list, unless the run is only to be ended. Nobody else uses
// the run before it is prepared: what an officer says meanwhile waits.
func (n *Node) lockList(ctx context.Context, r *liveRun) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.mu.Lock()
	r.unlock = cancel
	needless := r.run.Fault() != nil || r.stopped
	r.mu.Unlock()
	if !needless {
		err = r.run.Prepare(ctx, n.locking(r))
	}
	r.toLock.Store(0)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prepared = true
	if r.stopped {
		r.run.Stop(-1, endedByOfficer())
		return nil
	}
	return err
}

// answer takes an officer's word on the count: the names may be shown, or the run ends.
func (r *liveRun) answer(stop bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := false
	if r.prepared {
		_, known = r.run.Count()
	}
	switch {
	case stop && !r.prepared:
		r.stopped = true
		if r.unlock != nil {
			r.unlock()
		}
	case stop:
		r.run.Stop(-1, endedByOfficer())
	case !known:
		return statement.Refuse(statement.CodeState, "there is no count yet")
	case !r.waiting:
		return statement.Refuse(statement.CodeState, "nobody waits for an answer")
	default:
		r.agreed, r.waiting = true, false
	}
	return nil
}

func endedByOfficer() *statement.Refusal {
	return statement.Refuse(statement.CodeState, "an officer has ended the run")
}

// locking tells screens how much of the own list is locked.
func (n *Node) locking(r *liveRun) func(done, total int) {
	return func(done, total int) {
		r.locked.Store(int64(done))
		r.toLock.Store(int64(total))
		n.changes.match()
	}
}
