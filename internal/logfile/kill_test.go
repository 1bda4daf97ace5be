package logfile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record/recordtest"
)

const killChild = "ENTENTE_KILL_CHILD" // folder of the log: this process is the writer

// TestMain makes the test binary the writer that TestKill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killChild); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForEver appends from four goroutines and says on standard output what
// was acknowledged: index and leaf hash, after the acknowledgement.
func writeForEver(dir string) error {
	l, err := openDir(dir, Options{Sign: recordtest.Sign, deriveEvery: 50})
	if err != nil {
		return err
	}
	var mu sync.Mutex // one line at a time
	errs := make(chan error)
	for w := range 4 {
		go func() {
			rng := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(w)))
			for {
				leaf := make([]byte, rng.IntN(3000))
				for i := range leaf {
					leaf[i] = byte(rng.Uint32())
				}
				index, err := l.Append(context.Background(), leaf, [][]byte{leaf[:len(leaf)/2]})
				if err != nil {
					errs <- err
					return
				}
				hash := tlog.RecordHash(leaf)
				mu.Lock()
				_, err = fmt.Printf("%d %x\n", index, hash[:])
				mu.Unlock()
				if err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

// TestKill kills a writer with SIGKILL at random moments and opens its log:
// everything that it said was acknowledged is there. ENTENTE_KILL_ROUNDS
// rounds, 20 in a plain run.
func TestKill(t *testing.T) {
	rounds := 20
	if s := os.Getenv("ENTENTE_KILL_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatalf("ENTENTE_KILL_ROUNDS: %v", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	acked := map[uint64]string{}
	var heads []uint64
	for round := range rounds {
		killOne(t, self, dir, rand.IntN(60), acked)
		l, err := openDir(dir, Options{Sign: recordtest.Sign})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		tree, _ := l.Head()
		heads = append(heads, tree.Size)
		for index, want := range acked {
			if round+1 < rounds && int(tree.Size-index) > 300 {
				continue // looked at before, and again at the end
			}
			leaf, err := l.Leaf(index)
			hash := tlog.RecordHash(leaf)
			if err != nil || hex.EncodeToString(hash[:]) != want {
				t.Fatalf("round %d: acknowledged leaf %d of %d: %v", round, index, tree.Size, err)
			}
			parts, err := l.Sealed(index)
			if err != nil || len(parts) != 1 || !bytes.Equal(parts[0], leaf[:len(leaf)/2]) {
				t.Fatalf("round %d: parts of acknowledged leaf %d: %v", round, index, err)
			}
		}
		if len(heads) > 1 && tree.Size < heads[len(heads)-2] {
			t.Fatalf("round %d: %d leaves, %d before", round, tree.Size, heads[len(heads)-2])
		}
		if round+1 == rounds {
			if _, err := l.Scrub(t.Context(), 0, tree.Size); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d acknowledged leaves, all there", rounds, len(acked))
}

// killOne starts a writer, lets it acknowledge some leaves, kills it and notes
// all that it said.
func killOne(t *testing.T, self, dir string, after int, acked map[uint64]string) {
	t.Helper()
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), killChild+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	for n := 0; ; n++ {
		if n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := r.ReadString('\n')
		if err == io.EOF { // a line that the kill cut short says nothing
			break
		}
		var index uint64
		var hash string
		if _, err := fmt.Sscanf(line, "%d %s", &index, &hash); err != nil {
			t.Fatalf("the writer said %q: %v", line, err)
		}
		if old, ok := acked[index]; ok && old != hash {
			t.Fatalf("index %d was acknowledged twice", index)
		}
		acked[index] = hash
	}
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("the writer ended by itself: %v %s", err, stderr.String())
	}
}
