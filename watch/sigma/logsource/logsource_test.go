package logsource_test

import (
	"slices"
	"strings"
	"testing"

	"entente/watch/sigma/logsource"
)

func TestFields(t *testing.T) {
	type source = logsource.Source
	for _, c := range []struct {
		dataset  string
		source   source
		taxonomy string
		name     string
		want     string // fields separated by spaces; "-" where the dataset is not of the logsource
	}{
		{"zeek.dns", source{Product: "zeek", Service: "dns"}, "", "query", "~dns.question.name"},
		{"zeek.dns", source{Product: "zeek", Service: "dns"}, "", "id.resp_p", "destination.port"},
		{"zeek.dns", source{Product: "zeek", Service: "dns"}, "", "Z", "zeek.dns.Z"},
		{"zeek.dns", source{Category: "dns"}, "", "answer", "~dns.answers.data"},
		{"zeek.dns", source{Product: "zeek", Service: "http"}, "", "uri", "-"},
		{"zeek.http", source{Product: "zeek", Service: "http"}, "", "c-useragent", "user_agent.original"},
		{"zeek.http", source{Category: "proxy"}, "", "cs-host", "url.domain"},
		{"zeek.http", source{Product: "zeek", Service: "http"}, "ecs", "destination.ip", "destination.ip"},
		{"zeek.http", source{Product: "zeek"}, "ecs", "process.name", ""},
		{"suricata.http", source{Category: "proxy"}, "", "c-uri-extension", "~url.extension"},
		{"suricata.dns", source{Category: "dns"}, "", "record_type", "dns.question.type"},
		{"bind", source{Category: "dns"}, "", "query", "~dns.question.name"},
		{"web.access", source{Category: "webserver"}, "", "cs-uri-query", "url.original ~url.query"},
		{"web.access", source{Category: "webserver"}, "", "sc-status", "http.response.status_code"},
		{"web.access", source{Category: "webserver"}, "", "cs-cookie", ""},
		{"web.error", source{Category: "webserver"}, "", "c-ip", "-"},
		{"web.error", source{Service: "nginx"}, "", "c-ip", "source.ip"},
		{"syslog.sshd", source{Product: "linux", Service: "auth"}, "", "User", "user.name"},
		{"syslog.sshd", source{Product: "linux", Service: "cron"}, "", "User", "-"},
		{"syslog", source{Product: "cisco", Service: "aaa"}, "", "src_ip", "source.ip"},
		{"netfilter", source{Category: "firewall"}, "", "dst_port", "destination.port"},
		{"netfilter", source{Category: "firewall"}, "", "blocked", "~firewall.blocked"},
		{"cef", source{Product: "fortigate", Service: "event"}, "", "cfgpath", "cef.FTNTFGTcfgpath"},
		{"auditd.execve", source{Product: "linux", Service: "auditd"}, "", "a1", "auditd.data.a1"},
		{"auditd.syscall", source{Product: "linux", Service: "auditd"}, "", "SYSCALL", "auditd.data.SYSCALL"},
		{"auditd.execve", source{Product: "linux", Category: "process_creation"}, "", "CommandLine", "process.command_line"},
		{"auditd.execve", source{Product: "linux", Category: "process_creation"}, "", "ParentImage", ""},
		{"auditd.path", source{Product: "linux", Category: "file_event"}, "", "TargetFilename", "file.path"},
		{"auditd.path", source{Product: "linux", Category: "process_creation"}, "", "Image", "-"},
		{"windows.security", source{Product: "windows", Service: "security"}, "", "EventID", "event.code winlog.event_id"},
		{"windows.sysmon", source{Product: "windows", Category: "process_creation"}, "", "Image", "winlog.event_data.Image winlog.user_data.Image winlog.event_data.NewProcessName"},
		{"windows.sysmon", source{Product: "linux", Category: "process_creation"}, "", "Image", "-"},
		{"unheard.of", source{Product: "linux"}, "", "Image", "-"},
		{"syslog", source{}, "", "Image", "-"},
		{"syslog", source{Product: "linux"}, "", "timestamp", "@timestamp"},
	} {
		r, ok := logsource.Find(c.dataset, c.source, c.taxonomy)
		got := "-"
		if ok {
			got = strings.Join(r.Fields(c.name), " ")
		}
		if got != c.want {
			t.Errorf("%s of %v in %s: %q, want %q", c.name, c.source, c.dataset, got, c.want)
		}
	}
}

func TestDerive(t *testing.T) {
	for _, c := range [][3]string{
		{"~url.path", "/a/b.exe?c=d#e", "/a/b.exe"},
		{"~url.path", "http://host/a?b", "/a"},
		{"~url.path", "http://host", ""},
		{"~url.query", "/a?b=c?d#e", "b=c?d"},
		{"~url.query", "/a", ""},
		{"~url.extension", "http://host.example/a.tar.gz?b=c.d", "gz"},
		{"~url.extension", "http://host.example/", ""},
		{"~url.extension", "/.d/a", ""},
		{"~dns.question.name", "A.Example.", "A.Example"},
		{"~firewall.blocked", "denied", "true"},
		{"~firewall.action", "allowed", "accept"},
		{"~firewall.action", "other", ""},
	} {
		_, part, ok := logsource.Derive(c[0])
		if !ok || part(c[1]) != c[2] {
			t.Errorf("%s of %q is %q, want %q", c[0], c[1], part(c[1]), c[2])
		}
	}
	if _, _, ok := logsource.Derive("url.path"); ok {
		t.Error("a plain field is derived")
	}
}

// TestDatasets: every dataset that rules are prepared for is of some logsource, and so is what stands for its parts.
func TestDatasets(t *testing.T) {
	all := logsource.Datasets()
	for _, d := range all {
		if root := logsource.Root(d); !slices.Contains(all, root) {
			t.Errorf("%s: rules for %s are not prepared", d, root)
		}
	}
	for _, part := range []string{"windows.sysmon", "caddy", "haproxy.tcp", "postfix", "dovecot", "bind", "zeek.unheard", "auditd.login"} {
		if !slices.Contains(all, logsource.Root(part)) {
			t.Errorf("%s is of no dataset", part)
		}
	}
}

func TestCovers(t *testing.T) {
	rule := logsource.Source{Product: "windows", Category: "process_creation"}
	for s, want := range map[logsource.Source]bool{
		{Product: "windows"}: true,
		rule:                 true,
		{Product: "linux", Category: "process_creation"}: false,
		{Product: "windows", Service: "security"}:        false,
		{Category: "process_creation"}:                   true,
	} {
		if s.Covers(rule) != want {
			t.Errorf("%v", s)
		}
	}
}
