package incident

import (
	"encoding/json"
	"time"

	"entente/exchange/stix"
	"entente/statement"
)

const stixTime = "2006-01-02T15:04:05.000Z"

// STIX returns the incident as a STIX 2.1 bundle: the indicator, what was
// observed, and the sighting of one by the other, by identity. All ids are
// computed, so that exporting twice makes nothing twice. A rule's finding has
// no observable of STIX and is refused. marks are labels of TLP, which become
// markings, and of others such as PAP, which STIX has none for: those become
// labels.
func (i Incident) STIX(identity string, marks []string, now time.Time) ([]byte, error) {
	objects := []any{}
	var tlp, others []string
	for _, m := range marks {
		if d, ok := stix.TLPDefinitionOf(m); ok {
			objects, tlp = append(objects, json.RawMessage(d.Raw)), append(tlp, d.ID)
		} else {
			others = append(others, m)
		}
	}
	object, ok, err := stix.RenderObservable(i.Subject.Type, i.Subject.Value, tlp)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, statement.Refuse(statement.CodeValue, "a finding of type %.40q has no STIX object; export it as OCSF", i.Subject.Type)
	}
	pattern, _, err := stix.PatternOf(i.Subject.Type, i.Subject.Value)
	if err != nil {
		return nil, err
	}
	id := func(typ, what string) string { return stix.NameID(typ, "incident\n"+what) }
	first, last := i.First, i.Last
	if first <= 0 {
		first = i.Stored
	}
	if last < first {
		last = first
	}
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(stixTime) }
	made, said := at(i.Stored), at(max(i.Stored, now.UnixMilli()))
	who := id("identity", identity)
	common := func(typ, what string) map[string]any {
		m := map[string]any{"type": typ, "spec_version": "2.1", "id": id(typ, what), "created": made, "modified": said, "created_by_ref": who}
		if len(tlp) > 0 {
			m["object_marking_refs"] = tlp
		}
		if len(others) > 0 {
			m["labels"] = others
		}
		return m
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
		"first_observed": at(first), "last_observed": at(last), "number_observed": min(max(i.Count, 1), most), "object_refs": []any{object.ID},
	})
	indicator := with(common("indicator", i.Subject.Type+" "+i.Subject.Value), map[string]any{
		"name": i.Subject.Value, "indicator_types": []string{"malicious-activity"}, "pattern": pattern, "pattern_type": "stix", "valid_from": at(first),
	})
	sighting := with(common("sighting", i.ID), map[string]any{
		"first_seen": at(first), "last_seen": at(last), "count": min(max(i.Count, 1), most),
		"sighting_of_ref": indicator["id"], "observed_data_refs": []any{observed["id"]}, "where_sighted_refs": []any{who},
	})
	return json.Marshal(map[string]any{
		"type": "bundle", "id": id("bundle", i.ID), "objects": append(objects, party, json.RawMessage(object.Raw), observed, indicator, sighting),
	})
}
