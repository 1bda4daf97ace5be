package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"entente/internal/ingest"
	"entente/statement"
	"entente/watch"
	"entente/watch/event"
	"entente/watch/rule"
	"entente/watch/sigma"
	"entente/watch/sigma/correlation"
)

// ruleScan judges lines by Sigma rules and STIX patterns. A nil one judges nothing.
type ruleScan struct {
	e        *env
	watch    *sigma.Watch
	report   sigma.Report
	patterns *rule.Engine // and detections that a line meets by itself; nil without
	ordered  *rule.Engine // those that need the lines of a source in their order; nil without
	left     int          // of the latter, that are left to who collects
	digest   string       // of all that was loaded: workers and who collects need the same
	apart    bool         // lines come out of order: what needs their order is left in waits
	waits    []correlation.Hit
	live     bool
	last     map[string]time.Time // when something of a source came, while live
	late     time.Duration
	alerts   int
	paths    map[string]string // the file of each source, for alerts that come later
	emit     func(ruleMatch) error
}

// ruleChoice is which rules a run judges by.
type ruleChoice struct {
	paths, lists, packs, senders texts
}

func (c ruleChoice) none() bool { return len(c.paths)+len(c.packs) == 0 }

// newRuleScan loads rules; without any it returns nil.
func newRuleScan(e *env, from ruleChoice, lateness time.Duration, live bool) (*ruleScan, error) {
	if from.none() {
		return nil, nil
	}
	opt, err := placeholders(from.lists)
	if err != nil {
		return nil, err
	}
	files, patterns, err := e.chosenRules(from)
	if err != nil {
		return nil, err
	}
	set, report := sigma.Load(files, opt)
	if lateness <= 0 {
		lateness = 10 * time.Minute
		if !live { // files that are read one after the other hold the same days: nothing is late before the end
			lateness = sigmaNever
		}
	}
	if n := report.Count(sigma.Refused) + report.Count(sigma.Never); n > 0 {
		e.note("hint: %s of %d cannot match here; entente rules says why", counted(n, "rule", "rules"), len(report.Entries))
	}
	w := set.NewWatch(sigma.WatchOptions{Correlation: correlation.Config{Lateness: lateness}})
	r := &ruleScan{e: e, watch: w, report: report, live: live, late: lateness, paths: make(map[string]string), last: make(map[string]time.Time)}
	r.emit = func(m ruleMatch) error { return e.json(m) }
	r.digest = ruleDigest(files, patterns, opt)
	alone, ordered := rule.Apart(patterns)
	r.patterns, r.ordered = r.engine(alone), r.engine(ordered)
	return r, nil
}

// engine runs patterns and detections, and reports on each; nil for none.
func (r *ruleScan) engine(rules []rule.Rule) *rule.Engine {
	if len(rules) == 0 {
		return nil
	}
	all := rule.NewSet(rules)
	for _, x := range all.Report() {
		if x.Refusal != nil {
			r.e.note("%s: %s", x.File, x.Refusal.Error())
		}
		r.report.Entries = append(r.report.Entries, x.Entry)
	}
	return rule.NewEngine(all)
}

// engines are those there are.
func (r *ruleScan) engines() (list []*rule.Engine) {
	for _, x := range []*rule.Engine{r.patterns, r.ordered} {
		if x != nil {
			list = append(list, x)
		}
	}
	return list
}

// aside leaves to who collects what needs more than one line, and says how many patterns and detections that are.
func (r *ruleScan) aside() {
	r.apart = true
	if r.ordered != nil {
		r.left, r.ordered = len(r.ordered.Set().Rules()), nil
	}
}

