package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"entente/election/audit"
	"entente/statement"
)

// dice is the file that a party keeps until it opens.
type dice struct {
	Ceremony string `json:"ceremony"`
	Party    string `json:"party"`
	Dice     string `json:"dice"`
	Salt     string `json:"salt"` // 64 hex digits
}

func (d dice) opening() (audit.Opening, error) {
	o := audit.Opening{Party: d.Party, Dice: d.Dice}
	salt, err := statement.ParseDigest(d.Salt)
	o.Salt = salt
	return o, err
}

func auditCommit(e *env, f *flags, args []string) error {
	var d dice
	f.StringVar(&d.Ceremony, "ceremony", "", "")
	f.StringVar(&d.Party, "party", "", "")
	f.StringVar(&d.Dice, "dice", "", "")
	out := f.String("out", "", "")
	if err := none(f, args); err != nil {
		return err
	}
	switch err := audit.CheckSeed(d.Dice); {
	case d.Ceremony == "" || d.Party == "" || *out == "":
		return usagef("audit commit needs --ceremony, --party, --dice and --out")
	case err != nil:
		return usagef("--dice: %v", err)
	}
	var err error
	if d.Salt, err = newSalt(); err != nil {
		return err
	}
	o, err := d.opening()
	if err != nil {
		return err
	}
	if err := create(*out, func(w io.Writer) error { return json.NewEncoder(w).Encode(d) }); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return hint(fmt.Errorf("%s exists", *out), "dice that were committed to are not overwritten; choose another name")
		}
		return err
	}
	e.printf("%s:%x\n", d.Party, audit.Commit(d.Ceremony, o))
	e.note("tell all the others this line now; keep %s to yourself until everybody has told theirs", *out)
	return nil
}

func auditSeed(e *env, f *flags, args []string) error {
	var commitments texts
	f.Var(&commitments, "commitment", "")
	name, public, asJSON := f.String("ceremony", "", ""), f.String("public", "", ""), f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	var committed []audit.Commitment
	for _, s := range commitments {
		party, hex, _ := strings.Cut(s, ":")
		digest, err := statement.ParseDigest(hex)
		if err != nil || party == "" {
			return usagef("--commitment %q is not PARTY:HEX as audit commit prints it", s)
		}
		committed = append(committed, audit.Commitment{Party: party, Digest: digest})
	}
	var openings []audit.Opening
	for _, path := range files {
		var d dice
		if err := fileOf(path, &d); err != nil {
			return err
		}
		o, err := d.opening()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		openings = append(openings, o)
	}
	seed, err := audit.Ceremony(*name, committed, openings, *public)
	if err != nil {
		return hint(err, "every --commitment must have been told before the first file was opened, and the public dice are thrown last")
	}
	if *asJSON {
		return e.json(struct {
			Seed   string   `json:"seed"`
			Silent []string `json:"silent"`
		}{seed.Digits, append([]string{}, seed.Silent...)})
	}
	e.printf("%s\n", seed.Digits)
	if len(seed.Silent) > 0 {
		e.note("%s committed and did not open; the public dice came after, so that chose nothing", strings.Join(seed.Silent, ", "))
	}
	return nil
}
