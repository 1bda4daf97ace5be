package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"entente/election/audit"
	"entente/election/cvr"
	"entente/internal/cvrfile"
)

// records are the cast vote records of some files.
type records struct {
	Format string `json:"format"`
	cvr.Total
}

// readRecords sums up the records of files; each may be nil.
func readRecords(e *env, paths []string, key []byte, each func(*cvr.Row) error) (records, error) {
	inputs, closeAll, err := cvrfile.Open(paths, cvrfile.Regular)
	defer closeAll()
	if err != nil {
		return records{}, err
	}
	tell, done := e.progress("records")
	defer done()
	sum, n := cvr.NewSum(key), uint64(0)
	format, err := cvr.Read(inputs, func(r *cvr.Row) error {
		if n++; tell != nil && n%10_000 == 0 {
			tell(n, 0)
		}
		if err := sum.Add(r); err != nil || each == nil {
			return err
		}
		return each(r)
	})
	if err != nil {
		return records{}, err
	}
	total, err := sum.Done()
	return records{format, total}, err
}

// rootKey reads the secret key of a root: 64 hex digits. "" is none.
func rootKey(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readFile(path, 1024)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(key) != sha256.Size {
		return nil, hint(fmt.Errorf("%s: no key of 64 hex digits", path), "openssl rand -hex 32 makes one; whoever has it can read what the root hides")
	}
	return key, nil
}

func auditCVR(e *env, f *flags, args []string) error {
	keyPath, manifest, asJSON := f.String("key", "", ""), f.String("manifest", "", ""), f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("which cast vote records? files, zip files or a folder")
	}
	key, err := rootKey(*keyPath)
	if err != nil {
		return err
	}
	m, err := manifestOf(*manifest)
	if err != nil {
		return err
	}
	got, err := readRecords(e, files, key, nil)
	if err != nil {
		return err
	}
	out := struct {
		records
		Mismatches []audit.Mismatch `json:"mismatches,omitempty"`
	}{records: got}
	if m != nil {
		out.Mismatches = m.Match(got.Batches)
	}
	if *asJSON {
		if err := e.json(out); err != nil {
			return err
		}
	} else {
		showRecords(e, got)
	}
	return mismatches(e, m, out.Mismatches, len(got.Batches), *asJSON)
}

func showRecords(e *env, r records) {
	e.printf("%s: %s in %s, %s\n", r.Format, counted(int(r.Rows), "record", "records"), counted(len(r.Batches), "batch", "batches"), counted(r.Styles, "ballot style", "ballot styles"))
	for _, c := range r.Contests {
		what := "votes"
		if c.Ranked {
			what = "first preferences"
		}
		e.printf("%s: on %s, %d without a choice that counts; %s:\n", c.Name, counted(int(c.Cards), "card", "cards"), c.Blank, what)
		for _, v := range c.Votes {
			e.printf("  %9d  %s\n", v.Votes, v.Name)
		}
	}
	kind := "CVR root"
	if r.Keyed {
		kind = "CVR root under your key"
	}
	e.printf("%s: %s\n", kind, r.Root)
	if r.Small > 0 && !r.Keyed {
		e.note("%s in a ballot style that fewer than ten have: if their records are not public, a root without --key lets anybody try them out", cardsAre(int(r.Small)))
	}
}

func cardsAre(n int) string {
	if n == 1 {
		return "1 card is"
	}
	return fmt.Sprintf("%d cards are", n)
}

// mismatches shows where a manifest and records differ; any is an error.
func mismatches(e *env, m *audit.Manifest, all []audit.Mismatch, batches int, quiet bool) error {
	if m == nil {
		return nil
	}
	if len(all) == 0 {
		if !quiet {
			e.printf("I8: as many records as ballots by the manifest in each of %s\n", counted(max(batches, len(m.Batches)), "batch", "batches"))
		}
		return nil
	}
	for i, x := range all {
		if quiet || i == 20 {
			break
		}
		e.printf("I8: batch %s: %d by the manifest, %s\n", strings.TrimPrefix(x.Tabulator+"-"+x.Batch, "-"), x.Cards, counted(int(x.Records), "record", "records"))
	}
	return fmt.Errorf("manifest and records differ in %s", counted(len(all), "batch", "batches"))
}

func auditManifest(e *env, f *flags, args []string) error {
	asJSON := f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("which manifest? one")
	}
	m, err := manifestOf(files[0])
	if err != nil {
		return err
	}
	if m == nil {
		return errors.New("no manifest")
	}
	root := m.Root()
	if *asJSON {
		return e.json(struct {
			Batches int    `json:"batches"`
			Cards   int64  `json:"cards"`
			Root    string `json:"root"`
		}{len(m.Batches), m.Cards(), hex.EncodeToString(root[:])})
	}
	e.printf("%s: %s in %s\nmanifest root: %x\n", base(files[0]), counted(int(m.Cards()), "card", "cards"), counted(len(m.Batches), "batch", "batches"), root)
	return nil
}
