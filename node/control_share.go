package node

import (
	"context"
	"slices"
	"strings"

	"entente/api"
	"entente/exchange/stix"
	"entente/statement"
)

// ShareStored shows what would go if own objects were shared now, or says just
// what was shown.
func (c control) ShareStored(ctx context.Context, r api.StoredShare) (api.StoredShared, error) {
	n := c.n
	out := api.StoredShared{To: []string{}, Objects: []api.ShownObject{}, Left: []api.ShownObject{}, Refs: []statement.Ref{}}
	media := stix.MediaMISP
	if slices.ContainsFunc(r.IDs, func(id string) bool { return strings.Contains(id, "--") }) {
		media = stix.MediaSTIX
	}
	if len(r.IDs) == 0 {
		return out, statement.Refuse(statement.CodeRequest, "which objects? give their ids")
	}
	for _, id := range r.IDs {
		rows, _, err := n.Objects(ctx, ObjectQuery{Scope: ScopeOwn, Lens: n.lens, Media: media, IDs: []string{id}, Limit: 1, Bare: true})
		if err != nil {
			return out, err
		}
		if len(rows) == 0 {
			return out, statement.Refuse(statement.CodeRequest, "the own side has no object %.120q", id)
		}
	}
	ask := ShareObjects{Media: media, IDs: r.IDs, Lens: n.lens, Name: r.Name, Marking: r.Marking, To: r.To, Officer: r.Officer, Digest: r.Digest}
	if r.Digest != "" {
		said, err := n.ShareObjects(ctx, ask)
		out.To, out.Group, out.Refs = append(out.To, said.To...), said.Group, append(out.Refs, said.Refs...)
		return out, err
	}
	p, err := n.PreviewShare(ctx, ask)
	out.To, out.Group, out.Digest = append(out.To, p.To...), p.Group, p.Digest
	for _, run := range p.Runs {
		for _, o := range run.Objects {
			out.Objects = append(out.Objects, api.ShownObject{ID: o.ID, Marking: run.Marking, Raw: o.Raw, Redacted: o.Redacted})
		}
	}
	for _, l := range p.Left {
		out.Left = append(out.Left, api.ShownObject{ID: l.ID, Code: l.Refused.Code, Detail: l.Refused.Detail})
	}
	return out, err
}
