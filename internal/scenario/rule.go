package scenario

import (
	"slices"
	"strings"
	"time"
)

// Rule is a Sigma rule that a party shares, and what the other's logs hold of it.
type Rule struct {
	Giver string
	File  string
	Title string
	Hits  int // lines of the other party's that it meets
	Early int // those of them that were there before the exchange
}

// The rule of the exercise.
const (
	ruleFile  = "injection.yml"
	ruleTitle = "SQL in a query"
)

// unlisted is the attacker's address of the afternoon: on no list, so that only the rule sees it.
const unlisted = "198.51.100.99"

// southRule is how south recognises the attack whoever it comes from.
func southRule() File {
	text := `title: ` + ruleTitle + `
id: 5f0c7ad2-31b4-4f0e-9a53-8f4c2f6f1c07
status: experimental
description: Words of SQL in the query of a request, as somebody sends them who tries a form.
level: high
tags: [attack.initial-access, attack.t1190]
logsource: {category: webserver}
detection:
  selection:
    cs-uri-query|contains:
      - "%27%20OR%20%27"
      - "UNION%20SELECT"
      - "WAITFOR%20DELAY"
      - "information_schema"
      - "extractvalue("
  condition: selection
falsepositives: [Tests by the owner of the site]
`
	return File{Name: ruleFile, Data: []byte(text), Early: len(text)}
}

// injected marks a line that the rule means.
func injected() fact { return fact{kind: "injection"} }

func (e entry) injected() bool {
	return slices.ContainsFunc(e.facts, func(f fact) bool {
		return f.kind == "injection" || f.kind == "url" && slices.ContainsFunc(injections(), func(path string) bool { return strings.HasSuffix(f.value, path) })
	})
}

// northInjectedAgain is the attack from another address, after the exchange.
func (g *generator) northInjectedAgain(web *log) {
	at := g.base.Add(EarlyLength + 47*time.Minute)
	for i, path := range injections() {
		web.combined(visit{at: at.Add(time.Duration(i) * 21 * time.Second), from: unlisted, path: path, status: 403, size: 312, agent: "Mozilla/5.0"}, injected())
	}
}
