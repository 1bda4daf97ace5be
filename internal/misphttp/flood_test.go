package misphttp

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
)

// many is a body of so many attributes, the last of which is there twice.
func many(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"type":"text","category":"Other","value":"v%d"}`, i))
	}
	return "[" + strings.Join(append(list, list[n-1]), ",") + "]"
}

// TestManyAttributes: what a list of attributes costs grows as the list does,
// not with its square.
func TestManyAttributes(t *testing.T) {
	cost := func(n int) time.Duration {
		best := time.Hour
		for range 3 {
			m := newMemory()
			e := sample(1)
			e.Own = true
			m.say(e)
			server := serve(m, clock)
			began := time.Now()
			status, body := ask(t, server, "writer", "POST", "attributes/add/"+e.UUID, many(n))
			best = min(best, time.Since(began))
			if status != http.StatusOK || strings.Count(body, `"type":"text"`) != n || strings.Count(body, "similar attribute") != 1 {
				t.Fatalf("%d attributes: %d, %d of them, %.300s", n, status, strings.Count(body, `"type":"text"`), body)
			}
		}
		return best
	}
	few, more := cost(500), cost(8000)
	if ratio := float64(more) / float64(few); ratio > 80 { // 16 would be straight, 256 square
		t.Errorf("16 times the attributes cost %.0f times as much", ratio)
	}
}

// TestSightedOften: sightings of one attribute are written in one go.
func TestSightedOften(t *testing.T) {
	e := sample(1)
	var seen []misp.Sighting
	for i := range 20_000 {
		seen = append(seen, misp.Sighting{UUID: misp.Text(misp.UUID(fmt.Sprint(i))), Date: "1777700000", Type: misp.Seen})
	}
	e.Seen = func(misp.Attribute) ([]misp.Sighting, error) { return seen, nil }
	e.Raw = jsontext.Value(strings.Replace(string(e.Raw), `"to_ids"`, `"Sighting":[{"type":"1","date_sighting":"1777700001"}],"to_ids"`, 1))
	f, err := open(e)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	raw, err := render(query{}, f)
	if err != nil || strings.Count(string(raw), "date_sighting") != len(seen)+1 {
		t.Fatalf("%v: %d", err, strings.Count(string(raw), "date_sighting"))
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}

// slow is a store whose walk lasts until it is let go on.
type slow struct {
	*memory
	walking, most atomic.Int32
	gate          chan struct{}
}

func (s *slow) Each(ctx context.Context, who Who, visit func(Event) (bool, error)) error {
	s.most.Store(max(s.most.Load(), s.walking.Add(1)))
	defer s.walking.Add(-1)
	select {
	case <-s.gate:
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.memory.Each(ctx, who, visit)
}

// unwalked is a store that may not be walked.
type unwalked struct {
	*memory
	t *testing.T
}

func (u unwalked) Each(context.Context, Who, func(Event) (bool, error)) error {
	u.t.Error("every event is read")
	return nil
}

// unnamed is a store that looks nothing up by name.
type unnamed struct{ *memory }

func (u unnamed) Named(ctx context.Context, who Who, _ []string, visit func(Event) (bool, error)) error {
	return u.Each(ctx, who, visit)
}

// TestNamedIsNotWalked: a search that names events or attributes reads those,
// and answers what one that reads all of them does.
func TestNamedIsNotWalked(t *testing.T) {
	m := filled(30)
	third := sample(3).UUID
	for body, in := range map[string]string{
		`{"uuid":"` + third + `"}`:                               third,
		`{"eventid":"` + misp.LocalID(third) + `"}`:              third,
		`{"eventid":["` + sample(9).UUID + `","` + third + `"]}`: third,
		`{"uuid":"` + third + `","value":"nowhere"}`:             "",
		`{"uuid":["` + third + `","!` + third + `"]}`:            "",
		`{"uuid":"` + sample(77).UUID + `"}`:                     "",
	} {
		for _, path := range []string{"events/restSearch", "attributes/restSearch"} {
			_, got := ask(t, serve(unwalked{m, t}, clock), "reader", "POST", path, body)
			_, want := ask(t, serve(unnamed{m}, clock), "reader", "POST", path, body)
			if got != want || (in == "") == strings.Contains(got, third) {
				t.Errorf("%s %s: %s, walked %s", path, body, got, want)
			}
		}
	}
}

// TestOneWalkEach: an account that asks for many searches at once has one
// under way; another's begins all the same, and all are answered in the end.
func TestOneWalkEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slow{memory: filled(2), gate: make(chan struct{})}
		server := serve(store, clock)
		answers := make(chan int)
		search := func(key string) {
			status, _ := ask(t, server, key, "POST", "attributes/restSearch", `{"value":"nowhere"}`)
			answers <- status
		}
		for range 8 {
			go search("writer")
		}
		synctest.Wait()
		if n := store.walking.Load(); n != 1 {
			t.Errorf("%d walks of one account", n)
		}
		go search("reader")
		synctest.Wait()
		if n := store.walking.Load(); n != 2 {
			t.Errorf("%d walks of two accounts", n)
		}
		close(store.gate)
		for range 9 {
			if status := <-answers; status != http.StatusOK {
				t.Error(status)
			}
		}
	})
}
