package accord

import (
	"errors"
	"testing"

	"entente/statement"
)

// TestCheckTexts: what two readers could see differently is refused in what
// binds, and what nobody sees is refused everywhere.
func TestCheckTexts(t *testing.T) {
	for _, c := range []struct {
		name, lang, text string
		strict           bool
		want             statement.Code // empty: accepted
	}{
		{"plain", "en", "Neither side shall touch rolls.", true, ""},
		{"russian", "ru", "Стороны не трогают списки избирателей.", true, ""},
		{"two scripts side by side", "ru", "Протокол TLS не отключают.", true, ""},
		{"cyrillic o in a clause", "en", "A party shall n\u043et touch rolls.", true, statement.CodeValue},
		{"cyrillic o elsewhere is flagged, not refused", "en", "shall n\u043et", false, ""},
		{"right-to-left override", "en", "pay \u202e001", false, statement.CodeValue},
		{"isolate", "en", "a\u2066b", false, statement.CodeValue},
		{"zero-width space", "en", "shall\u200bnot", false, statement.CodeValue},
		{"word joiner", "en", "a\u2060b", false, statement.CodeValue},
		{"no-break space", "en", "a\u00a0b", false, statement.CodeValue},
		{"hangul filler", "en", "a\u3164b", false, statement.CodeValue},
		{"tag characters", "en", "a\U000e0041b", false, statement.CodeValue},
		{"variation selector", "en", "a\ufe0fb", false, statement.CodeValue},
		{"escape", "en", "a\x1b[2Jb", false, statement.CodeValue},
		{"not composed", "en", "cafe\u0301", false, statement.CodeUTF8},
		{"html in a clause", "en", "<b>shall</b>", true, statement.CodeValue},
		{"less-than is no tag", "en", "if n < 3", true, ""},
		{"link in a clause", "en", "[here](https://a.example)", true, statement.CodeValue},
		{"language in capitals", "EN", "text", false, statement.CodeField},
		{"empty", "en", "  ", false, statement.CodeField},
	} {
		err := CheckTexts("text", Texts{c.lang: c.text}, 1000, c.strict)
		if c.want == "" && err != nil || c.want != "" && !errors.Is(err, &statement.Refusal{Code: c.want}) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestMixed finds the word, whatever stands around it.
func TestMixed(t *testing.T) {
	for text, want := range map[string]string{
		"both shall n\u043et act": "n\u043et",
		"пр\u006ftocol, and":      "пр\u006ftocol",
		"TLS и DNS":               "",
		"α-version":               "",
		"naïve café":              "",
		"\u0391BC corporation":    "\u0391BC",
	} {
		if got := Mixed(text); got != want {
			t.Errorf("Mixed(%q) = %q, want %q", text, got, want)
		}
	}
}
