package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"entente/border"
	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/statement"
)

const (
	// sameEvery is how often it is said that pages are still the same.
	sameEvery = 15 * time.Minute
	// respelledEvery is how often a page whose bytes always differ is sealed anew.
	respelledEvery = time.Hour
	downAfter      = 3 // fetches in a row that failed
	maxBackOff     = 16
	atOnce         = 4 // pages fetched at one time
	maxContests    = 5000
	spansAtOnce    = 20 // spans of one statement: an act holds so many of the longest addresses
)

// press watches the results pages of the inventory.
type press struct {
	n     *Node
	store *pageStore
	said  saidKept
	slack int64 // milliseconds by which the clocks of two parties may differ

	mu    sync.Mutex // guards what follows, and one statement at a time
	pages map[string]*pageState
	busy  map[string]bool
	tally map[string]tallied
	slots chan struct{}
}

// pageState is what is kept of a page beside the record, as a note of the watch.
type pageState struct {
	Page     string                `json:"page"`
	URL      string                `json:"url"`
	Pending  *night.Span           `json:"pending,omitempty"` // since the last statement on it
	Streak   int                   `json:"streak"`            // failed fetches in a row
	FailedAt int64                 `json:"failed_at"`         // the first of them, Unix milliseconds
	Why      string                `json:"why"`               // what the last of them was
	Down     bool                  `json:"down"`
	Judged   uint64                `json:"judged"`   // statements of the own log below this number have been
	Next     int64                 `json:"next"`     // when it is fetched again
	Contests map[string]contestAge `json:"contests"` // by canonical name
	last     *night.Seen           // the newest version that this party sealed
}

// contestAge is when the numbers of a contest last changed, and what was wrong with them.
type contestAge struct {
	Changed int64  `json:"changed"`
	Alarm   string `json:"alarm,omitempty"` // code
	Alarmed int64  `json:"alarmed,omitempty"`
}

func pageNote(id string) string { return "results/" + id }

func newPress(n *Node) *press {
	return &press{n: n, slack: clockSlack, store: newPageStore(n.cfg.Dir, n.cfg.ResultsMiB), pages: make(map[string]*pageState), busy: make(map[string]bool), tally: make(map[string]tallied), slots: make(chan struct{}, atOnce)}
}

// state is what is known of a page: from the note, and from the own record,
// which knows best. An address that changed begins anew. The caller holds mu.
func (p *press) state(ctx context.Context, page inventory.Page) (*pageState, error) {
	s := p.pages[page.ID]
	if s != nil && s.URL == page.URL {
		return s, nil
	}
	s = &pageState{}
	if _, err := note(ctx, p.n.watch, pageNote(page.ID), s); err != nil {
		return nil, err
	}
	if s.URL != page.URL {
		*s = pageState{Page: page.ID, URL: page.URL}
	}
	said, err := p.n.published(ctx, p.n.self.Origin, 0)
	if err != nil {
		return nil, err
	}
	for _, one := range said {
		if s.Pending != nil && slices.ContainsFunc(one.Same, func(x night.Span) bool { return x.URL == page.URL && x.From == s.Pending.From }) {
			s.Pending = nil // the node ended before it noted that this was said
		}
	}
	h, err := p.own(ctx, page.URL)
	if err != nil {
		return nil, err
	}
	if last, ok := h.Last(); ok {
		s.last = &last
	}
	if s.Contests == nil {
		s.Contests = make(map[string]contestAge)
	}
	p.pages[page.ID] = s
	return s, nil
}

// note reads JSON that is kept in the watch.
func (p *press) keep(ctx context.Context, s *pageState) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return p.n.watch.PutNote(ctx, pageNote(s.Page), data)
}

// runResults fetches each page when it is due.
func (n *Node) runResults(ctx context.Context) error {
	var flying sync.WaitGroup
	defer flying.Wait()
	return loop(ctx, make(bell), n.opt.Tend, func(ctx context.Context) error {
		if !n.open.Load() || n.gone.Load() || n.stopping.Load() {
			return nil
		}
		for _, page := range n.guarded.get().Results {
			due, err := n.press.due(ctx, page)
			if err != nil {
				return err
			}
			if !due {
				continue
			}
			flying.Go(func() {
				if _, err := n.press.visit(ctx, page); n.survived(err) != nil && ctx.Err() == nil {
					n.fail(fmt.Errorf("results page %s: %w", page.ID, err))
				}
			})
		}
		return n.survived(n.press.flush(ctx, sameEvery))
	})
}

