package node

import (
	"strconv"

	"entente/api"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/statement"
)

// runSheet is what officers read before they let their list be matched.
func runSheet(self string, p Pending, out *api.Sheet) error {
	out.Effects = append(out.Effects, api.Effect{Name: api.EffectFinal})
	if p.Act.Kind == match.OfferKind {
		o, err := match.ParseOffer(p.Act.Body)
		if err != nil {
			return err
		}
		runFacts(out, o.To, o.Purpose, o.Mode, o.Types, o.Side, o.Audit, o.Observer)
		fact(out, "run-release", "sheet.release", o.Release)
		fact(out, "run-excluded", "", digests(o.Exclude)...)
		fact(out, "run-guesses", "", strconv.Itoa(o.Side.Left))
		return nil
	}
	m, _, err := match.ParseConsent(p.Act.Body)
	if err != nil {
		return err
	}
	own := m.Side(self)
	if own < 0 {
		return nil // it is said of others, and moves nothing
	}
	runFacts(out, m.Sides[1-own].Party, m.Purpose, m.Mode, m.Types, m.Sides[own], m.Audit, m.Observer)
	fact(out, "run-release", "sheet.release", m.Release)
	fact(out, "run-excluded", "", digests(m.Exclude)...)
	fact(out, "run-theirs", "", strconv.Itoa(m.Sides[1-own].Items))
	fact(out, "run-left", "", strconv.Itoa(m.Sides[own].After))
	return nil
}

// listSheet is what officers read before they open a list to a partner's questions.
func listSheet(p Pending, out *api.Sheet) error {
	t, about, err := voprf.ParseTerms(p.Act.Body)
	if err != nil {
		return err
	}
	out.Effects = append(out.Effects, api.Effect{Name: api.EffectFinal}, api.Effect{Name: api.EffectEnds, At: t.Until / 1000})
	fact(out, "run-with", "", t.To)
	fact(out, "for", "", t.Purpose)
	fact(out, "run-types", "", typeNames(t.Types)...)
	fact(out, "run-ours", "", strconv.Itoa(about.Tokens))
	fact(out, "list-asks", "", strconv.Itoa(t.Budget))
	hits := "hidden"
	if t.Echo {
		hits = "proved"
	}
	fact(out, "list-hits", "sheet.hits", hits)
	return nil
}

func typeNames(types []observable.Type) []string {
	list := make([]string, len(types))
	for i, t := range types {
		list[i] = string(t)
	}
	return list
}

func runFacts(out *api.Sheet, with, purpose, mode string, types []observable.Type, own match.Side, audit match.Audit, observer string) {
	fact(out, "run-with", "", with)
	fact(out, "for", "", purpose)
	fact(out, "run-mode", "sheet.run", mode)
	fact(out, "run-types", "", typeNames(types)...)
	fact(out, "run-ours", "", strconv.Itoa(own.Items))
	if audit.Items > 0 {
		fact(out, "run-audit", "", strconv.Itoa(audit.Items))
		fact(out, "run-sees", "sheet.sees", audit.Sees)
	}
	fact(out, "run-observer", "", observer)
}

func digests(list []statement.Digest) []string {
	out := make([]string, len(list))
	for i, d := range list {
		out[i] = short(d.String())
	}
	return out
}
