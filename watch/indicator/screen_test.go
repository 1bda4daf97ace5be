package indicator

import (
	"strings"
	"testing"

	"entente/observable"
)

// TestScreen puts each value of a list into a set alone, and into events alone and with another: none is screened out that Match
// reports anything of, and most that it reports nothing of are.
func TestScreen(t *testing.T) {
	var values []observable.Value
	for typ, raws := range map[observable.Type][]string{
		observable.IPv4:   {"198.51.100.7", "198.51.100.9", "192.0.2.1"},
		observable.IPv6:   {"2001:db8::7", "2001:db8::9"},
		observable.Net4:   {"198.51.100.0/24", "198.51.100.8/29", "0.0.0.0/0"},
		observable.Net6:   {"2001:db8::/32", "::/0"},
		observable.Domain: {"a.example", "b.a.example", "a-name-that-is-longer.example", "below.a-name-that-is-longer.example", "x.test"},
		observable.URL:    {"http://a.example/", "http://b.a.example:81/x?y", "http://198.51.100.7/x", "http://198.51.100.9/x/y", "http://[2001:db8::7]/x"},
		observable.Email:  {"u@a.example", "u@b.a.example", "v@x.test"},
		observable.MD5:    {strings.Repeat("a", 32), strings.Repeat("b", 32)},
		observable.SHA1:   {strings.Repeat("a", 40)},
		observable.SHA256: {strings.Repeat("a", 64), strings.Repeat("b", 64)},
	} {
		for _, raw := range raws {
			v, err := observable.Normalise(typ, raw)
			if err != nil {
				t.Fatal(raw, err)
			}
			values = append(values, v)
		}
	}
	met, clear, others := 0, 0, 0
	var c Screen
	for _, indicated := range values {
		s := NewSet([]Entry{{Value: indicated}})
		c.Begin(s)
		events := [][]observable.Value{nil}
		for _, v := range values {
			events = append(events, []observable.Value{v}, []observable.Value{{Type: observable.Domain, Canonical: "other.test"}, v})
		}
		for _, seen := range events {
			c.Next()
			for i := range seen {
				c.Add(&seen[i])
			}
		}
		may := c.Judge()
		if len(may) != len(events) {
			t.Fatalf("%d of %d events are judged", len(may), len(events))
		}
		for i, seen := range events {
			hits := 0
			for _, v := range seen {
				s.Match(v, func(uint32, Rule) { hits++ })
			}
			switch {
			case hits > 0 && !may[i]:
				t.Errorf("%v is screened out and meets %v", seen, indicated)
			case hits > 0:
				met++
			case !may[i]:
				clear++
			default:
				others++
			}
		}
	}
	if met == 0 || clear < others {
		t.Errorf("%d events meet a set, %d are clear, %d are not seen to be", met, clear, others)
	}
}

func TestScreenOfNothing(t *testing.T) {
	for name, s := range map[string]*Set{"no set": nil, "an empty set": NewSet(nil)} {
		var c Screen
		c.Begin(s)
		c.Next()
		c.Add(&observable.Value{Type: observable.IPv6, Canonical: "2001:db8::7"})
		if may := c.Judge(); len(may) != 1 || may[0] {
			t.Errorf("%s: %v", name, may)
		}
	}
}
