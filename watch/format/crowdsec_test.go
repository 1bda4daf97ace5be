package format_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente/watch/event"
	"entente/watch/format"
	"entente/watch/format/formattest"
)

// expected is all that one parser of the hub expects of one line.
type expected struct {
	message string // the line, or what stands behind its syslog header; "" where the hub does not say
	index   int    // how many events that parser had seen
	values  map[string]string
}

var asserted = regexp.MustCompile(`^(?:FloatApproxEqual\()?results\["([^"]+)"\]\["([^"]+)"\]\[(\d+)\]\.Evt\.(\w+)((?:\["[^"]+"\])+)(?: == |, )(.*?)\)?$`)

// readAssertions returns what a parser.assert expects, in the order of the file. Lines that say
// how the hub's own stages went are not about the log.
func readAssertions(t *testing.T, path string) []*expected {
	t.Helper()
	var all []*expected
	groups := map[string]*expected{}
	formattest.EachLine(t, path, func(_ int, line []byte) {
		m := asserted.FindStringSubmatch(string(line))
		if m == nil || m[1] == "s00-raw" {
			return
		}
		key := strings.ReplaceAll(strings.Trim(m[5], `[]"`), `"]["`, ".")
		value, err := strconv.Unquote(m[6])
		if err != nil {
			value = m[6]
		}
		id := strings.Join(m[1:4], " ")
		group, ok := groups[id]
		if !ok {
			group = &expected{values: map[string]string{}}
			group.index, _ = strconv.Atoi(m[3]) // digits, by the expression
			groups[id] = group
			all = append(all, group)
		}
		if m[4] == "Parsed" && key == "message" {
			group.message = value
		}
		group.values[m[4]+"."+key] = value
	})
	return all
}

// fieldOf says which field of ours holds what the hub calls otherwise. The hub's other names are those of its own stages
// (service, log_type, datasource_path), parts of another value (haproxy_hour, file_ext), or of formats that are none of ours.
var fieldOf = map[string]string{
	"Meta.source_ip": "source.ip", "Parsed.remote_addr": "source.ip", "Parsed.source_ip": "source.ip", "Parsed.sshd_client_ip": "source.ip",
	"Parsed.remote_ip": "source.ip", "Parsed.client_ip": "source.ip", "Parsed.dovecot_remote_ip": "source.ip",
	"Parsed.client_port": "source.port", "Parsed.remote_port": "source.port", "Parsed.sshd_client_port": "source.port",
	"Meta.http_status": "http.response.status_code", "Parsed.status": "http.response.status_code", "Parsed.http_status_code": "http.response.status_code",
	"Meta.http_verb": "http.request.method", "Parsed.verb": "http.request.method", "Parsed.http_verb": "http.request.method",
	"Meta.http_path": "url.original", "Parsed.http_request": "url.original",
	"Meta.http_user_agent": "user_agent.original", "Parsed.http_user_agent": "user_agent.original",
	"Parsed.http_version": "http.version", "Parsed.http_referer": "http.request.referrer", "Parsed.body_bytes_sent": "http.response.body.bytes",
	"Meta.target_fqdn": "url.domain", "Parsed.target_fqdn": "url.domain",
	"Meta.target_user": "user.name", "Meta.username": "user.name", "Meta.user": "user.name", "Parsed.remote_user": "user.name",
	"Parsed.sshd_invalid_user": "user.name", "Parsed.sshd_auth_user": "user.name", "Parsed.username": "user.name", "Parsed.dovecot_user": "user.name",
	"Meta.machine": "host.hostname", "Parsed.pid": "process.pid",
	"Meta.dest_ip": "destination.ip", "Parsed.dest_ip": "destination.ip", "Meta.dest_port": "destination.port", "Parsed.dest_port": "destination.port",
	"Parsed.frontend_name": "haproxy.frontend_name", "Parsed.backend_name": "haproxy.backend_name", "Parsed.server_name": "haproxy.server_name",
	"Parsed.bytes_read": "http.response.bytes", "Parsed.termination_state": "haproxy.termination_state",
	"Meta.exe": "process.executable", "Meta.ppid": "process.parent.pid", "Meta.uid": "user.id", "Meta.auid": "user.audit.id", "Meta.tty": "auditd.data.tty",
	"Meta.auditd_eventid":      "auditd.sequence",
	"Unmarshaled.caddy.status": "http.response.status_code", "Unmarshaled.caddy.size": "http.response.body.bytes", "Unmarshaled.caddy.user_id": "user.name",
	"Unmarshaled.caddy.request.uri": "url.original", "Unmarshaled.caddy.request.method": "http.request.method", "Unmarshaled.caddy.request.host": "url.domain",
	"Unmarshaled.caddy.request.client_ip": "source.ip", "Unmarshaled.caddy.level": "log.level", "Unmarshaled.caddy.logger": "log.logger",
	"Unmarshaled.caddy.bytes_read": "http.request.body.bytes",
	"Enriched.MarshaledTime":       "time", "Meta.timestamp": "time",
}

// seen is one line of a log with what we read in it.
type seen struct {
	line   string
	time   time.Time
	fields map[string][]string
}

