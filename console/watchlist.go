package console

import (
	"context"
	"net/http"
	"time"

	"entente/statement"
)

// Watchlists is the part of a node that opens long lists to a partner's questions, and
// asks the lists of partners.
type Watchlists interface {
	// Watchlists lists what the logs say of lists, newest first, without items.
	Watchlists(ctx context.Context) ([]Watchlist, error)
	// Watchlist is one of them, with what came of questions, or ErrNotFound.
	Watchlist(ctx context.Context, id string) (Watchlist, error)
	// OpenList opens one, or drafts it for officers to sign. AskList asks about the
	// items of a list, CloseList ends one.
	OpenList(ctx context.Context, by User, o WatchlistOffer) (MatchMade, error)
	AskList(ctx context.Context, by User, id string, echo bool, items MatchList) (MatchMade, error)
	CloseList(ctx context.Context, by User, id string) error
}

// Watchlist is one list as it stands in the logs, with what only the own side knows.
type Watchlist struct {
	ID, From, To string
	Purpose      string // the words of From
	Class        string
	Types        []string
	State        string // open, over, closed, broken, void
	Own          string // owner, asker, or empty for neither
	Tokens       int    // items, filled up to a size class
	Budget, Left int    // items that may be asked about, dummies included
	Echo         bool   // hits must be proved to the owner
	Now          time.Time
	Opened       time.Time
	Until        time.Time
	Ref          Ref
	EndedBy      string
	Code         string // why it is broken
	Waits        string // file, answer
	Done, Total  int    // blocks of the file
	Trouble      string // why a question was not asked, or is not answered: a refusal's text
	Questions    []WatchlistAsked
	Hourly       int // items that the own watch asks about each hour; 0: it does not
	Waiting      int
	Dropped      int64
	Hidden       bool   // the hits are not for this viewer
	Files        string // folder of evidence and receipts, in the data folder
}

// WatchlistAsked is one question.
type WatchlistAsked struct {
	Number, Items int
	Asked         time.Time
	State, Code   string // asked, answered, read, refused, void
	Hits          []WatchlistHit
	Found         int // hits, also where they are hidden
	Lost          bool
	Bare          int // hits without a receipt
}

// WatchlistHit is an item that was asked about and is on the list.
type WatchlistHit struct {
	Type, Value string
	At          time.Time
}

// WatchlistOffer is a list that is to be opened.
type WatchlistOffer struct {
	To, Purpose string
	Types       []string
	Budget      int // 0: all that the partner has left
	Seconds     int64
	Echo        bool
	Step        int64 // seconds
	List        MatchList
}

// Open reports whether the list may still be asked.
func (l Watchlist) Open() bool { return l.State == "open" }

// Hits is how many items were found in all, by what this side knows.
func (l Watchlist) Hits() (n int) {
	for _, q := range l.Questions {
		n += q.Found
	}
	return n
}

func (c *Console) watchlistRoutes() []route {
	return []route{
		{"GET /watchlists", readers, c.watchlists},
		{"GET /watchlists/new", readers, c.watchlistNew},
		{"POST /watchlists/new", speakers, c.watchlistOpen},
		{"GET /watchlists/{list}", readers, c.watchlist},
		{"POST /watchlists/{list}/ask", speakers, c.watchlistAsk},
		{"POST /watchlists/{list}/close", speakers, c.watchlistClose},
	}
}

// watchlistsPage is the body of the list of lists.
type watchlistsPage struct {
	MatchRuns
	Lists  []Watchlist
	Pager  pager
	Speaks bool
}

func (c *Console) watchlists(v *visit) error {
	all, err := v.source.Matches().Runs(v.r.Context(), 0, 0)
	if err != nil {
		return err
	}
	lists, err := v.source.Matches().Watchlists(v.r.Context())
	if err != nil {
		return err
	}
	from := min((page(v.r.URL.Query())-1)*PerPage, len(lists))
	shown := lists[from:min(from+PerPage, len(lists))]
	p := watchlistsPage{MatchRuns: all, Lists: shown, Pager: newPager(v.r.URL, len(shown), len(lists)), Speaks: v.user.speaks() && all.Party}
	return c.render(v, http.StatusOK, "watchlists", frame{Title: "lists.title", Live: "match", Up: "/match", Body: p})
}

// watchlistPage is the body of one list.
type watchlistPage struct {
	Watchlist
	Speaks  bool
	Form    matchForm
	Made    *MatchMade
	Command string // that checks what proves a hit
}

