package accord

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"

	"entente/statement"
)

// maxSkew is how far a cosigner's clock may lag behind the owner's, in seconds.
// A witness refuses to cosign a checkpoint from further in the future, so a
// moment that says otherwise bounds nothing.
const maxSkew = 300

// Sound reports whether the pair of times bounds anything.
func (m Moment) Sound() bool { return m.At >= m.Owner-maxSkew }

// never is the time of what has not happened as far as is known.
const never int64 = math.MaxInt64

// clock is what is known of the times of one log.
type clock struct {
	sizes    []uint64 // of all moments, ascending
	minOwner []int64  // earliest owner's time of any checkpoint of at least sizes[i] leaves
	maxOwner []int64  // latest owner's time of any checkpoint of at most sizes[i] leaves
	tracks   map[string]*track
	split    *Dispute // a proof within the moments that the owner contradicted itself
}

// track is the moments of one log that one node cosigned.
type track struct {
	sizes []uint64 // ascending
	minAt []int64  // earliest cosigning of any checkpoint of at least sizes[i] leaves

	// byOwner are those that the cosigner recorded in its own log, in order of the
	// owner's time, then size. A cosignature covers the tree and not the owner's
	// time, which can be signed later with an earlier date; the record of the
	// cosigner shows both as they came together.
	byOwner []Moment
	tree    []int64 // of minima of At over byOwner

	logged  []uint64 // leaves of the cosigner's log that hold the record, ascending
	maxSize []uint64 // largest size recorded up to there
	first   []int64  // At of the record that first reached maxSize
}

// newClocks sorts the moments by log. Repeated ones count once.
func newClocks(moments []Moment) map[string]*clock {
	byOrigin := map[string][]Moment{}
	for _, m := range moments {
		byOrigin[m.Origin] = append(byOrigin[m.Origin], m)
	}
	clocks := make(map[string]*clock, len(byOrigin))
	for origin, list := range byOrigin {
		slices.SortFunc(list, compareMoments)
		clocks[origin] = newClock(slices.Compact(list))
	}
	return clocks
}

func compareMoments(a, b Moment) int {
	return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Size, b.Size), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.At, b.At),
		cmp.Compare(a.By, b.By), cmp.Compare(a.Logged, b.Logged), slices.Compare(a.Root[:], b.Root[:]))
}

// newClock takes the moments of one log, in order of size.
func newClock(list []Moment) *clock {
	c := &clock{sizes: make([]uint64, len(list)), minOwner: make([]int64, len(list)), maxOwner: make([]int64, len(list)), tracks: map[string]*track{}}
	by := map[string][]Moment{}
	least := int64(never)
	for i, m := range slices.Backward(list) {
		least = min(least, m.Owner)
		c.sizes[i], c.minOwner[i] = m.Size, least
	}
	most := int64(unknown)
	for i, m := range list {
		most = max(most, m.Owner)
		c.maxOwner[i] = most
		if m.Sound() {
			by[m.By] = append(by[m.By], m)
		}
	}
	for id, l := range by {
		c.tracks[id] = newTrack(l)
	}
	c.split = findSplit(list)
	return c
}

// findSplit looks for two checkpoints of one log that cannot both be honest: a
// larger tree signed at an earlier time of the same owner, or one size with
// two roots.
func findSplit(list []Moment) *Dispute {
	var latest, same *Moment
	for i := range list {
		m := &list[i]
		if same == nil || same.Size != m.Size {
			// All smaller trees are behind: their latest time is settled.
			for j := i - 1; j >= 0 && list[j].Size == list[max(i-1, 0)].Size; j-- {
				if latest == nil || list[j].Owner > latest.Owner {
					latest = &list[j]
				}
			}
			same = m
		}
		if latest != nil && m.Owner < latest.Owner {
			return &Dispute{Moments: []Moment{*latest, *m}}
		}
		if m.Root != same.Root && m.Root != (statement.Digest{}) {
			if same.Root != (statement.Digest{}) {
				return &Dispute{Moments: []Moment{*same, *m}}
			}
			same = m
		}
	}
	return nil
}

