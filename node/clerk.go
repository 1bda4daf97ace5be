package node

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/border"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// clerk writes what the record says of itself: acks of partners' statements,
// the heads that this node cosigned, and what it refused. None of these begets
// another of its kind.
type clerk struct {
	author  *author
	roster  record.Roster
	self    record.Member
	view    *sqlite.View
	lists   *lists
	heads   record.HeadStore
	watch   *sqlite.Watch
	allowed map[string]*allowance // by party; each used by judge alone, one call at a time
	now     func() time.Time
	// powerless says of an offer or a consent of match that it does not bind its party.
	powerless func(ctx context.Context, origin string, index uint64) (bool, error)

	receipting sync.Mutex // guards receipted
	receipted  uint64     // the first own leaf without a receipt, 0 before anybody looked

	mu       sync.Mutex // guards what follows
	refusals map[refusalKey]*record.RefusalItem
	news     map[refusalKey]bool                      // there is one among them whose like was not refused before
	seen     map[refusalKey]map[statement.Digest]bool // what was refused, maxSeen of each
	total    map[refusalKey]uint64                    // since start, for screens and metrics
	since    time.Time
	knocks   time.Time // when refusals of strangers were written last
}

type refusalKey struct {
	party string
	code  statement.Code
}

// stranger is the party of whoever has no key of the charter.
const stranger = "stranger"

func newClerk(a *author, view *sqlite.View, w *sqlite.Watch, l *lists, heads record.HeadStore, now func() time.Time) *clerk {
	c := &clerk{author: a, roster: a.roster, self: a.self, view: view, watch: w, lists: l, heads: heads, now: now, allowed: make(map[string]*allowance), refusals: make(map[refusalKey]*record.RefusalItem), news: make(map[refusalKey]bool), seen: make(map[refusalKey]map[statement.Digest]bool), total: make(map[refusalKey]uint64), since: now()}
	for _, m := range a.roster.Others(a.self.ID) {
		b := newAllowance(a.roster)
		c.allowed[m.ID] = &b
	}
	return c
}

// maxSeen bounds what is remembered of the refusals of one party and code.
const maxSeen = 64

// refused counts one refusal. It is called by floods and only counts. The same
// bytes again are no news: a party that has left and goes on to submit a log
// that has ended is refused and counted at each heartbeat, but begets no
// further statement; the count waits until something else is refused.
func (c *clerk) refused(party string, code statement.Code, detail string) {
	if party == "" {
		party = stranger
	}
	sum := statement.Digest(sha256.Sum256([]byte(detail)))
	c.mu.Lock()
	defer c.mu.Unlock()
	k := refusalKey{party, code}
	c.total[k]++
	r := c.refusals[k]
	if r == nil {
		r = &record.RefusalItem{Party: party, Code: code, First: sum}
		c.refusals[k] = r
	}
	r.Count++
	r.Last = sum
	if !c.seen[k][sum] {
		if c.seen[k] == nil || len(c.seen[k]) >= maxSeen {
			c.seen[k] = make(map[statement.Digest]bool)
		}
		c.seen[k][sum], c.news[k] = true, true
	}
}

// counts returns the refusals since the start, by party and code.
func (c *clerk) counts() map[refusalKey]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[refusalKey]uint64, len(c.total))
	for k, n := range c.total {
		out[k] = n
	}
	return out
}

