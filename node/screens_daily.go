package node

import (
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/console"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/statement"
)

// dayKept is a report with what it was computed from.
type dayKept struct {
	record *accord.Record
	day    time.Time
	report accord.Report
}

// day returns the report of a day, computed once for each record.
func (r *records) day(whole *accord.Record, day time.Time) accord.Report {
	r.mu.Lock()
	last := r.reported
	r.mu.Unlock()
	if last.record == whole && last.day.Equal(day) {
		return last.report
	}
	rep := whole.Daily(day, whole.Now())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reported = dayKept{whole, day, rep}
	return rep
}

// Report is the report of a day, and what was put up with its bytes.
func (s caseScreens) Report(ctx context.Context, day time.Time) (console.DayReport, error) {
	if !s.lens.Whole() {
		return console.DayReport{}, statement.Refuse(statement.CodeClearance, "a report speaks of everything at once")
	}
	r, err := s.n.Accord(ctx)
	if err != nil {
		return console.DayReport{}, err
	}
	out := console.DayReport{Report: s.n.accord.day(r, day)}
	for _, i := range r.Instruments() {
		b, ok := accord.Body[accord.Proposal](r, i.Ref)
		if !ok || b.For != accord.ForReport {
			continue
		}
		if _, digest, err := accord.MarshalPaper(out.Report.Paper(b.Authentic)); err == nil && digest == b.Paper {
			out.Tabled = append(out.Tabled, accordScreens(s).row(r, i))
		}
	}
	return out, nil
}

// DaySTIX is every case in which something came to be known on a day.
func (s caseScreens) DaySTIX(ctx context.Context, day time.Time) ([]byte, error) {
	r, err := s.n.Accord(ctx)
	if err != nil {
		return nil, err
	}
	x, err := s.n.newCaseExit(ctx)
	if err != nil {
		return nil, err
	}
	from, to := day.Unix(), day.Add(24*time.Hour).Unix()
	var all convert.CaseObjects
	for _, id := range r.Cases() {
		spoken := slices.ContainsFunc(r.Case(id), func(said accord.Said) bool {
			at, ok := r.Covered(said.Ref)
			return ok && at >= from && at < to && said.Act.Kind != accord.KindTimes
		})
		if !spoken || !s.showsCase(r, id) {
			continue
		}
		one, err := x.stix(r, id)
		if err != nil {
			return nil, err
		}
		all.Objects, all.Left = append(all.Objects, one.Objects...), all.Left+one.Left
	}
	seen := map[string]bool{}
	all.Objects = slices.DeleteFunc(all.Objects, func(o stix.Object) bool { // parties and markings, of every case
		twice := seen[o.ID]
		seen[o.ID] = true
		return twice
	})
	data, err := all.Bundle()
	if err != nil || len(all.Objects) == 0 {
		return data, err
	}
	return data, x.leave(ctx, "cases of a day as stix", day.Format(time.DateOnly), data)
}
