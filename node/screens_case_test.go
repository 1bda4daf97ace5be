package node

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/border"
	"entente/console"
	"entente/statement"
)

// seen is what a user of a node sees of cases.
func (u *unit) seen(party string, clearance border.Marking) console.Cases {
	u.t.Helper()
	s := must(u.node(party).As(u.t.Context(), console.User{Name: "reader", Roles: []console.Role{console.RoleAnalyst}, Clearance: clearance}))(u.t)
	return s.Cases()
}

// TestSharedOfACase holds what the console says that a partner has of a case
// against what that partner's node can read.
func TestSharedOfACase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := working(t, minutely, nil)
		open := u.utter(north, u.tale(time.Now().Add(24*time.Hour), "", "one thing"), staff...)
		r := must(u.node(north).Accord(t.Context()))(t)
		s, _ := r.Said(open)
		sealed := u.tale(time.Now().Add(24*time.Hour), observer, "another thing")
		sealed.caseID = s.Act.Case
		closed := u.utter(north, sealed, staff...)
		u.settle()
		ctx := t.Context()
		c := must(u.seen(north, border.Red).Case(ctx, s.Act.Case, time.Time{}))(t)
		for _, party := range []string{south, observer} {
			shared := must(u.seen(north, border.Red).Shared(ctx, c, party))(t)
			if len(shared.Rows) < 2 {
				t.Fatalf("%s has %d statements: %+v", party, len(shared.Rows), shared.Rows)
			}
			theirs := must(u.node(party).Accord(ctx))(t)
			for _, row := range shared.Rows {
				said, ok := theirs.Said(map[uint64]statement.Ref{open.Index: open, closed.Index: closed}[row.Ref.Index])
				if row.Kind != accord.KindAccount {
					t.Logf("%s #%d: %s", party, row.Ref.Index, row.Kind)
					continue
				}
				if ok != row.Act || row.Seen.IsZero() || len(row.Parts) != 1 {
					t.Errorf("%s #%d: %+v", party, row.Ref.Index, row)
					continue
				}
				if reads := row.Parts[0].State == console.SightOpen || row.Parts[0].State == console.SightOpened; reads != (said.Parts[1] != nil) {
					t.Errorf("%s #%d: we say %s, it reads %d bytes", party, row.Ref.Index, row.Parts[0].State, len(said.Parts[1]))
				}
			}
		}
		if _, err := u.seen(north, border.Red).Shared(ctx, c, north); !errors.Is(err, console.ErrNotFound) {
			t.Errorf("shared with oneself: %v", err)
		}
		u.sightOfACase(s)
	})
}

// sightOfACase holds that a case is there for whoever may see all of it, and that
// nobody else learns of it; the report is for who may see everything.
func (u *unit) sightOfACase(s accord.Said) {
	ctx := u.t.Context()
	for clearance, sees := range map[border.Marking]bool{border.Red: true, border.Amber: true, border.Green: false} {
		cases := u.seen(north, clearance)
		_, err := cases.Case(ctx, s.Act.Case, time.Time{})
		if (err == nil) != sees || err != nil && !errors.Is(err, console.ErrNotFound) {
			u.t.Errorf("%s: %v", clearance, err)
		}
		found := false
		for _, row := range must(cases.CaseList(ctx))(u.t).Cases {
			found = found || row.Case == s.Act.Case
		}
		if found != sees {
			u.t.Errorf("%s: listed is %v", clearance, found)
		}
		_, err = cases.Report(ctx, time.Now())
		if refused, ok := statement.AsRefusal(err); (err == nil) != (clearance == border.Red) || ok && refused.Code != statement.CodeClearance {
			u.t.Errorf("%s: %v", clearance, err)
		}
	}
	r := must(u.node(north).Accord(ctx))(u.t)
	at, _ := r.Covered(s.Ref)
	day := time.Unix(at, 0).UTC().Truncate(24 * time.Hour)
	mine := must(u.seen(north, border.Red).Report(ctx, day))(u.t)
	theirs := must(u.seen(south, border.Red).Report(ctx, day))(u.t)
	if string(mine.Report.Markdown()) != string(theirs.Report.Markdown()) {
		u.t.Error("two nodes print two reports of one day")
	}
	if data := must(u.seen(north, border.Red).DaySTIX(ctx, day))(u.t); len(data) < 200 {
		u.t.Errorf("a bundle of %d bytes", len(data))
	}
}
