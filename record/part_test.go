package record

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"entente/statement"
)

func newIdentity(t testing.TB) *age.HybridIdentity {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func newPart(t testing.TB, text []byte) Part {
	t.Helper()
	p, err := NewPart(rand.Reader, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPartSizes: a ciphertext's length depends on the size class and on the
// number of recipients, not on the text.
func TestPartSizes(t *testing.T) {
	id := newIdentity(t)
	sizes := make(map[int]int) // class -> ciphertext length
	for _, n := range []int{0, 1, 900, 1024 - partHead, 1024 - partHead + 1, 2000, 2048 - partHead, 2048 - partHead + 1, 5000, 32 << 10, statement.MaxPart - 1, statement.MaxPart} {
		p := newPart(t, bytes.Repeat([]byte{'x'}, n))
		sealed, err := p.Seal(id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		class := sizeClass(partHead + n)
		if class < partHead+n || class&(class-1) != 0 || class < 1024 || class > 1024 && class/2 >= partHead+n {
			t.Errorf("%d bytes are in the class %d", n, class)
		}
		if was, ok := sizes[class]; ok && was != len(sealed) {
			t.Errorf("class %d: %d and %d bytes", class, was, len(sealed))
		}
		sizes[class] = len(sealed)
		got, err := OpenPart(sealed, p.Digest(), id)
		if err != nil || !bytes.Equal(got.Plaintext, p.Plaintext) || got.Salt != p.Salt {
			t.Errorf("%d bytes do not come back: %v", n, err)
		}
		if len(sealed) > MaxSealed {
			t.Errorf("%d bytes seal to %d", n, len(sealed))
		}
	}
	if _, err := newPart(t, make([]byte, statement.MaxPart+1)).Seal(id.Recipient()); !isCode(err, statement.CodeSize) {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := NewPart(strings.NewReader("short"), nil); err == nil {
		t.Error("salted without randomness")
	}
}

// TestPartRecipients: 200 recipients fit below MaxSealed; each opens, a
// stranger does not; a classical recipient would outlive its secret.
func TestPartRecipients(t *testing.T) {
	ids := make([]*age.HybridIdentity, 200)
	recipients := make([]age.Recipient, len(ids))
	for i := range ids {
		ids[i] = newIdentity(t)
		recipients[i] = ids[i].Recipient()
	}
	p := newPart(t, bytes.Repeat([]byte("x"), statement.MaxPart))
	sealed, err := p.Seal(recipients...)
	if err != nil || len(sealed) > MaxSealed {
		t.Fatalf("%d bytes, at most %d: %v", len(sealed), MaxSealed, err)
	}
	for _, i := range []int{0, 99, 199} {
		if _, err := OpenPart(sealed, p.Digest(), ids[i]); err != nil {
			t.Errorf("recipient %d: %v", i, err)
		}
	}
	if _, err := OpenPart(sealed, p.Digest(), newIdentity(t)); !isCode(err, statement.CodeRecipient) {
		t.Errorf("stranger: %v", err)
	}
	if _, err := OpenPart(sealed, p.Digest()); !isCode(err, statement.CodeRecipient) {
		t.Errorf("no identity: %v", err)
	}
	classical, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Seal(classical.Recipient()); !isCode(err, statement.CodeKey) {
		t.Errorf("classical recipient: %v", err)
	}
	if _, err := p.Seal(); err == nil {
		t.Error("sealed to nobody")
	}
}

// TestPartTampered flips a bit of every byte class of a sealed part: header
// words, stanza arguments, stanza bodies, MAC, nonce, payload and tag; cuts it
// and adds to it. Nothing opens.
func TestPartTampered(t *testing.T) {
	a, b := newIdentity(t), newIdentity(t)
	p := newPart(t, []byte("TLP:AMBER the text"))
	sealed, err := p.Seal(a.Recipient(), b.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, bad []byte) {
		t.Helper()
		// a's stanza comes first, so that b's also is read past a changed one.
		for _, id := range []age.Identity{a, b} {
			if got, err := OpenPart(bad, p.Digest(), id); err == nil {
				t.Errorf("%s: opened to %q", what, got.Plaintext)
			} else if _, ok := statement.AsRefusal(err); !ok {
				t.Errorf("%s: not a refusal: %v", what, err)
			}
		}
	}
	step := 1
	if testing.Short() {
		step = 17
	}
	head := bytes.Index(sealed, []byte("\n--- "))
	for i := 0; i < len(sealed); i += step {
		if i > 200 && i < head-200 {
			i += 96 // the long insides of stanzas
		}
		bad := bytes.Clone(sealed)
		bad[i] ^= 1 << (i % 8)
		refused(fmt.Sprint("byte ", i), bad)
	}
	for _, n := range []int{0, 1, head, head + 5, len(sealed) - 16, len(sealed) - 1} {
		refused(fmt.Sprint("cut to ", n), sealed[:n])
	}
	refused("a byte more", append(bytes.Clone(sealed), 0))
	refused("twice", append(bytes.Clone(sealed), sealed...))
	refused("too large", make([]byte, MaxSealed+1))
	other := p
	other.Plaintext = []byte("TLP:CLEAR the text")
	if _, err := OpenPart(must(other.Seal(a.Recipient())), p.Digest(), a); !isCode(err, statement.CodeDigest) {
		t.Errorf("another text: %v", err)
	}
	resalted := newPart(t, p.Plaintext)
	if _, err := OpenPart(must(resalted.Seal(a.Recipient())), p.Digest(), a); !isCode(err, statement.CodeDigest) {
		t.Errorf("another salt: %v", err)
	}
}

// TestPartContainer: inside the ciphertext, a container has one form.
func TestPartContainer(t *testing.T) {
	id := newIdentity(t)
	p := newPart(t, []byte("hello"))
	box := make([]byte, 1024)
	copy(box, p.Salt[:])
	binary.BigEndian.PutUint64(box[32:], 5)
	copy(box[40:], "hello")
	with := func(edit func(b []byte) []byte) []byte { return edit(bytes.Clone(box)) }
	length := func(n uint64) []byte {
		return with(func(b []byte) []byte { binary.BigEndian.PutUint64(b[32:], n); return b })
	}
	cases := map[string][]byte{
		"empty":                        nil,
		"shorter than its head":        box[:39],
		"not padded":                   box[:45],
		"padded to no class":           box[:1023],
		"padded to a class too large":  append(bytes.Clone(box), make([]byte, 1024)...),
		"length beyond the end":        length(1024 - partHead + 1),
		"length 2^64-1":                length(1<<64 - 1),
		"length 2^63":                  length(1 << 63),
		"length hides text in padding": length(4),
		"padding not zero":             with(func(b []byte) []byte { b[1023] = 1; return b }),
		"one part's length over 1 MiB": with(func([]byte) []byte {
			b := make([]byte, 2<<20)
			binary.BigEndian.PutUint64(b[32:], statement.MaxPart+1)
			return b
		}),
		"longer than the largest class": make([]byte, 2<<20+1),
	}
	for name, box := range cases {
		if _, err := OpenPart(encrypt(t, box, id.Recipient()), p.Digest(), id); !isCode(err, statement.CodePart) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got, err := OpenPart(encrypt(t, box, id.Recipient()), p.Digest(), id); err != nil || string(got.Plaintext) != "hello" {
		t.Errorf("the container as it should be: %v", err)
	}
}

func encrypt(t testing.TB, box []byte, to ...age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, bytes.NewReader(box)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestTwoWorlds: two logs differ in one act. A mirror that can open no part
// sees other digests, and another size class where the texts' magnitudes
// differ; every other field of every leaf is the same.
func TestTwoWorlds(t *testing.T) {
	u := newUnit(t)
	id := newIdentity(t)
	world := func(kind statement.Kind, marking, text string) (leaves [][]byte, sizes []int) {
		for i := range uint64(5) {
			act := statement.Act{Kind: KindSeal, Marking: "TLP:GREEN", Body: json.RawMessage(`{"text":"same"}`)}
			if i == 3 {
				act.Kind, act.Marking, act.Recipients = kind, marking, []string{"south"}
				act.Body = json.RawMessage(fmt.Sprintf(`{"text":%q}`, text))
			}
			leaf, part := u.act(t, u.north, u.north.statement, i, act)
			leaves = append(leaves, leaf)
			sizes = append(sizes, len(must(part.Seal(id.Recipient()))))
		}
		return leaves, sizes
	}
	one, oneSizes := world("sighting/v1", "TLP:RED", "they are in our mail server")
	two, twoSizes := world("indicator/v1", "TLP:CLEAR", "nothing of note here, good day to all")
	long, longSizes := world("sighting/v1", "TLP:RED", strings.Repeat("long", 500))
	if !slices.Equal(oneSizes, twoSizes) {
		t.Errorf("sizes tell the texts apart: %v and %v", oneSizes, twoSizes)
	}
	for i := range one {
		for _, other := range [][][]byte{two, long} {
			a, b := leafFields(t, one[i]), leafFields(t, other[i])
			if (a.Parts[0] == b.Parts[0]) != (i != 3) {
				t.Errorf("leaf %d: digests equal is %v", i, a.Parts[0] == b.Parts[0])
			}
			a.Parts, b.Parts = nil, nil
			if fmt.Sprint(a) != fmt.Sprint(b) || len(one[i]) != len(other[i]) {
				t.Errorf("leaf %d tells more than a digest: %+v and %+v", i, a, b)
			}
			if i != 3 && !bytes.Equal(one[i], other[i]) {
				t.Errorf("leaf %d depends on leaf 3", i)
			}
		}
		if (oneSizes[i] == longSizes[i]) != (i != 3) {
			t.Errorf("leaf %d: %d and %d bytes", i, oneSizes[i], longSizes[i])
		}
	}
}

func leafFields(t *testing.T, leaf []byte) statement.Leaf {
	t.Helper()
	e, err := statement.ParseEnvelope(leaf)
	if err != nil {
		t.Fatal(err)
	}
	l, err := e.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// FuzzOpenPart: hostile ciphertexts give refusals, never a part.
func FuzzOpenPart(f *testing.F) {
	id := newIdentity(f)
	p := newPart(f, []byte("hello"))
	sealed := must(p.Seal(id.Recipient()))
	f.Add(sealed[:bytes.Index(sealed, []byte("\n--- "))])
	f.Add(encrypt(f, make([]byte, 1024), id.Recipient()))
	f.Add([]byte("age-encryption.org/v1\n-> mlkem768x25519 AAAA\nAAAA\n--- AAAA\n"))
	f.Add([]byte("-----BEGIN AGE ENCRYPTED FILE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := OpenPart(data, p.Digest(), id)
		if _, ok := statement.AsRefusal(err); !ok {
			t.Fatalf("got %v", err)
		}
	})
}
