package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"entente/api"
	"entente/election/results"
	"entente/record"
	"entente/statement"
)

// What the seals of a publication are called in the record.
const (
	sealedBytes = "results file"
	sealedCells = "results cells"
)

func resultsSeal(ctx context.Context, e *env, f *resultFlags, args []string) error {
	f.withDir()
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	t, err := f.publication(files)
	if err != nil {
		return err
	}
	root, err := t.Root()
	if err != nil {
		return err
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	type sealed struct {
		What      string        `json:"what"`
		Name      string        `json:"name"`
		Digest    string        `json:"digest"`
		Statement statement.Ref `json:"statement"`
	}
	var all []sealed
	put := func(what, name string, size int64, d statement.Digest) error {
		ref, err := c.Seal(ctx, api.SealRequest{What: what, Name: name, Size: size, Digest: d})
		if err == nil {
			all = append(all, sealed{what, name, d.String(), ref})
		}
		return err
	}
	var names []string
	for _, s := range t.Sources {
		names = append(names, base(s.File))
		d, err := statement.ParseDigest(s.SHA256)
		if err != nil {
			return err
		}
		if err := put(sealedBytes, base(s.File), s.Size, d); err != nil {
			return err
		}
	}
	if err := put(sealedCells, short(strings.Join(names, ", "), 200), int64(len(t.Cells)+t.Unread), statement.Digest(root)); err != nil {
		return err
	}
	if *f.asJSON {
		return e.json(all)
	}
	for _, s := range all {
		e.printf("sealed %s of %s, %s; said as number %d\n", s.What, s.Name, s.Digest, s.Statement.Index)
	}
	last := all[len(all)-1].Statement.Index
	e.printf("a number of it is proven by: entente results prove, and entente export --dir %s --bundle %d\n", f.dir, last)
	return nil
}

func resultsProve(_ context.Context, e *env, f *resultFlags, args []string) error {
	contest, choice, unit := f.String("contest", "", ""), f.String("choice", "", ""), f.String("unit", "", "")
	what, typ, out := f.String("what", results.Votes, ""), f.String("type", results.Total, ""), f.String("out", "", "")
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
	found := t.Match(results.Key{Contest: *contest, Choice: *choice, Unit: *unit, What: *what, Type: *typ})
	if len(found) != 1 {
		for i, c := range found {
			if i == 20 {
				e.note("and %d more", len(found)-i)
				break
			}
			e.note("%d  %s", c.Count, t.Show(c.Key))
		}
		return hint(fmt.Errorf("%s found, one is proven", counted(len(found), "number", "numbers")), "--contest, --choice, --unit, --what and --type narrow it")
	}
	p, err := t.Prove(found[0].Key)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	if err := create(*out, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	}); err != nil {
		return err
	}
	e.printf("%s: %d  %s\n  under cell root %s\n", *out, p.Count, t.Show(p.Key), p.Root)
	return nil
}

func resultsLookup(_ context.Context, e *env, f *resultFlags, args []string) error {
	count, percent := f.Int64("count", -1, ""), f.String("percent", "", "")
	contest, choice, unit := f.String("contest", "", ""), f.String("choice", "", ""), f.String("unit", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	switch {
	case (*count < 0) == (*percent == ""):
		return usagef("--count N or --percent P: which number was shown?")
	case len(files) == 0:
		return usagef("in which files? captures, or files as they were kept")
	}
	var h results.History
	for _, path := range files {
		_, c, err := f.read(path)
		if err != nil {
			return err
		}
		h.Add(c)
	}
	a, err := h.Lookup(results.Query{Count: *count, Percent: *percent, Contest: *contest, Choice: *choice, Unit: *unit})
	if err != nil {
		return usagef("--percent: %v", err)
	}
	if *f.asJSON {
		return e.json(a)
	}
	const clock = "2006-01-02 15:04:05"
	span := fmt.Sprintf("%s between %s and %s UTC", counted(a.Captures, "file", "files"), a.First.Format(clock), a.Last.Format(clock))
	if a.Total == 0 {
		e.printf("never published in %s\n  means not  that it was published nowhere else, or between these times\n", span)
		return nil
	}
	e.printf("published: found %s in %s\n", counted(a.Total, "time", "times"), span)
	for _, hit := range a.Hits {
		e.printf("  %s  %s\n    %d  %s\n", hit.At.UTC().Format(time.DateTime), hit.From, hit.Cell.Count, hit.Table.Show(hit.Cell.Key))
	}
	return nil
}

// cellFinding is a number of a publication, proven under a root, and who sealed that.
type cellFinding struct {
	results.Proof
	Sealed []sealedBy `json:"sealed"`
}

type sealedBy struct {
	Party string `json:"party"`
	Index uint64 `json:"index"`
	Word  string `json:"word"`
	Time  int64  `json:"witness_time"`
}

func verifyCell(path string, data []byte) (finding, error) {
	var p results.Proof
	if err := statement.Decode(data, 1<<20, &p); err != nil {
		return finding{}, err
	}
	if err := p.Check(); err != nil {
		return finding{}, statement.Refuse(statement.CodeProof, "%v", err)
	}
	return finding{File: path, Proves: "cell", Cell: &cellFinding{Proof: p, Sealed: []sealedBy{}}}, nil
}

// sealCells lets the bundles among the findings say who sealed a cell's root. A
// number under a root that nobody sealed proves nothing about what was published.
func sealCells(e *env, all []finding) (failed bool) {
	for i := range all {
		c := all[i].Cell
		if c == nil {
			continue
		}
		for _, other := range all {
			r := other.Report
			if r == nil || r.Kind != record.KindSeal || r.Act == nil {
				continue
			}
			var body record.SealBody
			if statement.Decode(r.Act.Body, statement.MaxAct, &body) == nil && body.What == sealedCells && body.Digest.String() == c.Root && body.Size == c.Size {
				c.Sealed = append(c.Sealed, sealedBy{other.Party, r.Index, string(r.Word), r.WitnessTime})
				all[i].Party = other.Party
			}
		}
		if len(c.Sealed) == 0 {
			failed = true
			e.note("error: %s: none of the files is a seal of the cell root %s\nhint: entente export --bundle N writes the seal that entente results seal said as number N", all[i].File, c.Root)
		}
	}
	return failed
}

func showCell(e *env, c cellFinding) {
	e.printf("  number     %d\n  of         %s\n  election   %s\n  cell root  %s, leaf %d of %d\n", c.Count, c.Key, c.Election, c.Root, c.Index, c.Size)
	for _, s := range c.Sealed {
		e.printf("  sealed by  %s, number %d of its log, %s; newest witness %s\n", s.Party, s.Index, s.Word, clock(s.Time))
	}
	e.printf("  means not  that the number is right: that this party saw it published so\n")
}