// judge applies this node's budgets to what came new from a partner. A list or
// a sighting that is over budget stays without effect; the ack says so for
// ever. What has its ack was judged before the view was lost, and what was
// charged is not charged again.
func (c *clerk) judge(ctx context.Context, party string, entries []sqlite.Entry) error {
	if party == c.self.ID {
		return nil
	}
	next, charged := *c.allowed[party], false
	var over []sqlite.Leaf
	type no struct {
		code statement.Code
		id   string
	}
	var refused []no
	for _, e := range entries {
		at := e.Statement.Index
		// A list that a release opens comes in with it, like any other.
		if e.Again != nil && e.Again.Statement.State == sqlite.StateOpen {
			e = *e.Again
		}
		s := e.Statement
		costs := s.State == sqlite.StateOpen && (handsOn(s.Kind) || s.Kind == indicator.KindSighting)
		if !costs && s.State != sqlite.StateRefused {
			continue
		}
		known, err := c.view.AckedBy(ctx, c.self.Origin, statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID})
		if err != nil {
			return err
		}
		switch {
		case known:
		case !costs:
			refused = append(refused, no{s.Code, s.ID.String()})
		case at >= next.Next:
			charged, next.Next = true, at+1
			if next.charge(e, c.now()) != nil {
				over = append(over, sqlite.Leaf{Origin: s.Origin, Index: s.Index})
				refused = append(refused, no{statement.CodeBudget, s.ID.String()})
			}
		}
	}
	if charged {
		used, err := json.Marshal(next)
		if err != nil {
			return err
		}
		if err := c.watch.Charge(ctx, chargedNote+party, used, over); err != nil {
			return fmt.Errorf("write down the budget of %s: %w", party, err)
		}
		*c.allowed[party] = next
	}
	for _, l := range over {
		c.lists.refuse(l.Origin, l.Index, statement.CodeBudget)
	}
	for _, r := range refused {
		c.refused(party, r.code, r.id)
	}
	return nil
}

// acks acknowledges every readable statement of a partner that has no ack of
// ours yet. It returns how many statements it wrote.
func (c *clerk) acks(ctx context.Context) (int, error) {
	wrote := 0
	for _, m := range c.roster.Others(c.self.ID) {
		for {
			list, err := c.view.Unacked(ctx, m.Origin, c.self.Origin, record.MaxAckItems)
			if err != nil || len(list) == 0 {
				if err != nil {
					return wrote, err
				}
				break
			}
			body := record.AckBody{Origin: m.Origin}
			for _, u := range list {
				item, err := c.verdict(ctx, m.Origin, u)
				if err != nil {
					return wrote, err
				}
				body.Items = append(body.Items, item)
			}
			if err := c.write(ctx, record.KindAck, body); err != nil {
				return wrote, err
			}
			wrote++
		}
	}
	return wrote, nil
}

func (c *clerk) verdict(ctx context.Context, origin string, u sqlite.Unacked) (record.AckItem, error) {
	item := record.AckItem{Index: u.Index, ID: u.ID, Verdict: record.VerdictAccepted}
	switch {
	case u.State == sqlite.StateRefused:
		item.Verdict, item.Code = record.VerdictRefused, u.Code
	case u.State == sqlite.StateNotUnderstood:
		item.Verdict = record.VerdictNotUnderstood
	case c.lists.refusal(origin, u.Index) != "":
		item.Verdict, item.Code = record.VerdictRefused, c.lists.refusal(origin, u.Index)
	case isMatchAct(u.Kind):
		void, err := c.powerless(ctx, origin, u.Index)
		if err != nil {
			return item, err
		}
		if void {
			item.Verdict, item.Code = record.VerdictRefused, statement.CodePower
			m, _ := c.roster.ByOrigin(origin)
			c.refused(m.ID, statement.CodePower, u.ID.String())
		}
	case u.Kind == indicator.KindSighting:
		fits, err := c.view.Fits(ctx, origin, u.Index, c.self.Origin)
		if err != nil {
			return item, err
		}
		if !fits {
			item.Verdict, item.Code = record.VerdictRefused, statement.CodeValue
			m, _ := c.roster.ByOrigin(origin)
			c.refused(m.ID, statement.CodeValue, u.ID.String())
		}
	case handsOn(u.Kind):
		held, err := c.lists.holds(ctx, origin, u.Index)
		if err != nil {
			return item, err
		}
		no, code, err := c.view.Refusals(ctx, origin, u.Index)
		if err != nil {
			return item, err
		}
		switch {
		case no == sqlite.All:
			item.Verdict, item.Code = record.VerdictRefused, code
		case held || no == sqlite.Some:
			item.Verdict = record.VerdictHeldBack
		}
	}
	return item, nil
}

