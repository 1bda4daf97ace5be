package nats

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/nats/natstest"
)

const workerChild = "ENTENTE_NATS_WORKER" // an address: this process is a worker

func TestMain(m *testing.M) {
	natstest.Main()
	if at := os.Getenv(workerChild); at != "" {
		c, err := open(context.Background(), at)
		if err == nil {
			err = c.Work(context.Background(), judge)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func open(ctx context.Context, text string) (*Conn, error) {
	at, err := ParseAddress(text)
	if err != nil {
		return nil, err
	}
	c, err := Open(ctx, at, Login{}, nil)
	if err == nil {
		c.ackWait = 2 * time.Second
	}
	return c, err
}

// verdict is what the tests compute of a batch.
type verdict struct {
	ID       string
	From, To int64
	Sum      string
	Lines    int
}

func judgeOf(b *Batch) verdict {
	h := sha256.New()
	for _, l := range b.Lines {
		fmt.Fprintf(h, "%d %d %q\n", l.Number, l.Offset, l.Raw)
	}
	return verdict{b.ID(), b.From, b.To, hex.EncodeToString(h.Sum(nil)), len(b.Lines)}
}

func judge(_ context.Context, b *Batch) ([]byte, error) { return json.Marshal(judgeOf(b)) }

// batchOf is the nth batch of a source: ten lines of ten bytes.
func batchOf(source string, n int64) *Batch {
	b := &Batch{Source: source, From: 100 * n, To: 100 * (n + 1), Format: "weblog", Position: json.RawMessage(strconv.FormatInt(n+1, 10))}
	for i := range int64(10) {
		b.Lines = append(b.Lines, Line{Number: 10*n + i + 1, Offset: b.From + 10*i, Size: 9, Raw: fmt.Appendf(nil, "%09d", 10*n+i)})
	}
	return b
}

func mustOpen(t *testing.T, address string) *Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// shipAll publishes batches of a source, from where the stream says that it goes on.
func shipAll(ctx context.Context, c *Conn, source string, batches int64) error {
	s := NewShipper(c)
	at, err := s.Position(ctx, source)
	if err != nil {
		return err
	}
	n := int64(0)
	if at != nil {
		if n, err = strconv.ParseInt(string(at), 10, 64); err != nil {
			return err
		}
	}
	for ; n < batches; n++ {
		if err := s.Ship(ctx, batchOf(source, n)); err != nil {
			return err
		}
	}
	return nil
}

// TestCluster: workers and the leaders of both streams are killed with SIGKILL while lines are shipped and judged on three
// servers, all of them processes. The results are those of one process: each batch once, none missing. One round, or a
// tenth of ENTENTE_KILL_ROUNDS.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three servers and processes; without -short")
	}
	began := time.Now()
	rounds := 1
	if s := os.Getenv("ENTENTE_KILL_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		rounds = max(1, n/10)
	}
	servers := natstest.NewCluster(t, 3)
	address := servers.URL("EVENTS?replicas=3&group=matchers")
	conn := mustOpen(t, address)
	sources, batches := []string{"web", "dns"}, int64(40*rounds)
	want := make(map[string]verdict)
	for _, source := range sources {
		for n := range batches {
			v := judgeOf(batchOf(source, n))
			want[v.ID] = v
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rounds)*time.Minute)
	defer cancel()
	var work sync.WaitGroup
	for _, source := range sources {
		work.Go(func() {
			if err := shipAll(ctx, mustOpen(t, address), source, batches); err != nil {
				t.Errorf("ship %s: %v", source, err)
			}
		})
	}
	judged := make(chan struct{}, 1<<16) // one for each result
	got := make(map[string]verdict)
	collect, stop := context.WithCancel(ctx)
	var collected sync.WaitGroup
	collected.Go(func() {
		err := conn.Collect(collect, true, func(result []byte) error {
			var v verdict
			if err := json.Unmarshal(result, &v); err != nil {
				return err
			}
			if _, twice := got[v.ID]; twice {
				return fmt.Errorf("%s has two results", v.ID)
			}
			got[v.ID] = v
			judged <- struct{}{}
			return nil
		})
		if err != nil {
			t.Error(err)
			cancel()
		}
	})
	wait := func(n int) {
		for range n {
			select {
			case <-judged:
			case <-ctx.Done():
				return
			}
		}
	}
	a := startWorker(t, address)
	for round := range rounds {
		b := startWorker(t, address)
		wait(10)
		a.kill()
		a = b
		stream := []string{"EVENTS", "EVENTS_results"}[round%2]
		down := servers.Leader(ctx, stream)
		servers.Kill(down)
		wait(5)
		servers.Start(down)
	}
	work.Wait()
	wait(len(want) - 15*rounds)
	stop()
	collected.Wait()
	a.kill()
	if len(got) != len(want) {
		tellState(t, conn)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%d of %d batches: %.2000s", len(got), len(want), diff)
	}
	t.Logf("%d leaders and %d workers killed, %d batches, %s a round", rounds, rounds+1, len(got), (time.Since(began) / time.Duration(rounds)).Round(time.Millisecond))
}

// tellState logs where the streams stand.
func tellState(t *testing.T, c *Conn) {
	for _, name := range []string{"EVENTS", "EVENTS_results"} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		s, err := c.js.Stream(ctx, name)
		if err != nil {
			t.Logf("%s: %v", name, err)
			cancel()
			continue
		}
		t.Logf("%s: %+v, cluster %+v", name, s.CachedInfo().State, s.CachedInfo().Cluster)
		for i := range s.ListConsumers(ctx).Info() {
			t.Logf("%s consumer %s: delivered %+v acked %+v pending %d acks %d waiting %d cluster %+v", name, i.Name, i.Delivered, i.AckFloor, i.NumPending, i.NumAckPending, i.NumWaiting, i.Cluster)
		}
		cancel()
	}
}

