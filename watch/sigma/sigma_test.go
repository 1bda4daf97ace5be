package sigma_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/watch/event"
	"entente/watch/sigma"
	"entente/watch/sigma/logsource"
	"entente/watch/sigma/sigmatest"
	"entente/watch/sigma/yamldoc"
)

// rule puts a detection into a rule on a log that has any field: zeek.test.NAME.
func rule(detection string) string {
	return "title: test\nlogsource: {product: zeek, service: test}\ndetection:\n    " + strings.ReplaceAll(strings.TrimSpace(detection), "\n", "\n    ") + "\n"
}

func load(t testing.TB, text string) *sigma.Set {
	t.Helper()
	set, report := sigma.Load([]sigma.File{{Name: "test.yml", Data: []byte(text)}}, sigma.Options{Placeholders: map[string][]string{"admins": {"root", "adm_*"}, "net": {"10.0.0.0/8"}, "one": {"1"}}})
	for _, e := range report.Entries {
		if e.Outcome == sigma.Refused {
			t.Fatalf("%v in\n%s", e.Refusal, text)
		}
	}
	return set
}

// made makes an event of "a=1;b=2".
func made(fields string) *event.Event {
	ev := &event.Event{Dataset: "zeek.test", Time: time.Date(2026, 11, 3, 22, 5, 0, 0, time.UTC)}
	for _, f := range strings.Split(fields, ";") {
		if name, value, ok := strings.Cut(f, "="); ok {
			ev.Add("zeek.test."+name, value)
		}
	}
	return ev
}

