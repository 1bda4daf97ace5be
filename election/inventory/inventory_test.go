package inventory

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sample = `{
  "call": [{"id": "ann", "name": "Ann Lee", "phone": "+1 555 0100", "for": ["results"], "shared": true},
           {"id": "bo", "name": "Bo Li", "mail": "bo@vote.example"}],
  "offices": [{"name": "Adams County", "call": "bo", "shared": true}],
  "domains": [{"name": "vote.example", "shared": true}, {"name": "inner.example"}],
  "senders": [{"address": "clerk@vote.example"}],
  "results": [
    {"id": "adams", "url": "https://results.vote.example/detail.xml", "every": "90s", "final": ["Mayor"], "networks": ["10.0.0.0/8"], "shared": true},
    {"id": "baker", "url": "http://baker.example/r.csv", "call": "bo", "final": ["*"],
     "columns": {"name": "own", "units": [{"column": "Bezirk", "level": "precinct"}], "contest": "Wahl", "choice": "Name", "votes": "Stimmen"}}],
  "registration": [{"name": "portal", "url": "https://register.vote.example/", "exports": ["/var/roll.csv"], "roll": {"key": "/var/roll.key", "election": "2026-11-03", "allowed": ["moved"], "canaries": ["7/1"]}, "shared": true}],
  "files": [{"name": "manifest", "path": "/srv/manifest.csv", "what": "manifest"}, {"name": "records", "path": "/srv/cvr", "what": "records", "key": "/srv/cvr.key"},
            {"name": "posts", "path": "/srv/posts.csv", "what": "posts", "near": 80}],
  "vendors": [{"name": "Votemaker", "domains": ["votemaker.example"], "senders": ["help@votemaker.example"]}]
}`

// TestParse: a list is read whole, says whom to call, and shares only what is marked.
func TestParse(t *testing.T) {
	v, err := Parse([]byte(sample), "list.json")
	if err != nil {
		t.Fatal(err)
	}
	if v.Count() != 13 {
		t.Errorf("%d things", v.Count())
	}
	adams, _ := v.Page("adams")
	baker, _ := v.Page("baker")
	if adams.Interval() != 90*time.Second || baker.Interval() != DefaultEvery || !adams.Finished(" MAYOR ") || adams.Finished("Judge") || adams.Finished("") || !baker.Finished("") {
		t.Errorf("%+v %+v", adams, baker)
	}
	if who, ok := v.Whom("results", adams.Call); !ok || who.ID != "ann" {
		t.Errorf("for adams: %v", who)
	}
	if who, ok := v.Whom("results", baker.Call); !ok || who.ID != "bo" {
		t.Errorf("for baker: %v", who)
	}
	if who, ok := v.Whom("domains", ""); ok {
		t.Errorf("for domains: %v", who)
	}
	data, err := json.Marshal(v.Shared())
	if err != nil {
		t.Fatal(err)
	}
	for _, inside := range []string{"inner.example", "10.0.0.0", "/var/roll", "manifest", "baker", "bo@", `"bo"`} {
		if strings.Contains(string(data), inside) {
			t.Errorf("%s is told: %s", inside, data)
		}
	}
	back, err := Parse(data, "told")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v.Shared(), back, cmp.AllowUnexported()); diff != "" {
		t.Error(diff)
	}
}

