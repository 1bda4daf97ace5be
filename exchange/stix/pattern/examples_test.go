package pattern_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"entente/exchange/stix/pattern"
)

// example is a pattern that the specification shows (STIX 2.1, section 9.8, and the examples of its operators), with
// observations that it describes and, near to them, some that it does not.
type example struct {
	pattern string
	yes, no []seen
}

func of(objects ...string) (list []seen) {
	for _, o := range objects {
		list = append(list, seen{objects: o})
	}
	return list
}

// timed gives observations their times, in seconds of one hour.
func timed(list []seen, at ...string) []seen {
	for i := range list {
		list[i].first = "2026-01-01T00:" + at[i] + "Z"
	}
	return list
}

const sha, md5 = "aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f", "79054025255fb1a26e4bc422aef54eb4"

func file(props string) string { return `{"type":"file",` + props + `}` }

func mail(from, attachment string) string {
	return `{"type":"email-message","from_ref":"email-addr--1","sender_ref":"email-addr--1","subject":"Conference Info","body_multipart":[{"body":"x"},{"body_raw_ref":"file--1"}]},
		{"type":"email-addr","id":"email-addr--1","value":"` + from + `","other":true},{"type":"file","id":"file--1","name":"` + attachment + `","other":true}`
}

func account(id, login string) string {
	return `{"type":"user-account","account_type":"unix","user_id":"` + id + `","account_login":"` + login + `"}`
}

func traffic(typ, value string) string {
	return `{"type":"network-traffic","protocols":["tcp"],"dst_ref":"x--1"},{"type":"` + typ + `","id":"x--1","value":"` + value + `","other":true}`
}

