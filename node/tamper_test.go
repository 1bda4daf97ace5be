package node

import (
	"bytes"
	"slices"
	"testing"

	"entente/record"
	"entente/statement"
)

// TestPassedOnChanged: whoever passes an object on, as a bundle or by word of
// mouth, changes nothing of it unseen: not a byte, not a digit of a time, not
// its marking. The bundle that it came in proves what was said; the charter is
// all that is needed to check it.
func TestPassedOnChanged(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	raw := thing("malware", 1, "2026-01-01T00:00:00.120Z", `,"name":"first"`+marked("TLP:red"))
	got, err := u.node(north).ShareObjects(t.Context(), ShareObjects{Lens: u.node(north).lens, To: []string{south}, Objects: [][]byte{raw}})
	u.ok(err)
	u.settle()
	n := u.node(south)
	whole := must(record.ParseBundle(must(n.whole().Bundle(t.Context(), north, got.Refs[0].Index))(t)))(t)
	report := must(record.Verify(n.roster, whole))(t)
	part := slices.IndexFunc(whole.Shown.Parts, func(p record.ShownPart) bool { return p.N == 1 })
	if report.Party != north || part < 0 || !bytes.Contains(whole.Shown.Parts[part].Text, raw) {
		t.Fatalf("%+v", report)
	}
	for what, change := range map[string][2]string{
		"one byte":                 {`"first"`, `"furst"`},
		"one digit of a time":      {`00.120Z`, `00.121Z`},
		"one digit less of a time": {`00.120Z`, `00.12Z`},
		"its marking":              {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "613f2e26-407d-48c7-9eca-b8e91df99dc9"},
		"a space":                  {`"name":`, `"name": `},
	} {
		b := whole
		b.Shown.Parts = slices.Clone(whole.Shown.Parts)
		b.Shown.Parts[part].Text = bytes.Replace(whole.Shown.Parts[part].Text, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(b.Shown.Parts[part].Text, whole.Shown.Parts[part].Text) {
			change[0], change[1] = "e828b379-4e03-4974-9ac4-e53a884c97c1", "94868c89-83c2-464b-929b-a1a8aa3c8487" // RED of TLP 2.0
			b.Shown.Parts[part].Text = bytes.Replace(whole.Shown.Parts[part].Text, []byte(change[0]), []byte(change[1]), 1)
		}
		if bytes.Equal(b.Shown.Parts[part].Text, whole.Shown.Parts[part].Text) {
			t.Fatalf("%s: nothing changed", what)
		}
		if _, err := record.Verify(n.roster, b); !refusedWith(err, statement.CodeDigest) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
