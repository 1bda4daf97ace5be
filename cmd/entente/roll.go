package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/election/roll"
)

func rollVerb() verb {
	return verb{"roll", "guard a voter roll: seal, compare, prove what changed", `roll key FILE
       entente roll seal --key FILE --place NAME [--since OLD] [--out FILE] [--dir DIR] [reading] [--json] ROLL
       entente roll compare --key FILE --place NAME [--list] [reading] [--json] OLD NEW
       entente roll alarms --key FILE --place NAME --history FILE [--canary ID]... [--election DATE --allowed REASON...] [--shared N] [reading] [--json] OLD NEW
       entente roll prove --key FILE --place NAME --out PROOF [reading] OLD NEW
       entente roll prove --key FILE --place NAME --voter ID [--show FIELD]... --out PROOF [reading] ROLL
       entente roll verify [--json] PROOF...
       entente roll synth --out FOLDER [--layout NAME] [--seed N] [--voters N] [--precincts N] [--days N] [--edits N]

Reads exports of a voter roll (North Carolina, California, New York, counties of Florida and
Texas, or columns that you declare). Only seal with --dir needs a node.

key makes the office's secret, without which no voter can be told from what leaves the office.
seal writes the root of an export, and with --since the counts of what changed, none of them
below ten; with --dir it puts the digests of both into the own log. compare says what changed,
alarms what of it is unusual by the days before; it exits 1 if anything is.
prove writes a proof that two sealed rolls differ in these voters and in no other, who are not
named by it; or that one voter's record is in a roll, with the values that are to be shown.
verify checks such proofs and prints the roots that they are of; entente verify says who sealed
these. synth writes the exports of a county that does not exist, to try all of it.

  ROLL, OLD, NEW      exports; the day of each stands in its name or in --day
  --key FILE          the office's secret, made by key
  --place NAME        whose roll it is, such as "Adams County"
  --day DATE          YYYY-MM-DD; of two exports DATE,DATE
  --layout NAME       a known layout, where the heads do not say it (New York's have none)
  --columns FILE      JSON: which column is what; see docs/operate.md
  --broken N          rows that may be left out, counted; default: 0
  --since OLD         the export before, to count what changed
  --list              compare: each change with its voter; it is not for others
  --history FILE      the days before, counted; alarms adds each new day. It stays in the office
  --canary ID         a planted voter, who must never change; may be repeated
  --election DATE     removals in the ninety days before it are judged
  --allowed REASON    a reason of removal that is allowed then; may be repeated
  --shared N          voters who come to one address or phone in 30 days; default: 10
  --voter ID          one voter; parts of an id with / between
  --show FIELD        a value that the proof shows; may be repeated; default: all
  --edits N           synth: addresses edited in one precinct on the last day
  --json              one JSON object`, runRoll}
}

func runRoll(ctx context.Context, e *env, args []string) error {
	const which = "key, seal, compare, alarms, prove, verify or synth?"
	if len(args) == 0 {
		return usagef(which)
	}
	run, known := map[string]func(context.Context, *env, *rollFlags, []string) error{
		"key": rollKey, "seal": rollSeal, "compare": rollCompare, "alarms": rollAlarms, "prove": rollProve, "verify": rollVerify, "synth": rollSynth,
	}[args[0]]
	switch {
	case args[0] == "-h" || args[0] == "-help" || args[0] == "--help":
		return errHelp
	case !known:
		return usagef("no roll %q: "+which, args[0])
	}
	f := &rollFlags{flags: newFlags(e, "roll")}
	f.asJSON = f.Bool("json", false, "")
	return run(ctx, e, f, args[1:])
}

// rollFlags are the flags of reading exports.
type rollFlags struct {
	*flags
	key, place, day, layout, columns *string
	broken                           *int
	asJSON                           *bool
}

func (f *rollFlags) withReading() {
	f.key, f.place, f.day = f.String("key", "", ""), f.String("place", "", ""), f.String("day", "", "")
	f.layout, f.columns, f.broken = f.String("layout", "", ""), f.String("columns", "", ""), f.Int("broken", 0, "")
}

// office is who reads the exports.
func (f *rollFlags) office() (o roll.Office, err error) {
	switch {
	case *f.key == "":
		return o, hint(errors.New("--key: which file holds the office's secret?"), "entente roll key FILE makes one; keep it, or no later day can be compared")
	case *f.place == "":
		return o, usagef("--place: whose roll is it?")
	case *f.broken < 0:
		return o, usagef("--broken: how many rows may be left out?")
	}
	data, err := readFile(*f.key, 1<<20)
	if err != nil {
		return o, err
	}
	key, err := roll.ParseKey(data)
	if err != nil {
		return o, hint(fmt.Errorf("%s holds no key of an office", *f.key), "entente roll key FILE makes one")
	}
	return roll.Office{Key: key, Jurisdiction: *f.place, Broken: *f.broken}, nil
}

func rollKey(_ context.Context, e *env, f *rollFlags, args []string) error {
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("roll key makes one file")
	}
	var key roll.Key
	if _, err := rand.Read(key[:]); err != nil {
		return err
	}
	err = create(files[0], func(w io.Writer) error { _, err := w.Write(key.File()); return err })
	if errors.Is(err, fs.ErrExist) {
		return hint(fmt.Errorf("%s exists", files[0]), "a key is not overwritten: what was sealed with it could not be proven any more")
	}
	if err == nil {
		e.printf("%s: keep it in the office, with a copy; whoever has it can tell which voter is behind each digest\n", files[0])
	}
	return err
}

