package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/charter"
	"entente/internal/disk"
	"entente/internal/headfile"
	"entente/internal/logfile"
	"entente/node"
	"entente/record"
	"entente/statement"
)

const (
	benchRounds = 5
	benchOrigin = "entente/bench/00000000"
	benchLeaf   = 1 << 10 // bytes of an unsigned leaf
)

// recordBench holds what the measurements of the record share. Limit and
// product are measured in turns, so that a noisy machine disturbs both.
type recordBench struct {
	dir    string
	budget time.Duration // of one round
	seed   []byte
	signer record.Signer
}

func benchRecord(ctx context.Context, budget time.Duration, out func(figure)) error {
	// Beside the working folder's disk, not in a memory file system.
	dir, err := os.MkdirTemp(".", ".entente-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &recordBench{dir: dir, budget: budget, seed: make([]byte, ed25519.SeedSize)}
	if _, err := rand.Read(b.seed); err != nil {
		return err
	}
	if b.signer, err = record.NewLogSigner(benchOrigin, b.seed); err != nil {
		return err
	}
	for _, f := range []func(context.Context, func(figure)) error{b.loneAppend, b.verifiedIngest, b.addCheckpoint, b.audit, b.append256, b.publish} {
		if err := f(ctx, out); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// log makes an empty own log in a folder of its own.
func (b *recordBench) log(name string) (*logfile.Log, error) {
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	d, err := disk.OS(path)
	if err != nil {
		return nil, err
	}
	if err := logfile.Create(d, benchOrigin); err != nil {
		return nil, err
	}
	if d, err = disk.OS(path); err != nil {
		return nil, err
	}
	return logfile.Open(d, logfile.Options{Origin: benchOrigin, Sign: func(t record.Tree) ([]byte, error) {
		return record.Sign(record.Checkpoint{Origin: benchOrigin, Tree: t}, 0, b.signer)
	}})
}

// during counts how often f can be called in the budget, per second.
func during(budget time.Duration, f func() error) (float64, error) {
	n, start := 0, time.Now()
	for time.Since(start) < budget {
		if err := f(); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(start).Seconds(), nil
}

// together counts how often f can be called in the budget by all cores at once, per
// second: what two cores do is less than twice what one does alone.
func together(cores int, budget time.Duration, f func() error) (float64, error) {
	rates, errs := make([]float64, cores), make([]error, cores)
	var wg sync.WaitGroup
	for i := range cores {
		wg.Go(func() { rates[i], errs[i] = during(budget, f) })
	}
	wg.Wait()
	sum := 0.0
	for _, r := range rates {
		sum += r
	}
	return sum, errors.Join(errs...)
}

// syncs measures the machine: a durable append, one write of about a batch at
// the end of a growing file and one data sync. Writing over old blocks would
// be faster and is not what a log does.
func (b *recordBench) syncs() (func() error, func(), error) {
	d, err := disk.OS(b.dir)
	if err != nil {
		return nil, nil, err
	}
	f, err := d.OpenFile("limit", os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	block := make([]byte, benchLeaf+512)
	info, err := os.Stat(filepath.Join(b.dir, "limit"))
	if err != nil {
		return nil, nil, errors.Join(err, f.Close(), d.Close())
	}
	at := info.Size()
	once := func() error {
		if _, err := f.WriteAt(block, at); err != nil {
			return err
		}
		at += int64(len(block))
		return f.Sync()
	}
	return once, func() { _ = f.Close(); _ = d.Close() }, nil
}

// turns measures a limit and a product alternately and returns the medians.
func (b *recordBench) turns(limit, product func() error) (float64, float64, error) {
	var ls, ps []float64
	for range benchRounds {
		l, err := during(b.budget, limit)
		if err != nil {
			return 0, 0, err
		}
		p, err := during(b.budget, product)
		if err != nil {
			return 0, 0, err
		}
		ls, ps = append(ls, l), append(ps, p)
	}
	return median(ls), median(ps), nil
}

// loneAppend: one writer, one leaf at a time, durable and signed before the next.
func (b *recordBench) loneAppend(ctx context.Context, out func(figure)) error {
	log, err := b.log("lone")
	if err != nil {
		return err
	}
	defer log.Close()
	limit, closeLimit, err := b.syncs()
	if err != nil {
		return err
	}
	defer closeLimit()
	leaf := make([]byte, benchLeaf)
	l, p, err := b.turns(limit, func() error {
		_, err := log.Append(ctx, leaf, nil)
		return err
	})
	if err != nil {
		return err
	}
	out(speed("lone_append", "entries/s", p, l))
	return nil
}

// verifiedIngest: a partner's leaves, each signature checked, into a mirror.
func (b *recordBench) verifiedIngest(ctx context.Context, out func(figure)) error {
	key := ed25519.NewKeyFromSeed(b.seed)
	pub := key.Public().(ed25519.PublicKey)
	const n = 4096
	leaves := make([][]byte, n)
	for i := range leaves {
		leaf, _, err := statement.SignLeaf(statement.Leaf{Format: statement.LeafFormat, Party: "bench", Seq: uint64(i), Parts: []statement.Digest{{byte(i)}}, Sealed: []statement.Digest{{byte(i)}}}, key)
		if err != nil {
			return err
		}
		leaves[i] = leaf
	}
	cores := runtime.GOMAXPROCS(0)
	var at atomic.Int64
	limit := func() error {
		e, err := statement.ParseEnvelope(leaves[at.Add(1)%n])
		if err != nil {
			return err
		}
		if !ed25519.Verify(pub, statement.PAE(e.PayloadType, e.Payload), e.Sig) {
			return errors.New("a signature of the benchmark does not verify")
		}
		return nil
	}
	rounds := 0
	var ls, ps []float64
	for range benchRounds {
		l, err := together(cores, b.budget, limit)
		if err != nil {
			return err
		}
		rounds++
		log, err := b.log(fmt.Sprintf("ingest-%d", rounds))
		if err != nil {
			return err
		}
		start := time.Now()
		if err := ingestAll(ctx, log, leaves, pub, cores); err != nil {
			return errors.Join(err, log.Close())
		}
		ls, ps = append(ls, l), append(ps, n/time.Since(start).Seconds())
		if err := log.Close(); err != nil {
			return err
		}
	}
	out(speed("verified_ingest", "statements/s", median(ps), median(ls)))
	return nil
}

// ingestAll verifies and appends leaves with one worker a core and enough
// writers to share an fsync.
func ingestAll(ctx context.Context, log *logfile.Log, leaves [][]byte, pub ed25519.PublicKey, cores int) error {
	work := make(chan []byte)
	var wg sync.WaitGroup
	var failed atomic.Value
	for range cores * 64 {
		wg.Go(func() {
			for leaf := range work {
				e, err := statement.ParseEnvelope(leaf)
				if err == nil {
					err = e.Verify(pub)
				}
				if err == nil {
					_, err = e.Leaf()
				}
				if err == nil {
					_, err = log.Append(ctx, leaf, nil)
				}
				if err != nil {
					failed.Store(err)
				}
			}
		})
	}
	for _, leaf := range leaves {
		work <- leaf
	}
	close(work)
	wg.Wait()
	err, _ := failed.Load().(error)
	return err
}

// addCheckpoint: a witness's answer, proof and signature checked, head durable.
func (b *recordBench) addCheckpoint(ctx context.Context, out func(figure)) error {
	path := filepath.Join(b.dir, "heads")
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	d, err := disk.OS(path)
	if err != nil {
		return err
	}
	if err := headfile.Create(d); err != nil {
		return err
	}
	if d, err = disk.OS(path); err != nil {
		return err
	}
	heads, err := headfile.Open(d, headfile.Options{})
	if err != nil {
		return err
	}
	defer heads.Close()
	cosigner, err := record.NewCosigner("bench/witness", b.seed)
	if err != nil {
		return err
	}
	w := &record.Witness{Store: heads, Cosigner: cosigner, Keys: func(string) ([]record.Verifier, bool) { return []record.Verifier{b.signer.Verifier}, true }}
	requests, err := b.submissions(20_000)
	if err != nil {
		return err
	}
	limit, closeLimit, err := b.syncs()
	if err != nil {
		return err
	}
	defer closeLimit()
	next := 0
	l, p, err := b.turns(limit, func() error {
		if next == len(requests) {
			return nil
		}
		a, err := w.AddCheckpoint(ctx, requests[next], 1)
		next++
		if err == nil && a.Status != 200 {
			err = fmt.Errorf("witness answers %d", a.Status)
		}
		return err
	})
	if err != nil {
		return err
	}
	if next == len(requests) {
		return errors.New("the benchmark ran out of checkpoints")
	}
	out(speed("add_checkpoint", "requests/s", p, l))
	return nil
}

// submissions makes the requests of a log that grows by one leaf each time.
func (b *recordBench) submissions(n int) ([][]byte, error) {
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		got := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			got[i] = hashes[x]
		}
		return got, nil
	})
	requests := make([][]byte, 0, n)
	for i := range int64(n) {
		stored, err := tlog.StoredHashes(i, []byte("leaf"), reader)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, stored...)
		root, err := tlog.TreeHash(i+1, reader)
		if err != nil {
			return nil, err
		}
		var proof tlog.TreeProof
		if i > 0 {
			if proof, err = tlog.ProveTree(i+1, i, reader); err != nil {
				return nil, err
			}
		}
		msg, err := record.Sign(record.Checkpoint{Origin: benchOrigin, Tree: record.Tree{Size: uint64(i + 1), Root: root}}, 0, b.signer)
		if err != nil {
			return nil, err
		}
		requests = append(requests, record.MarshalAddCheckpoint(uint64(i), proof, msg))
	}
	return requests, nil
}

// audit: re-read and re-hash a whole log, against hashing the leaves alone.
func (b *recordBench) audit(ctx context.Context, out func(figure)) error {
	log, err := b.log("audit")
	if err != nil {
		return err
	}
	defer log.Close()
	const n = 20_000
	leaf := make([]byte, benchLeaf)
	if err := b.fill(ctx, log, n, 256, leaf); err != nil {
		return err
	}
	l, p, err := b.turns(func() error {
		for range 256 {
			tlog.RecordHash(leaf)
		}
		return nil
	}, func() error {
		for next := uint64(0); ; {
			at, err := log.Scrub(ctx, next, 4096)
			if err != nil || at == 0 {
				return err
			}
			next = at
		}
	})
	if err != nil {
		return err
	}
	out(speed("audit", "leaves/s", p*n, l*256))
	return nil
}

func (b *recordBench) fill(ctx context.Context, log *logfile.Log, n, writers int, leaf []byte) error {
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	var failed atomic.Value
	for range writers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := log.Append(ctx, leaf, nil); err != nil {
					failed.Store(err)
					return
				}
			}
		})
	}
	wg.Wait()
	err, _ := failed.Load().(error)
	return err
}

