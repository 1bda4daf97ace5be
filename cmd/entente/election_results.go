package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"entente/election/results"
	"entente/internal/webcapture"
)

func resultsVerb() verb {
	return verb{"results", "check, seal and compare published election results", `results show [--all] [--profile FILE] [reading] [--json] FILE...
       entente results diff [--profile FILE] [--sources | --same-time] [reading] [--json] OLD NEW...
       entente results learn [--same-day] --out FILE [reading] FILE...
       entente results prove [--contest TEXT] [--choice TEXT] [--unit TEXT] [--what WORD] [--type TYPE] --out PROOF [reading] FILE...
       entente results lookup (--count N | --percent P) [--contest TEXT] [--choice TEXT] [--unit TEXT] [reading] [--json] FILE...
       entente results batches --batch HEAD... --manifest HEAD --records HEAD [--json] FILE
       entente results seal --dir DIR [reading] [--json] FILE...
       entente results pages --dir DIR [--look] [--json] [PAGE]
       entente results balance --dir DIR [--json] PAGE
       entente results copies --dir DIR --out FOLDER [--last N | --joint] PAGE
       entente results ever --dir DIR [--contest TEXT] [--choice TEXT] [--unit TEXT] [--json] NUMBER|PERCENT%

Reads NIST SP 1500-100 v2 (XML, JSON), Clarity detail.xml and summary.csv, OpenElections
CSV, statements of votes, a zip of these, and a page that preserve has captured. Whatever
the format, the same numbers have the same cell root. All down to batches need no node.

show prints sums, what was not read with row and column, and which rules hold; exits 1 if
a hard rule is broken. diff compares versions number by number: nothing is raised where
only the spelling changed; of several versions it says what known errors explain. learn
writes a profile of what honest results of a place do. prove writes the proof of one
number: entente verify checks it with the bundle of a seal. lookup says whether a number
that somebody shows was ever published. batches compares, in a CSV, how many ballots each
batch has by its manifest and by its records. seal puts the digest of the bytes and the cell
root into the own log.

pages says how the results pages of the inventory stand, which the node watches; --look
fetches one now. balance gives this party's word, over the root, on whether the newest numbers of a
page add up; it is joint when every party has said so over the same root. copies writes the
newest versions (two, or --last), each with the bundle of its seal, for entente verify; with
--joint the last version that several parties sealed, with the bundles of all of them and a
page that any web server can show while the source is down. ever looks a
number up in everything that this party and the others have sealed.

  FILE...             for show, prove, learn and seal: one publication, in one file or
                      several (precincts, wards, the whole)
  --columns FILE      JSON: which column of a table is what; see docs/operate.md
  --election NAME     the election, where files of one publication differ in it
  --final             the numbers are certified, though the file does not say so
  --profile FILE      what learn has written
  --sources           OLD and NEW are two sources, not two versions
  --same-time         the same, and of one cut-off: they must agree
  --batch, --manifest, --records
                      heads of the columns that name a batch, and of both counts
  --all               every contest's sums and every finding
  --json              one JSON object`, runResults}
}

func runResults(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("show, diff, learn, prove, lookup, batches, seal, pages, copies, balance or ever?")
	}
	run, known := map[string]func(context.Context, *env, *resultFlags, []string) error{
		"show": resultsShow, "diff": resultsDiff, "learn": resultsLearn, "prove": resultsProve, "lookup": resultsLookup, "batches": resultsBatches, "seal": resultsSeal,
		"pages": resultsPages, "copies": resultsCopies, "balance": resultsBalance, "ever": resultsEver,
	}[args[0]]
	switch {
	case args[0] == "-h" || args[0] == "-help" || args[0] == "--help":
		return errHelp
	case !known:
		return usagef("no results %q: show, diff, learn, prove, lookup, batches, seal, pages, copies, balance or ever?", args[0])
	}
	f := &resultFlags{flags: newFlags(e, "results")}
	f.columns, f.election, f.final = f.String("columns", "", ""), f.String("election", "", ""), f.Bool("final", false, "")
	f.asJSON = f.Bool("json", false, "")
	return run(ctx, e, f, args[1:])
}

// resultFlags are the flags of reading that all forms have.
type resultFlags struct {
	*flags
	columns, election *string
	final, asJSON     *bool
}

