package accord

import (
	"slices"
	"strings"
	"unicode"

	"entente/statement"
)

// likelihoodWords are the words of ICD 203 (2015, section D.6.e.2.a), each with the
// percentage at which it begins, and the word for none of them. The Russian
// words are fixed here, so that one judgement is one word in either language.
var likelihoodWords = []likelihoodWord{
	{"almost-no-chance", 0, "almost no chance", "почти исключено"},
	{"very-unlikely", 5, "very unlikely", "крайне маловероятно"},
	{"unlikely", 20, "unlikely", "маловероятно"},
	{"roughly-even-chance", 45, "roughly even chance", "шансы примерно равны"},
	{"likely", 55, "likely", "вероятно"},
	{"very-likely", 80, "very likely", "весьма вероятно"},
	{"almost-certain", 95, "almost certain", "почти наверняка"},
	{CannotJudge, -1, "cannot judge", "судить не можем"},
}

// CannotJudge is the likelihood of what nobody can judge.
const CannotJudge = "cannot-judge"

type likelihoodWord struct {
	name   string
	least  int // per cent
	en, ru string
}

// Likelihoods returns the names of the seven likelihoods, least first, and
// CannotJudge.
func Likelihoods() []string {
	names := make([]string, len(likelihoodWords))
	for i, w := range likelihoodWords {
		names[i] = w.name
	}
	return names
}

// LikelihoodWord returns the one word for a likelihood in English or Russian,
// and the percentage at which it begins; -1 for CannotJudge.
func LikelihoodWord(lang, name string) (word string, least int) {
	for _, w := range likelihoodWords {
		if w.name == name && lang == "ru" {
			return w.ru, w.least
		} else if w.name == name {
			return w.en, w.least
		}
	}
	return "", -1
}

// guesses are words and phrases that say how probable something is without
// being one of the seven. They are matched as whole words, longest first.
var guesses = map[string][]string{
	"en": {
		"probably", "probable", "improbable", "improbably", "possibly", "perhaps", "maybe", "conceivably", "presumably", "plausibly",
		"doubtful", "doubtfully", "doubtless", "undoubtedly", "certainly", "surely", "definitely", "it is possible", "is possible that",
		"no doubt", "beyond doubt", "in all likelihood", "odds", "more likely", "less likely", "most likely", "least likely",
		"highly likely", "highly unlikely", "quite likely", "rather likely", "fairly likely", "somewhat likely", "extremely likely", "extremely unlikely",
		"likelier", "likeliest", "near certain", "nearly certain", "virtually certain", "absolutely certain", "it is certain", "some chance",
		"good chance", "slim chance", "remote chance", "remote possibility", "even chance", "might have", "may have", "could have been", "might be", "may be",
	},
	"ru": {
		"возможно", "может быть", "быть может", "наверное", "наверно", "наверняка", "видимо", "по видимому", "похоже", "предположительно", "пожалуй",
		"скорее всего", "несомненно", "безусловно", "бесспорно", "вероятнее", "вероятнее всего", "вероятный", "вероятная", "вероятные", "невероятно", "весьма возможно",
		"очень вероятно", "вполне вероятно", "вполне возможно", "крайне вероятно", "наиболее вероятно", "менее вероятно", "более вероятно", "очень маловероятно", "весьма маловероятно",
		"должно быть", "не исключено", "исключено", "почти точно", "почти несомненно", "шансы", "шанс", "сомнительно", "якобы", "по всей вероятности", "по всей видимости",
	},
}

// checkEstimate refuses a text of a judgement that says in other words how
// probable something is, or that speaks of likelihood and of confidence in one
// sentence (ICD 203, section D.6.e.2.c). Languages other than English and
// Russian are not looked into.
func checkEstimate(what string, t Texts) error {
	for _, lang := range t.Languages() {
		base, _, _ := strings.Cut(lang, "-")
		for sentence := range strings.FieldsFuncSeq(t[lang], func(r rune) bool { return strings.ContainsRune(".!?;\n", r) }) {
			words := lowerWords(sentence)
			rest, likelihood := withoutLikelihood(base, words)
			if g := guessIn(base, rest); g != "" {
				return statement.Refuse(statement.CodeValue, "%s in %s: %q is not a word for a likelihood; use %s", what, lang, g, allowedWords())
			}
			if likelihood && speaksOfConfidence(base, words) {
				return statement.Refuse(statement.CodeValue, "%s in %s: likelihood and confidence in one sentence; make them two", what, lang)
			}
		}
	}
	return nil
}

// allowedWords is the list that a refusal names, in both languages.
func allowedWords() string {
	var en, ru []string
	for _, w := range likelihoodWords {
		en, ru = append(en, w.en), append(ru, w.ru)
	}
	return strings.Join(en, ", ") + " (en); " + strings.Join(ru, ", ") + " (ru)"
}

func lowerWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
}

// withoutLikelihood replaces the seven phrases by a gap and reports whether
// there was one. "highly likely" stays: the phrase before "likely" is looked at
// by guessIn, so only "likely" on its own or after "very" is taken out.
func withoutLikelihood(lang string, words []string) (rest []string, found bool) {
	var phrases [][]string
	for _, w := range likelihoodWords {
		text := w.en
		if lang == "ru" {
			text = w.ru
		}
		phrases = append(phrases, strings.Fields(text))
	}
	slices.SortStableFunc(phrases, func(a, b []string) int { return len(b) - len(a) })
	for i := 0; i < len(words); {
		n := 0
		for _, p := range phrases {
			if hasPrefix(words[i:], p) && (len(p) > 1 || !graded(lang, words, i)) {
				n = len(p)
				break
			}
		}
		if n == 0 {
			rest = append(rest, words[i])
			i++
			continue
		}
		rest, found = append(rest, ""), true
		i += n
	}
	return rest, found
}

// graded reports whether the word before a likelihood turns it into another.
func graded(lang string, words []string, i int) bool {
	if i == 0 {
		return false
	}
	return slices.ContainsFunc(guesses[lang], func(g string) bool { return g == words[i-1]+" "+words[i] })
}

func guessIn(lang string, words []string) string {
	found := ""
	for i := range words {
		for _, g := range guesses[lang] {
			if len(g) > len(found) && hasPrefix(words[i:], strings.Fields(g)) {
				found = g
			}
		}
		if found != "" {
			return found
		}
	}
	return ""
}

func speaksOfConfidence(lang string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		if lang == "ru" {
			return strings.HasPrefix(w, "уверенност") || strings.HasPrefix(w, "достоверност")
		}
		return w == "confidence" || w == "confident"
	})
}

func hasPrefix(words, prefix []string) bool {
	return len(words) >= len(prefix) && slices.Equal(words[:len(prefix)], prefix)
}
