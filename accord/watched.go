package accord

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// Watched is what the watch of a node looks for: where, and in which time of
// events.
type Watched struct {
	Ref         statement.Ref
	Case        string
	Clause      int // 0: a corrective action
	Queries     []Query
	Acts        []string
	Scope       Scope    // of an action empty: everywhere
	Observers   []string // whom the text names to observe; empty: everybody
	From, Until int64    // Unix seconds, the end not in it; 0: without end
	Gaps        []Period // in which it was suspended
	Confirmed   int64    // what was seen before is provisional; 0: not yet
}

// Holds reports whether what happened at an instant is for the clause to count.
func (w Watched) Holds(at int64) bool {
	return w.From <= at && (w.Until == 0 || at < w.Until) && !slices.ContainsFunc(w.Gaps, func(p Period) bool { return p.has(at) })
}

// Periods are the times that count, until an instant, in order.
func (w Watched) Periods(until int64) []Period {
	if w.Until != 0 {
		until = min(until, w.Until)
	}
	from := w.From
	var list []Period
	add := func(to int64) {
		if from < to {
			list = append(list, Period{from, to})
		}
	}
	gaps := slices.SortedFunc(slices.Values(w.Gaps), func(a, b Period) int { return cmp.Compare(a.From, b.From) })
	for _, g := range gaps {
		add(min(g.From, until))
		from = max(from, g.To)
	}
	add(until)
	return list
}

// Watched returns every clause of which the instant is fixed and every
// corrective action that was said to be done, if they have queries, in order of
// the record. An instant may lie ahead and an end behind: only the time of an
// event says whether it counts.
func (r *Record) Watched() []Watched {
	var list []Watched
	for i := range r.said {
		p := bodyOf[Proposal](r, int32(i))
		if p == nil {
			continue
		}
		w := Watched{Ref: r.said[i].Ref, Case: r.said[i].Act.Case}
		for no := range p.Clauses {
			f, c := r.footing(int32(i), no+1), &p.Clauses[no]
			if len(c.Observe.Queries) > 0 && f.effective != never && f.effective < f.end {
				w.Clause, w.Queries, w.Acts, w.Scope, w.Observers = no+1, c.Observe.Queries, c.Acts, c.Scope, c.Observe.Who
				w.From, w.Until, w.Gaps, w.Confirmed = f.effective, known(f.end), f.suspended, known(f.confirmed)
				list = append(list, w)
			}
		}
		if w, ok := r.watchedAction(int32(i), p.Action, w); ok {
			list = append(list, w)
		}
	}
	return list
}

// watchedAction is what would be a recurrence: nothing is one before the action
// was said to be done.
func (r *Record) watchedAction(place int32, a *Action, w Watched) (Watched, bool) {
	if a == nil || len(a.Queries) == 0 || !r.inForce(place) {
		return w, false
	}
	done := r.action(place, a, r.now.Unix()).Done
	if len(done) == 0 {
		return w, false
	}
	w.Queries, w.Until = a.Queries, a.WatchUntil.Time().Unix()
	w.From = r.said[r.find(done[len(done)-1])].at
	w.Confirmed = w.From
	return w, w.From < w.Until
}

// Watching returns the queries of every clause that works at an instant and of
// every corrective action whose time of watching runs, in order of the record.
func (r *Record) Watching(now time.Time) []Watched {
	return slices.DeleteFunc(r.Watched(), func(w Watched) bool { return !w.Holds(now.Unix()) })
}

// Sight is what one query found in the logs of one sensor within a UTC day.
type Sight struct {
	Query   int    // position among the queries
	Name    string // of the pattern or rule: what was run
	Sensor  string // of the own node
	Place   string // where it stands
	From    time.Time
	To      time.Time
	Count   int64
	AtLeast bool // there was more than is counted
}

// Row is the observation that a person may sign: one thing that the watch saw,
// of nobody's doing yet, and of one act only where the clause names one.
func (w Watched) Row(no int, s Sight, exhibits []string) Item {
	it := Item{
		No: no, Kind: "measure", Who: Undetermined, What: OtherCategory, From: At(s.From), To: At(s.To), Where: s.Place, Basis: "observed",
		Means:    fmt.Sprintf("%s: sensor %s, query %d, %s", MeansSensors, s.Sensor, s.Query+1, s.Name),
		Quantity: &Quantity{Cmp: "=", N: s.Count, Unit: "events"}, Exhibits: exhibits,
		Text: Texts{"en": "Seen by our own watch.", "ru": "Замечено собственным наблюдением."},
	}
	if s.AtLeast {
		it.Quantity.Cmp = ">="
	}
	if len(w.Acts) == 1 {
		it.What = w.Acts[0]
	}
	return it
}

// Sighted drafts the account of rows: what was seen until asOf, and within which
// limits. Its items are to be committed to by whoever salts them.
func (w Watched) Sighted(by string, rows []Item, asOf time.Time, limits Texts) Account {
	a := Account{
		Event: Event{From: At(asOf), To: At(asOf), Place: by, Present: []string{}}, Mode: "open", Capacity: "official", Names: []string{},
		Items: []statement.Digest{}, Limits: limits,
	}
	for _, it := range rows {
		if it.From.Time().Before(a.Event.From.Time()) {
			a.Event.From = it.From
		}
	}
	a.Event.Title = Texts{"en": "What our watch saw again after a corrective action", "ru": "Что наше наблюдение снова увидело после меры"}
	if w.Clause != 0 {
		a.Part = PartName("clause", w.Clause)
		a.Event.Title = Texts{"en": fmt.Sprintf("What our watch saw of clause %d", w.Clause), "ru": fmt.Sprintf("Что наше наблюдение увидело по пункту %d", w.Clause)}
	}
	return a
}

// Sensor is what a node read of one of its logs.
type Sensor struct {
	Name                    string
	Read, Unparsed, Dropped int64 // lines
}

// maxSensors is how many sensors the limits of an observation name.
const maxSensors = 20

// Limits says what could not be observed: an observation without it would look
// like all that there was.
func (w Watched) Limits(asOf time.Time, sensors []Sensor) Texts {
	var en, ru strings.Builder
	fmt.Fprintf(&en, "As of %s. Only the logs that our node reads were looked at.", At(asOf))
	fmt.Fprintf(&ru, "По состоянию на %s. Просмотрены только журналы, которые читает наш узел.", At(asOf))
	for i, s := range sensors {
		if i == maxSensors {
			fmt.Fprintf(&en, " And %d sensors more.", len(sensors)-i)
			fmt.Fprintf(&ru, " И ещё датчиков: %d.", len(sensors)-i)
			break
		}
		fmt.Fprintf(&en, " Sensor %s: %d lines read, %d of them not understood, %d dropped.", s.Name, s.Read, s.Unparsed, s.Dropped)
		fmt.Fprintf(&ru, " Датчик %s: прочитано строк %d, из них не понято %d, пропущено %d.", s.Name, s.Read, s.Unparsed, s.Dropped)
	}
	en.WriteString(" Lines without a time are not counted. Who acted is not determined.")
	ru.WriteString(" Строки без времени не учтены. Кто действовал, не установлено.")
	if len(w.Scope.Sectors)+len(w.Scope.Actors) > 0 {
		en.WriteString(" Sectors and actors of the scope stand in no log: networks and assets alone were looked for.")
		ru.WriteString(" Секторов и участников из области действия в журналах нет: искались только сети и объекты.")
	}
	return Texts{"en": en.String(), "ru": ru.String()}
}
