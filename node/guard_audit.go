package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/console"
	"entente/election/audit"
	"entente/election/cvr"
	"entente/election/inventory"
	"entente/internal/cvrfile"
	"entente/statement"
)

const (
	auditCards  = 5000 // rows of drawn cards that are kept for the screen
	auditPoints = 60   // of a plot
)

// auditing measures the joint audits of the record by the declared files that
// are what was sealed.
type auditing struct {
	at    *tending
	stamp string // of what was measured last; the look's alone

	mu       sync.Mutex                        // guards what follows; never held while a file is read
	contests map[string][]console.AuditContest // by audit
	broken   []console.GuardFile
}

// declared are the files of an audit that the inventory names, read.
type declared struct {
	contests  []audit.Contest
	manifests map[statement.Digest]*audit.Manifest
	readings  []audit.Reading
	records   []inventory.File
	broken    []console.GuardFile
	silent    bool // one of them does not answer
	guards    *guards
}

// look measures again if a file or the record is another.
func (a *auditing) look(ctx context.Context, n *Node) {
	a.at.start(ctx, n, "", func(ctx context.Context) error {
		err := a.measure(ctx, n)
		if why := whyEnded(ctx, err); passing(why) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.broken = []console.GuardFile{{Name: inventory.FileRecords, Detail: why.Error()}}
		}
		return err
	})
}

// stands is how the files and the record stand; a file that does not answer stands
// otherwise than one that does.
func (a *auditing) stands(ctx context.Context, n *Node, list inventory.Inventory) (stamp string, silent bool, err error) {
	_, mark, err := n.auditsNow(ctx)
	if err != nil {
		return "", false, err
	}
	stamp = fmt.Sprintln(mark)
	for _, what := range []string{inventory.FileManifest, inventory.FileRecords, inventory.FileContest, inventory.FileEntries} {
		for _, f := range filesOf(list, what) {
			for _, path := range []string{f.Path, f.Key} {
				if path == "" {
					continue
				}
				one, err := n.guards.stamps(ctx, path)
				if err != nil && !passing(err) {
					return "", false, err
				}
				stamp, silent = stamp+one, silent || err != nil
			}
		}
	}
	return stamp, silent, nil
}

func (a *auditing) measure(ctx context.Context, n *Node) error {
	list := n.guarded.get()
	stamp, _, err := a.stands(ctx, n, list)
	if err != nil || stamp == a.stamp {
		return err
	}
	all, _, err := n.auditsNow(ctx)
	if err != nil {
		return err
	}
	d := declare(ctx, n.guards, list)
	contests := make(map[string][]console.AuditContest)
	for _, j := range all {
		shown, err := n.shownReadings(ctx, j.Audit)
		if err != nil {
			return err
		}
		if contests[j.Audit], err = d.measure(ctx, j, shown); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a.mu.Lock()
	a.contests, a.broken = contests, d.broken
	a.mu.Unlock()
	n.changes.watch()
	if a.stamp = stamp; d.silent { // until it answers there is nothing to measure anew
		var still bool
		if a.stamp, still, err = a.stands(ctx, n, list); !still {
			a.stamp = ""
		}
	}
	return err
}

// declare reads the declared files but the records, which can be large.
func declare(ctx context.Context, g *guards, list inventory.Inventory) (d declared) {
	d.guards = g
	d.manifests = make(map[statement.Digest]*audit.Manifest)
	d.records = filesOf(list, inventory.FileRecords)
	read := func(what string, take func(data []byte) error) {
		for _, f := range filesOf(list, what) {
			data, err := g.read(ctx, f.Path, guardFile)
			if err == nil {
				err = take(data)
			}
			d.wrong(f, err)
		}
	}
	read(inventory.FileContest, func(data []byte) error {
		var c audit.Contest
		if err := strictly(data, &c); err != nil {
			return err
		}
		if err := c.Check(); err != nil {
			return err
		}
		d.contests = append(d.contests, c)
		return nil
	})
	read(inventory.FileManifest, func(data []byte) error {
		m, err := audit.ReadManifest(strings.NewReader(string(data)))
		if err == nil {
			d.manifests[m.Root()] = m
		}
		return err
	})
	read(inventory.FileEntries, func(data []byte) error {
		r, err := audit.ParseReading(data)
		if err == nil {
			d.readings = append(d.readings, r)
		}
		return err
	})
	return d
}

// wrong notes what is wrong with a file.
func (d *declared) wrong(f inventory.File, err error) {
	if err != nil {
		d.broken, d.silent = append(d.broken, console.GuardFile{Name: f.Name, Detail: err.Error()}), d.silent || passing(err)
	}
}

// measure is each contest of an audit that was sealed before its seed, by what
// boards showed in the record and by what is in declared files.
func (d *declared) measure(ctx context.Context, j audit.Joint, shown []audit.Reading) ([]console.AuditContest, error) {
	boards, err := j.Boards(slices.Concat(shown, d.readings))
	if err != nil {
		d.broken = append(d.broken, console.GuardFile{Name: j.Audit, Detail: err.Error()})
	}
	var out []console.AuditContest
	for _, s := range j.Sealed {
		if s.What != audit.SealContest || slices.ContainsFunc(out, func(c console.AuditContest) bool { return c.Name == s.Name }) {
			continue
		}
		c := console.AuditContest{Name: s.Name}
		for i := range d.contests {
			if digest, err := d.contests[i].Digest(); err == nil && digest == s.Digest && d.contests[i].Name == s.Name {
				c.Contest = &d.contests[i]
			}
		}
		if err := d.one(ctx, j, boards, &c); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			c.Detail = err.Error()
		}
		out = append(out, c)
	}
	return out, nil
}

