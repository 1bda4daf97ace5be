package stix

import (
	"slices"
	"strings"

	"entente/exchange/stix/pattern"
	"entente/statement"
)

// The domain objects (section 4), those of relationships (5) and those that
// describe others (7 and 3.4), each with its own properties.
var domainTypes = map[string]shape{
	"attack-pattern": domain(map[string]rule{
		"name": text, "description": text, "aliases": list(text), "kill_chain_phases": killChainPhases,
	}, "name"),
	"campaign": domain(map[string]rule{
		"name": text, "description": text, "aliases": list(text), "first_seen": timestamp, "last_seen": timestamp, "objective": text,
	}, "name").with(notBefore("first_seen", "last_seen")),
	"course-of-action": domain(map[string]rule{"name": text, "description": text}, "name"),
	"grouping": domain(map[string]rule{
		"name": text, "description": text, "context": text, "object_refs": list(idOf()),
	}, "context", "object_refs"),
	"identity": domain(map[string]rule{
		"name": text, "description": text, "roles": list(text), "identity_class": text, "sectors": list(text), "contact_information": text,
	}, "name"),
	"incident": domain(map[string]rule{"name": text, "description": text}, "name"),
	"indicator": domain(map[string]rule{
		"name": text, "description": text, "indicator_types": list(text), "pattern": text, "pattern_type": text, "pattern_version": text,
		"valid_from": timestamp, "valid_until": timestamp, "kill_chain_phases": killChainPhases,
	}, "pattern", "pattern_type", "valid_from").with(after("valid_from", "valid_until"), stixPattern),
	"infrastructure": domain(map[string]rule{
		"name": text, "description": text, "infrastructure_types": list(text), "aliases": list(text), "kill_chain_phases": killChainPhases,
		"first_seen": timestamp, "last_seen": timestamp,
	}, "name").with(notBefore("first_seen", "last_seen")),
	"intrusion-set": domain(map[string]rule{
		"name": text, "description": text, "aliases": list(text), "first_seen": timestamp, "last_seen": timestamp, "goals": list(text),
		"resource_level": text, "primary_motivation": text, "secondary_motivations": list(text),
	}, "name").with(notBefore("first_seen", "last_seen")),
	"location": domain(map[string]rule{
		"name": text, "description": text, "latitude": within(-90, 90), "longitude": within(-180, 180), "precision": numeric, "region": text,
		"country": text, "administrative_area": text, "city": text, "street_address": text, "postal_code": text,
	}).with(atLeastOne("region", "country", "latitude"), needs("latitude", "longitude"), needs("longitude", "latitude"), needs("precision", "latitude")),
	"malware": domain(map[string]rule{
		"name": text, "description": text, "malware_types": list(text), "is_family": boolean, "aliases": list(text), "kill_chain_phases": killChainPhases,
		"first_seen": timestamp, "last_seen": timestamp, "operating_system_refs": list(idOf("software")), "architecture_execution_envs": list(text),
		"implementation_languages": list(text), "capabilities": list(text), "sample_refs": list(idOf("artifact", "file")),
	}, "is_family").with(notBefore("first_seen", "last_seen"), func(n *node) *fault {
		if n.member("is_family").kind == 't' && n.member("name") == nil {
			return bad("a family without a name").in("name")
		}
		return nil
	}),
	"malware-analysis": domain(map[string]rule{
		"product": text, "version": text, "host_vm_ref": idOf("software"), "operating_system_ref": idOf("software"),
		"installed_software_refs": list(idOf("software")), "configuration_version": text, "modules": list(text), "analysis_engine_version": text,
		"analysis_definition_version": text, "submitted": timestamp, "analysis_started": timestamp, "analysis_ended": timestamp, "result_name": text,
		"result": text, "analysis_sco_refs": list(idOf()), "sample_ref": idOf("artifact", "file", "network-traffic"),
	}, "product").with(atLeastOne("result", "analysis_sco_refs"), notBefore("analysis_started", "analysis_ended")),
	"note": domain(map[string]rule{
		"abstract": text, "content": text, "authors": list(text), "object_refs": list(idOf()),
	}, "content", "object_refs"),
	"observed-data": domain(map[string]rule{
		"first_observed": timestamp, "last_observed": timestamp, "number_observed": between(1, 999_999_999), "objects": embedded,
		"object_refs": list(idNotOf(notObserved...)),
	}, "first_observed", "last_observed", "number_observed").with(
		atLeastOne("objects", "object_refs"), excludes("objects", "object_refs"), notBefore("first_observed", "last_observed")),
	"opinion": domain(map[string]rule{
		"explanation": text, "authors": list(text), "object_refs": list(idOf()),
		"opinion": oneOf("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"),
	}, "opinion", "object_refs"),
	"report": domain(map[string]rule{
		"name": text, "description": text, "report_types": list(text), "published": timestamp, "object_refs": list(idOf()),
	}, "name", "published", "object_refs"),
	"threat-actor": domain(map[string]rule{
		"name": text, "description": text, "threat_actor_types": list(text), "aliases": list(text), "first_seen": timestamp, "last_seen": timestamp,
		"roles": list(text), "goals": list(text), "sophistication": text, "resource_level": text, "primary_motivation": text,
		"secondary_motivations": list(text), "personal_motivations": list(text),
	}, "name").with(notBefore("first_seen", "last_seen")),
	"tool": domain(map[string]rule{
		"name": text, "description": text, "tool_types": list(text), "aliases": list(text), "kill_chain_phases": killChainPhases, "tool_version": text,
	}, "name"),
	"vulnerability": domain(map[string]rule{"name": text, "description": text}, "name"),

	"relationship": domain(map[string]rule{
		"relationship_type": relationshipType, "description": text, "source_ref": idNotOf(notRelated...), "target_ref": idNotOf(notRelated...),
		"start_time": timestamp, "stop_time": timestamp,
	}, "relationship_type", "source_ref", "target_ref").with(after("start_time", "stop_time")),
	"sighting": domain(map[string]rule{
		"description": text, "first_seen": timestamp, "last_seen": timestamp, "count": between(0, 999_999_999),
		"sighting_of_ref": idNotOf(notRelated...), "observed_data_refs": list(idOf("observed-data")),
		"where_sighted_refs": list(idOf("identity", "location")), "summary": boolean,
	}, "sighting_of_ref").with(notBefore("first_seen", "last_seen")),

	"language-content": domain(map[string]rule{
		"object_ref": idNotOf("bundle", "language-content"), "object_modified": timestamp, "contents": dictionary(something),
	}, "object_ref", "contents"),
	"extension-definition": domain(map[string]rule{
		"name": text, "description": text, "schema": text, "version": text, "extension_types": list(extensionTypes), "extension_properties": list(text),
	}, "name", "schema", "version", "extension_types").with(func(n *node) *fault {
		top := func(v node) bool { return v.text == "toplevel-property-extension" }
		if n.member("extension_properties") != nil && !slices.ContainsFunc(n.member("extension_types").items, top) {
			return bad("without a toplevel-property-extension").in("extension_properties")
		}
		return nil
	}),
	"marking-definition": {
		rules: merged(commonRules, map[string]rule{
			"name": text, "created": read, "created_by_ref": read, "external_references": list(externalReference),
			"definition_type": text, "definition": anObject,
		}),
		together: definition,
	},
}

