package peers

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"entente/record"
)

// tesseraLog is a Tessera POSIX log in a fresh folder.
type tesseraLog struct {
	*tessera.Appender
	reader tessera.LogReader
	close  func()
}

// tesseraKey makes a log key with their program.
func tesseraKey(t testing.TB) (note.Signer, record.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, "example.com/tessera")
	if err != nil {
		t.Fatal(err)
	}
	return must(note.NewSigner(skey)), must(record.ParseVerifier(vkey))
}

func newTessera(t testing.TB, key note.Signer, change func(*tessera.AppendOptions)) tesseraLog {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	driver, err := posix.New(ctx, posix.Config{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	opts := tessera.NewAppendOptions().WithCheckpointSigner(key)
	change(opts)
	a, shutdown, r, err := tessera.NewAppender(ctx, driver, opts)
	if err != nil {
		t.Fatal(err)
	}
	return tesseraLog{a, r, func() {
		if err := shutdown(ctx); err != nil {
			t.Errorf("Tessera's shutdown: %v", err)
		}
		cancel()
	}}
}

// TestAppendRatio: 256 writers of unsigned 1 KiB entries, each waiting until
// its own is durable with an index; both logs sign checkpoints with Ed25519.
// Ours has a durable signed checkpoint over the entry by then, Tessera's
// follows within its 100 ms. Medians of interleaved rounds in one run.
func TestAppendRatio(t *testing.T) {
	bench := os.Getenv("ENTENTE_BENCH") == "1"
	const writers, want = 256, 3.0
	rounds, perRound := 3, int64(20_000)
	if bench {
		rounds, perRound = 5, 60_000
	}
	if testing.Short() {
		t.Skip("a measurement of some seconds; not with -short")
	}
	key, _ := tesseraKey(t)
	theirs := newTessera(t, key, func(o *tessera.AppendOptions) {
		o.WithBatching(writers, 10*time.Millisecond).WithCheckpointInterval(100 * time.Millisecond)
	})
	defer theirs.close()
	ours := openLog(t, newOwner(t).signDurable)
	addOurs := func(leaf []byte) error { _, err := ours.Append(t.Context(), leaf, nil); return err }
	addTheirs := func(leaf []byte) error { _, err := theirs.Add(t.Context(), tessera.NewEntry(leaf))(); return err }
	fill(t, writers, 2000, addOurs)
	fill(t, writers, 2000, addTheirs)
	var us, them, ratios []float64
	for range rounds {
		u := float64(perRound) / fill(t, writers, perRound, addOurs).Seconds()
		v := float64(perRound) / fill(t, writers, perRound, addTheirs).Seconds()
		us, them, ratios = append(us, u), append(them, v), append(ratios, u/v)
	}
	ratio := median(ratios)
	t.Logf("%d writers: ours %.0f/s, Tessera POSIX %.0f/s, ratio %.1f (rounds %.1f)", writers, median(us), median(them), ratio, ratios)
	if ratio < want && bench {
		t.Errorf("ratio %.2f, want %.1f", ratio, want)
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// TestTesseraAsksOurWitness: a Tessera log that publishes only what a witness
// cosigned publishes with ours, behind a plain HTTP handler.
func TestTesseraAsksOurWitness(t *testing.T) {
	cosigner := must(record.NewCosigner("witness.example/entente", seed("witness")))
	key, vkey := tesseraKey(t)
	w := &record.Witness{Store: newHeads(), Cosigner: cosigner, Keys: func(name string) ([]record.Verifier, bool) {
		return []record.Verifier{vkey}, name == vkey.Name()
	}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, record.MaxAddCheckpoint))
		if err != nil || r.URL.Path != "/add-checkpoint" {
			http.Error(rw, "refused", http.StatusBadRequest)
			return
		}
		a, err := w.AddCheckpoint(r.Context(), body, time.Now().Unix())
		if err != nil {
			http.Error(rw, "internal", http.StatusInternalServerError)
			return
		}
		rw.Header().Set("Content-Type", a.ContentType)
		rw.WriteHeader(a.Status)
		rw.Write(a.Body)
	}))
	defer server.Close()
	theirs := must(tessera.NewWitness(cosigner.String(), must(url.Parse(server.URL))))
	log := newTessera(t, key, func(o *tessera.AppendOptions) {
		o.WithBatching(16, 10*time.Millisecond).WithCheckpointInterval(100 * time.Millisecond)
		o.WithWitnesses(tessera.NewWitnessGroup(1, theirs), &tessera.WitnessOptions{Timeout: 10 * time.Second})
	})
	defer log.close()
	await := tessera.NewPublicationAwaiter(t.Context(), log.reader.ReadCheckpoint, 20*time.Millisecond)
	for i := range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, msg, err := await.Await(ctx, log.Add(ctx, tessera.NewEntry([]byte{byte(i)})))
		cancel()
		if err != nil {
			t.Fatalf("entry %d is not published: %v", i, err)
		}
		c, sigs, err := record.Open(msg, cosigner.Verifier, vkey)
		if err != nil || len(sigs) != 2 {
			t.Fatalf("entry %d: size %d with %d signatures, %v\n%s", i, c.Size, len(sigs), err, msg)
		}
	}
}

// heads is a witness memory that lasts as long as the test.
type heads struct {
	mu   sync.Mutex
	last map[string]record.Head
}

func newHeads() *heads { return &heads{last: make(map[string]record.Head)} }

func (h *heads) Latest(name string) (record.Head, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	head, ok := h.last[name]
	return head, ok
}

func (h *heads) Update(_ context.Context, name string, old uint64, next record.Head) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last[name].Tree.Size != old {
		return record.ErrConflict
	}
	h.last[name] = next
	return nil
}
