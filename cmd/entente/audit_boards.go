package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"entente/election/audit"
	"entente/statement"
)

func readSealedEntries(path string) (audit.Reading, error) {
	data, err := readFile(path, auditLimit)
	if err != nil {
		return audit.Reading{}, err
	}
	s, err := audit.ParseReading(data)
	if err != nil {
		return s, hint(fmt.Errorf("%s is no file of entries", path), "entente audit entries makes it of what a board entered as CSV")
	}
	return s, nil
}

func auditEntries(e *env, f *flags, args []string) error {
	var s audit.Reading
	in := f.contestInputs()
	f.StringVar(&s.Audit, "audit", "", "")
	f.StringVar(&s.Board, "board", "", "")
	out := f.String("out", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 || s.Audit == "" || s.Board == "" || *out == "" {
		return usagef("audit entries needs --contest, --audit, --board, --out and one file of entries")
	}
	c, err := in.contest()
	if err != nil {
		return err
	}
	if s.Entries, err = readEntries(files[0], c); err != nil {
		return err
	}
	if s.Salt, err = newSalt(); err != nil {
		return err
	}
	d, err := s.Digest()
	if err != nil {
		return err
	}
	if err := create(*out, func(w io.Writer) error { return json.NewEncoder(w).Encode(s) }); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return hint(fmt.Errorf("%s exists", *out), "entries that were committed to are not overwritten; choose another name")
		}
		return err
	}
	e.printf("%s:%s\n", s.Board, d)
	e.note("%s; show %s to nobody before both boards' lines are told or sealed", counted(len(s.Entries), "entry", "entries"), *out)
	return nil
}

func auditBoards(ctx context.Context, e *env, f *flags, args []string) error {
	var told texts
	f.Var(&told, "commitment", "")
	asJSON, dir, name := f.Bool("json", false, ""), f.String("dir", "", ""), f.String("audit", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) < 2 || len(files) > 3 {
		return usagef("the entries of which two boards? and the third, where there is one")
	}
	if *dir != "" {
		if told, err = f.sealedBoards(ctx, *dir, *name); err != nil {
			return err
		}
	}
	var all [3]audit.Reading
	for i, path := range files {
		if all[i], err = readSealedEntries(path); err != nil {
			return err
		}
		d, err := all[i].Digest()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if (i < 2 || *dir != "") && !toldOf(told, all[i].Board, d) {
			return hint(fmt.Errorf("%s: the board %s did not commit to these entries, %s", path, all[i].Board, d), "every --commitment must have been told or sealed before the first file was shown")
		}
	}
	switch {
	case all[0].Audit != all[1].Audit:
		return fmt.Errorf("entries of two audits, %s and %s", all[0].Audit, all[1].Audit)
	case all[0].Board == all[1].Board:
		return fmt.Errorf("both files are of the board %s", all[0].Board)
	}
	differ := audit.Compare(all[0].Entries, all[1].Entries)
	if len(files) == 3 {
		if _, err := audit.Resolve(all[0].Entries, all[1].Entries, all[2].Entries); err != nil {
			return err
		}
	}
	if *asJSON {
		if err := e.json(struct {
			Audit   string             `json:"audit"`
			Differ  []audit.Difference `json:"differ"`
			Settled bool               `json:"settled"`
		}{all[0].Audit, append([]audit.Difference{}, differ...), len(differ) == 0 || len(files) == 3}); err != nil {
			return err
		}
	} else {
		showDiffer(e, all, differ)
	}
	if len(differ) > 0 && len(files) == 2 {
		return hint(fmt.Errorf("the boards differ on %s", counted(len(differ), "card", "cards")), "a third entry, of exactly these cards, settles it: entente audit entries --board THIRD")
	}
	return nil
}

// sealedBoards are the commitments that stand in the record.
func (f *flags) sealedBoards(ctx context.Context, dir, name string) (told texts, err error) {
	f.dir = dir
	c, _, err := f.client(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	j, err := c.Audit(ctx, name, audit.Seats{})
	for _, s := range j.Entries {
		told = append(told, s.Name+":"+s.Digest.String())
	}
	return told, err
}

func toldOf(told texts, board string, d statement.Digest) bool {
	for _, s := range told {
		if s == board+":"+d.String() {
			return true
		}
	}
	return false
}

func showDiffer(e *env, all [3]audit.Reading, differ []audit.Difference) {
	e.printf("%s by %s and %s, %s read differently\n", counted(len(all[0].Entries), "entry", "entries"), all[0].Board, all[1].Board, counted(len(differ), "card", "cards"))
	if len(differ) == 0 {
		return
	}
	says := func(entry *audit.Entry) string {
		if entry == nil {
			return "(no entry)"
		}
		return entry.Says()
	}
	third := make(map[[2]string]string)
	for _, entry := range all[2].Entries {
		third[[2]string{entry.Ballot, entry.Contest}] = entry.Says()
	}
	rows := [][]string{{"BALLOT", "CONTEST", all[0].Board, all[1].Board, all[2].Board}}
	for _, d := range differ {
		rows = append(rows, []string{d.Ballot, d.Contest, says(d.First), says(d.Second), third[[2]string{d.Ballot, d.Contest}]})
	}
	e.table(rows)
}
