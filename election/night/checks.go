package night

import (
	"slices"

	"entente/election/press"
	"entente/election/results"
)

// Silent reports whether a version's numbers differ from the version before
// while every mark of a new version is the same, and there is one.
func (v Seen) Silent(before Seen) bool {
	a, b := v.Marks, before.Marks
	a.Modified, b.Modified, a.ETag, b.ETag = "", "", "", "" // the server's, not the publisher's
	return v.Outcome == results.Changed && v.Changed > 0 && a == b && a != results.Marks{}
}

// Checks is what a statement for the press can say of results pages, by what
// the parties have logged: sums, unmarked changes and joint words. What nobody
// has looked at makes no check.
func Checks(views []PageView) (out []press.Check) {
	versions := press.Check{Subject: press.Versions, Outcome: press.Clean}
	for _, v := range views {
		silent := int64(0)
		for _, h := range v.Histories {
			mine := int64(0)
			for i, s := range h.Versions {
				if i > 0 && s.Silent(h.Versions[i-1]) {
					mine += s.Changed
				}
			}
			silent = max(silent, mine)
			if len(h.Versions) > 0 && !slices.Contains(versions.By, h.Party) {
				versions.By = append(versions.By, h.Party)
			}
			versions.Of += int64(len(h.Versions))
		}
		if silent > 0 {
			versions.Outcome, versions.Count = press.Found, versions.Count+silent
			versions.Names = append(versions.Names, v.Page.ID)
		}
		if len(v.Differences) > 0 {
			out = append(out, press.Check{Subject: press.Versions, By: differing(v), Outcome: press.Split, Names: []string{v.Page.ID}})
		}
		out = append(out, wordChecks(v)...)
	}
	if len(versions.By) > 0 {
		out = append(out, versions)
	}
	return press.Merge(out)
}

func differing(v PageView) (parties []string) {
	for _, h := range v.Histories {
		if len(h.Versions) > 0 {
			parties = append(parties, h.Party)
		}
	}
	return parties
}

// wordChecks are the words over a page's newest numbers: each party's test of
// the sums, and what they say together.
func wordChecks(v PageView) (out []press.Check) {
	if v.Words == nil {
		return nil
	}
	for _, w := range v.Words.Words {
		c := press.Check{Subject: press.Sums, By: []string{w.Party}, Outcome: press.Clean, Names: []string{v.Page.ID}}
		for _, t := range w.Tested {
			c.Of += int64(t.Held + t.Broken)
		}
		if !w.Balances {
			c.Outcome, c.Count = press.Found, int64(w.Total)
		}
		out = append(out, c)
	}
	c := press.Check{Subject: press.Balance, Names: []string{v.Page.ID}}
	for _, w := range v.Words.Words {
		c.By, c.Of = append(c.By, w.Party), w.Leaves
		c.Count = max(c.Count, int64(w.Total))
	}
	switch v.Words.Stand {
	case Balanced:
		c.Outcome = press.Clean
	case Unbalanced:
		c.Outcome = press.Found
	case Disagreed:
		c.Outcome = press.Split
	default:
		return out // one side alone is no joint word
	}
	return append(out, c)
}
