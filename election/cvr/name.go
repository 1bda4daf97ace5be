package cvr

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean is a name in its one spelling: NFC, white space one space each. Bytes
// that are no UTF-8 are read as ISO 8859-1, as old exports write them. A
// character that hides or reorders others is refused: two names that look the
// same would be two choices.
func clean(s string) (string, error) {
	if plain(s) {
		return strings.Join(strings.Fields(s), " "), bounded(s)
	}
	if !utf8.ValidString(s) {
		var b strings.Builder
		for i := range len(s) {
			b.WriteRune(rune(s[i]))
		}
		s = b.String()
	}
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return "", fmt.Errorf("the name %+.60q holds %U, which hides or reorders other characters", s, r)
		}
	}
	return s, bounded(s)
}

func bounded(s string) error {
	if len(s) > maxName {
		return fmt.Errorf("a name of more than %d bytes", maxName)
	}
	return nil
}

// plain says that nothing has to be looked at but blanks.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x7f || c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

var (
	positions = regexp.MustCompile(`(?i)\s*\(\s*(?:vote\s+for|number\s+of\s+positions)\s*=?\s*(\d{1,3})\s*(?:,\s*number\s+of\s+ranks\s*=\s*(\d{1,3})\s*)?\)$`)
	rankOf    = regexp.MustCompile(`^(.*\S)\s*\((\d{1,3})\)$`)
)

// contestName takes "(Vote For=2)" or "(Number of positions=1, Number of
// ranks=4)" off a contest's name. votes is 0 where it does not say.
func contestName(s string) (name string, votes, ranks int) {
	m := positions.FindStringSubmatch(s)
	if m == nil || len(m[0]) == len(s) {
		return s, 0, 0
	}
	votes, _ = strconv.Atoi(m[1])
	ranks, _ = strconv.Atoi(m[2])
	return s[:len(s)-len(m[0])], votes, ranks
}

// A mark is a choice at a rank, from 1.
type mark struct {
	choice string
	rank   int
}

// ranking is what counts of ranked marks: see the package comment.
func ranking(marks []mark, ranks int) []string {
	at := make(map[int][]string)
	for _, m := range marks {
		at[m.rank] = append(at[m.rank], m.choice)
	}
	var out []string
	seen := make(map[string]bool)
	for rank := 1; rank <= ranks; rank++ {
		if len(at[rank]) > 1 {
			break
		}
		for _, c := range at[rank] {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	return out
}
