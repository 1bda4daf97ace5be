package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// heard is a head of another's log in a party's log.
type heard struct {
	index uint64
	size  [2]uint64 // the largest up to here, of heads that stand and of all
}

// hear orders the heads, but those that prove nothing.
func (j *joining) hear() {
	heads := slices.DeleteFunc(slices.Clone(j.log.Heads), func(h Head) bool { return h.Root == RootOther })
	slices.SortFunc(heads, func(a, b Head) int { return cmp.Compare(a.Index, b.Index) })
	for _, h := range heads {
		key := [2]string{h.By, h.Party}
		one := heard{index: h.Index}
		if list := j.heads[key]; len(list) > 0 {
			one.size = list[len(list)-1].size
		}
		if one.size[RootAhead] = max(one.size[RootAhead], h.Size); h.Root == RootStands {
			one.size[RootStands] = max(one.size[RootStands], h.Size)
		}
		j.heads[key] = append(j.heads[key], one)
	}
}

// before says whether b's party had a in its log, or in its own record of
// others' heads, when it said b. A head that nobody can hold against the other's log
// yet is believed: that it is not here is no proof of a fault.
func (j *joining) before(a, b Said) bool { return j.heard(a, b, RootAhead) }

// proven says that before is known for good.
func (j *joining) proven(a, b Said) bool { return j.heard(a, b, RootStands) }

func (j *joining) heard(a, b Said, most Root) bool {
	if a.Party == b.Party {
		return a.Index < b.Index
	}
	list := j.heads[[2]string{b.Party, a.Party}]
	n, _ := slices.BinarySearchFunc(list, b.Index, func(h heard, index uint64) int { return cmp.Compare(h.index, index) })
	return n > 0 && list[n-1].size[most] > a.Index
}

// asOf is what a party's log had, its own or recorded of others, before a place in
// it, and whether that is known: not while its newest head of another's log is ahead
// of what is here of that log. Once known it stays so, whatever is said later: what
// others had recorded of logs is held against these only as far as this party had
// them, and believed beyond, as it had to believe it.
func (l Log) asOf(party string, index uint64) (out Log, known bool) {
	newest := make(map[string]Head)
	for _, h := range l.Heads {
		if n, ok := newest[h.Party]; h.By == party && h.Index < index && h.Party != party && h.Root != RootOther && (!ok || n.Index < h.Index) {
			newest[h.Party] = h
		}
	}
	size := map[string]uint64{party: index}
	known = true
	for of, h := range newest {
		size[of], known = h.Size, known && h.Root == RootStands
	}
	for _, s := range l.Said {
		if s.Index < size[s.Party] {
			out.Said = append(out.Said, s)
		}
	}
	for _, h := range l.Heads {
		if h.Index < size[h.By] && (h.Root != RootOther || h.Size > size[h.Party]) {
			h.Root = RootStands
			out.Heads = append(out.Heads, h)
		}
	}
	return out, known
}

// walk goes through commitments and openings.
func (j *joining) walk() {
	for _, party := range j.Parties {
		if commit, ok := j.steps[party][StepCommit]; ok {
			j.sealedBefore(commit)
		}
	}
	if j.unsealed {
		return
	}
	openings := j.timely()
	j.commits = j.inTime(openings)
	j.deadlines()
	j.openings(openings)
	j.await(openings)
}

// sealedBefore finds seals that a commitment did not know. Who seals something
// more, or other, when another has committed is at fault; who commits before the
// other has sealed at all is.
func (j *joining) sealedBefore(commit Said) {
	began := make(map[string]bool)
	for _, s := range j.said {
		began[s.Party] = began[s.Party] || s.What == SealManifest && j.before(s, commit)
	}
	for _, s := range j.Sealed {
		seal := Said{Party: s.Party, Index: s.Index}
		switch {
		case j.before(seal, commit):
		case began[s.Party] || j.before(commit, seal):
			j.fault(Fault{s.Party, []uint64{s.Index}, FaultChanged, fmt.Sprintf("it sealed %s, %s, when %s had committed to dice", article(s.What), s.Digest, commit.Party), true})
		default:
			j.fault(Fault{commit.Party, []uint64{commit.Index}, FaultEarly, fmt.Sprintf("it committed to dice before its log had recorded the seal %d of %s", s.Index, s.Party), true})
		}
	}
}

