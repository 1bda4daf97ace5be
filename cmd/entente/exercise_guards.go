package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/election/campaign"
	"entente/election/canary"
	"entente/election/lookalike"
	"entente/election/press"
	"entente/observable"
)

// verbOut runs a verb as somebody at the machine would, and returns what it prints.
func verbOut(ctx context.Context, name string, args ...string) (string, error) {
	v, ok := find(name)
	if !ok {
		return "", fmt.Errorf("no verb %s", name)
	}
	var out, notes bytes.Buffer
	err := v.run(ctx, &env{stdin: strings.NewReader(""), stdout: &out, raw: &out, stderr: &notes, getenv: func(string) string { return "" }, now: time.Now}, args)
	if err != nil {
		return out.String(), fmt.Errorf("entente %s %s: %w: %s", name, strings.Join(args, " "), err, notes.String())
	}
	return out.String(), nil
}

// lookAlikes compares the names registered today with the protected ones, and
// shares what was found.
func (x *exercise) lookAlikes(ctx context.Context) error {
	index, err := lookalike.New(x.night.Protected, nil)
	if err != nil {
		return err
	}
	var found []lookalike.Finding
	for _, name := range x.night.Names {
		if like := index.Match(name); len(like) > 0 {
			found = append(found, like[0]) // the most telling of them
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("%d look-alikes, not one", len(found))
	}
	f := found[0]
	list := fmt.Sprintf("INDICATOR_VALUE,TYPE,COMMENT,ROLE,ATTACK_PHASE,OBSERVED_DATE,HANDLING,DESCRIPTION\n%s,FQDN,,,,%s,TLP:GREEN,looks like %s\n", f.Name, time.Now().UTC().Format(time.DateOnly), f.Protected)
	if _, err := x.stage.nodes[south].Control().Share(ctx, api.ShareRequest{Name: "look-alikes.csv", Source: "exercise", To: []string{north}, Data: []byte(list)}); err != nil {
		return err
	}
	x.checks = append(x.checks, press.Check{Subject: press.LookAlike, By: []string{south}, Outcome: press.Found, Count: 1, Of: int64(len(x.night.Names)), Names: []string{f.Name}})
	x.tell("Of %s registered today one was made to be taken for a protected one: %s for %s. South shares it, and north's watch looks for it from now on.", many(int64(len(x.night.Names)), "name"), f.Name, f.Protected)
	return x.settle(ctx)
}

// posts runs the same export at both sides: the same bytes come out.
func (x *exercise) posts(context.Context) error {
	var outs [2][]byte
	var res campaign.Result
	for i := range outs {
		posts, _, err := campaign.Read(bytes.NewReader(x.night.Posts.Data), campaign.Columns{})
		if err != nil {
			return err
		}
		if res, err = campaign.Analyse(posts, campaign.Params{Window: 60, Least: 2, Rounds: 2000, Percent: 5, Seed: "election night"}); err != nil {
			return err
		}
		if outs[i], err = res.Encode(); err != nil {
			return err
		}
	}
	var named []string
	for _, a := range res.Accounts {
		named = append(named, a.Name)
	}
	slices.Sort(named)
	if !bytes.Equal(outs[0], outs[1]) || !slices.Equal(named, x.night.Alike) {
		return fmt.Errorf("the posts give %v", named)
	}
	x.checks = append(x.checks, press.Check{Subject: press.Posts, By: []string{north, south}, Outcome: press.Found, Count: int64(len(named)), Of: int64(res.Posts)})
	x.tell("Both look through an export of %s: %d accounts behaved alike beyond chance. North and south run it apart and get the same bytes; it does not say who they are.", many(int64(res.Posts), "post"), len(named))
	return nil
}

// lodge commits to north's papers before the night, in north's log, which south
// and the observer witness.
func (x *exercise) lodge(ctx context.Context, dir string) error {
	out, err := verbOut(ctx, "folder", "seal", "--secret", filepath.Join(dir, "papers.secret"), "--title", "papers of the county office", "--dir", x.stage.folder(north), filepath.Join(dir, "memos"))
	if err != nil {
		return err
	}
	if out == "" {
		return fmt.Errorf("nothing was sealed")
	}
	x.tell("Before the night north commits to %s in its log. South and the observer witness one root, and learn nothing of the papers.", many(int64(len(x.night.Memos)), "paper"))
	return x.settle(ctx)
}

// memo refutes what is passed around as north's paper by opening one leaf.
func (x *exercise) memo(ctx context.Context) error {
	dir := filepath.Join(x.dir, "night")
	proof := filepath.Join(dir, "memo.proof")
	if _, err := verbOut(ctx, "folder", "open", "--secret", filepath.Join(dir, "papers.secret"), "--name", x.night.Memo, "--out", proof); err != nil {
		return err
	}
	for path, want := range map[string]string{filepath.Join("memos", x.night.Memo): canary.Same, x.night.Forged.Name: canary.Differs} {
		out, err := verbOut(ctx, "folder", "verify", "--json", "--document", filepath.Join(dir, path), proof)
		if err != nil {
			return err
		}
		var found struct {
			Shown string `json:"shown"`
		}
		if err := json.Unmarshal([]byte(out), &found); err != nil || found.Shown != want {
			return fmt.Errorf("%s is %q beside what was sealed, want %q", path, found.Shown, want)
		}
	}
	x.total.Refuted++
	x.checks = append(x.checks, press.Check{Subject: press.Papers, By: []string{north}, Outcome: press.Found, Count: 1, Of: 1, Names: []string{x.night.Memo}})
	x.tell("A memo of north's is passed around: observers are to be kept out. North opens one leaf: %s was another text when its root was sealed. The other papers stay closed.", x.night.Memo)
	return nil
}

// meet finds by match which names both sides hold without having told each
// other: the third actor is in both networks.
func (x *exercise) meet(ctx context.Context) error {
	third := []string{"cdn-update-relay.test", "ballot-mirror.test", "vote-count-live.test"}
	offer := api.MatchOffer{To: south, Purpose: "is it the same intruder?", Types: []observable.Type{observable.Domain}, Files: privateList(north, 40, third), Observer: observer, UpTo: 10}
	made, err := x.stage.nodes[north].Control().MatchOffer(ctx, offer)
	if err != nil {
		return err
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	if _, err := x.stage.nodes[south].Control().MatchConsent(ctx, api.MatchConsent{Run: made.Run.ID, Files: privateList(south, 60, third), UpTo: 10}); err != nil {
		return err
	}
	var runs [2]api.MatchRun
	for i, name := range []string{north, south} {
		if runs[i], err = x.closed(ctx, name, made.Run.ID); err != nil {
			return err
		}
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	for i, r := range runs {
		if len(r.Matches) != len(third) || r.Fault != "" {
			return fmt.Errorf("%s finds %d of %d: %s", []string{north, south}[i], len(r.Matches), len(third), r.Fault)
		}
	}
	out, err := verbOut(ctx, "match", "verify", filepath.Join(x.stage.folder(south), runs[1].File))
	if err != nil || !strings.Contains(out, "both sides closed it") {
		return fmt.Errorf("the transcript: %w: %s", err, out)
	}
	x.total.Matched = len(third)
	x.tell("Neither has shown its own watch list. They match them: %d names are on both (%s), each opened with a receipt, and nothing else of %d and %d. A third actor is in both networks; they could have tested at most %d guesses.",
		len(third), strings.Join(third, ", "), 40+len(third), 60+len(third), runs[0].Guesses)
	return nil
}

// privateList is a party's own names, and those that both hold.
func privateList(party string, n int, both []string) []api.MatchFile {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "host-%d.%s-watch.test\n", i, party)
	}
	for _, v := range both {
		b.WriteString(v + "\n")
	}
	return []api.MatchFile{{Name: party + "-watch.txt", Data: []byte(b.String())}}
}

// closed waits until a run has ended at one side.
func (x *exercise) closed(ctx context.Context, name, id string) (api.MatchRun, error) {
	limit := time.After(settleLimit)
	for {
		r, err := x.stage.nodes[name].Control().MatchRun(ctx, id)
		if err != nil {
			return r, err
		}
		if r.Waits == "" && r.State.Over() {
			return r, nil
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-limit:
			return r, fmt.Errorf("%s: the run is %s and waits for %s", name, r.State, r.Waits)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
