package roll

import (
	"maps"
	"slices"
	"time"
)

// minimum of days before rates are judged at all.
const minDays = 7

// norm is what is usual of one measure.
type norm struct {
	rate      float64            // a voter and day
	weekday   [7]float64         // factor of the day of the week
	precincts map[string]float64 // factor of the precinct
	spread    float64            // dispersion of a precinct's day
	county    float64            // dispersion of the county's day
	most      int                // of the county's days
	shares    map[string]float64 // of parties and ages
	unequal   float64            // dispersion of these
}

// baseline is what is usual of a roll.
type baseline struct {
	days     int
	exposure float64 // voters and days
	norms    map[string]norm
}

// learn takes what is usual from days before. What an alarm was about is left out.
func learn(history []Day) baseline {
	g := gridOf(history)
	b := baseline{days: len(history), norms: make(map[string]norm)}
	for _, d := range history {
		b.exposure += float64(d.Voters)
	}
	for m, counts := range g.counts {
		b.norms[m] = g.learn(history, m, counts)
	}
	return b
}

// of is what is usual of a measure; of one never seen, half a time in all days.
func (b baseline) of(measure string) norm {
	if n, ok := b.norms[measure]; ok {
		return n
	}
	n := norm{rate: 0.5 / max(b.exposure, 1), spread: 1, county: 1}
	for i := range n.weekday {
		n.weekday[i] = 1
	}
	return n
}

// grid is days and precincts without names: cell i is day i/len(precincts) of
// precinct i%len(precincts).
type grid struct {
	precincts []string
	weekdays  []int
	voters    []float64
	counts    map[string][]float64 // by measure
}

func gridOf(history []Day) grid {
	at := make(map[string]int)
	for _, d := range history {
		for p := range d.Precincts {
			at[p] = 0
		}
	}
	g := grid{precincts: slices.Sorted(maps.Keys(at)), counts: make(map[string][]float64)}
	for i, p := range g.precincts {
		at[p] = i
	}
	g.voters = make([]float64, len(history)*len(at))
	for i, d := range history {
		g.weekdays = append(g.weekdays, weekday(d.Day))
		for p, c := range d.Precincts {
			place := i*len(at) + at[p]
			g.voters[place] = float64(c.Voters)
			for m, n := range c.Counts {
				if g.counts[m] == nil {
					g.counts[m] = make([]float64, len(g.voters))
				}
				g.counts[m][place] = float64(n)
			}
		}
	}
	return g
}

// usual are the voters of each cell of a measure; none where an alarm was about it.
func (g grid) usual(history []Day, measure string, counts []float64) (voters []float64) {
	voters = slices.Clone(g.voters)
	for i, d := range history {
		row := voters[i*len(g.precincts):][:len(g.precincts)]
		for _, a := range d.Alarms {
			if a.Measure != measure {
				continue
			}
			for p := range row {
				if a.Precinct == "" || a.Precinct == g.precincts[p] {
					row[p], counts[i*len(row)+p] = 0, 0
				}
			}
		}
	}
	return voters
}

func weekday(day string) int {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0
	}
	return int(t.Weekday())
}

// Weight of what is believed of a day of the week or a precinct before it was
// seen, in events: the factor of one of which little is known is near 1.
const weight = 8

func (g grid) learn(history []Day, measure string, counts []float64) norm {
	voters, width := g.usual(history, measure, counts), len(g.precincts)
	var n norm
	var count, all float64
	var dayCount, dayVoters [7]float64
	for i, v := range voters {
		w := g.weekdays[i/width]
		count, all = count+counts[i], all+v
		dayCount[w] += counts[i]
		dayVoters[w] += v
	}
	n.rate = (count + 0.5) / max(all, 1)
	for i := range n.weekday {
		n.weekday[i] = (dayCount[i] + weight) / (dayVoters[i]*n.rate + weight)
	}
	seen, means := make([]float64, width), make([]float64, width)
	mean := make([]float64, len(voters))
	for i, v := range voters {
		mean[i] = v * n.rate * n.weekday[g.weekdays[i/width]]
		seen[i%width] += counts[i]
		means[i%width] += mean[i]
	}
	n.precincts = make(map[string]float64, width)
	for p, name := range g.precincts {
		n.precincts[name] = (seen[p] + weight) / (means[p] + weight)
		for i := p; i < len(mean); i += width {
			mean[i] *= n.precincts[name]
		}
	}
	n.disperse(counts, mean, width)
	n.share(history, measure)
	return n
}

// disperse measures how far days go from what is usual, by moments.
func (n *norm) disperse(counts, mean []float64, width int) {
	var over, square float64
	all, usual := make([]float64, len(mean)/width), make([]float64, len(mean)/width)
	for i, m := range mean {
		over += (counts[i]-m)*(counts[i]-m) - m
		square += m * m
		all[i/width] += counts[i]
		usual[i/width] += m
	}
	n.spread = dispersion(over, square)
	over, square = 0, 0
	for i := range all {
		over += (all[i]-usual[i])*(all[i]-usual[i]) - usual[i]
		square += usual[i] * usual[i]
		n.most = max(n.most, int(all[i]))
	}
	n.county = dispersion(over, square)
}

// dispersion is that of a negative binomial, half of what the moments say: a few
// weeks show too little of what can happen.
func dispersion(over, square float64) float64 {
	if square == 0 {
		return 1
	}
	return min(max(square/max(over, square*1e-4)/2, 0.25), 1e4)
}

// share learns which parties and ages the changes are of.
func (n *norm) share(history []Day, measure string) {
	n.shares = make(map[string]float64)
	var all float64
	for _, d := range history {
		for g, c := range d.Groups[measure] {
			n.shares[g] += float64(c)
		}
		all += float64(d.Total(measure))
	}
	for g := range n.shares {
		n.shares[g] = (n.shares[g] + 0.5) / (all + 1)
	}
	var over, square float64
	names := slices.Sorted(maps.Keys(n.shares)) // in one order, or the last digits would differ
	for _, d := range history {
		total := float64(d.Total(measure))
		for _, g := range names {
			mean, c := total*n.shares[g], float64(d.Groups[measure][g])
			over += (c-mean)*(c-mean) - mean
			square += mean * mean
		}
	}
	n.unequal = dispersion(over, square)
}
