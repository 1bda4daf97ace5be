package node

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/api"
	"entente/console"
	"entente/statement"
)

// TestSheet: whoever signs reads the words of what is signed, of every kind that
// officers sign, as texts and fields, and the same in the console.
func TestSheet(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	u.settle()
	now := time.Now()
	text := func(s string) accord.Texts { return accord.Texts{"en": s} }
	tale := u.tale(now.Add(72*time.Hour), observer, "They scanned us.", "They stopped.")
	matrix := must(marshalJSON(accord.Matrix{
		Salt: strings.Repeat("ab", 32), Rows: []accord.Row{{No: 1, Text: text("A tool is known."), SourceRel: "B", Cred: 2, Plantable: "easily"}},
		Cells: []accord.Cell{{Row: strings.Repeat("cd", 32) + "/row/1", Hypothesis: "staged", Value: "CC"}},
	}))(t)
	pcap := []byte("not a capture")
	for what, c := range map[string]struct {
		draft AccordDraft
		says  []string
	}{
		"notice": {AccordDraft{Kind: accord.KindNotice, Body: accord.Notice{
			Level: accord.LevelUrgent, Ask: "stop", Subject: text("Stop it"), Text: text("Stop the scan of our registry."), What: []string{"scan"}, SeenFrom: []string{}, Wanted: "a call",
			AckBy: accord.At(now.Add(time.Hour)), To: []string{south}, Role: accord.RoleDuty,
		}}, []string{"level urgent", "ask stop", "of south", "what scan", "wanted a call", "Stop it", "Stop the scan of our registry.", api.EffectAckBy}},
		"account": {AccordDraft{Kind: tale.kind, Body: tale.body, Parts: tale.parts}, []string{"mode sealed", "depositary observer", "A meeting", "They scanned us.", "They stopped.", "item/2 act", "item/2 asserted", api.EffectRevealBy, api.EffectCommitBy}},
		"assessment": {AccordDraft{Kind: accord.KindAssessment, Parts: [][]byte{matrix}, Body: accord.Assessment{
			Question: text("Who?"), Level: "technical", AsOf: accord.At(now), Stage: "judgement", Mode: "open", Hypotheses: []accord.Hypothesis{{No: 1, Text: text("A crew."), Actors: []string{"crew"}, Excludes: []int{}}},
			Judgements:  []accord.Judgement{{Hypothesis: "staged", Likelihood: "unlikely", Confidence: "low", Why: text("No sign of it."), About: "actor"}},
			Assumptions: []accord.Texts{text("Clocks were right.")}, Gaps: []accord.Texts{text("No image.")}, WouldChange: []accord.Texts{}, Matrix: accord.MatrixDigest(matrix),
			Dissents: []accord.Dissent{{Who: "night desk", Hypothesis: "insider", Likelihood: "likely", Confidence: "low", Why: text("They had the key.")}},
		}}, []string{"Who?", "A crew.", "hypothesis/1 crew", "judgement/1 staged", "judgement/1 unlikely", "No sign of it.", "Clocks were right.", "No image.", "They had the key.", "dissent night desk", "A tool is known.", "row/1 easily", "cell CC"}},
		"exhibit": {AccordDraft{Kind: accord.KindExhibit, Parts: [][]byte{pcap}, Body: accord.Exhibit{
			Name: "one.pcap", MediaType: "application/x", Size: int64(len(pcap)), SHA256: sha256.Sum256(pcap), Kind: "pcap", Captured: accord.Captured{At: accord.At(now), By: north, Tool: "tcpdump", From: "the gate"},
			Custody: []accord.Custody{}, Held: "shared", Verify: []string{}, Hold: "a court asks",
		}}, []string{"name one.pcap", "sort pcap", "held shared", "hold a court asks", "captured north, tcpdump, the gate", statement.Digest(sha256.Sum256(pcap)).String()}},
		"officers": {AccordDraft{Kind: accord.KindOfficers, Body: staffOf(north)}, []string{"officer duty", "key " + staffOf(north).Officers[0].Keys[0].Key}},
	} {
		p := must(u.node(north).Draft(t.Context(), c.draft))(t)
		sheet := must(u.node(north).Sheet(t.Context(), p.ID))(t)
		var all strings.Builder
		for _, f := range sheet.Facts {
			all.WriteString(f.Name + " " + strings.Join(f.Values, ", ") + "\n")
		}
		for _, x := range sheet.Texts {
			all.WriteString(x.Text + "\n")
			if json.Valid([]byte(x.Text)) {
				t.Errorf("%s: JSON to read: %s", what, x.Text)
			}
		}
		for _, e := range sheet.Effects {
			all.WriteString(e.Name + "\n")
		}
		for _, says := range c.says {
			if !strings.Contains(all.String(), says) {
				t.Errorf("%s does not say %q:\n%s", what, says, all.String())
			}
		}
		desk := must(accordScreens{u.node(north).whole()}.Sheet(t.Context(), console.User{Name: accord.RoleDuty}, p.ID))(t)
		if shown := slices.ContainsFunc(desk.Facts, func(f console.SheetFact) bool { return len(f.Values) > 0 }); shown == (what == "officers") || (what == "officers") != (len(desk.Listed) > 0) {
			t.Errorf("%s in the console: %d fields, %d officers", what, len(desk.Facts), len(desk.Listed))
		}
	}
}
