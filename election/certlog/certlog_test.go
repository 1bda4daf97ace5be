package certlog_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/election/certlog"
	"entente/election/certlog/certlogtest"
)

var at = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// small is a log of n entries, every third a precertificate.
func small(t testing.TB, n int) *certlogtest.Log {
	t.Helper()
	l, err := certlogtest.New("log.example/2026h2")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := l.Add(at.Add(time.Duration(i)*time.Second), i%3 == 1, fmt.Sprintf("*.Site%d.example", i), fmt.Sprintf("www.site%d.example", i)); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestStatic reads a whole log by its tiles, and proves each entry.
func TestStatic(t *testing.T) {
	l := small(t, 300)
	files := must(l.Static(at))(t)
	head, origin, err := l.Key.Checkpoint(files["checkpoint"])
	if err != nil || origin != l.Origin || head.Size != 300 || head.Time != at.UnixMilli() {
		t.Fatalf("%+v %q %v", head, origin, err)
	}
	read := func(path string) ([]byte, error) {
		if data, ok := files[path]; ok {
			return data, nil
		}
		return nil, errors.New("no " + path)
	}
	var all []certlog.Entry
	for n, width := range []int{256, 44} {
		all = append(all, must(certlog.ParseTile(files[certlog.TilePath(-1, int64(n), width)], int64(n)*256))(t)...)
	}
	if len(all) != 300 {
		t.Fatalf("%d entries", len(all))
	}
	for i, e := range all {
		names, err := e.Names()
		if want := []string{fmt.Sprintf("site%d.example", i), fmt.Sprintf("www.site%d.example", i)}; err != nil || !slices.Equal(names, want) || e.Index != int64(i) || e.Type != btoi(i%3 == 1) || !e.When().Equal(at.Add(time.Duration(i)*time.Second)) {
			t.Fatalf("entry %d: %v %v %+v", i, names, err, e)
		}
		if i%37 == 0 {
			if _, err := certlog.Prove(head, e, read); err != nil {
				t.Fatal(err)
			}
		}
	}
	changed := all[7]
	changed.Leaf = slices.Clone(changed.Leaf)
	changed.Leaf[20] ^= 1
	if _, err := certlog.Prove(head, changed, read); err == nil {
		t.Error("a changed entry is proved")
	}
	files["tile/0/000"] = append([]byte{files["tile/0/000"][0] ^ 1}, files["tile/0/000"][1:]...)
	if _, err := certlog.Prove(head, all[0], read); err == nil {
		t.Error("a changed tile proves")
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestRFC6962 reads the same log by the older interface.
func TestRFC6962(t *testing.T) {
	l := small(t, 100)
	head, err := l.Key.STH(must(l.Answer(at, "ct/v1/get-sth"))(t))
	if err != nil || head.Size != 100 {
		t.Fatalf("%+v %v", head, err)
	}
	list := must(certlog.ParseEntries(must(l.Answer(at, "ct/v1/get-entries?start=10&end=20"))(t), 10))(t)
	if len(list) != 11 || list[0].Index != 10 {
		t.Fatalf("%d entries, the first %d", len(list), list[0].Index)
	}
	h := certlog.LeafHash(list[3])
	answer := must(l.Answer(at, "ct/v1/get-proof-by-hash?tree_size=100&hash="+strings.ReplaceAll(base64.StdEncoding.EncodeToString(h[:]), "+", "%2B")))(t)
	if _, err := certlog.ParseProof(answer, head, list[3]); err != nil {
		t.Error(err)
	}
	if _, err := certlog.ParseProof(answer, head, list[4]); err == nil {
		t.Error("another entry is proved")
	}
	if _, err := certlog.ParseEntries(must(l.Answer(at, "ct/v1/get-entries?start=10&end=20"))(t), 11); err == nil {
		t.Error("entries of another place are taken")
	}
}

// evidence makes that of one entry.
func evidence(t testing.TB, l *certlogtest.Log, index int64, name string) certlog.Evidence {
	t.Helper()
	files := must(l.Static(at))(t)
	head, _, err := l.Key.Checkpoint(files["checkpoint"])
	if err != nil {
		t.Fatal(err)
	}
	tile := certlog.TilePath(-1, 0, int(l.Size()))
	e := must(certlog.ParseTile(files[tile], 0))(t)[index]
	proof := must(certlog.Prove(head, e, func(path string) ([]byte, error) { return files[path], nil }))(t)
	return certlog.Evidence{
		Format: certlog.Format, Log: l.Origin, Key: l.Key.DER, Size: head.Size, Time: head.Time, Root: head.Root[:], Signature: head.Signature,
		Index: index, Leaf: e.Leaf, Proof: proof, Name: name, Protected: "vote.example", Kind: "compound",
	}
}

// TestEvidence: what was seen is proved by the log's key alone, and nothing else is.
func TestEvidence(t *testing.T) {
	l, other := small(t, 20), small(t, 1)
	whole := must(json.Marshal(evidence(t, l, 7, "www.site7.example")))(t)
	ev := must(certlog.ParseEvidence(whole))(t)
	seen, err := ev.Check(l.Key)
	if err != nil || seen.Entry.Index != 7 || seen.Entry.Type != certlog.Precertificate || !seen.Entry.When().Equal(at.Add(7*time.Second)) || len(seen.Names) != 2 {
		t.Fatalf("%+v %v", seen, err)
	}
	if _, err := ev.Check(other.Key); err == nil || !strings.Contains(err.Error(), "another log") {
		t.Errorf("%v", err)
	}
	for name, change := range map[string]func(*certlog.Evidence){
		"its head":          func(e *certlog.Evidence) { e.Size++ },
		"its time":          func(e *certlog.Evidence) { e.Time-- },
		"its root":          func(e *certlog.Evidence) { e.Root = slices.Clone(e.Root); e.Root[0] ^= 1 },
		"a short root":      func(e *certlog.Evidence) { e.Root = e.Root[1:] },
		"its signature":     func(e *certlog.Evidence) { e.Signature = e.Signature[:3] },
		"its place":         func(e *certlog.Evidence) { e.Index = 8 },
		"its entry":         func(e *certlog.Evidence) { e.Leaf = slices.Clone(e.Leaf); e.Leaf[9] ^= 1 },
		"its proof":         func(e *certlog.Evidence) { e.Proof = e.Proof[1:] },
		"a step of it":      func(e *certlog.Evidence) { e.Proof = append([][]byte{{1}}, e.Proof[1:]...) },
		"its name":          func(e *certlog.Evidence) { e.Name = "vote.example" },
		"another's key":     func(e *certlog.Evidence) { e.Key = other.Key.DER },
		"the name's letter": func(e *certlog.Evidence) { e.Name = "WWW.site7.example" },
	} {
		bad := must(certlog.ParseEvidence(whole))(t)
		change(&bad)
		if _, err := bad.Check(l.Key); err == nil {
			t.Errorf("evidence with %s changed is believed", name)
		}
	}
	for _, bad := range []string{"", "{}", `{"format":"entente/certificate-seen/v2"}`, `{"format":"entente/certificate-seen/v1","more":1}`} {
		if _, err := certlog.ParseEvidence([]byte(bad)); err == nil {
			t.Errorf("%s is evidence", bad)
		}
	}
}

func TestKeysAndHeads(t *testing.T) {
	l := small(t, 3)
	if k, err := certlog.ParseKey([]byte(base64.StdEncoding.EncodeToString(l.Key.DER) + "\n")); err != nil || k.ID != l.Key.ID {
		t.Error(err)
	}
	for _, bad := range []string{"", "abc", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		if _, err := certlog.ParseKey([]byte(bad)); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
	good := string(must(l.Static(at))(t)["checkpoint"])
	for name, bad := range map[string]string{
		"another size": strings.Replace(good, "\n3\n", "\n2\n", 1), "a zero before the size": strings.Replace(good, "\n3\n", "\n03\n", 1), "no signature": strings.SplitAfter(good, "\n\n")[0],
		"a line more": strings.Replace(good, "\n\n", "\nmore\n\n", 1), "another origin": strings.ReplaceAll(good, "log.example/", "log.elsewhere/"), "nothing": "",
	} {
		if _, _, err := l.Key.Checkpoint([]byte(bad)); err == nil {
			t.Errorf("a checkpoint with %s is taken", name)
		}
	}
	for n, want := range map[int64]string{0: "tile/data/000", 999: "tile/data/999", 1000: "tile/data/x001/000", 1234067: "tile/data/x001/x234/067"} {
		if got := certlog.TilePath(-1, n, 256); got != want {
			t.Errorf("tile %d is at %s", n, got)
		}
	}
	if got := certlog.TilePath(1, 5, 17); got != "tile/1/005.p/17" {
		t.Error(got)
	}
}

func FuzzTile(f *testing.F) {
	l := small(f, 4)
	files := must(l.Static(at))(f)
	f.Add(files["tile/data/000.p/4"])
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x01\x90\x00\x00\x00\x00\x00\x01\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := certlog.ParseTile(data, 0)
		for _, e := range list {
			again, bad := certlog.ParseLeaf(e.Leaf)
			if bad != nil || again.Time != e.Time || string(again.Body) != string(e.Body) || again.Index != e.Index {
				t.Errorf("%+v is read again as %+v, %v", e, again, bad)
			}
			_, _ = e.Names()
		}
		if err == nil && len(data) > 0 && len(list) == 0 {
			t.Error("nothing, and no fault")
		}
	})
}

// TestCertificateLimits: a certificate of too many names gives the first and says so,
// one of too many bytes gives none; evidence of the first holds.
func TestCertificateLimits(t *testing.T) {
	l := small(t, 0)
	var names []string
	for i := range 2500 {
		names = append(names, fmt.Sprintf("n%d.example", i))
	}
	long := strings.Repeat(strings.Repeat("x", 60)+".", 3) + "example"
	var huge []string
	for i := range 1400 {
		huge = append(huge, fmt.Sprintf("h%d.%s", i, long))
	}
	for _, n := range [][]string{names, names[:2000], huge} {
		if err := l.Add(at, false, n...); err != nil {
			t.Fatal(err)
		}
	}
	files := must(l.Static(at))(t)
	all := must(certlog.ParseTile(files["tile/data/000.p/3"], 0))(t)
	for i, c := range []struct {
		names int
		many  bool
		bad   bool
	}{{2000, true, true}, {2000, false, false}, {0, false, true}} {
		got, err := all[i].Names()
		if len(got) != c.names || errors.Is(err, certlog.ErrMany) != c.many || (err != nil) != c.bad {
			t.Errorf("entry %d: %d names, %v", i, len(got), err)
		}
	}
	if _, err := evidence(t, l, 0, "n7.example").Check(l.Key); err != nil {
		t.Error(err)
	}
	if _, err := evidence(t, l, 0, "n2400.example").Check(l.Key); err == nil {
		t.Error("a name beyond the first is proved")
	}
}

func FuzzLeaf(f *testing.F) {
	l := small(f, 2)
	for _, i := range []int64{0, 1} {
		f.Add(evidence(f, l, i, "").Leaf)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := certlog.ParseLeaf(data)
		if err != nil {
			return
		}
		names, err := e.Names()
		if err == nil && slices.ContainsFunc(names, func(n string) bool { return n == "" || len(n) > 253 || strings.ToLower(n) != n }) {
			t.Errorf("%q", names)
		}
	})
}

func FuzzAnswers(f *testing.F) {
	l := small(f, 3)
	for _, path := range []string{"ct/v1/get-sth", "ct/v1/get-entries?start=0&end=2"} {
		f.Add(must(l.Answer(at, path))(f))
	}
	f.Add(must(l.Static(at))(f)["checkpoint"])
	f.Add(must(json.Marshal(evidence(f, l, 1, "www.site1.example")))(f))
	f.Add([]byte(`{"leaf_index":1,"audit_path":["AAAA"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := l.Key.STH(data); err == nil && l.Key.Verify(h) != nil {
			t.Error("a head that does not verify")
		}
		if h, _, err := l.Key.Checkpoint(data); err == nil && l.Key.Verify(h) != nil {
			t.Error("a checkpoint that does not verify")
		}
		list, _ := certlog.ParseEntries(data, 0)
		for i, e := range list {
			if e.Index != int64(i) {
				t.Errorf("%+v", e)
			}
		}
		_, _ = certlog.ParseProof(data, certlog.Head{Size: 3}, certlog.Entry{})
		if ev, err := certlog.ParseEvidence(data); err == nil {
			_, _ = ev.Check(l.Key)
		}
	})
}
