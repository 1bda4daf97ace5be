package sigma

import "strings"

// Evidence is one value of an event that a rule asked for.
type Evidence struct {
	Selection string `json:"selection"` // the search identifier of the rule
	Item      string `json:"item"`      // field and modifiers as the rule has them, or "keywords"
	Fields    string `json:"fields"`    // of the event, separated by spaces; empty for keywords
	Value     string `json:"value"`     // the event's, cut at 512 bytes; hostile
}

// Limits of an explanation.
const (
	maxEvidence      = 32
	maxEvidenceValue = 512
)

// Explain says which values of the event that Match saw last made a rule hold. What a rule
// demands to be absent is no value and not listed.
func (m *Matcher) Explain(rule int) []Evidence {
	if m.plan == nil {
		return nil
	}
	for i := range m.plan.rules {
		if m.plan.rules[i].rule == rule {
			return m.explain(&m.plan.rules[i].root, Evidence{}, nil)
		}
	}
	return nil
}

func (m *Matcher) explain(n *node, at Evidence, out []Evidence) []Evidence {
	if len(out) == maxEvidence || !m.holds(n) {
		return out
	}
	if n.selection != "" {
		at.Selection = n.selection
	}
	if n.key != "" {
		at.Item = n.key
	}
	slot := n.slot
	switch n.op {
	case allOf, someOf:
		for i := range n.kids {
			out = m.explain(&n.kids[i], at, out)
		}
		return out
	case isAtom:
		slot = m.plan.texts[n.atom].slot
	case isLazy:
	default:
		return out
	}
	for _, v := range m.slots[slot] {
		if n.op == isAtom && m.plan.texts[n.atom].holds(v.folded) || n.op == isLazy && m.shows(n, v) {
			at.Fields, at.Value = m.plan.slots[slot].names, clip(v.raw, maxEvidenceValue)
			if at.Selection != "" { // a guard of the logsource has none
				out = append(out, at)
			}
			break
		}
	}
	return out
}

// shows reports whether a value alone makes a lazy test hold.
func (m *Matcher) shows(n *node, v value) bool {
	switch n.test.kind {
	case isExists:
		return n.test.exists
	case isField:
		return m.sameField([]value{v}, m.slots[n.other], n.test)
	}
	return m.one(n, v)
}

func (a atom) holds(value string) bool {
	switch a.shape {
	case prefix:
		return strings.HasPrefix(value, a.text)
	case suffix:
		return strings.HasSuffix(value, a.text)
	case within:
		return strings.Contains(value, a.text)
	}
	return value == a.text
}
