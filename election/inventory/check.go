package inventory

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entente/election/campaign"
)

// fault is what is wrong with one item, and what would be right.
type fault struct{ says, hint string }

func (f *fault) empty() bool { return f.says == "" }

func wrong(hint, format string, a ...any) fault { return fault{fmt.Sprintf(format, a...), hint} }

// check tests every item; the first that is wrong is told.
func (p *parser) check() error {
	known := make(map[string]bool)
	for _, c := range p.out.Call {
		known[c.ID] = true
	}
	people, pages := make(map[string]bool), make(map[string]bool)
	unique := func(ids map[string]bool, id string) fault {
		switch {
		case !ValidID(id):
			return wrong("as in adams-county", "id %.60q: lower-case letters, digits and hyphens, at most %d", id, MaxID)
		case ids[id]:
			return wrong("an id names one thing for ever", "the id %q stands here twice", id)
		}
		ids[id] = true
		return fault{}
	}
	call := func(id string) fault {
		if id != "" && !known[id] {
			return wrong(`add {"id": "`+id+`", "name": "...", "phone": "..."} to "call"`, "nobody in the section call has the id %.60q", id)
		}
		return fault{}
	}
	v := p.out
	for _, one := range []struct {
		section string
		n       int
		test    func(i int) []fault
	}{
		{"call", len(v.Call), func(i int) []fault { return append(person(v.Call[i]), unique(people, v.Call[i].ID)) }},
		{"offices", len(v.Offices), func(i int) []fault {
			o := v.Offices[i]
			return []fault{named("name", o.Name), line("jurisdiction", o.Jurisdiction), call(o.Call)}
		}},
		{"domains", len(v.Domains), func(i int) []fault {
			d := v.Domains[i]
			return []fault{domain(d.Name), line("what", d.What), call(d.Call)}
		}},
		{"senders", len(v.Senders), func(i int) []fault {
			s := v.Senders[i]
			return []fault{address(s.Address), line("display", s.Display), call(s.Call)}
		}},
		{"results", len(v.Results), func(i int) []fault {
			return append(page(v.Results[i]), call(v.Results[i].Call), unique(pages, v.Results[i].ID))
		}},
		{"registration", len(v.Registration), func(i int) []fault { return append(site(v.Registration[i]), call(v.Registration[i].Call)) }},
		{"files", len(v.Files), func(i int) []fault { return append(file(v.Files[i]), call(v.Files[i].Call)) }},
		{"vendors", len(v.Vendors), func(i int) []fault { return append(vendor(v.Vendors[i]), call(v.Vendors[i].Call)) }},
	} {
		for i := range one.n {
			for _, f := range one.test(i) {
				if !f.empty() {
					return p.fail(p.at[one.section][i], f.hint, "%s, number %d: %s", one.section, i+1, f.says)
				}
			}
		}
	}
	return nil
}

// ValidID reports whether a text can be the id of a page.
func ValidID(id string) bool {
	ok := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' }
	return id != "" && len(id) <= MaxID && !strings.ContainsFunc(id, func(r rune) bool { return !ok(r) }) && id[0] != '-'
}

// line is a text on one line that shows what it is.
func line(field, s string) fault {
	bad := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
	if len(s) > MaxName || !utf8.ValidString(s) || strings.ContainsFunc(s, bad) {
		return wrong("", "%s: one line of at most %d bytes without control and direction characters", field, MaxName)
	}
	return fault{}
}

func named(field, s string) fault {
	if strings.TrimSpace(s) == "" {
		return wrong("", "%s is missing", field)
	}
	return line(field, s)
}

func web(field, s string) fault {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || len(s) > MaxAddress {
		return wrong("as in https://results.example/detail.xml", "%s %.80q: an http or https address of at most %d bytes, without user name and fragment", field, s, MaxAddress)
	}
	return fault{}
}

// ValidDomain reports whether a text can be a domain that is guarded.
func ValidDomain(s string) bool {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.')
	}
	return len(s) <= 253 && strings.Contains(s, ".") && !strings.ContainsFunc(s, bad) && !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".") && !strings.Contains(s, "..")
}

func domain(s string) fault {
	if !ValidDomain(s) {
		return wrong("as in vote.example; other scripts as xn--...", "domain %.80q: a name in lower case with at least one dot, no address", s)
	}
	return fault{}
}

func address(s string) fault {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return wrong("as in clerk@vote.example", "%.80q is no mail address", s)
	}
	return fault{}
}

