package accord

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"entente/charter"
	"entente/statement"
)

// Comparison is what the accounts of one case come to, thing by thing.
type Comparison struct {
	Case     string
	Parties  []string // the columns, in order of their ids
	Accounts []AccountView
	Rows     []CompareRow
	Counts   map[Outcome]int   // of the rows with something that can be checked
	Sizes    map[string]uint64 // leaves of each log that it was computed from
	At       int64             // the reader's clock, Unix seconds
	Texts    []CaseText        // proposals of the case and where they stand: a comparison makes none
	Last     map[string]int64  // by party: when its last statement in the case was covered
}

// CaseText is one proposal of a case.
type CaseText struct {
	Ref   statement.Ref
	For   ProposalKind
	State State
}

// AccountView is one account of the case and whether its items are open.
type AccountView struct {
	Ref     statement.Ref
	Party   string
	At      int64
	Event   Event
	Label   Label
	Seal    Seal
	Retired bool // taken back or replaced by its author
	Limits  Texts
	After   []string // parties whose own of the same event, sealed till then, were open when this was told
}

// CompareRow is one thing that accounts tell: each party's items and one outcome.
type CompareRow struct {
	Key string // tag of the thing
	Verdict
	Sides   []Side
	Others  []ItemView // of observers and other third parties: shown, never compared
	Aspects []Aspect   // of the same thing; they move no outcome
	First   int64      // Unix seconds at which anybody's item on it was first covered
	no      int        // the number of that item
}

// Verdict is an outcome with what belongs to it.
type Verdict struct {
	Outcome Outcome
	Why     string   // by which field or stance
	Parties []string // who alone says it, who has no comment, who has not answered
	Asked   int      // how often those were asked
	Since   int64    // Unix seconds since which they have not answered
	About   []string // the parties of whose mind or conduct one side alone speaks
}

// Side is what one party says of a row.
type Side struct {
	Party    string
	Items    []ItemView
	Answers  []ItemAnswer // of this party to the other's items; what stands first
	Dissents []ItemAnswer // of its other officers: they differ from what stands
	Divided  bool         // its own items contradict each other
}

// Aspect is one aspect of a row's thing, as its scope or the manner of it.
type Aspect struct {
	Name string
	Verdict
	Sides []Side
}

// Compare compares the accounts of a case. For the comparison as it stood at an
// earlier time or size of the logs, ask a record of World.AsOf or World.Upto.
func (r *Record) Compare(caseID string) Comparison {
	g := r.gather(caseID)
	c := Comparison{Case: caseID, Parties: g.parties(), Counts: map[Outcome]int{}, Last: map[string]int64{}, Sizes: map[string]uint64{}, At: r.Now().Unix(), Accounts: g.accounts(caseID)}
	for _, p := range r.Charter().Parties {
		c.Sizes[p.Origin] = r.Size(p.Origin)
	}
	for _, s := range r.evenly(caseID) {
		if i, ok := r.Instrument(s.Ref); ok {
			c.Texts = append(c.Texts, CaseText{s.Ref, i.For, i.State})
		}
		if at, ok := r.Covered(s.Ref); ok && r.Label(s) != LabelStranger {
			c.Last[s.Party] = max(c.Last[s.Party], at)
		}
	}
	rows := map[string][]*ItemView{}
	for _, v := range g.items {
		k := g.row(v)
		rows[k] = append(rows[k], v)
	}
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		row := makeRow(k, c.Parties, most(rows[k]))
		if row.Why != WhyVague && row.Why != WhyLabel {
			c.Counts[row.Outcome]++
		}
		c.Rows = append(c.Rows, row)
	}
	slices.SortStableFunc(c.Rows, func(a, b CompareRow) int {
		return cmp.Or(cmp.Compare(orLast(a.First), orLast(b.First)), cmp.Compare(a.no, b.no))
	})
	return c
}

// parties are the columns: who tells, answers or is asked; of two parties both.
func (g *gathered) parties() []string {
	part := map[string]bool{}
	var all []string
	for _, p := range g.r.Charter().Parties {
		if p.Role == charter.RoleParty {
			all = append(all, p.ID)
		}
	}
	if len(all) <= 2 {
		return all
	}
	for _, v := range g.items {
		part[v.Party] = true
		for _, a := range v.Answers {
			part[a.Party] = true
		}
		for p := range v.Asked {
			part[p] = true
		}
	}
	return slices.DeleteFunc(all, func(p string) bool { return !part[p] })
}

func (g *gathered) accounts(caseID string) []AccountView {
	var list []AccountView
	for _, s := range g.r.Case(caseID) {
		a, ok := Body[Account](g.r, s.Ref)
		if !ok {
			continue
		}
		at, _ := g.r.Covered(s.Ref)
		seal, known := g.seals[s.Ref]
		if !known { // its author took it back
			seal, _ = g.r.Reveal(s.Ref)
		}
		list = append(list, AccountView{Ref: s.Ref, Party: s.Party, At: at, Event: a.Event, Label: g.r.Label(s), Seal: seal, Retired: g.retired[s.Ref], Limits: a.Limits})
	}
	g.after(list)
	slices.SortStableFunc(list, func(a, b AccountView) int {
		return cmp.Or(cmp.Compare(orLast(a.At), orLast(b.At)), strings.Compare(a.Party, b.Party), cmp.Compare(a.Ref.Index, b.Ref.Index))
	})
	return list
}

