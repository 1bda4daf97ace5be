package node

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"entente/console"
)

// story keeps the last events worth a sentence. Its events are taken from
// counters that only rise, so that it tells nothing twice.
type story struct {
	mu     sync.Mutex // guards what follows
	events []console.Event
	last   map[console.EventKind]int
}

const maxStory = 200

// rise tells an event when a counter has grown since it was last told.
func (s *story) rise(now time.Time, kind console.EventKind, partner string, count int, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last = make(map[console.EventKind]int)
	}
	key := kind + console.EventKind("/"+partner+detail)
	if count <= s.last[key] {
		return
	}
	s.last[key] = count
	// One sentence for each matter: the newest count replaces the older one.
	s.events = slices.DeleteFunc(s.events, func(e console.Event) bool {
		return e.Kind == kind && e.Partner == partner && e.Detail == detail
	})
	s.events = append(s.events, console.Event{Time: now, Kind: kind, Partner: partner, Count: count, Detail: detail})
	if len(s.events) > maxStory {
		s.events = s.events[len(s.events)-maxStory:]
	}
}

// Story is that of the whole node, for whoever runs it.
func (n *Node) Story(ctx context.Context, limit int) ([]console.Event, error) {
	return n.whole().Story(ctx, limit)
}

// Story implements console.Source. It counts everything: only who may see all of it is told.
func (on screens) Story(ctx context.Context, limit int) ([]console.Event, error) {
	n := on.n
	if err := on.entire(); err != nil {
		return nil, err
	}
	if err := on.retell(ctx); err != nil {
		return nil, err
	}
	n.story.mu.Lock()
	defer n.story.mu.Unlock()
	all := slices.Clone(n.story.events)
	return all[max(0, len(all)-limit):], nil
}

// retell looks at the counters.
func (on screens) retell(ctx context.Context) error {
	n := on.n
	now := n.opt.Now()
	t, err := on.totals(ctx)
	if err != nil {
		return err
	}
	tell := func(kind console.EventKind, partner string, count int, detail string) {
		n.story.rise(now, kind, partner, count, detail)
	}
	tell(console.EventCharter, "", 1, n.roster.Charter.Name)
	tell(console.EventReading, "", int(t.Lines), "")
	w := n.lists.get()
	taken, held, accepted, shared := make(map[string]int), make(map[string]int), make(map[string]int), 0
	for _, e := range w.entries {
		switch {
		case e.giver == n.self.ID:
			shared++
		case e.held():
			held[e.giver]++
		default:
			taken[e.giver]++
		}
		if e.accepted != "" {
			accepted[e.accepted]++
		}
	}
	tell(console.EventShared, "", shared, "")
	for _, m := range n.roster.Others(n.self.ID) {
		tell(console.EventTaken, m.ID, taken[m.ID], "")
		tell(console.EventHeldBack, m.ID, held[m.ID], "")
		st := n.mirrors[m.ID].state()
		tell(console.EventMirrored, m.ID, int(st.size), "")
		if l := n.partnerLog(m); !l.Silent.Since.IsZero() && l.Silent.Asks > 0 {
			tell(console.EventSilent, m.ID, l.Silent.Asks, "")
		}
		for _, f := range n.forksOf(m) {
			tell(console.EventFork, m.ID, 1, f.File)
		}
	}
	for officer, count := range accepted {
		tell(console.EventAccepted, "", count, officer)
	}
	tell(console.EventMatched, "", t.Alerts, "")
	tell(console.EventReleased, "", t.Sent, "")
	tell(console.EventSighted, "", t.Received, "")
	tell(console.EventHeld, "", t.Held, "")
	for k, count := range n.clerk.counts() {
		tell(console.EventRefused, k.party, int(count), string(k.code))
	}
	return nil
}

type refusalCount struct {
	refusalKey
	count uint64
}

func sortedRefusals(m map[refusalKey]uint64) []refusalCount {
	var out []refusalCount
	for k, n := range m {
		out = append(out, refusalCount{k, n})
	}
	slices.SortFunc(out, func(a, b refusalCount) int {
		return cmp.Or(cmp.Compare(a.party, b.party), cmp.Compare(a.code, b.code))
	})
	return out
}
