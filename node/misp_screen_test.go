package node

import (
	"strings"
	"testing"

	"entente/api"
	"entente/console"
	"entente/exchange/stix"
	"entente/statement"
)

// TestMISPOnScreen: events that tools brought stand beside STIX objects for
// people, are shared as they were looked at, and are taken back by their uuid.
func TestMISPOnScreen(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	n, ctx := u.node(north), t.Context()
	first := must(n.AddObjects(ctx, AddObjects{Account: "siem", Media: stix.MediaSTIX, Objects: [][]byte{thing("indicator", 1, v1, "")}}))(t)
	added := must(n.AddObjects(ctx, AddObjects{Account: "script", Media: stix.MediaMISP, Objects: [][]byte{[]byte(mispEvent("tlp:amber"))}}))(t)
	screen, by := n.whole().Border(), console.User{Name: "orlova"}
	page := must(screen.Objects(ctx, console.ObjectsQuery{Scope: ScopeOwn, Limit: 1}))(t)
	if len(page.Rows) != 1 || page.Rows[0].ID != name("indicator", 1) || page.Next == 0 {
		t.Fatalf("the first page: %+v", page)
	}
	page = must(screen.Objects(ctx, console.ObjectsQuery{Scope: ScopeOwn, Limit: 1, After: page.Next}))(t)
	if len(page.Rows) != 1 || page.Next != 0 {
		t.Fatalf("the second page: %+v", page)
	}
	if o := page.Rows[0]; o.ID != mispUUID || !o.Draft || o.Name != "Phish of counties" || o.Type != "misp-event" || o.Marking != "TLP:AMBER" {
		t.Errorf("%+v", o)
	}
	if claims := must(screen.Claims(ctx, mispUUID))(t); len(claims) != 1 || string(claims[0].Raw) != mispEvent("tlp:amber") {
		t.Errorf("%+v", claims)
	}
	list := must(n.Control().Objects(ctx, api.StoredQuery{Limit: 10}))(t)
	if len(list.Items) != 2 || list.Items[1].ID != mispUUID {
		t.Errorf("%+v", list)
	}

	share := console.Share{To: south, Drafts: []uint64{added[0].Ref.Index}}
	shown := must(screen.Preview(ctx, by, share))(t)
	if len(shown.Runs) != 1 || string(shown.Runs[0].Objects[0].Raw) != mispEvent("tlp:amber") {
		t.Fatalf("%+v", shown)
	}
	for _, mixed := range []console.Share{
		{To: south, Drafts: []uint64{added[0].Ref.Index, first[0].Ref.Index}},
		{To: south, Drafts: share.Drafts, Text: string(thing("malware", 2, v1, ""))},
	} {
		if _, err := screen.Preview(ctx, by, mixed); !refusedAs(err, statement.CodeRequest) {
			t.Errorf("both at once: %v", err)
		}
	}
	must(screen.Send(ctx, by, share, shown.Digest))(t)
	pasted := console.Share{To: south, Text: strings.ReplaceAll(`{"Event":`+mispEvent("tlp:green")+`}`, "0b0-72090a01", "0b0-72090a99")}
	if shown := must(screen.Preview(ctx, by, pasted))(t); len(shown.Runs) != 1 || shown.Runs[0].Marking != "TLP:AMBER" {
		t.Errorf("a pasted event: %+v", shown)
	}
	u.settle()
	rows, _, err := u.node(south).Objects(ctx, ObjectQuery{Scope: north, Media: MediaAny, Lens: everything(), Limit: 10})
	if u.ok(err); len(rows) != 1 || rows[0].ID != mispUUID {
		t.Errorf("south has %+v", rows)
	}

	out := must(n.Control().Retract(ctx, api.RetractionRequest{ID: strings.ToUpper(mispUUID), Reason: "a mistake"}))(t)
	if out.Bodies != 2 {
		t.Errorf("%+v", out)
	}
	if page := must(screen.Objects(ctx, console.ObjectsQuery{Scope: ScopeOwn, Limit: 9}))(t); len(page.Rows) != 1 {
		t.Errorf("what was taken back stands: %+v", page)
	}
	if _, err := n.Control().Retract(ctx, api.RetractionRequest{ID: mispUUID, Reason: "again"}); !refusedAs(err, statement.CodeRequest) {
		t.Errorf("twice: %v", err)
	}
}
