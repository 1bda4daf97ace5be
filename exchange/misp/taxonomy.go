package misp

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

// Marks is what the tags of an event say about passing it on. Labels are in
// capitals, as their taxonomies' owners write them (TLP:CLEAR for version 1's
// TLP:WHITE, and PAP:CLEAR likewise); a label that its taxonomy does not know
// comes as it was written, for the border to refuse.
type Marks struct {
	TLP []string // every level that the event or a part of it names, sorted
	PAP []string
	// Contradiction is set where one element carries two levels of one
	// taxonomy: nobody can say which its author meant. Removing a tag at its
	// source does not remove it at others (MISP#2223), so this happens.
	Contradiction string
}

// maxLabel bounds what counts as a label of TLP or PAP.
const maxLabel = 32

// labels returns the labels of a taxonomy among the tags, as written.
func labels(prefix string, tags []Tag) (found []string) {
	for _, t := range tags {
		n := string(t.Name)
		if len(n) > len(prefix) && len(n) <= maxLabel && strings.EqualFold(n[:len(prefix)], prefix) {
			found = append(found, n)
		}
	}
	return found
}

// level writes a label in capitals. It leaves one with characters of other
// alphabets alone: their capitals could be those of a known label.
func level(label string) string {
	for i := range len(label) {
		if label[i] >= 0x80 {
			return label
		}
	}
	label = strings.ToUpper(label)
	if before, ok := strings.CutSuffix(label, ":WHITE"); ok {
		return before + ":CLEAR"
	}
	return label
}

// add takes in the tags of one element.
func (m *Marks) add(where string, tags []Tag) {
	for _, taxonomy := range []struct {
		prefix string
		into   *[]string
	}{{"tlp:", &m.TLP}, {"pap:", &m.PAP}} {
		var here []string
		into := taxonomy.into
		for _, label := range labels(taxonomy.prefix, tags) {
			if l := level(label); !slices.Contains(here, l) {
				here = append(here, l)
			}
		}
		if len(here) > 1 && m.Contradiction == "" {
			slices.Sort(here)
			m.Contradiction = where + " is marked " + strings.Join(here, " and ")
		}
		for _, l := range here {
			if !slices.Contains(*into, l) {
				*into = append(*into, l)
			}
		}
	}
}

// Marks reads the tags of an event and of every attribute and object in it. An
// attribute that names no level has that of the event.
func (e Event) Marks() (Marks, error) {
	var m Marks
	m.add("the event", e.Tags)
	err := e.EachAttribute(func(a Attribute, _ Place, _ jsontext.Value) error {
		m.add("an attribute", a.Tags)
		return nil
	})
	slices.Sort(m.TLP)
	slices.Sort(m.PAP)
	return m, err
}

// Err refuses (E_MARKING) a contradiction.
func (m Marks) Err() error {
	if m.Contradiction == "" {
		return nil
	}
	return statement.Refuse(statement.CodeMarking, "contradicting tags: %s", m.Contradiction)
}

// Judgement is what the tags of the estimative-language taxonomy say. The two
// are never one: how likely something is, and how well that is founded.
type Judgement struct {
	Likelihood string `json:"likelihood,omitempty"` // one of Likelihoods
	Confidence string `json:"confidence,omitempty"` // one of Confidences
}

// Likelihoods returns the words for how likely something is, from least to
// most (ICD 203, as the taxonomy has them).
func Likelihoods() []string {
	return []string{"almost-no-chance", "very-unlikely", "unlikely", "roughly-even-chance", "likely", "very-likely", "almost-certain"}
}

// Confidences returns the words for how well a judgement is founded.
func Confidences() []string { return []string{"low", "moderate", "high"} }

const (
	likelihoodTag = `estimative-language:likelihood-probability="`
	confidenceTag = `estimative-language:confidence-in-analytic-judgment="`
)

// Judge reads the tags of one element. A word outside the vocabularies, and
// two that differ, say nothing.
func Judge(tags []Tag) Judgement {
	return Judgement{
		Likelihood: word(tags, likelihoodTag, Likelihoods()),
		Confidence: word(tags, confidenceTag, Confidences()),
	}
}

func word(tags []Tag, prefix string, words []string) (found string) {
	for _, t := range tags {
		w, ok := strings.CutPrefix(string(t.Name), prefix)
		w, closed := strings.CutSuffix(w, `"`)
		if !ok || !closed || !slices.Contains(words, w) {
			continue
		}
		if found != "" && found != w {
			return ""
		}
		found = w
	}
	return found
}

// Tags writes a judgement as tags.
func (j Judgement) Tags() (tags []Tag) {
	if j.Likelihood != "" {
		tags = append(tags, Tag{Name: Text(likelihoodTag + j.Likelihood + `"`)})
	}
	if j.Confidence != "" {
		tags = append(tags, Tag{Name: Text(confidenceTag + j.Confidence + `"`)})
	}
	return tags
}

// Mark writes a level of TLP or PAP ("TLP:AMBER+STRICT") as a tag, in the
// spelling of its taxonomy, which has TLP in small letters and PAP in capitals,
// with the colour that makes people see it.
func Mark(label string) Tag {
	colours := map[string]string{
		"CLEAR": "#FFFFFF", "WHITE": "#FFFFFF", "GREEN": "#33FF00", "AMBER": "#FFC000", "AMBER+STRICT": "#FFC000", "RED": "#FF2B2B",
	}
	taxonomy, level, _ := strings.Cut(label, ":")
	name := label
	if taxonomy == "TLP" {
		name = strings.ToLower(label)
	}
	return Tag{Name: Text(name), Colour: Text(colours[level])}
}
