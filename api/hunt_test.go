package api_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"entente/api"
	"entente/statement"
)

// Hunt answers with what it was asked, in many steps.
func (e *echo) Hunt(_ context.Context, r api.HuntRequest, told func(done, total int64)) (api.HuntResult, error) {
	switch r.Limit {
	case 7:
		return api.HuntResult{}, statement.Refuse(statement.CodeRequest, "no archive")
	case 8:
		return api.HuntResult{}, errors.New("the disk fails")
	}
	for i := range int64(3) {
		<-time.After(110 * time.Millisecond)
		told(i+1, 3)
	}
	return api.HuntResult{Values: len(r.Values), Found: []api.HuntFound{{Value: r.Values[0].Value, Dwell: 5}}}, nil
}

// TestHunt: a hundred thousand values go, progress and result come back, and
// failures keep their kind.
func TestHunt(t *testing.T) {
	c := serve(t, &echo{})
	r := api.HuntRequest{Limit: 1}
	for i := range 100_000 {
		r.Values = append(r.Values, api.HuntValue{Type: "domain-name", Value: fmt.Sprintf("n%d.example", i)})
	}
	var told []int64
	got, err := c.Hunt(t.Context(), r, func(done, _ int64) { told = append(told, done) })
	if err != nil || got.Values != 100_000 || len(got.Found) != 1 || got.Found[0].Value != "n0.example" || got.Found[0].Dwell != 5 {
		t.Errorf("%+v, %v", got, err)
	}
	if len(told) == 0 {
		t.Error("no progress was told")
	}
	r.Values, r.Limit = nil, 7
	if _, err := c.Hunt(t.Context(), r, nil); !isRefusal(err, statement.CodeRequest) {
		t.Errorf("a refusal: %v", err)
	}
	r.Limit = 8
	if _, err := c.Hunt(t.Context(), r, nil); err == nil || err.Error() != "the disk fails" {
		t.Errorf("an internal error: %v", err)
	}
}

func isRefusal(err error, code statement.Code) bool {
	r, ok := statement.AsRefusal(err)
	return ok && r.Code == code
}
