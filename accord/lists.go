package accord

import (
	"slices"

	"entente/statement"
)

// listing is one officers list of a party.
type listing struct {
	place     int32
	index     uint64
	body      *Officers
	from      uint64 // it rules what stands at this index of the log or later; noIndex if not yet
	label     Label
	contested uint64 // index of a head's revoke that came in time, or noIndex
}

const noIndex = ^uint64(0)

// maxLists is how many lists of one party count. Who changes its officers more
// often is stuck with the last of them.
const maxLists = 500

// listOfficers reads the officers lists of every party, in the order of its log.
func (r *Record) listOfficers() {
	r.lists, r.listNo, r.counted = map[string][]listing{}, map[int32]int{}, map[string][]int{}
	for _, p := range r.charter.Parties {
		x := r.logs[p.Origin]
		if x == nil {
			continue
		}
		for _, place := range x.place {
			if r.said[place].Act.Kind == KindOfficers {
				r.addList(p.ID, place)
			}
		}
	}
	r.setLists()
}

func (r *Record) addList(party string, place int32) {
	e := &r.said[place]
	l := listing{place: place, index: e.Ref.Index, from: noIndex, contested: noIndex}
	l.body, _ = e.body.(*Officers)
	ruling, _ := r.listsAt(party, l.index)
	switch {
	case l.body == nil:
		l.label = LabelUnread
	case len(r.counted[party]) >= maxLists:
		l.label = LabelOverQuota
	case ruling == nil:
		l.from = l.index // nobody is there who could contest the first one
	case !r.power(r.rulesFor(place), "officers").met(ruling, e.Said):
		l.label = LabelNoPower
	case r.replaysList(party, place):
		l.label = LabelRepeated
	default:
		l.from = r.rulesFrom(party, e)
		if l.contested = r.contestedAt(party, place, l.from); l.contested != noIndex {
			l.label = LabelContested
		}
	}
	r.listNo[place] = len(r.lists[party])
	if l.label == LabelNone || l.label == LabelContested {
		r.counted[party] = append(r.counted[party], len(r.lists[party]))
	}
	r.lists[party] = append(r.lists[party], l)
}

// rulesFrom is the index from which a later list rules: one node saw the list and,
// by its own clock, the delay later a checkpoint of so many leaves. What stands
// behind those was said after the delay.
func (r *Record) rulesFrom(party string, e *entry) uint64 {
	c := r.clocks[e.Ref.Origin]
	from := noIndex
	for _, by := range c.cosigners() {
		if !r.otherThan(party)(by) {
			continue
		}
		t := c.tracks[by]
		seen := t.covered(e.Ref.Index)
		if seen == never {
			continue
		}
		due := seen + r.rulesAt(seen).OfficersDelay
		for _, m := range t.byOwner {
			if m.Size > e.Ref.Index && m.At >= due {
				from = min(from, m.Size)
			}
		}
	}
	return from
}

// contestedAt is the index of the first revoke of a list, before it rules, that a
// head of the list before signed.
func (r *Record) contestedAt(party string, list int32, from uint64) uint64 {
	first := noIndex
	for _, p := range r.on.of(list) {
		e := &r.said[p]
		b, ok := e.body.(*Position)
		if !ok || b.Stance != Revoke || b.Capacity != "official" || e.party != party || e.Ref.Index >= from || e.Ref.Index < r.said[list].Ref.Index {
			continue
		}
		ruling, _ := r.listsAt(party, e.Ref.Index)
		if ruling != nil && (Power{Officers: 1, Roles: []string{RoleHead}}).met(ruling, e.Said) {
			first = min(first, e.Ref.Index)
		}
	}
	return first
}

// listsAt returns the list that rules at an index of a party's log, and those
// that wait there for their delay and are not contested so far.
func (r *Record) listsAt(party string, index uint64) (ruling *Officers, waiting []*Officers) {
	for _, n := range slices.Backward(r.counted[party]) {
		switch l := &r.lists[party][n]; {
		case l.index > index:
		case l.contested != noIndex:
			if l.contested > index {
				waiting = append(waiting, l.body)
			}
		case l.from <= index: // it replaced the whole of what was before
			return l.body, waiting
		default:
			waiting = append(waiting, l.body)
		}
	}
	return nil, waiting
}

// listLabel is the label of an officers list.
func (r *Record) listLabel(p int32) Label {
	if n, ok := r.listNo[p]; ok {
		return r.lists[r.said[p].party][n].label
	}
	return LabelUnread
}

// Officers returns the list that rules what stands at an index of a party's log;
// false if there is none.
func (r *Record) Officers(party string, index uint64) (Officers, bool) {
	if o, _ := r.listsAt(party, index); o != nil {
		return *o, true
	}
	return Officers{}, false
}

// OfficersList is one list of a party, as it stands.
type OfficersList struct {
	Ref      statement.Ref
	Body     Officers
	Label    Label  // why it does not count; contested
	Rules    bool   // it rules, or ruled
	From     uint64 // the index of the log from which it does
	Covered  int64  // when another node first saw it, Unix seconds; 0 if none did
	Contests uint64 // the index of the revoke that stopped it, where Label says so
}

// OfficersLists returns every list of a party that is understood, in the order
// of its log.
func (r *Record) OfficersLists(party string) []OfficersList {
	var out []OfficersList
	for _, l := range r.lists[party] {
		if l.body == nil {
			continue
		}
		e := &r.said[l.place]
		o := OfficersList{Ref: e.Ref, Body: *l.body, Label: l.label, Rules: l.label == LabelNone && l.from != noIndex}
		if o.Rules {
			o.From = l.from
		}
		if e.at != never {
			o.Covered = e.at
		}
		if l.contested != noIndex {
			o.Contests = l.contested
		}
		out = append(out, o)
	}
	return slices.Clip(out)
}
