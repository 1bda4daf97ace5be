package sieve_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/observable"
	"entente/watch/format/formattest"
	"entente/watch/indicator"
	"entente/watch/sieve"
)

// known is a set that lines of the tests meet now and then.
func known() *indicator.Set {
	entries := []indicator.Entry{far()}
	for _, v := range []observable.Value{
		{Type: observable.IPv4, Canonical: "192.0.2.1"},
		{Type: observable.Net4, Canonical: "198.51.100.0/24"},
		{Type: observable.Domain, Canonical: "evil.example"},
		{Type: observable.MD5, Canonical: "d41d8cd98f00b204e9800998ecf8427e"},
	} {
		entries = append(entries, indicator.Entry{Value: v, ID: uint32(len(entries))})
	}
	return indicator.NewSet(entries)
}

// first is the bytes of the first line of data if it is passed ahead, else -1.
func first(s *sieve.Sieve, set *indicator.Set, data []byte) int {
	if lines, size := s.Ahead(set, data, 1, len(data), len(data)); lines == 1 {
		return size
	}
	return -1
}

// same holds a sieve that has seen lines before to one that has not: that one walks the whole line.
func same(t tester, f sieve.Format, set *indicator.Set, taught *sieve.Sieve, line []byte) bool {
	t.Helper()
	want := sieve.New(f.Layout()).Clear(set, line)
	for _, behind := range []string{"", "\n", "\n" + string(line) + "\n", "\r\n", "x\n", strings.Repeat("\"}", 30) + "\n"} { // what is behind a line decides nothing
		data := append(bytes.Clone(line), behind...)
		n := first(taught, set, data)
		if n < 0 {
			continue
		}
		if data[n] != '\n' || bytes.IndexByte(data, '\n') != n || !sieve.New(f.Layout()).Clear(set, data[:n]) {
			t.Fatalf("%s: passes %d bytes ahead: %q", f.Name(), n, data)
		}
	}
	if got := taught.Clear(set, line); got != want {
		t.Fatalf("%s: passes: %v, to a sieve without a past %v: %q", f.Name(), got, want, line)
	}
	return want
}

// teach shows a sieve a line so often that it learns its form, if it can, with numbers, times and addresses in it that change.
func teach(f sieve.Format, set *indicator.Set, line []byte) *sieve.Sieve {
	s := sieve.New(f.Layout())
	for i := range 300 {
		other := bytes.ReplaceAll(line, []byte(`.000001+`), fmt.Appendf(nil, ".%06d+", i))
		other = bytes.ReplaceAll(other, []byte(`192.0.2.7`), fmt.Appendf(nil, "192.0.2.%d", 7+i%200))
		s.Clear(set, bytes.ReplaceAll(other, []byte(`:12,`), fmt.Appendf(nil, ":%d,", i)))
	}
	return s
}

const taughtLine = `{"timestamp":"2026-11-03T08:00:00.000001+0000","flow_id":1,"event_type":"flow","src_ip":"192.0.2.7","proto":"TCP","app_proto":"tls","n":12,` +
	`"flow":{"state":"closed","reason":"timeout","age":7,"deep":{"x":[1,{"timestamp":"y","event_type":"Z"}]},"alerted":false},"list":["a","b\\"],"tcp":{"syn":true,"flags":"1b","ack":true,"empty":{}},"host":"sensor-a","end":1}`

