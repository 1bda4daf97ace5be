package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"entente/api"
	"entente/election/audit"
	"entente/statement"
)

// joint are the verbs of an audit that speak to a running node.
var joint = map[string]func(context.Context, *env, *flags, []string) error{
	"seal": auditSealed, "joint": auditJoint, "show": auditShow, "boards": auditBoards, "report": auditReport,
}

func auditSealed(ctx context.Context, e *env, f *flags, args []string) error {
	f.withDir()
	in, asJSON := f.contestInputs(), f.Bool("json", false, "")
	name, manifest, entries := f.String("audit", "", ""), f.String("manifest", "", ""), f.String("entries", "", "")
	if err := none(f, args); err != nil {
		return err
	}
	if !audit.ValidName(*name) {
		return usagef("--audit NAME: what is the audit called? the same on all sides, without slashes")
	}
	all, err := in.seals(e, *name, *manifest, *entries)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return usagef("seal what? --manifest, --cvr, --contest or --entries FILE")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	type sealed struct {
		api.SealRequest
		Statement statement.Ref `json:"statement"`
	}
	var out []sealed
	for _, r := range all {
		ref, err := c.Seal(ctx, r)
		if err != nil {
			return err
		}
		out = append(out, sealed{r, ref})
	}
	if *asJSON {
		return e.json(out)
	}
	for _, s := range out {
		e.printf("sealed %s for %s, %s; said as number %d\n", s.What, s.Name, s.Digest, s.Statement.Index)
	}
	return nil
}

// seals are what the files named are sealed as.
func (in *contestInputs) seals(e *env, name, manifest, entries string) (all []api.SealRequest, err error) {
	m, err := manifestOf(manifest)
	if err != nil {
		return nil, err
	}
	if m != nil {
		all = append(all, api.SealRequest{What: audit.SealManifest, Name: name, Size: m.Cards(), Digest: m.Root()})
	}
	if len(in.cvrs) > 0 {
		key, err := rootKey(in.key)
		if err != nil {
			return nil, err
		}
		r, err := readRecords(e, in.cvrs, key, nil)
		if err != nil {
			return nil, err
		}
		if m != nil {
			if err := mismatches(e, m, m.Match(r.Batches), len(r.Batches), true); err != nil {
				return nil, hint(err, "entente audit cvr --manifest lists them; what does not balance is not sealed together")
			}
		}
		d, err := statement.ParseDigest(r.Root)
		if err != nil {
			return nil, err
		}
		all = append(all, api.SealRequest{What: audit.SealRecords, Name: name, Size: r.Rows, Digest: d})
	}
	if in.path != "" {
		c, err := in.contest()
		if err != nil {
			return nil, err
		}
		d, err := c.Digest()
		if err != nil {
			return nil, err
		}
		all = append(all, api.SealRequest{What: audit.SealContest, Name: name + "/" + c.Name, Size: c.Cards, Digest: d})
	}
	if entries != "" {
		s, err := readSealedEntries(entries)
		if err != nil {
			return nil, err
		}
		if s.Audit != name {
			return nil, fmt.Errorf("%s: entries of the audit %q", entries, s.Audit)
		}
		d, err := s.Digest()
		if err != nil {
			return nil, err
		}
		all = append(all, api.SealRequest{What: audit.SealEntries, Name: name + "/" + s.Board, Size: int64(len(s.Entries)), Digest: d})
	}
	return all, nil
}

func auditJoint(ctx context.Context, e *env, f *flags, args []string) error {
	f.withDir()
	name, throw, asJSON := f.String("audit", "", ""), f.String("dice", "", ""), f.Bool("json", false, "")
	keep, when := f.String("out", "", ""), f.deadlines()
	var with, observers texts
	f.Var(&with, "with", "")
	f.Var(&observers, "observer", "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) == 0 || *name == "" {
		return usagef("--audit NAME, and show, commit, open, close or public?")
	}
	c, cfg, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if len(observers) > 0 && len(with) == 0 {
		return usagef("--observer says who takes part beside the parties: name these too, with --with")
	}
	j, err := c.Audit(ctx, *name, audit.Seats{Parties: with, Observers: observers})
	if err != nil {
		return err
	}
	s := audit.Step{Audit: *name, Step: rest[0], Dice: *throw, Parties: j.Parties, Observers: j.Observers}
	switch {
	case rest[0] == "show" && len(rest) == 1:
		return showJoint(e, j, *asJSON)
	case rest[0] == audit.StepCommit && len(rest) == 1:
		if s.CommitBy, s.OpenBy, err = when.of(j); err != nil {
			return err
		}
		s.Dice = ""
		if s.Digest, err = keepDice(*keep, j.Binding, cfg.Party, *throw); err != nil {
			return err
		}
	case rest[0] == audit.StepOpen && len(rest) == 2:
		var d dice
		if err := readOwnJSON(rest[1], &d); err != nil {
			return err
		}
		o, err := d.opening()
		if err != nil {
			return fmt.Errorf("%s: %w", rest[1], err)
		}
		s.Dice, s.Salt = o.Dice, o.Salt
	case rest[0] == audit.StepClose && len(rest) == 1 && *throw == "", rest[0] == audit.StepPublic && len(rest) == 1 && *throw != "":
	default:
		return usagef("show; commit --dice DIGITS --out FILE; open FILE; close; or public --dice DIGITS")
	}
	ref, err := c.AuditStep(ctx, api.AuditStepRequest{Step: s, Binding: j.Binding})
	var refused *statement.Refusal
	if errors.As(err, &refused) && s.Step == audit.StepCommit {
		_ = os.Remove(*keep) // nothing was committed to
	}
	return said(e, ref, err, *asJSON, "%s of %s", s.Step, *name)
}

