package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/accord"
	"entente/internal/ingest"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/archive"
	"entente/watch/indicator"
	"entente/watch/rule"
	"entente/watch/sigma"
)

// Why a query of a clause finds nothing here whatever happens: words of the
// catalogue below "watched.why.".
const (
	whySensors = "no-sensors" // this node reads no logs
	whyNamed   = "not-named"  // the clause names others to observe it
	whyScope   = "scope"      // its scope selects nothing that a log shows
	whyRefused = "refused"    // the query cannot be run
	whyNever   = "never"      // nothing that is read here could meet it
	whyRule    = "no-rule"    // a Sigma rule named by its id that is not here
	whyMany    = "too-many"   // more queries than are run
)

// maxSentries is how many clauses and actions are watched at a time.
const maxSentries = 200

// sentry runs the queries of one clause, or of one corrective action, over the
// events that it is for: those of its time and scope alone. lookout.mu guards run
// and what.
type sentry struct {
	what   accord.Watched
	place  selector
	rules  []rule.Rule
	query  []int        // of the clause, by position among the rules
	only   []string     // likewise, the id of the rule that is meant of several in a file; empty: all
	states []queryState // by query
	run    *runner      // nil: no query can be run
}

// queryState says whether a query is run here.
type queryState struct {
	Name   string
	Why    string // empty: it is
	Detail string // foreign text
}

func clauseOf(w accord.Watched) sqlite.Clause {
	return sqlite.Clause{Origin: w.Ref.Origin, Index: w.Ref.Index, No: w.Clause}
}

// newSentry looks which queries can be run here. known gives the text of a Sigma
// rule by its id, and those of the rules that it refers to or that change it; nil for none.
func newSentry(w accord.Watched, self string, sensors bool, known func(id string) []string) *sentry {
	s := &sentry{what: w, place: newSelector(w), states: make([]queryState, len(w.Queries))}
	for i, q := range w.Queries {
		it, only := indicator.Item{Type: indicator.TypePattern, Value: q.Text}, ""
		var others []indicator.Item
		if q.Language == "sigma" {
			it.Type = indicator.TypeSigma
			if id := strings.TrimSpace(q.Text); !strings.ContainsAny(id, "\n:") {
				texts := known(id)
				if len(texts) == 0 {
					s.states[i] = queryState{Name: id, Why: whyRule}
					continue
				}
				it.Value, only = texts[0], id
				for _, text := range texts[1:] {
					others = append(others, indicator.Item{Type: it.Type, Value: text})
				}
			}
		}
		if s.states[i].Name = only; only == "" {
			s.states[i].Name = rule.Name(it)
		}
		all := append([]indicator.Item{it}, others...)
		if err := rule.CheckWhole(all); err != nil {
			r, _ := statement.AsRefusal(err)
			s.states[i].Why, s.states[i].Detail = whyRefused, strings.TrimPrefix(r.Detail, "item 0: ")
			continue
		}
		for _, one := range all {
			s.rules = append(s.rules, rule.Rule{Group: fmt.Sprint("query ", i), File: fmt.Sprint("query ", i), Type: one.Type, Text: one.Value})
			s.query, s.only = append(s.query, i), append(s.only, only)
		}
	}
	s.unable(self, sensors)
	return s
}

// unable says why what could be run is not, for all queries at once or for each.
func (s *sentry) unable(self string, sensors bool) {
	why := ""
	switch w := s.what; {
	case len(w.Observers) > 0 && !slices.Contains(w.Observers, self):
		why = whyNamed
	case !sensors:
		why = whySensors
	case !s.place.sees():
		why = whyScope
	}
	if why != "" {
		for _, i := range s.query {
			s.states[i].Why = why
		}
		s.rules, s.query = nil, nil
		return
	}
	if len(s.rules) == 0 {
		return
	}
	set := rule.NewSet(s.rules)
	for _, e := range set.Report() {
		state := &s.states[s.query[e.Rule]]
		if only := s.only[e.Rule]; only != "" && e.ID != only {
			continue // what it refers to
		}
		switch {
		case e.Outcome == sigma.Refused && state.Why == "":
			state.Why = whyRefused
		case e.Outcome == sigma.Never && state.Why == "" && (e.Kind == sigma.Detection || e.Kind == sigma.Correlation):
			state.Why = whyNever
			for _, m := range e.Missing {
				state.Detail = strings.TrimSpace(m.Dataset + " " + m.Field)
			}
		}
	}
	if set.Len() > 0 {
		s.run = newRunner(set)
	}
}

