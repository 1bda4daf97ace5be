package node

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"entente/accord"
	"entente/api"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

func marshalJSON(v any) ([]byte, error) { return json.Marshal(v) }

// content is what a node may read of part 1 of a statement.
func (u *unit) content(reader string, ref statement.Ref) string {
	u.t.Helper()
	s, ok := must(u.node(reader).Accord(u.t.Context()))(u.t).Said(ref)
	if !ok {
		return "not there"
	}
	return string(s.Parts[accord.ContentPart])
}

// disclose lets a party open part 1 of another's statement, with the salt that
// it has, or with another text.
func (u *unit) disclose(by string, ref statement.Ref, change func([]byte) []byte) {
	u.t.Helper()
	n := u.node(by)
	owner, _ := n.roster.ByOrigin(ref.Origin)
	_, log, err := n.logOf(owner.ID)
	u.ok(err)
	shown := must(n.shown(log, ref.Index))(u.t)
	text := []byte("nothing that was read") // not addressed to it
	salt := make([]byte, 32)
	if i := slices.IndexFunc(shown.Parts, func(p record.ShownPart) bool { return p.N == 1 }); i >= 0 {
		salt, text = shown.Parts[i].Salt, shown.Parts[i].Text
	}
	u.utter(by, draft{kind: accord.KindDisclosure, refs: []statement.Ref{ref}, body: accord.Disclosure{Part: 1, Reason: "deadline"}, parts: [][]byte{slices.Concat(salt, change(slices.Clone(text)))}})
}

// unsealed fills the logs of a unit with what a view of the accord must get
// right: sealed, released, disclosed and erased parts, and texts that do not
// fit.
func unsealed(t *testing.T, by time.Time) (*unit, map[string]statement.Ref) {
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	all := map[string]statement.Ref{
		"text":      u.utter(north, u.groupProposal(by, "We work together.", north, south), staff...),
		"released":  u.utter(north, u.tale(by, observer, "a scan"), staff...),
		"disclosed": u.utter(north, u.tale(by, observer, "another scan"), staff...),
		"forged":    u.utter(north, u.tale(by, observer, "a third scan"), staff...),
		"erased":    u.utter(north, u.tale(by, "", "what names a person"), staff...),
		"taken":     u.utter(north, u.tale(by, observer, "shown and taken back"), staff...),
	}
	wrong := u.groupProposal(by, "We work together.", north, south)
	wrong.parts, _ = [][]byte{must(marshalJSON(accord.Paper{Text: accord.Texts{"en": "We do not."}, Clauses: []accord.ClauseTexts{}}))(t)}, 0
	all["wrong"] = u.utter(north, wrong, staff...)
	tale := u.tale(by, observer, "what was committed to")
	tale.parts[0] = u.tale(by, observer, "another text").parts[0]
	all["deposited wrong"] = u.utter(north, tale, staff...)
	u.settle()
	c := u.node(north).Control()
	show := func(name string) statement.Ref {
		return must(c.Open(t.Context(), api.PartRequest{Index: all[name].Index, Part: 1, Reason: "reveal", To: []string{south, observer}, Marking: "TLP:AMBER"}))(t)
	}
	show("released")
	again := show("taken")
	u.disclose(observer, all["disclosed"], func(b []byte) []byte { return b })
	u.disclose(south, all["forged"], func(b []byte) []byte { return b })
	u.disclose(observer, all["forged"], func(b []byte) []byte { return append(b, ' ') })
	must(c.Erase(t.Context(), api.PartRequest{Index: all["erased"].Index, Part: 1, Reason: "by law"}))(t)
	must(c.Erase(t.Context(), api.PartRequest{Index: again.Index, Part: 1, Reason: "by law"}))(t)
	u.settle()
	return u, all
}

// TestPartsOfTheAccord: a node reads of a statement what is addressed to it,
// what its author releases and what its depositary discloses; nothing that the
// leaf does not commit to, and nothing that was erased. A text that does not fit
// its act is refused by whoever can read it.
func TestPartsOfTheAccord(t *testing.T) {
	t.Parallel()
	u, all := unsealed(t, time.Now().Add(72*time.Hour))
	for name, reads := range map[string]bool{"text": true, "released": true, "disclosed": true, "forged": false, "erased": false, "taken": false} {
		if got := u.content(south, all[name]); (len(got) > 20) != reads {
			t.Errorf("south reads of %s: %q", name, got)
		}
	}
	for _, reader := range u.names { // what its depositary showed is another text: that opens nothing
		seal, ok := must(u.node(reader).Accord(t.Context()))(t).Reveal(all["forged"])
		if !ok || seal.State == accord.SealDisclosed || len(seal.Wrong) != 1 {
			t.Errorf("%s takes a wrong disclosure for %+v", reader, seal)
		}
	}
	for name, readers := range map[string][]string{"wrong": {north, south, observer}, "deposited wrong": {north, observer}} {
		for _, reader := range u.names {
			s := must(u.node(reader).view.Statement(t.Context(), all[name].Origin, all[name].Index))(t)
			if refused := s.State == sqlite.StateRefused && s.Code == statement.CodeDigest; refused != slices.Contains(readers, reader) {
				t.Errorf("%s takes %s as %s %s", reader, name, s.State, s.Code)
			}
		}
	}
	// The refused text is erased: everybody judges by the act, whenever they come.
	must(u.node(north).Control().Erase(t.Context(), api.PartRequest{Index: all["wrong"].Index, Part: 1, Reason: "by law"}))(t)
	u.still()
	for _, reader := range u.names {
		if s := must(u.node(reader).view.Statement(t.Context(), all["wrong"].Origin, all["wrong"].Index))(t); s.State != sqlite.StateOpen {
			t.Errorf("%s takes an erased text as %s %s", reader, s.State, s.Code)
		}
	}
	u.heldAlike()
	live := u.halted(u.names...)
	for _, name := range u.names {
		if got := u.rebuilt(name, ""); got != live[name] {
			t.Errorf("%s: rebuilt and live views differ:\n%s", name, diff(live[name], got))
		}
	}
	foldsAlike(t, u)
}

// foldsAlike: in whatever pieces and order the logs come in, the view is the same.
func foldsAlike(t *testing.T, u *unit) {
	for _, reader := range u.names {
		f := must(OpenFolder(*u.cfg[reader], nil))(t)
		defer func() { u.ok(f.Close()) }()
		folds := &folding{Folder: f, dir: t.TempDir(), names: u.names}
		whole := folds.fold(t, func(rest []string, _ map[string]uint64) (string, uint64) { return rest[0], folds.size(rest[0]) })
		rng := rand.New(rand.NewPCG(7, 7))
		for range 8 {
			got := folds.fold(t, func(rest []string, sizes map[string]uint64) (string, uint64) {
				name := rest[rng.IntN(len(rest))]
				return name, sizes[name] + 1 + rng.Uint64N(folds.size(name)-sizes[name])
			})
			if got != whole {
				t.Fatalf("the order of coming in shows:\n%s", diff(whole, got))
			}
		}
	}
}
