package node

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/api"
	"entente/border"
	"entente/exchange/stix"
	"entente/observable"
	"entente/record"
	"entente/watch/indicator"
)

// TestExposureCounts: the page tells what crossed, what came back and what was
// found, decoys apart; it is the same from the running node, from the folder
// alone and from the logs read anew.
func TestExposureCounts(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.automatic(south, 100)
	log := u.watches(south)
	u.weblog(log, "203.0.113.1", "203.0.113.2", "203.0.113.1")
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "first.csv", dated("203.0.113.1", "203.0.113.2", "203.0.113.3"))
	u.share(north, observer, "other.csv", dated("203.0.113.8"))
	u.share(south, north, "theirs.csv", dated("203.0.113.50", "203.0.113.51"))
	out := must(u.node(north).Control().Share(t.Context(), api.ShareRequest{Name: "marked.csv", To: []string{south, observer}, Canary: true, Data: dated("203.0.113.1", "203.0.113.4")}))(t)
	u.settle()
	x := must(u.node(north).Exposure(t.Context(), south))(t)
	if got, want := x.Found, (border.Found{Shown: 4, There: 2, Given: 2}); got != want {
		t.Errorf("found %+v, want %+v", got, want)
	}
	if l := x.Learnt; l.Guesses != 2 || l.Values != 2 || l.Confirmed != 0 || l.Silent != 2 {
		t.Errorf("learnt %+v", l)
	}
	byName := make(map[string]border.Crossing)
	for _, c := range x.Crossed {
		byName[c.Name] = c
	}
	if c := byName["first.csv"]; c.Items != 3 || c.Decoys != 0 || c.Marking != "TLP:AMBER" || c.Rule == "" {
		t.Errorf("%+v", c)
	}
	if c := byName["marked.csv"]; c.Items != 2+out.Decoys || c.Decoys != out.Decoys || len(c.Recipients) != 1 {
		t.Errorf("%+v", c)
	}
	if _, ok := byName["other.csv"]; ok {
		t.Error("what went to the observer is said to have crossed to south")
	}
	// From south's side the same loop: what it said to have seen is what it told.
	y := must(u.node(south).Exposure(t.Context(), north))(t)
	if y.Learnt.Confirmed != 2 || y.Found.Here != 2 || y.Learnt.Values != 4+out.Decoys || y.Learnt.Fullest != 3 || y.Found.There != 0 {
		t.Errorf("south: %+v %+v", y.Learnt, y.Found)
	}
	if _, err := u.node(north).Exposure(t.Context(), "nobody"); err == nil {
		t.Error("a page about nobody")
	}
	u.stop(north)
	f := must(OpenFolder(*u.cfg[north], nil))(t)
	defer f.Close()
	stored := must(f.Exposure(t.Context(), south, false))(t)
	anew := must(f.Exposure(t.Context(), south, true))(t)
	if diff := cmp.Diff(text(t, stored), text(t, anew)); diff != "" {
		t.Errorf("from the logs read anew: %s", diff)
	}
	if stored.Size == x.Size && stored.Theirs == x.Theirs { // else it heard or said something while it stopped
		if diff := cmp.Diff(text(t, stored), text(t, x)); diff != "" {
			t.Errorf("from the folder: %s", diff)
		}
	}
	if diff := cmp.Diff(stored.Crossed, x.Crossed); diff != "" {
		t.Errorf("from the folder: %s", diff)
	}
}

func text(t *testing.T, x border.Exposure) string {
	return string(must(json.MarshalIndent(x, "", " "))(t))
}

// TestMalloryLearnsNoMore: south guesses by legal play alone: lists of values,
// the same value again and again, values that everybody holds back, its own
// decoys' kind of names; north answers automatically. What south can confirm
// from north's log is never more than north's page says.
func TestMalloryLearnsNoMore(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.automatic(north, 5)
	log := u.watches(north)
	var seen []string
	for i := range 12 {
		seen = append(seen, fmt.Sprintf("203.0.113.%d", i+1))
	}
	u.weblog(log, seen...)
	u.start(u.names...)
	u.open(u.names...)
	for round := range 4 {
		var guesses []string
		for i := range 30 {
			guesses = append(guesses, fmt.Sprintf("203.0.113.%d", (i*7+round*3)%60+1))
		}
		u.share(south, north, fmt.Sprintf("guess%d.csv", round), dated(guesses...))
		u.settle()
	}
	u.share(south, north, "held.csv", undated(seen...))
	u.settle()

	// All that south can see of answers: the sightings in north's log.
	mine, _, err := u.node(south).view.Sightings(t.Context(), u.node(south).lens, u.node(north).self.Origin, "", 1000, 0)
	u.ok(err)
	confirmed := make(map[observable.Value]bool)
	for _, s := range mine {
		confirmed[observable.Value{Type: observable.Type(s.Body.Type), Canonical: s.Body.Value}] = true
	}
	guessed := make(map[observable.Value]bool)
	for _, l := range must(u.node(south).view.Lists(t.Context(), ""))(t) {
		for _, it := range must(u.node(south).view.Items(t.Context(), l.Ref.Origin, l.Ref.Index))(t) {
			guessed[it.Observable()] = true
		}
	}
	x := must(u.node(north).Exposure(t.Context(), south))(t)
	if len(confirmed) == 0 {
		t.Fatal("nothing was confirmed: the test tests nothing")
	}
	if len(confirmed) > x.Learnt.Confirmed || len(guessed) > x.Learnt.Most() || len(mine) > int(x.Learnt.Days)*int(x.Learnt.PerDay) {
		t.Errorf("south confirms %d of %d values, the page says %+v", len(confirmed), len(guessed), x.Learnt)
	}
	if len(confirmed) > 5*int(x.Learnt.Days) {
		t.Errorf("%d confirmed at 5 a day", len(confirmed))
	}
	// What stands in north's log beside that does not depend on what was seen.
	if x.Learnt.Silent == 0 || x.Beside.Sealed+x.Beside.Readable != x.Beside.Leaves {
		t.Errorf("%+v %+v", x.Learnt, x.Beside)
	}
	if n := u.ofKind(south, north, indicator.KindSighting); n != len(mine) {
		t.Errorf("%d sightings in the log, %d read", n, len(mine))
	}
}

