package stix

import "testing"

// What is written down reads back as the value that it is; a marking that is none,
// or a type without a pattern, is refused.
func TestRenderNew(t *testing.T) {
	for typ, value := range samples {
		o, err := RenderNew(NewIndicator{ID: "indicator--00000000-0000-4000-8000-000000000001", Type: string(typ), Value: value, Note: "a note", Marking: "TLP:AMBER", At: saidAt})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		if _, err := Read(JoinEnvelope([][]byte{o.Raw}), func(i Indicator) error {
			got++
			if len(i.Refused) > 0 || len(i.Values) == 0 || i.Pattern != nil || i.Description != "a note" {
				t.Errorf("%s: %+v", typ, i)
			}
			return nil
		}); err != nil || got != 1 {
			t.Errorf("%s: %d indicators, %v\n%s", typ, got, err, o.Raw)
		}
	}
	for _, bad := range []NewIndicator{{Type: "url", Value: "a", Marking: "secret", At: saidAt}, {Type: "shoe size", Value: "a", At: saidAt}} {
		if _, err := RenderNew(bad); err == nil {
			t.Errorf("%+v", bad)
		}
	}
}
