package roll

import (
	"cmp"
	"encoding/hex"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kinds of alarm.
const (
	Burst         = "burst"         // more of one measure in a precinct than is usual
	Mass          = "mass"          // the same of all precincts together
	Concentration = "concentration" // of one party or age, more than is usual of this measure
	OneName       = "one-name"      // of one surname
	SharedPlace   = "shared-place"  // one address or phone that many voters came to have
	Returned      = "returned"      // removed, and there again
	RunOfIDs      = "run-of-ids"    // ids in a row
	QuietPeriod   = "quiet-period"  // removed close to an election, for a reason that is not allowed then
	Canary        = "canary"        // a planted voter, who must never change
)

// Kinds are all kinds of alarm.
func Kinds() []string {
	return []string{Burst, Mass, Concentration, OneName, SharedPlace, Returned, RunOfIDs, QuietPeriod, Canary}
}

// An Alarm is something to look at. It says what was counted and what is usual,
// never who did it.
type Alarm struct {
	Kind     string  `json:"kind"`
	Precinct string  `json:"precinct,omitempty"` // "" for the county
	Measure  string  `json:"measure,omitempty"`
	Group    string  `json:"group,omitempty"` // party, age, surname, field or voter
	Count    int     `json:"count"`
	Usual    float64 `json:"usual,omitempty"`  // on such a day
	Chance   float64 `json:"chance,omitempty"` // of so many or more on a usual day; 0 where it is not judged by rates
}

// Watch is what alarms are judged by.
type Watch struct {
	Canaries []string  // ids of planted voters, parts set apart by Part
	Election time.Time // zero for none: removals in the ninety days before it are judged
	Allowed  []string  // reasons of removal that are allowed then
	Shared   int       // voters who come to one address or phone within thirty days; 0 for ten
}

// Of a county-month, so many false alarms are borne by rates.
const borne = 0.1

// Least counts that an alarm is made of.
const (
	leastCount    = 10
	leastNoReason = 3
	leastGroup    = 20
	leastName     = 15
	leastRun      = 10
	leastReturned = 5
	clump         = 4 // people of one house have one name
	quiet         = 90 * 24 * time.Hour
	memory        = 30 // days
)

// Judge counts a day's changes and says what is unusual in them, by the days before,
// oldest first. Rates are judged from seven days on, all else from the first.
func (c *Comparison) Judge(o Office, w Watch, history []Day) Day {
	d := c.Count()
	k := newKeyed(o.Key, o.Jurisdiction)
	d.remember(c, k)
	j := judge{Comparison: c, day: d, watch: w, history: history, usual: learn(history)}
	if len(history) >= minDays {
		j.rates()
		j.groups()
	}
	j.noReason()
	j.names()
	j.places(c.arrivals(k))
	j.returned(k)
	j.runs()
	j.quietPeriod()
	j.canaries()
	slices.SortStableFunc(j.found, func(a, b Alarm) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Precinct, b.Precinct), strings.Compare(a.Measure, b.Measure), strings.Compare(a.Group, b.Group), cmp.Compare(b.Count, a.Count))
	})
	d.Alarms = j.found
	return d
}

type judge struct {
	*Comparison
	day     Day
	watch   Watch
	history []Day
	usual   baseline
	found   []Alarm
}

func (j *judge) alarm(a Alarm) {
	if a.Usual > 0 {
		a.Usual, a.Chance = math.Round(a.Usual*100)/100, max(a.Chance, 1e-30) // what is smaller means no more
	}
	j.found = append(j.found, a)
}

