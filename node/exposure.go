package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"entente/border"
	"entente/exchange/stix"
	"entente/internal/logfile"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// overseer computes from the record what one party has shown another. It reads
// the view, which any rebuild gives again, and the own log; no clock, no watch.
type overseer struct {
	roster   record.Roster
	self     record.Member
	view     *sqlite.View
	log      *logfile.Log
	canaries *canaries
	kinds    statement.Registry
}

// Exposure says what a party was shown, what came back, and the most that it
// can have learnt.
func (n *Node) Exposure(ctx context.Context, party string) (border.Exposure, error) {
	return overseer{n.roster, n.self, n.view, n.log, n.canaries, n.registry}.of(ctx, party)
}

func (o overseer) of(ctx context.Context, party string) (border.Exposure, error) {
	m, ok := o.roster.Member(party)
	if !ok || party == o.self.ID {
		return border.Exposure{}, statement.Refuse(statement.CodeParty, "%.40q is no other party of the charter", party)
	}
	a, err := o.begin(ctx, m)
	if err != nil {
		return border.Exposure{}, err
	}
	if a.out.Theirs, err = o.view.Next(ctx, m.Origin); err != nil {
		return a.out, err
	}
	if err := o.view.EachOf(ctx, o.self.Origin, a.own); err != nil {
		return a.out, err
	}
	if err := o.view.EachOf(ctx, m.Origin, a.theirs); err != nil {
		return a.out, err
	}
	err = errors.Join(a.opens(ctx), a.values(ctx), a.answered(ctx), a.close(ctx))
	return a.out, err
}

// exposing gathers one exposure.
type exposing struct {
	overseer
	party    record.Member
	out      border.Exposure
	totals   map[statement.Kind]*border.Total
	back     map[statement.Kind]*border.Total
	answers  map[statement.Kind]*border.Total
	opened   []sqlite.Statement // releases that it can read
	shown    []uint64           // own lists that it can read
	given    []uint64           // its lists
	sizes    map[int]int
	hours    map[int64]bool
	days     map[int64]int // sightings by day
	sealed   []uint64
	receipts map[uint64]border.Released
	verdicts []record.AckItem // on its statements, by which it learnt something
	gone     map[uint64]bool  // own statements that are taken back
	decoys   map[observable.Value]string
	seenBy   map[observable.Value]bool // own values that it says to have seen
	told     map[observable.Value]bool // its values that we said to have seen
}

func (o overseer) begin(ctx context.Context, party record.Member) (*exposing, error) {
	a := &exposing{
		overseer: o, party: party, totals: make(map[statement.Kind]*border.Total), back: make(map[statement.Kind]*border.Total), answers: make(map[statement.Kind]*border.Total),
		sizes: make(map[int]int), hours: make(map[int64]bool), days: make(map[int64]int), gone: make(map[uint64]bool),
		seenBy: make(map[observable.Value]bool), told: make(map[observable.Value]bool),
	}
	a.out = border.Exposure{Self: o.self.ID, Party: party.ID, Crossed: []border.Crossing{}, Totals: []border.Total{}}
	a.out.Learnt.PerDay = o.roster.Charter.Budgets.SightingsPerDay
	var err error
	if a.decoys, err = o.canaries.decoys(ctx); err != nil {
		return nil, err
	}
	a.receipts, err = o.receipts(ctx)
	return a, err
}

func enter(in map[statement.Kind]*border.Total, kind statement.Kind, items int) {
	if in[kind] == nil {
		in[kind] = &border.Total{Kind: kind}
	}
	in[kind].Statements++
	in[kind].Items += items
}

// own enters one own statement.
func (a *exposing) own(s sqlite.Statement) error {
	a.out.Size = s.Index + 1
	a.out.Beside.Leaves++
	if !slices.Contains(s.Recipients, a.party.ID) {
		a.out.Beside.Sealed++
		a.hours[s.Time/time.Hour.Milliseconds()] = true
		a.sealed = append(a.sealed, s.Index)
		return nil
	}
	a.out.Beside.Readable++
	spec, _ := a.kinds.Spec(s.Kind)
	c, err := a.crossing(s)
	if err != nil {
		return err
	}
	enter(a.totals, s.Kind, c.Items)
	if spec.Housekeeping {
		a.out.Beside.Housekeeping++
		a.out.Beside.Refusals += refusalsOf(s, a.party.ID)
		return a.judged(s)
	}
	a.out.Crossed = append(a.out.Crossed, c)
	return nil
}

