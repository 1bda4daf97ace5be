package node

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/statement"
	"entente/watch/indicator"
)

const killChild = "ENTENTE_KILL_NODE" // a Config as JSON: this process is that node

// TestMain makes the test binary the node that TestKillNode kills.
func TestMain(m *testing.M) {
	if text := os.Getenv(killChild); text != "" {
		if err := underLoad(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// These tests wait more than they work.
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue && !raceDetector {
		_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))) // a number is one
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
	return Run(context.Background(), cfg, Options{Poll: 5 * time.Millisecond}, slog.New(slog.DiscardHandler), func(n *Node) {
		for officer := range 3 {
			go talk(n, officer)
		}
	})
}

// TestKillNode kills a whole node with SIGKILL while it talks, reads logs,
// hunts back and answers. What it acknowledged is there, its ledger adds up,
// no line alerts twice, no sighting goes twice, and nobody holds evidence
// against it. 5 rounds, or a tenth of ENTENTE_KILL_ROUNDS.
func TestKillNode(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes; without -short")
	}
	rounds := 5
	if s := os.Getenv("ENTENTE_KILL_ROUNDS"); s != "" {
		rounds = max(1, must(strconv.Atoi(s))(t)/10)
	}
	u := newLoopback(t, nil, north, south, observer)
	log := u.watches(south)
	u.cfg[south].Release = Release{Mode: border.ModeAutomatic, PerDay: 10_000}
	u.start(north, observer)
	u.open(north, observer)
	acked := make(map[uint64]string)
	lines, listed := 0, 0
	ips := addresses(9)
	for range rounds {
		// Each round a list for lines read before, and lines for it.
		for range 3 {
			u.share(north, south, fmt.Sprintf("list %d.csv", listed), dated(ips[listed%9]))
			listed++
		}
		u.killOne(5+rand.IntN(60), acked, func() {
			u.weblog(log, ips...)
			lines += len(ips)
		})
	}
	u.start(south)
	u.open(south)
	u.weblog(log, ips...)
	lines += len(ips)
	u.patience = time.Minute
	u.settle()
	checkKilled(t, u, acked, lines, listed)
	t.Logf("%d kills, %d acknowledged statements, %d lines, %d lists", rounds, len(acked), lines, listed)
}

func checkKilled(t *testing.T, u *unit, acked map[uint64]string, lines, listed int) {
	t.Helper()
	n := u.node(south)
	for index, id := range acked {
		for _, reader := range []string{south, north} {
			s, err := u.node(reader).view.Statement(t.Context(), n.self.Origin, index)
			if err != nil || s.ID.String() != id {
				t.Fatalf("%s: acknowledged statement %d is %v, was %s: %v", reader, index, s.ID, id, err)
			}
		}
	}
	// Every line holds nine addresses in turn; each list names one of them.
	wantAlerts := int64(lines/9) * int64(listed)
	if got := u.tally(south); got.Lines != int64(lines) || got.Alerts != wantAlerts || got.Sent != listed || got.Held != got.Statements {
		t.Errorf("%+v, want %d lines, %d alerts, %d sightings", got, lines, wantAlerts, listed)
	}
	if n := u.ofKind(north, south, indicator.KindSighting); n != listed {
		t.Errorf("north reads %d sightings of %d", n, listed)
	}
	u.innocent()
	u.still()
	live := u.dump(south)
	u.stop(south)
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

// killOne runs south in a process of its own, kills it after so many
// acknowledgements, and notes all that it said.
func (u *unit) killOne(after int, acked map[uint64]string, meanwhile func()) {
	u.t.Helper()
	self := must(os.Executable())(u.t)
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), killChild+"="+string(must(json.Marshal(u.cfg[south]))(u.t)))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out := must(cmd.StdoutPipe())(u.t)
	u.ok(cmd.Start())
	r := bufio.NewReader(out)
	for n := 0; ; n++ {
		if n == after/2 {
			meanwhile()
		}
		if n == after {
			u.ok(cmd.Process.Kill())
		}
		line, err := r.ReadString('\n')
		if err == io.EOF { // a line that the kill cut short says nothing
			break
		}
		index, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		i := must(strconv.ParseUint(index, 10, 64))(u.t)
		if old, ok := acked[i]; ok && old != id {
			u.t.Fatalf("index %d was acknowledged twice", i)
		}
		acked[i] = id
	}
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		u.t.Fatalf("the node ended by itself: %v %s", err, stderr.String())
	}
}
