package accord

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// Report is the daily report of a unit: what the record says of one day. It is
// computed from what other nodes had cosigned by its end, so that every node
// that has read the same record prints the same bytes, whenever it prints them.
// Who has not read yet what others logged of the day's last minutes prints
// smaller sizes, which show that.
// Everything in it is a number, a time, an id or a word of this package.
type Report struct {
	Day     time.Time // midnight UTC
	AsOf    time.Time
	Whole   bool // the day is over
	Unit    statement.Digest
	Logs    []ReportLog
	Texts   []Instrument // that changed on the day, or stand open, agreed or in force
	Clauses []ClauseView // of those that are in force, or were
	Claims  []Claim      // open ones, and those of the day
	Checks  []LineCheck
	Notices []ReportNotices
	Calls   []Call // open ones, and those of the day that asked for more than an acknowledgement
	Actions []ActionView
	Fixes   []Fix
	Silent  []ReportSilence
	Labels  []LabelCount
}

// ReportLog is how much of a log the report rests on.
type ReportLog struct {
	Party string
	Size  uint64
	Root  statement.Digest // of the checkpoint of that size
	Seen  int64            // when another node last cosigned it
}

// ReportNotices counts the notices of the day from one to another.
type ReportNotices struct {
	From, To               string
	Test, Routine          int
	Priority, Urgent       int
	Undelivered, LateAcked int
}

// What corrects an earlier report.
const (
	FixLateRow   = "late-row" // an observation of an earlier day came to be known
	FixTakenBack = "taken-back"
	FixCorrected = "corrected"
	FixNotice    = "notice"
)

// Fix is something that became known on the day about an earlier one.
type Fix struct {
	Kind string
	By   string
	Ref  statement.Ref // what says so
	Item int           // of an account
	Of   int64         // the earlier day, or when what is corrected was covered
}

// ReportSilence is a node of which nothing was seen for a day or longer.
type ReportSilence struct {
	Party string
	Last  int64 // when it last cosigned or was cosigned, 0: never
}

// LabelCount counts the statements of the day that are no party's position.
type LabelCount struct {
	Party string
	Label Label
	N     int
}

// Daily computes the report of a UTC day. While the day is not over it is as of
// now, in whole minutes.
func (r *Record) Daily(day, now time.Time) Report {
	p := Day(day)
	end := time.Unix(p.To, 0).UTC()
	rep := Report{Day: time.Unix(p.From, 0).UTC(), AsOf: end, Whole: !now.Before(end), Unit: r.charter.Digest()}
	if !rep.Whole {
		rep.AsOf = now.UTC().Truncate(time.Minute)
	}
	w := r.World().AsOf(rep.AsOf.Add(-time.Second))
	w.Now = rep.AsOf
	past := r.Next(w)
	past.reportLogs(&rep)
	past.reportTexts(&rep, p)
	past.reportCalls(&rep, p)
	past.reportFixes(&rep, p)
	past.reportLabels(&rep, p)
	rep.Checks = past.LineChecks(rep.Day, rep.AsOf, rep.AsOf)
	rep.Actions = slices.DeleteFunc(past.Actions(rep.AsOf), func(a ActionView) bool { return a.State == "" || a.State == ActionClosed && !p.has(a.Since) })
	return rep
}

// reportLogs says which sizes were read and who has not been heard of.
func (r *Record) reportLogs(rep *Report) {
	heard := map[string]int64{}
	logs := map[string]*ReportLog{}
	for _, p := range r.charter.Parties {
		logs[p.Origin] = &ReportLog{Party: p.ID}
	}
	moments := slices.Clone(r.world.Moments)
	slices.SortFunc(moments, compareMoments)
	for _, m := range moments {
		l := logs[m.Origin]
		if l == nil || l.Party == m.By {
			continue
		}
		heard[l.Party], heard[m.By] = max(heard[l.Party], m.At), max(heard[m.By], m.At)
		if l.Seen = max(l.Seen, m.At); m.Size >= l.Size {
			l.Size = m.Size
			if m.Root != (statement.Digest{}) {
				l.Root = m.Root
			}
		}
	}
	for _, p := range r.charter.Parties {
		rep.Logs = append(rep.Logs, *logs[p.Origin])
		if last := heard[p.ID]; last < rep.AsOf.Add(-24*time.Hour).Unix() {
			rep.Silent = append(rep.Silent, ReportSilence{p.ID, last})
		}
	}
}

