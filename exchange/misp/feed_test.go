package misp

import (
	"strings"
	"testing"

	"entente/statement"
)

const manifest = `{"5720accd-dd28-45f8-80e5-4605950d210f":{"info":"Malspam","Orgc":{"id":"2","name":"CIRCL"},"analysis":2,"Tag":[{"colour":"#fff","name":"tlp:white"}],
"timestamp":"1461764231","date":"2016-04-27","threat_level_id":"3","integrity:sha256":"00","integrity:pgp":"-----BEGIN"},"57C6AC4C-c60c-4f79-a38f-b666950d210f":{"info":[]}}`

func TestParseManifest(t *testing.T) {
	list, err := ParseManifest([]byte(manifest))
	if err != nil || len(list) != 2 || list[0].Info != "Malspam" || list[0].Orgc.Name != "CIRCL" || list[0].PGP == "" || list[1].UUID != "57c6ac4c-c60c-4f79-a38f-b666950d210f" {
		t.Fatalf("%+v %v", list, err)
	}
	if err := list[0].Matches([]byte("x")); err == nil || list[1].Matches([]byte("x")) != nil {
		t.Errorf("%v", err)
	}
}

func TestFeedEvent(t *testing.T) {
	const uuid = "5908888b-0154-4a69-b0b2-72090a016219"
	for _, c := range []struct{ text, code string }{
		{`{"Event":` + whole + `}`, ""},
		{whole, ""},
		{`{"response":[{"Event":` + whole + `},{"Event":` + whole + `}]}`, "E_FIELD"},
		{`{"Event":` + strings.Replace(whole, uuid, "5908888b-0154-4a69-b0b2-72090a016210", 1) + `}`, "E_FIELD"},
		{`{}`, "E_KIND"},
		{`{"Event":` + whole + `,}`, "E_JSON"},
	} {
		raw, err := FeedEvent(uuid, []byte(c.text))
		if r, ok := statement.AsRefusal(err); (err != nil) != (c.code != "") || err != nil && (!ok || string(r.Code) != c.code) || err == nil && string(raw) != whole {
			t.Errorf("%.60s: %v", c.text, err)
		}
	}
}

func FuzzFeed(f *testing.F) {
	f.Add([]byte(manifest), []byte(whole))
	f.Fuzz(func(t *testing.T, index, event []byte) {
		list, err := ParseManifest(index)
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatalf("not a refusal: %v", err)
		}
		for _, e := range list {
			if name := FeedFile(e.UUID); len(name) != 41 || strings.ContainsAny(name, `/\:`) {
				t.Fatalf("%q", name)
			}
		}
		var feed Feed
		name, file, err := feed.Add(event, true)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		written, err := feed.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		list, err = ParseManifest(written)
		if err != nil || len(list) != 1 || list[0].Matches(file) != nil || FeedFile(list[0].UUID) != name {
			t.Fatalf("%v: %s", err, written)
		}
		if raw, err := FeedEvent(list[0].UUID, file); err != nil || string(raw) != string(Bare(event)) {
			t.Fatalf("%v: %s became %s", err, event, raw)
		}
	})
}
