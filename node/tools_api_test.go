package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"entente/api"
	"entente/border"
	"entente/exchange/stix"
	"entente/internal/account"
	"entente/statement"
)

// apiRig asks a node's API as one account and holds every answer to the document.
type apiRig struct {
	*testing.T
	n       *Node
	account account.Account
	schemas *jsonschema.Compiler
	doc     map[string]any
}

func newAPIRig(t *testing.T, n *Node, clearance border.Marking, guest string) *apiRig {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(api.OpenAPI))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:entente:openapi", doc); err != nil {
		t.Fatal(err)
	}
	return &apiRig{
		T: t, n: n, schemas: c, doc: doc.(map[string]any),
		account: account.Account{Name: "siem", Scopes: []account.Scope{account.APIRead, account.APIWrite}, Clearance: clearance, Party: guest},
	}
}

// ask sends a request and checks the answer against the schema that the
// document has for its route and status.
func (r *apiRig) ask(status int, method, path, body string) []byte {
	r.Helper()
	got, answer := r.answer(method, path, body)
	if got != status {
		r.Fatalf("%s %s: %d %s, want %d", method, path, got, answer, status)
	}
	return answer
}

// answer is what a request gets, which is as the document says.
func (r *apiRig) answer(method, path, body string) (status int, answer []byte) {
	r.Helper()
	q := httptest.NewRequestWithContext(r.Context(), method, api.ToolsPrefix+path, strings.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.n.apiMount().Serve(w, q, r.account)
	if w.Header().Get("Content-Type") == "application/json" {
		r.conforms(method, path, w.Code, w.Body.Bytes())
	}
	return w.Code, w.Body.Bytes()
}

func (r *apiRig) conforms(method, path string, status int, body []byte) {
	r.Helper()
	path, _, _ = strings.Cut(path, "?")
	for template, entry := range r.doc["paths"].(map[string]any) {
		op, ok := entry.(map[string]any)[strings.ToLower(method)]
		if !ok || !matches(template, "/"+path) {
			continue
		}
		at := "200"
		if status != http.StatusOK {
			at = "4XX"
		}
		where := fmt.Sprintf("urn:entente:openapi#/paths/%s/%s/responses/%s/content/application~1json/schema", strings.ReplaceAll(strings.ReplaceAll(template, "~", "~0"), "/", "~1"), strings.ToLower(method), at)
		schema, err := r.schemas.Compile(where)
		if err != nil {
			r.Fatalf("%s: %v", op, err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err == nil {
			err = schema.Validate(v)
		}
		if err != nil {
			r.Errorf("%s %s is not as the document says: %v\n%s", method, path, err, body)
		}
		return
	}
	r.Errorf("%s %s stands in no document", method, path)
}

// matches reports whether a path fits a template with {names}.
func matches(template, path string) bool {
	a, b := strings.Split(template, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

const redMark = `,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]`

// TestAPI: tools read, bring, page and take back; every answer is as the
// OpenAPI document says.
func TestAPI(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	full := newAPIRig(t, u.node(north), border.Red, "")
	first := string(thing("indicator", 1, v1, `,"description":"plain  "`))
	sent := full.ask(200, "POST", "objects", `{"name":"feed","media":"","marking":"TLP:GREEN","objects":[`+first+`,{"type":"indicator"},`+string(thing("malware", 2, v1, redMark))+`]}`)
	var added api.Added
	u.ok(json.Unmarshal(sent, &added))
	if len(added.Objects) != 3 || added.Objects[0].Refused != nil || added.Objects[1].Refused == nil || added.Objects[2].Statement == nil {
		t.Fatalf("%s", sent)
	}
	var page api.Objects
	u.ok(json.Unmarshal(full.ask(200, "GET", "objects?scope=own&limit=1", ""), &page))
	if len(page.Objects) != 1 || !page.More || page.Objects[0].ID != name("indicator", 1) {
		t.Errorf("%+v", page)
	}
	u.ok(json.Unmarshal(full.ask(200, "GET", fmt.Sprintf("objects?scope=own&after=%d", page.Next), ""), &page))
	if len(page.Objects) != 1 || page.More || page.Objects[0].Marking != "TLP:RED" {
		t.Errorf("%+v", page)
	}
	claim := name("indicator", 1)
	u.ok(json.Unmarshal(full.ask(200, "GET", "objects/"+claim, ""), &page))
	if got := full.ask(200, "GET", "objects/"+claim+"/bodies/"+page.Objects[0].SHA256.String(), ""); string(got) != first {
		t.Errorf("not the exact bytes: %s", got)
	}
	full.ask(200, "GET", "openapi.json", "")
	for _, path := range []string{"status", "rules", "givers", "exposure/south", "receipts", "alerts", "alerts?held=1", "incidents", "statements?all=1&limit=3"} {
		full.ask(200, "GET", path, "")
	}
	bundle := fmt.Sprintf("statements/north/%d/bundle", page.Objects[0].Statement.Index)
	u.eventually("a checkpoint covers it", func() bool {
		status, answer := full.answer("GET", bundle, "")
		if status != 200 && status != 404 {
			t.Fatalf("%d %s", status, answer)
		}
		return status == 200
	})
	for _, path := range []string{"objects?limit=0", "objects?after=x", "objects?scope=nobody", "objects?media=text/html", "alerts?limit=99999", "statements/north/-1/bundle"} {
		full.ask(400, "GET", path, "")
	}
	for _, path := range []string{"objects/indicator--x", "statements/north/99999/bundle", "statements/mallory/0/bundle"} {
		full.ask(404, "GET", path, "")
	}
	full.ask(400, "POST", "objects", `{"objects":[]}`)
	full.ask(400, "POST", "objects", `{"objects":[{}],"more":1}`)
	full.ask(400, "POST", "retractions", `{"id":"`+claim+`"}`)
	full.ask(404, "POST", "retractions", `{"id":"indicator--x","reason":"wrong"}`)
	full.ask(200, "POST", "retractions", `{"id":"`+claim+`","reason":"wrong"}`)
	if full.ask(200, "GET", "objects?scope=own&id="+claim, ""); u.page(north, ScopeOwn, Versions{}) != "2@01" {
		t.Errorf("own after the retraction: %s", u.page(north, ScopeOwn, Versions{}))
	}
}

// TestAPIShowsNoMore: an account hears nothing of what is above its clearance,
// and a guest nothing that its party was not told.
func TestAPIShowsNoMore(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	n := u.node(north)
	red := name("malware", 2)
	must(n.AddObjects(t.Context(), AddObjects{
		Account: "x", Media: stix.MediaSTIX, Marking: "TLP:GREEN",
		Objects: [][]byte{thing("indicator", 1, v1, ""), thing("malware", 2, v1, redMark)},
	}))(t)
	green := newAPIRig(t, n, border.Green, "")
	answers := func(r *apiRig, id string) string {
		return string(r.ask(404, "GET", "objects/"+id, "")) + string(r.ask(404, "GET", "objects/"+id+"/bodies/"+strings.Repeat("0", 64), "")) +
			string(r.ask(404, "POST", "retractions", `{"id":"`+id+`","reason":"is it there?"}`)) + string(r.ask(200, "GET", "objects?scope=own&id="+id, ""))
	}
	if there, not := answers(green, red), answers(green, name("malware", 3)); there != not {
		t.Errorf("the red object shows:\n%s\n%s", there, not)
	}
	if page := string(green.ask(200, "GET", "objects?scope=own", "")); !strings.Contains(page, name("indicator", 1)) || strings.Contains(page, red) {
		t.Errorf("%s", page)
	}
	guest := newAPIRig(t, n, border.Red, south)
	if page := string(guest.ask(200, "GET", "objects?scope=own", "")); strings.Contains(page, "indicator--") {
		t.Errorf("south's guest sees a draft: %s", page)
	}
	shared := must(n.ShareObjects(t.Context(), ShareObjects{Lens: n.lens, Name: "feed", Objects: [][]byte{thing("indicator", 5, v1, "")}, To: []string{south}}))(t)
	u.eventually("the guest sees what was shared with its party", func() bool {
		return strings.Contains(string(guest.ask(200, "GET", "objects?scope=own", "")), name("indicator", 5))
	})
	for _, r := range []*apiRig{green, guest} {
		for _, path := range []string{"status", "rules", "alerts", "incidents", "statements", "incidents/x", fmt.Sprintf("statements/north/%d/bundle", shared.Refs[0].Index)} {
			r.ask(403, "GET", path, "")
		}
	}
	guest.ask(403, "POST", "objects", `{"objects":[{}]}`)
	guest.ask(403, "POST", "retractions", `{"id":"x","reason":"y"}`)
	green.account.Scopes = []account.Scope{account.TaxiiRead}
	green.ask(403, "GET", "objects", "")
	var f api.Failure
	u.ok(json.Unmarshal(green.ask(403, "GET", "openapi.json", ""), &f))
	if f.Code != string(statement.CodeClearance) {
		t.Errorf("%+v", f)
	}
}

// TestAPIParameters: a parameter that a route does not have is refused by its
// name, and one that stands twice; the bodies of an id come in pages.
func TestAPIParameters(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north)
	u.open(north)
	r := newAPIRig(t, u.node(north), border.Red, "")
	fill := strings.NewReplacer("{id}", name("malware", 1), "{party}", north, "{sha256}", strings.Repeat("0", 64), "{index}", "0")
	for _, route := range api.ToolRoutes() {
		method, path, _ := strings.Cut(route, " ")
		path = fill.Replace(strings.TrimPrefix(path, api.ToolsPrefix))
		for _, params := range []string{"limitt=1", "LIMIT=1", "match%5Btype%5D=malware", "limit=1&limit=2", "a;b"} {
			if got := r.ask(http.StatusBadRequest, method, path+"?"+params, "{}"); !bytes.Contains(got, []byte("E_REQUEST")) || params == "limitt=1" && !bytes.Contains(got, []byte("limitt")) {
				t.Errorf("%s with %s: %s", route, params, got)
			}
		}
	}
	for _, v := range []string{v1, v2, v3} {
		must(u.node(north).AddObjects(t.Context(), AddObjects{Account: "tool", Media: stix.MediaSTIX, Objects: [][]byte{thing("malware", 1, v, marked("TLP:green"))}}))(t)
	}
	var seen []string
	for offset, more := 0, true; more; offset += 2 {
		var page api.Objects
		u.ok(json.Unmarshal(r.ask(http.StatusOK, "GET", fmt.Sprintf("objects/%s?limit=2&offset=%d", name("malware", 1), offset), ""), &page))
		for _, o := range page.Objects {
			seen = append(seen, o.Version)
		}
		more = page.More
	}
	if got := strings.Join(seen, " "); got != v3+" "+v2+" "+v1 {
		t.Errorf("pages: %s", got)
	}
}
