package node

import (
	"encoding/json"
	"slices"
	"testing"

	"entente/api"
	"entente/border"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// grouped says who is in north's group "inner".
func (u *unit) grouped(members ...string) api.Group {
	u.t.Helper()
	return must(u.node(north).Control().SetGroup(u.t.Context(), api.GroupRequest{Name: "inner", Members: members, Reason: "a test"}))(u.t)
}

func (u *unit) toGroup(name, file, address string) (api.ShareResult, error) {
	return u.node(name).Control().Share(u.t.Context(), api.ShareRequest{Name: file, To: []string{"@inner"}, Officer: "anna", Data: dated(address)})
}

// values are the items that a node can read of another's lists.
func (u *unit) values(reader, owner string) []string {
	u.t.Helper()
	var out []string
	for _, l := range must(u.node(reader).view.Lists(u.t.Context(), ""))(u.t) {
		if l.Giver != owner {
			continue
		}
		for _, i := range must(u.node(reader).view.Items(u.t.Context(), l.Ref.Origin, l.Ref.Index))(u.t) {
			out = append(out, i.Value)
		}
	}
	slices.Sort(out)
	return out
}

// receipts are those that a node can read, of one party.
func (u *unit) receipts(reader, party string) []api.Receipt {
	u.t.Helper()
	return must(u.node(reader).Control().Receipts(u.t.Context(), api.ReceiptQuery{Party: party, Limit: 100}))(u.t).Items
}

// TestRemovedAtOnce is the case of MISP#10899: a member is removed, and from
// then on receives nothing more, neither from the owner nor from a relay.
// What it had stays; who was told of the new epoch is bound by it.
func TestRemovedAtOnce(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west, observer)
	u.wire.part(north, west) // only relays bring north's log to west
	u.start(u.names...)
	u.open(u.names...)
	u.grouped(south, west)
	must(u.toGroup(north, "a.csv", "203.0.113.1"))(t)
	u.settle()
	if got := u.values(west, north); !slices.Equal(got, []string{"203.0.113.1"}) {
		t.Fatalf("west reads %v", got)
	}
	g := u.grouped(south)
	shared := must(u.toGroup(north, "b.csv", "203.0.113.2"))(t)
	if g.Epoch != 2 || !slices.Equal(shared.To, []string{south}) || shared.Group != "@inner" {
		t.Errorf("epoch %d, to %v", g.Epoch, shared.To)
	}
	u.settle()
	if got := u.values(south, north); !slices.Equal(got, []string{"203.0.113.1", "203.0.113.2"}) {
		t.Errorf("south reads %v", got)
	}
	if got := u.values(west, north); !slices.Equal(got, []string{"203.0.113.1"}) {
		t.Errorf("west reads %v after it was removed", got)
	}
	for _, l := range must(u.node(west).Control().Groups(t.Context()))(t) {
		if l.Epoch != 1 {
			t.Errorf("west is told of %+v", l)
		}
	}
	// South would pass on what it has, of either epoch.
	for _, l := range must(u.node(south).view.Lists(t.Context(), ""))(t) {
		_, err := u.node(south).author.say(t.Context(), draft{
			kind: record.KindSeal, marking: border.Amber, recipients: []string{west}, refs: []statement.Ref{l.Ref}, body: record.SealBody{What: "copy", Name: "of " + l.Body.Name},
		})
		if !refusedWith(err, statement.CodeRecipient) {
			t.Errorf("%s to west: %v", l.Body.Name, err)
		}
	}
	u.settle()
	u.innocent()
	for _, party := range []string{north, south} {
		for _, r := range u.receipts(observer, party) {
			for _, line := range r.Releases {
				if line.Code != "" {
					t.Errorf("%s %d: %s %s", party, line.Index, line.Code, line.Detail)
				}
			}
		}
	}
	live := u.halted(observer)[observer]
	if got := u.rebuilt(observer, ""); got != live {
		t.Errorf("observer: %s", diff(live, got))
	}
}

