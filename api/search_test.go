package api_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/api"
	"entente/statement"
)

// Search answers with what it was asked.
func (e *echo) Search(_ context.Context, r api.SearchRequest, told func(done, total int64)) (api.SearchResult, error) {
	if r.Text == "" {
		return api.SearchResult{}, statement.Refuse(statement.CodeRequest, "search for what?")
	}
	told(1, 2)
	return api.SearchResult{
		Value:   r.Text,
		Archive: &api.SearchArchive{Count: int64(r.Limit), Stopped: api.StoppedTime, Lines: []api.Hit{{Raw: r.Text}}},
		Statements: &api.SearchStatements{More: r.Plain, Items: []api.SearchStatement{
			{Party: r.In[0], Index: 7, Item: &api.HuntValue{Type: "url", Value: r.In[1]}},
		}},
	}, nil
}

// TestSearch: a request with odd letters goes, its answer and a refusal come back.
func TestSearch(t *testing.T) {
	c := serve(t, &echo{})
	got, err := c.Search(t.Context(), api.SearchRequest{Text: "ä <&> ж", In: []string{"archive", "alerts"}, Limit: 9, Plain: true}, nil)
	want := api.SearchResult{
		Value: "ä <&> ж", Archive: &api.SearchArchive{Count: 9, Stopped: api.StoppedTime, Lines: []api.Hit{{Raw: "ä <&> ж"}}},
		Statements: &api.SearchStatements{More: true, Items: []api.SearchStatement{{Party: "archive", Index: 7, Item: &api.HuntValue{Type: "url", Value: "alerts"}}}},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	if _, err := c.Search(t.Context(), api.SearchRequest{}, nil); !isRefusal(err, statement.CodeRequest) {
		t.Errorf("a refusal: %v", err)
	}
}
