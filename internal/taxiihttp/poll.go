package taxiihttp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"entente/exchange/taxii"
)

// Position is where polling goes on. It is stored with the objects that it
// stands behind, so that none is lost; what comes twice is known by Seen.
type Position struct {
	After taxii.Time `json:"after,omitzero"` // the latest date that the server named
	// Seen are the first 16 bytes of SHA-256, in hex, of the objects that may
	// share this date: a server may repeat them, or have had more of them.
	Seen []string `json:"seen,omitempty"`
	// Settled says that the last poll looked once more at this date and found
	// nothing new; from then on only what is later is asked for.
	Settled bool `json:"settled,omitempty"`
}

// Budget bounds one poll. Zero fields take the values of DefaultBudget.
type Budget struct {
	Page    int // objects that are asked for at a time
	Objects int
	Bytes   int64
	Pages   int
}

// DefaultBudget is what a feed may bring in one poll; the next one goes on.
func DefaultBudget() Budget {
	return Budget{Page: 1000, Objects: 200_000, Bytes: 1 << 30, Pages: 10_000}
}

const (
	maxLimit    = 10_000 // the largest page that is ever asked for
	maxBoundary = 20_000 // hashes in a Position
	maxEmpty    = 3      // pages in a row without anything new
	ahead       = 24 * time.Hour
)

// Polled says how a poll went.
type Polled struct {
	Requests int
	Objects  int  // new ones
	Repeated int  // objects that the server sent again
	Partial  bool // the budget was used up; there is more
	Undated  bool // the server does not say when objects were added
	Ahead    bool // it names dates far in the future, which were not believed
}

// walk is one poll under way.
type walk struct {
	c      *Client
	at     *url.URL
	budget Budget
	pos    Position
	seen   map[string]bool // everything of this walk and of the position
	tokens map[string]bool
	query  url.Values
	empty  int
	bytes  int64
	Polled
}

// Poll asks a collection for everything behind a position, all versions, and
// hands over new objects page by page, each with the position to be stored
// with them. It pages by next where the server gives one, else by date, a
// microsecond back each time, since objects that share a date may be cut
// apart. A server that goes in circles is left with ErrLoop; what was handed
// over until then counts.
func (c *Client) Poll(ctx context.Context, at *url.URL, pos Position, b Budget, take func([]json.RawMessage, Position) error) (Polled, error) {
	d := DefaultBudget()
	for _, f := range []struct{ v, def *int }{{&b.Page, &d.Page}, {&b.Objects, &d.Objects}, {&b.Pages, &d.Pages}} {
		if *f.v <= 0 {
			*f.v = *f.def
		}
	}
	if b.Bytes <= 0 {
		b.Bytes = d.Bytes
	}
	w := &walk{c: c, at: at.JoinPath("objects/"), budget: b, pos: pos, seen: make(map[string]bool), tokens: make(map[string]bool)}
	for _, s := range pos.Seen {
		w.seen[s] = true
	}
	w.query = url.Values{"match[version]": {"all"}, "limit": {strconv.Itoa(b.Page)}}
	w.from(!pos.Settled)
	for {
		done, err := w.page(ctx, take)
		if err != nil {
			return w.Polled, err
		}
		if done {
			break
		}
	}
	if settled := w.Objects == 0; settled != w.pos.Settled && !w.Partial {
		w.pos.Settled = settled
		return w.Polled, take(nil, w.pos)
	}
	return w.Polled, nil
}

// from sets where the query begins; back is a microsecond before the position.
func (w *walk) from(back bool) {
	w.query.Del("next")
	if w.pos.After == 0 {
		return
	}
	after := w.pos.After
	if back {
		after--
	}
	w.query.Set("added_after", after.String())
}

