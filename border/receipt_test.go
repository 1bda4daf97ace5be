package border

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"entente/statement"
)

// facts are those of a log of north in which leaf 7 goes to the group inner.
func facts(t testing.TB) (Released, Facts) {
	t.Helper()
	g := new(Groups)
	said := func(origin string, index uint64) statement.Ref { return statement.Ref{Origin: origin, Index: index} }
	for _, e := range []struct {
		owner   string
		index   uint64
		epoch   uint64
		members []string
	}{{"north", 2, 1, []string{"south", "west"}}, {"north", 5, 2, []string{"south"}}, {"south", 3, 1, []string{"north", "west"}}, {"south", 9, 2, []string{"north"}}} {
		if err := g.Apply(e.owner, said(e.owner, e.index), GroupBody{Name: "inner", Epoch: e.epoch, Members: e.members}); err != nil {
			t.Fatal(err)
		}
	}
	parts := []statement.Digest{{1}, {2}}
	r := Released{
		Index: 7, ID: statement.Digest{7}, Parts: parts, Rule: RuleGroup, Marking: "TLP:AMBER", Recipients: []string{"south"},
		Group: &Epoch{Owner: "north", Name: "inner", Epoch: 2, Said: said("north", 5)}, Refs: []statement.Ref{},
	}
	theirs := Released{Index: 4, ID: statement.Digest{4}, Rule: RuleGroup, Marking: "TLP:GREEN", Group: &Epoch{Owner: "south", Name: "inner", Epoch: 1, Said: said("south", 3)}}
	return r, Facts{
		Author: "north", Parties: []string{"observer", "south", "west"}, Leaf: statement.Leaf{Seq: 7, Parts: slices.Clone(parts)}, ID: statement.Digest{7}, Groups: g,
		Receipt: func(ref statement.Ref) (Released, bool) { return theirs, ref.Origin == "south" && ref.Index == 4 },
		Knew:    func(statement.Ref) bool { return false },
	}
}

