package border_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"entente/border"
)

func TestRetraction(t *testing.T) {
	golden, err := os.ReadFile("testdata/retraction-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := border.ParseRetraction(bytes.TrimSpace(golden))
	if err != nil || len(b.Ranges) != 2 || b.Ranges[1] != (border.ItemRange{From: 7, To: 9}) {
		t.Errorf("%+v, %v", b, err)
	}
	if err := border.CheckRetraction([]byte(`{"ranges":[],"reason":"all of it"}`)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		`{}`, `{"reason":"x"}`, `{"ranges":null,"reason":"x"}`, `{"ranges":[],"reason":""}`, `{"ranges":[],"reason":"` + strings.Repeat("x", 1001) + `"}`,
		`{"ranges":[{"from":2,"to":1}],"reason":"x"}`, `{"ranges":[{"from":0,"to":3},{"from":3,"to":4}],"reason":"x"}`, `{"ranges":[{"from":-1,"to":1}],"reason":"x"}`,
		`{"ranges":[{"from":0,"to":1048576}],"reason":"x"}`, `{"ranges":[],"reason":"x","more":1}`,
	} {
		if border.CheckRetraction([]byte(bad)) == nil {
			t.Errorf("%.80s passes", bad)
		}
	}
}

func FuzzRetraction(f *testing.F) {
	f.Add([]byte(`{"ranges":[],"reason":"all of it"}`))
	f.Add([]byte(`{"ranges":[{"from":0,"to":4},{"from":7,"to":9}],"reason":"benign"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := border.ParseRetraction(data)
		for i, r := range b.Ranges {
			if err == nil && (r.From > r.To || i > 0 && r.From <= b.Ranges[i-1].To) {
				t.Errorf("%+v", b.Ranges)
			}
		}
	})
}
