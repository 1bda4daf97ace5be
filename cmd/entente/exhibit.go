package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"mime"
	"os"
	"path/filepath"

	"entente/accord"
	"entente/api"
	"entente/record"
	"entente/statement"
)

func exhibitVerb() verb {
	return verb{"exhibit", "put a file into the record, by its digest or whole", `exhibit --dir DIR [flags] FILE
exhibit --dir DIR --get REF --out FILE

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
	f.StringVar(&x.Observer, "observer", "", "")
	on, get, out := f.String("about", "", ""), f.String("get", "", ""), f.String("out", "", "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if *get != "" {
		return getExhibit(ctx, f, *get, *out)
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
	if x.Observer != "" {
		x.Held = "observer-only"
	}
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

// getExhibit writes the content of an exhibit, held against what its act says.
func getExhibit(ctx context.Context, f *flags, name, out string) error {
	if out == "" {
		return usagef("--get needs --out FILE")
	}
	refs, _, err := about(name)
	if err != nil {
		return err
	}
	c, s, err := f.client(ctx)
	if err != nil {
		return err
	}
	raw, err := c.Bundle(ctx, cmp.Or(refs[0].Party, s.Party), refs[0].Index)
	if err != nil {
		return err
	}
	b, err := record.ParseBundle(raw)
	if err != nil {
		return err
	}
	parts := map[int][]byte{}
	for _, p := range b.Shown.Parts {
		parts[p.N] = p.Text
	}
	act, _, err := statement.ParseAct(parts[0])
	if err != nil {
		return err
	}
	x, err := accord.ParseExhibit(act.Body)
	if err != nil {
		return err
	}
	content := parts[accord.ContentPart]
	if content == nil {
		return hint(errors.New("its content is not to be had here"), "whom it is entrusted to says first that it is seen: entente position %s ack", name)
	}
	if sha256.Sum256(content) != x.SHA256 {
		return errors.New("its content is not what the record says it is")
	}
	return os.WriteFile(out, content, 0o600)
}
