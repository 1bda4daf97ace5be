package node

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"entente/api"
	"entente/border"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/incident"
)

// TestGivers: a giver's record is what happened, decoys left out, and the own
// record comes by the same count.
func TestGivers(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	log := u.watches(south)
	u.weblog(log, "203.0.113.1", "203.0.113.2", "203.0.113.1", "203.0.113.30")
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "dated.csv", dated("203.0.113.1", "203.0.113.2", "203.0.113.3"))
	u.share(north, south, "undated.csv", undated("203.0.113.4", "203.0.113.5"))
	u.share(observer, north, "again.csv", dated("203.0.113.50"))
	must(u.node(south).Control().Share(t.Context(), api.ShareRequest{Name: "own.csv", To: []string{north}, Canary: true, Data: dated("203.0.113.30")}))(t)
	u.settle()
	n := u.node(south)
	var ids []string
	for _, e := range n.lists.get().entries {
		if e.item.Value == "203.0.113.4" {
			ids = append(ids, alertID(e.key))
		}
	}
	for _, reject := range []bool{false, true, false} {
		must(n.Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "a word", IDs: ids, Reject: reject}))(t)
	}
	must(u.node(north).Retract(t.Context(), Retract{Ref: u.ofName(north, "dated.csv"), Items: []int{2}, Reason: "a slip"}))(t)
	u.settle()
	all, _, err := n.seen.Incidents(t.Context(), sqlite.IncidentQuery{Limit: 50})
	u.ok(err)
	for _, i := range all {
		state := incident.Closed
		switch i.Subject.Value {
		case "203.0.113.2":
			state = incident.FalsePositive
		case "203.0.113.30":
			continue
		}
		u.ok(n.watch.Act(t.Context(), []string{i.ID}, incident.Act{At: time.Now().UnixMilli(), By: officer, State: state, Reason: "looked into"}))
	}
	got := make(map[string]border.GiverRecord)
	for _, g := range must(n.Givers(t.Context()))(t) {
		got[g.Giver] = g
	}
	half, low, high := 0.5, 0.0945, 0.9055
	want := map[string]border.GiverRecord{
		north: {
			Giver: north, Lists: 2, Items: 4, Quarantined: 2, Held: 1, Accepted: 1, Alerting: 2,
			Incidents: 2, Confirmed: 1, False: 1, Retractions: 1, Retracted: 1, Precision: &half, Low: &low, High: &high,
		},
		south:    {Giver: south, Own: true, Lists: 1, Items: 1, Alerting: 1, Incidents: 1, Open: 1},
		observer: {Giver: observer},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 0.0001)); diff != "" {
		t.Error(diff)
	}
}

// ofName finds the list of a name that a party said.
func (u *unit) ofName(name, list string) statement.Ref {
	u.t.Helper()
	n := u.node(name)
	for _, l := range must(n.view.Lists(u.t.Context(), n.self.Origin))(u.t) {
		if l.Giver == name && l.Body.Name == list {
			return l.Ref
		}
	}
	u.t.Fatalf("%s said no list %s", name, list)
	return statement.Ref{}
}
