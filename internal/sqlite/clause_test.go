package sqlite

import (
	"math"
	"testing"
)

// TestClauseRows: a line is in one row, is stored once, and is free again when
// its row goes.
func TestClauseRows(t *testing.T) {
	db, ctx := newWatch(t), t.Context()
	ever := []Span{{From: math.MinInt64, To: math.MaxInt64}}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c := Clause{Origin: "o", Index: 3, No: 1}
	hits := []ClauseHit{{Clause: c, Source: "s", Line: 1, At: 1000, Name: "r", Raw: []byte("x")}, {Clause: c, Source: "s", Line: 2, At: 2000, Name: "r"}}
	ok(db.Observed(ctx, hits))
	ok(db.Observed(ctx, hits))
	in := []Span{{From: 0, To: 1500}, {From: 1800, To: 5000}}
	ok(db.CollectClauseRow(ctx, ClauseRow{Clause: c}, in[:1], 9))
	rows := must(db.ClauseRows(ctx))(t)
	tallies, lines, err := db.TallyClauseRow(ctx, rows[0], in, 10)
	if err != nil || len(tallies) != 1 || tallies[0].Count != 1 || len(lines) != 1 || string(lines[0].Raw) != "x" {
		t.Fatalf("%+v %+v %v", tallies, lines, err)
	}
	ok(db.CollectClauseRow(ctx, rows[0], in, 10))
	if n := must(db.CountClauseHits(ctx, c, rows[0].ID, ever))(t); n != 2 {
		t.Errorf("%d lines in the row collected anew", n)
	}
	ok(db.DropClauseRow(ctx, rows[0]))
	if n := must(db.CountClauseHits(ctx, c, 0, ever))(t); n != 2 {
		t.Errorf("%d lines are free again", n)
	}
	if got := must(db.ClauseFound(ctx))(t); len(got[c]) != 1 || got[c][0] != 2 {
		t.Errorf("found %v", got)
	}
}