// TestItems: one item of a selection, what meets it and what does not.
func TestItems(t *testing.T) {
	for _, c := range []struct {
		item      string
		yes, noes []string
	}{
		{`f: Value`, []string{"f=value", "f=VALUE", "f=x;f=Value"}, []string{"f=values", "g=value", ""}},
		{`f: 'v*e'`, []string{"f=ve", "f=VALUE"}, []string{"f=vex", "f=xve"}},
		{`f: 'v?e'`, []string{"f=vée", "f=v1e"}, []string{"f=ve", "f=v11e"}},
		{`f: '*v?l*e*'`, []string{"f=a val e", "f=v1le"}, []string{"f=vle", "f=val"}},
		{`f: 'a\*b'`, []string{"f=a*b"}, []string{"f=axb"}},
		{`f: 'a\\*b'`, []string{`f=a\b`, `f=a\xyb`}, []string{"f=a*b", "f=axb"}},
		{`f: 'a\\\*b'`, []string{`f=a\*b`}, []string{`f=a\xb`}},
		{`f: 'a\b'`, []string{`f=a\b`}, []string{"f=ab"}},
		{`f: 'a\\b'`, []string{`f=a\b`}, []string{`f=a\\b`}},
		{`f: 'a\\\\b'`, []string{`f=a\\b`}, []string{`f=a\b`}},
		{`f: 'a\\\b'`, []string{`f=a\\b`}, []string{`f=a\b`}},
		{`f: 'a\?'`, []string{"f=a?"}, []string{"f=ab"}},
		{`f: [a, b]`, []string{"f=a", "f=B"}, []string{"f=ab", "f=c"}},
		{`f: 12`, []string{"f=12"}, []string{"f=12.0", "f=112"}},
		{`f: 0x10`, []string{"f=0x10", "f=16"}, []string{"f=10"}},
		{`f: true`, []string{"f=TRUE"}, []string{"f=1"}},
		{`f: null`, []string{"", "g=x"}, []string{"f=x"}},
		{`f: ''`, []string{"", "g=x"}, []string{"f=x"}},
		{`f: '*'`, []string{"f=x"}, []string{"", "g=x"}},
		{`f|contains: B`, []string{"f=abc"}, []string{"f=ac"}},
		{`f|contains: 'a*c'`, []string{"f=xabcx"}, []string{"f=ca"}},
		{`f|startswith: [ab, '?x']`, []string{"f=ABC", "f=yx1"}, []string{"f=xab"}},
		{`f|endswith: '\cmd.exe'`, []string{`f=C:\CMD.EXE`}, []string{`f=\cmd.exe1`, "f=cmd.exe"}},
		{`f|contains|all: [a, b]`, []string{"f=ba", "f=a;f=b"}, []string{"f=a"}},
		{`f|cased: Value`, []string{"f=Value"}, []string{"f=value"}},
		{`f|contains|cased: [aB, 'C?d']`, []string{"f=xaBx", "f=C1d"}, []string{"f=xabx", "f=c1d"}},
		{`f|neq: a`, []string{"f=b", ""}, []string{"f=A", "f=b;f=a"}},
		{`f|neq: [a, b]`, []string{"f=c"}, []string{"f=a", "f=b"}},
		{`f|contains|neq: a`, []string{"f=b"}, []string{"f=bab"}},
		{`f|exists: true`, []string{"f=x"}, []string{"", "g=x"}},
		{`f|exists: false`, []string{"g=x"}, []string{"f=x"}},
		{`f|contains|windash: ' -p'`, []string{"f=x -p", "f=x /P", "f=x –p", "f=x —p", "f=x ―p"}, []string{"f=x p", "f=x _p"}},
		{`f|windash|contains|all: [' /a', ' -b']`, []string{"f=x -a /b"}, []string{"f=x -a"}},
		{`f|windash|contains: 'a-*-b'`, []string{"f=a/x―b"}, []string{"f=a/b"}},
		{`f|re: '^a.c$'`, []string{"f=abc"}, []string{"f=aBBc", "f=xabc", "f=ABC"}},
		{`f|re|i: 'ab+c'`, []string{"f=xABBCx"}, []string{"f=ac"}},
		{`f|re|m|s: '^b.c$'`, []string{"f=a\nb\nc\nd"}, []string{"f=ab\ncd"}},
		{`f|re: ['x1', 'foo|bar']`, []string{"f=x1", "f=a bar"}, []string{"f=fo"}},
		{`f|re: '(?i)k'`, []string{"f=\u212a", "f=K"}, []string{"f=c"}},
		{`f|base64: foobar`, []string{"f=Zm9vYmFy"}, []string{"f=foobar"}},
		{`f|base64offset|contains: 'foobar'`, []string{"f=xZm9vYmFyx", "f=IGZvb2Jhcg==", "f=ICBmb29iYXIg"}, []string{"f=foobar"}},
		{`f|wide|base64offset|contains: 'ping'`, []string{"f=cABpAG4AZwA="}, []string{"f=cGluZw=="}},
		{`f|utf16le|base64: 'cmd'`, []string{"f=YwBtAGQA"}, []string{"f=Y21k"}},
		{`f|utf16be|base64: 'cmd'`, []string{"f=AGMAbQBk"}, []string{"f=YwBtAGQA"}},
		{`f|utf16|base64: 'cmd'`, []string{"f=//5jAG0AZAA="}, []string{"f=YwBtAGQA"}},
		{`f|wide: 'c*d'`, []string{"f=c\x00xyd\x00"}, []string{"f=cxyd"}},
		{`f|windash|wide|base64offset|contains: '-e'`, []string{"f=LQBlAA==", "f=LwBlAA=="}, []string{"f=LgBlAA=="}},
		{`f|lt: 10`, []string{"f=9.5", "f=-1"}, []string{"f=10", "f=x", ""}},
		{`f|lte: 10`, []string{"f=10"}, []string{"f=10.1"}},
		{`f|gt: -1.5`, []string{"f=-1"}, []string{"f=-2"}},
		{`f|gte: 10`, []string{"f=1e1"}, []string{"f=9", "f=0x10"}},
		{`f|cidr: 192.0.2.0/24`, []string{"f=192.0.2.7", "f=::ffff:192.0.2.7"}, []string{"f=192.0.3.7", "f=x"}},
		{`f|cidr: ['2001:db8::/32', '10.0.0.1']`, []string{"f=2001:0DB8::1", "f=10.0.0.1"}, []string{"f=2001:db9::1", "f=10.0.0.2"}},
		{`f|expand: '%admins%'`, []string{"f=ROOT", "f=adm_x"}, []string{"f=%admins%", "f=user"}},
		{`f|contains|expand: 'x%one%\%one%'`, []string{"f=ax1%one%"}, []string{"f=x11"}},
		{`f|expand|cidr: '%net%'`, []string{"f=10.1.2.3"}, []string{"f=11.1.2.3"}},
		{`f: '%admins%'`, []string{"f=%admins%"}, []string{"f=root"}},
		{`f|fieldref: g`, []string{"f=a;g=A"}, []string{"f=a;g=b", "f=a", "g=a"}},
		{`f|fieldref|neq: g`, []string{"f=a;g=b"}, []string{"f=a;g=A"}},
		{`f|fieldref|startswith: g`, []string{"f=abc;g=AB"}, []string{"f=abc;g=bc"}},
		{`f|fieldref|cased: g`, []string{"f=a;g=a"}, []string{"f=a;g=A"}},
		{`f|minute: 5`, []string{"f=2026-11-03T22:05:09Z"}, []string{"f=2026-11-03T22:06:09Z", "f=05"}},
		{`f|hour|gte: 22`, []string{"f=2026-11-03 22:05:09+02:00"}, []string{"f=2026-11-03T21:05:09Z"}},
		{`f|day: [3, 4]`, []string{"f=2026-11-03"}, []string{"f=2026-11-05"}},
		{`f|week: 45`, []string{"f=2026-11-03"}, []string{"f=2026-11-10"}},
		{`f|month|lt: 12`, []string{"f=2026-11-03"}, []string{"f=2026-12-03"}},
		{`f|year|neq: 2026`, []string{"f=2025-11-03"}, []string{"f=2026-11-03"}},
		{`timestamp|hour: 22`, []string{"f=1"}, nil},
		{`timestamp|hour: 21`, nil, []string{"f=1"}},
		{`f: straße`, []string{"f=STRAßE"}, []string{"f=strasse"}},
		{`f: ПРИВЕТ`, []string{"f=привет"}, []string{"f=приве"}},
	} {
		m := load(t, rule("sel:\n    "+c.item+"\ncondition: sel")).NewMatcher()
		for _, fields := range c.yes {
			if len(m.Match(made(fields), nil, nil)) == 0 {
				t.Errorf("%s: no match for %q", c.item, fields)
			}
		}
		for _, fields := range c.noes {
			if len(m.Match(made(fields), nil, nil)) > 0 {
				t.Errorf("%s: matches %q", c.item, fields)
			}
		}
	}
}

