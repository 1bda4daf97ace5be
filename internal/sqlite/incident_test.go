package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/statement"
	"entente/watch/incident"
)

const (
	day0 = int64(1_760_000_400_000)
	aDay = int64(86_400_000)
)

// TestIncidentsCountLines: hits in any order, stored live or by hunts that
// repeat, held and let go later: an incident counts each line once, and only
// lines that alert.
func TestIncidentsCountLines(t *testing.T) {
	values := []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"} // items 0 and 1 name the same value
	w, round := newWatch(t), uint64(0)
	ctx := t.Context()
	rapid.Check(t, func(r *rapid.T) {
		round++
		source, assets := fmt.Sprintf("log %d", round), []string{fmt.Sprintf("web %d.", round), fmt.Sprintf("dns %d.", round)}
		type line struct {
			n     int64
			value string
			asset string
			at    int64
		}
		active := make(map[line]bool)
		held := make(map[int][]line)
		seen := make(map[[2]int64]bool)
		accepted := false
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			if !accepted && rapid.IntRange(0, 9).Draw(r, "accept") == 0 {
				accepted = true
				if err := w.Activate(ctx, []Key{{"south", round, 1}}); err != nil {
					t.Fatal(err)
				}
				for _, l := range held[1] {
					active[l] = true
				}
			}
			n, item := rapid.Int64Range(1, 6).Draw(r, "line"), rapid.IntRange(0, 2).Draw(r, "item")
			at := day0 + n%3*aDay // what a line says of its time and asset never changes
			l := line{n, values[item], assets[n%2], at}
			h := Hit{
				Source: source, Line: n, Key: Key{"south", round, item}, Type: "ipv4-addr", Value: l.value, Asset: l.asset, EventTime: at,
				Held: item == 1 && !accepted, Raw: []byte{}, Stored: day0,
			}
			if rapid.Bool().Draw(r, "live") {
				if err := w.Store(ctx, Source{ID: source, Position: []byte("{}")}, []Hit{h}, nil); err != nil {
					t.Fatal(err)
				}
			} else if err := w.StoreHunt(ctx, []Hit{h}); err != nil {
				t.Fatal(err)
			}
			if k := [2]int64{n, int64(item)}; !seen[k] {
				seen[k] = true
				if h.Held {
					held[item] = append(held[item], l)
				} else {
					active[l] = true
				}
			}
		}
		want := make(map[string]int64)
		for l := range active {
			want[incident.ID(incident.Subject{Type: "ipv4-addr", Value: l.value}, l.asset, incident.Day(l.at))]++
		}
		list, total, err := w.all().Incidents(ctx, IncidentQuery{Text: fmt.Sprintf(" %d.", round), Limit: 100})
		if err != nil || total != len(want) || len(list) != len(want) {
			t.Fatalf("%d incidents of %d, want %d: %v", len(list), total, len(want), err)
		}
		for _, i := range list {
			if i.Count != want[i.ID] || incident.Day(i.First) != i.Day || incident.Day(i.Last) != i.Day || i.State != incident.Open {
				t.Fatalf("%+v, want %d lines", i, want[i.ID])
			}
			sum := int64(0)
			for _, b := range must(w.all().Hours(ctx, i.ID))(t) {
				sum += b.Lines
			}
			if sum != i.Count {
				t.Fatalf("%d lines by the hour, %d in all", sum, i.Count)
			}
		}
	})
}

// TestManyAlertsAreOneIncident, and what people make of it is kept in order.
func TestManyAlertsAreOneIncident(t *testing.T) {
	w := newWatch(t)
	ctx := t.Context()
	var hits []Hit
	for n := range int64(10_000) {
		hits = append(hits, Hit{Source: "log", Line: n, Key: Key{"south", 0, 0}, Type: "ipv4-addr", Value: "192.0.2.1", Asset: "web", EventTime: day0 + n, Raw: []byte("x"), Stored: day0})
	}
	if err := w.Store(ctx, Source{ID: "log", Position: []byte("{}")}, hits, nil); err != nil {
		t.Fatal(err)
	}
	list, total, err := w.all().Incidents(ctx, IncidentQuery{Limit: 10})
	if err != nil || total != 1 || list[0].Count != 10_000 || list[0].First != day0 || list[0].Last != day0+9999 {
		t.Fatalf("%d: %+v, %v", total, list, err)
	}
	id := list[0].ID
	if got := must(w.all().Ringing(ctx, 1, day0))(t); len(got) != 1 {
		t.Errorf("%d incidents ring", len(got))
	}
	act := func(s incident.State) error {
		return w.Act(ctx, []string{id}, incident.Act{At: day0, By: "ann", State: s, Reason: "because"})
	}
	if err := errors.Join(act(incident.Claimed), act(incident.FalsePositive)); err != nil {
		t.Fatal(err)
	}
	if err := act("ignored"); !refused(err) {
		t.Errorf("an unknown state: %v", err)
	}
	if err := w.Act(ctx, []string{id, "nothing"}, incident.Act{By: "ann", State: incident.Closed, Reason: "x"}); !errors.Is(err, ErrNone) {
		t.Errorf("an unknown incident: %v", err)
	}
	got := must(w.all().Incident(ctx, id))(t)
	if got.State != incident.FalsePositive || got.By != "ann" || len(got.Acts) != 2 || got.Acts[0].State != incident.Claimed || len(got.Givers) != 1 {
		t.Errorf("%+v", got)
	}
	if s, _ := incident.StateOf(got.Acts); s != got.State {
		t.Errorf("state %s, by its acts %s", got.State, s)
	}
	if got := must(w.all().Ringing(ctx, 1, day0))(t); len(got) != 0 {
		t.Errorf("%d incidents ring although somebody has judged", len(got))
	}
	records := must(w.all().GiverRecords(ctx))(t)
	if len(records) != 1 || records[0] != (incident.Record{Giver: "south", Incidents: 1, False: 1}) {
		t.Errorf("%+v", records)
	}
	if hits := must(w.all().IncidentHits(ctx, id, 5))(t); len(hits) != 5 || hits[0].Line != 9999 {
		t.Errorf("%+v", hits)
	}
	for q, want := range map[IncidentQuery]int{
		{Text: "WEB"}: 1, {Text: "0.2.1"}: 1, {Text: "%"}: 0, {State: incident.Open}: 0, {State: incident.FalsePositive, Origin: "south"}: 1, {Origin: "north"}: 0,
	} {
		q.Limit = 5
		if _, total, err := w.all().Incidents(ctx, q); err != nil || total != want {
			t.Errorf("%+v: %d, want %d: %v", q, total, want, err)
		}
	}
}

