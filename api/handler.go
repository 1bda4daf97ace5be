package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"entente/border"
	"entente/statement"
	"entente/watch/incident"
)

// Internal is the code of an error that is no refusal.
const Internal = "internal"

// board is a mux that knows what hangs on it.
type board struct {
	*http.ServeMux
	patterns []string
}

// HandleFunc shadows that of the mux.
func (b *board) HandleFunc(pattern string, f func(http.ResponseWriter, *http.Request)) {
	b.patterns = append(b.patterns, pattern)
	b.ServeMux.HandleFunc(pattern, f)
}

// Routes lists every pattern that Handler answers, as http.ServeMux takes it.
func Routes() []string { return routes(nobody{}).patterns }

// nobody is a node that is never asked.
type nobody struct{ Node }

// Handler answers requests on n.
func Handler(n Node) http.Handler { return routes(n).ServeMux }

func routes(n Node) *board {
	mux := &board{ServeMux: http.NewServeMux()}
	get(mux, "status", bare(n.Status))
	get(mux, "users", bare(n.Users))
	get(mux, "alerts", func(ctx context.Context, q *query) (Alerts, error) {
		a := AlertQuery{Held: q.yes("held"), Limit: q.number("limit", 50, 5000), Offset: q.number("offset", 0, 1<<30)}
		if q.err != nil {
			return Alerts{}, q.err
		}
		return n.Alerts(ctx, a)
	})
	get(mux, "givers", bare(n.Givers))
	get(mux, "exposure", named("to", n.Exposure))
	get(mux, "rules", bare(n.Rules))
	get(mux, "incidents", func(ctx context.Context, q *query) (Incidents, error) {
		i := IncidentQuery{State: incident.State(q.Get("state")), Text: q.Get("text"), Limit: q.number("limit", 50, 5000), Offset: q.number("offset", 0, 1<<30)}
		if q.err != nil {
			return Incidents{}, q.err
		}
		return n.Incidents(ctx, i)
	})
	get(mux, "statements", func(ctx context.Context, q *query) (Statements, error) {
		s := StatementQuery{Party: q.Get("party"), Kind: q.Get("kind"), All: q.yes("all"), Index: q.index("index"), Limit: q.number("limit", 50, 5000), Offset: q.number("offset", 0, 1<<30)}
		if q.err != nil {
			return Statements{}, q.err
		}
		return n.Statements(ctx, s)
	})
	get(mux, "groups", bare(n.Groups))
	get(mux, "receipts", func(ctx context.Context, q *query) (Receipts, error) {
		r, err := receiptQuery(q.Values)
		if err != nil {
			return Receipts{}, err
		}
		return n.Receipts(ctx, r)
	})
	post(mux, "groups", n.SetGroup)
	post(mux, "accept", n.Accept)
	post(mux, "release", n.Release)
	post(mux, "defend", n.Defend)
	post(mux, "act", func(ctx context.Context, r ActRequest) (struct{}, error) { return struct{}{}, n.Act(ctx, r) })
	post(mux, "seal", n.Seal)
	post(mux, "erase", n.Erase)
	post(mux, "open", n.Open)
	post(mux, "withdraw", n.Withdraw)
	post(mux, "rotate", func(ctx context.Context, _ struct{}) (statement.Ref, error) { return n.Rotate(ctx) })
	post(mux, "override", func(ctx context.Context, r ReasonRequest) (struct{}, error) {
		return struct{}{}, n.Override(ctx, r)
	})
	post(mux, "link", func(ctx context.Context, u User) (string, error) { return n.Link(ctx, u.Name) })
	post(mux, "users", func(ctx context.Context, u User) (struct{}, error) { return struct{}{}, n.PutUser(ctx, u) })
	post(mux, "users/remove", func(ctx context.Context, u User) (struct{}, error) { return struct{}{}, n.RemoveUser(ctx, u.Name) })
	upload(mux, "share", MaxShare, func(ctx context.Context, q *query, data []byte) (ShareResult, error) {
		return n.Share(ctx, ShareRequest{
			Name: q.Get("name"), Source: q.Get("source"), Basis: q.Get("basis"), Marking: q.Get("marking"), To: q.Values["to"], Officer: q.Get("officer"), Canary: q.yes("canary"), Data: data,
		})
	})
	upload(mux, "leak", border.MaxLeak, func(ctx context.Context, _ *query, text []byte) (LeakResult, error) { return n.Leak(ctx, text) })
	mux.HandleFunc("POST /v1/hunt", toldly(MaxShare, n.Hunt))
	mux.HandleFunc("POST /v1/search", toldly(MaxRequest, n.Search))
	mux.HandleFunc("POST /v1/carry/in", func(w http.ResponseWriter, r *http.Request) {
		v, err := n.CarryIn(r.Context(), http.MaxBytesReader(w, r.Body, MaxStick))
		answer(w, v, err)
	})
	bytesRoutes(mux, n)
	return mux
}