// same reports whether another sentry looks for the same in the same place: only
// its times differ.
func (s *sentry) same(o *sentry) bool {
	return clauseOf(s.what) == clauseOf(o.what) && s.what.From == o.what.From && slices.Equal(s.rules, o.rules) && slices.Equal(s.states, o.states)
}

// digest names what a sentry looks for, to know whether it has looked back.
func (s *sentry) digest() string {
	text := fmt.Sprintf("%s %d %d %d\x00%v\x00%v", s.what.Ref.Origin, s.what.Ref.Index, s.what.Clause, s.what.From, s.what.Scope, s.rules)
	return statement.TaggedSum("entente/clause-run/v1", []byte(text)).String()
}

// take gives an event to the sentry, if it is for it.
func (s *sentry) take(rec *archive.Record, now time.Time) []sqlite.ClauseHit {
	if s.run == nil || rec.Event.Time.IsZero() || !s.what.Holds(rec.Event.Time.Unix()) || !s.place.has(&rec.Event) {
		return nil
	}
	return s.hits(s.run.take(rec, now))
}

func (s *sentry) hits(found []rule.Hit) []sqlite.ClauseHit {
	var out []sqlite.ClauseHit
	for _, h := range found {
		if h.Time.IsZero() || !s.what.Holds(h.Time.Unix()) || s.only[h.Rule] != "" && h.Name != s.only[h.Rule] {
			continue
		}
		out = append(out, sqlite.ClauseHit{
			Clause: clauseOf(s.what), Query: s.query[h.Rule], Source: h.Place.Source, Generation: h.Place.Generation, Line: h.Place.Line,
			Offset: h.Place.Offset, At: h.Time.UnixMilli(), Name: h.Name, Raw: h.Raw,
		})
	}
	return out
}

// sentries are those of every clause and action that is watched. lookout.mu
// guards them.
type sentries struct {
	all  []*sentry
	memo map[string]observed // batches that are judged and not stored yet
}

// observed is what one batch gave.
type observed struct {
	generation int
	from, to   int64
	hits       []sqlite.ClauseHit
}

// observe gives a batch to the sentries. The caller holds mu.
func (l *lookout) observe(ctx context.Context, b ingest.Batch) ([]sqlite.ClauseHit, error) {
	if len(l.sentries.all) == 0 {
		return nil, nil
	}
	m, again := l.sentries.memo[b.Source]
	if again && m.generation == b.Generation && m.from == b.From && m.to == b.To {
		return m.hits, nil
	}
	if again { // that batch was never stored: what was counted did not happen
		if err := l.relearn(ctx); err != nil {
			return nil, err
		}
	}
	m = observed{generation: b.Generation, from: b.From, to: b.To}
	now := l.now()
	for rec := range ArchiveRecords(b) {
		for _, s := range l.sentries.all {
			m.hits = append(m.hits, s.take(rec, now)...)
		}
	}
	for _, s := range l.sentries.all {
		if b.Final && s.run != nil {
			m.hits = append(m.hits, s.hits(s.run.engine.End(b.Source))...)
		}
	}
	l.sentries.memo[b.Source] = m
	return m.hits, nil
}

// relearn gives every sentry what it would know had it always watched. The caller
// holds mu.
func (l *lookout) relearn(ctx context.Context) error {
	clear(l.sentries.memo)
	for _, s := range l.sentries.all {
		if s.run == nil {
			continue
		}
		s.run = newRunner(s.run.engine.Set())
		if err := l.lookBack(ctx, s, l.archiveFrom(s, false)); err != nil {
			return err
		}
	}
	return nil
}

