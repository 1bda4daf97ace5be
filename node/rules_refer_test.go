package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/api"
	"entente/watch/sigma"
)

// refusals are the reasons of rules that do not run at a node, by file.
func (u *unit) refusals(name string) map[string]string {
	u.t.Helper()
	out := make(map[string]string)
	for _, e := range must(u.node(name).Control().Rules(u.t.Context()))(u.t).Items {
		if e.Refusal != nil {
			out[filepath.Base(e.File)] = e.Refusal.Why
		}
	}
	return out
}

const ownFilter = `title: our own client
logsource: {category: webserver}
filter: {rules: any, s: {c-ip: 192.0.2.1}, condition: s}
`

// Own rules refer to each other over files: what waits says so, looks back when
// the rule comes, also behind a filter, and waits again without it.
func TestOwnRulesAcrossFiles(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	path := u.watches(north)
	dir := filepath.Join(u.dir, "rules")
	u.ok(os.MkdirAll(dir, 0o700))
	one, scan, _ := strings.Cut(scanRule, "---\n")
	write(t, filepath.Join(dir, "a_scan.yml"), []byte(scan))
	write(t, filepath.Join(dir, "filter.yml"), []byte(ownFilter))
	u.cfg[north].Rules = []string{dir}
	u.start(north, south)
	u.open(north, south)
	u.visits(path, ruleStory()...)
	u.settle()
	waits := func() bool {
		return strings.Contains(u.refusals(north)["a_scan.yml"], "no rule here has that id or name")
	}
	if !waits() || len(u.found(north)) != 0 {
		t.Errorf("%v, found %q", u.refusals(north), u.found(north))
	}
	write(t, filepath.Join(dir, "one.yml"), []byte(one))
	u.eventually("the rule is read", func() bool { return len(u.refusals(north)) == 0 })
	u.settle()
	if got := u.found(north); len(got) != 0 {
		t.Errorf("the filter is nothing: %q", got)
	}
	u.ok(os.Remove(filepath.Join(dir, "filter.yml")))
	u.eventually("without the filter the scan is found in the archive", func() bool { return len(u.found(north)) == 1 })
	u.demand(north, wanted()[1])
	u.ok(os.Remove(filepath.Join(dir, "one.yml")))
	u.eventually("it waits again", waits)
}

// Shared rules refer to each other over the lists of their giver alone: they wait
// until those that they name are there and accepted, and nobody's filter changes
// what another's rules find.
func TestSharedRulesAcrossLists(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	path := u.watches(south)
	one, scan, _ := strings.Cut(scanRule, "---\n")
	own := filepath.Join(u.dir, "own.yml")
	write(t, own, []byte(strings.ReplaceAll(traceRule, "TRACE", "GET")))
	u.cfg[south].Rules = []string{own}
	u.start(north, south)
	u.open(north, south)
	accept := func() {
		u.settle()
		must(u.node(south).Control().Accept(t.Context(), api.AcceptRequest{All: true, Officer: officer, Reason: "read"}))(t)
		u.settle()
	}
	u.share(north, south, "scan.yml", []byte(scan))
	u.share(north, south, "filter.yml", []byte(strings.ReplaceAll(ownFilter, "192.0.2.1", "192.0.2.7")))
	accept()
	why := func() string { return u.refusals(south)["scan.yml, item 0"] }
	if !strings.Contains(why(), "no rule here has that id or name") {
		t.Errorf("%v", u.refusals(south))
	}
	u.share(north, south, "one.yml", []byte(one))
	u.settle()
	if !strings.Contains(why(), "one.yml, item 0 is held back by the gate") {
		t.Errorf("%v", u.refusals(south))
	}
	u.visits(path, ruleStory()...)
	u.eventually("the own rule fires on each GET, of whomever the partner's filter speaks", func() bool { return len(u.found(south)) == 7 })
	accept()
	u.eventually("the shared rules find the scan", func() bool { return len(u.found(south)) == 8 })
	u.demand(south, wanted()[1])
	if len(u.refusals(south)) != 0 {
		t.Errorf("%v", u.refusals(south))
	}
	must(u.node(north).Retract(t.Context(), Retract{Ref: u.ofName(north, "one.yml"), Reason: "a slip"}))(t)
	u.eventually("it waits again", func() bool { return strings.Contains(why(), "no rule here has that id or name") })
}

// Own rules may be STIX patterns too, and Sigma rules with placeholders, whose
// lists are read again when they change; a file that cannot be read stops no other.
func TestOwnPatternsAndPlaceholders(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	path := u.watches(north)
	dir := filepath.Join(u.dir, "rules")
	u.ok(os.MkdirAll(dir, 0o700))
	clients := filepath.Join(u.dir, "clients.txt")
	write(t, clients, []byte("192.0.2.77\n\n"))
	write(t, filepath.Join(dir, "a_broken.json"), []byte("{"))
	write(t, filepath.Join(dir, "order.pattern"), []byte("# two steps\n\n"+orderPattern+"\n"))
	write(t, filepath.Join(dir, "placed.yml"), []byte(strings.Replace(traceRule, "cs-method: TRACE", "c-ip|expand: '%clients%'", 1)))
	u.cfg[north].Rules, u.cfg[north].Placeholders = []string{dir}, map[string]string{"clients": clients}
	u.start(north, south)
	u.open(north, south)
	u.visits(path, ruleStory()...)
	u.eventually("the pattern finds what is there", func() bool { return len(u.found(north)) == 1 })
	u.demand(north, wanted()[0])
	if len(u.refusals(north)) != 0 {
		t.Errorf("%v", u.refusals(north))
	}
	write(t, clients, []byte("192.0.2.9\n"))
	u.eventually("the rule looks back with the new list", func() bool { return len(u.found(north)) == 2 })
	u.demand(north, "sigma-rule 0d5b8a7e-55a0-4d6c-8f9d-2f1f6b7f0a11 match.sigma line 4 source.ip=192.0.2.9")
	for _, e := range must(u.node(north).Control().Rules(t.Context()))(t).Items {
		if e.Hits != 1 || e.Giver != north {
			t.Errorf("%+v", e)
		}
	}
	u.ok(os.Remove(clients))
	u.eventually("without the list the rule is refused", func() bool { return u.refusals(north)["placed.yml"] != "" })
}

// Who may not see everything learns of a rule nothing that other lists hold.
func TestToldOfOtherRules(t *testing.T) {
	t.Parallel()
	secret := "not for all"
	e := sigma.Entry{
		Refusal: &sigma.Refusal{Construct: sigma.References, Why: secret, Waits: []string{"one"}},
		Notes:   []sigma.Note{{Code: sigma.NoteFiltered, Detail: secret}, {Code: sigma.NoteSilent, Detail: secret}, {Code: sigma.NoteDeadBranch, Detail: "own"}},
	}
	w := &watchlist{}
	if got := w.told(e, north, true); got.Refusal.Why != secret || got.Notes[0].Detail != secret {
		t.Errorf("%+v", got)
	}
	got := w.told(e, north, false)
	if strings.Contains(fmt.Sprint(got.Refusal.Why, got.Notes), secret) || got.Notes[2].Detail != "own" || e.Refusal.Why != secret || e.Notes[0].Detail != secret {
		t.Errorf("%+v of %+v", got, e)
	}
}
