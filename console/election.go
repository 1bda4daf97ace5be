package console

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
)

// Election is the part of a node that shows what it guards around an election.
type Election interface {
	// Pages says how the results pages of the inventory stand, without their contests.
	Pages(ctx context.Context) ([]night.PageView, error)
	// Page is one of them with its contests, or ErrNotFound.
	Page(ctx context.Context, id string) (night.PageView, error)
	// Versions compares two own versions of a page, by their numbers in the own log.
	Versions(ctx context.Context, id string, older, newer uint64) (VersionPair, error)
	// Copy is the last version of a page that at least two parties sealed.
	Copy(ctx context.Context, id string) (PageCopy, error)
	// Look fetches a page now.
	Look(ctx context.Context, by User, id string) error
	// GiveWord says, as this party's word, whether the newest numbers of a page add up.
	GiveWord(ctx context.Context, by User, id string) error
	// Ever says whether a number was ever published, by what parties have sealed.
	Ever(ctx context.Context, q results.Query) (night.Ever, error)
	// Begin adds to the list of what is guarded and fetches the page at once. A list
	// that people keep in a file of their own is theirs to edit: it is refused.
	Begin(ctx context.Context, by User, s Beginning) error
}

// Beginning is what an official names first: domains, and a results page.
type Beginning struct {
	Domains []string
	Page    inventory.Page
	Call    inventory.Person    // nobody if it has no name
	More    inventory.Inventory // from lists that were brought as files
}

// VersionPair is two versions of a page beside each other.
type VersionPair struct {
	Older, Newer night.Seen
	Outcome      string      // results.Changed and its like; empty: not compared
	Kept         bool        // what is needed to compare them is still here
	Rows         []NumberRow // at most MaxNumbers
	Changed      int
	Added        int
	Removed      int
	Absent       []string // contests that only the older speaks of
	Findings     []results.Finding
}

// NumberRow is one number of two versions, if they have it.
type NumberRow struct {
	Contest, Choice, Unit, Type, What string
	Old, New                          int64
	HadOld, HasNew                    bool
}

// PageCopy is a version that at least two parties sealed, as this node keeps it.
type PageCopy struct {
	Page     inventory.Page
	Joint    night.Joint
	Down     bool // the page itself does not answer now
	Bytes    []byte
	Contests []night.ContestView
}

// MaxNumbers is how many numbers of a comparison are listed.
const MaxNumbers = 200

const versionsShown = 30

func (c *Console) electionRoutes() []route {
	return []route{
		{"GET /election", readers, c.election},
		{"GET /election/start", readers, c.electionStart},
		{"POST /election/start", deciders, c.electionBegin},
		{"GET /election/press", readers, c.electionPress},
		{"GET /election/{page}", readers, c.electionOne},
		{"GET /election/{page}/versions/{older}/{newer}", readers, c.electionVersions},
		{"GET /election/{page}/copy", readers, c.electionCopy},
		{"GET /election/{page}/copy/bytes", readers, c.electionBytes},
		{"POST /election/{page}/look", deciders, c.electionLook},
		{"POST /election/{page}/word", deciders, c.electionWord},
	}
}

// electionPage is the body of the Election screen.
type electionPage struct {
	Self    string
	Now     time.Time
	Pages   []night.PageView // the worst first
	Pager   pager
	Asked   string
	Ever    *night.Ever
	Bad     bool // what was asked for is no number
	Decides bool
}

func (c *Console) election(v *visit) error {
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	all, err := v.source.Election().Pages(v.r.Context())
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b night.PageView) int {
		return slices.Index(night.States(), a.State) - slices.Index(night.States(), b.State)
	})
	p := electionPage{Self: h.Party, Now: h.Now, Decides: v.user.decides(), Asked: strings.TrimSpace(v.r.URL.Query().Get("number"))}
	p.Pages, p.Pager = onPage(v, all)
	if p.Asked != "" {
		q, ok := askedNumber(p.Asked)
		if p.Bad = !ok; ok {
			e, err := v.source.Election().Ever(v.r.Context(), q)
			if err != nil {
				return err
			}
			p.Ever = &e
		}
	}
	return c.render(v, http.StatusOK, "election", frame{Title: "nav.election", Live: "watch", Body: p})
}

