package stix

// domainTypes are the types of the specification that have versions (sections 4,
// 5, 7 and 3.4 of STIX 2.1): domain and relationship objects, and what describes
// them.
var domainTypes = setOf(
	"attack-pattern", "campaign", "course-of-action", "grouping", "identity", "incident", "indicator", "infrastructure",
	"intrusion-set", "location", "malware", "malware-analysis", "note", "observed-data", "opinion", "report", "threat-actor",
	"tool", "vulnerability", "relationship", "sighting", "language-content", "extension-definition", "marking-definition",
)

// observableTypes are the cyber-observable types (section 6).
var observableTypes = setOf(
	"artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message", "file", "ipv4-addr",
	"ipv6-addr", "mac-addr", "mutex", "network-traffic", "process", "software", "url", "user-account", "windows-registry-key",
	"x509-certificate",
)

func setOf(names ...string) map[string]struct{} {
	set := make(map[string]struct{}, len(names))
	for _, n := range names {
		set[n] = struct{}{}
	}
	return set
}
