package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/border"
	"entente/charter"
	"entente/election/press"
	"entente/internal/scenario"
	"entente/node"
)

const exerciseUsage = `Usage: entente exercise [flags]

Starts north, south and an observer on this machine, lets each watch its own
logs, share indicators and sightings through witnessed logs, tells the story
and stays with its consoles. Without --logs and --indicators it plays a
scenario of its own.

  --logs PARTY=PATH         a log file or folder of a party (repeatable)
  --indicators PARTY=PATH   an indicator file that a party shares, or a folder of them (repeatable)
  --accept PATH             officers accept what the gate holds back of this file or folder (repeatable)
  --warninglists PATH       a warning list in MISP format, or a folder of them (repeatable)
  --own PARTY=VALUE         an address, network or name that is a party's own (repeatable)
  --lie MODE                south cheats: fork, rollback, tamper, stall or probe
  --once                    end when all is quiet
  --json                    with --once: print one JSON object
  --dir DIR                 keep the parties' folders in DIR (default: a temporary folder)
  --seed N                  another scenario of the same kind
`

const (
	north    = "north"
	south    = "south"
	observer = "observer"
)

// parties are the exercise's nodes; the last is the observer.
func parties() []string { return []string{north, south, observer} }

// exercise is one run.
type exercise struct {
	logs, indicators map[string][]string
	own              map[string][]string
	accept, warning  []string
	lie              string
	once, json       bool
	dir              string
	keep             bool // dir is the user's
	seed             uint64

	out, progress io.Writer
	stage         *stage
	began         time.Time
	step          int
	fired         int // rules of partners
	total         outcome

	night  scenario.Night
	site   *nightSite
	checks []press.Check // what the night's guards have found beside the results
}

// outcome is what --once --json prints. Its fields only grow.
type outcome struct {
	Parties           int     `json:"parties"`
	Lines             int64   `json:"lines"`
	Alerts            int64   `json:"alerts"`
	HeldBack          int64   `json:"held_back"`
	RulesFired        int     `json:"rules_fired"` // rules of a partner's that fired on somebody's own logs
	SightingsSent     int     `json:"sightings_sent"`
	SightingsReceived int     `json:"sightings_received"`
	Statements        int     `json:"statements"`
	Witnessed         int     `json:"witnessed"`
	Held              int     `json:"held"`
	BundlesVerified   int     `json:"bundles_verified"`
	Forks             int     `json:"forks"`
	Lost              int     `json:"lost"`
	Seconds           float64 `json:"seconds"`
	Sealed            int     `json:"sealed"`          // versions of results pages, by all
	Proven            int     `json:"proven"`          // altered numbers
	PageAlarms        int64   `json:"page_alarms"`     // of the alerts: those on results pages
	Refuted           int     `json:"refuted"`         // forged papers
	Matched           int     `json:"matched"`         // items that both sides hold
	Proof             string  `json:"proof,omitempty"` // with --lie: the file that proves it
}

// pairs collects repeated PARTY=VALUE flags.
type pairs map[string][]string

func (p pairs) String() string { return "" }

func (p pairs) Set(s string) error {
	party, value, ok := strings.Cut(s, "=")
	if !ok || value == "" || !slices.Contains([]string{north, south}, party) {
		return errors.New("want north=VALUE or south=VALUE")
	}
	p[party] = append(p[party], value)
	return nil
}

// values collects a repeated flag.
type values []string

func (v *values) String() string     { return "" }
func (v *values) Set(s string) error { *v = append(*v, s); return nil }

// parseExercise reads the command line.
func parseExercise(args []string) (*exercise, error) {
	x := &exercise{logs: pairs{}, indicators: pairs{}, own: pairs{}}
	f := flag.NewFlagSet("exercise", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Var(pairs(x.logs), "logs", "")
	f.Var(pairs(x.indicators), "indicators", "")
	f.Var(pairs(x.own), "own", "")
	f.Var((*values)(&x.accept), "accept", "")
	f.Var((*values)(&x.warning), "warninglists", "")
	f.StringVar(&x.lie, "lie", "", "")
	f.BoolVar(&x.once, "once", false, "")
	f.BoolVar(&x.json, "json", false, "")
	f.StringVar(&x.dir, "dir", "", "")
	f.Uint64Var(&x.seed, "seed", 1, "")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, errHelp
		}
		return nil, usageError{err.Error()}
	}
	switch {
	case f.NArg() > 0:
		return nil, usageError{"exercise takes flags only, not " + f.Arg(0)}
	case x.json && !x.once:
		return nil, usageError{"--json goes with --once"}
	case x.lie != "" && !slices.Contains(lies(), x.lie):
		return nil, usageError{"--lie is one of " + strings.Join(lies(), ", ")}
	}
	return x, x.check()
}

// check looks at every path before anything starts.
func (x *exercise) check() error {
	var paths []string
	for _, name := range []string{north, south} {
		paths = append(paths, x.logs[name]...)
		paths = append(paths, x.indicators[name]...)
	}
	paths = append(append(paths, x.accept...), x.warning...)
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			return hinted{fmt.Errorf("%s cannot be read: %w", p, unwrapPath(err)), "paths are relative to the folder you are in"}
		}
	}
	if err := x.openFolders(); err != nil {
		return err
	}
	for _, p := range x.accept {
		if !slices.Contains(x.indicators[north], p) && !slices.Contains(x.indicators[south], p) {
			return usageError{"--accept " + p + " names a file that no --indicators gives"}
		}
	}
	return nil
}

func unwrapPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// runExercise is the verb.
func runExercise(ctx context.Context, e env, args []string) error {
	x, err := parseExercise(args)
	if err != nil {
		return err
	}
	x.out, x.began = e.stdout, time.Now()
	if x.json {
		x.out = io.Discard
	}
	if e.terminal {
		x.progress = e.stderr
	}
	if x.dir == "" {
		dir, err := os.MkdirTemp("", "entente-exercise-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		x.dir = dir
	} else if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return err
	} else {
		x.keep = true
	}
	err = x.play(ctx)
	if x.site != nil {
		_ = x.site.server.Close()
	}
	if x.stage != nil {
		if x.json && err == nil {
			err = json.NewEncoder(e.stdout).Encode(x.total)
		}
		err = errors.Join(err, x.verdict(), x.stage.close())
	}
	if !x.keep && !x.once {
		fmt.Fprintln(x.out, "The data folders are removed; --dir DIR keeps them.")
	}
	return err
}

// real reports whether the user's own files are used.
func (x *exercise) real() bool {
	given := func(p pairs) bool { return len(p[north])+len(p[south]) > 0 }
	return given(x.logs) || given(x.indicators)
}

// configure sets what the exercise changes in a node's configuration.
func (x *exercise) configure(name string, c *node.Config) error {
	c.Console = "127.0.0.1:0"
	c.Release = node.Release{Mode: border.ModeAutomatic, PerDay: 200}
	c.OwnAssets = x.own[name]
	lists, err := warningFiles(x.warning)
	if err != nil {
		return err
	}
	c.WarningLists = lists
	if !x.real() {
		c.Sources = []node.Source{{ID: "logs", Path: filepath.Join(x.dir, "scenario", name, "logs")}}
		if name == observer {
			c.Sources = nil
		}
		c.Inventory, err = x.guard(name)
		return err
	}
	for _, p := range x.logs[name] {
		c.Sources = append(c.Sources, node.Source{ID: filepath.Base(p), Path: p, Once: true})
	}
	return nil
}

func warningFiles(paths []string) ([]string, error) {
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		inside, err := filepath.Glob(filepath.Join(p, "*.json"))
		if err != nil {
			return nil, err
		}
		files = append(files, inside...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// play runs the whole exercise.
func (x *exercise) play(ctx context.Context) error {
	if err := x.raise(ctx); err != nil {
		return err
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	x.sayRead(ctx)
	if err := x.share(ctx); err != nil {
		return err
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	if err := x.acceptAll(ctx); err != nil {
		return err
	}
	if err := x.acceptRules(ctx); err != nil {
		return err
	}
	if !x.real() {
		scene := scenario.Generate(x.seed, scenario.Epoch())
		if err := scene.Write(filepath.Join(x.dir, "scenario"), scenario.Late); err != nil {
			return err
		}
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	if x.lie != "" {
		return x.playLie(ctx)
	}
	if err := x.sayRules(ctx); err != nil {
		return err
	}
	if !x.real() {
		if err := x.remember(ctx); err != nil {
			return err
		}
		if err := x.playNight(ctx); err != nil {
			return err
		}
	}
	if err := x.count(ctx); err != nil {
		return err
	}
	x.sayEnd(ctx)
	return x.stay(ctx)
}

const settleLimit = 10 * time.Minute

func (x *exercise) settle(ctx context.Context) error {
	err := x.stage.settle(ctx, settleLimit, x.progress, parties()...)
	if x.progress != nil {
		fmt.Fprint(x.progress, "\r\x1b[K")
	}
	return err
}

// terms makes a day's budget of objects that a liar can exhaust in a minute.
func (x *exercise) terms(t *charter.Terms) {
	if x.lie == "probe" {
		t.Budgets.ObjectsPerDay = 20_000
	}
}

// raise makes the parties and starts their nodes.
func (x *exercise) raise(ctx context.Context) error {
	if inside, err := os.ReadDir(x.dir); err == nil && len(inside) > 0 {
		return x.occupied(inside)
	}
	if !x.real() {
		scene := scenario.Generate(x.seed, scenario.Epoch())
		if err := scene.Write(filepath.Join(x.dir, "scenario"), scenario.Early); err != nil {
			return err
		}
		var err error
		if x.site, err = openNight(); err != nil {
			return err
		}
		x.night = scenario.MakeNight(x.seed, scenario.Epoch())
	}
	var configured error
	s, err := newStage(x.dir, parties(), time.Now(), x.terms, func(name string, c *node.Config) {
		configured = errors.Join(configured, x.configure(name, c))
	})
	if err != nil {
		return err
	}
	x.stage = s
	if configured != nil {
		return configured
	}
	for _, name := range parties() {
		if err := s.start(ctx, name); err != nil {
			return err
		}
	}
	x.sayStart()
	return nil
}
