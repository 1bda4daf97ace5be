package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entente/statement"
	"entente/watch/incident"
)

// The scopes of accounts that the API asks for.
const (
	ScopeRead  = "api:read"
	ScopeWrite = "api:write"
)

// toolRoute is one path with the scope that it asks for.
type toolRoute struct {
	pattern string // as http.ServeMux takes it
	scope   string
	params  string // what may be asked, by name; "name*" several times
	serve   func(t Tools, r *http.Request) (any, error)
}

// check refuses what the route does not ask for: a filter that is passed over
// would answer more than was asked.
func (t toolRoute) check(r *http.Request) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return statement.Refuse(statement.CodeRequest, "the parameters cannot be read")
	}
	known := strings.Fields(t.params)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case slices.Contains(known, name+"*"):
		case !slices.Contains(known, name):
			return statement.Refuse(statement.CodeRequest, "no parameter %.40q here", name)
		case len(values[name]) > 1:
			return statement.Refuse(statement.CodeRequest, "%.40q stands more than once", name)
		}
	}
	return nil
}

// exact is an answer that is not JSON of this package.
type exact struct {
	media string
	bytes []byte
}

func toolRoutes() []toolRoute {
	return []toolRoute{
		{"GET " + ToolsPrefix + "openapi.json", ScopeRead, "", func(Tools, *http.Request) (any, error) {
			return exact{"application/json", OpenAPI}, nil
		}},
		{"GET " + ToolsPrefix + "objects", ScopeRead, "scope media after limit id* type* all", objects},
		{"POST " + ToolsPrefix + "objects", ScopeWrite, "", addObjects},
		{"GET " + ToolsPrefix + "objects/{id}", ScopeRead, "limit offset", claims},
		{"GET " + ToolsPrefix + "objects/{id}/bodies/{sha256}", ScopeRead, "", body},
		{"POST " + ToolsPrefix + "retractions", ScopeWrite, "", retract},
		{"GET " + ToolsPrefix + "status", ScopeRead, "", whole(func(w Whole, r *http.Request, _ *query) (any, error) { return w.Status(r.Context()) })},
		{"GET " + ToolsPrefix + "rules", ScopeRead, "", whole(func(w Whole, r *http.Request, _ *query) (any, error) { return w.Rules(r.Context()) })},
		{"GET " + ToolsPrefix + "givers", ScopeRead, "", whole(func(w Whole, r *http.Request, _ *query) (any, error) { return w.Givers(r.Context()) })},
		{"GET " + ToolsPrefix + "exposure/{party}", ScopeRead, "", whole(func(w Whole, r *http.Request, _ *query) (any, error) {
			return w.Exposure(r.Context(), r.PathValue("party"))
		})},
		{"GET " + ToolsPrefix + "receipts", ScopeRead, "party limit offset", whole(func(w Whole, r *http.Request, _ *query) (any, error) {
			q, err := receiptQuery(r.URL.Query())
			if err != nil {
				return nil, err
			}
			return w.Receipts(r.Context(), q)
		})},
		{"GET " + ToolsPrefix + "alerts", ScopeRead, "held limit offset", whole(func(w Whole, r *http.Request, q *query) (any, error) {
			a := AlertQuery{Held: q.yes("held"), Limit: q.number("limit", 50, MaxToolPage), Offset: q.number("offset", 0, 1<<30)}
			return orFault(q, func() (any, error) { return w.Alerts(r.Context(), a) })
		})},
		{"GET " + ToolsPrefix + "incidents", ScopeRead, "state text limit offset", whole(func(w Whole, r *http.Request, q *query) (any, error) {
			i := IncidentQuery{State: incident.State(q.Get("state")), Text: q.Get("text"), Limit: q.number("limit", 50, MaxToolPage), Offset: q.number("offset", 0, 1<<30)}
			return orFault(q, func() (any, error) { return w.Incidents(r.Context(), i) })
		})},
		{"GET " + ToolsPrefix + "incidents/{id}", ScopeRead, "format", whole(func(w Whole, r *http.Request, q *query) (any, error) {
			b, err := w.Incident(r.Context(), r.PathValue("id"), q.Get("format"))
			return exact{"application/json", b}, err
		})},
		{"GET " + ToolsPrefix + "statements", ScopeRead, "party kind all limit offset", whole(func(w Whole, r *http.Request, q *query) (any, error) {
			s := StatementQuery{Party: q.Get("party"), Kind: q.Get("kind"), All: q.yes("all"), Limit: q.number("limit", 50, MaxToolPage), Offset: q.number("offset", 0, 1<<30)}
			return orFault(q, func() (any, error) { return w.Statements(r.Context(), s) })
		})},
		{"GET " + ToolsPrefix + "statements/{party}/{index}/bundle", ScopeRead, "", whole(func(w Whole, r *http.Request, q *query) (any, error) {
			q.Values.Set("index", r.PathValue("index"))
			i := q.index("index")
			return orFault(q, func() (any, error) {
				b, err := w.Bundle(r.Context(), r.PathValue("party"), *i)
				if refusal, ok := statement.AsRefusal(err); ok && refusal.Code == statement.CodeRequest {
					err = missing{err} // also of a statement that no checkpoint covers yet: ask again
				}
				return exact{"application/json", b}, err
			})
		})},
	}
}