// judged gathers own verdicts on the other party's statements that told it more
// than that they were taken in.
func (a *exposing) judged(s sqlite.Statement) error {
	if s.Kind != record.KindAck {
		return nil
	}
	var b record.AckBody
	if err := json.Unmarshal(s.Body, &b); err != nil || b.Origin != a.party.Origin {
		return err
	}
	for _, i := range b.Items {
		if i.Verdict == record.VerdictHeldBack || i.Code == sqlite.CodeOwner || i.Code == sqlite.CodeRevoked {
			a.verdicts = append(a.verdicts, i)
		}
	}
	return nil
}

// answered counts what verdicts on its objects told it.
func (a *exposing) answered(ctx context.Context) error {
	for _, i := range a.verdicts {
		of, err := a.view.Statement(ctx, a.party.Origin, i.Index)
		if err != nil {
			return err
		}
		if of.Kind != stix.KindObjects {
			continue
		}
		body, err := stix.ParseObjectsBody(of.Body)
		if err != nil {
			continue // it was refused for that
		}
		n := 1
		if i.Verdict == record.VerdictRefused {
			n = body.Count
		}
		a.out.Learnt.Others += n
	}
	return nil
}

// crossing says what one statement shows.
func (a *exposing) crossing(s sqlite.Statement) (border.Crossing, error) {
	r := a.receipts[s.Index]
	c := border.Crossing{
		Index: s.Index, ID: s.ID, Time: s.Time, Kind: s.Kind, Marking: s.Marking, Recipients: s.Recipients,
		Rule: r.Rule, Group: r.Group, By: r.Officer, Erased: s.State != sqlite.StateOpen,
	}
	switch s.Kind {
	case indicator.KindList:
		b, err := indicator.ParseListBody(s.Body)
		if err != nil {
			return c, err
		}
		c.Name, c.Items = b.Name, b.Count
		a.shown = append(a.shown, s.Index)
	case stix.KindObjects:
		b, err := stix.ParseObjectsBody(s.Body)
		if err != nil {
			return c, err
		}
		c.Name, c.Items, c.By = b.Name, b.Count, cmp.Or(c.By, b.Account)
		a.shown = append(a.shown, s.Index)
	case indicator.KindSighting:
		b, err := indicator.ParseSighting(s.Body)
		if err != nil {
			return c, err
		}
		c.Items = 1
		if b.Indicator.Origin == a.party.Origin {
			a.told[observable.Value{Type: observable.Type(b.Type), Canonical: b.Value}] = true
			a.days[s.Time/(24*time.Hour).Milliseconds()]++
		}
	case record.KindRelease:
		a.opened = append(a.opened, s)
	case border.KindRetraction:
		if len(s.Refs) == 1 && s.Refs[0].Origin == a.self.Origin {
			a.gone[s.Refs[0].Index] = true
		}
	}
	return c, nil
}

// opens enters the lists whose items releases show.
func (a *exposing) opens(ctx context.Context) error {
	for _, s := range a.opened {
		var b record.ReleaseBody
		if err := statement.Decode(s.Body, statement.MaxAct, &b); err != nil {
			return err
		}
		if len(s.Refs) != 1 || b.Part != listPart {
			continue
		}
		of, err := a.view.Statement(ctx, a.self.Origin, s.Refs[0].Index)
		if err != nil || of.Kind != indicator.KindList {
			return err
		}
		list, err := indicator.ParseListBody(of.Body)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(a.out.Crossed, func(c border.Crossing) bool { return c.Index == s.Index })
		a.out.Crossed[i].Name, a.out.Crossed[i].Items = list.Name, list.Count
		a.totals[s.Kind].Items += list.Count
		a.shown = append(a.shown, of.Index)
	}
	return nil
}

func refusalsOf(s sqlite.Statement, party string) int {
	var b record.RefusalBody
	if s.Kind != record.KindRefusal || json.Unmarshal(s.Body, &b) != nil {
		return 0
	}
	n := 0
	for _, i := range b.Items {
		if i.Party == party {
			n += int(i.Count)
		}
	}
	return n
}

