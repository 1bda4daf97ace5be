package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/console"
	"entente/election/inventory"
	"entente/election/roll"
	"entente/internal/sqlite"
)

// TestRolls: exports of a folder are compared day by day as they come, once and
// over an end of the node; what somebody edits is an incident; nothing that is kept
// or shown names a voter; the root leaves when it is sealed, and only the root.
func TestRolls(t *testing.T) {
	u := newUnit(t, nil, north, south)
	dir := u.path(north, "exports")
	u.ok(os.MkdirAll(dir, 0o700))
	write(t, u.path(north, "list.json"), fmt.Appendf(nil, `{"registration": [{"name": "portal", "exports": [%q]}], "call": [{"id": "ann", "name": "Ann Lee", "phone": "1", "for": ["registration"]}]}`, dir))
	u.cfg[north].Inventory = u.path(north, "list.json")
	s := must(roll.NewSynth(7, 3000, 4, time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)))(t)
	var someone []byte // a line of the export
	export := func(plant ...func(*roll.Synth)) string {
		t.Helper()
		c := s.Day(plant...)
		var b bytes.Buffer
		u.ok(s.Write(&b, roll.Known()[0].Name))
		someone = bytes.Split(b.Bytes(), []byte("\n"))[1]
		write(t, filepath.Join(dir, "roll-"+c.New.Day+".txt"), b.Bytes())
		return c.New.Day
	}
	first := export()
	u.start(north)
	u.eventually("it may write", func() bool { return u.node(north).writable() == nil })
	look := func() console.RollView {
		t.Helper()
		for range 2 { // what has just been written is read at the second look
			u.guarded(north)
		}
		all := must(guardScreens{u.node(north).whole()}.Rolls(t.Context()))(t)
		if len(all) != 1 || len(all[0].Broken) > 0 || all[0].Whom.Name != "Ann Lee" {
			t.Fatalf("%+v", all)
		}
		return all[0]
	}
	if v := look(); len(v.Days) != 1 || v.Days[0].Header.Day != first || v.Days[0].Since != "" || v.Days[0].Counts != nil {
		t.Fatalf("%+v", v)
	}
	for range 9 {
		export()
	}
	if v := look(); len(v.Days) != 10 || v.Days[0].Counts == nil || v.Days[9].Header.Day != first {
		t.Fatalf("%d days", len(v.Days))
	}
	u.stop(north)
	u.start(north)
	u.eventually("it may write", func() bool { return u.node(north).writable() == nil })
	last := export(func(s *roll.Synth) { s.EditAddresses(2, 200) })
	v := look()
	if len(v.Days) != 11 || v.Days[0].Header.Day != last || v.Days[0].Alarms == nil {
		t.Fatalf("%d days, alarms %+v", len(v.Days), v.Days[0].Alarms)
	}
	list, _, err := u.node(north).seen.Incidents(t.Context(), sqlite.IncidentQuery{Limit: 50})
	u.ok(err)
	found := false
	for _, i := range list {
		found = found || i.Subject.Type == subjectRoll && i.Subject.Value == roll.Burst && i.Asset == "portal"
	}
	if !found {
		t.Errorf("no incident of %d edited addresses: %+v", 200, list)
	}

	d := must(guardScreens{u.node(north).whole()}.RollSince(t.Context(), "portal", first))(t)
	if d.Old.Day != first || d.New.Day != last || d.Changes[roll.Changed] < 200 || d.New.Root() != roll.Hash(v.Days[0].Root) {
		t.Errorf("%+v", d.Changes)
	}
	before := v.Days[0].Root
	for range 2 { // sealed once
		u.ok(guardScreens{u.node(north).whole()}.SealRoll(t.Context(), console.User{Name: "anna"}, "portal", last))
	}
	if v = look(); v.Days[0].Sealed == nil || v.Days[0].Root != before || v.Days[1].Sealed != nil {
		t.Errorf("%+v", v.Days[0].Sealed)
	}
	if n := len(must(u.node(north).sealedAs(t.Context(), sealedRoll))(t)); n != 1 {
		t.Errorf("%d seals", n)
	}

	kept := must(os.ReadFile(filepath.Join(u.cfg[north].Dir, rollsDir, strings.TrimSuffix(filepath.Base(u.node(north).rollFile(u.node(north).guarded.get().Registration[0])), ""))))(t)
	for _, value := range strings.FieldsFunc(string(someone), func(r rune) bool { return r == '\t' || r == '"' }) {
		if len(value) > 5 && strings.ContainsAny(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && bytes.Contains(kept, []byte(value)) {
			t.Errorf("%q of a voter is kept", value)
		}
	}
	if bytes.Count(kept, []byte("\n")) != 11 {
		t.Errorf("%d days are kept", bytes.Count(kept, []byte("\n")))
	}
}