// rates judges every count of the day.
func (j *judge) rates() {
	names := make(map[string]bool)
	for _, p := range j.day.Precincts {
		for m := range p.Counts {
			names[m] = true
		}
	}
	tests := 30 * float64(max(len(names), 1))
	w := weekday(j.day.Day)
	for _, m := range slices.Sorted(maps.Keys(names)) {
		n := j.usual.of(m)
		total, usual := j.day.Total(m), float64(j.day.Voters)*n.rate*n.weekday[w]
		if p := tail(total, usual, n.county); p < borne/2/tests && total >= leastCount && float64(total) > 1.3*float64(n.most) {
			j.alarm(Alarm{Kind: Mass, Measure: m, Count: total, Usual: usual, Chance: p})
		}
		for _, name := range slices.Sorted(maps.Keys(j.day.Precincts)) {
			p := j.day.Precincts[name]
			count := p.Counts[m]
			if count < leastCount {
				continue
			}
			factor, known := n.precincts[name]
			if !known {
				factor = 1
			}
			mean := float64(p.Voters) * n.rate * n.weekday[w] * factor
			// On a day on which much happens everywhere, a precinct's share of it is usual.
			if rest := usual - mean; rest > 0 {
				mean *= max(1, float64(total-count)/rest)
			}
			if chance := tail(count, mean, n.spread); chance < borne/2/tests/float64(len(j.day.Precincts)) {
				j.alarm(Alarm{Kind: Burst, Precinct: name, Measure: m, Count: count, Usual: mean, Chance: chance})
			}
		}
	}
}

// groups judges of which parties and ages a day's changes are.
func (j *judge) groups() {
	var tests float64
	for _, g := range j.day.Groups {
		tests += 30 * float64(len(g))
	}
	for _, m := range slices.Sorted(maps.Keys(j.day.Groups)) {
		n, total := j.usual.of(m), float64(j.day.Total(m))
		for _, g := range slices.Sorted(maps.Keys(j.day.Groups[m])) {
			count, usual := j.day.Groups[m][g], total*n.shares[g]
			if count < leastGroup || float64(count) < 2*usual || len(n.shares) == 0 {
				continue
			}
			if p := tail(count, usual, n.unequal); p < borne/tests {
				j.alarm(Alarm{Kind: Concentration, Measure: m, Group: g, Count: count, Usual: usual, Chance: p})
			}
		}
	}
}

// noReason judges removals that no reason stands behind, from the first on: of
// rolls where that is usual, rates say it.
func (j *judge) noReason() {
	n := j.day.Total(noReason)
	if j.New.columns.field(Reason) < 0 || n < leastNoReason || slices.ContainsFunc(j.found, func(a Alarm) bool { return a.Measure == noReason }) {
		return
	}
	var before, removed int
	for _, d := range j.history {
		before, removed = before+d.Total(noReason), removed+d.Total(Removed)
	}
	if 20*before <= removed { // it is not usual here
		j.alarm(Alarm{Kind: Burst, Measure: noReason, Count: n})
	}
}

// names judges whether the changes are of one surname.
func (j *judge) names() {
	at, count := j.New.columns.field(Surname), make(map[string]int)
	if at < 0 {
		return
	}
	for _, ch := range j.Changes {
		count[ch.values()[at]]++
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		n := count[name]
		if n < leastName || name == "" {
			continue
		}
		usual := float64(len(j.Changes)) * float64(j.New.Crowd.Surnames[name]+1) / float64(max(j.New.Voters, 1))
		if p := tail(n/clump, usual/clump, 1e4); p < 1e-7 {
			j.alarm(Alarm{Kind: OneName, Group: name, Count: n, Usual: usual, Chance: p})
		}
	}
}

// arrival is a field and a keyed value of it.
type arrival struct{ field, place string }

// arrivals counts, by field and keyed value, the voters who came to have it today.
func (c *Comparison) arrivals(k *keyed) map[arrival]int {
	out := make(map[arrival]int)
	for _, name := range []string{Address, Mail, Phone} {
		f := c.New.columns.field(name)
		if f < 0 {
			continue
		}
		for _, ch := range c.Changes {
			if ch.New == nil || ch.New[f] == "" || ch.Old != nil && ch.Old[f] == ch.New[f] {
				continue
			}
			out[arrival{name, hex.EncodeToString(k.of(k.mark, []byte(name+"\n"+ch.New[f]))[:12])}]++
		}
	}
	return out
}