// one measures a contest as far as what it needs is here.
func (d *declared) one(ctx context.Context, j audit.Joint, boards []audit.Board, c *console.AuditContest) error {
	rounds := audit.Rounds(boards)
	for _, r := range rounds {
		c.Rounds = append(c.Rounds, console.AuditRound{Round: r})
	}
	need := func(lacks bool, what string) {
		if lacks {
			c.Needs = append(c.Needs, what)
		}
	}
	sealed := make(map[string]statement.Digest)
	for _, s := range j.Sealed {
		sealed[s.What] = s.Digest
	}
	m := d.manifests[sealed[audit.SealManifest]]
	need(c.Contest == nil, console.NeedContest)
	need(m == nil, console.NeedManifest)
	need(j.Seed == "", console.NeedSeed)
	last := len(rounds) - 1
	for last >= 0 && !rounds[last].Both {
		last--
	}
	need(last < 0, console.NeedBoards)
	if last >= 0 {
		need(rounds[last].Knew, console.NeedApart)
		need(!rounds[last].Shown && !rounds[last].Knew, console.NeedReadings)
		need(rounds[last].Shown && rounds[last].Settled == nil, console.NeedSettle)
	}
	if c.Contest == nil || m == nil || j.Seed == "" || !slices.ContainsFunc(rounds, func(r audit.Round) bool { return r.Settled != nil }) {
		return nil
	}
	var cards audit.Entries
	for _, r := range rounds {
		cards = append(cards, r.Settled...)
	}
	records, votes, err := d.recorded(ctx, *c.Contest, sealed[audit.SealRecords], cards.Cards(c.Name))
	if errors.Is(err, errNotSealed) {
		need(true, console.NeedRecords)
		return nil
	}
	if err != nil {
		return err
	}
	for i, r := range rounds {
		if r.Settled == nil {
			continue
		}
		got, err := c.Contest.Measure(j.Seed, m, r.Settled, records, votes)
		if err != nil {
			return err
		}
		c.Rounds[i].Outcome, c.Rows = &got.Outcome, cardsOf(*c.Contest, r, boards, got.Rows)
		if c.Course, err = got.Course(auditPoints); err != nil {
			return err
		}
	}
	return nil
}

// cardsOf are the drawn cards, with what each board read of them.
func cardsOf(c audit.Contest, r audit.Round, boards []audit.Board, rows []audit.Drawn) (out []console.AuditCard) {
	var read [2]map[string]string
	for k := range read {
		read[k] = make(map[string]string)
		for _, e := range boards[k].Shown[r.Number-1].Entries {
			if e.Contest == c.Name {
				read[k][e.Ballot] = e.Says()
			}
		}
	}
	for _, row := range rows[:min(len(rows), auditCards)] {
		out = append(out, console.AuditCard{Drawn: row, First: read[0][row.Ballot], Second: read[1][row.Ballot]})
	}
	return out
}

