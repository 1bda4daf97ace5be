package observed

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/exchange/stix/pattern"
	"entente/watch/event"
	"entente/watch/format/eve"
)

var when = time.Date(2026, 10, 5, 8, 0, 0, 500_000_000, time.UTC)

// fields builds an event; a value may be observed as its name's suffix says.
func fields(list ...string) *event.Event {
	ev := &event.Event{Time: when}
	for i := 0; i < len(list); i += 2 {
		as := event.Plain
		switch name := list[i]; {
		case strings.HasSuffix(name, ".ip"), name == "dns.answers.data":
			as = event.Host
		case strings.HasSuffix(name, ".domain"), strings.HasSuffix(name, "question.name"):
			as = event.Host
		case strings.HasSuffix(name, ".full"):
			as = event.URL
		case strings.HasSuffix(name, ".address"):
			as = event.Email
		case strings.Contains(name, ".hash"):
			as = event.Hash
		}
		ev.Put(list[i], list[i+1], as)
	}
	return ev
}

func show(v *pattern.Value) string {
	switch v.Kind {
	case pattern.List:
		var all []string
		for i := range v.Items {
			all = append(all, show(&v.Items[i]))
		}
		return "[" + strings.Join(all, " ") + "]"
	case pattern.Dict:
		var all []string
		for i := range v.Fields {
			all = append(all, v.Fields[i].Name+"="+show(&v.Fields[i].Value))
		}
		return "{" + strings.Join(all, " ") + "}"
	default:
		return v.String()
	}
}

func TestMap(t *testing.T) {
	md5, sha := strings.Repeat("ab", 16), strings.Repeat("cd", 32)
	for _, c := range []struct {
		name string
		ev   *event.Event
		want string
	}{
		{"web request", fields("source.ip", "10.0.0.1", "source.port", "4000", "destination.ip", "203.0.113.9", "destination.port", "80", "network.transport", "TCP", "network.protocol", "http",
			"source.bytes", "120", "http.request.method", "GET", "url.original", "/a?b", "url.full", "http://www.Evil.example/a?b", "url.domain", "www.evil.example",
			"http.version", "1.1", "user_agent.original", "curl/8", "source.mac", "AA-BB-CC-00-11-22"), `
			0 ipv4-addr {value='10.0.0.1'}
			1 ipv4-addr {value='203.0.113.9'}
			2 url {value='http://www.Evil.example/a?b'}
			3 domain-name {value='www.evil.example'}
			4 mac-addr {value='aa:bb:cc:00:11:22'}
			5 network-traffic {protocols=['ipv4' 'tcp' 'http'] src_ref='0' dst_ref='1' src_port=4000 dst_port=80 src_byte_count=120 start='2026-10-05T08:00:00.5Z' extensions={http-request-ext={request_method='get' request_value='/a?b' request_version='http/1.1' request_header={User-Agent=['curl/8'] Host=['www.evil.example']}}}}`},
		{"dns", fields("source.ip", "2001:db8::1", "dns.question.name", "a.example", "dns.answers.data", "b.example", "dns.answers.data", "192.0.2.1", "dns.answers.data", "2001:db8::2"), `
			0 ipv6-addr {value='2001:db8::1'}
			1 domain-name {value='a.example' resolves_to_refs=['3' '4']}
			2 domain-name {value='b.example'}
			3 ipv4-addr {value='192.0.2.1'}
			4 ipv6-addr {value='2001:db8::2'}
			5 network-traffic {protocols=['ipv6'] src_ref='0' start='2026-10-05T08:00:00.5Z'}`},
		{"mail", fields("email.from.address", "a@b.example", "email.to.address", "c@d.example", "email.to.address", "e@d.example", "email.subject", "Vote", "email.x_mailer", "M", "email.attachments.file.name", "x.exe"), `
			0 email-addr {value='a@b.example'}
			1 email-addr {value='c@d.example'}
			2 email-addr {value='e@d.example'}
			3 file {name='x.exe'}
			4 email-message {from_ref='0' to_refs=['1' '2'] subject='Vote' additional_header_fields={X-Mailer=['M']} body_multipart=[{body_raw_ref='3'}]}`},
		{"file", fields("file.path", `C:\Windows\x.dll`, "file.size", "5", "file.hash.md5", md5, "file.hash.sha256", sha, "zeek.other.hash", md5), `
			0 file {hashes={MD5='` + md5 + `'}}
			1 directory {path='C:\\Windows'}
			2 file {name='x.dll' path='C:\\Windows\\x.dll' size=5 hashes={MD5='` + md5 + `' SHA-256='` + sha + `'} parent_directory_ref='1'}`},
		{"process", fields("process.pid", "7", "process.name", "sh", "process.executable", "/bin/sh", "process.command_line", "sh -c x", "process.working_directory", "/tmp", "process.parent.pid", "1", "user.name", "root", "user.id", "0", "user.target.name", "bob"), `
			0 user-account {account_login='root' user_id='0'}
			1 user-account {account_login='bob'}
			2 process {pid=1}
			3 directory {path='/bin'}
			4 file {name='sh' path='/bin/sh' parent_directory_ref='3'}
			5 process {pid=7 name='sh' command_line='sh -c x' cwd='/tmp' image_ref='4' parent_ref='2' creator_user_ref='0'}`},
		{"certificate", fields("tls.server.subject", "CN=a", "tls.server.issuer", "CN=b", "tls.server.x509.serial_number", "4C:0B", "tls.server.hash.sha256", sha, "tls.client.subject", "CN=c"), `
			0 x509-certificate {subject='CN=a' issuer='CN=b' serial_number='4C:0B' hashes={SHA-256='` + sha + `'}}
			1 x509-certificate {subject='CN=c'}`},
		{"nothing", fields("message", "hello"), ``},
	} {
		var m Mapper
		for range 2 { // the second time in used memory
			o := m.Map(c.ev, "k")
			var got strings.Builder
			for i := range o.Objects {
				fmt.Fprintf(&got, "%s %s %s\n", o.Objects[i].ID, o.Objects[i].Type, show(&o.Objects[i].Value))
			}
			want := strings.TrimSpace(strings.ReplaceAll(c.want, "\n\t\t\t", "\n"))
			if strings.TrimSpace(got.String()) != want || !o.First.Equal(when) || o.Key != "k" {
				t.Errorf("%s:\n%s\nwant\n%s", c.name, got.String(), want)
			}
		}
	}
}

