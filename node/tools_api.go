package node

import (
	"context"
	"encoding/json"
	"net/http"

	"entente/api"
	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/internal/account"
	"entente/statement"
)

// apiMount puts the JSON API behind the door of the tools.
func (n *Node) apiMount() account.Mount {
	return account.Mount{
		Prefixes: []string{api.ToolsPrefix}, Body: api.MaxToolRequest, Refuse: api.RefuseTool,
		Serve: func(w http.ResponseWriter, r *http.Request, a account.Account) {
			api.ToolsHandler(func(scope string) (api.Tools, error) {
				lens, err := border.See(viewer(a), scope, "")
				return tool{n, lens}, err
			}).ServeHTTP(w, r)
		},
	}
}

// tool is what one account may ask of the node by the API.
type tool struct {
	n    *Node
	lens border.Lens
}

// media reads what the API calls a kind of object.
func media(s string) (string, error) {
	switch s {
	case "", stix.MediaSTIX:
		return stix.MediaSTIX, nil
	case stix.MediaMISP:
		return s, nil
	}
	return "", statement.Refuse(statement.CodeRequest, "unknown media %.80q", s)
}

func (t tool) Objects(ctx context.Context, q api.ObjectQuery) (api.Objects, error) {
	m, err := media(q.Media)
	if err != nil {
		return api.Objects{}, err
	}
	if q.Scope == "" {
		q.Scope = ScopeAccepted
	}
	if _, party := t.n.roster.Member(q.Scope); !party && q.Scope != ScopeOwn && q.Scope != ScopeAccepted {
		return api.Objects{}, statement.Refuse(statement.CodeRequest, "unknown scope %.80q", q.Scope)
	}
	rows, more, err := t.n.Objects(ctx, ObjectQuery{
		Scope: q.Scope, Lens: t.lens, Media: m, After: q.After, Limit: q.Limit, IDs: q.IDs, Types: q.Types, Versions: Versions{All: q.All},
	})
	out := api.Objects{Objects: make([]api.Object, len(rows)), More: more}
	for i, r := range rows {
		out.Objects[i] = toolObject(r)
		out.Next = r.Added
	}
	return out, err
}

func (t tool) Claims(ctx context.Context, id string) ([]api.Object, error) {
	rows, err := t.n.Claims(ctx, t.lens, id)
	out := make([]api.Object, len(rows))
	for i, r := range rows {
		out[i] = toolObject(r)
	}
	return out, err
}

func toolObject(r ObjectRow) api.Object {
	o := api.Object{
		ID: r.ID, Type: r.Type, Version: r.Version, SHA256: r.Hash, Party: r.Party, Marking: r.Marking, Added: r.Added,
		Revoked: r.Revoked, Retracted: r.Retracted, Standing: r.Standing, Statement: r.Ref, Number: r.N, Raw: r.Raw, Object: r.Raw,
	}
	if !json.Valid(r.Raw) { // what could not be read is named, never repeated as if it were an object
		o.Object = json.RawMessage("{}")
	}
	return o
}

// AddObjects takes objects in as drafts, in the account's name.
func (t tool) AddObjects(ctx context.Context, r api.AddRequest) (api.Added, error) {
	if t.lens.Guest() != "" {
		return api.Added{}, statement.Refuse(statement.CodeClearance, "a guest writes in the log of its own party")
	}
	m, err := media(r.Media)
	if err != nil {
		return api.Added{}, err
	}
	raws := make([][]byte, len(r.Objects))
	for i, raw := range r.Objects {
		raws[i] = raw
	}
	done, err := t.n.AddObjects(ctx, AddObjects{Account: t.lens.Account(), Lens: t.lens, Media: m, Name: r.Name, Marking: r.Marking, Objects: raws})
	out := api.Added{Objects: make([]api.AddedObject, len(done))}
	for i, d := range done {
		o := api.AddedObject{ID: d.ID, Version: d.Version, Known: d.Known}
		if d.Refused != nil {
			o.Refused = &api.Failure{Code: string(d.Refused.Code), Detail: d.Refused.Detail}
		}
		if d.Ref != (statement.Ref{}) {
			o.Statement = &d.Ref
		}
		out.Objects[i] = o
	}
	return out, err
}

// Retract takes back what the account sees of an own object: of the rest nothing
// happens and nothing is said.
func (t tool) Retract(ctx context.Context, r api.RetractRequest) (api.Retracted, error) {
	out := api.Retracted{Refs: []statement.Ref{}}
	m, err := media(r.Media)
	switch {
	case err != nil:
		return out, err
	case t.lens.Guest() != "":
		return out, statement.Refuse(statement.CodeClearance, "a guest takes nothing back here")
	}
	var versions []string
	for _, v := range r.Versions {
		versions = append(versions, convert.VKey(v))
	}
	bodies, refs, err := t.n.RetractObject(ctx, t.lens, m, r.ID, versions, r.Reason)
	out.Bodies = bodies
	out.Refs = append(out.Refs, refs...)
	return out, err
}

// Whole gives what speaks of everything to an account that may see everything.
func (t tool) Whole() (api.Whole, error) {
	if t.lens.Guest() != "" || t.lens.Ceiling() < border.Marking("").Level() {
		return nil, statement.Refuse(statement.CodeClearance, "this is for accounts of the own side that may see %s", border.Red)
	}
	return control{t.n}, nil
}
