package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

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

// auditShow shows to all what a board of the own side read.
func auditShow(ctx context.Context, e *env, f *flags, args []string) error {
	f.withDir()
	name, asJSON := f.String("audit", "", ""), f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 || *name == "" {
		return usagef("--audit NAME, and the one file of entries that was sealed")
	}
	s, err := readSealedEntries(files[0])
	if err != nil {
		return err
	}
	if s.Audit != *name {
		return fmt.Errorf("%s: entries of the audit %q", files[0], s.Audit)
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	ref, err := c.AuditShow(ctx, s)
	return said(e, ref, err, *asJSON, "entries of %s for %s", s.Board, s.Audit)
}

func auditBoards(ctx context.Context, e *env, f *flags, args []string) error {
	var told, with texts
	f.Var(&told, "commitment", "")
	f.Var(&with, "with", "")
	asJSON, dir, name := f.Bool("json", false, ""), f.String("dir", "", ""), f.String("audit", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if *dir != "" {
		f.dir = *dir
		_, read, err := f.boards(ctx, *name, with, files)
		if err != nil {
			return err
		}
		return compareBoards(e, read, *asJSON)
	}
	if len(with) > 0 || len(files) < 2 || len(files) > 3 {
		return usagef("the entries of which two boards? and the third, where there is one; --with BOARD needs --dir and --audit")
	}
	var read []boardRead
	for i, path := range files {
		s, err := readSealedEntries(path)
		if err != nil {
			return err
		}
		d, err := s.Digest()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if i < 2 && !toldOf(told, s.Board, d) {
			return hint(fmt.Errorf("%s: the board %s did not commit to these entries, %s", path, s.Board, d), "every --commitment must have been told or sealed before the first file was shown")
		}
		read = append(read, boardRead{Reading: s})
	}
	return compareBoards(e, read, *asJSON)
}

// boardRead is what a board read, and its sheet in the record where it was looked up.
type boardRead struct {
	audit.Reading
	sheet audit.Sheet
}

// boards reads what two or three boards read: shown in the record (with names
// them), or from files, which must be what was sealed in it first.
func (f *flags) boards(ctx context.Context, name string, with, files []string) (j audit.Joint, read []boardRead, err error) {
	if n := len(with) + len(files); n < 2 || n > 3 || len(with) > 0 && len(files) > 0 {
		return j, nil, usagef("which two boards, and the third where they differ? --with BOARD for each that is shown in the record, or their files")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return j, nil, err
	}
	defer c.Close()
	if j, err = c.Audit(ctx, name, audit.Seats{}); err != nil {
		return j, nil, err
	}
	for _, path := range files {
		s, err := readSealedEntries(path)
		if err != nil {
			return j, nil, err
		}
		d, err := s.Digest()
		if err != nil {
			return j, nil, fmt.Errorf("%s: %w", path, err)
		}
		at := slices.IndexFunc(j.Sheets, func(x audit.Sheet) bool { return x.Board == s.Board && x.Digest == d })
		switch {
		case s.Audit != name || at < 0:
			return j, nil, hint(fmt.Errorf("%s: no party has sealed these entries of the board %s for %s", path, s.Board, name), "entente audit seal --entries FILE, before the file is shown to the other board")
		case j.Sheets[at].Bad != "":
			return j, nil, hint(fmt.Errorf("%s: the board %s sealed other entries before, and these may change them", path, s.Board), "entente audit show of all that it sealed, in order, says whether they do")
		}
		read = append(read, boardRead{s, j.Sheets[at]})
	}
	if len(with) == 0 {
		return j, read, nil
	}
	shown, err := c.AuditReadings(ctx, name)
	for _, id := range with {
		sheet, err := j.Find(id)
		if err != nil {
			return j, nil, hint(err, "entente audit joint show; entente audit show FILE shows what is sealed")
		}
		for _, s := range shown {
			if d, err := s.Digest(); err == nil && s.Board == sheet.Board && d == sheet.Digest {
				read = append(read, boardRead{s, sheet})
				break
			}
		}
	}
	if err == nil && len(read) != len(with) {
		err = fmt.Errorf("what was shown for %s is not all to be had", name)
	}
	return j, read, err
}

// compareBoards lists what two boards read differently, and what the third settles.
func compareBoards(e *env, read []boardRead, asJSON bool) error {
	var all [3]boardRead
	copy(all[:], read)
	switch {
	case all[0].Audit != all[1].Audit:
		return fmt.Errorf("entries of two audits, %s and %s", all[0].Audit, all[1].Audit)
	case all[0].Board == all[1].Board && all[0].sheet.Party == all[1].sheet.Party:
		return fmt.Errorf("both are of the board %s", all[0].Board)
	}
	differ := audit.Compare(all[0].Entries, all[1].Entries)
	if len(read) == 3 {
		if _, err := audit.Resolve(all[0].Entries, all[1].Entries, all[2].Entries); err != nil {
			return err
		}
	}
	if asJSON {
		if err := e.json(struct {
			Audit   string             `json:"audit"`
			Differ  []audit.Difference `json:"differ"`
			Settled bool               `json:"settled"`
			Apart   bool               `json:"apart"`
		}{all[0].Audit, append([]audit.Difference{}, differ...), len(differ) == 0 || len(read) == 3, audit.Apart(all[0].sheet, all[1].sheet)}); err != nil {
			return err
		}
	} else {
		showDiffer(e, all, differ)
	}
	if err := notApart(all[0].sheet, all[1].sheet); err != nil {
		return err
	}
	if len(differ) > 0 && len(read) == 2 {
		return hint(fmt.Errorf("the boards differ on %s", counted(len(differ), "card", "cards")), "a third entry, of exactly these cards, settles it: entente audit entries --board THIRD")
	}
	return nil
}

// notApart refuses two boards of which one was sealed when the other was shown.
func notApart(a, b audit.Sheet) error {
	for _, x := range [][2]audit.Sheet{{a, b}, {b, a}} {
		if slices.Contains(x[0].Knew, x[1].ID()) {
			return hint(fmt.Errorf("what the board %s read was sealed when what %s read was shown: it may have known it", x[0].ID(), x[1].ID()), "entente audit joint show; let another board read the cards")
		}
	}
	return nil
}

func toldOf(told texts, board string, d statement.Digest) bool {
	for _, s := range told {
		if s == board+":"+d.String() {
			return true
		}
	}
	return false
}

func showDiffer(e *env, all [3]boardRead, differ []audit.Difference) {
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