func TestTooMany(t *testing.T) {
	ev := &event.Event{}
	for i := range MaxObjects + 10 {
		ev.Put("dns.answers.data", fmt.Sprintf("10.0.%d.%d", i/256, i%256), event.Address)
	}
	ev.Put("source.ip", "10.9.9.9", event.Address)
	var m Mapper
	if o := m.Map(ev, ""); len(o.Objects) != MaxObjects || m.Left != 11 {
		t.Errorf("%d objects, %d left", len(o.Objects), m.Left)
	}
}

// From the line of a log to a hit: what the patterns of the specification's kind find in Suricata's events.
func TestFromLog(t *testing.T) {
	rules := map[string]string{
		"dst":   `[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port IN (80, 8080)]`,
		"agent": `[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*] LIKE 'evil%']`,
		"chain": `([domain-name:value = 'www.evil.example' AND domain-name:resolves_to_refs[*].value ISSUBSET '203.0.113.0/24'] FOLLOWEDBY [url:value LIKE '%/stage2.bin']) WITHIN 60 SECONDS`,
		"no":    `[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 443]`,
	}
	var list []pattern.Rule
	for id, text := range rules {
		p, err := pattern.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, pattern.Rule{ID: id, Pattern: p})
	}
	matcher, _ := pattern.NewMatcher(list, pattern.Limits{})
	parser := eve.Format().New()
	var ev event.Event
	var m Mapper
	var hits []pattern.Hit
	for i, line := range []string{
		`{"timestamp":"2026-10-05T08:00:00.000000+0000","event_type":"dns","src_ip":"10.0.0.1","src_port":5000,"dest_ip":"10.0.0.53","dest_port":53,"proto":"UDP","dns":{"type":"answer","rrname":"www.evil.example","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"www.evil.example","rrtype":"A","ttl":60,"rdata":"203.0.113.9"}]}}`,
		`{"timestamp":"2026-10-05T08:00:10.000000+0000","event_type":"http","src_ip":"10.0.0.1","src_port":5001,"dest_ip":"203.0.113.9","dest_port":80,"proto":"TCP","http":{"hostname":"www.evil.example","url":"/stage2.bin","http_user_agent":"evilbot/1","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":10}}`,
	} {
		if err := parser.Parse([]byte(line), &ev); err != nil {
			t.Fatal(err)
		}
		hits = matcher.Observe(m.Map(&ev, fmt.Sprint("line ", i)), when.Add(time.Hour), hits)
	}
	got := map[string]string{}
	for _, h := range hits {
		for _, s := range h.Seen {
			got[h.Pattern] += s.Key + ";"
		}
	}
	if len(got) != 3 || got["dst"] != "line 1;" || got["agent"] != "line 1;" || got["chain"] != "line 0;line 1;" {
		t.Errorf("%v", got)
	}
}

