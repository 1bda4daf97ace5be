package node

import (
	"os"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/statement"
)

// TestSearchBounds: a search refuses what it cannot look for, and one that
// reaches a bound says so and what it has looked at.
func TestSearchBounds(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	dir := u.path(north, "logs")
	u.ok(os.MkdirAll(dir, 0o700))
	u.cfg[north].Sources = []Source{{ID: "logs", Path: dir}}
	line := "Oct  5 08:00:00 web sshd[100]: Failed password for root from 198.51.100.7 port 4242 ssh2\n"
	u.ok(os.WriteFile(u.path(north, "logs", "auth.log"), []byte(strings.Repeat(line, 5000)), 0o600))
	u.start(north, south)
	u.open(north, south)
	u.settle()
	must(u.node(north).SealArchive(t.Context()))(t)
	ask := u.node(north).Control()
	for _, c := range []struct {
		r    api.SearchRequest
		code statement.Code
	}{
		{api.SearchRequest{Text: " \t"}, statement.CodeRequest},
		{api.SearchRequest{Text: strings.Repeat("x", api.MaxSearchText+1)}, statement.CodeSize},
		{api.SearchRequest{Text: "a\x00b"}, statement.CodeRequest},
		{api.SearchRequest{Text: "a\xff"}, statement.CodeRequest},
		{api.SearchRequest{Text: "a", In: []string{"attic"}}, statement.CodeRequest},
		{api.SearchRequest{Text: "a", Limit: -1}, statement.CodeRequest},
		{api.SearchRequest{Text: "a", Limit: 501}, statement.CodeRequest},
	} {
		_, err := ask.Search(t.Context(), c.r, nil)
		if r, ok := statement.AsRefusal(err); !ok || r.Code != c.code {
			t.Errorf("%.40q: %v", c.r.Text, err)
		}
	}
	look := func(text string, change func(*search)) *api.SearchArchive {
		t.Helper()
		s := must(u.node(north).whole().newSearch(api.SearchRequest{Text: text, Limit: 3}, nil))(t)
		change(s)
		return must(s.archive(t.Context()))(t)
	}
	if a := look("failed PASSWORD", func(*search) {}); a.Stopped != api.StoppedEnough || len(a.Lines) != 3 || a.Looked >= a.Events || a.Looked == 0 || a.Lines[0].Line != 5000 || a.Since == 0 {
		t.Errorf("enough: %+v", a)
	}
	if a := look("not there", func(*search) {}); a.Stopped != "" || a.Looked != 5000 || a.Events != 5000 || a.Count != 0 {
		t.Errorf("not there: %+v", a)
	}
	if a := look("not there", func(s *search) { s.bytes = 1 }); a.Stopped != api.StoppedBytes || a.Looked == 0 || a.Looked >= 5000 {
		t.Errorf("too many bytes: %+v", a)
	}
	if a := look("198.51.100.7", func(*search) {}); a.Stopped != "" || a.Count != 5000 || len(a.Lines) != 3 {
		t.Errorf("by the index: %+v", a)
	}
	if a := look("198.51.100.7", func(s *search) { s.until = -time.Second }); a.Stopped != api.StoppedTime || a.Count != 0 || a.Looked != 0 {
		t.Errorf("no time: %+v", a)
	}
	s := must(u.node(north).whole().newSearch(api.SearchRequest{Text: "x"}, nil))(t)
	s.until = -time.Second
	if st := must(s.statements(t.Context()))(t); st.Stopped != api.StoppedTime {
		t.Errorf("statements without time: %+v", st)
	}
	if al := must(s.alerts(t.Context()))(t); al.Stopped != api.StoppedTime {
		t.Errorf("alerts without time: %+v", al)
	}
}
