package audit

import (
	"slices"
	"testing"
)

// jointOf is an audit of two parties in whose logs boards committed to readings.
func jointOf(sealed ...Sealed) Joint {
	j := Joint{Audit: "night", Parties: []string{"north", "south"}, Observers: []string{"observer"}, Entries: sealed}
	slices.SortStableFunc(sealed, func(a, b Sealed) int { return int(a.Index) - int(b.Index) })
	for _, s := range sealed {
		x := Sheet{Party: s.Party, Board: s.Name, Round: 1, Index: s.Index, Digest: s.Digest}
		for _, before := range j.Sheets {
			if before.ID() == x.ID() {
				x.Round++
			}
		}
		j.Sheets = append(j.Sheets, x)
	}
	slices.SortStableFunc(j.Sheets, func(a, b Sheet) int { return slices.Compare([]string{a.Party}, []string{b.Party}) })
	return j
}

func roundsOf(t *testing.T, j Joint, shown ...Reading) []Round {
	t.Helper()
	boards, err := j.Boards(shown)
	if err != nil {
		t.Fatal(err)
	}
	return Rounds(boards)
}

// TestRounds: what one board read is shown when both have committed, a third
// settles what differs, a reading that nobody committed to is none.
func TestRounds(t *testing.T) {
	a, b := read("red", 1, []string{"1", "2", "3"}), read("blue", 2, []string{"1", "2", "3"}, "2")
	third, forged := read("judge", 3, []string{"2"}), read("red", 9, []string{"1", "2", "3"}, "1", "2", "3")
	rounds := func(shown []Reading, sealed ...Sealed) []Round {
		t.Helper()
		return roundsOf(t, jointOf(sealed...), shown...)
	}
	sa, sb, sc := sealOf(t, "north", 5, a), sealOf(t, "south", 7, b), sealOf(t, "south", 9, third)
	if got := rounds([]Reading{a, b}, sa); len(got) != 1 || got[0].Both || got[0].Shown || got[0].Settled != nil {
		t.Errorf("one board alone: %+v", got)
	}
	if got := rounds([]Reading{forged, b}, sa, sb); len(got) != 1 || !got[0].Both || got[0].Shown {
		t.Errorf("a reading that was not committed to: %+v", got)
	}
	if got := rounds([]Reading{a, b}, sa, sb); !got[0].Shown || len(got[0].Differ) != 1 || got[0].Differ[0].Ballot != "2" || got[0].Settled != nil {
		t.Errorf("they differ: %+v", got)
	}
	got := rounds([]Reading{third, a, b}, sc, sb, sa)
	if len(got) != 1 || len(got[0].Settled) != 3 || got[0].Settled[1].Choices[0] != "Ann" || len(got[0].Boards) != 3 || got[0].Boards[2].Name != "judge" {
		t.Errorf("settled: %+v", got)
	}
	a2, b2 := read("red", 4, []string{"1", "2", "3", "4"}), read("blue", 5, []string{"1", "2", "3", "4"}, "2")
	if got := rounds([]Reading{third, a, b, a2, b2}, sa, sb, sc, sealOf(t, "north", 11, a2), sealOf(t, "south", 12, b2)); len(got) != 2 || len(got[1].Settled) != 4 || len(got[1].Boards) != 3 {
		t.Errorf("a second round: %+v", got)
	}
	if got := rounds(nil); got != nil {
		t.Errorf("%+v", got)
	}
	other := a
	other.Audit = "day"
	if got := rounds([]Reading{other, b}, sa, sb); got[0].Shown {
		t.Error("the reading of another audit")
	}
}

