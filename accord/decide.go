package accord

import (
	"cmp"
	"slices"
	"time"

	"entente/charter"
	"entente/statement"
)

// decide computes what the labels and states need, in the order in which one
// rests on the other.
func (r *Record) decide() {
	r.firstRules()
	r.listOfficers()
	acts := r.amend()
	r.weighQuotas()
	var list []*act
	for i := range r.said {
		p, ok := r.said[i].body.(*Proposal)
		if !ok {
			continue
		}
		a := acts[int32(i)]
		if a == nil {
			r.fixRules(int32(i), p)
			a = r.weigh(int32(i), r.rulesOf(int32(i)))
			acts[int32(i)] = a
		}
		list = append(list, a)
	}
	g := newGraph(r, list, acts)
	for _, a := range g.order() {
		r.finish(a, g)
	}
	r.places = make(map[int32]int, len(list))
	r.instruments = make([]Instrument, len(list))
	for i, a := range list {
		r.places[a.place] = i
		r.instruments[i] = a.Instrument
	}
}

// graph says which acts in force rest on which others.
type graph struct {
	r       *Record
	acts    map[int32]*act
	list    []*act
	enders  map[int32][]*act // what ends or replaces the instrument, confirmed
	done    map[int32]bool   // finished
	waiting map[int32]int    // how many it still rests on
}

func newGraph(r *Record, list []*act, acts map[int32]*act) *graph {
	g := &graph{r: r, acts: acts, list: list, enders: map[int32][]*act{}, done: map[int32]bool{}, waiting: map[int32]int{}}
	for _, a := range list {
		t := acts[r.said[a.place].target]
		if a.confirm != never && (a.p.Ends || a.p.Supersedes) && t != nil && subset(t.Needs, a.Needs) {
			g.enders[t.place] = append(g.enders[t.place], a)
		}
	}
	return g
}

// rests returns the acts that an act rests on: what it depends on, and what ends
// it.
func (g *graph) rests(a *act) []*act {
	out := slices.Clone(g.enders[a.place])
	for _, ref := range a.p.DependsOn {
		if d := g.acts[g.r.find(ref)]; d != nil {
			out = append(out, d)
		}
	}
	return out
}

// order returns every act after those that it rests on. Acts that rest on each
// other in a circle come last, in the order of the record: for each of them the
// others are not in force.
func (g *graph) order() []*act {
	above := map[int32][]*act{}
	var ready []*act
	for _, a := range g.list {
		rests := g.rests(a)
		g.waiting[a.place] = len(rests)
		for _, d := range rests {
			above[d.place] = append(above[d.place], a)
		}
		if len(rests) == 0 {
			ready = append(ready, a)
		}
	}
	for i := 0; i < len(ready); i++ {
		for _, a := range above[ready[i].place] {
			if g.waiting[a.place]--; g.waiting[a.place] == 0 {
				ready = append(ready, a)
			}
		}
	}
	for _, a := range g.list {
		if g.waiting[a.place] > 0 {
			ready = append(ready, a)
		}
	}
	return ready
}

// finish computes what other acts, exits and time made of an act.
func (r *Record) finish(a *act, g *graph) {
	now := r.now.Unix()
	r.settle(a, now)
	if a.confirm != never {
		r.depend(a, g, now)
		r.leave(a, now)
		r.end(a, g, now)
	}
	r.clauses(a, now)
	r.dispute(a)
	r.tell(a, g)
	g.done[a.place] = g.waiting[a.place] == 0
}

// depend holds an act against the instruments that it depends on: it begins with
// the last of them, and not without one.
func (r *Record) depend(a *act, g *graph, now int64) {
	for _, ref := range a.p.DependsOn {
		d := g.acts[r.find(ref)]
		if d == nil || !g.done[d.place] || d.Confirmed == 0 || len(d.Unmet) > 0 || d.EndsAt != 0 && d.EndsAt <= max(a.Effective, d.Effective) {
			a.Unmet = append(a.Unmet, ref)
			continue
		}
		a.Effective = max(a.Effective, d.Effective)
	}
	switch {
	case len(a.Unmet) > 0:
		a.say(StateAgreed, a.agreedAt(), ReasonDepends)
	case a.State == StateInForce && !a.begun(r, now):
		a.say(StateAgreed, a.agreedAt(), ReasonLater)
	case a.State == StateInForce:
		a.Since = a.Effective
	}
}