// bytesRoutes answer files and streams.
func bytesRoutes(mux *board, n Node) {
	accordRoutes(mux, n)
	preserveRoutes(mux, n)
	electionRoutes(mux, n)
	matchRoutes(mux, n)
	watchlistRoutes(mux, n)
	mispRoutes(mux, n)
	pushRoute(mux, n)
	file(mux, "bundle", func(ctx context.Context, q *query) ([]byte, error) {
		i := q.index("index")
		if i == nil || q.err != nil {
			return nil, statement.Refuse(statement.CodeRequest, "which statement? index is a number")
		}
		return n.Bundle(ctx, q.Get("party"), *i)
	})
	file(mux, "incident", func(ctx context.Context, q *query) ([]byte, error) {
		return n.Incident(ctx, q.Get("id"), q.Get("format"))
	})
	file(mux, "wire", named("path", n.Wire))
	stream := func(path string, f func(context.Context, io.Writer) error) {
		mux.HandleFunc("GET /v1/"+path, func(w http.ResponseWriter, r *http.Request) {
			lately(w, func(out io.Writer) error { return f(r.Context(), out) })
		})
	}
	objectRoutes(mux, n)
	stream("carry/out", n.CarryOut)
	stream("backup", func(ctx context.Context, w io.Writer) error { return n.Backup(ctx, w, true) })
	stream("backup-without-archive", func(ctx context.Context, w io.Writer) error { return n.Backup(ctx, w, false) })
}

// lateWriter knows whether anything was written.
type lateWriter struct {
	w     http.ResponseWriter
	began bool
}

func (l *lateWriter) Write(b []byte) (int, error) {
	if !l.began {
		l.began = true
		l.w.Header().Set("Content-Type", "application/octet-stream")
	}
	return l.w.Write(b)
}

// get answers a question by its parameters in JSON.
func get[A any](mux *board, path string, f func(context.Context, *query) (A, error)) {
	mux.HandleFunc("GET /v1/"+path, func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r.Context(), &query{Values: r.URL.Query()})
		answer(w, v, err)
	})
}

// bare is for get, where nothing is asked but the path.
func bare[A any](f func(context.Context) (A, error)) func(context.Context, *query) (A, error) {
	return func(ctx context.Context, _ *query) (A, error) { return f(ctx) }
}

// named is for get, where one parameter is asked for, which may be missing.
func named[A any](name string, f func(context.Context, string) (A, error)) func(context.Context, *query) (A, error) {
	return func(ctx context.Context, q *query) (A, error) { return f(ctx, q.Get(name)) }
}

// file answers with bytes.
func file(mux *board, path string, f func(context.Context, *query) ([]byte, error)) {
	mux.HandleFunc("GET /v1/"+path, func(w http.ResponseWriter, r *http.Request) {
		b, err := f(r.Context(), &query{Values: r.URL.Query()})
		if err != nil {
			answer(w, nil, err)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(b)
	})
}

// post answers a JSON request.
func post[Q, A any](mux *board, path string, f func(context.Context, Q) (A, error)) {
	postUpTo(mux, path, MaxRequest, f)
}

// postUpTo is post for requests of another size: of those that hold files.
func postUpTo[Q, A any](mux *board, path string, limit int64, f func(context.Context, Q) (A, error)) {
	mux.HandleFunc("POST /v1/"+path, func(w http.ResponseWriter, r *http.Request) {
		q, err := decoded[Q](w, r, limit)
		if err != nil {
			answer(w, nil, err)
			return
		}
		v, err := f(r.Context(), q)
		answer(w, v, err)
	})
}

// upload answers a request whose body is a file and whose parameters say what to do with it.
func upload[A any](mux *board, path string, limit int64, f func(context.Context, *query, []byte) (A, error)) {
	mux.HandleFunc("POST /v1/"+path, func(w http.ResponseWriter, r *http.Request) {
		data, err := readAll(w, r, limit)
		if err != nil {
			answer(w, nil, err)
			return
		}
		v, err := f(r.Context(), &query{Values: r.URL.Query()}, data)
		answer(w, v, err)
	})
}

// decoded is the JSON body of a request.
func decoded[Q any](w http.ResponseWriter, r *http.Request, limit int64) (q Q, err error) {
	body, err := readAll(w, r, limit)
	if err == nil {
		err = statement.Decode(body, int(limit), &q)
	}
	return q, err
}

func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, statement.Refuse(statement.CodeSize, "more than %d bytes", limit)
	}
	return data, err
}

// Failure is the body of an answer that is not 200. Code is a reason code, or
// Internal.
type Failure struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// answer writes v, or err as a Failure. A refusal is the asker's fault (400),
// anything else this node's (500).
func answer(w http.ResponseWriter, v any, err error) {
	status := http.StatusOK
	if err != nil {
		f := failureOf(err)
		if status = http.StatusBadRequest; f.Code == Internal {
			status = http.StatusInternalServerError
		}
		v = f
	}
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"code":"internal","detail":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

func failureOf(err error) Failure {
	if r, ok := statement.AsRefusal(err); ok {
		return Failure{Code: string(r.Code), Detail: r.Detail}
	}
	return Failure{Code: Internal, Detail: err.Error()}
}

// query reads parameters and keeps the first fault.
type query struct {
	url.Values
	err error
}

func (q *query) yes(name string) bool { return q.Get(name) == "1" }

func (q *query) number(name string, missing, limit int) int {
	text := q.Get(name)
	if text == "" {
		return missing
	}
	v, err := strconv.Atoi(text)
	if (err != nil || v < 0 || v > limit) && q.err == nil {
		q.err = statement.Refuse(statement.CodeRequest, "%s is a number from 0 to %d", name, limit)
	}
	return v
}

func (q *query) index(name string) *uint64 {
	text := q.Get(name)
	if text == "" {
		return nil
	}
	v, err := strconv.ParseUint(text, 10, 63)
	if err != nil || strings.HasPrefix(text, "+") {
		q.err = statement.Refuse(statement.CodeRequest, "%s is the number of a statement", name)
		return nil
	}
	return &v
}
