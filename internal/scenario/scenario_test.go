package scenario

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// day is the scenario that the tests look at.
var day = sync.OnceValue(func() Scenario { return Generate(1, Epoch()) })

func TestGenerateIsDeterministic(t *testing.T) {
	a, b, other := day(), Generate(1, Epoch()), Generate(2, Epoch())
	if !reflect.DeepEqual(a, b) {
		t.Error("the same seed gives two scenarios")
	}
	if bytes.Equal(a.Parties[0].Logs[0].Data, other.Parties[0].Logs[0].Data) {
		t.Error("two seeds give the same log")
	}
	moved := Generate(1, Epoch().AddDate(0, 0, 30))
	if len(moved.Hits) != len(a.Hits) {
		t.Error("the base time changes what is found")
	}
}

func TestShape(t *testing.T) {
	for seed := range uint64(3) {
		s := Generate(seed, Epoch())
		total := 0
		for _, p := range s.Parties {
			total += s.Lines[p.Name]
			for _, l := range p.Logs {
				if l.Early <= 0 || l.Early >= len(l.Data) && l.Name != OldLog || l.Data[l.Early-1] != '\n' || l.Data[len(l.Data)-1] != '\n' {
					t.Errorf("seed %d: %s/%s: %d of %d bytes are early", seed, p.Name, l.Name, l.Early, len(l.Data))
				}
				total -= bytes.Count(l.Data, []byte("\n"))
			}
		}
		if total != 0 || s.Lines[North] < 10_000 || s.Lines[South] < 10_000 || s.Lines[North]+s.Lines[South] > 50_000 {
			t.Errorf("seed %d: lines %v, %d off", seed, s.Lines, total)
		}
		for _, party := range []string{North, South} {
			e := s.Expect(party, false)
			if e.Seen < 6 || e.Early == 0 || e.Early == e.Alerts || e.HeldBackBy() == 0 || e.Unparsed == 0 {
				t.Errorf("seed %d: %s: %+v", seed, party, e)
			}
			if own := s.Expect(party, true); own.Alerts <= e.Alerts {
				t.Errorf("seed %d: %s: finds nothing of its own: %+v", seed, party, own)
			}
		}
	}
}

// Some indicators are met only before the exchange, some only after it, some on both sides, some never.
func TestWhen(t *testing.T) {
	s := day()
	count := map[string]int{}
	for i, ind := range s.Indicators {
		early, late := false, false
		for _, h := range s.Hits {
			if h.Indicator == i && h.Party != ind.Giver {
				early, late = early || h.Early, late || !h.Early
			}
		}
		if ind.Held == "" {
			count[map[[2]bool]string{{true, true}: "both", {true, false}: "early", {false, true}: "late", {}: "never"}[[2]bool{early, late}]]++
		}
		if want := map[string]string{
			injector: "early", controlOld: "early", lureSender: "early", scanLate: "late", controlLate: "late", umlautA: "late",
			lureMD5: "never", "mirror-archive.test": "never", control: "both", lookalike: "both", lureHash: "both",
		}[ind.Value]; want != "" && (early != (want == "early" || want == "both") || late != (want == "late" || want == "both")) {
			t.Errorf("%s: early %v, late %v, want %s", ind.Value, early, late, want)
		}
	}
	for _, when := range []string{"both", "early", "late", "never"} {
		if count[when] == 0 {
			t.Errorf("no indicator is met %s", when)
		}
	}
}