// archiveFrom is the archive segment that a sentry begins with: where its time
// begins, or if it has looked back before, so far back as its rules look.
func (l *lookout) archiveFrom(s *sentry, fresh bool) uint64 {
	if l.archive == nil {
		return 0
	}
	all := l.archive.Segments()
	if len(all) == 0 {
		return 0
	}
	most, since, rows := int64(reachRows), all[len(all)-1].Last-s.run.engine.Set().Reach().Milliseconds(), int64(0)
	if fresh {
		most, since = huntRows, 0
	}
	from := all[len(all)-1].Number + 1
	for _, m := range slices.Backward(all) {
		if rows += m.Rows; rows > most {
			l.logger.Warn("the archive holds more than a clause's queries look back through", "clause", s.what.Clause, "from", from)
			break
		}
		if rows <= rememberRows || m.Last >= max(since, s.what.From*1000) {
			from = m.Number
		}
	}
	return from
}

// lookBack feeds a sentry from the archive, from a segment on, and stores what it
// finds there: what is known already is not stored twice.
func (l *lookout) lookBack(ctx context.Context, s *sentry, from uint64) error {
	if l.archive == nil {
		return nil
	}
	var rows []sqlite.ClauseHit
	now := l.now()
	last, err := l.archive.Each(ctx, from, nil, func(rec *archive.Record) error {
		if rows = append(rows, s.take(rec, now)...); len(rows) < hitChunk {
			return nil
		}
		err := l.db.Observed(ctx, rows)
		rows = rows[:0]
		return err
	})
	if errors.Is(err, archive.ErrDamaged) {
		l.logger.Error("a clause's queries look back through the archive", "error", err)
		err = nil
	}
	if err != nil {
		return err
	}
	s.run.next = last
	return l.db.Observed(ctx, rows)
}

// sentriesNote is the key in watch.db of the sentries that have looked back.
const sentriesNote = "clauses"

// post sets the sentries: those that are there go on with the times that are now
// known, new ones look back through the archive first.
func (l *lookout) post(ctx context.Context, want []*sentry) error {
	var looked map[string]bool
	if _, err := note(ctx, l.db, sentriesNote, &looked); err != nil {
		return err
	}
	next, known := make([]*sentry, 0, len(want)), make(map[string]bool)
	for _, s := range want {
		old := l.standing(s)
		if known[s.digest()] = true; old != nil {
			next = append(next, old)
			continue
		}
		next = append(next, s)
		if s.run == nil {
			continue
		}
		if err := l.lookBack(ctx, s, l.archiveFrom(s, !looked[s.digest()])); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range next {
		if s.what = want[i].what; s.run != nil && s == want[i] { // lines that came meanwhile
			if err := l.lookBack(ctx, s, s.run.next); err != nil {
				return err
			}
		}
	}
	if l.sentries.memo == nil {
		l.sentries.memo = make(map[string]observed)
	}
	l.sentries.all = next
	return putNote(ctx, l.db, sentriesNote, known)
}

// standing is the sentry that looks for the same already.
func (l *lookout) standing(s *sentry) *sentry {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.sentries.all {
		if o.same(s) {
			return o
		}
	}
	return nil
}

// lull lets what sentries wait for become certain. The caller holds mu.
func (l *lookout) lull(ctx context.Context) error {
	var found []sqlite.ClauseHit
	for _, s := range l.sentries.all {
		if s.run == nil {
			continue
		}
		for _, source := range s.run.engine.Sources() {
			until := l.now()
			if q := l.rules.quiet; !q.IsZero() && q.Before(until) {
				until = q // what lies unread may be earlier
			}
			if quiet := until.Sub(s.run.last[source]); quiet > 0 {
				found = append(found, s.hits(s.run.engine.Advance(source, quiet))...)
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	if err := l.db.Observed(ctx, found); err != nil {
		return errors.Join(err, l.relearn(ctx))
	}
	l.spotted()
	return nil
}
