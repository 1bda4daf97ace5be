package scenario

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Night is the election night that ends the exercise's day: two county offices of rival colour whose results
// come in, names registered today, posts, and a memo that somebody leaks.
type Night struct {
	Pages     []ResultsPage // north's, south's
	Protected []string      // domains that the offices protect
	Names     []string      // names registered today
	LookAlike string        // the one of them that was made to be taken for a protected one
	Posts     File          // an export, CSV
	Alike     []string      // accounts that post as one
	Memos     []File        // north's folder, committed to before the night
	Memo      string        // the one of them that leaks
	Forged    File          // what is passed around under its name
}

// ResultsPage is what a county office publishes, version by version.
type ResultsPage struct {
	Party    string
	County   string
	Versions []ResultsVersion
}

// ResultsVersion is the page as it stood from a time on.
type ResultsVersion struct {
	At   time.Time
	Data []byte // Clarity's detail.xml
	// Silent is the one number that differs from the version before, while everything else says that nothing
	// has changed.
	Silent *SilentChange
}

// SilentChange is a number altered at the source.
type SilentChange struct {
	Contest, Choice, Unit string
	Old, New              int64
}

// The people on the ballot.
var contests = []contest{
	{"Governor", []choice{{"Ada Lund", "LIL"}, {"Boris Tal", "GRN"}, {"Chen Moss", "IND"}}},
	{"Question 1: new bridge", []choice{{"Yes", ""}, {"No", ""}}},
}

type contest struct {
	name    string
	choices []choice
}

type choice struct{ name, party string }

// precinct counts votes by contest, choice and how they were cast.
type precinct struct {
	name       string
	registered int64
	ballots    int64
	votes      [][][2]int64 // contest, choice, {election day, mail}
	in         int          // the version that brings it
}

// nightVersions is how many versions a page has, the altered one included.
const nightVersions = 4

// MakeNight makes the night after the day that begins at base.
func MakeNight(seed uint64, base time.Time) Night {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 0x6e69676874)), base: base.UTC()}
	n := Night{
		Protected: []string{"elections-north.example", "elections-south.example", "results-north.example", "results-south.example"},
		LookAlike: "resu1ts-north.example",
	}
	closing := base.UTC().Add(14 * time.Hour) // polls close at 20:00
	n.Pages = []ResultsPage{
		g.resultsPage(North, "Adams", closing, true),
		g.resultsPage(South, "Baker", closing.Add(10*time.Minute), false),
	}
	n.Names = g.newNames(n.LookAlike)
	n.Posts, n.Alike = g.posts(closing)
	n.Memos, n.Memo, n.Forged = g.memos(base.UTC())
	return n
}

// resultsPage lets the precincts of a county come in; with altered, the last version is the one before with
// one number changed and its sums made to fit.
func (g *generator) resultsPage(party, county string, from time.Time, altered bool) ResultsPage {
	var all []precinct
	for i, name := range []string{"Oakfield", "Mill Hill", "Harbour", "Station", "Old Town", "Airport"} {
		all = append(all, g.precinct(name, 1+i/2))
	}
	p := ResultsPage{Party: party, County: county}
	for v := 1; v < nightVersions; v++ {
		at := from.Add(time.Duration(v) * 30 * time.Minute)
		p.Versions = append(p.Versions, ResultsVersion{At: at, Data: clarityPage(county, at, all, v)})
	}
	if !altered {
		return p
	}
	last := p.Versions[len(p.Versions)-1]
	cell := &all[2].votes[0][1][0]
	change := SilentChange{contests[0].name, contests[0].choices[1].name, all[2].name, *cell, *cell + 60}
	*cell = change.New
	all[2].votes[0][0][0] -= 60 // taken from the other, so that every sum still adds up
	p.Versions = append(p.Versions, ResultsVersion{
		At: last.At.Add(25 * time.Minute), Data: clarityPage(county, last.At, all, nightVersions-1), Silent: &change,
	})
	return p
}

func (g *generator) precinct(name string, in int) precinct {
	p := precinct{name: name, registered: int64(g.between(1400, 2600)), in: in}
	for _, c := range contests {
		var votes [][2]int64
		sum := int64(0)
		for range c.choices {
			v := [2]int64{int64(g.between(150, 320)), int64(g.between(40, 90))}
			votes, sum = append(votes, v), sum+v[0]+v[1]
		}
		p.votes = append(p.votes, votes)
		p.ballots = max(p.ballots, sum)
	}
	p.ballots += int64(g.between(3, 25))
	p.registered = max(p.registered, p.ballots+int64(g.between(200, 900)))
	return p
}

