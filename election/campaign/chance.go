package campaign

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
)

// stream is a reproducible source of numbers: splitmix64 (Steele, Lea and Flood,
// OOPSLA 2014) from the first bytes of a digest of the seed.
type stream uint64

func newStream(seed string, posts [32]byte) *stream {
	sum := sha256.Sum256(append([]byte("entente/campaign/v1\x00"+seed+"\x00"), posts[:]...))
	s := stream(binary.BigEndian.Uint64(sum[:]))
	return &s
}

func (s *stream) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below is a number in [0, n), n > 0, without bias (Lemire, 2019).
func (s *stream) below(n uint64) uint64 {
	for {
		hi, lo := bits.Mul64(s.next(), n)
		if lo >= n || lo >= -n%n {
			return hi
		}
	}
}

// acts counts for each account with how many of its posts it acted together with
// another. A post does if its nearest neighbour of another account, before or
// behind, is near enough: that is enough to know, and linear.
func (r *table) acts(p Params) []int32 {
	out := make([]int32, len(r.accounts))
	seen := make([]bool, len(r.posts))
	mark := func(i int32) {
		if !seen[i] {
			seen[i] = true
			out[r.account[i]]++
		}
	}
	n := len(r.order)
	r.sweep(p, func(i int) int32 { return r.order[i] }, mark)
	r.sweep(p, func(i int) int32 { return r.order[n-1-i] }, mark)
	return out
}

// sweep goes through the posts of each object one way and marks those that act
// together with one that it has passed.
func (r *table) sweep(p Params, at func(int) int32, mark func(int32)) {
	var near, far int32 = -1, -1 // the last that was passed, and the last of another account than that
	object := int32(-1)
	for i := range r.order {
		one := at(i)
		if r.object[one] != object {
			near, far, object = -1, -1, r.object[one]
		}
		if !r.counts(one, p) {
			continue
		}
		other := near
		if near >= 0 && r.account[near] == r.account[one] {
			other = far
		}
		if other >= 0 && max(r.posts[other].At-r.posts[one].At, r.posts[one].At-r.posts[other].At) <= p.Window {
			mark(one)
		}
		if near >= 0 && r.account[near] != r.account[one] {
			far = near
		}
		near = one
	}
}

// shuffle gives each post what another post of the same hour carries.
func (r *table) shuffle(s *stream, byTime []int32) {
	for i := 0; i < len(byTime); {
		j := i
		for j < len(byTime) && r.posts[byTime[j]].At/3600 == r.posts[byTime[i]].At/3600 {
			j++
		}
		for k := j - 1; k > i; k-- {
			to := i + int(s.below(uint64(k-i+1)))
			a, b := byTime[k], byTime[to]
			r.object[a], r.object[b] = r.object[b], r.object[a]
		}
		i = j
	}
	r.sort(byTime)
}

// sort orders posts by object and, since they come by time, by time: it counts.
func (r *table) sort(byTime []int32) {
	starts := make([]int32, r.objects+1)
	for _, o := range r.object {
		starts[o+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	for _, at := range byTime {
		o := r.object[at]
		r.order[starts[o]] = at
		starts[o]++
	}
}

// chances are the p-value of each account: how often shuffled posts act together as
// often as its own do. Ties are broken by chance, so that under the null it is uniform
// and not merely conservative. expected is the mean number of acts in the shuffles.
func (r *table) chances(p Params, own []int32, s *stream, m *meter) (values, expected []float64, err error) {
	values, expected = make([]float64, len(own)), make([]float64, len(own))
	more, equal, sums := make([]int64, len(own)), make([]int64, len(own)), make([]int64, len(own))
	byTime := make([]int32, len(r.posts))
	for i := range byTime {
		byTime[i] = int32(i)
	}
	slices.SortFunc(byTime, func(a, b int32) int {
		return cmp.Or(cmp.Compare(r.posts[a].At, r.posts[b].At), cmp.Compare(a, b))
	})
	for range p.Rounds {
		if err := m.ask(); err != nil {
			return nil, nil, err
		}
		r.shuffle(s, byTime)
		for i, n := range r.acts(p) {
			sums[i] += int64(n)
			switch {
			case n > own[i]:
				more[i]++
			case n == own[i]:
				equal[i]++
			}
		}
	}
	for i := range own {
		u := float64(s.next()>>11) / (1 << 53)
		values[i] = float64(float64(more[i])+float64(u*float64(equal[i]+1))) / float64(p.Rounds+1)
		expected[i] = float64(sums[i]) / float64(max(p.Rounds, 1))
	}
	return values, expected, nil
}

// named are the accounts that may be named so that at most a share of them is
// named falsely: Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995).
func named(values []float64, tested []int, percent int) []int {
	order := slices.Clone(tested)
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(values[a], values[b]), cmp.Compare(a, b)) })
	last := 0
	for i, at := range order {
		if values[at]*float64(len(order))*100 <= float64(percent)*float64(i+1) {
			last = i + 1
		}
	}
	out := order[:last]
	slices.Sort(out)
	return out
}