func (f *resultFlags) options() (o results.Options, err error) {
	o = results.Options{Election: *f.election, Final: *f.final}
	if *f.columns == "" {
		return o, nil
	}
	o.Columns = new(results.Columns)
	return o, readOwnJSON(*f.columns, o.Columns)
}

// readOwnJSON reads a small file that the own side wrote: no member unknown.
func readOwnJSON(path string, into any) error {
	data, err := readFile(path, 1<<20)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// publication reads files as one.
func (f *resultFlags) publication(files []string) (*results.Table, error) {
	if len(files) == 0 {
		return nil, usagef("which file of results?")
	}
	var all []*results.Table
	for _, path := range files {
		t, _, err := f.read(path)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	t, err := results.Merge(all...)
	return t, otherElection(err)
}

func otherElection(err error) error {
	if errors.Is(err, results.ErrElections) {
		return hint(err, "if they are one, --election NAME names it for all of them")
	}
	return err
}

// read reads a file, and says when it was captured or written.
func (f *resultFlags) read(path string) (*results.Table, results.Capture, error) {
	o, err := f.options()
	if err != nil {
		return nil, results.Capture{}, err
	}
	if strings.HasSuffix(strings.ToLower(path), ".wacz") {
		return readCaptured(path, o)
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, results.Capture{}, fmt.Errorf("%s: %w", path, unwrapPath(err))
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, results.Capture{}, fmt.Errorf("%s: %w", path, unwrapPath(err))
	}
	if info.IsDir() {
		return nil, results.Capture{}, hint(fmt.Errorf("%s is a folder", path), "name the files in it")
	}
	o.File = path
	tell, done := f.e.progress(base(path))
	t, err := results.Read(&watched{in: in, size: uint64(info.Size()), tell: tell}, o)
	done()
	return t, results.Capture{From: path, At: info.ModTime().UTC().Truncate(time.Second), Table: t}, resultError(err)
}

// watched tells how far a file is read.
type watched struct {
	in         io.Reader
	done, size uint64
	tell       func(done, total uint64)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	if w.done += uint64(n); w.tell != nil {
		w.tell(w.done, w.size)
	}
	return n, err
}

func resultError(err error) error {
	if err != nil && results.ErrNoColumns(err) {
		return hint(err, "--columns FILE says which column is what; docs/operate.md has an example")
	}
	return err
}

// readCaptured reads the page of a capture, with what its server said of it.
func readCaptured(path string, o results.Options) (*results.Table, results.Capture, error) {
	data, err := readFile(path, 64<<20)
	if err != nil {
		return nil, results.Capture{}, err
	}
	c, err := webcapture.Read(data)
	if err != nil {
		return nil, results.Capture{}, fmt.Errorf("%s: %w", path, err)
	}
	page := c.Exchanges[c.Page]
	if page.Cut {
		return nil, results.Capture{}, fmt.Errorf("%s: the capture was cut: the page is longer than a capture holds", path)
	}
	o.File = path
	if answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(page.Response)), nil); err == nil {
		o.Modified, o.ETag = answer.Header.Get("Last-Modified"), answer.Header.Get("ETag")
		_ = answer.Body.Close()
	}
	t, err := results.Read(bytes.NewReader(page.Body), o)
	return t, results.Capture{From: c.Final, At: c.At, Table: t}, resultError(err)
}

// profile reads what learn wrote; none is the empty profile.
func profile(path string) (p results.Profile, err error) {
	if path == "" {
		return p, nil
	}
	return p, readOwnJSON(path, &p)
}

func resultsLearn(_ context.Context, e *env, f *resultFlags, args []string) error {
	out, sameDay := f.String("out", "", ""), f.Bool("same-day", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if *out == "" {
		return usagef("--out: which file?")
	}
	t, err := f.publication(files)
	if err != nil {
		return err
	}
	p := results.Profile{SameDay: *sameDay}
	if old, err := profile(*out); err == nil { // once more: of the next election
		p = old
		p.SameDay = p.SameDay || *sameDay
	} else if !errors.Is(err, os.ErrNotExist) && exists(*out) {
		return err
	}
	p = results.Learn(p, t)
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(*out, append(data, '\n'), 0o600); err != nil {
		return err
	}
	e.printf("%s: learned from %s; balances differ by at most %d, sums by at most %d\n", *out, counted(p.Tables, "publication", "publications"), p.Residual, p.Tolerance)
	return nil
}
