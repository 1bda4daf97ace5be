package node

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// talker sends numbered lines over one TCP connection after the other, each as long as the other side lives.
type talker struct {
	address string
	stop    chan struct{}

	mu   sync.Mutex
	sent []int // lines written, by connection
}

func (k *talker) talk() {
	pace := time.NewTicker(2 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-k.stop:
			return
		case <-pace.C:
		}
		c, err := net.Dial("tcp", k.address)
		if err != nil {
			continue // it has been killed, or is not up yet
		}
		k.mu.Lock()
		id := len(k.sent)
		k.sent = append(k.sent, 0)
		k.mu.Unlock()
		for n := 1; err == nil; n++ {
			text := fmt.Sprintf("<13>Oct  5 08:00:00 gate app: connection %d line %d from 203.0.113.9\n", id, n)
			if _, err = c.Write([]byte(text)); err == nil {
				k.mu.Lock()
				k.sent[id] = n
				k.mu.Unlock()
			}
			select {
			case <-k.stop:
				err = net.ErrClosed
			case <-pace.C:
			}
		}
		c.Close()
	}
}

var numbered = regexp.MustCompile(`connection (\d+) line (\d+) from`)

// TestKillSyslog kills a node with SIGKILL while it is sent system logs over TCP. What it has of each connection is its
// beginning, without a hole and nothing twice, and the ledger adds up. 3 rounds, or a tenth of ENTENTE_KILL_ROUNDS.
func TestKillSyslog(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes; without -short")
	}
	rounds := 3
	if s := os.Getenv("ENTENTE_KILL_ROUNDS"); s != "" {
		rounds = max(1, must(strconv.Atoi(s))(t)/10)
	}
	u := &killed{unit: newLoopback(t, nil, north, south), acked: make(map[uint64]string)}
	l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	u.ok(l.Close()) // the node takes it
	k := &talker{address: l.Addr().String(), stop: make(chan struct{})}
	u.cfg[south].Sources = []Source{{ID: "gate", Syslog: "tcp://" + k.address}}
	u.start(north, south)
	u.open(north, south)
	u.share(north, south, "a.csv", dated("203.0.113.9"))
	u.settle()
	u.stop(south)
	var done sync.WaitGroup
	done.Go(k.talk)
	for range rounds {
		u.ok(u.kill(40, 0, func() {}))
	}
	u.start(south)
	before := u.sourceRow(south, "gate").Read
	u.eventually("lines after the last kill", func() bool { return u.sourceRow(south, "gate").Read > before })
	close(k.stop)
	done.Wait()
	n, row := u.node(south), u.sourceRow(south, "gate")
	last := len(k.sent) - 1
	u.eventually("all of the connection that nobody killed", func() bool { return slices.Max(append(u.linesOf(south)[last], 0)) == k.sent[last] })
	row = u.sourceRow(south, "gate")
	total := 0
	for id, lines := range u.linesOf(south) {
		slices.Sort(lines)
		for i, number := range lines {
			if number != i+1 {
				t.Fatalf("connection %d: line %d stands where line %d should", id, number, i+1)
			}
		}
		if len(lines) > k.sent[id]+1 { // the kill may have come between writing and noting it
			t.Errorf("connection %d: %d lines of %d", id, len(lines), k.sent[id])
		}
		total += len(lines)
	}
	if row.Read != int64(total) || row.Matched != row.Read || row.Dropped > int64(len(k.sent)) || !u.tally(south).LedgerAdds {
		t.Errorf("%d lines in %d connections, ledger %+v", total, len(k.sent), row)
	}
	if got := must(n.watch.Recount(t.Context(), "gate"))(t); got != row.Matched {
		t.Errorf("%d matched lines by alerts, %d by the ledger", got, row.Matched)
	}
	t.Logf("%d kills, %d connections, %d lines stored", rounds, len(k.sent), total)
}

// linesOf are the numbers of the stored lines by connection.
func (u *unit) linesOf(name string) map[int][]int {
	u.t.Helper()
	w := u.node(name).seen
	groups, _, err := w.Groups(u.t.Context(), false, 10, 0)
	u.ok(err)
	out := make(map[int][]int)
	for _, g := range groups {
		for _, h := range must(w.Hits(u.t.Context(), g.Key, 1<<20))(u.t) {
			m := numbered.FindSubmatch(h.Raw)
			if m == nil {
				u.t.Fatalf("stored %q", h.Raw)
			}
			id := must(strconv.Atoi(string(m[1])))(u.t)
			out[id] = append(out[id], must(strconv.Atoi(string(m[2])))(u.t))
		}
	}
	return out
}
