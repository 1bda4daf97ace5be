package syslog

import (
	"strings"

	"entente/watch/event"
)

// isPostfix reports whether a program is one of Postfix's: "postfix/smtpd", "postfix-in/smtps/smtpd".
func isPostfix(program string) bool {
	name, _, ok := strings.Cut(program, "/")
	return ok && strings.HasPrefix(name, "postfix")
}

// postfix reads a message of any of Postfix's programs. What a client said (helo, sender, recipient, subject) may look
// like the rest of a message, so the client itself is read where only Postfix writes: at the start, else nowhere if two places contradict.
//
// Source: Postfix's smtpd.c, smtpd_check.c, cleanup_message.c, log_adhoc.c, postscreen.c.
func postfix(ev *event.Event, text string) {
	ev.Dataset = "postfix"
	if id, rest, ok := cutQueueID(text); ok {
		if id != "NOQUEUE" {
			ev.Add("postfix.queue_id", id)
		}
		text = rest
	}
	text = strings.TrimPrefix(text, "warning: ")
	if !header(ev, text) {
		opening(ev, text)
		attributes(ev, text)
	}
}

// cutQueueID reads "NOQUEUE: ", a short queue id (hexadecimal) or a long one (digits and letters without vowels).
func cutQueueID(s string) (id, rest string, ok bool) {
	id, rest, ok = strings.Cut(s, ": ")
	if !ok || len(id) < 6 || len(id) > 24 || strings.Trim(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZbcdfghjklmnpqrstvwxyz") != "" {
		return "", s, false
	}
	if strings.IndexFunc(id, func(r rune) bool { return '0' <= r && r <= '9' }) < 0 && id != "NOQUEUE" {
		return "", s, false // a word: "warning", "disconnect"
	}
	return id, rest, true
}

// verb is how a message starts that names its client next, and what it means.
type verb struct{ prefix, action, outcome string }

var verbs = [...]verb{
	{"connect from ", "smtp-connect", ""},
	{"disconnect from ", "smtp-disconnect", ""},
	{"client=", "smtp-accept", ""},
	{"lost connection after ", "smtp-disconnect", ""},
	{"timeout after ", "smtp-disconnect", ""},
	{"too many errors after ", "smtp-disconnect", ""},
	{"improper command pipelining after ", "smtp-pipelining", ""},
	{"SSL_accept error from ", "smtp-tls", "failure"},
	{"reject: ", "smtp-reject", "failure"},
	{"milter-reject: ", "smtp-reject", "failure"},
	{"reject_warning: ", "smtp-reject-warning", ""},
	{"discard: ", "smtp-discard", ""},
	{"hold: ", "smtp-hold", ""},
	{"redirect: ", "smtp-redirect", ""},
	{"filter: ", "smtp-filter", ""},
	{"non-SMTP command from ", "smtp-other-protocol", "failure"},
	{"CONNECT from ", "smtp-connect", ""},
	{"DISCONNECT ", "smtp-disconnect", ""},
	{"HANGUP after ", "smtp-disconnect", ""},
	{"PREGREET ", "smtp-pregreet", "failure"},
	{"DNSBL rank ", "smtp-blocklisted", "failure"},
	{"PASS ", "smtp-pass", "success"},
	{"Anonymous TLS connection established from ", "smtp-tls", "success"},
	{"Untrusted TLS connection established from ", "smtp-tls", "success"},
	{"Trusted TLS connection established from ", "smtp-tls", "success"},
	{"Illegal address syntax from ", "smtp-syntax", "failure"},
}

// opening reads what a message starts with: a verb and the client behind it, or the client and what it failed at.
func opening(ev *event.Event, text string) {
	for i := range verbs {
		v := &verbs[i]
		rest, ok := strings.CutPrefix(text, v.prefix)
		if !ok {
			continue
		}
		ev.Add("event.action", v.action)
		ev.Add("event.outcome", v.outcome)
		rest, _, _ = strings.Cut(rest, ": ") // behind it stands what the client sent
		for {
			if peer(ev, "source", firstPeer(rest)) {
				break
			}
			var found bool
			if _, rest, found = cutAny(rest, "from ", "for "); !found {
				break
			}
		}
		if v.action == "smtp-reject" {
			reply(ev, text)
		}
		return
	}
	client, what, ok := strings.Cut(text, ": ")
	if ok && strings.HasPrefix(what, "SASL ") && peer(ev, "source", client) {
		ev.Add("event.action", "smtp-login")
		if strings.Contains(what, "authentication failed") {
			ev.Add("event.outcome", "failure")
		}
		return
	}
	if rest, ok := strings.CutPrefix(text, "connect to "); ok {
		ev.Add("event.action", "smtp-deliver")
		ev.Add("event.outcome", "failure")
		peer(ev, "destination", firstPeer(rest))
		return
	}
	if rest, ok := strings.CutPrefix(text, "hostname "); ok { // "… does not resolve to address …"
		if _, address, ok := strings.Cut(rest, " to address "); ok && ev.PutAddress("source.ip", firstWord(address)) {
			ev.Add("event.action", "smtp-reverse-mapping")
			ev.Put("source.domain", firstWord(rest), event.Name)
		}
		return
	}
	if rest, ok := strings.CutPrefix(text, "addr "); ok { // dnsblog
		if address, list, ok := strings.Cut(rest, " listed by domain "); ok && ev.PutAddress("source.ip", address) {
			ev.Add("event.action", "smtp-blocklisted")
			ev.Add("postfix.dnsbl", firstWord(list))
		}
	}
}

func cutAny(s string, separators ...string) (before, after string, found bool) {
	for _, separator := range separators {
		if before, after, found = strings.Cut(s, separator); found {
			return before, after, true
		}
	}
	return s, "", false
}

// firstPeer returns "name[address]" or "name[address]:port" at the start of s.
func firstPeer(s string) string {
	end := strings.IndexAny(s, " ,;")
	if end < 0 {
		end = len(s)
	}
	return strings.TrimSuffix(s[:end], ":")
}

// peer reads "name[address]:port", the name "unknown" or empty where there is none, into the fields of a side.
func peer(ev *event.Event, side, s string) bool {
	name, rest, ok := strings.Cut(s, "[")
	address, port, closed := strings.Cut(rest, "]")
	if !ok || !closed || len(name) > 255 || strings.IndexByte(name, ' ') >= 0 {
		return false
	}
	address = strings.TrimPrefix(address, "IPv6:")
	if !ev.PutAddress(side+".ip", address) {
		return false
	}
	if name != "" && name != "unknown" {
		ev.Put(side+".domain", name, event.Name)
	}
	if port = strings.TrimPrefix(port, ":"); isDigits(port) && len(port) <= len("65535") {
		ev.Add(side+".port", port)
	}
	return true
}

// reply reads "…: 554 5.7.1 …", what the client was told.
func reply(ev *event.Event, text string) {
	_, rest, ok := strings.Cut(text, "]")
	_, rest, ok2 := strings.Cut(rest, ": ")
	code, rest, _ := strings.Cut(rest, " ")
	if !ok || !ok2 || len(code) != 3 || !isDigits(code) {
		return
	}
	ev.Add("postfix.reply_code", code)
	if dsn := firstWord(rest); strings.Count(dsn, ".") == 2 && strings.Trim(dsn, "0123456789.") == "" {
		ev.Add("postfix.dsn", dsn)
	}
}
