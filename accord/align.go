package accord

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"entente/statement"
)

// ItemView is one item of an account, with what was said of it.
type ItemView struct {
	Account statement.Ref
	Party   string
	At      int64 // Unix seconds at which its account was covered, 0 while it is not
	Item    Item
	// Kind is how the item counts: what one party says of another's mind or words
	// is the first one's state-of-mind item until the other answers.
	Kind    string
	About   string // another party of whose mind, words or conduct it speaks, or empty
	Label   Label  // why it is not its party's position; empty if it is
	Absent  bool   // its source is not among those who were present
	VagueBy []string
	Answers []ItemAnswer
	Asked   map[string]Asked // by party: how often its answer was asked for, and since when
}

// Asked counts requests for an answer.
type Asked struct {
	Times int
	Since int64 // Unix seconds at which the first was covered
}

// ItemAnswer is one stance on an item.
type ItemAnswer struct {
	Ref      statement.Ref
	Party    string
	Officers []string
	Stance   Stance
	Text     Texts
	Quantity *Quantity
	At       int64
	Label    Label
	Stands   bool // it is its party's answer now
}

// key names an item within a case.
type itemKey struct {
	account statement.Ref
	no      int
}

func (v ItemView) key() itemKey { return itemKey{v.Account, v.Item.No} }

// counts reports whether the item is a claim of its party that can be compared.
func (v ItemView) counts() bool { return v.Label == "" && !v.Item.Vague }

// gathered is what a comparison is made from.
type gathered struct {
	r       *Record
	items   []*ItemView // in order of (covered, account, number)
	byKey   map[itemKey]*ItemView
	of      map[statement.Ref][]*ItemView
	seals   map[statement.Ref]Seal
	aligns  map[itemKey]itemKey
	roots   map[*ItemView]*ItemView // where each was put in the end, as far as known
	order   map[itemKey]int         // of items
	clause  map[statement.Ref]bool  // accounts that are about a clause: their rows are things of their own
	retired map[statement.Ref]bool  // accounts and positions that were taken back or replaced
	over    map[statement.Ref]bool  // requests for a meaning beyond the quota, of the accounts looked at
	looked  map[statement.Ref]bool
	dropped map[itemKey]bool
	whole   map[wholeKey][]ItemAnswer
}

// gather reads the accounts of a case that are open to all, and what was said
// on their items.
func (r *Record) gather(caseID string) *gathered {
	g := &gathered{r: r, byKey: map[itemKey]*ItemView{}, of: map[statement.Ref][]*ItemView{}, seals: map[statement.Ref]Seal{}, aligns: map[itemKey]itemKey{}, roots: map[*ItemView]*ItemView{}, order: map[itemKey]int{}, clause: map[statement.Ref]bool{}, retired: map[statement.Ref]bool{}, dropped: map[itemKey]bool{}, over: map[statement.Ref]bool{}, looked: map[statement.Ref]bool{}, whole: map[wholeKey][]ItemAnswer{}}
	said := r.Case(caseID)
	for _, s := range said {
		if s.Act.Kind == KindAccount || s.Act.Kind == KindPosition {
			g.takeBack(s)
		}
	}
	for _, s := range said {
		if s.Act.Kind == KindAccount && !g.retired[s.Ref] {
			g.addAccount(s)
		}
	}
	for _, s := range said {
		switch s.Act.Kind {
		case KindPosition:
			g.addPosition(s)
		case KindNotice:
			g.addNotice(s)
		}
	}
	g.wholeAnswers()
	for _, v := range g.items {
		g.settle(v)
	}
	return g
}

// takeBack notes what the author of a statement took back of it.
func (g *gathered) takeBack(s Said) {
	whole, items := g.r.takenBack(g.r.find(s.Ref))
	if whole {
		g.retired[s.Ref] = true
	}
	for _, no := range items {
		g.dropped[itemKey{s.Ref, no}] = true
	}
}

func (g *gathered) addAccount(s Said) {
	seal, content, _ := g.r.reveal(s.Ref)
	g.seals[s.Ref] = seal
	items, _ := content.([]SaltedItem)
	account, _ := Body[Account](g.r, s.Ref)
	at, covered := g.r.Covered(s.Ref)
	label := g.r.Label(s)
	if !covered && label == "" {
		label = LabelNotCovered
	}
	if t, ok := g.r.Target(s.Ref); ok && t.Act.Kind == KindProposal {
		g.clause[s.Ref] = true
	}
	for _, it := range items {
		k := itemKey{s.Ref, it.Item.No}
		if g.dropped[k] {
			continue
		}
		v := &ItemView{Account: s.Ref, Party: s.Party, At: at, Item: it.Item, Kind: it.Item.Kind, Label: label, Asked: map[string]Asked{}}
		if _, known := g.r.Charter().Party(it.Item.Who); known && it.Item.Who != s.Party {
			v.About = it.Item.Who
		}
		v.Absent = it.Item.Source != "" && len(account.Event.Present) > 0 && !slices.Contains(account.Event.Present, speaker(it.Item.Source))
		if it.Item.Vague {
			v.VagueBy = []string{s.Party}
		}
		g.order[k] = len(g.items)
		g.items, g.byKey[k], g.of[s.Ref] = append(g.items, v), v, append(g.of[s.Ref], v)
		if name, no, err := SplitPart(it.Item.Aligns); err == nil && name == "item" && len(s.Act.Refs) > 0 {
			g.aligns[k] = itemKey{s.Act.Refs[0], no}
		}
	}
}

// speaker is the person in a source such as "Name, where it is written".
func speaker(source string) string {
	name, _, _ := strings.Cut(source, ",")
	return strings.TrimSpace(name)
}

