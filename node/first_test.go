package node

import "testing"

func TestSmoke(t *testing.T) {
	u := newUnit(t, nil, north, south, observer)
	log := u.watches(south)
	u.weblog(log, "203.0.113.7", "198.51.100.1")
	u.automatic(south, 10)
	u.start(north, south, observer)
	u.open(north, south, observer)
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	u.settle()
	t.Logf("%+v", u.tally(south))
	t.Logf("%+v", u.tally(north))
	u.innocent()
	d := u.dump(south)
	if d != u.rebuilt(south, "") {
		t.Error("rebuild differs")
	}
}
