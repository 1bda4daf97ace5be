package node

import (
	"encoding/json"
	"testing"

	"entente/border"
	"entente/election/audit"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// forge lets a party say to some what no honest node would say.
func (u *unit) forge(party string, kind statement.Kind, body string, to ...string) uint64 {
	u.t.Helper()
	a := u.node(party).author
	act := must(statement.NewAct(statement.Act{
		Kind: kind, Case: must(newCase(zeros{}))(u.t), Refs: []statement.Ref{}, Marking: string(border.Green), Recipients: to, Body: json.RawMessage(body),
	}))(u.t)
	p := must(record.NewPart(zeros{}, must(statement.MarshalAct(act, nil))(u.t)))(u.t)
	sealed := must(p.Seal(must(a.stanzas(to))(u.t)...))(u.t)
	a.mu.Lock()
	defer a.mu.Unlock()
	head, _ := a.log.Head()
	leaf, _, err := statement.SignLeaf(statement.Leaf{
		Format: statement.LeafFormat, Charter: a.roster.Charter.Digest(), Party: party, Seq: head.Size, Time: a.now().UnixMilli(),
		Parts: []statement.Digest{p.Digest()}, Sealed: []statement.Digest{statement.SealedDigest(sealed)},
	}, u.keys[party].Statement)
	u.ok(err)
	return must(a.log.Append(u.t.Context(), leaf, [][]byte{sealed}))(u.t)
}

// TestRefusedCountsInNoAudit: statements that were refused when they came, malformed
// or said after their party had left, are none of an audit, and keep no node from
// reading the others, or from starting.
func TestRefusedCountsInNoAudit(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	manifest := string(must(json.Marshal(record.SealBody{What: audit.SealManifest, Name: "night", Size: 100, Digest: statement.Digest{1}}))(t))
	u.forge(south, record.KindSeal, manifest, north)
	u.forge(south, record.KindHeads, `{"heads": "all of them"}`, north)
	u.forge(south, record.KindSeal, `{"what": "audit manifest", "name": 7}`, north)
	u.forge(south, audit.KindCeremony, `{"audit": "night"}`, north)
	u.forge(south, audit.KindEntries, `{"salt": 3}`, north)
	u.forge(south, record.KindWithdrawal, `{"reason": "it goes"}`, north)
	u.forge(south, record.KindSeal, string(must(json.Marshal(record.SealBody{What: audit.SealManifest, Name: "night", Size: 1, Digest: statement.Digest{2}}))(t)), north)
	last := u.forge(south, record.KindSeal, string(must(json.Marshal(record.SealBody{What: audit.SealManifest, Name: "day", Size: 1, Digest: statement.Digest{2}}))(t)), north)
	u.eventually("north has read all of it", func() bool { return u.reads(north, south) > last })
	n := u.node(north)
	who, _ := n.roster.Member(south)
	refused := 0
	for i := range last + 1 {
		if s := must(n.view.Statement(t.Context(), who.Origin, i))(t); s.State == sqlite.StateRefused {
			refused++
		}
	}
	if refused != 6 {
		t.Fatalf("%d statements of south are refused", refused)
	}
	check := func() {
		t.Helper()
		all := must(guardScreens{u.node(north).whole()}.Audits(t.Context()))(t)
		if len(all) != 1 || all[0].Joint.Audit != "night" || len(all[0].Joint.Sealed) != 1 || all[0].Joint.Sealed[0].Digest != (statement.Digest{1}) {
			t.Errorf("%+v", all)
		}
		u.guarded(north)
	}
	check()
	u.stop(north)
	u.start(north)
	check()
}

// TestHeadsAgainstLogs: a head that a party says to have seen counts as what it is: of
// the log, of another log, or of more than has been read here.
func TestHeadsAgainstLogs(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	last := u.seal(south, "something")
	u.eventually("north has read it", func() bool { return u.reads(north, south) > last })
	n := u.node(north)
	who, log, err := n.logOf(south)
	u.ok(err)
	root := statement.Digest(must(record.Extend(log, last+1, nil))(t))
	for _, tt := range []struct {
		size, read uint64
		root       statement.Digest
		want       audit.Root
	}{
		{last + 1, last + 1, root, audit.RootStands},
		{last + 1, last, root, audit.RootAhead},
		{last + 1, last + 1, statement.Digest{1}, audit.RootOther},
		{last, last + 1, root, audit.RootOther},
		{1 << 40, last + 1, root, audit.RootAhead},
	} {
		if got := n.rootAt(who, record.HeadLine{Origin: who.Origin, Size: tt.size, Root: tt.root}, tt.read); got != tt.want {
			t.Errorf("size %d, read %d, root %s: %v", tt.size, tt.read, tt.root.Short(), got)
		}
	}
	stranger := who
	stranger.ID = "mallory"
	if got := n.rootAt(stranger, record.HeadLine{Size: 1}, 1); got != audit.RootAhead {
		t.Errorf("of a log that is not here: %v", got)
	}
}
