package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"entente/node"
)

// visible writes text so that a terminal only shows it: control characters
// but line ends and tabs, bytes that are no text, and characters that reorder
// or hide others become escapes like \u202e. JSON stays the same JSON.
type visible struct{ w io.Writer }

// clearLine begins what progress writes; nothing else passes unchanged.
const clearLine = "\r\x1b[K"

func (v visible) Write(b []byte) (int, error) {
	if plain(b) {
		return v.w.Write(b)
	}
	var out strings.Builder
	rest, clear := bytes.CutPrefix(b, []byte(clearLine))
	if clear {
		out.WriteString(clearLine)
	}
	for len(rest) > 0 {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, "\\u%04x", rest[0])
		case r > 0xffff && hidden(r):
			fmt.Fprintf(&out, "\\U%08x", r)
		case hidden(r):
			fmt.Fprintf(&out, "\\u%04x", r)
		default:
			out.WriteRune(r)
		}
		rest = rest[size:]
	}
	_, err := io.WriteString(v.w, out.String())
	return len(b), err
}

func plain(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f || c < 0x20 && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

func hidden(r rune) bool {
	if r == '\n' || r == '\t' {
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp)
}

// printf writes to stdout.
func (e *env) printf(format string, a ...any) { fmt.Fprintf(e.stdout, format, a...) }

// note writes to stderr what is worth knowing and no error.
func (e *env) note(format string, a ...any) { fmt.Fprintf(e.stderr, format+"\n", a...) }

// json writes one object on one line.
func (e *env) json(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// table writes rows in columns; the first row is the head.
func (e *env) table(rows [][]string) {
	w := tabwriter.NewWriter(e.stdout, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = strings.NewReplacer("\t", " ", "\n", " ").Replace(cell)
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // the screen is gone if this fails
}

// short cuts a text for a column.
func short(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// progress shows how far a long work has come, on a terminal only. The
// function returned is called at the end.
func (e *env) progress(what string) (node.Progress, func()) {
	if !e.terminal {
		return nil, func() {}
	}
	last := time.Time{}
	tell := func(done, total uint64) {
		if time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		if total > 0 {
			fmt.Fprintf(e.stderr, clearLine+"%s %d%%", what, 100*done/total)
		} else {
			fmt.Fprintf(e.stderr, clearLine+"%s %d", what, done)
		}
	}
	return tell, func() { fmt.Fprint(e.stderr, clearLine) }
}

// archiveProgress is progress as a node tells it of its archive.
func (e *env) archiveProgress() (func(done, total int64), func()) {
	tell, done := e.progress("archive")
	return func(n, total int64) {
		if tell != nil {
			tell(uint64(n), uint64(total))
		}
	}, done
}

// counted is "1 leaf" or "2 leaves".
func counted[N int | int64 | uint64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
