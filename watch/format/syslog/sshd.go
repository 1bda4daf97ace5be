package syslog

import (
	"strings"

	"entente/watch/event"
)

// rule says how one message of sshd starts, what it means, and where the user and the peer stand in it. The
// messages are those of OpenSSH's auth.c, sshd.c, packet.c, canohost.c and kex.c, and of pam_unix.
type rule struct {
	prefix, action, outcome string
	shape                   shape
}

type shape uint8

const (
	noPeer         shape = iota // user
	methodUserPeer              // method for [invalid user ]user from peer[ port n]…
	userPeer                    // [invalid user ]user from peer[ port n]…
	textPeer                    // anything from peer[ port n]…
	peerFirst                   // peer[ port n]…
	peerLast                    // [invalid user |authenticating user |user ]name peer[ port n][ …]
)

// sshRules are tried in order.
var sshRules = [...]rule{
	{"Failed ", "ssh-login", "failure", methodUserPeer},
	{"Accepted ", "ssh-login", "success", methodUserPeer},
	{"Postponed ", "ssh-login", "", methodUserPeer},
	{"Invalid user ", "ssh-invalid-user", "failure", userPeer},
	{"Illegal user ", "ssh-invalid-user", "failure", userPeer},
	{"User ", "ssh-login", "failure", userPeer},
	{"maximum authentication attempts exceeded for ", "ssh-login", "failure", userPeer},
	{"Disconnecting: Too many authentication failures for ", "ssh-login", "failure", noPeer},
	{"input_userauth_request: invalid user ", "ssh-invalid-user", "failure", noPeer},
	{"Received disconnect from ", "ssh-disconnect", "", peerFirst},
	{"Disconnected from ", "ssh-disconnect", "", peerLast},
	{"Disconnecting ", "ssh-disconnect", "", peerLast},
	{"Connection closed by ", "ssh-disconnect", "", peerLast},
	{"Connection reset by ", "ssh-disconnect", "", peerLast},
	{"Connection from ", "ssh-connect", "", peerFirst},
	{"banner exchange: Connection from ", "ssh-scan", "", peerFirst},
	{"Did not receive identification string from ", "ssh-scan", "", peerFirst},
	{"Bad protocol version identification ", "ssh-scan", "", textPeer},
	{"ssh_dispatch_run_fatal: Connection from ", "ssh-disconnect", "", peerFirst},
	{"Magic value check failed ", "ssh-scan", "", textPeer},
	{"Unable to negotiate with ", "ssh-scan", "", peerFirst},
	{"Timeout before authentication for ", "ssh-timeout", "failure", peerFirst},
}

// sshd reads a message that it knows and reports whether it did. What a peer chose, a user name
// above all, may look like the rest of the message ("x from 192.0.2.1 port 22"), so every rule reads from the end that the peer cannot write.
func sshd(ev *event.Event, text string) bool {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "error: "), "fatal: ")
	for i := range sshRules {
		r := &sshRules[i]
		rest, ok := strings.CutPrefix(text, r.prefix)
		if !ok {
			continue
		}
		user, peer := r.shape.split(rest)
		if r.shape != noPeer && !ev.PutAddress("source.ip", peer) {
			return false
		}
		ev.Add("source.port", portAfter(rest, peer))
		describe(ev, r.action, r.outcome, user)
		return true
	}
	return peerName(ev, text) || pam(ev, text)
}

func describe(ev *event.Event, action, outcome, user string) {
	ev.Add("event.action", action)
	ev.Add("event.outcome", outcome)
	ev.Add("user.name", user)
}

// split finds the user and the peer behind a rule's prefix.
func (s shape) split(rest string) (user, peer string) {
	switch s {
	case methodUserPeer, userPeer, textPeer:
		rest, _, _ = cutLast(rest, " not allowed because ")
		user, tail, ok := cutLast(" "+rest, " from ") // the name may be empty
		if !ok {
			return "", ""
		}
		user = strings.TrimPrefix(user, " ")
		if s == methodUserPeer {
			_, user, _ = strings.Cut(user, " for ")
		}
		if s == textPeer {
			user = ""
		}
		return strings.TrimPrefix(user, "invalid user "), firstWord(tail)
	case peerFirst:
		return "", firstWord(rest)
	case peerLast:
		return splitLast(rest)
	default:
		return strings.TrimSuffix(rest, " [preauth]"), ""
	}
}

// splitLast reads the shape peerLast: the peer is the word before the last " port ", or the only word.
func splitLast(rest string) (user, peer string) {
	rest = strings.TrimSuffix(rest, " [preauth]")
	head, _, ok := cutLast(rest, " port ")
	if !ok {
		return "", firstWord(rest)
	}
	user, peer, ok = cutLast(head, " ")
	if !ok {
		return "", head
	}
	for _, kind := range []string{"invalid user ", "authenticating user ", "user "} {
		if name, ok := strings.CutPrefix(user+" ", kind); ok {
			return strings.TrimSuffix(name, " "), peer
		}
	}
	return "", peer
}

// cutLast is strings.Cut around the last separator.
func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

// firstWord returns what stands before the first space, less a colon at its end.
func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return strings.TrimSuffix(word, ":")
}

// portAfter returns n of "peer port n", at the start or else the last one, "" without one.
func portAfter(rest, peer string) string {
	if peer == "" {
		return ""
	}
	tail, ok := strings.CutPrefix(rest, peer+" port ")
	if !ok {
		_, tail, _ = cutLast(rest, " "+peer+" port ")
	}
	end := strings.IndexFunc(tail, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(tail)
	}
	if end > len("65535") {
		return ""
	}
	return tail[:end]
}

// peerName reads the messages that name a peer twice: by its address, and by the name that its own name server gave.
func peerName(ev *event.Event, text string) bool {
	action, name, peer := "ssh-reverse-mapping", "", ""
	var ok bool
	if rest, found := strings.CutPrefix(text, "reverse mapping checking getaddrinfo for "); found {
		name, rest, _ = strings.Cut(rest, " [")
		peer, _, ok = strings.Cut(rest, "]")
	} else if rest, found := strings.CutPrefix(text, "Address "); found {
		peer, rest, _ = strings.Cut(rest, " maps to ")
		name, _, ok = strings.Cut(rest, ", but this does not map back")
	} else if rest, found := strings.CutPrefix(text, "refused connect from "); found {
		action = "ssh-refused"
		name, rest, _ = strings.Cut(rest, " (")
		peer, _, ok = strings.Cut(rest, ")")
	}
	if !ok || !ev.PutAddress("source.ip", peer) {
		return false
	}
	ev.Put("source.domain", name, event.Name)
	describe(ev, action, "", "")
	return true
}

// pam reads pam_unix as sshd logs it: "authentication failure; logname= … rhost=HOST  user=USER".
func pam(ev *event.Event, text string) bool {
	if _, rest, ok := strings.Cut(text, "authentication failure"); ok {
		_, rest, ok = strings.Cut(rest, " rhost=")
		if !ok {
			return false
		}
		host, rest, _ := strings.Cut(rest, " ")
		_, user, _ := strings.Cut(rest, "user=")
		putHost(ev, host)
		describe(ev, "ssh-login", "failure", strings.TrimSpace(user))
		return true
	}
	for _, session := range []string{"session opened", "session closed"} {
		if _, rest, ok := strings.Cut(text, session+" for user "); ok {
			describe(ev, strings.ReplaceAll("ssh-"+session, " ", "-"), "", firstWord(rest))
			return true
		}
	}
	return false
}
