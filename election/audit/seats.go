package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// who finds who takes part: those in with, unless a party of with has named others
// with its commitment. Then it is the list that counts, if there is one, and else
// nobody gets a seed: a party that names itself alone would throw all the dice, and
// two lists are two audits of one name. Who has named others than with is told
// either way, as whoever looks at with alone would not see who is left out. What
// more than half of with have closed over stays, whoever is named later.
func who(name string, log Log, with Seats) (Seats, []Fault) {
	with = Seats{slices.Clone(with.Parties), slices.Clone(with.Observers)}
	slices.Sort(with.Parties)
	slices.Sort(with.Observers)
	said := log.told()
	named := firstCommits(said)
	odd := slices.DeleteFunc(slices.Clone(with.Parties), func(party string) bool {
		s, ok := named[party]
		return !ok || s.Step.seats().equal(with)
	})
	if len(odd) == 0 {
		return with, nil
	}
	seats, void := with, false
	if lists := counting(said, named, with); len(lists) == 1 && !closed(name, log, with) {
		seats = lists[0]
	} else {
		void = true // until table finds that with is fixed
	}
	var faults []Fault
	for _, party := range odd {
		s := named[party]
		faults = append(faults, Fault{party, []uint64{s.Index}, FaultParties, fmt.Sprintf("it named others than %s with its commitment: %s", with.names(), s.Step.seats().names()), void})
	}
	return seats, faults
}

// firstCommits are the commitments of all, of each the first: they name who takes part.
func firstCommits(said []Said) map[string]Said {
	out := make(map[string]Said)
	for _, s := range said {
		if _, twice := out[s.Party]; s.What == "" && s.Step.Step == StepCommit && !twice {
			out[s.Party] = s
		}
	}
	return out
}

// counting are the lists that count beside with: at least two parties of with that
// a list names have named it, nobody whom it names has named another, and no party of
// with that it leaves out has a part in the audit. Else two of three would make the
// seed alone of what the third has sealed, too.
func counting(said []Said, named map[string]Said, with Seats) (lists []Seats) {
	for _, party := range slices.Sorted(maps.Keys(named)) {
		seats, votes := named[party].Step.seats(), 0
		for _, p := range seats.Parties {
			switch s, ok := named[p]; {
			case ok && !s.Step.seats().equal(seats):
				votes = -maxSeats
			case ok && slices.Contains(with.Parties, p):
				votes++
			}
		}
		if votes >= 2 && !slices.ContainsFunc(lists, seats.equal) && !leavesOut(said, seats, with) {
			lists = append(lists, seats)
		}
	}
	return lists
}

// leavesOut says whether a party of with that has sealed something for the audit, or
// committed to dice, is not among the parties of a list.
func leavesOut(said []Said, list, with Seats) bool {
	return slices.ContainsFunc(said, func(s Said) bool {
		part := s.What == SealManifest || s.What == SealRecords || s.What == SealContest || s.What == "" && s.Step.Step == StepCommit
		return part && slices.Contains(with.Parties, s.Party) && !slices.Contains(list.Parties, s.Party)
	})
}

// closed says whether more than half of some seats have closed over one table.
func closed(name string, log Log, seats Seats) bool {
	j := fold(name, log, seats)
	j.table()
	return len(j.Counted) > 0
}

// names are all seats as text.
func (s Seats) names() string { return strings.Join(s.All(), ", ") }