// page asks for one page, hands over what is new, and prepares the next one.
func (w *walk) page(ctx context.Context, take func([]json.RawMessage, Position) error) (done bool, err error) {
	if w.Requests >= w.budget.Pages || w.Objects >= w.budget.Objects || w.bytes >= w.budget.Bytes {
		w.Partial = true
		return true, nil
	}
	u := *w.at
	u.RawQuery = w.query.Encode()
	body, header, err := w.c.do(ctx, http.MethodGet, &u, nil)
	w.Requests++
	if err != nil {
		return true, err
	}
	w.bytes += int64(len(body))
	e, err := taxii.ReadEnvelope(body)
	if err != nil {
		return true, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	fresh := w.sift(e.Objects, header)
	if len(fresh) > 0 {
		w.empty = 0
		w.Objects += len(fresh)
		w.pos.Settled = false
		if err := take(fresh, w.pos); err != nil {
			return true, err
		}
	} else {
		w.empty++
	}
	if !e.More {
		return true, nil
	}
	return false, w.onward(e, len(fresh))
}

// onward prepares the next request of a server that says that it has more.
func (w *walk) onward(e taxii.Envelope, fresh int) error {
	switch {
	case w.empty > maxEmpty:
		return fmt.Errorf("%w: %d pages in a row held nothing new", ErrLoop, w.empty)
	case e.Next != "" && w.tokens[e.Next]:
		return fmt.Errorf("%w: a page leads back to one that was read", ErrLoop)
	case e.Next != "":
		w.tokens[e.Next] = true
		w.query.Set("next", e.Next)
		return nil
	case w.pos.After == 0 || w.Undated:
		return fmt.Errorf("%w: it says that there is more, but neither next nor dates", ErrLoop)
	}
	if fresh == 0 { // a whole page shares one date: a larger one may reach beyond
		limit, _ := strconv.Atoi(w.query.Get("limit"))
		if limit >= maxLimit {
			return fmt.Errorf("%w: more than %d objects share one date, and there is no next", ErrLoop, maxLimit)
		}
		w.query.Set("limit", strconv.Itoa(min(4*limit, maxLimit)))
	}
	w.from(true)
	return nil
}

// sift returns the objects that are new and moves the position.
func (w *walk) sift(objects []json.RawMessage, header http.Header) []json.RawMessage {
	var fresh []json.RawMessage
	var sums []string
	for _, o := range objects {
		sum := sha256.Sum256(o)
		name := hex.EncodeToString(sum[:16])
		sums = append(sums, name)
		if w.seen[name] {
			w.Repeated++
			continue
		}
		w.seen[name] = true
		fresh = append(fresh, o)
	}
	if len(objects) == 0 {
		return nil
	}
	last, ok := w.date(header.Get("X-TAXII-Date-Added-Last"))
	if !ok || last < w.pos.After {
		return fresh // what is older than the position, from a clock that went back, was taken; the position stays
	}
	if last > w.pos.After { // earlier pages hold nothing of this date
		w.pos.Seen = nil
	}
	w.pos.After = last
	w.pos.Seen = boundary(w.pos.Seen, sums)
	return fresh
}

// boundary joins hashes, each once, the newest last, at most maxBoundary.
func boundary(old, sums []string) []string {
	there := make(map[string]bool, len(old)+len(sums))
	var list []string
	for _, s := range append(append([]string{}, old...), sums...) {
		if !there[s] {
			there[s] = true
			list = append(list, s)
		}
	}
	return list[max(0, len(list)-maxBoundary):]
}

// date reads a header in the spellings that servers use. One that lies far in
// the future would hide everything that is to come: it is no date.
func (w *walk) date(header string) (taxii.Time, bool) {
	t, err := taxii.ParseTime(header)
	if err != nil {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", http.TimeFormat} {
			if parsed, bad := time.Parse(layout, header); bad == nil {
				t, err = taxii.Time(parsed.UnixMicro()), nil
				break
			}
		}
	}
	if err != nil || t <= 0 {
		w.Undated = true
		return 0, false
	}
	if int64(t) > w.c.Now().Add(ahead).UnixMicro() {
		w.Ahead = true
		return 0, false
	}
	return t, true
}
