package misp

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

// Story is an event of what was said, for the analyst data of MISP: lines of
// text as attributes, opinions of others on them, and notes.
type Story struct {
	UUID, Info   string
	At           time.Time
	By           Organisation
	Tags         []Tag
	Distribution string
	Lines        []StoryLine
	Notes        []StoryNote // on the event
}

// StoryLine is one thing that was said, an attribute of type comment.
type StoryLine struct {
	UUID     string
	Text     string
	Comment  string // by whom, which part of what
	At       time.Time
	Tags     []Tag
	Opinions []StoryOpinion
	Notes    []StoryNote
}

// StoryOpinion is how far somebody agrees, 0 to 100.
type StoryOpinion struct {
	UUID, Authors string
	Opinion       int
	Comment       string
	At            time.Time
}

// StoryNote is a text beside something, in one language.
type StoryNote struct {
	UUID, Authors, Language, Text string
	At                            time.Time
}

// OpinionOf is the number for a stance, where MISP's scale has one: 0 to 100, with 50
// for neither. ok is false for every other stance, since 50 would be a lie about
// somebody who said nothing.
func OpinionOf(stance string) (n int, ok bool) {
	n, ok = map[string]int{"deny": 0, "differ": 25, "agree": 75}[stance]
	return n, ok
}

// EstimateTags are the tags of a judgement, likelihood and confidence apart
// (taxonomy estimative-language). What cannot be judged has none.
func EstimateTags(likelihood, confidence string) (tags []Tag) {
	if slices.Contains(Likelihoods(), likelihood) {
		tags = append(tags, Tag{Name: Text(likelihoodTag + likelihood + `"`)})
	}
	if slices.Contains(Confidences(), confidence) {
		tags = append(tags, Tag{Name: Text(confidenceTag + confidence + `"`)})
	}
	return tags
}

// SourceTags are the tags of a source's rating: reliability A to F and
// credibility 1 to 6 (taxonomy admiralty-scale, whose values are lower case).
func SourceTags(reliability string, credibility int) (tags []Tag) {
	if len(reliability) == 1 && strings.Contains("ABCDEF", reliability) {
		tags = append(tags, Tag{Name: Text(`admiralty-scale:source-reliability="` + strings.ToLower(reliability) + `"`)})
	}
	if credibility >= 1 && credibility <= 6 {
		tags = append(tags, Tag{Name: Text(`admiralty-scale:information-credibility="` + strconv.Itoa(credibility) + `"`)})
	}
	return tags
}

// responsibilities are the ten values of the taxonomy state-responsibility. Two
// of them end in a full stop there.
var responsibilities = []string{
	"state-prohibited.", "state-prohibited-but-inadequate.", "state-ignored", "state-encouraged", "state-shaped", "state-coordinated", "state-ordered",
	"state-rogue-conducted", "state-executed", "state-integrated",
}

// ResponsibilityTag is the tag for what a state has to do with an act, written
// with or without the full stop; ok is false for other words.
func ResponsibilityTag(word string) (t Tag, ok bool) {
	for _, r := range responsibilities {
		if word == r || word+"." == r {
			return Tag{Name: Text("state-responsibility:" + r)}, true
		}
	}
	return Tag{}, false
}

// CompetingTag marks an event in which several judged one question.
const CompetingTag = `event-assessment:alternative-points-of-view-process="competitive-analysis"`

// The written form of analyst data, as MISP exports it below what it is about.
type writtenAnalyst struct {
	UUID         string `json:"uuid"`
	Object       string `json:"object_uuid"`
	ObjectType   string `json:"object_type"`
	Authors      string `json:"authors"`
	Created      string `json:"created"`
	Modified     string `json:"modified"`
	Distribution string `json:"distribution"`
	TypeName     string `json:"note_type_name"`
}

type writtenOpinion struct {
	writtenAnalyst `json:",inline"`
	Opinion        int    `json:"opinion"`
	Comment        string `json:"comment"`
}

type writtenNote struct {
	writtenAnalyst `json:",inline"`
	Note           string `json:"note"`
	Language       string `json:"language"`
}

type writtenLine struct {
	writtenValue `json:",inline"`
	Opinions     []writtenOpinion `json:"Opinion,omitzero"`
	Notes        []writtenNote    `json:"Note,omitzero"`
}

type writtenStory struct {
	writtenEvent `json:",inline"`
	Notes        []writtenNote `json:"Note,omitzero"`
}

// Marshal writes the story as an event. It refuses what is not UTF-8.
func (s Story) Marshal() (jsontext.Value, error) {
	w := writtenStory{writtenEvent: writtenEvent{
		UUID: s.UUID, Info: s.Info, Date: s.At.UTC().Format(time.DateOnly), Timestamp: strconv.FormatInt(s.At.Unix(), 10), Analysis: "1", ThreatLevel: "4",
		Distribution: s.Distribution, Orgc: s.By, Tags: s.Tags, Attributes: []jsontext.Value{},
	}}
	if w.Tags == nil {
		w.Tags = []Tag{}
	}
	for _, n := range s.Notes {
		w.Notes = append(w.Notes, n.written(s.UUID, "Event", s.Distribution))
	}
	for _, l := range s.Lines {
		raw, err := json.Marshal(l.written(s.Distribution))
		if err != nil {
			return nil, statement.Refuse(statement.CodeUTF8, "a line that is not UTF-8")
		}
		w.Attributes = append(w.Attributes, raw)
	}
	raw, err := json.Marshal(w)
	if err != nil {
		return nil, statement.Refuse(statement.CodeUTF8, "an event that is not UTF-8")
	}
	return raw, nil
}

func (l StoryLine) written(distribution string) writtenLine {
	w := writtenLine{writtenValue: writtenValue{
		UUID: l.UUID, Type: "comment", Category: "Other", Value: l.Text, Comment: l.Comment, Timestamp: strconv.FormatInt(l.At.Unix(), 10), Tags: l.Tags,
	}}
	for _, o := range l.Opinions {
		w.Opinions = append(w.Opinions, writtenOpinion{analyst(o.UUID, l.UUID, "Attribute", o.Authors, "Opinion", distribution, o.At), o.Opinion, o.Comment})
	}
	for _, n := range l.Notes {
		w.Notes = append(w.Notes, n.written(l.UUID, "Attribute", distribution))
	}
	return w
}

func (n StoryNote) written(object, typ, distribution string) writtenNote {
	return writtenNote{analyst(n.UUID, object, typ, n.Authors, "Note", distribution, n.At), n.Text, n.Language}
}

func analyst(uuid, object, typ, authors, name, distribution string, at time.Time) writtenAnalyst {
	when := at.UTC().Format(time.DateTime)
	return writtenAnalyst{uuid, object, typ, authors, when, when, distribution, name}
}
