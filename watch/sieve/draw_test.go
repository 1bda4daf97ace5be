package sieve_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// spellings are values in the ways that logs and people write them.
func spellings() []string {
	return []string{
		"192.0.2.1", " 192.0.2.1", "192.0.2.1 ", "192[.]0.2.1", "[192.0.2.1]", "192.0.2.01", "192.0.2.256", "1.2.3", "192.0.2.1:80",
		"2001:db8::1", "2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::", "::", "::1", "1::2::3", "::ffff:192.0.2.1", "::ffff:c000:201",
		"[2001:db8::1]", "[2001:db8::1]:443", "fe80::1%eth0", "2001[:]db8::1", "\u00a0::1", "::1\u2003", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7",
		"00:11:22:33:44:55", "12:30", "x::1",
		"evil.example", "EVIL.Example.", "www.evil.example", ".evil.example", "evil.example..", "evil..example", "*.evil.example", "evil[.]example", "evil(dot)example",
		"a b.evil.example", "xn--80ak6aa92e.com", "пример.example", "evil。example", "ｅvil.example", "com", "localhost", ".", "..", "", "_sip._tcp.evil.example", "\u0001=.t.evil.example",
		"evil.example:8080", "evil.example:", "evil.example:808080", "user@evil.example", "user:pw@evil.example", "a:b.evil.example", "4.3.2.1.in-addr.arpa", "evil.0x1f", "evil.example/a",
		"http://evil.example/a/b?c=d#e", "hxxps://evil[.]example/a", "https://user:pw@evil.example:8443/a", "//evil.example/x", "/a/b", "//", "evil.example/a/b", "http://192.0.2.1/a", "http://[2001:db8::1]/a",
		"http://EVIL.example./%61", "http://evil%2eexample/a", "http://evil.example\\a", "ftp://evil.example", "gopher://evil.example/", "http:evil.example", " http://evil.example/a", "http://evil(.)example/(.)", "http://evil.example:99999/", "http://пример.example/",
		"h://a/b", "evil.example?x", "http[://]evil[.]example/a", "http://evil.example/a(dot)b[.]c", "192.0.2.1/24", "https:\\\\evil.example", "x://y://evil.example",
		"a@evil.example", "Name <A@Evil.Example>", "a@evil.example, b@evil.example", "mailto:a@evil.example", "a[at]evil.example", "a@evil[.]example", "a@.evil.example", "a@evil.example.", "\"a b\"@evil.example", "x@y <a@evil.example>", "Doe, John <a@evil.example>",
		"a@b, <c@evil.example>", "é@evil.example", "a@evil.example>", "<a@evil.example",
		"d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E", "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "d41d8cd98f00b204e9800998ecf8427e ", "d41d8cd98f00b204e9800998ecf8427", strings.Repeat("a:", 64), strings.Repeat("ab", 100),
		"see http://evil.example/a, or a@evil.example", "from 192.0.2.1:99 to 2001:db8::1.", "${jndi:ldap://192.0.2.1:1389/x}", "Chrome/90.0.4430.212", "v192.0.2.1", "192.0.2.1.", "...192.0.2.1...", "192.0.2.1.5", "1-192.0.2.1-2",
		"\x1b[31m192.0.2.1", "md5=d41d8cd98f00b204e9800998ecf8427e;", "line\n192.0.2.1\tline", "rv:109.0) 1:2:3:4:5:6:7:8", "*", "CONNECT", "TCP", "2026-11-03T08:00:00.000001+0000", "привет мир", strings.Repeat("x", 300), strings.Repeat("a.", 126) + "evil.example",
		strings.Repeat("a", 64) + ".evil.example",
	}
}

// quoted writes a JSON string with some of its characters escaped that need not be.
func quoted(t *rapid.T, s string) string {
	plain, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	text := string(plain)
	switch rapid.IntRange(0, 5).Draw(t, "escapes") {
	case 0:
		text = strings.ReplaceAll(text, "/", `\/`)
	case 1:
		text = strings.Replace(text, "e", `\u0065`, rapid.IntRange(0, 2).Draw(t, "how many"))
		text = strings.Replace(text, ".", `\u002E`, 1)
	}
	return text
}

