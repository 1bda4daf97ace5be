package main

import (
	"bytes"
	"fmt"

	"entente/election/audit"
	"entente/election/cvr"
)

// contestInputs are what an audit of one contest rests on, as flags.
type contestInputs struct {
	path, assertions, names, key string
	cvrs                         texts
}

func (f *flags) contestInputs() *contestInputs {
	c := new(contestInputs)
	f.StringVar(&c.path, "contest", "", "")
	f.StringVar(&c.assertions, "assertions", "", "")
	f.StringVar(&c.names, "names", "", "")
	f.StringVar(&c.key, "key", "", "")
	f.Var(&c.cvrs, "cvr", "")
	return c
}

// contest reads the file of a contest, and the assertions beside it.
func (in *contestInputs) contest() (c audit.Contest, err error) {
	if in.path == "" {
		return c, usagef("--contest FILE: which contest? docs/operate.md has an example")
	}
	if err := readOwnJSON(in.path, &c); err != nil {
		return c, err
	}
	if in.assertions != "" {
		data, err := readFile(in.assertions, 16<<20)
		if err != nil {
			return c, err
		}
		var names map[string]string
		if in.names != "" {
			if err := readOwnJSON(in.names, &names); err != nil {
				return c, err
			}
		}
		if c.Assertions, err = audit.ReadAssertions(data, c.Name, append(append([]string{}, c.Winners...), c.Losers...), names); err != nil {
			return c, fmt.Errorf("%s: %w", in.assertions, err)
		}
	}
	if err := c.Check(); err != nil {
		return c, fmt.Errorf("%s: %w", in.path, err)
	}
	return c, nil
}

// heldRecords are the machine's records of some cards.
type heldRecords struct {
	records *audit.Records
	votes   map[string]audit.Vote // by label, of the cards asked for
	total   records
}

// held reads the records of a contest, and keeps those of the cards named.
func (in *contestInputs) held(e *env, c audit.Contest, cards map[string]bool) (heldRecords, error) {
	out := heldRecords{votes: make(map[string]audit.Vote)}
	if len(in.cvrs) == 0 {
		if c.Compares() {
			return out, usagef("--cvr FILE: the method %s compares with the machine's records", c.Method)
		}
		return out, nil
	}
	key, err := rootKey(in.key)
	if err != nil {
		return out, err
	}
	if out.records, err = audit.NewRecords(c); err != nil {
		return out, fmt.Errorf("%s: %w", in.path, err)
	}
	out.total, err = readRecords(e, in.cvrs, key, func(r *cvr.Row) error {
		v, _ := r.Vote(c.Name)
		out.records.Add(v)
		if cards[r.ID] {
			if _, twice := out.votes[r.ID]; twice {
				return fmt.Errorf("a second record of the drawn card %s", r.ID)
			}
			out.votes[r.ID] = v
		}
		return nil
	})
	return out, err
}

func auditContest(e *env, f *flags, args []string) error {
	in, asJSON := f.contestInputs(), f.Bool("json", false, "")
	if err := none(f, args); err != nil {
		return err
	}
	c, err := in.contest()
	if err != nil {
		return err
	}
	h, err := in.held(e, c, nil)
	if err != nil {
		return err
	}
	outcome, err := c.Evaluate(nil, h.records)
	if err != nil {
		return fmt.Errorf("%s: %w", in.path, err)
	}
	size, err := c.Sizes(h.records)
	if err != nil {
		return fmt.Errorf("%s: %w", in.path, err)
	}
	if *asJSON {
		return e.json(struct {
			audit.Contest
			Size  audit.Size   `json:"size"`
			Risks []audit.Risk `json:"risks"`
		}{c, size, outcome.Risks})
	}
	e.printf("%s, %s, by %s, from %s, limit %s\n", c.Name, c.Rule, c.Method, counted(int(c.Cards), "card", "cards"), c.Limit)
	for _, r := range outcome.Risks {
		if r.Mean == 0 {
			e.printf("  asserts  %s\n", r.Assertion)
			continue
		}
		e.printf("  asserts  %s: mean %.6f\n", r.Assertion, r.Mean)
	}
	if size.Half == size.Most {
		e.printf("%s, if none differs\n", counted(int(size.Most), "card", "cards"))
		return nil
	}
	e.printf("%s in half of all samples, %d in nine of ten, if the announced votes are true\n", counted(int(size.Half), "card", "cards"), size.Most)
	return nil
}

