package windows_test

import (
	"errors"
	"fmt"
	"testing"

	"entente/watch/event"
	"entente/watch/format/formattest"
	"entente/watch/format/windows"
)

func TestFormat(t *testing.T) { formattest.Run(t, windows.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, windows.Format(), `{"Event":{"System":{"EventID":1,"Channel":"a","TimeCreated":1},"EventData":{"Data":[{"Name":"a"},"b",{"#text":"c"}]}}}`)
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, windows.Format()) }

// The same event in its three shapes gives the same data and the same meaning.
func TestShapesAgree(t *testing.T) {
	shapes := []string{
		`{"@timestamp":"2026-11-03T08:00:01Z","winlog":{"channel":"Security","event_id":4624,"provider_name":"P","computer_name":"gate","event_data":{"TargetUserName":"clerk","IpAddress":"192.0.2.1","LogonType":"3"}}}`,
		`{"EventTime":"2026-11-03 08:00:01","Channel":"Security","EventID":4624,"SourceName":"P","Hostname":"gate","TargetUserName":"clerk","IpAddress":"192.0.2.1","LogonType":"3"}`,
		`{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":4624,"Channel":"Security","Computer":"gate","TimeCreated":{"#attributes":{"SystemTime":"2026-11-03T08:00:01Z"}}},"EventData":{"TargetUserName":"clerk","IpAddress":"192.0.2.1","LogonType":"3"}}}`,
		`{"Event":{"System":{"Provider":{"@Name":"P"},"EventID":"4624","Channel":"Security","Computer":"gate","TimeCreated":{"@SystemTime":"2026-11-03T08:00:01Z"}},"EventData":{"Data":[{"@Name":"TargetUserName","#text":"clerk"},{"@Name":"IpAddress","#text":"192.0.2.1"},{"@Name":"LogonType","#text":"3"}]}}}`,
		`{"System":{"Provider":{"Name":"P"},"EventID":{"#text":4624},"Channel":"Security","Computer":"gate","TimeCreated":{"SystemTime":"2026-11-03T08:00:01Z"}},"EventData":{"Data":[{"Name":"TargetUserName","Value":"clerk"},{"Name":"IpAddress","Value":"192.0.2.1"},{"Name":"LogonType","Value":"3"}]}}`,
	}
	want := ""
	for i, line := range shapes {
		var ev event.Event
		if err := windows.Format().New().Parse([]byte(line), &ev); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got := formattest.Render(&ev)
		if i == 0 {
			want = got
		}
		if got != want || ev.Get("winlog.event_data.LogonType") != "3" || ev.Get("source.ip") != "192.0.2.1" || ev.Get("user.name") != "clerk" {
			t.Errorf("%s\n gave %s\n want %s", line, got, want)
		}
	}
}

// Who acted is the user; at a logon it is who came in, not the service that took the logon.
func TestAccounts(t *testing.T) {
	for _, c := range []struct{ code, user, target string }{
		{"4624", "clerk", ""},
		{"4625", "clerk", ""},
		{"4648", "service", "clerk"}, // with the credentials of another
		{"4688", "service", "clerk"},
		{"4720", "service", "clerk"},
	} {
		var ev event.Event
		line := `{"EventID":` + c.code + `,"Channel":"Security","EventTime":"2026-11-03 08:00:01","SubjectUserName":"service","TargetUserName":"clerk"}`
		if err := windows.Format().New().Parse([]byte(line), &ev); err != nil || ev.Get("user.name") != c.user || ev.Get("user.target.name") != c.target {
			t.Errorf("%s: %v, user %q, target %q", c.code, err, ev.Get("user.name"), ev.Get("user.target.name"))
		}
	}
}

func TestUnparsed(t *testing.T) {
	for _, line := range []string{
		"x", "{}", `{"EventID":1,"Channel":"a"}`, `{"EventID":"one","Channel":"a","EventTime":"2026-11-03 08:00:01"}`,
		`{"EventID":1,"EventTime":"2026-11-03 08:00:01"}`, `{"EventID":-1,"Channel":"a","EventTime":"2026-11-03 08:00:01"}`,
	} {
		var ev event.Event
		if err := windows.Format().New().Parse([]byte(line), &ev); err == nil || errors.Is(err, event.ErrNoEvent) {
			t.Errorf("%q gave %v", line, err)
		}
	}
}

// Names come from whoever wrote the event: they must not fill memory, nor become endless fields.
func TestForeignNamesAreBounded(t *testing.T) {
	p := windows.Format().New()
	var ev event.Event
	for i := range 10000 {
		line := fmt.Sprintf(`{"EventID":1,"Channel":"a","EventTime":"2026-11-03 08:00:01","k%d":"v"}`, i)
		if err := p.Parse([]byte(line), &ev); err != nil || ev.Get(fmt.Sprintf("winlog.event_data.k%d", i)) != "v" {
			t.Fatalf("%s gave %v, %v", line, ev.Fields, err)
		}
	}
}
