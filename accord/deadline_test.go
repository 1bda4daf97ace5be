package accord

import (
	"strings"
	"testing"
	"time"
)

// TestDeadlines: what a text, a notice and the line wait for is listed, the next
// first, in the words of both languages, and as a calendar whose lines fit.
func TestDeadlines(t *testing.T) {
	d := newDesk(t).at("08:00")
	d.notice("north", "south", "test", nil, nil, "duty-1")
	d.all()
	r := d.record()
	list := r.Deadlines(r.Now())
	var got []string
	for _, one := range list {
		got = append(got, one.Text("en"))
	}
	if text := strings.Join(got, "; "); !strings.HasPrefix(text, "acknowledgement is due north/") || !strings.Contains(text, "(south); line check (north, south)") {
		t.Errorf("deadlines: %s", text)
	}
	if later := r.Deadlines(r.Now().Add(30 * 24 * time.Hour)); len(later) != 1 || later[0].What != "check" {
		t.Errorf("a month later: %+v", later)
	}
	s := newStory(t)
	p := s.say("north", KindProposal, s.clause())
	s.pass(minute)
	r = s.record()
	list = r.Deadlines(r.Now())
	if len(list) == 0 || list[len(list)-1].Ref != p || list[len(list)-1].What != "decide" {
		t.Errorf("a text that is tabled: %+v", list)
	}
	text := Calendar(list, "unit", "ru", r.Now())
	if !strings.HasPrefix(text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") || !strings.HasSuffix(text, "END:VCALENDAR\r\n") || strings.Count(text, "BEGIN:VEVENT") != len(list) || !strings.Contains(strings.ReplaceAll(text, "\r\n ", ""), "SUMMARY:срок согласия north/") {
		t.Errorf("%q", text)
	}
	for _, line := range strings.Split(text, "\r\n") {
		if len(line) > 75 || strings.Contains(line, "\n") {
			t.Errorf("%d bytes: %q", len(line), line)
		}
	}
}
