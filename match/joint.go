package match

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"entente/observable"
	"entente/statement"
)

// A group match is nothing but runs between two, one for each pair of its
// parties, whose purposes end in one mark. So a group adds nothing to what the
// protocol must be trusted with, and each run counts against the budgets of its
// two sides like any other.
//
// What it shows beyond what one run shows: each pair learns what both of it hold,
// and so a party that lays its own runs side by side learns of its own items who
// else holds each of them. No table says what two others have in common without
// it; the samples of unmatched items that audits open, one in each run, can: an
// item that two partners open to it is on both their lists. Whoever repeats a group with a list that has grown shows by the
// sizes of lists and counts by how much; and each run is one more list of guesses.

// GroupMark is what ties runs to one group. It ends the purpose that both sides
// of each run sign, so that nobody is matched as one of a group unawares.
type GroupMark struct {
	ID      [8]byte  // random, of who began the group
	Parties []string // ids of all, sorted, three or more
}

const (
	groupBegin = " (group "
	groupOf    = " of "
	groupEnd   = ")"
	maxPurpose = 512
)

// Name is the id as people spell it: 16 hex digits.
func (g *GroupMark) Name() string { return hex.EncodeToString(g.ID[:]) }

// Same reports whether two marks are of one group: a known id with other parties
// is another group.
func (g *GroupMark) Same(o *GroupMark) bool {
	return g.ID == o.ID && slices.Equal(g.Parties, o.Parties)
}

// Has reports whether a party is of the group.
func (g *GroupMark) Has(party string) bool { return slices.Contains(g.Parties, party) }

// Purpose is the purpose of one run of the group. The error is a
// *statement.Refusal: too few parties, one of them twice, or too long.
func (g *GroupMark) Purpose(why string) (string, error) {
	p := why + groupBegin + g.Name() + groupOf + strings.Join(g.Parties, ", ") + groupEnd
	if len(p) > maxPurpose {
		return "", field("the purpose and the parties of a group have %d bytes together, at most %d", len(p), maxPurpose)
	}
	again, mark := GroupOf(p)
	if mark == nil || again != why || !mark.Same(g) {
		return "", field("a group has a purpose and three parties or more, each once")
	}
	return p, nil
}

// GroupOf splits the purpose of a run into the words of people and the mark of a
// group; nil where it bears none in its one spelling.
func GroupOf(purpose string) (why string, mark *GroupMark) {
	body, ends := strings.CutSuffix(purpose, groupEnd)
	at := strings.LastIndex(body, groupBegin)
	if !ends || at < 1 || len(purpose) > maxPurpose {
		return purpose, nil
	}
	name, list, _ := strings.Cut(body[at+len(groupBegin):], groupOf)
	id, err := hex.DecodeString(name)
	g := &GroupMark{Parties: strings.Split(list, ", ")}
	if err != nil || len(id) != len(g.ID) || hex.EncodeToString(id) != name {
		return purpose, nil
	}
	copy(g.ID[:], id)
	if len(g.Parties) < 3 || !ascending(g.Parties) || slices.ContainsFunc(g.Parties, func(p string) bool { return !spellsParty(p) }) {
		return purpose, nil
	}
	return body[:at], g
}

// spellsParty says whether a word can be a party's id, as a charter spells them.
func spellsParty(s string) bool {
	if s == "" || len(s) > 31 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' })
}

// Group is the mark of a run between two parties of it.
func (s *Standing) Group() (why string, mark *GroupMark) {
	why, mark = GroupOf(s.Terms.Purpose)
	if mark == nil || !mark.Has(s.From) || !mark.Has(s.Terms.To) {
		return s.Terms.Purpose, nil
	}
	return why, mark
}

// Pairwise is what one run of names that has closed came to on the own side.
type Pairwise struct {
	Partner string
	Offer   statement.Digest // the run
	Found   []Dated
}

// Dated is an item of both lists with since when each side's log commits to it:
// Unix milliseconds, 0 for not before the run.
type Dated struct {
	Item         observable.Value
	Ours, Theirs int64
}

// Joint is an item of the own list and who else holds it.
type Joint struct {
	Item observable.Value
	Ours int64    // since when the own log commits to it, at the earliest; 0: not before the runs
	With []Holder // by party, each once
}

// Holder is a partner that holds an item, and the run whose receipt shows it.
type Holder struct {
	Party  string
	Offer  statement.Digest
	Theirs int64 // since when its log commits to it, as its receipts say at the earliest; 0: not before the run
}

// Held is how many parties hold the item, the own one included.
func (j *Joint) Held() int { return 1 + len(j.With) }

// Together lays the own side's runs side by side: the own items that at least so
// many parties hold, the own one included. Those that most hold come first, then
// by type and value. An item that no partner holds comes from no run and is not
// in it. Several runs with one partner make it one holder.
func Together(runs []Pairwise, atLeast int) []Joint {
	at := map[observable.Value]*Joint{}
	for i := range runs {
		for _, d := range runs[i].Found {
			j := at[d.Item]
			if j == nil {
				j = &Joint{Item: d.Item}
				at[d.Item] = j
			}
			j.Ours = earlier(j.Ours, d.Ours)
			j.add(Holder{runs[i].Partner, runs[i].Offer, d.Theirs})
		}
	}
	list := []Joint{}
	for _, j := range at {
		if j.Held() >= atLeast {
			list = append(list, *j)
		}
	}
	slices.SortFunc(list, func(a, b Joint) int {
		return cmp.Or(b.Held()-a.Held(), cmp.Compare(a.Item.Type, b.Item.Type), cmp.Compare(a.Item.Canonical, b.Item.Canonical))
	})
	return list
}

// add puts a holder in its place. Of several runs with one partner that counts
// whose receipt goes back furthest.
func (j *Joint) add(h Holder) {
	i, twice := slices.BinarySearchFunc(j.With, h, func(a, b Holder) int { return cmp.Compare(a.Party, b.Party) })
	switch {
	case !twice:
		j.With = slices.Insert(j.With, i, h)
	case earlier(j.With[i].Theirs, h.Theirs) != j.With[i].Theirs, j.With[i].Theirs == h.Theirs && bytes.Compare(h.Offer[:], j.With[i].Offer[:]) < 0:
		j.With[i] = h
	}
}

// earlier is the earlier of two times of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
