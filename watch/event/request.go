package event

import "strings"

// AddRequest adds what a request for target at a host asks for: url.full, with its
// URL as observable. Host and port are "" where the log does not have them.
// A target is a path, an absolute URL (a proxy was asked), "host:port" (CONNECT) or "*".
func (e *Event) AddRequest(host, port, target string) {
	switch {
	case strings.Contains(target, "://") && !strings.HasPrefix(target, "/"):
		e.Put("url.full", target, URL)
	case strings.HasPrefix(target, "/"):
		if host != "" {
			e.Put("url.full", requestURL(host, port, target), URL)
		}
	case strings.ContainsAny(target, ".["):
		host, _ := CutPort(target)
		e.Observe("url.domain", host, Host)
	}
}

func requestURL(host, port, target string) string {
	scheme := "http://"
	if port == "443" {
		scheme = "https://"
	}
	if strings.Count(host, ":") > 1 && host[0] != '[' {
		host = "[" + host + "]"
	}
	if port == "" || port == "80" || port == "443" || strings.HasSuffix(host, ":"+port) {
		return scheme + host + target
	}
	return scheme + host + ":" + port + target
}

// CutPort splits "host:port" and "[v6]:port". The port is "" without one; the host has no brackets.
func CutPort(s string) (host, port string) {
	colon := strings.LastIndexByte(s, ':')
	bracket := strings.LastIndexByte(s, ']')
	if colon > bracket && (bracket > 0 || strings.IndexByte(s, ':') == colon) {
		if digits := s[colon+1:]; strings.Trim(digits, "0123456789") == "" && len(digits) <= len("65535") {
			s, port = s[:colon], digits
		}
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	return s, port
}

// PutHost adds a field that holds "host" or "host:port" and observes the host.
func (e *Event) PutHost(name, value string) {
	e.Add(name, value)
	host, _ := CutPort(value)
	e.Observe(name, host, Host)
}
