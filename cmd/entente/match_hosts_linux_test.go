package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"entente/api"
)

// hosts are two network namespaces with a cable between them: two machines, as
// far as the two programs can tell.
type hosts struct {
	t     *testing.T
	self  string // the program
	names [2]string
	ports [2]string // ends of the cable
	loss  bool      // whether the cable loses packets, beside being slow
}

const hostNet = "10.213.77." // a private network of this test alone

// newHosts needs root; without it, or where the system has no namespaces, the
// test is skipped.
func newHosts(t *testing.T) *hosts {
	t.Helper()
	if os.Getenv("ENTENTE_HOSTS") == "" {
		t.Skip("two hosts need root and change the machine's networks: set ENTENTE_HOSTS, as check -interop does")
	}
	if _, err := exec.LookPath("ip"); err != nil || os.Geteuid() != 0 {
		t.Skip("two hosts need root and the program ip")
	}
	self, err := exec.LookPath("entente")
	if err != nil {
		t.Fatal(err)
	}
	id := strconv.Itoa(os.Getpid())
	h := &hosts{t: t, self: self, names: [2]string{"entn" + id, "ents" + id}, ports: [2]string{"en" + id, "es" + id}}
	for i, name := range h.names {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			t.Skipf("no network namespaces here: %v, %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", h.names[i]).Run() })
	}
	if out, err := exec.Command("ip", "link", "add", h.ports[0], "type", "veth", "peer", "name", h.ports[1]).CombinedOutput(); err != nil {
		t.Skipf("no cable between namespaces here: %v, %s", err, out)
	}
	for i, name := range h.names {
		h.ip("link", "set", h.ports[i], "netns", name)
		h.ip("-n", name, "addr", "add", h.address(i)+"/24", "dev", h.ports[i])
		h.ip("-n", name, "link", "set", h.ports[i], "up")
		h.ip("-n", name, "link", "set", "lo", "up")
	}
	h.slow()
	return h
}

func (h *hosts) address(i int) string { return hostNet + strconv.Itoa(i+1) }

func (h *hosts) ip(args ...string) {
	h.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		h.t.Fatalf("ip %s: %v, %s", strings.Join(args, " "), err, out)
	}
}

// slow makes the cable slow, and lossy where the kernel can do that.
func (h *hosts) slow() {
	h.loss = true
	for i, name := range h.names {
		qdisc := []string{"-n", name, "qdisc", "add", "dev", h.ports[i], "root"}
		if exec.Command("tc", append(qdisc, "netem", "delay", "20ms", "loss", "1%", "rate", "1mbit")...).Run() == nil {
			continue
		}
		h.loss = false
		if out, err := exec.Command("tc", append(qdisc, "tbf", "rate", "1mbit", "burst", "16kb", "latency", "400ms")...).CombinedOutput(); err != nil {
			h.t.Logf("the cable is as fast as it is: %v, %s", err, out)
		}
	}
}

// plug puts north's end of the cable in, or takes it out.
func (h *hosts) plug(in bool) {
	h.t.Helper()
	state := map[bool]string{true: "up", false: "down"}[in]
	h.ip("-n", h.names[0], "link", "set", h.ports[0], state)
}

// came is how many bytes have come to north.
func (h *hosts) came() int {
	h.t.Helper()
	out, err := exec.Command("ip", "netns", "exec", h.names[0], "cat", "/sys/class/net/"+h.ports[0]+"/statistics/rx_bytes").Output()
	n, bad := strconv.Atoi(strings.TrimSpace(string(out)))
	if err := errors.Join(err, bad); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// entente runs the program on a host.
func (h *hosts) entente(host int, args ...string) []byte {
	h.t.Helper()
	var said, wrong bytes.Buffer
	c := exec.Command("ip", append([]string{"netns", "exec", h.names[host], h.self}, args...)...)
	c.Stdout, c.Stderr = &said, &wrong
	if err := c.Run(); err != nil {
		h.t.Fatalf("entente %s: %v, %s", strings.Join(args, " "), err, wrong.String())
	}
	return said.Bytes()
}

// serve starts a node; it is stopped at the end.
func (h *hosts) serve(host int, dir string) {
	h.t.Helper()
	var wrong bytes.Buffer
	c := exec.Command("ip", "netns", "exec", h.names[host], h.self, "serve", "--dir", dir)
	c.Stderr = &wrong
	if err := c.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGINT) // ip has become the program
		if err := c.Wait(); err != nil {
			h.t.Errorf("%s ended with %v: %s", dir, err, wrong.String())
		}
	})
}

