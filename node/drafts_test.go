package node

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/exchange/stix"
)

// value is the addition to a thing that makes it an indicator of one address.
func value(address string) string {
	return `,"pattern":"[ipv4-addr:value = '` + address + `']"`
}

// bring adds drafts in the name of an account that sees everything.
func (u *unit) bring(to string, objects ...[]byte) {
	u.t.Helper()
	for _, a := range must(u.node(to).AddObjects(u.t.Context(), AddObjects{Account: "feed", Lens: everything(), Media: stix.MediaSTIX, Objects: objects}))(u.t) {
		if a.Refused != nil {
			u.t.Fatal(a.Refused)
		}
	}
	u.settle()
}

// stands waits for what the last versions in accepted are.
func (u *unit) stands(who, want string) {
	u.t.Helper()
	got := ""
	defer func() {
		if u.t.Failed() {
			u.t.Logf("accepted: %s, want %s", got, want)
		}
	}()
	u.eventually("accepted holds "+want, func() bool {
		got = strings.Join(slices.Sorted(slices.Values(strings.Fields(u.page(who, ScopeAccepted, Versions{})))), " ")
		return got == want
	})
}

// TestDraftsAreJudged: what an own feed brings stands among what is accepted
// when the gate lets it in, or an officer with a reason, and until it is taken
// back; what the own side said to others stands.
func TestDraftsAreJudged(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	ctx, n := t.Context(), u.node(north)
	u.bring(north, thing("indicator", 1, v1, value("8.8.8.8")), thing("indicator", 2, v1, value("203.0.113.2")), thing("malware", 3, v1, ""))
	u.stands(north, "2@01 3@01")
	if got := u.page(north, ScopeOwn, Versions{}); strings.Count(got, "@") != 3 {
		t.Errorf("own: %s", got)
	}
	// An officer lets the held one in.
	must(n.Control().Accept(ctx, api.AcceptRequest{Officer: officer, Reason: "our sinkhole", Party: north, Name: "feed"}))(t)
	u.settle()
	u.stands(north, "1@01 2@01 3@01")
	// A later version of it is judged for itself, and the one before is no longer what the feed says.
	u.bring(north, thing("indicator", 2, v2, value("1.1.1.1")))
	u.stands(north, "1@01 3@01")
	// What is shared stands, whatever the gate says of it, also beside a held draft of a later version.
	u.shareObjects(north, south, thing("indicator", 4, v1, value("9.9.9.9")))
	u.bring(north, thing("indicator", 4, v2, value("9.9.9.9")))
	u.stands(north, "1@01 3@01 4@01")
	u.shareObjects(north, south, thing("indicator", 2, v2, value("1.1.1.1")))
	u.settle()
	u.stands(north, "1@01 2@02 3@01 4@01")
	// A draft that revokes what was said takes effect.
	u.bring(north, thing("indicator", 4, v3, value("9.9.9.9")+`,"revoked":true`))
	u.stands(north, "1@01 2@02 3@01 4@03")
	before := u.shelves(north)
	u.restartWithoutView(north)
	u.stands(north, "1@01 2@02 3@01 4@03")
	if got := u.shelves(north); got != before {
		t.Errorf("with the view computed anew: %s", diff(before, got))
	}
	for _, id := range []string{name("indicator", 1), name("malware", 3), name("indicator", 2)} {
		_, _, err := u.node(north).RetractObject(ctx, everything(), stix.MediaSTIX, id, nil, "benign")
		u.ok(err)
	}
	u.stands(north, "4@03")
}

// restartWithoutView stops a node, deletes what is computed, and starts it.
func (u *unit) restartWithoutView(name string) {
	u.t.Helper()
	u.stop(name)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(u.path(name, viewFile+suffix)); err != nil && !os.IsNotExist(err) {
			u.t.Fatal(err)
		}
	}
	u.start(name)
	u.open(name)
	u.settle()
}

// TestDraftsExpire: a draft that the gate let in leaves accepted when it expires.
func TestDraftsExpire(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	soon := time.Now().Add(time.Hour).UTC()
	u.bring(north, thing("indicator", 1, v1, `,"valid_until":"`+soon.Format(time.RFC3339)+`"`), thing("indicator", 2, v1, ""))
	u.stands(north, "1@01 2@01")
	n := u.node(north)
	n.lists.now = func() time.Time { return soon.Add(time.Minute) }
	u.ok(n.lookout.refresh(t.Context()))
	u.stands(north, "2@01")
}
