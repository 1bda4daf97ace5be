package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entente/border"
	"entente/record"
	"entente/statement"
)

var update = flag.Bool("update", false, "write openapi.json anew")

// operation is what the document says of one route.
type operation struct {
	summary  string
	params   []string // "name: description"; "name*" may stand several times
	request  any
	response any // nil: bytes of the media type below
	media    string
}

var pageParams = []string{"limit: at most so many", "offset: after so many"}

func operations() map[string]operation {
	return map[string]operation{
		"GET openapi.json": {summary: "this document", media: "application/json"},
		"GET objects": {
			summary: "one page of objects in the order in which they came; ask again with after=next until more is false, later for what is new", response: Objects{},
			params: []string{"scope: own (drafts and what was shared), accepted (what was shared, and of drafts and of what came from others what was let in; the default), or the id of a party: everything that it sent", "media: application/stix+json;version=2.1 (the default) or application/vnd.misp.event+json", "after: Unix microseconds", "limit: 1 to 1000, 100 if not given", "id*: these objects only", "type*: these types only", "all: 1 for every version, not only the last"},
		},
		"POST objects":                          {summary: "bring objects: they become drafts of the own side, with the basis told; each is judged by itself", request: AddRequest{}, response: Added{}},
		"GET objects/{id}":                      {summary: "a page of every body that any party said for an id, side by side with its signer", params: pageParams, response: Objects{}},
		"GET objects/{id}/bodies/{sha256}":      {summary: "the exact bytes of one body", media: "application/octet-stream"},
		"POST retractions":                      {summary: "take back an own object: a signed statement that hides it in every view and erases nothing", request: RetractRequest{}, response: Retracted{}},
		"GET status":                            {summary: "the node at this moment", response: Status{}},
		"GET rules":                             {summary: "what became of every rule", response: Rules{}},
		"GET givers":                            {summary: "what came of what each party gave, by one formula for all", response: []border.GiverRecord{}},
		"GET exposure/{party}":                  {summary: "what a party was shown, what came back, and the most that it can have learnt", response: border.Exposure{}},
		"GET receipts":                          {summary: "one page of the border's receipts, each held against the logs", params: append([]string{"party: of this party"}, pageParams...), response: Receipts{}},
		"GET alerts":                            {summary: "one page of alerts, or of what the gate holds", params: append([]string{"held: 1 for held-back indicators"}, pageParams...), response: Alerts{}},
		"GET incidents":                         {summary: "one page of incidents, last seen first", params: append([]string{"state: open, claimed, acknowledged or false", "text: in value, asset or title"}, pageParams...), response: Incidents{}},
		"GET incidents/{id}":                    {summary: "one incident for other tools", params: []string{"format: ocsf or stix"}, media: "application/json"},
		"GET statements":                        {summary: "one page of statements, newest first", params: append([]string{"party: of this party", "kind: of this kind", "all: 1 for housekeeping too"}, pageParams...), response: Statements{}},
		"GET statements/{party}/{index}/bundle": {summary: "the proof of one statement, for entente verify", media: "application/json"},
	}
}

// TestOpenAPI: the document names every route and describes every answer as
// the types have it.
func TestOpenAPI(t *testing.T) {
	want := document(t)
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(want, OpenAPI) {
		t.Error("openapi.json is not what the routes and types say; go test ./api -run TestOpenAPI -update")
	}
}