// after marks what was told when another's sealed account of the same event was open
// to be read: it may be true, and may be tailored.
func (g *gathered) after(list []AccountView) {
	type event struct {
		party string
		of    statement.Ref // the account that is answered, or none
	}
	opened := map[event]int64{}
	note := func(e event, at int64) {
		if first, ok := opened[e]; !ok || at < first {
			opened[e] = at
		}
	}
	for _, a := range list {
		if a.Seal.Opened == 0 || a.Label != LabelNone {
			continue
		}
		s, _ := g.r.Said(a.Ref)
		note(event{a.Party, g.r.opening(s)}, a.Seal.Opened)
		if len(s.Act.Refs) == 0 {
			note(event{party: a.Party}, a.Seal.Opened)
		}
	}
	for i := range list {
		a := &list[i]
		s, _ := g.r.Said(a.Ref)
		for _, p := range g.r.Charter().Parties {
			at, ok := opened[event{p.ID, g.r.opening(s)}]
			any, also := opened[event{party: p.ID}]
			if p.ID != a.Party && (ok && at < orLast(a.At) || also && any < orLast(a.At)) {
				a.After = append(a.After, p.ID)
			}
		}
	}
}

// row is the key of the row that an item belongs to: that of the item which its
// author put it beside, or its tag's. An observation of a clause is a thing of
// its own unless somebody puts it beside another.
func (g *gathered) row(v *ItemView) string {
	root := g.root(v)
	thing, _ := SplitTag(root.Item.What)
	if g.clause[root.Account] {
		return thing + " " + root.Account.ID.Short() + "/" + PartName("item", root.Item.No)
	}
	return thing
}

// root is the item at the end of where an item was put. Where two parties put
// theirs beside each other, it is the first one of that circle.
func (g *gathered) root(v *ItemView) *ItemView {
	var way []*ItemView
	on := map[*ItemView]int{} // place on the way
	end := v
	for g.roots[end] == nil {
		if at, circle := on[end]; circle {
			end = slices.MinFunc(way[at:], func(a, b *ItemView) int { return cmp.Compare(g.order[a.key()], g.order[b.key()]) })
			g.roots[end] = end
			break
		}
		on[end] = len(way)
		way = append(way, end)
		next, ok := g.aligns[end.key()]
		if !ok || g.byKey[next] == nil {
			g.roots[end] = end
			break
		}
		end = g.byKey[next]
	}
	for _, w := range way {
		g.roots[w] = g.roots[end]
	}
	return g.roots[end]
}

// maxBeside is how many items of one party are compared in one row.
const maxBeside = 100

// most takes the first items of each party in a row; what is more is shown, and
// compared with nothing, since each is held against each of the others.
func most(items []*ItemView) []*ItemView {
	n := map[string]int{}
	for i, v := range items {
		if !v.counts() {
			continue
		}
		if n[v.Party]++; n[v.Party] > maxBeside {
			over := *v
			over.Label = LabelOverQuota
			items[i] = &over
		}
	}
	return items
}

func makeRow(key string, parties []string, items []*ItemView) CompareRow {
	row := CompareRow{Key: key}
	var base []*ItemView
	aspects := map[string][]*ItemView{}
	for _, v := range items {
		if row.no == 0 || orLast(v.At) < orLast(row.First) || v.At == row.First && v.Item.No < row.no {
			row.First, row.no = v.At, v.Item.No
		}
		if !slices.Contains(parties, v.Party) {
			row.Others = append(row.Others, *v)
			continue
		}
		if _, aspect := SplitTag(v.Item.What); aspect != "" {
			aspects[aspect] = append(aspects[aspect], v)
		} else {
			base = append(base, v)
		}
	}
	slices.SortStableFunc(row.Others, func(a, b ItemView) int { return strings.Compare(a.Party, b.Party) })
	row.Verdict, row.Sides = judge(base, parties), sides(base, parties)
	for _, name := range slices.Sorted(maps.Keys(aspects)) {
		row.Aspects = append(row.Aspects, Aspect{name, judge(aspects[name], parties), sides(aspects[name], parties)})
	}
	return row
}

// sides sorts items and answers into the parties' columns.
func sides(items []*ItemView, parties []string) []Side {
	list := make([]Side, len(parties))
	for i, p := range parties {
		s := Side{Party: p}
		for _, v := range items {
			if v.Party == p {
				s.Items = append(s.Items, *v)
			}
			s.Answers = append(s.Answers, answersOf(v, p)...)
			s.Dissents = append(s.Dissents, dissentsOf(v, p)...)
		}
		s.Divided = divided(s.Items)
		list[i] = s
	}
	return list
}

func answersOf(v *ItemView, party string) (list []ItemAnswer) {
	for _, a := range v.Answers {
		if a.Party == party && a.Stands {
			list = append(list, a)
		}
	}
	return list
}

// dissentsOf are the last words of other officers of a party that differ from
// what stands, with or without a power to speak for it.
func dissentsOf(v *ItemView, party string) (list []ItemAnswer) {
	standing := v.standing(party)
	last := map[string]int{}
	for i, a := range v.Answers {
		if a.Party == party && a.Stance != Explain && a.Stance != Vague {
			last[strings.Join(a.Officers, ",")] = i
		}
	}
	for i, a := range v.Answers {
		if last[strings.Join(a.Officers, ",")] == i && a.Party == party && !a.Stands && a.Stance != Explain && a.Stance != Vague && (standing == nil || a.Stance != standing.Stance) {
			list = append(list, a)
		}
	}
	return list
}

func divided(items []ItemView) bool {
	items = slices.DeleteFunc(slices.Clone(items), func(v ItemView) bool { return !v.counts() })
	for i, a := range items {
		for _, b := range items[:i] {
			if CompareItems(a.Item, b.Item).Outcome == OutContradict {
				return true
			}
		}
	}
	return false
}
