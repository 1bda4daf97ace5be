package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"entente/accord"
	"entente/statement"
)

// Accord is the part of a Source that shows joint acts.
type Accord interface {
	Desk
	Register
	// Instruments lists every proposal and what has become of it.
	Instruments(ctx context.Context) (Instruments, error)
	// Instrument returns one, as of an instant; zero means now.
	Instrument(ctx context.Context, party string, index uint64, at time.Time) (Instrument, error)
}

// Instruments is the list of all proposals.
type Instruments struct {
	Self string
	Now  time.Time
	Rows []InstrumentRow
}

// InstrumentRow is one proposal with its title.
type InstrumentRow struct {
	accord.Instrument
	Ref   Ref // party and index
	Title accord.Texts
}

// Instrument is one proposal, whole.
type Instrument struct {
	InstrumentRow
	Self     string
	Now      time.Time
	AsOf     time.Time // zero: now
	Body     accord.Proposal
	Paper    *accord.Paper // nil if this node may not read it
	Digest   string        // of the statement, which consent names
	Answers  []InstrumentAnswer
	Sizes    []accord.LogSize
	Replaces Ref
	Seen     []ClauseSeen // by clause; none as of an earlier instant
	// Notice is how long before it works a withdrawal has to be said, by the rules.
	Notice time.Duration
}

// InstrumentAnswer is one node's newest stance with where it stands.
type InstrumentAnswer struct {
	accord.Answer
	At Ref
}

// Rung is one group of the list, in the order in which people need them.
type Rung struct {
	Key  string // catalogue key below "accord.rung."
	Rows []InstrumentRow
}

func (c *Console) accordRoutes() []route {
	return append(slices.Concat(c.draftRoutes(), c.officerRoutes()),
		route{"GET /accord", readers, c.accord},
		route{"GET /accord/{party}/{index}", readers, c.instrument},
	)
}

// accordPage is the body of the list.
type accordPage struct {
	Instruments
	Rungs  []Rung
	Speaks bool
}

func (c *Console) accord(v *visit) error {
	all, err := v.source.Accord().Instruments(v.r.Context())
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "accord", frame{Title: "accord.title", Live: "record", Body: accordPage{all, rungs(all), v.user.speaks()}})
}

// rungs sorts proposals by what they ask of the reader: first what waits for the
// own side, then what waits for others, what holds, and what is over. Within
// each the next hour that counts stands first.
func rungs(all Instruments) []Rung {
	list := []Rung{{Key: "yours"}, {Key: "open"}, {Key: "agreed"}, {Key: "force"}, {Key: "over"}}
	for _, row := range all.Rows {
		i := 4
		switch row.State {
		case accord.StateTabled, accord.StateCountered, accord.StatePartly:
			i = 1
			if slices.Contains(row.Missing, all.Self) || slices.Contains(row.Pen, all.Self) {
				i = 0
			}
		case accord.StateAgreed, accord.StateDisputed:
			i = 2
		case accord.StateInForce:
			i = 3
		}
		list[i].Rows = append(list[i].Rows, row)
	}
	for _, r := range list {
		slices.SortStableFunc(r.Rows, func(a, b InstrumentRow) int {
			x, y := a.next(), b.next()
			return cmp.Or(cmp.Compare(boolInt(x == 0), boolInt(y == 0)), cmp.Compare(x, y))
		})
	}
	return slices.DeleteFunc(list, func(r Rung) bool { return len(r.Rows) == 0 })
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// next is the next instant that matters for a proposal, Unix seconds; 0 if none.
func (r InstrumentRow) next() int64 {
	switch r.State {
	case accord.StateTabled, accord.StateCountered, accord.StatePartly:
		return r.DecideBy
	case accord.StateAgreed:
		if r.Confirmed != 0 {
			return r.Effective
		}
		return r.ConfirmBy
	case accord.StateInForce:
		return r.EndsAt
	}
	return 0
}

// Next is next as a time, with the catalogue key of what happens then.
func (r InstrumentRow) Next() time.Time { return unix(r.next()) }

// NextKey says what happens at Next.
func (r InstrumentRow) NextKey() string {
	switch {
	case r.State == accord.StateAgreed && r.Confirmed != 0:
		return "accord.next.starts"
	case r.State == accord.StateAgreed:
		return "accord.next.confirm"
	case r.State == accord.StateInForce:
		return "accord.next.ends"
	}
	return "accord.next.decide"
}

// unix is a time that the accord gives in seconds; 0 is none.
func unix(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func (c *Console) instrument(v *visit) error {
	index, err := strconv.ParseUint(v.r.PathValue("index"), 10, 63)
	if err != nil {
		return ErrNotFound
	}
	var at time.Time
	if s := v.r.URL.Query().Get("at"); s != "" {
		if at, err = time.Parse(time.RFC3339, s); err != nil {
			return statement.Refuse(statement.CodeField, "at: an instant such as 2026-01-31T12:00:00Z")
		}
	}
	one, err := v.source.Accord().Instrument(v.r.Context(), v.r.PathValue("party"), index, at)
	if err != nil {
		return err
	}
	now := one
	if !at.IsZero() {
		if now, err = v.source.Accord().Instrument(v.r.Context(), v.r.PathValue("party"), index, time.Time{}); err != nil {
			return err
		}
	}
	page := instrumentPage{Instrument: one, Speaks: v.user.speaks(), Clock: clockAt(accordPath(one.Ref), at, now.instants())}
	if v.user.speaks() && at.IsZero() {
		page.May = one.MayTake(one.Self, one.Now.Unix())
	}
	return c.render(v, http.StatusOK, "instrument", frame{Title: "accord.instrument", Live: "record", Up: "/accord", Body: page})
}

// instrumentPage is the body of a text's page.
type instrumentPage struct {
	Instrument
	May    []accord.Stance // what the own side may say of it now
	Clock  clock
	Speaks bool
}

// AskAgain is a day to propose for asking again.
func (p instrumentPage) AskAgain() time.Time {
	return p.Now.Add(7 * 24 * time.Hour).Truncate(time.Hour)
}

// Exit is the first whole hour at which a withdrawal said within the hour may work.
func (p instrumentPage) Exit() time.Time {
	return p.Now.Add(p.Notice + 2*time.Hour).Truncate(time.Hour)
}

// wordings are the texts of a paper in its authentic languages, side by side.
func wordings(one Instrument) []wording {
	if one.Paper == nil {
		return nil
	}
	var list []wording
	for _, lang := range one.Body.Authentic {
		w := wording{Lang: lang, Title: one.Body.Title[lang], Text: one.Paper.Text[lang]}
		for _, c := range one.Paper.Clauses {
			w.Clauses = append(w.Clauses, c.Text.In(lang))
		}
		list = append(list, w)
	}
	return list
}

// wording is a signed text in one language.
type wording struct {
	Lang, Title, Text string
	Clauses           []string
}
