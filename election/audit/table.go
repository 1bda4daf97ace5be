package audit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"entente/statement"
)

// What is closed over is the table: who takes part, what was sealed, who
// committed in time to what, and who opened it. It is fixed when more than half
// of the seats have closed over the same one, each by what its own log had before
// it closed. A log only grows, and each seat closes once: so nothing that anybody
// says, shows or withholds later changes a fixed table, and no two are fixed.
// Only then are the public dice thrown.

// lies is the digest of the table as it lies before a party.
func (j *joining) lies() statement.Digest {
	type dice struct {
		Party      string
		Commitment statement.Digest
		Dice       string
		Salt       statement.Digest
	}
	var all []dice
	for _, party := range slices.Sorted(maps.Keys(j.commits)) {
		o := j.opened[party].Step // zero where it did not open
		all = append(all, dice{party, j.commits[party].Step.Digest, o.Dice, o.Salt})
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s", len("entente/audit/table/v1"), "entente/audit/table/v1")
	_ = json.NewEncoder(h).Encode(struct {
		Binding   string
		Parties   []string
		Observers []string
		CommitBy  int64
		OpenBy    int64
		Dice      []dice
	}{j.Binding, append([]string{}, j.Parties...), append([]string{}, j.Observers...), j.CommitBy, j.OpenBy, all}) // a hash takes all
	return statement.Digest(h.Sum(nil))
}

// forks tells of logs that contradict themselves: what they say of others' dice
// does not count, whichever of their two stories is at hand.
func (j *joining) forks() {
	for _, party := range j.log.Forks {
		if j.steps[party] != nil {
			j.fault(Fault{Party: party, Indices: []uint64{}, Code: FaultFork, Says: "its log contradicts itself: what it says of others' dice does not count"})
		}
	}
}

func (j *joining) forked(party string) bool { return slices.Contains(j.log.Forks, party) }

// A vote is a closing that counts, and what its party's log had by then.
type vote struct {
	said Said
	seen *joining // nil while that is not known here: it does not count yet
}

// votes are the closings that count, or may.
func (j *joining) votes() map[string]vote {
	out := make(map[string]vote)
	for _, party := range j.seats().All() {
		s, ok := j.steps[party][StepClose]
		if !ok || !s.Step.seats().equal(j.seats()) {
			continue
		}
		log, known := j.log.asOf(party, s.Index)
		if !known {
			out[party] = vote{said: s}
			continue
		}
		seen := fold(j.Audit, log, j.seats())
		switch without := seen.unopened(); {
		case seen.Void || len(seen.opened) == 0 || s.Step.Digest != seen.lies():
			j.fault(Fault{party, []uint64{s.Index}, FaultTable, "it closed over other dice than its log had", false})
		case without != "" && s.Time <= seen.OpenBy:
			j.fault(Fault{party, []uint64{s.Index}, FaultEarly, fmt.Sprintf("it closed before the deadline, and without the dice of %s", without), false})
		default:
			j.overlooks(s, seen)
			out[party] = vote{s, seen}
		}
	}
	return out
}

// unopened is a party that has committed in time, and not opened.
func (j *joining) unopened() string {
	for _, party := range slices.Sorted(maps.Keys(j.commits)) {
		if _, ok := j.opened[party]; !ok && j.steps[party][StepOpen].Step.Step == "" {
			return party
		}
	}
	return ""
}

// table finds what more than half have closed over, and goes on from there.
func (j *joining) table() {
	votes, count := j.votes(), make(map[statement.Digest]int)
	var fixed *joining
	for _, party := range slices.Sorted(maps.Keys(votes)) {
		d := votes[party].said.Step.Digest
		if j.forked(party) || votes[party].seen == nil {
			continue
		}
		if count[d]++; count[d] > len(j.steps)/2 && fixed == nil {
			fixed, j.Table = votes[party].seen, d
		}
	}
	if fixed == nil {
		j.unfixed(votes, count)
		return
	}
	// What is told from now on changes nothing of it.
	j.Void, j.Waiting = false, nil
	for i := range j.Faults {
		j.Faults[i].Void = false
	}
	j.Sealed, j.Binding, j.CommitBy, j.OpenBy = fixed.Sealed, fixed.Binding, fixed.CommitBy, fixed.OpenBy
	j.commits, j.opened, j.Counted = fixed.commits, fixed.opened, slices.Sorted(maps.Keys(fixed.opened))
	for _, party := range j.Parties {
		commit, ok := fixed.commits[party]
		if _, counts := fixed.opened[party]; counts {
			continue
		}
		s := Silence{Party: party, Step: StepCommit, By: j.CommitBy}
		if ok {
			s.Step, s.By, s.Index = StepOpen, j.OpenBy, &commit.Index
		}
		j.Silent = append(j.Silent, s)
	}
	j.public(votes)
}

// unfixed says who is waited for, and that nothing can come of it where those who
// have closed differ too much.
func (j *joining) unfixed(votes map[string]vote, count map[statement.Digest]int) {
	if j.unsealed || len(j.Waiting) > 0 && len(votes) == 0 || len(j.opened) == 0 {
		return
	}
	best, left := 0, 0
	for _, n := range count {
		best = max(best, n)
	}
	for _, party := range j.seats().All() {
		v, votes := votes[party]
		if _, closed := j.steps[party][StepClose]; (!closed || votes && v.seen == nil) && !j.forked(party) {
			j.Waiting = append(j.Waiting, Due{party, StepClose})
			left++
		}
	}
	if best+left <= len(j.steps)/2 {
		j.fault(Fault{Code: FaultTable, Indices: []uint64{}, Says: "no more than half can close over the same dice any more", Void: true})
	}
}

// public makes the seed when more than half have said the same public dice, each
// when its log had that the table was fixed.
func (j *joining) public(votes map[string]vote) {
	words, first, best := make(map[string]int), make(map[string]Said), ""
	left := 0
	for _, party := range j.seats().All() {
		s, ok := j.steps[party][StepPublic]
		switch {
		case j.forked(party):
			continue
		case !ok:
			left++
			j.Waiting = append(j.Waiting, Due{party, StepPublic})
			continue
		case !j.knewFixed(votes, s, RootAhead):
			j.fault(Fault{party, []uint64{s.Index}, FaultEarly, "it said public before its log had recorded that more than half had closed over the same dice", false})
			continue
		case !j.knewFixed(votes, s, RootStands):
			left++ // it counts when the logs that it had are here, too
			j.Waiting = append(j.Waiting, Due{party, StepPublic})
			continue
		}
		first[party] = s
		if words[s.Step.Dice]++; best == "" || words[s.Step.Dice] > words[best] {
			best = s.Step.Dice
		}
	}
	for _, party := range slices.Sorted(maps.Keys(first)) {
		if s := first[party]; s.Step.Dice != best {
			j.fault(Fault{party, []uint64{s.Index}, FaultDice, fmt.Sprintf("it saw the public dice show %s, others %s", s.Step.Dice, best), false})
		}
	}
	j.Words = words[best]
	switch most := len(j.steps) / 2; {
	case words[best] > most:
		j.Waiting = nil
		j.sow(best)
	case left+words[best] <= most:
		j.fault(Fault{Code: FaultDice, Indices: []uint64{}, Says: "no more than half can have seen the same public dice any more", Void: true})
	}
}

// knewFixed says whether a party's log had, when it said something, that more
// than half had closed over the table: for good, or as far as anybody here can tell.
func (j *joining) knewFixed(votes map[string]vote, s Said, most Root) bool {
	n := 0
	for _, v := range votes {
		if v.said.Step.Digest == j.Table && (v.seen != nil || most == RootAhead) && j.heard(v.said, s, most) {
			n++
		}
	}
	return n > len(j.steps)/2
}

// sow makes the seed.
func (j *joining) sow(public string) {
	var commitments []Commitment
	var openings []Opening
	for _, party := range slices.Sorted(maps.Keys(j.commits)) {
		commitments = append(commitments, Commitment{party, j.commits[party].Step.Digest})
	}
	for _, party := range j.Counted {
		openings = append(openings, Opening{Party: party, Dice: j.opened[party].Step.Dice, Salt: j.opened[party].Step.Salt})
	}
	seed, err := Ceremony(j.Binding, commitments, openings, public)
	if err != nil { // all of it was checked
		j.fault(Fault{Code: FaultOpening, Indices: []uint64{}, Says: err.Error(), Void: true})
		return
	}
	j.Seed = seed.Digits
}

// seen is when another first cosigned that a statement stands in its party's
// log, as that other's log records; 0 where none does.
func (l Log) seen(s Said) int64 {
	least := int64(math.MaxInt64)
	for _, m := range l.Moments {
		if m.Party == s.Party && m.By != s.Party && m.Size > s.Index {
			least = min(least, m.At)
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

// times finds who claimed another time than those who cosigned it saw.
func (j *joining) times() {
	for _, party := range j.Parties {
		commit, open := j.steps[party][StepCommit], j.steps[party][StepOpen]
		if open.Step.Step == "" {
			continue
		}
		if without := j.lacks(open, StepCommit, j.Parties); without != "" {
			j.lied(open, commit.Step.CommitBy, "it said open before its log had recorded the commit of "+without)
		}
	}
}

// lied is a fault where a step was cosigned by its deadline, but claims to be later.
func (j *joining) lied(s Said, deadline int64, says string) {
	if seen := j.log.seen(s); seen != 0 && seen <= deadline && s.Time > deadline {
		j.fault(Fault{s.Party, []uint64{s.Index}, FaultEarly, fmt.Sprintf("%s: it claims to have said so after the deadline, and another had cosigned it %d s before", says, deadline-seen), false})
	}
}

// overlooks finds a closing that claims another time than it has, or leaves out
// dice whose log its party had cosigned in time. It counts: alone it leaves out
// nobody's dice, and a time that comes to light late may change no seed.
func (j *joining) overlooks(s Said, seen *joining) {
	if without := seen.unopened(); without != "" {
		j.lied(s, seen.OpenBy, "it closed without the dice of "+without)
	}
	for _, party := range j.Parties {
		open, ok := j.opened[party]
		if _, counted := seen.opened[party]; !ok || counted || party == s.Party {
			continue
		}
		for _, m := range j.log.Moments {
			if m.Party == party && m.By == s.Party && m.Size > open.Index && m.At <= seen.OpenBy && j.log.signedAfter(s, m.At) {
				j.fault(Fault{s.Party, []uint64{s.Index}, FaultLeft, fmt.Sprintf("it closed without the dice of %s, whose log it had cosigned with them, in time", party), false})
				break
			}
		}
	}
}

// signedAfter says whether a statement's party signed a checkpoint without it at
// or after a time: it said it later.
func (l Log) signedAfter(s Said, at int64) bool {
	return slices.ContainsFunc(l.Moments, func(m Moment) bool { return m.Party == s.Party && m.Size <= s.Index && m.Owner >= at })
}
