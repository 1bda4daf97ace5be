package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"entente/election/audit"
	"entente/election/campaign"
	"entente/election/lookalike"
)

// benchElection measures the guards of an election on one core.
func benchElection(d time.Duration, out func(figure)) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	sampler(d, out)
	if err := lookalikes(d, out); err != nil {
		return err
	}
	if err := campaigns(out); err != nil {
		return err
	}
	return benchRolls(d, out)
}

// sampler measures how many draws a second come out of a seed, beside the mere
// hashes of the same text.
func sampler(d time.Duration, out func(figure)) {
	const seed, cards = "53417960661093690826", 468_858
	var sum int64
	draws := runsPerSecond(d, func(i int64) { sum += audit.Draw(seed, i, cards) })
	hashes := runsPerSecond(d, func(i int64) {
		h := sha256.Sum256(strconv.AppendInt(append([]byte(nil), seed...), i, 10))
		sum += int64(h[0])
	})
	runtime.KeepAlive(sum)
	out(speed("sampler", "ids/s", draws, hashes))
}

// lookalikes measures how many names a second are compared with 10,000 protected
// ones, beside the mere cutting off of their suffixes, and which share of names
// made from five of them by one change is found.
func lookalikes(d time.Duration, out func(figure)) error {
	protected := append(benchOffices(9_995), "vote.org", "sos.state.co.us", "clarityelections.com", "electionreporting.com", "coloradosos.gov")
	x, err := lookalike.New(protected, nil)
	if err != nil {
		return err
	}
	names := benchNames(100_000)
	var s lookalike.Scratch
	hits := 0
	rate := runsPerSecond(d, func(i int64) { hits += len(x.MatchWith(&s, names[i%int64(len(names))])) })
	cut := runsPerSecond(d, func(i int64) {
		suffix, _ := publicsuffix.PublicSuffix(names[i%int64(len(names))])
		hits += len(suffix)
	})
	runtime.KeepAlive(hits)
	out(speed("lookalike", "names/s", rate, cut))
	found, all := 0, 0
	for _, name := range protected[9_995:] {
		for _, made := range lookalike.Changes(name) {
			all++
			if slices.ContainsFunc(x.MatchWith(&s, made), func(f lookalike.Finding) bool { return f.Protected == name }) {
				found++
			}
		}
	}
	out(figure{Name: "lookalike_recall", Value: float64(found) / float64(all), Unit: "share"})
	return nil
}

// campaigns measures how many posts a second are compared, with a hundred
// shuffles of them, beside the mere ordering of the same posts.
func campaigns(out func(figure)) error {
	const n = 100_000
	posts := make([]campaign.Post, n)
	for i := range posts {
		x := audit.Draw("posts", int64(i+1), 1<<40)
		posts[i] = campaign.Post{Account: fmt.Sprint("u", x%10_000), Object: fmt.Sprint("o", x/10_000%5_000), At: 1_600_000_000 + x/50_000_000}
	}
	began := cpuTime()
	res, err := campaign.Analyse(posts, campaign.Params{Window: 60, Least: 2, Rounds: 100, Percent: 5, Seed: "bench"})
	took := cpuTime() - began
	if err != nil {
		return err
	}
	if res.Posts != n || res.Tested < 9_000 {
		return fmt.Errorf("bench: %d posts, %d accounts tested", res.Posts, res.Tested)
	}
	began = cpuTime()
	slices.SortFunc(posts, func(a, b campaign.Post) int {
		return cmp.Or(strings.Compare(a.Object, b.Object), cmp.Compare(a.At, b.At))
	})
	out(speed("campaign", "posts/s", perSecond(n, took), perSecond(n, cpuTime()-began)))
	return nil
}

// benchOffices are names as offices have them.
func benchOffices(n int) (out []string) {
	places := strings.Fields("adams baca bent boulder chaffee costilla custer delta denver dolores eagle fremont garfield gilpin grand hinsdale jackson kiowa lake larimer lincoln logan mesa mineral moffat morgan ouray park pitkin pueblo summit teller weld yuma")
	words := strings.Fields("county votes elections clerk results registrar ballots voter recorder")
	suffixes := strings.Fields("gov org us com net")
	for i := range n {
		round := len(places) * len(words)
		out = append(out, fmt.Sprintf("%s%s%d.%s", places[i%len(places)], words[i/len(places)%len(words)], i/round, suffixes[i/round%len(suffixes)]))
	}
	return out
}

// benchNames are new names of a day, nearly all of them like none of the offices.
func benchNames(n int) (out []string) {
	a := strings.Fields("green blue happy fast smart digital cloud home city pet food car travel health bio solar eco prime best easy")
	c := strings.Fields("shop store market labs media tech group studio design house world hub online zone trade care bank invest coach garden")
	s := strings.Fields("com com com net org de co.uk io info xyz ru top")
	for i := range n {
		out = append(out, fmt.Sprintf("%s%s%s%d.%s", a[i%len(a)], []string{"", "-", ""}[i%3], c[i/len(a)%len(c)], i/400, s[i*7%len(s)]))
	}
	return out
}

// runsPerSecond is how often f runs in a second of the processor's time.
func runsPerSecond(d time.Duration, f func(i int64)) float64 {
	began, n := cpuTime(), int64(0)
	for cpuTime()-began < d {
		for range 10_000 {
			n++
			f(n)
		}
	}
	return perSecond(n, cpuTime()-began)
}