// TestErrors: what is wrong is told with its place and what would be right.
func TestErrors(t *testing.T) {
	for _, tt := range []struct{ name, in, at, says, hint string }{
		{"no JSON", "{\n  \"results\": [\n  {\"id\": \"a\",}]}", "3:14", "no JSON", "commas"},
		{"cut", `{"results": [`, "1:14", "no JSON", ""},
		{"no object", `[]`, "1:1", "begins with {", ""},
		{"a section that is none", "{\n \"result\": []}", "2:2", `no section "result"`, "results"},
		{"a field that is none", "{\"results\": [\n {\"id\": \"a\", \"uri\": \"x\"}]}", "2:14", `no field "uri"`, "url"},
		{"a wrong type", `{"domains": [{"name": 5}]}`, "1:23", "name is a text", ""},
		{"no list", `{"domains": {}}`, "1:13", "in brackets", ""},
		{"twice one key", `{"domains": [], "domains": []}`, "1:1", "", ""},
		{"twice one id", "{\"results\": [{\"id\": \"a\", \"url\": \"https://a.example/\"},\n{\"id\": \"a\", \"url\": \"https://b.example/\"}]}", "2:1", "twice", ""},
		{"another scheme", `{"results": [{"id": "a", "url": "file:///etc/passwd"}]}`, "1:14", "http or https", "https://"},
		{"a secret in a URL", `{"results": [{"id": "a", "url": "https://u:p@a.example/"}]}`, "1:14", "without user name", ""},
		{"too often", `{"results": [{"id": "a", "url": "https://a.example/", "every": "1s"}]}`, "1:14", "every 1s", ""},
		{"no time", `{"results": [{"id": "a", "url": "https://a.example/", "every": "often"}]}`, "1:14", "90s", ""},
		{"an id with a slash", `{"results": [{"id": "../a", "url": "https://a.example/"}]}`, "1:14", "lower-case", "adams"},
		{"half a column map", `{"results": [{"id": "a", "url": "https://a.example/", "columns": {"name": "x", "units": [], "contest": "c", "choice": ""}}]}`, "1:14", "heads", "Votes"},
		{"nobody", `{"offices": [{"name": "A", "call": "zoe"}]}`, "1:14", `"zoe"`, `"id": "zoe"`},
		{"nobody to reach", `{"call": [{"id": "a", "name": "A"}]}`, "1:11", "phone", ""},
		{"a URL for a domain", `{"domains": [{"name": "https://vote.example"}]}`, "1:14", "no address", ""},
		{"no address", `{"senders": [{"address": "Ann <ann@vote.example>"}]}`, "1:14", "mail address", ""},
		{"a word for a file", `{"files": [{"name": "a", "path": "b", "what": "thing"}]}`, "1:12", "tabulator", ""},
		{"a key of what has none", `{"files": [{"name": "a", "path": "b", "what": "manifest", "key": "c"}]}`, "1:12", "cast vote records", ""},
		{"nearness of nothing", `{"files": [{"name": "a", "path": "b", "what": "posts", "near": 10}]}`, "1:12", "from 70 to 99", ""},
		{"half a rule on removals", `{"registration": [{"name": "a", "exports": ["b"], "roll": {"election": "2026-11-03"}}]}`, "1:19", "both together", ""},
		{"no day", `{"registration": [{"name": "a", "roll": {"election": "soon", "allowed": ["moved"]}}]}`, "1:19", "a day", "2026"},
		{"a map without fields", `{"registration": [{"name": "a", "roll": {"columns": {"name": "own", "id": ["No"], "fields": []}}}]}`, "1:19", "fields", "operate.md"},
		{"turned around", `{"offices": [{"name": "A\u202eB"}]}`, "1:14", "direction", ""},
		{"deep", strings.Repeat("[", 100), "1:1", "", ""},
		{"more", `{} {}`, "1:4", "", ""},
	} {
		_, err := Parse([]byte(tt.in), "list.json")
		bad, ok := err.(*Error) //nolint:errorlint // Parse promises it
		if !ok {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if !strings.HasPrefix(bad.Error(), "list.json:") || tt.name != "deep" && tt.name != "more" && tt.name != "cut" && !strings.HasPrefix(bad.Error(), "list.json:"+tt.at+": ") || !strings.Contains(bad.Says, tt.says) || !strings.Contains(bad.Hint, tt.hint) {
			t.Errorf("%s: %v; hint: %s", tt.name, bad, bad.Hint)
		}
	}
	many := `{"results": [` + strings.Repeat(`{"id": "a", "url": "https://a.example/"},`, MaxPages) + `{}]}`
	if _, err := Parse([]byte(many), "x"); err == nil || !strings.Contains(err.Error(), "more than 200") {
		t.Error(err)
	}
	if _, err := Parse(make([]byte, MaxBytes+1), "x"); err == nil || !strings.Contains(err.Error(), "longer") {
		t.Error(err)
	}
}

// FuzzParse: whatever the bytes, there is a list or an error with a place, and
// what may be told is a list again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"call": [{"id": "a", "name": "A", "phone": "1"}], "results": [{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Parse(data, "list")
		if err != nil {
			if bad, ok := err.(*Error); !ok || bad.Line < 1 || bad.Column < 1 { //nolint:errorlint // Parse promises it
				t.Fatalf("%v", err)
			}
			return
		}
		told, err := json.Marshal(v.Shared())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(told, "told"); err != nil {
			t.Fatalf("%s: %v", told, err)
		}
	})
}
