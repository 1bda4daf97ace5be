package scenario

import (
	"fmt"
	"time"
)

// northLogs are a sensor at the border and the web server of the registration site.
func (g *generator) northLogs() []log {
	eve, web, summer := log{name: "eve.json"}, log{name: "access.log"}, log{name: OldLog}
	g.northOrdinary(&eve)
	g.visitors(&web, 900, northSiteName, []string{"/register", "/", "/deadlines", "/lookup", "/faq", "/id-requirements"})
	g.northScanned(&eve, &web)
	g.northPhished(&eve)
	g.northControlled(&eve)
	// What logs look like where a machine lost power, and where somebody spoke TLS to a plain port.
	eve.entries = append(eve.entries, entry{
		at: g.at(0.41), junk: true,
		text: `{"timestamp":"2026-10-05T09:16:48.000000+0000","flow_id":11,"event_type":"flow","src_ip":"10.20.1.`,
	})
	web.entries = append(web.entries, entry{at: g.at(0.37), junk: true, text: "\x00\x00\x00\x00\x00\x00\x00\x00"})
	g.northSummer(&summer)
	g.northInjectedAgain(&web)
	return []log{eve, web, summer}
}

// OldLog is a log of north's of which the last line is weeks old when the
// exercise begins. It holds what a report of the last hour names.
const OldLog = "summer.json"

// northSummer: five weeks before, one machine asked a server for orders, and
// again some days later. Everything else is ordinary.
func (g *generator) northSummer(l *log) {
	first := g.base.AddDate(0, 0, -36)
	for i := range 300 {
		at := first.Add(time.Duration(i) * 53 * time.Minute)
		c := conn{at: at, id: uint64(i + 1), src: "10.20.1.31", dst: g.services[i%len(g.services)].addr, sp: 40_000 + i, dp: 443, proto: "TCP"}
		if i == 97 || i == 98 || i == 214 {
			c.dst = rehearsal
		}
		l.event(at, c, "flow", `"app_proto":"tls","flow":{"pkts_toserver":4,"pkts_toclient":3,"bytes_toserver":900,"bytes_toclient":700,"state":"closed"}`)
	}
}

func (g *generator) northOrdinary(l *log) {
	for range 1700 { // somebody at a desk uses the net
		s, host, at := pick(g, g.services), g.host(North), g.anytime()
		resolver := northDNS
		if g.chance(0.02) {
			resolver = "9.9.9.9" // a guest's laptop brings its own resolver
		}
		g.resolve(l, at, host, resolver, s.name, s.addr)
		for range g.between(1, 2) {
			g.tls(l, g.soon(at, 2*time.Second), host, s.addr, s.name)
		}
	}
	for range 60 {
		g.resolve(l, g.anytime(), g.host(North), northDNS, g.text(8, "abcdefghij")+".office.example", "")
	}
	for range 700 { // people come to the site
		c := g.conn(g.anytime(), pick(g, g.public), northSite, 443, "TCP")
		g.flow(l, c, "tls")
	}
	for range 260 { // and some by plain HTTP, to be sent on
		c := g.conn(g.anytime(), pick(g, g.public), northSite, 80, "TCP")
		g.fetch(l, c.at, c, northSiteName, pick(g, []string{"/", "/register", "/lookup"}), 301)
		g.flow(l, c, "http")
	}
	for range 120 {
		c := g.conn(g.anytime(), pick(g, g.public), northMail, 25, "TCP")
		g.flow(l, c, "smtp")
	}
	for i := range 240 { // IPv6 within, and the noise of the sensor's own rules
		c := g.conn(g.anytime(), fmt.Sprintf("2001:db8:20:1::%x", g.between(16, 90)), "2001:db8:20::53", 53, "UDP")
		g.flow(l, c, "dns")
		if i%6 == 0 {
			g.alert(l, c.at, g.conn(c.at, g.host(North), pick(g, g.services).addr, 443, "TCP"), 2013504, "POLICY package manager user agent", "Not Suspicious Traffic")
		}
	}
	for i := range 16 {
		at := g.at(float64(i) / 16)
		l.add(at, fmt.Sprintf(`{"timestamp":"%s","event_type":"stats","stats":{"uptime":%d,"capture":{"kernel_packets":%d,"kernel_drops":0}}}`,
			at.Format("2006-01-02T15:04:05.000000-0700"), 86400+i*1800, 1_000_000+i*73_511))
	}
}