func (h *hosts) until(what string, ok func() bool) {
	h.t.Helper()
	tick, end := time.NewTicker(100*time.Millisecond), time.NewTimer(3*time.Minute)
	defer tick.Stop()
	defer end.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			h.t.Fatalf("not within three minutes: %s", what)
		}
	}
}

// run is what a host says of a run.
func (h *hosts) run(host int, dir, id string) (r api.MatchRun) {
	h.t.Helper()
	if err := json.Unmarshal(h.entente(host, "match", "show", "--dir", dir, "--json", id), &r); err != nil {
		h.t.Fatal(err)
	}
	return r
}

// list writes names, two of which both lists have.
func (h *hosts) list(dir, prefix string, n int) string {
	h.t.Helper()
	b := []byte("shared-one.example\nshared-two.example\n")
	for i := range n {
		b = fmt.Appendf(b, "%s-%d.example\n", prefix, i)
	}
	path := filepath.Join(dir, prefix+".txt")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// TestTwoHosts: a match between two hosts, over a slow cable that is pulled out
// in the middle of a list and put in again: both find what both hold.
func TestTwoHosts(t *testing.T) {
	h := newHosts(t)
	dir := t.TempDir()
	dirs := [2]string{filepath.Join(dir, "north"), filepath.Join(dir, "south")}
	for i, d := range dirs {
		h.entente(i, "init", "--dir", d, "--address", h.address(i)+":7001")
	}
	unit := filepath.Join(dir, "unit.json")
	h.entente(0, "charter", "propose", "--name", "Two hosts", "--out", unit, filepath.Join(dirs[0], "north.card.json"), filepath.Join(dirs[1], "south.card.json"))
	for i, d := range dirs {
		h.entente(i, "charter", "sign", "--dir", d, unit)
	}
	for i, d := range dirs {
		h.serve(i, d)
	}
	h.until("south holds what north said", func() bool {
		c := exec.Command("ip", "netns", "exec", h.names[0], h.self, "status", "--dir", dirs[0])
		out, _ := c.CombinedOutput()
		return bytes.Contains(out, []byte("1 witnessed, 1 held"))
	})
	const n = 8000 // a list of 8,192 points, 256 KiB
	var made api.MatchMade
	if err := json.Unmarshal(h.entente(0, "match", "offer", "--dir", dirs[0], "--to", "south", "--purpose", "the same intruder?", "--class", "names", "--up-to", "10", "--json", h.list(dir, "north", n)), &made); err != nil {
		t.Fatal(err)
	}
	id := made.Run.ID
	h.until("south reads the offer", func() bool { return bytes.Contains(h.entente(1, "match", "list", "--dir", dirs[1]), []byte(id[:8])) })
	before := h.came()
	h.entente(1, "match", "consent", "--dir", dirs[1], "--up-to", "10", id, h.list(dir, "south", n))
	pulled := false
	for i := range 2 { // in the middle of south's own list, and of what it returned
		h.until("the middle of a list", func() bool {
			r := h.run(0, dirs[0], id)
			return r.Total > 0 && r.Done > i*64+16 || r.State == "closed"
		})
		r := h.run(0, dirs[0], id)
		if pulled = pulled || r.Done < r.Total && r.State != "closed"; !pulled {
			continue
		}
		h.plug(false)
		last := -1
		h.until("nothing comes any more", func() bool {
			was := last
			last = h.came()
			return last == was
		})
		h.plug(true)
	}
	for i, d := range dirs {
		h.until("the run is closed", func() bool { return h.run(i, d, id).State == "closed" && h.run(i, d, id).Waits == "" })
		r := h.run(i, d, id)
		if len(r.Matches) != 2 || r.Count != 2 || r.Fault != "" {
			t.Errorf("host %d: %d matches, count %d, %s", i, len(r.Matches), r.Count, r.Fault)
		}
	}
	came := h.came() - before
	t.Logf("%d bytes came to north, of lists of %d; pulled out in the middle: %v; packets lost: %v", came, 2*8192*32+8192*4, pulled, h.loss)
	if !pulled {
		t.Error("the run was over before the cable could be pulled out")
	}
}
