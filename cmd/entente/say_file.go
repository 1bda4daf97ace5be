package main

import (
	"context"
	"crypto/rand"

	"entente/accord"
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
	part, digests, err := accord.MarshalItems(file.Items, rand.Reader)
	if err != nil {
		return err
	}
	file.Account.Items = digests
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
		part, digest, err := accord.MarshalMatrix(*file.Matrix, rand.Reader)
		if err != nil {
			return err
		}
		parts, file.Assessment.Matrix = [][]byte{part}, digest
	}
	refs, _, err := about(*on)
	if err != nil {
		return err
	}
	return sayIt(ctx, e, f, accord.KindAssessment, file.Assessment, refs, parts, say)
}