// northScanned: south knows these addresses, north only sees what they ask for.
func (g *generator) northScanned(eve, web *log) {
	probe := func(from string, at time.Time, n int) {
		g.scan(web, from, at, n)
		for range n / 2 {
			c := g.conn(g.soon(at, time.Minute), from, northSite, 443, "TCP")
			if g.chance(0.3) {
				g.alert(eve, c.at, c, 9000001, "EXERCISE enumeration of the voter registration site", "Attempted Information Leak")
			}
			g.flow(eve, c, "tls")
		}
	}
	for range 6 {
		probe(scanner, g.early(), 22)
		probe(scanner, g.late(), 14)
		probe(g.scanMember(), g.early(), 9)
		probe(g.scanMember(), g.late(), 6)
	}
	probe(scanner6, g.early(), 12)
	probe(scanLate, g.late(), 16)
	for range 5 { // the crawler of the undated list
		probe(crawler, g.anytime(), 7)
	}
	for range 9 { // SQL injection
		at := g.early()
		for range 8 {
			path := g.injection()
			web.combined(visit{at: at, from: injector, path: path, status: pick(g, []int{200, 400, 403, 500}), size: g.between(180, 4000), agent: "sqlmap/1.9"}, injected())
			c := g.conn(at, injector, northSite, 80, "TCP")
			g.fetch(eve, at, c, northSiteName, path, 301)
			g.alert(eve, at, c, 9000002, "EXERCISE SQL injection in a registration form", "Web Application Attack")
			g.flow(eve, c, "http")
			at = g.soon(at, 20*time.Second)
		}
	}
}

// northPhished: somebody follows the link in a mail that looks as if it came from his own office.
func (g *generator) northPhished(l *log) {
	for i, at := range []time.Time{g.early(), g.early(), g.late()} {
		host := g.host(North)
		g.resolve(l, at, host, northDNS, "www."+lookalike, pick(g, g.services).addr)
		c := g.conn(g.soon(at, time.Second), host, "192.0.2.110", 80, "TCP")
		g.fetch(l, c.at, c, lookalike, fmt.Sprintf("/ballot/update?voter=%d", 4411+i), 200)
		g.flow(l, c, "http")
		g.tls(l, g.soon(at, 3*time.Second), host, "192.0.2.110", "login."+lookalike)
	}
	g.resolve(l, g.late(), g.host(North), northDNS, umlautA, "192.0.2.110")
	for range 4 {
		g.resolve(l, g.anytime(), g.host(North), northDNS, "www."+polls, "192.0.2.112")
	}
	// The attachment, which is how north comes to know its hash.
	c := g.conn(g.at(0.05), "192.0.2.111", northMail, 25, "TCP")
	l.event(c.at, c, "fileinfo", fmt.Sprintf(`"app_proto":"smtp","fileinfo":{"filename":"ballot-update.docm","sid":[],"gaps":false,"state":"CLOSED",`+
		`"sha256":"%s","stored":false,"size":88213,"tx_id":0}`, lureHash), hashed(lureHash))
}

// northControlled: one machine was broken into, which is how north comes to know the control server.
func (g *generator) northControlled(l *log) {
	host := g.host(North)
	for range 8 {
		at := g.early()
		g.resolve(l, at, host, northDNS, controlName, control)
		g.tls(l, g.soon(at, time.Second), host, control, controlName)
	}
}
