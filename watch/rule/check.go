package rule

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"entente/exchange/stix/pattern"
	"entente/statement"
	"entente/watch/indicator"
	"entente/watch/observed"
	"entente/watch/sigma"
)

// Check refuses the first of some items whose rule cannot be run here, with a
// *statement.Refusal: one that the engine refuses, or a pattern that would match
// nearly everything. A correlation whose rules are not among the items passes:
// the giver may bring them in another list, and it waits until then. Items that
// are no rules pass. It asks more than Item.Check, which every item has to pass
// before.
func Check(items []indicator.Item) error { return check(items, true) }

// CheckWhole is Check for items that nothing else comes with: what waits is refused.
func CheckWhole(items []indicator.Item) error { return check(items, false) }

// maxFiltering is what filters of one list may ask for, see sigma.Options.
const maxFiltering = 200_000

func check(items []indicator.Item, more bool) error {
	var files []sigma.File
	var of []int
	for i, it := range items {
		switch it.Type {
		case indicator.TypePattern:
			if _, err := readPattern(it.Value); err != nil {
				return atItem(i, err)
			}
		case indicator.TypeSigma:
			files, of = append(files, sigma.File{Name: fmt.Sprint("item ", i), Data: []byte(it.Value)}), append(of, i)
		}
	}
	if len(files) == 0 {
		return nil
	}
	_, report := sigma.Load(files, sigma.Options{Filtering: maxFiltering})
	for _, e := range report.Entries {
		if e.Refusal != nil && !(more && len(e.Refusal.Waits) > 0) {
			return atItem(of[e.Given], statement.Refuse(statement.CodeValue, "Sigma: %.300s", e.Refusal.Error()))
		}
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

// Answers reports whether a Sigma text has a rule of an id or name.
func Answers(text, name string) bool {
	_, report := sigma.Load([]sigma.File{{Data: []byte(text)}}, sigma.Options{})
	return slices.ContainsFunc(report.Entries, func(e sigma.Entry) bool { return e.Answers(name) })
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
