package syslog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"entente/watch/event"
	"entente/watch/format/formattest"
	"entente/watch/format/syslog"
)

func TestFormat(t *testing.T) { formattest.Run(t, syslog.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, syslog.Format(), "<13>1 - - - - - -", `<13>1 2026-11-03T08:00:00Z h a p m [x@1 a="b\"]"] m`)
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, syslog.Format()) }

// summary parses a message of a program and returns action, user and observables.
func summary(t *testing.T, program, text string) string {
	t.Helper()
	var ev event.Event
	if err := syslog.Format().New().Parse([]byte("Nov  3 08:00:00 north "+program+"[7]: "+text), &ev); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %q %s", ev.Get("event.action"), ev.Get("event.outcome"), ev.Get("user.name"), ev.Get("source.port"))
	for _, o := range ev.Observables {
		fmt.Fprintf(&b, "|%s %s", o.Field, o.Value.Canonical)
	}
	return b.String()
}

func TestSSHD(t *testing.T) {
	for text, want := range map[string]string{
		"Failed password for root from 192.0.2.1 port 4022 ssh2":                                                               `ssh-login failure "root" 4022|source.ip 192.0.2.1`,
		"Failed password for invalid user bob from 2001:db8::1 port 4022 ssh2":                                                 `ssh-login failure "bob" 4022|source.ip 2001:db8::1`,
		"Failed none for invalid user  from 192.0.2.1 port 4022 ssh2":                                                          `ssh-login failure "" 4022|source.ip 192.0.2.1`,
		"Accepted publickey for clerk from 192.0.2.1 port 4022 ssh2: ED25519 SHA256:abc":                                       `ssh-login success "clerk" 4022|source.ip 192.0.2.1`,
		"Invalid user x for y from 192.0.2.1":                                                                                  `ssh-invalid-user failure "x for y" |source.ip 192.0.2.1`,
		"Invalid user  from 192.0.2.1 port 4022":                                                                               `ssh-invalid-user failure "" 4022|source.ip 192.0.2.1`,
		"input_userauth_request: invalid user 192.0.2.9 [preauth]":                                                             `ssh-invalid-user failure "192.0.2.9" `,
		"User mallory from 192.0.2.1 not allowed because not listed in AllowUsers":                                             `ssh-login failure "mallory" |source.ip 192.0.2.1`,
		"error: maximum authentication attempts exceeded for root from 192.0.2.1 port 22 ssh2 [preauth]":                       `ssh-login failure "root" 22|source.ip 192.0.2.1`,
		"error: Received disconnect from 192.0.2.1: 3: com.jcraft.jsch.JSchException: Auth fail":                               `ssh-disconnect  "" |source.ip 192.0.2.1`,
		"Received disconnect from 192.0.2.1 port 4022:11: bye from 198.51.100.9 port 1":                                        `ssh-disconnect  "" 4022|source.ip 192.0.2.1`,
		"Disconnected from authenticating user root 192.0.2.1 port 4022 [preauth]":                                             `ssh-disconnect  "root" 4022|source.ip 192.0.2.1`,
		"Disconnecting authenticating user root 192.0.2.1 port 4022: Too many authentication failures [preauth]":               `ssh-disconnect  "root" 4022|source.ip 192.0.2.1`,
		"Disconnecting: Too many authentication failures for root [preauth]":                                                   `ssh-login failure "root" `,
		"Connection closed by 192.0.2.1 [preauth]":                                                                             `ssh-disconnect  "" |source.ip 192.0.2.1`,
		"Connection closed by 192.0.2.1 port 4022":                                                                             `ssh-disconnect  "" 4022|source.ip 192.0.2.1`,
		"Connection from 192.0.2.1 port 4022 on 198.51.100.20 port 22":                                                         `ssh-connect  "" 4022|source.ip 192.0.2.1`,
		"Did not receive identification string from 192.0.2.1":                                                                 `ssh-scan  "" |source.ip 192.0.2.1`,
		"Bad protocol version identification 'GET / from 198.51.100.9' from 192.0.2.1 port 4022":                               `ssh-scan  "" 4022|source.ip 192.0.2.1`,
		"Unable to negotiate with 192.0.2.1 port 4022: no matching key exchange method found.":                                 `ssh-scan  "" 4022|source.ip 192.0.2.1`,
		"fatal: Timeout before authentication for 192.0.2.1 port 4022":                                                         `ssh-timeout failure "" 4022|source.ip 192.0.2.1`,
		"reverse mapping checking getaddrinfo for ns.mallory.example [192.0.2.1] failed - POSSIBLE BREAK-IN ATTEMPT!":          `ssh-reverse-mapping  "" |source.ip 192.0.2.1|source.domain ns.mallory.example`,
		"Address 192.0.2.1 maps to ns.mallory.example, but this does not map back to the address - POSSIBLE BREAK-IN ATTEMPT!": `ssh-reverse-mapping  "" |source.ip 192.0.2.1|source.domain ns.mallory.example`,
		"refused connect from ns.mallory.example (192.0.2.1)":                                                                  `ssh-refused  "" |source.ip 192.0.2.1|source.domain ns.mallory.example`,
		"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root":         `ssh-login failure "root" |source.ip 192.0.2.1`,
		"PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=ns.mallory.example ":                   `ssh-login failure "" |source.domain ns.mallory.example`,
		"pam_unix(sshd:session): session opened for user clerk by (uid=0)":                                                     `ssh-session-opened  "clerk" `,
		"message repeated 2 times: [ Failed password for root from 192.0.2.1 port 4022 ssh2]":                                  `ssh-login failure "root" 4022|source.ip 192.0.2.1`,
		"Timeout before authentication for connection from 192.0.2.1 to 198.51.100.20, pid = 9":                                `  "" |message 192.0.2.1|message 198.51.100.20`,
		"something new about 192.0.2.1":                                                                                        `  "" |message 192.0.2.1`,
		"Connection closed by ":                                                                                                `  "" `,
		"Failed password":                                                                                                      `  "" `,
	} {
		if got := summary(t, "sshd", text); got != want {
			t.Errorf("%q\n gave %s\n want %s", text, got, want)
		}
	}
}

