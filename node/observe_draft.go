package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"entente/accord"
	"entente/internal/sqlite"
	"entente/statement"
)

// Rows of observations are drafted in two steps, so that the digest of what was
// seen stands in the record before anybody is told of it: first the lines as an
// exhibit that stays at home; when an officer has signed that, the account that
// cites it. Nothing is said by the watch itself.

// byWatch is who wrote what the watch drafts.
const byWatch = "watch"

const (
	rowFresh   = time.Minute      // so long a new draft takes in what comes: a flood is one row
	rowRenew   = 15 * time.Minute // and one that nobody has signed again after that
	rowSkew    = 5 * time.Minute  // events dated further ahead wait
	sliceLines = 1000             // of a row, in its exhibit: the first ones
	maxSlice   = 64 << 10         // bytes of these
)

// spansOf are the times of events that a clause counts, as far as they have come.
func spansOf(w accord.Watched, now time.Time) []sqlite.Span {
	var list []sqlite.Span
	for _, p := range w.Periods(now.Add(rowSkew).Unix() + 1) {
		list = append(list, sqlite.Span{From: p.From * 1000, To: p.To * 1000})
	}
	return list
}

// ever is every time.
var ever = []sqlite.Span{{From: math.MinInt64, To: math.MaxInt64}}

// draftRows drafts what the watch has found of what is watched now, and takes
// back the drafts of what is not any more. No officer signs meanwhile.
func (n *Node) draftRows(ctx context.Context, watched []accord.Watched) error {
	n.approving.Lock()
	defer n.approving.Unlock()
	rows, err := n.watch.ClauseRows(ctx)
	if err != nil || len(rows)+len(watched) == 0 {
		return err
	}
	waiting, err := n.waitingDrafts(ctx, rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if slices.ContainsFunc(watched, func(w accord.Watched) bool { return clauseOf(w) == row.Clause }) {
			continue
		}
		if d, ok := waiting[row.Exhibit]; row.Exhibit == "" || ok && len(d.Approvals) == 0 {
			if err := n.watch.DropClauseRow(ctx, row); err != nil {
				return err
			}
			n.changes.all()
		}
	}
	for _, w := range watched {
		own := slices.DeleteFunc(slices.Clone(rows), func(r sqlite.ClauseRow) bool { return r.Clause != clauseOf(w) })
		if err := n.draftRowsOf(ctx, w, own, waiting); err != nil {
			if err := n.survived(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// waitingDrafts are the drafts that still wait, if rows are drafted at all.
func (n *Node) waitingDrafts(ctx context.Context, rows []sqlite.ClauseRow) (map[string]sqlite.Draft, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	all, err := n.watch.Drafts(ctx, "")
	waiting := make(map[string]sqlite.Draft)
	for _, d := range all {
		waiting[d.ID] = d
	}
	return waiting, err
}

// draftRowsOf goes on with the rows of one clause.
func (n *Node) draftRowsOf(ctx context.Context, w accord.Watched, rows []sqlite.ClauseRow, waiting map[string]sqlite.Draft) error {
	spans := spansOf(w, n.opt.Now())
	var open *sqlite.ClauseRow // its draft may still change
	for i := range rows {
		row := &rows[i]
		d, waits := waiting[row.Exhibit]
		exhibit, said, err := n.exhibitOf(ctx, w, *row)
		switch {
		case err != nil:
			return err
		case row.Exhibit == "":
			open = row
		case said:
			err = n.draftSighted(ctx, w, *row, spans, exhibit)
		case !waits:
			err = n.watch.EndClauseRow(ctx, row.ID, nil) // somebody discarded it
		case len(d.Approvals) == 0:
			open = row
		}
		if err != nil {
			return err
		}
	}
	if open == nil {
		open = &sqlite.ClauseRow{Clause: clauseOf(w)}
	}
	if open.ID == 0 || open.Exhibit != "" {
		due, err := n.rowDue(ctx, *open, spans)
		if err != nil || !due {
			return err
		}
		at := n.opt.Now().UnixMilli()
		if at-open.Made < rowFresh.Milliseconds() {
			at = open.Made // a draft changes under nobody's eyes for longer than that
		}
		if err := n.watch.CollectClauseRow(ctx, *open, spans, at); err != nil {
			return err
		}
	}
	rows, err := n.watch.ClauseRows(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Clause == open.Clause && row.Exhibit == "" {
			return n.draftExhibit(ctx, w, row, spans)
		}
	}
	return nil
}

// rowDue says that a row is to be collected, or collected anew: what it holds
// does not count any more, or it is old enough to take in what came since.
func (n *Node) rowDue(ctx context.Context, row sqlite.ClauseRow, spans []sqlite.Span) (bool, error) {
	free, err := n.watch.CountClauseHits(ctx, row.Clause, 0, spans)
	if err != nil || row.ID == 0 {
		return free > 0, err
	}
	in, err := n.watch.CountClauseHits(ctx, row.Clause, row.ID, spans)
	if err != nil {
		return false, err
	}
	all, err := n.watch.CountClauseHits(ctx, row.Clause, row.ID, ever)
	age := n.opt.Now().Sub(time.UnixMilli(row.Made))
	return in != all || free > 0 && (age < rowFresh || age >= rowRenew), err
}

// rowExhibit is the statement that a row's exhibit has become, and until when it
// tells.
type rowExhibit struct {
	ref  statement.Ref
	asOf time.Time
}

// exhibitOf finds the statement that a row's exhibit has become.
func (n *Node) exhibitOf(ctx context.Context, w accord.Watched, row sqlite.ClauseRow) (found rowExhibit, said bool, err error) {
	if row.Exhibit == "" {
		return found, false, nil
	}
	r, err := n.Accord(ctx)
	if err != nil {
		return found, false, err
	}
	sum := statement.Digest(sha256.Sum256(row.Slice))
	for _, s := range r.On(w.Ref) {
		if e, ok := accord.Body[accord.Exhibit](r, s.Ref); ok && s.Party == n.self.ID && e.SHA256 == sum {
			return rowExhibit{s.Ref, e.Captured.At.Time()}, true, nil
		}
	}
	return found, false, nil
}

// draftExhibit drafts the lines of a row as an exhibit; a row that holds none any
// more is dropped.
func (n *Node) draftExhibit(ctx context.Context, w accord.Watched, row sqlite.ClauseRow, spans []sqlite.Span) error {
	now := n.opt.Now()
	tallies, lines, err := n.watch.TallyClauseRow(ctx, row, spans, sliceLines)
	if err != nil {
		return err
	}
	if len(tallies) == 0 {
		return n.watch.DropClauseRow(ctx, row)
	}
	if row.Slice, err = n.sliceOf(ctx, w, tallies, lines, now); err != nil {
		return err
	}
	body := accord.Exhibit{
		Name: fmt.Sprintf("watch-%s-%d-clause-%d-row-%d.jsonl", n.partyOf(w.Ref.Origin), w.Ref.Index, w.Clause, row.ID), MediaType: "application/jsonl",
		Size: int64(len(row.Slice)), SHA256: sha256.Sum256(row.Slice), Kind: "log-slice",
		Captured: accord.Captured{At: accord.At(now), By: n.self.ID, Tool: "entente watch", From: strings.Join(sensorsOf(tallies), ", ")},
		Custody:  []accord.Custody{}, Verify: []string{}, Held: "withheld", Reason: "lines of own logs: shown when it is decided to",
	}
	d, err := n.compose(ctx, AccordDraft{Kind: accord.KindExhibit, Case: w.Case, Refs: []statement.Ref{w.Ref}, Body: body, Parts: [][]byte{row.Slice}, By: byWatch})
	if err != nil {
		return err
	}
	n.changes.all()
	return n.watch.DraftClauseRow(ctx, row, d)
}

// draftSighted drafts the account of a row whose exhibit is in the record.
func (n *Node) draftSighted(ctx context.Context, w accord.Watched, row sqlite.ClauseRow, spans []sqlite.Span, exhibit rowExhibit) error {
	tallies, _, err := n.watch.TallyClauseRow(ctx, row, spans, 0)
	if err != nil {
		return err
	}
	if len(tallies) == 0 { // the clause was suspended then, as is known now
		return n.watch.EndClauseRow(ctx, row.ID, nil)
	}
	var items []accord.Item
	for i, t := range condense(tallies) {
		items = append(items, w.Row(i+1, n.sight(t), []string{exhibit.ref.ID.String()}))
	}
	limits, err := n.limitsOf(ctx, w, tallies, exhibit.asOf)
	if err != nil {
		return err
	}
	body := w.Sighted(n.self.ID, items, exhibit.asOf, limits)
	salted := make([]accord.SaltedItem, len(items))
	for i, it := range items {
		var salt [sha256.Size]byte
		if _, err := rand.Read(salt[:]); err != nil {
			return err
		}
		salted[i] = accord.SaltedItem{Salt: hex.EncodeToString(salt[:]), Item: it}
		digest, err := accord.ItemDigest(salted[i])
		if err != nil {
			return err
		}
		body.Items = append(body.Items, digest)
	}
	part, err := json.Marshal(salted)
	if err != nil {
		return err
	}
	d, err := n.compose(ctx, AccordDraft{Kind: accord.KindAccount, Case: w.Case, Refs: []statement.Ref{w.Ref}, Body: body, Parts: [][]byte{part}, By: byWatch})
	if err != nil {
		return err
	}
	n.changes.all()
	return n.watch.EndClauseRow(ctx, row.ID, &d)
}

// sight is a tally as a row says it.
func (n *Node) sight(t sqlite.ClauseTally) accord.Sight {
	return accord.Sight{
		Query: t.Query, Name: briefly(t.Name), Sensor: sensorName(t.Source), Place: n.self.ID, Count: t.Count, AtLeast: t.Over > 0,
		From: time.UnixMilli(t.First), To: time.UnixMilli(t.Last),
	}
}

// briefly names a rule or pattern in a few words: one that is its own name by the
// beginning.
func briefly(name string) string {
	const most = 100
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

// sensorName is what others may read of a source: not where it lies.
func sensorName(source string) string {
	if strings.HasPrefix(source, "/") || strings.Contains(source, "\\") {
		return path.Base(strings.ReplaceAll(source, "\\", "/"))
	}
	return source
}

func sensorsOf(tallies []sqlite.ClauseTally) (names []string) {
	for _, t := range tallies {
		if name := sensorName(t.Source); !slices.Contains(names, name) && len(names) < 20 {
			names = append(names, name)
		}
	}
	return names
}

// condense makes no more items of tallies than an account may have: of one query
// and day over all sensors first, then over all days.
func condense(tallies []sqlite.ClauseTally) []sqlite.ClauseTally {
	const several = "several sensors"
	for _, key := range []func(sqlite.ClauseTally) [2]int64{
		func(t sqlite.ClauseTally) [2]int64 { return [2]int64{int64(t.Query), t.Day} },
		func(t sqlite.ClauseTally) [2]int64 { return [2]int64{int64(t.Query)} },
	} {
		if len(tallies) <= accord.MaxItems {
			break
		}
		var sums []sqlite.ClauseTally
		for _, t := range tallies {
			i := slices.IndexFunc(sums, func(s sqlite.ClauseTally) bool { return key(s) == key(t) })
			if i < 0 {
				sums = append(sums, t)
				continue
			}
			s := &sums[i]
			s.Count, s.Over, s.First, s.Last = s.Count+t.Count, s.Over+t.Over, min(s.First, t.First), max(s.Last, t.Last)
			if s.Source != t.Source {
				s.Source = several
			}
		}
		tallies = sums
	}
	return tallies
}

// limitsOf says what the watch could not see of what it counted.
func (n *Node) limitsOf(ctx context.Context, w accord.Watched, tallies []sqlite.ClauseTally, asOf time.Time) (accord.Texts, error) {
	sources, err := n.seen.Sources(ctx)
	if err != nil {
		return nil, err
	}
	var sensors []accord.Sensor
	for _, s := range sources {
		if slices.ContainsFunc(tallies, func(t sqlite.ClauseTally) bool { return t.Source == s.ID }) {
			sensors = append(sensors, accord.Sensor{Name: sensorName(s.ID), Read: s.Read, Unparsed: s.Unparsed, Dropped: s.Dropped})
		}
	}
	return w.Limits(asOf, sensors), nil
}

// sliceOf writes the lines of a row, one JSON object a line, behind one that says
// what they are.
func (n *Node) sliceOf(ctx context.Context, w accord.Watched, tallies []sqlite.ClauseTally, lines []sqlite.ClauseHit, asOf time.Time) ([]byte, error) {
	limits, err := n.limitsOf(ctx, w, tallies, asOf)
	if err != nil {
		return nil, err
	}
	total, more := int64(0), false
	for _, t := range tallies {
		total, more = total+t.Count, more || t.Over > 0
	}
	head := struct {
		Case     string        `json:"case"`
		About    statement.Ref `json:"about"`
		Clause   int           `json:"clause"`
		Position string        `json:"position"`
		Sensors  []string      `json:"sensors"`
		From     string        `json:"from"`
		AsOf     string        `json:"as_of"`
		Count    int64         `json:"count"`
		AtLeast  bool          `json:"at_least"`
		Limits   accord.Texts  `json:"limits"`
	}{w.Case, w.Ref, w.Clause, n.self.ID, sensorsOf(tallies), string(accord.At(time.Unix(w.From, 0))), string(accord.At(asOf)), total, more, limits}
	out, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	for _, h := range lines {
		line, err := json.Marshal(struct {
			Query      int    `json:"query"`
			Name       string `json:"name"`
			Sensor     string `json:"sensor"`
			Generation int    `json:"generation"`
			Line       int64  `json:"line"`
			At         string `json:"at"`
			exactText
		}{h.Query + 1, h.Name, h.Source, h.Generation, h.Line, time.UnixMilli(h.At).UTC().Format(time.RFC3339Nano), exactly(h.Raw)})
		if err != nil {
			return nil, err
		}
		if len(out)+len(line) > maxSlice {
			break // the head says how many there are
		}
		out = append(append(out, '\n'), line...)
	}
	return append(out, '\n'), nil
}
