package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"entente/border"
	"entente/exchange/convert"
	"entente/internal/ingest"
	"entente/node"
	"entente/observable"
	"entente/watch"
	"entente/watch/indicator"
)

func watchVerb() verb {
	return verb{"watch", "look for indicators, and by Sigma rules and STIX patterns, in log files, without a node", `watch [--indicators FILE...] [--rules DIR...] [--pack NAME...] [flags] LOG...

Prints each match as one JSON object on a line, with its explanation, and at the
end the account of every line read. LOG is a file, plain, gzip, zstd or a packet capture, a folder, or
- for standard input; the format is recognised.

  --indicators FILE     plain list, CSV, STIX 2.1 or MISP; may be repeated
  --rules DIR           Sigma rules (.yml, .yaml), and the patterns of STIX bundles (.json)
                        or of files with one a line (.pattern); a file, too; may be repeated
  --pack election       rules that come with the program, against what elections have
                        met: injected SQL, scans, harvests of records, look-alike senders
  --sender NAME=DOMAIN[,DOMAIN...]   with --pack: a vendor or office whose mail others
                        may imitate; may be repeated
  --placeholder NAME=FILE   as for entente rules
  --lateness DURATION   how late an event may come for rules that correlate; 10m with
                        --follow, else without end
  --accept              let everything alert that the gate would hold back: what is
                        undated, expired, too broad or known to be harmless
  --warning-list FILE   beside the built-in ones; may be repeated
  --own VALUE           an own address, network or name; may be repeated
  --follow              go on with what is appended, until interrupted

Spread over machines by NATS JetStream, URL being nats:// or tls://HOST:PORT[,...]/STREAM
with ?group=NAME for workers and ?replicas=N for a stream that is new:

  watch --to URL LOG...                    ship lines, from where the stream ends
  watch --source URL --indicators FILE... --rules DIR...   work on them, one of many, until interrupted
  watch --results URL --rules DIR...       print what the workers found; what needs several
                                           lines (rules that correlate, FOLLOWEDBY, REPEATS,
                                           parts of a pack) is worked out here, by one process

  --name NAME           with --to: before the names of the logs, to tell machines apart
  --nats-user NAME --nats-password-file FILE, --nats-token-file FILE,
  --nats-nkey-file FILE or --nats-creds-file FILE   log in; passwords and tokens only over TLS
  --nats-ca FILE        who signs the servers' certificates
  --nats-cert FILE --nats-key FILE   own certificate, where the servers ask for one`, runWatch}
}

func runWatch(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "watch")
	var files, warning, own texts
	var rules ruleChoice
	f.Var(&files, "indicators", "")
	f.Var(&rules.paths, "rules", "")
	f.Var(&rules.packs, "pack", "")
	f.Var(&rules.senders, "sender", "")
	f.Var(&rules.lists, "placeholder", "")
	lateness := f.Duration("lateness", 0, "")
	f.Var(&warning, "warning-list", "")
	f.Var(&own, "own", "")
	accept, follow := f.Bool("accept", false, ""), f.Bool("follow", false, "")
	to, from, results := f.String("to", "", ""), f.String("source", "", ""), f.String("results", "", "")
	at := streamFlags(f)
	logs, err := f.parse(args)
	if err != nil {
		return err
	}
	at.url = *to + *from + *results // one of them, or it is refused
	switch {
	case *to != "" && len(logs) > 0 && *from+*results == "":
		return e.ship(ctx, at, logs, *follow)
	case *results != "" && len(logs) == 0 && *to+*from == "" && len(files) == 0:
		r, err := newRuleScan(e, rules, *lateness, *follow)
		if err != nil {
			return err
		}
		return e.collect(ctx, at, r, *follow)
	case *to+*results != "":
		return usagef("watch takes either --to URL LOG..., --source URL or --results URL")
	case len(files) == 0 && rules.none() || (len(logs) == 0) == (*from == ""):
		return usagef("watch needs --indicators FILE, --rules DIR or --pack NAME, and at least one log or --source URL")
	}
	gate, err := readGate(warning, own)
	if err != nil {
		return err
	}
	s := &scan{e: e, held: make(map[uint32]bool), emit: func(m matchLine) error { return e.json(m) }}
	if err := s.load(files, gate, *accept); err != nil {
		return err
	}
	if s.rules, err = newRuleScan(e, rules, *lateness, *follow); err != nil {
		return err
	}
	if *from != "" {
		return s.work(ctx, at)
	}
	sources, err := e.logs(logs)
	if err != nil {
		return err
	}
	told, done := e.progress("lines")
	s.told = told
	cfg := ingest.Config{Formats: node.Formats(), Translate: node.Translate, Trouble: func(source string, err error) { e.note("%s: %v", source, err) }}
	if s.rules == nil { // rules look at lines that no indicator meets
		cfg.Sieve = func() *indicator.Set { return s.set }
	}
	read := ingest.Once
	if *follow {
		read = ingest.Follow
	}
	err = read(ctx, cfg, sources, func(string) ingest.Position { return ingest.Position{} }, s)
	done()
	return errors.Join(err, s.end())
}

// logs are the sources that arguments name.
func (e *env) logs(paths []string) ([]ingest.Source, error) {
	var sources []ingest.Source
	for _, path := range paths {
		if path == "-" {
			sources = append(sources, ingest.Source{ID: "stdin", Reader: e.stdin})
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return nil, hint(fmt.Errorf("log %w", err), "is the path right, and may this user read it?")
		}
		sources = append(sources, ingest.Source{ID: path, Path: path})
	}
	return sources, nil
}

