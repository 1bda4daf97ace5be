package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/border"
)

// Border is what a console shows of what crosses: both ways, with receipts, and
// what every party says of one object. All of it has passed the border.
type Border interface {
	// Crossed returns what another party was shown, what came back, and the
	// most that it can have learnt, computed from the record alone.
	Crossed(ctx context.Context, party string) (border.Exposure, error)
	// Givers returns what came of what each party gave, by one formula for all.
	Givers(ctx context.Context) ([]border.GiverRecord, error)
	// Objects returns one page of objects in the order in which they came.
	Objects(ctx context.Context, q ObjectsQuery) (Objects, error)
	// Claims returns every body that any party said for an id, ErrNotFound if none did.
	Claims(ctx context.Context, id string) ([]Object, error)
	// Retract takes back an own object, as the word of by.
	Retract(ctx context.Context, by User, id, reason string) error
	// Preview returns exactly what would be said; nothing is.
	Preview(ctx context.Context, by User, s Share) (Preview, error)
	// Send says it, if it is still what the preview with that digest showed.
	Send(ctx context.Context, by User, s Share, digest string) (Ref, error)
}

// ObjectsQuery asks for one page. Zero fields do not filter.
type ObjectsQuery struct {
	Scope string // own, accepted, or the id of a party
	Type  string
	ID    string
	After int64 // Unix microseconds
	Limit int
}

// Objects is one page; Next is where the next one begins, 0 for none.
type Objects struct {
	Rows []Object
	Next int64
}

// Object is one body of one id, and who said it.
type Object struct {
	ID, Type, Version string
	Name              string // what people call it, if it says so
	Party             string
	Marking           string // empty for a draft that nobody marked
	Draft             bool   // for the own side alone
	Added             time.Time
	Revoked           bool
	Retracted         bool
	Standing          string // "", "claim", "again" or a reason code
	Ref               Ref
	Raw               []byte // exact bytes
	SHA256            string
}

// Share is what somebody wants to let another party have.
type Share struct {
	Drafts  []uint64 // own statements that hold drafts
	Text    string   // objects or a bundle, as JSON
	Name    string
	Marking string
	To      string // party id, or "@name" of a group
}

// Preview is exactly what the recipients would read.
type Preview struct {
	To     []string
	Group  string
	Runs   []PreviewRun
	Left   []LeftOut
	Digest string
}

// PreviewRun is what goes under one marking.
type PreviewRun struct {
	Marking string
	Objects []PreviewObject
}

// PreviewObject is one object as it would be read.
type PreviewObject struct {
	ID       string
	Raw      []byte
	Redacted bool
}

// LeftOut is one object that stays, and why.
type LeftOut struct{ ID, Code, Detail string }

func (c *Console) borderRoutes() []route {
	return []route{
		{"GET /crossed", readers, c.crossedFirst},
		{"GET /crossed/{party}", readers, c.crossed},
		{"GET /objects", readers, c.objects},
		{"GET /objects/{id}", readers, c.object},
		{"POST /objects/{id}/retract", deciders, c.retract},
		{"GET /share", readers, c.compose},
		{"POST /share/preview", deciders, c.preview},
		{"POST /share", deciders, c.send},
	}
}

// crossedPage is the body of the page on what one party was shown.
type crossedPage struct {
	Exposure border.Exposure
	Partners []string
	PerItem  string
	Givers   []giverRow
}

// giverRow is one record with its precision as people read it.
type giverRow struct {
	border.GiverRecord
	Percent string // "75 % (41 to 93)", empty while nothing was judged
}

func (c *Console) crossedFirst(v *visit) error {
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	if len(h.Partners) == 0 {
		return c.render(v, http.StatusOK, "crossed", frame{Title: "crossed.title", Live: "record", Body: crossedPage{}})
	}
	return v.see("/crossed/" + url.PathEscape(h.Partners[0]))
}

