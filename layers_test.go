package entente

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the package list in ARCHITECTURE.md")

const module = "entente"

// areas are the product's words: one top-level folder each, pure.
var areas = []string{"record", "border", "exchange", "match", "watch", "election", "accord"}

// base is what every area stands on.
var base = []string{"statement", "observable", "charter"}

// sideways are the only arrows between packages of one level. A name covers
// the folders below it.
var sideways = []struct{ from, to string }{
	{"charter", "statement"},
	{"observable", "statement"},
	{"accord", "record"},
	{"border", "exchange/stix"},
	{"watch", "exchange/stix"},
	{"exchange/misp", "exchange/stix"},
	{"exchange/taxii", "exchange/stix"},
	{"election", "watch/event"},
	{"exchange/convert", "record"},
	{"exchange/convert", "border"},
	{"exchange/convert", "match"},
	{"exchange/convert", "watch"},
	{"exchange/convert", "election"},
	{"exchange/convert", "accord"},
	{"internal/logfile", "internal/disk"},
	{"internal/headfile", "internal/disk"},
	{"internal/segment", "internal/disk"},
	{"internal/account", "internal/regular"},
	{"internal/certfetch", "internal/regular"},
	{"internal/cvrfile", "internal/regular"},
	{"internal/ingest", "internal/regular"},
	{"internal/mispfeed", "internal/regular"},
	{"internal/nats", "internal/regular"},
}

// thirdParty is what each folder may import of other people's modules; a
// reason for each stands in docs/decisions.md. statement and charter stand on
// the standard library alone.
var thirdParty = map[string][]string{
	"observable":         {"golang.org/x/net/idna", "golang.org/x/net/publicsuffix"},
	"record":             {"golang.org/x/mod/sumdb/note", "golang.org/x/mod/sumdb/tlog", "filippo.io/age", "filippo.io/mldsa"},
	"border":             {"github.com/gaissmai/bart"},
	"exchange":           {"github.com/go-json-experiment/json", "golang.org/x/text/unicode/norm"},
	"exchange/stix":      {"github.com/gowebpki/jcs"},
	"accord":             {"golang.org/x/text/unicode/norm"},
	"election/cvr":       {"github.com/go-json-experiment/json", "golang.org/x/mod/sumdb/tlog", "golang.org/x/text/unicode/norm"},
	"election/certlog":   {"golang.org/x/mod/sumdb/tlog"},
	"election/lookalike": {"go.mau.fi/util/confusable", "golang.org/x/net/idna", "golang.org/x/net/publicsuffix", "golang.org/x/text/unicode/norm"},
	"election/results":   {"golang.org/x/mod/sumdb/tlog", "golang.org/x/text/unicode/norm"},
	"watch/indicator":    {"github.com/gaissmai/bart", "github.com/FastFilter/xorfilter"},
	"watch/quote":        {"golang.org/x/sys/cpu"},
	"watch/format":       {},
	"watch/packet":       {"github.com/gopacket/gopacket", "golang.org/x/net/dns/dnsmessage"},
	"match/group":        {"github.com/oasisprotocol/curve25519-voi"},
	"internal/pcap":      {"github.com/gopacket/gopacket"},
	"watch/archive":      {"github.com/FastFilter/xorfilter", "github.com/cespare/xxhash/v2"},
	"watch/sigma":        {"github.com/goccy/go-yaml"},
	"internal/account":   {"golang.org/x/crypto/scrypt"},
	"internal/keyfile":   {"filippo.io/age", "filippo.io/mldsa"},
	"internal/logfile":   {"golang.org/x/mod/sumdb/tlog"},
	"internal/headfile":  {"golang.org/x/mod/sumdb/tlog"},
	"internal/disk":      {"golang.org/x/sys/unix", "golang.org/x/sys/windows"},
	"internal/peer":      {"golang.org/x/mod/sumdb/tlog", "golang.org/x/sync"},
	"internal/carry":     {"golang.org/x/mod/sumdb/tlog"},
	"internal/ingest":    {"github.com/fsnotify/fsnotify", "github.com/klauspost/compress/zstd"},
	"internal/sqlite":    {"modernc.org/sqlite"},
	"internal/segment":   {"github.com/klauspost/compress", "golang.org/x/sys"},
	"internal/parquet":   {"github.com/parquet-go/parquet-go", "github.com/klauspost/compress"},
	"internal/nats":      {"github.com/nats-io/nats.go"},
	"internal/misphttp":  {"github.com/go-json-experiment/json"},
	// a suite that runs real servers
	"internal/nats/natstest": {"github.com/nats-io/nats-server"},
	"internal/syslog":        {"golang.org/x/sys/unix"},
	"internal/webcapture":    {"golang.org/x/net/html"},
	"node":                   {"github.com/goccy/go-yaml", "golang.org/x/sync/errgroup", "golang.org/x/mod/sumdb", "filippo.io/age"},
	"console":                {"golang.org/x/text/feature/plural", "golang.org/x/text/language"},
	"cmd":                    {"golang.org/x/crypto/ssh", "golang.org/x/net/publicsuffix", "github.com/mattn/go-isatty", "golang.org/x/mod/sumdb", "golang.org/x/sys", "golang.org/x/sync/errgroup"},
}

// impure are imports that tie a package to a machine, a clock or chance.
var impure = []string{
	"os", "net", "net/http", "database/sql", "log", "syscall", "plugin", "unsafe",
	"crypto/rand", "math/rand", "embed", "golang.org/x/sys",
}

// pureStill are packages below those that only parse, or say what the processor can do.
var pureStill = []string{"net/netip", "net/url", "net/mail", "net/textproto", "golang.org/x/sys/cpu"}

