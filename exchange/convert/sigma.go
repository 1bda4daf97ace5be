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
var sigmaKeys = regexp.MustCompile(`(?m)^(detection|correlation|filter):[ \t]*([{#].*)?\r?$`)

// looksLikeSigma knows YAML documents with a detection, correlation or filter at the outermost level.
func looksLikeSigma(data []byte) bool { return sigmaKeys.Match(data) }

// dependent are documents that belong to the others of their file; common ones mean nothing without them.
var (
	dependent = regexp.MustCompile(`(?m)^(correlation|filter|action):`)
	common    = regexp.MustCompile(`(?m)^action:`)
)

// endOfFile ends a file among several: in YAML it ends a document.
const endOfFile = "...\n"

// JoinSigma makes one file of several Sigma files that Read takes apart again: each by itself, because what an old
// file says of "action" is for its own documents.
func JoinSigma(files [][]byte) []byte {
	var b bytes.Buffer
	for _, f := range files {
		b.Write(bytes.TrimPrefix(f, []byte("\xef\xbb\xbf")))
		b.WriteString("\n" + endOfFile)
	}
	return b.Bytes()
}

// readSigma reads rules: each document is an item, with alerts of its own. Where documents refer to each other the
// file stays together as one item, if it fits; if not, its giver's other items are where they find each other.
func (c *collector) readSigma(data []byte) error {
	c.report.Format = FormatSigma
	line := 1
	for _, file := range parted(string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))), isEnd, false) {
		texts := []string{file}
		if len(file) > indicator.MaxRule && !common.MatchString(file) || !dependent.MatchString(file) {
			texts = parted(file, func(l string) bool { return strings.HasPrefix(l, "---") }, true)
		}
		for _, one := range texts {
			r := row{number: line}
			line += strings.Count(one, "\n")
			text := strings.TrimSuffix(strings.TrimLeft(one, "\n"), endOfFile)
			it := indicator.Item{Type: indicator.TypeSigma, Value: strings.Trim(strings.TrimPrefix(text, "---\n"), "\n") + "\n"}
			if it.Value == "\n" {
				continue
			}
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
	}
	return nil
}

func isEnd(line string) bool { return strings.TrimRight(line, " \n") == "..." }

func asRefusal(err error) *statement.Refusal {
	if r, ok := statement.AsRefusal(err); ok {
		return r
	}
	return statement.Refuse(statement.CodeValue, "not a rule")
}

// parted cuts text before each line that begins a part, or behind each that ends one.
func parted(text string, at func(line string) bool, before bool) (out []string) {
	var b strings.Builder
	cut := func() {
		if strings.TrimSpace(b.String()) != "" {
			out = append(out, b.String())
			b.Reset()
		}
	}
	for line := range strings.SplitAfterSeq(text, "\n") {
		if at(line) && before {
			cut()
		}
		b.WriteString(line)
		if at(line) && !before {
			cut()
		}
	}
	cut()
	return out
}
