package pattern_test

import (
	"testing"
	"time"

	"entente/exchange/stix/pattern"
	"entente/statement"
)

// seeds are the constructs of the grammar, one each at least.
var seeds = []string{
	`[a:b = 'x' OR a-b:'c d'.e[*].f[0] NOT IN ('y', 'it\'s\\')]`,
	`[a:b = h'ff' AND (a:c > -1.5 OR a:d <= t'2020-01-01T00:00:00.5Z')] REPEATS 2 TIMES WITHIN 3.5 SECONDS`,
	`([a:b LIKE '%x_'] FOLLOWEDBY [a:b MATCHES '^x+$' OR NOT EXISTS a:c_ref.d]) AND [a:b ISSUBSET '10.0.0.0/8'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'`,
	`[a:b = true AND c:d != b'AQI=' AND a:c ISSUPERSET '::1'] // note`,
	`[a:b IN ()] OR [EXISTS a:b] /* x */`,
	`[ipv4-addr:value LIKE '%']`, `((((([a:b=1])))))`, `[a:b MATCHES '(a)\\1']`,
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := pattern.Parse(src)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		text := p.String()
		again, err := pattern.Parse(text)
		if err != nil && len(text) <= pattern.MaxSize {
			t.Fatalf("%q is printed %q: %v", src, text, err)
		}
		if err == nil && (again.String() != text || again.Cost().Observations != p.Cost().Observations) {
			t.Fatalf("%q is printed %q, then %q", src, text, again)
		}
	})
}

// FuzzMatch evaluates any pattern over a value of each kind, at once and one by one.
func FuzzMatch(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, "x", int64(5), true)
	}
	f.Fuzz(func(t *testing.T, src, text string, n int64, ref bool) {
		p, err := pattern.Parse(src)
		if err != nil {
			return
		}
		dict := []pattern.Field{
			{Name: "b", Value: pattern.Text(text)},
			{Name: "c", Value: pattern.Number(n)},
			{Name: "c_ref", Value: pattern.Text("a--0")},
			{Name: "c_hex", Value: pattern.Text(text)},
			{Name: "d", Value: pattern.Value{Kind: pattern.Float, Float: float64(n) / 3}},
		}
		dict = append(dict, pattern.Field{Name: "e", Value: pattern.Value{Kind: pattern.List, Items: []pattern.Value{{Kind: pattern.Dict, Fields: dict}, {}}}})
		o := pattern.Observation{Objects: []pattern.Object{{Type: "a", ID: "a--0", Value: pattern.Value{Kind: pattern.Dict, Fields: dict}}}}
		if ref {
			o.Objects[0].Type = "a-b"
		}
		o.First, o.Count = time.Unix(n&0xffffffff, 0), int(n)
		list := []pattern.Observation{o, o}
		list[1].First = o.First.Add(time.Second)
		found, complete := p.Match(list, 10_000)
		for _, b := range found {
			if b.Observation < 0 || b.Observation > 1 || p.Expression(b.Expression) == "" {
				t.Fatalf("%v", found)
			}
		}
		m, refused := pattern.NewMatcher([]pattern.Rule{{ID: "r", Pattern: p}}, pattern.Limits{})
		var hits []pattern.Hit
		for i := range list {
			hits = m.Observe(&list[i], list[1].First, hits)
		}
		if refused[0] == nil && complete && m.Stats().Cut == 0 && (len(hits) > 0) != (found != nil) {
			t.Fatalf("%s: %v, but one by one %v", p, found, hits)
		}
	})
}
