package misphttp

import (
	"maps"
	"net/http"
	"slices"
)

// route is one action.
type route struct {
	methods []string
	writes  bool // needs the right to write, else to read
	serve   func(*Server, request) (any, error)
}

func (r route) takes(method string) bool { return slices.Contains(r.methods, method) }

// Routes lists the actions that are answered, sorted.
func Routes() []string { return slices.Sorted(maps.Keys(routes())) }

// routes lists every action that is answered. What is not here is a 404.
func routes() map[string]route {
	get := []string{http.MethodGet, http.MethodHead}
	ask := []string{http.MethodGet, http.MethodHead, http.MethodPost}
	post := []string{http.MethodPost, http.MethodPut}
	remove := []string{http.MethodPost, http.MethodDelete}
	return map[string]route{
		"servers/getVersion":       {get, false, (*Server).version},
		"servers/getPyMISPVersion": {get, false, (*Server).clientVersion},
		"users/view":               {get, false, (*Server).user},
		"events/index":             {ask, false, (*Server).index},
		"events/view":              {ask, false, (*Server).view},
		"events/restSearch":        {post, false, (*Server).searchEvents},
		"events/add":               {post, true, (*Server).add},
		"events/edit":              {post, true, (*Server).edit},
		"events/delete":            {remove, true, (*Server).remove},
		"events/publish":           {post, true, (*Server).publish},
		"events/alert":             {post, true, (*Server).publish},
		"attributes/view":          {get, false, (*Server).viewAttribute},
		"attributes/describeTypes": {get, false, (*Server).describeTypes},
		"attributes/restSearch":    {post, false, (*Server).searchAttributes},
		"attributes/add":           {post, true, (*Server).addAttribute},
		"attributes/edit":          {post, true, (*Server).editAttribute},
		"attributes/delete":        {remove, true, (*Server).removeAttribute},
		"sightings/add":            {post, true, (*Server).sight},
		"sightings/listSightings":  {ask, false, (*Server).sightings},
		"sightings/index":          {ask, false, (*Server).sightings},
		"sightings/restSearch":     {post, false, (*Server).searchSightings},
		"tags/index":               {get, false, (*Server).tags},
		"tags/search":              {post, false, (*Server).searchTags},
		"tags/attachTagToObject":   {post, true, (*Server).attachTag},
	}
}