func document(t *testing.T) []byte {
	t.Helper()
	s := schemas{defs: map[string]any{}}
	failure := map[string]any{"description": "refused: a reason code and a detail, or internal", "content": content("application/json", s.of(reflect.TypeFor[Failure]()))}
	paths := map[string]map[string]any{}
	ops := operations()
	for _, route := range toolRoutes() {
		name := strings.Replace(route.pattern, ToolsPrefix, "", 1)
		op, ok := ops[name]
		if !ok {
			t.Fatalf("%s is not described", name)
		}
		delete(ops, name)
		var asked []string
		for _, p := range op.params {
			name, _, _ := strings.Cut(p, ": ")
			asked = append(asked, name)
		}
		if got := strings.Join(asked, " "); got != route.params {
			t.Errorf("%s is described with %q and takes %q", name, got, route.params)
		}
		method, path, _ := strings.Cut(name, " ")
		good := map[string]any{"description": op.summary}
		if op.response != nil {
			good["content"] = content("application/json", s.of(reflect.TypeOf(op.response)))
		} else {
			good["content"] = content(op.media, map[string]any{})
		}
		entry := map[string]any{
			"summary": op.summary, "operationId": strings.ToLower(method) + "_" + strings.NewReplacer("/", "_", "{", "", "}", "", ".", "_").Replace(path),
			"security":   []any{map[string]any{"token": []any{route.scope}}, map[string]any{"password": []any{route.scope}}},
			"parameters": parameters(path, op.params), "responses": map[string]any{"200": good, "4XX": failure, "500": failure},
		}
		if op.request != nil {
			entry["requestBody"] = map[string]any{"required": true, "content": content("application/json", s.of(reflect.TypeOf(op.request)))}
		}
		if paths["/"+path] == nil {
			paths["/"+path] = map[string]any{}
		}
		paths["/"+path][strings.ToLower(method)] = entry
	}
	for name := range ops {
		t.Errorf("%s is described and no route", name)
	}
	doc := map[string]any{
		"openapi": "3.1.0", "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"info":    map[string]any{"title": "entente", "version": "1", "description": "What the own side's tools read and write on one party's node. Every answer has passed the border for the account that asks."},
		"servers": []any{map[string]any{"url": strings.TrimSuffix(ToolsPrefix, "/")}},
		"paths":   paths,
		"components": map[string]any{"schemas": s.defs, "securitySchemes": map[string]any{
			"token": map[string]any{"type": "http", "scheme": "bearer"}, "password": map[string]any{"type": "http", "scheme": "basic"},
		}},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(doc); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func content(media string, schema any) map[string]any {
	return map[string]any{media: map[string]any{"schema": schema}}
}

func parameters(path string, params []string) []any {
	out := []any{}
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out = append(out, map[string]any{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
		}
	}
	for _, p := range params {
		name, what, _ := strings.Cut(p, ": ")
		schema := map[string]any{"type": "string"}
		name, many := strings.CutSuffix(name, "*")
		switch {
		case many:
			schema = map[string]any{"type": "array", "items": schema}
		case slices.Contains([]string{"limit", "offset", "after"}, name):
			schema = map[string]any{"type": "integer", "minimum": 0}
		}
		out = append(out, map[string]any{"name": name, "in": "query", "description": what, "schema": schema})
	}
	return out
}

// schemas are JSON schemas (2020-12) of the types, as encoding/json writes them.
type schemas struct{ defs map[string]any }

func (s schemas) of(t reflect.Type) map[string]any {
	text := map[string]any{"type": "string"}
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{"type": "object"}
	case reflect.TypeFor[statement.Digest]():
		return map[string]any{"type": "string", "pattern": "^[0-9a-f]{64}$"}
	case reflect.TypeFor[record.Word]():
		return text
	}
	switch t.Kind() {
	case reflect.String:
		return text
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Uint8, reflect.Int32, reflect.Uint32:
		return map[string]any{"type": "integer"}
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{s.of(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Slice:
		return map[string]any{"type": []any{"array", "null"}, "items": s.of(t.Elem())}
	case reflect.Array:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": []any{"object", "null"}, "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.object(t)
	default:
		panic("no schema for " + t.String())
	}
}

func (s schemas) object(t reflect.Type) map[string]any {
	name := t.Name()
	if t.PkgPath() != reflect.TypeFor[Status]().PkgPath() {
		name = strings.ReplaceAll(strings.TrimPrefix(t.PkgPath(), "entente/"), "/", "_") + "_" + name
	}
	ref := map[string]any{"$ref": "#/components/schemas/" + name}
	if s.defs[name] != nil {
		return ref
	}
	s.defs[name] = true // a type that holds itself ends here
	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && tag == "" || tag == "-" || !f.IsExported() {
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		properties[tag] = s.of(f.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, tag)
		}
	}
	slices.Sort(required)
	s.defs[name] = map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	return ref
}
