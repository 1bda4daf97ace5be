package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"entente/watch/incident"
)

// Incident is one incident as stored; Givers are origins of logs here.
type Incident struct {
	incident.Incident
	Rung int // bells that have been rung for it
}

// IncidentQuery asks for one page of incidents. Zero fields do not filter.
type IncidentQuery struct {
	State  incident.State
	Text   string // part of value, asset or title, letter case ignored
	Origin string // whose indicators led to it
	Also   string // beginning of further origins that count as this one, "" for none
	Limit  int
	Offset int
}

func incidentID(h Hit) string {
	return incident.ID(incident.Subject{Type: h.Type, Value: h.Value}, h.Asset, incident.Day(h.EventTime))
}

// lineInIncident says that a line has been counted in an incident.
func (w *Watch) lineInIncident(ctx context.Context, tx *sql.Tx, id string, h Hit) (bool, error) {
	var yes bool
	err := tx.QueryRowContext(ctx, w.db.q("line_in_incident"), h.Source, h.Generation, h.Line, id).Scan(&yes)
	return yes, err
}

// addToIncident enters a new hit. One that is held makes its incident known
// but does not count in it.
func (w *Watch) addToIncident(ctx context.Context, tx *sql.Tx, id string, h Hit, counted bool) error {
	_, err := tx.ExecContext(ctx, w.db.q("new_incident"), id, h.Type, h.Value, h.Asset, incident.Day(h.EventTime), h.Title, h.Level, h.Stored)
	if err != nil {
		return fmt.Errorf("store an incident: %w", err)
	}
	if _, err := tx.ExecContext(ctx, w.db.q("add_incident_hit"), id, h.Source, h.Generation, h.Line, h.Key.Origin, h.Key.Index, h.Key.Item); err != nil {
		return fmt.Errorf("store an incident: %w", err)
	}
	if h.Held || counted {
		return nil
	}
	return w.growIncident(ctx, tx, id, h.EventTime)
}

func (w *Watch) growIncident(ctx context.Context, tx *sql.Tx, id string, eventTime int64) error {
	if _, err := tx.ExecContext(ctx, w.db.q("grow_incident"), id, max(eventTime, 0)); err != nil {
		return fmt.Errorf("count a line in an incident: %w", err)
	}
	return nil
}

// activateIncident counts a line of an item that is about to be let alert.
func (w *Watch) activateIncident(ctx context.Context, tx *sql.Tx, h Hit) error {
	var id string
	err := tx.QueryRowContext(ctx, w.db.q("incident_of"), h.Source, h.Generation, h.Line, h.Key.Origin, h.Key.Index, h.Key.Item).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // stored before there were incidents
	}
	if err != nil {
		return err
	}
	counted, err := w.lineInIncident(ctx, tx, id, h)
	if err != nil || counted {
		return err
	}
	return w.growIncident(ctx, tx, id, h.EventTime)
}

func scanIncident(row scanner) (Incident, error) {
	var i Incident
	err := row.Scan(&i.ID, &i.Subject.Type, &i.Subject.Value, &i.Asset, &i.Day, &i.Title, &i.Level, &i.Count, &i.First, &i.Last, &i.Stored, &i.State, &i.By, &i.Rung)
	return i, err
}

// Incidents returns one page, last seen first, and how many there are. Acts
// and givers are left out.
func (w *Seen) Incidents(ctx context.Context, q IncidentQuery) ([]Incident, int, error) {
	total, err := w.count(ctx, "count_incidents", q.State, q.Text, q.Origin, q.Also)
	if err != nil {
		return nil, 0, err
	}
	var list []Incident
	err = w.each(ctx, "incidents", func(rows *sql.Rows) error {
		i, err := scanIncident(rows)
		list = append(list, i)
		return err
	}, q.State, q.Text, q.Origin, q.Also, q.Limit, q.Offset)
	return list, int(total), err
}

// IncidentsAbout returns the incidents about one type of subject, last seen first: of
// each asset so many at most, those that nobody has settled before others, so that
// neither another asset nor another type crowds them out. Acts and givers are left out.
func (w *Seen) IncidentsAbout(ctx context.Context, subject string, each int) ([]Incident, error) {
	var list []Incident
	err := w.each(ctx, "incidents_about", func(rows *sql.Rows) error {
		i, err := scanIncident(rows)
		list = append(list, i)
		return err
	}, subject, incident.Closed, incident.FalsePositive, each)
	return list, err
}

// Incident returns one with its acts and givers, or ErrNone.
func (w *Seen) Incident(ctx context.Context, id string) (Incident, error) {
	i, err := scanIncident(w.row(ctx, "incident", id))
	if errors.Is(err, sql.ErrNoRows) {
		return i, ErrNone
	}
	if err != nil {
		return i, err
	}
	if i.Givers, err = w.IncidentGivers(ctx, id); err != nil {
		return i, err
	}
	err = w.each(ctx, "incident_acts", func(rows *sql.Rows) error {
		var a incident.Act
		err := rows.Scan(&a.At, &a.By, &a.State, &a.Reason)
		i.Acts = append(i.Acts, a)
		return err
	}, id)
	return i, err
}

