package convert

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/accord/accordtest"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

// hamburg is the case of 7 July 2017 with an assessment, an urgent notice, and
// positions of every stance beside it.
func hamburg(t testing.TB) (accord.World, string) {
	t.Helper()
	data, err := os.ReadFile("../../accord/testdata/hamburg/script.json")
	if err != nil {
		t.Fatal(err)
	}
	script, err := accordtest.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	w, err := script.World()
	if err != nil {
		t.Fatal(err)
	}
	en := accord.Texts{"en": "why", "ru": "почему"}
	judged := say(t, &w, script.Case, "us", accord.KindAssessment, accord.Assessment{
		Question: accord.Texts{"en": "Who did it?"}, Level: "strategic", AsOf: "2017-07-10T12:00:00Z", Stage: "judgement", Mode: "open", Hypotheses: []accord.Hypothesis{}, Assumptions: []accord.Texts{}, Gaps: []accord.Texts{}, WouldChange: []accord.Texts{}, Dissents: []accord.Dissent{},
		Judgements: []accord.Judgement{
			{Hypothesis: "other", Likelihood: "very-likely", Confidence: "low", Why: en, About: "actor", Responsibility: "state-ordered"},
			{Hypothesis: "staged", Likelihood: "unlikely", Confidence: "moderate", Why: en, About: "attempt"},
			{Hypothesis: "insider", Likelihood: "cannot-judge", Confidence: "high", Why: en, About: "effect"},
		},
	})
	say(t, &w, script.Case, "us", accord.KindNotice, accord.Notice{Level: accord.LevelTest, Ask: "ack", Subject: en, Text: en, What: []string{}, SeenFrom: []string{}, AckBy: "2017-07-10T12:00:00Z", To: []string{"ru"}, Role: accord.RoleDuty})
	say(t, &w, script.Case, "ru", accord.KindNotice, accord.Notice{Level: accord.LevelUrgent, Ask: "stop", Subject: en, Text: en, What: []string{}, SeenFrom: []string{}, AckBy: "2017-07-10T12:00:00Z", To: []string{"us"}, Role: accord.RoleDuty})
	for i, s := range []accord.Stance{accord.Deny, accord.NoComment, accord.CannotSay} {
		say(t, &w, script.Case, "ru", accord.KindPosition, accord.Position{Part: accord.PartName("judgement", i+1), Stance: s, Text: en, Capacity: "official"}, judged)
	}
	say(t, &w, script.Case, "ru", accord.KindPosition, accord.Position{Stance: accord.Differ, Capacity: "personal"}, judged)
	return w, script.Case
}

// say appends a statement as the officers of a party's first account signed that.
func say(t testing.TB, w *accord.World, caseID, party string, kind statement.Kind, body any, refs ...statement.Ref) statement.Ref {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range accord.Kinds() {
		if spec.Kind == kind {
			if err := spec.Check(raw); err != nil {
				t.Fatal(err)
			}
		}
	}
	i := slices.IndexFunc(w.Said, func(s accord.Said) bool { return s.Party == party && s.Act.Kind == accord.KindAccount })
	s := w.Said[i]
	s.Parts, s.Claimed = nil, w.Now.UnixMilli()
	p, _ := w.Charter.Party(party)
	s.Ref = statement.Ref{Origin: p.Origin, Index: w.Sizes[p.Origin], ID: statement.TaggedSum("case", raw)}
	w.Sizes[p.Origin]++
	s.Act.Kind, s.Act.Case, s.Act.Body, s.Act.Refs = kind, caseID, raw, append([]statement.Ref{}, refs...)
	w.Said = append(w.Said, s)
	for _, o := range w.Charter.Others(party) {
		w.Moments = append(w.Moments, accord.Moment{Origin: p.Origin, Size: w.Sizes[p.Origin], Owner: w.Now.Unix(), By: o.ID, At: w.Now.Unix()})
	}
	return s.Ref
}

