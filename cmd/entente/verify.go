package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entente/election/canary"
	"entente/election/results"
	"entente/node"
	"entente/record"
	"entente/statement"
)

func verifyVerb() verb {
	return verb{"verify", "check proof bundles, evidence and leak proofs, offline", `verify [--charter FILE | --dir DIR] [--columns FILE] FILE...

Checks proof bundles (of one statement each), evidence of two histories, proofs of
whose copy was leaked, of published numbers, voter rolls and sealed folders, and byte copies
of results pages (each with the bundles of their seals; of two copies of a page, and of one
that nobody sealed beside one that is, it says which numbers differ), against the charter alone; no node and no network is needed. An ack among
several bundles makes the statements that it names "acknowledged". Exits 0 only
if every file proves what it says.

  --charter FILE      the charter; default: charter.json or the only *.charter.json
                      beside the first file, then in DIR
  --columns FILE      of a results page in no known layout: which column is what
  --json              one object a line`, runVerify}
}

// finding is what one file proves.
type finding struct {
	File     string            `json:"file"`
	Proves   string            `json:"proves"` // "statement", "contradiction", "leak", "cell", "roll", "folder" or "page"
	Report   *record.Report    `json:"report,omitempty"`
	Verdicts []string          `json:"verdicts,omitempty"` // of acks in other files
	Party    string            `json:"party"`
	Detail   string            `json:"detail,omitempty"`
	Leak     *node.LeakFinding `json:"leak,omitempty"`
	Cell     *cellFinding      `json:"cell,omitempty"`
	Roll     *rollFinding      `json:"roll,omitempty"`
	Folder   *folderFinding    `json:"folder,omitempty"`
	Page     *pageFinding      `json:"page,omitempty"`
}

// unsealed reports what none of the files is a seal of: the root of a proof, or a page.
func (f finding) unsealed() bool {
	return f.Page != nil && len(f.Page.Sealed) == 0 || f.Cell != nil && len(f.Cell.Sealed) == 0 || f.Roll != nil && len(f.Roll.Sealed) == 0 || f.Folder != nil && len(f.Folder.Sealed) == 0
}

func runVerify(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "verify").withDir()
	file := f.String("charter", "", "")
	columns, asJSON := f.String("columns", "", ""), f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("which bundles or evidence files?")
	}
	for _, path := range files {
		if _, err := os.Stat(path); err != nil {
			return hint(fmt.Errorf("%s: %w", path, unwrapPath(err)), "a bundle is made with: entente export --bundle N --out FILE")
		}
	}
	roster, err := verifyRoster(*file, f.dir, files[0])
	if err != nil {
		return err
	}
	registry, err := node.Kinds()
	if err != nil {
		return err
	}
	all, failed, err := verifyFiles(e, roster, registry, files, *columns)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.unsealed() {
			continue
		}
		if *asJSON {
			if err := e.json(one); err != nil {
				return err
			}
			continue
		}
		showFinding(e, one)
	}
	if err := showPageDifferences(e, all, *asJSON); err != nil {
		return err
	}
	if failed {
		return errShown
	}
	return nil
}

// verifyFiles looks at every file: at those that prove something by themselves
// first, then at the byte copies that these seal.
func verifyFiles(e *env, roster record.Roster, registry statement.Registry, files []string, columns string) (all []finding, failed bool, err error) {
	var how *results.Columns
	if columns != "" {
		how = new(results.Columns)
		if err := readOwnJSON(columns, how); err != nil {
			return nil, false, err
		}
	}
	take := func(path string, one finding, err error) {
		if err == nil {
			all = append(all, one)
			return
		}
		failed = true
		e.note("error: %s: %v", path, unwrapPath(err))
		if h := (hinted{}); errors.As(err, &h) {
			e.note("hint: %s", h.hint)
		}
	}
	proofs, copies := splitCopies(files)
	for _, path := range proofs {
		one, err := verifyFile(roster, registry, path)
		take(path, one, err)
	}
	seals := pageSeals(all)
	for _, path := range copies {
		if len(seals) == 0 {
			one, err := verifyFile(roster, registry, path)
			take(path, one, err)
			continue
		}
		one, err := verifyCopy(path, seals, how)
		take(path, one, err)
		if err != nil && one.Page != nil {
			all = append(all, one) // to be compared with what was sealed
		}
	}
	acknowledge(all)
	failed = sealCells(e, all) || failed
	failed = sealRolls(e, all) || failed
	return all, sealFolders(e, all) || failed, nil
}

// verifyRoster finds the charter to check against.
func verifyRoster(file, dir, first string) (record.Roster, error) {
	if file == "" {
		if file = charterIn(filepath.Dir(first)); file == "" {
			file = charterIn(dir)
		}
	}
	if file == "" {
		return record.Roster{}, hint(fmt.Errorf("no charter to check against"), "name the charter that the parties signed with --charter FILE")
	}
	c, err := readCharterFile(file)
	if err != nil {
		return record.Roster{}, err
	}
	return record.NewRoster(c)
}

// charterIn finds the charter in a folder: charter.json, or the only file
// that is called a charter.
func charterIn(dir string) string {
	if try := filepath.Join(dir, node.CharterFile); exists(try) {
		return try
	}
	if all, err := filepath.Glob(filepath.Join(dir, "*.charter.json")); err == nil && len(all) == 1 {
		return all[0]
	}
	return ""
}

