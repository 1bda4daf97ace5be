package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/border"
	"entente/match"
	"entente/statement"
)

// matchMemory is the part of a memory that is about runs of match.
type matchMemory struct{ *memory }

func (m *memory) Matches() Matches { return matchMemory{m} }

// The sample's runs, by what is to be seen of them.
func matchID(of string) string { return digest("match-" + of) }

func markAt(minutes int, what, party string, index uint64) MatchMark {
	return MatchMark{What: what, Ref: Ref{party, index}, Time: noon.Add(time.Duration(minutes) * time.Minute)}
}

// sampleWarnings are two warning lists, and one that this side does not hold.
func sampleWarnings() []MatchWarning {
	return []MatchWarning{{Name: "Top sites <i>of</i> the web", Digest: digest("list-1"), Values: 1000}, {Name: "Public resolvers", Digest: digest("list-2"), Values: 1}, {Digest: digest("list-3")}}
}

// sampleMatches are runs in every state that a screen tells apart, newest first.
func sampleMatches() []MatchRun {
	run := func(of, from, to, purpose string, state match.State, minutes int) MatchRun {
		return MatchRun{
			ID: matchID(of), From: from, To: to, Purpose: purpose, Mode: "names", Class: "names", Types: []string{"domain-name", "email-addr", "url"}, State: state,
			Own: true, Self: "north", Now: noon, Offered: noon.Add(time.Duration(minutes) * time.Minute), Epoch: 2, Step: time.Hour, Observer: "observer", Audit: 300, Sees: "partner",
			Sides: []MatchSide{{Party: from, Items: 1449, Stocks: 2, Left: 131_072, After: 129_024}, {Party: to, Items: 2048, Left: 120_000, After: 118_551}},
			Count: -1, Budget: 129_024, Trail: []MatchMark{markAt(minutes, "offer", from, 41)},
		}
	}
	agreed := func(r MatchRun) MatchRun {
		m := int(r.Offered.Sub(noon) / time.Minute)
		r.SID, r.Consented = digest("sid"), r.Offered.Add(10*time.Minute)
		r.Trail = append(r.Trail, markAt(m+10, "consent", r.To, 77), markAt(m+11, "begin", r.From, 42), markAt(m+12, "commit", r.From, 43), markAt(m+12, "commit", r.To, 78))
		return r
	}
	asked := run("asked", "south", "north", "is it <b>the same</b> intruder?\u202egnihton", "offered", -20)
	asked.Waits, asked.Sides[1] = "consent", MatchSide{Party: "north"}
	waits := run("waits", "north", "south", "who phished both registrars?", "consented", -50)
	waits.Waits, waits.Consented, waits.Expires = "partner", ago(30*time.Minute), noon.Add(30*time.Minute)
	locking := agreed(run("locking", "north", "south", "the third actor", "agreed", -40))
	locking.Release = "waits"
	locking.Waits, locking.Locked, locking.ToLock = "partner", 512, 1449
	running := agreed(run("running", "north", "south", "the third actor, again", "committed", -60))
	running.Waits, running.Done, running.Total, running.Left = "partner", 64, 192, 85*time.Second
	counted := agreed(run("counted", "south", "north", "mail that looks like ours", "compared", -90))
	counted.Waits, counted.Done, counted.Total, counted.Count = "count", 128, 192, 2
	closed := agreed(run("closed", "north", "south", "the same intruder?", "closed", -300))
	closed.Count, closed.Audited, closed.Ended, closed.Transcript, closed.File = 2, 41, ago(4*time.Hour), true, "match/runs/x/transcript"
	closed.Found = []MatchFound{{Type: "domain-name", Value: "login-north.example", Ours: ago(90 * 24 * time.Hour), Theirs: ago(30 * 24 * time.Hour)}, {Type: "url", Value: "https://pay.example/\u202ekcab"}}
	closed.Trail = append(closed.Trail, markAt(-285, "returned", "north", 44), markAt(-284, "returned", "south", 79), markAt(-241, "closing", "north", 45), markAt(-240, "closing", "south", 80))
	closed.Release, closed.Excluded = "released", sampleWarnings()
	count := agreed(run("count", "north", "south", "how much is common at all?", "closed", -1500))
	count.Mode, count.Count, count.Audit, count.Sees, count.Class, count.Types, count.Observer = "count", 0, 0, "nobody", "hashes", []string{"md5", "sha1", "sha256"}, ""
	for i := range count.Sides {
		count.Sides[i].Left, count.Sides[i].After = border.FreeGuesses, border.FreeGuesses
	}
	count.Budget = border.FreeGuesses
	aborted := agreed(run("aborted", "south", "north", "addresses of the last wave", "aborted", -2000))
	aborted.Class, aborted.Types, aborted.Aged = "addresses", []string{"ipv4-addr"}, 24*time.Hour
	aborted.Code, aborted.Detail, aborted.Guilty, aborted.Ended = "E_LATE", "returned-own-0 did not come within 3600 seconds", "south", ago(32*time.Hour)
	aborted.Release, aborted.Withheld, aborted.Excluded = "E_LATE", []string{"south"}, sampleWarnings()[1:]
	end := markAt(-1920, "abort", "north", 51)
	end.Code, end.Blames = "E_LATE", "south"
	aborted.Trail = append(aborted.Trail, end)
	lapsed := run("lapsed", "south", "north", "never begun", "consented", -3000)
	lapsed.Consented, lapsed.Expires, lapsed.Waits = ago(49*time.Hour), ago(48*time.Hour), "partner"
	refused := run("refused", "north", "south", "a list that is too long", "consented", -4000)
	refused.Code, refused.Detail, refused.Guilty = "E_SIZE", "lists of 32 and 2048: one may be 32 times the other", "south"
	void := run("void", "south", "north", "whatever one hand writes", "void", -5000)
	void.Void = []MatchVoid{{Ref: Ref{"south", 41}, Why: "no-power"}}
	drafted := run("drafted", "south", "north", "names of the autumn", "offered", -25)
	drafted.Waits, drafted.Sides[1], drafted.Draft = "consent", MatchSide{Party: "north"}, digest("draft-consent")
	return []MatchRun{asked, drafted, locking, waits, running, counted, closed, count, aborted, lapsed, refused, void}
}

