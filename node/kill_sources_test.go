package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"entente/internal/ingest"
	"entente/internal/nats/natstest"
	"entente/internal/sqlite"
)

// feeder gives numbered lines to one source until it is stopped.
type feeder struct {
	stop chan struct{}
	done sync.WaitGroup

	mu   sync.Mutex
	sent map[string]int // by source
}

func feed(n int) string {
	return fmt.Sprintf("Oct  5 08:00:00 gate app: connection 0 line %d from 203.0.113.9\n", n)
}

// run gives some lines at each pace.
func (f *feeder) run(source string, give func(text string) error) {
	f.done.Go(func() {
		pace := time.NewTicker(3 * time.Millisecond)
		defer pace.Stop()
		for n := 1; ; {
			select {
			case <-f.stop:
				return
			case <-pace.C:
			}
			text := ""
			for range 1 + n%5 {
				text += feed(n)
				n++
			}
			if give(text) != nil {
				return
			}
			f.mu.Lock()
			f.sent[source] = n - 1
			f.mu.Unlock()
		}
	})
}

// starved kills south again and again while a file grows and a stream fills, and says what is wrong then with its
// account: a line that is missing or there twice.
func starved(t *testing.T, rounds int, plant string) (lines int, err error) {
	u := &killed{unit: newLoopback(t, nil, north, south), acked: make(map[uint64]string), plant: plant}
	log, url := filepath.Join(u.dir, "gate.log"), natstest.One(t)+"/EVENTS"
	write(t, log, nil)
	u.cfg[south].Sources = []Source{{ID: "file", Path: log}, {ID: "nats", NATS: url}}
	u.start(north, south)
	u.open(north, south)
	u.share(north, south, "a.csv", dated("203.0.113.9"))
	u.settle()
	u.stop(south)
	f := &feeder{stop: make(chan struct{}), sent: make(map[string]int)}
	out := must(os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0o600))(t)
	defer out.Close()
	f.run("file", func(text string) error { _, err := out.WriteString(text); return err })
	stream := ships(t, url)
	f.run("nats/gate", func(text string) error { return stream.give(context.Background(), "gate", text) })
	for range rounds {
		u.ok(u.kill(40, 0, func() {}))
	}
	close(f.stop)
	f.done.Wait()
	u.start(south)
	var errs []error
	for _, source := range []string{"file", "nats/gate"} {
		lines += f.sent[source]
		errs = append(errs, u.account(source, f.sent[source]))
	}
	if !must(u.node(south).Tally(t.Context()))(t).LedgerAdds {
		errs = append(errs, errors.New("the ledger does not add up"))
	}
	return lines, errors.Join(errs...)
}

// account demands each of so many lines once, by alerts, by the ledger and by the place.
func (u *killed) account(source string, sent int) error {
	n := u.node(south)
	place := func() (p ingest.Position) { return n.lookout.position(u.t.Context())(source) }
	u.eventually(source+" is read to its end", func() bool { return place().Line >= int64(sent) })
	var row sqlite.Source
	for _, r := range must(n.seen.Sources(u.t.Context()))(u.t) {
		if r.ID == source {
			row = r
		}
	}
	got := u.numbersOf(south, source)
	slices.Sort(got)
	for i, number := range got {
		if number != i+1 {
			return fmt.Errorf("%s: line %d stands where line %d should", source, number, i+1)
		}
	}
	if counted := must(n.watch.Recount(u.t.Context(), source))(u.t); len(got) != sent || row.Read != int64(sent) || row.Matched != row.Read || counted != row.Matched || row.Dropped != 0 || place().Line != row.Read {
		return fmt.Errorf("%s: %d lines given, %d alerts, %d lines of them, at line %d, %d read, %d matched, %d dropped", source, sent, len(got), counted, place().Line, row.Read, row.Matched, row.Dropped)
	}
	return nil
}

// numbersOf are the numbers of the stored lines of a source.
func (u *unit) numbersOf(name, source string) (numbers []int) {
	u.t.Helper()
	w := u.node(name).seen
	groups, _, err := w.Groups(u.t.Context(), false, 10, 0)
	u.ok(err)
	for _, g := range groups {
		for _, h := range must(w.Hits(u.t.Context(), g.Key, 1<<20))(u.t) {
			if m := numbered.FindSubmatch(h.Raw); h.Source == source && m != nil {
				numbers = append(numbers, must(strconv.Atoi(string(m[2])))(u.t))
			}
		}
	}
	return numbers
}

// TestKillSources kills a node with SIGKILL while it reads a file that grows and a JetStream stream that fills: each
// line is there once, by its alert, by the ledger and by the place. 3 rounds, or a tenth of ENTENTE_KILL_ROUNDS.
func TestKillSources(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes; without -short")
	}
	rounds := 3
	if s := os.Getenv("ENTENTE_KILL_ROUNDS"); s != "" {
		rounds = max(1, must(strconv.Atoi(s))(t)/10)
	}
	lines, err := starved(t, rounds, "")
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d kills, %d lines", rounds, lines)
}

// TestPlantedKillSources: the same loop finds a node that stores the place apart from the results, whichever comes first.
// Three kills may all come when nothing is being stored, so it has three tries.
func TestPlantedKillSources(t *testing.T) {
	t.Parallel()
	days(t)
	if testing.Short() {
		t.Skip("starts processes; without -short")
	}
	for _, plant := range []string{plantPlaceFirst, plantPlaceLast} {
		var err error
		for range 3 {
			var lines int
			if lines, err = starved(t, 3, plant); err != nil {
				break
			}
			t.Logf("%s: goes unnoticed in %d lines", plant, lines)
		}
		if err == nil {
			t.Errorf("%s: goes unnoticed", plant)
		}
		t.Logf("%s: caught: %v", plant, err)
	}
}
