package nats

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
)

const workerChild = "ENTENTE_NATS_WORKER" // an address: this process is a worker

func TestMain(m *testing.M) {
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

// cluster is some servers on loopback, which sync every write.
type cluster struct {
	t       *testing.T
	options []*server.Options
	servers []*server.Server
}

func newCluster(t *testing.T, n int) *cluster {
	t.Helper()
	c := &cluster{t: t}
	var routes []string
	for range n {
		routes = append(routes, "nats://"+freePort(t))
	}
	for i := range n {
		host, port, _ := net.SplitHostPort(strings.TrimPrefix(routes[i], "nats://"))
		number, _ := strconv.Atoi(port)
		o := &server.Options{
			ServerName: fmt.Sprint("s", i), Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true,
		}
		if n > 1 {
			o.Cluster = server.ClusterOpts{Name: "watch", Host: host, Port: number}
			o.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		}
		c.options = append(c.options, o)
		c.servers = append(c.servers, nil)
	}
	for i := range n {
		c.start(i)
	}
	t.Cleanup(func() {
		for _, s := range c.servers {
			s.Shutdown()
			s.WaitForShutdown()
		}
	})
	return c
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (c *cluster) start(i int) {
	c.t.Helper()
	s, err := server.NewServer(c.options[i].Clone())
	if err != nil {
		c.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		c.t.Fatal("a server does not start")
	}
	_, port, _ := net.SplitHostPort(s.Addr().String())
	c.options[i].Port, _ = strconv.Atoi(port) // the same when it comes again
	c.servers[i] = s
}

func (c *cluster) address(query string) string {
	var hosts []string
	for _, o := range c.options {
		hosts = append(hosts, net.JoinHostPort(o.Host, strconv.Itoa(o.Port)))
	}
	return "nats://" + strings.Join(hosts, ",") + "/EVENTS" + query
}

// leader is the server that leads a stream.
func (c *cluster) leader(stream string) int {
	for range 300 {
		for i, s := range c.servers {
			if s.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream) {
				return i
			}
		}
		<-time.After(50 * time.Millisecond)
	}
	c.t.Fatal("nobody leads " + stream)
	return 0
}

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

// TestCluster: workers are killed, and the leaders of both streams are stopped, while lines are shipped and judged on three
// servers. The results are those of one process: each batch once, none missing.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three servers and processes; without -short")
	}
	rounds := 1
	if s := os.Getenv("ENTENTE_KILL_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		rounds = max(1, n/10)
	}
	servers := newCluster(t, 3)
	address := servers.address("?replicas=3&group=matchers")
	conn := mustOpen(t, address)
	sources, batches := []string{"web", "dns"}, int64(40*rounds)
	want := make(map[string]verdict)
	for _, source := range sources {
		for n := range batches {
			v := judgeOf(batchOf(source, n))
			want[v.ID] = v
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
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
		down := servers.leader(stream)
		servers.servers[down].Shutdown()
		servers.servers[down].WaitForShutdown()
		wait(5)
		servers.start(down)
	}
	work.Wait()
	wait(len(want) - 15*rounds)
	stop()
	collected.Wait()
	a.kill()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
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
	c := mustOpen(t, newCluster(t, 1).address(""))
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
	c := mustOpen(t, newCluster(t, 1).address(""))
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
