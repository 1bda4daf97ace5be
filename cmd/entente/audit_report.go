package main

import (
	"context"
	"fmt"
	"io"

	"entente/election/audit"
	"entente/statement"
)

func auditReport(ctx context.Context, e *env, f *flags, args []string) error {
	f.withDir()
	in := f.contestInputs()
	name, manifest := f.String("audit", "", ""), f.String("manifest", "", "")
	lang, out := f.String("lang", "en", ""), f.String("out", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if *name == "" || len(files) < 2 {
		return usagef("--audit NAME, and the entries of two boards, and of a third where they differ")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	j, err := c.Audit(ctx, *name, audit.Seats{})
	if err != nil {
		return err
	}
	r, err := in.report(e, j, *manifest, files)
	if err != nil {
		return err
	}
	text, err := r.Markdown(*lang)
	if err != nil {
		return usagef("--lang: %v", err)
	}
	if *out == "" {
		e.printf("%s", text)
		return nil
	}
	return create(*out, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// report measures a contest by what was sealed, and by nothing else.
func (in *contestInputs) report(e *env, j audit.Joint, manifest string, files []string) (r audit.Report, err error) {
	r.Joint = j
	if j.Seed == "" {
		return r, hint(fmt.Errorf("%s has no seed yet", j.Audit), "entente audit joint show says what it waits for")
	}
	m, c, rows, err := in.measured(e, j.Seed, manifest, files)
	if err != nil {
		return r, err
	}
	if err := in.asSealed(j, manifest, m); err != nil {
		return r, err
	}
	var read [3]audit.Entries
	for i, path := range files {
		s, err := readSealedEntries(path)
		if err != nil {
			return r, err
		}
		d, err := s.Digest()
		if err != nil {
			return r, err
		}
		if s.Audit != j.Audit || !sealedEntry(j, s.Board, d) {
			return r, hint(fmt.Errorf("%s: no party has sealed these entries of the board %s for %s", path, s.Board, j.Audit), "entente audit seal --entries FILE, before the file is shown to the other board")
		}
		read[i] = s.Entries
		r.Boards = append(r.Boards, s.Board)
	}
	r.Differ = audit.Compare(read[0], read[1])
	if r.Settled, err = audit.Resolve(read[0], read[1], read[2]); err != nil {
		return r, err
	}
	r.Contest, r.Outcome, r.Rows = c, m.Outcome, rows
	return r, nil
}

func sealedEntry(j audit.Joint, board string, d statement.Digest) bool {
	for _, s := range j.Entries {
		if s.Name == board && s.Digest == d {
			return true
		}
	}
	return false
}

// asSealed refuses files that are not those sealed before the seed.
func (in *contestInputs) asSealed(j audit.Joint, manifest string, m measured) error {
	c, err := in.contest()
	if err != nil {
		return err
	}
	contest, err := c.Digest()
	if err != nil {
		return err
	}
	list, err := manifestOf(manifest)
	if err != nil {
		return err
	}
	want := []struct {
		what, name, file string
		digest           statement.Digest
	}{{audit.SealManifest, "", manifest, list.Root()}, {audit.SealContest, c.Name, in.path, contest}}
	if m.CVRRoot != "" {
		d, err := statement.ParseDigest(m.CVRRoot)
		if err != nil {
			return err
		}
		want = append(want, struct {
			what, name, file string
			digest           statement.Digest
		}{audit.SealRecords, "", in.cvrs.String(), d})
	}
	for _, w := range want {
		found := false
		for _, s := range j.Sealed {
			if s.What != w.what || s.Name != w.name {
				continue
			}
			if found = true; s.Digest != w.digest {
				return fmt.Errorf("%s: its digest is %s; %s sealed %s before the seed", w.file, w.digest, s.Party, s.Digest)
			}
		}
		if !found {
			return fmt.Errorf("%s: nobody sealed it for %s before the seed", w.file, j.Audit)
		}
	}
	return nil
}
