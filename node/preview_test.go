package node

import (
	"strings"
	"testing"

	"entente/api"
	"entente/border"
	"entente/console"
	"entente/exchange/stix"
	"entente/statement"
)

// TestPreview: what is shown is what goes, byte for byte; looking says nothing
// to anybody, and what changed since is not sent.
func TestPreview(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	n, ctx := u.node(north), t.Context()
	added := must(n.AddObjects(ctx, AddObjects{Account: "siem", Media: stix.MediaSTIX, Objects: [][]byte{thing("indicator", 1, v1, ` ,"x_odd" : 1.50`)}}))(t)
	screen, by := n.whole().Border(), console.User{Name: "orlova"}
	share := console.Share{To: south, Drafts: []uint64{added[0].Ref.Index}, Text: `[` + string(thing("malware", 2, v1, redMark)) + `,{"type":"note"}]`}
	before, _ := n.log.Head()
	shown := must(screen.Preview(ctx, by, share))(t)
	again := must(screen.Preview(ctx, by, share))(t)
	if after, _ := n.log.Head(); after.Size > before.Size+1 { // a receipt of what is kept may come
		t.Errorf("looking wrote %d statements", after.Size-before.Size)
	}
	if len(shown.Runs) != 2 || len(shown.Left) != 1 || shown.Digest == "" || shown.Digest != again.Digest || shown.To[0] != south {
		t.Fatalf("%+v", shown)
	}
	if _, err := screen.Send(ctx, by, share, strings.Repeat("0", 64)); !refusedAs(err, statement.CodeDigest) {
		t.Errorf("sent unseen: %v", err)
	}
	must(screen.Send(ctx, by, share, shown.Digest))(t)
	u.settle()
	rows, _, err := u.node(south).Objects(ctx, ObjectQuery{Scope: north, Lens: everything(), Limit: 10})
	u.ok(err)
	var got, want []string
	for _, r := range rows {
		got = append(got, r.Marking+" "+string(r.Raw))
	}
	for _, run := range shown.Runs {
		for _, o := range run.Objects {
			want = append(want, run.Marking+" "+string(o.Raw))
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("south reads\n%s\nand north saw\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	x := must(screen.Crossed(ctx, south))(t)
	if k := len(x.Crossed); k < 2 || x.Crossed[k-1].By != by.Name || x.Crossed[k-2].Items != 1 {
		t.Errorf("%+v", x.Crossed)
	}
	if _, err := screen.Preview(ctx, by, console.Share{To: "mallory", Drafts: share.Drafts}); !refusedAs(err, statement.CodeRecipient) {
		t.Errorf("to nobody: %v", err)
	}
	if _, err := screen.Preview(ctx, by, console.Share{To: south, Drafts: []uint64{999}}); !refusedAs(err, statement.CodeRequest) {
		t.Errorf("no draft: %v", err)
	}
	u.ok(screen.Retract(ctx, by, name("indicator", 1), "wrong host"))
	if claims := must(screen.Claims(ctx, name("indicator", 1)))(t); !claims[0].Retracted {
		t.Errorf("%+v", claims)
	}
}

// TestSendsWhatWasSeen: whatever changes between the look and the word, nothing
// goes but what was looked at, not to anybody else.
func TestSendsWhatWasSeen(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west)
	u.start(u.names...)
	u.open(u.names...)
	n, ctx := u.node(north), t.Context()
	must(n.Control().SetGroup(ctx, api.GroupRequest{Name: "inner", Members: []string{south}, Reason: "begin"}))(t)
	r := ShareObjects{Objects: [][]byte{thing("malware", 1, v1, "")}, To: []string{"@inner"}}
	shown := must(n.PreviewShare(ctx, r))(t)
	must(n.Control().SetGroup(ctx, api.GroupRequest{Name: "inner", Members: []string{south, west}, Reason: "more"}))(t)
	before := u.size(north)
	r.Digest = shown.Digest
	if said, err := n.ShareObjects(ctx, r); !refusedAs(err, statement.CodeDigest) || len(said.Refs) > 0 {
		t.Errorf("%+v %v", said, err)
	}
	// Even where the change falls between the comparison and the saying.
	d := draft{kind: stix.KindObjects, marking: border.Amber, group: "@inner", seen: &sight{[]string{south}, "TLP:AMBER"}, body: stix.ObjectsBody{}}
	if _, err := n.author.say(ctx, d); !refusedAs(err, statement.CodeDigest) {
		t.Errorf("%v", err)
	}
	if u.ofKind(north, north, stix.KindObjects) != 0 {
		t.Errorf("something was said: %d leaves, %d before", u.size(north), before)
	}
	again := must(n.PreviewShare(ctx, r))(t)
	if r.Digest = again.Digest; again.Digest == shown.Digest || len(again.To) != 2 {
		t.Errorf("%+v", again)
	}
	must(n.ShareObjects(ctx, r))(t)
}

func refusedAs(err error, code statement.Code) bool {
	r, ok := statement.AsRefusal(err)
	return ok && r.Code == code
}
