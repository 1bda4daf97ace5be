package defend

import (
	"fmt"
	"strings"

	"entente/observable"
)

// intelTypes are Zeek's names (Intel::Type).
var intelTypes = map[observable.Type]string{
	observable.IPv4: "Intel::ADDR", observable.IPv6: "Intel::ADDR", observable.Net4: "Intel::SUBNET", observable.Net6: "Intel::SUBNET",
	observable.Domain: "Intel::DOMAIN", observable.URL: "Intel::URL", observable.Email: "Intel::EMAIL",
	observable.MD5: "Intel::FILE_HASH", observable.SHA1: "Intel::FILE_HASH", observable.SHA256: "Intel::FILE_HASH",
}

// zeek writes a file for Intel::read_files. Zeek meets names exactly, without what is
// below them, and URLs without their scheme.
func zeek(entries []Entry, s Settings) ([]File, func(Entry) bool) {
	var b strings.Builder
	b.WriteString("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.do_notice\n")
	b.WriteString(heading("#", s))
	fits := func(e Entry) bool { return intelTypes[e.Value.Type] != "" }
	for _, e := range entries {
		if !fits(e) {
			continue
		}
		value := e.Value.Canonical
		if e.Value.Type == observable.URL {
			if _, after, ok := strings.Cut(value, "://"); ok {
				value = after
			}
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\tT\n", field(value), intelTypes[e.Value.Type], field("entente/"+e.Giver), field(e.remark()))
	}
	return []File{{"entente.intel", []byte(b.String())}}, fits
}

// field writes a value for Zeek's ASCII reader: what would end it, what it would
// unescape, and what it takes for "unset" or "empty" in hexadecimal.
func field(s string) string {
	switch s {
	case "-":
		return `\x2d`
	case "":
		return "(empty)"
	case "(empty)":
		return `\x28empty)`
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == 0x7f || c == '\\' || c == '#' && i == 0 {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