var percentage = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,3})?%$`)

// askedNumber reads a count (spaces and commas within it do not matter) or a percentage.
func askedNumber(s string) (q results.Query, ok bool) {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(s)
	if percent := strings.Replace(s, ",", ".", 1); percentage.MatchString(percent) {
		return results.Query{Percent: strings.TrimSuffix(percent, "%")}, true
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	return results.Query{Count: n}, err == nil && n >= 0
}

// electionOnePage is the body of the page of one results page.
type electionOnePage struct {
	night.PageView
	Self     string
	Now      time.Time
	Decides  bool
	Versions []versionRow // the newest first
	More     int          // versions that are not listed
	Rows     []night.ContestView
	Pager    pager
}

type versionRow struct {
	night.Seen
	Before uint64 // number of the version before, in the own log
	First  bool
}

func (c *Console) electionOne(v *visit) error {
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	one, err := v.source.Election().Page(v.r.Context(), v.r.PathValue("page"))
	if err != nil {
		return err
	}
	p := electionOnePage{PageView: one, Self: h.Party, Now: h.Now, Decides: v.user.decides()}
	for _, x := range one.Histories {
		if x.Party != h.Party {
			continue
		}
		for i, seen := range slices.Backward(x.Versions) {
			if len(p.Versions) == versionsShown {
				p.More = i + 1
				break
			}
			row := versionRow{Seen: seen, First: i == 0}
			if i > 0 {
				row.Before = x.Versions[i-1].Index
			}
			p.Versions = append(p.Versions, row)
		}
	}
	p.Rows, p.Pager = onPage(v, one.Contests)
	return c.render(v, http.StatusOK, "electionpage", frame{Title: "election.page", Live: "watch", Up: "/election", Body: p})
}

type electionPairPage struct {
	VersionPair
	Page string
	More int // numbers that are not listed
}

func (c *Console) electionVersions(v *visit) error {
	older, err1 := strconv.ParseUint(v.r.PathValue("older"), 10, 53)
	newer, err2 := strconv.ParseUint(v.r.PathValue("newer"), 10, 53)
	if err1 != nil || err2 != nil {
		return ErrNotFound
	}
	id := v.r.PathValue("page")
	pair, err := v.source.Election().Versions(v.r.Context(), id, older, newer)
	if err != nil {
		return err
	}
	p := electionPairPage{VersionPair: pair, Page: id, More: pair.Changed + pair.Added + pair.Removed - len(pair.Rows)}
	return c.render(v, http.StatusOK, "electionpair", frame{Title: "election.compare", Up: "/election/" + url.PathEscape(id), Body: p})
}

func (c *Console) electionCopy(v *visit) error {
	got, err := v.source.Election().Copy(v.r.Context(), v.r.PathValue("page"))
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "electioncopy", frame{Title: "election.copy", Up: "/election/" + url.PathEscape(got.Page.ID), Body: got})
}

// electionBytes hands out the bytes of a copy as they came. They are somebody
// else's: no browser may make a page of them.
func (c *Console) electionBytes(v *visit) error {
	got, err := v.source.Election().Copy(v.r.Context(), v.r.PathValue("page"))
	if err != nil {
		return err
	}
	if got.Bytes == nil {
		return ErrNotFound
	}
	h := v.w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("X-Copy-Of", got.Page.URL)
	h.Set("X-Copy-Time", time.UnixMilli(got.Joint.At).UTC().Format(time.RFC3339))
	name := "copy-" + got.Page.ID + "-" + time.UnixMilli(got.Joint.At).UTC().Format("20060102T150405Z") + ".bin"
	return v.file("application/octet-stream", name, got.Bytes)
}

func (c *Console) electionLook(v *visit) error {
	return c.electionAct(v, v.source.Election().Look)
}

func (c *Console) electionWord(v *visit) error {
	return c.electionAct(v, v.source.Election().GiveWord)
}

func (c *Console) electionAct(v *visit, act func(context.Context, User, string) error) error {
	if err := v.form(); err != nil {
		return err
	}
	id := v.r.PathValue("page")
	if err := act(v.r.Context(), v.user, id); err != nil {
		return err
	}
	return v.see("/election/" + url.PathEscape(id))
}
