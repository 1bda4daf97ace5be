package sieve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"entente/observable"
	"entente/watch/event"
	"entente/watch/format/eve"
	"entente/watch/format/formattest"
	"entente/watch/format/zeekjson"
	"entente/watch/indicator"
	"entente/watch/sieve"
)

// formats are all that can be sieved.
func formats() []sieve.Format {
	return []sieve.Format{eve.Format().(sieve.Format), zeekjson.Format().(sieve.Format)}
}

// pair is a format's parser, the oracle, and its sieve.
type pair struct {
	format event.Format
	parser event.Parser
	sieve  *sieve.Sieve
	ev     event.Event
}

func newPair(f sieve.Format) *pair {
	return &pair{format: f, parser: f.New(), sieve: sieve.New(f.Layout())}
}

type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// far is an indicator that no line meets.
func far() indicator.Entry {
	return indicator.Entry{Value: observable.Value{Type: observable.Domain, Canonical: "no.line.has.this.invalid"}}
}

// hold checks one line against every set of one indicator that its own observables suggest: none of them may
// be missed. It reports whether the sieve passes the line where nothing is to be found.
func (p *pair) hold(t tester, line []byte) bool {
	t.Helper()
	kept := bytes.Clone(line)
	err := p.parser.Parse(line, &p.ev)
	clear := p.sieve.Clear(indicator.NewSet([]indicator.Entry{far()}), line)
	if clear && err != nil {
		t.Fatalf("%s: passed, but the parser says %v: %q", p.format.Name(), err, line)
	}
	for _, o := range p.ev.Observables {
		for _, v := range hunters(o.Value) {
			set := indicator.NewSet([]indicator.Entry{far(), {Value: v, ID: 1}})
			met := false
			set.Match(o.Value, func(uint32, indicator.Rule) { met = true })
			if met && p.sieve.Clear(set, line) {
				t.Fatalf("%s: passed, but %s holds %v, which meets %v: %q", p.format.Name(), o.Field, o.Value, v, line)
			}
		}
	}
	if !bytes.Equal(kept, line) {
		t.Fatalf("written to: %q", kept)
	}
	return clear
}

// hunters are indicators that a value meets.
func hunters(v observable.Value) []observable.Value {
	all := []observable.Value{v}
	if host, ok := v.Host(); ok {
		all = append(all, hunters(host)...)
	}
	switch v.Type {
	case observable.Domain:
		for parent := range observable.Parents(v.Canonical) {
			all = append(all, observable.Value{Type: observable.Domain, Canonical: parent})
		}
	case observable.URL:
		path, _, _ := strings.Cut(v.Canonical, "?")
		for i, c := range path {
			if c == '/' {
				all = append(all, observable.Value{Type: observable.URL, Canonical: path[:i+1]}, observable.Value{Type: observable.URL, Canonical: path[:i]})
			}
		}
	case observable.IPv4, observable.IPv6:
		addr := netip.MustParseAddr(v.Canonical)
		for _, bits := range []int{0, 9, 20, 31, addr.BitLen() - 1} {
			if bits < addr.BitLen() {
				net := observable.Net6
				if addr.Is4() {
					net = observable.Net4
				}
				all = append(all, observable.Value{Type: net, Canonical: netip.PrefixFrom(addr, bits).Masked().String()})
			}
		}
	}
	return all
}

func TestRealLines(t *testing.T) {
	for _, c := range []struct {
		format sieve.Format
		path   string
		pass   float64 // share that must pass when nothing is to be found, or the sieve is of no use
	}{
		{formats()[0], "logs/suricata/test6-malicious.eve.json", 0.98},
		{formats()[1], "logs/zeek-json/dns.json.gz", 0.9},
		{formats()[1], "logs/zeek-json/rdp.json.gz", 0.9},
		{formats()[1], "logs/zeek-json/smtp.json.gz", 0.2},
		{formats()[1], "logs/zeek-json/notice.json.gz", 0.2},
	} {
		p := newPair(c.format)
		lines, passed := 0, 0
		formattest.EachLine(t, formattest.SharedData(t, c.path), func(_ int, line []byte) {
			if lines++; lines <= 1200 && p.hold(t, line) {
				passed++
			}
		})
		lines = min(lines, 1200)
		t.Logf("%s: %d of %d lines pass", c.path, passed, lines)
		if float64(passed) < c.pass*float64(lines) {
			t.Errorf("%s: only %d of %d lines pass", c.path, passed, lines)
		}
	}
}

