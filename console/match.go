package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"entente/border"
	"entente/match"
)

// Matches is the part of a node that finds with a partner what both hold.
type Matches interface {
	Watchlists
	// Runs lists the runs that the logs speak of, newest first, so many from one on,
	// with what a new one is made of.
	Runs(ctx context.Context, offset, limit int) (MatchRuns, error)
	// Run is one of them, by its id or that of its manifest, or ErrNotFound.
	Run(ctx context.Context, id string) (MatchRun, error)
	// Offer asks a partner for a run, and Consent answers a partner's offer: at
	// once, or as a draft that officers sign.
	Offer(ctx context.Context, by User, o MatchOffer) (MatchMade, error)
	Consent(ctx context.Context, by User, id string, list MatchList) (MatchMade, error)
	// Agree answers the count of a run: show and learn which items they are, or
	// end it.
	Agree(ctx context.Context, by User, id string, stop bool) error
	// Stock commits to items in the own log, so that they are old enough later.
	Stock(ctx context.Context, by User, types []string, list MatchList) (MatchMade, error)
	// Transcript is what anybody verifies a run from. It shows no item.
	Transcript(ctx context.Context, id string) ([]byte, error)
}

// MatchRuns is the list of all runs.
type MatchRuns struct {
	Self     string
	Now      time.Time
	Party    bool // whether the own side is one: an observer matches nothing
	Partners []string
	Watchers []string // observers of the charter
	Classes  []MatchClass
	Lists    []MatchWarning
	Budgets  []MatchBudget
	Stocks   []MatchStock
	Drafts   []DraftRow // offers and consents that wait for officers
	Rows     []MatchRun
	Total    int
}

// MatchClass is the types that are matched under one budget.
type MatchClass struct {
	Name           string
	Types          []string
	Guesses        int // that a partner may bring in an epoch
	Aged           time.Duration
	PerMille, Most int // of the sample that is opened
}

// MatchWarning is a warning list that both sides of a run may leave out, or do.
type MatchWarning struct {
	Name   string // empty: the own side does not hold it, or holds it otherwise
	Digest string // of its content
	Values int
}

// MatchBudget is how many items each side may still bring in a class.
type MatchBudget struct {
	Party, Class string
	Epoch        uint64
	Left, Most   int // that the partner may bring
	// Ours is how many this side may bring, as the partner last said; At is zero
	// if it has not in this epoch.
	Ours int
	At   time.Time
}

// MatchStock is an own commitment to items.
type MatchStock struct {
	Root  string
	Items int
	Ref   Ref
	Since time.Time // zero: nobody has witnessed it yet
}

// MatchRun is one run.
type MatchRun struct {
	ID, SID                                 string
	Self, From, To                          string
	Purpose                                 string // the words of From
	Mode, Class                             string
	Types                                   []string
	State                                   match.State
	Own                                     bool // the own side takes part
	Now, Offered, Consented, Expires, Ended time.Time
	Epoch                                   uint64
	Step, Aged                              time.Duration
	Observer                                string
	Audit                                   int // unmatched items that each side opens
	Sees                                    string
	Excluded                                []MatchWarning // lists that both leave out
	// Release is where the observer's release stands: waits, released, or the code of
	// why nothing is; empty where names go between the two sides. Withheld are the
	// parties who answer for that code: they kept something back, or gave what is wrong.
	Release  string
	Withheld []string
	Sides    []MatchSide // From, then To
	// Waits is for what: consent, count, partner.
	Waits                       string
	Done, Total, Locked, ToLock int
	Left                        time.Duration // an estimate; 0: none yet
	Count                       int           // -1: not known
	Found                       []MatchFound
	Hidden                      bool // the items are not for this viewer
	Audited                     int
	Budget                      int    // of the partner towards the own side, now
	Code, Detail, Guilty        string // why it ended, if it came to nothing
	Trail                       []MatchMark
	Void                        []MatchVoid
	Draft                       string // of a consent that waits for officers
	Transcript                  bool
	File                        string // of the transcript, in the data folder
}

// MatchSide is what one side brings, by its own word.
type MatchSide struct {
	Party         string
	Items, Stocks int // 0 items: not said yet
	Left, After   int // that the other may bring, before the run and after it
}

// MatchFound is an item that both hold, with since when each log commits to it;
// zero: not before the run.
type MatchFound struct {
	Type, Value  string
	Ours, Theirs time.Time
}

// MatchMark is one statement of a run.
type MatchMark struct {
	What         string
	Ref          Ref
	Time         time.Time
	Code, Blames string // of an abort, by the word of its author
}

// MatchVoid is an offer or a consent that moves nothing, and why: a label of the accord.
type MatchVoid struct {
	Ref Ref
	Why string
}

// MatchOffer is what a partner is asked for.
type MatchOffer struct {
	To, Purpose string
	Types       []string
	Count       bool
	Exclude     []string // digests of warning lists that both leave out
	Observer    string
	Release     bool  // the observer gives the names out, to both together
	Audit       int   // 0: as many as the rules demand
	Step        int64 // seconds
	List        MatchList
}

// MatchList is the own items of a run.
type MatchList struct {
	Text   string
	Files  []MatchFile
	Stocks []string // roots of own commitments
	UpTo   int      // agree to names without asking up to so many matches
}

// MatchFile is a file of items. It never leaves the machine.
type MatchFile struct {
	Name string
	Data []byte
}

