package node

import (
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/console"
	"entente/internal/sqlite"
	"entente/statement"
)

// accordScreens shows people what was proposed and what became of it.
type accordScreens struct{ screens }

// Accord implements console.Source.
func (on screens) Accord() console.Accord { return accordScreens{on} }

// shows says whether the viewer may read a statement.
func (s accordScreens) shows(ctx context.Context, r statement.Ref) bool {
	if s.lens.Whole() {
		return true
	}
	row, err := s.n.view.Row(ctx, s.lens, r.Origin, r.Index)
	return err == nil && row.State != sqlite.StateSealed
}

// Instruments lists every proposal.
func (s accordScreens) Instruments(ctx context.Context) (console.Instruments, error) {
	r, err := s.n.Accord(ctx)
	if err != nil {
		return console.Instruments{}, err
	}
	out := console.Instruments{Self: s.n.self.ID, Now: r.Now()}
	for _, i := range r.Instruments() {
		if s.shows(ctx, i.Ref) {
			out.Rows = append(out.Rows, s.row(r, i))
		}
	}
	return out, nil
}

func (s accordScreens) row(r *accord.Record, i accord.Instrument) console.InstrumentRow {
	b, _ := accord.Body[accord.Proposal](r, i.Ref)
	return console.InstrumentRow{Instrument: i, Ref: s.ref(i.Ref), Title: b.Title}
}

func (s accordScreens) ref(ref statement.Ref) console.Ref {
	m, _ := s.n.roster.ByOrigin(ref.Origin)
	return console.Ref{Party: m.ID, Index: ref.Index}
}

// Instrument returns one proposal as of an instant.
func (s accordScreens) Instrument(ctx context.Context, party string, index uint64, at time.Time) (console.Instrument, error) {
	var out console.Instrument
	m, ok := s.n.roster.Member(party)
	if !ok {
		return out, console.ErrNotFound
	}
	r, err := s.n.Accord(ctx)
	if err != nil {
		return out, err
	}
	for _, i := range r.Instruments() {
		if i.Ref.Origin != m.Origin || i.Ref.Index != index || !s.shows(ctx, i.Ref) {
			continue
		}
		if !at.IsZero() {
			if i, ok = r.PositionAt(i.Ref, at); !ok {
				return out, statement.Refuse(statement.CodeState, "nobody had seen this text at %s", at.UTC().Format(time.RFC3339))
			}
		}
		return s.page(ctx, r, i, at), nil
	}
	return out, console.ErrNotFound
}

func (s accordScreens) page(ctx context.Context, r *accord.Record, i accord.Instrument, at time.Time) console.Instrument {
	out := console.Instrument{InstrumentRow: s.row(r, i), Self: s.n.self.ID, Now: r.Now(), AsOf: at, Digest: i.Ref.ID.String(), Sizes: i.Sizes}
	out.Body, _ = accord.Body[accord.Proposal](r, i.Ref)
	if said, ok := r.Said(i.Ref); ok {
		if p, err := accord.OpenPaper(out.Body, said.Parts[1]); err == nil {
			out.Paper = &p
		}
	}
	for _, a := range i.Answers {
		if !s.shows(ctx, a.Ref) {
			continue
		}
		out.Answers = append(out.Answers, console.InstrumentAnswer{Answer: a, At: s.ref(a.Ref)})
	}
	rules, _ := r.RulesOf(i.Ref)
	out.Notice = time.Duration(rules.ClauseNotice) * time.Second
	if i.For == accord.ForGroup {
		out.Notice = time.Duration(rules.ExitNotice) * time.Second
	}
	if at.IsZero() && s.lens.Whole() {
		if out.Seen = s.clausesSeen(r, i); len(out.Seen) > 0 {
			s.watchOf(ctx, &out)
		}
	}
	if i.Replaces != nil {
		out.Replaces = s.ref(*i.Replaces)
	}
	return out
}

// watchOf adds what the own watch looks for of each clause, and what it drafted.
// Where that cannot be read the rest of the page is shown all the same.
func (s accordScreens) watchOf(ctx context.Context, out *console.Instrument) {
	watching, err := s.n.Watching(ctx)
	if err != nil {
		s.n.logger.Error("what is watched for clauses", "error", err)
	}
	drafts, err := s.Drafts(ctx)
	if err != nil {
		s.n.logger.Error("drafts of rows", "error", err)
	}
	for i := range out.Seen {
		c := &out.Seen[i]
		for _, w := range watching {
			if w.Party == out.Ref.Party && w.Index == out.Ref.Index && w.Clause == c.No {
				for _, q := range w.Queries {
					c.Watch = append(c.Watch, console.QueryWatch(q))
				}
			}
		}
		for _, d := range drafts {
			if d.Seen != nil && d.On == out.Ref && d.Seen.Clause == c.No {
				c.Drafts = append(c.Drafts, d)
			}
		}
	}
}

// seenDays is how far back observations of a clause are shown and counted.
const seenDays = 7

// clausesSeen is what was seen of each clause. Counts follow from every account,
// so that only who sees all of them is shown any.
func (s accordScreens) clausesSeen(r *accord.Record, i accord.Instrument) []console.ClauseSeen {
	today := accord.Day(r.Now())
	period := accord.Period{From: today.To - seenDays*24*3600, To: today.To}
	var out []console.ClauseSeen
	for _, c := range i.Clauses {
		v, ok := r.Clause(i.Ref, c.No, period, r.Now())
		if !ok {
			continue
		}
		one := console.ClauseSeen{ClauseView: v, More: max(0, len(v.Rows)-console.PerPage)}
		for _, row := range slices.Backward(v.Rows[one.More:]) {
			one.Rows = append(one.Rows, console.ClauseRowSeen{ClauseRow: row, At: s.ref(row.Account)})
		}
		for _, claim := range v.Claims {
			one.Claims = append(one.Claims, console.ClaimSeen{Claim: claim, At: s.ref(claim.Ref), Rests: s.ref(claim.Account), Found: s.ref(claim.FindingRef)})
		}
		out = append(out, one)
	}
	return out
}
