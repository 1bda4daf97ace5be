package entente

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The sizes that keep a file readable at one sitting, in lines.
const (
	maxFileLines     = 500
	maxTestFileLines = 600
	maxFuncLines     = 80
	maxRunLines      = 150 // node.Run alone: it puts everything together
)

var (
	badNames   = []string{"util", "utils", "common", "helpers", "helper", "manager", "models", "services", "misc", "pkg"}
	unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)
	sleeps     = regexp.MustCompile(`^[^#]*\bsleep [0-9.]`)
	sqlText    = regexp.MustCompile(`\bSELECT `)
	sqlFolders = []string{"internal/sqlite", "internal/postgres"}
)

// source is one parsed Go file.
type source struct {
	p    pkg
	name string // path from the repository's root
	test bool
	set  *token.FileSet
	ast  *ast.File
	text []byte
}

func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.name, s.set.Position(n.Pos()).Line)
}

func (s source) lines(n ast.Node) int {
	return s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line + 1
}

func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	for _, p := range packages(t) {
		for i, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, name, text, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, source{p, filepath.ToSlash(filepath.Join(p.rel, name)), i >= len(p.GoFiles), set, f, text})
		}
	}
	return list
}

// TestSource reads every Go file of the module (those that this platform
// builds) for what the compiler does not forbid and this house does.
func TestSource(t *testing.T) {
	for _, s := range sources(t) {
		for _, why := range slices.Concat(s.size(), s.names(), s.state(), s.calls(), s.words()) {
			t.Error(why)
		}
	}
}

func (s source) size() (bad []string) {
	limit := maxFileLines
	if s.test {
		limit = maxTestFileLines
	}
	if n := strings.Count(string(s.text), "\n"); n > limit {
		bad = append(bad, fmt.Sprintf("%s: %d lines, at most %d", s.name, n, limit))
	}
	if s.test {
		return bad
	}
	for _, d := range s.ast.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		limit := maxFuncLines
		if s.p.rel == "node" && f.Name.Name == "Run" {
			limit = maxRunLines
		}
		if n := s.lines(f); n > limit {
			bad = append(bad, fmt.Sprintf("%s: func %s has %d lines, at most %d", s.at(f), f.Name.Name, n, limit))
		}
	}
	return bad
}

func (s source) names() (bad []string) {
	file := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(s.name), ".go"), "_test")
	for _, word := range append(strings.Split(s.p.rel, "/"), file) {
		if slices.Contains(badNames, word) {
			bad = append(bad, fmt.Sprintf("%s: %q names nothing", s.name, word))
		}
	}
	return bad
}

// state finds init functions and package variables made to be filled later.
func (s source) state() (bad []string) {
	if s.test {
		return nil
	}
	for _, d := range s.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				bad = append(bad, s.at(d)+": no init functions; node.Run puts things together")
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if ok && d.Tok == token.VAR && len(v.Values) == 0 && !embedded(d, v) {
					bad = append(bad, fmt.Sprintf("%s: package variable %s without a value is state", s.at(v), v.Names[0].Name))
				}
			}
		}
	}
	return bad
}

func embedded(d *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, g := range []*ast.CommentGroup{d.Doc, v.Doc} {
		if g != nil && strings.Contains(fmt.Sprint(texts(g)), "//go:embed") {
			return true
		}
	}
	return false
}

func texts(g *ast.CommentGroup) (list []string) {
	for _, c := range g.List {
		list = append(list, c.Text)
	}
	return list
}

// calls finds clocks and chance in pure code, sleeping tests and tests that
// skip without a reason.
func (s source) calls() (bad []string) {
	var virtual []ast.Node // what runs in testing/synctest, by what is written here
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && called(call) == "synctest.Test" {
			virtual = append(virtual, call)
		}
		return true
	})
	bubble := func(n ast.Node) bool {
		return slices.ContainsFunc(virtual, func(v ast.Node) bool { return n.Pos() >= v.Pos() && n.End() <= v.End() })
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if ok {
			name := fmt.Sprint(sel.X) + "." + sel.Sel.Name
			clock := slices.Contains([]string{"time.Now", "time.Since", "time.Until", "time.After", "time.NewTimer", "time.NewTicker", "time.AfterFunc", "time.Sleep"}, name)
			switch {
			case clock && !s.test && pure(s.p):
				bad = append(bad, fmt.Sprintf("%s: %s in a pure package; time is an argument", s.at(n), name))
			case name == "time.Sleep" && s.test && !bubble(sel):
				bad = append(bad, s.at(n)+": time.Sleep in a test; wait for the event, or use testing/synctest")
			case sel.Sel.Name == "SkipNow" && s.test:
				bad = append(bad, s.at(n)+": a test skips with a reason")
			}
		}
		call, ok := n.(*ast.CallExpr)
		if ok && s.test && len(call.Args) == 0 {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Skip" {
				bad = append(bad, s.at(n)+": a test skips with a reason")
			}
		}
		return true
	})
	return bad
}

// called is what a call names: a package or a value, and a function of it.
func called(call *ast.CallExpr) string {
	if f, ok := call.Fun.(*ast.SelectorExpr); ok {
		return fmt.Sprint(f.X) + "." + f.Sel.Name
	}
	return ""
}

// TestScriptsWait: no story sleeps; it waits for what must come about.
func TestScriptsWait(t *testing.T) {
	scripts, err := filepath.Glob("*/*/testdata/script/*.txtar")
	if err != nil || len(scripts) < 10 {
		t.Fatalf("%d stories, %v", len(scripts), err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if sleeps.MatchString(line) {
				t.Errorf("%s:%d: %s: wait for the event, by waitfor", path, i+1, line)
			}
		}
	}
}

// words finds unfinished work and SQL outside its folder.
func (s source) words() (bad []string) {
	for _, g := range s.ast.Comments {
		if unfinished.MatchString(g.Text()) {
			bad = append(bad, s.at(g)+": unfinished work belongs into an issue")
		}
	}
	if s.test || withinAny(s.p.rel, sqlFolders) {
		return bad
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && sqlText.MatchString(lit.Value) {
			bad = append(bad, s.at(n)+": SQL lives in internal/sqlite")
		}
		return true
	})
	return bad
}