var errNotSealed = errors.New("no declared records are those that were sealed")

// recorded reads the machine's records of a contest from the declared files that
// have the sealed root, and keeps the votes of some cards; nothing where the
// method compares with none.
func (d *declared) recorded(ctx context.Context, c audit.Contest, root statement.Digest, cards map[string]bool) (*audit.Records, map[string]audit.Vote, error) {
	if !c.Compares() {
		return nil, nil, nil
	}
	for _, f := range d.records {
		records, err := audit.NewRecords(c)
		if err != nil {
			return nil, nil, err
		}
		votes := make(map[string]audit.Vote)
		total, err := d.guards.sumRecords(ctx, f, func(r *cvr.Row) error {
			v, _ := r.Vote(c.Name)
			records.Add(v)
			if cards[r.ID] {
				if _, twice := votes[r.ID]; twice {
					return fmt.Errorf("a second record of the drawn card %s", r.ID)
				}
				votes[r.ID] = v
			}
			return nil
		})
		if err != nil {
			if ctx.Err() != nil {
				return nil, nil, err
			}
			d.wrong(f, err)
			continue
		}
		if got, err := statement.ParseDigest(total.Root); err == nil && got == root {
			return records, votes, nil
		}
	}
	return nil, nil, errNotSealed
}

func (g *guards) sumRecords(ctx context.Context, f inventory.File, each func(*cvr.Row) error) (cvr.Total, error) {
	var key []byte
	if f.Key != "" {
		data, err := g.read(ctx, f.Key, 1024)
		if err != nil {
			return cvr.Total{}, err
		}
		if key, err = hex.DecodeString(strings.TrimSpace(string(data))); err != nil || len(key) != 32 {
			return cvr.Total{}, errors.New("its key is no file of 64 hex digits")
		}
	}
	var inputs []cvr.Input
	var closeAll func()
	var failed error
	if err := g.files.Do(ctx, f.Path, func() {
		inputs, closeAll, failed = cvrfile.Open([]string{f.Path}, func(path string) (cvrfile.File, error) { return g.files.Open(ctx, path) })
	}); err != nil {
		return cvr.Total{}, err
	}
	defer closeAll()
	if failed != nil {
		return cvr.Total{}, failed
	}
	sum, n := cvr.NewSum(key), 0
	if _, err := cvr.Read(inputs, func(r *cvr.Row) error {
		if n++; n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := sum.Add(r); err != nil {
			return err
		}
		return each(r)
	}); err != nil {
		return cvr.Total{}, err
	}
	return sum.Done()
}

// Audits implements console.Guards.
func (s guardScreens) Audits(ctx context.Context) ([]console.AuditRow, error) {
	if !s.own() {
		return nil, nil
	}
	all, _, err := s.n.auditsNow(ctx)
	if err != nil {
		return nil, err
	}
	a := &s.n.guards.audits
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []console.AuditRow
	for _, j := range all {
		row := console.AuditRow{Joint: j, Contests: a.contests[j.Audit]}
		for _, t := range j.Steps {
			if at := time.Unix(t.Time, 0); at.After(row.Last) {
				row.Last = at
			}
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b console.AuditRow) int { return b.Last.Compare(a.Last) })
	return out, nil
}

// Audit implements console.Guards.
func (s guardScreens) Audit(ctx context.Context, name string) (console.AuditView, error) {
	var v console.AuditView
	if !s.own() {
		return v, console.ErrNotFound
	}
	all, _, err := s.n.auditsNow(ctx)
	if err != nil {
		return v, err
	}
	i := slices.IndexFunc(all, func(j audit.Joint) bool { return j.Audit == name })
	if i < 0 {
		return v, console.ErrNotFound
	}
	v.Joint = all[i]
	a := &s.n.guards.audits
	a.mu.Lock()
	defer a.mu.Unlock()
	v.Contests, v.Broken = a.contests[name], a.broken
	v.Whom, _ = s.n.guarded.get().Whom("files", "")
	return v, nil
}
