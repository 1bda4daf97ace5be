package stix

import (
	"crypto/sha1" //nolint:gosec // RFC 4122 prescribes it for UUIDs of version 5
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"entente/observable"
	"entente/statement"
)

// What is said in statements of this product, as STIX objects for other tools.
// The same statement gives the same bytes, and so the same identifiers, on every
// node. Identifiers that are not those of observables are UUIDs of version 5 in
// a namespace of our own (section 2.9 keeps the other one for observables).

// said is the namespace of rendered objects: UUIDv5 of "entente/stix" among URLs (RFC 4122, appendix C).
var said = [16]byte{0x15, 0xfe, 0x71, 0xef, 0x69, 0xae, 0x58, 0x08, 0xaf, 0x7c, 0xbb, 0x9a, 0x7b, 0x9b, 0x32, 0xf9}

// Author is the party that says something.
type Author struct {
	Origin string // of its log, which never changes
	Name   string
	Since  time.Time // of its first statement
	Named  time.Time // since when it has the name: the charter's epoch
}

// Said is what a statement of this product says beside its content.
type Said struct {
	By      Author
	Ref     statement.Ref // the statement
	Item    int           // in it
	Time    time.Time     // claimed
	Marking string        // TLP label, empty for what nobody marked
}

// SaidIndicator is one item of an indicator list.
type SaidIndicator struct {
	Said
	Type     string // an observable.Type, or PatternType
	Value    string // in canonical form; of a PatternType the pattern
	Note     string
	Observed time.Time // zero: not said
	Until    time.Time // zero: not said
	Context  bool      // not meant for detection
}

// The types of values that are rules, and the pattern types that STIX has for them.
const (
	TypePattern = "stix-pattern"
	TypeSigma   = "sigma-rule"
)

func saidID(typ string, said statement.Digest, item int) string {
	return NameID(typ, fmt.Sprintf("%s\n%d", said, item))
}

// NameID makes the identifier of an object of ours from what tells it from others
// of its type.
func NameID(typ, name string) string {
	return uuidOf(typ, sha1.Sum(append(said[:], typ+"\n"+name...))) //nolint:gosec // as above
}

// IdentityID is the identifier under which a party's words appear.
func IdentityID(origin string) string { return NameID("identity", origin) }

// IndicatorID is the identifier of an item of a list, from the id of the list's
// statement: two statements under one number of a forked log are two.
func IndicatorID(list statement.Digest, item int) string { return saidID("indicator", list, item) }

// BundleID makes the identifier of a bundle from what is in it, its hashes, say.
func BundleID(content []byte) string {
	return NameID("bundle", string(content))
}

type common struct {
	Type        string   `json:"type"`
	SpecVersion string   `json:"spec_version"`
	ID          string   `json:"id"`
	CreatedBy   string   `json:"created_by_ref,omitzero"`
	Created     string   `json:"created,omitzero"`
	Modified    string   `json:"modified,omitzero"`
	Labels      []string `json:"labels,omitzero"`
	Markings    []string `json:"object_marking_refs,omitzero"`
}

func millis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (s Said) common(typ string) (common, error) {
	var markings []string
	if d, ok := TLPDefinitionOf(s.Marking); ok {
		markings = []string{d.ID}
	} else if s.Marking != "" {
		return common{}, statement.Refuse(statement.CodeMarking, "%.40q is no TLP label", s.Marking)
	}
	at := millis(s.Time)
	return common{
		Type: typ, SpecVersion: specVersion, ID: saidID(typ, s.Ref.ID, s.Item), CreatedBy: IdentityID(s.Ref.Origin),
		Created: at, Modified: at, Markings: markings,
	}, nil
}

func render(v any) (Object, error) {
	raw, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return Object{}, fmt.Errorf("render: %w", err)
	}
	return ParseObject(raw)
}

