package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/api"
	"entente/observable"
	"entente/statement"
)

// TestMatchExcludes: what both sides have agreed to leave out is in neither set, and
// a side that holds the list otherwise, or holds another by then, goes into no run.
func TestMatchExcludes(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	path := filepath.Join(t.TempDir(), "parking.json")
	list := `{"name":"Parking","type":"hostname","version":1,"description":"x","matching_attributes":["domain"],"list":["parked.example"]}`
	u.ok(os.WriteFile(path, []byte(list), 0o600))
	for _, name := range u.names {
		u.cfg[name].WarningLists = []string{path}
	}
	u.start(u.names...)
	u.open(u.names...)
	ctx := t.Context()
	offer := api.MatchOffer{To: south, Purpose: "x", Types: []observable.Type{observable.Domain}, Files: namesFile("north", 20, "a.parked.example", "both.example"), UpTo: 10, Exclude: []string{"parking"}}
	made := must(u.node(north).Control().MatchOffer(ctx, offer))(t)
	if made.Read.Excluded != 1 || made.Read.Items != 21 || made.Read.Common != 0 {
		t.Errorf("north read %+v", made.Read)
	}
	u.knowsRun(south, made.Run.ID)
	consent := api.MatchConsent{Run: made.Run.ID, Files: namesFile("south", 20, "a.parked.example", "both.example"), UpTo: 10}
	if yes := must(u.node(south).Control().MatchConsent(ctx, consent))(t); yes.Read.Excluded != 1 || yes.Read.Items != 21 {
		t.Errorf("south read %+v", yes.Read)
	}
	u.over(made.Run.ID, "closed")
	if r := u.runOf(south, made.Run.ID); strings.Join(values(r), " ") != "both.example" {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"no such list", "", strings.Repeat("ab", 8)} {
		bad := offer
		bad.Exclude = []string{name}
		if _, err := u.node(north).Control().MatchOffer(ctx, bad); !refusedWith(err, statement.CodeRequest) {
			t.Errorf("to leave out %q: %v", name, err)
		}
	}

	// South comes to hold the list with one more entry: it consents to no run that leaves out the
	// old one, and begins none that it has offered.
	own := offer
	own.To = north
	begun := must(u.node(south).Control().MatchOffer(ctx, own))(t)
	made = must(u.node(north).Control().MatchOffer(ctx, offer))(t)
	u.knowsRun(south, made.Run.ID)
	u.knowsRun(north, begun.Run.ID)
	u.stop(south)
	longer := filepath.Join(t.TempDir(), "parking.json")
	u.ok(os.WriteFile(longer, []byte(strings.Replace(list, `"parked.example"`, `"parked.example","parked.test"`, 1)), 0o600))
	u.cfg[south].WarningLists = []string{longer}
	u.start(south)
	u.open(south)
	consent.Run = made.Run.ID
	if _, err := u.node(south).Control().MatchConsent(ctx, consent); !refusedWith(err, statement.CodeDrift) {
		t.Errorf("south consents to leave out what it does not hold: %v", err)
	}
	consent.Run = begun.Run.ID
	must(u.node(north).Control().MatchConsent(ctx, consent))(t)
	u.eventually("south refuses to begin", func() bool { return u.runOf(south, begun.Run.ID).Fault != "" })
	if r := u.runOf(south, begun.Run.ID); !strings.HasPrefix(r.Fault, string(statement.CodeDrift)) || r.State != "consented" {
		t.Errorf("%+v", r)
	}
}
