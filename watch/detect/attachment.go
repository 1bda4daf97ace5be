package detect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/watch/event"
)

// Bounds of a sender's first: a sender is new who first wrote within three days or
// has been silent for thirty; before anybody is judged, a week and 200 mails were seen.
const (
	firstNew    = 3 * 24 * time.Hour
	firstMemory = 30 * 24 * time.Hour
	firstLearn  = 7 * 24 * time.Hour
	firstMails  = 200
	firstKept   = 1 << 14
	maxAttached = 8 // names of a mail that are kept
)

// What an attachment can do by its name.
const (
	inert = iota
	older // a format of documents that can hold macros without showing it
	runs  // a document with macros, a script, a program, an image of a disk
)

var olderTypes = []string{"doc", "dot", "wbk", "xls", "xlt", "xla", "ppt", "pps", "pot", "rtf", "mht", "mhtml", "pub", "slk"}

var runTypes = []string{
	"docm", "dotm", "xlsm", "xltm", "xlsb", "xlam", "xll", "pptm", "potm", "ppam", "ppsm", "one", "hta", "js", "jse", "vbs", "vbe", "wsf", "wsh", "ps1", "bat", "cmd", "exe", "com", "pif", "scr", "msi",
	"jar", "cpl", "chm", "lnk", "iso", "img", "vhd", "vhdx",
}

// kindOf judges a file's name by its last ending, as Windows does.
func kindOf(name string) int {
	name = strings.ToLower(strings.TrimRight(name, ". \t"))
	ending := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case ending == name:
		return inert
	case slices.Contains(runTypes, ending):
		return runs
	case slices.Contains(olderTypes, ending):
		return older
	}
	return inert
}

// letterOf takes a mail out of an event: who it says wrote it, and what it brings
// that is not inert.
func letterOf(ev *event.Event, v *visit) (ok bool) {
	envelope := ""
	for i := range ev.Fields {
		switch f := &ev.Fields[i]; f.Name {
		case "email.from.address":
			if v.from == "" {
				v.from = writer(f.Value)
			}
		case "email.sender.address":
			envelope = f.Value
		case "email.attachments.file.name":
			switch kind := kindOf(f.Value); {
			case kind == inert:
			case len(v.attached) < maxAttached:
				v.attached = append(v.attached, strings.Clone(cut(f.Value, 200)))
			case kind == runs: // not to be hidden behind others
				v.attached[0] = strings.Clone(tail(f.Value, 200))
			}
		}
	}
	if v.from == "" {
		v.from = writer(envelope)
	}
	return v.from != ""
}

// tail is the end of a long name: by it a file is known.
func tail(s string, n int) string {
	if len(s) > n {
		s = "…" + strings.ToValidUTF8(s[len(s)-n:], "")
	}
	return s
}

// writer is the first address of a header, or its text where there is none.
func writer(header string) string {
	if list := writers(header); len(list) > 0 && list[0].Address != "" {
		header = list[0].Address
	}
	return strings.Clone(cut(strings.ToLower(strings.Trim(header, "<> \t")), 254))
}

// firsts remembers who writes. Those who wrote on two days are kept apart, where
// those who write once, however many, displace none.
type firsts struct {
	once, often *bounded[string, wrote]
	since       time.Time
	mails       int
}

type wrote struct {
	first, last, ran time.Time // ran: with what runs, last
	mails            int
	told             bool // since the first
}

func newFirsts() *firsts {
	return &firsts{once: newBounded[string, wrote](firstKept, firstKept), often: newBounded[string, wrote](firstKept, firstKept)}
}

func (f *firsts) counts() (int64, int64) {
	a, b := f.once.counts()
	c, d := f.often.counts()
	return a + c, b + d
}

func (f *firsts) see(v *visit, found func(evidence)) {
	if f.mails++; f.mails == 1 {
		f.since = v.time
	}
	w := f.often.get(v.from, false)
	regular := w != nil
	if !regular {
		w = f.once.get(v.from, true)
	}
	if v.time.Sub(w.last) > firstMemory {
		*w = wrote{first: v.time}
	}
	kind, name := inert, ""
	for _, a := range v.attached {
		if k := kindOf(a); k > kind {
			kind, name = k, a
		}
	}
	if words := w.judge(v.time, kind); words != "" && f.mails > firstMails && v.time.Sub(f.since) >= firstLearn {
		w.told = true
		found(evidence{
			Field: "email.attachments.file.name", Seen: v.from + " " + name, Group: v.from, First: w.first, Last: v.time, Count: w.mails + 1, Distinct: 1,
			Measured: words, Examples: v.attached,
		})
	}
	w.last = v.time
	if w.mails++; kind == runs {
		w.ran = v.time
	}
	if !regular && v.time.Sub(w.first) >= 24*time.Hour {
		*f.often.get(v.from, true) = *w
	}
}

// judge says in words what is a sender's first.
func (w *wrote) judge(now time.Time, kind int) string {
	fresh := now.Sub(w.first) < firstNew
	switch {
	case kind == inert || fresh && w.told:
		return ""
	case fresh && kind == runs:
		return fmt.Sprintf("a file that runs, in mail %d of a sender who first wrote less than %s ago", w.mails+1, firstNew)
	case fresh:
		return fmt.Sprintf("a document of a format that hides macros, in mail %d of a sender who first wrote less than %s ago", w.mails+1, firstNew)
	case kind == runs && now.Sub(w.ran) > firstMemory:
		return fmt.Sprintf("a file that runs, the first in %s of a sender of %d mails", firstMemory, w.mails+1)
	}
	return ""
}
