package node

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"entente/border"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// thing is an object of the type indicator or another, as a tool would send it.
func thing(typ string, id int, version string, more string) []byte {
	o := fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":%q`, typ, typ, id, version)
	if typ == "indicator" {
		o += `,"pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"`
		if !strings.Contains(more, `"pattern"`) {
			o += fmt.Sprintf(`,"pattern":"[ipv4-addr:value = '203.0.113.%d']"`, id%250)
		}
	}
	if typ == "malware" {
		o += `,"is_family":false`
	}
	return []byte(o + more + "}")
}

const (
	v1 = "2026-01-01T00:00:00.000Z"
	v2 = "2026-01-02T00:00:00.000Z"
	v3 = "2026-01-03T00:00:00.000Z"
)

func name(typ string, id int) string {
	return fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", typ, id)
}

var everything = func() border.Lens {
	l, err := border.See(border.Owner("test"), "taxii:read", "")
	if err != nil {
		panic(err)
	}
	return l
}

// page returns the ids of one scope of a node, with versions cut to the day.
func (u *unit) page(node, scope string, v Versions) string {
	u.t.Helper()
	rows, more, err := u.node(node).Objects(u.t.Context(), ObjectQuery{Scope: scope, Lens: everything(), Limit: 1000, Versions: v})
	u.ok(err)
	if more {
		u.t.Error("more than a thousand")
	}
	var out []string
	last := int64(0)
	for _, r := range rows {
		if r.Added <= last {
			u.t.Errorf("%s came at %d, the one before at %d", r.ID, r.Added, last)
		}
		last = r.Added
		out = append(out, strings.TrimLeft(r.ID[strings.Index(r.ID, "--")+len("--00000000-0000-4000-8000-"):], "0")+"@"+r.Version[8:10])
	}
	return strings.Join(out, " ")
}

func (u *unit) shareObjects(from, to string, objects ...[]byte) SharedObjects {
	u.t.Helper()
	return must(u.node(from).ShareObjects(u.t.Context(), ShareObjects{Lens: u.node(from).lens, Name: "feed", Objects: objects, To: []string{to}}))(u.t)
}

// TestObjects: what a tool brings is a draft for the own side alone; what is
// shared stands at the partner's with its exact bytes; a bad object spoils none.
func TestObjects(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	ctx := t.Context()
	odd := []byte(`{ "type":"malware","spec_version":"2.1" ,"id":"malware--00000000-0000-4000-8000-000000000007","created":"2026-01-01T00:00:00.0000Z","modified":"2026-01-01T00:00:00.000000Z","is_family":false,"x_odd":1.50}`)
	added := must(u.node(north).AddObjects(ctx, AddObjects{Account: "opencti", Media: stix.MediaSTIX, Objects: [][]byte{
		thing("indicator", 1, v1, ""), []byte(`{"type":"indicator"}`), odd, thing("indicator", 1, v1, ""), []byte("nothing"), thing("malware", 3, v1, `,"object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]`),
	}}))(t)
	var got []string
	for _, a := range added {
		switch {
		case a.Refused != nil:
			got = append(got, string(a.Refused.Code))
		case a.Known:
			got = append(got, "known")
		default:
			got = append(got, "added")
		}
	}
	if want := "added E_FIELD added known E_JSON added"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	if got := u.page(north, ScopeOwn, Versions{}); got != "3@01 1@01 7@01" {
		t.Errorf("own: %s", got)
	}
	u.settle()
	if got := u.page(south, north, Versions{}); got != "" {
		t.Errorf("south has drafts of north: %s", got)
	}
	shared := must(u.node(north).ShareObjects(ctx, ShareObjects{Lens: u.node(north).lens, Drafts: []statement.Ref{added[0].Ref}, To: []string{south}}))(t)
	if len(shared.Refs) != 1 || shared.Marking != "TLP:AMBER" {
		t.Errorf("%+v", shared)
	}
	u.settle()
	rows, _, err := u.node(south).Objects(ctx, ObjectQuery{Scope: north, Lens: everything(), Limit: 10})
	u.ok(err)
	if len(rows) != 2 || string(rows[1].Raw) != string(odd) || rows[0].Party != north || rows[0].Marking != "TLP:AMBER" {
		t.Errorf("%+v", rows)
	}
	if got := u.page(north, ScopeOwn, Versions{}); got != "3@01 1@01 7@01" {
		t.Errorf("own after sharing: %s", got)
	}
	u.eventually("the dated indicator and the malware are let in", func() bool {
		return u.page(south, ScopeAccepted, Versions{}) == "1@01 7@01" || u.page(south, ScopeAccepted, Versions{}) == "7@01 1@01"
	})
}

