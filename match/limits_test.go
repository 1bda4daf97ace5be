package match

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"entente/observable"
	"entente/statement"
)

func limits(party string) Limits {
	return Limits{
		Party: party, Types: []observable.Type{observable.Domain, observable.SHA256}, MinItems: 8, MaxItems: 1 << 20,
		Ratio: 8, Left: 5000, AuditPerMille: 20, AuditMost: 300,
	}
}

// TestLimits: what a partner may propose, and what it may not.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   statement.Code
		bend   func(m *Manifest)
		limits func(l *Limits)
	}{
		{name: "what is agreed"},
		{name: "not ours", code: statement.CodeParty, limits: func(l *Limits) { l.Party = "east" }},
		{name: "another normaliser", code: statement.CodeDrift, bend: func(m *Manifest) { m.Normaliser = "entente/normaliser/v0" }},
		{name: "another corpus", code: statement.CodeDrift, bend: func(m *Manifest) { m.Corpus[0] ^= 1 }},
		{name: "a type that is never matched", code: statement.CodeBudget, bend: func(m *Manifest) { m.Types = append(m.Types, "vulnerability") }},
		{name: "a probe of one item", code: statement.CodeSize, bend: func(m *Manifest) { m.Sides[1].Items = 1 }},
		{name: "a list too long", code: statement.CodeSize, limits: func(l *Limits) { l.MaxItems = 12 }},
		{name: "lists too unequal", code: statement.CodeSize, bend: func(m *Manifest) { m.Sides[1].Items = 256 }},
		{name: "over the budget", code: statement.CodeBudget, limits: func(l *Limits) { l.Left = 11 }},
		{name: "a budget that is not the record's", code: statement.CodeBudget, limits: func(l *Limits) { l.Left = 4999 }},
		{name: "an audit too small", code: statement.CodeBudget, limits: func(l *Limits) { l.AuditPerMille = 500 }},
		{name: "not aged", code: statement.CodeAge, limits: func(l *Limits) { l.Aged = Aged{Types: []observable.Type{observable.Domain}, Seconds: 86400} }},
		{name: "not aged enough", code: statement.CodeAge, bend: aged(86399), limits: func(l *Limits) { l.Aged = Aged{Types: []observable.Type{observable.Domain}, Seconds: 86400} }},
	} {
		g := meet(t, mixed(16, 12, 7), c.bend)
		l := limits("north")
		if c.limits != nil {
			c.limits(&l)
		}
		err := l.Check(&g.agreed.Manifest)
		if c.code == "" && err != nil || c.code != "" && !errors.Is(err, refusal(c.code)) {
			t.Errorf("%s gave %v, want %s", c.name, err, c.code)
		}
	}
}

