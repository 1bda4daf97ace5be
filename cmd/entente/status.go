package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"entente/api"
)

func statusVerb() verb {
	return verb{"status", "say where the node stands", `status --dir DIR [--json]

Asks the running node: its log and how far the own statements have come, the
partners, what was refused, the log sources, alerts, and what is wrong.`, runStatus}
}

func runStatus(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "status").withDir()
	asJSON := f.Bool("json", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	_, s, err := f.client(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(s)
	}
	showStatus(e, s)
	return nil
}

func showStatus(e *env, s api.Status) {
	e.printf("%s, %s of %s (epoch %d)\n", s.Party, s.Role, s.Charter.Name, s.Charter.Epoch)
	switch {
	case s.Withdrawn:
		e.printf("withdrawn  this party has left the charter\n")
	case s.ReadOnly != "":
		e.printf("read-only  %s\n", s.ReadOnly)
	}
	e.printf("log        %s, root %s\n", counted(s.Head.Size, "leaf", "leaves"), s.Head.Root.Short())
	e.printf("said       %d logged, %d witnessed, %d held, %d acknowledged\n", s.Words.Logged, s.Words.Witnessed, s.Words.Held, s.Words.Acknowledged)
	for _, p := range s.Partners {
		e.printf("partner    %s\n", partnerLine(p))
	}
	for _, path := range s.Evidence {
		e.printf("evidence   %s\n", path)
	}
	for _, r := range s.Refusals {
		e.printf("refused    %s %s, %s\n", r.Party, r.Code, counted(r.Count, "time", "times"))
	}
	w := s.Watch
	e.printf("watch      %s and %s, %s; %s, %d held back; sightings: %d sent, %d received (%s, %d a day)\n",
		counted(w.Indicators, "indicator", "indicators"), counted(w.Rules, "rule", "rules"), counted(w.Lists, "list", "lists"), counted(w.Alerts, "alert", "alerts"), w.HeldBack, w.Sent, w.Received, w.Policy, w.PerDay)
	t := w.Total
	e.printf("lines      %d read = %d matched + %d clean + %d unparsed + %d dropped\n", t.Read, t.Matched, t.Clean, t.Unparsed, t.Dropped)
	if w.Waits > 0 {
		e.printf("waiting    the disk is full: reading of logs waits since %s and goes on by itself\n", when(w.Waits))
	}
	for _, src := range w.Sources {
		e.printf("source     %s\n", sourceLine(src))
	}
	e.printf("archive    %s\n", archiveLine(w.Archive))
	for _, text := range w.Troubles {
		e.printf("trouble    %s\n", text)
	}
	e.printf("partners connect at %s", s.Peer)
	if s.Console != "" {
		e.printf("; console at %s", s.Console)
	}
	e.printf("\n")
}

func archiveLine(a api.ArchiveStatus) string {
	if a.Off {
		return "off"
	}
	line := fmt.Sprintf("%s in %s, %.1f MiB", counted(a.Events, "event", "events"), counted(a.Segments, "segment", "segments"), float64(a.Bytes)/(1<<20))
	if a.Since != 0 {
		line += ", since " + when(a.Since)
	}
	if a.Stopped != "" {
		line += "; STOPPED: " + a.Stopped + " (matching goes on)"
	}
	return line
}

func partnerLine(p api.PartnerStatus) string {
	line := []string{p.Party, fmt.Sprintf("%s mirrored", counted(p.Size, "leaf", "leaves"))}
	switch {
	case p.Left:
		line = append(line, "has left")
	case p.Silent > 0 && p.Heard == 0:
		line = append(line, fmt.Sprintf("never heard, asked %s", counted(p.Asks, "time", "times")))
	case p.Silent > 0:
		line = append(line, fmt.Sprintf("silent since %s, asked %s", when(p.Silent), counted(p.Asks, "time", "times")))
	default:
		line = append(line, "heard "+when(p.Heard))
	}
	if p.Healed > 0 {
		line = append(line, fmt.Sprintf("%s of the mirror put right", counted(p.Healed, "damaged leaf", "damaged leaves")))
	}
	if p.Damaged > 0 {
		line = append(line, fmt.Sprintf("DAMAGED HERE: %s, nobody has given them back yet", counted(p.Damaged, "place", "places")))
	}
	if p.Disputed {
		line = append(line, "DISPUTED: it signed two histories")
	}
	return strings.Join(line, ", ")
}

func sourceLine(s api.Source) string {
	state := s.State
	if s.Since > 0 {
		state += " since " + when(s.Since) + ", looked for again and again"
	}
	if state != "" && s.Format == "" && s.Read == 0 {
		return fmt.Sprintf("%s: %s", s.Path, state)
	}
	line := fmt.Sprintf("%s (%s): %d read = %d matched + %d clean + %d unparsed + %d dropped", s.Path, cmp.Or(s.Format, "format not recognised"), s.Read, s.Matched, s.Clean, s.Unparsed, s.Dropped)
	if s.Done {
		line += ", at its end"
	}
	if state != "" {
		line += "; " + state
	}
	if s.Lost != "" {
		line += "; lost: " + s.Lost
	}
	return line
}
