// Package natstest runs real NATS servers with JetStream for tests: one in the test's process, or a cluster of processes that can be killed.
package natstest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const child = "ENTENTE_NATSTEST" // a member as JSON: this process is that server

// Main makes this process a server, if it was started to be one. A TestMain calls it first.
func Main() {
	text := os.Getenv(child)
	if text == "" {
		return
	}
	var m member
	err := json.Unmarshal([]byte(text), &m)
	if err == nil {
		var s *server.Server
		if s, err = server.NewServer(m.options()); err == nil {
			s.Start()
			if !s.ReadyForConnections(time.Minute) {
				fmt.Fprintln(os.Stderr, "natstest: a server does not come up")
				os.Exit(1)
			}
			_, err = os.Stdin.Read(make([]byte, 1)) // until whoever started it is gone
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// member is one server of a cluster.
type member struct {
	Name    string
	Port    int
	Cluster int // port
	Routes  string
	Dir     string
}

func (m member) options() *server.Options {
	o := &server.Options{
		ServerName: m.Name, Host: "127.0.0.1", Port: m.Port, NoLog: true, NoSigs: true, JetStream: true, StoreDir: m.Dir, SyncAlways: true,
	}
	if m.Cluster != 0 {
		o.Cluster = server.ClusterOpts{Name: "watch", Host: "127.0.0.1", Port: m.Cluster}
		o.Routes = server.RoutesFromStr(m.Routes)
	}
	return o
}

// One runs a server in this process, until the test ends, and returns its URL.
func One(t testing.TB) string {
	t.Helper()
	s, err := server.NewServer(member{Name: "one", Port: -1, Dir: t.TempDir()}.options())
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s.ClientURL()
}

// Cluster is some servers, each a process of its own.
type Cluster struct {
	t       testing.TB
	members []member
	running []*exec.Cmd
}

// NewCluster starts n servers, which sync every write and end with the test.
func NewCluster(t testing.TB, n int) *Cluster {
	t.Helper()
	ports := freePorts(t, 2*n)
	c := &Cluster{t: t, running: make([]*exec.Cmd, n)}
	var routes []string
	for _, p := range ports[n:] {
		routes = append(routes, "nats://127.0.0.1:"+strconv.Itoa(p))
	}
	for i := range n {
		c.members = append(c.members, member{"s" + strconv.Itoa(i), ports[i], ports[n+i], strings.Join(routes, ","), t.TempDir()})
	}
	t.Cleanup(func() {
		for i, cmd := range c.running {
			if cmd != nil {
				c.Kill(i)
			}
		}
	})
	for i := range n {
		c.Start(i)
	}
	return c
}

// freePorts are all open at once, so that no two are the same. They lie below those that systems give to connections:
// whoever tries to reach a server that was killed could else get its port for himself, and it never comes up again.
func freePorts(t testing.TB, n int) (ports []int) {
	for range 1000 {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(10_000+rand.IntN(20_000))))
		if err != nil {
			continue
		}
		defer l.Close()
		if ports = append(ports, l.Addr().(*net.TCPAddr).Port); len(ports) == n {
			return ports
		}
	}
	t.Fatal("no free ports")
	return nil
}

// Start starts a server, again with what it had stored.
func (c *Cluster) Start(i int) {
	c.t.Helper()
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := json.Marshal(c.members[i])
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), child+"="+string(text))
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.running[i] = cmd
}

// Kill ends a server at once, by SIGKILL.
func (c *Cluster) Kill(i int) {
	c.t.Helper()
	cmd := c.running[i]
	c.running[i] = nil
	if err := cmd.Process.Kill(); err != nil {
		c.t.Errorf("a server ended by itself: %v", err)
	}
	_ = cmd.Wait() // killed
}

// URL names all servers and a stream.
func (c *Cluster) URL(stream string) string {
	var hosts []string
	for _, m := range c.members {
		hosts = append(hosts, net.JoinHostPort("127.0.0.1", strconv.Itoa(m.Port)))
	}
	return "nats://" + strings.Join(hosts, ",") + "/" + stream
}

// Leader is the server that leads a stream, once there is one that runs.
func (c *Cluster) Leader(ctx context.Context, stream string) int {
	c.t.Helper()
	hosts, _, _ := strings.Cut(strings.TrimPrefix(c.URL(""), "nats://"), "/")
	nc, err := nats.Connect("nats://"+strings.ReplaceAll(hosts, ",", ",nats://"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		c.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		c.t.Fatal(err)
	}
	for ctx.Err() == nil {
		once, cancel := context.WithTimeout(ctx, time.Second) // nobody answers a question that came between two leaders
		s, err := js.Stream(once, stream)
		cancel()
		if err == nil && s.CachedInfo().Cluster != nil {
			for i, m := range c.members {
				if m.Name == s.CachedInfo().Cluster.Leader && c.running[i] != nil {
					return i
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	c.t.Fatal("nobody leads " + stream)
	return 0
}
