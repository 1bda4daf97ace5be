package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// TestQueries prepares every query of both files.
func TestQueries(t *testing.T) {
	v := newView(t, t.TempDir())
	defer func() { ok(t, v.Close()) }()
	w := newWatch(t)
	for _, db := range []*database{v.db, w.db} {
		if len(db.query) == 0 {
			t.Error("no query")
		}
		for name, text := range db.query {
			s, err := db.write.PrepareContext(t.Context(), text)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			ok(t, s.Close())
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a query that is not there was found")
		}
	}()
	w.db.q("no such query")
}

// TestCursor: leaves come in one after the other, each once, all of a call or
// none; two who write the same log meet the mismatch.
// TestOtherTables: a view that another version laid out is computed anew; one
// of this version stays as it is.
func TestOtherTables(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "view.db")
	v := newView(t, dir)
	ok(t, v.Add(t.Context(), "entente/north/1", 0, []Entry{said("entente/north/1", 0, "seal/v1", 5)}))
	ok(t, v.Close())
	v = newView(t, dir)
	if next := must(v.Next(t.Context(), "entente/north/1"))(t); next != 1 {
		t.Errorf("opened again it goes on at %d", next)
	}
	_, err := v.db.write.ExecContext(t.Context(), "PRAGMA user_version = 7")
	ok(t, errors.Join(err, v.Close()))
	v = newView(t, dir)
	defer v.Close()
	if next := must(v.Next(t.Context(), "entente/north/1"))(t); next != 0 {
		t.Errorf("a view of other tables goes on at %d", next)
	}
	ok(t, os.WriteFile(path+".not", []byte("no database, but there"), 0o600))
	if _, err := OpenView(t.Context(), path+".not"); err == nil {
		t.Error("what is no database was deleted")
	}
}

func TestCursor(t *testing.T) {
	dir := t.TempDir()
	v := newView(t, dir)
	ctx := t.Context()
	ok(t, v.Add(ctx, "a", 0, []Entry{said("a", 0, "seal/v1", 1), said("a", 1, "seal/v1", 2)}))
	before := dump(t, v)
	for name, c := range map[string]struct {
		next    uint64
		entries []Entry
	}{
		"again":      {0, []Entry{said("a", 0, "seal/v1", 1)}},
		"a gap":      {3, []Entry{said("a", 3, "seal/v1", 1)}},
		"half wrong": {2, []Entry{said("a", 2, "seal/v1", 3), said("a", 1, "seal/v1", 3)}},
	} {
		if v.Add(ctx, "a", c.next, c.entries) == nil {
			t.Errorf("%s: taken", name)
		}
		if after := dump(t, v); after != before {
			t.Errorf("%s: the view changed:\n%s", name, after)
		}
	}
	ok(t, v.Add(ctx, "b", 0, []Entry{said("b", 0, "seal/v1", 1)}))
	if n := must(v.Next(ctx, "a"))(t); n != 2 {
		t.Errorf("next is %d", n)
	}
	before = dump(t, v)
	ok(t, v.Close())
	v = newView(t, dir)
	if dump(t, v) != before {
		t.Error("another view after opening it again")
	}
	ok(t, v.Close())
}

// TestWritersMeet: of many who take the same leaf in at once one does.
func TestWritersMeet(t *testing.T) {
	v := newView(t, t.TempDir())
	defer func() { ok(t, v.Close()) }()
	for round := range uint64(20) {
		var wg sync.WaitGroup
		taken := make(chan error, 8)
		for range cap(taken) {
			wg.Go(func() { taken <- v.Add(t.Context(), "a", round, []Entry{said("a", round, "seal/v1", 1)}) })
		}
		wg.Wait()
		close(taken)
		won := 0
		for err := range taken {
			if err == nil {
				won++
			}
		}
		if won != 1 {
			t.Fatalf("round %d: %d took the leaf", round, won)
		}
	}
}

// TestOrder: a log is listed in its own order, whatever times it claims, and
// among logs the later claim comes first.
func TestOrder(t *testing.T) {
	v := newView(t, t.TempDir())
	defer func() { ok(t, v.Close()) }()
	ctx := t.Context()
	for i, at := range []int64{50, 900, 10, 20, 950, 0} {
		ok(t, v.Add(ctx, "jumps", uint64(i), []Entry{said("jumps", uint64(i), "seal/v1", at)}))
	}
	for i, at := range []int64{60, 910} {
		ok(t, v.Add(ctx, "steady", uint64(i), []Entry{said("steady", uint64(i), "seal/v1", at)}))
	}
	list, total, err := v.Statements(ctx, owner(t), Filter{}, 100, 0)
	ok(t, err)
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s%d", s.Party[:1], s.Index))
	}
	if want := "j5 j4 s1 j3 j2 j1 s0 j0"; strings.Join(got, " ") != want || total != 8 {
		t.Errorf("%v of %d, want %s", got, total, want)
	}
	page, _, err := v.Statements(ctx, owner(t), Filter{Party: "jumps"}, 2, 1)
	ok(t, err)
	if len(page) != 2 || page[0].Index != 4 || page[1].Index != 3 || page[1].Time != 20 {
		t.Errorf("a page: %+v", page)
	}
}