// ruleDigest is another for other rules, or the same in another order: where they lie is nothing.
func ruleDigest(files []sigma.File, patterns []rule.Rule, opt sigma.Options) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d %s\n", len(f.Data), f.Data)
	}
	for _, p := range patterns {
		fmt.Fprintf(h, "%d %s\n", len(p.Text), p.Text)
	}
	for _, name := range slices.Sorted(maps.Keys(opt.Placeholders)) {
		fmt.Fprintf(h, "%q %q\n", name, opt.Placeholders[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sigmaNever is a lateness that no log reaches.
const sigmaNever = 200 * 366 * 24 * time.Hour

// ruleMatch is one line of output about a rule.
type ruleMatch struct {
	Rule       string            `json:"rule"`
	RuleID     string            `json:"rule_id,omitempty"`
	RuleFile   string            `json:"rule_file"`
	Level      string            `json:"level,omitempty"`
	Tags       []string          `json:"tags,omitempty"`
	Evidence   []sigma.Evidence  `json:"evidence,omitempty"`
	Correlated *sigma.Correlated `json:"correlated,omitempty"`
	Field      string            `json:"field,omitempty"` // of a pattern: where, and what
	Seen       string            `json:"seen,omitempty"`
	Dataset    string            `json:"dataset,omitempty"`
	File       string            `json:"file"`
	Line       int64             `json:"line"`
	Offset     int64             `json:"offset"`
	Time       string            `json:"time"`
	ID         string            `json:"id"`
	Raw        string            `json:"raw,omitempty"`
}

// line judges one line and returns how many alerts it is in by itself.
func (r *ruleScan) line(b ingest.Batch, line ingest.Line, at watch.Place) (alerts int, err error) {
	if r == nil || line.Event == nil {
		return 0, nil
	}
	now := r.begin(b, line)
	found, hits := r.watch.Single(line.Event, at, line.Raw, now)
	alerts = len(found)
	if r.apart {
		r.waits = append(r.waits, hits...)
	} else {
		found = append(found, r.watch.Correlate(hits)...)
	}
	if err := r.print(found); err != nil {
		return alerts, err
	}
	n, err := r.feed(r.patterns, line, at, now)
	if err != nil {
		return alerts + n, err
	}
	_, err = r.feed(r.ordered, line, at, now)
	return alerts + n, err
}

// inOrder gives what needs order a line of a batch. The batches of a source come in their order.
func (r *ruleScan) inOrder(b ingest.Batch, line ingest.Line, at watch.Place) error {
	if line.Event == nil {
		return nil
	}
	_, err := r.feed(r.ordered, line, at, r.begin(b, line))
	return err
}

// begin completes the year of a line and returns the time by the clock, zero where history is read.
func (r *ruleScan) begin(b ingest.Batch, line ingest.Line) (now time.Time) {
	if b.Path != "" {
		r.paths[b.Source] = b.Path
	}
	if r.live {
		now = r.e.now()
	}
	if line.Event.Time.Year() == 0 {
		reference := b.Modified
		if reference.IsZero() {
			reference = r.e.now()
		}
		line.Event.Time = event.CompleteYear(line.Event.Time, reference)
	}
	return now
}

// feed gives a line to an engine, if there is one, and prints what it finds.
func (r *ruleScan) feed(to *rule.Engine, line ingest.Line, at watch.Place, now time.Time) (int, error) {
	if to == nil {
		return 0, nil
	}
	if r.live {
		r.last[at.Source] = now
	}
	matched := to.Event(line.Event, at, line.Raw, now)
	return len(matched), r.printPatterns(to, matched)
}

func (r *ruleScan) print(found []sigma.Alert) error {
	for _, a := range found {
		r.alerts++
		m := ruleMatch{
			Rule: a.Rule.Title, RuleID: a.Rule.ID, RuleFile: a.Rule.File, Level: a.Rule.Level, Tags: a.Rule.Tags, Evidence: a.Evidence,
			Correlated: a.Correlated, Dataset: a.Dataset, File: r.fileOf(a.Place.Source), Line: a.Place.Line, Offset: a.Place.Offset,
			Time: timeText(a.Time), ID: a.ID.String(), Raw: string(a.Raw),
		}
		if err := r.emit(m); err != nil {
			return err
		}
	}
	return nil
}

// printPatterns prints matches of patterns, under the text of each.
func (r *ruleScan) printPatterns(by *rule.Engine, found []rule.Hit) error {
	for _, h := range found {
		r.alerts++
		text := by.Set().Rules()[h.Rule]
		id := statement.TaggedSum("entente/pattern-alert/v1", fmt.Appendf(nil, "%s\x00%s\x00%d %d", text.Text, h.Place.Source, h.Place.Generation, h.Place.Offset))
		m := ruleMatch{
			Rule: h.Title, RuleFile: text.File, Level: h.Level, Field: h.Field, Seen: h.Seen, Dataset: h.Dataset, File: r.fileOf(h.Place.Source),
			Line: h.Place.Line, Offset: h.Place.Offset, Time: timeText(h.Time), ID: id.String(), Raw: string(h.Raw),
		}
		if text.Detect != nil {
			m.RuleID = h.Name
		}
		if err := r.emit(m); err != nil {
			return err
		}
	}
	return nil
}

func (r *ruleScan) fileOf(source string) string { return cmp.Or(r.paths[source], source) }

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// tick lets time pass where no event does it.
func (r *ruleScan) tick() error {
	if r == nil || !r.live {
		return nil
	}
	for _, x := range r.engines() {
		for source, at := range r.last {
			if err := r.printPatterns(x, x.Advance(source, r.e.now().Sub(at))); err != nil {
				return err
			}
		}
	}
	return r.print(r.watch.Advance(r.e.now().Add(-r.late)))
}

// end judges what waits and returns the account. A timespan that is not over is judged only where nothing can come any more.
func (r *ruleScan) end() (any, error) {
	if r == nil {
		return nil, nil
	}
	last := r.watch.Flush
	if r.live {
		last = func() []sigma.Alert { return r.watch.Advance(r.e.now()) }
	}
	err := r.print(last())
	for _, x := range r.engines() {
		if r.live {
			break
		}
		sources := x.Sources()
		slices.Sort(sources)
		for _, s := range sources {
			err = errors.Join(err, r.printPatterns(x, x.End(s)))
		}
	}
	return r.account(), err
}

func (r *ruleScan) account() map[string]any {
	return map[string]any{
		"alerts": r.alerts, "loaded": r.report.Count(sigma.Loaded), "never": r.report.Count(sigma.Never), "refused": r.report.Count(sigma.Refused),
		"stats": r.watch.Stats(),
	}
}
