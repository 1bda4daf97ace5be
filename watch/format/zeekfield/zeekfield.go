// Package zeekfield says what the columns of Zeek's logs are in ECS names and observables, the same for both of Zeek's encodings.
//
// Source: the Info records of Zeek's scripts (base/protocols, base/files, policy) and ECS 8.
package zeekfield

import (
	"strings"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// Column is what one column of one log becomes.
type Column struct {
	Name string   // "" for a column that is neither a field nor an observable
	As   event.As // how each of its values is observed
	Text bool     // it is prose: look for values within
}

// Put adds one value of the column.
func (c Column) Put(ev *event.Event, value string) {
	if c.Name == "" || value == "" {
		return
	}
	ev.Put(c.Name, value, c.As)
	if c.Text {
		freetext.Scan(ev, c.Name, value)
	}
}

// MaxName bounds the names of logs and columns; Zeek's own stay far below.
const MaxName = 64

// ValidPath reports whether path can be the name of a log, such as "dns" or "known_hosts".
func ValidPath(path string) bool {
	return path != "" && len(path) <= MaxName/2 && strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// Dataset returns the dataset of a log, "zeek" if its name is not known.
func Dataset(path string) string {
	if path == "" {
		return "zeek"
	}
	return "zeek." + path
}

// Of returns the column that a log's path and a column's name stand for. A column that
// has no ECS name is "zeek.<path>.<name>", and observed if it holds an IP address.
func Of(path, name string) Column {
	if c, ok := special(path, name); ok {
		return c
	}
	if c, ok := shared(name); ok {
		return c
	}
	if len(name) > MaxName {
		return Column{}
	}
	return Column{Name: Dataset(path) + "." + strings.ToValidUTF8(name, "\uFFFD"), As: event.Address}
}

// Finish adds what follows from several columns together, once all are in.
func Finish(path string, ev *event.Event) {
	if path != "http" {
		return
	}
	if target := ev.Get("url.original"); target != "" {
		ev.AddRequest(ev.Get("url.domain"), ev.Get("destination.port"), target)
	}
}

// Guess names the log that has this column and hardly another one has, "" for most columns. JSON lines
// without _path carry the name of their log in the name of their file only.
func Guess(column string) string {
	switch column {
	case "qtype_name", "qclass_name":
		return "dns"
	case "conn_state":
		return "conn"
	case "uri", "status_msg":
		return "http"
	case "server_name", "ssl_history":
		return "ssl"
	case "rcptto", "mailfrom", "helo":
		return "smtp"
	case "tx_hosts", "seen_bytes":
		return "files"
	case "certificate.subject":
		return "x509"
	case "peer_descr":
		return "notice"
	case "auth_attempts":
		return "ssh"
	default:
		return ""
	}
}