func testAuthor(party string) stix.Author {
	return stix.Author{Origin: "entente/" + party + "/00112233", Name: party, Since: time.Date(2017, 7, 1, 0, 0, 0, 0, time.UTC)}
}

// everything lets everything leave.
func everything(accord.Said) (bool, error) { return true, nil }

func caseObjects(t *testing.T, w accord.World, id string) CaseObjects {
	t.Helper()
	c, err := CaseSTIX(accord.NewRecord(w), id, testAuthor, everything)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCaseSTIX: what was said leaves with its exact words for agreement and
// confidence, and nothing stands for who said nothing.
func TestCaseSTIX(t *testing.T) {
	w, id := hamburg(t)
	c := caseObjects(t, w, id)
	byType, ids, opinions, confidences := map[string]int{}, map[string]bool{}, map[string]int{}, map[float64]int{}
	var all []map[string]any
	for _, o := range c.Objects {
		var m map[string]any
		if err := json.Unmarshal(o.Raw, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
		byType[o.Type]++
		ids[o.ID] = true
		if s, ok := m["opinion"].(string); ok {
			opinions[s]++
		}
		if n, ok := m["confidence"].(float64); ok {
			confidences[n]++
		}
	}
	if opinions["strongly-disagree"] == 0 || opinions["neutral"]+opinions["strongly-agree"] > 0 || len(confidences) != 3 || confidences[15] != 1 || confidences[50] != 1 || confidences[85] != 1 {
		t.Errorf("opinions %v, confidences %v", opinions, confidences)
	}
	if byType["grouping"] != 1 || byType["incident"] != 1 || byType["extension-definition"] != 1 || byType["relationship"] != 0 || byType["language-content"] == 0 || byType["report"] < 3 {
		t.Errorf("%v", byType)
	}
	stances := map[accord.Stance]int{}
	for _, s := range w.Said {
		var p accord.Position
		if s.Act.Kind == accord.KindPosition && json.Unmarshal(s.Act.Body, &p) == nil && p.Capacity == "official" {
			stances[p.Stance]++
		}
	}
	if stances[accord.NoComment] == 0 || stances[accord.CannotSay] == 0 || byType["opinion"] > stances[accord.Agree]+stances[accord.Differ]+stances[accord.Deny] || c.Left == 0 {
		t.Errorf("%d opinions of %v, %d left", byType["opinion"], stances, c.Left)
	}
	for _, m := range all {
		for _, key := range []string{"object_refs", "object_marking_refs"} {
			list, _ := m[key].([]any)
			for _, ref := range list {
				if !ids[ref.(string)] {
					t.Errorf("%v refers to %v, which is not there", m["id"], ref)
				}
			}
		}
		for _, key := range []string{"created_by_ref", "object_ref", "source_ref", "target_ref"} {
			if ref, ok := m[key].(string); ok && !ids[ref] {
				t.Errorf("%v refers to %v, which is not there", m["id"], ref)
			}
		}
		if m["type"] == "note" && strings.Contains(m["content"].(string), "very-likely") {
			t.Error("likelihood in a text")
		}
	}
	one, err := c.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(w.Said), func(i, j int) { w.Said[i], w.Said[j] = w.Said[j], w.Said[i] })
	if again, err := caseObjects(t, w, id).Bundle(); err != nil || !bytes.Equal(again, one) {
		t.Errorf("another node writes another bundle (%v)", err)
	}
}

// TestCaseSTIXHides: nothing of a sealed account's items leaves, and nothing
// that nobody else has seen.
func TestCaseSTIXHides(t *testing.T) {
	w, id := hamburg(t)
	before := len(caseObjects(t, w, id).Objects)
	p, _ := w.Charter.Party("us")
	say(t, &w, id, "us", accord.KindPosition, accord.Position{Stance: accord.Agree, Capacity: "official"}, w.Said[len(w.Said)-1].Ref)
	w.Moments = slices.DeleteFunc(w.Moments, func(m accord.Moment) bool { return m.Origin == p.Origin && m.Size == w.Sizes[p.Origin] })
	if after := len(caseObjects(t, w, id).Objects); after != before {
		t.Errorf("%d objects, then %d", before, after)
	}
	if c := caseObjects(t, w, strings.Repeat("f", 32)); len(c.Objects) != 0 {
		t.Errorf("%d objects of a case that is not there", len(c.Objects))
	}
}

// TestCaseMay: what may not leave is counted, and nothing tells of it: no
// attribution rests on it, no opinion is about it.
func TestCaseMay(t *testing.T) {
	w, id := hamburg(t)
	r := accord.NewRecord(w)
	whole := caseObjects(t, w, id)
	_, wholeLeft, err := CaseMISP(r, id, everything)
	if err != nil {
		t.Fatal(err)
	}
	var kept []accord.Said
	may := func(s accord.Said) (bool, error) {
		if s.Party == "ru" && s.Act.Kind == accord.KindAccount || s.Act.Kind == accord.KindAssessment {
			kept = append(kept, s)
			return false, nil
		}
		return true, nil
	}
	part, err := CaseSTIX(r, id, testAuthor, may)
	if err != nil || len(kept) < 2 || part.Left < whole.Left+len(kept) {
		t.Fatalf("%d left, %d with %d kept: %v", whole.Left, part.Left, len(kept), err)
	}
	for _, s := range kept {
		for _, o := range part.Objects {
			if bytes.Contains(o.Raw, []byte(s.Ref.ID.String())) {
				t.Errorf("%s tells of %s of %s", o.ID, s.Act.Kind, s.Party)
			}
		}
	}
	kept = nil
	event, left, err := CaseMISP(r, id, may)
	if err != nil || left != wholeLeft+len(kept) {
		t.Errorf("%d left, then %d with %d kept: %v", wholeLeft, left, len(kept), err)
	}
	for _, s := range kept {
		if bytes.Contains(event, []byte(s.Ref.ID.Short())) {
			t.Errorf("the event tells of %s of %s", s.Act.Kind, s.Party)
		}
	}
	stop := errors.New("stop")
	if _, err := CaseSTIX(r, id, testAuthor, func(accord.Said) (bool, error) { return false, stop }); !errors.Is(err, stop) {
		t.Errorf("an error of whoever is asked: %v", err)
	}
}

// see lets every node cosign every log and log that, so many seconds later.
func see(w *accord.World, later time.Duration) {
	w.Now = w.Now.Add(later)
	for _, p := range w.Charter.Parties {
		for _, o := range w.Charter.Others(p.ID) {
			w.Sizes[o.Origin]++
			w.Moments = append(w.Moments, accord.Moment{Origin: p.Origin, Size: w.Sizes[p.Origin], Owner: w.Now.Unix(), By: o.ID, At: w.Now.Unix(), Logged: w.Sizes[o.Origin]})
		}
	}
}

// TestCaseSTIXAttribution: only a finding in force says whose an incident is.
func TestCaseSTIXAttribution(t *testing.T) {
	w, id := hamburg(t)
	see(&w, time.Minute)
	accused := say(t, &w, id, "us", accord.KindAccount, accord.Account{
		Event: accord.Event{Title: accord.Texts{"en": "what happened"}, From: "2017-07-07T00:00:00Z", Present: []string{}}, Mode: "open", Capacity: "official", Names: []string{"night owl", "ru"}, Items: []statement.Digest{},
	})
	title := accord.Texts{"en": "finding"}
	found := say(t, &w, id, "us", accord.KindProposal, accord.Proposal{
		For: accord.ForFinding, Title: title, Authentic: []string{"en"}, Needs: []string{"ru", "us"}, DecideBy: accord.At(w.Now.Add(time.Hour)), CoolingOff: 86400,
		Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{}, Finding: &accord.Finding{Result: "attributed", Views: []accord.View{}},
	}, accused)
	see(&w, time.Minute)
	count := func() (n int) {
		for _, o := range caseObjects(t, w, id).Objects {
			if o.Type == "relationship" {
				n++
			}
		}
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("%d attributions by one party's word", n)
	}
	for _, party := range []string{"ru", "us"} {
		say(t, &w, id, party, accord.KindPosition, accord.Position{Stance: accord.Consent, Capacity: "official"}, found)
	}
	see(&w, time.Minute)
	see(&w, time.Minute)
	if n := count(); n != 0 {
		t.Errorf("%d attributions in the cooling-off", n)
	}
	see(&w, 25*time.Hour)
	see(&w, time.Minute)
	if c, err := CaseSTIX(accord.NewRecord(w), id, testAuthor, func(s accord.Said) (bool, error) { return s.Ref != accused, nil }); err != nil || slices.ContainsFunc(c.Objects, func(o stix.Object) bool { return o.Type == "relationship" }) {
		t.Errorf("who is named in an account that stays: %v", err)
	}
	if i, _ := accord.NewRecord(w).Instrument(found); i.State != accord.StateInForce || count() != 2 {
		t.Errorf("%s, %s: %d attributions, want 2", i.State, i.Reason, count())
	}
}

// TestCaseSTIXClosed: that a case is closed is told where the act that closed it may
// go, and to nobody who may not read that act.
func TestCaseSTIXClosed(t *testing.T) {
	w, id := hamburg(t)
	see(&w, time.Minute)
	act := say(t, &w, id, "us", accord.KindProposal, accord.Proposal{
		For: accord.ForClose, Title: accord.Texts{"en": "closing"}, Authentic: []string{"en"}, Needs: []string{"ru", "us"}, DecideBy: accord.At(w.Now.Add(time.Hour)), CoolingOff: 86400,
		Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{},
	})
	see(&w, time.Minute)
	for _, party := range []string{"ru", "us"} {
		say(t, &w, id, party, accord.KindPosition, accord.Position{Stance: accord.Consent, Capacity: "official"}, act)
	}
	see(&w, time.Minute)
	see(&w, time.Minute)
	see(&w, 25*time.Hour)
	see(&w, time.Minute)
	if i, _ := accord.NewRecord(w).Instrument(act); i.State != accord.StateInForce {
		t.Fatalf("%s, %s", i.State, i.Reason)
	}
	status := func(marking string, may May) string {
		i := slices.IndexFunc(w.Said, func(s accord.Said) bool { return s.Ref == act })
		was := w.Said[i].Act.Marking
		if marking != "" {
			w.Said[i].Act.Marking = marking
		}
		defer func() { w.Said[i].Act.Marking = was }()
		c, err := CaseSTIX(accord.NewRecord(w), id, testAuthor, may)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range c.Objects {
			if o.Type == "incident" {
				if bytes.Contains(o.Raw, []byte(`"investigation_status":"closed"`)) {
					return "closed"
				}
				return "open"
			}
		}
		return "no incident"
	}
	if got := status("", everything); got != "closed" {
		t.Errorf("closed by both: %s", got)
	}
	if got := status("TLP:RED", everything); got != "open" {
		t.Errorf("closed by an act that is marked more strictly: %s", got)
	}
	if got := status("", func(s accord.Said) (bool, error) { return s.Ref != act, nil }); got != "open" {
		t.Errorf("closed by an act that stays: %s", got)
	}
}

// TestCaseMISP: an event that reads back, with the exact tags of the taxonomies,
// opinions of 0, 25 and 75 alone, and the strictest marking.
func TestCaseMISP(t *testing.T) {
	w, id := hamburg(t)
	raw, left, err := CaseMISP(accord.NewRecord(w), id, everything)
	if err != nil || left == 0 {
		t.Fatalf("%d left: %v", left, err)
	}
	var e struct {
		UUID      string
		Tag       []struct{ Name string }
		Attribute []struct {
			UUID, Value, Comment string
			Tag                  []struct{ Name string }
			Opinion              []struct {
				ObjectUUID string `json:"object_uuid"`
				ObjectType string `json:"object_type"`
				Opinion    int
				Authors    string
			}
			Note []struct{ Language, Note string }
		}
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	if _, err := misp.ParseEvent(raw); err != nil || e.UUID != CaseEventUUID(id) || len(e.Tag) != 1 || e.Tag[0].Name != "tlp:clear" {
		t.Errorf("%v: %+v", err, e.Tag)
	}
	tags, opinions, notes := map[string]int{}, map[int]int{}, 0
	for _, a := range e.Attribute {
		for _, tag := range a.Tag {
			tags[tag.Name]++
		}
		for _, o := range a.Opinion {
			opinions[o.Opinion]++
			if o.ObjectUUID != a.UUID || o.ObjectType != "Attribute" || strings.HasPrefix(a.Comment, o.Authors+" ") {
				t.Errorf("%+v on %s", o, a.Comment)
			}
		}
		notes += len(a.Note)
	}
	for _, want := range []string{
		`estimative-language:likelihood-probability="very-likely"`, `estimative-language:confidence-in-analytic-judgment="moderate"`,
		`state-responsibility:state-ordered`, `admiralty-scale:source-reliability="b"`, `admiralty-scale:information-credibility="2"`,
	} {
		if tags[want] == 0 {
			t.Errorf("no %s among %v", want, tags)
		}
	}
	delete(opinions, 25)
	delete(opinions, 75)
	if opinions[0] == 0 || len(opinions) != 1 || notes == 0 {
		t.Errorf("opinions %v, %d notes", opinions, notes)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	rng.Shuffle(len(w.Said), func(i, j int) { w.Said[i], w.Said[j] = w.Said[j], w.Said[i] })
	if again, _, err := CaseMISP(accord.NewRecord(w), id, everything); err != nil || !bytes.Equal(again, raw) {
		t.Errorf("another node writes another event (%v)", err)
	}
	w.Said[slices.IndexFunc(w.Said, func(s accord.Said) bool { return s.Act.Kind == accord.KindAssessment })].Act.Marking = "TLP:RED"
	if raw, _, _ := CaseMISP(accord.NewRecord(w), id, everything); !bytes.Contains(raw, []byte(`"tlp:red"`)) {
		t.Error("a part in red, and the event is not")
	}
}

// peerCheck asks OASIS's validator and library about a bundle.
const peerCheck = `
import json, sys, stix2, stix2validator
found = stix2validator.validate_file(sys.argv[1], stix2validator.ValidationOptions(version="2.1", silent=True))
errors = [str(e) for o in found.object_results for e in o.errors]
for o in json.load(open(sys.argv[1]))["objects"]:
    try:
        stix2.parse(o, version="2.1", allow_custom=True)
    except Exception as e:
        errors.append(o["id"] + ": " + str(e))
print(json.dumps(errors))
`

// TestPeersReadCase holds a case to the validator and the library of OASIS.
func TestPeersReadCase(t *testing.T) {
	if os.Getenv("ENTENTE_INTEROP") == "" {
		t.Skip("with other people's programs: ENTENTE_INTEROP=1, as check -interop sets it")
	}
	python := cmp.Or(os.Getenv("ENTENTE_PYTHON"), "python3")
	if exec.Command(python, "-c", "import stix2, stix2validator").Run() != nil {
		t.Skip("stix2 and stix2-validator are not installed in " + python)
	}
	w, id := hamburg(t)
	raw, err := caseObjects(t, w, id).Bundle()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "case.json")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", peerCheck, path).Output()
	var errs []string
	if err != nil || json.Unmarshal(out, &errs) != nil || len(errs) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
