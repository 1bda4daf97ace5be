package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"entente/api"
	"entente/statement"
)

func signVerb() verb {
	return verb{"sign", "sign a draft as one of the party's officers", `sign --dir DIR --officer ID (--key FILE | --agent [--key FILE.pub]) [--type TEXT] [--json] DRAFT

Shows what is signed: the whole text, what changed in it, what takes effect when and
until when it can be undone; then asks to type the first 12 characters of its digest.
The statement is said once as many officers have signed, in the roles, as the rules demand.

  --officer ID        who signs
  --key FILE          with a key of entente officer key
  --agent             with the ssh-agent at SSH_AUTH_SOCK: the key of FILE.pub, or its first of Ed25519
  --type TEXT         what would be typed, for scripts
  --json`, runSign}
}

func runSign(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "sign").withDir()
	officer, key, typed := f.String("officer", "", ""), f.String("key", "", ""), f.String("type", "", "")
	useAgent, asJSON := f.Bool("agent", false, ""), f.Bool("json", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) != 1 || *officer == "" || *key == "" && !*useAgent {
		return usagef("name the draft, --officer ID, and --key FILE or --agent")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	sheet, err := c.AccordSheet(ctx, rest[0])
	if err != nil {
		return err
	}
	// What is signed is what this program has read, not what the node says of it.
	digest := statement.ApprovalDigest(sheet.Act)
	if digest.String() != sheet.ID {
		return fmt.Errorf("the node shows another text than the one to sign")
	}
	if !*asJSON {
		showSheet(e, sheet)
	}
	if *typed == "" {
		e.note("type the first %d characters of the digest: ", len(sheet.Type))
		line, err := bufio.NewReader(e.stdin).ReadString('\n')
		if err != nil {
			return fmt.Errorf("nothing was typed: %w", err)
		}
		*typed = strings.TrimSpace(line)
	}
	if *typed != digest.String()[:len(sheet.Type)] {
		return fmt.Errorf("not signed: %q is not the beginning of the digest", *typed)
	}
	pub, sig, err := approve(e, *key, *useAgent, digest)
	if err != nil {
		return err
	}
	p, err := c.AccordApprove(ctx, api.ApproveRequest{ID: sheet.ID, Approval: statement.Approval{
		Officer: *officer, Key: base64.StdEncoding.EncodeToString(pub), Sig: base64.StdEncoding.EncodeToString(sig),
	}})
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(p)
	}
	showPending(e, p)
	return nil
}

// approve signs with a key file or the agent: whether the key is the officer's is
// the node's question.
func approve(e *env, file string, useAgent bool, digest statement.Digest) (ed25519.PublicKey, []byte, error) {
	if !useAgent {
		key, err := secretKey(file)
		if err != nil {
			return nil, nil, err
		}
		return key.Public().(ed25519.PublicKey), ed25519.Sign(key, digest[:]), nil
	}
	fits := func(ed25519.PublicKey) bool { return true }
	if file != "" {
		data, err := readFile(file, 16<<10)
		if err != nil {
			return nil, nil, err
		}
		want, err := publicKey(data)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		fits = func(pub ed25519.PublicKey) bool { return pub.Equal(want) }
	}
	return agentSign(e.getenv("SSH_AUTH_SOCK"), fits, digest[:])
}

// effectWords are what a sheet says of each effect.
func effectWords() map[string]string {
	return map[string]string{
		api.EffectDecideBy: "the others may consent until", api.EffectCoolingOff: "after the last consent any party may revoke within",
		api.EffectUndo: "it can be revoked until", api.EffectFrom: "it takes effect not before", api.EffectNotice: "it takes effect at",
		api.EffectEnds: "it holds until", api.EffectAckBy: "acknowledgement is asked by", api.EffectAnswerBy: "an answer is asked by",
		api.EffectCommitBy: "the others are asked for theirs by", api.EffectRevealBy: "the depositary opens it after", api.EffectDue: "it is due by",
		api.EffectWatched: "recurrence is watched for until", api.EffectLater: "it will be shown at", api.EffectHappened: "the time that it tells of:", api.EffectHappenedTo: "and until",
		api.EffectFinal: "nothing that is said is recalled; a correction is a new statement",
	}
}

func showSheet(e *env, s api.Sheet) {
	e.printf("%s in case %s, to everybody, %s\n", s.Kind, s.Case, s.Marking)
	for _, r := range s.Refs {
		e.printf("  about number %d of %s\n", r.Index, r.Origin)
	}
	for _, f := range s.Facts {
		e.printf("  %s: %s\n", strings.ReplaceAll(f.Name, "-", " "), strings.Join(f.Values, ", "))
	}
	for _, t := range s.Texts {
		e.printf("--- %s %s\n", t.Part, t.Lang)
		if t.Changes == nil {
			e.printf("%s", quoted(t.Text))
			continue
		}
		for _, line := range t.Changes {
			e.printf("%s", quoted(line))
		}
	}
	e.printf("---\n")
	for _, x := range s.Effects {
		switch {
		case x.At != 0:
			e.printf("  %s %s\n", effectWords()[x.Name], clock(x.At))
		case x.Name == api.EffectFinal:
			e.printf("  %s\n", effectWords()[x.Name])
		default:
			e.printf("  %s %s\n", effectWords()[x.Name], time.Duration(x.Seconds)*time.Second)
		}
	}
	e.printf("  exactly %s\n  digest %s\n", s.Act, s.ID)
}

// quoted marks every line of a text as one, so that no text that somebody wrote
// looks like a line of the sheet itself.
func quoted(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		b.WriteString("| " + line + "\n")
	}
	return b.String()
}

func showPending(e *env, p api.Pending) {
	if p.Said != nil {
		e.printf("said as number %d\n", p.Said.Index)
		return
	}
	var signed []string
	for _, a := range p.Approvals {
		signed = append(signed, a.Officer)
	}
	word := "officers"
	if p.Officers == 1 {
		word = "officer"
	}
	e.printf("draft %s  %s  signed by %s; needs %d %s", p.Type, p.Kind, list(signed), p.Officers, word)
	if len(p.Roles) > 0 {
		e.printf(", among them %s", strings.Join(p.Roles, ", "))
	}
	e.printf("\n")
	if s := p.Seen; s != nil {
		count := fmt.Sprint(s.Count)
		if s.AtLeast {
			count = "at least " + count
		}
		e.printf("    seen by the own watch: clause %d, lines %s, sensors %s, %s to %s\n", s.Clause, count, list(s.Sensors), clock(s.From), clock(s.To))
	}
}
