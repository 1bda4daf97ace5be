package indicator

import (
	"slices"

	"entente/statement"
)

// MaxCount is where the counter of a sighting stops: a flood of a million hits
// and one of a billion call for the same answer.
const MaxCount = 1_000_000_000

// SightingBody is the body of a sighting's act: one item of one list was seen
// in the author's own logs. The value is repeated so that a sighting can be
// read without the list, and checked against it with the list.
type SightingBody struct {
	Indicator statement.Ref `json:"indicator"` // the list's statement
	Item      int           `json:"item"`      // position in its part 1, from 0
	Type      string        `json:"type"`
	Value     string        `json:"value"`
	Count     int           `json:"count"` // events, at least 1, stops at MaxCount
	First     string        `json:"first"` // time of the earliest event, date or RFC 3339
	Last      string        `json:"last"`  // time of the latest one
	Basis     string        `json:"basis"` // one of Bases
}

// CheckSighting checks the body of a sighting's act; its error is a
// *statement.Refusal.
func CheckSighting(body []byte) error {
	_, err := ParseSighting(body)
	return err
}

// ParseSighting decodes and checks the body of a sighting's act. Whether the
// list says the same at that position is for the reader of both to compare.
func ParseSighting(body []byte) (SightingBody, error) {
	var s SightingBody
	if err := statement.Decode(body, statement.MaxAct, &s); err != nil {
		return SightingBody{}, err
	}
	if s.Indicator.Origin == "" || len(s.Indicator.Origin) > 255 || s.Indicator.ID == (statement.Digest{}) {
		return SightingBody{}, statement.Refuse(statement.CodeField, "a sighting names the list that it is about")
	}
	if s.Item < 0 || s.Item >= MaxItems {
		return SightingBody{}, statement.Refuse(statement.CodeField, "item %d, from 0 to %d", s.Item, MaxItems-1)
	}
	if err := checkCanonical(s.Type, s.Value); err != nil {
		return SightingBody{}, err
	}
	if s.Count < 1 || s.Count > MaxCount {
		return SightingBody{}, statement.Refuse(statement.CodeField, "count is %d, from 1 to %d", s.Count, MaxCount)
	}
	if !slices.Contains(Bases(), s.Basis) {
		return SightingBody{}, statement.Refuse(statement.CodeField, "unknown basis %.40q", s.Basis)
	}
	return s, s.checkTimes()
}

func (s SightingBody) checkTimes() error {
	first, _, err := parseTime("first", s.First)
	if err != nil {
		return err
	}
	last, _, err := parseTime("last", s.Last)
	if err != nil {
		return err
	}
	if first.IsZero() || last.IsZero() || last.Before(first) {
		return statement.Refuse(statement.CodeField, "first and last are times, in this order")
	}
	return nil
}
