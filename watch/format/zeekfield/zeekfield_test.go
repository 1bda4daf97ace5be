package zeekfield

import (
	"strings"
	"testing"

	"entente/watch/event"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		path, name string
		want       Column
	}{
		{"dns", "query", Column{Name: "dns.question.name", As: event.Name}},
		{"dns", "id.orig_h", Column{Name: "source.ip", As: event.Address}},
		{"http", "host", Column{Name: "url.domain", As: event.Host}},
		{"software", "host", Column{Name: "host.ip", As: event.Address}},
		{"conn", "host", Column{Name: "zeek.conn.host", As: event.Address}},
		{"", "seen", Column{Name: "zeek.seen", As: event.Address}},
		{"ssl", "ja3", Column{Name: "tls.client.ja3"}},
		{"dns", "rtt", Column{}},
		{"dns", strings.Repeat("x", MaxName+1), Column{}},
	} {
		if got := Of(c.path, c.name); got != c.want {
			t.Errorf("Of(%q, %.40q) = %+v, want %+v", c.path, c.name, got, c.want)
		}
	}
}

func TestValidPath(t *testing.T) {
	for path, want := range map[string]bool{"dns": true, "known_hosts": true, "dce-rpc": true, "": false, "a/b": false, "a b": false, strings.Repeat("a", 33): false} {
		if ValidPath(path) != want {
			t.Errorf("ValidPath(%.40q) is not %v", path, want)
		}
	}
}
