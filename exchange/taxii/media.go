package taxii

import (
	"strconv"
	"strings"
)

// Accepts reads the header Accept (section 3.1; RFC 9110, section 12.5.1): true
// if MediaType may be the answer. Without a version the type means the highest
// that the server has, so that is accepted.
func Accepts(header []string) bool {
	best := -1
	allowed := false
	for item := range strings.SplitSeq(strings.Join(header, ","), ",") {
		typ, parameters, ok := mediaType(item)
		if !ok {
			continue
		}
		rank := -1
		switch typ {
		case "application/taxii+json":
			if v, given := parameters["version"]; !given {
				rank = 2
			} else if v == "2.1" {
				rank = 3
			}
		case "application/*":
			rank = 1
		case "*/*":
			rank = 0
		}
		if rank > best { // the most specific entry says how much it is wanted
			best, allowed = rank, parameters["q"] != "0"
		}
	}
	return allowed
}

// IsContent says that a body with this Content-Type may be read (section 3.1).
func IsContent(header string) bool {
	typ, parameters, ok := mediaType(header)
	v, given := parameters["version"]
	return ok && typ == "application/taxii+json" && (!given || v == "2.1")
}

// mediaType splits a media type into its lower-case name and parameters. A
// weight of zero in any spelling is "0".
func mediaType(s string) (typ string, parameters map[string]string, ok bool) {
	typ, rest, _ := strings.Cut(s, ";")
	typ = strings.ToLower(strings.TrimSpace(typ))
	if strings.Count(typ, "/") != 1 {
		return "", nil, false
	}
	parameters = make(map[string]string)
	for rest != "" {
		var one string
		one, rest, _ = strings.Cut(rest, ";")
		key, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		key = strings.ToLower(strings.TrimSpace(key))
		value = strings.Trim(strings.TrimSpace(value), `"`)
		if w, err := strconv.ParseFloat(value, 64); key == "q" && err == nil && w == 0 {
			value = "0"
		}
		if _, twice := parameters[key]; twice || strings.Contains(value, ",") {
			return "", nil, false
		}
		parameters[key] = value
	}
	return typ, parameters, true
}
