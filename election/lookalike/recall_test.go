package lookalike

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// five are the names whose permutations are found or missed.
var five = []string{"vote.org", "sos.state.co.us", "clarityelections.com", "electionreporting.com", "coloradosos.gov"}

// TestDnstwist: of the permutations that dnstwist makes of five protected names, at
// least 99.5 % are found among 10,000 protected ones. ENTENTE_DNSTWIST names the
// program; its version is pinned in check.
func TestDnstwist(t *testing.T) {
	program := os.Getenv("ENTENTE_DNSTWIST")
	if program == "" {
		t.Skip("ENTENTE_DNSTWIST does not name dnstwist")
	}
	x, err := New(append(synthetic(10_000-len(five)), five...), nil)
	if err != nil {
		t.Fatal(err)
	}
	found, all := 0, 0
	for _, name := range five {
		out, err := exec.CommandContext(t.Context(), program, "-f", "list", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		here, total := 0, 0
		var missed []string
		for _, d := range strings.Fields(string(out)) {
			if d == name {
				continue
			}
			total++
			if resembles(x.Match(d), name) {
				here++
			} else if len(missed) < 20 {
				missed = append(missed, d)
			}
		}
		t.Logf("%s: %d of %d, %.2f %%; missed %v", name, here, total, 100*float64(here)/float64(total), missed)
		if here*1000 < total*995 {
			t.Errorf("%s: only %d of %d found", name, here, total)
		}
		found, all = found+here, all+total
	}
	t.Logf("all: %d of %d, %.3f %%", found, all, 100*float64(found)/float64(all))
}

func resembles(list []Finding, name string) bool {
	for _, f := range list {
		if f.Protected == name {
			return true
		}
	}
	return false
}

// synthetic are names of offices as they are: a place, a word, a suffix.
func synthetic(n int) (out []string) {
	places := strings.Fields("adams alamosa arapahoe archuleta baca bent boulder broomfield chaffee cheyenne conejos costilla crowley custer delta denver dolores douglas eagle elbert fremont garfield gilpin grand gunnison hinsdale huerfano jackson jefferson kiowa lake laplata larimer lasanimas lincoln logan mesa mineral moffat montezuma montrose morgan otero ouray park phillips pitkin prowers pueblo rioblanco saguache sanmiguel sedgwick summit teller weld yuma")
	words := strings.Fields("county votes elections clerk results registrar ballots voter gov recorder")
	suffixes := strings.Fields("gov org us com net")
	for i := range n {
		p, w, s := places[i%len(places)], words[i/len(places)%len(words)], suffixes[i/(len(places)*len(words))%len(suffixes)]
		out = append(out, fmt.Sprintf("%s%s%d.%s", p, w, i/(len(places)*len(words)*len(suffixes)), s))
	}
	return out
}

// BenchmarkMatch is of names as they are new in a day, most of them like none.
func BenchmarkMatch(b *testing.B) {
	x, err := New(append(synthetic(10_000-len(five)), five...), nil)
	if err != nil {
		b.Fatal(err)
	}
	names := stream(100_000)
	var s Scratch
	hits := 0
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		hits += len(x.MatchWith(&s, names[i%len(names)]))
	}
	b.ReportMetric(float64(hits)/float64(b.N), "hits/op")
}

// stream are made names of two words, some with a number or a hyphen.
func stream(n int) (out []string) {
	a := strings.Fields("green blue happy fast smart digital cloud home city pet food car travel health bio solar eco prime best easy")
	c := strings.Fields("shop store market labs media tech group studio design house world hub online zone trade care bank invest coach garden")
	s := strings.Fields("com com com net org de co.uk io info xyz ru top")
	for i := range n {
		join := []string{"", "-", ""}[i%3]
		out = append(out, fmt.Sprintf("%s%s%s%d.%s", a[i%len(a)], join, c[i/len(a)%len(c)], i/400, s[i*7%len(s)]))
	}
	return out
}
