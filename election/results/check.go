package results

import (
	"slices"
	"strings"
)

// Profile is what is known of a jurisdiction's honest results. Learn makes one.
type Profile struct {
	// SameDay: voters register on election day, so that ballots may exceed the list.
	SameDay bool `json:"same_day"`
	// Tolerance is by how much units' sums may differ from the whole's, in votes.
	Tolerance int64 `json:"tolerance"`
	// Tables is how many publications the balances were learned from.
	Tables int `json:"tables"`
	// Residual is the largest difference of a balance (I4) seen, in votes, and
	// Share the largest share of balances that differ, in thousandths.
	Residual int64 `json:"residual"`
	Share    int64 `json:"share"`
	// Undervote is the largest share of ballots without a vote in the first contest, in thousandths.
	Undervote int64 `json:"undervote"`
}

// Check tests everything that one publication can be tested for.
func Check(t *Table, p Profile) Report {
	var r Report
	checkRange(t, &r)
	checkTypes(t, &r)
	checkUnits(t, p, &r)
	checkRegistered(t, p, &r)
	checkBalance(t, p, &r)
	checkUndervote(t, p, &r)
	checkTurnout(t, &r)
	return r
}

func checkRange(t *Table, r *Report) {
	tally := Tally{Rule: "range", Tests: "counts are at least zero and possible"}
	f := newFinding("range", "range", Hard, "")
	for _, c := range t.Cells {
		if c.Count >= 0 && c.Count <= HugeCount {
			tally.Held++
			continue
		}
		tally.Broken++
		f.cells(c)
	}
	r.Tallies = append(r.Tallies, tally)
	if f.Total > 0 {
		f.Says = sprint("%d of %d numbers are below zero or above %d", f.Total, len(t.Cells), HugeCount)
		r.find(f)
	}
}

// checkTypes (I1): a total is the sum of its vote types, and a vote type the
// sum of its units. Clarity computes both: there it is hard.
func checkTypes(t *Table, r *Report) {
	tally := Tally{Rule: "I1", Tests: "totals are the sums of vote types, vote types of units"}
	grade := Medium
	if clarityMade(t) {
		grade = Hard
	}
	for lo := 0; lo < len(t.Cells); {
		hi := lo + 1
		for ; hi < len(t.Cells) && sameBut(t.Cells[lo].Key, t.Cells[hi].Key); hi++ {
		}
		byType := map[string][]Cell{} // by choice
		for _, c := range t.Cells[lo:hi] {
			if c.Type != Total && !strings.Contains(c.Type, "/") {
				byType[c.Choice] = append(byType[c.Choice], c)
			}
		}
		for _, total := range t.Cells[lo:hi] {
			parts := byType[total.Choice]
			if total.Type != Total || total.What != Votes || total.Choice == "" || len(parts) == 0 {
				continue
			}
			sum := add(parts)
			if sum == total.Count {
				tally.Held++
				continue
			}
			tally.Broken++
			f := newFinding("I1", "type-sum", grade, "%s: the total is %d, its vote types add up to %d", t.show(total.Key), total.Count, sum)
			f.Contest, f.Unit = total.Contest, total.Unit
			f.cells(append([]Cell{total}, parts...)...)
			r.find(f)
		}
		lo = hi
	}
	unitSums(t, func(c Cell) bool { return c.Type != Total }, func(whole Cell, sum int64, parts []Cell) {
		if whole.Count == sum {
			tally.Held++
			return
		}
		tally.Broken++
		f := newFinding("I1", "type-sum", grade, "%s: %d, its units add up to %d", t.show(whole.Key), whole.Count, sum)
		f.Contest, f.Unit = whole.Contest, whole.Unit
		f.cells(append([]Cell{whole}, parts...)...)
		r.find(f)
	})
	r.Tallies = append(r.Tallies, tally)
}

func clarityMade(t *Table) bool {
	return !slices.ContainsFunc(t.Sources, func(s Source) bool { return !strings.HasPrefix(s.Format, "Clarity detail") })
}

// sameBut: cells of one contest, unit and thing counted stand together.
func sameBut(a, b Key) bool {
	return a.Contest == b.Contest && a.Unit == b.Unit && a.Level == b.Level && a.What == b.What
}

