package indicator

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/exchange/stix/pattern"
	"entente/statement"
	"entente/watch/sigma/yamldoc"
)

// The types of items that are rules to run instead of values to find. The exact
// set leaves them out.
const (
	TypePattern = "stix-pattern" // a STIX 2.1 pattern, as pattern.Pattern.String prints it
	TypeSigma   = "sigma-rule"   // the text of a Sigma file: one document, or several that belong together
)

// MaxRule is the longest value of a rule, in bytes.
const MaxRule = 16 << 10

// IsRule says that items of a type are rules.
func IsRule(typ string) bool { return typ == TypePattern || typ == TypeSigma }

// IsRule says that the item is a rule: the program of somebody else.
func (it Item) IsRule() bool { return IsRule(it.Type) }

// checkRule accepts a rule by its text alone; package rule knows whether it can be run.
func checkRule(typ, text string) error {
	if len(text) > MaxRule {
		return statement.Refuse(statement.CodeSize, "a rule of %d bytes, at most %d", len(text), MaxRule)
	}
	if typ == TypePattern {
		p, err := pattern.Parse(text)
		if err != nil {
			return err
		}
		if p.String() != text {
			return statement.Refuse(statement.CodeValue, "%.80q is not canonical, %.80q is", text, p.String())
		}
		return nil
	}
	hidden := func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) {
		return statement.Refuse(statement.CodeUTF8, "a rule holds control or invisible characters")
	}
	docs, err := yamldoc.Read([]byte(text))
	if err != nil {
		return statement.Refuse(statement.CodeValue, "%s", err)
	}
	if len(docs) == 0 {
		return statement.Refuse(statement.CodeValue, "a rule without a document")
	}
	for _, d := range docs {
		if d.Err != nil {
			return statement.Refuse(statement.CodeValue, "%s", fmt.Sprint(d.Err))
		}
	}
	return nil
}
