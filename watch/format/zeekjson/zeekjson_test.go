package zeekjson_test

import (
	"errors"
	"testing"

	"entente/watch/event"
	"entente/watch/format/formattest"
	"entente/watch/format/zeekjson"
)

func TestFormat(t *testing.T) { formattest.Run(t, zeekjson.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, zeekjson.Format(), `{"ts":1.5,"id":{"orig_h":"::1"},"answers":[["a.example"],{"x":null}]}`)
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, zeekjson.Format()) }

func TestUnparsed(t *testing.T) {
	for _, line := range []string{
		"x", "{}", `{"ts":"yesterday"}`, `{"ts":-1}`, `{"ts":true}`, `{"ts":1e9}`, `{"ts":1,"_path":"../dns"}`, `{"ts":1,"a":"` + "\xff" + `"}`, `{"ts":1`,
	} {
		var ev event.Event
		if err := zeekjson.Format().New().Parse([]byte(line), &ev); err == nil || errors.Is(err, event.ErrNoEvent) {
			t.Errorf("%q gave %v", line, err)
		}
	}
}

// Any JSON line with a ts would do: names and logs that nobody knows must not fill memory.
func TestForeignNamesAreBounded(t *testing.T) {
	p := zeekjson.Format().New()
	var ev event.Event
	for i := range 10000 {
		line := []byte(`{"ts":1,"_path":"p` + string(rune('a'+i%26)) + `","k` + string(rune('0'+i/1000)) + string(rune('0'+i/100%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)) + `":"v"}`)
		if err := p.Parse(line, &ev); err != nil || len(ev.Fields) != 1 {
			t.Fatalf("%s gave %v, %v", line, ev.Fields, err)
		}
	}
}

func TestRealLines(t *testing.T) {
	for _, name := range []string{"dns", "notice", "rdp", "smtp"} {
		t.Run(name, func(t *testing.T) {
			counts := formattest.Read(t, zeekjson.Format(), formattest.SharedData(t, "logs/zeek-json/"+name+".json.gz"), nil)
			t.Logf("%+v", counts)
			if counts.Events == 0 || counts.Events != counts.Lines {
				t.Errorf("%d lines gave %d events; unread %q", counts.Lines, counts.Events, counts.Unread)
			}
		})
	}
}
