package border

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"entente/observable"
	"entente/statement"
)

// substrings finds which of many texts occurs in a value. Texts are filed
// under their first four bytes, so that a search looks once at each position.
type substrings struct {
	byHead map[string][]string
	short  []string // shorter than four bytes
}

const headLen = 4

func (s *substrings) add(text string) {
	if len(text) < headLen {
		s.short = append(s.short, text)
		return
	}
	if s.byHead == nil {
		s.byHead = make(map[string][]string)
	}
	s.byHead[text[:headLen]] = append(s.byHead[text[:headLen]], text)
}

// done puts the texts in order, so that the same list always names the same
// entry.
func (s *substrings) done() {
	slices.Sort(s.short)
	for _, texts := range s.byHead {
		slices.Sort(texts)
	}
}

func (s *substrings) find(value string) (string, bool) {
	for i := 0; i+headLen <= len(value); i++ {
		for _, text := range s.byHead[value[i:i+headLen]] {
			if strings.HasPrefix(value[i:], text) {
				return text, true
			}
		}
	}
	for _, text := range s.short {
		if strings.Contains(value, text) {
			return text, true
		}
	}
	return "", false
}

// Limits of one expression. RE2 runs in linear time, but the factor is the
// size of the program.
const (
	maxPattern = 1024 // bytes
	maxProgram = 2000 // instructions
)

type pattern struct {
	text string
	re   *regexp.Regexp
}

// compile reads an expression in MISP's form, PCRE delimiters and flags
// included ("/^a+$/i"), as RE2. What RE2 does not have (look-around,
// back-references) is refused, as is a program over the limit.
func compile(text string) (pattern, error) {
	expr, flags := undelimit(text)
	refuse := func(why string) (pattern, error) {
		return pattern{}, statement.Refuse(statement.CodeValue, "expression %.80q: %s", text, why)
	}
	if len(expr) > maxPattern {
		return refuse("longer than 1,024 bytes")
	}
	for _, f := range flags {
		if !strings.ContainsRune("imsu", f) {
			return refuse("unknown flag")
		}
	}
	if flags = strings.ReplaceAll(flags, "u", ""); flags != "" {
		expr = "(?" + flags + ")" + expr
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return refuse("not an RE2 expression")
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxProgram {
		return refuse("compiles to more than 2,000 instructions")
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return refuse("not an RE2 expression")
	}
	return pattern{text: text, re: re}, nil
}

// undelimit cuts "/expr/flags" apart; a bare expression has no flags.
func undelimit(text string) (expr, flags string) {
	if len(text) < 2 || !strings.ContainsRune("/#~@%!", rune(text[0])) {
		return text, ""
	}
	last := strings.LastIndexByte(text, text[0])
	if last == 0 {
		return text, ""
	}
	return text[1:last], text[last+1:]
}

// findPattern tries each expression on the value; on a URL also with a scheme,
// which canonical URLs lack and expressions often anchor on.
func findPattern(patterns []pattern, v observable.Value) (string, bool) {
	for _, p := range patterns {
		if p.re.MatchString(v.Canonical) || v.Type == observable.URL && p.re.MatchString("http://"+v.Canonical) {
			return p.text, true
		}
	}
	return "", false
}