func (m matchMemory) Runs(_ context.Context, offset, limit int) (MatchRuns, error) {
	all, err := m.all()
	all.Total = len(all.Rows)
	all.Rows = cut(all.Rows, offset, limit)
	return all, err
}

func (m matchMemory) all() (MatchRuns, error) {
	all := MatchRuns{Self: m.header.Party, Now: noon, Party: !m.header.Observer, Lists: sampleWarnings()[:2], Partners: []string{"south"}, Watchers: []string{"observer"}}
	for _, c := range border.MatchClasses() {
		one := MatchClass{Name: c.Name, Guesses: c.Guesses, Aged: c.Aged, PerMille: c.PerMille, Most: c.Most}
		for _, t := range c.Types {
			one.Types = append(one.Types, string(t))
		}
		all.Classes = append(all.Classes, one)
	}
	if len(m.rows) == 0 {
		return all, m.broken
	}
	all.Stocks = []MatchStock{{Root: digest("stock-1"), Items: 1200, Ref: Ref{"north", 30}, Since: ago(90 * 24 * time.Hour)}, {Root: digest("stock-2"), Items: 1, Ref: Ref{"north", 52}}}
	all.Budgets = []MatchBudget{
		{Party: "south", Class: "hashes", Epoch: 2, Left: border.FreeGuesses, Most: border.FreeGuesses},
		{Party: "south", Class: "names", Epoch: 2, Left: 129_024, Most: 131_072, Ours: 118_551, At: ago(5 * time.Hour)},
		{Party: "south", Class: "addresses", Epoch: 2, Left: 2048, Most: 8192},
	}
	all.Rows = sampleMatches()
	all.Drafts = []DraftRow{{ID: digest("draft-consent"), Kind: "match-consent/v1", By: "petrov", At: ago(time.Hour)}}
	if m.header.Observer {
		all.Rows = all.Rows[6:7]
		all.Rows[0].Own, all.Rows[0].Self, all.Rows[0].Found, all.Rows[0].Audited, all.Rows[0].Transcript = false, "observer", nil, 0, false
		all.Budgets, all.Stocks = nil, nil
	}
	return all, m.broken
}

func (m matchMemory) Run(_ context.Context, id string) (MatchRun, error) {
	all, err := m.all()
	i := slices.IndexFunc(all.Rows, func(r MatchRun) bool { return r.ID == id })
	if err == nil && i < 0 {
		err = ErrNotFound
	}
	if err != nil {
		return MatchRun{}, err
	}
	return all.Rows[i], nil
}

func (m matchMemory) note(by User, what string, list MatchList) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range list.Files {
		what += fmt.Sprintf(" %s=%d", f.Name, len(f.Data))
	}
	m.matched = append(m.matched, fmt.Sprint(by.Name, " ", what, " ", len(strings.Fields(list.Text)), list.Stocks, list.UpTo))
}

func (m matchMemory) Offer(_ context.Context, by User, o MatchOffer) (MatchMade, error) {
	if o.Class() == "addresses" && len(o.List.Stocks) == 0 {
		return MatchMade{}, statement.Refuse(statement.CodeAge, "none of 20 items has been in the log for 24 hours: commit to them with a stock first")
	}
	m.note(by, fmt.Sprint("offers ", o.To, " ", o.Purpose, " ", o.Types, o.Count, o.Exclude, o.Observer, o.Release, " ", o.Audit, " ", o.Step), o.List)
	if o.Purpose == "to be signed" {
		return MatchMade{Draft: digest("draft-consent")}, nil
	}
	return MatchMade{Run: matchID("waits"), Items: 18, Other: 1, Common: 2, NotAged: 3, Skipped: 4, Excluded: 5}, nil
}

// Class is whether the offer is of addresses, which have to be old.
func (o MatchOffer) Class() string {
	if slices.Contains(o.Types, "ipv4-addr") {
		return "addresses"
	}
	return ""
}

func (m matchMemory) Consent(_ context.Context, by User, id string, list MatchList) (MatchMade, error) {
	if id != matchID("asked") {
		return MatchMade{}, statement.Refuse(statement.CodeState, "the run has its consent already")
	}
	if list.Text == "" && len(list.Files) == 0 && len(list.Stocks) == 0 {
		return MatchMade{}, statement.Refuse(statement.CodeValue, "no item of the run's types in what was given")
	}
	m.note(by, "consents "+id[:8], list)
	return MatchMade{Run: id, Items: 20}, nil
}

func (m matchMemory) Agree(_ context.Context, by User, id string, stop bool) error {
	m.note(by, fmt.Sprint("agrees ", id[:8], " ", !stop), MatchList{})
	return nil
}

func (m matchMemory) Stock(_ context.Context, by User, types []string, list MatchList) (MatchMade, error) {
	m.note(by, fmt.Sprint("commits ", types), list)
	return MatchMade{Ref: Ref{"north", 60}, Items: 21}, nil
}

func (m matchMemory) Transcript(_ context.Context, id string) ([]byte, error) {
	if id != matchID("closed") {
		return nil, ErrNotFound
	}
	return []byte("entente match transcript v1\n<script>"), nil
}
