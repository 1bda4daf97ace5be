package detect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"entente/watch/event"
)

func letter(at time.Time, from string, files ...string) event.Event {
	ev := event.Event{Time: at, Dataset: "suricata.smtp"}
	ev.Add("email.from.address", from)
	for _, f := range files {
		ev.Add("email.attachments.file.name", f)
	}
	return ev
}

func TestFirstAttachment(t *testing.T) {
	const day = 24 * time.Hour
	at := t0.Add(10 * day)
	for name, c := range map[string]struct {
		later []event.Event
		want  int
	}{
		"a stranger's old format, told once":       {[]event.Event{letter(at, "S <s@new.example>", "a.DOC"), letter(at.Add(time.Hour), "s@new.example", "a.doc"), letter(at.Add(day), "s@new.example", "b.rtf ")}, 1},
		"a harmless mail first":                    {[]event.Event{letter(at, "s@new.example"), letter(at.Add(2*day), "s@new.example", "x.pdf", "a.xls")}, 1},
		"of somebody who has written for a while":  {[]event.Event{letter(at, "s@new.example"), letter(at.Add(4*day), "s@new.example", "a.xls")}, 0},
		"a known sender's first macros":            {[]event.Event{letter(at, "Known <KNOWN1@county.example>", "a.docm"), letter(at.Add(time.Hour), "known1@county.example", "b.docm")}, 1},
		"macros after a month without":             {[]event.Event{letter(at, "macros@county.example", "a.xlsm"), letter(at.Add(31*day), "macros@county.example", "a.xlsm")}, 1},
		"macros as always":                         {[]event.Event{letter(at, "macros@county.example", "a.xlsm")}, 0},
		"nothing that can run":                     {[]event.Event{letter(at, "s@new.example", "a.docx", "docm", "x.docm.pdf", "")}, 0},
		"a program behind a document's ending":     {[]event.Event{letter(at, "s@new.example", "a.pdf.exe")}, 1},
		"a program behind many and a long name":    {[]event.Event{letter(at, "known1@county.example", "a.doc", "b.doc", "c.doc", "d.doc", "e.doc", "f.doc", "g.doc", "h.doc", strings.Repeat("long", 99)+".exe")}, 1},
		"old formats before the first week is out": {[]event.Event{letter(t0.Add(6*day), "s@new.example", "a.doc")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRunner(Election(Senders{}), Config{})
			var all []event.Event
			for i := range 240 {
				if when := t0.Add(time.Duration(i) * time.Hour); when.Before(c.later[0].Time) {
					all = append(all, letter(when, fmt.Sprintf("known%d@county.example", i%9), "a.doc"))
					if i%24 == 0 {
						all = append(all, letter(when, "macros@county.example", "a.xlsm"))
					}
				}
			}
			got := give(r, time.Time{}, append(all, c.later...)...)
			if got = append(got, r.Flush()...); len(got) != c.want {
				t.Errorf("%d findings, want %d", len(got), c.want)
			}
		})
	}
}

// Strangers in numbers displace nobody who writes on more than one day.
func TestFirstBounds(t *testing.T) {
	r := NewRunner(Election(Senders{}), Config{})
	var all []event.Event
	for i := range 240 {
		all = append(all, letter(t0.Add(time.Duration(i)*time.Hour), fmt.Sprintf("known%d@county.example", i%9), "a.doc"))
	}
	at := t0.Add(240 * time.Hour)
	for i := range firstKept + 100 {
		all = append(all, letter(at.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("s%d@spam.example", i)))
	}
	all = append(all, letter(at.Add(time.Hour), "known3@county.example", "a.doc"))
	got := give(r, time.Time{}, all...)
	got = append(got, r.Flush()...)
	if s := r.Stats(); len(got) != 0 || s.Evicted < 100 || s.Evicted > 120 || s.Kept > 2*firstKept {
		t.Errorf("%d findings, %+v", len(got), s)
	}
}