// TestMalloryReadsVerdicts: south gives one value in each list, then several in
// one, and versions of ids that it only guesses at. North's verdicts tell nothing
// of what north's gate knows as its own, and the page counts what else they tell:
// by verdicts, sightings and refusals together south confirms no more than it says.
func TestMalloryReadsVerdicts(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.automatic(north, 100)
	u.cfg[north].OwnAssets = []string{"198.51.100.10", "198.51.100.12", "198.51.100.14"}
	log := u.watches(north)
	u.weblog(log, "203.0.113.1", "203.0.113.2", "198.51.100.10", "198.51.100.11")
	u.start(u.names...)
	u.open(u.names...)
	must(u.node(north).AddObjects(t.Context(), AddObjects{Account: "tool", Media: stix.MediaSTIX, Objects: [][]byte{thing("malware", 1, v1, ""), thing("malware", 2, v1, ""), thing("malware", 3, v1, "")}}))(t)
	gave := make(map[uint64]string) // one value, by place in south's log
	give := func(values ...string) {
		at := u.size(south)
		u.share(south, north, "guess.csv", dated(values...))
		for i := at; i < u.size(south) && len(values) == 1; i++ {
			gave[i] = values[0]
		}
	}
	for i := range 8 {
		give(fmt.Sprintf("198.51.100.%d", 8+i))
	}
	give("198.51.100.14", "198.51.100.9", "203.0.113.1")
	give("203.0.113.1")
	give("203.0.113.2")
	for _, guess := range [][][]byte{
		{thing("malware", 1, v2, "")},
		{thing("malware", 9, v2, "")},
		{thing("malware", 2, v2, ""), thing("malware", 3, v2, "")},
		{thing("malware", 1, v3, ""), thing("malware", 8, v2, "")},
	} {
		u.sayRaw(south, north, guess...)
	}
	u.settle()

	seen, _, err := u.node(south).view.Sightings(t.Context(), u.node(south).lens, u.node(north).self.Origin, "", 1000, 0)
	u.ok(err)
	confirmed, verdicts := make(map[string]bool), make(map[string]string)
	for _, s := range seen {
		confirmed["seen "+s.Body.Value] = true
	}
	for _, s := range must(u.node(south).view.OfKind(t.Context(), u.node(north).self.Origin, record.KindAck))(t) {
		var b record.AckBody
		u.ok(json.Unmarshal(s.Body, &b))
		for _, i := range b.Items {
			if b.Origin != u.node(south).self.Origin {
				continue
			}
			if gave[i.Index] != "" {
				verdicts[gave[i.Index]] = i.Verdict
			}
			of := must(u.node(south).view.Statement(t.Context(), b.Origin, i.Index))(t)
			if of.Kind != stix.KindObjects || i.Verdict == record.VerdictAccepted {
				continue
			}
			n := 1 // of a statement that is held back it knows that one was refused
			if i.Verdict == record.VerdictRefused {
				n = must(stix.ParseObjectsBody(of.Body))(t).Count
			}
			for k := range n {
				confirmed[fmt.Sprint("there ", i.Index, k)] = true
			}
		}
	}
	for value, verdict := range verdicts {
		if verdict != record.VerdictAccepted {
			t.Errorf("%s is told to be %s: whose it is shows", value, verdict)
		}
	}
	x := must(u.node(north).Exposure(t.Context(), south))(t)
	if len(verdicts) < 10 || !confirmed["seen 203.0.113.2"] || x.Learnt.Others != 4 {
		t.Errorf("the test tests less than it says: %v %v %+v", verdicts, confirmed, x.Learnt)
	}
	if len(confirmed) > x.Learnt.Told() {
		t.Errorf("south confirms %d things (%v), the page says %d of %+v", len(confirmed), confirmed, x.Learnt.Told(), x.Learnt)
	}
}
