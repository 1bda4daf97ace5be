package rule

import (
	"fmt"
	"strings"
	"testing"

	"entente/statement"
	"entente/watch/indicator"
)

const trace = `title: a trace
id: 0d5b8a7e-55a0-4d6c-8f9d-2f1f6b7f0a11
level: high
logsource:
  category: webserver
detection:
  s:
    cs-method: TRACE
  condition: s
`

// Every rule that could hurt or could not run is refused, with a code, alone or
// among good ones, before anything of it runs.
func TestCheck(t *testing.T) {
	sigma := func(text string) indicator.Item { return indicator.Item{Type: indicator.TypeSigma, Value: text} }
	stix := func(text string) indicator.Item { return indicator.Item{Type: indicator.TypePattern, Value: text} }
	ors := make([]string, 1200)
	for i := range ors {
		ors[i] = fmt.Sprintf("[a:b = %d]", i)
	}
	for _, c := range []struct {
		what string
		it   indicator.Item
		code statement.Code // "" for one that may run
	}{
		{"a rule", sigma(trace), ""},
		{"a rule for logs that nobody has here", sigma(strings.Replace(trace, "category: webserver", "product: m365", 1)), ""},
		{"a pattern", stix("[domain-name:value = 'a.example'] FOLLOWEDBY [url:value LIKE '%.exe']"), ""},
		{"a value", indicator.Item{Type: "domain-name", Value: "a.example"}, ""},
		{"a broad pattern", stix("[ipv4-addr:value LIKE '%']"), "E_PATTERN_BROAD"},
		{"everybody", stix("[ipv4-addr:value ISSUBSET '0.0.0.0/0']"), "E_PATTERN_BROAD"},
		{"many terms", stix(strings.Join(ors, " OR ")), "E_SIZE"},
		{"a back-reference", stix(`[file:name MATCHES '(a)\\1']`), "E_PATTERN_REGEXP"},
		{"a huge expression", stix(`[file:name MATCHES '((a{100}){100}){100}']`), "E_PATTERN_REGEXP"},
		{"another spelling", stix("[ file:name='a.exe' ]"), "E_VALUE"},
		{"an alias", sigma("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"), "E_VALUE"},
		{"a huge expression in Sigma", sigma(strings.Replace(trace, "cs-method: TRACE", "cs-method|re: '((a{100}){100}){100}'", 1)), "E_VALUE"},
		{"look-around", sigma(strings.Replace(trace, "cs-method: TRACE", "cs-method|re: '(?=a)'", 1)), "E_VALUE"},
		{"an unknown modifier", sigma(strings.Replace(trace, "cs-method:", "cs-method|frobnicate:", 1)), "E_VALUE"},
		{"a filter", sigma(strings.Replace(trace, "detection:\n", "filter:\n  rules: any\n", 1)), ""},
		{"a correlation that waits for a rule", sigma("title: c\ncorrelation: {type: event_count, rules: [elsewhere], timespan: 1m, condition: {gte: 2}}\n"), ""},
		{"a correlation of itself", sigma("title: c\nname: c\ncorrelation: {type: event_count, rules: [c], timespan: 1m, condition: {gte: 2}}\n"), "E_VALUE"},
		{"too long", sigma(trace + strings.Repeat("# x\n", 5000)), "E_SIZE"},
		{"markup for a terminal", sigma(strings.Replace(trace, "a trace", "a \x1b[2Jtrace", 1)), "E_UTF8"},
		{"a carriage return", sigma(strings.ReplaceAll(trace, "\n", "\r\n")), "E_UTF8"},
		{"nothing", sigma("\n"), "E_VALUE"},
	} {
		err := c.it.Check()
		if err == nil {
			err = Check([]indicator.Item{{Type: "domain-name", Value: "b.example"}, sigma(trace), c.it})
		}
		r, _ := statement.AsRefusal(err)
		switch {
		case c.code == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.code != "" && (r == nil || r.Code != c.code):
			t.Errorf("%s: %v, want %s", c.what, err, c.code)
		}
	}
}

// TestCheckWhole: what waits for a rule runs only with it.
func TestCheckWhole(t *testing.T) {
	it := indicator.Item{Type: indicator.TypeSigma, Value: "title: c\ncorrelation: {type: event_count, rules: [0D5B8A7E-55a0-4d6c-8f9d-2f1f6b7f0a11], timespan: 1m, condition: {gte: 2}}\n"}
	if err := CheckWhole([]indicator.Item{it}); err == nil || !strings.Contains(err.Error(), "not loaded") {
		t.Error(err)
	}
	if err := CheckWhole([]indicator.Item{it, {Type: indicator.TypeSigma, Value: trace}}); err != nil {
		t.Error(err)
	}
}

// TestCheckFilters: a list may not make work by filters that ask much of each of many rules.
func TestCheckFilters(t *testing.T) {
	filter := strings.Replace(trace, "detection:\n", "filter:\n  rules: any\n  x: {c-uri: ["+strings.Repeat("a, ", 500)+"a]}\n", 1)
	items := []indicator.Item{{Type: indicator.TypeSigma, Value: filter}}
	for range 500 {
		items = append(items, indicator.Item{Type: indicator.TypeSigma, Value: trace})
	}
	r, _ := statement.AsRefusal(Check(items))
	if r == nil || !strings.HasPrefix(r.Detail, "item 0: Sigma: filter: asks for ") || Check(items[:200]) != nil {
		t.Error(r, Check(items[:200]))
	}
}

func TestName(t *testing.T) {
	it := indicator.Item{Type: indicator.TypeSigma, Value: trace}
	if Name(it) != "0d5b8a7e-55a0-4d6c-8f9d-2f1f6b7f0a11" || Title(it) != "a trace" {
		t.Error(Name(it), Title(it))
	}
	it.Value = strings.Replace(trace, "id:", "x:", 1)
	if n := Name(it); !strings.HasPrefix(n, "sha256:") || len(n) != 71 {
		t.Error(n)
	}
	p := indicator.Item{Type: indicator.TypePattern, Value: "[file:name = 'a']"}
	if Name(p) != p.Value {
		t.Error(Name(p))
	}
}

// Check must neither panic nor take long, whatever the text.
func FuzzCheck(f *testing.F) {
	f.Add(true, trace)
	f.Add(false, "[domain-name:value = 'a.example'] FOLLOWEDBY [url:value LIKE '%.exe'] WITHIN 5 SECONDS")
	f.Add(true, "title: x\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2}\n")
	f.Fuzz(func(t *testing.T, sigma bool, text string) {
		it := indicator.Item{Type: indicator.TypePattern, Value: text}
		if sigma {
			it.Type = indicator.TypeSigma
		}
		if it.Check() == nil && Check([]indicator.Item{it}) == nil && Name(it) == "" {
			t.Error("a rule without a name")
		}
	})
}
