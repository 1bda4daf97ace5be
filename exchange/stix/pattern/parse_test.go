package pattern

import (
	"strings"
	"testing"

	"entente/statement"
)

func mustParse(t testing.TB, src string) *Pattern {
	t.Helper()
	p, err := Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return p
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`[a:b='x']`, `[a:b = 'x']`},
		{`[a:b=='x' OR a:c<>+5]`, `[a:b = 'x' OR a:c != 5]`},
		{"/* note */ [ a:b\n= // here\n 1 ]", `[a:b = 1]`},
		{`[a-b:'c-d'.'e'[*].f[0][-1] IN ('x','it\'s\\')]`, `[a-b:'c-d'.e[*].f[0][-1] IN ('x', 'it\'s\\')]`},
		{`[a:b IN ()]`, `[a:b IN ()]`},
		{`[a:'OR' = h'FFd8' AND a:b NOT = b'AQI=']`, `[a:'OR' = h'ffd8' AND a:b NOT = b'AQI=']`},
		{`[a:b > -.5 AND a:b < 1.50 AND a:b != 7.0]`, `[a:b > -0.5 AND a:b < 1.5 AND a:b != 7.0]`},
		{`[a:b = t'2014-01-13T07:03:17.120Z']`, `[a:b = t'2014-01-13T07:03:17.12Z']`},
		{`[a:b = t'2016-12-31T23:59:60Z']`, `[a:b = t'2017-01-01T00:00:00Z']`},
		{`[NOT EXISTS a:b OR EXISTS a:c]`, `[NOT EXISTS a:b OR EXISTS a:c]`},
		{
			`[a:b = true AND a:c NOT LIKE 'x%' AND a:d NOT MATCHES '^x' AND a:e NOT ISSUBSET '10.0.0.0/8' AND a:f ISSUPERSET '::1']`,
			`[a:b = true AND a:c NOT LIKE 'x%' AND a:d NOT MATCHES '^x' AND a:e NOT ISSUBSET '10.0.0.0/8' AND a:f ISSUPERSET '::1']`,
		},
		{`[(a:b=1 OR (a:b=2)) AND (a:c=3 AND a:d=4)]`, `[(a:b = 1 OR a:b = 2) AND a:c = 3 AND a:d = 4]`},
		{`[(a:b=1 AND a:c=2) OR a:d=3]`, `[a:b = 1 AND a:c = 2 OR a:d = 3]`},
		{`[a:b=1] OR [a:b=2] AND [a:b=3] FOLLOWEDBY [a:b=4]`, `[a:b = 1] OR [a:b = 2] AND [a:b = 3] FOLLOWEDBY [a:b = 4]`},
		{
			`(([a:b=1] OR ([a:b=2])) AND [a:b=3]) FOLLOWEDBY ([a:b=4] FOLLOWEDBY [a:b=5])`,
			`([a:b = 1] OR [a:b = 2]) AND [a:b = 3] FOLLOWEDBY [a:b = 4] FOLLOWEDBY [a:b = 5]`,
		},
		{
			`([a:b=1] AND [a:b=2])WITHIN 5 SECONDS REPEATS 2 TIMES START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'`,
			`([a:b = 1] AND [a:b = 2]) WITHIN 5 SECONDS REPEATS 2 TIMES START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'`,
		},
		{`[a:b=1] WITHIN .0010 SECONDS AND [a:b=2] WITHIN 2.0 SECONDS`, `[a:b = 1] WITHIN 0.001 SECONDS AND [a:b = 2] WITHIN 2 SECONDS`},
	} {
		p, err := Parse(c.src)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		if got := p.String(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
		if again := mustParse(t, c.want).String(); again != c.want {
			t.Errorf("%s is printed %s", c.want, again)
		}
	}
}