func TestConditions(t *testing.T) {
	const named = "s1: {a: '1'}\ns2: {b: '1'}\nf1: {c: '1'}\n_x: {d: '1'}\n"
	for _, c := range []struct {
		detection string
		yes, noes []string
	}{
		{named + "condition: s1 or s2 and not f1", []string{"a=1;c=1", "b=1"}, []string{"b=1;c=1"}},
		{named + "condition: 1 of them", []string{"c=1"}, []string{"d=1"}},
		{named + "condition: all of them", []string{"a=1;b=1;c=1"}, []string{"a=1;b=1"}},
		{named + "condition: 2 of them", []string{"a=1;c=1"}, []string{"a=1;d=1"}},
		{named + "condition: all of s* and not 1 of f*", []string{"a=1;b=1"}, []string{"a=1;b=1;c=1"}},
		{named + "condition: not all of s*", []string{"a=1", ""}, []string{"a=1;b=1"}},
		{named + "condition:\n    - s1\n    - f1", []string{"a=1", "c=1"}, []string{"b=1"}},
		{"s:\n    - a: '1'\n      b: '1'\n    - c: '1'\ncondition: s", []string{"a=1;b=1", "c=1"}, []string{"a=1"}},
		{"k:\n    - Evil\n    - 'sv?host*-n'\ncondition: k", []string{"x=an evil deed", "y=svchost.exe -n e"}, []string{"x=e vil"}},
		{"k:\n    '|all':\n        - foo\n        - bar\ncondition: k", []string{"x=foo;y=bar", "x=barfoo"}, []string{"x=foo"}},
		{"k:\n    '|re': 'a.c'\ncondition: k", []string{"x=zabc"}, []string{"x=zac"}},
		{"k: word\ncondition: k", []string{"x=a word here"}, []string{"x=wor d"}},
		{"k:\n    - 12\n    - c: '1'\ncondition: k", []string{"x=a12b", "c=1"}, []string{"x=1"}},
		{"s: {a: null}\ng: {b: '1'}\ncondition: g and not s", []string{"a=x;b=1"}, []string{"b=1"}},
	} {
		m := load(t, rule(c.detection)).NewMatcher()
		for _, fields := range c.yes {
			if len(m.Match(made(fields), nil, nil)) == 0 {
				t.Errorf("%s\nno match for %q", c.detection, fields)
			}
		}
		for _, fields := range c.noes {
			if len(m.Match(made(fields), nil, nil)) > 0 {
				t.Errorf("%s\nmatches %q", c.detection, fields)
			}
		}
	}
	m := load(t, rule("k: ['in the line']\ncondition: k")).NewMatcher()
	if len(m.Match(made("a=1"), []byte("what is In The Line only"), nil)) != 1 {
		t.Error("keywords are not looked for in the line")
	}
}

