package node

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/exchange/stix"
	"entente/internal/account"
)

// secretOf is the object in which two worlds differ: another id, other words,
// of one length.
func secretOf(world int) []byte {
	return thing("malware", 70+world, v1, fmt.Sprintf(`,"name":"%s"`, []string{"alpha", "omega"}[world])+marked("TLP:red"))
}

// vary is what differs between any two units: origins, keys, digests, times,
// random names.
var vary = regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{32}|entente/[a-z]+/[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|20[0-9][0-9]-[0-9T:.-]+Z|"(time|index)":[0-9]+|"(added|next)":[1-9][0-9]{15}|"next":"[^"]*"`)

// TestTwoWorlds: whoever may not see one TLP:RED object learns from no answer
// of any door whether this one or another is there (catalogue number 28): not
// an account below RED, not a guest of the partner, not the partner, whose
// mirror differs in digests and ciphertexts of one size alone.
func TestTwoWorlds(t *testing.T) {
	t.Parallel()
	var answers [2][]string
	for world := range 2 {
		u := newUnit(t, nil, north, south, observer)
		u.withTools(north)
		u.start(u.names...)
		u.open(u.names...)
		n := u.node(north)
		public := thing("malware", 1, v1, `,"name":"public"`+marked("TLP:green"))
		must(n.AddObjects(t.Context(), AddObjects{Account: "tool", Media: stix.MediaSTIX, Objects: [][]byte{secretOf(world), public}}))(t)
		became, as, err := u.leave(north, ShareObjects{To: []string{south}, Marking: "TLP:GREEN", Objects: [][]byte{public}})
		if err != nil || as != "TLP:GREEN" {
			t.Fatal(became, as, err)
		}
		u.settle()
		for _, a := range []account.Account{
			{Name: "low", Scopes: []account.Scope{account.TaxiiRead, account.MispRead, account.APIRead, account.APIWrite}, Clearance: border.AmberStrict},
			{Name: "guest", Scopes: []account.Scope{account.TaxiiRead, account.MispRead, account.APIRead, account.APIWrite}, Clearance: border.Red, Party: south},
			{Name: "writer", Scopes: []account.Scope{account.TaxiiWrite}, Clearance: border.Green},
		} {
			answers[world] = append(answers[world], u.walk(a)...)
		}
		answers[world] = append(answers[world], u.mirrored()...)
		list := must(u.node(south).Control().Statements(t.Context(), api.StatementQuery{Party: north, Kind: string(stix.KindObjects), Limit: 100}))(t)
		answers[world] = append(answers[world], string(must(json.Marshal(list))(t)))
		u.stop(north)
		u.stop(south)
		u.stop(observer)
	}
	if len(answers[0]) != len(answers[1]) || len(answers[0]) < 100 {
		t.Fatalf("%d and %d answers", len(answers[0]), len(answers[1]))
	}
	for i, a := range answers[0] {
		a, b := vary.ReplaceAllString(a, "*"), vary.ReplaceAllString(answers[1][i], "*")
		if a != b {
			t.Errorf("one world:  %.600s\nthe other: %.600s", a, b)
		}
		if strings.Contains(a, "alpha") || strings.Contains(b, "omega") {
			t.Errorf("it is shown: %.600s", a)
		}
		if strings.HasPrefix(a, "writer ") && strings.Contains(a, `"public"`) {
			t.Errorf("read without the right to: %.600s", a)
		}
	}
}

