package accord

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// RuleValue is one field of Rules under the path of its names in JSON, such as
// quotas.urgent_per_day: a whole number, a text, or the members of a list.
type RuleValue struct {
	Name  string
	Value string // members of a list are separated by commas
	Free  bool   // what a party wrote, to be quoted
}

// Values lists every field of the rules, in order of their names.
func (r Rules) Values() []RuleValue {
	var out []RuleValue
	gather(&out, "", ruleTree(r))
	slices.SortFunc(out, func(a, b RuleValue) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// ruleTree is the rules as their JSON has them; numbers stay as they are spelled.
func ruleTree(r Rules) map[string]any {
	tree := map[string]any{}
	raw, err := marshal(r)
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err == nil {
		err = d.Decode(&tree)
	}
	if err != nil { // rules are names, numbers and texts
		return map[string]any{}
	}
	return tree
}

func gather(out *[]RuleValue, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			gather(out, strings.TrimPrefix(path+"."+name, "."), x)
		}
	case []any:
		members := make([]string, len(v))
		for i, m := range v {
			members[i] = fmt.Sprint(m)
		}
		*out = append(*out, RuleValue{Name: path, Value: strings.Join(members, ",")})
	case nil:
		*out = append(*out, RuleValue{Name: path})
	default:
		*out = append(*out, RuleValue{Name: path, Value: fmt.Sprint(v), Free: strings.HasPrefix(path, "terms.")})
	}
}

// RuleChange is one field that is not the same in two sets of rules. Empty is what
// is not there.
type RuleChange struct {
	Name string
	Was  string
	Is   string
	Free bool // what a party wrote, to be quoted
}

// RuleChanges tells in what two sets of rules differ, in order of the names.
func RuleChanges(was, is Rules) []RuleChange {
	found := map[string]RuleChange{}
	for _, v := range was.Values() {
		found[v.Name] = RuleChange{Name: v.Name, Was: v.Value, Free: v.Free}
	}
	for _, v := range is.Values() {
		c := found[v.Name]
		c.Name, c.Is, c.Free = v.Name, v.Value, v.Free
		found[v.Name] = c
	}
	var out []RuleChange
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if c := found[name]; c.Was != c.Is {
			out = append(out, c)
		}
	}
	return out
}

// Amends tells what an amendment changes: of the rules that hold when it begins
// to, or while it has not begun, of those of now. The second is when it began;
// 0 if it has not. False if it is no amendment.
func (r *Record) Amends(ref statement.Ref) (changes []RuleChange, from int64, ok bool) {
	p := bodyOf[Proposal](r, r.find(ref))
	if p == nil || p.Rules == nil {
		return nil, 0, false
	}
	for i, s := range r.steps {
		if s.ref == ref && i > 0 && s.from <= r.now.Unix() {
			return RuleChanges(*r.steps[i-1].rules, *p.Rules), s.from, true
		}
	}
	return RuleChanges(r.Rules(r.now), *p.Rules), 0, true
}

// RulesBy names the amendment that made the rules of an instant, and since when
// they hold; false for the charter's first ones.
func (r *Record) RulesBy(at time.Time) (by statement.Ref, from int64, ok bool) {
	for _, s := range slices.Backward(r.steps[1:]) {
		if s.from <= at.Unix() {
			return s.ref, s.from, true
		}
	}
	return statement.Ref{}, 0, false
}

// AmendmentTexts word what an amendment changes, in English and Russian: the title
// and the text that both sides sign.
func AmendmentTexts(changes []RuleChange) (title, text Texts) {
	title = Texts{"en": "Amendment of the rules", "ru": "Изменение правил"}
	text = Texts{}
	for lang, w := range map[string][2]string{
		"en": {"The rules of the unit change in this and in nothing else:", "none"},
		"ru": {"Правила объединения меняются в следующем и ни в чём ином:", "нет"},
	} {
		var b strings.Builder
		b.WriteString(w[0] + "\n")
		for _, c := range changes {
			b.WriteString("\n- " + c.Name + ": " + cmp.Or(c.Was, w[1]) + " → " + cmp.Or(c.Is, w[1]))
		}
		text[lang] = b.String()
	}
	return title, text
}