// TestRefusals: what is refused, by construct and with its place.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("a", sigma.MaxRegexp+1)
	for detection, want := range map[string]string{
		"s: {a|foo: b}\ncondition: s":                  "line 4, column 16: modifier foo",
		"s: {a|re: '('}\ncondition: s":                 "line 4, column 15: modifier re",
		"s: {a|re: 'a(?!b)'}\ncondition: s":            "line 4, column 15: modifier re",
		"s: {a|re: '(a)\\1'}\ncondition: s":            "line 4, column 15: modifier re",
		"s: {a|re: '" + long + "'}\ncondition: s":      "line 4, column 15: modifier re",
		"s: {a|re: '((a{100}){10}){3}'}\ncondition: s": "line 4, column 15: modifier re",
		"s: {a|i: b}\ncondition: s":                    "line 4, column 14: modifier i",
		"s: {a|cidr: b}\ncondition: s":                 "line 4, column 17: modifier cidr",
		"s: {a|lt: b}\ncondition: s":                   "line 4, column 15: modifier lt",
		"s: {a|exists: b}\ncondition: s":               "line 4, column 19: modifier exists",
		"s: {a|expand: '%b%'}\ncondition: s":           "line 4, column 19: placeholder %b%",
		"s: {a|base64: 'b*'}\ncondition: s":            "line 4, column 19: modifier base64",
		"s: {a|re|cidr: b}\ncondition: s":              "line 4, column 20: modifiers re|cidr",
		"s: {a: [b, null]}\ncondition: s":              "line 4, column 16: null in a list",
		"s: {a: []}\ncondition: s":                     "line 4, column 12: empty list",
		"s: {}\ncondition: s":                          "line 4, column 8: empty map",
		"s: {a: {b: c}}\ncondition: s":                 "line 4, column 13: value",
		"s: ['']\ncondition: s":                        "line 4, column 9: keyword",
		"s: {a: b}\ncondition: s and t":                "line 5, column 22: condition",
		"s: {a: b}\ncondition: s | count() > 5":        "line 5, column 18: condition",
		"s: {a: b}\ncondition: 1 of t*":                "line 5, column 16: condition",
		"s: {a: b}\ncondition: 2 of s*":                "line 5, column 16: condition",
		"s: {a: b}":                                    "line 4, column 5: condition",
		"condition: s":                                 "line 4, column 5: detection",
	} {
		_, report := sigma.Load([]sigma.File{{Name: "x", Data: []byte(rule(detection))}}, sigma.Options{})
		if len(report.Entries) != 1 || report.Entries[0].Outcome != sigma.Refused {
			t.Errorf("%s: %+v", detection, report.Entries)
			continue
		}
		r := report.Entries[0].Refusal
		if got := fmt.Sprintf("line %d, column %d: %s", r.Line, r.Column, r.Construct); got != want || r.Why == "" {
			t.Errorf("%.100s\nrefused at %s (%s), want %s", detection, got, r.Why, want)
		}
	}
	for text, want := range map[string]string{
		"":                             "file",
		"- a\n":                        "yaml",
		"title: x\n":                   "logsource",
		"logsource: {product: zeek}\n": "title",
		"title: x\nlogsource: {definition: zeek}": "logsource",
		"title: x\nlevel: awful\n":                "level",
		"title: x\ntaxonomy: ocsf\n":              "taxonomy",
		"title: x\naction: x\n":                   "action",
		"title: x\ncorrelation: {type: near}\n":   "correlation type",
	} {
		_, report := sigma.Load([]sigma.File{{Name: "x", Data: []byte(text)}}, sigma.Options{})
		if len(report.Entries) != 1 || report.Entries[0].Refusal == nil || report.Entries[0].Refusal.Construct != want {
			t.Errorf("%q: %+v, want %s", text, report.Entries, want)
		}
	}
}

