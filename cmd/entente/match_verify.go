package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"entente/match"
	"entente/record"
	"entente/statement"
)

// matchFinding is what a transcript proves.
type matchFinding struct {
	SID      string   `json:"sid"`
	Parties  []string `json:"parties"`
	Purpose  string   `json:"purpose"`
	Items    []int    `json:"items"` // of each side, dummies included
	Count    int      `json:"count"` // -1 if it is not known
	Proven   bool     `json:"proven"`
	Closed   bool     `json:"closed"`
	Receipts []int    `json:"receipts"`
	Audited  []int    `json:"audited"`
	Fault    string   `json:"fault,omitempty"`
	Guilty   string   `json:"guilty,omitempty"`
	// Logged are the messages that a bundle shows in their sender's log, and Unseen
	// those that the transcript alone speaks of.
	Logged []string `json:"logged"`
	Unseen []string `json:"unseen"`
}

func matchVerify(_ context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) == 0 {
		return usagef("match verify TRANSCRIPT [BUNDLE...]: which transcript?")
	}
	in, err := openTranscript(args[0])
	if err != nil {
		return err
	}
	defer in.Close()
	rep, err := match.Verify(in)
	if err != nil {
		return hint(fmt.Errorf("%s: %w", args[0], err), "a node keeps its transcripts in DIR/match/runs; entente match show names the file")
	}
	if _, err := in.Seek(0, 0); err != nil {
		return err
	}
	logged, err := match.LoggedIn(in)
	if err != nil {
		return err
	}
	out := matchFindingOf(rep)
	if len(args) > 1 {
		if err := f.holdAgainst(&out, rep, logged, args[1:]); err != nil {
			return err
		}
	} else {
		for _, m := range logged {
			out.Unseen = append(out.Unseen, placeText(rep, m))
		}
	}
	if f.asJSON {
		err = e.json(out)
	} else {
		showMatchFinding(e, out)
	}
	if err == nil && out.Fault != "" {
		return errShown
	}
	return err
}

func matchFindingOf(rep match.Report) matchFinding {
	m := rep.Agreed.Manifest
	out := matchFinding{
		SID: hex.EncodeToString(rep.Agreed.SID[:]), Purpose: m.Purpose, Count: rep.Count, Proven: rep.Proven, Closed: rep.Closed,
		Receipts: rep.Receipts[:], Audited: rep.Audited[:], Logged: []string{}, Unseen: []string{},
	}
	for _, s := range m.Sides {
		out.Parties, out.Items = append(out.Parties, s.Party), append(out.Items, s.Items)
	}
	if rep.Fault != nil {
		out.Fault = rep.Fault.Error()
		if rep.Fault.Side >= 0 {
			out.Guilty = m.Sides[rep.Fault.Side].Party
		}
	}
	return out
}

func placeText(rep match.Report, m match.PlacedMessage) string {
	return fmt.Sprintf("%s of %s, number %d of its log", m.Kind, rep.Agreed.Manifest.Sides[m.Side].Party, m.Place.Index)
}

// holdAgainst looks up in bundles what the transcript says of logs. A bundle
// that shows another message there is an error: the transcript lies.
func (f *matchFlags) holdAgainst(out *matchFinding, rep match.Report, logged []match.PlacedMessage, bundles []string) error {
	roster, err := verifyRoster(f.charter, f.dir, bundles[0])
	if err != nil {
		return err
	}
	shown := map[string][]byte{} // by party and index
	for _, path := range bundles {
		data, err := readFile(path, record.MaxBundle)
		if err != nil {
			return err
		}
		b, err := record.ParseBundle(data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		r, err := record.Verify(roster, b)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if r.Act == nil || r.Act.Kind != match.StepKind {
			continue
		}
		if _, raw, err := match.ParseStep(r.Act.Body); err == nil && raw != nil {
			shown[fmt.Sprint(r.Party, " ", r.Index)] = raw
		}
	}
	for _, m := range logged {
		raw, ok := shown[fmt.Sprint(rep.Agreed.Manifest.Sides[m.Side].Party, " ", m.Place.Index)]
		switch {
		case !ok:
			out.Unseen = append(out.Unseen, placeText(rep, m))
		case !bytes.Equal(raw, m.Raw):
			return statement.Refuse(statement.CodeChanged, "the log of %s holds another %s as number %d than the transcript", rep.Agreed.Manifest.Sides[m.Side].Party, m.Kind, m.Place.Index)
		default:
			out.Logged = append(out.Logged, placeText(rep, m))
		}
	}
	return nil
}

func showMatchFinding(e *env, out matchFinding) {
	e.printf("run of %s (%d items) and %s (%d items), for %q\n", out.Parties[0], out.Items[0], out.Parties[1], out.Items[1], out.Purpose)
	if out.Count >= 0 {
		e.printf("%s on both lists\n", many(int64(out.Count), "item"))
	}
	if out.Proven {
		e.printf("both lists came back whole, each under the one key that its side had committed to\n")
	}
	if out.Receipts[0]+out.Receipts[1]+out.Audited[0]+out.Audited[1] > 0 {
		e.printf("opened: %d and %d matched items, %d and %d of the sample\n", out.Receipts[0], out.Receipts[1], out.Audited[0], out.Audited[1])
	}
	if out.Fault != "" {
		e.printf("ended: %s%s\n", out.Fault, guilty(out.Guilty))
	} else if out.Closed {
		e.printf("both sides closed it\n")
	}
	for _, m := range out.Logged {
		e.printf("in the log: %s\n", m)
	}
	for _, m := range out.Unseen {
		e.printf("only the transcript says so: %s\n", m)
	}
	e.printf("Not shown: that a list holds what its side really has, or that one of its items was not locked with another key; a sample or a disclosure shows that.\n")
}
