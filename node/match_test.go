package node

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/match"
	"entente/observable"
	"entente/statement"
)

// namesFile is a list of names: own ones, and what both hold.
func namesFile(prefix string, n int, both ...string) []api.MatchFile {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s-%d.example\n", prefix, i)
	}
	for _, v := range both {
		b.WriteString(v + "\n")
	}
	return []api.MatchFile{{Name: prefix + ".txt", Data: []byte(b.String())}}
}

// offers lets north offer a run to south, which consents.
func (u *unit) offers(o api.MatchOffer, files []api.MatchFile, upTo int) string {
	u.t.Helper()
	o.To, o.Purpose = south, "is it the same intruder?"
	made := must(u.node(north).Control().MatchOffer(u.t.Context(), o))(u.t)
	id := made.Run.ID
	if made.Draft != nil { // north has named officers
		id = u.signsAll(north, made, accord.RoleHead, accord.RoleDelegate).ID.String()
	}
	u.knowsRun(south, id)
	yes := must(u.node(south).Control().MatchConsent(u.t.Context(), api.MatchConsent{Run: id, Files: files, UpTo: upTo}))(u.t)
	if yes.Draft != nil {
		u.signsAll(south, yes, accord.RoleHead, accord.RoleDelegate)
	}
	return id
}

func (u *unit) runOf(name, id string) api.MatchRun {
	u.t.Helper()
	return must(u.node(name).Control().MatchRun(u.t.Context(), id))(u.t)
}

// over waits until a run has ended at both sides.
func (u *unit) over(id string, state match.State) {
	u.t.Helper()
	u.eventually("the run is "+string(state), func() bool {
		for _, name := range []string{north, south} {
			if r := u.runOf(name, id); r.State != state || r.Waits != "" {
				return false
			}
		}
		return true
	})
}

func values(r api.MatchRun) (out []string) {
	for _, m := range r.Matches {
		out = append(out, m.Value)
	}
	slices.Sort(out)
	return out
}

// TestMatchNames: two nodes find over their link what both hold, and nothing
// else of either list leaves a node. The observer verifies the run from the
// transcript and the logs.
func TestMatchNames(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	both := []string{"shared-one.example", "shared-two.example"}
	id := u.offers(api.MatchOffer{Types: []observable.Type{observable.Domain}, Files: namesFile("north", 30, both...), Observer: observer}, namesFile("south", 50, both...), 10)
	// North allows no names by itself: a person answers the count.
	u.eventually("north is asked about the count", func() bool { return u.runOf(north, id).Waits == "count" })
	if r := u.runOf(north, id); r.Count != 2 || len(r.Matches) > 0 {
		t.Fatalf("before anybody agreed: %+v", r)
	}
	must(u.node(north).Control().MatchAgree(t.Context(), api.MatchAgree{Run: id}))(t)
	u.over(id, "closed")
	for _, name := range []string{north, south} {
		r := u.runOf(name, id)
		if !slices.Equal(values(r), both) || r.Count != 2 || r.Fault != "" || r.Audited == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	u.eventually("the observer sees the run closed", func() bool { return u.runOf(observer, id).State == "closed" })
	if r := u.runOf(observer, id); r.Count != 2 || len(r.Matches) > 0 || r.Own {
		t.Errorf("the observer: %+v", r)
	}
	u.nothingLeaked(id, both)
}

// nothingLeaked looks for unmatched items wherever the other side's node keeps
// something, and verifies the transcript.
func (u *unit) nothingLeaked(id string, both []string) {
	u.t.Helper()
	for reader, prefix := range map[string]string{north: "south-", south: "north-", observer: "north-"} {
		r := u.runOf(reader, id)
		if reader != observer {
			data := must(os.ReadFile(filepath.Join(u.node(reader).cfg.Dir, r.File)))(u.t)
			rep := must(match.Verify(bytes.NewReader(data)))(u.t)
			if rep.Count != len(both) || !rep.Proven || !rep.Closed || rep.Fault != nil {
				u.t.Errorf("%s's transcript: %+v", reader, rep)
			}
			if bytes.Contains(data, []byte(both[0])) {
				u.t.Errorf("%s's transcript shows an item", reader)
			}
		}
		err := filepath.WalkDir(u.node(reader).cfg.Dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || filepath.Base(path) == "transcript-with-items" {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte(prefix)) && bytes.Contains(data, []byte(prefix+"3.example")) {
				u.t.Errorf("%s holds an unmatched item in %s", reader, filepath.Base(path))
			}
			return err
		})
		if err != nil {
			u.t.Fatal(err)
		}
	}
}

