package node

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"entente/api"
)

// TestNothingRunsOn: when Run returns, nothing of the node runs any more, also
// when partners, screens and commands were connected to it. Not parallel: it
// counts goroutines.
func TestNothingRunsOn(t *testing.T) {
	u := newLoopback(t, nil, north, south, observer)
	before := runtime.NumGoroutine()
	for _, name := range u.names {
		u.cfg[name].Console = "127.0.0.1:0"
		u.opt[name].Poll = 0 // with the notifications of the file system
	}
	log := u.watches(south)
	u.automatic(south, 10)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	u.weblog(log, "203.0.113.7")
	u.settle()

	client := Connect(u.path(south))
	must(client.Status(t.Context()))(t)
	web := &http.Client{Transport: &http.Transport{}}
	health := must(web.Get("http://" + u.console(south) + "/healthz"))(t)
	if text := must(io.ReadAll(health.Body))(t); string(text) != "ok\n" {
		t.Errorf("health: %q", text)
	}
	metrics := must(web.Get("http://" + u.console(south) + "/metrics"))(t)
	if text := string(must(io.ReadAll(metrics.Body))(t)); !strings.Contains(text, "entente_lines_matched_total 1\n") {
		t.Errorf("metrics: %s", text)
	}
	// A command that is under way when the node ends.
	ctx, cancel := context.WithCancel(t.Context())
	sealing := make(chan struct{})
	go func() {
		defer close(sealing)
		for {
			if _, err := client.Seal(ctx, api.SealRequest{Name: "until the end"}); err != nil {
				return
			}
		}
	}()
	changes := u.node(south).whole().Subscribe(ctx)
	<-changes
	for _, name := range u.names {
		u.stop(name)
	}
	<-sealing
	cancel()
	client.Close()
	web.CloseIdleConnections()
	u.eventually("every goroutine has ended", func() bool { return runtime.NumGoroutine() <= before })
	if left := must(filepath.Glob(u.path(south, ControlSocket)))(t); len(left) > 0 {
		t.Error("the control socket is left behind")
	}
}

// console is the address of a node's console.
func (u *unit) console(name string) string {
	_, port, _ := strings.Cut(u.node(name).Addresses().Console, "localhost:")
	return "127.0.0.1:" + port
}
