package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"entente/border"
	"entente/internal/logfile"
	"entente/record"
	"entente/statement"
	"entente/watch/archive"
)

// scrubStep is the pause between two steps of a scrub.
const scrubStep = 2 * time.Second

// runScrub re-reads and re-hashes every log, a little at a time, for ever,
// with a heartbeat's rest after each time through.
func (n *Node) runScrub(ctx context.Context, heartbeat time.Duration) error {
	logs := map[string]*logfile.Log{n.self.ID: n.log}
	for id, m := range n.mirrors {
		logs[id] = m.log
	}
	next, told := make(map[string]uint64), make(map[string]bool)
	for pause(ctx, scrubStep) {
		through := true
		for id, l := range logs {
			at, err := n.scrub(ctx, id, l, next[id], told)
			if err != nil && ctx.Err() == nil {
				return err
			}
			next[id] = at
			through = through && at == 0
		}
		more, err := n.scrubArchive(ctx, next, told)
		if err != nil && ctx.Err() == nil {
			return err
		}
		through = through && !more
		if through && !pause(ctx, heartbeat) {
			return nil
		}
	}
	return nil
}

// archiveScrub is the name of the archive among logs that are scrubbed; no party is called so.
const archiveScrub = "the archive"

// scrubArchive looks at the next segment; more says that there are others. Damage is told once: what the segment covers
// is then read again from the logs where they still are.
func (n *Node) scrubArchive(ctx context.Context, next map[string]uint64, told map[string]bool) (more bool, err error) {
	if n.lookout.archive == nil {
		return false, nil
	}
	number, err := n.lookout.archive.Scrub(ctx, next[archiveScrub])
	next[archiveScrub] = number
	n.scrubbed.Add(1)
	switch key := fmt.Sprintf("%s/%d", archiveScrub, number); {
	case err == nil || ctx.Err() != nil:
	case errors.Is(err, archive.ErrDamaged):
		if !told[key] {
			told[key] = true
			n.archiveTrouble(err)
		}
	default: // a disk that is away: looked at again in the next round
		n.logger.Warn("scrub the archive", "error", err)
		next[archiveScrub] = 0
		return false, nil
	}
	return number != 0, nil
}

// scrub does one step in one log and returns where to go on. Damage that stays
// is put on the record once, not at every round.
func (n *Node) scrub(ctx context.Context, id string, l *logfile.Log, from uint64, told map[string]bool) (uint64, error) {
	at, err := l.Scrub(ctx, from, 2048)
	n.scrubbed.Add(1)
	var damage *record.Damage
	if !errors.As(err, &damage) {
		if err == nil && id != n.self.ID {
			n.damages.clear(id, from, at)
		}
		return at, err
	}
	n.logger.Error("stored bytes are damaged", "log", id, "leaf", damage.Index, "what", damage.What)
	if key := fmt.Sprintf("%s/%d", id, damage.Index); !told[key] {
		told[key] = true
		n.clerk.refused(n.self.ID, statement.CodeDamage, damage.Error())
	}
	if id == n.self.ID {
		return from, fmt.Errorf("own log: %w; restore it from a mirror with `entente restore`", err)
	}
	n.damages.found(id, damage.Index)
	healed, err := n.heal(ctx, n.mirrors[id], damage.Index)
	if healed {
		n.damages.clear(id, damage.Index, damage.Index+1) // the next round looks again
	}
	// With the next tile: this one would show the same damage for ever.
	return (max(from, damage.Index)/256 + 1) * 256, err
}

// heal asks the owner of a mirrored log, then everybody else, for what is
// damaged around a leaf of it. It reports whether somebody had it all; what
// was put right is said on the record.
func (n *Node) heal(ctx context.Context, m *mirror, index uint64) (bool, error) {
	var wrote uint64
	for _, l := range n.givers(m.member.ID) {
		healed, err := record.Heal(ctx, l.client, m.log, m.member.Origin, index, m.erases)
		wrote += uint64(healed)
		n.damages.healed(m.member.ID, uint64(healed))
		if healed > 0 {
			n.logger.Warn("damaged bytes put right", "log", m.member.ID, "leaf", index, "leaves", healed, "from", l.member.ID)
			if err := n.survived(n.repaired(ctx, m, index, uint64(healed), l.member.ID)); err != nil {
				return false, err
			}
		}
		var damage *record.Damage
		switch {
		case err == nil:
			return wrote > 0, nil
		case errors.Is(err, record.ErrPoisoned):
			return false, err
		case errors.As(err, &damage): // ours: what lies around it is damaged too
			n.logger.Error("cannot be put right", "log", m.member.ID, "error", err)
			return false, nil
		}
		n.blame(l.member.ID, err)
	}
	return false, nil
}

// givers returns the lines that may be asked, the owner's first.
func (n *Node) givers(owner string) []*line {
	all := slices.DeleteFunc(slices.Clone(n.lines), func(l *line) bool { return l.client.Pause() > 0 })
	slices.SortStableFunc(all, func(a, b *line) int {
		switch {
		case a.member.ID == owner:
			return -1
		case b.member.ID == owner:
			return 1
		}
		return 0
	})
	return all
}

func (n *Node) repaired(ctx context.Context, m *mirror, index, leaves uint64, from string) error {
	if !n.open.Load() || n.gone.Load() {
		return nil // it is in the node's own log file, and counted
	}
	_, err := n.author.say(ctx, draft{
		kind: record.KindRepair, toAll: true, marking: border.Green,
		body: record.RepairBody{Origin: m.member.Origin, Index: index, Leaves: leaves, From: from},
	})
	return err
}

// damages is what scrubbing found in mirrors, by party.
type damages struct {
	mu   sync.Mutex // guards what follows
	open map[string]map[uint64]bool
	done map[string]uint64
}

func (d *damages) found(party string, index uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		d.open = make(map[string]map[uint64]bool)
	}
	if d.open[party] == nil {
		d.open[party] = make(map[uint64]bool)
	}
	d.open[party][index] = true
}

// clear forgets what was found from one leaf up to another, or to the end if
// that is 0: it was scrubbed, and is whole.
func (d *damages) clear(party string, from, to uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.open[party] {
		if i >= from && (i < to || to == 0) {
			delete(d.open[party], i)
		}
	}
}

func (d *damages) healed(party string, leaves uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done == nil {
		d.done = make(map[string]uint64)
	}
	d.done[party] += leaves
}

// of returns how many places are damaged, and how many leaves were put right.
func (d *damages) of(party string) (open int, healed uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.open[party]), d.done[party]
}