// sample returns the lines of a format's sample.
func sample(t testing.TB, f event.Format) [][]byte {
	t.Helper()
	data, err := os.ReadFile("../format/" + f.Name() + "/" + formattest.SamplePath)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(data, []byte("\n"))
}

func TestSamples(t *testing.T) {
	for _, f := range formats() {
		p, passed := newPair(f), 0
		for _, line := range sample(t, f) {
			for range 2 { // once with each key new, once with each known
				if p.hold(t, line) {
					passed++
				}
			}
			if len(line) > 2 {
				p.hold(t, append(bytes.Clone(line), '\r'))
				spaced := bytes.ReplaceAll(bytes.ReplaceAll(line, []byte(`":`), []byte(`" : `)), []byte(`,"`), []byte(", \t\""))
				p.hold(t, spaced)
				for cut := range line {
					p.hold(t, line[:cut])
					p.hold(t, append(append(bytes.Clone(line[:cut]), '"'), line[cut:]...))
				}
			}
		}
		if passed == 0 {
			t.Errorf("%s: no line passes", f.Name())
		}
	}
}

// TestGrammar holds the sieve to what is no line of a format.
func TestGrammar(t *testing.T) {
	const head = `{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"dns"`
	p := newPair(formats()[0])
	for line, want := range map[string]bool{
		head + `}`:                      true,
		head + ` , "a" : 1 }`:           true,
		head + `,"a":[]}`:               true,
		head + `,"a":{},"b":[{}]}`:      true,
		head + `,"a":[1,[2],{"b":[]}]}`: true,
		head + `,"a":-0.5e+10}`:         true,
		head + `,"a":1234567890123456789012345678901234567890}`:                  true,
		head + `,"a":true,"b":false,"c":null}`:                                   true,
		head + `,"a":"\\","b":"\"","c":"\\\"\u00e9\/"}`:                          true,
		head + `,"a":"привет"}`:                                                  true,
		head + `,"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`: true,
		head + `,"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`: false,
		head + `,"a":{"timestamp":"x","event_type":"Y"}}`:                        true,
		head + `,"timestamp":"2026-11-03T08:00:00Z"}`:                            false, // hard, not wrong
		head + `,"event_type":"dns"}`:                                            false,
		head + `,}`:                                                              false,
		head + `,"a":[1,]}`:                                                      false,
		head + `,"a":01}`:                                                        false,
		head + `,"a":1.}`:                                                        false,
		head + `,"a":.5}`:                                                        false,
		head + `,"a":1e}`:                                                        false,
		head + `,"a":--1}`:                                                       false,
		head + `,"a":tru}`:                                                       false,
		head + `,"a":truex}`:                                                     false,
		head + `,"a":"\x"}`:                                                      false,
		head + `,"a":"\u12g4"}`:                                                  false,
		head + `,"a":"` + "\t" + `"}`:                                            false,
		head + `,"a":"\` + "\x01" + `"}`:                                         false,
		head + "\x00}":                                                           false,
		head + "\v}":                                                             false,
		head + `,"a":"` + "\xff" + `"}`:                                          false,
		head + `,"a":[}`:                                                         false,
		head + `,"a":{]}`:                                                        false,
		head + `,"a"}`:                                                           false,
		head + `,a:1}`:                                                           false,
		head + `,"a":1}}`:                                                        false,
		head + `,"a":1}{}`:                                                       false,
		head + `,"a":"x}`:                                                        false,
		head + `"a":1}`:                                                          false,
		head + `,` + "\x17" + `a":1}`:                                            false,
		head + `,\a":1}`:                                                         false,
		head + `,"a":1 2}`:                                                       false,
		`{"timestamp":"2026-11-03T08:00:00Z"}`:                                   false,
		`{"event_type":"dns","a":"aaaaaaaaaaaaa"}`:                               false,
		`{"timestamp":"2026-11-31T08:00:00Z","event_type":"dns"}`:                false,
		`{"timestamp":1762156800,"event_type":"dns"}`:                            false,
		`{"timestamp":null,"event_type":"dns","timestamp":"2026-11-03T08:00:00Z"}`: false,
		`{"timestamp":["2026-11-03T08:00:00Z"],"event_type":"dns"}`:                false,
		`{"timestamp":"2026-11-03T24:00:00.000000+0000","event_type":"dns"}`:       false,
		`{"timestamp":"2026-11-03T08:00:00Z","event_type":"Dns"}`:                  false,
		`{"timestamp":"2026-11-03T08:00:00Z","event_type":""}`:                     false,
		strings.Repeat(" ", 40): false,
	} {
		for range 2 {
			if got := p.hold(t, []byte(line)); got != want {
				t.Errorf("%q: passes: %v, want %v", line, got, want)
			}
		}
	}
}