// ToolRoutes lists every pattern that ToolsHandler answers.
func ToolRoutes() (patterns []string) {
	for _, r := range toolRoutes() {
		patterns = append(patterns, r.pattern)
	}
	return patterns
}

// ToolsHandler answers the API for one account. open gives what the account may
// ask under a scope, or refuses.
func ToolsHandler(open func(scope string) (Tools, error)) http.Handler {
	mux := http.NewServeMux()
	for _, route := range toolRoutes() {
		mux.HandleFunc(route.pattern, func(w http.ResponseWriter, r *http.Request) {
			t, err := open(route.scope)
			var v any
			if err == nil {
				err = route.check(r)
			}
			if err == nil {
				v, err = route.serve(t, r)
			}
			answerTool(w, v, err)
		})
	}
	return mux
}

// RefuseTool writes what the door says before any of this is asked.
func RefuseTool(w http.ResponseWriter, _ *http.Request, status int, why string) {
	code := statement.CodeClearance
	switch status {
	case http.StatusRequestEntityTooLarge:
		code = statement.CodeSize
	case http.StatusTooManyRequests:
		code = statement.CodeBusy
	case http.StatusUnsupportedMediaType, http.StatusMisdirectedRequest:
		code = statement.CodeRequest
	}
	writeTool(w, status, Failure{Code: string(code), Detail: why})
}

func objects(t Tools, r *http.Request) (any, error) {
	q := query{Values: r.URL.Query()}
	o := ObjectQuery{
		Scope: q.Get("scope"), Media: q.Get("media"), After: int64(q.number("after", 0, 1<<53)),
		Limit: q.number("limit", 100, MaxToolPage), IDs: q.Values["id"], Types: q.Values["type"], All: q.yes("all"),
	}
	if q.err == nil && (o.Limit == 0 || len(o.IDs) > MaxToolPage || len(o.Types) > MaxToolPage) {
		q.err = statement.Refuse(statement.CodeRequest, "limit is at least 1, and at most %d ids or types are asked for", MaxToolPage)
	}
	return orFault(&q, func() (any, error) { return t.Objects(r.Context(), o) })
}

func claims(t Tools, r *http.Request) (any, error) {
	q := query{Values: r.URL.Query()}
	limit, offset := q.number("limit", 100, MaxToolPage), q.number("offset", 0, 1<<30)
	if q.err == nil && limit == 0 {
		q.err = statement.Refuse(statement.CodeRequest, "limit is at least 1")
	}
	return orFault(&q, func() (any, error) {
		all, err := t.Claims(r.Context(), r.PathValue("id"))
		if err == nil && len(all) == 0 {
			err = errNotThere
		}
		from := min(offset, len(all))
		to := min(from+limit, len(all))
		return Objects{Objects: all[from:to], More: to < len(all)}, err
	})
}

