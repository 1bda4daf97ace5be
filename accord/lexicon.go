package accord

import (
	"strconv"
	"strings"
	"time"
)

// Lexicon is the catalogue of one language, as far as derived texts need it.
// Text returns the text of a key, with {name} places. Everything derived is made
// of these texts, ids and numbers; what a party wrote stands in quotation marks
// with its speaker.
type Lexicon struct {
	Lang string
	Text func(key string) string
}

// Say fills the places of a text: names and values in turn.
func (l Lexicon) Say(key string, pairs ...string) string {
	swap := make([]string, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		swap[i], swap[i+1] = "{"+pairs[i]+"}", pairs[i+1]
	}
	return strings.NewReplacer(swap...).Replace(l.Text(key))
}

// Age writes the two largest units of a length of time, in whole minutes.
func (l Lexicon) Age(d time.Duration) string {
	units := []struct {
		key  string
		size time.Duration
	}{{"unit.day", 24 * time.Hour}, {"unit.hour", time.Hour}, {"unit.minute", time.Minute}}
	d = max(d, 0)
	for i, u := range units {
		if d < u.size && i < len(units)-1 {
			continue
		}
		out := l.Say(u.key, "n", strconv.FormatInt(int64(d/u.size), 10))
		if i < len(units)-1 && d%u.size >= units[i+1].size {
			out += " " + l.Say(units[i+1].key, "n", strconv.FormatInt(int64(d%u.size/units[i+1].size), 10))
		}
		return out
	}
	return ""
}

// Quote is a party's own text in the reader's language, or else in the first
// that it has, made harmless as Markdown.
func (l Lexicon) Quote(t Texts) string {
	s := t.In(l.Lang)
	if s == "" {
		return ""
	}
	return l.Say("accord.quote", "text", Markdown(s))
}

// Markdown makes one line of foreign text that Markdown shows as it is.
func Markdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case strings.ContainsRune("“”„«»", r): // of the quotation that it stands in
			b.WriteByte('"')
		case strings.ContainsRune("\\`*_[]<>#|~&!", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func stamp(at int64) string { return time.Unix(at, 0).UTC().Format("2006-01-02 15:04") }