// TestProperty holds the engine against the naive evaluator, with random rules on random events, several rules in one set.
func TestProperty(t *testing.T) {
	values := rapid.StringOfN(rapid.SampledFrom([]rune(`aAbB*?\-/ %éÉЖж.1`)), 0, 6, -1)
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	item := rapid.Custom(func(t *rapid.T) string {
		chain := rapid.SampledFrom([]string{
			"", "", "", "|contains", "|startswith", "|endswith", "|contains|all", "|cased", "|contains|cased", "|neq", "|windash", "|windash|contains",
			"|contains|neq", "|startswith|all", "|exists", "|lt", "|gte", "|fieldref", "|base64", "|base64offset|contains", "|wide|base64", "|expand", "|re", "|re|i",
		}).Draw(t, "chain")
		field := rapid.SampledFrom([]string{"f", "g"}).Draw(t, "field")
		n := rapid.IntRange(1, 3).Draw(t, "values")
		var list []string
		for range n {
			v := values.Draw(t, "value")
			switch {
			case chain == "|exists":
				list = []string{rapid.SampledFrom([]string{"true", "false"}).Draw(t, "exists")}
				continue
			case strings.HasPrefix(chain, "|lt"), strings.HasPrefix(chain, "|gte"):
				v = rapid.SampledFrom([]string{"1", "11", "-1"}).Draw(t, "number")
			case strings.HasPrefix(chain, "|re"):
				v = rapid.SampledFrom([]string{"a", "^a+b", "(ab|B1)$", "[é1]", "a.b", "A{2}"}).Draw(t, "expression")
			case chain == "|fieldref":
				v = rapid.SampledFrom([]string{"f", "g"}).Draw(t, "other")
			case chain == "|expand":
				v = rapid.SampledFrom([]string{"%one%", "a%one%*", "%admins%"}).Draw(t, "placeholder")
			case strings.Contains(chain, "base64"):
				v = "ab" + strings.NewReplacer("*", "", "?", "", `\`, "").Replace(v)
			case v == "" && (chain == "|neq" || chain == ""):
				v = "a"
			}
			list = append(list, quote(v))
		}
		return field + chain + ": [" + strings.Join(list, ", ") + "]"
	})
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		for range 3 {
			d := ""
			for i := range 3 {
				d += fmt.Sprintf("s%d:\n    %s\n", i, item.Draw(t, "item"))
				if i == 2 {
					d += "    h" + item.Draw(t, "item")[1:] + "\n"
				}
			}
			if k := values.Draw(t, "keyword"); strings.Trim(k, "*") != "" {
				d += "k: [" + quote(k) + "]\n"
			}
			d += "condition: " + rapid.SampledFrom([]string{"s0", "s0 and not s1", "1 of s*", "2 of s*", "all of them", "not s2", "s0 or (s1 and not s2)"}).Draw(t, "condition")
			texts = append(texts, rule(d))
		}
		lists := map[string][]string{"admins": {"root", "a*"}, "one": {"1"}}
		set, report := sigma.Load([]sigma.File{{Name: "x", Data: []byte(strings.Join(texts, "---\n"))}}, sigma.Options{Placeholders: lists})
		for _, e := range report.Entries {
			if e.Outcome != sigma.Loaded {
				t.Fatalf("%+v\n%s", e.Refusal, strings.Join(texts, "---\n"))
			}
		}
		m := set.NewMatcher()
		route, _ := logsource.Find("zeek.test", logsource.Source{Product: "zeek", Service: "test"}, "")
		for range 4 {
			ev := made("")
			for _, f := range []string{"f", "g", "h", "f"} {
				if v := values.Draw(t, f); rapid.Bool().Draw(t, "there") {
					ev.Add("zeek.test."+f, v)
				}
			}
			var want []int
			for i, text := range texts {
				docs, _ := yamldoc.Read([]byte(text))
				n, err := sigmatest.New(docs[0].Root, lists)
				if err != nil {
					t.Fatal(err)
				}
				if n.Match(route, ev, nil) {
					want = append(want, i)
				}
			}
			if diff := cmp.Diff(want, m.Match(ev, nil, nil)); diff != "" {
				t.Fatalf("%s\n%q\n%s", strings.Join(texts, "---\n"), ev.Fields, diff)
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(rule("s: {a|re: 'b.*c', d|contains|all: [x, y]}\nk: ['z*']\ncondition: 1 of s* and not k")))
	f.Add([]byte("title: c\nname: c\ncorrelation: {type: event_count, rules: [c], group-by: [a], timespan: 1m, condition: {gte: 2}}\n"))
	f.Add([]byte("title: f\nlogsource: {product: zeek}\nfilter: {rules: any, s: {a: b}, condition: not s}\n---\naction: global\ntitle: g\n"))
	f.Add([]byte("a: &a [x]\nb: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, report := sigma.Load([]sigma.File{{Name: "f", Data: data}}, sigma.Options{})
		if len(report.Entries) == 0 {
			t.Fatal("no entry on a file")
		}
		for _, e := range report.Entries {
			if e.Outcome == sigma.Refused && (e.Refusal == nil || e.Refusal.Why == "") || e.Outcome == "" {
				t.Fatalf("%+v", e)
			}
		}
		w := set.NewWatch(sigma.WatchOptions{})
		for _, dataset := range []string{"zeek.test", "web.access", "syslog", "windows.sysmon", "auditd.execve"} {
			ev := made("a=b;f=x.y;g=z")
			ev.Dataset = dataset
			ev.Add("url.original", "/a?b=c")
			w.Event(ev, placeAt(0), []byte("b z x.y"), time.Time{})
		}
		w.Flush()
	})
}
