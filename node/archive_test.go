package node

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"entente/api"
	"entente/internal/scenario"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/record"
	"entente/watch/archive"
)

// scene is what the archive's tests read: the logs of one office and the lists
// of the other.
func scene() (logs, lists []scenario.File) {
	s := scenario.Generate(1, scenario.Epoch())
	return s.Party(scenario.North).Logs, s.Party(scenario.South).Lists
}

// alertRows is every hit of a node, in a fixed order, without when it was found.
func (u *unit) alertRows(name string) []sqlite.Hit {
	u.t.Helper()
	var out []sqlite.Hit
	for _, held := range []bool{false, true} {
		groups, _, err := u.node(name).seen.Groups(u.t.Context(), held, 1000, 0)
		u.ok(err)
		for _, g := range groups {
			hits, err := u.node(name).seen.Hits(u.t.Context(), g.Key, 100_000)
			u.ok(err)
			out = append(out, hits...)
		}
	}
	var indexes []uint64
	for _, h := range out {
		indexes = append(indexes, h.Key.Index)
	}
	slices.Sort(indexes)
	indexes = slices.Compact(indexes)
	for i := range out { // what is another in each unit
		h := &out[i]
		rank, _ := slices.BinarySearch(indexes, h.Key.Index)
		h.Stored, h.Path, h.Key.Origin, h.Key.Index = 0, filepath.Base(h.Path), "", uint64(rank)
	}
	slices.SortFunc(out, func(a, b sqlite.Hit) int {
		return cmp.Or(cmp.Compare(a.Key.Index, b.Key.Index), cmp.Compare(a.Key.Item, b.Key.Item), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
	})
	return out
}

// TestArchiveEqualsLive: what a list finds in the archive, in segments and in
// the spool, is hit by hit what it would have found live, and what reading the
// logs again finds. From the archive it also comes when the logs are gone.
func TestArchiveEqualsLive(t *testing.T) {
	t.Parallel()
	logs, lists := scene()
	play := func(t *testing.T, how func(u *unit, write func(half int), share func())) []sqlite.Hit {
		u := newUnit(t, nil, north, south)
		dir := u.path(north, "logs")
		u.ok(os.MkdirAll(dir, 0o700))
		u.cfg[north].Sources = []Source{{ID: "logs", Path: dir}}
		write := func(half int) {
			for _, l := range logs {
				data := l.Data[:l.Early]
				if half == 1 {
					data = l.Data[l.Early:]
				}
				f, err := os.OpenFile(filepath.Join(dir, l.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
				u.ok(err)
				_, err = f.Write(data)
				u.ok(err)
				u.ok(f.Close())
			}
		}
		how(u, write, func() {
			for _, l := range lists {
				must(u.node(south).Control().Share(t.Context(), api.ShareRequest{Name: l.Name, To: []string{north}, Data: l.Data}))(t)
			}
			u.settle()
		})
		if tally := u.tally(north); !tally.LedgerAdds || tally.Alerts == 0 || tally.HeldBack == 0 {
			t.Errorf("%+v", tally)
		}
		return u.alertRows(north)
	}
	begin := func(u *unit) {
		u.start(north, south)
		u.open(north, south)
		u.settle()
	}
	live := play(t, func(u *unit, write func(int), share func()) {
		begin(u)
		share()
		write(0)
		write(1)
		u.settle()
	})
	again := play(t, func(u *unit, write func(int), share func()) {
		u.cfg[north].Archive.Off = true
		write(0)
		write(1)
		begin(u)
		share()
	})
	kept := play(t, func(u *unit, write func(int), share func()) {
		write(0)
		begin(u)
		events, err := u.node(north).SealArchive(t.Context())
		u.ok(err)
		write(1)
		u.settle()
		st := must(u.node(north).Control().Status(t.Context()))(t).Watch
		if st.Archive.Events <= events || st.Archive.Segments != 1 || st.Archive.Stopped != "" {
			t.Errorf("archive: %+v after %d events", st.Archive, events)
		}
		if n := u.ofKind(north, north, record.KindSeal); n != 1 {
			t.Errorf("%d segments sealed in the record", n)
		}
		for _, l := range logs {
			u.ok(os.Remove(u.path(north, "logs", l.Name)))
		}
		u.stop(north) // and what is in memory is gone too
		u.start(north)
		u.open(north)
		share()
		for _, h := range must(u.node(north).watch.Hunts(t.Context()))(t) {
			if h.State != sqlite.HuntDone {
				t.Errorf("hunt %+v", h)
			}
		}
		u.checkHunt(lists)
	})
	if d := gocmp.Diff(live, again); d != "" {
		t.Errorf("reading again differs from live: %.2000s", d)
	}
	if d := gocmp.Diff(live, kept); d != "" {
		t.Errorf("the archive differs from live: %.2000s", d)
	}
}

// archivedOnce: the archive holds so many lines of a web log of documentation
// addresses, each once.
func (u *unit) archivedOnce(name string, lines int64) {
	u.t.Helper()
	seen := make(map[string]int)
	net := archive.NewNeedles([]observable.Value{{Type: observable.Net4, Canonical: "203.0.113.0/24"}})
	u.ok(u.node(name).lookout.archive.Hunt(u.t.Context(), net, nil, func(r *archive.Record) error {
		seen[fmt.Sprint(r.Source, " ", r.Generation, " ", r.Line)]++
		return nil
	}))
	for line, times := range seen {
		if times != 1 {
			u.t.Errorf("line %s is in the archive %d times", line, times)
		}
	}
	if int64(len(seen)) != lines {
		u.t.Errorf("%d of %d lines are in the archive: %+v", len(seen), lines, u.node(name).archiveStatus())
	}
}

// checkHunt asks the archive by hand for what alerts already.
func (u *unit) checkHunt(lists []scenario.File) {
	u.t.Helper()
	alerts := must(u.node(north).Control().Alerts(u.t.Context(), api.AlertQuery{Limit: 100}))(u.t)
	r := api.HuntRequest{Limit: 2}
	for _, a := range alerts.Items {
		r.Values = append(r.Values, api.HuntValue{Type: a.Type, Value: a.Value})
	}
	got := must(u.node(north).Control().Hunt(u.t.Context(), r, nil))(u.t)
	if len(got.Found) != len(alerts.Items) || len(got.Found) == 0 {
		u.t.Fatalf("%d of %d found", len(got.Found), len(alerts.Items))
	}
	for _, f := range got.Found {
		i := slices.IndexFunc(alerts.Items, func(a api.Alert) bool { return a.Type == f.Type && a.Value == f.Value })
		if i < 0 || alerts.Items[i].Count != f.Count || alerts.Items[i].First != f.First || f.Dwell <= 0 || alerts.Items[i].Dwell <= 0 || len(f.Hits) == 0 || f.Hits[0].Time != f.First {
			u.t.Errorf("hunted by hand %+v", f)
		}
	}
}