// TestFormsAreCut puts every byte that matters at every place of a line that is known, takes bytes away, and puts what it knows
// elsewhere.
func TestFormsAreCut(t *testing.T) {
	set, f := known(), formats()[0]
	s := teach(f, set, []byte(taughtLine))
	if !same(t, f, set, s, []byte(taughtLine)) {
		t.Fatal("the line itself does not pass")
	}
	if first(s, set, []byte(taughtLine+"\n")) != len(taughtLine) || first(s, set, []byte(taughtLine+"\n"+taughtLine+"\n")) != len(taughtLine) {
		t.Fatal("its form is not learnt")
	}
	for at := range taughtLine {
		s = teach(f, set, []byte(taughtLine)) // new keys are remembered, up to a number
		for _, put := range []string{`"`, `\`, "\t", " ", ",", ":", "{", "}", "[", "]", "1", "e", ".", "192.0.2.1", "\xff", `","`, `":"`, `"rrname":"evil.example",`} {
			same(t, f, set, s, []byte(taughtLine[:at]+put+taughtLine[at:]))
			same(t, f, set, s, []byte(taughtLine[:at]+put+taughtLine[at+1:]))
		}
		for _, cut := range []int{1, 5, 30} {
			same(t, f, set, s, []byte(taughtLine[:at]+taughtLine[min(len(taughtLine), at+cut):]))
		}
		same(t, f, set, s, []byte(taughtLine))
	}
	const inner = `"deep":{"x":[1,{"timestamp":"y","event_type":"Z"}]},"alerted":false,`
	for depth := range 34 { // a form is no way to go deeper than a line may
		same(t, f, set, s, []byte(strings.Replace(taughtLine, `"n":12`, strings.Repeat(`"o":{`, depth)+inner+`"k":2`+strings.Repeat(`}`, depth), 1)))
	}
	const head = `{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"flow"`
	same(t, f, set, s, []byte(head+`,"x":{"timestamp":"y","event_type":"Z"}}`))
	same(t, f, set, s, []byte(head+`,"timestamp":"y","event_type":"Z"}`))
}

// TestFormsAreOfOneSet: what was learnt with one set is nothing to the next.
func TestFormsAreOfOneSet(t *testing.T) {
	f := formats()[0]
	line := []byte(`{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"dns","src_ip":"192.0.2.7","dest_ip":"192.0.2.9","proto":"TCP","dns":{"type":"query","rrname":"www.good.example","rrtype":"A"}}`)
	s := teach(f, known(), line)
	for _, v := range []observable.Value{{Type: observable.IPv4, Canonical: "192.0.2.9"}, {Type: observable.Domain, Canonical: "good.example"}} {
		if same(t, f, indicator.NewSet([]indicator.Entry{{Value: v}}), s, line) {
			t.Errorf("%v is not found", v)
		}
		if !same(t, f, known(), s, line) {
			t.Error("what another set has is found")
		}
	}
}

// TestFormsInRealLines goes through real logs with sieves that remember.
func TestFormsInRealLines(t *testing.T) {
	for i, path := range []string{"logs/suricata/test6-malicious.eve.json", "logs/zeek-json/dns.json.gz"} {
		f, set := formats()[i], known()
		s, passed := sieve.New(f.Layout()), 0
		formattest.EachLine(t, formattest.SharedData(t, path), func(n int, line []byte) {
			if n <= 3000 && same(t, f, set, s, line) {
				passed++
			}
		})
		if passed == 0 {
			t.Errorf("%s: no line passes", path)
		}
	}
}

// TestForms draws lines that have much in common: members of a few, in any order, some of them changed.
func TestForms(t *testing.T) {
	members := []string{
		`"proto":"TCP"`, `"app_proto":"tls"`, `"n":1`, `"n":12`, `"src_ip":"192.0.2.1"`, `"src_ip":"192.0.2.7"`, `"dest_ip":"198.51.100.3"`, `"rrname":"a.evil.example"`, `"rrname":"a.good.example"`, `"a":[]`, `"a":["x","y\\"]`,
		`"o":{}`, `"o":{"p":"q","r":{"s":null}}`, `"md5":"d41d8cd98f00b204e9800998ecf8427e"`, `"ok":true`, `"host":"sensor-a"`, `"e":"\u0041\/"`, `"timestamp":"x"`, `"event_type":"A"`, `"tcp_flags_of_both":"1b"`, `"é":"ü"`,
	}
	f, set := formats()[0], known()
	rapid.Check(t, func(t *rapid.T) {
		s := sieve.New(f.Layout())
		several := func(label string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(members), 1, 6).Draw(t, label), ",")
		}
		pieces := []string{several("one"), several("two"), several("three")}
		shaped := func(i int, a, b, c, d string) []byte {
			return fmt.Appendf(nil, `{"timestamp":"2026-11-03T08:00:00.%06d+0000","event_type":"flow",%s,"in":{%s,"q":{%s},"z":%d},%s}`, i, a, b, c, i, d)
		}
		for i := range 300 { // so that there are forms
			s.Clear(set, shaped(i, pieces[i%3], pieces[i/3%3], pieces[0], pieces[i/9%3]))
		}
		for i := range 24 {
			piece := func() string {
				p := rapid.SampledFrom(pieces).Draw(t, fmt.Sprint("piece", i))
				if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
					at := rapid.IntRange(0, len(p)-1).Draw(t, "at")
					p = p[:at] + rapid.SampledFrom([]string{`"`, " ", "\t", "\\", "1", ",", "}", "{"}).Draw(t, "byte") + p[at+rapid.IntRange(0, 1).Draw(t, "cut"):]
				}
				return p
			}
			same(t, f, set, s, shaped(i, piece(), piece(), piece(), piece()))
		}
	})
}

