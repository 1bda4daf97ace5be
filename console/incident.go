package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// incidentPage is the body of the page of one incident.
type incidentPage struct {
	Incident Incident
	Decides  bool
	Next     []IncidentState // what the user may make of it
}

func (c *Console) incident(v *visit) error {
	id, err := itemID(v.r.PathValue("id"))
	if err != nil {
		return ErrNotFound
	}
	i, err := v.source.Incident(v.r.Context(), id)
	if err != nil {
		return err
	}
	p := incidentPage{Incident: i, Decides: v.user.decides()}
	for _, s := range incidentStates() {
		if s != i.State {
			p.Next = append(p.Next, s)
		}
	}
	return c.render(v, http.StatusOK, "incident", frame{Title: "incident.title", Live: "watch", Up: "/watch", Body: p})
}

// actForm reads what a person makes of incidents.
func actForm(v *visit) (state IncidentState, reason string, err error) {
	if err := v.form(); err != nil {
		return "", "", err
	}
	state = IncidentState(v.r.PostForm.Get("state"))
	reason = strings.TrimSpace(v.r.PostForm.Get("reason"))
	if !slices.Contains(incidentStates(), state) || len(reason) > MaxReason || strings.ToValidUTF8(reason, "") != reason {
		return "", "", errBadForm
	}
	return state, reason, nil
}

func (c *Console) actOne(v *visit) error {
	id, err := itemID(v.r.PathValue("id"))
	if err != nil {
		return ErrNotFound
	}
	state, reason, err := actForm(v)
	if err != nil {
		return err
	}
	if err := v.source.Act(v.r.Context(), v.user, []string{id}, state, reason); err != nil {
		return err
	}
	return v.see("/watch/incident/" + url.PathEscape(id))
}

func (c *Console) act(v *visit) error {
	state, reason, err := actForm(v)
	if err != nil {
		return err
	}
	ids, err := itemIDs(v.r.PostForm)
	if err != nil {
		return err
	}
	if err := v.source.Act(v.r.Context(), v.user, ids, state, reason); err != nil {
		return err
	}
	return v.see("/watch")
}

// exportIncident gives one incident to another tool.
func (c *Console) exportIncident(v *visit) error {
	id, err := itemID(v.r.PathValue("id"))
	if err != nil {
		return ErrNotFound
	}
	format := v.r.PathValue("format")
	if format != "ocsf" && format != "stix" {
		return ErrNotFound
	}
	data, err := v.source.ExportIncident(v.r.Context(), id, format)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Content-Disposition", `attachment; filename="incident-`+id+"."+format+`.json"`)
	_, _ = v.w.Write(data) // an error means that the browser has gone
	return nil
}
