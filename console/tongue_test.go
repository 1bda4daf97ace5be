package console

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// latin is a word of Latin letters; what is joined to it by signs that no
// sentence has within a word belongs to it: addresses, ids, names of files.
var latin = regexp.MustCompile(`[\pL\pN_./:@+#-]*[A-Za-z]{2}[\pL\pN_./:@+#-]*`)

// data are words that no language has: with figures, or joined by signs.
var data = regexp.MustCompile(`^norm-[a-k]$|[0-9/_@=]|[A-Za-z][.:][A-Za-z]`)

// filled is what a module puts words into, and the names of plural forms.
var filled = regexp.MustCompile(`\{\w+\}|"(one|few|many)":`)

// sameEverywhere are words that Russian writes as English does: names of formats,
// of programs, and of units and markings of the field.
var sameEverywhere = map[string]bool{
	"UTC": true, "STIX": true, "MISP": true, "JSON": true, "URL": true, "Markdown": true, "Sigma": true, "TLP": true, "English": true, "EN": true, "RU": true,
	// as programs, formats, cells of a matrix and acts of a charter are called
	"OCSF": true, "CVE": true, "CSV": true, "ALPHA": true, "USC": true, "DISARM": true, "posts": true, "folder": true, "seal": true, "BRAVO": true, "stix": true, "syslog": true, "weblog": true, "zeektsv": true, "sigma": true, "II": true, "CC": true, "NA": true, "indicator": true, "intrusion": true, "election": true, "PIN-код": true, "ssh-agent": true, "config.yaml": true,
	// whom and what the sample names
	"entente": true, "north": true, "south": true, "observer": true, "blank": true, "orlova": true, "petrov": true, "us": true, "ru": true, "en": true, "desk": true, "administrator": true, "eve": true, "zone": true, "adams": true, "dover": true, "verify": true,
}

// quoted is what the sample names its charter, and what rules and logs in it say.
var quoted = strings.NewReplacer("Joint unit, autumn exercise", "", "Many failed logins, then one that works", "", "unheard of", "", "zip?id=9", "")

// TestRussian walks every page in Russian: what a reader sees or hears there has
// no English word, but for names, ids and what somebody said, which stand in
// elements that mark them as such.
func TestRussian(t *testing.T) {
	e := newEvery(t)
	for _, l := range looks() {
		root, err := html.Parse(e.ask(l, "ru").Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range spoken(root, true) {
			for _, word := range latin.FindAllString(quoted.Replace(filled.ReplaceAllString(said, "")), -1) {
				word = strings.Trim(word, "./:#-")
				if !sameEverywhere[word] && !data.MatchString(word) {
					t.Errorf("%v: %q in %.120q", l, word, strings.Join(strings.Fields(said), " "))
				}
			}
		}
	}
}

// foreign reports whether an element holds what is the same in every language, or
// is in a language that it names.
func foreign(n *html.Node) bool {
	switch n.Data {
	case "bdi", "code", "pre", "kbd", "script", "style", "textarea", "svg":
		return true
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "lang":
			if n.Data != "html" && a.Val != "ru" {
				return true
			}
		case "class":
			for c := range strings.FieldsSeq(a.Val) {
				if slices.Contains([]string{"mono", "raw", "digest", "tlp", "me-name", "brand-name"}, c) {
					return true
				}
			}
		}
	}
	return false
}

// spoken are the texts below a node that a reader comes to see or hear.
func spoken(n *html.Node, shown bool) (list []string) {
	switch n.Type {
	case html.TextNode:
		if s := strings.TrimSpace(n.Data); s != "" && shown {
			list = append(list, s)
		}
	case html.ElementNode:
		shown = shown && !foreign(n)
		for _, a := range n.Attr {
			if slices.Contains([]string{"title", "aria-label", "alt", "placeholder", "data-label"}, a.Key) || strings.HasPrefix(a.Key, "data-word") || slices.Contains([]string{"data-forms", "data-text", "data-failed", "data-absent"}, a.Key) {
				if shown {
					list = append(list, a.Val)
				}
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		list = append(list, spoken(c, shown)...)
	}
	return list
}