// ending is one thing that ends an instrument.
type ending struct {
	at  int64
	why Reason
	by  []string
}

// end finds what ends an instrument first.
func (r *Record) end(a *act, g *graph, now int64) {
	var all []ending
	if w := exitEnd(a); w != nil {
		all = append(all, *w)
	}
	for _, e := range g.enders[a.place] {
		if g.done[e.place] && len(e.Unmet) == 0 {
			why := ReasonEnd
			if e.p.Supersedes {
				why = ReasonReplaced
			}
			all = append(all, ending{at: e.Effective, why: why})
		}
	}
	for _, ref := range a.p.DependsOn {
		if d := g.acts[r.find(ref)]; d != nil && d.EndsAt != 0 && len(a.Unmet) == 0 {
			all = append(all, ending{at: d.EndsAt, why: ReasonDepends})
		}
	}
	if at := lastUntil(a.p); at != unknown {
		all = append(all, ending{at: at, why: ReasonExpired})
	}
	if len(all) == 0 {
		return
	}
	first := slices.MinFunc(all, func(x, y ending) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.why, y.why)) })
	a.EndsAt = first.at
	if now >= first.at {
		a.say(StateEnded, first.at, first.why, first.by...)
	}
}

// lastUntil is when the last clause runs out, if each of them does.
func lastUntil(p *Proposal) int64 {
	last := int64(unknown)
	for _, c := range p.Clauses {
		if c.Until == "" {
			return unknown
		}
		last = max(last, c.Until.Time().Unix())
	}
	return last
}

// dispute marks an act that needs a party whose log contradicts itself.
func (r *Record) dispute(a *act) {
	var by []string
	for _, id := range append(slices.Clone(a.Needs), a.Author) {
		if d, ok := r.Disputed(id); ok && !slices.Contains(by, id) {
			by = append(by, id)
			a.Disputes = append(a.Disputes, d)
		}
	}
	if by == nil {
		return
	}
	a.Otherwise = a.State
	a.say(StateDisputed, 0, ReasonSplit, by...)
}

// tell fills in what is only shown: what the text replaces, who said what last,
// how much was read.
func (r *Record) tell(a *act, g *graph) {
	e := &r.said[a.place]
	if t := g.acts[e.target]; t != nil && a.p.Supersedes {
		ref := t.Ref
		a.Replaces = &ref
		for _, party := range t.Needs {
			if q, ok := t.consents[party]; ok {
				a.Outdated = append(a.Outdated, r.said[q].Ref)
			}
		}
	}
	last := map[string]*entry{}
	if a.Author != "" {
		last[a.Author] = e
	}
	for _, q := range r.on.of(a.place) {
		o := &r.said[q]
		if l := last[o.party]; o.party != "" && (l == nil || l.Ref.Index < o.Ref.Index) {
			last[o.party] = o
		}
	}
	for _, id := range a.Needs {
		if l := last[id]; l != nil {
			a.LastActs = append(a.LastActs, LastAct{Party: id, Ref: l.Ref, At: known(l.at)})
		}
	}
	for _, p := range r.charter.Parties {
		if slices.Contains(a.Needs, p.ID) || p.Role == charter.RoleObserver || p.ID == a.Author {
			a.Sizes = append(a.Sizes, LogSize{Party: p.ID, Size: r.sizes[p.Origin]})
		}
	}
	slices.SortFunc(a.Answers, func(x, y Answer) int { return cmp.Compare(x.Party, y.Party) })
}

// Instruments returns every proposal with its state, in the order of the record.
func (r *Record) Instruments() []Instrument { return slices.Clone(r.instruments) }

// Instrument returns a proposal with its state.
func (r *Record) Instrument(ref statement.Ref) (Instrument, bool) {
	if i, ok := r.places[r.find(ref)]; ok {
		return r.instruments[i], true
	}
	return Instrument{}, false
}

// PositionAt tells what the position was at an instant: the state of a proposal in
// the world as of then, see World.AsOf. It reads the whole record.
func (r *Record) PositionAt(ref statement.Ref, at time.Time) (Instrument, bool) {
	known := func(s *Said) any { return r.said[r.find(s.Ref)].body }
	return newRecord(r.World().AsOf(at), r.timing, known).Instrument(ref)
}
