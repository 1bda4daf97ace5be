package detect

import (
	"hash/fnv"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"entente/watch"
	"entente/watch/event"
)

// visit is one request to a web server, or one mail.
type visit struct {
	time           time.Time
	at             watch.Place
	dataset, asset string
	client         netip.Addr
	agent          string
	method         string
	path, query    string
	page           string // see endpoint
	status         int
	size           int64 // of the answer's body, 0 where the log has none
	referred       bool

	// Of a mail, which is no request and has nothing of the above but time and place.
	from     string
	attached []string // names of files that are not inert
}

const maxTarget = 2048 // bytes of a request's target that are kept

// visitOf takes a request out of an event; ok is false where there is none with
// a client and a target.
func visitOf(ev *event.Event, v *visit) (ok bool) {
	*v = visit{}
	for i := range ev.Fields {
		value := ev.Fields[i].Value
		switch ev.Fields[i].Name {
		case "source.ip", "client.ip":
			if !v.client.IsValid() {
				v.client, _ = netip.ParseAddr(value)
			}
		case "url.original":
			v.path = value
		case "http.request.method":
			v.method = value
		case "http.response.status_code":
			v.status, _ = strconv.Atoi(value)
		case "http.response.body.bytes":
			v.size, _ = strconv.ParseInt(value, 10, 64)
		case "user_agent.original":
			v.agent = value[:min(len(value), 256)]
		case "http.request.referrer":
			v.referred = true
		}
	}
	v.client, v.size = v.client.Unmap(), min(v.size, 1<<50)
	v.path, v.query = target(v.path)
	return v.client.IsValid() && v.path != ""
}

// target splits what a client asked for into path and query.
func target(s string) (path, query string) {
	s = s[:min(len(s), maxTarget)]
	if i := strings.Index(s, "://"); i > 0 && !strings.HasPrefix(s, "/") {
		_, after, _ := strings.Cut(s[i+3:], "/")
		s = "/" + after
	}
	s, _, _ = strings.Cut(s, "#")
	path, query, _ = strings.Cut(s, "?")
	if !strings.HasPrefix(path, "/") {
		return "", ""
	}
	return path, query
}

// network is the neighbourhood of a client: a /24, or a /48 of IPv6.
func network(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, _ := a.Prefix(bits)
	return p
}

// endpoint is a path with a star for each part that is a number or a long hex
// string, so that the pages of many records are one.
func endpoint(path string) string {
	parts := strings.SplitN(path, "/", 10)
	for i, p := range parts {
		if isNumber(p) || len(p) >= 16 && strings.Trim(p, "0123456789abcdefABCDEF-") == "" {
			parts[i] = "*"
		}
	}
	s := strings.Join(parts, "/")
	return s[:min(len(s), 128)]
}

// isNumber says that s is decimal digits that fit a number.
func isNumber(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}

// changing are parameters that make an address new and ask for nothing new.
var changing = map[string]bool{"_": true, "t": true, "ts": true, "time": true, "timestamp": true, "rand": true, "random": true, "nocache": true, "cb": true, "cachebuster": true, "v": true}

// asked is another number where a client asks for something else.
func asked(v *visit) uint64 {
	h := fnv.New64a()
	h.Write([]byte(v.path))
	for pair := range strings.SplitSeq(v.query, "&") {
		if name, _, _ := strings.Cut(pair, "="); !changing[strings.ToLower(name)] {
			h.Write([]byte{'&'})
			h.Write([]byte(pair))
		}
	}
	return h.Sum64()
}

// partOfPage says that a path is part of a page, not one.
func partOfPage(path string) bool {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return false
	}
	switch strings.ToLower(path[i+1:]) {
	case "css", "js", "mjs", "map", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "woff", "woff2", "ttf", "eot", "mp4", "webm":
		return true
	}
	return false
}
