package api

import "entente/watch/incident"

// IncidentQuery asks for one page of incidents. Zero fields do not filter.
type IncidentQuery struct {
	State         incident.State
	Text          string
	Limit, Offset int
}

// Incidents is one page, last seen first.
type Incidents struct {
	Total  int                 `json:"total"`
	Items  []incident.Incident `json:"items"` // without acts and givers
	Givers []incident.Record   `json:"givers"`
}

// ActRequest puts incidents into a state on a person's word, all or none.
type ActRequest struct {
	By     string         `json:"by"`
	State  incident.State `json:"state"`
	Reason string         `json:"reason"`
	IDs    []string       `json:"ids"`
}
