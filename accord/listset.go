package accord

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// listSets are the officers lists of one party that a statement has to be held
// against, by where it stands in the log. Most statements stand between the same lists
// and bear the same officers' signatures: what these come to is reckoned once.
type listSets struct {
	breaks []uint64 // the indices at which the set changes, ascending

	mu   sync.Mutex // guards what follows: labels are weighed by whoever asks
	sets []*listSet // before the first break, between the breaks, behind the last
}

type listSet struct {
	ruling *Officers
	all    []*Officers // those that wait, and the one that rules
	met    map[string]powerMet
}

// powerMet is what one power comes to under a set of lists.
type powerMet struct{ every, any bool }

// maxMet is how many different ways to sign are remembered of a set.
const maxMet = 1000

// setLists begins the sets anew: the lists are other ones.
func (r *Record) setLists() {
	r.sets = map[string]*listSets{}
	for party, counted := range r.counted {
		s := &listSets{}
		for _, n := range counted {
			l := r.lists[party][n]
			s.breaks = append(s.breaks, l.index, l.from, l.contested)
		}
		slices.Sort(s.breaks)
		s.breaks = slices.Compact(s.breaks)
		s.sets = make([]*listSet, len(s.breaks)+1)
		r.sets[party] = s
	}
}

// metAt reports whether the officers who signed a statement suffice, under every
// list that counts where it stands and under any of them.
func (r *Record) metAt(e *entry, need Power) (m powerMet, ruled bool) {
	s := r.sets[e.party]
	if s == nil {
		return powerMet{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, at := slices.BinarySearch(s.breaks, e.Ref.Index)
	if at {
		n++
	}
	if s.sets[n] == nil {
		ruling, waiting := r.listsAt(e.party, e.Ref.Index)
		set := &listSet{ruling: ruling, all: waiting, met: map[string]powerMet{}}
		if ruling != nil {
			set.all = append(set.all, ruling)
		}
		s.sets[n] = set
	}
	set := s.sets[n]
	return set.meet(e.Said, need), set.ruling != nil
}

func (s *listSet) meet(said *Said, need Power) powerMet {
	key, plain := waysToSign(said, need)
	if m, ok := s.met[key]; plain && ok {
		return m
	}
	m := powerMet{every: true}
	sig := signing{Said: said}
	for _, l := range s.all {
		if need.metBy(l, &sig) {
			m.any = true
		} else {
			m.every = false
		}
		if m.any && !m.every {
			break
		}
	}
	if plain && len(s.met) < maxMet {
		s.met[key] = m
	}
	return m
}

// waysToSign names who signed and what is needed. What a passkey signed for lies in
// the statement itself: that is no plain signature.
func waysToSign(said *Said, need Power) (key string, plain bool) {
	var b strings.Builder
	b.WriteString(strconv.Itoa(need.Officers))
	for _, role := range need.Roles {
		b.WriteString(" " + role)
	}
	for i := range said.Approvals {
		ap := &said.Approvals[i]
		if ap.Assertion != nil {
			return "", false
		}
		b.WriteByte(0)
		b.WriteString(ap.Officer)
		b.WriteByte(0)
		b.WriteString(ap.Key)
	}
	return b.String(), true
}
