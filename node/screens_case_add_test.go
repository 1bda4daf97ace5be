package node

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/border"
	"entente/console"
	"entente/exchange/stix"
	"entente/statement"
)

// TestQuickAddInACase: what is written down in a case is a draft that nobody else
// reads, and goes out by the composer alone, under the case, as looked at.
func TestQuickAddInACase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := working(t, minutely, nil)
		open := u.utter(north, u.tale(time.Now().Add(24*time.Hour), "", "one thing"), staff...)
		u.settle()
		ctx := t.Context()
		r := must(u.node(north).Accord(ctx))(t)
		said, _ := r.Said(open)
		id := said.Act.Case
		by := console.User{Name: "reader", Roles: []console.Role{console.RoleAnalyst}, Clearance: border.Red}
		see := must(u.node(north).As(ctx, by))(t)
		cases, desk := see.Cases(), see.Border()
		q := console.QuickAdd{Values: []string{"evil[.]example", "198.51.100.7"}, Basis: "observed", Note: "seen in the case", Marking: "TLP:GREEN"}
		for name, spoil := range map[string]func(*console.QuickAdd){
			"E_CLEARANCE": func(q *console.QuickAdd) { q.Marking = "TLP:RED" },
			"E_VALUE":     func(q *console.QuickAdd) { q.Values = []string{"evil.example", "no value at all"} },
		} {
			bad := q
			spoil(&bad)
			if _, err := u.seen(north, border.Amber).AddIndicators(ctx, by, id, bad); !refusedFor(err, statement.Code(name)) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := cases.AddIndicators(ctx, by, strings.Repeat("f", 32), q); err == nil {
			t.Error("in a case of which nothing was said")
		}
		draft := must(cases.AddIndicators(ctx, by, id, q))(t)
		row := must(u.node(north).view.Statement(ctx, u.node(north).self.Origin, draft))(t)
		if row.Kind != stix.KindObjects || row.Case != id || len(row.Recipients) != 0 {
			t.Errorf("%+v", row)
		}
		u.settle()
		if got := must(u.node(south).view.Statement(ctx, row.Origin, draft))(t); got.State != "sealed" {
			t.Errorf("south reads a draft: %+v", got)
		}
		share := console.Share{Drafts: []uint64{draft}, Marking: "TLP:GREEN", To: south}
		p, err := desk.Preview(ctx, by, share)
		if err != nil {
			t.Fatalf("%v: %+v", err, p.Left)
		}
		if len(p.Runs) != 1 || len(p.Runs[0].Objects) != 2 || p.Runs[0].Marking != "TLP:GREEN" || !strings.Contains(string(p.Runs[0].Objects[0].Raw), "evil.example") {
			t.Fatalf("%d runs, %d left: %+v", len(p.Runs), len(p.Left), p.Left)
		}
		ref := must(desk.Send(ctx, by, share, p.Digest))(t)
		u.settle()
		got := must(u.node(south).view.Statement(ctx, row.Origin, ref.Index))(t)
		if got.Case != id || got.State != "open" {
			t.Errorf("south has %+v", got)
		}
		c := must(cases.Case(ctx, id, time.Time{}))(t)
		for party, n := range map[string]int{south: 1, observer: 0} {
			shared := must(cases.Shared(ctx, c, party))(t)
			rows := slices.DeleteFunc(shared.Rows, func(r console.SharedRow) bool { return r.Kind != stix.KindObjects })
			if len(rows) != n || n > 0 && (rows[0].Ref != ref || !rows[0].Stored) {
				t.Errorf("%s has %+v", party, rows)
			}
		}
	})
}
