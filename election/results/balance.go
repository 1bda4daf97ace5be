package results

import (
	"fmt"
	"slices"
	"strings"
)

func sprint(format string, a ...any) string { return fmt.Sprintf(format, a...) }

// show is a key with the names as published.
func (t *Table) show(k Key) string {
	k.Contest, k.Choice = t.Name(k.Contest), t.Name(k.Choice)
	parts := strings.Split(k.Unit, " / ")
	for i := range parts {
		parts[i] = t.Name(parts[i])
	}
	k.Unit = strings.Join(parts, " / ")
	return k.String()
}

// checkRegistered (I3): ballots do not exceed registered voters.
func checkRegistered(t *Table, p Profile, r *Report) {
	tally := Tally{Rule: "I3", Tests: "ballots do not exceed registered voters"}
	missing := newFinding("I3", "registered-missing", Notice, "")
	for _, c := range t.Cells {
		if c.What != Ballots || c.Choice != "" {
			continue
		}
		k := c.Key
		k.What = Registered
		reg, ok := t.Find(k)
		if !ok {
			continue
		}
		switch {
		case c.Count <= reg.Count:
			tally.Held++
		case reg.Count == 0:
			missing.cells(c)
		default:
			tally.Broken++
			g := Hard
			if p.SameDay {
				g = Notice
			}
			f := newFinding("I3", "ballots-exceed-registered", g, "%s: %d ballots, %d registered voters", t.where(c.Key), c.Count, reg.Count)
			f.Contest, f.Unit = c.Contest, c.Unit
			f.cells(c, reg)
			r.find(f)
		}
	}
	r.Tallies = append(r.Tallies, tally)
	if missing.Total > 0 {
		missing.Says = sprint("%d units with ballots have no registered voters", missing.Total)
		r.find(missing)
	}
}

func (t *Table) where(k Key) string {
	s := t.show(Key{Contest: k.Contest, Unit: k.Unit, What: "-", Type: Total})
	return strings.TrimPrefix(s, "-, ")
}

// balance is one contest in one unit: votes + under + K*over against K*ballots.
type balance struct {
	contest, unit, level                 string
	votes, under, over, ballots, choices int64
	hasUnder, hasBallots                 bool
	cells                                []Cell
}

// balances are all of a table, in its order. Ballots of the contest are
// meant; a precinct's own where the contest has none.
func balances(t *Table) (out []*balance) {
	var b *balance
	for _, c := range t.Cells {
		if c.Contest == "" || c.Type != Total {
			continue
		}
		if b == nil || b.contest != c.Contest || b.unit != c.Unit || b.level != c.Level {
			b = &balance{contest: c.Contest, unit: c.Unit, level: c.Level}
			if n, ok := t.count(Key{Unit: c.Unit, Level: c.Level, Type: Total, What: Ballots}); ok && b.level == "precinct" {
				b.ballots, b.hasBallots = n, true
			}
			out = append(out, b)
		}
		switch c.What {
		case Votes:
			b.votes, b.choices = b.votes+c.Count, b.choices+1
		case Under:
			b.under, b.hasUnder = c.Count, true
		case Over:
			b.over = c.Count
		case Ballots:
			b.ballots, b.hasBallots = c.Count, true
		default:
			continue
		}
		if c.What != Votes {
			b.cells = append(b.cells, c)
		}
	}
	return out
}

// seats is how many votes each ballot has in a contest: as published, or the
// whole number that balances all units best.
func seats(t *Table, all []*balance) map[string]int64 {
	type sums struct{ votes, ballots, over int64 }
	got := map[string]*sums{}
	for _, b := range all {
		if b.hasUnder && b.whole() {
			s := got[b.contest]
			if s == nil {
				s = &sums{}
				got[b.contest] = s
			}
			s.votes, s.ballots, s.over = s.votes+b.votes+b.under, s.ballots+b.ballots, s.over+b.over
		}
	}
	published := map[string]int64{}
	for _, c := range t.Contests {
		published[c.Name] = c.VoteFor
	}
	out := map[string]int64{}
	for name, s := range got {
		out[name] = 1
		if left := s.ballots - s.over; left > 0 {
			out[name] = max(1, (2*s.votes+left)/(2*left))
		}
		if published[name] > 0 {
			out[name] = published[name]
		}
	}
	return out
}

// whole says that ballots and totals are published.
func (b *balance) whole() bool { return b.hasBallots && b.choices > 0 }

func (b *balance) off(k int64) int64 { return b.votes + b.under + k*b.over - k*b.ballots }

