package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"entente/api"
	"entente/border"
	"entente/node"
	"entente/record"
)

func leakVerb() verb {
	return verb{"leak", "name whose copy a leaked text comes from", `leak --dir DIR [--proof OUT] FILE

Holds a leaked text of any form (list, CSV, JSON, prose, defanged or not) against
every release that was shared with --canary, and names the recipients whose copies
it comes from and how sure that is. "-" reads standard input.

  --proof OUT         write the proof for the newest release that names somebody; anybody
                      with the charter checks it with: entente verify OUT. It opens the
                      decoys of that release and the copies of those whom it names
  --json`, runLeak}
}

func runLeak(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "leak").withDir()
	out, asJSON := f.String("proof", "", ""), f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("which leaked text?")
	}
	text, err := readLeak(e, files[0])
	if err != nil {
		return err
	}
	got, err := fromNode(ctx, f, (*api.Client).Leak, text)
	if err != nil {
		return err
	}
	if err := tellLeak(e, got, *asJSON); err != nil || *out == "" {
		return err
	}
	for _, r := range slices.Backward(got.Releases) {
		if r.Proof == nil {
			continue
		}
		if err := send(e, *out, func(w io.Writer) error { _, err := w.Write(r.Proof); return err }); err != nil {
			return err
		}
		e.note("the proof against %s is in %s; whoever gets it can read the copies that it opens", names(r.Tracing.Named), *out)
		return nil
	}
	return fmt.Errorf("there is no proof to write: nobody is named")
}

func tellLeak(e *env, got api.LeakResult, asJSON bool) error {
	if !asJSON {
		showLeak(e, got)
		return nil
	}
	got.Releases = slices.Clone(got.Releases)
	for i := range got.Releases {
		got.Releases[i].Proof = nil // a file of its own
	}
	return e.json(got)
}

func readLeak(e *env, path string) ([]byte, error) {
	if path != "-" {
		return readFile(path, border.MaxLeak)
	}
	text, err := io.ReadAll(io.LimitReader(e.stdin, border.MaxLeak+1))
	if err == nil && len(text) > border.MaxLeak {
		err = fmt.Errorf("a leaked text has at most %d bytes", border.MaxLeak)
	}
	return text, err
}

func showLeak(e *env, got api.LeakResult) {
	if len(got.Releases) == 0 {
		e.printf("nothing of %s is in it\n", counted(got.Looked, "marked release", "marked releases"))
		return
	}
	for _, r := range got.Releases {
		e.printf("%s, number %d, %s\n", r.Name, r.Canary.Index, when(r.Time))
		showTracing(e, r.Tracing)
	}
}

func names(all []border.Named) string {
	var out []string
	for _, n := range all {
		out = append(out, n.Party)
	}
	return strings.Join(out, ", ")
}

// grounds says in words why somebody is named.
var grounds = map[string]string{
	border.ByOwnDecoy:  "a decoy that nobody else was given",
	border.ByDecoys:    "no two recipients without it were given all the decoys in it",
	border.ByWhole:     "no other copies, put together whole, have just these decoys",
	border.ByMarks:     "order and spelling as in its copy",
	border.ByBestMarks: "one of two was given these decoys, and order and spelling are as in its copy",
}

func showTracing(e *env, t border.Tracing) {
	for _, n := range t.Named {
		sure := "likely"
		if n.Sure() {
			sure = "certain"
		}
		var why []string
		for _, g := range n.Ground {
			why = append(why, grounds[g])
		}
		e.printf("  leaked     the copy of %s, %s: %s\n", n.Party, sure, strings.Join(why, "; "))
		e.printf("             chance of an error at most %s\n", oneIn(n.Chance))
	}
	for _, group := range t.OneOf {
		e.printf("  leaked     the copy of at least one of %s\n", strings.Join(group, " and "))
	}
	for _, m := range t.Match {
		e.printf("  %-10s %d of %d decoys, %d of %d marks that can be read\n", m.Party, m.Decoys, m.Held, m.Marks, m.Read)
	}
}

// oneIn writes a chance for people.
func oneIn(p float64) string {
	switch {
	case p <= 1e-12:
		return "1 in 1,000,000,000,000"
	case p >= 0.5:
		return "1 in 1"
	}
	return fmt.Sprintf("1 in %.0f", 1/p)
}

// verifyLeak checks a leak proof.
func verifyLeak(r record.Roster, path string, data []byte) (finding, error) {
	f, err := node.VerifyLeak(r, data)
	if err != nil {
		return finding{}, err
	}
	return finding{File: path, Proves: "leak", Party: f.Giver, Leak: &f, Detail: names(f.Tracing.Named)}, nil
}

func showLeakFinding(e *env, f node.LeakFinding) {
	e.printf("  release    %q by %s, number %d of its log, %s: fixed before it was given who gets which copy\n", f.Name, f.Giver, f.Release.Index, f.Release.Word)
	for _, c := range f.Copies {
		e.printf("  copy       to %s, number %d, %s, holds what was fixed for it\n", list(c.Act.Recipients), c.Index, c.Word)
	}
	e.printf("  text       %d bytes, SHA-256 %x\n", f.LeakSize, f.LeakSum)
	showTracing(e, f.Tracing)
	e.printf("  not proved that %s itself, or somebody who broke into it, did not publish that copy;\n", f.Giver)
	e.printf("             who at the recipient did; when and where the text appeared; and, of more\n")
	e.printf("             than two recipients who put copies together, who they all are\n")
}

// formatOf returns the format that a JSON file claims.
func formatOf(data []byte) string {
	var probe struct {
		Format string `json:"format"`
	}
	if json.Unmarshal(data, &probe) != nil {
		return ""
	}
	return probe.Format
}
