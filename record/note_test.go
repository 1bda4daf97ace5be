package record

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"entente/statement"
)

// TestParseCheckpoint: three lines in one spelling (C2SP tlog-checkpoint).
func TestParseCheckpoint(t *testing.T) {
	root := base64.StdEncoding.EncodeToString(EmptyRoot[:])
	good := "entente/north/00112233\n7\n" + root + "\n"
	c, err := ParseCheckpoint([]byte(good))
	if err != nil || c.Origin != "entente/north/00112233" || c.Size != 7 || c.Root != EmptyRoot || string(c.Text()) != good {
		t.Fatalf("got %+v, %v", c, err)
	}
	for name, bad := range map[string]string{
		"empty":            "",
		"no final newline": strings.TrimSuffix(good, "\n"),
		"CRLF":             strings.ReplaceAll(good, "\n", "\r\n"),
		"extension":        good + "more\n",
		"empty extension":  good + "\n",
		"no origin":        "\n7\n" + root + "\n",
		"two lines":        "origin\n7\n",
		"size 07":          strings.Replace(good, "7", "07", 1),
		"size +7":          strings.Replace(good, "7", "+7", 1),
		"size -7":          strings.Replace(good, "7", "-7", 1),
		"size 0x7":         strings.Replace(good, "7", "0x7", 1),
		"size 7 and blank": strings.Replace(good, "7", "7 ", 1),
		"size of no digit": strings.Replace(good, "7", "", 1),
		"size 2^53+1":      strings.Replace(good, "7", "9007199254740993", 1),
		"size 2^63":        strings.Replace(good, "7", "9223372036854775808", 1),
		"size 2^64":        strings.Replace(good, "7", "18446744073709551616", 1),
		"short root":       strings.Replace(good, root, base64.StdEncoding.EncodeToString(EmptyRoot[:31]), 1),
		"long root":        strings.Replace(good, root, base64.StdEncoding.EncodeToString(make([]byte, 33)), 1),
		"root in hex":      strings.Replace(good, root, fmt.Sprintf("%x", EmptyRoot), 1),
		"root unpadded":    strings.Replace(good, root, strings.TrimRight(root, "="), 1),
		"trailing bits":    strings.Replace(good, root, strings.Repeat("A", 42)+"B=", 1),
	} {
		if _, err := ParseCheckpoint([]byte(bad)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := ParseCheckpoint([]byte(strings.Replace(good, "7", "9007199254740992", 1))); err != nil {
		t.Errorf("size 2^53: %v", err)
	}
}

// TestOpen reads a note with the signatures of six roles.
func TestOpen(t *testing.T) {
	u := newUnit(t)
	c := Checkpoint{u.north.origin, Tree{7, EmptyRoot}}
	all := []Signer{u.north.log, u.north.logPQ, u.north.time, u.south.witness, u.south.witnessPQ, u.south.mir}
	msg := must(Sign(c, now, all...))
	got, sigs, err := Open(msg, u.roster.Keys(c.Origin)...)
	if err != nil || got != c || len(sigs) != len(all) {
		t.Fatalf("got %+v with %d signatures, %v", got, len(sigs), err)
	}
	for i, s := range sigs {
		want := int64(now)
		if i == 0 {
			want = 0 // a plain log signature has no time
		}
		if s.Key.ID() != all[i].ID() || s.Time != want || !bytes.Contains(msg, s.Line) {
			t.Errorf("signature %d is %+v", i, s)
		}
	}
	if _, sigs, err := Open(msg, u.observer.witness.Verifier, u.south.mir.Verifier); err != nil || len(sigs) != 1 {
		t.Errorf("with one known key: %d, %v", len(sigs), err)
	}
	if peek, err := Peek(msg); err != nil || peek != c {
		t.Errorf("peek: %+v, %v", peek, err)
	}
	text, lines, ok := SplitNote(msg)
	if !ok || !bytes.Equal(Join(text, lines), msg) {
		t.Error("split and joined, the note is another one")
	}
}

func TestOpenRefuses(t *testing.T) {
	u := newUnit(t)
	keys := u.roster.Keys(u.north.origin)
	c := Checkpoint{u.north.origin, Tree{7, EmptyRoot}}
	msg := string(must(Sign(c, now, u.north.log, u.south.witness)))
	lines := strings.SplitAfter(msg, "\n")
	south := lines[len(lines)-2]
	many := ""
	for i := range maxLines {
		many += string(line(Verifier{name: fmt.Sprint("stranger", i)}, make([]byte, 64)))
	}
	foreign := must(NewLogSigner(u.north.origin, testSeed("mallory", "log")))
	freeText := []byte("hello\n")
	cases := []struct{ name, in string }{
		{"empty", ""},
		{"no signatures", string(Join(c.Text()))},
		{"unknown signature only", string(must(Sign(c, now, foreign)))},
		{"changed size", strings.Replace(msg, "\n7\n", "\n8\n", 1)},
		{"no final newline", strings.TrimSuffix(msg, "\n")},
		{"CRLF", strings.ReplaceAll(msg, "\n", "\r\n")},
		{"tab", strings.Replace(msg, " ", "\t", 1)},
		{"hyphen for the dash", strings.Replace(msg, "— ", "- ", 1)},
		{"invalid UTF-8", strings.Replace(msg, "entente", "entent\xff", 1)},
		{"blank line among signatures", strings.Replace(msg, south, "\n"+south, 1)},
		{"text after the signatures", msg + "text\n"},
		{"known key fails", strings.Replace(msg, south, string(line(u.south.witness.Verifier, make([]byte, 72))), 1)},
		{"known key fails the second time", msg + string(line(u.south.witness.Verifier, make([]byte, 72)))},
		{"more than 100 signatures", msg + many},
		{"free text, well signed", string(Join(freeText, must(u.north.log.Line(freeText, 0))))},
		{"extension line, well signed", string(Join(append(c.Text(), "x\n"...), must(u.north.log.Line(append(c.Text(), "x\n"...), 0))))},
		{"64 KiB", msg + strings.Repeat(string(line(Verifier{name: "stranger"}, make([]byte, 3000))), 17)},
	}
	for _, tc := range cases {
		if _, _, err := Open([]byte(tc.in), keys...); err == nil {
			t.Errorf("%s is accepted", tc.name)
		} else if _, ok := statement.AsRefusal(err); !ok {
			t.Errorf("%s: not a refusal: %v", tc.name, err)
		}
	}
	if _, _, err := Open([]byte(msg)); !isCode(err, statement.CodeSignature) {
		t.Errorf("without keys: %v", err)
	}
	// Grease: unknown lines anywhere change nothing, nor does a good line twice.
	greased := strings.Replace(msg, "\n\n", "\n\n"+string(line(Verifier{name: "grease"}, []byte{1, 2, 3})), 1) + south
	if _, sigs, err := Open([]byte(greased), keys...); err != nil || len(sigs) != 2 {
		t.Errorf("greased: %d signatures, %v", len(sigs), err)
	}
	// A base64 spelling that x/mod accepts and a stricter reader does not.
	loose := []byte(south)
	end := bytes.IndexByte(loose, '=') - 1
	loose[end]++
	if _, _, err := Open([]byte(strings.Replace(msg, south, string(loose), 1)), keys...); err == nil {
		t.Error("a second spelling of a signature is accepted")
	}
}

// TestMerge: a note collects lines; the newer of one key stays, whichever
// comes first; a line that does not verify changes nothing.
func TestMerge(t *testing.T) {
	u := newUnit(t)
	keys := u.roster.Keys(u.north.origin)
	c := Checkpoint{u.north.origin, Tree{7, EmptyRoot}}
	msg := must(Sign(c, now, u.north.log))
	sign := func(s Signer, at uint64) []byte { return must(s.Line(c.Text(), at)) }
	merge := func(lines ...[]byte) {
		t.Helper()
		var err error
		if msg, err = Merge(msg, bytes.Join(lines, nil), keys...); err != nil {
			t.Fatal(err)
		}
	}
	merge(sign(u.south.witness, now), sign(u.observer.witness, now+1))
	merge(sign(u.south.witness, now+5), sign(u.south.witnessPQ, now+5))
	merge(sign(u.south.witness, now+3), sign(u.south.witnessPQ, now+2)) // replayed
	merge(sign(u.north.log, 0), line(Verifier{name: "stranger"}, []byte{1, 2}))
	_, sigs, err := Open(msg, keys...)
	if err != nil || len(sigs) != 4 || bytes.Count(msg, []byte("\n— ")) != 4 {
		t.Fatalf("%d signatures, %v:\n%s", len(sigs), err, msg)
	}
	want := map[string]int64{u.north.log.ID(): 0, u.south.witness.ID(): now + 5, u.south.witnessPQ.ID(): now + 5, u.observer.witness.ID(): now + 1}
	for _, s := range sigs {
		if at, ok := want[s.Key.ID()]; !ok || s.Time != at {
			t.Errorf("%s has the time %d, want %d", s.Key.Name(), s.Time, at)
		}
	}
	other := Checkpoint{u.north.origin, Tree{8, EmptyRoot}}
	for name, lines := range map[string][]byte{
		"line over another tree":  must(u.south.mir.Line(other.Text(), now)),
		"line that fails":         line(u.south.mir.Verifier, make([]byte, 72)),
		"no line":                 nil,
		"stranger's line":         line(Verifier{name: "stranger"}, []byte{1, 2}),
		"a whole note":            must(Sign(other, now, u.south.mir)),
		"good line, failing line": append(sign(u.south.mir, now), line(u.observer.mir.Verifier, make([]byte, 72))...),
	} {
		if got, err := Merge(msg, lines, keys...); err == nil {
			t.Errorf("%s: merged to\n%s", name, got)
		}
	}
}

// TestMergeLimit: a note that nobody could open any more is not made.
func TestMergeLimit(t *testing.T) {
	u := newUnit(t)
	c := Checkpoint{u.north.origin, Tree{7, EmptyRoot}}
	msg := must(Sign(c, now, u.north.log))
	var keys []Verifier
	for i := range maxLines + 1 {
		s := must(NewCosigner(fmt.Sprint("witness", i), testSeed("many", fmt.Sprint(i))))
		keys = append(keys, s.Verifier)
		next, err := Merge(msg, must(s.Line(c.Text(), now)), keys...)
		if full := i >= maxLines-1; (err != nil) != full {
			t.Fatalf("line %d: %v", i+2, err)
		} else if !full {
			msg = next
		}
	}
	if _, sigs, err := Open(msg, keys...); err != nil || len(sigs) != maxLines-1 {
		t.Errorf("%d signatures, %v", len(sigs), err)
	}
}

// FuzzOpen: what opens has one checkpoint that x/mod/sumdb/note reads too,
// and every signature returned verifies.
func FuzzOpen(f *testing.F) {
	u := newUnit(f)
	keys := u.roster.Keys(u.north.origin)
	c := Checkpoint{u.north.origin, Tree{7, EmptyRoot}}
	good := must(Sign(c, now, u.north.log, u.north.time, u.south.witness))
	f.Add(good)
	f.Add(append(bytes.Clone(good), line(Verifier{name: "grease"}, []byte{1, 2, 3})...))
	f.Add(append(bytes.Clone(good), line(u.south.witness.Verifier, make([]byte, 72))...))
	f.Add(Join(append(c.Text(), "x\n"...), must(u.north.log.Line(append(c.Text(), "x\n"...), 0))))
	f.Add([]byte("a\n0\n\n\n"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		got, sigs, err := Open(msg, keys...)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		list := make([]note.Verifier, len(keys))
		for i := range keys {
			list[i] = keys[i]
		}
		n, err := note.Open(msg, note.VerifierList(list...))
		if err != nil || n.Text != string(got.Text()) || len(n.Sigs) != len(sigs) {
			t.Fatalf("x/mod reads it differently: %v", err)
		}
		if peek, err := Peek(msg); err != nil || peek != got {
			t.Fatalf("peek says %+v, %v", peek, err)
		}
	})
}

// FuzzParseCheckpoint: one spelling.
func FuzzParseCheckpoint(f *testing.F) {
	f.Add(Checkpoint{"entente/north/00112233", Tree{7, EmptyRoot}}.Text())
	f.Add([]byte("a\n00\n" + strings.Repeat("A", 43) + "=\n"))
	f.Add([]byte("a\n1\n" + strings.Repeat("A", 42) + "B=\next\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := ParseCheckpoint(text); err == nil && !bytes.Equal(c.Text(), text) {
			t.Fatalf("%q and %q are one checkpoint", text, c.Text())
		}
	})
}
