package border

import (
	"entente/exchange/stix"
	"entente/statement"
)

// Label is how something is marked: to whom it may go and what may be done
// with it. The zero Label marks nothing, and what nobody marked does not leave.
type Label struct {
	TLP Marking `json:"tlp"`
	PAP PAP     `json:"pap"`
}

// Marked reports whether the label says to whom something may go.
func (l Label) Marked() bool { return l.TLP.strictness() >= 0 }

// Join returns the label of what holds both: the strictest of each. Unmarked
// and anything is unmarked, so that what was left out never opens the rest.
// Join is associative, commutative and idempotent, and only tightens.
func (l Label) Join(m Label) Label {
	out := Label{PAP: strictestPAP(l.PAP, m.PAP)}
	if l.Marked() && m.Marked() {
		out.TLP = Strictest(l.TLP, m.TLP)
	}
	return out
}

// openLabel is the label that changes nothing it is joined with.
var openLabel = Label{TLP: Clear}

// Covers reports whether something of the label m may go out as l: l is
// nowhere more open.
func (l Label) Covers(m Label) bool {
	return l.Marked() && m.Marked() && l.TLP.strictness() >= m.TLP.strictness() && l.PAP.strictness() >= m.PAP.strictness()
}

// ParseLabel reads the labels of TLP and PAP among the tags of one object; other
// tags mean nothing here. Two different labels of one protocol contradict each
// other, and one that is unknown could mean anything: both are refused with
// E_MARKING, and the object does not leave. No TLP gives an unmarked label and
// no error.
func ParseLabel(tags ...string) (Label, error) {
	var l Label
	for _, tag := range tags {
		switch stix.Protocol(tag) {
		case "tlp":
			m, err := ParseMarking(tag)
			if err != nil {
				return Label{}, err
			}
			if l.TLP != "" && l.TLP != m {
				return Label{}, contradiction(string(l.TLP), string(m))
			}
			l.TLP = m
		case "pap":
			p, err := ParsePAP(tag)
			if err != nil {
				return Label{}, err
			}
			if l.PAP != "" && l.PAP != p {
				return Label{}, contradiction(string(l.PAP), string(p))
			}
			l.PAP = p
		}
	}
	return l, nil
}

func contradiction(a, b string) error {
	return statement.Refuse(statement.CodeMarking, "marked both %s and %s", a, b)
}