// walk asks every resource of the doors for tools, with every filter that
// could tell of something, also by its very name.
func (u *unit) walk(a account.Account) (answers []string) {
	u.t.Helper()
	a.Added = time.Now()
	secret := must(account.Add(u.cfg[north].Dir, a, ""))(u.t)
	base := u.node(north).Addresses().Tools
	ask := func(method, path, body string) {
		r := must(http.NewRequestWithContext(u.t.Context(), method, base+path, strings.NewReader(body)))(u.t)
		r.SetBasicAuth(a.Name, secret)
		r.Header.Set("Accept", "application/taxii+json;version=2.1")
		if !strings.HasPrefix(path, "/taxii2") {
			r.Header.Set("Accept", "application/json")
		}
		if body != "" {
			r.Header.Set("Content-Type", r.Header.Get("Accept"))
		}
		got := must(http.DefaultClient.Do(r))(u.t)
		data := must(io.ReadAll(got.Body))(u.t)
		u.ok(got.Body.Close())
		if strings.HasSuffix(path, "/collections/") { // in the order of ids, which each node draws anew
			list := strings.Split(vary.ReplaceAllString(string(data), "*"), `{"id"`)
			for i := range list {
				list[i] = strings.TrimRight(list[i], "]},\n")
			}
			slices.Sort(list)
			data = []byte(strings.Join(list, "\n"))
		}
		head := fmt.Sprint(got.Header.Get("Content-Type"), got.Header.Get("X-TAXII-Date-Added-First") != "", got.Header.Get("X-TAXII-Date-Added-Last") != "")
		answers = append(answers, fmt.Sprintf("%s %s %s: %d %s %d %s", a.Name, method, path, got.StatusCode, head, len(vary.ReplaceAllString(string(data), "*")), data))
	}
	for _, path := range []string{"/taxii2/", "/taxii2/root/", "/taxii2/root/collections/"} {
		ask("GET", path, "")
	}
	names := []string{name("malware", 70), name("malware", 71), name("malware", 1)}
	for _, collection := range []string{"own", "accepted", south, "nothing"} {
		root := "/taxii2/root/collections/" + collection + "/"
		ask("GET", root, "")
		for _, resource := range []string{"objects/", "manifest/"} {
			for _, filter := range []string{"", "?limit=1", "?match[type]=malware", "?match[version]=all", "?match[type]=malware&limit=1&match[version]=all", "?added_after=2026-01-01T00:00:00.000000Z", "?next=forged"} {
				ask("GET", root+resource+filter, "")
			}
			for _, id := range names {
				ask("GET", root+resource+"?match[id]="+id, "")
			}
		}
		for _, id := range names {
			ask("GET", root+"objects/"+id+"/", "")
			ask("GET", root+"objects/"+id+"/versions/", "")
			ask("DELETE", root+"objects/"+id+"/", "")
		}
	}
	ask("GET", "/misp/events/index", "")
	for _, body := range []string{`{"value":"%"}`, `{"limit":1,"page":2}`} {
		ask("POST", "/misp/attributes/restSearch", body)
	}
	for _, route := range api.ToolRoutes() {
		method, path, _ := strings.Cut(route, " ")
		for _, path := range filledIn(path, names) {
			if method == "GET" {
				ask(method, path, "")
			}
		}
	}
	for _, query := range []string{"scope=own", "scope=accepted", "scope=own&limit=1", "scope=own&all=true&type=malware", "scope=south"} {
		ask("GET", api.ToolsPrefix+"objects?"+query, "")
	}
	for _, id := range names[:2] {
		ask("GET", api.ToolsPrefix+"objects?scope=own&id="+id, "")
		ask("POST", api.ToolsPrefix+"retractions", `{"id":"`+id+`","reason":"is it there?"}`)
	}
	return answers
}

// filledIn are the paths of a route, with every name that could tell of something.
func filledIn(path string, ids []string) (paths []string) {
	paths = []string{path}
	for place, with := range map[string][]string{
		"{id}": ids, "{party}": {south, north}, "{index}": {"0", "2", "400"},
		"{sha256}": {fmt.Sprintf("%x", sha256.Sum256(secretOf(0))), fmt.Sprintf("%x", sha256.Sum256(secretOf(1)))},
	} {
		for _, p := range paths {
			for _, w := range with {
				if strings.Contains(p, place) {
					paths = append(paths, strings.Replace(p, place, w, 1))
				}
			}
		}
	}
	slices.Sort(paths)
	return slices.DeleteFunc(paths, func(p string) bool { return strings.Contains(p, "{") })
}

// mirrored is what a mirror of north's log can tell of it, leaf by leaf.
func (u *unit) mirrored() (leaves []string) {
	u.t.Helper()
	log := u.node(south).mirrors[north].log
	head, _ := log.Head()
	for i := range head.Size {
		raw := must(log.Leaf(i))(u.t)
		sizes := ""
		for _, p := range must(log.Sealed(i))(u.t) {
			sizes += fmt.Sprint(" ", len(p))
		}
		if s := must(u.node(north).view.Statement(u.t.Context(), u.keys[north].Origin, i))(u.t); !s.Counted {
			continue // acks, heads, refusals and receipts come when they come
		}
		leaves = append(leaves, fmt.Sprintf("leaf of %d bytes, parts of%s", len(raw), sizes))
	}
	return leaves
}
