package node

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/border"
	"entente/console"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

// TestCaseToTools: a case goes to tools as objects that we would take in from
// anybody, after its receipt; what is for persons alone stays and is counted,
// what is sealed and not opened stays too, and who may not see all of the case
// gets nothing of it.
func TestCaseToTools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := working(t, minutely, nil)
		ctx := t.Context()
		open := u.utter(north, u.tale(u.node(north).opt.Now().Add(24*time.Hour), "", "one thing"), staff...)
		s, _ := must(u.node(north).Accord(ctx))(t).Said(open)
		also := func(text, depositary string, m border.Marking) {
			d := u.tale(u.node(north).opt.Now().Add(200*time.Hour), depositary, text)
			d.caseID, d.marking = s.Act.Case, m
			u.utter(north, d, staff...)
		}
		also("for persons alone", "", border.Red)
		also("not opened", observer, border.Amber)
		u.settle()
		c := u.node(north).Control()
		bundle := must(c.CaseFile(ctx, s.Act.Case, "stix"))(t)
		event := must(c.CaseFile(ctx, s.Act.Case, "misp"))(t)
		at, _ := must(u.node(north).Accord(ctx))(t).Covered(open)
		day := must(u.seen(north, border.Red).DaySTIX(ctx, time.Unix(at, 0).UTC().Truncate(24*time.Hour)))(t)
		types := map[string]int{}
		for _, raw := range must(stix.ObjectsOf(bundle.Data))(t) {
			o := must(stix.ParseObject(raw))(t)
			types[o.Type]++
		}
		if types["note"] != 1 || types["report"] != 2 || types["grouping"] != 1 || types["relationship"] != 0 || bundle.Left != 1 {
			t.Errorf("%v, %d left", types, bundle.Left)
		}
		if _, err := misp.ParseEvent(event.Data); err != nil || !bytes.Contains(event.Data, []byte(`"tlp:amber"`)) || event.Left != 1 {
			t.Errorf("%d left, %v: %s", event.Left, err, event.Data)
		}
		for _, data := range [][]byte{bundle.Data, event.Data, day} {
			if !bytes.Contains(data, []byte("one thing")) || bytes.Contains(data, []byte("for persons alone")) || bytes.Contains(data, []byte("not opened")) {
				t.Errorf("%s", data)
			}
		}
		u.settle()
		want := []string{"case stix, passive, own-tools, TLP:AMBER", "case misp, passive, own-tools, TLP:AMBER", "cases of a day as stix, passive, own-tools, TLP:AMBER"}
		if got := u.toolLines(observer, north); !slices.Equal(got, want) {
			t.Errorf("receipts: %s", strings.Join(got, " | "))
		}
		u.refusedCase(s)
	})
}

// refusedCase: no format that there is not, no case that there is not, nothing of
// a case for who may not see all of it, and nothing without its receipt.
func (u *unit) refusedCase(s accord.Said) {
	u.t.Helper()
	ctx, c := u.t.Context(), u.node(north).Control()
	for _, x := range []struct{ id, format string }{{s.Act.Case, "exe"}, {strings.Repeat("f", 32), "stix"}} {
		if _, err := c.CaseFile(ctx, x.id, x.format); !refusedWith(err, statement.CodeRequest) {
			u.t.Errorf("%s %s: %v", x.id, x.format, err)
		}
	}
	if data, _, err := u.seen(north, border.Amber).ExportCase(ctx, s.Act.Case, "stix"); !errors.Is(err, console.ErrNotFound) || data != nil {
		u.t.Errorf("for who may not see TLP:RED: %v", err)
	}
}
