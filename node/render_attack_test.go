package node

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
	"entente/watch/indicator"
)

// TestEveryItemIsShown: whatever item a partner may say, it can be shown as an
// indicator. One that cannot would spoil every page that it is on, for ever.
func TestEveryItemIsShown(t *testing.T) {
	t.Parallel()
	odd := rapid.StringOfN(rapid.SampledFrom([]rune("a'\\\"/:@?#%[]{}<>&=+;., é\ufffd\ufffe\uffff\U0001F600\u0301b1.-_~^|*()$!")), 0, 40, -1)
	date := rapid.SampledFrom([]string{
		"", "1970-01-01", "2999-12-31", "2999-12-31T23:59:59.999999999Z", "2026-01-01", "1970-01-01T00:00:00+14:00",
		"2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.0019Z",
	})
	checked := 0
	rapid.Check(t, func(r *rapid.T) {
		typ := rapid.SampledFrom([]observable.Type{observable.URL, observable.Email, observable.Domain}).Draw(r, "type")
		before := map[observable.Type]string{observable.URL: "http://a.example/", observable.Email: "x@a.example"}[typ]
		v, err := observable.Normalise(typ, before+odd.Draw(r, "value"))
		if err != nil {
			v, err = observable.Normalise(observable.IPv4, "192.0.2.1")
		}
		it := indicator.Item{Type: string(v.Type), Value: v.Canonical, Note: odd.Draw(r, "note"), Observed: date.Draw(r, "observed"), Until: date.Draw(r, "until")}
		if err != nil || it.Check() != nil {
			return
		}
		checked++
		observed, until, err := it.Times()
		if err != nil {
			r.Fatal(err)
		}
		for _, said := range []int64{0, 1767225600000, statement.MaxTime} {
			_, err := stix.RenderIndicator(stix.SaidIndicator{
				Said: stix.Said{Time: time.UnixMilli(said), Marking: "TLP:RED"}, Type: it.Type, Value: it.Value, Note: it.Note, Observed: observed, Until: until,
			})
			if err != nil {
				r.Fatalf("%+v, said at %d: %v", it, said, err)
			}
		}
	})
	if checked == 0 {
		t.Error("nothing was checked")
	}
}
