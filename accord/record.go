package accord

import (
	"bytes"
	"cmp"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"entente/charter"
	"entente/statement"
)

// Record is a World in order: what refers to what, when each statement was
// covered, and the state that follows. It does not change after NewRecord and
// may be read by many at once. Lists are in order of (time of being covered,
// origin, index), what is not covered yet last; neither the order of the World
// nor what it repeats makes a difference.
type Record struct {
	charter charter.Charter
	now     time.Time
	sizes   map[string]uint64
	clocks  map[string]*clock
	logs    map[string]*logIndex
	said    []entry
	cases   groups
	caseNo  map[string]int32
	on      groups
	repeats map[int32]int32    // of a statement, the one before it in its log that says the same act
	splits  map[string]Dispute // by origin
	origins map[string]string  // of each party's log
	world   World              // for PositionAt
	more    []Said             // beside those of the world
	timing  timing
	labels  []atomic.Pointer[Label] // of statements, as far as they were asked; nil until all is decided

	steps     []ruleStep
	lists     map[string][]listing // by party
	listNo    map[int32]int        // of a list in lists
	counted   map[string][]int     // which of lists may rule, by party
	sets      map[string]*listSets // by party
	overQuota map[int32]bool
	asks      map[int32]int // of a notice: which time its author asks this
	exhibit   map[string][]int32
	commits   map[commitment]commits
	found     map[statement.Ref]int // of what findings in force refer to, the last one in instruments

	under       map[int32]*Rules // under which a proposal is decided, if not the first ones
	instruments []Instrument     // of all proposals, in order
	places      map[int32]int    // of a proposal in instruments
}

// entry is one statement and what was read from it once.
type entry struct {
	*Said
	party  string // that the charter names for the origin, or empty
	at     int64  // covered by another node, or never
	body   any    // *Proposal and so on; nil if it is not understood
	target int32  // of Refs[0], or -1
}

// logIndex finds the statements of one log.
type logIndex struct {
	index []uint64 // ascending
	place []int32  // in Record.said
}

// Dispute is the proof that the owner of a log contradicted itself: Proof where
// an evidence/v1 holds it, otherwise two moments or two statements that cannot
// both be honest.
type Dispute struct {
	Party      string
	Origin     string
	Proof      statement.Ref
	Moments    []Moment
	Statements []statement.Ref
}

// NewRecord puts a world in order and computes every state. The world must not
// be changed afterwards. It takes time in proportion to the number of
// statements, but for sorting.
func NewRecord(w World) *Record { return newRecord(w, bothTimes, parseBody) }

// Next is NewRecord of w and more, which stands in no log yet or is not among w. It
// takes what statements say from r where r has read the same bytes: of a world that
// grew by little, little is read. r may be nil.
func (r *Record) Next(w World, more ...Said) *Record {
	if r == nil {
		return newRecord(w, bothTimes, parseBody, more...)
	}
	return newRecord(w, r.timing, r.readBefore, more...)
}

// readBefore is parseBody for what another record has read.
func (r *Record) readBefore(s *Said) any {
	if p := r.find(s.Ref); p >= 0 {
		if have := &r.said[p]; have.Act.Kind == s.Act.Kind && bytes.Equal(have.Act.Body, s.Act.Body) {
			return have.body
		}
	}
	return parseBody(s)
}

// newRecord is NewRecord under a rule of timing, with what reads a body.
func newRecord(w World, by timing, body func(*Said) any, more ...Said) *Record {
	w.Said = w.Said[:len(w.Said):len(w.Said)] // whoever adds to it shall not write into what others share
	r := &Record{charter: w.Charter, now: w.Now, sizes: w.Sizes, clocks: newClocks(w.Moments), splits: map[string]Dispute{}, origins: map[string]string{}, world: w, more: more, timing: by}
	for _, p := range w.Charter.Parties {
		r.origins[p.ID] = p.Origin
	}
	logs := r.sortLogs(w.Said, more)
	r.findSplits(w.Forks, logs)
	r.merge(logs)
	r.read(body)
	r.link()
	r.findRepeats()
	r.decide()
	r.labels = make([]atomic.Pointer[Label], len(r.said))
	r.countAsks()
	r.findExhibits()
	r.commit()
	r.findFindings()
	return r
}

// sortLogs returns the statements of each log in order, each once.
func (r *Record) sortLogs(lists ...[]Said) map[string][]*Said {
	logs := map[string][]*Said{}
	for _, said := range lists {
		for i := range said {
			logs[said[i].Ref.Origin] = append(logs[said[i].Ref.Origin], &said[i])
		}
	}
	for origin, list := range logs {
		if !slices.IsSortedFunc(list, compareRefs) {
			slices.SortFunc(list, compareRefs)
		}
		logs[origin] = unite(list)
	}
	return logs
}