// checkBalance (I4): learned for each jurisdiction.
func checkBalance(t *Table, p Profile, r *Report) {
	tally := Tally{Rule: "I4", Tests: "votes, undervotes and overvotes balance the ballots"}
	all := balances(t)
	k := seats(t, all)
	var broken []*balance
	for _, b := range all {
		switch {
		case !b.whole() || !b.hasUnder:
		case b.off(k[b.contest]) == 0:
			tally.Held++
		default:
			tally.Broken++
			broken = append(broken, b)
		}
	}
	r.Tallies = append(r.Tallies, tally)
	if tally.Broken == 0 {
		return
	}
	share := int64(tally.Broken) * 1000 / int64(tally.Broken+tally.Held)
	if p.Tables == 0 {
		f := newFinding("I4", "balance-seen", Notice, "%d of %d balances differ; nothing is learned of this place yet", tally.Broken, tally.Broken+tally.Held)
		for _, b := range broken {
			f.cells(b.cells...)
		}
		r.find(f)
		return
	}
	for _, b := range broken {
		if off := b.off(k[b.contest]); abs(off) > p.Residual {
			f := newFinding("I4", "balance", Learned, "%s: votes, undervotes and overvotes are %+d against the ballots; the most seen in %d earlier publications is %d", t.where(Key{Contest: b.contest, Unit: b.unit}), off, p.Tables, p.Residual)
			f.Contest, f.Unit = b.contest, b.unit
			f.cells(b.cells...)
			r.find(f)
		}
	}
	if share > p.Share {
		r.find(newFinding("I4", "balance", Learned, "%d of %d balances differ, %d in a thousand; the most seen before is %d", tally.Broken, tally.Broken+tally.Held, share, p.Share))
	}
}

// Learn makes a profile from publications that are known to be honest.
func Learn(p Profile, tables ...*Table) Profile {
	for _, t := range tables {
		all := balances(t)
		k := seats(t, all)
		var broken, tested int64
		for _, b := range all {
			if !b.whole() || !b.hasUnder {
				continue
			}
			tested++
			if off := abs(b.off(k[b.contest])); off > 0 {
				broken++
				p.Residual = max(p.Residual, off)
			}
		}
		if tested > 0 {
			p.Share = max(p.Share, broken*1000/tested)
		}
		if s, ok := firstUndervote(t); ok {
			p.Undervote = max(p.Undervote, s.share())
		}
		unitSums(t, func(c Cell) bool { return c.Type == Total }, func(whole Cell, sum int64, _ []Cell) {
			p.Tolerance = max(p.Tolerance, abs(whole.Count-sum))
		})
		p.Tables++
	}
	return p
}

// undervote of a contest over all its units.
type undervote struct {
	contest        string
	ballots, empty int64
	units          map[string]bool
}

func (u undervote) share() int64 {
	if u.ballots <= 0 {
		return 0
	}
	return max(0, u.empty) * 1000 / u.ballots
}

// firstUndervote is that of the first contest on every ballot, the straight
// party vote aside: voters hardly ever leave it.
func firstUndervote(t *Table) (undervote, bool) {
	seen := map[string]*undervote{}
	all := balances(t)
	k := seats(t, all)
	units := map[string]bool{}
	for _, b := range all {
		if !b.whole() || b.ballots == 0 {
			continue
		}
		units[b.unit] = true
		u := seen[b.contest]
		if u == nil {
			u = &undervote{contest: b.contest, units: map[string]bool{}}
			seen[b.contest] = u
		}
		n := max(1, k[b.contest])
		u.units[b.unit] = true
		u.ballots += n * b.ballots
		if b.hasUnder {
			u.empty += b.under
		} else {
			u.empty += n*b.ballots - b.votes
		}
	}
	for _, c := range t.Contests {
		u := seen[c.Name]
		straight := strings.HasPrefix(c.Name, "straight party") || strings.HasPrefix(c.Name, "straight ticket")
		if u != nil && !straight && len(u.units)*10 >= len(units)*9 && (c.VoteFor <= 1 && k[c.Name] <= 1) {
			return *u, true
		}
	}
	return undervote{}, false
}

// spike is the share of empty ballots, in thousandths, that no first contest of an
// honest election here is known to have.
const spike = 100

func checkUndervote(t *Table, p Profile, r *Report) {
	tally := Tally{Rule: "undervote", Tests: "few ballots are without a vote in the first contest"}
	u, ok := firstUndervote(t)
	if ok {
		if limit := max(spike, 2*p.Undervote); u.share() > limit {
			tally.Broken++
			f := newFinding("undervote", "undervote-spike", Medium, "%s: %d.%d%% of %d ballots are without a vote", t.Name(u.contest), u.share()/10, u.share()%10, u.ballots)
			f.Contest = u.contest
			for _, c := range t.Cells {
				if c.Contest == "" && c.What == Ballots && u.units[c.Unit] || c.Contest == u.contest && (c.What == Under || c.What == Ballots) {
					f.cells(c)
				}
			}
			r.find(f)
		} else {
			tally.Held++
		}
	}
	r.Tallies = append(r.Tallies, tally)
}

// checkTurnout (I6): registered voters and ballots of the whole are the sums of the units'.
func checkTurnout(t *Table, r *Report) {
	tally := Tally{Rule: "I6", Tests: "turnout of the whole is the sum of the units'"}
	for _, what := range []string{Registered, Ballots} {
		whole, ok := t.Find(Key{Level: Whole, Type: Total, What: what})
		if !ok {
			continue
		}
		var parts []Cell
		for _, c := range t.Cells {
			if c.Contest == "" && c.What == what && c.Type == Total && c.Choice == "" && depth(c.Unit) == 1 {
				parts = append(parts, c)
			}
		}
		if len(parts) == 0 {
			continue
		}
		sum, used := bestSum(whole.Count, parts)
		if sum == whole.Count {
			tally.Held++
			continue
		}
		tally.Broken++
		f := newFinding("I6", "turnout-sum", Notice, "%s: %d, its units add up to %d", t.show(whole.Key), whole.Count, sum)
		f.cells(slices.Insert(slices.Clone(used), 0, whole)...)
		r.find(f)
	}
	r.Tallies = append(r.Tallies, tally)
}