// TestMatchRefused: what the rules do not allow is refused before anything of a
// list is shown, whoever asks.
func TestMatchRefused(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	domains := []observable.Type{observable.Domain}
	for what, o := range map[string]api.MatchOffer{
		"two classes":      {To: south, Types: []observable.Type{observable.Domain, observable.MD5}, Files: namesFile("n", 20)},
		"unknown type":     {To: south, Types: []observable.Type{"vulnerability"}, Files: namesFile("n", 20)},
		"an observer":      {To: observer, Types: domains, Files: namesFile("n", 20)},
		"oneself":          {To: north, Types: domains, Files: namesFile("n", 20)},
		"nobody":           {To: "mallory", Types: domains, Files: namesFile("n", 20)},
		"no purpose":       {To: south, Types: domains, Files: namesFile("n", 20)},
		"nothing":          {To: south, Purpose: "x", Types: domains, Files: []api.MatchFile{{Name: "a.txt", Data: []byte("203.0.113.1\n")}}},
		"addresses of now": {To: south, Purpose: "x", Types: []observable.Type{observable.IPv4}, Files: []api.MatchFile{{Name: "a.txt", Data: []byte("203.0.113.1\n")}}},
	} {
		if made, err := u.node(north).Control().MatchOffer(t.Context(), o); err == nil {
			t.Errorf("%s: offered as %s", what, made.Run.ID)
		}
	}
	// A question about one item is padded by nobody but the consent: it counts as a list of sixteen.
	id := u.offers(api.MatchOffer{Types: domains, Files: namesFile("north", 1)}, namesFile("south", 40), 1000)
	u.eventually("north begins or refuses", func() bool { return u.runOf(north, id).State != "consented" })
	if r := u.runOf(south, id); r.Items[north] != 16 || r.Items[south] != 46 {
		t.Errorf("sizes: %v", r.Items)
	}
}

// TestMatchAged: addresses are matched only after they have stood in the log for
// a day, and the result says since when each side's log commits to them. Then
// the node is killed in the middle of a run: its keys are gone, both sides know.
func TestMatchAged(t *testing.T) {
	t.Parallel()
	days(t)
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, nil)
		list := func(from int) []api.MatchFile {
			var b strings.Builder
			for i := range 20 {
				fmt.Fprintf(&b, "198.51.100.%d\n", from+i)
			}
			return []api.MatchFile{{Name: "a.txt", Data: []byte(b.String())}}
		}
		types := []observable.Type{observable.IPv4}
		files := map[string][]api.MatchFile{north: list(20), south: list(35)}
		for _, name := range []string{north, south} {
			must(u.node(name).Control().MatchStock(t.Context(), api.MatchStock{Types: types, Files: files[name]}))(t)
		}
		u.settle()
		pass(2 * time.Hour)
		offer := api.MatchOffer{To: south, Purpose: "x", Types: types, Files: files[north], Step: 6 * 3600, UpTo: 100}
		if _, err := u.node(north).Control().MatchOffer(t.Context(), offer); err == nil {
			t.Error("addresses of two hours ago are matched")
		}
		pass(24 * time.Hour)
		id := u.offers(offer, files[south], 100)
		u.over(id, "closed")
		for _, name := range []string{north, south} {
			r := u.runOf(name, id)
			if len(r.Matches) != 5 || r.Matches[0].Ours == 0 || r.Matches[0].Theirs == 0 || r.Matches[0].Ours > r.Offered-24*3600*1000 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		before := u.runOf(north, id).Left
		offer.UpTo = 0
		id = u.offers(offer, files[south], 100)
		u.eventually("north is asked about the count", func() bool { return u.runOf(north, id).Waits == "count" })
		u.stop(north)
		u.start(north)
		u.open(north)
		u.over(id, "aborted")
		if r := u.runOf(south, id); r.Count != 5 || len(r.Matches) > 0 || r.Fault == "" {
			t.Errorf("south after an abort: %+v", r)
		}
		if r := u.runOf(north, id); r.Left != before-r.Guesses {
			t.Errorf("%d guesses left, were %d: an aborted run of %d counts", r.Left, before, r.Guesses)
		}
	})
}