// checkUnits (I2): precincts add up to the ward, wards to the whole. Hard once certified.
func checkUnits(t *Table, p Profile, r *Report) {
	tally := Tally{Rule: "I2", Tests: "units add up to what they are in"}
	unitSums(t, func(c Cell) bool { return c.Type == Total && c.Contest != "" }, func(whole Cell, sum int64, parts []Cell) {
		off := abs(whole.Count - sum)
		if off == 0 {
			tally.Held++
			return
		}
		tally.Broken++
		g := Medium
		switch {
		case t.Final && off > p.Tolerance:
			g = Hard
		case off <= p.Tolerance:
			g = Notice
		}
		f := newFinding("I2", "unit-sum", g, "%s: %d, its %d units add up to %d", t.show(whole.Key), whole.Count, len(parts), sum)
		f.Contest, f.Unit = whole.Contest, whole.Unit
		f.cells(append([]Cell{whole}, parts...)...)
		r.find(f)
	})
	r.Tallies = append(r.Tallies, tally)
}

// summed are the things that add up over units.
func summed(what string) bool { return what == Votes || what == Over || what == Under || what == Blank }

// unitSums compares each cell that is wanted with the sum over the units
// inside its own: those of the least depth at which the contest is published. Units of
// several levels there (precincts and districts) each may be the parts.
func unitSums(t *Table, want func(Cell) bool, seen func(whole Cell, sum int64, parts []Cell)) {
	type line struct{ contest, what, typ, choice string }
	groups := map[line][]Cell{}
	var order []line
	units := map[string]map[string]bool{} // contest to units published
	for _, c := range t.Cells {
		if !want(c) || !summed(c.What) || c.Contest == "" {
			continue
		}
		l := line{c.Contest, c.What, c.Type, c.Choice}
		if _, ok := groups[l]; !ok {
			order = append(order, l)
		}
		groups[l] = append(groups[l], c)
		if units[c.Contest] == nil {
			units[c.Contest] = map[string]bool{}
		}
		units[c.Contest][c.Unit] = true
	}
	for _, l := range order {
		if all := groups[l]; len(all) > 1 {
			sumsOf(all, units[l.contest], seen)
		}
	}
}

func sumsOf(all []Cell, published map[string]bool, seen func(whole Cell, sum int64, parts []Cell)) {
	byDepth := map[int][]Cell{}
	deepest := 0
	for _, c := range all {
		d := depth(c.Unit)
		byDepth[d] = append(byDepth[d], c)
		deepest = max(deepest, d)
	}
	depths := map[int]bool{}
	for u := range published {
		depths[depth(u)] = true
	}
	for d := range deepest {
		below := d + 1
		for below < deepest && !depths[below] {
			below++
		}
		parts := map[string][]Cell{} // by the unit around, at this depth
		for _, c := range byDepth[below] {
			parts[ancestor(c.Unit, d)] = append(parts[ancestor(c.Unit, d)], c)
		}
		for _, whole := range byDepth[d] {
			if inside := parts[whole.Unit]; len(inside) > 0 {
				sum, used := bestSum(whole.Count, inside)
				seen(whole, sum, used)
			}
		}
	}
}

func ancestor(unit string, depth int) string {
	if depth == 0 {
		return ""
	}
	parts := strings.SplitN(unit, " / ", depth+1)
	return strings.Join(parts[:min(depth, len(parts))], " / ")
}

// bestSum is over all parts, or over those of one level if only these give the whole.
func bestSum(whole int64, parts []Cell) (int64, []Cell) {
	var all int64
	levels := map[string]int64{}
	for _, c := range parts {
		all += c.Count
		levels[c.Level] += c.Count
	}
	if all == whole || len(levels) == 1 {
		return all, parts
	}
	for level, sum := range levels {
		if sum == whole {
			return sum, slices.DeleteFunc(slices.Clone(parts), func(c Cell) bool { return c.Level != level })
		}
	}
	return all, parts
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

func add(all []Cell) (sum int64) {
	for _, c := range all {
		sum += c.Count
	}
	return sum
}
