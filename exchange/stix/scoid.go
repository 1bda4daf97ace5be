package stix

import (
	"crypto/sha1" //nolint:gosec // RFC 4122 prescribes it for UUIDs of version 5
	"encoding/hex"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gowebpki/jcs"
)

// contributing are the properties that make the identifier of an observable
// (STIX 2.1, section 6, under each type). A process has none.
var contributing = map[string][]string{
	"artifact":             {"hashes", "payload_bin"},
	"autonomous-system":    {"number"},
	"directory":            {"path"},
	"domain-name":          {"value"},
	"email-addr":           {"value"},
	"email-message":        {"from_ref", "subject", "body"},
	"file":                 {"hashes", "name", "parent_directory_ref", "extensions"},
	"ipv4-addr":            {"value"},
	"ipv6-addr":            {"value"},
	"mac-addr":             {"value"},
	"mutex":                {"name"},
	"network-traffic":      {"start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"},
	"software":             {"name", "cpe", "swid", "vendor", "version"},
	"url":                  {"value"},
	"user-account":         {"account_type", "user_id", "account_login"},
	"windows-registry-key": {"key", "values"},
	"x509-certificate":     {"hashes", "serial_number"},
}

// hashChoice is the order in which one hash of several is taken (section 2.9).
var hashChoice = []string{"MD5", "SHA-1", "SHA-256", "SHA-512"}

// namespace is the UUID under which observables get theirs (section 2.9).
var namespace = [16]byte{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}

// DeterministicID returns the identifier that an observable has by what it
// says: a UUID of version 5 over the canonical JSON (RFC 8785) of its
// contributing properties. ok is false where the specification fixes none: for a
// type of somebody's own, for a process, and where no such property is there.
// Equal identifiers do not mean equal content: of several hashes one counts. Times
// count as they are written; the library stix2 drops zeros at the end of a second
// first, so that it agrees where a time has none.
func (o Object) DeterministicID() (id string, ok bool) {
	var b strings.Builder
	for _, key := range contributing[o.Type] {
		v := o.root.member(key)
		if v == nil {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + key + `":`)
		if key != "hashes" {
			b.Write(o.bytes(v))
			continue
		}
		one := chosenHash(v)
		b.WriteString(`{"` + one.key + `":`)
		b.Write(o.bytes(&one.node))
		b.WriteByte('}')
	}
	if b.Len() == 0 {
		return "", false
	}
	name, err := jcs.Transform([]byte("{" + b.String() + "}"))
	if err != nil {
		return "", false
	}
	return uuid5(o.Type, name), true
}

func (o Object) bytes(v *node) []byte { return o.Raw[v.start-o.root.start : v.end-o.root.start] }

func chosenHash(v *node) *member {
	for _, algorithm := range hashChoice {
		if i := slices.IndexFunc(v.members, func(m member) bool { return m.key == algorithm }); i >= 0 {
			return &v.members[i]
		}
	}
	return &v.members[0]
}

// ValueID returns the identifier of an observable that is one value: of a
// domain name, an address, a URL.
func ValueID(typ, value string) string {
	if plainText(value) { // nothing that canonical JSON would write otherwise
		return uuid5(typ, []byte(`{"value":"`+value+`"}`))
	}
	quoted, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(value, "\uFFFD"))
	if err != nil { // what is valid UTF-8 can be quoted
		return ""
	}
	name, err := jcs.Transform([]byte(`{"value":` + string(quoted) + `}`))
	if err != nil { // and what is quoted is JSON
		return ""
	}
	return uuid5(typ, name)
}

// plainText reports whether canonical JSON writes s as it is.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func uuid5(typ string, name []byte) string {
	var buf [256]byte
	sum := sha1.Sum(append(append(buf[:0], namespace[:]...), name...)) //nolint:gosec // as above
	return uuidOf(typ, sum)
}

// uuidOf makes a hash a UUID of version 5 behind the name of a type.
func uuidOf(typ string, sum [sha1.Size]byte) string {
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	out := make([]byte, 0, len(typ)+38)
	out = append(append(out, typ...), "--"...)
	for i, cut := range []int{0, 4, 6, 8, 10} {
		if i > 0 {
			out = append(out, '-')
		}
		out = hex.AppendEncode(out, sum[cut:[]int{4, 6, 8, 10, 16}[i]])
	}
	return string(out)
}
