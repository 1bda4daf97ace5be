package main

import (
	"time"

	"entente/internal/ingest"
	"entente/watch"
	"entente/watch/event"
	"entente/watch/sigma"
	"entente/watch/sigma/correlation"
)

// ruleScan judges lines by Sigma rules. A nil one judges nothing.
type ruleScan struct {
	e      *env
	watch  *sigma.Watch
	report sigma.Report
	live   bool
	late   time.Duration
	alerts int
	paths  map[string]string // the file of each source, for alerts that come later
}

// newRuleScan loads rules; without any it returns nil.
func newRuleScan(e *env, paths, lists []string, lateness time.Duration, live bool) (*ruleScan, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	set, report, err := loadRules(paths, lists)
	if err != nil {
		return nil, err
	}
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
	return &ruleScan{e: e, watch: w, report: report, live: live, late: lateness, paths: make(map[string]string)}, nil
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
	Dataset    string            `json:"dataset,omitempty"`
	File       string            `json:"file"`
	Line       int64             `json:"line"`
	Offset     int64             `json:"offset"`
	Time       string            `json:"time"`
	ID         string            `json:"id"`
	Raw        string            `json:"raw,omitempty"`
}

// line judges one line and returns how many alerts it is in at once.
func (r *ruleScan) line(b ingest.Batch, line ingest.Line, at watch.Place) (alerts int, err error) {
	if r == nil || line.Event == nil {
		return 0, nil
	}
	if b.Path != "" {
		r.paths[b.Source] = b.Path
	}
	var now time.Time
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
	found := r.watch.Event(line.Event, at, line.Raw, now)
	for _, a := range found {
		if a.Correlated == nil {
			alerts++
		}
	}
	return alerts, r.print(found)
}

func (r *ruleScan) print(found []sigma.Alert) error {
	for _, a := range found {
		r.alerts++
		m := ruleMatch{
			Rule: a.Rule.Title, RuleID: a.Rule.ID, RuleFile: a.Rule.File, Level: a.Rule.Level, Tags: a.Rule.Tags, Evidence: a.Evidence,
			Correlated: a.Correlated, Dataset: a.Dataset, File: r.paths[a.Place.Source], Line: a.Place.Line, Offset: a.Place.Offset,
			ID: a.ID.String(), Raw: string(a.Raw),
		}
		if m.File == "" {
			m.File = a.Place.Source
		}
		if !a.Time.IsZero() {
			m.Time = a.Time.UTC().Format(time.RFC3339Nano)
		}
		if err := r.e.json(m); err != nil {
			return err
		}
	}
	return nil
}

// tick lets time pass where no event does it.
func (r *ruleScan) tick() error {
	if r == nil || !r.live {
		return nil
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
	return map[string]any{
		"alerts": r.alerts, "loaded": r.report.Count(sigma.Loaded), "never": r.report.Count(sigma.Never), "refused": r.report.Count(sigma.Refused),
		"stats": r.watch.Stats(),
	}, err
}