// TestEverySpelling puts every spelling, alone in a line, where each kind of value is read.
func TestEverySpelling(t *testing.T) {
	eve, zeek := newPair(formats()[0]), newPair(formats()[1])
	for _, spelling := range spellings() {
		plain, err := json.Marshal(spelling)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{string(plain), strings.ReplaceAll(string(plain), "/", `\/`)} {
			for _, path := range []string{
				"src_ip", "", "unknown", "other.", "other.deep", "http.hostname", "http.url", "http.http_refer", "http.http_user_agent", "tls.sni", "tls.fingerprint", "fileinfo.md5",
				"email.from", "email.url", "dns.rrname", "dns.rdata", "dns.A", "dns.TXT", "smtp.helo",
			} {
				inner := fmt.Sprintf(`"%s":%s`, path, value)
				if parent, key, ok := strings.Cut(path, "."); ok {
					inner = fmt.Sprintf(`"%s":{"hostname":"h.example","%s":%s}`, parent, key, value)
				}
				eve.hold(t, []byte(`{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"http",`+inner+`}`))
			}
			for _, column := range []string{"dns/query", "dns/answers", "http/host", "http/uri", "http/referrer", "x509/san.email", "files/md5", "conn/id.orig_h", "notice/msg", "x509/san.dns"} {
				log, name, _ := strings.Cut(column, "/")
				zeek.hold(t, fmt.Appendf(nil, `{"ts":1521911720.865716,"_path":"%s","id.resp_p":8080,"%s":%s}`, log, name, value))
			}
		}
	}
}

// TestSetsAreSwapped changes the set under sieves that are at work: each answer fits the set that was asked.
func TestSetsAreSwapped(t *testing.T) {
	line := []byte(`{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"dns","src_ip":"192.0.2.1","dns":{"rrname":"a.evil.example"}}`)
	sets := []*indicator.Set{
		indicator.NewSet([]indicator.Entry{far()}),
		indicator.NewSet([]indicator.Entry{{Value: observable.Value{Type: observable.IPv4, Canonical: "192.0.2.1"}}}),
		indicator.NewSet([]indicator.Entry{{Value: observable.Value{Type: observable.Domain, Canonical: "evil.example"}}}),
	}
	var current atomic.Pointer[indicator.Set]
	current.Store(sets[0])
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			s := sieve.New(formats()[0].Layout())
			for range 2000 {
				set := current.Load()
				if s.Clear(set, line) != (set == sets[0]) {
					t.Error("an answer of another set")
					return
				}
			}
		})
	}
	for i := range 2000 {
		current.Store(sets[i%len(sets)])
	}
	wg.Wait()
}

// TestSieve draws lines with every key that a parser reads and values that are written in every way.
func TestSieve(t *testing.T) {
	pairs := []*pair{newPair(formats()[0]), newPair(formats()[1])}
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		if pairs[0].hold(t, anyEVE(t)) {
			passed++
		}
		if pairs[1].hold(t, anyZeek(t)) {
			passed++
		}
	})
	if passed == 0 {
		t.Error("no line passes: nothing was tested")
	}
}

func FuzzClear(f *testing.F) {
	for _, format := range formats() {
		for _, line := range sample(f, format) {
			f.Add(line)
		}
	}
	for _, seed := range rapidSeeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, format := range formats() {
			p := newPair(format)
			for range 2 {
				p.hold(t, line)
			}
		}
	})
}

func rapidSeeds() []string {
	var all []string
	for _, v := range spellings() {
		all = append(all, fmt.Sprintf(`{"timestamp":"2026-11-03T08:00:00Z","event_type":"http","http":{"hostname":%[1]q,"url":"/a","http_refer":%[1]q,"http_user_agent":%[1]q},"x":%[1]q,"dns":{"rrname":%[1]q},"email":{"from":%[1]q},"tls":{"fingerprint":%[1]q}}`, v))
	}
	return all
}