// theirs enters one statement of the other party.
func (a *exposing) theirs(s sqlite.Statement) error {
	if s.State != sqlite.StateOpen {
		return nil
	}
	items := 0
	switch s.Kind {
	case record.KindAck:
		var b record.AckBody
		if err := json.Unmarshal(s.Body, &b); err != nil {
			return err
		}
		for _, i := range b.Items {
			if b.Origin == a.self.Origin {
				enter(a.answers, statement.Kind(i.Verdict), 0)
			}
		}
	case indicator.KindList:
		b, err := indicator.ParseListBody(s.Body)
		if err != nil {
			return err
		}
		items = b.Count
		a.given = append(a.given, s.Index)
	case stix.KindObjects:
		b, err := stix.ParseObjectsBody(s.Body)
		if err != nil {
			return err
		}
		items = b.Count
		a.given = append(a.given, s.Index)
	case indicator.KindSighting:
		b, err := indicator.ParseSighting(s.Body)
		if err != nil {
			return err
		}
		items = 1
		if b.Indicator.Origin == a.self.Origin {
			a.seenBy[observable.Value{Type: observable.Type(b.Type), Canonical: b.Value}] = true
		}
	}
	enter(a.back, s.Kind, items)
	return nil
}

// values compares what was shown and given value by value.
func (a *exposing) values(ctx context.Context) error {
	shown, decoysOf, err := a.distinct(ctx, a.self.Origin, a.shown)
	if err != nil {
		return err
	}
	for i := range a.out.Crossed {
		c := &a.out.Crossed[i]
		c.Decoys, c.Retracted = decoysOf[c.Index], a.gone[c.Index]
	}
	f := &a.out.Found
	for v := range shown {
		if a.decoys[v] != "" {
			continue
		}
		if f.Shown++; a.seenBy[v] {
			f.There++
		}
	}
	for v := range a.seenBy {
		if a.decoys[v] != "" {
			f.False++
		}
	}
	given, _, err := a.distinct(ctx, a.party.Origin, a.given)
	if err != nil {
		return err
	}
	l := &a.out.Learnt
	for v, times := range given {
		l.Guesses += times
		if a.decoys[v] == "" {
			f.Given++
		}
		if l.Values++; a.told[v] {
			l.Confirmed++
			f.Here++
		}
	}
	// What we said of a value counts whether or not its list still stands.
	for v := range a.told {
		if given[v] == 0 {
			l.Guesses, l.Values, l.Confirmed = l.Guesses+1, l.Values+1, l.Confirmed+1
		}
	}
	l.Silent = l.Values - l.Confirmed
	l.Days = int64(len(a.days))
	for _, n := range a.days {
		l.Fullest = max(l.Fullest, n)
	}
	return nil
}

// distinct returns the values of some lists of a log, how often each stands
// there, and how many own decoys each list holds.
func (a *exposing) distinct(ctx context.Context, origin string, lists []uint64) (map[observable.Value]int, map[uint64]int, error) {
	values, decoys := make(map[observable.Value]int), make(map[uint64]int)
	slices.Sort(lists)
	for _, index := range slices.Compact(lists) {
		items, err := a.view.Items(ctx, origin, index)
		if err != nil {
			return nil, nil, err
		}
		for _, it := range items {
			v := it.Observable()
			values[v]++
			if a.decoys[v] != "" {
				decoys[index]++
			}
		}
	}
	return values, decoys, nil
}

// close sorts what was gathered, and measures what is sealed.
func (a *exposing) close(ctx context.Context) error {
	a.out.Totals, a.out.Back.Totals, a.out.Back.Answers = sorted(a.totals), sorted(a.back), sorted(a.answers)
	b := &a.out.Beside
	b.Hours = len(a.hours)
	for _, index := range a.sealed {
		if err := ctx.Err(); err != nil {
			return err
		}
		parts, err := a.log.Sealed(index)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if p != nil {
				a.sizes[len(p)]++
			}
		}
	}
	b.Sizes = []border.Size{}
	for bytes, parts := range a.sizes {
		b.Sizes = append(b.Sizes, border.Size{Bytes: bytes, Parts: parts})
	}
	slices.SortFunc(b.Sizes, func(x, y border.Size) int { return cmp.Compare(x.Bytes, y.Bytes) })
	return nil
}

func sorted(totals map[statement.Kind]*border.Total) []border.Total {
	out := []border.Total{}
	for _, t := range totals {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b border.Total) int { return cmp.Compare(a.Kind, b.Kind) })
	return out
}

// receipts reads the own receipts, which are for observers.
func (o overseer) receipts(ctx context.Context) (map[uint64]border.Released, error) {
	all, err := o.view.OfKind(ctx, o.self.Origin, border.KindReceipt)
	out := make(map[uint64]border.Released)
	for _, s := range all {
		b, err := border.ParseReceipts(s.Body)
		if err != nil {
			return nil, err
		}
		for _, r := range b.Releases {
			out[r.Index] = r
		}
	}
	return out, err
}
