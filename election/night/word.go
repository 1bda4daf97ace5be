package night

import (
	"cmp"
	"maps"
	"slices"

	"entente/statement"
)

// Given is one balance/v1 as it stands in a party's log.
type Given struct {
	Party string `json:"party"`
	Index uint64 `json:"index"`
	Balance
}

// Stand is how parties stand to the numbers under one root.
type Stand string

// The stands.
const (
	Balanced   Stand = "balances"   // every party of those needed has said so, over this root
	Unbalanced Stand = "unbalanced" // every one has said that they do not
	Disagreed  Stand = "disagreed"  // some say so, some not
	OneSided   Stand = "one-sided"  // somebody has still to say anything
)

// Stands returns all of them.
func Stands() []Stand { return []Stand{Balanced, Unbalanced, Disagreed, OneSided} }

// Agreement is the words of all parties over one root.
type Agreement struct {
	URL    string           `json:"url"`
	Root   statement.Digest `json:"root"`
	Stand  Stand            `json:"stand"`
	Words  []Given          `json:"words"`  // each party's newest, by party
	Silent []string         `json:"silent"` // parties whose word is missing
	// Only are breaks that not all of those who spoke have found.
	Only []OnlyBy `json:"only"`
}

// OnlyBy is a break that some have found and some have not.
type OnlyBy struct {
	Break
	Parties []string `json:"parties"`
}

// Agree computes, for each root that somebody gave a word on, how the needed parties
// stand to it: nothing is joint but what all of them said over the very same
// root. Words of one party come in the order of its log. A word of an observer, or
// of whoever is not needed, is listed and decides nothing.
func Agree(all []Given, needed []string) []Agreement {
	type key struct {
		url  string
		root statement.Digest
	}
	by := make(map[key]map[string]Given)
	for _, g := range all {
		k := key{g.URL, g.Root}
		if by[k] == nil {
			by[k] = make(map[string]Given)
		}
		by[k][g.Party] = g
	}
	out := make([]Agreement, 0, len(by))
	for k, words := range by {
		a := Agreement{URL: k.url, Root: k.root, Silent: []string{}}
		for _, p := range slices.Sorted(maps.Keys(words)) {
			a.Words = append(a.Words, words[p])
		}
		yes, no := 0, 0
		for _, p := range needed {
			switch w, ok := words[p]; {
			case !ok:
				a.Silent = append(a.Silent, p)
			case w.Balances:
				yes++
			default:
				no++
			}
		}
		switch {
		case yes > 0 && no > 0:
			a.Stand = Disagreed
		case len(a.Silent) > 0 || yes+no == 0:
			a.Stand = OneSided
		case yes > 0:
			a.Stand = Balanced
		default:
			a.Stand = Unbalanced
		}
		a.Only = onlyBy(a.Words)
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Agreement) int {
		return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Root.String(), b.Root.String()))
	})
	return out
}

func onlyBy(words []Given) []OnlyBy {
	out := []OnlyBy{}
	if slices.ContainsFunc(words, func(w Given) bool { return w.Total > len(w.Breaks) }) {
		return out // a list that was cut says nothing of what is not in it
	}
	at := make(map[Break]int)
	for _, w := range words {
		for _, b := range w.Breaks {
			i, ok := at[b]
			if !ok {
				i = len(out)
				at[b] = i
				out = append(out, OnlyBy{Break: b})
			}
			if !slices.Contains(out[i].Parties, w.Party) {
				out[i].Parties = append(out[i].Parties, w.Party)
			}
		}
	}
	return slices.DeleteFunc(out, func(o OnlyBy) bool { return len(o.Parties) == len(words) })
}
