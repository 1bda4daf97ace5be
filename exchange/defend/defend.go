// Package defend writes indicators for the tools that act on them: Suricata, Zeek, name servers, Sigma engines, readers of STIX and of lists.
//
// It takes entries that the border has let through and decides nothing about
// them. Every value comes out in the one spelling that its tool reads, whatever
// somebody put into it; what a tool cannot say is counted with the reason.
// Beside the tool's own files there is always a manifest that gives each
// entry's expiry, marking and giver, because most formats have no room for them.
//
// The package is pure: the time is an argument.
package defend

import (
	"cmp"
	"encoding/csv"
	"slices"
	"strings"
	"time"
	"unicode"

	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
)

// Entry is one indicator that may be acted on.
type Entry struct {
	Value    observable.Value
	Until    time.Time // when it must be gone from the tool; zero: not said
	Observed time.Time // zero: not said
	Marking  string    // TLP label
	Giver    string    // party id
	List     string    // as its giver calls it: anybody's text
	Ref      string    // the statement and item: "north/7#3"
	// For STIX, which says who said what, and when.
	By   stix.Author
	Said statement.Ref
	Item int       // of the statement
	Told time.Time // when the giver said it
	Note string
}

// Settings are what the files need beside the entries.
type Settings struct {
	Now  time.Time
	Zone string // origin of the DNS zone, "rpz.example"; empty means "rpz.local"
}

// File is one file of the output.
type File struct {
	Name string
	Data []byte
}

// Output is what one tool gets.
type Output struct {
	Files   []File
	Written int // entries
	// Left says why entries are not in the tool's files, and how many.
	Left map[string]int
	// Expires is the earliest end of what was written, zero if nothing ends: the
	// files are to be made anew by then.
	Expires time.Time
}

// The reasons for which an entry is left out.
const (
	LeftType    = "type"    // the tool has no such indicator
	LeftExpired = "expired" // it ended before now
	LeftTwice   = "twice"   // the value is there already
)

// The formats.
const (
	Suricata = "suricata"
	Zeek     = "zeek"
	RPZ      = "rpz"
	STIX     = "stix"
	Plain    = "plain"
	Sigma    = "sigma"
)

// Formats returns the names of all formats.
func Formats() []string { return []string{Plain, RPZ, Sigma, STIX, Suricata, Zeek} }

// manifestName is the file that says what each entry is.
const manifestName = "manifest.csv"

// Write makes the files of a format, the same for the same entries in whatever
// order they come. Of entries with one value the least strict marking counts,
// then the latest end: who may have it under that marking has it already. An
// unknown format is refused (*statement.Refusal).
func Write(format string, entries []Entry, s Settings) (Output, error) {
	o := Output{Left: make(map[string]int)}
	kept := o.choose(entries, s.Now)
	var files []File
	var fits func(Entry) bool
	switch format {
	case Suricata:
		files, fits = suricata(kept, s)
	case Zeek:
		files, fits = zeek(kept, s)
	case RPZ:
		var err error
		if files, fits, err = rpz(kept, s); err != nil {
			return Output{}, err
		}
	case Plain:
		files, fits = plain(kept, s)
	case Sigma:
		files, fits = sigma(kept, s)
	case STIX:
		var err error
		if files, fits, err = bundle(kept); err != nil {
			return Output{}, err
		}
	default:
		return Output{}, statement.Refuse(statement.CodeRequest, "unknown format %.20q", format)
	}
	var written []Entry
	for _, e := range kept {
		if fits(e) {
			written = append(written, e)
			if !e.Until.IsZero() && (o.Expires.IsZero() || e.Until.Before(o.Expires)) {
				o.Expires = e.Until
			}
		}
	}
	o.Left[LeftType] += len(kept) - len(written)
	for why, n := range o.Left {
		if n == 0 {
			delete(o.Left, why)
		}
	}
	o.Written = len(written)
	o.Files = append(files, File{manifestName, manifest(written, s.Now)})
	return o, nil
}

// choose sorts the entries and leaves out what has ended and what comes twice.
func (o *Output) choose(entries []Entry, now time.Time) []Entry {
	all := slices.Clone(entries)
	slices.SortStableFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Value.Type, b.Value.Type), cmp.Compare(a.Value.Canonical, b.Value.Canonical),
			cmp.Compare(strictness(a.Marking), strictness(b.Marking)), later(a.Until, b.Until), cmp.Compare(a.Ref, b.Ref))
	})
	var kept []Entry
	for _, e := range all {
		switch {
		case !e.Until.IsZero() && !e.Until.After(now):
			o.Left[LeftExpired]++
		case len(kept) > 0 && kept[len(kept)-1].Value == e.Value:
			o.Left[LeftTwice]++
		default:
			kept = append(kept, e)
		}
	}
	return kept
}

// later orders ends, the latest first; none is the latest.
func later(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return -1
	case b.IsZero():
		return 1
	}
	return b.Compare(a)
}

// strictness orders the labels; what is none is the strictest.
func strictness(marking string) int {
	i := slices.Index([]string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"}, marking)
	if i < 0 {
		return 5
	}
	return i
}

// manifest says of each entry what most formats cannot.
func manifest(entries []Entry, now time.Time) []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"type", "value", "until", "marking", "giver", "list", "statement", "observed", "written"}}
	for _, e := range entries {
		rows = append(rows, []string{string(e.Value.Type), e.Value.Canonical, stamp(e.Until), e.Marking, e.Giver, unformula(oneLine(e.List)), e.Ref, stamp(e.Observed), stamp(now)})
	}
	_ = w.WriteAll(rows) // to a builder, which does not fail
	return []byte(b.String())
}

// unformula keeps spreadsheets from calculating what somebody called his list.
func unformula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// remark is what a comment says of an entry, on one line.
func (e Entry) remark() string {
	until := "no end said"
	if !e.Until.IsZero() {
		until = "until " + stamp(e.Until)
	}
	return oneLine(e.Marking + ", " + until + ", " + e.Giver + ": " + e.List + " (" + e.Ref + ")")
}

// oneLine makes a text fit one line of any file: no control characters, no
// separators of lines, nothing invisible.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
}

// heading is the comment at the top of a file.
func heading(sign string, s Settings, lines ...string) string {
	out := sign + " made by entente " + stamp(s.Now) + "; " + manifestName + " says of each entry until when, under which marking, by whom\n"
	for _, l := range lines {
		out += sign + " " + l + "\n"
	}
	return out
}
