package charter

import (
	"slices"
	"strings"
	"time"

	"entente/statement"
)

const (
	// CardFormat is the format of a card file, NAME.card.json.
	CardFormat = "entente/card/v1"
	// MaxCard is the largest card, in bytes.
	MaxCard = 16 << 10
)

// Card is one party's own entry for a roster. It is not signed: who reads it
// compares fingerprints with its owner over another line.
type Card struct {
	Format string `json:"format"`
	Party
}

// NewCard makes a card and checks it.
func NewCard(p Party) (Card, error) {
	return Card{Format: CardFormat, Party: p}, p.check(true)
}

// ParseCard reads a card strictly, in its one spelling, with the keys that
// its origin was made from.
func ParseCard(data []byte) (Card, error) {
	var c Card
	if err := decode(data, MaxCard, CardFormat, &c); err != nil {
		return Card{}, err
	}
	if err := c.check(true); err != nil {
		return Card{}, err
	}
	return c, nil
}

// Marshal returns the exact bytes of the card file.
func (c Card) Marshal() ([]byte, error) { return encode(c) }

// FileName is the usual name of the card file.
func (c Card) FileName() string { return c.ID + ".card.json" }

// Terms are what the parties agree on beside the roster.
type Terms struct {
	Name       string
	Epoch      uint64
	Previous   *statement.Digest // nil in epoch 1
	Quorum     Quorum
	Succession int
	Scope      []string
	Budgets    Budgets
	Intervals  Intervals
	CoolingOff time.Duration
	Effective  time.Time
}

// DefaultTerms are the first epoch's terms for a number of nodes: a majority
// of the other nodes witnesses and may pass on a lost key, all of them hold.
// There is no cooling-off unless the parties ask for one.
func DefaultTerms(name string, nodes int, effective time.Time) Terms {
	majority := max(nodes-1, 1)/2 + 1
	return Terms{
		Name:       name,
		Epoch:      1,
		Quorum:     Quorum{Witnesses: majority, Held: All},
		Succession: majority,
		Scope:      []string{},
		Budgets: Budgets{
			SightingsPerDay:   200,
			ObjectsPerDay:     100_000,
			BytesPerDay:       4 << 30,
			RequestsPerSecond: 200,
			Connections:       8,
			DiskBytes:         64 << 30,
		},
		Intervals: Intervals{HeartbeatSeconds: 60, AckSeconds: 30, HeadsSeconds: 60, StaleAfterMissed: 3},
		Effective: effective,
	}
}

// Propose writes a charter from cards and terms. The same input gives the
// same bytes, in whatever order the cards come.
func Propose(cards []Card, t Terms) ([]byte, error) {
	c := Charter{
		Format:            Format,
		Name:              t.Name,
		Epoch:             t.Epoch,
		Previous:          t.Previous,
		Rules:             Rules,
		Parties:           make([]Party, 0, len(cards)),
		Quorum:            t.Quorum,
		Succession:        t.Succession,
		Scope:             append([]string{}, t.Scope...),
		Budgets:           t.Budgets,
		Intervals:         t.Intervals,
		CoolingOffSeconds: int64(t.CoolingOff / time.Second),
		Effective:         t.Effective.UTC().Format(time.RFC3339),
	}
	for _, card := range cards {
		c.Parties = append(c.Parties, card.Party)
	}
	slices.SortFunc(c.Parties, func(a, b Party) int { return strings.Compare(a.ID, b.ID) })
	data, err := encode(c)
	if err != nil {
		return nil, err
	}
	if _, err := Parse(data); err != nil {
		return nil, err
	}
	return data, nil
}