// remember keeps of a day what later days are judged by.
func (d *Day) remember(c *Comparison, k *keyed) {
	d.Arrivals, d.Gone = make(map[string]int), []string{}
	for a, n := range c.arrivals(k) {
		if n > 1 {
			d.Arrivals[a.place] = n
		}
	}
	for _, ch := range c.Changes {
		if ch.Kind == Removed {
			d.Gone = append(d.Gone, k.who(c.New.columns, ch.Voter, ch.Old)...)
		}
	}
	slices.Sort(d.Gone)
}

// who are digests by which a voter who was removed is known again: of the id, and
// of name and birth.
func (k *keyed) who(c Columns, voter string, values []string) []string {
	digest := func(s string) string { return hex.EncodeToString(k.of(k.mark, []byte(s))[:12]) }
	out := []string{digest("voter\n" + voter)}
	if s, g, b := at(values, c.field(Surname)), at(values, c.field(Given)), at(values, c.field(Birth)); len(b) > 4 && s != "" && g != "" {
		out = append(out, digest("person\n"+s+"\n"+g+"\n"+b)) // a year alone would take namesakes for one
	}
	return out
}

func (j *judge) places(today map[arrival]int) {
	least := cmp.Or(j.watch.Shared, leastCount)
	recent := j.history[max(0, len(j.history)-memory):]
	for a, n := range today {
		all := n
		for _, d := range recent {
			all += d.Arrivals[a.place]
		}
		if all >= least && n > 1 {
			j.alarm(Alarm{Kind: SharedPlace, Group: a.field, Count: all})
		}
	}
}

// returned finds those who were removed and are there again.
func (j *judge) returned(k *keyed) {
	gone := make(map[string]bool)
	for _, d := range append(slices.Clone(j.history[max(0, len(j.history)-memory):]), j.day) {
		for _, id := range d.Gone {
			gone[id] = true
		}
	}
	n := 0
	for _, ch := range j.Changes {
		if ch.Kind == Added && slices.ContainsFunc(k.who(j.New.columns, ch.Voter, ch.New), func(id string) bool { return gone[id] }) {
			n++
		}
	}
	if n >= leastReturned {
		j.alarm(Alarm{Kind: Returned, Measure: Added, Count: n})
	}
}

// runs finds the longest run of ids in a row among those changed or removed.
func (j *judge) runs() {
	var all []uint64
	for _, ch := range j.Changes {
		last := ch.Voter[strings.LastIndex(ch.Voter, Part)+1:]
		if n, err := strconv.ParseUint(strings.TrimLeft(last, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 10, 64); err == nil && ch.Kind != Added {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	run, most := 1, 0
	for i := 1; i < len(all); i++ {
		if run++; all[i] != all[i-1]+1 {
			run = 1
		}
		most = max(most, run)
	}
	if most >= leastRun {
		j.alarm(Alarm{Kind: RunOfIDs, Count: most})
	}
}

func (j *judge) quietPeriod() {
	day, err := time.Parse(time.DateOnly, j.day.Day)
	before := j.watch.Election.Sub(day)
	if err != nil || j.watch.Election.IsZero() || before < 0 || before > quiet || len(j.watch.Allowed) == 0 {
		return
	}
	n := j.day.Total(Removed)
	for _, r := range j.watch.Allowed {
		n -= j.day.Total(removedReason + r)
	}
	if n >= leastCount {
		j.alarm(Alarm{Kind: QuietPeriod, Measure: Removed, Count: n})
	}
}

func (j *judge) canaries() {
	for _, ch := range j.Changes {
		if slices.Contains(j.watch.Canaries, ch.Voter) {
			j.alarm(Alarm{Kind: Canary, Measure: ch.Kind, Group: ch.Voter, Count: 1})
		}
	}
}