// readEntries reads what a board entered: the CSV, or the file that entries wrote.
func readEntries(path string, c audit.Contest) (audit.Entries, error) {
	data, err := readFile(path, auditLimit)
	if err != nil {
		return nil, err
	}
	if r, err := audit.ParseReading(data); err == nil {
		return r.Entries, nil
	}
	es, err := audit.ReadEntries(bytes.NewReader(data), func(name string) bool { return name == c.Name && c.Rule == audit.RuleIRV })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return es, nil
}

// settledEntries are those of one board, or of two that agree, or of two and
// the third entry that settles where they differ.
func settledEntries(paths []string, c audit.Contest) (audit.Entries, error) {
	if len(paths) == 0 || len(paths) > 3 {
		return nil, usagef("whose entries? those of two boards, and a third entry where they differ")
	}
	var all [3]audit.Entries
	for i, path := range paths {
		var err error
		if all[i], err = readEntries(path, c); err != nil {
			return nil, err
		}
	}
	if len(paths) == 1 {
		return all[0], nil
	}
	es, err := audit.Resolve(all[0], all[1], all[2])
	if err != nil {
		return nil, hint(err, "entente audit boards lists what has to be settled")
	}
	return es, nil
}

// measured is what the cards drawn say of a contest.
type measured struct {
	audit.Outcome
	Seed    string   `json:"seed"`
	Entries int      `json:"boards"` // files of entries that it rests on
	CVRRoot string   `json:"cvr_root,omitempty"`
	Unknown []string `json:"unrecorded,omitempty"` // drawn cards without a record
}

func auditMeasure(e *env, f *flags, args []string) error {
	in, asJSON := f.contestInputs(), f.Bool("json", false, "")
	seed, manifest := f.String("seed", "", ""), f.String("manifest", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	m, err := in.measure(e, *seed, *manifest, files)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(m)
	}
	showMeasured(e, m)
	return nil
}

// measure recomputes the draws, and the risk that the entries leave.
func (in *contestInputs) measure(e *env, seed, manifest string, files []string) (measured, error) {
	out, _, _, err := in.measured(e, seed, manifest, func(c audit.Contest) (audit.Entries, error) { return settledEntries(files, c) })
	out.Entries = len(files)
	return out, err
}

// measured also gives what it rests on: the contest, and the cards as drawn.
func (in *contestInputs) measured(e *env, seed, manifest string, read func(audit.Contest) (audit.Entries, error)) (out measured, c audit.Contest, rows []audit.Drawn, err error) {
	if c, err = in.contest(); err != nil {
		return out, c, nil, err
	}
	m, err := manifestOf(manifest)
	if err != nil {
		return out, c, nil, err
	}
	if m == nil {
		return out, c, nil, usagef("--manifest FILE: which cards could be drawn?")
	}
	if err := audit.CheckSeed(seed); err != nil {
		return out, c, nil, usagef("%v", err)
	}
	entries, err := read(c)
	if err != nil {
		return out, c, nil, err
	}
	h, err := in.held(e, c, entries.Cards(c.Name))
	if err != nil {
		return out, c, nil, err
	}
	got, err := c.Measure(seed, m, entries, h.records, h.votes)
	if err != nil {
		err = fmt.Errorf("%s: %w", in.path, err)
	}
	out = measured{Outcome: got.Outcome, Seed: seed, CVRRoot: h.total.Root, Unknown: got.Unrecorded}
	return out, c, got.Rows, err
}

func showMeasured(e *env, m measured) {
	e.printf("%s, by %s: %s seen, %d of them not as recorded, %d not found\n", m.Contest, m.Method, counted(m.Seen, "draw", "draws"), m.Differ, m.Missing)
	for _, r := range m.Risks {
		e.printf("  risk %.4g %%  %s\n", 100*r.Risk, r.Assertion)
	}
	if len(m.Unknown) > 0 {
		e.printf("  no record of %s, first %s\n", counted(len(m.Unknown), "drawn card", "drawn cards"), m.Unknown[0])
	}
	if m.Met {
		e.printf("risk %.4g %%, limit %s: the audit may stop\n", 100*m.Risk, m.Limit)
	} else {
		e.printf("risk %.4g %%, limit %s: go on\n", 100*m.Risk, m.Limit)
	}
	e.printf("%s", auditShows)
}
