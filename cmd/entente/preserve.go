package main

import (
	"context"
	"fmt"
	"time"

	"entente/api"
	"entente/internal/webcapture"
)

func preserveVerb() verb {
	return verb{"preserve", "keep a copy of a public page, and see what became of it", `preserve --dir DIR [--network CIDR] [--tell] [--json] URL
       entente preserve --dir DIR [--json] [--list URL]
       entente preserve --compare [--json] EARLIER.wacz LATER.wacz

Captures a page and what it shows as a WACZ file in DIR/captures and seals its SHA-256 in
the own log. Captured again, it says what was changed, moved or deleted since. Without an
address it lists what was captured. The config's list preserve: names pages that the node
captures by itself: url, every, networks, tell.

  --network CIDR   a network that is not public and may be connected to; may be repeated
  --tell           let the other nodes see address and digest too, not the own side alone
  --list URL       the captures of one address
  --compare        two files, one's own or two parties', without a node`, runPreserve}
}

func runPreserve(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "preserve").withDir()
	var networks words
	f.Var(&networks, "network", "")
	tell, compare, asJSON := f.Bool("tell", false, ""), f.Bool("compare", false, ""), f.Bool("json", false, "")
	list := f.String("list", "", "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if *compare {
		return compareCaptures(e, rest, *asJSON)
	}
	if len(rest) > 1 || len(rest) == 1 && *list != "" {
		return usagef("one address")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var all []api.Capture
	if len(rest) == 0 {
		all, err = c.CapturesChanged(ctx, *list)
	} else {
		var one api.Capture
		one, err = c.PreservePage(ctx, api.PreserveRequest{URL: rest[0], Networks: append([]string{}, networks...), Tell: *tell})
		all = []api.Capture{one}
	}
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(all)
	}
	for _, one := range all {
		showCapture(e, one)
	}
	if len(rest) == 0 {
		e.printf("%s\n", counted(len(all), "capture", "captures"))
	}
	return nil
}

func showCapture(e *env, c api.Capture) {
	e.printf("%s\n  captured  %s UTC, status %d, %s\n  sealed    as statement %d, SHA-256 %s\n  file      %s\n", c.URL, time.Unix(c.At, 0).UTC().Format("2006-01-02 15:04:05"), c.Status, counted(int(c.Size), "byte", "bytes"), c.Index, c.SHA256, c.File)
	if c.Final != c.URL && c.Final != "" {
		e.printf("  led to    %s\n", c.Final)
	}
	showChange(e, c.Outcome, c.Added, c.Deleted, c.AddedLines, c.DeletedLines)
	for _, m := range c.Missing {
		e.printf("  missing   %s\n", m)
	}
}

// outcomes say what became of a page since the capture before.
var outcomes = map[string]string{
	"":                 "the first capture",
	webcapture.Same:    "not a byte has changed",
	webcapture.Similar: "the text is the same, the bytes are not",
	webcapture.Changed: "the text has changed",
	webcapture.Gone:    "the page is gone",
	webcapture.Moved:   "the address leads elsewhere now",
	webcapture.Unread:  "the bytes have changed, and they are no text",
	api.CaptureLost:    "the file is missing or damaged; its digest stays in the record",
}

func showChange(e *env, outcome string, added, deleted []string, a, d int) {
	e.printf("  since     %s\n", outcomes[outcome])
	for _, l := range deleted {
		e.printf("    - %s\n", l)
	}
	for _, l := range added {
		e.printf("    + %s\n", l)
	}
	if more := a + d - len(added) - len(deleted); more > 0 {
		e.printf("    and %s more\n", counted(more, "line", "lines"))
	}
}

func compareCaptures(e *env, files []string, asJSON bool) error {
	if len(files) != 2 {
		return usagef("two files to compare")
	}
	var got [2]webcapture.Capture
	for i, file := range files {
		data, err := readFile(file, 64<<20)
		if err != nil {
			return err
		}
		if got[i], err = webcapture.Read(data); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	ch := webcapture.Compare(got[0], got[1])
	if asJSON {
		return e.json(map[string]any{"outcome": ch.Outcome, "added": append([]string{}, ch.Added...), "deleted": append([]string{}, ch.Deleted...), "status": ch.Status, "apart": int(got[1].At.Sub(got[0].At) / time.Second)})
	}
	e.printf("%s\n%s, %s apart\n", got[0].Final, got[1].Final, got[1].At.Sub(got[0].At).Abs())
	showChange(e, ch.Outcome, ch.Added, ch.Deleted, len(ch.Added), len(ch.Deleted))
	return nil
}
