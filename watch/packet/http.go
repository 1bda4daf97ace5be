package packet

import (
	"bytes"
	"strconv"
	"strings"
)

// isRequest recognises an HTTP/1 request by its method: RFC 9110 section 9 and WebDAV's.
func isRequest(data []byte) bool {
	method, _, ok := bytes.Cut(data[:min(len(data), 16)], []byte(" "))
	if !ok {
		return false
	}
	switch string(method) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "SEARCH":
		return true
	}
	return false
}

// requests reads the requests of one direction, one after the other: RFC 9112.
type requests struct {
	body int64 // bytes of a body still to pass over
}

func (r *requests) read(m moment, f flow, data []byte) (lines []byte, n int, done bool) {
	if r.body > 0 {
		n = int(min(r.body, int64(len(data))))
		r.body -= int64(n)
		return nil, n, false
	}
	if !bytes.HasPrefix(data, []byte("\r\n")) && len(data) >= 16 && !isRequest(data) {
		return nil, 0, true // a body of unknown length, or another protocol after CONNECT or Upgrade
	}
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, 0, false
	}
	first, rest, _ := strings.Cut(string(data[:end]), "\r\n")
	words := strings.Split(first, " ")
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/") {
		return note(m, "not a readable HTTP request"), end + 4, true
	}
	h := headers(rest)
	l := begin("http", m, f)
	l.text("method", words[0])
	l.text("host", withoutPort(h["host"]))
	l.text("uri", words[1])
	l.text("referrer", h["referer"])
	l.text("version", strings.TrimPrefix(words[2], "HTTP/"))
	l.text("user_agent", h["user-agent"])
	var err error
	if length := h["content-length"]; length != "" {
		r.body, err = strconv.ParseInt(length, 10, 64)
	}
	unknown := err != nil || r.body < 0 || h["transfer-encoding"] != "" || h["upgrade"] != "" || words[0] == "CONNECT"
	return l.end(), end + 4, unknown
}

// headers are the fields by name in lower case; the first of equal ones counts.
func headers(text string) map[string]string {
	h := make(map[string]string)
	for text != "" && len(h) < maxList {
		var one string
		one, text, _ = strings.Cut(text, "\r\n")
		name, value, ok := strings.Cut(one, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, there := h[name]; ok && !there {
			h[name] = strings.TrimSpace(value)
		}
	}
	return h
}

// withoutPort cuts off a port, but no part of a bare IPv6 address.
func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && (host[:i] == strings.Trim(host[:i], "[]:") && strings.IndexByte(host, ':') == i || strings.HasSuffix(host[:i], "]")) {
		host = host[:i]
	}
	return strings.Trim(host, "[]")
}