// IncidentGivers returns the origins of the logs whose indicators led to it.
func (w *Seen) IncidentGivers(ctx context.Context, id string) ([]string, error) {
	var list []string
	err := w.each(ctx, "incident_givers", func(rows *sql.Rows) error {
		var origin string
		err := rows.Scan(&origin)
		list = append(list, origin)
		return err
	}, id)
	return list, err
}

// IncidentKeys returns the indicators and rules that led to it, those among them
// that are held.
func (w *Seen) IncidentKeys(ctx context.Context, id string) ([]Key, error) {
	var list []Key
	err := w.each(ctx, "incident_keys", func(rows *sql.Rows) error {
		var k Key
		err := rows.Scan(&k.Origin, &k.Index, &k.Item)
		list = append(list, k)
		return err
	}, id)
	return list, err
}

// IncidentHits returns the newest lines of one incident.
func (w *Seen) IncidentHits(ctx context.Context, id string, limit int) ([]Hit, error) {
	var list []Hit
	err := w.each(ctx, "incident_hits", func(rows *sql.Rows) error {
		var h Hit
		err := rows.Scan(&h.Source, &h.Generation, &h.Line, &h.Key.Origin, &h.Key.Index, &h.Key.Item, &h.Offset, &h.Path, &h.Rule, &h.Field, &h.Seen, &h.Type, &h.Value, &h.Raw, &h.Dataset, &h.EventTime, &h.Held)
		list = append(list, h)
		return err
	}, id, limit)
	return list, err
}

// Act adds one person's word to incidents, all or none. ErrNone if one is not there.
func (w *Watch) Act(ctx context.Context, ids []string, a incident.Act) error {
	if err := a.Check(); err != nil {
		return err
	}
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			r, err := tx.ExecContext(ctx, w.db.q("set_incident"), id, a.State, a.By)
			if err != nil {
				return fmt.Errorf("act on an incident: %w", err)
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				return errors.Join(err, ErrNone)
			}
			if _, err := tx.ExecContext(ctx, w.db.q("add_act"), id, a.At, a.By, a.State, a.Reason); err != nil {
				return fmt.Errorf("act on an incident: %w", err)
			}
		}
		return nil
	})
}

// Bar is one column of a timeline.
type Bar struct {
	At        int64 // beginning, Unix milliseconds
	Lines     int64
	Incidents int64 // 0 where one incident is drawn
}

// Days returns the lines of the incidents that a query means by day, from a day on; days without any are left out.
func (w *Seen) Days(ctx context.Context, q IncidentQuery, from int64) ([]Bar, error) {
	var bars []Bar
	err := w.each(ctx, "incident_days", func(rows *sql.Rows) error {
		var b Bar
		err := rows.Scan(&b.At, &b.Lines, &b.Incidents)
		bars = append(bars, b)
		return err
	}, q.State, q.Text, q.Origin, q.Also, max(from, 1))
	return bars, err
}

// Hours returns the lines of one incident by hour; hours without any are left out.
func (w *Seen) Hours(ctx context.Context, id string) ([]Bar, error) {
	const hour = 3_600_000
	var bars []Bar
	err := w.each(ctx, "incident_hours", func(rows *sql.Rows) error {
		var b Bar
		err := rows.Scan(&b.At, &b.Lines)
		b.At *= hour
		bars = append(bars, b)
		return err
	}, id)
	return bars, err
}

// GiverRecords counts what each giver's indicators were worth; Giver is an origin here.
func (w *Seen) GiverRecords(ctx context.Context) ([]incident.Record, error) {
	var list []incident.Record
	err := w.each(ctx, "giver_states", func(rows *sql.Rows) error {
		var origin string
		var state incident.State
		var n int
		if err := rows.Scan(&origin, &state, &n); err != nil {
			return err
		}
		if len(list) == 0 || list[len(list)-1].Giver != origin {
			list = append(list, incident.Record{Giver: origin})
		}
		for range n {
			list[len(list)-1].Count(state)
		}
		return nil
	})
	return list, err
}

// Ringing returns open incidents, first seen first, for which fewer than rung
// bells have been rung although they were there at the given time.
func (w *Seen) Ringing(ctx context.Context, rung int, since int64) ([]Incident, error) {
	var list []Incident
	err := w.each(ctx, "ringing", func(rows *sql.Rows) error {
		i, err := scanIncident(rows)
		list = append(list, i)
		return err
	}, rung, since)
	return list, err
}

// Rung remembers how many bells were rung for an incident.
func (w *Watch) Rung(ctx context.Context, id string, rung int) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.db.q("set_rung"), id, rung)
		return err
	})
}
