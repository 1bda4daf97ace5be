package scenario

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// fact is one thing that stands in a line and that an indicator could name.
type fact struct{ kind, value string }

func addr(s string) fact   { return fact{"addr", s} }
func name(s string) fact   { return fact{"name", s} }
func link(s string) fact   { return fact{"url", s} } // host[:port]/path[?query]
func mail(s string) fact   { return fact{"mail", s} }
func hashed(s string) fact { return fact{"hash", s} }

// entry is one line before its file is put together.
type entry struct {
	at    time.Time
	text  string
	facts []fact
	junk  bool // no format reads it
}

// log is one file in the making.
type log struct {
	name           string
	header, footer []string
	entries        []entry
}

func (l *log) add(at time.Time, text string, facts ...fact) {
	l.entries = append(l.entries, entry{at: at, text: text, facts: facts})
}

// book keeps account of which line holds which indicator.
type book struct {
	indicators []Indicator
	hits       []Hit
	rules      []Rule
}

// write puts the lines in order, and books them.
func (b *book) write(party string, l log, base time.Time) (file File, lines, unparsed int) {
	slices.SortStableFunc(l.entries, func(x, y entry) int { return x.at.Compare(y.at) })
	split := base.Add(EarlyLength)
	var out bytes.Buffer
	file = File{Name: l.name, Early: -1}
	put := func(text string) {
		out.WriteString(text)
		out.WriteByte('\n')
		lines++
	}
	for _, h := range l.header {
		put(h)
	}
	for _, e := range l.entries {
		early := e.at.Before(split)
		if !early && file.Early < 0 {
			file.Early = out.Len()
		}
		if e.junk {
			unparsed++
		} else {
			for i := range b.rules {
				if b.rules[i].Giver != party && e.injected() {
					b.rules[i].Hits++
					if early {
						b.rules[i].Early++
					}
				}
			}
			b.enter(Hit{Party: party, File: l.name, Line: lines + 1, Offset: int64(out.Len()), Early: early}, e.facts)
		}
		put(e.text)
	}
	if file.Early < 0 {
		file.Early = out.Len()
	}
	for _, f := range l.footer {
		put(f)
	}
	file.Data = out.Bytes()
	return file, lines, unparsed
}

// enter books one hit for each indicator that meets a fact of the line.
func (b *book) enter(h Hit, facts []fact) {
	for i, ind := range b.indicators {
		if slices.ContainsFunc(facts, func(f fact) bool { return meets(ind, f) }) {
			h.Indicator = i
			b.hits = append(b.hits, h)
		}
	}
}

// meets is the plainest reading of what it means that a fact meets an indicator.
func meets(ind Indicator, f fact) bool {
	host := ""
	switch f.kind {
	case "addr", "name":
		host = f.value
	case "url":
		host = f.value[:strings.IndexByte(f.value, '/')]
		if !strings.HasPrefix(host, "[") {
			host, _, _ = strings.Cut(host, ":")
		}
	case "mail":
		host = f.value[strings.IndexByte(f.value, '@')+1:]
	}
	switch ind.Type {
	case "ipv4-addr", "ipv6-addr":
		return host == ind.Value
	case "ipv4-net", "ipv6-net":
		if f.kind == "name" || f.kind == "mail" || f.kind == "hash" {
			return false
		}
		a, err := netip.ParseAddr(host)
		return err == nil && netip.MustParsePrefix(ind.Value).Contains(a)
	case "domain-name":
		return host == ind.Value || strings.Contains(ind.Value, ".") && strings.HasSuffix(host, "."+ind.Value)
	case "url":
		rest, ok := strings.CutPrefix(f.value, ind.Value)
		return f.kind == "url" && ok && (rest == "" || strings.HasSuffix(ind.Value, "/") ||
			!strings.Contains(ind.Value, "?") && (rest[0] == '/' || rest[0] == '?'))
	case "email-addr":
		return f.kind == "mail" && f.value == ind.Value
	default:
		return f.kind == "hash" && f.value == ind.Value
	}
}
