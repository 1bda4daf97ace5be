package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/charter"
	"entente/node"
	"entente/record"
)

// tell prints one numbered line of the story.
func (x *exercise) tell(format string, a ...any) {
	x.step++
	fmt.Fprintf(x.out, "%2d  %s\n", x.step, fmt.Sprintf(format, a...))
}

func (x *exercise) charter() charter.Charter {
	c, _, err := node.ReadCharter(x.stage.folder(north))
	if err != nil {
		return charter.Charter{}
	}
	return c
}

func (x *exercise) sayStart() {
	c := x.charter()
	x.tell("north and south do not trust each other. Each runs its own node; an observer watches both.")
	x.tell("All three signed one charter, %q; its fingerprint is %s.", c.Name, charter.Fingerprint(c.Digest()))
}

// sayRead tells what has been read before anything was shared.
func (x *exercise) sayRead(ctx context.Context) {
	var said []string
	for _, name := range []string{north, south} {
		if t, err := x.stage.nodes[name].Tally(ctx); err == nil {
			said = append(said, fmt.Sprintf("%s has read %s", name, many(t.Lines, "line")))
		}
	}
	x.tell("%s of their own logs. Nobody else sees a line of them.", strings.Join(said, ", "))
}

// share lets each party give its indicators to the other.
func (x *exercise) share(ctx context.Context) error {
	for _, from := range []string{north, south} {
		to := south
		if from == south {
			to = north
		}
		files, err := x.files(from)
		if err != nil {
			return err
		}
		items := 0
		for _, path := range files {
			n, err := x.shareFile(ctx, from, to, path)
			if err != nil {
				return fmt.Errorf("%s shares %s: %w", from, path, err)
			}
			items += n
		}
		if len(files) > 0 {
			x.tell("%s shares %s in %s, sealed to %s; the observer holds them and cannot read them.", from, many(int64(items), "indicator"), counted(len(files), "list", "lists"), to)
		}
	}
	return nil
}

func (x *exercise) files(from string) ([]string, error) {
	if x.real() {
		return x.indicators[from], nil
	}
	entries, err := os.ReadDir(filepath.Join(x.dir, "scenario", from, "indicators"))
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		files = append(files, filepath.Join(x.dir, "scenario", from, "indicators", e.Name()))
	}
	return files, nil
}

// shareFile gives one file to the other party.
func (x *exercise) shareFile(ctx context.Context, from, to, path string) (int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	got, err := x.stage.nodes[from].Control().Share(ctx, api.ShareRequest{Name: filepath.Base(path), Source: "exercise", To: []string{to}, Data: data})
	return got.Report.Items, err
}

// acceptAll plays the officers of both parties who accept what their gates
// hold back of the files named by --accept.
func (x *exercise) acceptAll(ctx context.Context) error {
	x.tell("Each gate holds back what is too broad, undated, expired or known to be harmless; a person may accept it.")
	for _, path := range x.accept {
		for _, name := range []string{north, south} {
			n, err := x.stage.nodes[name].AcceptHeld(ctx, "exercise-officer", filepath.Base(path), "accepted for the exercise by --accept "+filepath.Base(path))
			if err != nil {
				return fmt.Errorf("%s accepts %s: %w", name, path, err)
			}
			if n > 0 {
				x.tell("%s: an officer accepts %s held-back indicators of %s, on the record.", name, grouped(int64(n)), filepath.Base(path))
			}
		}
	}
	return nil
}

// count gathers the outcome and verifies every statement offline.
func (x *exercise) count(ctx context.Context) error {
	t := x.total
	t.Parties, t.RulesFired = len(parties()), x.fired
	for _, name := range parties() {
		n := x.stage.nodes[name]
		one, err := n.Tally(ctx)
		if err != nil {
			return err
		}
		t.Lines += one.Lines
		t.Alerts += one.Alerts
		t.HeldBack += one.HeldBack
		t.SightingsSent += one.Sent
		t.SightingsReceived += one.Received
		t.Statements += one.Statements
		t.Witnessed += one.Witnessed
		t.Held += one.Held
		t.Forks = max(t.Forks, one.Evidence)
		if !one.LedgerAdds {
			t.Lost++
		}
		verified, err := provenAll(ctx, n, name, x.charter())
		if err != nil {
			return err
		}
		t.BundlesVerified += verified
	}
	t.Lost += t.SightingsSent - t.SightingsReceived + t.Statements - t.Held
	t.Seconds = float64(time.Since(x.began).Milliseconds()) / 1000
	x.total = t
	return nil
}

// proofLimit is how long the signatures of all may take to stand on heads that the proofs can show.
const proofLimit = time.Minute

