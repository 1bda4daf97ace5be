package logfile

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entente/internal/disk"
	"entente/record"
	"entente/record/recordtest"
)

// ownerSign signs checkpoints with Ed25519, as a node does for each batch.
func ownerSign(t testing.TB) recordtest.SignFunc {
	t.Helper()
	signer, err := record.NewLogSigner(recordtest.Origin, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return func(tree record.Tree) ([]byte, error) {
		return record.Sign(record.Checkpoint{Origin: recordtest.Origin, Tree: tree}, 0, signer)
	}
}

const benchLeaf = 1024

// limitFile is the machine's own rate: writes of size bytes at the end of a
// growing file, a data sync after each.
type limitFile struct {
	f    disk.File
	data []byte
	at   int64
}

func newLimitFile(b *testing.B, size int) *limitFile {
	b.Helper()
	d, err := disk.OS(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	f, err := d.OpenFile("limit", os.O_RDWR|os.O_CREATE)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close(); d.Close() })
	return &limitFile{f: f, data: bytes.Repeat([]byte{0xe7}, size)}
}

func (l *limitFile) write() error {
	if _, err := l.f.WriteAt(l.data, l.at); err != nil {
		return err
	}
	l.at += int64(len(l.data))
	return l.f.Sync()
}

// BenchmarkLoneAppend is one writer, 1 KiB leaves, an Ed25519 checkpoint each.
// Between appends it writes and syncs as many bytes without anything else;
// ratio is the median time of that over the median time of an append.
func BenchmarkLoneAppend(b *testing.B) {
	l := mustOpen(b, b.TempDir(), Options{Sign: ownerSign(b)})
	leaf := bytes.Repeat([]byte{0xe7}, benchLeaf)
	if _, err := l.Append(b.Context(), leaf, nil); err != nil {
		b.Fatal(err)
	}
	limit := newLimitFile(b, int(l.end-fileHeader))
	var appends, syncs []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := l.Append(b.Context(), leaf, nil); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if err := limit.write(); err != nil {
			b.Fatal(err)
		}
		appends, syncs = append(appends, middle.Sub(start)), append(syncs, time.Since(middle))
	}
	slices.Sort(appends)
	slices.Sort(syncs)
	typical, bare := appends[len(appends)/2], syncs[len(syncs)/2]
	b.ReportMetric(float64(typical.Microseconds()), "us/append")
	b.ReportMetric(float64(bare.Microseconds()), "us/sync")
	b.ReportMetric(float64(bare)/float64(typical), "ratio")
}

// BenchmarkAppend256 is 256 writers of 1 KiB leaves.
func BenchmarkAppend256(b *testing.B) {
	l := mustOpen(b, b.TempDir(), Options{Sign: ownerSign(b)})
	leaf := bytes.Repeat([]byte{0xe7}, benchLeaf)
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for range 256 {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := l.Append(b.Context(), leaf, nil); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
}

// BenchmarkOpen opens a log of 200,000 leaves that a killed process left.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	grow(b, dir, 200_000)
	for b.Loop() {
		l, err := openDir(dir, Options{Sign: recordtest.Sign})
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}

// BenchmarkScrub re-reads and re-hashes 1 KiB leaves.
func BenchmarkScrub(b *testing.B) {
	dir := b.TempDir()
	const n = 50_000
	grow(b, dir, n)
	l := mustOpen(b, dir, Options{Sign: recordtest.Sign})
	for b.Loop() {
		if _, err := l.Scrub(b.Context(), 0, n); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
}

// grow fills a log with 1 KiB leaves, one batch each for the last 1,000.
func grow(t testing.TB, dir string, n int) {
	t.Helper()
	l := mustOpen(t, dir, Options{Sign: recordtest.Sign})
	leaf := func(i int) []byte { return append(bytes.Repeat([]byte{0xe7}, benchLeaf-8), fmt.Sprintf("%08d", i)...) }
	for i := 0; i < n; {
		size := 1
		if i < n-1000 {
			size = min(200, n-i)
		}
		l.turn <- struct{}{}
		entries := make([]entry, size)
		for k := range entries {
			entries[k], _ = newEntry(leaf(i+k), nil)
		}
		_, err := l.commit(entries, nil)
		<-l.turn
		if err != nil {
			t.Fatal(err)
		}
		i += size
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
