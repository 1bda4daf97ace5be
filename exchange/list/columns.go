package list

import "entente/observable"

// role is what a column of a CSV file is for.
type role int

const (
	unread       role = iota
	value             // the indicator, its type elsewhere or to be detected
	typed             // the indicator, of the type that the column's name says
	kind              // the type of the value column
	observed          // when it was seen
	observedLast      // when it was seen last; counts before observed
	until             // when it ends
	note              // words for people; hashes may hide here
	marking           // TLP
)

// column is what a header's name says.
type column struct {
	role role
	typ  observable.Type // of typed
}

// columnOf knows the names that published lists use, in the form of key.
func columnOf(name string) column {
	switch name {
	case "indicatorvalue", "indicator", "ioc", "iocvalue", "value", "observable", "observablevalue":
		return column{role: value}
	case "type", "indicatortype", "ioctype", "observabletype", "valuetype":
		return column{role: kind}
	case "observeddate", "observed", "firstseen", "firstseenutc", "firstobserved", "dateobserved", "seen", "dateseen", "dateadded", "validfrom", "date", "timestamp":
		return column{role: observed}
	case "lastseen", "lastseenutc", "lastobserved":
		return column{role: observedLast}
	case "until", "validuntil", "expires", "expiry", "expiration", "expirationdate":
		return column{role: until}
	case "comment", "comments", "description", "role", "attackphase", "note", "notes", "malware", "malwarefamily", "threat", "tags":
		return column{role: note}
	case "handling", "tlp", "marking":
		return column{role: marking}
	case "srcip", "dstip", "destip", "sourceip", "destinationip", "c2ip", "ipport":
		return column{role: typed}
	}
	if t, known := typeOf(name); known {
		return column{role: typed, typ: t}
	}
	return column{}
}

// typeOf reads the name of a type, in the form of key. The type is "" for a
// name that several types share (an address of either family, a hash of any
// length).
func typeOf(name string) (t observable.Type, known bool) {
	switch name {
	case "ip", "ipaddr", "ipaddress", "address", "ipdst", "ipsrc", "cidr", "network", "subnet", "netblock", "ipv4net", "ipv6net",
		"hash", "filehash", "hashvalue":
		return "", true
	case "ipv4", "ip4", "ipv4addr", "ipv4address":
		return observable.IPv4, true
	case "ipv6", "ip6", "ipv6addr", "ipv6address":
		return observable.IPv6, true
	case "domain", "domainname", "fqdn", "host", "hostname":
		return observable.Domain, true
	case "url", "uri":
		return observable.URL, true
	case "md5", "md5hash", "filehashmd5", "hashmd5":
		return observable.MD5, true
	case "sha1", "sha1hash", "filehashsha1", "hashsha1":
		return observable.SHA1, true
	case "sha256", "sha256hash", "filehashsha256", "hashsha256":
		return observable.SHA256, true
	case "email", "emailaddr", "emailaddress", "emailsrc", "emaildst":
		return observable.Email, true
	default:
		return "", false
	}
}