// provenAll is verifyAll, again until all are: what each partner signed may stand on heads of its own, of which the newest takes the
// place, and the next head has them all.
func provenAll(ctx context.Context, n *node.Node, name string, c charter.Charter) (int, error) {
	limit := time.NewTimer(proofLimit)
	defer limit.Stop()
	for {
		verified, all, err := verifyAll(ctx, n, name, c)
		if err != nil || verified == all {
			return verified, err
		}
		select {
		case <-ctx.Done():
			return verified, ctx.Err()
		case <-limit.C:
			return verified, nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// verifyAll exports every statement of a node as a bundle and verifies it
// from the charter alone, as a stranger would.
func verifyAll(ctx context.Context, n *node.Node, name string, c charter.Charter) (verified, all int, err error) {
	roster, err := record.NewRoster(c)
	if err != nil {
		return 0, 0, err
	}
	indexes, err := n.Statements(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, i := range indexes {
		data, err := n.Control().Bundle(ctx, name, i)
		if err != nil {
			return verified, len(indexes), fmt.Errorf("bundle %d of %s: %w", i, name, err)
		}
		b, err := record.ParseBundle(data)
		if err != nil {
			return verified, len(indexes), fmt.Errorf("bundle %d of %s: %w", i, name, err)
		}
		report, err := record.Verify(roster, b)
		if err != nil {
			return verified, len(indexes), fmt.Errorf("bundle %d of %s: %w", i, name, err)
		}
		if report.Word == record.Held {
			verified++
		}
	}
	return verified, len(indexes), nil
}

// sayEnd tells what came of it.
func (x *exercise) sayEnd(ctx context.Context) {
	t, held := x.total, int64(0)
	for _, name := range []string{north, south} {
		one, err := x.stage.nodes[name].Tally(ctx)
		if err != nil {
			continue
		}
		held += one.HeldBack
		alerts := "0 alerts"
		if one.Alerts > 0 {
			alerts = fmt.Sprintf("%s (%s), also in lines read before the indicators came", counted(one.Met, "alert", "alerts"), many(one.Alerts, "hit"))
		}
		x.tell("%s: %s read, %s; %s held back; %s back, %d come in.", name, many(one.Lines, "line"), alerts, many(one.HeldBack, "hit"), counted(one.Sent, "sighting goes", "sightings go"), one.Received)
	}
	if x.real() && held > 0 {
		x.tell("%s held back, as with undated indicators; run again with --accept FILE to let an officer accept what a file brings.", many(held, "hit"))
	}
	x.tell("A sighting goes back only under a visible policy with a budget of 200 a day; without it a match looks like no match.")
	x.tell("%d statements were made: %d witnessed, %d held by every other node.", t.Statements, t.Witnessed, t.Held)
	x.tell("%d offline bundles verified from the charter alone. Forks: %d. Lost: %d.", t.BundlesVerified, t.Forks, t.Lost)
}

// verdict is the exit code's reason.
func (x *exercise) verdict() error {
	t := x.total
	switch {
	case t.Parties == 0 || x.lie != "":
		return nil
	case t.SightingsReceived != t.SightingsSent:
		return fmt.Errorf("%d sightings sent, %d received", t.SightingsSent, t.SightingsReceived)
	case t.Held != t.Statements:
		return fmt.Errorf("%d of %d statements held", t.Held, t.Statements)
	case t.BundlesVerified != t.Statements:
		return fmt.Errorf("%d of %d bundles verified", t.BundlesVerified, t.Statements)
	case t.Lost != 0:
		return fmt.Errorf("%d lost", t.Lost)
	}
	return nil
}

// stay prints the links and waits, or ends with --once.
func (x *exercise) stay(ctx context.Context) error {
	if x.once {
		return nil
	}
	page, err := x.serve(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(x.out, "\nSide by side (the link works once, for 15 minutes):\n  %s\n", page)
	for _, name := range parties() {
		n := x.stage.nodes[name]
		if n == nil {
			continue // the liar has no console
		}
		link, err := n.EntryLink("exercise")
		if err != nil {
			return err
		}
		fmt.Fprintf(x.out, "Console of %s:\n  %s\n", name, link)
	}
	fmt.Fprintf(x.out, "\nData folders: %s\nA link is used up? entente link --dir %s\nPress Ctrl-C to end.\n", x.dir, x.stage.folder(north))
	<-ctx.Done()
	return nil
}

// many is "1 hit" or "1,234 hits".
func many(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// grouped writes a number with thousands separators.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	var parts []string
	for len(s) > 3 {
		parts = append(parts, s[len(s)-3:])
		s = s[:len(s)-3]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return strings.Join(parts, ",")
}
