package accord

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// catalogue reads the console's texts of one language.
func catalogue(t *testing.T, lang string) Lexicon {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "console", "locale", lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]any{}
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	return Lexicon{Lang: lang, Text: func(key string) string {
		s, ok := texts[key].(string)
		if !ok {
			t.Errorf("%s: no text %q", lang, key)
		}
		return s
	}}
}

func demand(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in\n%s", p, text)
		}
	}
}

// TestAccusationText prints a charge for each reader, in both languages.
func TestAccusationText(t *testing.T) {
	s := newStory(t)
	told, exhibits := charge(t, s)
	s.notify(told, "explain", "north", "south")
	s.say("observer", KindPosition, stance(Ack), exhibits[2])
	s.say("south", KindPosition, onItem(Deny, 3), told)
	s.pass(minute)
	s.pass(3 * day)
	a := s.accusation(t)
	en, ru := catalogue(t, "en"), catalogue(t, "ru")
	demand(t, AccusationText(en, a, "south", s.now), "## north against south: alleged", "Next step: south, by ", "(overdue for 2 d)", "2 of 3 rest on evidence that south cannot see.", "no finding",
		"   - south: alleged", "south, `analyst, approver, delegate, duty, head`: denies", "withheld", "seen by observer")
	demand(t, AccusationText(ru, a, "south", s.now), "## north против south: обвинение выдвинуто", "2 из 3 опираются на доказательства", "отрицание", "видел: observer")
	if text := AccusationText(en, a, "north", s.now); strings.Contains(text, "cannot see") {
		t.Errorf("north sees all of its own:\n%s", text)
	}
	c := s.record().CaseState(s.last)
	demand(t, CaseStateText(en, c, s.now), "accusation: alleged", "meaning asked: `"+told.ID.Short()+"`, south, 3 d")
	demand(t, CaseStateText(ru, c, s.now), "обвинение: обвинение выдвинуто", "запрошено разъяснение")
}

// TestQuestionText: each party's matrix stands by itself, and no sentence of the
// whole document speaks of likelihood and of confidence.
func TestQuestionText(t *testing.T) {
	s := newStory(t)
	root := s.assess("north", "rows", hypothesis(1), evidenceRows("easily", "no"))
	s.pass(minute)
	cells := func(value string) *Matrix {
		return &Matrix{Cells: []Cell{{RowID(root.ID, 1), "staged", value}, {RowID(root.ID, 2), HypothesisID(root.ID, 1), "I"}}}
	}
	s.assess("north", "cells", nil, cells("II"), root)
	s.assess("south", "cells", nil, cells("C"), root)
	s.pass(minute)
	s.judge("north", "very-likely", "high", root)
	s.judge("south", CannotJudge, "low", root)
	q := s.question(t)
	en := QuestionText(catalogue(t, "en"), q)
	demand(t, en, "### north: open", "### south: open", "| II ≠ |", "| C ≠ |", "Without the rows that somebody could have planted", "north: very likely; south: cannot judge",
		"north on who did it: very likely (80–95 %). The confidence of north is high.", "south on who did it: cannot judge.", "Dissent inside north, “a second service”: unlikely. The confidence of north is low.")
	ru := QuestionText(catalogue(t, "ru"), q)
	demand(t, ru, "весьма вероятно (80–95 %). Уверенность стороны north высокая.", "подстроено под кого-то")
	for lang, text := range map[string]string{"en": en, "ru": ru} {
		for sentence := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(".;\n", r) }) {
			words := lowerWords(sentence)
			if _, likelihood := withoutLikelihood(lang, words); likelihood && speaksOfConfidence(lang, words) {
				t.Errorf("likelihood and confidence in one sentence: %q", sentence)
			}
		}
	}
	if !slices.Contains(Likelihoods(), q.Views[0].By[0].Likelihood) {
		t.Error(q.Views[0].By[0].Likelihood)
	}
}