func (c *Console) crossed(v *visit) error {
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	party := v.r.PathValue("party")
	if !slices.Contains(h.Partners, party) {
		return ErrNotFound
	}
	x, err := v.source.Border().Crossed(v.r.Context(), party)
	if err != nil {
		return err
	}
	slices.Reverse(x.Crossed) // the newest first, as everywhere
	givers, err := v.source.Border().Givers(v.r.Context())
	if err != nil {
		return err
	}
	p := crossedPage{Exposure: x, Partners: h.Partners}
	for _, g := range givers {
		row := giverRow{GiverRecord: g}
		if g.Precision != nil && g.Low != nil && g.High != nil {
			row.Percent = fmt.Sprintf("%.0f %% (%.0f–%.0f)", *g.Precision*100, *g.Low*100, *g.High*100)
		}
		p.Givers = append(p.Givers, row)
	}
	if f, ok := x.Found.PerItem(); ok {
		p.PerItem = strconv.FormatFloat(f, 'f', 3, 64)
	}
	return c.render(v, http.StatusOK, "crossed", frame{Title: "crossed.title", Live: "record", Body: p})
}

// objectsPage is the body of the list of objects.
type objectsPage struct {
	Query    ObjectsQuery
	Objects  Objects
	Scopes   []string
	Next     string
	Filtered bool
	Decides  bool
	Dir      string
}

func (c *Console) objects(v *visit) error {
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	get := v.r.URL.Query()
	q := ObjectsQuery{Scope: get.Get("scope"), Type: filterText(get, "type"), ID: filterText(get, "id"), Limit: PerPage}
	scopes := append([]string{"own", "accepted"}, h.Partners...)
	if !slices.Contains(scopes, q.Scope) {
		q.Scope = scopes[0]
	}
	if after, err := strconv.ParseInt(get.Get("after"), 10, 64); err == nil && after > 0 {
		q.After = after
	}
	all, err := v.source.Border().Objects(v.r.Context(), q)
	if err != nil {
		return err
	}
	p := objectsPage{Query: q, Objects: all, Scopes: scopes, Filtered: q.Type != "" || q.ID != "", Decides: v.user.decides(), Dir: c.dir}
	if all.Next > 0 {
		get.Set("after", strconv.FormatInt(all.Next, 10))
		p.Next = "/objects?" + get.Encode()
	}
	return c.render(v, http.StatusOK, "objects", frame{Title: "objects.title", Live: "record", Body: p})
}

// objectPage is the body of the page of one object.
type objectPage struct {
	ID      string
	Claims  []Object
	Mine    bool
	Decides bool
}

func (c *Console) object(v *visit) error {
	id, err := itemID(v.r.PathValue("id"))
	if err != nil {
		return ErrNotFound
	}
	all, err := v.source.Border().Claims(v.r.Context(), id)
	if err != nil {
		return err
	}
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	p := objectPage{ID: id, Claims: all, Decides: v.user.decides()}
	for _, o := range all {
		p.Mine = p.Mine || o.Party == h.Party && !o.Retracted
	}
	return c.render(v, http.StatusOK, "object", frame{Title: "object.title", Live: "record", Up: "/objects", Body: p})
}

func (c *Console) retract(v *visit) error {
	id, err := itemID(v.r.PathValue("id"))
	if err != nil {
		return ErrNotFound
	}
	if err := v.form(); err != nil {
		return err
	}
	reason, err := reasonOf(v.r.PostForm)
	if err != nil {
		return err
	}
	if err := v.source.Border().Retract(v.r.Context(), v.user, id, reason); err != nil {
		return err
	}
	return v.see("/objects/" + url.PathEscape(id))
}

// reasonOf reads the reason of a decision.
func reasonOf(form url.Values) (string, error) {
	reason := strings.TrimSpace(form.Get("reason"))
	if len(reason) < 3 || len(reason) > MaxReason || strings.ToValidUTF8(reason, "") != reason {
		return "", errBadForm
	}
	return reason, nil
}
