package scenario

import (
	"fmt"
	"time"
)

// southLogs are a Zeek sensor, the bastion's system log, and a web server.
func (g *generator) southLogs() []log {
	z := southZeek{dns: g.zeekDNS(), ssl: g.zeekSSL(), http: g.zeekHTTP(), smtp: g.zeekSMTP(), files: g.zeekFiles()}
	auth, web := log{name: "auth.log"}, log{name: "access.log"}
	g.southOrdinary(&z)
	g.southMailbox(&z)
	g.southControlled(&z)
	g.bastion(&auth)
	g.visitors(&web, 460, "www.commission-south.example", []string{"/", "/results", "/stations", "/calendar", "/contact"})
	for range 4 { // which is how south comes to know the scanners
		g.scan(&web, scanner, g.early(), 8)
	}
	g.scan(&web, g.scanMember(), g.early(), 8)
	auth.entries = append(auth.entries, entry{at: g.at(0.52), junk: true, text: "\x00\x00\x00 2%\x7f\x01"})
	return []log{z.dns, z.ssl, z.http, z.smtp, z.files, auth, web}
}

type southZeek struct{ dns, ssl, http, smtp, files log }

func (g *generator) southOrdinary(z *southZeek) {
	for range 5200 {
		s, host, at := pick(g, g.services), g.host(South), g.anytime()
		g.ask(&z.dns, at, host, s.name, s.addr)
		if g.chance(0.45) {
			g.secure(&z.ssl, g.soon(at, time.Second), host, s.addr, s.name)
		}
	}
	for range 160 {
		g.ask(&z.dns, g.anytime(), g.host(South), g.text(9, "abcdefghij")+".office.example", "")
	}
	for range 900 {
		s, host, at := pick(g, g.services), g.host(South), g.anytime()
		g.plain(&z.http, at, host, s.addr, "GET", s.name, pick(g, []string{"/", "/news", "/img/logo.png", "/pkg/index", "/crl/root.crl"}))
		if g.chance(0.5) {
			g.file(&z.files, g.soon(at, time.Second), s.addr, host, "HTTP", "F"+g.text(17, base62), "text/html", "-", g.text(64, hexes))
		}
	}
}

// southMailbox: ordinary mail, and among it the spear-phish whose attachment north knows.
func (g *generator) southMailbox(z *southZeek) {
	for range 420 {
		from := fmt.Sprintf("%s@%s", pick(g, []string{"anna", "boris", "clerk", "press", "noreply", "ivan", "maria"}),
			pick(g, []string{"mail.provider.example", "ministry.example", "daily-news.example", "library.example"}))
		fuid, at, relay := "F"+g.text(17, base62), g.anytime(), pick(g, g.public)
		g.letter(&z.smtp, at, relay, from, "Sender", g.clerk(), pick(g, []string{"Minutes", "Re: polling stations", "Invoice", "Accreditation"}), fuid)
		if g.chance(0.3) {
			g.file(&z.files, g.soon(at, time.Second), relay, southMail, "SMTP", fuid, "application/pdf", "minutes.pdf", g.text(64, hexes))
		}
	}
	for _, at := range []time.Time{g.early(), g.early(), g.late()} {
		fuid := "F" + g.text(17, base62)
		g.letter(&z.smtp, at, "192.0.2.111", "ballot-desk@"+lookalike, "North Election Office", g.clerk(), "Updated ballot file", fuid)
		g.file(&z.files, g.soon(at, time.Second), "192.0.2.111", southMail, "SMTP", fuid,
			"application/vnd.ms-word.document.macroEnabled.12", "ballot-update.docm", lureHash)
	}
	for range 2 {
		g.letter(&z.smtp, g.early(), "192.0.2.111", lureSender, "Parcel notice", g.clerk(), "Your parcel", "(empty)")
	}
}

func (g *generator) clerk() string {
	return pick(g, []string{"desk", "secretary", "observers", "it", "chair"}) + "@commission-south.example"
}

// southControlled: two machines report to servers that north knows.
func (g *generator) southControlled(z *southZeek) {
	first, second := g.host(South), g.host(South)
	beacon := func(at time.Time, host, server, asked, sni string) {
		g.ask(&z.dns, at, host, asked, server)
		g.secure(&z.ssl, g.soon(at, time.Second), host, server, sni)
	}
	for i := range 40 { // every twelve minutes, all day, under ever new names
		at := g.soon(g.at(float64(i)/40), time.Minute)
		beacon(at, first, control, g.text(10, hexes)+"."+controlName, controlName)
		if i%5 == 0 {
			g.plain(&z.http, g.soon(at, 2*time.Second), first, control, "POST", controlName, "/gate.php?id="+g.text(8, hexes))
		}
	}
	for range 7 {
		g.secure(&z.ssl, g.early(), second, controlOld, "-")
	}
	for range 9 {
		beacon(g.late(), second, control, "Telemetry-Sync.TEST", controlLate)
	}
	for range 5 {
		g.secure(&z.ssl, g.late(), fmt.Sprintf("2001:db8:40:1::%x", g.between(16, 60)), control6, "-")
	}
}

// bastion is the system log of the host through which administrators come in.
func (g *generator) bastion(l *log) {
	users := []string{"anna", "oleg", "backup", "deploy", "mira"}
	for range 260 {
		at, host, user, pid := g.anytime(), g.host(South), pick(g, users), g.between(2000, 60000)
		from := fmt.Sprintf("%s port %d", host, g.port())
		say := func(after time.Duration, program, format string, a ...any) {
			l.syslog(at.Add(after), program, pid, fmt.Sprintf(format, a...), addr(host))
		}
		stay := time.Duration(g.between(20, 900)) * time.Second
		say(0, "sshd", "Connection from %s on %s port 22", from, southBastion)
		say(time.Second, "sshd", "Accepted publickey for %s from %s ssh2: ED25519 SHA256:%s", user, from, g.text(43, base62))
		say(stay, "sshd", "Received disconnect from %s:11: disconnected by user", from)
		say(stay, "sshd", "Disconnected from user %s %s", user, from)
		l.syslog(at.Add(stay), "sshd", pid, fmt.Sprintf("pam_unix(sshd:session): session closed for user %s", user))
	}
	for range 420 {
		g.guess(l, g.anytime(), pick(g, g.public))
	}
	for range 14 {
		g.guess(l, g.early(), controlOld)
	}
	for i := range 96 {
		l.syslog(g.at(float64(i)/96), "CRON", 700+i, "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)")
	}
}

// guess is one attempt to log in.
func (g *generator) guess(l *log, at time.Time, from string) {
	user, port, pid := pick(g, []string{"admin", "root", "test", "oracle", "postgres", "ubuntu"}), g.port(), g.between(2000, 60000)
	l.syslog(at, "sshd", pid, fmt.Sprintf("Invalid user %s from %s port %d", user, from, port), addr(from))
	l.syslog(at.Add(2*time.Second), "sshd", pid, fmt.Sprintf("Failed password for invalid user %s from %s port %d ssh2", user, from, port), addr(from))
	l.syslog(at.Add(3*time.Second), "sshd", pid, fmt.Sprintf("Connection closed by invalid user %s %s port %d [preauth]", user, from, port), addr(from))
}

// syslog writes a line as RFC 3164 has it, without priority, as files have it.
func (l *log) syslog(at time.Time, program string, pid int, text string, facts ...fact) {
	l.add(at, fmt.Sprintf("%s bastion %s[%d]: %s", at.Format(time.Stamp), program, pid, text), facts...)
}
