package node

import (
	"context"
	"strconv"
	"sync"
	"time"

	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/observable"
)

// Bounds of one answer: how many sightings of parties it knows of, the newest,
// and how many of one value it shows.
const (
	maxTold    = 50_000
	maxOfValue = 100
)

// beside is what one answer shows beside the events: sightings that accounts of
// the own side wrote, by attribute, and those that parties told of, by value.
type beside struct {
	attributes map[string][]misp.Sighting
	values     func(misp.Attribute) ([]misp.Sighting, error)
}

func (s *mispStore) beside(ctx context.Context, l border.Lens) (beside, error) {
	b := beside{attributes: make(map[string][]misp.Sighting)}
	told := sync.OnceValues(func() (map[observable.Value][]misp.Sighting, error) { return s.told(ctx, l) })
	b.values = func(a misp.Attribute) ([]misp.Sighting, error) {
		all, err := told()
		if err != nil || len(all) == 0 {
			return nil, err
		}
		var list []misp.Sighting
		values, _ := convert.Observables(string(a.Type), string(a.Value))
		for _, v := range values {
			list = append(list, all[v]...)
		}
		return list, nil
	}
	if l.Guest() != "" {
		return b, nil
	}
	q := ObjectQuery{Scope: ScopeOwn, Lens: l, Media: stix.MediaSTIX, Types: []string{"sighting"}, Limit: MaxPage}
	for more := true; more; {
		var page []ObjectRow
		var err error
		if page, more, err = s.n.Objects(ctx, q); err != nil {
			return b, err
		}
		for _, o := range page {
			q.After = o.Added
			if attribute, x, ok := convert.SightingOf(o.Raw, s.n.self.ID); ok {
				b.attributes[attribute] = append(b.attributes[attribute], x)
			}
		}
	}
	return b, nil
}

// told reads the sightings of every party that the lens shows.
func (s *mispStore) told(ctx context.Context, l border.Lens) (map[observable.Value][]misp.Sighting, error) {
	list, err := s.n.view.Told(ctx, l, s.n.self.Origin, maxTold)
	if err != nil {
		return nil, err
	}
	all := make(map[observable.Value][]misp.Sighting)
	for _, t := range list {
		if len(all[t.Value]) < maxOfValue && l.Shows(border.Sight{Label: border.Label{TLP: markingAt(t.Level)}, Said: len(t.Recipients) > 0, Signer: s.n.signer(t.Party), Recipients: t.Recipients}) {
			all[t.Value] = append(all[t.Value], toldOf(t))
		}
	}
	return all, nil
}

func toldOf(t sqlite.Told) misp.Sighting {
	x := misp.Sighting{
		UUID: misp.Text(misp.UUID("sighting " + t.ID.String())), Type: misp.Seen,
		Org: &misp.Organisation{UUID: misp.Text(misp.UUID("party " + t.Party)), Name: misp.Text(t.Party)},
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, t.Last); err == nil {
			x.Date = misp.Text(strconv.FormatInt(at.Unix(), 10))
			break
		}
	}
	return x
}