// timely are the openings that were said when all had committed, as far as their
// party's log had it, or when the time to commit was over, by the party's own
// word. Who lies about the time is told by who cosigned it.
func (j *joining) timely() map[string]Said {
	out := make(map[string]Said)
	for _, party := range j.Parties {
		open, ok := j.steps[party][StepOpen]
		commit, committed := j.steps[party][StepCommit]
		if !ok {
			continue
		}
		if !committed || !j.before(commit, open) {
			j.fault(Fault{party, []uint64{open.Index}, FaultOpening, "it opened what it had not committed to; its dice do not count", false})
			continue
		}
		without := j.lacks(open, StepCommit, j.Parties)
		if without != "" && open.Time <= commit.Step.CommitBy {
			j.fault(Fault{party, []uint64{open.Index}, FaultEarly, fmt.Sprintf("it said open before its log had recorded the commit of %s, and before the deadline; its dice do not count", without), false})
			continue
		}
		out[party] = open
	}
	return out
}

// lacks is the first of some parties whose step was not in a party's log when it
// said something; "" if all were.
func (j *joining) lacks(said Said, step string, parties []string) string {
	for _, p := range parties {
		if s, ok := j.steps[p][step]; !ok || !j.before(s, said) {
			return p
		}
	}
	return ""
}

// inTime are the commitments that were in the log of everybody who opened: who
// committed later may have known others' dice.
func (j *joining) inTime(openings map[string]Said) map[string]Said {
	out := make(map[string]Said)
	for _, party := range j.Parties {
		commit, ok := j.steps[party][StepCommit]
		for _, open := range openings {
			ok = ok && j.before(commit, open)
		}
		if ok {
			out[party] = commit
		}
	}
	return out
}

// deadlines are those that all commitments name.
func (j *joining) deadlines() {
	for _, party := range slices.Sorted(maps.Keys(j.commits)) {
		s := j.commits[party].Step
		switch {
		case j.OpenBy == 0:
			j.CommitBy, j.OpenBy = s.CommitBy, s.OpenBy
		case s.OpenBy != j.OpenBy || s.CommitBy != j.CommitBy:
			j.fault(Fault{party, []uint64{j.commits[party].Index}, FaultDeadline, "it named another deadline than the others", true})
		}
	}
}

// openings are those of what was committed to in time.
func (j *joining) openings(openings map[string]Said) {
	j.opened = make(map[string]Said)
	for _, party := range slices.Sorted(maps.Keys(openings)) {
		commit, ok := j.commits[party]
		if !ok {
			continue
		}
		s := openings[party]
		o := Opening{Party: party, Dice: s.Step.Dice, Salt: s.Step.Salt}
		if Commit(j.Binding, o) != commit.Step.Digest {
			j.fault(Fault{party, []uint64{commit.Index, s.Index}, FaultOpening, "it opened what it had not committed to, or committed over other seals; its dice do not count", false})
			continue
		}
		j.opened[party] = s
	}
}

// await says who is waited for until somebody closes.
func (j *joining) await(openings map[string]Said) {
	for _, party := range j.Parties {
		if _, ok := j.steps[party][StepCommit]; !ok && len(openings) == 0 {
			j.Waiting = append(j.Waiting, Due{party, StepCommit})
		}
	}
	if len(j.Waiting) > 0 {
		return
	}
	for _, party := range slices.Sorted(maps.Keys(j.commits)) {
		if _, ok := j.steps[party][StepOpen]; !ok {
			j.Waiting = append(j.Waiting, Due{party, StepOpen})
		}
	}
}