// Every property that Map makes is one of the specification's schemas, but for the two that the package comment names.
func TestSchemas(t *testing.T) {
	dir := "../../../shared/data/stix/schemas/observables"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared/data/stix is not here")
	}
	var all []string
	var f facts
	for _, name := range []string{
		"source.ip", "destination.ip", "source.mac", "destination.domain", "url.full", "url.domain", "dns.question.name", "dns.answers.data",
		"email.from.address", "email.to.address", "email.cc.address", "email.sender.address", "email.attachments.file.name", "file.hash.md5",
		"source.port", "destination.port", "source.bytes", "destination.bytes", "source.packets", "destination.packets", "network.transport", "http.request.method",
		"url.original", "http.version", "user_agent.original", "file.name", "file.path", "file.size", "file.mime_type", "user.name", "user.id", "process.pid", "process.name",
		"process.executable", "process.command_line", "process.working_directory", "process.parent.pid", "email.subject", "email.message_id", "email.x_mailer",
		"tls.server.subject", "tls.server.issuer", "tls.server.x509.serial_number", "tls.server.hash.md5",
	} {
		value := map[bool]string{true: "a@b.example", false: "10.0.0.1"}[strings.HasSuffix(name, ".address")]
		if strings.Contains(name, "hash") {
			value = strings.Repeat("ab", 16)
		} else if f.place(name) != nil {
			value = "5"
		}
		all = append(all, name, value)
	}
	var m Mapper
	types := make(map[string]bool)
	for _, o := range m.Map(fields(all...), "").Objects {
		types[o.Type] = true
		data, err := os.ReadFile(filepath.Join(dir, o.Type+".json"))
		if err != nil {
			t.Fatal(err)
		}
		type part struct {
			Properties map[string]json.RawMessage `json:"properties"`
		}
		var schema struct {
			AllOf []part `json:"allOf"`
			OneOf []part `json:"oneOf"`
		}
		if err := json.Unmarshal(data, &schema); err != nil {
			t.Fatal(err)
		}
		for _, f := range o.Value.Fields {
			known := o.Type == "process" && f.Name == "name" || o.Type == "file" && f.Name == "path"
			for _, p := range slices.Concat(schema.AllOf, schema.OneOf) {
				known = known || p.Properties[f.Name] != nil
			}
			if !known {
				t.Errorf("%s has no property %s", o.Type, f.Name)
			}
		}
	}
	if len(types) < 9 {
		t.Errorf("only %v", types)
	}
}

func FuzzMap(f *testing.F) {
	f.Add("source.ip", "10.0.0.1", "file.path", `\`)
	f.Add("process.executable", "/", "email.to.address", "a@b.example,c@d.example")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		var m Mapper
		for range 2 {
			o := m.Map(fields(n1, v1, n2, v2), "")
			for i := range o.Objects {
				if len(o.Objects[i].Value.Fields) == 0 {
					t.Fatalf("%s without properties", o.Objects[i].Type)
				}
			}
		}
	})
}

func BenchmarkMap(b *testing.B) {
	ev := fields("source.ip", "10.0.0.1", "source.port", "4000", "destination.ip", "203.0.113.9", "destination.port", "80", "network.transport", "tcp",
		"http.request.method", "GET", "url.original", "/a?b", "url.full", "http://www.evil.example/a?b", "url.domain", "www.evil.example", "user_agent.original", "curl/8")
	var m Mapper
	b.ReportAllocs()
	for b.Loop() {
		m.Map(ev, "")
	}
}
