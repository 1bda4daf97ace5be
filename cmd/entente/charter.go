package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entente/charter"
	"entente/node"
	"entente/statement"
)

func charterVerb() verb {
	return verb{"charter", "propose, sign, show or revoke the agreement", `charter propose|sign|show|add|revoke

charter propose --name TEXT --out FILE [flags] CARD...
    Writes a charter from the parties' cards. The same input gives the same bytes.
  --scope TEXT            what the unit is for; may be repeated
  --cooling-off DURATION  between the last consent and force, such as 24h; default: none
  --effective TIME        RFC 3339; in force not before it; default: now
  --witnesses N           cosignatures of others for "witnessed"; default: most of the others
  --held all|N            mirrors of others for "held"; default: all
  --sightings-per-day N   sightings that one node may tell another a day; default: 200
  --heartbeat, --ack, --heads DURATION   the clocks that every node keeps; default: 1m, 30s, 1m

charter sign --dir DIR FILE
    Consents for the party in DIR. Writes PARTY.consent.json beside FILE and into
    DIR, copies the charter into DIR, and looks for the others' consents beside FILE.
    Compare the fingerprint with the others first, over the telephone.

charter show [--dir DIR] [--json] [FILE [CONSENT...]]
    Says where a charter stands, with every fingerprint.

charter add --dir DIR CONSENT...
    Takes in consents that came by another way.

charter revoke --dir DIR [--reason TEXT]
    Leaves. A running node says so as its last statement.

  --passphrase-file FILE  where the key file has a passphrase (sign, revoke)`, runCharter}
}

func runCharter(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("what about the charter? propose, sign, show, add or revoke")
	}
	switch args[0] {
	case "propose":
		return charterPropose(e, args[1:])
	case "sign":
		return charterSign(e, args[1:])
	case "show":
		return charterShow(e, args[1:])
	case "add":
		return charterAdd(e, args[1:])
	case "revoke":
		return charterRevoke(ctx, e, args[1:])
	case "-h", "-help", "--help":
		return errHelp
	}
	return usagef("no charter %q", args[0])
}

func charterPropose(e *env, args []string) error {
	f := newFlags(e, "propose")
	name, out := f.String("name", "", ""), f.String("out", "", "")
	var scope texts
	f.Var(&scope, "scope", "")
	cooling := f.Duration("cooling-off", 0, "")
	effective := f.String("effective", "", "")
	witnesses, held := f.Int("witnesses", 0, ""), f.String("held", "all", "")
	perDay := f.Int64("sightings-per-day", 0, "")
	heartbeat, ack, heads := f.Duration("heartbeat", 0, ""), f.Duration("ack", 0, ""), f.Duration("heads", 0, "")
	cards, err := f.parse(args)
	if err != nil {
		return err
	}
	if *name == "" || *out == "" || len(cards) < 2 {
		return usagef("a charter has a --name, an --out file and at least two cards")
	}
	at := e.now().UTC().Truncate(time.Second)
	if *effective != "" {
		if at, err = time.Parse(time.RFC3339, *effective); err != nil {
			return usagef("--effective %q: want a time such as 2026-10-01T00:00:00Z", *effective)
		}
	}
	terms := charter.DefaultTerms(*name, len(cards), at)
	terms.Scope, terms.CoolingOff = append([]string{}, scope...), *cooling
	if *witnesses > 0 {
		terms.Quorum.Witnesses = *witnesses
	}
	if *held != "all" {
		if err := terms.Quorum.Held.UnmarshalJSON([]byte(*held)); err != nil {
			return usagef(`--held %q: want "all" or a number`, *held)
		}
	}
	if *perDay > 0 {
		terms.Budgets.SightingsPerDay = *perDay
	}
	for _, x := range []struct {
		to *int64
		d  time.Duration
	}{{&terms.Intervals.HeartbeatSeconds, *heartbeat}, {&terms.Intervals.AckSeconds, *ack}, {&terms.Intervals.HeadsSeconds, *heads}} {
		if x.d > 0 {
			*x.to = max(1, int64(x.d/time.Second))
		}
	}
	return writeCharter(e, *out, cards, terms)
}