func examples() []example {
	registry := func(key string) string { return `{"type":"windows-registry-key","key":"` + key + `"}` }
	foobar := strings.Replace(registry(`HKEY_LOCAL_MACHINE\\foo\\bar`), "windows", "win", 1)
	command := func(s string) string {
		return `{"type":"process","command_line":"x > y>-add GlobalSign.cer -c -s -r ` + s + `"}`
	}
	five := func(v string) []seen {
		list := of(traffic("domain-name", v), traffic("domain-name", v), traffic("domain-name", v), traffic("domain-name", v), traffic("domain-name", v))
		return list
	}
	return []example{
		{`[file:hashes.'SHA-256' = '` + sha + `']`, of(file(`"hashes":{"SHA-256":"` + sha + `"}`)), of(file(`"hashes":{"SHA-256":"00"}`), file(`"hashes":{"SHA256":"`+sha+`"}`))},
		{
			`[email-message:from_ref.value MATCHES '.+\\@example\\.com$' AND email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final Report.+\\.exe$']`,
			of(mail("joe@example.com", "Final Report 2.exe")), of(mail("joe@example.com", "Final Report.exe"), mail("joe@example.com.org", "Final Report 2.exe"), mail("joe@examplescom", "Final Report 2.exe")),
		},
		{
			`[file:hashes.'SHA-256' = '` + sha + `' AND file:mime_type = 'application/x-pdf']`,
			of(file(`"hashes":{"SHA-256":"` + sha + `"},"mime_type":"application/x-pdf"`)), of(file(`"hashes":{"SHA-256":"`+sha+`"}`) + "," + file(`"mime_type":"application/x-pdf"`)),
		},
		{
			`[file:hashes.'SHA-256' = 'bf07' OR file:hashes.MD5 = '` + md5 + `'] AND [file:hashes.'SHA-256' = '` + sha + `']`,
			of(file(`"hashes":{"MD5":"`+md5+`"}`), file(`"hashes":{"SHA-256":"`+sha+`"}`)), of(file(`"hashes":{"MD5":"` + md5 + `","SHA-256":"` + sha + `"}`)),
		},
		{
			`([file:hashes.MD5 = '` + md5 + `'] FOLLOWEDBY [win-registry-key:key = 'HKEY_LOCAL_MACHINE\\foo\\bar']) WITHIN 300 SECONDS`,
			timed(of(file(`"hashes":{"MD5":"`+md5+`"}`), foobar), "00:00", "04:59"), timed(of(file(`"hashes":{"MD5":"`+md5+`"}`), foobar, foobar), "05:00", "10:00", "04:00"),
		},
		{
			`[user-account:account_type = 'unix' AND user-account:user_id = '1007' AND user-account:account_login = 'Peter'] AND [user-account:account_type = 'unix' AND user-account:user_id = '1008' AND user-account:account_login = 'Paul'] AND [user-account:account_type = 'unix' AND user-account:user_id = '1009' AND user-account:account_login = 'Mary']`,
			of(account("1009", "Mary"), account("1007", "Peter"), account("1008", "Paul")), of(account("1009", "Mary"), account("1007", "Peter"), account("1007", "Paul")),
		},
		{
			`[artifact:mime_type = 'application/vnd.tcpdump.pcap' AND artifact:payload_bin MATCHES '\\xd4\\xc3\\xb2\\xa1\\x02\\x00\\x04\\x00']`,
			of(`{"type":"artifact","mime_type":"application/vnd.tcpdump.pcap","payload_bin":"/9TDsqECAAQA/w=="}`), of(`{"type":"artifact","mime_type":"application/vnd.tcpdump.pcap","payload_bin":"1MOyoQIABAE="}`),
		},
		{
			`[file:name = 'foo.dll' AND file:parent_directory_ref.path = 'C:\\Windows\\System32']`,
			of(file(`"name":"foo.dll","parent_directory_ref":"d--1"`) + `,{"type":"directory","id":"d--1","path":"C:\\Windows\\System32"}`), of(file(`"name":"foo.dll"`) + `,{"type":"directory","id":"d--1","path":"C:\\Windows\\System32"}`),
		},
		{
			`[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]`,
			of(file(`"extensions":{"windows-pebinary-ext":{"sections":[{"entropy":0.06},{"entropy":7.98}]}}`)), of(file(`"extensions":{"windows-pebinary-ext":{"sections":[{"entropy":7},{"name":"x"}]}}`)),
		},
		{
			`[file:mime_type = 'image/bmp' AND file:magic_number_hex = h'ffd8']`,
			of(file(`"mime_type":"image/bmp","magic_number_hex":"FFD8"`)), of(file(`"mime_type":"image/bmp","magic_number_hex":"ffd9"`)),
		},
		{`[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.33/32']`, of(traffic("ipv4-addr", "203.0.113.33/32")), of(traffic("ipv4-addr", "203.0.113.3/32"))},
		{
			`[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'example.com'] REPEATS 5 TIMES WITHIN 1800 SECONDS`,
			timed(five("example.com"), "00:00", "10:00", "20:00", "05:00", "29:59"), timed(five("example.com"), "00:00", "10:00", "20:00", "05:00", "30:00"),
		},
		{
			`[domain-name:value = 'www.5z8.info' AND domain-name:resolves_to_refs[*].value = '198.51.100.1/32']`,
			of(`{"type":"domain-name","value":"www.5z8.info","resolves_to_refs":["i--0","i--1"]},{"type":"ipv4-addr","id":"i--1","value":"198.51.100.1/32"}`),
			of(`{"type":"domain-name","value":"www.5z8.info","resolves_to_refs":["i--0"]},{"type":"ipv4-addr","id":"i--1","value":"198.51.100.1/32"}`),
		},
		{`[url:value = 'http://example.com/foo' OR url:value = 'http://example.com/bar']`, of(`{"type":"url","value":"http://example.com/bar"}`), of(`{"type":"url","value":"http://example.com/Bar"}`)},
		{
			`[x509-certificate:issuer = 'CN=WEBMAIL' AND x509-certificate:serial_number = '4c:0b:1d:19:74:86:a7:66:b4:1a:bf:40:27:21:76:28']`,
			of(`{"type":"x509-certificate","issuer":"CN=WEBMAIL","serial_number":"4c:0b:1d:19:74:86:a7:66:b4:1a:bf:40:27:21:76:28"}`), of(`{"type":"x509-certificate","issuer":"CN=WEBMAIL","serial_number":"4c"}`),
		},
		{
			`[windows-registry-key:key = 'HKEY_CURRENT_USER\\Software\\CryptoLocker\\Files' OR windows-registry-key:key = 'HKEY_CURRENT_USER\\Software\\Microsoft\\CurrentVersion\\Run\\CryptoLocker_0388']`,
			of(registry(`HKEY_CURRENT_USER\\Software\\CryptoLocker\\Files`)), of(registry(`HKEY_CURRENT_USER\\Software`)),
		},
		{
			`[(file:name = 'pdf.exe' OR file:size = '371712') AND file:created = t'2014-01-13T07:03:17Z']`,
			of(file(`"name":"pdf.exe","size":5,"created":"2014-01-13T07:03:17.000Z"`)), of(file(`"name":"a.exe","size":371712,"created":"2014-01-13T07:03:17Z"`)), // a number is no string
		},
		{
			`[email-message:sender_ref.value = 'jdoe@example.com' AND email-message:subject = 'Conference Info']`,
			of(mail("jdoe@example.com", "x")), of(mail("doe@example.com", "x")),
		},
		{`[x-usb-device:usbdrive.serial_number = '575833314133343231313937']`, of(`{"type":"x-usb-device","usbdrive":{"serial_number":"575833314133343231313937"}}`), of(`{"type":"x-usb-device","usbdrive":{"serial_number":575833314}}`)},
		{
			`[process:command_line MATCHES '^.+>-add GlobalSign.cer -c -s -r localMachine Root$'] FOLLOWEDBY [process:command_line MATCHES'^.+>-add GlobalSign.cer -c -s -r localMachineTrustedPublisher$'] WITHIN 300 SECONDS`,
			timed(of(command("localMachine Root"), command("localMachineTrustedPublisher")), "00:00", "59:00"), // WITHIN is about the second one alone
			timed(of(command("localMachine Root"), command("localMachineTrustedPublisher")), "01:00", "00:59"),
		},
		{
			`[network-traffic:dst_ref.value ISSUBSET '2001:0db8:dead:beef:0000:0000:0000:0000/64']`,
			of(traffic("ipv6-addr", "2001:db8:dead:beef::7")), of(traffic("ipv6-addr", "2001:db8:dead:bee::7"), traffic("domain-name", "example.com")),
		},
		{
			`([file:name = 'foo.dll'] AND [win-registry-key:key = 'HKEY_LOCAL_MACHINE\\foo\\bar']) OR [process:name = 'fooproc' OR process:name = 'procfoo']`,
			of(foobar, file(`"name":"foo.dll"`)), of(file(`"name":"foo.dll"`), `{"type":"process","name":"barproc"}`),
		},
		{
			`([ipv4-addr:value = '198.51.100.1/32' OR ipv4-addr:value = '203.0.113.33/32' OR ipv6-addr:value = '2001:0db8:dead:beef:dead:beef:dead:0001/128'] FOLLOWEDBY [domain-name:value = 'example.com']) WITHIN 600 SECONDS`,
			timed(of(`{"type":"ipv4-addr","value":"203.0.113.33/32"}`, `{"type":"domain-name","value":"example.com"}`), "00:00", "00:00"),
			timed(of(`{"type":"ipv4-addr","value":"203.0.113.33/32"}`, `{"type":"domain-name","value":"example.com"}`), "00:01", "00:00"),
		},
	}
}

