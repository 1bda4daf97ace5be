package node

import (
	"encoding/json"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/accord"
	"entente/accord/accordtest"
	"entente/charter"
	"entente/console"
	"entente/statement"
)

// TestHamburgOnNodes plays the case of 7 July 2017 on three whole nodes in
// virtual time: both parties and the observer print the same report, byte for
// byte, in both languages and as of the three times, with the rows that the
// fixture has.
func TestHamburgOnNodes(t *testing.T) {
	days(t)
	data := must(os.ReadFile("../accord/testdata/hamburg/script.json"))(t)
	s := must(accordtest.Parse(data))(t)
	fixture := must(s.World())(t)
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		morning := time.Date(2017, 7, 7, 12, 0, 0, 0, time.UTC)
		shift := time.Until(morning)
		u := newUnit(t, func(c *charter.Terms) {
			c.Effective = morning.Add(-time.Hour)
			c.Intervals = charter.Intervals{HeartbeatSeconds: 12 * 3600, AckSeconds: 3600, HeadsSeconds: 3600, StaleAfterMissed: 3}
		}, "ru", "us", observer)
		u.patience, u.tick = 6*time.Hour, time.Minute
		for _, name := range u.names {
			u.opt[name].Poll, u.opt[name].Tend, u.opt[name].Save = 30*time.Minute, time.Hour, time.Hour
			u.opt[name].Now = func() time.Time { return time.Now().Add(shift) }
		}
		u.start(u.names...)
		u.open(u.names...)
		for name, officers := range s.Officers {
			u.utter(name, draft{kind: accord.KindOfficers, body: everyRole(name, officers)}, officers...)
		}
		u.settle()
		said := map[string]statement.Ref{}
		for _, e := range s.Entries {
			pass(time.Until(e.At.Time().Add(-shift)))
			said[e.ID] = u.play(s.Case, e, said)
		}
		pass(24 * time.Hour)
		u.settle()
		u.sameReport(s.Case, fixture)
	})
}

// days skips a test in which three nodes live through days of virtual time: it
// takes some ten seconds of a processor, and ./check runs it.
func days(t *testing.T) {
	t.Helper()
	if os.Getenv("ENTENTE_DAYS") == "" {
		t.Skip("days of three nodes; ENTENTE_DAYS=1 plays them")
	}
}

// everyRole is a list of officers each of whom may sign anything.
func everyRole(party string, officers []string) accord.Officers {
	list := staffOf(party)
	list.Officers = nil
	for _, id := range officers {
		one := staffOf(party).Officers[0]
		one.ID, one.Name, one.Roles = id, id, accord.Roles()
		one.Keys[0].Key = signed(party, id, nil).Key
		list.Officers = append(list.Officers, one)
	}
	return list
}

// play says one entry of a script.
func (u *unit) play(caseID string, e accordtest.Entry, said map[string]statement.Ref) statement.Ref {
	u.t.Helper()
	body, part, err := e.Build()
	u.ok(err)
	d := draft{kind: e.Kind, caseID: caseID, body: json.RawMessage(body)}
	for _, ref := range e.Refs {
		u.eventually("statement "+ref, func() bool {
			_, err := u.node(e.Party).view.Statement(u.t.Context(), said[ref].Origin, said[ref].Index)
			return err == nil
		})
		d.refs = append(d.refs, said[ref])
	}
	if part != nil {
		d.parts = [][]byte{part}
	}
	return u.utter(e.Party, d, e.By...)
}

// sameReport compares what every node makes of a case, and its rows with those
// of the same case in a fixture.
func (u *unit) sameReport(caseID string, fixture accord.World) {
	u.t.Helper()
	times := []accord.Instant{"2017-07-08T18:00:00Z", "2017-07-09T12:00:00Z", "2017-07-10T12:00:00Z"}
	rows := func(w accord.World) (out [][]string, list []accord.Comparison) {
		for _, at := range times {
			c := accord.NewRecord(w.AsOf(at.Time())).Compare(caseID)
			var row []string
			for _, r := range c.Rows {
				row = append(row, r.Key+" "+string(r.Verdict.Outcome))
			}
			out, list = append(out, row), append(list, c)
		}
		return out, list
	}
	want, _ := rows(fixture)
	printed := map[string]string{}
	for _, name := range u.names {
		n := u.node(name)
		w := must(ReadWorld(u.t.Context(), n.view, n.roster, n.opt.Now()))(u.t)
		got, list := rows(w)
		if d := cmp.Diff(want, got); d != "" {
			u.t.Errorf("%s (-fixture +node):\n%s", name, d)
		}
		for _, lang := range console.Languages() {
			text := accord.CompareText(must(console.Lexicon(lang))(u.t), list)
			if first, ok := printed[lang]; ok && first != text {
				u.t.Errorf("%s prints another report in %s:\n%s", name, lang, cmp.Diff(first, text))
			}
			printed[lang] = text
		}
	}
}
