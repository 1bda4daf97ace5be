package node

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/api"
	"entente/console"
	"entente/statement"
)

// seals commits a party to its account of a matter, deposited with the observer.
func (u *unit) seals(party, caseID string, commit, reveal time.Time, about []statement.Ref, texts ...string) statement.Ref {
	u.t.Helper()
	d := u.tale(reveal, observer, texts...)
	body := d.body.(accord.Account)
	body.CommitBy = accord.At(commit)
	d.body, d.caseID, d.refs = body, caseID, about
	return u.utter(party, d, staff...)
}

// reveals is an author's own opening of its account, to all others.
func (u *unit) reveals(party string, ref statement.Ref) error {
	var to []string
	for _, name := range u.names {
		if name != party {
			to = append(to, name)
		}
	}
	_, err := u.node(party).Control().Open(u.t.Context(), api.PartRequest{Index: ref.Index, Part: 1, Reason: "reveal", To: to, Marking: "TLP:AMBER"})
	return err
}

// sealed demands the state of a sealed account on every node.
func (u *unit) sealed(when string, ref statement.Ref, want accord.SealState) {
	u.t.Helper()
	for _, name := range u.names {
		if seal, _ := must(u.node(name).Accord(u.t.Context()))(u.t).Reveal(ref); seal.State != want {
			u.t.Errorf("%s, %s: %s, want %s", when, name, seal.State, want)
		}
	}
}

// compared is what every node makes of the accounts of a case, at an instant and,
// with sizes, from as much of each log: the same.
func (u *unit) compared(caseID string, at time.Time, sizes map[string]uint64) string {
	u.t.Helper()
	first := ""
	for _, name := range u.names {
		n := u.node(name)
		w := must(ReadWorld(u.t.Context(), n.view, n.roster, at))(u.t)
		if sizes != nil {
			w = w.Upto(sizes)
		}
		c := accord.NewRecord(w).Compare(caseID)
		c.Sizes = map[string]uint64{} // how much of the newest housekeeping each has read by now is its own
		text := accord.CompareText(must(console.Lexicon("en"))(u.t), []accord.Comparison{c})
		if first != "" && text != first {
			u.t.Errorf("%s compares otherwise:\n%s", name, diff(first, text))
		}
		first = text
	}
	return first
}

// about counts the statements of a kind about another, as a node reads them.
func (u *unit) about(reader string, kind statement.Kind, ref statement.Ref) (n int) {
	u.t.Helper()
	for _, s := range must(u.node(reader).Accord(u.t.Context()))(u.t).On(ref) {
		if s.Act.Kind == kind {
			n++
		}
	}
	return n
}