// clarityPage writes the precincts that are in by version v.
func clarityPage(county string, at time.Time, all []precinct, v int) []byte {
	var in []precinct
	registered, ballots := int64(0), int64(0)
	for _, p := range all {
		if p.in <= v {
			in = append(in, p)
			registered, ballots = registered+p.registered, ballots+p.ballots
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<ElectionResult>\n<Timestamp>%s</Timestamp>\n<ElectionName>General Election</ElectionName>\n<Region>%s</Region>\n", at.Format("1/2/2006 3:04:05 PM MST"), county)
	fmt.Fprintf(&b, "<VoterTurnout totalVoters=\"%d\" ballotsCast=\"%d\"><Precincts>\n", registered, ballots)
	for _, p := range in {
		fmt.Fprintf(&b, "<Precinct name=%q totalVoters=\"%d\" ballotsCast=\"%d\"/>\n", p.name, p.registered, p.ballots)
	}
	b.WriteString("</Precincts></VoterTurnout>\n")
	for i, c := range contests {
		fmt.Fprintf(&b, "<Contest key=\"%d\" text=%q voteFor=\"1\" precinctsParticipating=\"%d\" precinctsReported=\"%d\">\n", i+1, c.name, len(all), len(in))
		for j, who := range c.choices {
			clarityChoice(&b, in, i, j, who)
		}
		b.WriteString("</Contest>\n")
	}
	b.WriteString("</ElectionResult>\n")
	return []byte(b.String())
}

func clarityChoice(b *strings.Builder, in []precinct, i, j int, who choice) {
	var sums [2]int64
	for _, p := range in {
		sums[0] += p.votes[i][j][0]
		sums[1] += p.votes[i][j][1]
	}
	party := ""
	if who.party != "" {
		party = fmt.Sprintf(" party=%q", who.party)
	}
	fmt.Fprintf(b, "<Choice key=\"%d\" text=%q%s totalVotes=\"%d\">\n", j+1, who.name, party, sums[0]+sums[1])
	for t, name := range []string{"Election Day", "Absentee by Mail"} {
		fmt.Fprintf(b, "<VoteType name=%q votes=\"%d\">", name, sums[t])
		for _, p := range in {
			fmt.Fprintf(b, "<Precinct name=%q votes=\"%d\"/>", p.name, p.votes[i][j][t])
		}
		b.WriteString("</VoteType>\n")
	}
	b.WriteString("</Choice>\n")
}

// newNames are names registered today; one of them is a look-alike.
func (g *generator) newNames(fake string) []string {
	words := []string{"garden", "river", "book", "stone", "music", "coffee", "travel", "cycle", "photo", "bakery", "school", "yoga", "shoe", "honey", "piano", "kite"}
	var names []string
	for range 400 {
		names = append(names, pick(g, words)+pick(g, []string{"", "-"})+pick(g, words)+g.text(2, "0123456789")+pick(g, []string{".example", ".test"}))
	}
	names[g.between(50, 350)] = fake
	return names
}

// posts are an evening's worth of ordinary accounts, who now and then post the same news, and twelve who
// post one sentence within half a minute, again and again.
func (g *generator) posts(from time.Time) (File, []string) {
	type post struct {
		at            time.Time
		account, text string
	}
	var all []post
	talk := []string{"waiting for the count in", "long queue at", "we voted at", "who knows when they report in", "rain in", "good coffee near the hall in"}
	for i := range 1200 {
		account := fmt.Sprintf("resident_%03d", g.between(1, 180))
		text := fmt.Sprintf("%s %s %s", pick(g, talk), pick(g, []string{"Oakfield", "Mill Hill", "Harbour", "Station"}), g.text(4, hexes))
		if i%40 == 0 {
			text = "first results are in: https://results-north.example/" + fmt.Sprint(g.between(1, 3))
		}
		all = append(all, post{from.Add(time.Duration(g.rng.Int64N(int64(4 * time.Hour)))), account, text})
	}
	var alike []string
	for i := range 12 {
		alike = append(alike, fmt.Sprintf("patriot_eye_%02d", i+1))
	}
	for k, line := range []string{
		"They are changing the numbers in Harbour right now! Everybody to the hall!",
		"My cousin counts in Harbour and says boxes came in through the back door",
		"Share before they delete it: the true numbers of Harbour https://resu1ts-north.example/true",
	} {
		burst := from.Add(time.Duration(90+35*k) * time.Minute)
		for _, who := range alike {
			all = append(all, post{burst.Add(time.Duration(g.between(0, 28)) * time.Second), who, line})
		}
	}
	g.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var b strings.Builder
	b.WriteString("id,account,time,text\n")
	for i, p := range all {
		fmt.Fprintf(&b, "%d,%s,%s,%q\n", i+1, p.account, p.at.Format(time.RFC3339), p.text)
	}
	return File{Name: "posts.csv", Data: []byte(b.String())}, alike
}

// memos are north's own papers; the forged one differs in one sentence.
func (g *generator) memos(base time.Time) (all []File, name string, forged File) {
	day := base.Format(time.DateOnly)
	head := func(n int) string {
		return fmt.Sprintf("County office of Adams\nMemo %d, %s, reference %s\n\n", n, day, g.text(8, hexes))
	}
	for i, text := range []string{
		"Scanners in Harbour are serviced on Monday. Spare paper is in room 4.\n",
		"Ballots of Harbour are counted twice, by two boards, before the precinct is reported.\nObservers of all parties are let in from 19:00.\n",
		"Drivers of the mail ballots sign for each box.\n",
	} {
		all = append(all, File{Name: fmt.Sprintf("memo-%d.txt", i+1), Data: []byte(head(i+1) + text)})
	}
	name = all[1].Name
	lie := strings.Replace(string(all[1].Data), "Observers of all parties are let in from 19:00.", "Observers are kept out until the numbers are agreed.", 1)
	return all, name, File{Name: "leaked-memo.txt", Data: []byte(lie)}
}

// Write writes the night's files into dir: the posts, the new names, the folder of memos and the leaked one. The
// versions of the pages are the exercise's to serve.
func (n Night) Write(dir string) error {
	files := map[string][]byte{
		n.Posts.Name: n.Posts.Data, "new-names.txt": []byte(strings.Join(n.Names, "\n") + "\n"), n.Forged.Name: n.Forged.Data,
	}
	for _, m := range n.Memos {
		files[filepath.Join("memos", m.Name)] = m.Data
	}
	for name, data := range files {
		if err := writeFile(filepath.Join(dir, name), data, os.O_TRUNC); err != nil {
			return fmt.Errorf("write the night: %w", err)
		}
	}
	return nil
}