type worker struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

func startWorker(t *testing.T, address string) *worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{t: t, cmd: exec.Command(self, "-test.run=^$")}
	w.cmd.Env = append(os.Environ(), workerChild+"="+address)
	w.cmd.Stderr = &w.stderr
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *worker) kill() {
	w.t.Helper()
	_ = w.cmd.Process.Kill()
	if err := w.cmd.Wait(); err == nil || w.stderr.Len() > 0 {
		w.t.Errorf("a worker ended by itself: %v %s", err, w.stderr.String())
	}
}

// A shipper that lost its memory goes on where the stream says; what it ships again is there once; a second one
// of the same source is refused.
func TestShip(t *testing.T) {
	c := mustOpen(t, natstest.One(t)+"/EVENTS")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := shipAll(ctx, c, "web", 3); err != nil {
		t.Fatal(err)
	}
	if err := shipAll(ctx, c, "web", 5); err != nil {
		t.Fatal(err)
	}
	s, other := NewShipper(c), NewShipper(c)
	for _, one := range []*Shipper{s, other} {
		if at, err := one.Position(ctx, "web"); err != nil || string(at) != "5" {
			t.Fatalf("%s %v", at, err)
		}
	}
	if err := s.Ship(ctx, batchOf("web", 4)); err != nil {
		t.Errorf("what is there: %v", err)
	}
	if err := s.Ship(ctx, batchOf("web", 5)); err != nil {
		t.Error(err)
	}
	if err := other.Ship(ctx, batchOf("web", 7)); !errors.Is(err, ErrElsewhere) {
		t.Errorf("a second shipper: %v", err)
	}
	big := batchOf("big", 0)
	big.Lines[0].Raw = make([]byte, 2<<20)
	if err := s.Ship(ctx, big); !errors.Is(err, ErrTooBig) {
		t.Errorf("a message over the limit: %v", err)
	}
	stream, err := c.js.Stream(ctx, "EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(ctx)
	if err != nil || info.State.Msgs != 6 {
		t.Errorf("%d messages of 6: %v", info.State.Msgs, err)
	}
}

// Whatever is in the stream, a worker reads on; what it cannot judge ends it, and is there for the next.
func TestWork(t *testing.T) {
	c := mustOpen(t, natstest.One(t)+"/EVENTS")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.js.Publish(ctx, "EVENTS.lines.x", []byte("junk")); err != nil {
		t.Fatal(err)
	}
	if err := shipAll(ctx, c, "web", 1); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	if err := c.Work(ctx, func(context.Context, *Batch) ([]byte, error) { return nil, full }); !errors.Is(err, full) {
		t.Error(err)
	}
	once, stop := context.WithCancel(ctx)
	if err := c.Work(once, func(ctx context.Context, b *Batch) ([]byte, error) { defer stop(); return judge(ctx, b) }); err != nil {
		t.Error(err)
	}
}

// Lines hands on all batches in the order of their source, and passes over what is none.
func TestLines(t *testing.T) {
	c := mustOpen(t, natstest.One(t)+"/EVENTS")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := shipAll(ctx, c, "web", 3); err != nil {
		t.Fatal(err)
	}
	if _, err := c.js.Publish(ctx, "EVENTS.lines.x", []byte("junk")); err != nil {
		t.Fatal(err)
	}
	if err := shipAll(ctx, c, "web", 100); err != nil {
		t.Fatal(err)
	}
	for _, follow := range []bool{false, true} {
		once, stop := context.WithCancel(ctx)
		var got []int64
		err := c.Lines(once, follow, func(b *Batch) error {
			if got = append(got, b.From); len(got) == 100 && follow {
				stop()
			}
			return nil
		})
		stop()
		if err != nil || len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("%v: %d batches, %v", err, len(got), got)
		}
	}
	full := errors.New("disk full")
	if err := c.Lines(ctx, false, func(*Batch) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
}

func TestParseAddress(t *testing.T) {
	at, err := ParseAddress("nats://a:1,b:2/S?group=g&replicas=3")
	if want := (Address{"nats://a:1,nats://b:2", false, "S", "g", 3}); err != nil || at != want {
		t.Errorf("%+v %v", at, err)
	}
	for _, bad := range []string{"", "nats://", "nats://a:1", "http://a/S", "nats://u:p@a:1/S", "nats://a/S.x", "nats://a/S?x=1", "nats://a/S?replicas=0", "nats://a/S?group=*"} {
		if _, err := ParseAddress(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	data, err := batchOf("web", 0).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("{\"source\":\"a\",\"lines\":[{\"l\":-1}]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := decode(data)
		if err != nil {
			return
		}
		again, err := b.encode()
		if err != nil {
			t.Fatal(err)
		}
		if c, err := decode(again); err != nil || c.ID() != b.ID() || len(c.Lines) != len(b.Lines) {
			t.Fatalf("%v", err)
		}
	})
}
