package scenario

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// The parties of the exercise.
const (
	North = "north"
	South = "south"
)

// Length is how long the logs run, and EarlyLength how long until the indicators are exchanged: what was
// logged before has then been read already and has to be hunted back through.
const (
	Length      = 8 * time.Hour
	EarlyLength = 5 * time.Hour
)

// Epoch is the base time that the exercise uses: a working day in the autumn of 2026.
func Epoch() time.Time { return time.Date(2026, 10, 5, 6, 0, 0, 0, time.UTC) }

// File is one file of the scenario. Of a log, the first Early bytes (whole lines) are there before the
// indicators are exchanged; of an indicator file, all.
type File struct {
	Name  string
	Data  []byte
	Early int
}

// Party is what one side has.
type Party struct {
	Name  string
	Logs  []File
	Lists []File // indicators that it shares
	Rules []File // Sigma rules, which the other's officer has to accept
	Today []File // and those that it learns of at the very end
}

// Indicator is one item of a party's lists, with its value in canonical form.
type Indicator struct {
	Giver string
	List  string // file name
	Type  string // "ipv4-addr" and so on
	Value string
	// Held is why the other side's gate holds it back ("HELD_UNDATED" and so on), empty if it does not.
	Held string
	Note string
}

// Hit is one line that one indicator meets.
type Hit struct {
	Party     string // whose log
	File      string
	Line      int // from 1
	Offset    int64
	Indicator int  // index in Scenario.Indicators
	Early     bool // in a line that was there before the exchange
}

// Scenario is the whole exercise.
type Scenario struct {
	Base       time.Time
	Parties    []Party // north, south
	Indicators []Indicator
	Rules      []Rule
	Hits       []Hit // of every indicator in every log, the giver's own included
	Unparsed   map[string]int
	Lines      map[string]int // of each party's logs, headers included
}

// Generate makes the scenario that begins at base, in UTC.
func Generate(seed uint64, base time.Time) Scenario {
	g := &generator{
		rng:  rand.New(rand.NewPCG(seed, 0x656e74656e7465)),
		base: base.UTC(),
		book: book{indicators: cast(), rules: []Rule{{Giver: South, File: ruleFile, Title: ruleTitle}}},
	}
	g.people()
	s := Scenario{Base: g.base, Unparsed: map[string]int{}, Lines: map[string]int{}}
	for _, side := range []struct {
		name  string
		logs  func() []log
		lists func() []File
		today func() []File
	}{{North, g.northLogs, g.northLists, g.northToday}, {South, g.southLogs, g.southLists, g.southToday}} {
		p := Party{Name: side.name, Lists: side.lists(), Today: side.today()}
		if side.name == South {
			p.Rules = []File{southRule()}
		}
		for _, l := range side.logs() {
			file, lines, unparsed := g.book.write(side.name, l, g.base)
			p.Logs = append(p.Logs, file)
			s.Lines[side.name] += lines
			s.Unparsed[side.name] += unparsed
		}
		s.Parties = append(s.Parties, p)
	}
	s.Indicators, s.Hits, s.Rules = g.book.indicators, g.book.hits, g.book.rules
	return s
}

// Party returns one side by name.
func (s Scenario) Party(name string) Party {
	for _, p := range s.Parties {
		if p.Name == name {
			return p
		}
	}
	return Party{}
}

// Story says in plain lines what the logs are about, for those who watch the exercise.
func (s Scenario) Story() []string {
	return []string{
		"North and south run elections. They do not trust each other. Both are worked on by the same outsider.",
		"He scans north's voter-registration site and tries SQL injection on its forms.",
		"He registers " + lookalike + ", which looks like north's election office, and mails a poisoned ballot file in its name.",
		"In south two machines have opened it. They report to his servers every few minutes.",
		"South knows the scanners and the false name. North knows the servers and the attachment. Neither knows both.",
	}
}

// Expect is what one party should find with what its partner gave.
type Expect struct {
	Lines    int
	Unparsed int
	Alerts   int            // pairs of a line and an indicator that is not held back
	Early    int            // those of them in lines that had been read before
	Seen     int            // indicators with at least one alert: one sighting each
	HeldBack map[string]int // pairs that would have matched, by the reason why the gate holds the indicator
}

// HeldBackBy sums the pairs held back for the given reasons, for all if none is given.
func (e Expect) HeldBackBy(reasons ...string) int {
	if len(reasons) == 0 {
		for r := range e.HeldBack {
			reasons = append(reasons, r)
		}
	}
	n := 0
	for _, r := range reasons {
		n += e.HeldBack[r]
	}
	return n
}

// Expect tells what party should find of the indicators that the others gave; with own, also of those that
// it gave itself. The gate judges both alike.
func (s Scenario) Expect(party string, own bool) Expect {
	e := Expect{Lines: s.Lines[party], Unparsed: s.Unparsed[party], HeldBack: map[string]int{}}
	seen := map[int]bool{}
	for _, h := range s.Hits {
		ind := s.Indicators[h.Indicator]
		switch {
		case h.Party != party || ind.Giver == party && !own:
		case ind.Held != "":
			e.HeldBack[ind.Held]++
		default:
			e.Alerts++
			seen[h.Indicator] = true
			if h.Early {
				e.Early++
			}
		}
	}
	e.Seen = len(seen)
	return e
}

// Part says how much of the logs Write writes.
type Part int

// The parts of the logs. Late appends to what Early wrote.
const (
	All Part = iota
	Early
	Late
)

// Write writes dir/PARTY/logs and dir/PARTY/indicators, or with Late appends the rest of the logs.
func (s Scenario) Write(dir string, part Part) error {
	for _, p := range s.Parties {
		for _, l := range p.Logs {
			path := filepath.Join(dir, p.Name, "logs", l.Name)
			if err := writeLog(path, l, part); err != nil {
				return fmt.Errorf("write the scenario: %w", err)
			}
		}
		if part == Late {
			continue
		}
		for folder, lists := range map[string][]File{"indicators": p.Lists, "today": p.Today, "rules": p.Rules} {
			for _, l := range lists {
				if err := writeFile(filepath.Join(dir, p.Name, folder, l.Name), l.Data, os.O_TRUNC); err != nil {
					return fmt.Errorf("write the scenario: %w", err)
				}
			}
		}
	}
	return nil
}

func writeLog(path string, l File, part Part) error {
	switch part {
	case Early:
		return writeFile(path, l.Data[:l.Early], os.O_TRUNC)
	case Late:
		return writeFile(path, l.Data[l.Early:], os.O_APPEND)
	default:
		return writeFile(path, l.Data, os.O_TRUNC)
	}
}

func writeFile(path string, data []byte, how int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|how, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