// TestLateRevealer (P5, P6): both commit to accounts that nobody else can read.
// Neither opens its own before the other has committed. North opens its own;
// south does not, or says that it does and does not: at the deadline the
// depositary opens what it holds, once, also with a line cut. What anybody passes
// for an account that it is not opens nothing.
func TestLateRevealer(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, map[string]time.Duration{south: 4 * time.Minute, observer: -2 * time.Minute})
		now := u.opt[north].Now()
		commit, deadline := now.Add(6*time.Hour), now.Add(8*time.Hour)
		one, two := must(newCase(bytes.NewReader([]byte("0123456789abcdef"))))(t), must(newCase(bytes.NewReader([]byte("fedcba9876543210"))))(t)
		mine := u.seals(north, one, commit, deadline, nil, "north saw a scan at noon")
		u.settle()
		u.sealed("committed alone", mine, accord.SealClosed)
		if err := u.reveals(north, mine); !refusedWith(err, statement.CodeState) {
			t.Errorf("opened before the other has committed: %v", err)
		}
		if _, err := u.node(north).Draft(t.Context(), AccordDraft{Kind: accord.KindPosition, Refs: []statement.Ref{mine}, Body: accord.Position{Stance: accord.Reveal, Capacity: "official"}}); !refusedWith(err, statement.CodeState) {
			t.Errorf("a reveal before the other has committed: %v", err)
		}
		late := u.seals(south, one, commit, deadline, []statement.Ref{mine}, "south saw nothing at noon")
		liar := u.seals(south, two, commit, deadline, nil, "south tells it otherwise")
		u.settle()
		his := u.seals(north, two, commit, deadline, []statement.Ref{liar}, "north tells it")
		u.settle()
		u.sealed("both have committed", mine, accord.SealMayReveal)
		for _, ref := range []statement.Ref{late, liar} {
			if got := u.content(north, ref); got != "" {
				t.Errorf("north reads what is sealed: %q", got)
			}
		}
		u.ok(u.reveals(north, mine))
		u.ok(u.reveals(north, his))
		u.takes(south, accord.Reveal, liar, nil) // and opens nothing
		u.disclose(observer, late, func(b []byte) []byte { return bytes.Replace(b, []byte("nothing"), []byte("something"), 1) })
		u.settle()
		u.sealed("its author opens it", mine, accord.SealRevealed)
		for _, ref := range []statement.Ref{late, liar} {
			if got := u.content(north, ref); got != "" {
				t.Errorf("north reads of south's account, which nobody has opened truly: %q", got)
			}
		}
		u.sever(observer, south)
		pass(9 * time.Hour)
		u.settle()
		for ref, text := range map[statement.Ref]string{liar: "south tells it otherwise", mine: "north saw a scan at noon", late: "south saw nothing at noon"} {
			for _, name := range u.names {
				if got := u.content(name, ref); !strings.Contains(got, text) {
					t.Errorf("%s reads %q, want %q", name, got, text)
				}
			}
		}
		if n := u.about(north, accord.KindDisclosure, liar); n != 1 {
			t.Errorf("the depositary opened it %d times", n)
		}
		if n := u.about(north, accord.KindDisclosure, late); n != 2 { // the wrong one opened nothing
			t.Errorf("the depositary opened it %d times, once wrongly", n)
		}
		if n := u.about(north, accord.KindDisclosure, mine); n != 0 {
			t.Errorf("what its author had opened was opened %d times more", n)
		}
		if text := u.compared(two, u.opt[north].Now(), nil); !strings.Contains(text, "south tells it otherwise") || !strings.Contains(text, "north tells it") {
			t.Errorf("the comparison has not both sides:\n%s", text)
		}
		u.innocent()
	})
}

// TestComparedAgain (P6): north corrects its account. The comparison runs again, on
// every node the same; the one before is what anybody gets who reads the logs up
// to the size that they then had.
func TestComparedAgain(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, map[string]time.Duration{south: 4 * time.Minute})
		caseID := must(newCase(bytes.NewReader([]byte("0123456789abcdef"))))(t)
		tell := func(party, text string, refs ...statement.Ref) statement.Ref {
			d := u.tale(u.opt[north].Now(), "", text)
			d.caseID, d.refs = caseID, refs
			return u.utter(party, d, staff...)
		}
		first := tell(north, "ten machines")
		u.settle()
		tell(south, "two machines", first)
		u.takes(south, accord.Deny, first, func(p *accord.Position) { p.Part = "item/1" })
		u.settle()
		at := u.opt[north].Now()
		before := u.compared(caseID, at, nil)
		sizes := map[string]uint64{}
		for name, size := range u.sizesOf(observer) {
			sizes[u.keys[name].Origin] = size
		}
		second := tell(north, "two machines", first)
		s, _ := must(u.node(north).Accord(t.Context()))(t).Said(first)
		u.utter(north, draft{kind: accord.KindPosition, caseID: s.Act.Case, refs: []statement.Ref{first, second}, body: accord.Position{Stance: accord.Correct, Capacity: "official"}}, staff...)
		u.settle()
		if after := u.compared(caseID, u.opt[north].Now(), nil); after == before || !strings.Contains(before, "ten machines") {
			t.Errorf("the correction changes nothing of\n%s\nit is now\n%s", before, after)
		}
		u.skips(24 * time.Hour)
		if then := u.compared(caseID, at, sizes); then != before {
			t.Errorf("from the sizes of then:\n%s", diff(before, then))
		}
		u.innocent()
	})
}
