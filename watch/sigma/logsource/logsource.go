// Package logsource says which of our events a Sigma logsource means, and where in them each Sigma field stands.
//
// An event belongs to a dataset, such as "zeek.dns". A dataset has products, categories and services; a rule
// means it when each of the three that the rule names is among them. Source: Sigma Taxonomy Appendix 2.1.0.
package logsource

import (
	"slices"
	"strings"
)

// Source is the logsource of a rule; an empty part names nothing.
type Source struct {
	Product  string `json:"product,omitempty"`
	Category string `json:"category,omitempty"`
	Service  string `json:"service,omitempty"`
}

func (s Source) String() string {
	var parts []string
	for _, p := range [][2]string{{"product", s.Product}, {"category", s.Category}, {"service", s.Service}} {
		if p[1] != "" {
			parts = append(parts, p[0]+" "+p[1])
		}
	}
	return strings.Join(parts, ", ")
}

// Covers reports whether everything that o names is named by s too or left open by s: a filter for s applies to o.
func (s Source) Covers(o Source) bool {
	return (s.Product == "" || s.Product == o.Product) && (s.Category == "" || s.Category == o.Category) && (s.Service == "" || s.Service == o.Service)
}

// Guard is what an event must also say to be of a logsource: one of Fields, or anything in the event where
// there are none, fits one of Values, which are patterns as in a rule.
type Guard struct {
	Fields []string
	Values []string
}

// Route says how a logsource is read in one dataset.
type Route struct {
	// Guards are alternatives: all guards of at least one of them must hold. None at all demands nothing.
	Guards [][]Guard
	set    dataset
	source Source
	plain  bool // the rule uses our own names
}

// Fields returns the event's fields, of which any may hold what the rule calls name; none if the dataset cannot
// have it. A name that starts with ~ is to be derived: see Derive.
func (r Route) Fields(name string) []string {
	if r.plain {
		if r.set.has(name) {
			return []string{name}
		}
		return nil
	}
	var out []string
	for _, f := range r.set.fields(r.source, name) {
		from, _, derived := Derive(f)
		if !derived {
			from = f
		}
		if r.set.has(from) && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	if len(out) == 0 && strings.Contains(name, ".") && r.set.has(name) {
		out = append(out, name)
	}
	return out
}

// Taxonomies lists the taxonomies whose names are understood; "" stands for Sigma's own.
func Taxonomies() []string { return []string{"", "sigma", "ecs"} }

// Find returns how a rule's logsource is read in a dataset; ok is false if it does not mean it.
func Find(name string, s Source, taxonomy string) (r Route, ok bool) {
	d := classify(name)
	if d.root == "" || s == (Source{}) ||
		s.Product != "" && !slices.Contains(d.products, s.Product) ||
		s.Category != "" && !slices.Contains(d.categories, s.Category) ||
		s.Service != "" && !slices.Contains(d.services, s.Service) {
		return Route{}, false
	}
	return Route{Guards: d.guards(s), set: d, source: s, plain: taxonomy == "ecs"}, true
}

// Datasets lists the datasets that rules are prepared for, beside those of Zeek's other logs.
func Datasets() []string {
	return []string{
		"zeek", "zeek.conn", "zeek.dns", "zeek.http", "zeek.ssl", "zeek.x509", "zeek.files", "zeek.smtp", "zeek.notice",
		"suricata", "suricata.alert", "suricata.dns", "suricata.flow", "suricata.http", "suricata.tls", "suricata.smtp", "suricata.fileinfo",
		"web", "web.access", "web.error", "syslog", "syslog.sshd", "syslog.dns", "dns",
		"auditd", "auditd.syscall", "auditd.execve", "auditd.path", "auditd.cwd", "auditd.proctitle", "auditd.sockaddr",
		"windows", "netfilter", "cef",
	}
}

// Root returns what a dataset is a part of: rules for it apply where none are prepared for the part.
func Root(name string) string {
	root, _, _ := strings.Cut(name, ".")
	switch root {
	case "winlog":
		return "windows"
	case "haproxy", "caddy":
		return "web"
	case "postfix", "dovecot":
		return "syslog"
	case "bind", "dnsmasq":
		return "dns"
	case "iptables", "nftables":
		return "netfilter"
	}
	return root
}

// Derive says what a derived field is computed from, and how. The result is a part of the value, or empty.
func Derive(name string) (from string, part func(string) string, ok bool) {
	switch name {
	case "~url.path":
		return "url.original", urlPath, true
	case "~url.query":
		return "url.original", urlQuery, true
	case "~url.extension":
		return "url.original", urlExtension, true
	case "~dns.question.name":
		return "dns.question.name", withoutDot, true
	case "~dns.answers.data":
		return "dns.answers.data", withoutDot, true
	case "~firewall.action":
		return "event.action", firewallAction, true
	case "~firewall.blocked":
		return "event.action", firewallBlocked, true
	}
	return "", nil, false
}

// Plain returns the name of an event's field as rules write it: without the spaces that Windows has in some, says the
// specification under Field Usage.
func Plain(name string) string {
	if strings.IndexByte(name, ' ') < 0 {
		return name
	}
	return strings.ReplaceAll(name, " ", "")
}

// Timestamp is the field that stands for the event's own time.
const Timestamp = "@timestamp"

// withoutDot: some resolvers log the root's dot after a name, and no rule expects it.
func withoutDot(s string) string { return strings.TrimSuffix(s, ".") }

// firewallAction says what was done in the verb of most rules.
func firewallAction(s string) string {
	switch s {
	case "allowed":
		return "accept"
	case "denied":
		return "deny"
	}
	return ""
}

func firewallBlocked(s string) string {
	switch s {
	case "allowed":
		return "false"
	case "denied":
		return "true"
	}
	return ""
}

func urlPath(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.Index(s, "://"); i >= 0 {
		j := strings.IndexByte(s[i+3:], '/')
		if j < 0 {
			return ""
		}
		s = s[i+3+j:]
	}
	return s
}

func urlQuery(s string) string {
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s = s[:i]
	}
	_, q, _ := strings.Cut(s, "?")
	return q
}

func urlExtension(s string) string {
	s = urlPath(s)
	s = s[strings.LastIndexByte(s, '/')+1:]
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return ""
	}
	return s[i+1:]
}
