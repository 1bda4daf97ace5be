package misphttp

import "entente/exchange/misp"

func (s *Server) version(request) (any, error) {
	return map[string]any{
		"version": Version, "pymisp_recommended_version": Version, "perm_sync": false, "perm_sighting": true,
		"perm_galaxy_editor": false, "request_encoding": []string{}, "filter_sightings": true,
	}, nil
}

func (s *Server) clientVersion(request) (any, error) { return map[string]any{"version": Version}, nil }

// describeTypes answers attributes/describeTypes: what is looked for here. Other
// types are kept as they come.
func (s *Server) describeTypes(request) (any, error) {
	return map[string]any{"result": misp.Describe()}, nil
}

// user answers users/view: the account that asks, and no other.
func (s *Server) user(r request) (any, error) {
	id := misp.LocalID("account " + r.who.Name)
	if ref := r.ref(0); ref != "me" && ref != id && ref != r.who.Name {
		return nil, ErrNone
	}
	org := organisation(r.who.Party)
	role := map[string]any{
		"id": "1", "name": "account", "perm_add": r.who.Write, "perm_modify": r.who.Write, "perm_auth": r.who.Read, "perm_sighting": r.who.Write,
		"perm_modify_org": false, "perm_publish": false, "perm_sync": false, "perm_admin": false, "perm_site_admin": false, "perm_tagger": r.who.Write,
	}
	return map[string]any{
		"User": map[string]any{"id": id, "email": r.who.Name, "org_id": org.ID, "role_id": "1", "disabled": false, "autoalert": false},
		"Role": role, "UserSetting": map[string]any{}, "Organisation": org,
	}, nil
}
