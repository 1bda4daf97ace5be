package node

import (
	"context"
	"time"

	"entente/border"
	"entente/exchange/convert"
	"entente/internal/misphttp"
	"entente/internal/sqlite"
	"entente/watch/indicator"
)

// eachList shows the lists of indicators as events.
func (s *mispStore) eachList(ctx context.Context, l border.Lens, beside beside, visit func(misphttp.Event) (bool, error)) error {
	lists, err := s.n.view.Lists(ctx, s.n.self.Origin)
	if err != nil {
		return err
	}
	for _, list := range lists {
		e, ok, err := s.ofList(ctx, l, list)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		e.Sightings, e.Seen = beside.attributes, beside.values
		if on, err := visit(e); err != nil || !on {
			return err
		}
	}
	return nil
}

// listEvent finds the list that is shown as the event of a uuid.
func (s *mispStore) listEvent(ctx context.Context, l border.Lens, beside beside, uuid string) (misphttp.Event, error) {
	lists, err := s.n.view.Lists(ctx, s.n.self.Origin)
	if err != nil {
		return misphttp.Event{}, err
	}
	for _, list := range lists {
		if list.Kind != indicator.KindList || convert.EventUUID(list.Ref.ID) != uuid {
			continue
		}
		e, ok, err := s.ofList(ctx, l, list)
		if err == nil && !ok {
			err = misphttp.ErrNone
		}
		e.Sightings, e.Seen = beside.attributes, beside.values
		return e, err
	}
	return misphttp.Event{}, misphttp.ErrNone
}

// ofList makes an event of a list, as far as the viewer may see it and anything
// of it stands. Decoys that the own side planted are not in it.
func (s *mispStore) ofList(ctx context.Context, l border.Lens, list sqlite.List) (e misphttp.Event, shown bool, err error) {
	if list.Kind != indicator.KindList {
		return e, false, nil
	}
	st, err := s.n.view.Statement(ctx, list.Ref.Origin, list.Ref.Index)
	if err != nil {
		return e, false, err
	}
	marking := border.Marking(st.Marking)
	if !l.Shows(border.Sight{Label: border.Label{TLP: marking}, Said: len(st.Recipients) > 0, Signer: s.n.signer(list.Giver), Recipients: st.Recipients}) {
		return e, false, nil
	}
	leaf := sqlite.Leaf{Origin: list.Ref.Origin, Index: list.Ref.Index}
	back, err := s.n.goneOf(ctx, leaf)
	if err != nil {
		return e, false, err
	}
	var items []convert.Given
	for _, x := range s.index.entries(s.n.lists.get(), leaf) {
		if !back(x.object) && (x.canary == "" || l.Guest() != "") {
			items = append(items, convert.Given{N: x.key.Item, Item: x.item, Held: list.Giver != s.n.self.ID && x.held()})
		}
	}
	if len(items) == 0 {
		return e, false, nil
	}
	raw, err := convert.Event(s.giving(list, string(marking)), items)
	if err != nil {
		return e, false, err
	}
	return misphttp.Event{UUID: convert.EventUUID(list.Ref.ID), Raw: raw, From: list.Giver, Marking: string(marking)}, true, nil
}

func (s *mispStore) giving(list sqlite.List, marking string) convert.Giving {
	return convert.Giving{
		ID: list.Ref.ID, Name: list.Body.Name, Source: list.Body.Source, Party: list.Giver, At: time.UnixMilli(list.Time).UTC(), Marking: marking,
	}
}