func body(t Tools, r *http.Request) (any, error) {
	all, err := t.Claims(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.SHA256.String() == r.PathValue("sha256") && len(o.Raw) > 0 {
			return exact{"application/octet-stream", o.Raw}, nil
		}
	}
	return nil, errNotThere
}

// addObjects reads the request itself: the objects have their own rules of
// what is JSON, and keep their bytes.
func addObjects(t Tools, r *http.Request) (any, error) {
	var q AddRequest
	if err := readRequest(r, &q); err != nil {
		return nil, err
	}
	if len(q.Objects) == 0 || len(q.Objects) > MaxToolObjects {
		return nil, statement.Refuse(statement.CodeField, "1 to %d objects", MaxToolObjects)
	}
	return t.AddObjects(r.Context(), q)
}

func retract(t Tools, r *http.Request) (any, error) {
	var q RetractRequest
	if err := readRequest(r, &q); err != nil {
		return nil, err
	}
	if q.ID == "" || q.Reason == "" {
		return nil, statement.Refuse(statement.CodeField, "a retraction names its object and a reason")
	}
	done, err := t.Retract(r.Context(), q)
	if err == nil && done.Bodies == 0 {
		err = errNotThere
	}
	return done, err
}

func readRequest(r *http.Request, v any) error {
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(media) != "application/json" {
		return errMedia
	}
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(r.Body); err != nil {
		return statement.Refuse(statement.CodeSize, "the request cannot be read, or is larger than %d bytes", MaxToolRequest)
	}
	d := json.NewDecoder(&buf)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil || d.More() {
		return statement.Refuse(statement.CodeJSON, "not the JSON of this request")
	}
	return nil
}

func whole(f func(Whole, *http.Request, *query) (any, error)) func(Tools, *http.Request) (any, error) {
	return func(t Tools, r *http.Request) (any, error) {
		w, err := t.Whole()
		if err != nil {
			return nil, err
		}
		return f(w, r, &query{Values: r.URL.Query()})
	}
}

func orFault(q *query, f func() (any, error)) (any, error) {
	if q.err != nil {
		return nil, q.err
	}
	return f()
}

var (
	errNotThere = statement.Refuse(statement.CodeRequest, "nothing of that name")
	errMedia    = statement.Refuse(statement.CodeRequest, "the body is application/json")
)

// missing is a refusal that says what is not there.
type missing struct{ error }

func (m missing) Unwrap() error { return m.error }

// answerTool answers with the status that a program expects. What went wrong
// in this node is its own: a tool hears no more than that it did.
func answerTool(w http.ResponseWriter, v any, err error) {
	refusal, refused := statement.AsRefusal(err)
	switch {
	case err == nil:
		writeTool(w, http.StatusOK, v)
	case !refused:
		writeTool(w, http.StatusInternalServerError, Failure{Code: Internal, Detail: "this node could not do it; its log says why"})
	case refusal == errNotThere, errors.As(err, new(missing)):
		writeTool(w, http.StatusNotFound, failureOf(err))
	case refusal == errMedia:
		writeTool(w, http.StatusUnsupportedMediaType, failureOf(err))
	case refusal.Code == statement.CodeClearance:
		writeTool(w, http.StatusForbidden, failureOf(err))
	case refusal.Code == statement.CodeSize:
		writeTool(w, http.StatusRequestEntityTooLarge, failureOf(err))
	case slices.Contains([]statement.Code{statement.CodeBudget, statement.CodeBusy}, refusal.Code):
		w.Header().Set("Retry-After", "1")
		writeTool(w, http.StatusTooManyRequests, failureOf(err))
	default:
		writeTool(w, http.StatusBadRequest, failureOf(err))
	}
}

func writeTool(w http.ResponseWriter, status int, v any) {
	media, b := "application/json", []byte(nil)
	if e, ok := v.(exact); ok {
		media, b = e.media, e.bytes
	} else if out, err := json.Marshal(v); err == nil {
		b = append(out, '\n')
	} else {
		status, b = http.StatusInternalServerError, []byte(`{"code":"internal","detail":"the answer cannot be written"}`+"\n")
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}