func compareRefs(a, b *Said) int {
	return cmp.Or(cmp.Compare(a.Ref.Index, b.Ref.Index), slices.Compare(a.Ref.ID[:], b.Ref.ID[:]))
}

// unite makes one of statements that have one id: the same act, of which one
// reader may have opened more parts than another.
func unite(list []*Said) []*Said {
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && out[n-1].Ref == s.Ref {
			out[n-1] = united(out[n-1], s)
			continue
		}
		out = append(out, s)
	}
	return out
}

func united(a, b *Said) *Said {
	// An id fixes the act; if a reader broke that, the order of the world still
	// must not matter.
	if spelled(b) < spelled(a) {
		a, b = b, a
	}
	if len(b.Parts)+len(b.Wrong) == 0 {
		return a
	}
	both := *a
	both.Wrong = slices.Concat(a.Wrong, b.Wrong)
	slices.SortFunc(both.Wrong, compareLeaves)
	both.Wrong = slices.Compact(both.Wrong)
	if len(b.Parts) == 0 {
		return &both
	}
	both.Parts = maps.Clone(b.Parts)
	if both.Parts == nil {
		both.Parts = map[int][]byte{}
	}
	maps.Copy(both.Parts, a.Parts)
	return &both
}

func spelled(s *Said) string {
	raw, err := marshal(struct {
		Act       statement.Act
		Approvals []statement.Approval
		Claimed   int64
		Party     string
		Parts     map[int][]byte
		Digests   []statement.Digest
		Wrong     []Leaf
	}{s.Act, s.Approvals, s.Claimed, s.Party, s.Parts, s.Digests, s.Wrong})
	if err != nil { // a body that is no JSON
		return string(s.Act.Body)
	}
	return string(raw)
}

// findSplits collects what proves that the owner of a log contradicted itself.
func (r *Record) findSplits(forks []Fork, logs map[string][]*Said) {
	add := func(origin string, d Dispute) {
		p, _ := r.charter.ByOrigin(origin)
		d.Party, d.Origin = p.ID, origin
		r.splits[origin] = d
	}
	for origin, c := range r.clocks {
		if c.split != nil {
			add(origin, *c.split)
		}
	}
	for origin, list := range logs {
		for i := 1; i < len(list); i++ {
			if list[i].Ref.Index == list[i-1].Ref.Index {
				add(origin, Dispute{Statements: []statement.Ref{list[i-1].Ref, list[i].Ref}})
				break
			}
		}
	}
	forks = slices.Clone(forks)
	slices.SortFunc(forks, func(a, b Fork) int {
		return cmp.Or(strings.Compare(b.Origin, a.Origin), strings.Compare(b.Proof.Origin, a.Proof.Origin), cmp.Compare(b.Proof.Index, a.Proof.Index), slices.Compare(b.Proof.ID[:], a.Proof.ID[:]))
	})
	for _, f := range forks { // the first in order is written last
		add(f.Origin, Dispute{Proof: f.Proof})
	}
}

// merge brings the logs into one order. Within a log, a later leaf is never
// covered earlier, so that each log is in order already.
func (r *Record) merge(logs map[string][]*Said) {
	origins := slices.Sorted(maps.Keys(logs))
	r.logs = make(map[string]*logIndex, len(origins))
	total := 0
	var heads [][]entry
	for _, origin := range origins {
		list := logs[origin]
		owner, _ := r.charter.ByOrigin(origin)
		entries := make([]entry, len(list))
		x := &logIndex{index: make([]uint64, len(list)), place: make([]int32, len(list))}
		counts := r.otherThan(owner.ID)
		for i, s := range list {
			entries[i] = entry{Said: s, party: owner.ID, at: r.clocks[origin].covered(s.Ref.Index, counts), target: -1}
			x.index[i] = s.Ref.Index
		}
		r.logs[origin] = x
		heads = append(heads, entries)
		total += len(list)
	}
	r.said = make([]entry, 0, total)
	taken := make([]int, len(heads))
	for len(r.said) < total {
		best := -1
		for i, list := range heads {
			if taken[i] < len(list) && (best < 0 || list[taken[i]].at < heads[best][taken[best]].at) {
				best = i // of equal times the first origin, since they are sorted
			}
		}
		r.logs[origins[best]].place[taken[best]] = int32(len(r.said))
		r.said = append(r.said, heads[best][taken[best]])
		taken[best]++
	}
}

// otherThan accepts the nodes of the charter but one.
func (r *Record) otherThan(party string) func(string) bool {
	return func(by string) bool {
		_, known := r.charter.Party(by)
		return known && by != party
	}
}

// groups is a list of lists of places, in one array.
type groups struct {
	start []int32
	place []int32
}

func (g groups) of(i int32) []int32 { return g.place[g.start[i]:g.start[i+1]] }

