package node

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/record"
	"entente/statement"
)

// shownIn is the content of an exhibit in the bundle that a node gives out.
func (u *unit) shownIn(reader string, ref statement.Ref) string {
	u.t.Helper()
	b := must(record.ParseBundle(must(u.node(reader).Control().Bundle(u.t.Context(), north, ref.Index))(u.t)))(u.t)
	for _, p := range b.Shown.Parts {
		if p.N == accord.ContentPart {
			return string(p.Text)
		}
	}
	return ""
}

// accusation is what a node makes of a case.
func (u *unit) accusation(reader, caseID string) accord.Accusation {
	u.t.Helper()
	a, ok := must(u.node(reader).Accord(u.t.Context()))(u.t).Accusation(caseID)
	if !ok {
		u.t.Fatalf("%s knows no accusation", reader)
	}
	return a
}

// accuses is north's charge against south in a case, resting on an exhibit.
func (u *unit) accuses(caseID string, exhibit statement.Ref) statement.Ref {
	u.t.Helper()
	d := u.tale(u.opt[north].Now(), "", "a scan of ours")
	var items []accord.SaltedItem
	u.ok(statement.Decode(d.parts[0], statement.MaxPart, &items))
	items[0].Item.Exhibits = []string{exhibit.ID.String()}
	body := d.body.(accord.Account)
	body.Names, body.Items = []string{south}, []statement.Digest{must(accord.ItemDigest(items[0]))(u.t)}
	d.body, d.caseID, d.parts = body, caseID, [][]byte{must(marshalJSON(items))(u.t)}
	return u.utter(north, d, staff...)
}

// tells lets north notify south of its charge.
func (u *unit) tells(caseID string, charge statement.Ref) {
	u.t.Helper()
	text := accord.Texts{"en": "We accuse you."}
	u.utter(north, draft{kind: accord.KindNotice, caseID: caseID, refs: []statement.Ref{charge}, body: accord.Notice{
		Level: accord.LevelPriority, Ask: "explain", Subject: text, Text: text, What: []string{}, SeenFrom: []string{},
		AckBy: accord.At(u.opt[north].Now().Add(24 * time.Hour)), To: []string{south}, Role: accord.RoleDuty,
	}}, staff...)
}

// entrusts puts a thing into the record whose content the observer alone gets, as
// people do: by a draft.
func (u *unit) entrusts(caseID, content string) statement.Ref {
	u.t.Helper()
	return u.lays(north, AccordDraft{Kind: accord.KindExhibit, Case: caseID, Parts: [][]byte{[]byte(content)}, Body: accord.Exhibit{
		Name: "lines.txt", MediaType: "text/plain", Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)), Kind: "log-slice",
		Captured: accord.Captured{At: accord.At(u.opt[north].Now()), By: north, Tool: "grep"}, Custody: []accord.Custody{},
		Held: "observer-only", Observer: observer, Verify: []string{},
	}}, accord.RoleAnalyst)
}

// TestEvidenceBeforeNotice (P7): whoever tells of a charge before the digest of its
// evidence stands in the log has a flag on it, on every node. What is entrusted to
// the observer alone goes to nobody else, and out of the observer's node only
// after the log says that it was opened: the accused reads that, not what.
func TestEvidenceBeforeNotice(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, map[string]time.Duration{south: 4 * time.Minute, observer: -2 * time.Minute})
		u.sever(north, south)
		one, two := must(newCase(bytes.NewReader([]byte("0123456789abcdef"))))(t), must(newCase(bytes.NewReader([]byte("fedcba9876543210"))))(t)
		const secret = "192.0.2.7 - - GET /secret"
		thing := u.entrusts(one, secret)
		u.settle()
		u.tells(one, u.accuses(one, thing))
		u.settle()
		charge := u.accuses(two, statement.Ref{Origin: thing.Origin, ID: statement.Digest(sha256.Sum256([]byte("to come")))})
		u.tells(two, charge)
		u.settle()
		late := u.entrusts(two, secret+"2")
		u.tells(two, u.accuses(two, late))
		u.settle()
		for _, name := range u.names {
			if a := u.accusation(name, one); slices.Contains(a.Flags, accord.FlagLateEvidence) {
				t.Errorf("%s: the digest came first: %v", name, a.Flags)
			}
			if a := u.accusation(name, two); !slices.Contains(a.Flags, accord.FlagLateEvidence) {
				t.Errorf("%s: the notice came first: %v", name, a.Flags)
			}
		}
		for _, name := range []string{south, observer} {
			if got := u.shownIn(name, thing); got != "" {
				t.Errorf("%s gives out %q", name, got)
			}
		}
		if got := u.shownIn(north, thing); got != secret {
			t.Errorf("north, whose it is, gives out %q", got)
		}
		opened := u.lays(observer, AccordDraft{Kind: accord.KindPosition, Refs: []statement.Ref{thing}, Body: accord.Position{Stance: accord.Ack, Capacity: "official"}}, accord.RoleAnalyst)
		if got := u.shownIn(observer, thing); got != secret {
			t.Errorf("the observer, which has said that it opens it, gets %q", got)
		}
		u.settle()
		if got := u.shownIn(south, thing); got != "" {
			t.Errorf("south gives out %q", got)
		}
		a := u.accusation(south, one)
		if len(a.Evidence) != 1 || a.Evidence[0].State != "observer-only" || !slices.Equal(a.Evidence[0].SeenBy, []string{observer}) {
			t.Errorf("south reads of the evidence %+v", a.Evidence)
		}
		if s, ok := must(u.node(south).Accord(t.Context()))(t).Said(opened); !ok || strings.Contains(string(s.Act.Body), "secret") {
			t.Errorf("south reads of the opening %s", s.Act.Body)
		}
		if n, of := a.Unseen(south); n != 1 || of != 1 {
			t.Errorf("%d of %d items rest on what south cannot see", n, of)
		}
		u.innocent()
	})
}
