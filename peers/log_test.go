package peers

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entente/internal/disk"
	"entente/internal/logfile"
	"entente/record"
)

const (
	origin = "entente/north/00112233"
	now    = 1_769_860_800
)

func seed(role string) []byte {
	sum := sha256.Sum256([]byte("entente peers test " + role))
	return sum[:]
}

// owner holds north's keys for its log.
type owner struct{ log, pq, time record.Signer }

func newOwner(t testing.TB) owner {
	t.Helper()
	return owner{
		log:  must(record.NewLogSigner(origin, seed("log"))),
		pq:   must(record.NewPQSigner(origin, seed("log_pq"))),
		time: must(record.NewCosigner(origin+"/time", seed("time"))),
	}
}

// sign is a checkpoint as a node publishes it.
func (o owner) sign(tree record.Tree) ([]byte, error) {
	return record.Sign(record.Checkpoint{Origin: origin, Tree: tree}, now, o.log, o.pq, o.time)
}

// signDurable is a checkpoint as a node writes it with each batch.
func (o owner) signDurable(tree record.Tree) ([]byte, error) {
	return record.Sign(record.Checkpoint{Origin: origin, Tree: tree}, now, o.log)
}

func openLog(t testing.TB, sign func(record.Tree) ([]byte, error)) *logfile.Log {
	t.Helper()
	dir := t.TempDir()
	d, err := disk.OS(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := logfile.Create(d, origin); err != nil {
		t.Fatal(err)
	}
	l, err := logfile.Open(d, logfile.Options{Origin: origin, Sign: sign})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// fill appends n leaves from w writers at once, each waiting for its answer,
// and returns how long it took.
func fill(t testing.TB, w int, n int64, add func(leaf []byte) error) time.Duration {
	t.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range w {
		wg.Go(func() {
			leaf := bytes.Repeat([]byte{0xe7}, 1024)
			for i := next.Add(1); i <= n; i = next.Add(1) {
				copy(leaf, fmt.Sprintf("%016d", i))
				if err := add(bytes.Clone(leaf)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// exported is a log of n leaves and its static tree.
func exported(t testing.TB, o owner, n int64) (*logfile.Log, string) {
	t.Helper()
	l := openLog(t, o.sign)
	fill(t, 512, n, func(leaf []byte) error {
		_, err := l.Append(t.Context(), leaf[:64], nil)
		return err
	})
	dir := t.TempDir()
	export(t, l, dir)
	return l, dir
}

func export(t testing.TB, l *logfile.Log, dir string) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := l.Export(t.Context(), root); err != nil {
		t.Fatal(err)
	}
}

// changed copies a static tree with one file edited.
func changed(t testing.TB, dir, name string, edit func(b []byte) []byte) string {
	t.Helper()
	out := t.TempDir()
	found := false
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		rel := must(filepath.Rel(dir, p))
		if err != nil || e.IsDir() {
			return os.MkdirAll(filepath.Join(out, rel), 0o755)
		}
		if filepath.ToSlash(rel) != name {
			return os.Link(p, filepath.Join(out, rel))
		}
		found = true
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(out, rel), edit(b), 0o644)
	})
	if err != nil || !found {
		t.Fatalf("change %s: found %v, %v", name, found, err)
	}
	return out
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
