package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"entente/election/campaign"
)

func campaignVerb() verb {
	return verb{"campaign", "find accounts whose posts are alike beyond chance", `campaign [--window DURATION] [--least N] [--rounds N] [--percent N] [--seed TEXT] [--near N] [--text COLUMN | --object COLUMN] [--account COLUMN] [--time COLUMN] [--id COLUMN] [--out FILE] [--json] FILE.csv
       entente campaign --check RESULT [columns] FILE.csv

Reads an export of posts (CSV with a line of heads) and names accounts that post the same
address, tag or words as others within the window more often than the same posts do when
what they carry is shuffled within each hour. Needs no node and no network. The other side gets
the same bytes from the same posts: --check runs a result again and says whether it follows.

It says "behaved alike beyond chance". It does not say that accounts are false, who runs
them or why.

  --window DURATION  two posts within it act together; default: 1m, at most 24h
  --least N          posts that an account must have; default: 2
  --rounds N         shuffles that chance is measured by; default: 2000
  --percent N        share of accounts named falsely that is borne; default: 5
  --near N           count texts as the same that share N percent of their words, three at
                     a time: 70 to 99; default: all of them
  --seed TEXT        of the shuffles; both sides name it before they run
  --text, --object, --account, --time, --id COLUMN
                     heads of the columns; default: those of exports in use
  --out FILE         the result for the other side
  --json             the result itself, in place of a summary`, runCampaign}
}

const campaignLimit = 4 << 30 // bytes of an export

func runCampaign(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "campaign")
	var c campaign.Columns
	for _, s := range []struct {
		name string
		to   *string
	}{{"text", &c.Text}, {"object", &c.Object}, {"account", &c.Account}, {"time", &c.Time}, {"id", &c.ID}} {
		f.StringVar(s.to, s.name, "", "")
	}
	window, least := f.Duration("window", time.Minute, ""), f.Int("least", 2, "")
	rounds, percent, seed := f.Int("rounds", 2000, ""), f.Int("percent", 5, ""), f.String("seed", "", "")
	near := f.Int("near", 0, "")
	out, check, asJSON := f.String("out", "", ""), f.String("check", "", ""), f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("which export of posts? one CSV file")
	}
	var said []byte
	if *check != "" {
		if said, err = readFile(*check, auditLimit); err != nil {
			return err
		}
	}
	c.Near = *near > 0 || campaign.NearOf(said) > 0
	posts, rep, err := readPosts(files[0], c)
	if err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	tellReport(e, base(files[0]), rep)
	if *check != "" {
		return checkCampaign(e, *check, said, posts)
	}
	res, err := campaign.Analyse(posts, campaign.Params{Window: int64(window.Seconds()), Least: *least, Rounds: *rounds, Percent: *percent, Seed: *seed, Near: *near, Carries: rep.Carries})
	if err != nil {
		return usagef("%v", err)
	}
	data, err := res.Encode()
	if err != nil {
		return err
	}
	if *out != "" {
		if err := create(*out, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
			if errors.Is(err, os.ErrExist) {
				return hint(fmt.Errorf("%s exists", *out), "a result is not overwritten; choose another name")
			}
			return err
		}
	}
	if *asJSON {
		_, err := e.stdout.Write(data)
		return err
	}
	tellCampaign(e, res)
	return nil
}

func readPosts(path string, c campaign.Columns) ([]campaign.Post, campaign.Report, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, campaign.Report{}, unwrapPath(err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > campaignLimit {
		return nil, campaign.Report{}, fmt.Errorf("more than %d bytes", int64(campaignLimit))
	}
	return campaign.Read(io.LimitReader(file, campaignLimit), c)
}

func tellReport(e *env, name string, rep campaign.Report) {
	broken := 0
	for _, n := range rep.Broken {
		broken += n
	}
	e.note("%s: %s, %d with something to compare, %d with nothing, %d broken", name, counted(rep.Rows, "row", "rows"), rep.Posts, rep.Without, broken)
	if rep.First != "" {
		e.note("  %s", rep.First)
	}
}

func checkCampaign(e *env, path string, data []byte, posts []campaign.Post) error {
	why, err := campaign.Check(data, posts)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case why != "":
		return fmt.Errorf("%s: %s", path, why)
	}
	e.printf("%s follows from these posts, byte for byte\n", base(path))
	return nil
}

func tellCampaign(e *env, res campaign.Result) {
	e.printf("%s of %d tested behaved alike beyond chance; at most %d %% of them by chance\n", counted(len(res.Accounts), "account", "accounts"), res.Tested, res.Params.Percent)
	for i, g := range res.Groups {
		if len(g) < 2 {
			continue
		}
		e.printf("group %d: %s\n", i+1, counted(len(g), "account", "accounts"))
		slices.SortStableFunc(g, func(a, b int) int { return res.Accounts[b].Together - res.Accounts[a].Together })
		rows := [][]string{{"account", "posts", "together", "by chance", "first"}}
		for _, n := range g[:min(len(g), 20)] {
			a := res.Accounts[n]
			rows = append(rows, []string{a.Name, fmt.Sprint(a.Posts), fmt.Sprint(a.Together), fmt.Sprintf("%.1f", a.Expected), fmt.Sprint(a.First)})
		}
		e.table(rows)
	}
	if res.Params.Near > 0 {
		e.printf("%s as another by %d %% of their words, three at a time\n", counted(res.Joined, "text counts", "texts count"), res.Params.Near)
	}
	if len(res.DISARM) > 0 {
		e.printf("what it may be a trace of, if somebody shows intent (DISARM):\n")
		for _, t := range campaign.Techniques(res.Params.Carries) {
			e.printf("  %s  %s\n", t.ID, t.Words)
		}
	}
	if need := res.Tested*100/(res.Params.Percent*(res.Params.Rounds+1)) + 1; need > 1 {
		e.note("with %d shuffles nobody of %d can be named unless some %d are: more --rounds find fewer", res.Params.Rounds, res.Tested, need)
	}
	e.printf("says not: that accounts are false, who runs them, or why. Fans and newsrooms behave alike too.\n")
}
