package peers

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

// omniwitness is the public witness, built from its own module and running on
// loopback. It knows two logs: one by its Ed25519 key, one by its ML-DSA key.
type omniwitness struct {
	url  string
	keys []record.Verifier // Ed25519, ML-DSA-44
}

func startOmniwitness(t *testing.T, logs map[string]string) omniwitness {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "omniwitness")
	fetch := exec.Command("go", "mod", "download")
	fetch.Dir = "witness"
	if out, err := fetch.CombinedOutput(); err != nil {
		t.Skipf("the modules of transparency-dev/witness are not to be had here: %v\n%s", err, out)
	}
	build := exec.Command("go", "build", "-o", bin, "github.com/transparency-dev/witness/cmd/omniwitness")
	build.Dir = "witness"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build omniwitness: %v\n%s", err, out)
	}
	w := omniwitness{}
	skey, vkey, err := note.GenerateKey(rand.Reader, "witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	pqSkey, pqVkey, err := fnote.GenerateMLDSAKey("witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{must(fnote.VKeyToCosignatureV1(vkey)), pqVkey} {
		w.keys = append(w.keys, must(record.ParseVerifier(k)))
	}
	config := "Logs:\n"
	for name, key := range logs {
		config += fmt.Sprintf("  - Origin: %s\n    PublicKey: %s\n    URL: http://127.0.0.1:1/\n", name, key)
	}
	for name, text := range map[string]string{"a": skey, "b": pqSkey, "logs.yaml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	addr := freeAddress(t)
	var output bytes.Buffer
	cmd := exec.Command(bin, "-listen", addr, "-metrics_listen", "", "-db_file", filepath.Join(dir, "db"),
		"-private_key_path", filepath.Join(dir, "a"), "-private_key_path", filepath.Join(dir, "b"),
		"-additional_logs", filepath.Join(dir, "logs.yaml"), "-logtostderr")
	cmd.Stderr = &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("omniwitness said:\n%s", output.Bytes())
		}
	})
	w.url = "http://" + addr + "/add-checkpoint"
	waitFor(t, addr)
	return w
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skipf("no loopback network here: %v", err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitFor waits until another program listens: there is nothing to be told by.
func waitFor(t *testing.T, addr string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("nobody listens on %s", addr)
		}
	}
}

// submit is an add-checkpoint client in the C2SP form.
func (w omniwitness) submit(t *testing.T, old uint64, p tlog.TreeProof, msg []byte) (int, []byte) {
	t.Helper()
	resp, err := http.Post(w.url, "text/plain", bytes.NewReader(record.MarshalAddCheckpoint(old, p, msg)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, must(io.ReadAll(resp.Body))
}

// TestOmniwitness: a public witness cosigns our checkpoints, signed with
// Ed25519 or with ML-DSA-44, and both of its cosignatures merge into our note
// and verify with us. It refuses a fork.
func TestOmniwitness(t *testing.T) {
	o := newOwner(t)
	pqOrigin := "entente/south/44556677"
	pq := must(record.NewPQSigner(pqOrigin, seed("south")))
	w := startOmniwitness(t, map[string]string{origin: o.log.String(), pqOrigin: pq.String()})
	for _, tc := range []struct {
		name, origin string
		signers      []record.Signer
	}{
		{"Ed25519 beside others", origin, []record.Signer{o.log, o.pq, o.time}},
		{"ML-DSA-44 alone", pqOrigin, []record.Signer{pq}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree := newTree(12)
			sign := func(size uint64) []byte {
				return must(record.Sign(record.Checkpoint{Origin: tc.origin, Tree: tree.at(size)}, now, tc.signers...))
			}
			for _, step := range [][2]uint64{{0, 5}, {5, 12}, {12, 12}} {
				var p tlog.TreeProof
				if step[0] > 0 && step[0] < step[1] {
					p = must(tlog.ProveTree(int64(step[1]), int64(step[0]), tree))
				}
				msg := sign(step[1])
				status, lines := w.submit(t, step[0], p, msg)
				if status != http.StatusOK {
					t.Fatalf("from %d to %d: %d %s", step[0], step[1], status, lines)
				}
				w.verify(t, msg, lines)
			}
			fork := record.Checkpoint{Origin: tc.origin, Tree: record.Tree{Size: 12, Root: tlog.RecordHash([]byte("other"))}}
			if status, lines := w.submit(t, 12, nil, must(record.Sign(fork, now, tc.signers...))); status == http.StatusOK {
				t.Errorf("it cosigned a fork: %s", lines)
			}
			if status, body := w.submit(t, 5, must(tlog.ProveTree(12, 5, tree)), sign(12)); status != http.StatusConflict || strings.TrimSpace(string(body)) != "12" {
				t.Errorf("an old size gives %d %q", status, body)
			}
		})
	}
}

func (w omniwitness) verify(t *testing.T, msg, lines []byte) {
	t.Helper()
	merged, err := record.Merge(msg, lines, w.keys...)
	if err != nil {
		t.Fatalf("its answer does not merge: %v\n%s", err, lines)
	}
	c, sigs, err := record.Open(merged, w.keys...)
	if err != nil || len(sigs) != 2 {
		t.Fatalf("%d of its signatures verify, want 2: %v\n%s", len(sigs), err, lines)
	}
	for _, s := range sigs {
		if age := time.Since(time.Unix(s.Time, 0)); age < -time.Minute || age > time.Minute {
			t.Errorf("size %d: %s signed %v ago", c.Size, s.Key.Name(), age)
		}
	}
}

// tree is a log in memory.
type tree []tlog.Hash

func newTree(n int64) tree {
	var t tree
	for i := range n {
		t = append(t, must(tlog.StoredHashes(i, fmt.Appendf(nil, "leaf %d", i), t))...)
	}
	return t
}

func (t tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = t[x]
	}
	return out, nil
}

func (t tree) at(size uint64) record.Tree {
	return record.Tree{Size: size, Root: must(tlog.TreeHash(int64(size), t))}
}
