package node

import (
	"encoding/json"
	"strings"
	"testing"

	"entente/border"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// poisoned says a list of which the second item is not checked at the giver.
func (u *unit) poisoned(from, to string, it indicator.Item) uint64 {
	u.t.Helper()
	part := must(json.Marshal(indicator.List{Items: []indicator.Item{{Type: "ipv4-addr", Value: "192.0.2.7", Observed: "2026-01-01"}, it}}))(u.t)
	ref := must(u.node(from).author.say(u.t.Context(), draft{
		kind: indicator.KindList, marking: border.Amber, recipients: []string{to}, parts: [][]byte{part},
		body: indicator.ListBody{Name: "poison", Basis: indicator.BasisTold, Count: 2, Sheet: 1, Sheets: 1},
	}))(u.t)
	return ref.Index
}

// A list with a rule that could hurt is refused with its code, is counted, and
// changes nothing else: neither the honest value beside it nor the logs' reading.
func TestPoisonRules(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	path := u.watches(south)
	u.start(north, south)
	u.open(north, south)
	sigma := func(detection string) indicator.Item {
		return indicator.Item{Type: indicator.TypeSigma, Value: "title: p\nlogsource: {category: webserver}\ndetection:\n" + detection + "  condition: s\n"}
	}
	poison := map[uint64]statement.Code{}
	for _, c := range []struct {
		it   indicator.Item
		code statement.Code
	}{
		{indicator.Item{Type: indicator.TypePattern, Value: "[ipv4-addr:value LIKE '%']"}, "E_PATTERN_BROAD"},
		{indicator.Item{Type: indicator.TypePattern, Value: "[file:name MATCHES '((a{100}){100}){100}']"}, "E_PATTERN_REGEXP"},
		{sigma("  s: {c-uri|re: '((a{100}){100}){100}'}\n"), statement.CodeValue},
		{sigma("  a: &a [x, x]\n  b: &b [*a, *a]\n  s: {c-uri: *b}\n"), statement.CodeValue},
		{sigma("  s: {c-uri: '" + strings.Repeat("x", indicator.MaxRule) + "'}\n"), statement.CodeSize},
	} {
		poison[u.poisoned(north, south, c.it)] = c.code
	}
	u.share(north, south, "good.csv", dated("192.0.2.9"))
	u.settle()
	m, _ := u.node(south).roster.Member(north)
	for index, code := range poison {
		s := must(u.node(south).view.Statement(t.Context(), m.Origin, index))(t)
		acks := must(u.node(south).view.Acks(t.Context(), m.Origin, index))(t)
		if len(acks) != 1 || acks[0].Verdict != record.VerdictRefused || acks[0].Code != code {
			t.Errorf("%d is %s %s, acknowledged as %+v, want %s", index, s.State, s.Code, acks, code)
		}
	}
	counted := 0
	for _, r := range sortedRefusals(u.node(south).clerk.counts()) {
		counted += int(r.count)
	}
	if counted != len(poison) {
		t.Errorf("%d refusals are counted, want %d", counted, len(poison))
	}
	u.weblog(path, "192.0.2.7", "192.0.2.9")
	u.settle()
	if got := u.tally(south); got.Alerts != 1 || got.HeldBack != 0 {
		t.Errorf("%+v", got)
	}
	u.innocent()
}
