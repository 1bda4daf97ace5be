package node

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/api"
	"entente/election/audit"
	"entente/statement"
)

// keeps lets somebody look at audits, and returns what a node read and folded for it
// beside what it could not help to: what came meanwhile, and all audits when times did.
func (u *unit) keeps(name string, look func()) (read, folds int) {
	u.t.Helper()
	count := func() (read, folds, came int, timed uint64, all int) {
		k := u.node(name).audited
		k.mu.Lock()
		defer k.mu.Unlock()
		for _, l := range k.logs {
			came += int(l.next)
		}
		return k.read, k.folds, came, k.timed, len(k.joints)
	}
	r, f, c, t, _ := count()
	look()
	r2, f2, c2, t2, all := count()
	return max(0, r2-r-(c2-c)), max(0, f2-f-all*int(t2-t))
}

// TestAuditsAreReadOnce: whoever looks at the audits, however often and however many
// there are, reads no statement twice and folds none again of which nothing was said;
// and what is kept is what all logs say, whatever came or was erased since.
func TestAuditsAreReadOnce(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	n := u.node(north)
	whole := guardScreens{n.whole()}
	seal := func(party, what, name string, digest statement.Digest) uint64 {
		return must(u.node(party).Control().Seal(t.Context(), api.SealRequest{What: what, Name: name, Size: 100, Digest: digest}))(t).Index
	}
	r := map[string]audit.Reading{}
	var last uint64
	for _, party := range []string{north, south} {
		for i := range 8 {
			seal(party, audit.SealManifest, fmt.Sprint("night", i), statement.Digest{1})
		}
		one := audit.Reading{Audit: "night3", Board: party, Salt: strings.Repeat("ab", 32), Entries: audit.Entries{{Ballot: "1", Contest: "Mayor", State: audit.StateBlank, Choices: []string{}}}}
		r[party], last = one, seal(party, audit.SealEntries, "night3/"+party, must(one.Digest())(t))
	}
	u.eventually("north has read south's", func() bool { return u.reads(north, south) > last })
	u.eventually("both have shown", func() bool {
		shown := true
		for party, one := range r {
			if rows := must(u.node(party).shownRows(t.Context(), "night3"))(t); !slices.ContainsFunc(rows, func(s keptSaid) bool { return s.Party == party }) {
				_, err := u.node(party).Control().AuditShow(t.Context(), one)
				shown = shown && err == nil
			}
		}
		return shown && len(must(n.shownReadings(t.Context(), "night3"))(t)) == 2
	})
	same := func(when string) {
		t.Helper()
		u.eventually("what is kept is what the logs say, "+when, func() bool {
			kept, _, err := n.auditsNow(t.Context())
			u.ok(err)
			fresh := Node{view: n.view, roster: n.roster, self: n.self, log: n.log, mirrors: n.mirrors, ingress: n.ingress, audited: newAuditKept()}
			all, _, err := fresh.auditsNow(t.Context())
			u.ok(err)
			return len(kept) == 8 && cmp.Diff(kept, all) == ""
		})
	}
	same("in the beginning")
	u.eventually("no log says to have seen more than north has read", func() bool {
		must(whole.Audits(t.Context()))(t)
		n.audited.mu.Lock()
		defer n.audited.mu.Unlock()
		return !slices.ContainsFunc(slices.Collect(maps.Values(n.audited.joints)), func(k keptJoint) bool { return k.ahead != 0 })
	})
	if read, folds := u.keeps(north, func() {
		for range 20 {
			must(whole.Audits(t.Context()))(t)
			must(whole.Audit(t.Context(), "night3"))(t)
			must(n.Control().Audit(t.Context(), "night5", audit.Seats{}))(t)
		}
	}); read > 0 || folds > 0 {
		t.Errorf("%d statements were read again, %d audits folded", read, folds)
	}
	if _, folds := u.keeps(north, func() {
		seal(north, audit.SealContest, "night5/Mayor", statement.Digest{2})
		must(whole.Audits(t.Context()))(t)
	}); folds > 1 {
		t.Errorf("for one seal of one audit %d audits were folded", folds)
	}
	same("after a seal")
	rows := must(n.shownRows(t.Context(), "night3"))(t)
	must(n.Control().Erase(t.Context(), api.PartRequest{Index: rows[0].Index, Part: entriesPart, Reason: "too much"}))(t)
	u.eventually("what was erased is not shown", func() bool { return len(must(n.shownReadings(t.Context(), "night3"))(t)) == 1 })
	same("after an erasure")
	if got := must(whole.Audit(t.Context(), "night3"))(t); len(got.Joint.Sheets) != 2 || (got.Joint.Sheets[0].Shown != nil) == (got.Joint.Sheets[1].Shown != nil) {
		t.Errorf("%+v", got.Joint.Sheets)
	}
}
