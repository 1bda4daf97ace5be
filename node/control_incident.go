package node

import (
	"context"
	"errors"
	"strings"

	"entente/api"
	"entente/console"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/incident"
)

// Incidents lists incidents and what their givers were worth.
func (c control) Incidents(ctx context.Context, q api.IncidentQuery) (api.Incidents, error) {
	out := api.Incidents{Items: []incident.Incident{}, Givers: []incident.Record{}}
	list, total, err := c.n.seen.Incidents(ctx, sqlite.IncidentQuery{State: q.State, Text: q.Text, Limit: q.Limit, Offset: q.Offset})
	if err != nil {
		return out, err
	}
	out.Total = total
	for _, i := range list {
		out.Items = append(out.Items, i.Incident)
	}
	records, err := c.n.whole().giverRecords(ctx)
	out.Givers = append(out.Givers, records...)
	return out, err
}

// Incident returns one with its acts, givers and, in the format asked for, its export.
func (c control) Incident(ctx context.Context, id, format string) ([]byte, error) {
	data, err := c.n.whole().ExportIncident(ctx, id, format)
	if errors.Is(err, console.ErrNotFound) {
		return nil, noIncident(id)
	}
	return data, err
}

// Act puts incidents into a state.
func (c control) Act(ctx context.Context, r api.ActRequest) error {
	if len(r.IDs) == 0 || len(r.IDs) > console.MaxBatch {
		return statement.Refuse(statement.CodeRequest, "which incidents? name 1 to %d", console.MaxBatch)
	}
	err := c.n.whole().Act(ctx, console.User{Name: r.By}, r.IDs, console.IncidentState(r.State), r.Reason)
	if errors.Is(err, console.ErrNotFound) {
		return noIncident(strings.Join(r.IDs, " "))
	}
	return err
}

func noIncident(id string) error {
	return statement.Refuse(statement.CodeRequest, "no incident %.200s; entente incidents gives the ids", id)
}
