package defend

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"entente/observable"
)

// sigmaRule is one rule for some kinds of values.
type sigmaRule struct {
	title, logsource string
	types            []observable.Type
	lines            func(e Entry) []sigmaLine
}

type sigmaLine struct{ selection, key, value string }

// sigmaRules are the rules that a file may hold.
var sigmaRules = []sigmaRule{
	{"Name told by a partner is asked for", "    category: dns\n", []observable.Type{observable.Domain}, func(e Entry) []sigmaLine {
		return []sigmaLine{{"selection_name", "query", e.Value.Canonical}, {"selection_below", "query|endswith", "." + e.Value.Canonical}}
	}},
	{"Connection to an address told by a partner", "    category: firewall\n", []observable.Type{observable.IPv4, observable.IPv6, observable.Net4, observable.Net6}, func(e Entry) []sigmaLine {
		cidr := e.Value.Canonical
		if p, ok := e.Value.Prefix(); ok {
			cidr = p.String()
		}
		return []sigmaLine{{"selection_from", "src_ip|cidr", cidr}, {"selection_to", "dst_ip|cidr", cidr}}
	}},
	{"Request of a URL told by a partner", "    category: proxy\n", []observable.Type{observable.URL}, func(e Entry) []sigmaLine {
		return []sigmaLine{{"selection_url", "c-uri|contains", withoutScheme(e.Value.Canonical)}}
	}},
	{"File told by a partner", "    category: file_event\n    product: windows\n", []observable.Type{observable.MD5, observable.SHA1, observable.SHA256}, func(e Entry) []sigmaLine {
		name := map[observable.Type]string{observable.MD5: "MD5", observable.SHA1: "SHA1", observable.SHA256: "SHA256"}[e.Value.Type]
		return []sigmaLine{{"selection_hash", "Hashes|contains", name + "=" + e.Value.Canonical}}
	}},
}

func withoutScheme(url string) string {
	if _, after, ok := strings.Cut(url, "://"); ok {
		return after
	}
	return url
}

// sigma writes one rule for each kind of value and marking.
func sigma(entries []Entry, s Settings) ([]File, func(Entry) bool) {
	var b strings.Builder
	b.WriteString(heading("#", s))
	fits := make(map[observable.Value]bool)
	first := true
	for _, rule := range sigmaRules {
		for _, group := range byMarking(entries, rule.types) {
			if !first {
				b.WriteString("---\n")
			}
			first = false
			rule.write(&b, group, s)
			for _, e := range group {
				fits[e.Value] = true
			}
		}
	}
	return []File{{"entente.yml", []byte(b.String())}}, func(e Entry) bool { return fits[e.Value] }
}

// byMarking groups entries of the types by their label, the least strict first.
func byMarking(entries []Entry, types []observable.Type) [][]Entry {
	groups := make([][]Entry, 6)
	for _, typ := range types {
		for _, e := range entries {
			if e.Value.Type == typ {
				groups[strictness(e.Marking)] = append(groups[strictness(e.Marking)], e)
			}
		}
	}
	var out [][]Entry
	for _, g := range groups {
		if len(g) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (r sigmaRule) write(b *strings.Builder, entries []Entry, s Settings) {
	marking := entries[0].Marking
	label := strings.ToLower(strings.TrimPrefix(word(marking), "TLP_"))
	fmt.Fprintf(b, "title: %s (%s)\nid: %s\nstatus: experimental\n", r.title, yamlPlain(marking), ruleID(r.title, marking))
	first := time.Time{}
	for _, e := range entries {
		if !e.Until.IsZero() && (first.IsZero() || e.Until.Before(first)) {
			first = e.Until
		}
	}
	ends := "No value has an end."
	if !first.IsZero() {
		ends = "The first value ends on " + stamp(first) + "."
	}
	fmt.Fprintf(b, "description: '%s'\n", "Told by partners and let through at the border. "+ends)
	fmt.Fprintf(b, "author: entente\ndate: %s\ntags:\n    - tlp.%s\nlogsource:\n%sdetection:\n", s.Now.UTC().Format("2006-01-02"), label, r.logsource)
	var selections []string
	values := make(map[string][]sigmaLine)
	for _, e := range entries {
		for _, l := range r.lines(e) {
			if values[l.selection] == nil {
				selections = append(selections, l.selection)
			}
			values[l.selection] = append(values[l.selection], l)
		}
	}
	for _, name := range selections {
		fmt.Fprintf(b, "    %s:\n        %s:\n", name, values[name][0].key)
		for _, l := range values[name] {
			fmt.Fprintf(b, "            - '%s'\n", sigmaValue(l.value))
		}
	}
	b.WriteString("    condition: 1 of selection_*\nfalsepositives:\n    - see manifest.csv\nlevel: medium\n")
}

// ruleID stays the same from file to file, since the rule means the same.
func ruleID(title, marking string) string {
	sum := sha256.Sum256([]byte("entente/sigma " + title + " " + marking))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// sigmaValue escapes Sigma's wildcards and backslash, and YAML's single quote.
func sigmaValue(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "'", "''").Replace(oneLine(s))
}

// yamlPlain keeps a label from being anything but text.
func yamlPlain(s string) string { return strings.ReplaceAll(word(s), "_", " ") }
