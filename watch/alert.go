package watch

import (
	"encoding/binary"

	"entente/statement"
	"entente/watch/indicator"
)

// Alert is a hit by an active indicator, under an id that is the same however often the line is read.
type Alert struct {
	ID statement.Digest `json:"id"`
	Hit
}

// Alerts divides the hits of one or more lines: those by active indicators become alerts, the others are
// counted as held back.
func Alerts(hits []Hit) (alerts []Alert, heldBack int) {
	for _, h := range hits {
		if h.Meta.Status == Active {
			alerts = append(alerts, Alert{ID: h.Key(), Hit: h})
		} else {
			heldBack++
		}
	}
	return alerts, heldBack
}

// Key identifies the pair of line and indicator: the statement and item on one side, source, incarnation
// and offset on the other. A line read live and again while hunting back has one key, so storing by key
// doubles nothing.
func (h Hit) Key() statement.Digest {
	var n [32]byte
	binary.BigEndian.PutUint64(n[0:], h.Meta.Statement.Index)
	binary.BigEndian.PutUint64(n[8:], uint64(h.Meta.Item))
	binary.BigEndian.PutUint64(n[16:], uint64(h.Place.Generation))
	binary.BigEndian.PutUint64(n[24:], uint64(h.Place.Offset))
	// The only text of free length comes last, so no two keys have the same bytes.
	return statement.TaggedSum("entente/alert/v1", h.Meta.Statement.ID[:], n[:], []byte(h.Place.Source))
}

// Why explains the match: a key and its parameters for the catalogue, and an English sentence.
func (h Hit) Why() indicator.Explanation { return h.Rule.Explain(h.Meta.Value, h.Seen) }
