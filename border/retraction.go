package border

import "entente/statement"

// KindRetraction is the kind by which a party takes back what it said: the act
// names one earlier statement of the same log, its body what of it. What is
// taken back is hidden in every view; the statement stays in the record and
// verifies as before.
const KindRetraction statement.Kind = "retraction/v1"

// RetractionBody is the body of retraction/v1.
type RetractionBody struct {
	// Ranges say which items or objects of the statement, rising; empty means all of them.
	Ranges []ItemRange `json:"ranges"`
	Reason string      `json:"reason"` // 1 to 1000 bytes
}

// CheckRetraction checks the body of a retraction.
func CheckRetraction(body []byte) error {
	_, err := ParseRetraction(body)
	return err
}

// ParseRetraction decodes and checks the body of a retraction.
func ParseRetraction(body []byte) (RetractionBody, error) {
	var r RetractionBody
	if err := statement.Decode(body, statement.MaxAct, &r); err != nil {
		return RetractionBody{}, err
	}
	if r.Reason == "" || len(r.Reason) > 1000 {
		return RetractionBody{}, statement.Refuse(statement.CodeField, "a retraction gives a reason of at most 1000 bytes")
	}
	if r.Ranges == nil {
		return RetractionBody{}, statement.Refuse(statement.CodeField, "ranges: a list, empty for everything")
	}
	return r, checkRanges(r.Ranges, 0)
}
