package canary

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const memo = "Subject: Budget\r\nFrom: Ann <ann@party.example>\r\nTo: bob@party.example\r\nDate: Mon, 5 Oct 2026 10:00:00 +0000\r\nMessage-ID: <1@party.example>\r\n\r\nWe spend 100.\r\n"

func read(t testing.TB, text string) (string, Document) {
	t.Helper()
	name, d, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return name, d
}

// folder has n documents and the memo.
func folder(t testing.TB, n int) *Folder {
	t.Helper()
	f := &Folder{Title: "mail of the chair", Key: [32]byte{1, 2, 3}}
	put := func(name, text string) {
		_, d := read(t, text)
		if err := f.Add(name, d); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		put(fmt.Sprintf("notes/%d.txt", i), fmt.Sprint("note ", i))
	}
	put("<1@party.example>", memo)
	d, err := Decoy("printer")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Add("decoy.one@party.example", d); err != nil {
		t.Fatal(err)
	}
	return f
}

func opened(t testing.TB, s *Sealed, name string) Opening {
	t.Helper()
	o, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if o, err = ParseOpening(data); err != nil {
		t.Fatal(err)
	}
	if err := o.Check(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return o
}

// TestOpening: a name opens to what it stood for, and to nothing else; a name that
// was not there is shown not to have been.
func TestOpening(t *testing.T) {
	for _, n := range []int{0, 1, 2, 500} {
		s, err := folder(t, n).Seal()
		if err != nil {
			t.Fatal(err)
		}
		_, forged := read(t, strings.Replace(memo, "100", "900", 1))
		_, true1 := read(t, memo)
		o := opened(t, s, "<1@party.example>")
		if got := o.Compare(forged); got != Differs {
			t.Errorf("a forged memo: %s", got)
		}
		if got := o.Compare(true1); got != Same {
			t.Errorf("the memo itself: %s", got)
		}
		if d := opened(t, s, "decoy.one@party.example").Documents; len(d) != 1 || d[0].Recipient != "printer" {
			t.Errorf("the decoy: %+v", d)
		}
		for i := range 50 {
			absent := opened(t, s, fmt.Sprintf("<%d@elsewhere.example>", i))
			if got := absent.Compare(forged); got != Absent {
				t.Errorf("a document that never was: %s", got)
			}
		}
		for name, edit := range map[string]func(*Opening){
			"name":      func(o *Opening) { o.Name = "<2@party.example>" },
			"size":      func(o *Opening) { o.Documents[0].Size++ },
			"digest":    func(o *Opening) { o.Documents[0].SHA256[0] ^= 1 },
			"words":     func(o *Opening) { o.Documents[0].Words = nil },
			"recipient": func(o *Opening) { o.Documents[0].Recipient = "press" },
			"nothing":   func(o *Opening) { o.Documents = nil },
			"twice":     func(o *Opening) { o.Documents = append(o.Documents, o.Documents[0]) },
			"key":       func(o *Opening) { o.PlaceKey = strings.Repeat("0", 64) },
			"path":      func(o *Opening) { o.Path = append(o.Path, strings.Repeat("0", 64)) },
			"other":     func(o *Opening) { o.Other, o.Documents = &OtherLeaf{ID: strings.Repeat("0", 32)}, nil },
		} {
			bad := o
			bad.Documents = slices.Clone(o.Documents)
			edit(&bad)
			if bad.Check() == nil {
				t.Errorf("%d documents, %s edited, and it still holds", n, name)
			}
		}
		for name, edit := range map[string]func(*Header){
			"title": func(h *Header) { h.Title += "2" }, "names": func(h *Header) { h.Names++ },
			"key": func(h *Header) { h.Key[0] ^= 1 }, "tree": func(h *Header) { h.Tree[0] ^= 1 },
		} {
			h := s.Header
			if edit(&h); h.Root() == s.Root() {
				t.Errorf("%s edited, the same root", name)
			}
		}
	}
}

// TestOrder: the root does not depend on the order in which documents are found.
func TestOrder(t *testing.T) {
	_, a := read(t, "one")
	_, b := read(t, "two")
	f, g := &Folder{Title: "x"}, &Folder{Title: "x"}
	for _, err := range []error{f.Add("n", a), f.Add("n", b), f.Add("m", a), g.Add("m", a), g.Add("n", b), g.Add("n", a), g.Add("n", a)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := f.Seal()
	if err != nil {
		t.Fatal(err)
	}
	u, err := g.Seal()
	if err != nil {
		t.Fatal(err)
	}
	if s.Root() != u.Root() {
		t.Error("another order, another root")
	}
	if o := opened(t, s, "n"); len(o.Documents) != 2 {
		t.Errorf("two versions: %+v", o.Documents)
	}
	g.Key[0] = 1
	if u, err = g.Seal(); err != nil || s.Root() == u.Root() {
		t.Errorf("another key, the same root; %v", err)
	}
	if f.Add("a\nb", a) == nil || f.Add("", a) == nil || f.Add("x", Document{Size: -1}) == nil {
		t.Error("a bad name or size was taken")
	}
	if _, err := Decoy(""); err == nil {
		t.Error("a decoy for nobody")
	}
	if FileName(`a\b\..\c.txt`) != "a/c.txt" {
		t.Error("names differ between systems")
	}
}

// TestWords: what a mail says does not depend on how it travelled; each word does matter.
func TestWords(t *testing.T) {
	name, want := read(t, memo)
	if name != "<1@party.example>" || want.Words == nil {
		t.Fatalf("%q, %+v", name, want)
	}
	for what, text := range map[string]string{
		"line ends": strings.ReplaceAll(memo, "\r\n", "\n"),
		"servers":   "Received: from x\r\nX-Spam: no\r\n" + memo,
		"folded":    strings.Replace(memo, "Ann <ann", "Ann\r\n <ann", 1),
		"base64":    strings.Replace(memo, "\r\n\r\nWe spend 100.\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\nV2Ugc3BlbmQgMTAwLgo=\r\n", 1),
		"quoted":    strings.Replace(memo, "\r\n\r\nWe spend 100.", "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nWe =\r\nspend=20100.", 1),
		"encoded":   strings.Replace(memo, "Budget", "=?utf-8?b?QnVkZ2V0?=", 1),
	} {
		if _, d := read(t, text); d.Words == nil || *d.Words != *want.Words || d.SHA256 == want.SHA256 {
			t.Errorf("%s: other words", what)
		}
	}
	for what, text := range map[string]string{
		"text": strings.Replace(memo, "100", "900", 1), "subject": strings.Replace(memo, "Budget", "Bribes", 1),
		"sender": strings.Replace(memo, "ann@", "eve@", 1), "date": strings.Replace(memo, "2026", "2025", 1),
	} {
		if _, d := read(t, text); d.Words == nil || *d.Words == *want.Words {
			t.Errorf("%s changed, the same words", what)
		}
	}
	parts := func(b string) string {
		return strings.Replace(memo, "\r\n\r\nWe", "\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe\r\n--x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"+b+"\r\n--x--\r\nWe", 1)
	}
	_, one := read(t, parts("QUJD"))
	if _, two := read(t, parts("QUJE")); one.Words == nil || two.Words == nil || *one.Words == *two.Words {
		t.Error("another attachment, the same words")
	}
	for _, text := range []string{"", "a: b", "just text: with From: in it", "{\"a\": 1}", "\x00\x01", memo[:20]} {
		if name, _ := read(t, text); name != "" {
			t.Errorf("%q is a mail called %q", text, name)
		}
	}
	_, a := read(t, "Some  text\n")
	if _, b := read(t, "\ufeffSome text"); a.Words == nil || b.Words == nil || *a.Words != *b.Words {
		t.Error("white space is words")
	}
}

// TestSecret: the owner's file opens what was sealed, and no text stands in it.
func TestSecret(t *testing.T) {
	f := folder(t, 40)
	data, err := f.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	g, err := ParseFolder(data)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := f.Seal()
	b, errB := g.Seal()
	if errA != nil || errB != nil || a.Root() != b.Root() {
		t.Errorf("read again, another root: %v, %v", errA, errB)
	}
	if strings.Contains(string(data), "spend") || strings.Contains(string(data), "Budget") {
		t.Error("the owner's file holds what the documents say")
	}
	for _, bad := range []string{
		strings.Replace(string(data), "secret/v1", "secret/v2", 1), strings.Replace(string(data), "notes/3.txt", "notes/4.txt", 1),
		strings.Replace(string(data), "\"key\":\"01", "\"key\":\"1", 1), "{}",
	} {
		if _, err := ParseFolder([]byte(bad)); err == nil {
			t.Errorf("%.80s was read", bad)
		}
	}
}

func FuzzSecret(f *testing.F) {
	data, err := folder(f, 2).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ParseFolder(data)
		if err != nil {
			return
		}
		if out, err := g.Marshal(); err != nil {
			t.Fatal(err)
		} else if _, err := ParseFolder(out); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMbox(t *testing.T) {
	var got []string
	each := func(n int, data []byte) error { got = append(got, fmt.Sprintf("%d %q", n, data)); return nil }
	box := "From ann Mon\nA: b\n\nx\n>From here\n>>From there\n\nFrom bob Tue\nC: d\n\nno From \n"
	if err := Mbox(strings.NewReader(box), each); err != nil {
		t.Fatal(err)
	}
	want := []string{`1 "A: b\n\nx\nFrom here\n>From there\n"`, `2 "C: d\n\nno From "`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if err := Mbox(strings.NewReader("To: x\n"), each); err == nil {
		t.Error("no mbox was read as one")
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(memo))
	f.Add([]byte("From: a\nDate: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ny\n--x\nContent-Type: multipart/x; boundary=x\n\n--x--"))
	f.Fuzz(func(t *testing.T, data []byte) {
		name, d, err := Read(bytes.NewReader(data))
		if err != nil || d.Size != int64(len(data)) {
			t.Fatal(d.Size, err)
		}
		if name != "" && (CheckName(name) != nil || d.Words == nil) {
			t.Fatalf("a mail called %q", name)
		}
	})
}

func FuzzMbox(f *testing.F) {
	f.Add([]byte("From x\nA: b\n\n>From y\n\nFrom z\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		_ = Mbox(bytes.NewReader(data), func(_ int, one []byte) error { total += len(one); return nil })
		if total > len(data) {
			t.Fatal("more came out than went in")
		}
	})
}

func FuzzOpening(f *testing.F) {
	s, err := folder(f, 20).Seal()
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"<1@party.example>", "<2@party.example>"} {
		data, err := json.Marshal(opened(f, s, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := ParseOpening(data)
		if err != nil || o.Check() != nil || o.Folder.Root() != s.Root() {
			return
		}
		if want := s.folder.Documents[o.Name]; len(want) != len(o.Documents) {
			t.Fatalf("%q stood for %d documents, shown are %d", o.Name, len(want), len(o.Documents))
		}
	})
}
