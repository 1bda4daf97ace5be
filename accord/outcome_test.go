package accord

import "testing"

func claim(change func(*Item)) Item {
	it := Item{No: 1, Kind: "act", Who: "north", What: "scan", Text: Texts{"en": "x"}, Basis: "recorded", Exhibits: []string{}}
	if change != nil {
		change(&it)
	}
	return it
}

// TestCompareItems: typed fields decide, in either direction; words never do,
// but where an aspect is nothing else.
func TestCompareItems(t *testing.T) {
	at := func(from, to Instant) func(*Item) { return func(it *Item) { it.From, it.To = from, to } }
	amount := func(cmp string, n int64, unit string) func(*Item) {
		return func(it *Item) { it.Quantity = &Quantity{cmp, n, unit} }
	}
	measure := func(cmp string, n int64, unit string) func(*Item) {
		return func(it *Item) { it.Kind, it.Quantity = "measure", &Quantity{cmp, n, unit} }
	}
	for _, c := range []struct {
		name string
		a, b func(*Item)
		want Pair
	}{
		{"the same", nil, nil, Pair{OutAgreed, WhySame}},
		{"other words", nil, func(it *Item) { it.Text = Texts{"en": "y"} }, Pair{OutAgreed, WhySame}},
		{"other words of an aspect", func(it *Item) { it.What = "scan/manner" }, func(it *Item) { it.What, it.Text = "scan/manner", Texts{"en": "y"} }, Pair{OutDiffer, WhyWording}},
		{"the same words of an aspect", func(it *Item) { it.What = "scan/manner" }, func(it *Item) { it.What = "scan/manner" }, Pair{OutAgreed, WhySame}},
		{"another person", nil, func(it *Item) { it.Who = "south" }, Pair{OutDiffer, WhyWho}},
		{"a word for an act", nil, func(it *Item) { it.Kind = "word" }, Pair{OutDiffer, WhyKind}},
		{"another tag, put beside", nil, func(it *Item) { it.What = "probe" }, Pair{OutDiffer, WhyTag}},
		{"it did not happen", nil, func(it *Item) { it.Kind = "absence" }, Pair{OutContradict, WhyOpposite}},
		{"it did not happen at another time", at("2026-01-31T12:00:00Z", ""), func(it *Item) { it.Kind, it.From = "absence", "2026-01-31T13:00:00Z" }, Pair{OutDiffer, WhyWhen}},
		{"neither happened", func(it *Item) { it.Kind = "absence" }, func(it *Item) { it.Kind = "absence" }, Pair{OutAgreed, WhySame}},
		{"equal intervals", at("2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z"), at("2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z"), Pair{OutAgreed, WhySame}},
		{"overlapping", at("2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z"), at("2026-01-31T12:30:00Z", "2026-01-31T14:00:00Z"), Pair{OutDiffer, WhyWhen}},
		{"touching", at("2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z"), at("2026-01-31T13:00:00Z", ""), Pair{OutDiffer, WhyWhen}},
		{"disjoint", at("2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z"), at("2026-01-31T13:00:01Z", ""), Pair{OutContradict, WhyWhen}},
		{"one gives no time", at("2026-01-31T12:00:00Z", ""), nil, Pair{OutAgreed, WhySame}},
		{"an end before the beginning is no end", at("2026-01-31T12:00:00Z", "2026-01-31T11:00:00Z"), at("2026-01-31T12:00:00Z", ""), Pair{OutAgreed, WhySame}},
		{"other places", func(it *Item) { it.Where = "p" }, func(it *Item) { it.Where = "q" }, Pair{OutDiffer, WhyWhere}},
		{"forty or more against more than two hours", measure(">=", 40, "min"), measure(">", 120, "min"), Pair{OutDiffer, WhyQuantity}},
		{"the same in other units", measure("=", 120, "min"), measure("=", 2, "h"), Pair{OutAgreed, WhySame}},
		{"a large part is no number", measure(">=", 40, "min"), measure("?", 0, "min"), Pair{OutNotComparable, WhyNoNumber}},
		{"a measure without a number", measure("=", 1, "h"), func(it *Item) { it.Kind = "measure" }, Pair{OutNotComparable, WhyNoNumber}},
		{"exact numbers", amount("=", 3, "hosts"), amount("=", 4, "hosts"), Pair{OutContradict, WhyQuantity}},
		{"no common unit", amount("=", 3, "hosts"), amount("=", 3, "nets"), Pair{OutNotComparable, WhyUnit}},
		{"less against more", amount("<", 3, "hosts"), amount(">", 3, "hosts"), Pair{OutContradict, WhyQuantity}},
		{"about", amount("~", 100, "hosts"), amount("=", 91, "hosts"), Pair{OutDiffer, WhyQuantity}},
		{"not about", amount("~", 100, "hosts"), amount("=", 89, "hosts"), Pair{OutContradict, WhyQuantity}},
		{"far beyond the range", amount("=", 1<<53, "d"), amount("=", -(1 << 53), "d"), Pair{OutContradict, WhyQuantity}},
		{"a contradiction outweighs a difference", at("2026-01-31T12:00:00Z", ""), func(it *Item) { it.From, it.Who = "2026-02-01T12:00:00Z", "south" }, Pair{OutContradict, WhyWhen}},
		{"vague", func(it *Item) { it.Vague = true }, nil, Pair{OutNotComparable, WhyVague}},
	} {
		a, b := claim(c.a), claim(c.b)
		if got := CompareItems(a, b); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := CompareItems(b, a); got != c.want {
			t.Errorf("%s, the other way round: %v, want %v", c.name, got, c.want)
		}
	}
}