// append256: 256 writers at once. There is no limit of the machine beside it.
func (b *recordBench) append256(ctx context.Context, out func(figure)) error {
	leaf := make([]byte, benchLeaf)
	var rates []float64
	for i := range 3 {
		log, err := b.log(fmt.Sprintf("many-%d", i))
		if err != nil {
			return err
		}
		const n = 50_000
		start := time.Now()
		if err := b.fill(ctx, log, n, 256, leaf); err != nil {
			return errors.Join(err, log.Close())
		}
		rates = append(rates, n/time.Since(start).Seconds())
		if err := log.Close(); err != nil {
			return err
		}
	}
	out(speed("append_256", "entries/s", median(rates), 0))
	return nil
}

// publish: from saying a statement to having the quorum's cosignatures on it,
// with three nodes on loopback.
func (b *recordBench) publish(ctx context.Context, out func(figure)) error {
	// More requests a second than people need, or the budget is what we measure.
	budget := func(t *charter.Terms) { t.Budgets.RequestsPerSecond = 100_000 }
	s, err := newStage(filepath.Join(b.dir, "stage"), parties(), time.Now(), budget, func(_ string, c *node.Config) { c.Console = "off" })
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }()
	for _, name := range parties() {
		if err := s.start(ctx, name); err != nil {
			return err
		}
	}
	if err := s.settle(ctx, time.Minute, nil, parties()...); err != nil {
		return err
	}
	var times []float64
	for range 30 {
		took, err := s.nodes[north].TimePublish(ctx)
		if err != nil {
			return err
		}
		times = append(times, float64(took.Microseconds())/1000)
		// The mirrors' work on this one is not part of the next one's time.
		if err := s.settle(ctx, time.Minute, nil, parties()...); err != nil {
			return err
		}
	}
	out(speed("witnessed_publish_p50", "ms", median(times), 0))
	return nil
}
