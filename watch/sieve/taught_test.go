package sieve_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"entente/observable"
	"entente/watch/indicator"
	"entente/watch/sieve"

	"pgregory.net/rapid"
)

// sought are the values of the sets below; lines of the tests have them in many spellings.
func sought() []observable.Value {
	return []observable.Value{
		{Type: observable.IPv4, Canonical: "192.0.2.1"},
		{Type: observable.IPv4, Canonical: "8.8.8.8"},
		{Type: observable.IPv6, Canonical: "2001:db8::1"},
		{Type: observable.Net6, Canonical: "2001:db8:5::/48"},
		{Type: observable.Domain, Canonical: "evil.example"},
		{Type: observable.Domain, Canonical: "localhost"},
		{Type: observable.Domain, Canonical: "xn--80ak6aa92e.com"},
		{Type: observable.Domain, Canonical: "a-label-of-many-letters.another-long-one.example"},
		{Type: observable.URL, Canonical: "http://bad.example/a/b"},
		{Type: observable.Email, Canonical: "a@mail.example"},
		{Type: observable.MD5, Canonical: "d41d8cd98f00b204e9800998ecf8427e"},
		{Type: observable.SHA1, Canonical: "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{Type: observable.SHA256, Canonical: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{Type: observable.Net4, Canonical: "198.51.100.0/24"},
	}
}

// soughtSets are sets of them: all, those without a network of IPv4, and some alone.
func soughtSets() (sets []*indicator.Set) {
	var entries []indicator.Entry
	for i, v := range sought() {
		entries = append(entries, indicator.Entry{Value: v, ID: uint32(i)})
	}
	last := len(entries) - 1
	for _, some := range [][]indicator.Entry{entries, entries[:last], entries[:1], entries[4:5], entries[last:]} {
		sets = append(sets, indicator.NewSet(some))
	}
	return sets
}

// maker makes lines that have a shape in common.
type maker struct {
	*rand.Rand
	class func(key string) sieve.Class
}

func (m maker) of(all ...string) string { return all[m.IntN(len(all))] }
func (m maker) in(n int) bool           { return m.IntN(n) == 0 }

// flavours are the kinds of values that a place of a shape may have, from line to line.
const flavours = 15

// value is a JSON value of a flavour.
func (m maker) value(flavour int) string {
	n := m.IntN(1 << 20)
	switch flavour {
	case 0:
		return fmt.Sprint(n >> m.IntN(20))
	case 1:
		return m.of("-1", "0.5", "1e5", "-0.5E-10", "true", "false", "null", "0", "12345678901234567", "100000000", "00", "01", "1.", "-", "+1", "1e")
	case 2:
		return m.text(m.time())
	case 3:
		return m.text(fmt.Sprintf("%d.%d.%d.%d", n&0xff, n>>8&0xff, n>>4&0xff, n>>3&0xff))
	case 4:
		return m.text(m.of("192.0.2.1", "8.8.8.8", "198.51.100.9", "198.51.100.200", "192.0.2.01", "192.0.2.1.", "8.8.8.8:53", "8.8.8.256", "192.0.2.1 ", "008.8.8.8", "8.8.8", "134744072", "::ffff:192.0.2.1", "::ffff:c000:201", "[192.0.2.1]"))
	case 5:
		return m.text(m.of("", "www.", "a.b.c.", "x-y.", "_a.", "-") + m.of("good", "gone", "a", "g0-0d", "not", "xevil", "1") + m.of(".example", ".Example", ".com", "", ".", ".example.", ".ex_ample"))
	case 6:
		return m.text(m.of("", "www.", "0.") + m.of("evil.example", "EVIL.Example", "localhost", "xn--80ak6aa92e.com", "аррӏе.com", "a-label-of-many-letters.another-long-one.example", "EVIL。example", "evil[.]example") + m.of("", "", ".", "..", " ", ":80"))
	case 7:
		return m.text(fmt.Sprintf("%x:%x::%x", n&0xfff, n>>7, n&7))
	case 8:
		return m.text(m.of("2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:db8:5::9", "2001:0db8:0005::1.2.3.4", "[2001:db8::1]", "2001:db8::1%eth0", "2001:db8::1/128", "::"))
	case 9:
		return m.text(m.of("http://", "HTTPS://", "//", "", "hxxp://", "http:/") + m.of("bad.example", "BAD.example.", "good.example", "u@bad.example", "bad.example:80", "192.0.2.1") + m.of("/a/b", "/a/b/c?d", "/a", "", "/%61/b", "/q"))
	case 10:
		return m.text(m.of("a@mail.example", "A@Mail.Example", "b@good.example", "<a@mail.example>", "N <c@evil.example>", "a@mail.example, b@x.example", "a@evil.example."))
	case 11:
		if !m.in(4) {
			return m.text(m.hash())
		}
		return m.text(m.of("d41d8cd98f00b204e9800998ecf8427e", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "d41d8cd98f00b204e9800998ecf8427f", "d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e"))
	case 12:
		return m.text(m.of("", "-", "x", "/", "TCP", "é", "привет", "\U0001f600", strings.Repeat("x", n&31), fmt.Sprint(n), fmt.Sprintf("%x", n), "see evil.example", "http://bad.example/a/b.", strings.Repeat("long ", n&63)))
	case 13:
		return m.text(m.of(spellings()...))
	default:
		if !m.in(10) {
			return fmt.Sprintf("15219%05d.%06d", n%1e5, n)
		}
		return m.of("1521911720", "1521911720865", "15219117208", "1.5e9", "-1", `"1521911720.5"`, "1521911720.", "0.1")
	}
}

// hash is a hash that no set has, mostly, and in one of its spellings; or nearly one.
func (m maker) hash() string {
	digits := []int{32, 40, 64}[m.IntN(3)]
	var b []byte
	for range digits {
		b = append(b, m.of("0123456789abcdef", "0123456789abcdefABCDEF")[m.IntN(16)])
	}
	text := string(b)
	if m.in(2) {
		text = pairs(b)
	}
	if m.in(8) {
		at := m.IntN(len(text))
		text = text[:at] + m.of("g", ":", "", "-", `\u0061`, `\\`, "0", "é") + text[at+m.IntN(2):]
	}
	return text
}

// pairs has a colon between every two bytes of b.
func pairs(b []byte) string {
	var text []byte
	for i, c := range b {
		if i > 0 && i%2 == 0 {
			text = append(text, ':')
		}
		text = append(text, c)
	}
	return string(text)
}

// time is a time, mostly as most write it.
func (m maker) time() string {
	if m.in(16) {
		return m.odd(m.day())
	}
	return "2026-11-03" + m.day()[10:] + "+0000"
}

// day is a time without a zone.
func (m maker) day() string {
	return fmt.Sprintf("2026-11-%02dT%02d:%02d:%02d.%06d", 3+m.IntN(2)*m.IntN(29), m.IntN(24), m.IntN(60), m.IntN(60), m.IntN(1e6))
}

// odd is a time written in another way, or none.
func (m maker) odd(text string) string {
	return m.of(text+"+0000", text+"+0130", text[:25]+"+00:00", text[:25]+"+00:00", text+"00:00", text+"0000Z", text+"0000Z", text+"Z", text, text[:19], text+"00+00", text[:10]+" "+text[11:]+"+0000", text[:19]+","+text[20:]+"+0000",
		text[:11]+"24"+text[13:]+"+0000", text[:14]+"6"+text[15:]+"+0000", text+"-2400")
}

// text quotes s, now and then with escapes that need not be, or that are none.
func (m maker) text(s string) string {
	s = strings.NewReplacer("\\", `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\x1b", `\u001b`, "\x01", `\u0001`).Replace(s)
	if len(s) > 0 && m.in(12) {
		if at := m.IntN(len(s)); s[at] < 0x80 && s[at] != '\\' && (at == 0 || s[at-1] != '\\') {
			s = s[:at] + fmt.Sprintf(m.of(`\u%04x`, `\u00%02X`, `\u%04xx`, `\u%03x`), s[at]) + s[at+1:]
		}
	}
	return `"` + s + `"`
}

// place is where a shape has a value.
type place struct {
	flavour int // -1: always the same
	fixed   string
}

// shape is texts with places between them: one more than there are places.
type shape struct {
	texts  []string
	places []place
}

func (s *shape) add(text string) { s.texts[len(s.texts)-1] += text }

func (s *shape) put(m maker, flavour int) {
	p := place{flavour: flavour}
	if m.in(4) {
		p.flavour, p.fixed = -1, m.value(flavour)
	}
	s.places, s.texts = append(s.places, p), append(s.texts, "")
}

// members adds some.
func (s *shape) members(m maker, keys []string, depth int) {
	for i := range 1 + m.IntN(6) {
		if i > 0 {
			s.add(m.of(",", ",", ",", ", ", "\t,"))
		}
		key := keys[m.IntN(len(keys)-depth/3*rare)]
		s.add(`"` + key + m.of(`":`, `":`, `":`, `": `, `" :`))
		s.member(m, key, keys, depth)
	}
}

func (s *shape) member(m maker, key string, keys []string, depth int) {
	kind := m.IntN(12)
	switch {
	case kind == 0 && depth > 1:
		s.add("{")
		s.members(m, keys, depth-1)
		s.add("}")
	case kind == 1 && depth > 0:
		s.add("[")
		s.member(m, key, keys, depth-1)
		s.add(m.of(",", " , "))
		s.member(m, key, keys, depth-1)
		s.add("]")
	case kind == 2:
		s.add(m.of("[]", "{}", "[ ]", `""`))
	default:
		s.put(m, m.flavour(key))
	}
}

// flavour is what mostly stands below a key.
func (m maker) flavour(key string) int {
	switch class := m.class(key); {
	case m.in(20):
		return m.IntN(flavours)
	case class&^sieve.Address == 0:
		return []int{0, 2, 3, 5, 7, 12}[m.IntN(6)]
	case class&^sieve.Address == sieve.Hash:
		return 11
	case class&(sieve.Name|sieve.Text) != 0:
		return []int{3, 5, 5}[m.IntN(3)]
	}
	return []int{3, 12}[m.IntN(2)]
}

// strange is what a place of a flavour should not have: what looks like that and is sought or wrong, or any other.
func (m maker) strange(flavour int) string {
	switch {
	case m.in(3):
	case flavour == 2:
		return m.text(m.odd(m.day()))
	case flavour == 3 || flavour == 5 || flavour == 7:
		return m.value(flavour + 1)
	}
	return m.value(m.IntN(flavours))
}

// line fills the places, one of them, or none, strangely.
func (s *shape) line(m maker, strange bool) []byte {
	var b bytes.Buffer
	at := -1
	if strange {
		at = m.IntN(len(s.places))
	}
	for i, p := range s.places {
		b.WriteString(s.texts[i])
		switch {
		case i == at:
			b.WriteString(m.strange(p.flavour))
		case p.flavour < 0:
			b.WriteString(p.fixed)
		default:
			b.WriteString(m.value(p.flavour))
		}
	}
	b.WriteString(s.texts[len(s.texts)-1])
	return b.Bytes()
}

// rare keys of the outermost object are the last.
const rare = 3

var (
	eveKeys = []string{
		"src_ip", "dest_ip", "proto", "flow_id", "n", "host", "xff", "hostname", "url", "http_refer", "http_user_agent", "value", "http_port", "sni", "fingerprint", "md5", "sha256", "from", "to", "helo",
		"rrname", "rdata", "rrtype", "A", "CNAME", "TXT", "name", "unknown", "dns", "http", "tls", "email", "answers", "subjectaltname", "a key with blanks",
		"timestamp", "event_type", "http.hostname",
	}
	zeekKeys = []string{
		"id.orig_h", "id.resp_h", "id.resp_p", "query", "answers", "host", "uri", "referrer", "user_agent", "server_name", "fingerprint", "san.dns", "san.email", "san.ip", "mailfrom", "from", "tx_hosts", "msg",
		"md5", "sha1", "unknown", "conn_state", "TTLs", "seen.indicator", "arg",
	}
)

// shapeOf is a shape of lines of a format.
func shapeOf(m maker, format string) *shape {
	s := &shape{texts: []string{"{"}}
	keys, depth := eveKeys, 3
	if format == "zeekjson" {
		keys, depth = zeekKeys, 1
		if m.in(2) {
			s.add(`"_path":"` + m.of("dns", "http", "conn", "x509", "notice") + `",`)
		}
		if s.add(`"ts":`); m.in(4) {
			s.put(m, 2)
		} else {
			s.put(m, 14)
		}
	} else {
		s.add(`"timestamp":`)
		s.put(m, 2)
		s.add(`,"event_type":"` + m.of("flow", "dns", "http") + `"`)
	}
	s.add(",")
	s.members(m, keys, depth)
	s.add(m.of("}", "}", "}", " }"))
	return s
}

// change writes over a line, or parts of it.
func (m maker) change(line []byte) []byte {
	for range m.IntN(3) {
		at := m.IntN(len(line) + 1)
		put := m.of(`"`, `\`, "\t", " ", ",", ":", "{", "}", "[", "]", "1", "0", "e", ".", "-", "\xff", "\x00", "\r", "\n", "é", `","`, `\"`, `\u0022`, "a", "192.0.2.1", `"rrname":"evil.example",`, `"ts":1,`, `"event_type":"a",`)
		line = append(append(bytes.Clone(line[:at]), put...), line[min(len(line), at+m.IntN(3)):]...)
	}
	switch m.IntN(12) {
	case 0:
		line = line[:m.IntN(len(line)+1)]
	case 1:
		from := m.IntN(len(line) + 1)
		to := from + m.IntN(len(line)-from+1)
		line = append(bytes.Clone(line[:to]), line[from:]...) // something twice
	case 2:
		line = append(bytes.Clone(line), m.of("\r", " ", "\r\r", "\t", "}", "x")...)
	}
	return line
}

// judge holds what a taught sieve says of a line, and of it with others behind it, to the parser and to Match. It reports
// whether the line was judged by its form.
func (p *pair) judge(t tester, set *indicator.Set, taught *sieve.Sieve, line, next []byte) (ahead bool) {
	t.Helper()
	fine := func(line []byte) (string, bool) {
		if err := p.parser.Parse(line, &p.ev); err != nil {
			return err.Error(), false
		}
		said := ""
		for _, o := range p.ev.Observables {
			set.Match(o.Value, func(uint32, indicator.Rule) { said = fmt.Sprintf("%s holds %v", o.Field, o.Value) })
		}
		return said, said == ""
	}
	for _, behind := range []string{"\n", "\n" + string(next) + "\n", "\r\n", "\n" + strings.Repeat("0", 50) + "\n"} {
		data := append(bytes.Clone(line), behind...)
		n := first(taught, set, data[:len(data):len(data)])
		if n < 0 {
			continue
		}
		ahead = true
		if n != bytes.IndexByte(data, '\n') {
			t.Fatalf("%s: %d bytes are passed ahead: %q", p.format.Name(), n, data)
		}
		if said, ok := fine(data[:n]); !ok {
			t.Fatalf("%s: passed ahead, but %s: %q", p.format.Name(), said, data[:n])
		}
	}
	if taught.Clear(set, line) {
		if said, ok := fine(line); !ok {
			t.Fatalf("%s: passed, but %s: %q", p.format.Name(), said, line)
		}
	}
	return ahead
}

// TestTaughtSieve teaches sieves lines of some shapes and holds them to the parser with lines that are nearly so, among them values
// in the place of others. More of it: -rapid.checks=10000.
func TestTaughtSieve(t *testing.T) {
	sets, lines, ahead := soughtSets(), 0, 0
	pairs := []*pair{newPair(formats()[0]), newPair(formats()[1])}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		layout := formats()[seed%2].Layout()
		m := maker{rand.New(rand.NewPCG(seed, 0)), layout.Class}
		p, set, taught := pairs[seed%2], sets[m.IntN(len(sets))], sieve.New(layout)
		shapes := []*shape{shapeOf(m, p.format.Name()), shapeOf(m, p.format.Name())}
		for passed, n := 0, 0; passed < 280 && n < 40+3*passed; n++ { // those whose values nearly all meet the set are left
			if taught.Clear(set, shapes[m.IntN(len(shapes))].line(m, m.in(100))) {
				passed++
			}
		}
		for range 60 {
			s := shapes[m.IntN(len(shapes))]
			line := s.line(m, m.in(2))
			if m.in(3) {
				line = m.change(line)
			}
			if lines++; p.judge(t, set, taught, line, s.line(m, false)) {
				ahead++
			}
		}
	})
	t.Logf("%d of %d lines judged ahead", ahead, lines)
	if ahead < lines/10 {
		t.Errorf("%d of %d lines were judged ahead: too few to test much", ahead, lines)
	}
}
