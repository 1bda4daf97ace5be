package record

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	fproof "github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// testProof proves leaf 7 of north's tree of 12.
func testProof(t testing.TB, u unit) (Proof, *memLog) {
	t.Helper()
	log := newMemLog(u.north.origin, nil).grow(t, 12, "leaf")
	p, err := Prove(log, 7, u.north.signed(t, log.at(12), now))
	if err != nil {
		t.Fatal(err)
	}
	return p, log
}

// TestProof proves every leaf of every small tree, and nothing else.
func TestProof(t *testing.T) {
	u := newUnit(t)
	log := newMemLog(u.north.origin, nil).grow(t, 20, "leaf")
	for size := uint64(1); size <= 20; size++ {
		c := log.at(size)
		msg := Join(c.Text(), []byte("— x AAAAAAA=\n"))
		for i := range size {
			p, err := Prove(log, i, msg)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ParseProof(p.Marshal())
			if err != nil || again.Index != i || !bytes.Equal(again.Note, msg) {
				t.Fatalf("proof of %d in %d does not come back: %v", i, size, err)
			}
			for j, leaf := range log.leaves {
				if err := again.Check(leaf, c); (err == nil) != (uint64(j) == i) {
					t.Errorf("leaf %d at %d of %d: %v", j, i, size, err)
				}
			}
			if err := again.Check(log.leaves[i], log.at(size-1)); err == nil {
				t.Errorf("leaf %d proved for another tree", i)
			}
		}
		if _, err := Prove(log, size, msg); !isCode(err, statement.CodeProof) {
			t.Errorf("leaf %d of %d: %v", size, size, err)
		}
	}
}

// TestParseProofStrict: what formats/proof lets pass (CRLF, "index 007", an
// extra line, a missing final newline) has another spelling and is refused.
func TestParseProofStrict(t *testing.T) {
	u := newUnit(t)
	p, log := testProof(t, u)
	good := string(p.Marshal())
	hash := base64.StdEncoding.EncodeToString(p.Hashes[0][:])
	swap := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	fuller := p
	fuller.Hashes = make(tlog.RecordProof, 64)
	cases := []struct{ name, in string }{
		{"empty", ""},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n")},
		{"CRLF in the head", swap("\n", "\r\n")},
		{"index 007", swap("index 7", "index 007")},
		{"index +7", swap("index 7", "index +7")},
		{"index -7", swap("index 7", "index -7")},
		{"index 0x7", swap("index 7", "index 0x7")},
		{"index 7 and blank", swap("index 7", "index 7 ")},
		{"two blanks", swap("index 7", "index  7")},
		{"index in upper case", swap("index", "Index")},
		{"no word index", swap("index ", "")},
		{"no index", swap("index 7\n", "")},
		{"index twice", swap("index 7\n", "index 7\nindex 7\n")},
		{"index 2^63", swap("index 7", "index 9223372036854775808")},
		{"index 2^64", swap("index 7", "index 18446744073709551616")},
		{"extra line", swap("index 7\n", "extra AAAA\nindex 7\n")},
		{"extra after the index", swap("index 7\n", "index 7\nextra AAAA\n")},
		{"version 2", swap("@v1", "@v2")},
		{"blank before", " " + good},
		{"newline before", "\n" + good},
		{"byte order mark", "\ufeff" + good},
		{"URL alphabet", swap(hash, strings.Repeat("_", 43)+"=")},
		{"no padding", swap(hash, strings.TrimRight(hash, "="))},
		{"trailing bits", swap(hash, strings.Repeat("A", 42)+"B=")},
		{"short hash", swap(hash, "AAAA")},
		{"blank after a hash", swap(hash, hash+" ")},
		{"64 hashes", string(fuller.Marshal())},
		{"no empty line", swap("\n\n", "\n")},
		{"head only", good[:strings.Index(good, "\n\n")+1]},
		{"too large", good + strings.Repeat("x", MaxNote+8<<10)},
	}
	for _, tc := range cases {
		if tc.in == good {
			t.Errorf("%s: the case changes nothing", tc.name)
		}
		_, err := ParseProof([]byte(tc.in))
		if _, ok := statement.AsRefusal(err); !ok {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
	// Two empty lines move the first to the note, which then does not open;
	// neither does a note without its final newline.
	keys := u.roster.Keys(u.north.origin)
	for _, in := range []string{swap("\n\n", "\n\n\n"), strings.TrimSuffix(good, "\n"), good + "\n", good + "more\n"} {
		q, err := ParseProof([]byte(in))
		if err == nil {
			_, _, err = Open(q.Note, keys...)
		}
		if err == nil {
			t.Errorf("%q is accepted", in)
		}
	}
	// A stranger's reader takes what we write.
	var theirs fproof.TLogProof
	if err := theirs.Unmarshal([]byte(good)); err != nil || theirs.Index != 7 || len(theirs.Hashes) != len(p.Hashes) {
		t.Errorf("formats/proof: %v", err)
	}
	if err := p.Check(log.leaves[7], log.at(12)); err != nil {
		t.Error(err)
	}
}

// TestProofTampered changes each hash and the index.
func TestProofTampered(t *testing.T) {
	u := newUnit(t)
	p, log := testProof(t, u)
	refused := func(name string, p Proof) {
		t.Helper()
		if err := p.Check(log.leaves[7], log.at(12)); !isCode(err, statement.CodeProof) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for i := range p.Hashes {
		q := p
		q.Hashes = append(tlog.RecordProof{}, p.Hashes...)
		q.Hashes[i][31] ^= 1
		refused("changed hash", q)
		q.Hashes = append(append(tlog.RecordProof{}, p.Hashes[:i]...), p.Hashes[i+1:]...)
		refused("missing hash", q)
	}
	q := p
	q.Hashes = append(append(tlog.RecordProof{}, p.Hashes...), EmptyRoot)
	refused("extra hash", q)
	for _, index := range []uint64{0, 6, 8, 12, 1 << 62} {
		q := p
		q.Index = index
		refused("other index", q)
	}
	// An inner node is no leaf (RFC 6962 section 2.1, the prefixes 0 and 1).
	inner := Proof{Index: 3, Hashes: p.Hashes[1:]}
	left, right := tlog.RecordHash(log.leaves[6]), tlog.RecordHash(log.leaves[7])
	fake := append(append([]byte{}, left[:]...), right[:]...)
	if inner.Check(fake, Checkpoint{log.origin, Tree{6, log.at(12).Root}}) == nil {
		t.Error("an inner node passes as a leaf")
	}
}

// FuzzParseProof: one spelling, no panic, and no proof for a leaf that is not
// there.
func FuzzParseProof(f *testing.F) {
	u := newUnit(f)
	p, log := testProof(f, u)
	good := p.Marshal()
	f.Add(good)
	f.Add(bytes.Replace(good, []byte("index 7"), []byte("index 007"), 1))
	f.Add(bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")))
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\na\n1\n"))
	c := log.at(12)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseProof(data)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if !bytes.Equal(p.Marshal(), data) {
			t.Fatal("two spellings of one proof")
		}
		if p.Check([]byte("not in the log"), c) == nil {
			t.Fatal("a leaf that is not there is proved")
		}
	})
}
