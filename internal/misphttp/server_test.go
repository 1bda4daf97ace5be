package misphttp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/statement"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

const attribute1 = "11111111-1111-4111-8111-111111111111"

// sample is an event of another party with one attribute.
func sample(n int) Event {
	uuid := fmt.Sprintf("5908888b-0154-4a69-b0b2-%012d", n)
	return Event{
		UUID: uuid, From: "south",
		Raw: jsontext.Value(fmt.Sprintf(`{"uuid":%q,"info":"event %d","id":"7","date":"2026-11-2%d","timestamp":%d,"x_unknown":{"n":1.0},
			"Tag":[{"name":"tlp:green"}],"Attribute":[{"uuid":"%s%d","type":"domain|ip","value":"evil%d.example|198.51.100.%d","to_ids":"1","category":"Network activity","timestamp":"1777700000"}]}`,
			uuid, n, n%10, 1777700000+n, attribute1[:35], n%10, n, n%250)),
	}
}

func filled(n int) *memory {
	m := newMemory()
	for i := range n {
		m.say(sample(i))
	}
	return m
}

func TestRefusals(t *testing.T) {
	m := filled(2)
	server := serve(m, clock)
	first := sample(0).UUID
	for _, c := range []struct {
		what, key, method, path, body string
		status                        int
		has                           string
	}{
		{"nobody", "", "GET", "events/index", "", 401, "who?"},
		{"a way that is not there", "reader", "GET", "servers/update", "", 404, "no such thing"},
		{"another method", "reader", "POST", "servers/getVersion", "", 405, "not by POST"},
		{"a reader writes", "reader", "POST", "events/add", `{"info":"x"}`, 403, "may not"},
		{"no event", "reader", "GET", "events/view/" + attribute1, "", 404, "Invalid event"},
		{"a path out", "reader", "GET", "events/view/..%2f..%2fetc", "", 404, "Invalid event"},
		{"a name of 300 bytes", "reader", "GET", "events/view/" + strings.Repeat("a", 300), "", 404, "Invalid event"},
		{"broken JSON", "writer", "POST", "events/add", `{"info":"x",}`, 400, "line 1, column 12 (byte 11)"},
		{"a key twice", "writer", "POST", "events/add", `{"info":"x","info":"y"}`, 400, "E_DUP_KEY"},
		{"deep", "writer", "POST", "events/add", `{"info":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 400, "E_DEPTH"},
		{"large", "writer", "POST", "events/add", `{"info":"` + strings.Repeat("a", MaxBody) + `"}`, 413, "E_SIZE"},
		{"no info", "writer", "POST", "events/add", `{"Event":{}}`, 400, "E_FIELD"},
		{"a list", "writer", "POST", "events/add", `[]`, 400, "E_FIELD"},
		{"no uuid", "writer", "POST", "events/add", `{"info":"x","uuid":"../../x"}`, 400, "E_FIELD"},
		{"a field of another type", "writer", "POST", "events/add", `{"info":"x","Attribute":{"0":{}}}`, 400, "E_FIELD"},
		{"two markings", "writer", "POST", "events/add", `{"info":"x","Tag":[{"name":"tlp:red"},{"name":"tlp:green"}]}`, 400, "E_MARKING"},
		{"one marking, two spellings", "writer", "POST", "events/add", `{"info":"x","Tag":[{"name":"tlp:white"},{"name":"TLP:CLEAR"}]}`, 200, "x"},
		{"there already", "writer", "POST", "events/add", `{"info":"x","uuid":"` + first + `"}`, 409, "already exists"},
		{"another's event", "writer", "POST", "events/edit/" + first, `{"info":"x"}`, 403, "only who made it"},
		{"another's attribute", "writer", "POST", "attributes/edit/" + attribute1[:35] + "0", `{"value":"x"}`, 403, "only who made it"},
		{"into another's event", "writer", "POST", "attributes/add/" + first, `{"type":"domain","value":"x.example"}`, 403, "only who made it"},
		{"another's event away", "writer", "POST", "events/delete/" + first, "", 403, "only who made it"},
		{"a tag on another's event", "writer", "POST", "tags/attachTagToObject", `{"uuid":"` + first + `","tag":"tlp:clear"}`, 403, "only who made it"},
		{"an unknown filter", "reader", "POST", "events/restSearch", `{"decaying":1}`, 400, "no filter"},
		{"an unknown filter that asks for nothing", "reader", "POST", "events/restSearch", `{"decaying":false}`, 200, "response"},
		{"another format", "reader", "POST", "events/restSearch", `{"returnFormat":"csv"}`, 400, "json alone"},
		{"a bad time", "reader", "POST", "events/restSearch", `{"timestamp":"yesterday"}`, 400, "timestamp"},
		{"a bad number", "reader", "POST", "events/restSearch", `{"page":-1}`, 400, "page"},
		{"too many wild words", "reader", "POST", "events/restSearch", `{"value":["` + strings.Repeat(`a%","`, 101) + `"]}`, 400, "at most"},
		{"a sighting of nothing", "writer", "POST", "sightings/add", `{"type":"0"}`, 400, "names an attribute"},
		{"a sighting of the unknown", "writer", "POST", "sightings/add", `{"value":"nowhere.example"}`, 404, "Invalid"},
		{"a sighting of all", "writer", "POST", "sightings/add", `{"value":"%"}`, 404, "Invalid"},
		{"another user", "reader", "GET", "users/view/1", "", 404, "Invalid"},
	} {
		status, body := ask(t, server, c.key, c.method, c.path, c.body)
		if status != c.status || !strings.Contains(body, c.has) || !json.Valid([]byte(body)) {
			t.Errorf("%s: %d %.300s; want %d with %q", c.what, status, body, c.status, c.has)
		}
	}
	for i := range 2 {
		if e := m.events[sample(i).UUID]; string(e.Raw) != string(sample(i).Raw) {
			t.Errorf("event %d was changed", i)
		}
	}
}

// TestBytesKept: what is not edited stays as it came, unknown fields and
// spellings included.
func TestBytesKept(t *testing.T) {
	m := newMemory()
	server := serve(m, clock)
	sent := strings.ReplaceAll(string(sample(1).Raw), "\n\t\t\t", "")
	status, body := ask(t, server, "writer", "POST", "events/add", sent)
	if status != http.StatusOK {
		t.Fatal(status, body)
	}
	stored := func() string { return string(m.events[sample(1).UUID].Raw) }
	if !strings.HasPrefix(stored(), strings.TrimSuffix(sent, "}")+",") {
		t.Errorf("stored %s\nsent   %s", stored(), sent)
	}
	status, body = ask(t, server, "writer", "POST", "attributes/add/"+sample(1).UUID, `{"type":"domain","value":"two.example","y":[1e2]}`)
	if status != http.StatusOK || !strings.Contains(stored(), `"x_unknown":{"n":1.0}`) || !strings.Contains(stored(), `"y":[1e2]`) || !strings.Contains(stored(), `"to_ids":"1"`) {
		t.Errorf("%d %s\n%s", status, body, stored())
	}
}

// TestHeld: what the gate holds back is shown as no means of detection.
func TestHeld(t *testing.T) {
	m := newMemory()
	e := sample(3)
	e.Held = func(a misp.Attribute) bool { return strings.HasPrefix(string(a.Value), "evil3") }
	m.say(e)
	m.say(sample(4))
	server := serve(m, clock)
	_, body := ask(t, server, "reader", "GET", "events/view/"+e.UUID, "")
	if !strings.Contains(body, `"to_ids":false`) || !strings.Contains(body, `entente:gate=\"held\"`) {
		t.Error(body)
	}
	for query, want := range map[string]string{
		`{"to_ids":1}`: "evil4.example", `{"to_ids":0}`: "evil3.example", `{"enforceWarninglist":1}`: "evil4.example",
	} {
		_, body := ask(t, server, "reader", "POST", "attributes/restSearch", query)
		if strings.Count(body, ".example") != 1 || !strings.Contains(body, want) {
			t.Errorf("%s: %s", query, body)
		}
	}
}

// TestPages: pages hold all, once; more than one answer holds is not cut off
// in silence.
func TestPages(t *testing.T) {
	server := serve(filled(MaxEvents+1), clock)
	status, body := ask(t, server, "reader", "POST", "events/restSearch", `{}`)
	if status != 400 || !strings.Contains(body, "ask in pages") {
		t.Errorf("%d %.200s", status, body)
	}
	seen := make(map[string]bool)
	for page := 1; ; page++ {
		_, body := ask(t, server, "reader", "POST", "events/restSearch", fmt.Sprintf(`{"limit":300,"page":%d}`, page))
		var answer struct {
			Response []struct {
				Event struct{ UUID, ID string }
			}
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		for _, e := range answer.Response {
			if seen[e.Event.UUID] {
				t.Fatalf("%s twice", e.Event.UUID)
			}
			seen[e.Event.UUID] = true
			if e.Event.ID != misp.LocalID(e.Event.UUID) {
				t.Errorf("%s has the number %s", e.Event.UUID, e.Event.ID)
			}
		}
		if len(answer.Response) < 300 {
			break
		}
	}
	if len(seen) != MaxEvents+1 {
		t.Errorf("%d events on all pages", len(seen))
	}
}

// TestTwoWorlds: two stores that differ in one hidden event give the same
// bytes to every request, numbers and faults included.
func TestTwoWorlds(t *testing.T) {
	one, two := filled(5), newMemory()
	for i := range 5 {
		if i == 2 {
			two.say(sample(7)) // in the middle, where it would move counted numbers
			two.hidden[sample(7).UUID] = true
		}
		two.say(sample(i))
	}
	a, b := serve(one, clock), serve(two, clock)
	secret := sample(7).UUID
	for _, q := range []struct{ method, path, body string }{
		{"GET", "events/index", ""},
		{"POST", "events/index", `{"minimal":1}`},
		{"GET", "events/view/" + secret, ""},
		{"HEAD", "events/view/" + secret, ""},
		{"GET", "events/view/" + misp.LocalID(secret), ""},
		{"POST", "events/delete/" + secret, ""},
		{"POST", "events/edit/" + secret, `{"info":"x"}`},
		{"POST", "events/restSearch", `{}`},
		{"POST", "events/restSearch", `{"limit":2,"page":2}`},
		{"POST", "events/restSearch", `{"value":"evil7.example"}`},
		{"POST", "events/restSearch", `{"value":"!evil7.example"}`},
		{"POST", "attributes/restSearch", `{"value":"evil%"}`},
		{"POST", "attributes/restSearch", `{"limit":3,"page":1}`},
		{"POST", "attributes/add/" + secret, `{"type":"domain","value":"x.example"}`},
		{"GET", "attributes/view/" + attribute1[:35] + "7", ""},
		{"POST", "sightings/add", `{"value":"evil7.example"}`},
		{"POST", "sightings/listSightings", `{"context":"event","id":"` + secret + `"}`},
		{"GET", "tags/index", ""},
		{"POST", "tags/search", `{"tagname":"%"}`},
		{"POST", "tags/attachTagToObject", `{"uuid":"` + secret + `","tag":"x"}`},
	} {
		statusA, bodyA := ask(t, a, "writer", q.method, q.path, q.body)
		statusB, bodyB := ask(t, b, "writer", q.method, q.path, q.body)
		if statusA != statusB || bodyA != bodyB {
			t.Errorf("%s %s %s:\n%d %s\n%d %s", q.method, q.path, q.body, statusA, bodyA, statusB, bodyB)
		}
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		text, word string
		want       bool
	}{
		{"abc", "abc", true},
		{"abc", "ab", false},
		{"abc", "a%", true},
		{"abc", "%c", true},
		{"abc", "%b%", true},
		{"abc", "%", true},
		{"aba", "ab%ba", false},
		{"abba", "ab%ba", true},
		{"", "%", true},
		{"", "%%", true},
		{"abc", "a%b%c", true},
		{"abc", "c%a", false},
	} {
		if got := like(c.text, c.word); got != c.want {
			t.Errorf("%q like %q: %v", c.text, c.word, got)
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add(`{"value":"a%","tags":{"OR":["x"],"NOT":["y"]},"timestamp":["7d","1d"],"page":2,"limit":5}`)
	f.Add(`{"request":{"eventid":["1","!2"],"to_ids":[0,1],"from":"2026-01-01","published":true}}`)
	f.Add(`{"returnFormat":"json","deleted":false,"last":1.5e9}`)
	event, err := open(sample(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r, err := http.NewRequest("POST", "/events/restSearch", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		q := parsePath(r, writer)
		err = q.read()
		var search query
		if err == nil {
			search, err = parseQuery(q.body, noon)
		}
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if _, err := search.meets(event); err != nil {
			t.Fatal(err)
		}
		if _, err := render(search, event); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzAdd(f *testing.F) {
	f.Add(string(sample(1).Raw), `{"type":"url","value":"http://x.example/"}`)
	f.Add(`{"Event":{"info":"x","Object":[{"uuid":"","Attribute":[{"type":"md5","value":5}]}],"Attribute":null}}`, `{"Attribute":{"type":1,"value":true}}`)
	f.Fuzz(func(t *testing.T, event, attribute string) {
		m := newMemory()
		server := serve(m, clock)
		ask(t, server, "writer", "POST", "events/add", event)
		for uuid := range m.events {
			for _, q := range []struct{ method, path, body string }{
				{"POST", "attributes/add/" + uuid, attribute},
				{"POST", "events/edit/" + uuid, event},
				{"GET", "events/view/" + uuid, ""},
				{"POST", "attributes/restSearch", "{}"},
				{"GET", "tags/index", ""},
			} {
				if status, body := ask(t, server, "writer", q.method, q.path, q.body); status >= 500 || !json.Valid([]byte(body)) {
					t.Fatalf("%s: %d %s", q.path, status, body)
				}
			}
		}
	})
}
