package node

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/api"
	"entente/charter"
	"entente/internal/nats/natstest"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

const (
	killChild = "ENTENTE_KILL_NODE"  // a Config as JSON: this process is that node
	killPlant = "ENTENTE_KILL_PLANT" // and has this planted bug
)

// TestMain makes the test binary the node that TestKillNode kills.
func TestMain(m *testing.M) {
	natstest.Main()
	if text := os.Getenv(killChild); text != "" {
		if err := underLoad(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// These tests wait more than they work.
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))) // a number is one
	}
	// Collecting what nodes of a few seconds leave was a sixth of all work. The limit
	// keeps it from growing where much runs at once.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(1 << 30)
	}
	os.Exit(m.Run())
}

// underLoad runs a node whose officers never stop talking, and says on standard
// output what was acknowledged: index and id.
func underLoad(text string) error {
	var cfg Config
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return err
	}
	opt := Options{Poll: 5 * time.Millisecond}
	if plant := os.Getenv(killPlant); plant != "" {
		opt.assembled = func(n *Node) { sabotage(n, plant) }
	}
	var mu sync.Mutex // one line at a time
	talk := func(n *Node, officer int) {
		for i := 0; ; i++ {
			ref, err := n.Control().Seal(context.Background(), api.SealRequest{Name: fmt.Sprintf("process %d officer %d file %d", os.Getpid(), officer, i)})
			if r, ok := statement.AsRefusal(err); ok && r.Code == statement.CodeRewound {
				<-time.After(5 * time.Millisecond)
				continue
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			mu.Lock()
			fmt.Printf("%d %s\n", ref.Index, ref.ID)
			mu.Unlock()
		}
	}
	return Run(context.Background(), cfg, opt, slog.New(slog.DiscardHandler), func(n *Node) {
		for officer := range 3 {
			go talk(n, officer)
		}
		go func() {
			<-time.After(15 * time.Millisecond)
			if n.archiveStatus().Segments < 20 {
				_, _ = n.SealArchive(context.Background()) // killed at any point of it
			}
		}()
	})
}

// The planted bugs.
const (
	plantHasty      = "acknowledges before it has stored"
	plantPlaceFirst = "stores the place before the results"
	plantPlaceLast  = "stores the place after the results"
)

func sabotage(n *Node, plant string) {
	if plant == plantHasty {
		n.author.log = &hasty{Storage: n.log}
		return
	}
	n.lookout.commit = func(ctx context.Context, s sqlite.Source, hits []sqlite.Hit, fresh []statement.Ref, notes ...sqlite.Note) error {
		place, results := s, s
		place.Read, place.Matched, place.Clean, place.Unparsed, place.Dropped = 0, 0, 0, 0, 0
		was, err := n.watch.Position(ctx, s.ID)
		if results.Position = was; was == nil {
			results.Position = []byte("{}")
		}
		if plant == plantPlaceFirst {
			err = errors.Join(err, n.watch.Store(ctx, place, nil, fresh, notes...))
			<-time.After(20 * time.Millisecond)
			return errors.Join(err, n.watch.Store(ctx, s, hits, nil))
		}
		err = errors.Join(err, n.watch.Store(ctx, results, hits, fresh, notes...))
		<-time.After(20 * time.Millisecond)
		return errors.Join(err, n.watch.Store(ctx, place, nil, nil))
	}
}

// hasty is the planted bug: a log that acknowledges what it has not stored yet.
type hasty struct {
	record.Storage

	mu    sync.Mutex // guards what follows
	size  uint64     // as told
	queue chan func()
}

// Head implements record.Storage: the size is that of what was acknowledged.
func (h *hasty) Head() (record.Tree, []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	tree, note := h.Storage.Head()
	h.size = max(h.size, tree.Size)
	tree.Size = h.size
	return tree, note
}

// Append implements record.Storage, a little later.
func (h *hasty) Append(_ context.Context, leaf []byte, sealed [][]byte) (uint64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.queue == nil {
		h.queue = make(chan func(), 1024)
		go func() {
			for f := range h.queue {
				<-time.After(2 * time.Millisecond)
				f()
			}
		}()
	}
	index := h.size
	h.size++
	h.queue <- func() {
		if _, err := h.Storage.Append(context.Background(), leaf, sealed); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	return index, nil
}

// TestKillNode kills a whole node with SIGKILL while it starts, talks, reads
// logs, hunts back and answers. What it acknowledged is there, its ledger adds
// up, no line alerts twice, no sighting goes twice, and nobody holds evidence
// against it. ENTENTE_KILL_ROUNDS rounds, 5 in a plain run.
func TestKillNode(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes; without -short")
	}
	rounds := 5
	if s := os.Getenv("ENTENTE_KILL_ROUNDS"); s != "" {
		rounds = must(strconv.Atoi(s))(t)
	}
	u := newKilled(t, rounds)
	began := time.Now()
	for round := range rounds {
		u.ok(u.round(round))
	}
	u.patience *= 3
	u.start(south)
	u.open(south)
	u.weblog(u.log, u.ips...)
	u.lines += len(u.ips)
	u.settle()
	u.ok(u.lost(south, north))
	checkKilled(t, u)
	t.Logf("%d kills, %d of them before the first word, %d acknowledged statements, %d lines, %d lists, %s a round", rounds, u.early, len(u.acked), u.lines, u.listed, (time.Since(began) / time.Duration(rounds)).Round(time.Millisecond))
}