// witnessed logs the heads that this node cosigned, when some other log has
// said something since the last time.
func (c *clerk) witnessed(ctx context.Context) (int, error) {
	old, err := c.lastHeads(ctx)
	if err != nil {
		return 0, err
	}
	var body record.HeadsBody
	news := false
	for _, m := range c.roster.Others(c.self.ID) {
		h, ok := c.heads.Latest(m.Origin)
		if !ok {
			continue
		}
		last, err := c.view.LastOfKind(ctx, m.Origin, "")
		if err != nil {
			return 0, err
		}
		// Housekeeping alone is no news, or two nodes would answer each other for ever.
		news = news || last >= 0 && uint64(last) >= old[m.Origin] && h.Tree.Size > uint64(last)
		body.Heads = append(body.Heads, record.HeadLine{Origin: m.Origin, Size: h.Tree.Size, Root: statement.Digest(h.Tree.Root)})
	}
	if !news {
		return 0, nil
	}
	wrote := 0
	for chunk := range slices.Chunk(body.Heads, record.MaxHeadLines) {
		if err := c.write(ctx, record.KindHeads, record.HeadsBody{Heads: chunk}); err != nil {
			return wrote, err
		}
		wrote++
	}
	return wrote, nil
}

// lastHeads returns the sizes in this node's newest heads statements.
func (c *clerk) lastHeads(ctx context.Context) (map[string]uint64, error) {
	// One round of them names every log; the round before may be among them.
	round := 2 * (len(c.roster.Members)/record.MaxHeadLines + 1)
	newest, err := c.view.NewestOfKind(ctx, c.self.Origin, record.KindHeads, round)
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]uint64)
	for _, s := range slices.Backward(newest) {
		var b record.HeadsBody
		if err := statement.Decode(s.Body, statement.MaxAct, &b); err != nil {
			return nil, err
		}
		for _, h := range b.Heads {
			sizes[h.Origin] = h.Size
		}
	}
	return sizes, nil
}

// refuseds writes what was refused since the last time, aggregated.
func (c *clerk) refuseds(ctx context.Context) (int, error) {
	c.mu.Lock()
	items := make([]record.RefusalItem, 0, len(c.refusals))
	from, to := c.since, c.now()
	// Whoever finds the port could make this log grow: what strangers do is
	// written ten times more rarely, and at once the first time.
	ack := time.Duration(c.roster.Charter.Intervals.AckSeconds) * time.Second
	knocks := c.knocks.IsZero() || to.Sub(c.knocks) >= 10*ack || to.Before(c.knocks)
	for k, r := range c.refusals {
		if k.party == stranger && !knocks || !c.news[k] {
			continue
		}
		items = append(items, *r)
		delete(c.refusals, k)
		delete(c.news, k)
		if k.party == stranger {
			c.knocks = to
		}
	}
	c.since = to
	c.mu.Unlock()
	slices.SortFunc(items, func(a, b record.RefusalItem) int {
		return strings.Compare(a.Party+" "+string(a.Code), b.Party+" "+string(b.Code))
	})
	wrote := 0
	for chunk := range slices.Chunk(items, record.MaxHeadLines) {
		if err := c.write(ctx, record.KindRefusal, record.RefusalBody{From: min(from.Unix(), to.Unix()), To: max(from.Unix(), to.Unix()), Items: chunk}); err != nil {
			c.unsaid(items[wrote*record.MaxHeadLines:], from)
			return wrote, err
		}
		wrote++
	}
	return wrote, nil
}

// unsaid takes counts back that could not be written, for the next time.
func (c *clerk) unsaid(items []record.RefusalItem, from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = from
	for _, old := range items {
		k := refusalKey{old.Party, old.Code}
		if later := c.refusals[k]; later != nil {
			old.Count, old.Last = old.Count+later.Count, later.Last
		}
		c.refusals[k], c.news[k] = &old, true
	}
}

func (c *clerk) write(ctx context.Context, kind statement.Kind, body any) error {
	_, err := c.author.say(ctx, draft{kind: kind, marking: border.Green, toAll: true, body: body})
	if err != nil {
		return err
	}
	return nil
}