var (
	notRelated  = []string{"relationship", "sighting", "bundle", "marking-definition", "language-content"}
	notObserved = []string{
		"attack-pattern", "campaign", "course-of-action", "grouping", "identity", "incident", "indicator", "infrastructure", "intrusion-set", "location",
		"malware-analysis", "malware", "note", "observed-data", "opinion", "report", "threat-actor", "tool", "vulnerability",
	}
)

func relationshipType(v *node) *fault {
	if v.kind != '"' || v.text == "" || strings.Trim(v.text, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return bad("other characters than a-z, 0-9 and hyphen")
	}
	return nil
}

// stixPattern refuses a STIX pattern that is none. One that is only too costly
// to run here is still an indicator.
func stixPattern(n *node) *fault {
	if n.member("pattern_type").text != "stix" {
		return nil
	}
	_, err := pattern.Parse(n.member("pattern").text)
	if r, ok := statement.AsRefusal(err); ok && r.Code == pattern.CodeSyntax {
		return bad(r.Detail).in("pattern")
	}
	return nil
}

func anObject(v *node) *fault {
	if v.kind != '{' {
		return bad("no object")
	}
	return nil
}

// embedded accepts the objects of STIX 2.0's observed-data, which 2.1
// deprecates: a dictionary of objects that say their type.
func embedded(v *node) *fault {
	if v.kind != '{' || len(v.members) == 0 {
		return bad("no dictionary with something in it")
	}
	for i := range v.members {
		m := &v.members[i]
		if typ := m.member("type"); m.kind != '{' || typ == nil || typ.kind != '"' || !isTypeName(typ.text) {
			return bad("no object with a type").in(m.key)
		}
	}
	return nil
}

// definition is section 7.2.1: what is marked stands in a definition of the type
// that it says, or in an extension.
func definition(n *node) *fault {
	typ, def := n.member("definition_type"), n.member("definition")
	if n.member("extensions") == nil && (typ == nil || def == nil) {
		return bad("neither a definition nor an extension")
	}
	if typ == nil || typ.text != "statement" {
		return nil
	}
	if def == nil || def.member("statement") == nil || def.member("statement").kind != '"' {
		return bad("no statement").in("definition")
	}
	return nil
}
