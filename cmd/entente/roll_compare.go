package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"entente/api"
	"entente/election/roll"
	"entente/statement"
)

// What the seals of a roll are called in the record.
const (
	sealedRoll   = "roll root"
	sealedCounts = "roll counts"
)

// rollSealed is the file that seal writes: all that may leave the office.
type rollSealed struct {
	Format string          `json:"format"`
	Roll   roll.Header     `json:"roll"`
	Root   string          `json:"root"`
	Since  *roll.Header    `json:"since,omitempty"`
	Counts *roll.Published `json:"counts,omitempty"`
}

func rollSeal(ctx context.Context, e *env, f *rollFlags, args []string) error {
	f.withReading()
	since, out := f.String("since", "", ""), f.String("out", "", "")
	f.withDir()
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("which export? one; --since names the one before")
	}
	if *since != "" {
		files = []string{*since, files[0]}
	}
	o, all, err := f.exports(e, files)
	if err != nil {
		return err
	}
	sealed := rollSealed{Format: "entente/roll-seal/v1"}
	if len(all) == 1 {
		r, err := o.Read(ctx, all[0])
		if err != nil {
			return rollError(err)
		}
		tellRoll(e, r)
		sealed.Roll = r.Header
	} else {
		c, err := o.Compare(ctx, all[0], all[1])
		if err != nil {
			return rollError(err)
		}
		tellRoll(e, c.New)
		counts := c.Count().Publish()
		sealed.Roll, sealed.Since, sealed.Counts = c.New.Header, &c.Old.Header, &counts
	}
	sealed.Root = sealed.Roll.Root().String()
	return f.putSeal(ctx, e, sealed, *out)
}

// putSeal writes the file, and says its digests in the own log.
func (f *rollFlags) putSeal(ctx context.Context, e *env, sealed rollSealed, out string) error {
	data, err := json.MarshalIndent(sealed, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if out != "" {
		if err := create(out, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
			return fmt.Errorf("%s: %w", out, unwrapPath(err))
		}
	}
	said, err := f.saySeal(ctx, sealed, data)
	if err != nil {
		return err
	}
	if *f.asJSON {
		return e.json(struct {
			rollSealed
			Said []statement.Ref `json:"said"`
		}{sealed, said})
	}
	e.printf("%s  %s of %s, %s\n", sealed.Root, sealed.Roll.Jurisdiction, sealed.Roll.Day, counted(sealed.Roll.Voters, "voter", "voters"))
	if sealed.Counts != nil {
		showPublished(e, *sealed.Counts)
	}
	for i, ref := range said {
		e.printf("sealed the %s; said as number %d\n", []string{sealedRoll, sealedCounts}[i], ref.Index)
	}
	return nil
}

// saySeal says the root, and the digest of the file with the counts, in the own log.
func (f *rollFlags) saySeal(ctx context.Context, sealed rollSealed, data []byte) (said []statement.Ref, err error) {
	if !f.isSet("dir") && f.e.getenv("ENTENTE_DIR") == "" {
		return []statement.Ref{}, nil
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	name := short(sealed.Roll.Jurisdiction, 80) + " " + sealed.Roll.Day
	all := []api.SealRequest{{What: sealedRoll, Name: name, Size: int64(sealed.Roll.Voters), Digest: sealed.Roll.Root()}}
	if sealed.Counts != nil {
		all = append(all, api.SealRequest{What: sealedCounts, Name: name, Size: int64(len(data)), Digest: sha256.Sum256(data)})
	}
	for _, r := range all {
		ref, err := c.Seal(ctx, r)
		if err != nil {
			return nil, err
		}
		said = append(said, ref)
	}
	return said, nil
}

func showPublished(e *env, p roll.Published) {
	rows := [][]string{{"precinct", "what", "count"}}
	for _, c := range p.Cells {
		where := c.Precinct
		if where == "" {
			where = "all"
		}
		rows = append(rows, []string{roll.Show(where), c.Measure, fmt.Sprint(c.Count)})
	}
	if len(rows) > 1 {
		e.table(rows)
	}
	e.printf("%s below %d, or telling such a one, not shown\n", counted(p.Hidden, "count", "counts"), p.Least)
}

// exports are the office and the exports that the arguments name.
func (f *rollFlags) exports(e *env, files []string) (roll.Office, []roll.Source, error) {
	o, err := f.office()
	if err != nil {
		return o, nil, err
	}
	all, err := f.sources(e, files)
	return o, all, err
}

// compared is what compare prints as JSON.
type compared struct {
	Old     roll.Header     `json:"old"`
	New     roll.Header     `json:"new"`
	Changes map[string]int  `json:"changes"` // by measure
	Listed  []listedChange  `json:"listed,omitempty"`
	Public  *roll.Published `json:"public"`
}

type listedChange struct {
	Voter  string               `json:"voter"`
	Kind   string               `json:"kind"`
	Fields map[string][2]string `json:"fields,omitempty"` // of a change: old and new
}

func rollCompare(ctx context.Context, e *env, f *rollFlags, args []string) error {
	f.withReading()
	listed := f.Bool("list", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 2 {
		return usagef("which two exports? OLD NEW")
	}
	o, all, err := f.exports(e, files)
	if err != nil {
		return err
	}
	c, err := o.Compare(ctx, all[0], all[1])
	if err != nil {
		return rollError(err)
	}
	tellRoll(e, c.Old)
	tellRoll(e, c.New)
	day := c.Count()
	public := day.Publish()
	out := compared{Old: c.Old.Header, New: c.New.Header, Changes: make(map[string]int), Public: &public}
	for _, p := range day.Precincts {
		for m, n := range p.Counts {
			out.Changes[m] += n
		}
	}
	if *listed {
		for _, ch := range c.Changes {
			out.Listed = append(out.Listed, listChange(c.New.Fields, ch))
		}
		slices.SortFunc(out.Listed, func(a, b listedChange) int { return strings.Compare(a.Voter, b.Voter) })
	}
	if *f.asJSON {
		return e.json(out)
	}
	e.printf("%s, of %s on %s: %s\n", counted(c.New.Voters, "voter", "voters"), c.New.Jurisdiction, c.New.Day, changesInWords(out.Changes, c.Old.Day))
	rows := [][]string{{"what", "count"}}
	for _, m := range slices.Sorted(maps.Keys(out.Changes)) {
		rows = append(rows, []string{m, fmt.Sprint(out.Changes[m])})
	}
	e.table(rows)
	for _, ch := range out.Listed {
		showListed(e, ch)
	}
	e.printf("says not: who changed it, or whether the voter asked for it\n")
	return nil
}

func changesInWords(n map[string]int, since string) string {
	return fmt.Sprintf("%d added, %d removed, %d changed since %s", n[roll.Added], n[roll.Removed], n[roll.Changed], since)
}

func listChange(fields []string, ch roll.Change) listedChange {
	out := listedChange{Voter: strings.ReplaceAll(ch.Voter, roll.Part, "/"), Kind: ch.Kind}
	if ch.Kind == roll.Changed {
		out.Fields = make(map[string][2]string)
		for _, i := range ch.Fields {
			out.Fields[fields[i]] = [2]string{roll.Show(ch.Old[i]), roll.Show(ch.New[i])}
		}
	}
	return out
}

func showListed(e *env, ch listedChange) {
	e.printf("%s  %s\n", ch.Voter, ch.Kind)
	for _, name := range slices.Sorted(maps.Keys(ch.Fields)) {
		e.printf("  %-10s %s -> %s\n", name, ch.Fields[name][0], ch.Fields[name][1])
	}
}
