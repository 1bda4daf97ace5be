package node

import (
	"context"
	"slices"
	"strings"

	"entente/api"
	"entente/console"
	"entente/election/inventory"
	"entente/statement"
)

// Rolls implements console.Guards.
func (s guardScreens) Rolls(ctx context.Context) ([]console.RollView, error) {
	if !s.own() {
		return nil, nil
	}
	seals, err := s.n.sealedAs(ctx, sealedRoll)
	if err != nil {
		return nil, err
	}
	list := s.n.guarded.get()
	var out []console.RollView
	for _, site := range list.Registration {
		at := s.n.guards.rolls.site(site.Name)
		if len(site.Exports) == 0 || at == nil {
			continue
		}
		at.mu.Lock()
		days, files, trouble := at.days, at.files, at.trouble // none is changed in place
		at.mu.Unlock()
		v := console.RollView{Site: site.Name, Broken: trouble}
		v.Whom, _ = list.Whom("registration", site.Call)
		for _, d := range slices.Backward(days) {
			if len(v.Days) == rollsShown {
				v.More++
				continue
			}
			day := console.RollDay{Header: d.Header, Root: statement.Digest(d.Header.Root()), Since: d.Since}
			_, day.Here = files[d.Header.Day]
			if index, ok := seals[day.Root]; ok {
				day.Sealed = &console.Ref{Party: s.n.self.ID, Index: index}
			}
			if d.Day != nil {
				public := d.Day.Publish()
				day.Counts, day.Alarms = &public, d.Day.Alarms
			}
			v.Days = append(v.Days, day)
		}
		out = append(out, v)
	}
	return out, nil
}

// SealRoll implements console.Guards: the keyed root of a day goes into the own log,
// for all to witness. Nothing else of the roll does.
func (s guardScreens) SealRoll(ctx context.Context, _ console.User, site, day string) error {
	all, err := s.Rolls(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(v console.RollView) bool { return v.Site == site })
	if i < 0 {
		return console.ErrNotFound
	}
	k := slices.IndexFunc(all[i].Days, func(d console.RollDay) bool { return d.Header.Day == day })
	if k < 0 {
		return console.ErrNotFound
	}
	if d := all[i].Days[k]; d.Sealed == nil {
		name := d.Header.Jurisdiction
		if len(name) > 80 {
			name = strings.ToValidUTF8(name[:80], "")
		}
		_, err = control{s.n}.Seal(ctx, api.SealRequest{What: sealedRoll, Name: name + " " + day, Size: int64(d.Header.Voters), Digest: d.Root})
	}
	return err
}

// RollSince implements console.Guards: what is otherwise than on a named day, in
// counts that may leave the office.
func (s guardScreens) RollSince(ctx context.Context, site, since string) (console.RollDifference, error) {
	var out console.RollDifference
	if !s.own() {
		return out, console.ErrNotFound
	}
	list := s.n.guarded.get()
	i := slices.IndexFunc(list.Registration, func(x inventory.Site) bool { return x.Name == site })
	at := s.n.guards.rolls.site(site)
	if i < 0 || at == nil {
		return out, console.ErrNotFound
	}
	at.mu.Lock()
	days, files := at.days, at.files
	at.mu.Unlock()
	if len(days) == 0 {
		return out, console.ErrNotFound
	}
	newest, g := days[len(days)-1].Header.Day, s.n.guards
	if files[since] == "" || files[newest] == "" || since >= newest {
		return out, statement.Refuse(statement.CodeField, "no export of %.10s before the newest is here", since)
	}
	o, err := s.n.office(ctx, list.Registration[i])
	if err != nil {
		return out, err
	}
	c, err := o.Compare(ctx, g.exportOf(ctx, list.Registration[i], files[since], since), g.exportOf(ctx, list.Registration[i], files[newest], newest))
	if err != nil {
		return out, err
	}
	out.Old, out.New, out.Counts = c.Old.Header, c.New.Header, c.Count().Publish()
	out.Changes = make(map[string]int)
	for _, ch := range c.Changes {
		out.Changes[ch.Kind]++
	}
	return out, ctx.Err()
}