// A hit's place is the line that holds it.
func TestHitsPointAtTheirLines(t *testing.T) {
	s := day()
	starts := map[string][]int64{}
	for _, p := range s.Parties {
		for _, l := range p.Logs {
			at := int64(0)
			for line := range bytes.Lines(l.Data) {
				starts[p.Name+l.Name] = append(starts[p.Name+l.Name], at)
				at += int64(len(line))
			}
		}
	}
	for _, h := range s.Hits {
		ind := s.Indicators[h.Indicator]
		for _, l := range s.Party(h.Party).Logs {
			if l.Name != h.File {
				continue
			}
			line, _, _ := bytes.Cut(l.Data[h.Offset:], []byte("\n"))
			if want := starts[h.Party+h.File][h.Line-1]; want != h.Offset {
				t.Errorf("%s: line %d begins at %d, booked %d", h.File, h.Line, want, h.Offset)
			}
			holds := strings.Contains(strings.ToLower(string(line)), ind.Value)
			if strings.Contains(ind.Type, "net") {
				holds = bytes.Contains(line, []byte("."))
			}
			if ind.Type == "url" { // host and path stand apart
				holds = bytes.Contains(line, []byte(ind.Value[strings.IndexByte(ind.Value, '/'):]))
			}
			if !holds || h.Early != (h.Offset < int64(l.Early)) {
				t.Errorf("%s meets %s:%d: %s", ind.Value, h.File, h.Line, line)
			}
		}
	}
}

// No ordinary line holds anything of the outsider's: the books would not know of it.
func TestNothingUnbooked(t *testing.T) {
	s := day()
	booked := map[string]bool{}
	for _, h := range s.Hits {
		booked[s.Indicators[h.Indicator].Value+h.Party+h.File+string(rune(h.Line))] = true
	}
	for _, p := range s.Parties {
		for _, l := range p.Logs {
			for i, line := range strings.Split(string(l.Data), "\n") {
				for _, ind := range s.Indicators {
					if strings.Contains(ind.Type, "net") || ind.Type == "url" || len(ind.Value) < 10 {
						continue
					}
					at := strings.Index(line, ind.Value)
					if at < 0 || booked[ind.Value+p.Name+l.Name+string(rune(i+1))] {
						continue
					}
					if end := at + len(ind.Value); end == len(line) || line[end] < '0' || line[end] > '9' {
						t.Fatalf("%s/%s:%d holds %s, which is not booked: %s", p.Name, l.Name, i+1, ind.Value, line)
					}
				}
			}
		}
	}
}

func TestWellFormed(t *testing.T) {
	s := day()
	for _, l := range s.Party(North).Logs {
		if l.Name != "eve.json" {
			continue
		}
		bad := 0
		for line := range bytes.Lines(l.Data) {
			if !json.Valid(line) {
				bad++
			}
		}
		if bad != 1 {
			t.Errorf("%d lines of %s are no JSON, want the one that was cut", bad, l.Name)
		}
	}
	for _, l := range s.Party(South).Logs {
		columns := 0
		for line := range strings.Lines(string(l.Data)) {
			if rest, ok := strings.CutPrefix(line, "#fields\t"); ok {
				columns = strings.Count(rest, "\t") + 1
			} else if n := strings.Count(line, "\t") + 1; columns > 0 && line[0] != '#' && n != columns {
				t.Fatalf("%s: %d columns of %d: %s", l.Name, n, columns, line)
			}
		}
	}
	for _, p := range s.Parties {
		for _, l := range p.Lists {
			if strings.HasSuffix(l.Name, ".json") && !json.Valid(l.Data) {
				t.Errorf("%s is no JSON", l.Name)
			}
		}
	}
}

func TestWrite(t *testing.T) {
	s, dir := day(), t.TempDir()
	read := func() (all []byte) {
		for _, p := range s.Parties {
			for _, l := range p.Logs {
				data, err := os.ReadFile(filepath.Join(dir, p.Name, "logs", l.Name))
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, data...)
			}
		}
		return all
	}
	if err := s.Write(dir, Early); err != nil {
		t.Fatal(err)
	}
	early := len(read())
	if err := s.Write(dir, Late); err != nil {
		t.Fatal(err)
	}
	both := read()
	if err := s.Write(dir, All); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(both, read()) || early >= len(both) {
		t.Error("early and late together are not the whole")
	}
	if err := s.Write(filepath.Join(dir, North, "logs", "eve.json"), All); err == nil {
		t.Error("wrote below a file")
	}
}
