package stix

import (
	"slices"
	"strconv"
	"time"

	"entente/statement"
)

// What the parties say in a case, for other tools. A tool that knows nothing of
// our extension still reads who said what, about what, and who agrees or not.

// CaseExtension is the property extension that says which statement of which
// log an object was made from, and what STIX has no word for. Its id is
// NameID("extension-definition", "entente/case/v1").
const CaseExtension = "extension-definition--78b65559-8f37-5c22-be5e-b46c4a72ecf6"

// incidentCore is the extension of the incident object (Incident Core, draft
// 2.0, OASIS common object repository); it wants the two properties that we give.
const incidentCore = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"

// project is who defines the extension: no party does.
const project = "entente/project"

// Judged is what STIX has no word for. Its confidence says how well founded a
// judgement is; STIX's table of likelihood words for confidence mixes two things
// and is not used.
type Judged struct {
	Likelihood     string // a word of ICD 203, or cannot-judge
	Confidence     string // low, moderate, high
	Responsibility string // of a state
	About          string // attempt, success, effect, actor
}

// SaidText is a text in one language, with its translations.
type SaidText struct {
	Said
	Part   string // of the statement, as in item/3
	Digest string // of that part, as the act commits to it
	Lang   string
	Title  string
	Text   string
	Others map[string]Translation // by language
	Judged Judged
	About  []string // identifiers of the objects that it is about
	Basis  string   // of an item
}

// Translation is the same text in another language.
type Translation struct{ Title, Text string }

type caseExtension struct {
	Type           string `json:"extension_type"`
	Statement      string `json:"statement"` // id, hex
	Log            string `json:"log"`       // origin
	Index          string `json:"index"`     // decimal: larger than a double can say
	Part           string `json:"part,omitzero"`
	Digest         string `json:"digest,omitzero"`
	Basis          string `json:"basis,omitzero"`
	Likelihood     string `json:"likelihood,omitzero"`
	About          string `json:"about,omitzero"`
	Responsibility string `json:"responsibility,omitzero"`
}

type caseExtensions map[string]any

func (s SaidText) extensions() caseExtensions {
	return caseExtensions{CaseExtension: caseExtension{
		"property-extension", s.Ref.ID.String(), s.Ref.Origin, strconv.FormatUint(s.Ref.Index, 10), s.Part, s.Digest, s.Basis,
		s.Judged.Likelihood, s.Judged.About, s.Judged.Responsibility,
	}}
}

// confidence puts the level, and only the level, into STIX's property
// (appendix A: low 15, moderate 50, high 85).
func (j Judged) confidence() int {
	return map[string]int{"low": 15, "moderate": 50, "high": 85}[j.Confidence]
}

// ExtensionDefinition returns the definition of our extension and the identity
// of who made it.
func ExtensionDefinition() ([]Object, error) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	who, err := RenderIdentity(Author{Origin: project, Name: "entente", Since: at})
	if err != nil {
		return nil, err
	}
	o, err := render(struct {
		common      `json:",inline"`
		Name        string   `json:"name"`
		Description string   `json:"description"`
		Schema      string   `json:"schema"`
		Version     string   `json:"version"`
		Types       []string `json:"extension_types"`
	}{
		common{Type: "extension-definition", SpecVersion: specVersion, ID: CaseExtension, CreatedBy: IdentityID(project), Created: millis(at), Modified: millis(at)},
		"entente case", "Which signed statement of which log an object was made from, and likelihood apart from confidence.",
		`{"type":"object","required":["extension_type","statement","log","index"],"properties":{"extension_type":{"const":"property-extension"},` +
			`"statement":{"type":"string"},"log":{"type":"string"},"index":{"type":"string"},"part":{"type":"string"},"digest":{"type":"string"},` +
			`"basis":{"type":"string"},"likelihood":{"type":"string"},"about":{"type":"string"},"responsibility":{"type":"string"}}}`,
		"1.0.0",
		[]string{"property-extension"},
	})
	return []Object{who, o}, err
}

// text writes a text and its translations. Each type of object keeps them
// under names of its own.
func (s SaidText) render(typ, title, text string, more func(base textBase) any) ([]Object, error) {
	c, err := s.common(typ)
	if err != nil {
		return nil, err
	}
	o, err := render(more(textBase{c, s.Lang, s.Judged.confidence(), s.extensions(), s.external()}))
	if err != nil || len(s.Others) == 0 {
		return []Object{o}, err
	}
	contents := map[string]map[string]string{}
	for lang, tr := range s.Others {
		fields := map[string]string{}
		if title != "" && tr.Title != "" {
			fields[title] = tr.Title
		}
		if text != "" && tr.Text != "" {
			fields[text] = tr.Text
		}
		if len(fields) > 0 {
			contents[lang] = fields
		}
	}
	if len(contents) == 0 {
		return []Object{o}, nil
	}
	c.Type, c.ID = "language-content", NameID("language-content", o.ID)
	l, err := render(struct {
		common   `json:",inline"`
		Object   string                       `json:"object_ref"`
		Modified string                       `json:"object_modified"`
		Contents map[string]map[string]string `json:"contents"`
	}{c, o.ID, c.Modified, contents})
	return []Object{o, l}, err
}

