package node

import (
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"entente/border"
	"entente/exchange/stix"
	"entente/statement"
)

// sayMarked is sayRaw under a marking.
func (u *unit) sayMarked(from, to string, m border.Marking, objects ...[]byte) statement.Ref {
	u.t.Helper()
	return must(u.node(from).author.say(u.t.Context(), draft{
		kind: stix.KindObjects, marking: m, recipients: []string{to}, parts: [][]byte{stix.JoinEnvelope(objects)},
		body: stix.ObjectsBody{Name: "raw", Basis: "told", Media: stix.MediaSTIX, Count: len(objects), Sheet: 1, Sheets: 1},
	}))(u.t)
}

// TestYears: the latest time that a leaf may claim spoils no page.
func TestYears(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	var far atomic.Bool
	u.opt[south].Now = func() time.Time {
		if far.Load() {
			return time.UnixMilli(statement.MaxTime)
		}
		return time.Now()
	}
	u.start(north, south)
	u.open(north, south)
	far.Store(true)
	u.sayMarked(south, north, border.Green, thing("malware", 1, v1, ""))
	u.share(south, north, "late.csv", dated("192.0.2.9"))
	far.Store(false)
	u.share(south, north, "good.csv", dated("192.0.2.10"))
	u.settle()
	n := u.node(north)
	rows, _, err := n.Objects(t.Context(), ObjectQuery{Scope: south, Lens: everything(), Limit: 10})
	if err != nil || len(rows) != 3 {
		t.Errorf("%d objects, %v", len(rows), err)
	}
	full := newAPIRig(t, n, border.Red, "")
	full.ask(200, "GET", "objects?scope="+south, "")
	full.ask(200, "GET", "statements?party="+south, "")
	q := httptest.NewRequestWithContext(t.Context(), "GET", "/misp/events/index", nil)
	w := httptest.NewRecorder()
	n.mispMount().Serve(w, q, mispWriter)
	if w.Code != 200 {
		t.Errorf("misp: %d %s", w.Code, w.Body)
	}
}
