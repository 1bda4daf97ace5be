package record

import (
	"compress/gzip"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"entente/statement"
)

// TestParseVerifier: one key has one vkey (C2SP signed-note, "Verifier keys").
func TestParseVerifier(t *testing.T) {
	n := newTestNode(t, "north")
	for _, s := range []Signer{n.log, n.logPQ, n.time, n.witness, n.witnessPQ, n.mir} {
		v, err := ParseVerifier(s.String())
		if err != nil || v.String() != s.String() || v.ID() != s.ID() || v.PostQuantum() != (s.alg == algMLDSA44) {
			t.Errorf("%s does not come back: %v", s.Name(), err)
		}
	}
	good := n.log.String()
	name, rest, _ := strings.Cut(good, "+")
	hash, key, _ := strings.Cut(rest, "+")
	raw := must(base64.StdEncoding.DecodeString(key))
	vkey := func(alg byte, pub []byte) string {
		b := append([]byte{alg}, pub...)
		v := Verifier{name: name, alg: alg, pub: pub}
		if made, err := newVerifier(name, alg, pub); err == nil {
			v = made
		}
		return strings.Join([]string{v.name, hexHash(v.hash), base64.StdEncoding.EncodeToString(b)}, "+")
	}
	cases := []struct{ name, vkey string }{
		{"empty", ""},
		{"name only", name},
		{"no name", "+" + hash + "+" + key},
		{"blank in the name", strings.Replace(good, "entente/", "entente /", 1)},
		{"newline in the name", strings.Replace(good, "entente/", "entente\n", 1)},
		{"upper-case hash", name + "+" + strings.ToUpper(hash) + "+" + key},
		{"hash of another key", name + "+00000000+" + key},
		{"hash of another name", "entente/south/00000000+" + hash + "+" + key},
		{"no padding", strings.TrimRight(n.logPQ.String(), "=")},
		{"line end", good + "\n"},
		{"line end in base64", good[:len(good)-8] + "\n" + good[len(good)-8:]},
		{"URL alphabet", name + "+" + hash + "+" + base64.URLEncoding.EncodeToString(append([]byte{1}, slices.Repeat([]byte{0xff}, 32)...))},
		{"no key", name + "+" + hash + "+AQ=="},
		{"short key", vkey(algEd25519, raw[1:32])},
		{"long key", vkey(algEd25519, append(raw[1:], 0))},
		{"ECDSA", vkey(0x02, raw[1:])},
		{"RFC 6962", vkey(0x05, raw[1:])},
		{"Ed25519 key as ML-DSA", vkey(algMLDSA44, raw[1:])},
		{"identity point", vkey(algEd25519, append([]byte{1}, make([]byte, 31)...))},
		{"point of order 2", vkey(algCosigned, append(append([]byte{0xec}, slices.Repeat([]byte{0xff}, 30)...), 0x7f))},
	}
	for _, tc := range cases {
		if _, err := ParseVerifier(tc.vkey); !isCode(err, statement.CodeKey) {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
}

func hexHash(h uint32) string { return hex.EncodeToString(binary.BigEndian.AppendUint32(nil, h)) }

// TestCosignatureTime: a timestamp is covered by the signature and does not
// exceed 2^63-1 (C2SP tlog-cosignature, "Format").
func TestCosignatureTime(t *testing.T) {
	n := newTestNode(t, "north")
	text := Checkpoint{n.origin, Tree{1, EmptyRoot}}.Text()
	for _, s := range []Signer{n.time, n.logPQ} {
		for at, want := range map[uint64]bool{0: true, now: true, 1<<63 - 1: true, 1 << 63: false, 1<<64 - 1: false} {
			_, sig, ok := ofKey(must(s.Line(text, at)), []Verifier{s.Verifier})
			if !ok || s.Verify(text, sig) != want {
				t.Errorf("type %d at %d: %v", s.alg, at, !want)
			}
			sig[7] ^= 1
			if s.Verify(text, sig) {
				t.Errorf("type %d: the time is not signed", s.alg)
			}
		}
		for n := range 9 {
			if s.Verify(text, make([]byte, n)) {
				t.Errorf("type %d: %d zero bytes verify", s.alg, n)
			}
		}
	}
	// An ML-DSA cosignature covers the signer's name and the three lines; it
	// signs nothing that is not a checkpoint.
	_, sig, _ := ofKey(must(n.logPQ.Line(text, now)), []Verifier{n.logPQ.Verifier})
	renamed := n.logPQ.Verifier
	renamed.name = "entente/mallory/00000000"
	if renamed.Verify(text, sig) || n.logPQ.Verify(append(text, "more\n"...), sig) {
		t.Error("the name or an extension line is not covered")
	}
	if _, err := n.logPQ.Line([]byte("hello\n"), now); err == nil {
		t.Error("signed free text")
	}
}

// TestEd25519Vectors runs the vectors of C2SP CCTV (ed25519/README.md there)
// on points of low order and second encodings. The rule is the standard
// library's, which accepts 208 of 914; a key of small order or in a second
// spelling never becomes a Verifier.
func TestEd25519Vectors(t *testing.T) {
	f, err := os.Open("testdata/cctv/ed25519vectors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Number        int
		Key, Sig, Msg string
		Flags         []string
	}
	if err := json.NewDecoder(z).Decode(&vectors); err != nil {
		t.Fatal(err)
	}
	accepted, weak := 0, 0
	for _, v := range vectors {
		pub, sig := must(hex.DecodeString(v.Key)), must(hex.DecodeString(v.Sig))
		has := func(flag string) bool { return slices.Contains(v.Flags, flag) }
		want := ed25519.Verify(pub, []byte(v.Msg), sig)
		if rule := !has("non_canonical_R") && !has("low_order_residue"); rule != want && !has("reencoded_k") {
			t.Errorf("vector %d %v: the standard library says %v", v.Number, v.Flags, want)
		}
		if got := (Verifier{alg: algEd25519, pub: pub}).Verify([]byte(v.Msg), sig); got != want {
			t.Errorf("vector %d %v: %v, the standard library says %v", v.Number, v.Flags, got, want)
		}
		if want {
			accepted++
		}
		_, err := newVerifier("log", algEd25519, pub)
		if refused, want := err != nil, has("low_order_A") || has("non_canonical_A"); refused != want {
			t.Errorf("vector %d %v: key refused is %v", v.Number, v.Flags, refused)
		} else if refused {
			weak++
		}
	}
	if len(vectors) != 914 || accepted != 208 || weak == 0 {
		t.Errorf("%d vectors, %d accepted, %d weak keys", len(vectors), accepted, weak)
	}
}