// consentsAll lets south consent to offers while north is away, so that none of them is
// begun before all have their consent.
func (u *unit) consentsAll(ids []string, files []api.MatchFile) {
	u.t.Helper()
	for _, id := range ids {
		u.knowsRun(south, id)
	}
	u.stop(north)
	for _, id := range ids {
		must(u.node(south).Control().MatchConsent(u.t.Context(), api.MatchConsent{Run: id, Files: files, UpTo: 10}))(u.t)
	}
	u.start(north)
	u.open(north)
}

// TestMatchTwice: two runs with one partner that have their consents before either is
// begun are both played, as long as the budgets hold both.
func TestMatchTwice(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	var ids []string
	for i := range 2 {
		o := api.MatchOffer{To: south, Purpose: fmt.Sprint("try ", i), Types: []observable.Type{observable.Domain}, Files: namesFile("north", 20, "both.example"), UpTo: 10}
		ids = append(ids, must(u.node(north).Control().MatchOffer(t.Context(), o))(t).Run.ID)
	}
	u.consentsAll(ids, namesFile("south", 20, "both.example"))
	for _, id := range ids {
		u.over(id, "closed")
		for _, name := range []string{north, south} {
			if r := u.runOf(name, id); !slices.Equal(values(r), []string{"both.example"}) || r.Fault != "" {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

// TestMatchHoarded: consents that a partner has collected, each reckoned with the
// whole budget, do not add up to more guesses. A node begins no more than it was
// granted; from a partner that does, the other side plays what the budget holds, and
// says whose doing the rest is.
func TestMatchHoarded(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	u.cfg[south].Match.Guesses = map[string]int{"names": 40}
	u.start(u.names...)
	u.open(u.names...)
	var ids []string
	for i := range 3 {
		o := api.MatchOffer{To: south, Purpose: fmt.Sprint("try ", i), Types: []observable.Type{observable.Domain}, Files: namesFile("north", 30), UpTo: 10}
		ids = append(ids, must(u.node(north).Control().MatchOffer(t.Context(), o))(t).Run.ID)
	}
	hoard := map[string]*matchPending{}
	for _, id := range ids {
		hoard[id] = must(u.node(north).brought(u.standing(north, id)))(t)
	}
	u.consentsAll(ids, namesFile("south", 30))
	var left []string
	u.eventually("one is played, and north begins no other", func() bool {
		left = nil
		closed := 0
		for _, id := range ids {
			switch r := u.runOf(north, id); {
			case r.State == "closed" && r.Fault == "" && r.Waits == "":
				closed++
			case r.State == "consented" && strings.HasPrefix(r.Fault, string(statement.CodeBudget)) && r.Guilty == "":
				left = append(left, id)
			}
		}
		return closed == 1 && len(left) == 2
	})
	for _, id := range left {
		u.begins(north, id, hoard[id])
		u.eventually("south ends it", func() bool { r := u.runOf(south, id); return r.State == "aborted" && r.Waits == "" })
		if r := u.runOf(south, id); r.Guilty != north || !strings.HasPrefix(r.Fault, string(statement.CodeBudget)) {
			t.Errorf("south blames %q: %s", r.Guilty, r.Fault)
		}
	}
}

func (u *unit) standing(name, id string) *match.Standing {
	u.t.Helper()
	return must(findRun(must(u.node(name).matchRuns(u.t.Context()))(u.t), id))(u.t)
}

// begins lets a party sign a run that its node does not begin.
func (u *unit) begins(name, id string, p *matchPending) {
	u.t.Helper()
	r := u.standing(name, id)
	sig := match.SignManifest(must(r.Proposed.Marshal())(u.t), p.key())
	must(u.node(name).author.say(u.t.Context(), draft{
		kind: match.StepKind, refs: r.Refs(), marking: border.Amber, toAll: true,
		body: match.Step{Signature: base64.StdEncoding.EncodeToString(sig[:])},
	}))(u.t)
}
