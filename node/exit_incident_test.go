package node

import (
	"slices"
	"strings"
	"testing"

	"entente/api"
	"entente/border"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/statement"
)

// TestIncidentExport: what an incident tells of goes to a tool with its
// markings, and where a TLP:RED indicator led to it, not at all; what is kept
// is counted in the record.
func TestIncidentExport(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	log := u.watches(south)
	u.weblog(log, "203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4")
	u.start(u.names...)
	u.open(u.names...)
	for marking, values := range map[string][]string{"TLP:RED": {"203.0.113.1", "203.0.113.4"}, "TLP:GREEN": {"203.0.113.2", "203.0.113.4"}} {
		must(u.node(north).Control().Share(t.Context(), api.ShareRequest{Name: marking + ".csv", Marking: marking, To: []string{south}, Data: dated(values...)}))(t)
	}
	if _, as, err := u.leave(north, ShareObjects{To: []string{south}, Objects: [][]byte{thing("indicator", 3, v1, marked("TLP:green", "PAP:amber"))}}); err != nil {
		t.Fatal(as, err)
	}
	u.settle()
	n := u.node(south)
	var held []string
	for _, e := range n.lists.get().entries {
		if e.held() {
			held = append(held, alertID(e.key))
		}
	}
	if len(held) > 0 {
		must(n.Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "a word", IDs: held}))(t)
	}
	want := map[string]string{"203.0.113.1": "", "203.0.113.2": "TLP:AMBER+STRICT", "203.0.113.3": "TLP:AMBER+STRICT PAP:AMBER", "203.0.113.4": ""}
	var all []sqlite.Incident
	u.eventually("all addresses are met", func() bool {
		var err error
		all, _, err = n.seen.Incidents(t.Context(), sqlite.IncidentQuery{Limit: 50})
		return err == nil && len(all) == len(want)
	})
	refused := 0
	for _, i := range all {
		marks := want[i.Subject.Value]
		for _, format := range []string{"ocsf", "stix"} {
			data, err := n.Control().Incident(t.Context(), i.ID, format)
			if no, ok := statement.AsRefusal(err); marks == "" {
				refused++
				if !ok || no.Code != statement.CodeMarking || data != nil {
					t.Errorf("%s as %s: %s %v", i.Subject.Value, format, data, err)
				}
				continue
			}
			u.ok(err)
			for m := range strings.FieldsSeq(marks) {
				if !strings.Contains(string(data), `"`+m+`"`) {
					t.Errorf("%s as %s is not marked %s: %s", i.Subject.Value, format, m, data)
				}
			}
			if strings.Contains(string(data), "PAP:") != strings.Contains(marks, "PAP:") {
				t.Errorf("%s as %s: %s", i.Subject.Value, format, data)
			}
		}
	}
	u.eventually("what was kept is in the record", func() bool {
		kept := uint64(0)
		for _, r := range u.receipts(observer, south) {
			for _, k := range r.Refusals {
				if k.Use == border.UsePassive && k.Code == statement.CodeMarking {
					kept += k.Count
				}
			}
		}
		return kept == uint64(refused) && refused == 4
	})
}

// TestPush: of a file, the node lets go to a tool what neither the file nor
// anything that it knows forbids, and counts the rest.
func TestPush(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(north)
	known := thing("malware", 1, v1, `,"name":"known"`)
	must(n.AddObjects(t.Context(), AddObjects{Account: "script", Lens: everything(), Media: stix.MediaSTIX, Objects: [][]byte{thing("malware", 1, v1, `,"name":"known"`+marked("TLP:red"))}}))(t)
	got := must(n.Control().Push(t.Context(), api.PushRequest{Marking: "TLP:GREEN", Officer: officer, Data: stix.JoinEnvelope([][]byte{
		thing("malware", 2, v1, ""), thing("malware", 3, v1, marked("TLP:red")), noteOn(4, refsTo(name("malware", 1))), noteOn(5, refsTo(name("malware", 9))), noteOn(6, refsTo(name("malware", 2))), known,
	})}))(t)
	var kept []int
	for _, k := range got.Kept {
		kept = append(kept, k.N)
	}
	if !slices.Equal(kept, []int{1, 2, 3, 5}) {
		t.Errorf("kept %+v", got.Kept)
	}
	u.eventually("it is counted", func() bool {
		counted := uint64(0)
		for _, r := range u.receipts(north, north) {
			for _, k := range r.Refusals {
				if k.Use == border.UsePassive && k.Officer == officer {
					counted += k.Count
				}
			}
		}
		return counted == uint64(len(kept))
	})
}
