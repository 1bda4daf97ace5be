package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"entente/internal/nats/natstest"
)

func TestMain(m *testing.M) {
	// Stories wait for nodes more than they compute; -parallel overrides it.
	_ = flag.Set("test.parallel", "4")
	natstest.Main()
	testscript.Main(m, map[string]func(){"entente": main, "mallory": mallory})
}

// TestScript runs the stories of testdata/script with the real binary. Beside
// testscript's commands they have
//
//	freeport NAME...             sets each variable to a free address on 127.0.0.1
//	waitfor SECONDS REGEXP CMD…  repeats a command until its output matches
//	capture NAME REGEXP          sets NAME to the first group in the last stdout
//	ask METHOD URL KEY [BODY]    sends a tool's request; stdout is the answer, "! ask" wants a refusal
//	flip FILE [AFTER] OFFSET     changes one byte of a file, counted from where AFTER first ends
//	data NAME PATH               sets NAME to a file of the shared real data, or to nothing
//	edits CHARTER BUNDLE PAGE    forges a sealed page digit by digit, see there
//	certlog DIR NAME...          makes and serves a log of certificates, see there
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("the stories are whole processes with deadlines; -short leaves them out, as the race run does")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(what string) (bool, error) {
			if what == "forge" {
				return os.Getenv("ENTENTE_EDITS") != "", nil
			}
			return false, fmt.Errorf("no condition %q", what)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("ENTENTE_DIR", "")
			// Nodes of a few seconds: collecting their garbage would be a sixth of the work.
			e.Setenv("GOGC", "400")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport": freeport, "waitfor": waitfor, "capture": capture, "ask": ask, "flip": flip, "nextsecond": nextSecond, "data": sharedData, "website": website, "edits": edits, "certlog": serveLog,
		},
	})
}

// ports counts those that stories were given, from where this process begins: a
// port is given once, also when who had it is away for a while.
var ports = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(uint32(os.Getpid()) * 397)
	return &n
}()

func freeport(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: freeport NAME...")
	}
	// Below the ports that systems give to whoever asks for any, or another test
	// would take one.
	for _, name := range args {
		var l net.Listener
		for range 1000 {
			var err error
			if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+ports.Add(1)%12_000)); err == nil {
				break
			}
		}
		if l == nil {
			ts.Fatalf("no free port")
		}
		ts.Setenv(name, l.Addr().String())
		ts.Check(l.Close())
	}
}

func waitfor(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: waitfor SECONDS REGEXP CMD...")
	}
	limit, err := strconv.Atoi(args[0])
	ts.Check(err)
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	end := time.NewTimer(time.Duration(limit) * time.Second)
	defer end.Stop()
	for {
		out := output(ts, args[2:])
		if want.Match(out) != neg {
			return
		}
		select {
		case <-end.C:
			ts.Fatalf("after %d s still no %q in the output of %s:\n%s", limit, args[1], strings.Join(args[2:], " "), out)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// nextSecond waits until the clock shows a later second than the one named:
// states are as of whole seconds, and what follows must not stand in the same.
func nextSecond(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: nextsecond TIME")
	}
	at, err := time.Parse(time.RFC3339, args[0])
	ts.Check(err)
	left := time.Until(at.Add(time.Second))
	if left > 30*time.Second {
		ts.Fatalf("%s is %s away", args[0], left)
	}
	<-time.After(left)
}

// output runs a command in the script's folder; failing is an answer too.
func output(ts *testscript.TestScript, args []string) []byte {
	path := args[0]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if try := filepath.Join(dir, args[0]); exists(try) {
			path = try
			break
		}
	}
	c := exec.Command(path, args[1:]...)
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("HOME"), "ENTENTE_DIR=")
	out, err := c.CombinedOutput()
	if err != nil {
		out = append(out, "\nexit: "+err.Error()...)
	}
	return out
}

