package misp

import (
	"slices"
	"strings"
)

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
