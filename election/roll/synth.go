package roll

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Synth is a county that does not exist: voters who move, marry, die and register
// by chance, decided by a seed. It is what alarms are measured on, since no real
// roll may be kept for that.
type Synth struct {
	chance    chance
	voters    []person
	precincts [][]int32 // voters by precinct
	weight    []float64 // of precincts: how much happens there
	crowd     Crowd
	columns   Columns
	leaving   []int32 // marked as removed, in the export for one day more
	next      uint32  // number of the next new voter
	day       time.Time
	before    map[uint32]person // of the day: as they were, by number; zero for none
	touched   []uint32
	index     map[uint32]int32
}

// chance is a sequence of pseudo-random numbers (splitmix64).
type chance uint64

func (c *chance) next() uint64 {
	*c += 0x9e3779b97f4a7c15
	z := uint64(*c)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (c *chance) below(n int) int { return int(c.next() >> 33 % uint64(max(n, 1))) }

func (c *chance) unit() float64 { return float64(c.next()>>11) / (1 << 53) }

// poisson draws how often something happens that happens mean times on average.
func (c *chance) poisson(mean float64) int {
	if mean > 200 {
		u, v := max(c.unit(), 1e-300), c.unit()
		return max(0, int(math.Round(mean+math.Sqrt(mean)*math.Sqrt(-2*math.Log(u))*math.Cos(2*math.Pi*v))))
	}
	n := 0
	for p, limit := c.unit(), math.Exp(-mean); p > limit; p *= c.unit() {
		n++
	}
	return n
}

// uneven is 1 on average and often far from it.
func (c *chance) uneven() float64 {
	return -(math.Log(max(c.unit(), 1e-300)) + math.Log(max(c.unit(), 1e-300))) / 2
}

type person struct {
	number, registered  uint32
	precinct            int32
	house, unit, street uint16
	surname, given      uint16
	born                uint16
	mail                uint16 // 0 for none
	phone               uint32
	party               uint8
	inactive            bool
	why                 uint8 // reason of being inactive or gone
	gone                bool  // no more in the export
}

// NewSynth makes a county of some voters in some precincts on the day before the first.
func NewSynth(seed uint64, voters, precincts int, first time.Time) (*Synth, error) {
	if voters < 1 || voters > maxVoters || precincts < 1 || precincts > 20_000 || precincts > voters {
		return nil, fmt.Errorf("a county has 1 to %d voters in 1 to 20000 precincts", maxVoters)
	}
	s := &Synth{chance: chance(seed), columns: Known()[0], day: first.AddDate(0, 0, -1), next: 1, index: make(map[uint32]int32)}
	s.crowd = newCrowd(s.columns)
	s.precincts = make([][]int32, precincts)
	var total float64
	share := make([]float64, precincts)
	for i := range share {
		share[i] = 0.3 + s.chance.uneven()
		total += share[i]
		s.weight = append(s.weight, 0.5+0.5*s.chance.uneven())
	}
	for i := range share {
		n := int(float64(voters) * share[i] / total)
		if i == precincts-1 {
			n = voters - len(s.voters)
		}
		for range min(max(n, 1), voters-len(s.voters)) {
			s.register(int32(i))
		}
	}
	s.before, s.touched = nil, nil
	return s, nil
}

// register adds a voter in a precinct.
func (s *Synth) register(precinct int32) int32 {
	c := &s.chance
	p := person{
		number: s.next, precinct: precinct, surname: uint16(min(c.below(2000), c.below(2000))), given: uint16(c.below(300)),
		born: uint16(1930 + max(c.below(78), c.below(78))), party: uint8(c.below(10)), registered: uint32(s.day.Unix() / 86400),
	}
	if s.before == nil {
		p.registered -= uint32(c.below(12_000))
	}
	s.home(&p)
	if c.below(3) > 0 {
		p.phone = uint32(2_000_000 + c.below(7_000_000))
	}
	s.next++
	i := int32(len(s.voters))
	s.touch(p.number, person{})
	s.voters = append(s.voters, p)
	s.index[p.number] = i
	s.precincts[precinct] = append(s.precincts[precinct], i)
	s.count(p, 1)
	return i
}

func (s *Synth) home(p *person) {
	c := &s.chance
	p.street, p.house, p.unit = uint16(int(p.precinct)*40+c.below(40)), uint16(1+c.below(800)), 0
	if c.below(4) == 0 {
		p.unit = uint16(1 + c.below(60))
	}
}

// count counts a voter in the crowd.
func (s *Synth) count(p person, n int) {
	count(s.crowd.Precincts, p.part(Precinct, ""), n)
	count(s.crowd.Parties, parties[p.party], n)
	count(s.crowd.Ages, decade(strconv.Itoa(int(p.born))), n)
	count(s.crowd.Surnames, word(int(p.surname)), n)
}

// touch remembers how a voter was when the day began.
func (s *Synth) touch(number uint32, p person) {
	if s.before == nil {
		return // the county is being made
	}
	if _, known := s.before[number]; !known {
		s.before[number] = p
		s.touched = append(s.touched, number)
	}
}

// change changes one voter.
func (s *Synth) change(i int32, f func(*person)) {
	p := &s.voters[i]
	old := *p
	if old.gone {
		return
	}
	s.touch(p.number, old)
	f(p)
	s.count(old, -1)
	if p.precinct != old.precinct || p.gone {
		list := s.precincts[old.precinct]
		at := slices.Index(list, i)
		list[at] = list[len(list)-1]
		s.precincts[old.precinct] = list[:len(list)-1]
		if !p.gone {
			s.precincts[p.precinct] = append(s.precincts[p.precinct], i)
		}
	}
	if !p.gone {
		s.count(*p, 1)
	}
}

// Day lets one day pass, in which 0.1 to 0.3 % of the records change, and then
// whatever is planted. It returns what Compare would find between the exports
// of yesterday and today.
func (s *Synth) Day(plant ...func(*Synth)) *Comparison {
	yesterday, leaving := s.day, len(s.leaving)
	s.day, s.before, s.touched = s.day.AddDate(0, 0, 1), make(map[uint32]person), nil
	busy := 0.002 * (0.75 + s.chance.unit()/2)
	if d := s.day.Weekday(); d == time.Saturday || d == time.Sunday {
		busy /= 2
	}
	for p := range s.precincts {
		mean := busy * float64(len(s.precincts[p])) * s.weight[p] * (0.6 + 0.4*s.chance.uneven())
		for range s.chance.poisson(mean) {
			s.event(int32(p))
		}
	}
	if s.chance.below(10) == 0 { // a house that many moved into
		s.together(s.chance.below(len(s.precincts)), 3+s.chance.below(5))
	}
	for ; leaving > 0; leaving-- { // who was marked so yesterday
		s.change(s.leaving[0], func(v *person) { v.gone = true })
		s.leaving = s.leaving[1:]
	}
	for _, f := range plant {
		f(s)
	}
	return s.comparison(yesterday)
}

// event is one thing that happens to somebody.
func (s *Synth) event(p int32) {
	if len(s.precincts[p]) == 0 {
		return
	}
	i := s.precincts[p][s.chance.below(len(s.precincts[p]))]
	switch n := s.chance.below(100); {
	case n < 32:
		s.change(i, func(v *person) {
			if s.chance.below(2) == 0 {
				v.precinct = int32(s.chance.below(len(s.precincts)))
			}
			s.home(v)
			v.inactive, v.why = false, 0
		})
	case n < 42:
		s.change(i, func(v *person) { v.mail = uint16(s.chance.below(60_000)) })
	case n < 52:
		s.change(i, func(v *person) { v.phone = uint32(2_000_000 + s.chance.below(7_000_000)) })
	case n < 60:
		s.change(i, func(v *person) { v.party = uint8(s.chance.below(10)) })
	case n < 63:
		s.change(i, func(v *person) { v.surname = uint16(min(s.chance.below(2000), s.chance.below(2000))) })
	case n < 73:
		s.change(i, func(v *person) { v.inactive, v.why = !v.inactive, uint8(1+s.chance.below(3)) })
	case n < 88:
		s.register(p)
	default:
		s.leaving = append(s.leaving, i)
		s.change(i, func(v *person) { v.inactive, v.why = true, uint8(4+s.chance.below(3)) })
	}
}

// together lets some people of a precinct move into one house.
func (s *Synth) together(p, n int) {
	var home person
	home.precinct = int32(p)
	s.home(&home)
	for range min(n, len(s.precincts[p])) {
		i := s.precincts[p][s.chance.below(len(s.precincts[p]))]
		s.change(i, func(v *person) { v.street, v.house, v.unit = home.street, home.house, home.unit })
	}
}

// EditAddresses plants what somebody would do who wants ballots of a precinct to
// go astray: the address of so many voters, each to another, and nothing else.
func (s *Synth) EditAddresses(precinct, n int) {
	list := slices.Clone(s.precincts[precinct%len(s.precincts)])
	for i := range min(n, len(list)) {
		j := i + s.chance.below(len(list)-i)
		list[i], list[j] = list[j], list[i]
		s.change(list[i], func(v *person) { s.home(v) })
	}
}

// comparison is what happened today.
func (s *Synth) comparison(yesterday time.Time) *Comparison {
	c := &Comparison{Old: &Roll{columns: s.columns}, New: &Roll{columns: s.columns, Crowd: s.crowd}}
	c.Old.Day, c.New.Day = yesterday.Format(time.DateOnly), s.day.Format(time.DateOnly)
	for _, n := range s.crowd.Precincts {
		c.New.Voters += n
	}
	c.New.Fields, c.Old.Fields = s.columns.Fieldnames(), s.columns.Fieldnames()
	slices.SortFunc(s.touched, func(a, b uint32) int { return cmp.Compare(a, b) })
	for _, number := range s.touched {
		old, now := s.before[number], s.voters[s.index[number]]
		ch := Change{Kind: Changed, Voter: s.voter(number), Old: s.values(old), New: s.values(now)}
		switch {
		case old.number == 0 && now.gone:
			continue
		case old.number == 0:
			ch.Kind, ch.Old = Added, nil
		case now.gone:
			ch.Kind, ch.New = Removed, nil
		default:
			if ch.Fields = differing(ch.Old, ch.New); len(ch.Fields) == 0 {
				continue
			}
		}
		c.Changes = append(c.Changes, ch)
	}
	return c
}

func (s *Synth) voter(number uint32) string { return "1" + Part + fmt.Sprintf("%09d", number) }