// TestNoBoardDisplacesAnother: what a party claims, seals later or under many names,
// and what strangers and observers seal, are none of the two readings that count.
func TestNoBoardDisplacesAnother(t *testing.T) {
	a, b := read("red", 1, []string{"1", "2", "3"}), read("blue", 2, []string{"1", "2", "3"}, "2")
	lie := read("aaa", 3, []string{"1", "2", "3"}, "1", "2", "3")
	honest := []Sealed{sealOf(t, "north", 5, a), sealOf(t, "south", 7, b)}
	claims := func(party string, index uint64, r Reading) Sealed {
		s := sealOf(t, party, index, r)
		s.Size = 1 << 40
		return s
	}
	again := lie
	again.Board = "bbb"
	for name, more := range map[string][]Sealed{
		"a claimed size":           {claims("south", 8, lie)},
		"two of one party":         {claims("south", 8, lie), claims("south", 9, again)},
		"a stranger's":             {claims("mallory", 1, lie), claims("mallory", 2, again)},
		"an observer's":            {claims("observer", 1, lie)},
		"and an observer's, alone": {claims("observer", 1, lie), claims("observer", 2, again)},
	} {
		got := roundsOf(t, jointOf(append(slices.Clone(honest), more...)...), a, b, lie, again)
		if len(got) != 1 || !got[0].Shown || got[0].Boards[0].Name != "red" || got[0].Boards[1].Name != "blue" || len(got[0].Differ) != 1 || got[0].Settled != nil || got[0].Boards[1].Size != 3 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := roundsOf(t, jointOf(claims("observer", 1, lie), claims("mallory", 2, again)), lie, again); len(got) != 0 {
		t.Errorf("boards of nobody that audits: %+v", got)
	}
	if got := roundsOf(t, jointOf(honest[0], claims("north", 9, again)), a, again); len(got) != 1 || got[0].Both {
		t.Errorf("both of one party: %+v", got)
	}
	// of three parties those two that read apart, whoever comes before by its name
	j := jointOf(append(slices.Clone(honest), claims("east", 9, lie))...)
	j.Parties = []string{"east", "north", "south"}
	for i := range j.Sheets {
		at := uint64(20 + i)
		j.Sheets[i].Shown = &at
		if j.Sheets[i].Party == "east" {
			j.Sheets[i].Knew = []string{"north/red", "south/blue"}
		}
	}
	if got := roundsOf(t, j, a, b, lie); !got[0].Shown || got[0].Boards[0].Party != "north" || got[0].Boards[1].Party != "south" {
		t.Errorf("a third party that knew both: %+v", got)
	}
}

// TestKnewIsNoSecondReading: a board that may have known what the other read, or that
// sealed the very same commitment, does not make it two readings.
func TestKnewIsNoSecondReading(t *testing.T) {
	a, b := read("red", 1, []string{"1", "2"}), read("blue", 2, []string{"1", "2"})
	j := jointOf(sealOf(t, "north", 5, a), sealOf(t, "south", 7, b))
	j.Sheets[1].Knew = []string{"north/red"}
	if got := roundsOf(t, j, a, b); !got[0].Both || !got[0].Knew || got[0].Shown || got[0].Settled != nil {
		t.Errorf("%+v", got)
	}
	w := newWorld(t)
	w.sealAll()
	d, err := a.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{SealEntries, SaidEntries} {
		for _, party := range []string{"north", "south"} { // south copies the seal, and then what opens it
			w.append(Said{Party: party, What: what, Name: "red", Digest: d, Size: 2, Entries: map[string]Entries{SaidEntries: a.Entries}[what]})
			w.hearAll()
		}
	}
	j = w.join()
	if len(j.Sheets) != 2 || Apart(j.Sheets[0], j.Sheets[1]) {
		t.Errorf("a copied commitment is a reading of its own: %+v", j.Sheets)
	}
	if got := roundsOf(t, j, a); len(got) != 1 || !got[0].Knew || got[0].Settled != nil {
		t.Errorf("%+v", got)
	}
}

// TestSettledByOne: where two third readings differ nothing is settled.
func TestSettledByOne(t *testing.T) {
	a, b := read("red", 1, []string{"1", "2"}), read("blue", 2, []string{"1", "2"}, "2")
	ann, bo := read("judge", 3, []string{"2"}), read("other", 4, []string{"2"}, "2")
	sealed := []Sealed{sealOf(t, "north", 5, a), sealOf(t, "south", 7, b), sealOf(t, "south", 9, ann)}
	if got := roundsOf(t, jointOf(sealed...), a, b, ann, bo); got[0].Settled == nil || len(got[0].Boards) != 3 {
		t.Errorf("%+v", got)
	}
	if got := roundsOf(t, jointOf(append(sealed, sealOf(t, "observer", 1, bo))...), a, b, ann, bo); got[0].Settled != nil || len(got[0].Boards) != 2 {
		t.Errorf("two thirds: %+v", got)
	}
	if got := roundsOf(t, jointOf(append(sealed, sealOf(t, "mallory", 1, bo))...), a, b, ann, bo); got[0].Settled == nil {
		t.Errorf("a stranger's: %+v", got)
	}
}

// TestChangedRound: a round in which a board changed what it had read counts for
// nothing, and shifts no later one.
func TestChangedRound(t *testing.T) {
	a, b := read("red", 1, []string{"1"}), read("blue", 2, []string{"1"})
	a2, b2 := read("red", 3, []string{"1", "2"}), read("blue", 4, []string{"1", "2"}, "1")
	a3, b3 := read("red", 5, []string{"1", "2", "3"}), read("blue", 6, []string{"1", "2", "3"})
	j := jointOf(sealOf(t, "north", 1, a), sealOf(t, "north", 2, a2), sealOf(t, "north", 3, a3), sealOf(t, "south", 1, b), sealOf(t, "south", 2, b2), sealOf(t, "south", 3, b3))
	for i := range j.Sheets {
		if j.Sheets[i].Round > 1 {
			j.Sheets[i].Bad = BadEarlier // shown by files only
		}
	}
	got := roundsOf(t, j, a, b, a2, b2, a3, b3)
	if len(got) != 3 || !got[0].Shown || got[1].Both || !got[2].Shown || len(got[2].Settled) != 3 {
		t.Errorf("%+v", got)
	}
	if got = roundsOf(t, j, a, b, a3, b3); len(got) != 1 || !got[0].Shown {
		t.Errorf("earlier ones are not here: %+v", got)
	}
}
