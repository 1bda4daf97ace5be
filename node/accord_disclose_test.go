package node

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/statement"
)

// TestDisclosedOnce: the depositary opens what its author did not, once, though
// nobody hears of it for hours; then everybody reads it.
func TestDisclosedOnce(t *testing.T) {
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, nil)
		tale := u.utter(north, u.tale(u.opt[north].Now().Add(time.Hour), observer, "a scan"), staff...)
		u.settle()
		u.wire.silence(observer)
		pass(4 * time.Hour)
		if n := u.ofKind(observer, observer, accord.KindDisclosure); n != 1 {
			t.Errorf("alone it has said %d disclosures", n)
		}
		u.wire.hear(observer)
		u.settle()
		pass(time.Hour)
		u.settle()
		for _, name := range u.names {
			if seal, _ := must(u.node(name).Accord(t.Context()))(t).Reveal(tale); seal.State != accord.SealDisclosed || u.content(name, tale) == "" {
				t.Errorf("%s: %s, reads %d bytes", name, seal.State, len(u.content(name, tale)))
			}
		}
		if n := u.ofKind(north, observer, accord.KindDisclosure); n != 1 {
			t.Errorf("%d disclosures", n)
		}
		u.innocent()
	})
}

// TestHostileDeposit: a deposit that is too long to be disclosed with its salt is
// refused by all, and keeps no other from being opened when its time has come.
func TestHostileDeposit(t *testing.T) {
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, nil)
		by := u.opt[north].Now().Add(time.Hour)
		texts := make([]string, 120)
		for i := range texts {
			texts[i] = strings.Repeat("\"", 3800) // two bytes each where they are quoted
		}
		d := u.tale(by, observer, texts...)
		for len(d.parts[0]) < statement.MaxPart-4500 {
			texts = append(texts, strings.Repeat("b", 3900))
			d = u.tale(by, observer, texts...)
		}
		for i := 0; len(d.parts[0]) < statement.MaxPart; i++ {
			texts[i] += strings.Repeat("c", min(100, statement.MaxPart-len(d.parts[0])))
			d = u.tale(by, observer, texts...)
		}
		long := u.utter(south, d, staff...)
		u.settle()
		tale := u.utter(north, u.tale(by, observer, "a scan"), staff...)
		u.settle()
		pass(4 * time.Hour)
		u.settle()
		r := must(u.node(south).Accord(t.Context()))(t)
		if seal, _ := r.Reveal(tale); seal.State != accord.SealDisclosed || u.content(south, tale) == "" {
			t.Errorf("%s, south reads %d bytes", seal.State, len(u.content(south, tale)))
		}
		if _, ok := must(u.node(observer).Accord(t.Context()))(t).Said(long); ok {
			t.Error("what its depositary cannot open was taken for a deposit")
		}
	})
}