// deadlines say until when all commit and open.
type deadlines struct {
	commitBy, openBy         *string
	commitWithin, openWithin *time.Duration
}

func (f *flags) deadlines() deadlines {
	return deadlines{f.String("commit-by", "", ""), f.String("open-by", "", ""), f.Duration("commit-within", time.Hour, ""), f.Duration("open-within", 2*time.Hour, "")}
}

// of are the deadlines, Unix seconds: those that others have named, unless others are asked for.
func (d deadlines) of(j audit.Joint) (commit, open int64, err error) {
	at := func(name, text string, have int64, within time.Duration) (int64, error) {
		switch t, err := time.Parse(time.RFC3339, text); {
		case text != "" && err != nil:
			return 0, usagef("--%s: %v", name, err)
		case text != "":
			return t.Unix(), nil
		case have != 0:
			return have, nil
		}
		return time.Now().Add(within).Unix(), nil
	}
	if commit, err = at("commit-by", *d.commitBy, j.CommitBy, *d.commitWithin); err == nil {
		open, err = at("open-by", *d.openBy, j.OpenBy, *d.openWithin)
	}
	if err == nil && open <= commit {
		err = usagef("dice are opened after the deadline to commit: --open-by is later than --commit-by")
	}
	return commit, open, err
}

// keepDice writes the file that is opened later, and says what is committed to.
func keepDice(path, binding, party, digits string) (statement.Digest, error) {
	d := dice{Ceremony: binding, Party: party, Dice: digits}
	switch err := audit.CheckSeed(digits); {
	case err != nil:
		return statement.Digest{}, usagef("--dice: %v", err)
	case path == "":
		return statement.Digest{}, usagef("--out FILE: where are the dice kept until they are opened?")
	}
	var err error
	if d.Salt, err = newSalt(); err != nil {
		return statement.Digest{}, err
	}
	o, err := d.opening()
	if err != nil {
		return statement.Digest{}, err
	}
	if err := create(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(d) }); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return statement.Digest{}, hint(fmt.Errorf("%s exists", path), "dice that were committed to are not overwritten; choose another name")
		}
		return statement.Digest{}, err
	}
	return audit.Commit(binding, o), nil
}

// showJoint prints how far an audit has come; a fault of anybody is an error.
func showJoint(e *env, j audit.Joint, asJSON bool) error {
	if asJSON {
		if err := e.json(j); err != nil {
			return err
		}
		return faulty(j)
	}
	rows := [][]string{{"PARTY", "NUMBER", "WHAT", "DIGEST OR DICE"}}
	for _, s := range j.Sealed {
		rows = append(rows, []string{s.Party, fmt.Sprint(s.Index), strings.TrimSpace(s.What + " " + s.Name), s.Digest.String()})
	}
	for _, x := range j.Sheets {
		rows = append(rows, []string{x.Party, fmt.Sprint(x.Index), fmt.Sprintf("board %s, round %d", x.Board, x.Round), x.Digest.String()})
		if x.Shown != nil {
			rows = append(rows, []string{x.Party, fmt.Sprint(*x.Shown), fmt.Sprintf("board %s, round %d, shown", x.Board, x.Round), ""})
		}
	}
	for _, s := range j.Steps {
		rows = append(rows, []string{s.Party, fmt.Sprint(s.Index), s.Step, s.Dice})
	}
	e.table(rows)
	for _, d := range j.Waiting {
		e.printf("waiting for %s: %s\n", d.Party, d.Step)
	}
	if j.OpenBy != 0 && j.Table == (statement.Digest{}) {
		e.printf("all commit by %s and open by %s; then the others go on without\n", clock(j.CommitBy), clock(j.OpenBy))
	}
	if j.Table != (statement.Digest{}) {
		e.printf("closed over the dice of %s\n", strings.Join(j.Counted, ", "))
	}
	for _, s := range j.Silent {
		e.printf("%s did not %s in time: no dice of it count\n", s.Party, s.Step)
	}
	if j.Seed != "" {
		e.printf("seed %s, by %d of %d who took part\n", j.Seed, j.Words, len(j.Parties)+len(j.Observers))
	}
	for _, f := range j.Faults {
		if f.Party == "" {
			e.printf("void: %s\n", f.Says)
			continue
		}
		e.printf("fault of %s, number %s of its log: %s\n", f.Party, indices(f.Indices), f.Says)
	}
	return faulty(j)
}

func indices(all []uint64) string {
	var s []string
	for _, n := range all {
		s = append(s, fmt.Sprint(n))
	}
	return strings.Join(s, ", ")
}

func faulty(j audit.Joint) error {
	if len(j.Faults) == 0 {
		return nil
	}
	f := j.Faults[0]
	index := uint64(0)
	if len(f.Indices) > 0 {
		index = f.Indices[0]
	}
	return hint(fmt.Errorf("%s in %s", counted(len(j.Faults), "fault", "faults"), j.Audit), "entente export --bundle %s/%d and the other numbers: the bundles prove it to anybody, offline", f.Party, index)
}