func readSeen(t *testing.T, f event.Format, path string) []seen {
	t.Helper()
	var all []seen
	var ev event.Event
	p := f.New()
	formattest.EachLine(t, path, func(number int, line []byte) {
		if err := p.Parse(line, &ev); err != nil && !errors.Is(err, event.ErrNoEvent) {
			t.Errorf("%s:%d: %v", path, number, err)
		}
		s := seen{string(line), ev.Time, map[string][]string{}}
		for _, field := range ev.Fields {
			s.fields[field.Name] = append(s.fields[field.Name], field.Value)
		}
		for _, o := range ev.Observables {
			s.fields[o.Field] = append(s.fields[o.Field], o.Value.Canonical)
		}
		all = append(all, s)
	})
	return all
}

// agrees compares one value. The hub has "-" where a log has no value, cuts the arguments off a path in a later stage,
// gives a time without a year its own, and drops fractions of seconds where they are a number's.
func (s seen) agrees(field, want string) bool {
	if field == "time" {
		t, err := time.Parse(time.RFC3339Nano, want)
		if s.time.Year() == 0 {
			t = time.Date(0, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		}
		if !strings.Contains(want, ".") {
			s.time = s.time.Truncate(time.Second)
		}
		return err == nil && t.Sub(s.time).Abs() < time.Microsecond
	}
	if want == "" || want == "-" {
		return true // we may know more
	}
	if field == "url.original" { // what is no request has no path
		if plain, err := strconv.Unquote(`"` + strings.ReplaceAll(want, `"`, `\"`) + `"`); err == nil && slices.Contains(s.fields["web.request"], strings.ToValidUTF8(plain, "\uFFFD")) {
			return true
		}
	}
	for _, got := range s.fields[field] {
		path, _, _ := strings.Cut(got, "?")
		if got == want || field == "url.original" && path == want {
			return true
		}
	}
	return false
}

func TestAgreesWithCrowdSecHub(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(formattest.SharedData(t, "logs/crowdsec-hub/LICENSE")), "*", "parser.assert"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: no parser.assert", err)
	}
	explained := map[string]int{}
	agreed, all := 0, 0
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			continue
		}
		log, f := logOf(t, filepath.Dir(file))
		if f == nil {
			if _, ok := notOurs[name]; !ok {
				t.Errorf("%s is of no format of ours, and nothing explains it", name)
			}
			continue
		}
		lines := readSeen(t, f, log)
		next := 0
		wants := readAssertions(t, file)
		if len(wants) == 0 {
			continue
		}
		compared := 0
		for _, want := range wants {
			at := find(lines, want, next)
			if at < 0 {
				continue
			}
			next = at + 1
			for key, value := range want.values {
				field, ok := fieldOf[key]
				if rest, isAudit := strings.CutPrefix(key, "Unmarshaled.auditd."); isAudit && rest != "msg" {
					field, ok = "auditd.data."+rest, true
				}
				if !ok {
					continue
				}
				compared++
				if lines[at].agrees(field, value) {
					agreed++
					continue
				}
				miss := name + " " + key
				if _, ok := misses[miss]; !ok {
					t.Errorf("%s: %s is %q, ours %q (%v) in %s", name, key, value, lines[at].fields[field], lines[at].time, lines[at].line)
				}
				explained[miss]++
			}
		}
		all += compared
		if compared == 0 {
			t.Errorf("%s: nothing compared", name)
		}
	}
	t.Logf("%d of %d values agree with the CrowdSec hub (%.2f %%)", agreed, all, 100*float64(agreed)/float64(all))
	for miss, why := range misses {
		if explained[miss] == 0 {
			t.Errorf("%s agrees, and needs no explanation: %s", miss, why)
		}
		t.Logf("%s: %d differ: %s", miss, explained[miss], why)
	}
}

// find returns the line that an expectation is about: the next one from next on, or else from the start, that its message is, or is the
// end of; without a message, the one that its parser saw at its place. -1 stands for none.
func find(lines []seen, want *expected, next int) int {
	if want.message == "" {
		if want.index < len(lines) {
			return want.index
		}
		return -1
	}
	is := func(s seen) bool { return strings.HasSuffix(s.line, want.message) }
	if i := slices.IndexFunc(lines[min(next, len(lines)):], is); i >= 0 {
		return next + i
	}
	return slices.IndexFunc(lines, is)
}

// logOf returns the log beside a parser.assert, and its format as it is detected.
func logOf(t *testing.T, dir string) (string, event.Format) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("%s: %v, %v", dir, logs, err)
	}
	f, _ := format.Detect(formats(), head(t, logs[0]))
	return logs[0], f
}

func head(t *testing.T, path string) [][]byte {
	t.Helper()
	var lines [][]byte
	formattest.EachLine(t, path, func(number int, line []byte) {
		if number <= format.HeadLines {
			lines = append(lines, bytes.Clone(line))
		}
	})
	return lines
}

// notOurs are the hub's logs in formats that we do not read.
var notOurs = map[string]string{
	"base-upsun-httplog-logs": "a hosting company's JSON around lines of its nginx",
	"endlessh-logs":           "the log of a tarpit",
}

// misses are the values on which we differ from the hub, and why.
var misses = map[string]string{
	"caddy-logs Meta.target_fqdn":                      "url.domain has no port; url.full has it",
	"caddy-logs Unmarshaled.caddy.request.host":        "url.domain has no port; url.full has it",
	"haproxy-nextcloud-whitelist Parsed.frontend_name": "~ says that the connection was TLS and is no part of the name",
	"nginx_http-catch-npm Meta.http_user_agent":        "here the agent comes last, unquoted, and where the referrer before it ends is a guess: both are web.extra",
	"nginx_http-catch-npm Parsed.http_user_agent":      "here the agent comes last, unquoted, and where the referrer before it ends is a guess: both are web.extra",
}
