package border

import (
	"slices"
	"strings"
)

// MaxLeak is the longest leaked text that is read, in bytes.
const MaxLeak = 8 << 20

// reading is what a leaked text holds of the copies of one release.
type reading struct {
	text  string
	at    map[string]int // lower-case value to where it begins
	order []int          // every place where a value begins, rising
	words int            // tokens that were looked at
}

// refanged undoes what people do to values so that nobody clicks on them.
var refanged = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[:]", ":", "[://]", "://", "[@]", "@", "(@)", "@", "[at]", "@", "(at)", "@", "hxxp", "http")

// separates says what stands between values in text, CSV, JSON and patterns.
func separates(r rune) bool {
	return r <= ' ' || strings.ContainsRune(`,;|"'<>()[]{}=`+"`", r) || r == '\u00a0' || r == '\ufeff'
}

// read looks for known values (in lower case) in a text of any form.
func read(leak []byte, known map[string]bool) reading {
	r := reading{text: refanged.Replace(strings.ToLower(string(leak))), at: make(map[string]int)}
	start := -1
	look := func(end int) {
		if start < 0 {
			return
		}
		r.words++
		for _, v := range forms(r.text[start:end]) {
			if _, again := r.at[v]; known[v] && !again {
				at := start + max(strings.Index(r.text[start:end], strings.TrimSuffix(v, "/")), 0)
				r.at[v] = at
				r.order = append(r.order, at)
			}
		}
		start = -1
	}
	for i, c := range r.text {
		if separates(c) {
			look(i)
		} else if start < 0 {
			start = i
		}
	}
	look(len(r.text))
	slices.Sort(r.order)
	r.order = slices.Compact(r.order)
	return r
}

// forms returns the values that a token may stand for: itself, without scheme
// and the punctuation of a sentence, and its host.
func forms(token string) []string {
	if _, rest, ok := strings.Cut(token, "://"); ok {
		token = rest
	}
	token = strings.TrimRight(token, ".:!?*")
	host, _, _ := strings.Cut(token, "/")
	host, _, _ = strings.Cut(host, ":")
	all := []string{token, token + "/", strings.TrimSuffix(token, "/")}
	if host != token {
		all = append(all, host)
	}
	if _, domain, ok := strings.Cut(token, "@"); ok {
		all = append(all, domain)
	}
	return all
}

// beside returns the text that belongs to a value: from behind it to the next one.
func (r reading) beside(value string) string {
	const most = 2048
	at, ok := r.at[value]
	if !ok {
		return ""
	}
	end := min(at+len(value)+most, len(r.text))
	if i, _ := slices.BinarySearch(r.order, at+1); i < len(r.order) {
		end = min(end, r.order[i])
	}
	return r.text[min(at+len(value), end):end]
}

// mark is one of the places where copies differ: in which of two ways it is
// written there. Places are the same in all copies of a release.
type mark struct{ place, way string }

// marksOf reads the marks of one copy from its real lines.
func marksOf(lines []Line) []mark {
	var all []mark
	for i := 0; i+1 < len(lines); i += 2 {
		a, b := lower(lines[i].Value), lower(lines[i+1].Value)
		all = append(all, mark{"order " + min(a, b) + " " + max(a, b), rise(a < b)})
	}
	for _, l := range lines {
		if date, ok := bareDate(l.Observed); ok {
			all = append(all, mark{"date " + lower(l.Value) + " " + date, way(l.Observed != date)})
		}
		if note, ok := bareNote(l); ok {
			all = append(all, mark{"note " + lower(l.Value) + " " + lower(note), way(l.Note != note)})
		}
	}
	return all
}

func way(more bool) string {
	if more {
		return "long"
	}
	return "short"
}

func rise(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

func lower(s string) string { return strings.ToLower(s) }

// way reads one mark in the leak; "" where it cannot be read.
func (r reading) way(place string) string {
	kind, rest, _ := strings.Cut(place, " ")
	value, rest, _ := strings.Cut(rest, " ")
	a, ok := r.at[value]
	if !ok {
		return ""
	}
	switch kind {
	case "order":
		b, ok := r.at[rest]
		if !ok || a == b {
			return ""
		}
		return rise(a < b)
	case "date":
		return ending(r.beside(value), rest, lower(midnight))
	default:
		return ending(r.beside(value), rest, ".")
	}
}

// ending says whether a text that stands somewhere goes on with more.
func ending(in, text, more string) string {
	_, after, ok := strings.Cut(in, text)
	if !ok {
		return ""
	}
	return way(strings.HasPrefix(after, more))
}