func newTrack(list []Moment) *track {
	t := &track{sizes: make([]uint64, len(list)), minAt: make([]int64, len(list))}
	least := int64(never)
	for i, m := range slices.Backward(list) {
		least = min(least, m.At)
		t.sizes[i], t.minAt[i] = m.Size, least
	}
	own := slices.DeleteFunc(slices.Clone(list), func(m Moment) bool { return m.Logged == 0 })
	t.byOwner = slices.Clone(own)
	slices.SortFunc(t.byOwner, func(a, b Moment) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), compareMoments(a, b))
	})
	t.tree = minTree(t.byOwner)
	slices.SortFunc(own, func(a, b Moment) int {
		return cmp.Or(cmp.Compare(a.Logged, b.Logged), compareMoments(a, b))
	})
	var most uint64
	for _, m := range own {
		if m.Size > most {
			most = m.Size
			t.logged, t.maxSize, t.first = append(t.logged, m.Logged), append(t.maxSize, m.Size), append(t.first, m.At)
		}
	}
	return t
}

// minTree is a segment tree: leaf i at len+i, each node the minimum below it.
func minTree(list []Moment) []int64 {
	n := len(list)
	tree := make([]int64, 2*n)
	for i, m := range list {
		tree[n+i] = m.At
	}
	for i := n - 1; i > 0; i-- {
		tree[i] = min(tree[2*i], tree[2*i+1])
	}
	return tree
}

// least is the earliest At among byOwner[from:to].
func (t *track) least(from, to int) int64 {
	n := len(t.byOwner)
	least := int64(never)
	for l, r := from+n, to+n; l < r; l, r = l/2, r/2 {
		if l&1 == 1 {
			least = min(least, t.tree[l])
			l++
		}
		if r&1 == 1 {
			r--
			least = min(least, t.tree[r])
		}
	}
	return least
}

// covered is the earliest time at which the node cosigned a checkpoint that
// holds leaf index.
func (t *track) covered(index uint64) int64 {
	if i := after(t.sizes, index); i < len(t.minAt) {
		return t.minAt[i]
	}
	return never
}

// recorded is what the node's own log says first of having cosigned a checkpoint
// that holds leaf index: how many leaves of its log it takes to read that, and
// the time of cosigning. Since a log only grows, no later evidence changes it.
func (t *track) recorded(index uint64) (logged uint64, at int64) {
	if t == nil {
		return 0, never
	}
	if i := after(t.maxSize, index); i < len(t.first) {
		return t.logged[i], t.first[i]
	}
	return 0, never
}

// held is the earliest time at which the node cosigned a checkpoint of at most
// size leaves that its owner signed at or after owner.
func (t *track) held(owner int64, size uint64) int64 {
	from := sort.Search(len(t.byOwner), func(i int) bool { return t.byOwner[i].Owner >= owner })
	// Sizes grow with the owner's time, or the log is split and disputed.
	to := sort.Search(len(t.byOwner), func(i int) bool { return t.byOwner[i].Size > size })
	if from >= to {
		return never
	}
	return t.least(from, to)
}

// heldIf is held under another rule: it looks at every moment.
func (t *track) heldIf(size uint64, counts func(Moment) bool) int64 {
	least := int64(never)
	for _, m := range t.byOwner {
		if m.Size <= size && counts(m) {
			least = min(least, m.At)
		}
	}
	return least
}

// after is the first place whose size is larger than index.
func after(sizes []uint64, index uint64) int {
	return sort.Search(len(sizes), func(i int) bool { return sizes[i] > index })
}

// covered is the earliest time at which one of the nodes that may counts cosigned
// a checkpoint that holds leaf index.
func (c *clock) covered(index uint64, counts func(by string) bool) int64 {
	least := int64(never)
	if c == nil {
		return least
	}
	for by, t := range c.tracks {
		if counts(by) {
			least = min(least, t.covered(index))
		}
	}
	return least
}

// ownerBy is the earliest time at which the owner signed a checkpoint that
// holds leaf index.
func (c *clock) ownerBy(index uint64) int64 {
	if c == nil {
		return never
	}
	if i := after(c.sizes, index); i < len(c.minOwner) {
		return c.minOwner[i]
	}
	return never
}

// ownerAt is the latest time at which the owner signed a checkpoint of at most
// size leaves, or unknown.
func (c *clock) ownerAt(size uint64) int64 {
	if c == nil {
		return unknown
	}
	if i := after(c.sizes, size); i > 0 {
		return c.maxOwner[i-1]
	}
	return unknown
}

// cosigners are the nodes that cosigned anything of this log, in order.
func (c *clock) cosigners() []string {
	if c == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(c.tracks))
}
