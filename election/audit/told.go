package audit

import "slices"

// How much of what one party says of one audit counts. A party that says more says
// it to make others work; no audit has so many contests, boards and rounds.
const (
	maxSeals = 2000 // of manifests, records and contests
	maxTaken = 64   // steps, of four that a party can take
	// MaxSheets is how many readings that were sealed count, and as many that are shown.
	MaxSheets = 64
)

// told is what of a log counts, in order.
func (l Log) told() []Said {
	j := &joining{log: l, heads: map[[2]string][]heard{}}
	j.hear()
	j.read()
	return j.said
}

// read takes of a log what was said to all, and not more of one party than counts.
func (j *joining) read() {
	count := make(map[[2]string]int)
	for _, s := range j.log.sorted() {
		if j.hides(s) {
			j.hidden = append(j.hidden, s)
			continue
		}
		what, most := "seals", maxSeals
		switch s.What {
		case "":
			what, most = "steps", maxTaken
		case SealEntries, SaidEntries:
			what, most = s.What, MaxSheets
		}
		key := [2]string{s.Party, what}
		if count[key]++; count[key] <= most {
			j.said = append(j.said, s)
		}
	}
}

// hides says whether something was not said to all who were still there.
func (j *joining) hides(s Said) bool {
	return slices.ContainsFunc(s.Without, func(party string) bool {
		return !slices.ContainsFunc(j.log.Said, func(x Said) bool { return x.What == SaidLeft && x.Party == party && j.before(x, s) })
	})
}
