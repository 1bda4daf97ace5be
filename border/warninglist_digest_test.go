package border

import (
	"testing"

	"entente/observable"
)

// TestWarningListDigest: the digest is of what a list leaves out, not of its name.
func TestWarningListDigest(t *testing.T) {
	list := func(name, kind string, values ...string) *WarningList {
		l, err := NewWarningList(name, kind, values)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	base := list("a", KindHostname, "x.example", "y.example")
	if base.Digest() != list("another name", KindHostname, "x.example", " y.example ").Digest() {
		t.Error("names and spaces count")
	}
	for what, other := range map[string]*WarningList{
		"one entry more":    list("a", KindHostname, "x.example", "y.example", "z.example"),
		"one entry fewer":   list("a", KindHostname, "x.example"),
		"cut elsewhere":     list("a", KindHostname, "x.exampl", "ey.example"),
		"another kind":      list("a", KindString, "x.example", "y.example"),
		"for domains alone": base.For(observable.Domain),
	} {
		if other.Digest() == base.Digest() {
			t.Errorf("%s: the same digest", what)
		}
	}
	if base.For(observable.Domain, observable.URL).Digest() != base.For(observable.URL, observable.Domain).Digest() {
		t.Error("the order of types counts")
	}
	if _, found := Meets([]*WarningList{base}, observable.Value{Type: observable.Domain, Canonical: "a.x.example"}); !found {
		t.Error("a name below a listed one is not met")
	}
}
