package campaign

import "slices"

// classing joins texts to classes. The least text of a class is its root.
type classing struct {
	percent  int
	sets     [][]uint64 // shingles of each text
	root     []int32
	compared int
	m        *meter
}

func newClassing(texts, percent int, m *meter) *classing {
	c := &classing{percent: percent, sets: make([][]uint64, texts), root: make([]int32, texts), m: m}
	for i := range c.root {
		c.root[i] = int32(i)
	}
	return c
}

func (c *classing) find(i int32) int32 {
	for c.root[i] != i {
		c.root[i] = c.root[c.root[i]]
		i = c.root[i]
	}
	return i
}

// bucket joins those texts of a bucket, in ascending order, that are near one
// another. A text is held against those of each other class until it is near one:
// those of its own class are not walked, of which there may be many.
func (c *classing) bucket(list []banded) error {
	if len(list) < 2 {
		return nil
	}
	var all [][]int32 // the texts so far by class, in each ascending
	for _, b := range list {
		var own []int32
		joined, rest := 0, all[:0]
		for _, members := range all {
			near, err := c.near(b.text, members)
			if err != nil {
				return err
			}
			if !near {
				rest = append(rest, members)
				continue
			}
			if joined++; joined > 1 {
				if err := c.m.step(len(own) + len(members)); err != nil {
					return err
				}
			}
			own = append(members, own...)
		}
		if joined > 1 {
			slices.Sort(own)
		}
		all = append(rest, append(own, b.text))
	}
	return nil
}

// near says whether a text is of the class of others, or near to one of them: then
// they are one class from now on.
func (c *classing) near(text int32, members []int32) (bool, error) {
	a, b := c.find(text), c.find(members[0])
	if a == b {
		return true, nil
	}
	for _, other := range members {
		if c.compared++; c.compared > maxCompare {
			return false, errCompare
		}
		if err := c.m.step(len(c.sets[text]) + len(c.sets[other])); err != nil {
			return false, err
		}
		if resemble(c.sets[text], c.sets[other], c.percent) {
			c.root[max(a, b)] = min(a, b)
			return true, nil
		}
	}
	return false, nil
}