func (g *gathered) addPosition(s Said) {
	p, ok := Body[Position](g.r, s.Ref)
	if !ok || len(s.Act.Refs) == 0 || g.retired[s.Ref] {
		return
	}
	at, covered := g.r.Covered(s.Ref)
	a := ItemAnswer{Ref: s.Ref, Party: s.Party, Stance: p.Stance, Text: p.Text, Quantity: p.Quantity, At: at, Label: g.r.Label(s)}
	if !covered && a.Label == "" {
		a.Label = LabelNotCovered
	}
	for _, ap := range s.Approvals {
		a.Officers = append(a.Officers, ap.Officer)
	}
	slices.Sort(a.Officers)
	name, no, err := SplitPart(p.Part)
	for _, v := range g.on(s.Act.Refs[0], name, no, err == nil) {
		if v.Party == s.Party || !slices.Contains(StancesOn(OnItem), p.Stance) {
			continue
		}
		if p.Part != "" {
			v.Answers = append(v.Answers, a)
		}
		g.counter(s, p, v, a.Label)
	}
	// A whole account is left without comment at once; it is agreed or denied
	// item by item.
	if p.Part == "" && (p.Stance == NoComment || p.Stance == CannotSay) {
		on := wholeKey{s.Act.Refs[0], s.Party, a.Label == LabelNone}
		g.whole[on] = append(g.whole[on], a)
	}
}

// wholeKey names what a party said of whole accounts: of which, and with or
// without a power to.
type wholeKey struct {
	account statement.Ref
	party   string
	stands  bool
}

// maxWhole is how many words of one party on a whole account stand beside each of
// its items: the last ones. There is an item for each of them, 200 times.
const maxWhole = 8

// wholeAnswers puts beside each item what was said of its account as a whole.
func (g *gathered) wholeAnswers() {
	for on, list := range g.whole {
		for _, v := range g.of[on.account] {
			if v.Party != on.party {
				v.Answers = append(v.Answers, list[max(0, len(list)-maxWhole):]...)
			}
		}
	}
}

// on are the items that a target names: one, or all of an account.
func (g *gathered) on(account statement.Ref, name string, no int, one bool) []*ItemView {
	if one {
		if v := g.byKey[itemKey{account, no}]; v != nil && name == "item" {
			return []*ItemView{v}
		}
		return nil
	}
	return g.of[account]
}

// counter puts an item of the position's own party beside the one it stands on,
// if that item does not say itself where it belongs. Nobody moves another's.
func (g *gathered) counter(s Said, p Position, v *ItemView, label Label) {
	name, no, err := SplitPart(p.Counter)
	if err != nil || name != "item" || len(s.Act.Refs) < 2 || label != "" {
		return
	}
	k := itemKey{s.Act.Refs[1], no}
	if own := g.byKey[k]; own != nil && own.Party == s.Party && own.Item.Aligns == "" {
		if _, done := g.aligns[k]; !done {
			g.aligns[k] = v.key()
		}
	}
}

func (g *gathered) addNotice(s Said) {
	n, ok := Body[Notice](g.r, s.Ref)
	at, covered := g.r.Covered(s.Ref)
	if !ok || !covered || len(s.Act.Refs) == 0 || n.Ask == "ack" || g.r.Label(s) != "" {
		return
	}
	if about := s.Act.Refs[0]; !g.looked[about] {
		g.looked[about] = true
		for _, c := range g.r.Clarifications(about) {
			g.over[c.Notice] = g.over[c.Notice] || c.Over
		}
	}
	if g.over[s.Ref] {
		return
	}
	name, no, err := SplitPart(n.Part)
	for _, v := range g.on(s.Act.Refs[0], name, no, err == nil) {
		for _, to := range n.To {
			if to == v.Party || to == s.Party {
				continue
			}
			asked, before := v.Asked[to]
			if !before || at < asked.Since {
				asked.Since = at
			}
			asked.Times++
			v.Asked[to] = asked
		}
	}
}

// settle finds which answer of each party stands: the latest agree, differ or
// deny; failing one, the latest no-comment or cannot-say, which takes nothing
// back that was said.
func (g *gathered) settle(v *ItemView) {
	slices.SortStableFunc(v.Answers, func(a, b ItemAnswer) int {
		return cmp.Or(cmp.Compare(orLast(a.At), orLast(b.At)), strings.Compare(a.Party, b.Party), cmp.Compare(a.Ref.Index, b.Ref.Index))
	})
	stands := map[string]int{}
	for i, a := range v.Answers {
		if a.Label != "" {
			continue
		}
		if a.Stance == Vague {
			if !slices.Contains(v.VagueBy, a.Party) {
				v.VagueBy = append(v.VagueBy, a.Party)
			}
			continue
		}
		if a.Stance == Explain {
			continue
		}
		before, ok := stands[a.Party]
		if !ok || substantive(a.Stance) || !substantive(v.Answers[before].Stance) {
			stands[a.Party] = i
		}
	}
	slices.Sort(v.VagueBy)
	for _, i := range stands {
		v.Answers[i].Stands = true
	}
	if _, answered := stands[v.Item.Who]; !answered && v.About != "" && v.Kind == "word" {
		v.Kind = "state-of-mind"
	}
}

func substantive(s Stance) bool { return s == Agree || s == Differ || s == Deny }

func orLast(at int64) int64 {
	if at == 0 {
		return math.MaxInt64
	}
	return at
}

// standing is the answer of a party to the item, or nil.
func (v *ItemView) standing(party string) *ItemAnswer {
	for i := range v.Answers {
		if v.Answers[i].Party == party && v.Answers[i].Stands {
			return &v.Answers[i]
		}
	}
	return nil
}
