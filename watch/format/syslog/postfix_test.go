package syslog_test

import (
	"strings"
	"testing"

	"entente/watch/event"
	"entente/watch/format/formattest"
	"entente/watch/format/syslog"
)

// fields parses a message of a program and returns the named fields, separated by spaces.
func fields(t *testing.T, program, text string, names ...string) string {
	t.Helper()
	var ev event.Event
	if err := syslog.Format().New().Parse([]byte("Nov  3 08:00:00 north "+program+"[7]: "+text), &ev); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = ev.Get(name)
	}
	return strings.Join(values, " ")
}

func TestPostfixClients(t *testing.T) {
	for text, want := range map[string]string{
		"connect from unknown[192.0.2.1]":                                                                                       "smtp-connect  192.0.2.1  ",
		"connect from ns.mallory.example[IPv6:2001:db8::1]":                                                                     "smtp-connect  2001:db8::1 ns.mallory.example ",
		"disconnect from ns.mallory.example[192.0.2.1] ehlo=1 auth=0/1 quit=1 commands=2/3":                                     "smtp-disconnect  192.0.2.1 ns.mallory.example ",
		"lost connection after AUTH from unknown[192.0.2.1]":                                                                    "smtp-disconnect  192.0.2.1  ",
		"improper command pipelining after EHLO from unknown[192.0.2.1]: QUIT\\r\\n":                                            "smtp-pipelining  192.0.2.1  ",
		"warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: authentication failure":                                 "smtp-login failure 192.0.2.1  ",
		"warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: x, sasl_username=a@b.example":                           "smtp-login failure 192.0.2.1  ",
		"NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 Service unavailable":                                          "smtp-reject failure 192.0.2.1  ",
		"3F2A1C0D7E: client=ns.mallory.example[192.0.2.1]":                                                                      "smtp-accept  192.0.2.1 ns.mallory.example ",
		"CONNECT from [192.0.2.1]:4022 to [198.51.100.25]:25":                                                                   "smtp-connect  192.0.2.1  4022",
		"PREGREET 11 after 0.1 from [192.0.2.1]:4022: EHLO x from [198.51.100.9]:1":                                             "smtp-pregreet failure 192.0.2.1  4022",
		"DNSBL rank 4 for [192.0.2.1]:4022":                                                                                     "smtp-blocklisted failure 192.0.2.1  4022",
		"HANGUP after 0.5 from [192.0.2.1]:4022 in tests after SMTP handshake":                                                  "smtp-disconnect  192.0.2.1  4022",
		"NOQUEUE: reject: RCPT from [192.0.2.1]:4022: 550 5.7.1 Service unavailable; from=<a@b.example>, to=<c@d.example>, p=1": "smtp-reject failure 192.0.2.1  4022",
		"addr 192.0.2.1 listed by domain dnsbl.example as 127.0.0.4":                                                            "smtp-blocklisted  192.0.2.1  ",
		"Anonymous TLS connection established from ns.mallory.example[192.0.2.1]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384":   "smtp-tls success 192.0.2.1 ns.mallory.example ",
		"statistics: max connection rate 1/60s for (smtp:192.0.2.1) at Nov  3 08:00:00":                                         "    ",
		"warning: hostname ns.mallory.example does not resolve to address 192.0.2.1":                                            "smtp-reverse-mapping  192.0.2.1 ns.mallory.example ",
		"3F2A1C0D7E: removed": "    ",
		"":                    "    ",
	} {
		if got := fields(t, "postfix/smtpd", text, "event.action", "event.outcome", "source.ip", "source.domain", "source.port"); got != want {
			t.Errorf("%q\n gave %q\n want %q", text, got, want)
		}
	}
}

func TestPostfixAttributes(t *testing.T) {
	names := []string{"postfix.queue_id", "email.sender.address", "email.to.address", "postfix.helo", "user.name", "destination.ip", "postfix.status", "postfix.dsn", "postfix.reply_code"}
	for text, want := range map[string]string{
		"NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 504 5.5.2 <WIN-1>: Helo command rejected; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<WIN-1>": " a@b.example c@d.example WIN-1    5.5.2 504",
		"3F2A1C0D7E: from=<a@b.example>, size=1, nrcpt=1 (queue active)":                                                                                        "3F2A1C0D7E a@b.example       ",
		"3F2A1C0D7E: from=<>, size=1, nrcpt=1 (queue active)":                                                                                                   "3F2A1C0D7E        ",
		"3F2A1C0D7E: to=<c@d.example>, relay=mx.d.example[192.0.2.25]:25, delay=1, dsn=5.1.1, status=bounced (host said: 550)":                                  "3F2A1C0D7E  c@d.example   192.0.2.25 bounced 5.1.1 ",
		"4RdYkq2Xz1z9vNb: to=<c@d.example>, relay=none, delay=1, dsn=4.4.1, status=deferred (connect to x[192.0.2.9]:25)":                                       "4RdYkq2Xz1z9vNb  c@d.example    deferred 4.4.1 ",
		"3F2A1C0D7E: client=u[192.0.2.1], sasl_method=PLAIN, sasl_username=clerk":                                                                               "3F2A1C0D7E    clerk    ",
		"connect to mx.d.example[192.0.2.25]:25: Connection timed out":                                                                                          "     192.0.2.25   ",
	} {
		if got := fields(t, "postfix/smtp", text, names...); got != want {
			t.Errorf("%q\n gave %q\n want %q", text, got, want)
		}
	}
}

