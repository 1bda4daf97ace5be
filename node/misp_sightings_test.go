package node

import (
	"encoding/json"
	"strings"
	"testing"

	"entente/border"
	"entente/exchange/misp"
)

// TestMISPTold: what a partner saw of a value stands with every attribute that
// has it, for accounts that may see the sighting and what it is of; a guest sees
// that of its own party alone.
func TestMISPTold(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west)
	u.withTools(north)
	u.automatic(south, 100)
	log := u.watches(south)
	u.weblog(log, "203.0.113.5")
	u.start(u.names...)
	u.open(u.names...)
	low, guest, stranger := mispWriter, mispWriter, mispWriter
	low.Name, low.Clearance = "low", border.Green
	guest.Name, guest.Party = "guest", south
	stranger.Name, stranger.Party = "stranger", west
	n := u.tool(north, mispWriter)
	event := strings.Replace(mispEvent("tlp:green"), "10.0.0.0/8", "203.0.113.5", 1)
	n.want("203.0.113.5", "POST", "events/add", event)
	u.share(north, south, "list.csv", dated("203.0.113.5"))
	told := `"name":"south"`
	list := func(m mispTool) string {
		status, body := m.ask("POST", "sightings/listSightings", `{"context":"attribute","id":"5908888b-0154-4a69-b0b2-72090a016221"}`)
		if status != 200 && status != 404 {
			t.Fatal(status, body)
		}
		return body
	}
	u.eventually("the sighting is told", func() bool { return strings.Contains(list(n), told) })
	var got []map[string]misp.Sighting
	if err := json.Unmarshal([]byte(list(n)), &got); err != nil || len(got) != 1 {
		t.Fatalf("%v %+v", err, got)
	}
	if x := got[0]["Sighting"]; x.Type != misp.Seen || x.Date.Int() < 1_700_000_000 || !misp.IsUUID(string(x.UUID)) || x.Attribute != "5908888b-0154-4a69-b0b2-72090a016221" {
		t.Errorf("%+v", x)
	}
	for _, q := range [][3]string{
		{"GET", "events/view/" + mispUUID, ""},
		{"POST", "attributes/restSearch", `{"value":"203.0.113.5"}`},
		{"GET", "sightings/index/" + mispUUID, ""},
	} {
		n.want(told, q[0], q[1], q[2])
	}
	lower := u.tool(north, low)
	if body := list(lower); strings.Contains(body, told) {
		t.Errorf("an account for TLP:GREEN reads a TLP:AMBER sighting: %s", body)
	}
	lower.want("203.0.113.5", "GET", "events/view/"+mispUUID, "")
	if _, body := lower.ask("GET", "events/view/"+mispUUID, ""); strings.Contains(body, told) {
		t.Errorf("in the event: %s", body)
	}
	for who, sees := range map[*mispTool]bool{ptr(u.tool(north, guest)): true, ptr(u.tool(north, stranger)): false} {
		if _, body := who.ask("POST", "attributes/restSearch", `{"value":"203.0.113.5"}`); strings.Contains(body, `"type":"0"`) != sees {
			t.Errorf("a guest: %t %s", sees, body)
		}
	}

	n.want(`"sane_defaults"`, "GET", "attributes/describeTypes", "")
	n.want(`"domain|ip":{"default_category":"Network activity","to_ids":1}`, "GET", "attributes/describeTypes.json", "")
}

func ptr[T any](v T) *T { return &v }
