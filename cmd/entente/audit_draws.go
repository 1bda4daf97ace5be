package main

import (
	"fmt"
	"iter"
	"strings"

	"entente/election/audit"
)

// drawn is one line of draws.
type drawn struct {
	Draw  int64  `json:"draw"`
	Card  int64  `json:"card"`
	Label string `json:"label,omitempty"`
	Batch string `json:"batch,omitempty"`
	Place string `json:"place,omitempty"`
}

func auditDraws(e *env, f *flags, args []string) error {
	var find texts
	f.Var(&find, "find", "")
	seed, path, sampler := f.String("seed", "", ""), f.String("manifest", "", ""), f.String("sampler", audit.SamplerColorado, "")
	cards, count := f.Int64("cards", 0, ""), f.Int64("count", 20, "")
	distinct, asJSON := f.Bool("distinct", false, ""), f.Bool("json", false, "")
	if err := none(f, args); err != nil {
		return err
	}
	if err := audit.CheckSeed(*seed); err != nil {
		return usagef("--seed: %v", err)
	}
	m, err := manifestOf(*path)
	if err != nil {
		return err
	}
	if m != nil {
		*cards = m.Cards()
	}
	switch {
	case *cards < 1 || *cards > 1<<31:
		return usagef("from how many cards? --manifest FILE or --cards N")
	case m == nil && len(find) > 0:
		return usagef("--find needs the --manifest that numbers the cards")
	case *sampler != audit.SamplerColorado && (*sampler != audit.SamplerTickets || m == nil):
		return usagef("--sampler colorado, or tickets with the --manifest that names the cards")
	case *count < 1 || *count > 10_000_000:
		return usagef("--count is between 1 and 10000000")
	}
	draws, err := drawsOf(*seed, *sampler, m, *cards, *distinct)
	if err != nil {
		return err
	}
	wanted := make(map[string]bool, len(find))
	for _, label := range find {
		wanted[label] = true
	}
	out := []drawn{}
	shown := int64(0)
	for i, card := range draws {
		d := drawn{Draw: i, Card: card}
		if m != nil {
			b, at, _ := m.Card(card)
			d.Label, d.Batch, d.Place = b.Label(at), b.Name, b.Place
		}
		if len(find) == 0 || wanted[d.Label] {
			out = append(out, d)
		}
		if shown++; shown == *count {
			break
		}
	}
	if *asJSON {
		return e.json(out)
	}
	rows := [][]string{{"draw", "card", "ballot", "place"}}
	for _, d := range out {
		rows = append(rows, []string{fmt.Sprint(d.Draw), fmt.Sprint(d.Card), d.Label, d.Place})
	}
	e.table(rows)
	if len(find) > 0 {
		e.printf("%d of the first %d draws from %d cards\n", len(out), shown, *cards)
	}
	return nil
}

// drawsOf are the cards that a seed draws, by their numbers.
func drawsOf(seed, sampler string, m *audit.Manifest, cards int64, distinct bool) (iter.Seq2[int64, int64], error) {
	switch {
	case sampler == audit.SamplerTickets:
		return m.Tickets(seed, !distinct)
	case distinct:
		return audit.Distinct(seed, cards), nil
	}
	return audit.Draws(seed, cards), nil
}

// manifestOf reads a manifest; "" has none.
func manifestOf(path string) (*audit.Manifest, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readFile(path, auditLimit)
	if err != nil {
		return nil, err
	}
	m, err := audit.ReadManifest(strings.NewReader(string(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
