package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entente/api"
	"entente/console"
)

func alertsVerb() verb {
	return verb{"alerts", "list alerts, or what the gate holds back", `alerts --dir DIR [--held] [--lang en|ru] [--limit N] [--offset N] [--json]

One alert is one indicator that met lines of the own logs. The ids go to
entente release, and with --held to entente accept. What is held back says why,
in English or Russian, with the warning list and the entry that it met.`, runAlerts}
}

func runAlerts(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "alerts").withDir()
	held, asJSON := f.Bool("held", false, ""), f.Bool("json", false, "")
	lang := f.String("lang", "en", "")
	limit, offset := f.Int("limit", 50, ""), f.Int("offset", 0, "")
	if err := f.none(args); err != nil {
		return err
	}
	if !slices.Contains(console.Languages(), *lang) {
		return usagef("--lang is one of %s", strings.Join(console.Languages(), ", "))
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	page, err := c.Alerts(ctx, api.AlertQuery{Held: *held, Limit: *limit, Offset: *offset})
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(page)
	}
	for _, a := range page.Canaries {
		e.printf("canary seen: a decoy of our own, in our own logs\n")
		showAlert(e, a, *lang)
	}
	for _, a := range page.Items {
		showAlert(e, a, *lang)
	}
	if *held {
		e.printf("%d of %s held back\n", len(page.Items), counted(page.Total, "indicator", "indicators"))
		return nil
	}
	waiting, err := c.Alerts(ctx, api.AlertQuery{Held: true, Limit: 1})
	if err != nil {
		return err
	}
	e.printf("%d of %s", len(page.Items), counted(page.Total, "alert", "alerts"))
	if waiting.Total > 0 {
		e.printf("; %s held back: entente alerts --dir %s --held", counted(waiting.Total, "indicator", "indicators"), f.dir)
	}
	e.printf("\n")
	return nil
}

// explained is a reason, "CODE: detail", as a sentence of a language.
func explained(lang, reason string) string {
	code, detail, _ := strings.Cut(reason, ": ")
	text, err := console.Explain(lang, console.Reason{Code: code, Detail: detail})
	if err != nil {
		return reason // of a node that knows more reasons than this program
	}
	return code + "  " + text
}

func showAlert(e *env, a api.Alert, lang string) {
	from := fmt.Sprintf("from %s, list %s", a.Giver, a.List)
	if len(a.Reasons) > 0 {
		e.printf("%s %s, %s\n", a.Type, a.Value, from)
		for _, r := range a.Reasons {
			e.printf("  held      %s\n", explained(lang, r))
		}
		if a.Count > 0 {
			e.printf("  would     meet %s\n", counted(a.Count, "line", "lines"))
		}
	} else {
		e.printf("%s %s, %s\n  met       %s, sighting: %s\n", a.Type, a.Value, from, counted(a.Count, "line", "lines"), a.State)
	}
	if a.First != 0 {
		e.printf("  first     %s, %s ago\n", when(a.First), ago(a.Dwell))
	}
	for _, h := range a.Hits {
		e.printf("  newest    %s line %d, byte %d: %s is %s (%s)\n  line      %s\n", h.File, h.Line, h.Offset, h.Field, h.Seen, h.Rule, short(h.Raw, 300))
	}
	e.printf("  id        %s\n", a.ID)
}