func TestRefused(t *testing.T) {
	deep := func(open, close string, n int) string { return strings.Repeat(open, n) + strings.Repeat(close, n) }
	for _, c := range []struct {
		src    string
		code   statement.Code
		detail string
	}{
		{``, CodeSyntax, "byte 0"},
		{"file:size = 1280", CodeSyntax, "'[' or '('"},
		{"[file:size = ]", CodeSyntax, "column 14 (byte 13): a constant is expected, not \"]\""},
		{"[a:b = 'ä'\n AND x]", CodeSyntax, "line 2, column 7 (byte 18)"},
		{"[file:hashes.MD5 = cead3f77f6cda6ec00f57d76c9a6879f]", CodeSyntax, "constant"},
		{"[file.size = 1280]", CodeSyntax, "byte 5"},
		{`[file:name MATCHES /.*\.dll/]`, CodeSyntax, "'/'"},
		{`[a:b = 'x'] WITHIN ]`, CodeSyntax, "seconds"},
		{`[a:b = 'x'] WITHIN 5 HOURS`, CodeSyntax, "SECONDS"},
		{`[a:b = 'x'] WITHIN -5 SECONDS`, CodeSyntax, "seconds"},
		{`[a:b = 'x'] WITHIN 0 SECONDS`, CodeSyntax, "positive"},
		{`[a:b = 'x'] within 2 seconds`, CodeSyntax, "the end"},
		{`[a:b ISSUBSET ]`, CodeSyntax, "constant"},
		{`[a:b ISSUBSET 'example.com']`, CodeSyntax, "neither"},
		{`[a:b ISSUBSET 'fe80::1%eth0']`, CodeSyntax, "neither"},
		{`[a:b ISSUBSET 5]`, CodeSyntax, "string"},
		{`[a:b =? 'x']`, CodeSyntax, "'?'"},
		{`[a:b = t'2457-73-22T32:81:84.1Z']`, CodeSyntax, "constant"},
		{`[a:b = t'2024-02-30T00:00:00Z']`, CodeSyntax, "constant"},
		{`[a:b = t'2024-02-01t00:00:00Z']`, CodeSyntax, "constant"},
		{`[a:b = t'2024-02-01T00:00:00']`, CodeSyntax, "constant"},
		{`[a:b = b'====']`, CodeSyntax, "constant"},
		{`[a:b = h'f']`, CodeSyntax, "constant"},
		{`[a:b = null]`, CodeSyntax, "constant"},
		{`[a:b = 'x]`, CodeSyntax, "never ends"},
		{`[a:b = '\d']`, CodeSyntax, "backslash"},
		{`[a:b = 01]`, CodeSyntax, "zero"},
		{`[a:b = 1x]`, CodeSyntax, "word"},
		{`[a:b = 99999999999999999999]`, CodeSyntax, "64 bits"},
		{`[some-type:needs-quotes = 1]`, CodeSyntax, "quotes"},
		{`[a:b > true]`, CodeSyntax, "no order"},
		{`[a:b IN (1, true)]`, CodeSyntax, "one type"},
		{`[a:b IN (1.5, 2)] AND [a:b IN ('x' 'y')]`, CodeSyntax, "')'"},
		{`[a:b NOT EXISTS]`, CodeSyntax, "operator"},
		{`[NOT a:b = 1]`, CodeSyntax, "EXISTS"},
		{`[a:b = 1] START t'2016-06-01T01:30:00Z'`, CodeSyntax, "STOP"},
		{`[a:b = 1] START '2016-06-01T01:30:00Z' STOP '2016-06-01T01:30:00Z'`, CodeSyntax, "timestamp"},
		{`[a:b = 1] REPEATS 0 TIMES`, CodeSyntax, "positive"},
		{"[a:b = 1] /*", CodeSyntax, "comment"},
		{"[a:b = '\xff']", statement.CodeUTF8, ""},

		{`[a:b MATCHES '(a)\\1']`, CodeRegexp, "invalid escape"},
		{`[a:b MATCHES 'a(?=b)']`, CodeRegexp, "(?="},
		{`[a:b MATCHES '(?<!a)b']`, CodeRegexp, ""},
		{`[a:b MATCHES '(?>a+)b']`, CodeRegexp, ""},
		{`[a:b MATCHES 'a++']`, CodeRegexp, ""},
		{`[a:b MATCHES '(a']`, CodeRegexp, ""},
		{`[a:b MATCHES '((a{99}){99}){99}']`, CodeRegexp, ""},
		{`[a:b MATCHES '` + strings.Repeat("x{999}", 100) + `']`, CodeCost, "instructions"},
		{`[a:b MATCHES '` + strings.Repeat("x", MaxRegexp+1) + `']`, CodeCost, "regular"},

		{deep("(", ")", MaxDepth), statement.CodeDepth, "deeper"},
		{deep("[(", ")]", 1) + deep("["+strings.Repeat("(", 99), "]", 1), CodeSyntax, ""},
		{`[` + strings.Repeat("(", 99) + `]`, statement.CodeDepth, "deeper"},
		{`[a:b = 1]` + strings.Repeat(" REPEATS 1 TIMES", 99), statement.CodeDepth, "deeper"},
		{`[a:b = 1] REPEATS 100 TIMES REPEATS 100 TIMES REPEATS 100 TIMES`, CodeCost, "1001 observations"},
		{`[a:b = 1] REPEATS 99999999999999999999999 TIMES`, CodeCost, "REPEATS"},
		{`[a:b = 1] WITHIN 99999999999999999999999 SECONDS`, CodeCost, "WITHIN"},
		{`[a:b = 1] WITHIN 31622401 SECONDS`, CodeCost, "WITHIN"},
		{`[a:b = 1` + strings.Repeat(" OR a:b=1", MaxComparisons) + `]`, CodeCost, "comparisons"},
		{`[a:b IN (1` + strings.Repeat(",1", MaxComparisons) + `)]`, CodeCost, "comparisons"},
		{`[a:b=1]` + strings.Repeat(" OR [a:b=1]", 100_000), statement.CodeSize, "bytes"},
		{`[a:b` + strings.Repeat(".b", MaxSteps) + `=1]`, CodeCost, "steps"},
		{`[` + strings.Repeat("(a:b=1 OR c:d=2) AND ", 8) + `a:b=1]`, CodeCost, "combinations"},
	} {
		_, err := Parse(c.src)
		r, ok := statement.AsRefusal(err)
		if !ok || r.Code != c.code || !strings.Contains(r.Detail, c.detail) {
			t.Errorf("%.80s: %v, want %s %s", c.src, err, c.code, c.detail)
		}
	}
}