// sources are the exports that the arguments name.
func (f *rollFlags) sources(e *env, files []string) ([]roll.Source, error) {
	days := strings.Split(*f.day, ",")
	if *f.day != "" && len(days) != len(files) {
		return nil, usagef("--day: %s, %s", counted(len(days), "day", "days"), counted(len(files), "export", "exports"))
	}
	columns, err := f.declared()
	if err != nil {
		return nil, err
	}
	var out []roll.Source
	for i, path := range files {
		day := days[min(i, len(days)-1)]
		if *f.day == "" {
			day = roll.DayOf(base(path))
		}
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return nil, hint(fmt.Errorf("%s: of which day? YYYY-MM-DD", path), "--day says it, or the file's name")
		}
		out = append(out, roll.Source{Name: base(path), Day: day, Columns: columns, Open: func() (io.ReadCloser, error) { return openExport(e, path) }})
	}
	if len(out) == 2 && out[0].Day >= out[1].Day {
		return nil, usagef("the older export first: %s is of %s, %s of %s", files[0], out[0].Day, files[1], out[1].Day)
	}
	return out, nil
}

// declared are the columns that the flags name; nil where the heads are to say it.
func (f *rollFlags) declared() (*roll.Columns, error) {
	known := roll.Known()
	switch {
	case *f.layout != "" && *f.columns != "":
		return nil, usagef("--layout or --columns?")
	case *f.layout != "":
		i := slices.IndexFunc(known, func(c roll.Columns) bool { return strings.EqualFold(c.Name, *f.layout) })
		if i < 0 {
			return nil, hint(fmt.Errorf("no layout %q", *f.layout), "%s", knownLayouts())
		}
		return &known[i], nil
	case *f.columns != "":
		data, err := readFile(*f.columns, 1<<20)
		if err != nil {
			return nil, err
		}
		c, err := roll.ParseColumns(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", *f.columns, err)
		}
		return &c, nil
	}
	return nil, nil
}

func knownLayouts() string {
	var names []string
	for _, c := range roll.Known() {
		names = append(names, fmt.Sprintf("%q", c.Name))
	}
	return "the known ones are " + strings.Join(names, ", ")
}

// openExport opens an export, and tells on a terminal how far it is read.
func openExport(e *env, path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unwrapPath(err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("a folder")
	}
	if err != nil {
		return nil, errors.Join(unwrapPath(err), file.Close())
	}
	tell, done := e.progress(base(path))
	return export{&watched{in: file, size: uint64(info.Size()), tell: tell}, func() error { done(); return file.Close() }}, nil
}

type export struct {
	io.Reader
	close func() error
}

func (x export) Close() error { return x.close() }

// rollError helps with what an export is not.
func rollError(err error) error {
	if errors.Is(err, roll.ErrUnknown) {
		return hint(err, "--columns FILE says which column is what, and docs/operate.md how; --layout names one without heads: %s", knownLayouts())
	}
	var p roll.Problem
	if errors.As(err, &p) {
		return hint(err, "--broken N leaves out so many rows and counts them")
	}
	return err
}

func tellRoll(e *env, r *roll.Roll) {
	e.note("%s: %s by %s, root %s", r.Name, counted(r.Voters, "voter", "voters"), r.Layout, r.Root())
	if len(r.Missing) > 0 {
		e.note("  not in it: %s", strings.Join(r.Missing, ", "))
	}
	if len(r.Ignored) > 0 {
		e.note("  not compared: %s", strings.Join(r.Ignored, ", "))
	}
	if r.Latin1 > 0 {
		e.note("  %s no UTF-8, read as ISO 8859-1", counted(r.Latin1, "value", "values"))
	}
	for i, p := range r.Broken {
		if i == 20 {
			e.note("  and %d more", len(r.Broken)-i)
			break
		}
		e.note("  left out: %v", p)
	}
}

func rollSynth(ctx context.Context, e *env, f *rollFlags, args []string) error {
	out, layout := f.String("out", "", ""), f.String("layout", roll.Known()[0].Name, "")
	seed, voters, precincts := f.Uint64("seed", 1, ""), f.Int("voters", 10_000, ""), f.Int("precincts", 10, "")
	days, edits, day := f.Int("days", 2, ""), f.Int("edits", 0, ""), f.String("day", "2026-09-01", "")
	if err := f.none(args); err != nil {
		return err
	}
	first, err := time.Parse(time.DateOnly, *day)
	switch {
	case *out == "":
		return usagef("--out: which folder?")
	case err != nil:
		return usagef("--day: %q is no YYYY-MM-DD", *day)
	case *days < 1 || *days > 366 || *edits < 0:
		return usagef("--days: 1 to 366; --edits: 0 or more")
	}
	s, err := roll.NewSynth(*seed, *voters, *precincts, first)
	if err != nil {
		return usagef("%v", err)
	}
	if err := os.MkdirAll(*out, 0o700); err != nil {
		return unwrapPath(err)
	}
	for n := range *days {
		if err := ctx.Err(); err != nil {
			return err
		}
		var plant []func(*roll.Synth)
		if n == *days-1 && *edits > 0 {
			plant = append(plant, func(s *roll.Synth) { s.EditAddresses(*precincts/2, *edits) })
		}
		c := s.Day(plant...)
		path := filepath.Join(*out, "roll-"+c.New.Day+".txt")
		if err := create(path, func(w io.Writer) error { return s.Write(w, *layout) }); err != nil {
			return unwrapPath(err)
		}
		e.printf("%s: %s, %s\n", path, counted(c.New.Voters, "voter", "voters"), counted(len(c.Changes), "change", "changes"))
	}
	return nil
}