// TestManifest: one spelling, both signatures, and nothing that contradicts
// itself.
func TestManifest(t *testing.T) {
	g := meet(t, mixed(16, 12, 7), nil)
	if m, err := ParseManifest(g.agreed.Bytes); err != nil || m.Side("south") != 1 || m.Side("east") != -1 {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		code   statement.Code
		change func(m map[string]any)
	}{
		"another format":    {statement.CodeField, func(m map[string]any) { m["format"] = "entente/match/v2" }},
		"no purpose":        {statement.CodeField, func(m map[string]any) { m["purpose"] = "" }},
		"another mode":      {statement.CodeField, func(m map[string]any) { m["mode"] = "all" }},
		"no types":          {statement.CodeField, func(m map[string]any) { m["types"] = []string{} }},
		"a type twice":      {statement.CodeField, func(m map[string]any) { m["types"] = []string{"md5", "md5"} }},
		"null lists":        {statement.CodeField, func(m map[string]any) { m["exclude"] = nil }},
		"one party":         {statement.CodeField, func(m map[string]any) { side(m, 1)["party"] = "north" }},
		"one key":           {statement.CodeField, func(m map[string]any) { side(m, 1)["key"] = side(m, 0)["key"] }},
		"a key that is not": {statement.CodeField, func(m map[string]any) { side(m, 1)["key"] = "QUJD" }},
		"no size class":     {statement.CodeSize, func(m map[string]any) { side(m, 1)["items"] = 13 }},
		"no items":          {statement.CodeSize, func(m map[string]any) { side(m, 1)["items"] = 0 }},
		"oversize":          {statement.CodeSize, func(m map[string]any) { side(m, 1)["items"] = 1 << 22 }},
		"a growing budget":  {statement.CodeField, func(m map[string]any) { side(m, 0)["after"] = 6000 }},
		"a step of nothing": {statement.CodeField, func(m map[string]any) { m["step"] = 0 }},
		"a blind audit":     {statement.CodeField, func(m map[string]any) { m["audit"] = map[string]any{"items": 4, "sees": "nobody"} }},
		"an audited count":  {statement.CodeField, func(m map[string]any) { m["mode"] = "count" }},
		"no observer":       {statement.CodeField, func(m map[string]any) { m["audit"] = map[string]any{"items": 4, "sees": "observer"} }},
		"an own observer":   {statement.CodeField, func(m map[string]any) { m["observer"] = "south" }},
		"an age of nothing": {statement.CodeField, func(m map[string]any) { m["aged"] = map[string]any{"types": []string{}, "seconds": 5} }},
	} {
		var loose map[string]any
		if err := json.Unmarshal(g.agreed.Bytes, &loose); err != nil {
			t.Fatal(err)
		}
		c.change(loose)
		data, err := json.Marshal(loose)
		if err != nil {
			t.Fatal(err)
		}
		var m Manifest
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		if data, err = m.Marshal(); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseManifest(data); !errors.Is(err, refusal(c.code)) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	spaced := bytes.Replace(g.agreed.Bytes, []byte(`":`), []byte(`": `), 1)
	if _, err := ParseManifest(spaced); !errors.Is(err, refusal(statement.CodeJSON)) {
		t.Errorf("another spelling gave %v", err)
	}
	wrong := g.agreed.Signatures
	wrong[1][0] ^= 1
	if _, err := NewAgreed(g.agreed.Bytes, wrong); !errors.Is(err, refusal(statement.CodeSignature)) || !strings.Contains(err.Error(), "south") {
		t.Errorf("a wrong signature gave %v", err)
	}
}

func side(m map[string]any, i int) map[string]any {
	return m["sides"].([]any)[i].(map[string]any)
}

// FuzzVerify: whatever a transcript holds, reading it ends in a report or a
// refusal, and what is accepted is written by somebody who held both keys.
func FuzzVerify(f *testing.F) {
	g := meet(f, mixed(3, 2, 1), nil).start()
	if err := g.play(nil); err != nil {
		f.Fatal(err)
	}
	for _, items := range []bool{false, true} {
		var file bytes.Buffer
		if err := g.runs[0].WriteTranscript(&file, items); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes())
		f.Add(file.Bytes()[:file.Len()/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Verify(bytes.NewReader(data)); err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatal(err)
			}
		}
	})
}

// FuzzMessage: what is parsed has one spelling, bodies too.
func FuzzMessage(f *testing.F) {
	g := meet(f, mixed(3, 2, 1), nil).start()
	if err := g.play(func(_ int, _ ID, raw []byte) []byte {
		f.Add(raw)
		return raw
	}); err != nil {
		f.Fatal(err)
	}
	s := &g.agreed.Manifest.Sides[0]
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMessage(data)
		if err != nil {
			return
		}
		if !bytes.Equal(m.Marshal(), data) {
			t.Fatal("another spelling of a message")
		}
		var again []byte
		switch m.ID.Kind {
		case KindCommit:
			if c, err := parseCommit(m.Body); err == nil {
				again = c.marshal()
			}
		case KindOutline:
			if o, err := parseOutline(m.Body, m.ID.List, s.Items); err == nil {
				again = o.marshal()
			}
		case KindReceipts, KindOpenings:
			if p, err := parsePage(m.Body, s); err == nil {
				again = p.marshal()
			}
		case KindClosing:
			if c, err := parseClosing(m.Body); err == nil {
				again = c.marshal()
			}
		case KindAbort:
			if a, err := parseAbort(m.Body); err == nil {
				again = a.marshal()
			}
		}
		if again != nil && !bytes.Equal(again, m.Body) {
			t.Fatalf("another spelling of %s", m.ID)
		}
	})
}

// TestLimitsLists: a run leaves out no warning list that this side does not hold.
func TestLimitsLists(t *testing.T) {
	g := meet(t, [2]Set{names("a", 20), names("b", 20)}, nil)
	held, other := statement.TaggedSum("test", []byte("held")), statement.TaggedSum("test", []byte("other"))
	m := g.agreed.Manifest
	for _, c := range []struct {
		exclude, lists []statement.Digest
		drift          bool
	}{
		{nil, nil, false},
		{nil, []statement.Digest{held}, false},
		{[]statement.Digest{held}, []statement.Digest{other, held}, false},
		{[]statement.Digest{held}, nil, true},
		{[]statement.Digest{held, other}, []statement.Digest{held}, true},
	} {
		m.Exclude = c.exclude
		err := Limits{Party: "north", Types: m.Types, MinItems: 1, MaxItems: MaxItems, Lists: c.lists, Left: m.Sides[0].Left, AuditMost: 0}.Check(&m)
		no, _ := statement.AsRefusal(err)
		if drift := no != nil && no.Code == statement.CodeDrift; drift != c.drift {
			t.Errorf("leaves out %d with %d held: %v", len(c.exclude), len(c.lists), err)
		}
	}
}
