package rule

import (
	"encoding/hex"
	"strconv"
	"strings"

	"entente/exchange/stix/pattern"
	"entente/statement"
	"entente/watch/indicator"
	"entente/watch/observed"
	"entente/watch/sigma"
)

// Check refuses the first of some items whose rule cannot be run here, with a
// *statement.Refusal: one that the engine refuses, a pattern that would match
// nearly everything, or a Sigma filter, which would silence the rules of
// others. Items that are no rules pass. It asks more than Item.Check, which
// every item has to pass before.
func Check(items []indicator.Item) error {
	var files []sigma.File
	for i, it := range items {
		switch it.Type {
		case indicator.TypePattern:
			if _, err := readPattern(it.Value); err != nil {
				return atItem(i, err)
			}
		case indicator.TypeSigma:
			files = append(files, sigma.File{Name: strconv.Itoa(i), Data: []byte(it.Value)})
		}
	}
	if len(files) == 0 {
		return nil
	}
	_, report := sigma.Load(files, sigma.Options{})
	for _, e := range report.Entries {
		i, _ := strconv.Atoi(e.File)
		if why := refusal(e); why != nil {
			return atItem(i, why)
		}
	}
	return nil
}

// refusal says why a document of a shared rule is not run; nil if it is.
func refusal(e sigma.Entry) error {
	switch {
	case e.Refusal != nil:
		return statement.Refuse(statement.CodeValue, "Sigma: %.300s", e.Refusal.Error())
	case e.Kind == sigma.Filter:
		return statement.Refuse(statement.CodeValue, "Sigma: line %d: a filter changes other rules and is not shared", e.Line)
	}
	return nil
}

func atItem(i int, err error) error {
	if r, ok := statement.AsRefusal(err); ok {
		return statement.Refuse(r.Code, "item %d: %s", i, r.Detail)
	}
	return err
}

// readPattern reads a pattern that is to run on live events.
func readPattern(text string) (*pattern.Pattern, error) {
	p, err := pattern.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := p.Specific(); err != nil {
		return nil, err
	}
	return observed.Respell(p)
}

// maxName is the longest pattern that is its own name.
const maxName = 255

// Name is what a rule is called in alerts and incidents, the same at every
// node: the id of the first Sigma rule in the text that has one; a pattern itself,
// if it is short; else the digest of the text.
func Name(it indicator.Item) string {
	if it.Type == indicator.TypePattern && len(it.Value) <= maxName {
		return it.Value
	}
	if it.Type == indicator.TypeSigma {
		if id, _ := head(it.Value); id != "" {
			return id
		}
	}
	return Digest(it.Value)
}

// Digest names a rule that has no other name.
func Digest(text string) string {
	sum := statement.TaggedSum("entente/rule/v1", []byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Title is what a person reads of a rule: the titles of its Sigma documents, or
// the pattern. It is foreign text.
func Title(it indicator.Item) string {
	if it.Type == indicator.TypeSigma {
		_, title := head(it.Value)
		return title
	}
	return it.Value
}

// head takes id and title of a Sigma text's last document: what correlates the
// others comes last.
func head(text string) (id, title string) {
	_, report := sigma.Load([]sigma.File{{Data: []byte(text)}}, sigma.Options{})
	for _, e := range report.Entries {
		if e.ID != "" {
			id = e.ID
		}
		if e.Title != "" {
			title = strings.Join(strings.Fields(e.Title), " ")
		}
	}
	return id, title
}