type pkg struct {
	ImportPath   string
	Name         string
	Dir          string
	Doc          string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string

	rel string
}

// testOnly are conformance suites and simulations: only tests import them.
func (p pkg) testOnly() bool { return strings.HasSuffix(p.Name, "test") }

func (p pkg) top() string { return top(p.rel) }

func top(rel string) string {
	first, _, _ := strings.Cut(rel, "/")
	return first
}

// packages lists the module's packages that hold more than tests.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Dir,Doc,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var list []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		p.rel = strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if len(p.GoFiles) > 0 && p.rel != "" { // the root only tests
			list = append(list, p)
		}
	}
}

// within reports whether rel is folder or below it.
func within(rel, folder string) bool { return rel == folder || strings.HasPrefix(rel, folder+"/") }

func withinAny(rel string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(rel, f) })
}

// allowed is the import table: cmd -> node -> { console, api, internal/* } ->
// areas -> base -> standard library. Levels may be skipped downward.
func allowed(from, to string) bool {
	low := slices.Contains(areas, top(to)) || slices.Contains(base, top(to))
	for _, s := range sideways {
		if within(from, s.from) && within(to, s.to) {
			return true
		}
	}
	switch f := top(from); {
	case f == "cmd":
		return top(to) != "cmd"
	case f == "node":
		return top(to) != "cmd" && top(to) != "node"
	case f == "console" || f == "api":
		return low || top(to) == f
	case f == "internal":
		return low || within(to, from) // siblings never import each other
	case slices.Contains(areas, f):
		return slices.Contains(base, top(to)) || f == top(to)
	case slices.Contains(base, f):
		return within(to, f)
	}
	return false
}

// TestImports checks every direct import against the table.
func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		if !known(p.rel) {
			t.Errorf("%s: new folder: give it a place in layers_test.go and ARCHITECTURE.md", p.rel)
			continue
		}
		for _, imp := range p.Imports {
			rel, own := strings.CutPrefix(imp, module+"/")
			switch {
			case own && strings.HasSuffix(path.Base(rel), "test") && !p.testOnly():
				t.Errorf("%s must not import %s: it is for tests", p.rel, rel)
			case own && p.testOnly() && within(p.rel, rel):
				// a suite below the package that it tests
			case own && !allowed(p.rel, rel):
				t.Errorf("%s must not import %s", p.rel, rel)
			case !own && strings.Contains(top(imp), ".") && !thirdPartyAllowed(p.rel, imp):
				t.Errorf("%s must not import %s: not on its list of third-party modules", p.rel, imp)
			}
		}
	}
}

func known(rel string) bool {
	return slices.Contains(areas, top(rel)) || slices.Contains(base, top(rel)) ||
		slices.Contains([]string{"cmd", "node", "console", "api", "internal"}, top(rel))
}

func thirdPartyAllowed(rel, imp string) bool {
	for folder, list := range thirdParty {
		if within(rel, folder) && withinAny(imp, list) {
			return true
		}
	}
	return false
}

// TestPure keeps machines, clocks and chance out of the areas and the base.
// Only direct imports are checked; TestSource looks for the clock itself.
func TestPure(t *testing.T) {
	for _, p := range packages(t) {
		if !pure(p) {
			continue
		}
		for _, imp := range p.Imports {
			if withinAny(imp, impure) && !slices.Contains(pureStill, imp) {
				t.Errorf("%s is pure and must not import %s", p.rel, imp)
			}
		}
	}
}

func pure(p pkg) bool {
	return !p.testOnly() && (slices.Contains(areas, p.top()) || slices.Contains(base, p.top()))
}

const mapStart, mapEnd = "<!-- packages -->\n", "<!-- /packages -->\n"

// TestArchitecture compares the package list of ARCHITECTURE.md with the
// first sentences of the package comments; -update rewrites the list.
func TestArchitecture(t *testing.T) {
	var want strings.Builder
	for _, p := range packages(t) {
		rest, ok := strings.CutPrefix(p.Doc, "Package "+p.Name+" ")
		if p.Name == "main" {
			rest, ok = strings.CutPrefix(p.Doc, "Command "+path.Base(p.rel)+" ")
		}
		if !ok || !strings.HasSuffix(rest, ".") {
			t.Errorf("%s: the package comment begins %q, want %q and one sentence", p.rel, p.Doc, "Package "+p.Name+" ")
		}
		fmt.Fprintf(&want, "- `%s` %s\n", p.rel, rest)
	}
	data, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), mapStart)
	got, after, ok2 := strings.Cut(rest, mapEnd)
	if !ok || !ok2 {
		t.Fatalf("ARCHITECTURE.md has no list between %q and %q", mapStart, mapEnd)
	}
	if *update {
		got = want.String()
		data = []byte(before + mapStart + got + mapEnd + after)
		if err := os.WriteFile("ARCHITECTURE.md", data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if lines := strings.Count(before+after, "\n"); lines > 100 {
		t.Errorf("ARCHITECTURE.md has %d lines beside its list, at most 100", lines)
	}
	if got == want.String() {
		return
	}
	for line := range strings.Lines(want.String()) {
		if !strings.Contains(got, line) {
			t.Errorf("ARCHITECTURE.md lacks: %s", line)
		}
	}
	for line := range strings.Lines(got) {
		if !strings.Contains(want.String(), line) {
			t.Errorf("ARCHITECTURE.md has what is not there: %s", line)
		}
	}
	t.Log("go test -run TestArchitecture -update . rewrites the list")
}