func TestSpecific(t *testing.T) {
	for src, want := range map[string]bool{
		`[ipv4-addr:value LIKE '%']`:                                           false,
		`[ipv4-addr:value LIKE '__.%']`:                                        false,
		`[domain-name:value LIKE '%.evil.example']`:                            true,
		`[domain-name:value MATCHES '.*']`:                                     false,
		`[domain-name:value MATCHES '.']`:                                      false,
		`[domain-name:value MATCHES '^evil[0-9]+\\.']`:                         true,
		`[domain-name:value != 'a']`:                                           false,
		`[domain-name:value NOT != 'a']`:                                       true,
		`[domain-name:value NOT IN ('a')]`:                                     false,
		`[EXISTS url:value]`:                                                   false,
		`[network-traffic:dst_port > 0]`:                                       false,
		`[network-traffic:dst_port > 0 AND ipv4-addr:value = '1.2.3.4']`:       true,
		`[network-traffic:dst_port > 0 OR ipv4-addr:value = '1.2.3.4']`:        false,
		`[ipv4-addr:value ISSUBSET '0.0.0.0/0']`:                               false,
		`[ipv4-addr:value ISSUBSET '10.0.0.0/8']`:                              true,
		`[ipv6-addr:value ISSUBSET '2000::/3']`:                                false,
		`[ipv6-addr:value ISSUBSET '2001:db8::/32']`:                           true,
		`[a:b = 1] FOLLOWEDBY [a:b LIKE '%']`:                                  false,
		`[a:b = 1] START t'2020-01-02T00:00:00Z' STOP t'2020-01-01T00:00:00Z'`: false,
	} {
		if got := mustParse(t, src).Specific() == nil; got != want {
			t.Errorf("%s: %v", src, got)
		}
	}
}
