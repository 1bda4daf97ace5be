package watchlist

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"entente/match"
	"entente/match/group"
	"entente/observable"
	"entente/statement"
)

func refusal(code statement.Code) error { return &statement.Refusal{Code: code} }

func chance(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func names(prefix string, n int) match.Items {
	var list match.Items
	for i := range n {
		list = append(list, observable.Value{Type: observable.Domain, Canonical: fmt.Sprintf("%s-%d.example", prefix, i)})
	}
	return list
}

// open is an owner with its list, announced and checked by whoever asks.
func open(t testing.TB, set match.Items) (*Owner, *Announcement, []byte) {
	t.Helper()
	o, err := NewOwner(t.Context(), "south", 7, set, chance(1))
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseAnnouncement(o.Announcement.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	file := o.File()
	if err := a.CheckFile(file); err != nil {
		t.Fatal(err)
	}
	return o, a, file
}

func ask(t testing.TB, a *Announcement, items match.Items) *Query {
	t.Helper()
	q, err := Ask(a, items, chance(2))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func hits(list []Hit) (out []string) {
	for _, h := range list {
		out = append(out, h.Item.Canonical)
	}
	return out
}

// TestQuestions: who asks finds what is on the list, and the owner learns of a
// hit by its echo alone.
func TestQuestions(t *testing.T) {
	list := names("listed", 40)
	o, a, file := open(t, list)
	if len(file) != 46*TokenSize {
		t.Errorf("a file of %d bytes for 40 items tells more than a size class", len(file))
	}
	for _, items := range []match.Items{list[3:4], names("other", 1), append(names("other", 20), list[5:9]...)} {
		q := ask(t, a, items)
		answer, err := o.Answer(q.Bytes(), len(items), chance(3))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.CheckAnswer(q.Bytes(), answer); err != nil {
			t.Fatal(err)
		}
		got, err := q.Open(answer, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, v := range items {
			if slices.Contains(list, v) {
				want = append(want, v.Canonical)
			}
		}
		if !slices.Equal(hits(got), want) {
			t.Errorf("%d items: %v, want %v", len(items), hits(got), want)
		}
		for _, h := range got {
			if v, err := o.CheckEcho(h.Echo); err != nil || v != h.Item {
				t.Errorf("the echo of %v gave %v, %v", h.Item, v, err)
			}
			h.Echo[TokenSize] ^= 1
			if _, err := o.CheckEcho(h.Echo); !errors.Is(err, refusal(statement.CodeProof)) {
				t.Errorf("a made-up echo gave %v", err)
			}
		}
		if _, err := q.Open(answer, bytes.NewReader(file)); !errors.Is(err, refusal(statement.CodeState)) {
			t.Errorf("opened twice: %v", err)
		}
	}
	two, one := ask(t, a, list[:1]), must(Ask(a, list[:1], chance(5)))
	if bytes.Equal(two.Bytes(), one.Bytes()) {
		t.Error("two questions about one item look alike")
	}
}

func must(q *Query, err error) *Query {
	if err != nil {
		panic(err)
	}
	return q
}

// TestHostileOwner: an answer that is wrong is refused, and since it is signed
// anybody can see that it is.
func TestHostileOwner(t *testing.T) {
	list := names("listed", 40)
	o, a, file := open(t, list)
	for _, n := range []int{1, 12} {
		q := ask(t, a, list[:n])
		answer, err := o.Answer(q.Bytes(), n, chance(3))
		if err != nil {
			t.Fatal(err)
		}
		other := group.HashScalar("test", []byte("another key")).Public()
		wrong := other.Encode()
		for name, c := range map[string]struct {
			code   statement.Code
			change func(b []byte) []byte
		}{
			"one wrong point":  {statement.CodeProof, func(b []byte) []byte { copy(b, wrong[:]); return b }},
			"the identity":     {statement.CodeValue, func(b []byte) []byte { clear(b[:group.Size]); return b }},
			"no encoding":      {statement.CodeValue, func(b []byte) []byte { b[31] = 0xff; return b }},
			"the question":     {statement.CodeProof, func(b []byte) []byte { copy(b, q.raw[queryHead:queryHead+group.Size]); return b }},
			"a changed proof":  {statement.CodeProof, func(b []byte) []byte { b[n*group.Size] ^= 1; return b }},
			"an answer short":  {statement.CodeSize, func(b []byte) []byte { return b[group.Size:] }},
			"an answer longer": {statement.CodeSize, func(b []byte) []byte { return append(b, b...) }},
		} {
			bent := c.change(slices.Clone(answer[:len(answer)-ed25519.SignatureSize]))
			d := answerDigest(q.raw, bent)
			bent = append(bent, ed25519.Sign(o.signer, d[:])...)
			if err := a.CheckAnswer(q.Bytes(), bent); !errors.Is(err, refusal(c.code)) {
				t.Errorf("%d items, %s gave %v", n, name, err)
			}
			if _, err := q.Open(bent, bytes.NewReader(file)); !errors.Is(err, refusal(c.code)) {
				t.Errorf("%d items, %s opened as %v", n, name, err)
			}
		}
		unsigned := slices.Clone(answer)
		unsigned[0] ^= 1
		if err := a.CheckAnswer(q.Bytes(), unsigned); !errors.Is(err, refusal(statement.CodeSignature)) {
			t.Errorf("an unsigned answer gave %v", err)
		}
		again := must(Ask(a, list[:n], chance(9)))
		if err := a.CheckAnswer(again.Bytes(), answer); !errors.Is(err, refusal(statement.CodeSignature)) {
			t.Errorf("the answer to another question gave %v", err)
		}
	}
}

// TestHostileAsker: questions that nobody may ask.
func TestHostileAsker(t *testing.T) {
	list := names("listed", 40)
	o, a, file := open(t, list)
	q := ask(t, a, list[:5]).Bytes()
	old, err := NewOwner(t.Context(), "south", 6, list, chance(8))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		code  statement.Code
		query []byte
		left  int
	}{
		"over the budget":   {statement.CodeBudget, q, 4},
		"nothing":           {statement.CodeSize, q[:queryHead], 9},
		"half a point":      {statement.CodeSize, q[:len(q)-1], 9},
		"too much":          {statement.CodeSize, append(q[:queryHead:queryHead], make([]byte, (MaxQuery+1)*group.Size)...), 1 << 30},
		"the identity":      {statement.CodeValue, append(q[:queryHead:queryHead], make([]byte, group.Size)...), 9},
		"no encoding":       {statement.CodeValue, append(q[:queryHead:queryHead], bytes.Repeat([]byte{0xff}, group.Size)...), 9},
		"an epoch gone by":  {statement.CodeState, ask(t, &old.Announcement, list[:5]).Bytes(), 9},
		"not even a digest": {statement.CodeSize, nil, 9},
	} {
		if _, err := o.Answer(c.query, c.left, chance(3)); !errors.Is(err, refusal(c.code)) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	o.Erase()
	if _, err := o.Answer(q, 9, chance(3)); !errors.Is(err, refusal(statement.CodeState)) {
		t.Errorf("an erased key gave %v", err)
	}
	if _, err := o.CheckEcho(Echo{}); !errors.Is(err, refusal(statement.CodeState)) {
		t.Errorf("an erased key gave %v", err)
	}
	bent := slices.Clone(file)
	bent[9] ^= 1
	if err := a.CheckFile(bent); !errors.Is(err, refusal(statement.CodeDigest)) {
		t.Errorf("another file gave %v", err)
	}
	if err := a.CheckFile(file[TokenSize:]); !errors.Is(err, refusal(statement.CodeSize)) {
		t.Errorf("a short file gave %v", err)
	}
}

// FuzzAnnouncement: one spelling, and nobody's key without its proof.
func FuzzAnnouncement(f *testing.F) {
	o, _, _ := open(f, names("listed", 3))
	good := o.Announcement.Marshal()
	f.Add(good)
	f.Add(good[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ParseAnnouncement(data)
		if err == nil && !bytes.Equal(a.Marshal(), data) {
			t.Fatal("another spelling")
		}
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatal(err)
		}
	})
}
