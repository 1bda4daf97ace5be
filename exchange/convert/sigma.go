package convert

import (
	"bytes"
	"regexp"
	"strings"

	"entente/statement"
	"entente/watch/indicator"
	"entente/watch/rule"
)

// sigmaKeys begin lines of a Sigma file that stand in no list of indicators.
var sigmaKeys = regexp.MustCompile(`(?m)^(detection|correlation|filter):[ \t]*(#.*)?\r?$`)

// looksLikeSigma knows YAML documents with a detection, correlation or filter at the outermost level.
func looksLikeSigma(data []byte) bool { return sigmaKeys.Match(data) }

// dependent are documents that mean nothing, or something else, without the others of their file.
var dependent = regexp.MustCompile(`(?m)^(correlation|filter|action):`)

// readSigma reads rules: each document is an item, with alerts of its own. Where documents refer to each other the
// file stays together as one item, if it fits.
func (c *collector) readSigma(data []byte) error {
	c.report.Format = FormatSigma
	text := string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	texts := []string{text}
	if len(text) > indicator.MaxRule || !dependent.MatchString(text) {
		texts = documents(text)
	}
	line := 1
	for _, one := range texts {
		r := row{number: line}
		line += strings.Count(one, "\n")
		it := indicator.Item{Type: indicator.TypeSigma, Value: strings.Trim(strings.TrimPrefix(strings.TrimLeft(one, "\n"), "---\n"), "\n") + "\n"}
		if err := it.Check(); err != nil {
			r.refused = append(r.refused, asRefusal(err))
		} else {
			r.note = rule.Title(it)
			r.values = append(r.values, value{indicator.TypeSigma, it.Value})
		}
		if err := c.add(r); err != nil {
			return err
		}
	}
	return nil
}

func asRefusal(err error) *statement.Refusal {
	if r, ok := statement.AsRefusal(err); ok {
		return r
	}
	return statement.Refuse(statement.CodeValue, "not a rule")
}

// documents cuts YAML text before each line that begins a document.
func documents(text string) (out []string) {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		if strings.HasPrefix(line, "---") && strings.TrimSpace(b.String()) != "" {
			out = append(out, b.String())
			b.Reset()
		}
		b.WriteString(line)
	}
	if strings.TrimSpace(b.String()) != "" {
		out = append(out, b.String())
	}
	return out
}
