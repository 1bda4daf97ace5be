package webcapture

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxLinks are the addresses that are looked at in one page, also repeated ones.
const maxLinks = 10_000

func isHTML(mediaType string) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

// links returns the addresses of what a page shows, in order: pictures, style
// sheets, scripts, sounds.
func links(body []byte, base *url.URL) (list []*url.URL) {
	z := html.NewTokenizer(bytes.NewReader(body))
	own, found := true, 0
	for found < maxLinks {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		name, more := z.TagName()
		tag := atom.Lookup(name)
		if tag == atom.Base && own { // the first one that names an address counts
			if u := resolve(base, attributes(z, more)["href"]); u != nil {
				base, own = u, false
			}
			continue
		}
		if target := shown(tag, z, more); target != "" {
			found++
			if u := resolve(base, target); u != nil {
				list = append(list, u)
			}
		}
	}
	return list
}

// shown is the address of what an element shows, empty if it shows nothing.
func shown(tag atom.Atom, z *html.Tokenizer, more bool) string {
	switch tag {
	case atom.Img, atom.Script, atom.Source, atom.Audio, atom.Video, atom.Embed:
		return attributes(z, more)["src"]
	case atom.Link:
		a := attributes(z, more)
		if rel := strings.ToLower(a["rel"]); strings.Contains(rel, "stylesheet") || strings.Contains(rel, "icon") {
			return a["href"]
		}
	}
	return ""
}

// attributes are those of a tag that matter here, each as it stands first.
func attributes(z *html.Tokenizer, more bool) map[string]string {
	a := make(map[string]string)
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		name := string(key)
		if _, twice := a[name]; !twice && (name == "src" || name == "href" || name == "rel") {
			a[name] = strings.TrimSpace(string(value))
		}
	}
	return a
}

// resolve returns nil for what cannot be captured.
func resolve(base *url.URL, target string) *url.URL {
	if target == "" || len(target) > maxAddress {
		return nil
	}
	u, err := base.Parse(target)
	if err != nil {
		return nil
	}
	if u, err = page(u.String()); err != nil {
		return nil
	}
	return u
}

// block are the elements that end a line of text.
var block = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Li: true, atom.Tr: true, atom.Br: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true,
	atom.H5: true, atom.H6: true, atom.Td: true, atom.Th: true, atom.Section: true, atom.Article: true, atom.Blockquote: true, atom.Pre: true,
	atom.Dt: true, atom.Dd: true, atom.Title: true, atom.Header: true, atom.Footer: true, atom.Nav: true, atom.Table: true, atom.Ul: true, atom.Ol: true,
}

// Lines returns the text that a reader of the page sees, a line for each
// block, white space folded. Of what is not HTML it returns the lines as they are.
func Lines(mediaType string, body []byte) []string {
	var lines []string
	add := func(s string) {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			lines = append(lines, strings.ToValidUTF8(s, "\uFFFD"))
		}
	}
	if !isHTML(mediaType) {
		if !strings.HasPrefix(mediaType, "text/") && mediaType != "application/json" && mediaType != "application/xml" {
			return nil
		}
		for l := range strings.Lines(string(body)) {
			add(l)
		}
		return lines
	}
	var line strings.Builder
	hidden := 0
	z := html.NewTokenizer(bytes.NewReader(body))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			add(line.String())
			return lines
		}
		if kind == html.TextToken {
			if hidden == 0 {
				line.Write(z.Text())
			}
			continue
		}
		name, _ := z.TagName()
		switch tag := atom.Lookup(name); {
		case tag == atom.Script || tag == atom.Style || tag == atom.Template:
			if kind == html.EndTagToken {
				hidden = max(0, hidden-1)
			} else { // <script/> too begins a script
				hidden++
			}
		case block[tag]:
			add(line.String())
			line.Reset()
		}
	}
}
