package node

import (
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
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