// Sender, recipient, helo and subject are written by the client and must not pass for its address.
func TestPostfixWordsAreNotTheClient(t *testing.T) {
	for text, want := range map[string]string{
		"NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 <x from y[198.51.100.9]: z@d.example>: no; from=<a> to=<b> proto=SMTP helo=<from x[198.51.100.9]>": "192.0.2.1",
		"3F2A1C0D7E: info: header Subject: hello from ns.mallory.example[192.0.2.1]; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>":                       "192.0.2.1",
		"3F2A1C0D7E: info: header Subject: x from y[198.51.100.9]; from=<a> from ns[192.0.2.1]; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>":            "",
		"lost connection after DATA from unknown[192.0.2.1]": "192.0.2.1",
	} {
		if got := fields(t, "postfix/cleanup", text, "source.ip"); got != want {
			t.Errorf("%q gave %q, want %q", text, got, want)
		}
	}
}

func TestDovecot(t *testing.T) {
	for text, want := range map[string]string{
		"imap-login: Disconnected (auth failed, 1 attempts): user=<a@b.example>, method=PLAIN, rip=192.0.2.1, lip=10.0.0.1, TLS, session=<x>": "mail-login failure 192.0.2.1 a@b.example 10.0.0.1",
		"pop3-login: Login: user=<clerk>, method=PLAIN, rip=2001:db8::1, lip=2001:db8::2, mpid=7":                                             "mail-login success 2001:db8::1 clerk 2001:db8::2",
		"imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=192.0.2.1, lip=10.0.0.1":                                         "mail-disconnect  192.0.2.1  10.0.0.1",
		// the user is the client's word
		"imap-login: Disconnected (auth failed): user=<x>, method=PLAIN, rip=198.51.100.9, lip=1.1.1.1>, method=PLAIN, rip=192.0.2.1, lip=10.0.0.1": "mail-login failure 192.0.2.1 x>, method=PLAIN, rip=198.51.100.9, lip=1.1.1.1 10.0.0.1",
		"imap(clerk): Logged out": "    ",
	} {
		if got := fields(t, "dovecot", text, "event.action", "event.outcome", "source.ip", "user.name", "destination.ip"); got != want {
			t.Errorf("%q\n gave %q\n want %q", text, got, want)
		}
	}
}

func TestNetfilter(t *testing.T) {
	names := []string{"rule.name", "event.action", "source.ip", "source.port", "destination.ip", "destination.port", "network.transport", "observer.ingress.interface.name", "source.mac"}
	for text, want := range map[string]string{
		"[1.5] [UFW BLOCK] IN=eth0 OUT= MAC=00:00:00:00:00:01:00:00:00:00:00:02:08:00 SRC=192.0.2.1 DST=192.0.2.2 LEN=60 PROTO=TCP SPT=1 DPT=22 SYN": "UFW BLOCK denied 192.0.2.1 1 192.0.2.2 22 tcp eth0 00:00:00:00:00:02",
		"IPTables-Dropped: IN= OUT=eth0 SRC=192.0.2.1 DST=192.0.2.2 LEN=60 PROTO=UDP SPT=1 DPT=53 LEN=40":                                            "IPTables-Dropped denied 192.0.2.1 1 192.0.2.2 53 udp  ",
		"accept out: IN= OUT=eth0 SRC=2001:db8::1 DST=2001:db8::2 PROTO=ICMPv6 TYPE=1 CODE=4 [SRC=198.51.100.9 DST=198.51.100.10 PROTO=UDP SPT=9 ]":  "accept out allowed 2001:db8::1  2001:db8::2  icmpv6  ",
		"IN=eth0 without a packet": "        ",
	} {
		if got := fields(t, "kernel", text, names...); got != want {
			t.Errorf("%q\n gave %q\n want %q", text, got, want)
		}
	}
}

// Lines of other formats that syslog carries read as those formats read them alone.
func TestCarriedFormats(t *testing.T) {
	for line, dataset := range map[string]string{
		`Nov  3 08:00:24 hap haproxy[7]: 192.0.2.1:33317 [03/Nov/2026:08:00:24.885] f b/s 0/0/0/1/1 200 1 - - ---- 1/1/1/1/0 0/0 "GET /a HTTP/1.1"`: "web.access",
		`Nov  3 08:00:24 hap haproxy[7]: 192.0.2.1:33317 [03/Nov/2026:08:00:24.885] f b/s 0/0/1 1 -- 1/1/1/1/0 0/0`:                                 "haproxy.tcp",
		`Nov  3 08:00:24 fw CEF:0|V|P|1|9|n|5|src=192.0.2.1`:                                                                                        "cef",
		`<134>Nov  3 08:00:24 fw CEF:0|V|P|1|9|n|5|src=192.0.2.1`:                                                                                   "cef",
		`<134>1 2026-11-03T08:00:25Z fw app - - - CEF:0|V|P|1|9|n|5|src=192.0.2.1`:                                                                  "cef",
		`<134>CEF:0|V|P|1|9|n|5|src=192.0.2.1`:                                                                                                      "cef",
		`2026-11-03T08:00:25Z fw CEF:0|V|P|1|9|n|5|src=192.0.2.1`:                                                                                   "cef",
		`Nov  3 08:00:24 gate audispd: node=a type=USER_AUTH msg=audit(1793692826.000:3000): addr=192.0.2.1`:                                        "auditd.user_auth",
	} {
		var ev event.Event
		if err := syslog.Format().New().Parse([]byte(line), &ev); err != nil || ev.Dataset != dataset || ev.Get("source.ip") != "192.0.2.1" {
			t.Errorf("%s\n gave %v, %s", line, err, formattest.Render(&ev))
		}
	}
}