func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME REGEXP")
	}
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	m := want.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		ts.Fatalf("no %q in stdout", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// ask is what a tool on HTTP does: KEY is the whole header Authorization.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 && len(args) != 4 {
		ts.Fatalf("usage: ask METHOD URL KEY [BODY]")
	}
	body := ""
	if len(args) == 4 {
		body = ts.ReadFile(args[3])
	}
	r, err := http.NewRequest(args[0], args[1], strings.NewReader(body))
	ts.Check(err)
	r.Header.Set("Authorization", args[2])
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	ts.Check(err)
	_, err = ts.Stdout().Write(data)
	ts.Check(err)
	if (answer.StatusCode >= 300) != neg {
		ts.Fatalf("%s %s: %s\n%s", args[0], args[1], answer.Status, data)
	}
}

func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: flip FILE [AFTER] OFFSET")
	}
	at, err := strconv.Atoi(args[len(args)-1])
	ts.Check(err)
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if len(args) == 3 {
		before, _, found := bytes.Cut(data, []byte(args[1]))
		if !found {
			ts.Fatalf("%s holds no %s", args[0], args[1])
		}
		at += len(before) + len(args[1])
	}
	if at >= len(data) {
		ts.Fatalf("%s has %d bytes", args[0], len(data))
	}
	data[at] ^= 1
	ts.Check(os.WriteFile(path, data, 0o600))
}

func sharedData(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: data NAME PATH")
	}
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(args[1])))
	ts.Check(err)
	if !exists(path) {
		ts.Logf("the shared real data is not here: %s", args[1])
		ts.Setenv(args[0], "")
		return
	}
	ts.Setenv(args[0], path)
}

// TestVisible: no control sequence of a partner reaches the terminal, and
// JSON stays the same JSON.
func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":          "plain\ttext\n",
		"Ärger 日本":               "Ärger 日本",
		"\x1b[2J":                `\u001b[2J`,
		"a\rb\x00":               `a\u000db\u0000`,
		"c1 \u009b31m":           `c1 \u009b31m`,
		"raw \x9b31m":            `raw \u009b31m`,
		"bidi \u202egnp.exe":     `bidi \u202egnp.exe`,
		"zero\u200bwidth":        `zero\u200bwidth`,
		"line\u2028sep":          `line\u2028sep`,
		"tag \U000e0041":         `tag \U000e0041`,
		clearLine + "12% \x1b[m": clearLine + `12% \u001b[m`,
	} {
		var b bytes.Buffer
		n, err := visible{&b}.Write([]byte(in))
		if err != nil || n != len(in) || b.String() != want {
			t.Errorf("%q became %q (%d, %v), want %q", in, b.String(), n, err, want)
		}
	}
}

// TestFlags: flags may stand before and after the other arguments.
func TestFlags(t *testing.T) {
	e := &env{getenv: func(string) string { return "" }}
	for in, want := range map[string]string{
		"a b":               "a b dir=.",
		"--dir x a":         "a dir=x",
		"a --dir=x b":       "a b dir=x",
		"a -- --dir b":      "a --dir b dir=.",
		"--dir x -- -a":     "-a dir=x",
		"a --dir x -- b c ": "a b c dir=x",
	} {
		f := newFlags(e, "test").withDir()
		rest, err := f.parse(strings.Fields(in))
		if got := strings.Join(append(rest, "dir="+f.dir), " "); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}

// TestHelp: every verb says how it is used, and a wrong flag is wrong use.
func TestHelp(t *testing.T) {
	for _, v := range verbs() {
		var out, errs bytes.Buffer
		e := &env{stdin: strings.NewReader(""), stdout: visible{&out}, stderr: visible{&errs}, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
		if code := run(t.Context(), e, []string{v.name, "-h"}); code != 0 || !strings.Contains(out.String()+errs.String(), "entente "+v.name) {
			t.Errorf("%s -h: %d, %s%s", v.name, code, &out, &errs)
		}
		errs.Reset()
		if code := run(t.Context(), e, []string{v.name, "--no-such-flag"}); code != 2 || !strings.Contains(errs.String(), "error: ") || !strings.Contains(errs.String(), "hint: ") {
			t.Errorf("%s --no-such-flag: %d, %s", v.name, code, &errs)
		}
	}
}

// website serves the files of a folder, as they are just then, until the script
// ends: website NAME FOLDER sets $NAME to its address.
func website(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: website NAME FOLDER")
	}
	s := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[1]))))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.URL)
}