type textBase struct {
	common     `json:",inline"`
	Lang       string         `json:"lang,omitzero"`
	Confidence int            `json:"confidence,omitzero"`
	Extensions caseExtensions `json:"extensions"`
	External   []reference    `json:"external_references"`
}

// RenderNote returns a text about other objects as a note.
func RenderNote(s SaidText) ([]Object, error) {
	return s.render("note", "abstract", "content", func(b textBase) any {
		return struct {
			textBase `json:",inline"`
			Abstract string   `json:"abstract,omitzero"`
			Content  string   `json:"content"`
			Refs     []string `json:"object_refs"`
		}{b, s.Title, s.Text, sorted(s.About)}
	})
}

// RenderReport returns one party's account or judgement as a report: what
// About names is in it.
func RenderReport(s SaidText, types []string) ([]Object, error) {
	return s.render("report", "name", "description", func(b textBase) any {
		return struct {
			textBase    `json:",inline"`
			Name        string   `json:"name"`
			Description string   `json:"description,omitzero"`
			Types       []string `json:"report_types,omitzero"`
			Published   string   `json:"published"`
			Refs        []string `json:"object_refs"`
		}{b, s.Title, s.Text, types, b.Created, sorted(s.About)}
	})
}

// RenderOpinion returns a position as an opinion, where STIX has a word for it.
// ok is false for every other stance: neutral would be a lie about somebody
// who said nothing.
func RenderOpinion(s SaidText, stance string) (objects []Object, ok bool, err error) {
	word := map[string]string{"deny": "strongly-disagree", "differ": "disagree", "agree": "agree"}[stance]
	if word == "" {
		return nil, false, nil
	}
	objects, err = s.render("opinion", "", "explanation", func(b textBase) any {
		return struct {
			textBase    `json:",inline"`
			Opinion     string   `json:"opinion"`
			Explanation string   `json:"explanation,omitzero"`
			Refs        []string `json:"object_refs"`
		}{b, word, s.Text, sorted(s.About)}
	})
	return objects, err == nil, err
}

// RenderIncident returns what a case is about. closed says that both closed
// it. Nothing is determined by a tool: it is suspected.
func RenderIncident(s SaidText, closed bool) ([]Object, error) {
	status := "open"
	if closed {
		status = "closed"
	}
	return s.render("incident", "name", "description", func(b textBase) any {
		b.Extensions[incidentCore] = map[string]string{"extension_type": "property-extension", "determination": "suspected", "investigation_status": status}
		return struct {
			textBase    `json:",inline"`
			Name        string `json:"name"`
			Description string `json:"description,omitzero"`
		}{b, s.Title, s.Text}
	})
}

// RenderAttribution says that an incident is some actor's, which only a joint
// finding does. Both objects are the caller's to add.
func RenderAttribution(s SaidText, incident, actor string) (Object, error) {
	c, err := s.common("relationship")
	if err != nil {
		return Object{}, err
	}
	c.ID = NameID("relationship", s.Ref.ID.String()+"\n"+actor)
	return render(struct {
		textBase `json:",inline"`
		Type     string `json:"relationship_type"`
		Source   string `json:"source_ref"`
		Target   string `json:"target_ref"`
	}{textBase{c, s.Lang, 0, s.extensions(), s.external()}, "attributed-to", incident, actor})
}

// RenderGrouping returns a case: what was said in it, last at the given time.
// s names the statement that opened it.
func RenderGrouping(s SaidText, caseID string, suspicious bool, last time.Time) (Object, error) {
	c, err := s.common("grouping")
	if err != nil {
		return Object{}, err
	}
	c.ID = NameID("grouping", caseID)
	if last.After(s.Time) {
		c.Modified = millis(last)
	}
	context := "unspecified"
	if suspicious {
		context = "suspicious-activity"
	}
	return render(struct {
		textBase `json:",inline"`
		Name     string   `json:"name"`
		Context  string   `json:"context"`
		Refs     []string `json:"object_refs"`
	}{textBase{c, "", 0, s.extensions(), s.external()}, "case " + caseID, context, sorted(s.About)})
}

// RenderActor returns the identity of somebody whom an account names and who
// has no log.
func RenderActor(s Said, name string) (Object, error) {
	c, err := s.common("identity")
	if err != nil {
		return Object{}, err
	}
	c.ID = ActorID(s.Ref.ID, name)
	return render(struct {
		common `json:",inline"`
		Name   string `json:"name"`
	}{c, name})
}

// ActorID is the identifier under which a statement names an actor: two
// statements that write one name may mean two.
func ActorID(statement statement.Digest, name string) string {
	return NameID("identity", statement.String()+"\n"+name)
}

// SaidTextID is the identifier that a rendered object of this type has.
func SaidTextID(typ string, ref statement.Ref, item int) string { return saidID(typ, ref.ID, item) }

func sorted(refs []string) []string { return slices.Compact(slices.Sorted(slices.Values(refs))) }