func FuzzForms(f *testing.F) {
	for _, format := range formats() {
		for _, line := range sample(f, format) {
			f.Add(line, uint16(40), uint8(3), []byte(`"`))
		}
	}
	f.Add([]byte(taughtLine), uint16(90), uint8(0), []byte("2"))
	f.Fuzz(func(t *testing.T, line []byte, at uint16, cut uint8, put []byte) {
		for _, format := range formats() {
			set := known()
			s := teach(format, set, line)
			from := min(int(at), len(line))
			to := min(from+int(cut), len(line))
			same(t, format, set, s, append(append(bytes.Clone(line[:from]), put...), line[to:]...))
			same(t, format, set, s, line)
			same(t, format, set, s, append(bytes.Clone(line[:from]), line[min(from, to-from):]...))
		}
	})
}

// TestAheadOfMany: of many lines those are passed that come before the first which is not clear, and no more than is asked for.
func TestAheadOfMany(t *testing.T) {
	f := formats()[0]
	line := func(src, name string) string {
		return `{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"dns","src_ip":"` + src + `","dest_ip":"192.0.2.7","proto":"TCP","dns":{"type":"query","rrname":"` + name + `","rrtype":"A"},"n":12,"end":1}`
	}
	set := indicator.NewSet([]indicator.Entry{{Value: observable.Value{Type: observable.IPv4, Canonical: "198.51.100.9"}}, {Value: observable.Value{Type: observable.Domain, Canonical: "evil.example"}}})
	s := sieve.New(f.Layout())
	for i := range 300 {
		s.Clear(set, []byte(line(fmt.Sprintf("192.0.2.%d", i%250), fmt.Sprintf("www%d.good.example", i))))
	}
	r := rand.New(rand.NewPCG(1, 1))
	cut := 0
	for range 400 {
		var lines []string
		bad := r.IntN(300)
		for i := range 200 {
			src, name := fmt.Sprintf("192.0.2.%d", r.IntN(250)), fmt.Sprintf("w%d.good%d.example", r.IntN(1000), r.IntN(1000))
			switch {
			case i == bad && r.IntN(2) == 0:
				src = "198.51.100.9"
			case i == bad:
				name = "www.evil.example"
			case i > bad && r.IntN(9) == 0:
				name = "evil.example"
			}
			lines = append(lines, line(src, name))
		}
		most, room, long := 1+r.IntN(300), 1+r.IntN(60_000), 1000
		if r.IntN(5) == 0 {
			long = len(lines[r.IntN(len(lines))])
		}
		want, size := 0, 0
		for i, l := range lines {
			if i == bad || i == most || size >= room || len(l) > long {
				break
			}
			want, size = want+1, size+len(l)
		}
		if want == bad {
			cut++
		}
		if n, bytes := s.Ahead(set, []byte(strings.Join(lines, "\n")+"\n"), most, room, long); n != want || bytes != size {
			t.Fatalf("%d lines of %d bytes are passed, want %d of %d", n, bytes, want, size)
		}
	}
	if cut < 20 {
		t.Errorf("%d times a line was not clear: nothing was tested", cut)
	}
}
