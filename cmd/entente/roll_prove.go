package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"entente/election/roll"
	"entente/record"
	"entente/statement"
)

func rollProve(ctx context.Context, e *env, f *rollFlags, args []string) error {
	f.withReading()
	var show texts
	f.Var(&show, "show", "")
	voter, out := f.String("voter", "", ""), f.String("out", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	switch {
	case *out == "":
		return usagef("--out: which file?")
	case *voter == "" && len(files) != 2:
		return usagef("which two exports? OLD NEW; or --voter ID and one")
	case *voter != "" && len(files) != 1:
		return usagef("in which export? one")
	case *voter == "" && len(show) > 0:
		return usagef("--show: values of which --voter?")
	}
	o, all, err := f.exports(e, files)
	if err != nil {
		return err
	}
	var proof any
	var says string
	if *voter != "" {
		proof, says, err = proveVoter(ctx, o, all[0], *voter, show)
	} else {
		proof, says, err = proveDifference(ctx, o, all[0], all[1])
	}
	if err != nil {
		return rollError(err)
	}
	data, err := json.Marshal(proof)
	if err != nil {
		return err
	}
	if err := create(*out, func(w io.Writer) error { _, err := w.Write(append(data, '\n')); return err }); err != nil {
		return fmt.Errorf("%s: %w", *out, unwrapPath(err))
	}
	e.printf("%s: %s\n", *out, says)
	return nil
}

func proveDifference(ctx context.Context, o roll.Office, old, new roll.Source) (any, string, error) {
	c, err := o.Compare(ctx, old, new)
	if err != nil {
		return nil, "", err
	}
	d, err := c.Prove(o)
	return d, fmt.Sprintf("the rolls of %s and %s differ in these %d voters only; it names none of them", c.Old.Day, c.New.Day, len(c.Changes)), err
}

func proveVoter(ctx context.Context, o roll.Office, s roll.Source, voter string, show []string) (any, string, error) {
	r, err := o.Read(ctx, s)
	if err != nil {
		return nil, "", err
	}
	rec, err := o.Find(ctx, s, r, voterID(voter))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", voter, err)
	}
	p, err := o.Open(r, rec, show)
	if err != nil {
		return nil, "", usagef("--show: %v", err)
	}
	return p, "the record of this voter in the roll of " + r.Day + "; it is for the voter, or for whom the voter lets see it", nil
}

// rollFinding is what a proof about rolls shows.
type rollFinding struct {
	File    string           `json:"file"`
	Old     *roll.Header     `json:"old,omitempty"`
	New     roll.Header      `json:"new"`
	Roots   []string         `json:"roots"`
	Changes []roll.Differing `json:"changes,omitempty"` // of two rolls
	Voter   string           `json:"voter,omitempty"`   // of one
	Shown   []shownValue     `json:"shown,omitempty"`
	Sealed  []sealedBy       `json:"sealed"`
}

type shownValue struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// isRollProof reports whether a file's format is one of ours.
func isRollProof(format string) bool {
	return format == roll.DifferenceFormat || format == roll.RecordFormat
}

// checkRollProof reads and checks a proof.
func checkRollProof(path string, data []byte) (rollFinding, error) {
	out := rollFinding{File: path, Sealed: []sealedBy{}}
	if formatOf(data) == roll.DifferenceFormat {
		d, err := roll.ParseDifference(data)
		if err != nil {
			return out, err
		}
		if out.Changes, err = d.Check(); err != nil {
			return out, statement.Refuse(statement.CodeProof, "%v", err)
		}
		out.Old, out.New, out.Roots = &d.Old, d.New, []string{d.Old.Root().String(), d.New.Root().String()}
		return out, nil
	}
	p, err := roll.ParseOpened(data)
	if err != nil {
		return out, err
	}
	if err := p.Check(); err != nil {
		return out, statement.Refuse(statement.CodeProof, "%v", err)
	}
	out.New, out.Roots, out.Voter = p.Roll, []string{p.Roll.Root().String()}, strings.ReplaceAll(p.Voter, roll.Part, "/")
	for i, v := range p.Values {
		if v.Commitment == "" {
			out.Shown = append(out.Shown, shownValue{p.Roll.Fields[i], roll.Show(v.Value)})
		}
	}
	return out, nil
}

