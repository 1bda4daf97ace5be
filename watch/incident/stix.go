package incident

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 4122 version 5 names it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"entente/observable"
	"entente/statement"
)

// stixNamespace is the UUID namespace of deterministic SCO ids (STIX 2.1, section 2.9).
var stixNamespace = [16]byte{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}

const stixTime = "2006-01-02T15:04:05.000Z"

// uuid5 is RFC 4122 section 4.3.
func uuid5(space [16]byte, name []byte) string {
	h := sha1.New() //nolint:gosec // RFC 4122 version 5 names it
	h.Write(space[:])
	h.Write(name)
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	x := hex.EncodeToString(u)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// canonical is the JSON of RFC 8785 for the few shapes used here: one object
// with keys in order and string values.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	out := bytes.TrimRight(b.Bytes(), "\n")
	// Go escapes these two for JavaScript's sake, RFC 8785 does not.
	out = bytes.ReplaceAll(out, []byte(`\u2028`), []byte("\u2028"))
	return bytes.ReplaceAll(out, []byte(`\u2029`), []byte("\u2029")), nil
}

// sco is the observable of a subject and the pattern that finds it; ok is false for a rule.
func sco(s Subject) (object map[string]any, pattern string, ok bool) {
	typ, path, value := s.Type, "value", s.Value
	switch observable.Type(s.Type) {
	case observable.IPv4, observable.IPv6, observable.Domain, observable.Email:
	case observable.Net4:
		typ = string(observable.IPv4)
	case observable.Net6:
		typ = string(observable.IPv6)
	case observable.URL:
		value = "http://" + value // the normaliser drops the scheme, STIX wants one
	case observable.MD5:
		return fileSCO("MD5", value)
	case observable.SHA1:
		return fileSCO("SHA-1", value)
	case observable.SHA256:
		return fileSCO("SHA-256", value)
	default:
		return nil, "", false
	}
	return map[string]any{"type": typ, "value": value}, fmt.Sprintf("[%s:%s = '%s']", typ, path, quote(value)), true
}

func fileSCO(algorithm, value string) (map[string]any, string, bool) {
	return map[string]any{"type": "file", "hashes": map[string]string{algorithm: value}},
		fmt.Sprintf("[file:hashes.'%s' = '%s']", algorithm, quote(value)), true
}

// quote escapes a string literal of the pattern grammar.
func quote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s)
}

// identify gives an SCO its deterministic id.
func identify(object map[string]any) error {
	typ, _ := object["type"].(string)
	contributing := map[string]any{}
	for _, key := range []string{"value", "hashes"} {
		if v, ok := object[key]; ok {
			contributing[key] = v
		}
	}
	name, err := canonical(contributing)
	if err != nil {
		return err
	}
	object["id"] = typ + "--" + uuid5(stixNamespace, name)
	object["spec_version"] = "2.1"
	return nil
}

// STIX returns the incident as a STIX 2.1 bundle: the indicator, what was
// observed, and the sighting of one by the other, by identity. All ids are
// computed, so that exporting twice makes nothing twice. A rule's finding has
// no observable of STIX and is refused.
func (i Incident) STIX(identity string, now time.Time) ([]byte, error) {
	object, pattern, ok := sco(i.Subject)
	if !ok {
		return nil, statement.Refuse(statement.CodeValue, "a finding of type %.40q has no STIX object; export it as OCSF", i.Subject.Type)
	}
	if err := identify(object); err != nil {
		return nil, err
	}
	id := func(typ, what string) string {
		return typ + "--" + uuid5(stixNamespace, []byte("entente/"+typ+"/"+what))
	}
	first, last := i.First, i.Last
	if first <= 0 {
		first = i.Stored
	}
	if last < first {
		last = first
	}
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(stixTime) }
	made, said := at(i.Stored), now.UTC().Format(stixTime)
	who := id("identity", identity)
	common := func(typ, what string) map[string]any {
		return map[string]any{"type": typ, "spec_version": "2.1", "id": id(typ, what), "created": made, "modified": said, "created_by_ref": who}
	}
	with := func(m, more map[string]any) map[string]any {
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	party := map[string]any{"type": "identity", "spec_version": "2.1", "id": who, "created": made, "modified": made, "name": identity, "identity_class": "organization"}
	const most = 999_999_999 // number_observed and count, STIX 2.1 sections 4.14 and 5.2
	observed := with(common("observed-data", i.ID), map[string]any{
		"first_observed": at(first), "last_observed": at(last), "number_observed": min(max(i.Count, 1), most), "object_refs": []any{object["id"]},
	})
	indicator := with(common("indicator", i.Subject.Type+" "+i.Subject.Value), map[string]any{
		"pattern": pattern, "pattern_type": "stix", "valid_from": at(first),
	})
	sighting := with(common("sighting", i.ID), map[string]any{
		"first_seen": at(first), "last_seen": at(last), "count": min(max(i.Count, 1), most),
		"sighting_of_ref": indicator["id"], "observed_data_refs": []any{observed["id"]}, "where_sighted_refs": []any{who},
	})
	return json.Marshal(map[string]any{
		"type": "bundle", "id": id("bundle", i.ID), "objects": []any{party, object, observed, indicator, sighting},
	})
}
