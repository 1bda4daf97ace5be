package border

import "entente/statement"

// KindDecision is the kind of an officer's decision on indicators that the
// gate holds back. It is sealed to its own party.
const KindDecision statement.Kind = "decision/v1"

// The stances of a decision.
const (
	StanceAccept = "accept"
	StanceReject = "reject"
)

const maxRanges, maxItem = 400, 1 << 20

// DecisionBody is the body of decision/v1.
type DecisionBody struct {
	Indicator statement.Ref `json:"indicator"` // the list
	Ranges    []ItemRange   `json:"ranges"`    // which of its items, rising
	Stance    string        `json:"stance"`
	Officer   string        `json:"officer"`
	Reason    string        `json:"reason"`
}

// ItemRange is a run of items, both ends included.
type ItemRange struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// CheckDecision checks the body of a decision.
func CheckDecision(body []byte) error {
	_, err := ParseDecision(body)
	return err
}

// ParseDecision decodes and checks the body of a decision.
func ParseDecision(body []byte) (DecisionBody, error) {
	var d DecisionBody
	if err := statement.Decode(body, statement.MaxAct, &d); err != nil {
		return DecisionBody{}, err
	}
	if d.Stance != StanceAccept && d.Stance != StanceReject {
		return DecisionBody{}, statement.Refuse(statement.CodeField, "stance %.20q", d.Stance)
	}
	if d.Officer == "" || len(d.Officer) > 120 || d.Reason == "" || len(d.Reason) > 1000 {
		return DecisionBody{}, statement.Refuse(statement.CodeField, "a decision names its officer and a reason of at most 1000 bytes")
	}
	if err := checkRanges(d.Ranges, 1); err != nil {
		return DecisionBody{}, err
	}
	return d, nil
}

func checkRanges(ranges []ItemRange, least int) error {
	if len(ranges) < least || len(ranges) > maxRanges {
		return statement.Refuse(statement.CodeField, "%d to %d ranges", least, maxRanges)
	}
	next := 0
	for _, r := range ranges {
		if r.From < next || r.To < r.From || r.To >= maxItem {
			return statement.Refuse(statement.CodeField, "ranges rise and do not overlap")
		}
		next = r.To + 1
	}
	return nil
}

// Ranges packs rising item numbers into as few runs as they need, in bodies
// of at most the allowed number each.
func Ranges(items []int) [][]ItemRange {
	var runs []ItemRange
	for _, n := range items {
		if k := len(runs); k > 0 && runs[k-1].To+1 == n {
			runs[k-1].To = n
			continue
		}
		runs = append(runs, ItemRange{n, n})
	}
	var out [][]ItemRange
	for len(runs) > 0 {
		k := min(len(runs), maxRanges)
		out = append(out, runs[:k])
		runs = runs[k:]
	}
	return out
}