func writeCharter(e *env, out string, files []string, terms charter.Terms) error {
	var cards []charter.Card
	for _, file := range files {
		data, err := readFile(file, charter.MaxCard)
		if err != nil {
			return err
		}
		c, err := charter.ParseCard(data)
		if err != nil {
			return fmt.Errorf("card %s: %w", file, err)
		}
		cards = append(cards, c)
	}
	data, err := charter.Propose(cards, terms)
	if err != nil {
		return err
	}
	c, err := charter.Parse(data)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return hint(fmt.Errorf("%s exists", out), "a charter that somebody may have signed is not overwritten; choose another name")
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	e.printf("%s: %s, %s\nfingerprint  %s\n", out, c.Name, counted(len(c.Parties), "party", "parties"), charter.Fingerprint(c.Digest()))
	return nil
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, unwrapPath(err))
	}
	if info.IsDir() {
		return nil, hint(fmt.Errorf("%s is a folder", path), "name the files in it")
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %w", path, statement.Refuse(statement.CodeSize, "%d bytes, at most %d", info.Size(), limit))
	}
	return os.ReadFile(path)
}

func readCharterFile(path string) (charter.Charter, error) {
	data, err := readFile(path, charter.MaxSize)
	if err != nil {
		return charter.Charter{}, err
	}
	if !isObject(data) {
		return charter.Charter{}, hint(fmt.Errorf("%s is no charter", path), "entente charter propose writes one")
	}
	c, err := charter.Parse(data)
	if err != nil {
		return c, fmt.Errorf("charter %s: %w", path, err)
	}
	return c, nil
}

func charterShow(e *env, args []string) error {
	f := newFlags(e, "show").withDir()
	asJSON := f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	var c charter.Charter
	var consents []charter.Consent
	if len(files) == 0 {
		c, consents, err = node.ReadCharter(f.dir)
	} else if c, err = readCharterFile(files[0]); err == nil {
		consents, err = readConsentFiles(files[0], files[1:])
	}
	if err != nil {
		return err
	}
	s := charter.State(c, consents, e.now())
	if *asJSON {
		return e.json(map[string]any{"name": c.Name, "digest": c.Digest(), "fingerprint": charter.Fingerprint(c.Digest()), "epoch": c.Epoch, "phase": s.Phase, "in_force_at": s.InForceAt, "missing": append([]string{}, s.Missing...), "revoked_by": s.RevokedBy, "ignored": s.Ignored})
	}
	showCharter(e, c, s)
	return nil
}

// readConsentFiles reads the consents named and those beside the charter.
func readConsentFiles(file string, named []string) ([]charter.Consent, error) {
	beside, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.consent.json"))
	if err != nil {
		return nil, err
	}
	var all []charter.Consent
	for i, path := range append(named, beside...) {
		data, err := readFile(path, charter.MaxConsent)
		if err == nil {
			var k charter.Consent
			if k, err = charter.ParseConsent(data); err == nil {
				all = append(all, k)
			}
		}
		if err != nil && i < len(named) {
			return nil, fmt.Errorf("consent %s: %w", path, err)
		}
	}
	return all, nil
}

func showCharter(e *env, c charter.Charter, s charter.Status) {
	e.printf("%s, epoch %d: %s\nfingerprint  %s\n", c.Name, c.Epoch, s.Phase, charter.Fingerprint(c.Digest()))
	switch {
	case s.Phase == charter.Revoked:
		e.printf("revoked by   %s\n", s.RevokedBy)
	case len(s.Missing) > 0:
		e.printf("waits for    the consent of %s\n", strings.Join(s.Missing, ", "))
	default:
		e.printf("in force     %s\n", s.InForceAt.UTC().Format(time.RFC3339))
	}
	for _, d := range s.Left {
		e.printf("left         %s at %s\n", d.Party, d.At.UTC().Format(time.RFC3339))
	}
	held := "all others"
	if c.Quorum.Held != charter.All {
		held = fmt.Sprint(int(c.Quorum.Held))
	}
	e.printf("quorum       witnessed by %d, held by %s\n", c.Quorum.Witnesses, held)
	e.printf("budgets      %d sightings, %d indicators, %d bytes a day to or from one partner\n", c.Budgets.SightingsPerDay, c.Budgets.ObjectsPerDay, c.Budgets.BytesPerDay)
	e.printf("intervals    heartbeat %ds, acks %ds, heads %ds\n", c.Intervals.HeartbeatSeconds, c.Intervals.AckSeconds, c.Intervals.HeadsSeconds)
	for _, text := range c.Scope {
		e.printf("scope        %s\n", text)
	}
	for _, p := range c.Parties {
		address := p.Address
		if address == "" {
			address = "no direct line"
		}
		e.printf("\n%s, %s: %s\n  keys     %s\n  address  %s\n", p.ID, p.Role, p.Name, p.Fingerprint(), address)
	}
}