func readGate(warning, own []string) (*border.Gate, error) {
	all := border.BuiltIn()
	for _, path := range warning {
		data, err := readFile(path, 64<<20)
		if err != nil {
			return nil, err
		}
		l, err := convert.WarningList(base(path), data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, l)
	}
	var mine []observable.Value
	for _, raw := range own {
		v, err := observable.Detect(raw)
		if err != nil {
			return nil, usagef("--own %q: %v", raw, err)
		}
		mine = append(mine, v)
	}
	// Logs of any age are read here: an old indicator may be the right one.
	return border.NewGate(all, mine).WithDecay(border.Decay{}), nil
}

// scan is the sink of one run.
type scan struct {
	e       *env
	metas   []watch.Meta
	reasons []string // why the gate would hold it, by id
	held    map[uint32]bool
	set     *indicator.Set
	matcher *watch.Matcher
	rules   *ruleScan // nil without rules
	hits    []watch.Hit
	ledger  watch.Ledger
	alerts  int
	kept    int // matches of held-back indicators
	told    node.Progress
	emit    func(matchLine) error
}

// load reads the indicators and judges each.
func (s *scan) load(files []string, gate *border.Gate, accept bool) error {
	var entries []indicator.Entry
	now := s.e.now()
	for _, path := range files {
		data, err := readFile(path, convertLimit)
		if err != nil {
			return err
		}
		items, _, err := convert.Read(base(path), data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i, it := range items {
			observed, until, err := it.Times()
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if it.IsRule() {
				s.e.note("%s: item %d is a %s, which --rules would run: %s", base(path), i, it.Type, short(it.Note, 80))
				continue
			}
			m := watch.Meta{List: base(path), Item: i, Value: it.Observable(), Status: watch.Active}
			v := gate.Judge(border.Candidate{Value: m.Value, Observed: observed, Until: until, Context: it.Context, Rule: it.IsRule()}, now)
			reason := ""
			if v.Hold && !accept {
				m.Status = watch.Held
				reason = v.Reasons[0].Code
			}
			entries = append(entries, indicator.Entry{Value: m.Value, ID: uint32(len(s.metas))})
			s.metas, s.reasons = append(s.metas, m), append(s.reasons, reason)
		}
	}
	s.set = indicator.NewSet(entries)
	s.matcher = watch.NewMatcher(s.set, func(id uint32) (watch.Meta, bool) { return s.metas[id], true })
	return nil
}

const convertLimit = 64 << 20

// matchLine is one line of output.
type matchLine struct {
	Indicator string `json:"indicator"`
	Type      string `json:"type"`
	List      string `json:"list"`
	Seen      string `json:"seen"`
	Field     string `json:"field"`
	Why       string `json:"why"`
	Rule      string `json:"rule"`
	File      string `json:"file"`
	Line      int64  `json:"line"`
	Offset    int64  `json:"offset"`
	Time      string `json:"time"` // of the event; empty if the line has none
	Raw       string `json:"raw"`
}

// Batch implements ingest.Sink.
func (s *scan) Batch(_ context.Context, b ingest.Batch) error {
	for _, line := range b.Lines {
		if line.Clear {
			s.ledger.Add(watch.Ledger{Read: int64(1 + line.More), Clean: int64(1 + line.More)})
			continue
		}
		s.hits = s.hits[:0]
		err := line.Err
		if line.Event != nil {
			err = nil
			s.hits = s.matcher.Match(line.Event, place(b, line), line.Raw, s.hits)
		}
		alerts, kept := watch.Alerts(s.hits)
		byRules, failed := s.rules.line(b, line, place(b, line))
		if failed != nil {
			return failed
		}
		s.kept += kept
		s.alerts += len(alerts)
		s.ledger.Count(watch.Judge(err, len(alerts)+byRules))
		for _, h := range s.hits {
			if h.Meta.Status == watch.Held {
				s.held[h.ID] = true
			}
		}
		for _, a := range alerts {
			if err := s.emit(matchOf(a, b.Path)); err != nil {
				return err
			}
		}
	}
	if s.told != nil {
		s.told(uint64(s.ledger.Read), 0)
	}
	return s.rules.tick()
}

func place(b ingest.Batch, line ingest.Line) watch.Place {
	return watch.Place{Source: b.Source, Generation: b.Generation, Line: line.Number, Offset: line.Offset}
}

func matchOf(a watch.Alert, path string) matchLine {
	m := matchLine{
		Indicator: a.Meta.Value.Canonical, Type: string(a.Meta.Value.Type), List: a.Meta.List, Seen: a.Seen.Canonical, Field: a.Field,
		Why: a.Why().String(), Rule: a.Rule.Code(), File: path, Line: a.Place.Line, Offset: a.Place.Offset, Raw: string(a.Raw),
	}
	if path == "" {
		m.File = a.Place.Source
	}
	if !a.Time.IsZero() {
		m.Time = a.Time.UTC().Format(time.RFC3339Nano)
	}
	return m
}

// end prints the account.
func (s *scan) end() error {
	reasons := make(map[string]int)
	for id := range s.held {
		reasons[s.reasons[id]]++
	}
	rules, err := s.rules.end()
	if err != nil {
		return err
	}
	account := map[string]any{
		"ledger": s.ledger, "indicators": len(s.metas), "alerts": s.alerts,
		"held_back": map[string]any{"matches": s.kept, "indicators": len(s.held), "reasons": reasons},
	}
	if rules != nil {
		account["rules"] = rules
	}
	if err := s.e.json(account); err != nil {
		return err
	}
	if s.kept > 0 {
		s.e.note("hint: %s of %s that the gate holds back are not shown; --accept shows them", counted(s.kept, "match", "matches"), counted(len(s.held), "indicator", "indicators"))
	}
	return s.ledger.Check()
}

var _ ingest.Sink = (*scan)(nil)