// MatchMade is what came of an offer, a consent or a commitment.
type MatchMade struct {
	Run   string // id; empty: there is none yet
	Draft string // that officers must sign; empty: it is said
	Ref   Ref    // of a commitment
	Items int
	// What was left out: of other types, common or one's own, not old enough, rows
	// without a value, and what stands on a list that both sides leave out.
	Other, Common, NotAged, Skipped, Excluded int
}

// Over reports whether nothing more comes of the run.
func (r MatchRun) Over() bool {
	return r.State.Over() || r.Lapsed() || r.Code != "" && r.Waits == ""
}

// Lapsed reports whether its consent has run out before anybody began.
func (r MatchRun) Lapsed() bool { return !r.Expires.IsZero() && r.Now.After(r.Expires) }

// Shown is the state as the screen names it.
func (r MatchRun) Shown() string {
	switch {
	case r.Lapsed():
		return "lapsed"
	case r.State == match.StateConsented && r.Code != "":
		return "refused"
	case r.Waits == "count":
		return "counted"
	}
	return string(r.State)
}

func matchStates() []string {
	return []string{"offered", "consented", "agreed", "committed", "compared", "counted", "closed", "aborted", "lapsed", "refused", "void"}
}

// Partner is the side that is not the own one; empty for who takes no part.
func (r MatchRun) Partner() string {
	switch r.Self {
	case r.From:
		return r.To
	case r.To:
		return r.From
	}
	return ""
}

// Guesses is how many items the other side of a party may have tried out.
func (r MatchRun) Guesses(of string) int {
	for _, s := range r.Sides {
		if s.Party == of {
			return s.Items
		}
	}
	return 0
}

// Odds is how likely, in percent, the opened sample would have shown a list of
// which so many items in a hundred were made up.
func (r MatchRun) Odds(percent int) int {
	return int(100*match.AuditFinds(r.Audited, float64(percent)/100) + .5)
}

// Percent is how much of it is done.
func (r MatchRun) Percent() int {
	if r.ToLock > 0 {
		return 100 * min(r.Locked, r.ToLock) / r.ToLock
	}
	return 100 * min(r.Done, r.Total) / max(r.Total, 1)
}

// unbounded reports whether a number of guesses is no bound.
func unbounded(n int) bool { return n > border.FreeGuesses/2 }

func (c *Console) matchRoutes() []route {
	return []route{
		{"GET /match", readers, c.matches},
		{"GET /match/new", readers, c.matchNew},
		{"POST /match/new", speakers, c.matchOffer},
		{"GET /match/stock", readers, c.matchStock},
		{"POST /match/stock", speakers, c.matchCommit},
		{"GET /match/{run}", readers, c.matchRun},
		{"GET /match/{run}/transcript", readers, c.matchTranscript},
		{"POST /match/{run}/consent", speakers, c.matchConsent},
		{"POST /match/{run}/agree", deciders, c.matchAgree},
	}
}

// matchesPage is the body of the list.
type matchesPage struct {
	MatchRuns
	Never  []string
	Pager  pager
	Speaks bool
}

func (c *Console) matches(v *visit) error {
	all, err := v.source.Matches().Runs(v.r.Context(), (page(v.r.URL.Query())-1)*PerPage, PerPage)
	if err != nil {
		return err
	}
	p := matchesPage{MatchRuns: all, Never: border.MatchNever(), Speaks: v.user.speaks() && all.Party, Pager: newPager(v.r.URL, len(all.Rows), all.Total)}
	return c.render(v, http.StatusOK, "match", frame{Title: "match.title", Live: "match", Up: "/accord", Body: p})
}

// matchRunPage is the body of one run.
type matchRunPage struct {
	MatchRun
	Command         string // that verifies its transcript
	Speaks, Decides bool
	Form            matchForm
	Made            *MatchMade
}

func (c *Console) matchRun(v *visit) error {
	r, err := v.source.Matches().Run(v.r.Context(), v.r.PathValue("run"))
	if err != nil {
		return err
	}
	return c.showRun(v, http.StatusOK, r, matchForm{UpTo: "0"})
}

func (c *Console) showRun(v *visit, status int, r MatchRun, f matchForm) error {
	p := matchRunPage{MatchRun: r, Command: "entente match verify " + transcriptName(r), Speaks: v.user.speaks(), Decides: v.user.decides(), Form: f, Made: madeOf(v.r.URL.Query().Get("read"))}
	if r.Waits == "consent" && p.Speaks {
		all, err := v.source.Matches().Runs(v.r.Context(), 0, 0)
		if err != nil {
			return err
		}
		p.Form.Stocks = all.Stocks
	}
	return c.render(v, status, "matchrun", frame{Title: "match.run", Live: "match", Up: "/match", Body: p})
}

func (c *Console) matchAgree(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	r, err := v.source.Matches().Run(v.r.Context(), v.r.PathValue("run"))
	if err != nil {
		return err
	}
	do := v.r.PostForm.Get("do")
	if !slices.Contains([]string{"agree", "stop"}, do) {
		return errBadForm
	}
	if err := v.source.Matches().Agree(v.r.Context(), v.user, r.ID, do == "stop"); err != nil {
		return err
	}
	return v.see("/match/" + r.ID)
}

// matchTranscript hands out what anybody verifies the run from.
func (c *Console) matchTranscript(v *visit) error {
	r, err := v.source.Matches().Run(v.r.Context(), v.r.PathValue("run"))
	if err != nil {
		return err
	}
	data, err := v.source.Matches().Transcript(v.r.Context(), r.ID)
	if err != nil {
		return err
	}
	return v.file("application/octet-stream", transcriptName(r), data)
}

func transcriptName(r MatchRun) string { return "match-" + r.ID[:min(16, len(r.ID))] + ".transcript" }