// TestRollAlarmsOutliveAKill: the alarms of a day that was kept just before the node
// was killed, or could not be stored as incidents, are told later, once.
func TestRollAlarmsOutliveAKill(t *testing.T) {
	u := newUnit(t, nil, north, south)
	write(t, u.path(north, "list.json"), fmt.Appendf(nil, `{"registration": [{"name": "portal", "exports": [%q]}]}`, u.path(north, "exports")))
	u.cfg[north].Inventory = u.path(north, "list.json")
	site := inventory.Site{Name: "portal"}
	day := func(day string, alarms ...roll.Alarm) {
		u.ok(keepRollDay((&Node{cfg: *u.cfg[north]}).rollFile(site), rollDay{Header: roll.Header{Day: day}, Day: &roll.Day{Alarms: alarms}}, rollHistory))
	}
	day("2026-10-21", roll.Alarm{Kind: roll.Canary, Count: 1})
	u.start(north)
	n := u.node(north)
	told := func() (out []string) {
		t.Helper()
		list, _, err := n.seen.Incidents(t.Context(), sqlite.IncidentQuery{Limit: 50})
		u.ok(err)
		for _, i := range list {
			out = append(out, fmt.Sprint(i.Subject.Value, " ", i.Count))
		}
		return out
	}
	for range 2 {
		u.guarded(north)
	}
	if got := told(); fmt.Sprint(got) != "["+roll.Canary+" 1]" {
		t.Errorf("a restart tells %v", got)
	}
	for range guardLooks { // no look of the node's own
		n.guards.rolls.at.slots <- struct{}{}
		defer func() { <-n.guards.rolls.at.slots }()
	}
	at := n.guards.rolls.site("portal")
	at.days = append(at.days, rollDay{Header: roll.Header{Day: "2026-10-22"}, Day: &roll.Day{Alarms: []roll.Alarm{{Kind: roll.Mass, Count: 9}}}})
	gone, stop := context.WithCancel(t.Context())
	stop()
	if err := at.tell(gone, n, site); err == nil || len(told()) != 1 {
		t.Fatalf("%v, %v", err, told())
	}
	u.ok(at.tell(t.Context(), n, site))
	if got := told(); len(got) != 2 {
		t.Errorf("%v are told when that can be done", got)
	}
}

// TestRollsLieStill: an export that is written to while it is read is not kept; it is
// read when it lies still. A link to a folder is looked through.
func TestRollsLieStill(t *testing.T) {
	u := newUnit(t, nil, north, south)
	dir, link := u.path(north, "exports"), filepath.Join(t.TempDir(), "link")
	u.ok(os.MkdirAll(dir, 0o700))
	u.ok(os.Symlink(dir, link))
	u.start(north)
	n, site := u.node(north), inventory.Site{Name: "portal", Exports: []string{link}}
	s := must(roll.NewSynth(7, 300, 2, time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)))(t)
	s.Day()
	var b bytes.Buffer
	u.ok(s.Write(&b, roll.Known()[0].Name))
	rows := bytes.SplitAfter(b.Bytes(), []byte("\n"))
	path := filepath.Join(dir, "roll-2026-10-20.txt")
	write(t, path, bytes.Join(rows[:200], nil))
	at := &rollSite{read: true}
	stamp := must(n.guards.rollStamp(t.Context(), site))(t)
	at.files, _, _ = n.guards.exportsOf(t.Context(), site)
	write(t, path, b.Bytes()) // the rest of it comes
	u.ok(at.take(t.Context(), n, site, stamp))
	if len(at.days) != 0 || len(at.trouble) != 0 || at.still.due(stamp) {
		t.Fatalf("%+v", at)
	}
	for range 2 {
		u.ok(at.look(t.Context(), n, site))
	}
	if len(at.days) != 1 || at.days[0].Header.Voters != 300 {
		t.Errorf("%+v", at.days)
	}
}

// TestRollDaysHaveALimit: what is kept can be read again; a day beyond is refused.
func TestRollDaysHaveALimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.days")
	kept := 0
	for ; ; kept++ {
		err := keepRollDay(path, rollDay{Header: roll.Header{Day: fmt.Sprintf("2026-10-%02d", kept+1)}}, 1024)
		if errors.Is(err, errRollsFull) {
			break
		}
		if err != nil || kept == 28 {
			t.Fatalf("%d days: %v", kept, err)
		}
	}
	if info := must(os.Stat(path))(t); info.Size() > 1024 || kept == 0 || len(must(readDays(path))(t)) != kept {
		t.Errorf("%d days in %d bytes", kept, info.Size())
	}
}