// group sorts n members into groups, keeping their order; key is -1 for none.
func group(n, keys int, key func(i int) int32) groups {
	g := groups{start: make([]int32, keys+1)}
	for i := range n {
		if k := key(i); k >= 0 {
			g.start[k+1]++
		}
	}
	for k := range keys {
		g.start[k+1] += g.start[k]
	}
	g.place = make([]int32, g.start[keys])
	next := slices.Clone(g.start)
	for i := range n {
		if k := key(i); k >= 0 {
			g.place[next[k]] = int32(i)
			next[k]++
		}
	}
	return g
}

// link finds what each statement is about, and sorts by case.
func (r *Record) link() {
	r.caseNo = map[string]int32{}
	cases := make([]int32, len(r.said))
	for i := range r.said {
		e := &r.said[i]
		if refs := e.Act.Refs; len(refs) > 0 {
			if t := r.find(refs[0]); t >= 0 && t != int32(i) {
				e.target = t
			}
		}
		no, ok := r.caseNo[e.Act.Case]
		if !ok {
			no = int32(len(r.caseNo))
			r.caseNo[e.Act.Case] = no
		}
		cases[i] = no
	}
	r.cases = group(len(r.said), len(r.caseNo), func(i int) int32 { return cases[i] })
	r.on = group(len(r.said), len(r.said), func(i int) int32 { return r.said[i].target })
}

// find returns the place of a statement, or -1.
func (r *Record) find(ref statement.Ref) int32 {
	x := r.logs[ref.Origin]
	if x == nil {
		return -1
	}
	i := sort.Search(len(x.index), func(i int) bool { return x.index[i] >= ref.Index })
	for ; i < len(x.index) && x.index[i] == ref.Index; i++ {
		if p := x.place[i]; r.said[p].Ref.ID == ref.ID {
			return p
		}
	}
	return -1
}

func (r *Record) list(places []int32) []Said {
	out := make([]Said, len(places))
	for i, p := range places {
		out[i] = *r.said[p].Said
	}
	return out
}

// Charter is the charter that the record stands under.
func (r *Record) Charter() charter.Charter { return r.charter }

// World is what the record was computed from. Its lists are shared: nobody changes
// what stands in them, and whoever adds to them gets new ones.
func (r *Record) World() World {
	w := r.world
	w.Said, w.Moments = append(w.Said, r.more...), w.Moments[:len(w.Moments):len(w.Moments)]
	return w
}

// Now is the reader's clock, as the world gave it.
func (r *Record) Now() time.Time { return r.now }

// Size is how many leaves of a log were read.
func (r *Record) Size(origin string) uint64 { return r.sizes[origin] }

// Said returns a statement.
func (r *Record) Said(ref statement.Ref) (Said, bool) {
	if p := r.find(ref); p >= 0 {
		return *r.said[p].Said, true
	}
	return Said{}, false
}

// Len is how many statements there are.
func (r *Record) Len() int { return len(r.said) }

// All yields every statement.
func (r *Record) All() iter.Seq[Said] {
	return func(yield func(Said) bool) {
		for i := range r.said {
			if !yield(*r.said[i].Said) {
				return
			}
		}
	}
}

// Cases returns the ids of all cases, in order.
func (r *Record) Cases() []string { return slices.Sorted(maps.Keys(r.caseNo)) }

// Case returns the statements of a case.
func (r *Record) Case(id string) []Said {
	no, ok := r.caseNo[id]
	if !ok {
		return nil
	}
	return r.list(r.cases.of(no))
}

// On returns the statements whose first reference is ref.
func (r *Record) On(ref statement.Ref) []Said {
	p := r.find(ref)
	if p < 0 {
		return nil
	}
	return r.list(r.on.of(p))
}

// Target returns what a statement's first reference names, if it is known and
// not the statement itself.
func (r *Record) Target(ref statement.Ref) (Said, bool) {
	if p := r.find(ref); p >= 0 && r.said[p].target >= 0 {
		return *r.said[r.said[p].target].Said, true
	}
	return Said{}, false
}

// Covered is the earliest time, in Unix seconds, at which another node of the
// charter cosigned a checkpoint that holds the statement.
func (r *Record) Covered(ref statement.Ref) (at int64, ok bool) {
	p := r.find(ref)
	if p < 0 || r.said[p].at == never {
		return 0, false
	}
	return r.said[p].at, true
}

// OwnerBy is the earliest time, in Unix seconds, at which the owner of its log
// signed a checkpoint that holds the statement.
func (r *Record) OwnerBy(ref statement.Ref) (at int64, ok bool) {
	at = r.clocks[ref.Origin].ownerBy(ref.Index)
	return at, at != never && r.find(ref) >= 0
}

// Disputed returns the proof that a party's log contradicts itself, if there is
// one. Nothing that depends on that party is certain then.
func (r *Record) Disputed(party string) (Dispute, bool) {
	p, ok := r.charter.Party(party)
	if !ok {
		return Dispute{}, false
	}
	d, ok := r.splits[p.Origin]
	return d, ok
}