func verifyFile(r record.Roster, registry statement.Registry, path string) (finding, error) {
	data, err := readFile(path, node.MaxLeakProof)
	if err != nil {
		return finding{}, err
	}
	if !isObject(data) {
		return finding{}, errors.New("this is neither a bundle nor evidence")
	}
	switch format := formatOf(data); {
	case strings.HasPrefix(format, "entente/evidence/"):
		return verifyEvidence(r, path, data)
	case node.IsLeakProof(format):
		return verifyLeak(r, path, data)
	case format == results.ProofFormat:
		return verifyCell(path, data)
	case format == canary.OpeningFormat:
		f, err := checkOpening(data)
		return finding{File: path, Proves: "folder", Folder: &f}, err
	case isRollProof(format):
		f, err := checkRollProof(path, data)
		return finding{File: path, Proves: "roll", Roll: &f}, err
	}
	b, err := record.ParseBundle(data)
	if err != nil {
		return finding{}, err
	}
	rep, err := record.Verify(r, b)
	if err != nil {
		return finding{}, err
	}
	if rep.Act != nil {
		if _, known := registry.Spec(rep.Kind); known {
			if err := registry.Check(*rep.Act); err != nil {
				return finding{}, err
			}
		}
	}
	return finding{File: path, Proves: "statement", Party: rep.Party, Report: &rep}, nil
}

// isObject reports whether a file can be JSON of ours at all; what it is not
// is said in better words than those of the parser.
func isObject(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}

func verifyEvidence(r record.Roster, path string, data []byte) (finding, error) {
	ev, err := record.ParseEvidence(data)
	if err != nil {
		return finding{}, err
	}
	m, ok := r.ByOrigin(ev.Origin)
	if !ok {
		return finding{}, statement.Refuse(statement.CodeParty, "no log %.80q in this charter", ev.Origin)
	}
	if err := ev.Verify(m.OwnKeys()...); err != nil {
		return finding{}, err
	}
	a, err := record.Peek([]byte(ev.A))
	if err != nil {
		return finding{}, err
	}
	b, err := record.Peek([]byte(ev.B))
	if err != nil {
		return finding{}, err
	}
	detail := fmt.Sprintf("%s: a tree of %d with root %s and one of %d with root %s that does not extend it", ev.Kind, a.Size, a.Root, b.Size, b.Root)
	if ev.Kind == "rollback" {
		detail = fmt.Sprintf("rollback: a tree of %d leaves, and at a later time one of %d", a.Size, b.Size)
	}
	return finding{File: path, Proves: "contradiction", Party: m.ID, Detail: detail}, nil
}

// acknowledge lets the acks among the findings speak for the others.
func acknowledge(all []finding) {
	for _, ack := range all {
		if ack.Report == nil || ack.Report.Kind != record.KindAck || ack.Report.Act == nil {
			continue
		}
		var body record.AckBody
		if statement.Decode(ack.Report.Act.Body, statement.MaxAct, &body) != nil {
			continue
		}
		for i := range all {
			r := all[i].Report
			if r == nil || r.Origin != body.Origin || r.Origin == ack.Report.Origin {
				continue
			}
			for _, item := range body.Items {
				if item.Index == r.Index && item.ID == r.ID {
					r.Word = record.Acknowledged
					all[i].Verdicts = append(all[i].Verdicts, strings.TrimSpace(ack.Party+": "+item.Verdict+" "+string(item.Code)))
				}
			}
		}
	}
}

func showFinding(e *env, one finding) {
	if one.Roll != nil {
		showRollFinding(e, *one.Roll)
		return
	}
	e.printf("%s: proved\n", one.File)
	if one.Leak != nil {
		showLeakFinding(e, *one.Leak)
		return
	}
	if one.Cell != nil {
		showCell(e, *one.Cell)
		return
	}
	if one.Folder != nil {
		showFolder(e, *one.Folder, "")
		return
	}
	if one.Page != nil {
		showPageFinding(e, *one.Page)
		return
	}
	if one.Report == nil {
		e.printf("  %s signed two histories\n  %s\n", one.Party, one.Detail)
		return
	}
	r := one.Report
	e.printf("  said by    %s, number %d of its log, %s\n", r.Party, r.Index, r.Word)
	kind := string(r.Kind)
	switch {
	case !r.Understood:
		kind = "not understood by this version"
	case kind == "":
		kind = "the act is not shown"
	}
	e.printf("  what       %s\n  id         %s\n", kind, r.ID)
	e.printf("  claimed    %s; owner's clock %s, newest witness %s\n", when(r.ClaimedTime), clock(r.OwnerTime), clock(r.WitnessTime))
	e.printf("  witnesses  %s\n  held by    %s\n", list(r.WitnessedBy), list(r.HeldBy))
	if r.Act != nil {
		e.printf("  marking    %s to %s\n  body       %s\n", r.Act.Marking, list(r.Act.Recipients), short(string(r.Act.Body), 600))
	}
	for _, v := range one.Verdicts {
		e.printf("  ack        %s\n", v)
	}
}

func clock(s int64) string {
	if s <= 0 {
		return "-"
	}
	return time.Unix(s, 0).UTC().Format("2006-01-02 15:04:05Z")
}

func list(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

// create writes a file that must not exist, whole or not at all.
func create(path string, f func(io.Writer) error) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = f(out)
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(path) // half of it is worse than none
	}
	return err
}