// due says that a page is to be fetched now, and takes it. What it missed while
// nothing ran is fetched once.
func (p *press) due(ctx context.Context, page inventory.Page) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.state(ctx, page)
	if err != nil || p.busy[page.ID] || p.n.opt.Now().UnixMilli() < s.Next {
		return false, err
	}
	select {
	case p.slots <- struct{}{}:
		p.busy[page.ID] = true
		return true, nil
	default:
		return false, nil
	}
}

// visit fetches a page that was taken, and gives back its place.
func (p *press) visit(ctx context.Context, page inventory.Page) (*pageState, error) {
	got := p.n.fetchPage(ctx, page)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, page.ID)
	<-p.slots
	if ctx.Err() != nil {
		return nil, ctx.Err() // cut short by this node: no word on the server
	}
	s, err := p.state(ctx, page)
	if err != nil {
		return nil, err
	}
	if err = p.take(ctx, page, s, got); err == nil {
		err = p.differ(ctx, page)
	}
	p.n.changes.watch()
	return s, err
}

// Look fetches a page now, whatever its interval.
func (p *press) look(ctx context.Context, page inventory.Page) (*pageState, error) {
	for {
		p.mu.Lock()
		if !p.busy[page.ID] {
			select {
			case p.slots <- struct{}{}:
				p.busy[page.ID] = true
				p.mu.Unlock()
				return p.visit(ctx, page)
			default:
			}
		}
		p.mu.Unlock()
		if !pause(ctx, 50*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
}

// wait is how long until the next fetch: the page's interval, longer while it
// does not answer, and never the same, so that observers do not come at one time.
func wait(page inventory.Page, streak int) time.Duration {
	d := page.Interval()
	for range min(streak, maxBackOff) {
		if d *= 2; d > inventory.MaxEvery || d > maxBackOff*page.Interval() {
			d = min(inventory.MaxEvery, maxBackOff*page.Interval())
			break
		}
	}
	return d - d/10 + rand.N(d/5+1)
}

// take enters what was fetched. The caller holds mu.
func (p *press) take(ctx context.Context, page inventory.Page, s *pageState, got answered) error {
	if s.last != nil && s.Judged <= s.last.Index { // the node ended before it was
		if err := p.judge(ctx, page, s); err != nil {
			return err
		}
	}
	if got.why != "" {
		return p.takeFailure(ctx, page, s, got)
	}
	s.Streak, s.Down, s.Why, s.Next = 0, false, "", got.at.Add(wait(page, 0)).UnixMilli()
	if s.last != nil && s.last.SHA256 == got.sha256 {
		s.pend(page, got, false)
		return p.keep(ctx, s)
	}
	t, _ := readPage(page, got.body, got.header.Get("Last-Modified"), got.header.Get("ETag"))
	v, err := versionOf(page, got, t)
	if err != nil {
		return err
	}
	if s.last != nil && s.last.Root == v.Root {
		if got.at.UnixMilli()-s.last.At < respelledEvery.Milliseconds() {
			s.pend(page, got, true)
			return p.keep(ctx, s)
		}
		if t != nil {
			v.Outcome = results.Reformatted
		}
	}
	return p.seal(ctx, page, s, v, got, t)
}

// takeFailure enters a fetch that gave nothing to read.
func (p *press) takeFailure(ctx context.Context, page inventory.Page, s *pageState, got answered) error {
	s.pend(page, got, false)
	if s.Streak++; s.Streak == 1 {
		s.FailedAt = got.at.UnixMilli()
	}
	s.Why, s.Next = got.why, got.at.Add(wait(page, s.Streak)).UnixMilli()
	if s.Streak < downAfter || s.Down {
		return p.keep(ctx, s)
	}
	a := night.Alarm{Code: night.PageDown, Grade: results.Hard, Says: fmt.Sprintf("%d fetches in a row failed, the last with status %d (%s)", s.Streak, got.status, got.why)}
	if got.status == http.StatusNotFound || got.status == http.StatusGone {
		a.Code = night.PageGone
	}
	if err := p.raise(ctx, page, uint64(s.FailedAt/1000), got.at, []night.Alarm{a}, 0); err != nil {
		return err
	}
	s.Down = true
	return p.keep(ctx, s)
}

// pend counts a fetch that gave no version.
func (s *pageState) pend(page inventory.Page, got answered, respelled bool) {
	at := got.at.UnixMilli()
	if s.Pending == nil {
		s.Pending = &night.Span{Page: page.ID, URL: page.URL, From: at}
		if s.last != nil {
			s.Pending.Root, s.Pending.SHA256 = s.last.Root, s.last.SHA256
		}
	}
	x := s.Pending
	x.To, x.Status = max(x.To, at), got.status
	x.Fetches++
	x.TotalMS += got.took.Milliseconds()
	x.SlowestMS = max(x.SlowestMS, got.took.Milliseconds())
	switch {
	case got.why != "":
		x.Failed++
		if got.status >= 500 {
			x.Refused++
		}
	default:
		if x.SHA256 = got.sha256; respelled {
			x.Respelled++
		}
	}
}

// versionOf is what a fetch is a version of; t is nil where it cannot be read.
func versionOf(page inventory.Page, got answered, t *results.Table) (night.Version, error) {
	v := night.Version{Page: page.ID, URL: page.URL, At: got.at.UnixMilli(), SHA256: got.sha256, Size: int64(len(got.body)), Outcome: night.Unreadable}
	if t == nil {
		return v, nil
	}
	root, err := t.Root()
	if err != nil {
		return v, err
	}
	v.Election, v.Root, v.Leaves, v.Unread, v.Outcome = t.Election, statement.Digest(root), t.Leaves(), int64(t.Unread), night.First
	v.Format, v.Marks = t.Sources[0].Format, t.Sources[0].Marks
	return v, nil
}

// seal keeps a version and says it, and then judges it. The caller holds mu.
func (p *press) seal(ctx context.Context, page inventory.Page, s *pageState, v night.Version, got answered, t *results.Table) error {
	if err := p.store.put(keptBytes, v.SHA256, func(w io.Writer) error { _, err := w.Write(got.body); return err }); err != nil {
		return err
	}
	if t != nil {
		if err := p.store.put(keptCells, v.Root, t.Sheet); err != nil {
			return err
		}
	}
	if err := p.compare(ctx, page, &v, t); err != nil {
		return err
	}
	parts := [][]byte{}
	if page.Shared && t != nil {
		var err error
		if parts, err = sheetParts(t); err != nil {
			return err
		}
		v.Parts = len(parts)
	}
	body := night.Published{Version: &v, Same: []night.Span{}}
	if s.Pending != nil {
		body.Same = append(body.Same, *s.Pending)
	}
	index, err := p.say(ctx, page.Shared, body, parts)
	if err != nil {
		s.Next = got.at.Add(inventory.MinEvery).UnixMilli() // what was seen is not said yet
		return err
	}
	s.Pending, s.last = nil, &night.Seen{Version: v, Party: p.n.self.ID, Index: index, Until: v.At}
	if err := p.keep(ctx, s); err != nil {
		return err
	}
	return errors.Join(p.judge(ctx, page, s), p.prune(ctx))
}

// say puts a statement on results into the record: to all who share the page,
// else for the own side alone.
func (p *press) say(ctx context.Context, shared bool, body night.Published, parts [][]byte) (uint64, error) {
	d := draft{kind: night.KindPublished, private: true, marking: border.Red, body: body, parts: parts}
	if shared {
		d.private, d.toAll, d.marking = false, true, border.Green
	}
	ref, err := p.n.author.say(ctx, d)
	return ref.Index, err
}

// flush says of pages that are the same for so long that they are.
func (p *press) flush(ctx context.Context, after time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, now := p.n.guarded.get().Results, p.n.opt.Now().UnixMilli()
	for _, shared := range []bool{true, false} {
		var of []*pageState
		oldest := now
		for _, page := range list {
			if s := p.pages[page.ID]; page.Shared == shared && s != nil && s.Pending != nil {
				of, oldest = append(of, s), min(oldest, s.Pending.From)
			}
		}
		if len(of) == 0 || now-oldest < after.Milliseconds() {
			continue
		}
		for batch := range slices.Chunk(of, spansAtOnce) {
			if err := p.sayBatch(ctx, shared, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *press) sayBatch(ctx context.Context, shared bool, of []*pageState) error {
	body := night.Published{Same: []night.Span{}}
	for _, s := range of {
		body.Same = append(body.Same, *s.Pending)
	}
	if _, err := p.say(ctx, shared, body, nil); err != nil {
		return err
	}
	for _, s := range of {
		s.Pending = nil
		if err := p.keep(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