// TestAcks: what waits for an ack, and what an ack by another party or of
// another statement does not change.
func TestAcks(t *testing.T) {
	v := newView(t, t.TempDir())
	defer func() { ok(t, v.Close()) }()
	ctx := t.Context()
	entries := []Entry{said("a", 0, "seal/v1", 1), said("a", 1, "seal/v1", 1), said("a", 2, "heads/v1", 1), said("a", 3, "seal/v1", 1)}
	entries[2].Statement.Counted = false
	entries[3].Statement.State = StateSealed
	ok(t, v.Add(ctx, "a", 0, entries))
	waiting := func(self string) (out []uint64) {
		for _, u := range must(v.Unacked(ctx, "a", self, 10))(t) {
			out = append(out, u.Index)
		}
		return out
	}
	wrong := byte(0)
	ack := func(by string, index uint64, items ...record.AckItem) {
		e := said(by, index, record.KindAck, 1)
		for i := range items {
			items[i].ID = said("a", items[i].Index, "", 1).Statement.ID
		}
		items[0].ID[5] ^= wrong
		e.Acks = &record.AckBody{Origin: "a", Items: items}
		ok(t, v.Add(ctx, by, index, []Entry{e}))
	}
	if got := waiting("b"); fmt.Sprint(got) != "[0 1]" {
		t.Errorf("waiting: %v", got)
	}
	ack("c", 0, record.AckItem{Index: 0, Verdict: record.VerdictAccepted})
	ack("b", 0, record.AckItem{Index: 1, Verdict: record.VerdictRefused, Code: statement.CodeBudget}, record.AckItem{Index: 77, Verdict: record.VerdictAccepted})
	if got := waiting("b"); fmt.Sprint(got) != "[0]" {
		t.Errorf("waiting: %v", got)
	}
	if n := must(v.AckedCount(ctx, "a"))(t); n != 2 {
		t.Errorf("%d acknowledged", n)
	}
	// Another statement at the same place is not the one that is acknowledged.
	wrong = 1
	ack("b", 1, record.AckItem{Index: 0, Verdict: record.VerdictAccepted})
	if got := waiting("b"); fmt.Sprint(got) != "[0]" {
		t.Errorf("waiting after an ack of another statement: %v", got)
	}
	if got := must(v.Acks(ctx, "a", 0))(t); len(got) != 1 {
		t.Errorf("acks of another statement: %+v", got)
	}
	got := must(v.Acks(ctx, "a", 1))(t)
	if len(got) != 1 || got[0].Party != "b" || got[0].Verdict != record.VerdictRefused || got[0].Code != statement.CodeBudget {
		t.Errorf("acks: %+v", got)
	}
}

// TestLists: items keep their order, a list has the verdict of the own ack
// alone, and one that is judged again loses its items.
func TestLists(t *testing.T) {
	v := newView(t, t.TempDir())
	defer func() { ok(t, v.Close()) }()
	ctx := t.Context()
	e := said("a", 0, indicator.KindList, 1)
	e.Statement.Body = []byte(`{"name":"x","source":"","basis":"told","count":2,"sheet":1,"sheets":1}`)
	e.Items = []indicator.Item{{Type: "ipv4-addr", Value: "203.0.113.9", Observed: "2026-01-01"}, {Type: "domain-name", Value: "a.example", Context: true}}
	ok(t, v.Add(ctx, "a", 0, []Entry{e}))
	lists := must(v.Lists(ctx, "b"))(t)
	if len(lists) != 1 || lists[0].Body.Name != "x" || lists[0].Verdict != "" {
		t.Fatalf("lists: %+v", lists)
	}
	if got := must(v.Items(ctx, "a", 0))(t); fmt.Sprint(got) != fmt.Sprint(e.Items) {
		t.Errorf("items: %+v", got)
	}
	ack := said("b", 0, record.KindAck, 1)
	ack.Acks = &record.AckBody{Origin: "a", Items: []record.AckItem{{Index: 0, ID: e.Statement.ID, Verdict: record.VerdictHeldBack}}}
	ok(t, v.Add(ctx, "b", 0, []Entry{ack}))
	if got := must(v.Lists(ctx, "b"))(t)[0].Verdict + must(v.Lists(ctx, "c"))(t)[0].Verdict; got != record.VerdictHeldBack {
		t.Errorf("verdicts: %q", got)
	}
	gone := e
	gone.Items, gone.Statement.State, gone.Statement.Code = nil, StateRefused, statement.CodePart
	erasure := said("a", 1, record.KindErasure, 1)
	erasure.Again = &gone
	ok(t, v.Add(ctx, "a", 1, []Entry{erasure}))
	if lists := must(v.Lists(ctx, "b"))(t); len(lists) != 0 {
		t.Errorf("an erased list: %+v", lists)
	}
	if got := must(v.Items(ctx, "a", 0))(t); len(got) != 0 {
		t.Errorf("items of an erased list: %+v", got)
	}
}

// TestForeignBytes: what a view is given comes back as it was.
func TestForeignBytes(t *testing.T) {
	v := newView(t, t.TempDir())
	defer func() { ok(t, v.Close()) }()
	e := said("a'; DROP TABLE statement; --", 0, "seal/v1", 1<<53)
	e.Statement.Body = []byte("{\"name\":\"\u202e\x00'\\\"\"}")
	e.Statement.Marking, e.Statement.Case = "TLP:RED'", strings.Repeat("é", 100)
	ok(t, v.Add(t.Context(), e.Statement.Origin, 0, []Entry{e}))
	got := must(v.Statement(t.Context(), e.Statement.Origin, 0))(t)
	if fmt.Sprint(got) != fmt.Sprint(e.Statement) {
		t.Errorf("%+v\n%+v", got, e.Statement)
	}
	if _, err := v.Statement(t.Context(), "b", 0); err != ErrNone {
		t.Errorf("a statement that is not there: %v", err)
	}
	if err := v.db.write.QueryRowContext(t.Context(), v.db.q("cursor"), "b").Scan(new(int)); err != sql.ErrNoRows {
		t.Errorf("a cursor of a log that is not there: %v", err)
	}
}
