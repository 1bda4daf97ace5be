package node

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"time"

	"entente/border"
	"entente/console"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

// borderScreens shows people what crosses.
type borderScreens struct{ screens }

// Border implements console.Source.
func (on screens) Border() console.Border { return borderScreens{on} }

// entire refuses what speaks of everything at once to a viewer who may not see
// everything: a part of it would be a wrong figure.
func (on screens) entire() error {
	if on.lens.Whole() {
		return nil
	}
	return statement.Refuse(statement.CodeClearance, "this is for users who may see %s", border.Red)
}

// Crossed is what another party was shown.
func (s borderScreens) Crossed(ctx context.Context, party string) (border.Exposure, error) {
	if err := s.entire(); err != nil {
		return border.Exposure{}, err
	}
	return s.n.Exposure(ctx, party)
}

// Givers is what came of what each party gave.
func (s borderScreens) Givers(ctx context.Context) ([]border.GiverRecord, error) {
	if err := s.entire(); err != nil {
		return nil, err
	}
	return s.n.Givers(ctx)
}

// Objects is one page of a collection.
func (s borderScreens) Objects(ctx context.Context, q console.ObjectsQuery) (console.Objects, error) {
	var out console.Objects
	ask := ObjectQuery{Scope: q.Scope, Lens: s.lens, Media: MediaAny, After: q.After, Limit: q.Limit}
	if q.ID != "" {
		ask.IDs = []string{q.ID}
	}
	if q.Type != "" {
		ask.Types = []string{q.Type}
	}
	rows, more, err := s.n.Objects(ctx, ask)
	if err != nil {
		return out, err
	}
	for _, r := range rows {
		o, err := s.object(ctx, r)
		if err != nil {
			return out, err
		}
		out.Rows = append(out.Rows, o)
		if more {
			out.Next = r.Added
		}
	}
	return out, nil
}

// object is one row for the screen; a draft is what the own side said to nobody.
func (s borderScreens) object(ctx context.Context, r ObjectRow) (console.Object, error) {
	o := console.Object{
		ID: r.ID, Type: r.Type, Version: r.Version, Party: r.Party, Marking: r.Marking, Added: time.UnixMicro(r.Added),
		Revoked: r.Revoked, Retracted: r.Retracted, Standing: r.Standing, Ref: console.Ref{Party: r.Party, Index: r.Ref.Index},
		Raw: r.Raw, SHA256: r.Hash.String(),
	}
	if r.Added == 0 {
		o.Added = r.Said
	}
	var named struct {
		Name  string `json:"name"`
		Value string `json:"value"`
		Info  string `json:"info"` // of a MISP event
	}
	if json.Unmarshal(misp.Bare(r.Raw), &named) == nil {
		o.Name = cmp.Or(named.Name, named.Value, named.Info)
	}
	if r.Party == s.n.self.ID {
		said, err := s.n.view.Row(ctx, s.lens, r.Ref.Origin, r.Ref.Index)
		if err != nil {
			return o, err
		}
		o.Draft = said.Kind == stix.KindObjects && len(said.Recipients) == 0 // not the own copy of marked lists
	}
	return o, nil
}