// A user name is written by the attacker and stands before the peer's address in most messages: it must not pass for the peer.
func TestSSHDUserNameIsNotThePeer(t *testing.T) {
	for _, text := range []string{
		"Failed password for invalid user x from 198.51.100.9 port 22 ssh2 from 192.0.2.1 port 4022 ssh2",
		"Invalid user x from 198.51.100.9 port 22 from 192.0.2.1 port 4022",
		"Connection closed by invalid user x 198.51.100.9 port 22 192.0.2.1 port 4022 [preauth]",
		"Disconnected from invalid user x 198.51.100.9 port 22 [preauth] 192.0.2.1 port 4022 [preauth]",
		"User x from 198.51.100.9 not allowed because y from 192.0.2.1 not allowed because listed in DenyUsers",
		"Accepted password for x from 198.51.100.9 from 192.0.2.1 port 4022 ssh2",
	} {
		got := summary(t, "sshd", text)
		if !strings.HasSuffix(got, "|source.ip 192.0.2.1") || strings.Count(got, "|") != 1 {
			t.Errorf("%q gave %s", text, got)
		}
	}
}

func TestNameServers(t *testing.T) {
	for _, c := range []struct{ program, text, want string }{
		{"named", "client @0x7f 192.0.2.1#3076 (C2.mallory.example): query: C2.mallory.example IN A +E(0)K (198.51.100.53)", "source.ip 192.0.2.1|dns.question.name c2.mallory.example|destination.ip 198.51.100.53"},
		{"named", "19-Oct-2026 05:34:02.425 client 192.0.2.1#3076 (a.example): query (cache) 'a.example/ANY/IN' denied", "source.ip 192.0.2.1|dns.question.name a.example"},
		{"named", "client 2001:db8::1#3076 (a.example): bad zone transfer request: 'a.example/IN': non-authoritative", "source.ip 2001:db8::1|dns.question.name a.example"},
		{"named", "client nonsense", ""},
		{"named", "client 192.0.2.1#1 (a.example): x", "source.ip 192.0.2.1|dns.question.name a.example"},
		{"dnsmasq", "query[A] c2.mallory.example from 192.0.2.1", "dns.question.name c2.mallory.example|source.ip 192.0.2.1"},
		{"dnsmasq", "12 192.0.2.1/5353 query[AAAA] c2.mallory.example from 192.0.2.1", "source.ip 192.0.2.1|dns.question.name c2.mallory.example"},
		{"dnsmasq", "reply c2.mallory.example is 203.0.113.66", "dns.question.name c2.mallory.example|dns.answers.data 203.0.113.66"},
		{"dnsmasq", "12 192.0.2.1/5353 cached c2.mallory.example is edge.mallory.example", "source.ip 192.0.2.1|dns.question.name c2.mallory.example|dns.answers.data edge.mallory.example"},
		{"dnsmasq", "/etc/hosts gate.example is 192.0.2.7", "dns.question.name gate.example|dns.answers.data 192.0.2.7"},
		{"dnsmasq", "exactly blacklisted c2.mallory.example is 0.0.0.0", "dns.question.name c2.mallory.example|dns.answers.data 0.0.0.0"},
		{"dnsmasq", "reply a.example is NODATA-IPv6", "dns.question.name a.example"},
		{"dnsmasq", "reply error is SERVFAIL", "dns.question.name error"},
		{"dnsmasq", "validation result is SECURE", ""},
		{"dnsmasq", "dnssec-query[DS] example to 192.0.2.53", "dns.question.name example|destination.ip 192.0.2.53"},
		{"dnsmasq", "possible DNS-rebind attack detected: a.example is here http://203.0.113.9/", "message 203.0.113.9/"},
		{"dnsmasq-dhcp", "DHCPACK(eth0) 192.0.2.77 00:16:3e:00:00:01 clerk-laptop", "client.ip 192.0.2.77|client.domain clerk-laptop"},
		{"dnsmasq-dhcp", "3878291 DHCPDISCOVER(eth0) 00:16:3e:00:00:01", ""},
		{"dnsmasq-dhcp", "DHCPNAK(eth0) 192.0.2.77 00:16:3e:00:00:01 wrong network", "client.ip 192.0.2.77"},
		{"dnsmasq-dhcp", "DHCPREPLY(eth0) 2001:db8::77 00:01:00:01:2a clerk", "client.ip 2001:db8::77|client.domain clerk"},
		{"dnsmasq-dhcp", "DHCP, IP range 192.0.2.50 -- 192.0.2.150, lease time 12h", "message 192.0.2.50|message 192.0.2.150"},
		{"dnsmasq", "reply www.example is <CNAME>", "dns.question.name www.example"},
		{"dnsmasq", "forwarded a.example to 192.0.2.53", "dns.question.name a.example|destination.ip 192.0.2.53"},
		{"dnsmasq", "started", ""},
		{"unbound", "info: 192.0.2.1 c2.mallory.example. A IN", "source.ip 192.0.2.1|dns.question.name c2.mallory.example"},
		{"unbound", "info: start of service", ""},
	} {
		_, got, _ := strings.Cut(summary(t, c.program, c.text), "|")
		if got != c.want {
			t.Errorf("%s %q\n gave %s\n want %s", c.program, c.text, got, c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	for line, want := range map[string]string{
		"Nov  3 08:00:01 north sshd[7]: hello":                                      "0000-11-03T08:00:01Z north sshd 7 hello",
		"Feb 29 08:00:01 north sshd[7]: hello":                                      "0000-02-29T08:00:01Z north sshd 7 hello",
		"<38>Nov  3 08:00:01 north sshd(pam_unix)[7]: hello":                        "0000-11-03T08:00:01Z north sshd 7 hello",
		"Nov  3 2026 08:00:01.250 north cron: hello":                                "2026-11-03T08:00:01.25Z north cron  hello",
		"*Nov  3 08:00:01: %SYS-5-CONFIG_I: hello":                                  "0000-11-03T08:00:01Z  %SYS-5-CONFIG_I  hello",
		"Nov  3 08:00:01 north last message repeated 2 times":                       "0000-11-03T08:00:01Z north   last message repeated 2 times",
		"Nov  3 08:00:01 sshd[7]: hello":                                            "0000-11-03T08:00:01Z  sshd 7 hello",
		"2026-11-03T08:00:01.5+01:00 north postfix/smtpd[7]: hello":                 "2026-11-03T07:00:01.5Z north postfix/smtpd 7 hello",
		"<34>1 2026-11-03T08:00:01Z north su - ID47 - \uFEFFhello":                  "2026-11-03T08:00:01Z north su  hello",
		`<34>1 - - - - - [o@1 ip="192.0.2.1" ip="192.0.2.2" x="\"\]\\\y"][p] hello`: "0001-01-01T00:00:00Z    hello",
		"<34>1 2026-11-03T08:00:01Z north su 7 - -":                                 "2026-11-03T08:00:01Z north su 7 ",

		"": "no event",

		"Nov 31 08:00:01 north sshd[7]: hello":      "unparsed",
		"Nov  3 25:00:01 north sshd[7]: hello":      "unparsed",
		"Nox  3 08:00:01 north sshd[7]: hello":      "unparsed",
		"Nov  3 08:00:01":                           "unparsed",
		"<999>Nov  3 08:00:01 north sshd[7]: hello": "unparsed",

		"<34>2 2026-11-03T08:00:01Z north su - ID47 - hello": "unparsed",
		"<34>1 yesterday north su - ID47 - hello":            "unparsed",
		"<34>1 2026-11-03T08:00:01Z north su - ID47":         "unparsed",
		`<34>1 - - - - - [o@1 ip="192.0.2.1] hello`:          "unparsed",
		`<34>1 - - - - - [o@1 ip=x] hello`:                   "unparsed",
		`<34>1 - - - - - [] hello`:                           "unparsed",
		`<34>1 - - - - - [o]hello`:                           "unparsed",
		"2026-11-03T08:00:01Z Port 22":                       "unparsed",
		"hello":                                              "unparsed",
	} {
		var ev event.Event
		err := syslog.Format().New().Parse([]byte(line), &ev)
		got := "unparsed"
		if errors.Is(err, event.ErrNoEvent) {
			got = "no event"
		} else if err == nil {
			got = strings.Join([]string{ev.Time.Format("2006-01-02T15:04:05.999Z07:00"), ev.Get("host.hostname"), ev.Get("process.name"), ev.Get("process.pid"), ev.Get("message")}, " ")
		}
		if got != want {
			t.Errorf("%q\n gave %q\n want %q", line, got, want)
		}
	}
}

// RFC 5424 allows a parameter to repeat; a parser that keeps the last one hides the others.
func TestRepeatedParametersAllCount(t *testing.T) {
	var ev event.Event
	line := `<34>1 - - - - - [origin ip="192.0.2.1" ip="192.0.2.2" software="x"] hello`
	if err := syslog.Format().New().Parse([]byte(line), &ev); err != nil || len(ev.Observables) != 2 {
		t.Errorf("%v: %s", err, formattest.Render(&ev))
	}
}

func TestRealLines(t *testing.T) {
	for _, c := range []struct {
		path    string
		dataset string
	}{
		{"logs/loghub/OpenSSH_2k.log", "syslog.sshd"},
		{"logs/loghub/Linux_2k.log", "syslog"},
		{"logs/crowdsec-hub/bind9-syslog/bind9-syslog.log", "syslog.dns"},
		{"logs/crowdsec-hub/dovecot-spam/dovecot-spam.log", "dovecot"},
		{"logs/crowdsec-hub/postfix-helo/postfix-spam.log", "postfix"},
		{"logs/crowdsec-hub/postfix-spam/postfix-spam.log", "postfix"},
		{"logs/crowdsec-hub/postfix-honeypot-users/postfix-honeypot-users.log", "postfix"},
		{"logs/crowdsec-hub/ssh-timeout/ssh-timeout.log", "syslog.sshd"},
		{"logs/crowdsec-hub/sshd-bad-keyexchange-bf/sshd-bad-keyexchange-bf.log", "syslog.sshd"},
		{"logs/crowdsec-hub/sshd-invalid-bf/sshd-invalid-bf.log", "syslog.sshd"},
		{"logs/crowdsec-hub/sshd-logs/sshd-logs.log", "syslog.sshd"},
		{"logs/crowdsec-hub/sshd-success-logs/sshd-success-logs.log", "syslog.sshd"},
		{"logs/crowdsec-hub/haproxy-nextcloud-whitelist/haproxy-logs.log", "web.access"},
	} {
		t.Run(c.path, func(t *testing.T) {
			described, sshd, dataset := 0, 0, 0
			counts := formattest.Read(t, syslog.Format(), formattest.SharedData(t, c.path), func(ev *event.Event) {
				if ev.Dataset == c.dataset {
					dataset++
				}
				if ev.Dataset == "syslog.sshd" {
					sshd++
					if ev.Get("event.action") != "" {
						described++
					}
				}
			})
			rate := 100 * float64(counts.Events) / float64(counts.Events+counts.Unparsed)
			t.Logf("%.2f %% parsed; %d of %d sshd messages known; %+v", rate, described, sshd, counts)
			if rate <= 99 || dataset == 0 {
				t.Errorf("%.2f %% parsed, %d of dataset %s; unread %q", rate, dataset, c.dataset, counts.Unread)
			}
			if strings.Contains(c.path, "OpenSSH") && described*10 < sshd*9 {
				t.Errorf("%d of %d sshd messages known", described, sshd)
			}
		})
	}
}

// TestAgreesWithCrowdSec compares with what another program's tests expect of the same lines.
func TestAgreesWithCrowdSec(t *testing.T) {
	for _, c := range []struct{ dir, log, key, field string }{
		{"sshd-logs", "sshd-logs.log", "source_ip", "source.ip"},
		{"sshd-logs", "sshd-logs.log", "target_user", "user.name"},
		{"sshd-invalid-bf", "sshd-invalid-bf.log", "source_ip", "source.ip"},
		{"sshd-success-logs", "sshd-success-logs.log", "source_ip", "source.ip"},
		{"bind9-syslog", "bind9-syslog.log", "source_ip", "source.ip"},
	} {
		t.Run(c.dir+" "+c.key, func(t *testing.T) { formattest.Agrees(t, syslog.Format(), c.dir, c.log, c.key, c.field) })
	}
}