// The list and the days beneath it are of the same incidents; a rule of the own side's counts as the own party's; the
// letters of every script have a small form.
func TestFilteredIncidents(t *testing.T) {
	w := newWatch(t)
	ctx := t.Context()
	var hits []Hit
	for i, h := range []struct{ origin, value, asset string }{{"south", "192.0.2.1", "Почта"}, {"own", "192.0.2.2", "web"}, {"rule:5f0c", "5f0c", "web"}} {
		hits = append(hits, Hit{Source: "log", Line: int64(i), Key: Key{h.origin, 0, 0}, Type: "ipv4-addr", Value: h.value, Asset: h.asset, EventTime: day0 + int64(i)*aDay, Raw: []byte("x"), Stored: day0})
	}
	if err := w.Store(ctx, Source{ID: "log", Position: []byte("{}")}, hits, nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		q    IncidentQuery
		want int
	}{
		{IncidentQuery{}, 3},
		{IncidentQuery{Origin: "own"}, 1},
		{IncidentQuery{Origin: "own", Also: "rule:"}, 2},
		{IncidentQuery{Origin: "south", Also: ""}, 1},
		{IncidentQuery{Text: "пОЧТА"}, 1},
		{IncidentQuery{Text: "WEB", Origin: "own", Also: "rule:"}, 2},
		{IncidentQuery{State: incident.Closed}, 0},
	} {
		tt.q.Limit = 9
		list, total, err := w.all().Incidents(ctx, tt.q)
		days := must(w.all().Days(ctx, tt.q, 0))(t)
		if err != nil || len(list) != tt.want || total != tt.want || len(days) != tt.want {
			t.Errorf("%+v: %d incidents, %d in all, on %d days, want %d: %v", tt.q, len(list), total, len(days), tt.want, err)
		}
	}
}

// What is asked of one type is crowded out neither by another type, nor by another
// asset, nor by what is settled.
func TestIncidentsAbout(t *testing.T) {
	w := newWatch(t)
	ctx := t.Context()
	var hits []Hit
	add := func(kind, asset string, days ...int64) {
		for _, d := range days {
			n := int64(len(hits))
			hits = append(hits, Hit{Source: "log", Line: n, Key: Key{"own", uint64(n), 0}, Type: kind, Value: "v", Asset: asset, EventTime: day0 + d*aDay, Raw: []byte("x"), Stored: day0})
		}
	}
	add("results", "adams", 0, 1, 2)
	add("results", "baker", 5, 6, 7, 8, 9)
	add("domain-name", "vote.example", 20, 21, 22, 23)
	if err := w.StoreHunt(ctx, hits); err != nil {
		t.Fatal(err)
	}
	got := func() (out []string) {
		for _, i := range must(w.all().IncidentsAbout(ctx, "results", 2))(t) {
			out = append(out, fmt.Sprint(i.Asset, " ", (i.Day-incident.Day(day0))/aDay))
		}
		return out
	}
	if d := cmp.Diff([]string{"baker 9", "baker 8", "adams 2", "adams 1"}, got()); d != "" {
		t.Error(d)
	}
	if err := w.Act(ctx, []string{incidentID(hits[2])}, incident.Act{At: day0, By: "ann", State: incident.Closed, Reason: "mended"}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"baker 9", "baker 8", "adams 1", "adams 0"}, got()); d != "" {
		t.Error(d)
	}
}

// What is folded is folded once and for all, and what is no text stays.
func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "aZ", "ЁЖ", "ß", "\xff\xfeA", "İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if Fold(once) != once || Fold(strings.ToLower(s)) != once && utf8.ValidString(s) && !strings.ContainsRune(s, 'İ') {
			t.Errorf("%q folds to %q", s, once)
		}
	})
}

func refused(err error) bool {
	_, ok := statement.AsRefusal(err)
	return ok
}
