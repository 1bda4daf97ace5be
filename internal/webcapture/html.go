package webcapture

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const maxTokens = 400_000

// links returns the addresses of what a page shows, in order: pictures, style
// sheets, scripts, sounds.
func links(page []byte, base *url.URL) []string {
	var list []string
	z := html.NewTokenizer(bytes.NewReader(page))
	for range maxTokens {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		t := z.Token()
		attr := func(name string) string {
			for _, a := range t.Attr {
				if a.Key == name {
					return strings.TrimSpace(a.Val)
				}
			}
			return ""
		}
		target := ""
		switch t.DataAtom {
		case atom.Img, atom.Script, atom.Source, atom.Audio, atom.Video, atom.Embed:
			target = attr("src")
		case atom.Link:
			if rel := strings.ToLower(attr("rel")); strings.Contains(rel, "stylesheet") || strings.Contains(rel, "icon") {
				target = attr("href")
			}
		case atom.Base:
			if u, err := base.Parse(attr("href")); err == nil {
				base = u
			}
		}
		if u, err := base.Parse(target); err == nil && target != "" && (u.Scheme == "http" || u.Scheme == "https") {
			u.Fragment = ""
			list = append(list, u.String())
		}
	}
	return list
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
			lines = append(lines, s)
		}
	}
	if mediaType != "text/html" && mediaType != "application/xhtml+xml" {
		if !strings.HasPrefix(mediaType, "text/") && mediaType != "application/json" && mediaType != "application/xml" {
			return nil
		}
		for l := range strings.Lines(strings.ToValidUTF8(string(body), "\uFFFD")) {
			add(l)
		}
		return lines
	}
	var line strings.Builder
	hidden := 0
	z := html.NewTokenizer(bytes.NewReader(body))
	for range maxTokens {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		t := z.Token()
		switch {
		case kind == html.TextToken && hidden == 0:
			line.WriteString(t.Data)
		case t.DataAtom == atom.Script || t.DataAtom == atom.Style || t.DataAtom == atom.Template:
			if kind == html.StartTagToken {
				hidden++
			} else if kind == html.EndTagToken {
				hidden = max(0, hidden-1)
			}
		case block[t.DataAtom]:
			add(line.String())
			line.Reset()
		}
	}
	add(line.String())
	return lines
}