func TestCheckReceipt(t *testing.T) {
	about := statement.Ref{Origin: "south", Index: 4, ID: statement.Digest{4}}
	named := func(r *Released, to ...string) { r.Rule, r.Group, r.Recipients = RuleNamed, nil, to }
	knew := func(statement.Ref) bool { return true }
	for name, c := range map[string]struct {
		edit func(*Released, *Facts)
		want statement.Code
	}{
		"as it was":              {func(*Released, *Facts) {}, ""},
		"another id":             {func(r *Released, _ *Facts) { r.ID[0]++ }, statement.CodeDigest},
		"another part":           {func(_ *Released, f *Facts) { f.Leaf.Parts[1][3]++ }, statement.CodeDigest},
		"a part left out":        {func(r *Released, _ *Facts) { r.Parts = r.Parts[:1] }, statement.CodeDigest},
		"another place":          {func(_ *Released, f *Facts) { f.Leaf.Seq++ }, statement.CodeDigest},
		"unmarked":               {func(r *Released, _ *Facts) { r.Marking = "" }, statement.CodeMarking},
		"to a stranger":          {func(r *Released, _ *Facts) { named(r, "mallory") }, statement.CodeRecipient},
		"red to all":             {func(r *Released, _ *Facts) { named(r); r.Marking = "TLP:RED" }, statement.CodeRecipient},
		"green to all":           {func(r *Released, _ *Facts) { named(r, "observer", "south"); r.Rule, r.Marking = RuleOpen, "TLP:GREEN" }, ""},
		"amber to all":           {func(r *Released, _ *Facts) { named(r, "observer", "south"); r.Rule = RuleOpen }, statement.CodeRecipient},
		"an unknown rule":        {func(r *Released, _ *Facts) { named(r, "south"); r.Rule = "because" }, statement.CodeField},
		"to a removed member":    {func(r *Released, _ *Facts) { r.Recipients = []string{"south", "west"} }, statement.CodeGroup},
		"by the epoch before":    {func(r *Released, _ *Facts) { r.Group.Epoch, r.Group.Said.Index = 1, 2 }, statement.CodeGroup},
		"another epoch's number": {func(r *Released, _ *Facts) { r.Group.Epoch = 1 }, statement.CodeGroup},
		"a group nobody read":    {func(r *Released, _ *Facts) { r.Group.Said.Index = 6 }, ""},
		"a later epoch counts not": {func(_ *Released, f *Facts) {
			_ = f.Groups.Apply("north", statement.Ref{Origin: "north", Index: 8}, GroupBody{Name: "inner", Epoch: 3, Members: []string{"west"}})
		}, ""},
		"another's group, its newest": {func(r *Released, _ *Facts) {
			r.Group, r.Recipients = &Epoch{Owner: "south", Name: "inner", Epoch: 1, Said: statement.Ref{Origin: "south", Index: 3}}, []string{"south", "west"}
		}, ""},
		"another's group, a newer was read": {func(r *Released, f *Facts) {
			r.Group, f.Knew = &Epoch{Owner: "south", Name: "inner", Epoch: 1, Said: statement.Ref{Origin: "south", Index: 3}}, knew
		}, statement.CodeGroup},
		"passed on to a member":   {func(r *Released, _ *Facts) { named(r, "west"); r.Refs = []statement.Ref{about} }, ""},
		"passed on to a stranger": {func(r *Released, _ *Facts) { named(r, "observer"); r.Refs = []statement.Ref{about} }, statement.CodeParty},
		"passed on to one removed": {func(r *Released, f *Facts) {
			named(r, "west")
			r.Refs, f.Knew = []statement.Ref{about}, knew
		}, statement.CodeParty},
		"passed on to its giver": {func(r *Released, f *Facts) {
			named(r, "south")
			r.Refs, f.Knew = []statement.Ref{about}, knew
		}, ""},
		"nothing known of it": {func(r *Released, _ *Facts) {
			named(r, "observer")
			r.Refs = []statement.Ref{{Origin: "south", Index: 5}}
		}, ""},
	} {
		r, f := facts(t)
		c.edit(&r, &f)
		if got := code(CheckReceipt(r, f)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func receiptBody(t testing.TB) []byte {
	r, _ := facts(t)
	b, err := json.Marshal(ReceiptBody{Releases: []Released{r}, Refusals: []Refused{{Use: UseShare, Code: statement.CodeMarking, Officer: "anna", Count: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReceiptBody fixes the one spelling, and what it must not say.
func TestReceiptBody(t *testing.T) {
	good := receiptBody(t)
	if _, err := ParseReceipts(good); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(good, []byte("members")) {
		t.Error("a receipt names the members of a group")
	}
	for from, to := range map[string]string{
		`"rule":"group"`:          `"rule":"tlp-named"`,
		`"recipients":["south"]`:  `"recipients":["south","a"]`,
		`"refs":[]`:               `"refs":null`,
		`"count":2`:               `"count":0`,
		`"officer":"anna"`:        `"officer":"anna","value":"203.0.113.1"`,
		`"index":7`:               `"index":-7`,
		`"code":"E_MARKING"`:      `"code":""`,
		`{"releases":`:            `{ "releases":`,
		`"use":"share"`:           `"use":""`,
		`,"refs":[],"officer":""`: `,"refs":[]`,
	} {
		bad := bytes.Replace(good, []byte(from), []byte(to), 1)
		if bytes.Equal(bad, good) {
			t.Fatalf("%s has no %s", good, from)
		}
		if err := CheckReceipts(bad); err == nil {
			t.Errorf("%s was taken", to)
		}
	}
	if err := CheckReceipts([]byte(`{"releases":[],"refusals":[]}`)); err == nil {
		t.Error("an empty receipt")
	}
}

func FuzzReceipts(f *testing.F) {
	f.Add(receiptBody(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := ParseReceipts(raw)
		if err != nil {
			return
		}
		if again, err := json.Marshal(b); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%s became %s", raw, again)
		}
		_, facts := facts(t)
		for _, r := range b.Releases {
			_ = CheckReceipt(r, facts) // must end
		}
	})
}

func TestGroupBody(t *testing.T) {
	good := `{"name":"inner","epoch":1,"members":["south","west"],"reason":"x"}`
	if err := CheckGroup([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		`"inner"`: `"In ner"`, `"epoch":1`: `"epoch":0`, `["south","west"]`: `["west","south"]`, `"west"]`: `"south"]`, `"reason":"x"`: `"reason":""`, `"name"`: ` "name"`, `"members":["south","west"]`: `"members":null`,
	} {
		bad := bytes.Replace([]byte(good), []byte(from), []byte(to), 1)
		if err := CheckGroup(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func FuzzGroup(f *testing.F) {
	f.Add([]byte(`{"name":"inner","epoch":1,"members":["south"],"reason":"x"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := ParseGroup(raw)
		if err != nil {
			return
		}
		if again, err := json.Marshal(b); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%s became %s", raw, again)
		}
	})
}
