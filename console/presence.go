package console

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// presence knows who of the own side has a case open now, and who writes in it. It
// stands in memory alone: no statement, no file and no other party learns of it,
// and it locks nothing.
type presence struct {
	now func() time.Time

	mu   sync.Mutex // guards what follows
	seen map[Present]time.Time
	subs map[chan Change]string // the case of each page that is told
}

// Present is one who is there.
type Present struct {
	Case   string
	User   string
	Writes WritingKind // what of; empty: it is open before them
}

const (
	// openLife is how long a page counts as open after it was asked for, or after the
	// last beat of its stream.
	openLife = 2 * time.Minute
	// writeLife is how long somebody counts as writing after the last pause.
	writeLife  = 10 * time.Minute
	maxPresent = 1024
)

func newPresence(now func() time.Time) *presence {
	return &presence{now: now, seen: map[Present]time.Time{}, subs: map[chan Change]string{}}
}

// mark notes that somebody is there; pages of the case hear of who is new.
func (p *presence) mark(one Present) {
	if one.Case == "" || one.User == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now, life := p.now(), openLife
	if one.Writes != "" {
		life = writeLife
	}
	for k, until := range p.seen {
		if !now.Before(until) {
			delete(p.seen, k)
			p.tell(k.Case)
		}
	}
	_, there := p.seen[one]
	if !there && len(p.seen) >= maxPresent {
		return
	}
	if p.seen[one] = now.Add(life); !there {
		p.tell(one.Case)
	}
}

// gone forgets one who has left.
func (p *presence) gone(one Present) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.seen[one]; there {
		delete(p.seen, one)
		p.tell(one.Case)
	}
}

// others are those in a case beside its reader, who writes before who reads.
func (p *presence) others(id, reader string) []Present {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Present
	for one, until := range p.seen {
		if one.Case == id && one.User != reader && p.now().Before(until) {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b Present) int {
		return cmp.Or(strings.Compare(a.User, b.User), -strings.Compare(string(a.Writes), string(b.Writes)))
	})
	return slices.CompactFunc(out, func(a, b Present) bool { return a.User == b.User && b.Writes == "" })
}

// follow tells a page of a case when somebody comes or goes, until stop is called.
func (p *presence) follow(id string) (changes <-chan Change, stop func()) {
	c := make(chan Change, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subs[c] = id
	return c, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.subs, c)
	}
}

// tell wakes the pages of a case; the caller holds mu.
func (p *presence) tell(id string) {
	for c, at := range p.subs {
		if at != id {
			continue
		}
		select {
		case c <- Change{Record: true}:
		default: // it has not looked yet since the last
		}
	}
}

// follow streams changes to a page. One of a case counts as open while it listens.
func (c *Console) follow(v *visit) error {
	changes := v.source.Subscribe(v.r.Context())
	id := filterText(v.r.URL.Query(), "case")
	if id == "" {
		return c.stream(v, changes)
	}
	if _, err := v.source.Cases().Case(v.r.Context(), id, time.Time{}); err != nil {
		return err
	}
	here := Present{Case: id, User: v.user.Name}
	come, stop := c.present.follow(id)
	defer stop()
	defer c.present.gone(here)
	v.beat = func() { c.present.mark(here) }
	v.beat()
	return c.stream(v, changes, come)
}

// writes marks that the user is writing in a case, if it is in one.
func (c *Console) writes(v *visit, w Writing) {
	c.present.mark(Present{Case: w.Form.Get("case"), User: v.user.Name, Writes: w.Kind})
}

// wrote marks that it is done with.
func (c *Console) wrote(v *visit, w Writing) {
	c.present.gone(Present{Case: w.Form.Get("case"), User: v.user.Name, Writes: w.Kind})
}