func anyValue(t *rapid.T) string {
	switch rapid.IntRange(0, 9).Draw(t, "kind of value") {
	case 0:
		return rapid.SampledFrom([]string{"1", "-0.5", "1e5", "true", "false", "null", "80", "12345678901234567890123456789012", "0.0.0"}).Draw(t, "scalar")
	case 1:
		return quoted(t, rapid.String().Draw(t, "text"))
	case 2:
		return quoted(t, rapid.SampledFrom(spellings()).Draw(t, "one")+rapid.SampledFrom([]string{"", " ", "/", ":", "."}).Draw(t, "between")+rapid.SampledFrom(spellings()).Draw(t, "two"))
	}
	return quoted(t, rapid.SampledFrom(spellings()).Draw(t, "spelling"))
}

// anyEVE draws a line of keys in the places where Suricata and others put them.
func anyEVE(t *rapid.T) []byte {
	keys := []string{
		"src_ip", "dest_ip", "host", "xff", "proto", "hostname", "url", "http_refer", "redirect", "http_user_agent", "received", "value", "http_port", "sni", "subjectaltname",
		"fingerprint", "md5", "sha1", "sha256", "from", "to", "cc", "mail_from", "rcpt_to", "helo", "hash", "rrname", "rrtype", "rdata", "A", "AAAA", "CNAME", "TXT", "mname", "target", "name", "unknown", "timestamp", "event_type",
		"http.hostname", "dns.rrname", "", "k\\u0065y",
	}
	parents := []string{"http", "dns", "tls", "email", "smtp", "fileinfo", "alert", "flow", "quic", "mdns", "answers", "grouped", "request_headers", "tunnel", "other", "http.x"}
	var object func(depth int) string
	member := func(depth int) string {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
		case kind < 3 && depth < 4:
			return fmt.Sprintf(`"%s":%s`, rapid.SampledFrom(parents).Draw(t, "parent"), object(depth+1))
		case kind == 3:
			return fmt.Sprintf(`"%s":[%s,%s]`, key, anyValue(t), anyValue(t))
		case kind == 4 && depth < 4:
			return fmt.Sprintf(`"%s":[%s,%s]`, key, object(depth+1), anyValue(t))
		}
		return fmt.Sprintf(`"%s":%s`, key, anyValue(t))
	}
	object = func(depth int) string {
		var all []string
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			all = append(all, member(depth))
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	head := `{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"http"`
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		head += "," + member(0)
	}
	return []byte(head + "}")
}

// anyZeek draws a line of the columns of some log.
func anyZeek(t *rapid.T) []byte {
	columns := []string{
		"id.orig_h", "id.resp_h", "id.resp_p", "query", "answers", "qtype_name", "host", "uri", "referrer", "user_agent", "proxied", "server_name", "subject", "cert_chain_fps", "fingerprint",
		"san.dns", "san.email", "san.uri", "san.ip", "helo", "mailfrom", "rcptto", "from", "cc", "first_received", "tx_hosts", "msg", "sub", "note", "md5", "sha1", "hostname", "server_dns_computer_name", "arg", "seen.indicator", "unknown", "conn_state", "TTLs",
	}
	paths := []string{"dns", "http", "ssl", "x509", "smtp", "files", "notice", "software", "intel", "ntlm", "ftp", "other"}
	line := `{"ts":` + rapid.SampledFrom([]string{"1521911720.865716", "1521911720", `"2018-03-24T17:15:20.865716Z"`, "1521911720865", "-1"}).Draw(t, "ts")
	if path := rapid.SampledFrom(append(paths, "")).Draw(t, "path"); path != "" {
		line += `,"_path":"` + path + `"`
	}
	for range rapid.IntRange(1, 6).Draw(t, "columns") {
		column := rapid.SampledFrom(columns).Draw(t, "column")
		if rapid.IntRange(0, 4).Draw(t, "list") == 0 {
			line += fmt.Sprintf(`,"%s":[%s,%s]`, column, anyValue(t), anyValue(t))
		} else {
			line += fmt.Sprintf(`,"%s":%s`, column, anyValue(t))
		}
	}
	return []byte(line + "}")
}