func rollVerify(_ context.Context, e *env, f *rollFlags, args []string) error {
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("which proofs?")
	}
	for _, path := range files {
		data, err := readFile(path, roll.MaxDifference)
		if err != nil {
			return err
		}
		if !isRollProof(formatOf(data)) {
			return fmt.Errorf("%s: no proof about a roll", path)
		}
		one, err := checkRollProof(path, data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if *f.asJSON {
			if err := e.json(one); err != nil {
				return err
			}
			continue
		}
		showRollFinding(e, one)
	}
	return nil
}

func showRollFinding(e *env, f rollFinding) {
	e.printf("%s: proved\n", f.File)
	if f.Old == nil {
		e.printf("  voter      %s of %s is in the roll of %s\n", f.Voter, f.New.Jurisdiction, f.New.Day)
		for _, v := range f.Shown {
			e.printf("  %-10s %s\n", v.Field, v.Value)
		}
	} else {
		n := make(map[string]int)
		for _, ch := range f.Changes {
			n[ch.Kind]++
			for _, name := range ch.Fields {
				n["changed "+name]++
			}
		}
		e.printf("  rolls      of %s on %s and %s, %d and %d voters\n", f.New.Jurisdiction, f.Old.Day, f.New.Day, f.Old.Voters, f.New.Voters)
		e.printf("  differ in  these %s only: %s\n", counted(len(f.Changes), "voter", "voters"), changesInWords(n, f.Old.Day))
		for _, name := range f.New.Fields {
			if c := n["changed "+name]; c > 0 {
				e.printf("             %s of %d\n", name, c)
			}
		}
	}
	for _, r := range f.Roots {
		e.printf("  root       %s\n", r)
	}
	for _, s := range f.Sealed {
		e.printf("  sealed by  %s, number %d of its log, %s; newest witness %s\n", s.Party, s.Index, s.Word, clock(s.Time))
	}
	if len(f.Sealed) == 0 {
		e.printf("  not shown  who sealed these roots, and when: entente verify with the bundles of the seals says that\n")
	}
	if u := f.New.Unread; u > 0 || f.Old != nil && f.Old.Unread > 0 {
		e.printf("  not shown  rows that could not be read: their number stands in the root\n")
	}
	e.printf("  means not  that what the roll says is right, or who changed it\n")
}

// sealRolls lets the bundles among the findings say who sealed each root of a
// proof. A root that nobody sealed proves nothing about what the roll was.
func sealRolls(e *env, all []finding) (failed bool) {
	for i := range all {
		f := all[i].Roll
		if f == nil {
			continue
		}
		for _, root := range f.Roots {
			by, ok := sealOf(all, sealedRoll, root)
			if !ok {
				failed, f.Sealed = true, nil
				e.note("error: %s: none of the files is a seal of the root %s\nhint: entente export --bundle N writes the seal that entente roll seal said as number N", all[i].File, root)
				break
			}
			f.Sealed, all[i].Party = append(f.Sealed, by), by.Party
		}
	}
	return failed
}

// sealOf finds the seal of a digest among the bundles.
func sealOf(all []finding, what, digest string) (sealedBy, bool) {
	for _, other := range all {
		r := other.Report
		if r == nil || r.Kind != record.KindSeal || r.Act == nil {
			continue
		}
		var body record.SealBody
		if statement.Decode(r.Act.Body, statement.MaxAct, &body) == nil && body.What == what && body.Digest.String() == digest {
			return sealedBy{other.Party, r.Index, string(r.Word), r.WitnessTime}, true
		}
	}
	return sealedBy{}, false
}
