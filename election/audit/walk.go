package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// before says whether b's party had a in its log, or in its own record of
// others' heads, when it said b.
func (j *joining) before(a, b Said) bool {
	if a.Party == b.Party {
		return a.Index < b.Index
	}
	return slices.ContainsFunc(j.heads[[2]string{b.Party, a.Party}], func(h Head) bool { return h.Index < b.Index && h.Size > a.Index })
}

// walk goes through the steps.
func (j *joining) walk() {
	j.early()
	if len(j.Waiting) > 0 { // something is not sealed
		return
	}
	commits := j.each(StepCommit, j.Parties)
	j.deadline(commits)
	if len(commits) < len(j.Parties) || j.Void {
		return
	}
	opened := j.openings(commits)
	closes := j.each(StepClose, slices.Sorted(maps.Keys(opened)))
	counted := j.counted(opened, closes)
	for party := range closes {
		if !slices.Contains(counted, party) && len(counted) > 0 {
			delete(closes, party)
		}
	}
	if len(closes) == 0 || len(counted) == 0 || slices.ContainsFunc(counted, func(p string) bool { _, ok := closes[p]; return !ok }) {
		return
	}
	for _, party := range j.Parties {
		if !slices.Contains(counted, party) {
			j.Silent = append(j.Silent, party)
			j.Waiting = slices.DeleteFunc(j.Waiting, func(d Due) bool { return d.Party == party })
		}
	}
	j.public(commits, opened, counted, closes)
}

// each are the parties' steps of one kind; who has not taken it is waited for.
func (j *joining) each(step string, parties []string) map[string]Said {
	out := make(map[string]Said)
	for _, party := range parties {
		if s, ok := j.steps[party][step]; ok {
			out[party] = s
		} else {
			j.Waiting = append(j.Waiting, Due{party, step})
		}
	}
	return out
}

// early finds steps that came before what must come first: seals before
// commitments, commitments before openings.
func (j *joining) early() {
	for _, party := range j.Parties {
		if commit, ok := j.steps[party][StepCommit]; ok {
			j.sealedBefore(commit)
		}
		j.after(party, StepOpen, StepCommit, j.Parties)
	}
}

// after finds a step that a party took before its log had an earlier one of others.
func (j *joining) after(party, step, first string, others []string) {
	then, ok := j.steps[party][step]
	if !ok {
		return
	}
	for _, other := range others {
		if s, ok := j.steps[other][first]; ok && !j.before(s, then) {
			j.fault(Fault{party, []uint64{then.Index}, FaultEarly, fmt.Sprintf("it said %s before its log had recorded the %s of %s", step, first, other), true})
		}
	}
}

// sealedBefore finds seals that a commitment did not know. Who sealed when it
// knew the commitment is at fault, else who committed.
func (j *joining) sealedBefore(commit Said) {
	for _, s := range j.Sealed {
		seal := Said{Party: s.Party, Index: s.Index}
		switch {
		case j.before(seal, commit):
		case j.before(commit, seal):
			j.fault(Fault{s.Party, []uint64{s.Index}, FaultChanged, fmt.Sprintf("it sealed %s, %s, when its log had the commitment of %s", article(s.What), s.Digest, commit.Party), true})
		default:
			j.fault(Fault{commit.Party, []uint64{commit.Index}, FaultEarly, fmt.Sprintf("it committed to dice before its log had recorded the seal %d of %s", s.Index, s.Party), true})
		}
	}
}

// deadline is the one that all commitments name.
func (j *joining) deadline(commits map[string]Said) {
	for _, party := range slices.Sorted(maps.Keys(commits)) {
		by := commits[party].Step.OpenBy
		if j.OpenBy != 0 && by != j.OpenBy {
			j.fault(Fault{party, []uint64{commits[party].Index}, FaultDeadline, "it named another deadline than the others", true})
		}
		j.OpenBy = cmp.Or(j.OpenBy, by)
	}
}

// openings are those that were committed to.
func (j *joining) openings(commits map[string]Said) map[string]Said {
	opened := j.each(StepOpen, j.Parties)
	for party, s := range opened {
		o := Opening{Party: party, Dice: s.Step.Dice, Salt: s.Step.Salt}
		if Commit(j.Binding, o) != commits[party].Step.Digest {
			j.fault(Fault{party, []uint64{commits[party].Index, s.Index}, FaultOpening, "it opened what it had not committed to, or committed over other seals; its dice do not count", false})
			delete(opened, party)
		}
	}
	return opened
}

// counted are the parties whose opening every other party's log had when it closed.
// Who closed without one before the deadline did so too early.
func (j *joining) counted(opened, closes map[string]Said) []string {
	var out []string
	for _, party := range slices.Sorted(maps.Keys(opened)) {
		ok := true
		for _, by := range slices.Sorted(maps.Keys(closes)) {
			ok = ok && j.before(opened[party], closes[by])
		}
		if ok {
			out = append(out, party)
		}
	}
	for _, by := range slices.Sorted(maps.Keys(closes)) {
		for _, party := range j.Parties {
			o, ok := opened[party]
			if (!ok || !j.before(o, closes[by])) && closes[by].Time < j.OpenBy {
				j.fault(Fault{by, []uint64{closes[by].Index}, FaultEarly, fmt.Sprintf("it closed before the deadline, and without the dice of %s", party), true})
			}
		}
	}
	return out
}

// public makes the seed when all whose dice count have said the same public dice.
func (j *joining) public(commits, opened map[string]Said, counted []string, closes map[string]Said) {
	for _, party := range counted {
		j.after(party, StepPublic, StepClose, counted)
	}
	said := j.each(StepPublic, counted)
	dice := ""
	for _, party := range slices.Sorted(maps.Keys(said)) {
		d := said[party].Step.Dice
		if dice != "" && d != dice {
			j.fault(Fault{party, []uint64{said[party].Index}, FaultDice, fmt.Sprintf("it saw the public dice show %s, others %s", d, dice), true})
		}
		dice = cmp.Or(dice, d)
	}
	if j.Void || len(said) < len(closes) || len(said) < len(counted) {
		return
	}
	var commitments []Commitment
	var openings []Opening
	for _, party := range j.Parties {
		commitments = append(commitments, Commitment{party, commits[party].Step.Digest})
	}
	for _, party := range counted {
		openings = append(openings, Opening{Party: party, Dice: opened[party].Step.Dice, Salt: opened[party].Step.Salt})
	}
	seed, err := Ceremony(j.Binding, commitments, openings, dice)
	if err != nil { // all of it was checked
		j.fault(Fault{Code: FaultOpening, Says: err.Error(), Void: true})
		return
	}
	j.Seed = seed.Digits
}