// betray logs what the node's border refuses: a statement that passes another
// party's on to somebody who may not have it.
func (u *unit) betray(name string, ref statement.Ref, to string) uint64 {
	u.t.Helper()
	a := u.node(name).author
	act := must(statement.NewAct(statement.Act{
		Kind: record.KindSeal, Case: must(newCase(zeros{}))(u.t), Refs: []statement.Ref{ref}, Marking: string(border.Amber), Recipients: []string{to},
		Body: must(json.Marshal(record.SealBody{What: "copy", Name: "stolen"}))(u.t),
	}))(u.t)
	p := must(record.NewPart(zeros{}, must(statement.MarshalAct(act, nil))(u.t)))(u.t)
	sealed := must(p.Seal(must(a.stanzas([]string{to}))(u.t)...))(u.t)
	a.mu.Lock()
	defer a.mu.Unlock()
	said := must(a.append(u.t.Context(), draft{}, []statement.Digest{p.Digest()}, [][]byte{sealed}))(u.t)
	return said.Index
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestRelayInBreach: a relay that passes on to a removed member what was said
// to the group convicts itself by its own receipt: of a newer epoch by that
// alone, of an older one by its ack of the newer.
func TestRelayInBreach(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.grouped(south, west)
	old := must(u.toGroup(north, "a.csv", "203.0.113.1"))(t).Refs[0]
	u.settle()
	inTime := u.betray(south, old, west) // it is in the group: no breach
	u.settle()
	u.grouped(south)
	later := must(u.toGroup(north, "b.csv", "203.0.113.2"))(t).Refs[0]
	u.settle()
	bad := []uint64{u.betray(south, later, west), u.betray(south, old, west)}
	u.settle()
	found := make(map[uint64]statement.Code)
	u.eventually("the observer holds receipts of all three", func() bool { // they come when acks do
		for _, r := range u.receipts(observer, south) {
			for _, line := range r.Releases {
				found[line.Index] = line.Code
			}
		}
		_, first := found[bad[0]]
		_, second := found[bad[1]]
		return first && second
	})
	if found[bad[0]] != statement.CodeParty || found[bad[1]] != statement.CodeParty || found[inTime] != "" {
		t.Errorf("breaches %v of %v, and %d is none", found, bad, inTime)
	}
	// The breach is of south's own signing: the observer's word is not needed.
	for _, r := range u.receipts(observer, south) {
		if e := must(u.node(observer).view.Statement(t.Context(), u.keys[south].Origin, r.Index))(t); e.State != sqlite.StateOpen {
			t.Errorf("receipt %d is %s", r.Index, e.State)
		}
	}
}

// TestReceipts: every release has a receipt at the observer, with its officer
// and without its content, and what the border kept is counted.
func TestReceipts(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	c := u.node(north).Control()
	shared := must(c.Share(t.Context(), api.ShareRequest{Name: "a.csv", To: []string{south}, Officer: "anna", Data: dated("203.0.113.1")}))(t)
	for _, r := range []struct {
		marking, to string
		code        statement.Code
	}{
		{"TLP:RED", "", statement.CodeRecipient}, {"TLP:PINK", south, statement.CodeMarking}, {"", "@nobody", statement.CodeGroup}, {"", "mallory", statement.CodeRecipient},
	} {
		req := api.ShareRequest{Name: "secret.csv", Marking: r.marking, Officer: "boris", Data: dated("203.0.113.9")}
		if r.to != "" {
			req.To = []string{r.to}
		}
		if _, err := c.Share(t.Context(), req); !refusedWith(err, r.code) {
			t.Errorf("%q to %q: %v", r.marking, r.to, err)
		}
	}
	u.settle()
	kept := make(map[statement.Code]uint64)
	u.eventually("the refusals are at the observer", func() bool {
		clear(kept)
		for _, r := range u.receipts(observer, north) {
			for _, k := range r.Refusals {
				if k.Officer != "boris" || k.Use != border.UseShare {
					t.Errorf("%+v", k)
				}
				kept[k.Code] += k.Count
			}
		}
		return kept[statement.CodeGroup] > 0
	})
	if kept[statement.CodeRecipient] != 2 || kept[statement.CodeMarking] != 1 || kept[statement.CodeGroup] != 1 {
		t.Errorf("kept %v", kept)
	}
	lines := 0
	u.eventually("every statement has its receipt at the observer", func() bool {
		n := 0
		for _, r := range u.receipts(observer, north) {
			n += len(r.Releases)
		}
		return n >= len(must(u.node(north).Statements(t.Context()))(t))
	})
	for _, r := range u.receipts(observer, north) {
		for _, line := range r.Releases {
			lines++
			if line.Index == shared.Refs[0].Index && (line.Officer != "anna" || line.Rule != border.RuleNamed || line.Marking != "TLP:AMBER" || !slices.Equal(line.Recipients, []string{south}) || len(line.Parts) != 2) {
				t.Errorf("%+v", line)
			}
			if line.Code != "" {
				t.Errorf("%+v", line)
			}
		}
	}
	if own := must(u.node(north).Statements(t.Context()))(t); lines != len(own) {
		t.Errorf("%d receipts of %d statements", lines, len(own))
	}
	if got := u.receipts(south, north); len(got) > 0 {
		t.Errorf("south reads north's receipts: %+v", got)
	}
	if n := u.ofKind(observer, north, indicator.KindList); n != 0 {
		t.Error("the observer reads the list itself")
	}
	u.still()
	// What is not written before the end is written after the start.
	u.stop(north)
	u.start(north)
	u.open(north)
	u.seal(north, "one more")
	u.settle()
	after := 0
	u.eventually("the receipt of the next statement is at the observer", func() bool { // receipts are housekeeping: nobody waits for them
		after = 0
		for _, r := range u.receipts(observer, north) {
			after += len(r.Releases)
		}
		return after > lines
	})
	if after != lines+1 {
		t.Errorf("%d receipts, then %d", lines, after)
	}
}

// TestGroupRefused: epochs follow each other, members are parties, and nobody
// speaks to another's group without being in it.
func TestGroupRefused(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west, observer)
	u.start(u.names...)
	u.open(u.names...)
	c := u.node(north).Control()
	for _, r := range []api.GroupRequest{
		{Name: "Inner", Members: []string{south}, Reason: "x"},
		{Name: "inner", Members: []string{south}},
		{Name: "inner", Members: []string{"mallory"}, Reason: "x"},
	} {
		if _, err := c.SetGroup(t.Context(), r); err == nil {
			t.Errorf("%+v was taken", r)
		}
	}
	u.grouped()
	if _, err := u.toGroup(north, "a.csv", "203.0.113.1"); !refusedWith(err, statement.CodeGroup) {
		t.Errorf("to an empty group: %v", err) // MISP#4200: it was everybody
	}
	u.grouped(south)
	u.settle()
	for name, want := range map[string]statement.Code{south: statement.CodeGroup, west: statement.CodeGroup, observer: statement.CodeGroup} {
		if _, err := u.toGroup(name, "a.csv", "203.0.113.1"); !refusedWith(err, want) {
			t.Errorf("%s to a group of its own that it has not: %v", name, err) // MISP#3380: names are the owner's
		}
	}
	got, err := u.node(south).Control().Share(t.Context(), api.ShareRequest{Name: "s.csv", To: []string{"@north/inner"}, Data: dated("203.0.113.3")})
	if err != nil || !slices.Equal(got.To, []string{north}) {
		t.Errorf("south to the group that it is in: %+v %v", got.To, err)
	}
	if _, err := u.node(observer).Control().Share(t.Context(), api.ShareRequest{Name: "s.csv", To: []string{"@north/inner"}, Data: dated("203.0.113.3")}); !refusedWith(err, statement.CodeGroup) {
		t.Errorf("the observer to a group that it only knows: %v", err)
	}
	// An epoch twice does not count as said.
	body := border.GroupBody{Name: "inner", Epoch: 2, Members: []string{west}, Reason: "again"}
	ref := must(u.node(north).author.say(t.Context(), draft{kind: border.KindGroup, marking: border.Amber, recipients: []string{observer, west}, body: body}))(t)
	u.settle()
	for _, reader := range []string{north, observer} {
		if s := must(u.node(reader).view.Statement(t.Context(), ref.Origin, ref.Index))(t); s.State != sqlite.StateRefused || s.Code != statement.CodeGroup {
			t.Errorf("%s: %s %s", reader, s.State, s.Code)
		}
	}
	if e := must(u.node(north).out.group(t.Context(), "@inner"))(t); e.Has(west) {
		t.Error("west came in")
	}
}
