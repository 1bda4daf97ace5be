package scenario

import (
	"fmt"
	"time"
)

// visit is one request to a web site.
type visit struct {
	at                 time.Time
	from, method, path string
	status, size       int
	referer, agent     string
}

// combined writes a visit in the combined log format of Apache and nginx.
func (l *log) combined(v visit, facts ...fact) {
	if v.method == "" {
		v.method = "GET"
	}
	if v.referer == "" {
		v.referer = "-"
	}
	l.add(v.at, fmt.Sprintf(`%s - - [%s] "%s %s HTTP/1.1" %d %d "%s" "%s"`, v.from,
		v.at.Format("02/Jan/2006:15:04:05 -0700"), v.method, v.path, v.status, v.size, v.referer, v.agent),
		append(facts, addr(v.from))...)
}

// visitors are ordinary people on a site: a page, what belongs to it, perhaps a form.
func (g *generator) visitors(l *log, sessions int, site string, pages []string) {
	for range sessions {
		from, agent, at := pick(g, g.public), g.agent(), g.anytime()
		if g.chance(0.1) {
			from = fmt.Sprintf("2001:db8:%x:%x::%x", g.between(0x1000, 0x1fff), g.rng.IntN(0xffff), g.between(1, 0xffff))
		}
		referer := ""
		for range g.between(1, 4) {
			page := pick(g, pages)
			l.combined(visit{at: at, from: from, path: page, status: 200, size: g.between(1800, 24000), referer: referer, agent: agent})
			referer = "https://" + site + page
			for _, part := range []string{"/static/site.css", "/static/site.js", "/static/arms.svg"} {
				if g.chance(0.4) {
					l.combined(visit{
						at: g.soon(at, time.Second), from: from, path: part, status: pick(g, []int{200, 200, 304}),
						size: g.between(300, 9000), referer: referer, agent: agent,
					})
				}
			}
			at = g.soon(at, time.Minute)
		}
		if g.chance(0.3) {
			l.combined(visit{
				at: at, from: from, method: "POST", path: pages[0], status: pick(g, []int{200, 302, 302, 422}),
				size: g.between(200, 900), referer: referer, agent: agent,
			})
		}
	}
}

// probes are what a scanner asks for.
func (g *generator) probe() string {
	return pick(g, []string{
		"/.env", "/.git/config", "/wp-login.php", "/admin/", "/phpmyadmin/index.php", "/backup.zip", "/config.php.bak",
		"/server-status", "/voters/export.csv", "/api/v1/voters?limit=100000", "/register/admin", "/cgi-bin/test.cgi",
	})
}

// injection is what an attacker puts into a form.
func (g *generator) injection() string { return pick(g, injections()) }

func injections() []string {
	return []string{
		"/lookup?county=1%27%20OR%20%271%27=%271",
		"/lookup?name=x%27%20UNION%20SELECT%20name,birthdate%20FROM%20voters--",
		"/lookup?id=1;%20WAITFOR%20DELAY%20%270:0:5%27--",
		"/register?ref=1%20AND%20(SELECT%20COUNT(*)%20FROM%20information_schema.tables)%3E0",
		"/lookup?name=%27%20AND%20extractvalue(1,concat(0x7e,version()))--%20-",
	}
}

// scan is a scanner on a site.
func (g *generator) scan(l *log, from string, at time.Time, requests int) {
	for range requests {
		l.combined(visit{
			at: at, from: from, path: g.probe(), status: pick(g, []int{404, 404, 404, 403}),
			size: g.between(150, 560), agent: "Mozilla/5.0 zgrab/0.x",
		})
		at = g.soon(at, 3*time.Second)
	}
}