func (c *Console) watchlist(v *visit) error {
	l, err := v.source.Matches().Watchlist(v.r.Context(), v.r.PathValue("list"))
	if err != nil {
		return err
	}
	return c.showList(v, http.StatusOK, l, matchForm{})
}

func (c *Console) showList(v *visit, status int, l Watchlist, f matchForm) error {
	p := watchlistPage{Watchlist: l, Speaks: v.user.speaks(), Form: f, Made: madeOf(v.r.URL.Query().Get("read")), Command: "entente match watchlist check evidence-0.json receipt-0-0.json"}
	if p.Speaks && l.Own == "asker" && l.Open() {
		all, err := v.source.Matches().Runs(v.r.Context(), 0, 0)
		if err != nil {
			return err
		}
		p.Form.Stocks = all.Stocks
	}
	return c.render(v, status, "watchlist", frame{Title: "lists.one", Live: "match", Up: "/watchlists", Body: p})
}

func (c *Console) watchlistNew(v *visit) error {
	return c.showOpening(v, http.StatusOK, matchForm{To: filterText(v.r.URL.Query(), "to"), Days: "7", Hours: "1"})
}

func (c *Console) showOpening(v *visit, status int, f matchForm) error {
	p, err := v.offering(f)
	if err != nil {
		return err
	}
	return c.render(v, status, "watchlistnew", frame{Title: "lists.new", Up: "/watchlists", Body: p})
}

// watchlistOpen takes the form and shows the list, or the draft that opens it.
func (c *Console) watchlistOpen(v *visit) error {
	form, list, err := v.lists()
	if err != nil {
		return err
	}
	f := formOf(form)
	o, err := openingOf(f, list)
	if err == nil {
		o.Types, err = typesOf(f)
	}
	var made MatchMade
	if err == nil {
		made, err = v.source.Matches().OpenList(v.r.Context(), v.user, o)
	}
	if no, refused := statement.AsRefusal(err); refused {
		f.Refused = no
		return c.showOpening(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.seeList(made)
}

func openingOf(f matchForm, list MatchList) (WatchlistOffer, error) {
	o := WatchlistOffer{To: f.To, Purpose: f.Purpose, Echo: f.Echo, List: list}
	var read readings
	var err error
	o.Budget, err = number(f.Budget, "budget")
	read.keep(err)
	days, err := number(f.Days, "days")
	read.keep(err)
	hours, err := number(f.Hours, "hours")
	read.keep(err)
	if o.Seconds = int64(days) * 86400; days < 1 || days > 366 {
		read.refuse("days: 1 to %d", 366)
	}
	if o.Step = int64(hours) * 3600; hours < 1 || hours > 7*24 {
		read.refuse("hours: 1 to %d", 7*24)
	}
	if o.Purpose == "" {
		read.refuse("purpose: say why, for both records")
	}
	return o, read.err
}

// watchlistAsk asks a partner's list about the own items.
func (c *Console) watchlistAsk(v *visit) error {
	form, list, err := v.lists()
	if err != nil {
		return err
	}
	l, err := v.source.Matches().Watchlist(v.r.Context(), v.r.PathValue("list"))
	if err != nil {
		return err
	}
	f := formOf(form)
	made, err := v.source.Matches().AskList(v.r.Context(), v.user, l.ID, f.Echo, list)
	if no, refused := statement.AsRefusal(err); refused {
		f.Refused = no
		return c.showList(v, http.StatusUnprocessableEntity, l, f)
	}
	if err != nil {
		return err
	}
	return v.seeList(made)
}

func (c *Console) watchlistClose(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	l, err := v.source.Matches().Watchlist(v.r.Context(), v.r.PathValue("list"))
	if err != nil {
		return err
	}
	err = v.source.Matches().CloseList(v.r.Context(), v.user, l.ID)
	if no, refused := statement.AsRefusal(err); refused {
		return c.showList(v, http.StatusUnprocessableEntity, l, matchForm{Refused: no})
	}
	if err != nil {
		return err
	}
	return v.see("/watchlists/" + l.ID)
}

// seeList leads to what was made: the sheet to sign, or the list.
func (v *visit) seeList(m MatchMade) error {
	if m.Draft != "" {
		return v.see("/drafts/" + m.Draft)
	}
	return v.see("/watchlists/" + m.Run + "?read=" + m.read())
}
