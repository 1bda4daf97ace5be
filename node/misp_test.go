package node

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/border"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/internal/account"
)

// mispTool is an account of a node and the way to its API.
type mispTool struct {
	t     testing.TB
	url   string
	token string
}

// tool gives a node a door and an account.
func (u *unit) tool(node string, a account.Account) mispTool {
	u.t.Helper()
	a.Added = time.Now()
	return mispTool{u.t, u.node(node).Addresses().Tools + "/misp/", must(account.Add(u.cfg[node].Dir, a, ""))(u.t)}
}

// withTools gives nodes a listener for tools on loopback.
func (u *unit) withTools(names ...string) {
	for _, name := range names {
		u.cfg[name].Tools.Listen = "127.0.0.1:0"
		u.opt[name].Listen = loopbackTools(u.opt[name].Listen)
	}
}

// loopbackTools lets tools in by a real socket where a test has others for the rest.
func loopbackTools(other func(network, address string) (net.Listener, error)) func(network, address string) (net.Listener, error) {
	return func(network, address string) (net.Listener, error) {
		if strings.HasPrefix(address, "127.0.0.1:0") || other == nil {
			return net.Listen(network, address)
		}
		return other(network, address)
	}
}

var mispWriter = account.Account{Name: "script", Scopes: []account.Scope{account.MispRead, account.MispWrite}, Clearance: border.Red}

