package border

import (
	"crypto/sha256"
	"net/netip"
	"slices"
	"strings"

	"github.com/gaissmai/bart"

	"entente/observable"
	"entente/statement"
)

// The kinds of warning list, which say how an entry is compared. They are
// those of the misp-warninglist-format, under its names.
const (
	KindCIDR      = "cidr"      // an address or network: meets what it overlaps
	KindHostname  = "hostname"  // a name with all names below it; of a URL, the host
	KindString    = "string"    // the value itself, letter case aside
	KindSubstring = "substring" // a text anywhere in the value
	KindRegex     = "regex"     // an RE2 expression, found anywhere in the value
)

// Limits of one warning list.
const (
	MaxEntries  = 1_000_000
	MaxEntry    = 2048 // bytes
	MaxPatterns = 1000 // entries of a regex list

	maxListName = 200
)

// WarningList is a list of values that are known to be harmless, shared by
// many, or otherwise no good reason for an alert. It is immutable and safe for
// concurrent use; a lookup does not get slower with the length of the list
// (for KindRegex it does).
type WarningList struct {
	name, kind string
	types      []observable.Type // nil: all

	nets     *bart.Lite
	exact    map[string]struct{} // KindString, KindHostname
	texts    substrings
	patterns []pattern

	size, unread int
	sum          [sha256.Size]byte // of the entries
}

// NewWarningList builds a list. Entries that the kind cannot read (a name in a
// list of networks, say) are counted by Unread, not guessed at; a list without
// a readable entry, over a limit, of an unknown kind, or with an expression
// that is not RE2 or too large is refused.
func NewWarningList(name, kind string, values []string) (*WarningList, error) {
	if name == "" || len(name) > maxListName {
		return nil, statement.Refuse(statement.CodeField, "a warning list has a name of at most %d bytes", maxListName)
	}
	if len(values) > MaxEntries {
		return nil, statement.Refuse(statement.CodeSize, "warning list %.80q: %d entries, at most %d", name, len(values), MaxEntries)
	}
	l := &WarningList{name: name, kind: kind, nets: new(bart.Lite), exact: make(map[string]struct{}), sum: sumEntries(values)}
	for _, raw := range values {
		raw = strings.TrimSpace(raw)
		ok := raw != "" && len(raw) <= MaxEntry
		var err error
		if ok {
			ok, err = l.add(raw)
		}
		switch {
		case err != nil:
			return nil, err
		case ok:
			l.size++
		default:
			l.unread++
		}
	}
	if l.size == 0 {
		return nil, statement.Refuse(statement.CodeValue, "warning list %.80q: none of %d entries can be read as %.20q", name, len(values), kind)
	}
	l.texts.done()
	return l, nil
}

// For returns the list restricted to values of the given types; without types
// it meets all.
func (l *WarningList) For(types ...observable.Type) *WarningList {
	c := *l
	c.types = slices.Clone(types)
	return &c
}

// Name returns the list's name, as reasons quote it.
func (l *WarningList) Name() string { return l.name }

// Kind returns how entries are compared.
func (l *WarningList) Kind() string { return l.kind }

// Types returns what the list is restricted to, nil for all types.
func (l *WarningList) Types() []observable.Type { return slices.Clone(l.types) }

// Len returns how many entries are in use.
func (l *WarningList) Len() int { return l.size }

// Unread returns how many entries are not, because the kind cannot read them.
func (l *WarningList) Unread() int { return l.unread }

// add takes one entry in; ok is false if the kind cannot read it.
func (l *WarningList) add(raw string) (ok bool, err error) {
	switch l.kind {
	case KindCIDR:
		v, err := observable.Detect(raw)
		prefix, isNet := v.Prefix()
		if err != nil || !isNet {
			return false, nil
		}
		l.nets.Insert(prefix)
	case KindHostname:
		v, err := observable.Normalise(observable.Domain, raw)
		if err != nil {
			return false, nil
		}
		l.exact[v.Canonical] = struct{}{}
	case KindString:
		l.exact[strings.ToLower(raw)] = struct{}{}
		if v, err := observable.Detect(raw); err == nil {
			l.exact[v.Canonical] = struct{}{}
		}
	case KindSubstring:
		l.texts.add(strings.ToLower(raw))
	case KindRegex:
		if len(l.patterns) == MaxPatterns {
			return false, statement.Refuse(statement.CodeSize, "warning list %.80q: more than %d expressions", l.name, MaxPatterns)
		}
		p, err := compile(raw)
		if err != nil {
			return false, err
		}
		l.patterns = append(l.patterns, p)
	default:
		return false, statement.Refuse(statement.CodeKind, "warning list %.80q: unknown type %.20q", l.name, l.kind)
	}
	return true, nil
}

// Find returns the entry that v meets, in canonical form.
func (l *WarningList) Find(v observable.Value) (entry string, found bool) {
	if l.types != nil && !slices.Contains(l.types, v.Type) {
		return "", false
	}
	switch l.kind {
	case KindCIDR:
		return l.findNet(v)
	case KindHostname:
		return l.findHost(v)
	case KindString:
		return l.findString(v)
	case KindSubstring:
		return l.texts.find(strings.ToLower(v.Canonical))
	default:
		return findPattern(l.patterns, v)
	}
}

// findNet looks for an overlap: an indicated network that contains a listed
// address does as much harm as the address.
func (l *WarningList) findNet(v observable.Value) (string, bool) {
	if host, ok := v.Host(); ok && v.Type == observable.URL {
		v = host
	}
	prefix, ok := v.Prefix()
	if !ok {
		return "", false
	}
	if outer, ok := l.nets.LookupPrefixLPM(prefix); ok {
		return netText(outer), true
	}
	if !prefix.IsSingleIP() && l.nets.OverlapsPrefix(prefix) {
		for inner := range l.nets.Subnets(prefix) {
			return netText(inner), true
		}
	}
	return "", false
}

// netText writes a network of one address as the address.
func netText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

func (l *WarningList) findHost(v observable.Value) (string, bool) {
	// An e-mail address at a listed name is one person's, not everybody's, but
	// where the list says that addresses are what it is for.
	if host, ok := v.Host(); ok && (v.Type == observable.URL || slices.Contains(l.types, observable.Email)) {
		v = host
	}
	if v.Type != observable.Domain {
		return "", false
	}
	for name := v.Canonical; ; {
		if _, ok := l.exact[name]; ok {
			return name, true
		}
		dot := strings.IndexByte(name, '.')
		if dot < 0 {
			return "", false
		}
		name = name[dot+1:]
	}
}

func (l *WarningList) findString(v observable.Value) (string, bool) {
	text := v.Canonical
	if v.Type == observable.URL { // lists name a site without the slash that its URL has
		if _, ok := l.exact[strings.TrimSuffix(text, "/")]; ok {
			return strings.TrimSuffix(text, "/"), true
		}
		text = strings.ToLower(text)
		// A name can have strangers below it; an address is one machine.
		if host, ok := v.Host(); ok && host.Type != observable.Domain {
			if _, listed := l.exact[host.Canonical]; listed {
				return host.Canonical, true
			}
		}
	}
	_, ok := l.exact[text]
	return text, ok
}
