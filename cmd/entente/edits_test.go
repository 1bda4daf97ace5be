package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// edits CHARTER BUNDLE PAGE [TIMES] puts another digit in the place of one digit of
// a sealed table of results, again and again, and lets entente verify look at each
// forged copy beside the sealed one and its bundle: it must be refused, and the
// very number named with its row, old and new. ENTENTE_EDITS is how many times.
func edits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 && len(args) != 4 {
		ts.Fatalf("usage: edits CHARTER BUNDLE PAGE [TIMES]")
	}
	times := 500
	for _, n := range append(args[3:], os.Getenv("ENTENTE_EDITS")) {
		if n != "" {
			var err error
			times, err = strconv.Atoi(n)
			ts.Check(err)
		}
	}
	charter, bundle, page := ts.MkAbs(args[0]), ts.MkAbs(args[1]), ts.MkAbs(args[2])
	sealed, err := os.ReadFile(page)
	ts.Check(err)
	end := "\n"
	if !strings.Contains(string(sealed), end) {
		end = "\r"
	}
	rows := strings.SplitAfter(string(sealed), end)
	forged := filepath.Join(filepath.Dir(page), "forged.page")
	rng := rand.New(rand.NewPCG(2020, 11))
	var slowest, all time.Duration
	for i := range times {
		row, at := digitOf(rng, rows)
		edited := append([]string{}, rows...)
		other := '0' + (edited[row][at]-'0'+byte(1+rng.IntN(9)))%10
		edited[row] = edited[row][:at] + string(other) + edited[row][at+1:]
		ts.Check(os.WriteFile(forged, []byte(strings.Join(edited, "")), 0o600))
		began := time.Now()
		code, out := verified(charter, bundle, page, forged)
		took := time.Since(began)
		all += took
		slowest = max(slowest, took)
		if says := namesEdit(out, code, row+1, lastNumber(rows[row]), lastNumber(edited[row])); says != "" {
			ts.Fatalf("edit %d, row %d, %q to %q: %s\n%s", i, row+1, rows[row], edited[row], says, out)
		}
	}
	ts.Check(os.Remove(forged))
	fmt.Fprintf(ts.Stdout(), "%d edits of %d bytes found and proven, the mean in %s, the slowest in %s\n", times, len(sealed), all/time.Duration(times), slowest)
}

// digitOf picks a digit of the last column of any row but the head.
func digitOf(rng *rand.Rand, rows []string) (row, at int) {
	for {
		row = 1 + rng.IntN(len(rows)-1)
		line := strings.TrimRight(rows[row], "\r\n")
		from := strings.LastIndexByte(line, ',') + 1
		if from == 0 || from == len(line) {
			continue
		}
		if at = from + rng.IntN(len(line)-from); line[at] >= '0' && line[at] <= '9' {
			return row, at
		}
	}
}

func lastNumber(row string) int64 {
	row = strings.TrimRight(row, "\r\n")
	n, err := strconv.ParseInt(strings.Trim(row[strings.LastIndexByte(row, ',')+1:], `"`), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func verified(charter string, files ...string) (code int, out string) {
	var b, errs bytes.Buffer
	e := &env{stdin: strings.NewReader(""), stdout: visible{&b}, stderr: visible{&errs}, raw: &b, getenv: func(string) string { return "" }, now: time.Now}
	code = fail(e, verb{}, runVerify(context.Background(), e, append([]string{"--json", "--charter", charter}, files...)))
	return code, b.String()
}

// namesEdit says what is missing of the proof that one number was changed.
func namesEdit(out string, code, row int, before, after int64) string {
	if code != 1 {
		return fmt.Sprint("it exits with ", code)
	}
	sealed := false
	for line := range strings.Lines(out) {
		var d struct {
			Proves, Older, Newer string
			Sealed               *bool
			Changed              []struct {
				Old, New int64
				Rows     []int
			}
			Added, Removed []any
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			return err.Error()
		}
		switch {
		case d.Proves != "":
			sealed = sealed || d.Proves == "page"
		case d.Sealed == nil || *d.Sealed || !sealed:
			return "the forged copy counts as sealed, or the other does not"
		case len(d.Changed) != 1 || len(d.Added)+len(d.Removed) > 0:
			return fmt.Sprintf("%d numbers changed, %d came, %d went", len(d.Changed), len(d.Added), len(d.Removed))
		case d.Changed[0].Old != before || d.Changed[0].New != after || len(d.Changed[0].Rows) != 1 || d.Changed[0].Rows[0] != row:
			return fmt.Sprintf("%+v is named", d.Changed[0])
		default:
			return ""
		}
	}
	return "nothing is said of the forged copy"
}
