package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed page/*.html
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// screen is one letter of the bar.
type screen struct{ Letter, Path, Key string }

// frame is what every page is given.
type frame struct {
	Title  string // catalogue key
	Lang   string
	Path   string
	User   User
	Signed bool
	Now    time.Time
	Header *Header
	Nav    []screen
	Live   string // which changes the page follows: "watch", "record" or "all"
	Case   string // that the page shows; empty: none
	Up     string // page that Escape and u go back to
	Body   any
}

// pages holds every page in every language, parsed when it is first asked for: a
// node that starts without a reader has better things to do.
type pages struct {
	langs []string
	says  map[string]*catalogue
	sets  map[string]map[string]func() (*template.Template, error) // language, page
}

// outfit is what every console of the program shows: its files, and the pages that
// are made of them.
type outfit struct {
	files *files
	pages pages
}

// embedded is the outfit that comes with the program, one for all of its consoles.
var embedded = sync.OnceValues(func() (outfit, error) {
	files, err := loadFiles()
	if err != nil {
		return outfit{}, err
	}
	pages, err := loadPages(files, localeFiles)
	return outfit{files, pages}, err
})

// shared are the files that every page is put together with.
var shared = []string{"page/layout.html", "page/parts.html", "page/caseparts.html", "page/lineparts.html", "page/electionparts.html", "page/guardparts.html", "page/clauseparts.html", "page/sheetparts.html", "page/writeparts.html", "page/matchparts.html"}

func loadPages(files *files, locale fs.FS) (pages, error) {
	p := pages{languagesIn(locale), map[string]*catalogue{}, map[string]map[string]func() (*template.Template, error){}}
	names, err := fs.Glob(pageFiles, "page/*.html")
	if err != nil {
		return p, err
	}
	for _, lang := range p.langs {
		say, err := catalogueIn(locale, lang)
		if err != nil {
			return p, err
		}
		base, err := template.New("base").Funcs(helpers(say, files)).Funcs(p.tongues()).ParseFS(pageFiles, shared...)
		if err != nil {
			return p, fmt.Errorf("pages: %w", err)
		}
		set := map[string]func() (*template.Template, error){}
		for _, name := range names {
			if slices.Contains(shared, name) {
				continue
			}
			set[strings.TrimSuffix(path.Base(name), ".html")] = sync.OnceValues(func() (*template.Template, error) {
				t, err := base.Clone()
				if err == nil {
					t, err = t.ParseFS(pageFiles, name)
				}
				return t, err
			})
		}
		p.says[lang], p.sets[lang] = say, set
	}
	return p, nil
}

// tongues are the languages there are, and what each calls itself.
func (p pages) tongues() template.FuncMap {
	return template.FuncMap{
		"langs":    func() []string { return p.langs },
		"langName": func(family, lang string) string { return p.says[lang].label(strings.TrimSuffix(family, "."), lang) },
	}
}

func (p pages) say(r *http.Request) *catalogue { return p.says[languageOf(r, p.langs)] }

func (p pages) run(w io.Writer, lang, page string, f frame) error {
	parsed := p.sets[lang][page]
	if parsed == nil {
		return fmt.Errorf("no page %q", page)
	}
	t, err := parsed()
	if err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	if err := t.ExecuteTemplate(w, "layout", f); err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	return nil
}

// files are the style sheets, modules and pictures, under a path that changes
// with their content so that browsers may keep them.
type files struct {
	prefix string // "/static/0123456789abcdef/"
	data   map[string][]byte
}

func loadFiles() (*files, error) {
	f := &files{data: map[string][]byte{}}
	sum := sha256.New()
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := staticFiles.ReadFile(name)
		fmt.Fprintf(sum, "%s %d\n", name, len(data))
		sum.Write(data)
		f.data[path.Base(name)] = data
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	f.prefix = "/static/" + hex.EncodeToString(sum.Sum(nil)[:8]) + "/"
	return f, nil
}

// path returns the URL path of a file; an unknown one is an error in a page.
func (f *files) path(name string) (string, error) {
	if _, ok := f.data[name]; !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return f.prefix + name, nil
}

func (f *files) serve(v *visit) error {
	name := v.r.PathValue("name")
	data, ok := f.data[name]
	if !ok || v.r.URL.Path != f.prefix+name {
		return ErrNotFound
	}
	h := v.w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = v.w.Write(data) // an error means that the browser has gone
	return nil
}

// contentType does not ask the machine's own table.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "application/octet-stream"
	}
}
