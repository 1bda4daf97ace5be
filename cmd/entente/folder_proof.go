package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"entente/api"
	"entente/election/canary"
	"entente/statement"
)

// sealedFolder is what the seal of a folder is called in the record.
const sealedFolder = "folder root"

func writeJSON(w io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err == nil {
		_, err = w.Write(append(data, '\n'))
	}
	return err
}

// sayFolder prints the root, and says it in the own log where a folder of a node is named.
func sayFolder(ctx context.Context, e *env, f *flags, s *canary.Sealed, asJSON bool) error {
	out := struct {
		Folder canary.Header  `json:"folder"`
		Root   string         `json:"root"`
		Said   *statement.Ref `json:"said,omitempty"`
	}{Folder: s.Header, Root: s.Root().String()}
	if f.isSet("dir") || f.e.getenv("ENTENTE_DIR") != "" {
		c, _, err := f.client(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		ref, err := c.Seal(ctx, api.SealRequest{What: sealedFolder, Name: s.Title, Size: int64(s.Names), Digest: s.Root()})
		if err != nil {
			return err
		}
		out.Said = &ref
	}
	if asJSON {
		return e.json(out)
	}
	e.printf("%s  %q, %s\n", out.Root, s.Title, counted(s.Names, "name", "names"))
	if out.Said != nil {
		e.printf("sealed the %s; said as number %d\n", sealedFolder, out.Said.Index)
	}
	return nil
}

// folderFinding is what an opening shows.
type folderFinding struct {
	canary.Opening
	Root   string     `json:"root"`
	Sealed []sealedBy `json:"sealed"`
	Shown  string     `json:"shown,omitempty"` // what a document that is shown is beside it
}

func checkOpening(data []byte) (folderFinding, error) {
	o, err := canary.ParseOpening(data)
	if err != nil {
		return folderFinding{}, err
	}
	if err := o.Check(); err != nil {
		return folderFinding{}, statement.Refuse(statement.CodeProof, "%v", err)
	}
	return folderFinding{Opening: o, Root: o.Folder.Root().String(), Sealed: []sealedBy{}}, nil
}

func folderVerify(e *env, f *flags, args []string) error {
	document, asJSON := f.String("document", "", ""), f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("which proof? one")
	}
	data, err := readFile(files[0], 1<<20)
	if err != nil {
		return err
	}
	if formatOf(data) != canary.OpeningFormat {
		return fmt.Errorf("%s: this opens nothing of a folder", files[0])
	}
	one, err := checkOpening(data)
	if err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	if *document != "" {
		d, err := documentOf(*document)
		if err != nil {
			return err
		}
		one.Shown = one.Compare(d)
	}
	if *asJSON {
		return e.json(one)
	}
	e.printf("%s: proved\n", files[0])
	showFolder(e, one, *document)
	return nil
}

// shownInWords says what a document that somebody shows is beside what was sealed.
var shownInWords = map[string]string{
	canary.Same:      "is what was sealed, byte for byte",
	canary.SameWords: "says the same words as what was sealed, in other bytes",
	canary.Differs:   "is not what was called so when this was sealed: other bytes, and not the same words",
	canary.Absent:    "was not there when this was sealed: nothing was called so",
}

func showFolder(e *env, f folderFinding, document string) {
	e.printf("  folder     %q, %s\n  name       %s\n", f.Folder.Title, counted(f.Folder.Names, "name", "names"), f.Name)
	for _, d := range f.Documents {
		if d.Recipient != "" {
			e.printf("  decoy      given to %s alone\n", d.Recipient)
			continue
		}
		e.printf("  document   %d bytes, SHA-256 %s\n", d.Size, d.SHA256)
	}
	if len(f.Documents) == 0 {
		e.printf("  document   none was called so\n")
	}
	if f.Shown != "" {
		e.printf("  shown      %s %s\n", base(document), shownInWords[f.Shown])
	}
	e.printf("  root       %s\n", f.Root)
	for _, s := range f.Sealed {
		e.printf("  sealed by  %s, number %d of its log, %s; newest witness %s\n", s.Party, s.Index, s.Word, clock(s.Time))
	}
	if len(f.Sealed) == 0 {
		e.printf("  not shown  who sealed this root, and when: entente verify with the bundle of the seal says that\n")
	}
	e.printf("  means not  that what it says is true, that nothing was left out before it was sealed, or who forged or leaked anything\n")
}

// sealFolders lets the bundles among the findings say who sealed a folder.
func sealFolders(e *env, all []finding) (failed bool) {
	for i := range all {
		f := all[i].Folder
		if f == nil {
			continue
		}
		by, ok := sealOf(all, sealedFolder, f.Root)
		if !ok {
			failed = true
			e.note("error: %s: none of the files is a seal of the root %s\nhint: entente export --bundle N writes the seal that entente folder seal said as number N", all[i].File, f.Root)
			continue
		}
		f.Sealed, all[i].Party = append(f.Sealed, by), by.Party
	}
	return failed
}