// RenderIdentity returns the identity object of a party.
func RenderIdentity(a Author) (Object, error) {
	at, named := millis(a.Since), millis(a.Since)
	if a.Named.After(a.Since) {
		named = millis(a.Named)
	}
	return render(struct {
		common `json:",inline"`
		Name   string `json:"name"`
		Class  string `json:"identity_class"`
	}{common{Type: "identity", SpecVersion: specVersion, ID: IdentityID(a.Origin), Created: at, Modified: named}, a.Name, "organization"})
}

type reference struct {
	Source string `json:"source_name"`
	ID     string `json:"external_id"`
}

// RenderIndicator returns an item of a list as an indicator. STIX wants a time
// from which it is valid; where the giver says none it is that of the statement,
// and a label says so.
func RenderIndicator(i SaidIndicator) (Object, error) {
	c, err := i.common("indicator")
	if err != nil {
		return Object{}, err
	}
	pattern, kind, err := PatternOf(i.Type, i.Value)
	if err != nil {
		return Object{}, err
	}
	// Two instants of one millisecond are one where they are written.
	from, end, until := i.Observed.Truncate(time.Millisecond), i.Until.Truncate(time.Millisecond), ""
	if i.Observed.IsZero() {
		from = i.Time
		c.Labels = append(c.Labels, "undated")
	}
	types := []string{"malicious-activity"}
	if i.Context {
		types = []string{"unknown"} // it is mentioned; nobody says that it does harm
		c.Labels = append(c.Labels, "context")
	}
	if end.After(from) {
		until = millis(end)
	} else if !i.Until.IsZero() { // ended before it was said: section 4.7 wants an instant between
		until = millis(from.Add(time.Millisecond))
	}
	return render(struct {
		common      `json:",inline"`
		Name        string      `json:"name"`
		Description string      `json:"description,omitzero"`
		Types       []string    `json:"indicator_types"`
		Pattern     string      `json:"pattern"`
		PatternType string      `json:"pattern_type"`
		From        string      `json:"valid_from"`
		Until       string      `json:"valid_until,omitzero"`
		External    []reference `json:"external_references"`
	}{c, nameOf(i.Value), i.Note, types, pattern, kind, millis(from), until, i.external()})
}

func (s Said) external() []reference {
	return []reference{{"entente", fmt.Sprintf("%s/%d#%d", s.Ref.Origin, s.Ref.Index, s.Item)}}
}

// nameOf is short: a rule is its own value.
func nameOf(value string) string {
	if len(value) > 120 || strings.ContainsAny(value, "\r\n") {
		return "rule"
	}
	return value
}

// PatternOf writes a value as a pattern (section 9), and says which kind of pattern it is.
func PatternOf(typ, value string) (pattern, kind string, err error) {
	paths := map[observable.Type]string{
		observable.IPv4: "ipv4-addr:value", observable.IPv6: "ipv6-addr:value", observable.Domain: "domain-name:value", observable.Email: "email-addr:value",
		observable.MD5: "file:hashes.MD5", observable.SHA1: "file:hashes.'SHA-1'", observable.SHA256: "file:hashes.'SHA-256'",
	}
	quoted := "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
	switch t := observable.Type(typ); {
	case typ == TypePattern:
		return value, "stix", nil
	case typ == TypeSigma:
		return value, "sigma", nil
	case paths[t] != "":
		return "[" + paths[t] + " = " + quoted + "]", "stix", nil
	case t == observable.Net4:
		return "[ipv4-addr:value ISSUBSET " + quoted + "]", "stix", nil
	case t == observable.Net6:
		return "[ipv6-addr:value ISSUBSET " + quoted + "]", "stix", nil
	case t == observable.URL: // a canonical one has no scheme
		return "[url:value = 'http://" + quoted[1:] + " OR url:value = 'https://" + quoted[1:] + "]", "stix", nil
	}
	return "", "", statement.Refuse(statement.CodeValue, "%.40q has no pattern", typ)
}
