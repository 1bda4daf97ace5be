package syslog

import (
	"strings"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// attribute is what one "name=value" of Postfix means.
func attribute(ev *event.Event, name, value string) {
	bare := strings.TrimSuffix(strings.TrimPrefix(value, "<"), ">")
	switch name {
	case "from":
		ev.Put("email.sender.address", bare, event.Email)
	case "to":
		ev.Put("email.to.address", bare, event.Email)
	case "orig_to":
		ev.Put("postfix.orig_to", bare, event.Email)
	case "helo":
		ev.Put("postfix.helo", bare, event.Host)
	case "proto":
		ev.Add("postfix.proto", value)
	case "message-id":
		ev.Add("email.message_id", bare)
	case "sasl_username":
		ev.Put("user.name", value, event.Email)
	case "sasl_method":
		ev.Add("postfix.sasl_method", value)
	case "relay":
		if !peer(ev, "destination", value) {
			ev.Add("postfix.relay", value) // none, local, virtual
		}
	case "dsn":
		ev.Add("postfix.dsn", value)
	case "size":
		ev.Add("email.size", value)
	case "nrcpt":
		ev.Add("postfix.nrcpt", firstWord(value))
	case "uid":
		ev.Add("user.id", value)
	case "status":
		status := firstWord(value)
		freetext.Scan(ev, "message", value) // what the other side said
		ev.Add("postfix.status", status)
		ev.Add("event.action", "smtp-deliver")
		switch status {
		case "sent", "deliverable":
			ev.Add("event.outcome", "success")
		case "bounced", "deferred", "expired", "undeliverable":
			ev.Add("event.outcome", "failure")
		}
	}
}

// attributes reads the list of attributes that a message is, "to=<…>, relay=…, status=sent (…)", or that stands behind its
// last "; ": "from=<…> to=<…> proto=ESMTP helo=<…>". It looks for values in what is around them.
func attributes(ev *event.Event, text string) {
	around := ""
	if i := strings.LastIndex(text, "; from=<"); i >= 0 {
		around, text = text[:i], text[i+2:]
	} else if i := strings.Index(text, ", sasl_"); i >= 0 {
		around, text = text[:i], text[i+2:]
	}
	freetext.Scan(ev, "message", around)
	const most = 16
	for range most {
		name, rest, ok := strings.Cut(text, "=")
		if !ok || name == "" || len(name) > 16 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_-") != "" {
			break
		}
		end := valueEnd(name, rest)
		attribute(ev, name, rest[:end])
		text = strings.TrimLeft(rest[end:], ", ")
	}
	freetext.Scan(ev, "message", text)
}

// valueEnd finds where a value ends: an address at its closing bracket, a status at the end of the message, anything else at the next comma or space.
func valueEnd(name, s string) int {
	end := -1
	switch {
	case name == "status":
		return len(s)
	case strings.HasPrefix(s, "<"):
		for _, closing := range []string{">, ", "> to=<", "> proto=", "> helo=<"} {
			if i := strings.Index(s, closing); i >= 0 && (end < 0 || i+1 < end) {
				end = i + 1
			}
		}
		if end < 0 {
			return len(s)
		}
		return end
	}
	if end = strings.IndexAny(s, ", "); end < 0 {
		return len(s)
	}
	return end
}

// header reads "info: header Subject: text from client; from=<…> to=<…> proto=… helo=<…>" of header_checks, where everything but
// "; from=<" may stand in the text too. Where that leaves a choice of clients, none is taken: the search of the message sees all.
func header(ev *event.Event, text string) bool {
	_, rest, ok := strings.Cut(text, "header ")
	before := strings.TrimSuffix(text[:len(text)-len(rest)], "header ")
	if !ok || len(before) > len("milter-reject: ") || before != "" && !strings.HasSuffix(before, ": ") {
		return false
	}
	name, rest, ok := strings.Cut(rest, ": ")
	if !ok || len(name) > 64 || strings.IndexByte(name, ' ') >= 0 {
		return false
	}
	if before == "reject: " {
		ev.Add("event.action", "smtp-reject")
		ev.Add("event.outcome", "failure")
	}
	value, envelope, enveloped := cutLast(rest, "; from=<")
	value, client, _ := cutLast(value, " from ")
	switch strings.ToLower(name) {
	case "subject":
		ev.Add("email.subject", value)
	case "from":
		ev.Put("email.from.address", value, event.Email)
	case "reply-to":
		ev.Put("email.reply_to.address", value, event.Email)
	default:
		ev.Add("postfix.header", name+": "+value)
	}
	freetext.Scan(ev, "message", value)
	if enveloped {
		if strings.Count(rest, "; from=<") != 1 || !peer(ev, "source", client) {
			freetext.Scan(ev, "message", rest)
		}
		attributes(ev, "from=<"+envelope)
	}
	return true
}

// dovecot reads what Dovecot logs of a login, "imap-login: what: user=<…>, method=…, rip=address, lip=address, …", and reports
// whether a message is that. The user is what a client typed, so the client's address is the one that stands last.
func dovecot(ev *event.Event, text string) bool {
	what, rest, ok := strings.Cut(text, ": user=<")
	service, action, isLogin := strings.Cut(what, ": ")
	if !ok || !isLogin || !strings.HasSuffix(service, "-login") {
		return false
	}
	user, login, ok := cutLast(rest, ">, method=")
	if !ok {
		if user, login, ok = cutLast(rest, ">, rip="); !ok {
			return false
		}
		login = "rip=" + login
	}
	_, client, _ := cutLast(", "+login, ", rip=")
	client, _, _ = strings.Cut(client, ",")
	if !ev.PutAddress("source.ip", client) {
		return false
	}
	ev.Dataset = "dovecot"
	ev.Put("user.name", user, event.Email)
	ev.Add("network.protocol", strings.TrimSuffix(service, "-login"))
	if _, server, ok := cutLast(", "+login, ", lip="); ok {
		server, _, _ = strings.Cut(server, ",")
		ev.PutAddress("destination.ip", server)
	}
	switch {
	case action == "Login":
		ev.Add("event.action", "mail-login")
		ev.Add("event.outcome", "success")
	case strings.Contains(action, "auth failed"):
		ev.Add("event.action", "mail-login")
		ev.Add("event.outcome", "failure")
	default:
		ev.Add("event.action", "mail-disconnect")
	}
	return true
}
