package node

import (
	"io"

	"entente/internal/pcap"
	"entente/watch/event"
	"entente/watch/format/auditd"
	"entente/watch/format/bind"
	"entente/watch/format/caddy"
	"entente/watch/format/cef"
	"entente/watch/format/eve"
	"entente/watch/format/haproxy"
	"entente/watch/format/syslog"
	"entente/watch/format/weblog"
	"entente/watch/format/windows"
	"entente/watch/format/zeekjson"
	"entente/watch/format/zeektsv"
)

// Formats is the list of the log formats that this version reads. A new
// format is one folder under watch/format and one line here.
func Formats() []event.Format {
	return []event.Format{
		eve.Format(),
		zeekjson.Format(),
		zeektsv.Format(),
		weblog.Format(),
		syslog.Format(),
		auditd.Format(),
		caddy.Format(),
		haproxy.Format(),
		windows.Format(),
		bind.Format(),
		cef.Format(),
	}
}

// Translate reads what is no text as the lines of one of the formats: packet
// captures as Zeek's JSON.
func Translate(magic []byte, r io.Reader) io.Reader { return pcap.Lines(magic, r) }