// TestPlantedKillNode: the same loop finds a node that acknowledges before it
// has stored.
func TestPlantedKillNode(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes; without -short")
	}
	u := newKilled(t, 5)
	u.plant = plantHasty
	for round := range 5 {
		if err := u.round(round); err != nil {
			t.Logf("caught in round %d: %v", round, err)
			return
		}
	}
	u.start(south)
	u.open(south)
	u.settle()
	if err := u.lost(south, north); err != nil {
		t.Logf("caught at the end: %v", err)
		return
	}
	t.Error("a node that acknowledges before it has stored goes unnoticed")
}

// killed is a unit of which south is killed again and again, and what it said.
type killed struct {
	*unit
	plant         string // bug, "" for none
	log           string
	ips           []string
	acked         map[uint64]string
	lines, listed int
	early         int // kills before anything was acknowledged
}

func newKilled(t *testing.T, rounds int) *killed {
	edit := func(c *charter.Terms) { c.Budgets.SightingsPerDay = int64(rounds) + 10 }
	u := &killed{unit: newLoopback(t, edit, north, south, observer), ips: addresses(9), acked: make(map[uint64]string)}
	u.log = u.watches(south)
	u.automatic(south, rounds+10)
	u.start(north, observer)
	u.open(north, observer)
	return u
}

// round kills south once: one in five times while it starts, else after some
// acknowledgements, with a list for lines read before and lines for it.
func (u *killed) round(n int) error {
	u.share(north, south, fmt.Sprintf("list %d.csv", n), dated(u.ips[n%9]))
	u.listed++
	if n%5 == 4 {
		return u.kill(0, time.Duration(rand.IntN(int(400*time.Millisecond))), func() {})
	}
	return u.kill(3+rand.IntN(40), 0, func() {
		u.weblog(u.log, u.ips...)
		u.lines += len(u.ips)
	})
}

// lost says which acknowledged statement a reader has not, or has otherwise.
func (u *killed) lost(readers ...string) error {
	for index, id := range u.acked {
		for _, reader := range readers {
			s, err := u.node(reader).view.Statement(u.t.Context(), u.keys[south].Origin, index)
			if err != nil || s.ID.String() != id {
				return fmt.Errorf("%s: acknowledged statement %d is %v, was %s: %v", reader, index, s.ID, id, err)
			}
		}
	}
	return nil
}

func checkKilled(t *testing.T, u *killed) {
	t.Helper()
	u.still() // a segment is sealed after its lines are done with
	// Every line holds nine addresses in turn; each list names one of them.
	wantAlerts := int64(u.lines/9) * int64(u.listed)
	if got := u.tally(south); got.Lines != int64(u.lines) || got.Alerts != wantAlerts || got.Sent != u.listed || got.Held != got.Statements {
		t.Errorf("%+v, want %d lines, %d alerts, %d sightings", got, u.lines, wantAlerts, u.listed)
	}
	if n := u.ofKind(north, south, indicator.KindSighting); n != u.listed {
		t.Errorf("north reads %d sightings of %d", n, u.listed)
	}
	u.archivedOnce(south, int64(u.lines))
	u.innocent()
	live := u.halted(south)[south]
	f := must(OpenFolder(*u.cfg[south], nil))(t)
	defer func() { u.ok(f.Close()) }()
	for party, l := range f.logs {
		head, _ := l.Head()
		if _, err := l.Scrub(t.Context(), 0, head.Size); err != nil {
			t.Errorf("log of %s: %v", party, err)
		}
	}
	var b strings.Builder
	_, err := f.Rebuild(t.Context(), "", &b, nil)
	u.ok(err)
	if b.String() != live {
		t.Errorf("rebuilt and live views differ:\n%s", diff(live, b.String()))
	}
}

// kill runs south in a process of its own and kills it after so many
// acknowledgements, or, with 0 of them, after a time; it notes all that south
// said. Halfway it calls meanwhile. The error is what must not be.
func (u *killed) kill(after int, or time.Duration, meanwhile func()) error {
	u.t.Helper()
	self := must(os.Executable())(u.t)
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), killChild+"="+string(must(json.Marshal(u.cfg[south]))(u.t)))
	if u.plant != "" {
		cmd.Env = append(cmd.Env, killPlant+"="+u.plant)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out := must(cmd.StdoutPipe())(u.t)
	u.ok(cmd.Start())
	kill := func() { _ = cmd.Process.Kill() } // one that has ended is told by Wait
	if after == 0 {
		defer time.AfterFunc(or, kill).Stop()
	}
	r := bufio.NewReader(out)
	var twice error
	n := 0
	for ; ; n++ {
		if after > 0 && n == after/2 {
			meanwhile()
		}
		if after > 0 && n == after {
			kill()
		}
		line, err := r.ReadString('\n')
		if err != nil { // a line that the kill cut short says nothing
			break
		}
		index, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		i := must(strconv.ParseUint(index, 10, 64))(u.t)
		if old, ok := u.acked[i]; ok && old != id {
			twice = fmt.Errorf("index %d was acknowledged twice", i)
		}
		u.acked[i] = id
	}
	if n == 0 {
		u.early++
	}
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		return fmt.Errorf("the node ended by itself: %v %s", err, stderr.String())
	}
	return twice
}
