package rulepack

import (
	"fmt"
	"net/url"
	"time"

	"entente/watch/event"
	"entente/watch/format/eve"
	"entente/watch/format/weblog"
)

// story is what one log says.
type story struct {
	format event.Format
	lines  []string
}

// chance is a small generator of the same numbers each time.
type chance uint64

func (c *chance) below(n int) int {
	*c = *c*6364136223846793005 + 1442695040888963407
	return int(uint64(*c>>33) % uint64(n))
}

var begin = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)

// hit is one line of a web server's log.
type hit struct {
	after             time.Duration
	from              string
	method, target    string
	status, size      int
	referrer, browser string
}

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
	chrome  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)

func (h hit) String() string {
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	status := h.status
	if status == 0 {
		status = 200
	}
	size := h.size
	if size == 0 {
		size = 5120
	}
	return fmt.Sprintf("%s - - [%s] %q %d %d %q %q", or(h.from, "203.0.113.9"), begin.Add(h.after).Format("02/Jan/2006:15:04:05 -0700"),
		or(h.method, "GET")+" "+h.target+" HTTP/1.1", status, size, or(h.referrer, "-"), or(h.browser, firefox))
}

func web(hits ...hit) story {
	s := story{format: weblog.Format()}
	for _, h := range hits {
		s.lines = append(s.lines, h.String())
	}
	return s
}

// each makes n requests.
func each(n int, every time.Duration, f func(i int) hit) (out []hit) {
	for i := range n {
		h := f(i)
		h.after += time.Duration(i) * every
		out = append(out, h)
	}
	return out
}

func mails(from ...string) story {
	s := story{format: eve.Format()}
	for i, f := range from {
		s.lines = append(s.lines, fmt.Sprintf(`{"timestamp":%q,"event_type":"smtp","src_ip":"198.51.100.7","dest_ip":"192.0.2.25","smtp":{"helo":"mx","mail_from":"<bounce@list.example>","rcpt_to":["<clerk@county.example>"]},"email":{"from":%q,"to":["clerk@county.example"],"subject":"poll book update"}}`,
			begin.Add(time.Duration(i)*time.Minute).Format("2006-01-02T15:04:05.000000-0700"), f))
	}
	return s
}

func attached(names ...string) story {
	s := story{format: eve.Format()}
	for i, n := range names {
		s.lines = append(s.lines, fmt.Sprintf(`{"timestamp":%q,"event_type":"smtp","src_ip":"198.51.100.7","dest_ip":"192.0.2.25","email":{"from":"a@b.example","attachment":[%q]}}`,
			begin.Add(time.Duration(i)*time.Minute).Format("2006-01-02T15:04:05.000000-0700"), n))
	}
	return s
}

// pair is what must be found and what must not.
type pair struct{ attack, twin story }

// stories holds both for each entry of the packs, by its name or, of a Sigma
// rule, its id.
func stories() map[string]pair {
	out := map[string]pair{
		"6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c07": {
			mails("Poll book support <support@vrsystems.co>"),
			mails("VR Systems <support@vrsystems.com>", "Newsletter <news@mail.vrsystems.com>", "Maria Gomez <maria.gomez@gmail.com>", "Vera Rosystems <vera@gmail.com>", "County Clerk <clerk@county.example>", "systems@gmail.com"),
		},
		"0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a05": {
			attached("new_procedures.docm", "list.pdf"), attached("new_procedures.docx", "ballot.pdf", "map.jpg", "notes.docm.txt"),
		},
	}
	webStories(out)
	slowStories(out)
	floodStories(out)
	letterStories(out)
	return out
}