func TestExamples(t *testing.T) {
	for _, e := range examples() {
		p := parse(t, e.pattern)
		if found, _ := p.Match(observations(t, e.yes...), 0); found == nil {
			t.Errorf("%s does not match %+v", e.pattern, e.yes)
		}
		if found, _ := p.Match(observations(t, e.no...), 0); found != nil {
			t.Errorf("%s matches %+v", e.pattern, e.no)
		}
	}
}

// All examples at once, in one matcher: each finds what it found alone, and nothing else.
func TestExamplesLive(t *testing.T) {
	var rules []pattern.Rule
	for _, e := range examples() {
		rules = append(rules, pattern.Rule{ID: e.pattern, Pattern: parse(t, e.pattern)})
	}
	for _, e := range examples() {
		for _, want := range []bool{true, false} {
			list := e.yes
			if !want {
				list = e.no
			}
			m, refused := pattern.NewMatcher(rules, pattern.Limits{Lateness: time.Hour})
			var hits []pattern.Hit
			obs := observations(t, list...)
			for i := range obs {
				hits = m.Observe(&obs[i], epoch.AddDate(1, 0, 0), hits)
			}
			got := false
			for _, h := range hits {
				got = got || h.Pattern == e.pattern
				if found, _ := parse(t, h.Pattern).Match(obs, 0); found == nil {
					t.Errorf("%s: hit, but does not match", h.Pattern)
				}
			}
			i := slices.IndexFunc(rules, func(r pattern.Rule) bool { return r.ID == e.pattern })
			broad := strings.Contains(e.pattern, "entropy > 7.0")
			if broad != (refused[i] != nil) {
				t.Errorf("%s: %v", e.pattern, refused[i])
			}
			if got != (want && !broad) {
				t.Errorf("%s: %v, want %v", e.pattern, got, want)
			}
		}
	}
}
