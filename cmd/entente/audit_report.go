package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"entente/election/audit"
	"entente/statement"
)

func auditReport(ctx context.Context, e *env, f *flags, args []string) error {
	f.withDir()
	in := f.contestInputs()
	name, manifest := f.String("audit", "", ""), f.String("manifest", "", "")
	lang, out := f.String("lang", "en", ""), f.String("out", "", "")
	var with texts
	f.Var(&with, "with", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if *name == "" {
		return usagef("--audit NAME, and two boards, and a third where they differ: --with BOARD for each that is shown, or their files")
	}
	j, read, err := f.boards(ctx, *name, with, files)
	if err != nil {
		return err
	}
	r, err := in.report(e, j, *manifest, read)
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
func (in *contestInputs) report(e *env, j audit.Joint, manifest string, read []boardRead) (r audit.Report, err error) {
	r.Joint = j
	if j.Seed == "" {
		return r, hint(fmt.Errorf("%s has no seed yet", j.Audit), "entente audit joint show says what it waits for")
	}
	if err := notApart(read[0].sheet, read[1].sheet); err != nil {
		return r, err
	}
	var third audit.Entries
	if len(read) == 3 {
		third = read[2].Entries
	}
	r.Differ = audit.Compare(read[0].Entries, read[1].Entries)
	if r.Settled, err = audit.Resolve(read[0].Entries, read[1].Entries, third); err != nil {
		return r, hint(err, "entente audit boards lists what has to be settled")
	}
	m, c, rows, err := in.measured(e, j.Seed, manifest, func(audit.Contest) (audit.Entries, error) { return r.Settled, nil })
	if err != nil {
		return r, err
	}
	if err := in.asSealed(j, manifest, m); err != nil {
		return r, err
	}
	for _, s := range read {
		name := s.Board
		if slices.ContainsFunc(read, func(o boardRead) bool { return o.Board == s.Board && o.sheet.Party != s.sheet.Party }) {
			name = s.sheet.ID()
		}
		r.Boards = append(r.Boards, name)
	}
	r.Apart = audit.Apart(read[0].sheet, read[1].sheet)
	r.Contest, r.Outcome, r.Rows = c, m.Outcome, rows
	return r, nil
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