// Claims is every body of an id.
func (s borderScreens) Claims(ctx context.Context, id string) ([]console.Object, error) {
	rows, err := s.n.Claims(ctx, s.lens, id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, console.ErrNotFound
	}
	var out []console.Object
	for _, r := range rows {
		o, err := s.object(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// Retract takes back an own object on a person's word.
func (s borderScreens) Retract(ctx context.Context, by console.User, id, reason string) error {
	bodies, _, err := s.n.retractAny(ctx, s.lens, id, nil, by.Name+": "+reason)
	if err == nil && bodies == 0 {
		err = statement.Refuse(statement.CodeRequest, "no own object %.80q", id)
	}
	return err
}

// Preview is exactly what would be said.
func (s borderScreens) Preview(ctx context.Context, by console.User, share console.Share) (console.Preview, error) {
	r, err := s.share(ctx, by, share)
	if err != nil {
		return console.Preview{}, err
	}
	p, err := s.n.PreviewShare(ctx, r)
	out := console.Preview{To: p.To, Group: p.Group, Digest: p.Digest}
	for _, run := range p.Runs {
		shown := console.PreviewRun{Marking: run.Marking}
		for _, o := range run.Objects {
			shown.Objects = append(shown.Objects, console.PreviewObject{ID: o.ID, Raw: o.Raw, Redacted: o.Redacted})
		}
		out.Runs = append(out.Runs, shown)
	}
	for _, l := range p.Left {
		out.Left = append(out.Left, console.LeftOut{ID: l.ID, Code: string(l.Refused.Code), Detail: l.Refused.Detail})
	}
	return out, err
}

// Send says what was looked at, or refuses with E_DIGEST if it has changed.
func (s borderScreens) Send(ctx context.Context, by console.User, share console.Share, digest string) (console.Ref, error) {
	r, err := s.share(ctx, by, share)
	if err != nil {
		return console.Ref{}, err
	}
	r.Digest = digest
	said, err := s.n.ShareObjects(ctx, r)
	if err != nil {
		return console.Ref{}, err
	}
	return console.Ref{Party: s.n.self.ID, Index: said.Refs[0].Index}, nil
}

// share turns what a form says into what the node is asked.
func (s borderScreens) share(ctx context.Context, by console.User, share console.Share) (ShareObjects, error) {
	r := ShareObjects{Name: share.Name, Marking: share.Marking, To: []string{share.To}, Officer: by.Name, Lens: s.lens}
	one := func(media string) error {
		if r.Media != "" && r.Media != media {
			return statement.Refuse(statement.CodeRequest, "STIX objects and MISP events go one after the other")
		}
		r.Media = media
		return nil
	}
	for _, index := range share.Drafts {
		said, err := s.n.view.Row(ctx, s.lens, s.n.self.Origin, index)
		if err != nil {
			return r, statement.Refuse(statement.CodeRequest, "no own draft at %d", index)
		}
		body, err := stix.ParseObjectsBody(said.Body)
		if err != nil {
			return r, statement.Refuse(statement.CodeRequest, "no own draft at %d", index)
		}
		if err := one(body.Media); err != nil {
			return r, err
		}
		r.Drafts = append(r.Drafts, statement.Ref{Origin: said.Origin, Index: said.Index, ID: said.ID})
	}
	var err error
	if share.Text == "" {
		r.CaseID, err = s.caseOfDrafts(ctx, share.Drafts)
		return r, err
	}
	media, objects, err := pasted([]byte(share.Text))
	if err == nil {
		r.Objects, err = objects, one(media)
	}
	return r, err
}

// pasted reads objects as people paste them: MISP events in any of their
// wrappings, or a bundle of STIX, a list, or one object.
func pasted(text []byte) (media string, objects [][]byte, err error) {
	if events, err := misp.Events(text); err == nil {
		return stix.MediaMISP, events, nil
	}
	objects, err = pastedSTIX(text)
	return stix.MediaSTIX, objects, err
}

func pastedSTIX(text []byte) ([][]byte, error) {
	var list []json.RawMessage
	if bytes.HasPrefix(text, []byte("[")) {
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, statement.Refuse(statement.CodeJSON, "not a list of objects")
		}
	} else {
		var one struct {
			Type    string            `json:"type"`
			Objects []json.RawMessage `json:"objects"`
		}
		if err := json.Unmarshal(text, &one); err != nil {
			return nil, statement.Refuse(statement.CodeJSON, "not an object, a list or a bundle")
		}
		if list = one.Objects; one.Type != "bundle" {
			list = []json.RawMessage{text}
		}
	}
	out := make([][]byte, len(list))
	for i, raw := range list {
		out[i] = raw
	}
	return out, nil
}
