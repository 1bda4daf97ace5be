package sqlite

import (
	"fmt"
	"testing"
)

// TestVersionOfType: whoever asks for one version of one type pages to the end,
// also where many others of the version stand before it; observables all have
// one version.
func TestVersionOfType(t *testing.T) {
	b := newBook(t)
	defer func() { ok(t, b.view.Close()) }()
	for i := range 12 {
		b.say("self", Object{Media: "stix", ID: fmt.Sprint("id", i), Type: fmt.Sprint("t", i/10), Level: i % 2})
	}
	q := ObjectQuery{Shelves: []string{ShelfOwn}, Lens: at(2), VKeys: []string{""}, Types: []string{"t1"}, Limit: 1}
	var got []string
	for more := true; more; {
		var page []Placed
		var err error
		page, more, err = b.view.Objects(t.Context(), q)
		ok(t, err)
		for _, o := range page {
			got = append(got, o.ID)
			q.After = o.Added
		}
	}
	if fmt.Sprint(got) != "[id10 id11]" {
		t.Errorf("%v", got)
	}
}