func webStories(out map[string]pair) {
	out["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c01"] = pair{
		web(hit{target: "/voter/status?id=1%2527%2520or%25201=1--"}),
		web(hit{target: "/search?q=" + url.QueryEscape("O'Brien or O'Neill; select committee on union")}, hit{target: "/voter/status?name=D%27Angelo&precinct=4%20or%205"}, hit{target: "/a--b/c"}),
	}
	out["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c02"] = pair{
		web(each(70, 2*time.Second, func(i int) hit {
			return hit{target: fmt.Sprintf("/old/page-%c%c.html", 'a'+i%26, 'a'+i/26), status: 404}
		})...),
		// a page with many broken pictures, a site that moved, a reader who follows dead links
		web(append(each(90, time.Second, func(i int) hit {
			return hit{target: fmt.Sprintf("/img/county-%d.png", i), status: 404, referrer: "https://county.example/results"}
		}), each(120, 3*time.Second, func(i int) hit {
			return hit{after: time.Hour, target: fmt.Sprintf("/news/%c%c", 'a'+i%26, 'a'+i/26), status: []int{200, 404, 404}[i%3]}
		})...)...),
	}
	out["0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a01"] = pair{
		web(hit{target: "/", browser: "sqlmap/1.7.2#stable (https://sqlmap.example)"}),
		web(hit{target: "/about/security-scanners", browser: chrome}, hit{target: "/", browser: "Mozilla/5.0 (compatible; SomeBot/2.1; +http://bot.example/)"}),
	}
	out["0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a06"] = pair{
		web(hit{target: "/download?file=..%2f..%2fconfig.php", status: 404}),
		web(hit{target: "/a/../b"}, hit{target: "/docs/etc/password-rules"}, hit{target: "/v1..2/notes"}),
	}
	probes := []string{"/.env", "/.git/config", "/wp-login.php", "/phpmyadmin/", "/cgi-bin/test.cgi", "/backup.zip"}
	out["0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a02"] = pair{
		web(each(len(probes), 5*time.Second, func(i int) hit { return hit{target: probes[i], status: 404} })...),
		// somebody who writes for the site signs in, again and again
		web(each(30, 10*time.Second, func(i int) hit {
			return hit{target: []string{"/wp-login.php", "/wp-admin/", "/about"}[i%3], method: "POST"}
		})...),
	}
	out["0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a03"] = pair{
		web(each(520, 5*time.Second, func(i int) hit {
			return hit{target: fmt.Sprintf("/x/%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i%7), browser: "python-requests/2.32"}
		})...),
		// the own monitor, twice a minute
		web(each(480, 30*time.Second, func(int) hit { return hit{target: "/health", browser: "curl/8.5.0"} })...),
	}
	out["0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a04"] = pair{
		web(each(130, time.Second, func(i int) hit {
			return hit{from: fmt.Sprintf("203.0.%d.%d", i%113, i), target: "/results", status: 503}
		})...),
		// a restart, and an honest evening
		web(each(600, time.Second, func(i int) hit {
			h := hit{from: fmt.Sprintf("203.0.%d.%d", i%113, i%250), target: "/results"}
			if i < 40 {
				h.status = 502
			}
			return h
		})...),
	}
	ids := chance(7)
	out["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c04"] = pair{
		web(each(180, 7*time.Second, func(i int) hit {
			return hit{from: fmt.Sprintf("203.0.113.%d", i%5), target: fmt.Sprintf("/ballot/view?voter=%d", 48210+i)}
		})...),
		// an office behind one address reads what is read most, and looks again; others step through pages
		web(append(each(900, 3*time.Second, func(int) hit {
			return hit{target: fmt.Sprintf("/article/%d", 1000+ids.below(30)*ids.below(30)), browser: chrome, referrer: "https://county.example/"}
		}), each(200, time.Second, func(i int) hit { return hit{after: 2 * time.Hour, target: fmt.Sprintf("/archive?page=%d", i+1)} })...)...),
	}
}

func slowStories(out map[string]pair) {
	sizes := chance(3)
	learned := func(day int, low, spread int) []hit {
		return each(60, 20*time.Minute, func(int) hit {
			return hit{after: time.Duration(day) * 24 * time.Hour, target: "/voter/status?id=7", size: low + sizes.below(spread)}
		})
	}
	var usual []hit
	for day := range 6 {
		usual = append(usual, learned(day, 4000, 3000)...)
	}
	last := 6 * 24 * time.Hour
	out["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c03"] = pair{
		web(append(usual[:len(usual):len(usual)], hit{after: last, target: "/voter/status?id=7", size: 900_000})...),
		// a page that grew, a new page, a file that some take in parts, an error that says much
		web(append(usual[:len(usual):len(usual)], hit{after: last, target: "/voter/status?id=7", size: 20_000}, hit{after: last, target: "/results.csv", size: 9_000_000},
			hit{after: last, target: "/voter/status?id=8", size: 900_000, status: 500}, hit{after: last, target: "/voter/status", size: 700_000, status: 404})...),
	}
	count := chance(5)
	var fast []hit
	for i := range 90 * 60 {
		fast = append(fast, hit{after: time.Duration(i) * time.Second, from: fmt.Sprintf("203.0.113.%d", 1+i%9), target: fmt.Sprintf("/voter/status?name=%x", i*7919)}, hit{after: time.Duration(i) * time.Second, from: "203.0.113.4", method: "POST", target: "/voter/status"})
	}
	var night []hit // everybody looks at the results, from one campus too
	for i := range 90 * 60 {
		night = append(night, hit{after: time.Duration(i) * time.Second, from: fmt.Sprintf("203.0.113.%d", 1+i%200), target: "/results?county=" + []string{"all", "adams", "boulder"}[count.below(3)]},
			hit{after: time.Duration(i) * time.Second, from: fmt.Sprintf("203.0.113.%d", 1+i%200), target: fmt.Sprintf("/results?_=%d", i)})
	}
	out["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c05"] = pair{web(fast...), web(night...)}
	out["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c06"] = pair{
		web(each(320, 590*time.Second, func(i int) hit {
			return hit{target: fmt.Sprintf("/voter/status?name=%x&county=%d", i*7919, 1000003*i%977)}
		})...),
		// a monitor, a page of results that was left open, and a reader who comes by day
		web(append(each(600, 5*time.Minute, func(i int) hit { return hit{target: "/health"} }), append(
			each(600, 5*time.Minute, func(i int) hit {
				return hit{from: "198.51.100.4", target: fmt.Sprintf("/results.json?t=%d", 1759622400+300*i)}
			}),
			each(400, 8*time.Minute, func(i int) hit {
				h := hit{from: "192.0.2.77", target: fmt.Sprintf("/search?q=%x", i*31337)}
				if i%180 > 90 {
					h.target = "/"
				}
				return h
			})...)...)...),
	}
}

// floodStories: a quiet site for two hours, then the night of the election.
func floodStories(out map[string]pair) {
	readers := chance(9)
	quiet := each(2*60*4, 15*time.Second, func(int) hit {
		return hit{from: fmt.Sprintf("198.51.100.%d", readers.below(200)), target: []string{"/", "/results", "/polling-places"}[readers.below(3)]}
	})
	night := 2 * time.Hour
	flood := each(2*60*4+1200, time.Second/6, func(i int) hit {
		return hit{after: night, from: fmt.Sprintf("192.0.%d.9", i%8), target: "/results", browser: chrome}
	})
	// a hundred times the readers, who look again and again; a newsroom's program among them; an office behind one address
	var crowd []hit
	for i := range 4 * 60 * 8 {
		at := night + time.Duration(i)*time.Second/8
		from := fmt.Sprintf("192.0.%d.%d", readers.below(16), readers.below(16))
		crowd = append(crowd, hit{after: at, from: from, target: "/results", browser: chrome}, hit{after: at, from: from, target: "/site.css", referrer: "https://county.example/results", browser: chrome})
		switch {
		case i%16 == 0:
			crowd = append(crowd, hit{after: at, from: "203.0.113.77", target: "/results", browser: "newsroom/2"})
		case i%8 == 0:
			crowd = append(crowd, hit{after: at, from: "203.0.113.5", target: "/results"})
		}
	}
	out["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c08"] = pair{web(append(quiet[:len(quiet):len(quiet)], flood...)...), web(append(quiet[:len(quiet):len(quiet)], crowd...)...)}
}

// letterStories: nine days of an office's mail, then one that wants to be opened.
func letterStories(out map[string]pair) {
	office := func(more ...[2]string) story {
		s := story{format: eve.Format()}
		write := func(at time.Duration, from, file string) {
			s.lines = append(s.lines, fmt.Sprintf(`{"timestamp":%q,"event_type":"smtp","src_ip":"198.51.100.7","dest_ip":"192.0.2.25","smtp":{"mail_from":"<bounce@list.example>"},"email":{"from":%q,"attachment":[%q]}}`,
				begin.Add(at).Format("2006-01-02T15:04:05.000000-0700"), from, file))
		}
		files := []string{"minutes.docx", "ballots.pdf", "budget.xls", "notice.doc"}
		for i := range 9 * 36 {
			write(time.Duration(i)*40*time.Minute, fmt.Sprintf("Clerk <clerk%d@county.example>", i%7), files[i%len(files)])
		}
		for i, m := range more {
			write(9*24*time.Hour+time.Duration(i)*time.Minute, m[0], m[1])
		}
		return s
	}
	out["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c09"] = pair{
		office([2]string{"Support <support@poll-books.example>", "new_procedures.doc"}),
		// colleagues with the same, strangers with what runs nothing
		office([2]string{"Clerk <CLERK3@county.example>", "new_procedures.doc"}, [2]string{"Support <support@poll-books.example>", "new_procedures.docx"},
			[2]string{"x@paper.example", "quote.doc.pdf"}, [2]string{"x@paper.example", "doc"}),
	}
}