// reportTexts takes the instruments that matter on the day, and their clauses.
func (r *Record) reportTexts(rep *Report, p Period) {
	for _, i := range r.instruments {
		open := i.State == StateTabled || i.State == StateCountered || i.State == StatePartly || i.State == StateAgreed || i.State == StateInForce || i.State == StateDisputed
		if !open && !p.has(i.Since) {
			continue
		}
		rep.Texts = append(rep.Texts, i)
		if i.Effective == 0 {
			continue
		}
		for _, c := range i.Clauses {
			v, ok := r.Clause(i.Ref, c.No, p, rep.AsOf)
			if !ok || v.State == string(ClauseNone) {
				continue
			}
			rep.Clauses = append(rep.Clauses, v)
			for _, claim := range v.Claims {
				if claim.Open() || p.has(claim.Sent) || p.has(claim.Acked) || p.has(claim.Answered) || claim.Finding == "" {
					rep.Claims = append(rep.Claims, claim)
				}
			}
		}
	}
}

// reportCalls counts the notices of the day and lists what is open.
func (r *Record) reportCalls(rep *Report, p Period) {
	type way struct{ from, to string }
	counts := map[way]*ReportNotices{}
	for _, c := range r.Calls(rep.AsOf) {
		today := p.has(c.Sent)
		if today && c.Label == LabelNone {
			n := counts[way{c.From, c.To}]
			if n == nil {
				n = &ReportNotices{From: c.From, To: c.To}
				counts[way{c.From, c.To}] = n
			}
			n.add(c)
		}
		answered := today || p.has(c.Answered) || p.has(c.Closed)
		if _, claim := r.claimed(r.find(c.Ref)); !claim && c.Label == LabelNone && (c.Open() && c.Sent != 0 || answered && c.Ask != "ack") {
			rep.Calls = append(rep.Calls, c)
		}
	}
	for _, n := range counts {
		rep.Notices = append(rep.Notices, *n)
	}
	slices.SortFunc(rep.Notices, func(a, b ReportNotices) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
}

func (n *ReportNotices) add(c Call) {
	switch c.Level {
	case LevelTest:
		n.Test++
	case LevelRoutine:
		n.Routine++
	case LevelPriority:
		n.Priority++
	case LevelUrgent:
		n.Urgent++
	}
	if c.Delivered == 0 {
		n.Undelivered++
	}
	if slices.ContainsFunc(c.Late, func(l Late) bool { return l.Clock == ClockAck }) {
		n.LateAcked++
	}
}

// reportFixes finds what the day brought to light about earlier ones.
func (r *Record) reportFixes(rep *Report, p Period) {
	for _, v := range rep.Clauses {
		for _, row := range r.allRows(v.Ref, v.No) {
			if p.has(row.Said) && row.At < p.From && row.Ignored == "" {
				rep.Fixes = append(rep.Fixes, Fix{FixLateRow, row.By, row.Account, row.Item, row.At})
			}
		}
	}
	for i := range r.said {
		e := &r.said[i]
		if !p.has(e.at) || e.target < 0 {
			continue
		}
		t := &r.said[e.target]
		if t.Ref.Origin != e.Ref.Origin || t.at >= p.From || r.Label(*e.Said) != LabelNone {
			continue
		}
		kind := ""
		switch b := e.body.(type) {
		case *Position:
			kind = map[Stance]string{Retract: FixTakenBack, Correct: FixCorrected}[b.Stance]
		case *Notice:
			if b.Corrects {
				kind = FixNotice
			}
		}
		if kind != "" {
			rep.Fixes = append(rep.Fixes, Fix{kind, e.party, e.Ref, 0, t.at})
		}
	}
}

// allRows are the observations of a clause at any time.
func (r *Record) allRows(ref statement.Ref, no int) []ClauseRow {
	place := r.find(ref)
	rows, _ := r.rows(place, no, &bodyOf[Proposal](r, place).Clauses[no-1], r.footing(place, no))
	return rows
}

// reportLabels counts what was said on the day and is nobody's position.
func (r *Record) reportLabels(rep *Report, p Period) {
	counts := map[LabelCount]int{}
	for i := range r.said {
		if e := &r.said[i]; p.has(e.at) && e.party != "" {
			if l := r.Label(*e.Said); l != LabelNone {
				counts[LabelCount{Party: e.party, Label: l}]++
			}
		}
	}
	for k, n := range counts {
		k.N = n
		rep.Labels = append(rep.Labels, k)
	}
	slices.SortFunc(rep.Labels, func(a, b LabelCount) int {
		return cmp.Or(strings.Compare(a.Party, b.Party), cmp.Compare(a.Label, b.Label))
	})
}