func (m mispTool) ask(method, path, body string) (int, string) {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.t.Context(), method, m.url+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	r.Header.Set("Authorization", m.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return answer.StatusCode, string(data)
}

// want asks and demands success and a text in the answer.
func (m mispTool) want(has, method, path, body string) string {
	m.t.Helper()
	status, text := m.ask(method, path, body)
	if status != http.StatusOK || !strings.Contains(text, has) {
		m.t.Errorf("%s %s: %d %.1000s; want %q", method, path, status, text, has)
	}
	return text
}

const mispUUID = "5908888b-0154-4a69-b0b2-72090a016219"

func mispEvent(tlp string) string {
	return `{"uuid":"` + mispUUID + `","info":"Phish of counties","x_kept":1.0,"Tag":[{"name":"` + tlp + `"}],"Attribute":[
		{"uuid":"5908888b-0154-4a69-b0b2-72090a016220","type":"domain","category":"Network activity","value":"adfs-county.example","to_ids":true,"last_seen":"2026-05-01T00:00:00Z"},
		{"uuid":"5908888b-0154-4a69-b0b2-72090a016221","type":"ip-dst","category":"Network activity","value":"10.0.0.0/8","to_ids":true,"last_seen":"2026-05-01T00:00:00Z"},
		{"uuid":"5908888b-0154-4a69-b0b2-72090a016222","type":"mutex","category":"Artifacts dropped","value":"Global\\x","to_ids":true}]}`
}

// TestMISP: a tool writes, a person shares, the partner's tool reads: what the
// gate holds is no means of detection there; a retraction hides all.
func TestMISP(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.withTools(north, south)
	u.start(north, south)
	u.open(north, south)
	n, s := u.tool(north, mispWriter), u.tool(south, mispWriter)

	n.want("adfs-county.example", "POST", "events/add", mispEvent("tlp:amber"))
	n.want(`"x_kept":1.0`, "GET", "events/view/"+mispUUID, "")
	n.want(mispUUID, "GET", "events/view/"+misp.LocalID(mispUUID), "")
	n.want(`"Attribute":[]`, "POST", "attributes/restSearch", `{"value":"nowhere.example"}`)
	if status, body := s.ask("GET", "events/view/"+mispUUID, ""); status != http.StatusNotFound {
		t.Fatalf("a draft is at the partner's: %d %s", status, body)
	}
	shared := must(u.node(north).ShareObjects(t.Context(), ShareObjects{Lens: u.node(north).lens, Media: stix.MediaMISP, IDs: []string{mispUUID}, To: []string{south}}))(t)
	if shared.Marking != string(border.Amber) || len(shared.Refs) != 1 {
		t.Fatalf("%+v", shared)
	}
	u.eventually("the partner's tool reads", func() bool {
		status, body := s.ask("POST", "attributes/restSearch", `{"value":"adfs-county.example","to_ids":1}`)
		return status == http.StatusOK && strings.Contains(body, "adfs-county.example")
	})
	for value, held := range map[string]bool{"adfs-county.example": false, "10.0.0.0/8": true, `Global\\x`: true} {
		body := s.want(value, "POST", "attributes/restSearch", fmt.Sprintf(`{"value":"%s"}`, value))
		if strings.Contains(body, `entente:gate`) != held || strings.Contains(body, `"to_ids":false`) != held {
			t.Errorf("%s: %s", value, body)
		}
	}
	if status, body := s.ask("POST", "events/edit/"+mispUUID, `{"info":"mine"}`); status != http.StatusForbidden {
		t.Errorf("the partner changes it: %d %s", status, body)
	}
	if status, body := s.ask("POST", "events/delete/"+mispUUID, ""); status != http.StatusForbidden {
		t.Errorf("the partner deletes it: %d %s", status, body)
	}
	s.want(`"type":"0"`, "POST", "sightings/add/5908888b-0154-4a69-b0b2-72090a016220", `{"source":"proxy"}`)
	s.want("proxy", "GET", "sightings/index/"+mispUUID, "")

	n.want("wave two", "POST", "events/edit/"+mispUUID, `{"info":"wave two"}`)
	n.want("Event deleted", "POST", "events/delete/"+mispUUID, "")
	if status, _ := n.ask("GET", "events/view/"+mispUUID, ""); status != http.StatusNotFound {
		t.Error("what was taken back is shown at home")
	}
	u.eventually("it is hidden at the partner's", func() bool {
		status, _ := s.ask("GET", "events/view/"+mispUUID, "")
		return status == http.StatusNotFound
	})
}

// TestMISPLists: lists are events, with the gate's word.
func TestMISPLists(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.withTools(north, south)
	u.start(north, south)
	u.open(north, south)
	u.share(north, south, "watch.csv", dated("198.51.100.7", "198.51.100.8"))
	n, s := u.tool(north, mispWriter), u.tool(south, mispWriter)
	u.eventually("the partner's tool reads", func() bool {
		_, body := s.ask("POST", "attributes/restSearch", `{"to_ids":1}`)
		return strings.Count(body, `"value":"198.51.100.`) == 2
	})
	body := n.want("tlp:amber", "GET", "events/index", "")
	var index []struct{ UUID, ID string }
	if err := json.Unmarshal([]byte(body), &index); err != nil || len(index) != 1 {
		t.Fatalf("%v %s", err, body)
	}
	for _, ref := range []string{index[0].UUID, index[0].ID} {
		s.want("198.51.100.8", "GET", "events/view/"+ref, "")
	}
	if status, _ := n.ask("POST", "events/edit/"+index[0].UUID, `{"info":"x"}`); status != http.StatusForbidden {
		t.Errorf("a list was edited as an event: %d", status)
	}
}

// TestMISPWorlds: an account sees nothing of what lies above its clearance, in
// no answer, and a guest what its party was given.
func TestMISPWorlds(t *testing.T) {
	t.Parallel()
	low := mispWriter
	low.Name, low.Clearance = "low", border.Green
	guest := mispWriter
	guest.Name, guest.Party = "guest", south
	var answers [2][]string
	for world := range 2 {
		u := newUnit(t, nil, north, south)
		u.withTools(north)
		u.start(north, south)
		u.open(north, south)
		high := u.tool(north, mispWriter)
		second := strings.ReplaceAll(strings.ReplaceAll(mispEvent("tlp:green"), "72090a0162", "72090a0163"), "adfs-county", "adfs-state")
		second = strings.Replace(second, `"info"`, `"timestamp":"1777700000","date":"2026-05-01","info"`, 1)
		if world == 1 {
			high.want("adfs-county", "POST", "events/add", mispEvent("tlp:red"))
		}
		high.want("adfs-state", "POST", "events/add", second)
		for _, tool := range []mispTool{u.tool(north, low), u.tool(north, guest)} {
			for _, q := range [][3]string{
				{"GET", "events/index", ""},
				{"GET", "events/view/" + mispUUID, ""},
				{"GET", "events/view/" + misp.LocalID(mispUUID), ""},
				{"POST", "events/restSearch", "{}"},
				{"POST", "events/restSearch", `{"uuid":"` + mispUUID + `"}`},
				{"POST", "events/restSearch", `{"eventid":["` + misp.LocalID(mispUUID) + `","5908888b-0154-4a69-b0b2-72090a016319"]}`},
				{"POST", "attributes/restSearch", `{"uuid":"5908888b-0154-4a69-b0b2-72090a016220"}`},
				{"POST", "attributes/restSearch", `{"value":"%"}`},
				{"POST", "attributes/restSearch", `{"limit":2,"page":2}`},
				{"POST", "events/delete/" + mispUUID, ""},
				{"POST", "sightings/add/5908888b-0154-4a69-b0b2-72090a016220", "{}"},
				{"GET", "tags/index", ""},
			} {
				status, body := tool.ask(q[0], q[1], q[2])
				if strings.Contains(body, "adfs-county") {
					t.Errorf("%v: %s", q, body)
				}
				answers[world] = append(answers[world], fmt.Sprintf("%v: %d %s", q, status, body))
			}
		}
		u.stop(north)
		u.stop(south)
	}
	for i := range answers[0] {
		if answers[0][i] != answers[1][i] {
			t.Errorf("one world: %s\nthe other: %s", answers[0][i], answers[1][i])
		}
	}
}

// TestMISPNamed: who names all events, or attributes of them, gets what who
// names none gets, byte for byte and in the same order.
func TestMISPNamed(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.withTools(north)
	u.start(north, south)
	u.open(north, south)
	tool := u.tool(north, mispWriter)
	u.share(south, north, "list.csv", dated("203.0.113.1", "203.0.113.2"))
	u.settle()
	tool.want("[]", "POST", "events/restSearch", `{"uuid":"`+mispUUID+`"}`) // the list stands in the index before the events
	for _, tail := range []string{"3", "4"} {
		tool.want("adfs-county", "POST", "events/add", strings.ReplaceAll(mispEvent("tlp:green"), "72090a0162", "72090a016"+tail))
	}
	for _, path := range []string{"events/restSearch", "attributes/restSearch"} {
		_, all := tool.ask("POST", path, "{}")
		var ids []string
		for _, m := range regexp.MustCompile(`"uuid":"([0-9a-f-]{36})"`).FindAllStringSubmatch(all, -1) {
			ids = append(ids, m[1])
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		if len(ids) < 5 || len(ids) > 20 || !strings.Contains(all, "203.0.113.2") {
			t.Fatalf("%s: %v %s", path, ids, all)
		}
		slices.Reverse(ids)
		if _, named := tool.ask("POST", path, `{"uuid":["`+strings.Join(ids, `","`)+`"]}`); named != all {
			t.Errorf("%s: named %s\nall %s", path, named, all)
		}
	}
}

// TestMISPContradiction: an event whose tags contradict each other is shared
// with nobody.
func TestMISPContradiction(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	for _, tags := range []string{`tlp:green"},{"name":"tlp:amber`, "tlp:purple"} {
		out, err := u.node(north).ShareObjects(t.Context(), ShareObjects{Lens: u.node(north).lens, Media: stix.MediaMISP, Objects: [][]byte{[]byte(mispEvent(tags))}, To: []string{south}})
		if err == nil || out.Objects[0].Refused == nil || out.Objects[0].Refused.Code != "E_MARKING" {
			t.Errorf("%s: %+v %v", tags, out, err)
		}
	}
}

// TestMISPInterop lets PyMISP loose on a real node.
func TestMISPInterop(t *testing.T) {
	python := os.Getenv("ENTENTE_PYTHON")
	if python == "" {
		t.Skip("ENTENTE_PYTHON names no Python with PyMISP; ./check -interop makes one")
	}
	u := newUnit(t, nil, north, south)
	u.withTools(north)
	u.start(north, south)
	u.open(north, south)
	tool := u.tool(north, mispWriter)
	out, err := exec.CommandContext(t.Context(), python, "../internal/misphttp/testdata/pymisp_client.py", tool.url, tool.token).CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "did all it was asked") {
		t.Error(err)
	}
}
