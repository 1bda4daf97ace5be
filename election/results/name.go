package results

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName is what a name may be long, in bytes.
const maxName = 1024

// SameName reports whether two spellings are one name.
func SameName(a, b string) bool { return Canonical(a) == Canonical(b) }

// Canonical is the name that cells have for what a file spells so.
func Canonical(name string) string {
	clean, _ := text(name)
	return fold(clean)
}

// text is a foreign text made fit to show and to keep: what is no UTF-8 read as
// Latin-1, white space one space each, and characters that hide or reorder
// others escaped, so that a name with such a trick differs from one without.
// doubt says what was met, if anything.
func text(s string) (clean, doubt string) {
	if !utf8.ValidString(s) {
		s, doubt = latin1(s), "bytes that are no UTF-8, read as Latin-1"
	}
	if plainASCII(s) {
		return strings.Join(strings.Fields(s), " "), doubt
	}
	s = norm.NFC.String(s)
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			space = b.Len() > 0
			continue
		case r == '\ufeff' && b.Len() == 0: // the mark of a file, in the wrong place
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) || r == unicode.ReplacementChar {
			doubt = fmt.Sprintf("the character %U, which hides or reorders others; it is shown and kept as its escape", r)
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String(), doubt
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x7f || c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

// latin1 reads bytes as ISO 8859-1, with what Windows puts into 0x80 to 0x9f.
func latin1(s string) string {
	const windows = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"
	high := []rune(windows)
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= 0x80 && c < 0xa0 {
			b.WriteRune(high[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// fold makes two spellings of one name equal, as files of one publication
// have them: upper-case counties, "AT - LARGE" and "At-Large". It is what cells are kept under.
func fold(clean string) string { return strings.ReplaceAll(strings.ToLower(clean), " - ", "-") }

var (
	voteFor = regexp.MustCompile(`(?i)\s*\((?:vote|choose|select|elect)\s+(?:for\s+)?(?:not more than\s+|up to\s+)?(\d{1,3})\)$`)
	partyIn = regexp.MustCompile(`\s+\(([A-Z]{1,4})\)$`)
)

// contestName takes "(Vote For 2)" off a contest's name.
func contestName(clean string) (name string, votes int64) {
	m := voteFor.FindStringSubmatchIndex(clean)
	if m == nil || m[0] == 0 {
		return clean, 0
	}
	n, err := strconv.ParseInt(clean[m[2]:m[3]], 10, 64)
	if err != nil {
		return clean, 0
	}
	return clean[:m[0]], n
}

// choiceName takes "(DEM)" off a choice's name.
func choiceName(clean string) (name, party string) {
	m := partyIn.FindStringSubmatchIndex(clean)
	if m == nil || m[0] == 0 {
		return clean, ""
	}
	return clean[:m[0]], clean[m[2]:m[3]]
}

// unitName joins the names of a unit and of those around it, from the outermost in.
func unitName(parts []string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, strings.ReplaceAll(p, " / ", "/"))
		}
	}
	return strings.Join(kept, " / ")
}

// depth is how many units stand around a unit, itself included.
func depth(unit string) int {
	if unit == "" {
		return 0
	}
	return strings.Count(unit, " / ") + 1
}

// words are a text's letters and digits, lower-case, for comparing heads and labels.
func words(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// voteTypes are words of publications for NIST's CountItemType (SP 1500-100 v2).
func voteType(s string) string {
	w := words(s)
	switch w {
	case "", "total", "totals", "all", "total votes":
		return Total
	case "election day", "electionday", "election day voting", "polling", "polls", "in person", "ed":
		return "election-day"
	case "advance in person", "advance voting", "early", "early voting", "early vote", "one stop", "in person early", "advanced voting":
		return "early"
	case "absentee by mail", "absentee mail", "mail", "by mail", "vote by mail", "mail in", "mail ballots", "av":
		return "absentee-mail"
	case "absentee in person", "in person absentee":
		return "absentee-in-person"
	case "provisional", "provisionals", "prov":
		return "provisional"
	}
	return strings.ReplaceAll(w, " ", "-")
}

// labels are rows and elements that count no choice. "" is a choice or a
// contest like any other.
func label(s string) string {
	switch words(s) {
	case "over votes", "overvotes", "over vote", "overvote", "number of over votes", "times over voted":
		return Over
	case "under votes", "undervotes", "under vote", "undervote", "number of under votes", "times under voted":
		return Under
	case "registered voters", "registered", "registered voters total", "voters registered", "active voters":
		return Registered
	case "ballots cast", "ballots", "ballots cast total", "total ballots cast", "total ballots", "times counted":
		return Ballots
	case "ballots cast blank", "blank ballots", "blank votes", "ballots blank":
		return Blank
	case "number of precincts for race", "number of precincts":
		return Units
	case "number of precincts reporting", "precincts reporting":
		return Reported
	}
	return ""
}

// parseCount reads a number as people and programs write it: with the sign,
// zeros before, thousands marks in their right places and a fraction of
// zeros that it may have.
func parseCount(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		s, sign = rest, "-"
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	if whole, frac, ok := strings.Cut(s, "."); ok && frac != "" && strings.Trim(frac, "0") == "" {
		s = whole
	}
	if s == "" {
		return 0, false
	}
	if c := s[len(s)-1]; c < '0' || c > '9' {
		return 0, false
	}
	for _, mark := range []string{",", "\u00a0", "\u202f", "\u2009", "'", "\u2019", " "} {
		if strings.Contains(s, mark) {
			groups := strings.Split(s, mark)
			for i, g := range groups {
				if i > 0 && len(g) != 3 || i == 0 && (g == "" || len(g) > 3) {
					return 0, false
				}
			}
			s = strings.Join(groups, "")
			break
		}
	}
	if s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(sign+s, 10, 64)
	return n, err == nil
}

// suppressed are ways to say that a number is not published.
func suppressed(s string) bool {
	switch strings.TrimSpace(s) {
	case "", "-", "--", "*", "**", "N/A", "n/a", "NA", "—", "–":
		return true
	}
	return false
}