// TestOwnership: only who said an id first makes versions of it; other bodies
// stand beside, and nothing replaces anything (MISP#4911, squatted ids).
func TestOwnership(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	ctx := t.Context()
	u.shareObjects(north, south, thing("indicator", 1, v1, ""), thing("indicator", 2, v2, ""))
	u.settle()
	mine := must(u.node(south).ShareObjects(ctx, ShareObjects{Lens: u.node(south).lens, Objects: [][]byte{thing("indicator", 1, v2, ""), thing("malware", 9, v1, "")}, To: []string{north}}))(t)
	if r := mine.Objects[0].Refused; r == nil || r.Code != sqlite.CodeOwner {
		t.Errorf("south may version an object of north: %+v", mine.Objects)
	}
	// A node that does not keep to it says it all the same.
	u.sayRaw(south, north, thing("indicator", 1, v3, `,"description":"bumped"`), thing("indicator", 2, v1, `,"description":"older"`), thing("malware", 4, v1, ""))
	u.settle()
	if got := u.page(north, ScopeOwn, Versions{}); got != "1@01 2@02" {
		t.Errorf("own: %s", got)
	}
	if got := u.page(north, south, Versions{}); got != "9@01 2@01 4@01" {
		t.Errorf("from south: %s", got)
	}
	claims := must(u.node(north).Claims(ctx, everything(), name("indicator", 1)))(t)
	if len(claims) != 2 || claims[0].Party != south || claims[0].Standing != string(sqlite.CodeOwner) || claims[1].Party != north || claims[1].Standing != "" {
		t.Errorf("claims: %+v", claims)
	}
	claims = must(u.node(north).Claims(ctx, everything(), name("indicator", 2)))(t)
	if len(claims) != 2 || claims[1].Standing != sqlite.StandingClaim {
		t.Errorf("claims: %+v", claims)
	}
	u.eventually("the refusal is on the record", func() bool { return u.ofKind(north, north, record.KindRefusal) > 0 })
	for _, e := range u.node(north).lists.get().entries {
		if e.giver == south && e.item.Value == "203.0.113.1" {
			t.Errorf("the refused version is watched: %+v", e)
		}
	}
}

// sayRaw says objects without asking whether they may be said.
func (u *unit) sayRaw(from, to string, objects ...[]byte) statement.Ref {
	u.t.Helper()
	return must(u.node(from).author.say(u.t.Context(), draft{
		kind: stix.KindObjects, marking: border.Amber, recipients: []string{to}, parts: [][]byte{stix.JoinEnvelope(objects)},
		body: stix.ObjectsBody{Name: "raw", Basis: "told", Media: stix.MediaSTIX, Count: len(objects), Sheet: 1, Sheets: 1},
	}))(u.t)
}

// TestHuntsWhatIsPlaced: lists that are loaded between the coming of objects and
// their place do not count them as hunted, and what was read before is found.
func TestHuntsWhatIsPlaced(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	log := filepath.Join(u.dir, "access.log")
	u.weblog(log, "203.0.113.7", "203.0.113.7", "203.0.113.9")
	u.cfg[north].Sources = []Source{{Path: log}}
	u.start(north, south)
	u.open(north, south)
	u.settle()
	n := u.node(north)
	n.shelf.mu.Lock()
	done := make(chan error, 1)
	go func() {
		_, err := n.ShareObjects(t.Context(), ShareObjects{Lens: n.lens, Objects: [][]byte{thing("indicator", 7, v1, "")}, To: []string{south}})
		done <- err
	}()
	u.eventually("the statement is in the view", func() bool { return u.ofKind(north, north, stix.KindObjects) == 1 })
	w, err := n.lists.load(t.Context())
	n.shelf.mu.Unlock()
	u.ok(err)
	if len(w.lists) != 0 {
		t.Errorf("%v would be hunted without what it holds", w.lists)
	}
	u.ok(<-done)
	u.eventually("two lines that were read before are found", func() bool {
		return must(n.Tally(t.Context()))(t).Alerts == 2
	})
}