func person(c Person) []fault {
	all := []fault{named("name", c.Name), line("phone", c.Phone), line("hours", c.Hours)}
	if c.Mail != "" {
		all = append(all, address(c.Mail))
	}
	if c.Phone == "" && c.Mail == "" {
		all = append(all, wrong("", "%s: a phone number or a mail address is missing", c.Name))
	}
	for _, s := range c.For {
		if !slices.Contains(Sections(), s) || s == "call" {
			all = append(all, wrong("the sections are "+strings.Join(Sections()[:7], ", "), "for: no section %.60q", s))
		}
	}
	return all
}

func page(p Page) []fault {
	all := []fault{web("url", p.URL), line("jurisdiction", p.Jurisdiction), line("election", p.Election)}
	if every := p.Interval(); every < MinEvery || every > MaxEvery {
		all = append(all, wrong("", "every %s: between %s and %s", time.Duration(p.Every), MinEvery, MaxEvery))
	}
	for _, n := range p.Networks {
		if _, err := netip.ParsePrefix(n); err != nil {
			all = append(all, wrong("as in 10.0.0.0/8", "network %.60q: an address and a length", n))
		}
	}
	for _, c := range p.Final {
		all = append(all, named("final", c))
	}
	if len(p.Final) > MaxItems {
		all = append(all, wrong("", "final: more than %d contests", MaxItems))
	}
	if c := p.Columns; c != nil && (c.Contest == "" || c.Choice == "" || len(c.Units) > 8 || c.Votes == "" && len(c.Types) == 0) {
		all = append(all, wrong(`{"name": "own", "units": [{"column": "Precinct", "level": "precinct"}], "contest": "Race", "choice": "Name", "votes": "Votes"}`, "columns: the heads of contest, choice and votes (or types) are missing, or there are more than 8 units"))
	}
	return all
}

func site(s Site) []fault {
	all := []fault{named("name", s.Name)}
	if s.URL != "" {
		all = append(all, web("url", s.URL))
	}
	for _, e := range s.Exports {
		all = append(all, named("exports", e))
	}
	if s.Roll != nil {
		all = append(all, s.Roll.check()...)
	}
	return all
}

func (r Roll) check() []fault {
	all := []fault{line("key", r.Key), line("place", r.Place)}
	for _, c := range slices.Concat(r.Canaries, r.Allowed) {
		all = append(all, named("canaries and allowed", c))
	}
	if len(r.Canaries) > MaxItems || len(r.Allowed) > MaxItems {
		all = append(all, wrong("", "canaries, allowed: at most %d", MaxItems))
	}
	if _, err := time.Parse(time.DateOnly, r.Election); r.Election != "" && err != nil {
		all = append(all, wrong("as in 2026-11-03", "election %.40q: a day", r.Election))
	}
	if (r.Election == "") != (len(r.Allowed) == 0) {
		all = append(all, wrong("", "election and allowed: removals are judged by both together"))
	}
	if r.Broken < 0 || r.Shared < 0 || r.Shared == 1 {
		all = append(all, wrong("", "broken: rows from 0; shared: voters from 2"))
	}
	if r.Columns != nil {
		if err := r.Columns.Check(); err != nil {
			all = append(all, wrong("docs/operate.md has an example", "columns: %v", err))
		}
	}
	return all
}

func file(f File) []fault {
	all := []fault{named("name", f.Name), named("path", f.Path)}
	if words := []string{FileTabulator, FileManifest, FileRecords, FileContest, FileEntries, FilePosts, FileFolder, FileOther}; !slices.Contains(words, f.What) {
		all = append(all, wrong("", "what %.40q: %s", f.What, strings.Join(words, ", ")))
	}
	if f.Key != "" && f.What != FileRecords {
		all = append(all, wrong("", "key: only cast vote records have one"))
	}
	if f.Near != 0 && (f.What != FilePosts || f.Near < campaign.LeastNear || f.Near > campaign.MostNear) {
		all = append(all, wrong("", "near: of posts, a percentage from %d to %d", campaign.LeastNear, campaign.MostNear))
	}
	return append(all, line("key", f.Key))
}

func vendor(v Vendor) []fault {
	all := []fault{named("name", v.Name)}
	for _, d := range v.Domains {
		all = append(all, domain(d))
	}
	for _, s := range v.Senders {
		all = append(all, address(s))
	}
	return all
}
