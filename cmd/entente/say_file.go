package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"mime"
	"os"
	"path/filepath"

	"entente/accord"
	"entente/api"
	"entente/statement"
)

// proposalFile is what propose reads: the act without the digest of its text,
// and the text.
type proposalFile struct {
	Proposal accord.Proposal `json:"proposal"`
	Paper    accord.Paper    `json:"paper"`
}

func proposeVerb() verb {
	return verb{"propose", "put a text to others for their consent", `propose --dir DIR [--about REF] [flags] FILE.json
       entente propose --template --dir DIR

FILE.json holds the proposal and its paper, the text that is signed. --template prints one to
fill in, with the parties of the charter in DIR.

  --about REF         the earlier proposal that this one supersedes or ends
` + sayHelp, runPropose}
}

func runPropose(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "propose").withDir()
	var say sayFlags
	say.add(f.FlagSet)
	template, on := f.Bool("template", false, ""), f.String("about", "", "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if *template {
		return proposalTemplate(ctx, e, f)
	}
	if len(rest) != 1 {
		return usagef("which file? entente propose --template prints one to fill in")
	}
	var p proposalFile
	if err := fileOf(rest[0], &p); err != nil {
		return err
	}
	part, digest, err := accord.MarshalPaper(p.Paper)
	if err != nil {
		return err
	}
	p.Proposal.Paper = digest
	refs, _, err := about(*on)
	if err != nil {
		return err
	}
	return sayIt(ctx, e, f, accord.KindProposal, p.Proposal, refs, [][]byte{part}, say)
}

// accountFile is what tell reads: the act without the digests of its items, and
// the items.
type accountFile struct {
	Account accord.Account `json:"account"`
	Items   []accord.Item  `json:"items"`
}

func tellVerb() verb {
	return verb{"tell", "give this party's account of an event, open or sealed", `tell --dir DIR [--about REF] [flags] FILE.json
       entente tell --template [--sealed] --dir DIR

FILE.json holds the account, without the digests of its items, and the items, each numbered.
--template prints one to fill in. In the mode sealed the items open for this party and the
depositary alone until they are revealed: entente open --to PARTY --reason TEXT N/1, once the
others have committed or their time has passed.

  --about REF         the clause, notice or account that it is about
` + sayHelp, runTell}
}

func runTell(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "tell").withDir()
	var say sayFlags
	say.add(f.FlagSet)
	on, template, sealed := f.String("about", "", ""), f.Bool("template", false, ""), f.Bool("sealed", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if *template {
		return accountTemplate(ctx, e, f, *sealed)
	}
	if len(rest) != 1 || *sealed {
		return usagef("which file? entente tell --template [--sealed] prints one to fill in")
	}
	var file accountFile
	if err := fileOf(rest[0], &file); err != nil {
		return err
	}
	salted := make([]accord.SaltedItem, len(file.Items))
	file.Account.Items = make([]statement.Digest, len(file.Items))
	for i, it := range file.Items {
		salt, err := newSalt()
		if err != nil {
			return err
		}
		salted[i] = accord.SaltedItem{Salt: salt, Item: it}
		if file.Account.Items[i], err = accord.ItemDigest(salted[i]); err != nil {
			return err
		}
	}
	part, err := json.Marshal(salted)
	if err != nil {
		return err
	}
	refs, name, err := about(*on)
	if err != nil {
		return err
	}
	if name != "" {
		file.Account.Part = name
	}
	return sayIt(ctx, e, f, accord.KindAccount, file.Account, refs, [][]byte{part}, say)
}

// assessmentFile is what assess reads.
type assessmentFile struct {
	Assessment accord.Assessment `json:"assessment"`
	Matrix     *accord.Matrix    `json:"matrix"`
}

func assessVerb() verb {
	return verb{"assess", "judge a question: hypotheses, evidence, likelihood, confidence", `assess --dir DIR [--about REF] [flags] FILE.json
       entente assess --template --dir DIR

FILE.json holds the assessment and its matrix, if it has one, without digest and salt;
"matrix": null for none. --template prints one to fill in. Every question has the hypotheses
other, staged, insider and accident; one that was added is named ID/hypothesis/N.

  --about REF         the assessment that opened the question
` + sayHelp, runAssess}
}

func runAssess(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "assess").withDir()
	var say sayFlags
	say.add(f.FlagSet)
	on, template := f.String("about", "", ""), f.Bool("template", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if *template {
		return assessmentTemplate(ctx, e, f)
	}
	if len(rest) != 1 {
		return usagef("which file? entente assess --template prints one to fill in")
	}
	var file assessmentFile
	if err := fileOf(rest[0], &file); err != nil {
		return err
	}
	var parts [][]byte
	if file.Matrix != nil {
		if file.Matrix.Salt, err = newSalt(); err != nil {
			return err
		}
		part, err := json.Marshal(file.Matrix)
		if err != nil {
			return err
		}
		parts, file.Assessment.Matrix = [][]byte{part}, accord.MatrixDigest(part)
	}
	refs, _, err := about(*on)
	if err != nil {
		return err
	}
	return sayIt(ctx, e, f, accord.KindAssessment, file.Assessment, refs, parts, say)
}

func exhibitVerb() verb {
	return verb{"exhibit", "put a file into the record, by its digest or whole", `exhibit --dir DIR [flags] FILE

  --kind WORD         file (default), pcap, log-slice, web-capture, image, stix or test-result
  --tool NAME         what captured it; default: unknown
  --from TEXT         where it is from
  --passed WORD       of a test-result: passed or failed
  --withheld REASON   the digest alone, and why; the only way for more than 1 MiB
  --hold REASON       it must not be deleted
  --about REF         what it belongs to
` + sayHelp, runExhibit}
}

func runExhibit(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "exhibit").withDir()
	var say sayFlags
	say.add(f.FlagSet)
	x := accord.Exhibit{Custody: []accord.Custody{}, Verify: []string{}, Held: "shared"}
	f.StringVar(&x.Kind, "kind", "file", "")
	f.StringVar(&x.Captured.Tool, "tool", "unknown", "")
	f.StringVar(&x.Captured.From, "from", "", "")
	f.StringVar(&x.Passed, "passed", "", "")
	f.StringVar(&x.Reason, "withheld", "", "")
	f.StringVar(&x.Hold, "hold", "", "")
	on := f.String("about", "", "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usagef("which file?")
	}
	data, err := readFile(rest[0], 1<<30)
	if err != nil {
		return err
	}
	info, err := os.Stat(rest[0])
	if err != nil {
		return err
	}
	c, s, err := f.client(ctx)
	if err != nil {
		return err
	}
	x.Name, x.Size, x.SHA256 = filepath.Base(rest[0]), int64(len(data)), sha256.Sum256(data)
	if x.MediaType = mime.TypeByExtension(filepath.Ext(x.Name)); x.MediaType == "" {
		x.MediaType = "application/octet-stream"
	}
	x.Captured.At, x.Captured.By = accord.At(info.ModTime()), s.Party
	var parts [][]byte
	switch {
	case x.Reason != "":
		x.Held = "withheld"
	case len(data) > statement.MaxPart:
		return hint(fmt.Errorf("%s has %d bytes, and the record takes at most %d of a file", rest[0], len(data), statement.MaxPart), "--withheld REASON puts its digest alone into the record; the file goes another way")
	default:
		parts = [][]byte{data}
	}
	var refs []api.LeafName
	if refs, _, err = about(*on); err != nil {
		return err
	}
	return draftIt(ctx, e, c, accord.KindExhibit, x, refs, parts, say)
}
