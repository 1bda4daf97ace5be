package peer

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const origin = "entente/north/00000000"

// TestReadLog reads a log of 1,000 leaves over net.Pipe through the client and
// lets x/mod's tlog judge the tiles.
func TestReadLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		log := m.grow(t, origin, 1000)
		_, stop := serve(t, w.listen("north"), m, nil)
		defer stop()
		c := client(t, "south", "north", w.dial)
		defer c.Close()
		readLog(t, c.Source, log)
		readLog(t, NewSource(Local{m, "south"}), log)
		if got := m.all(); got != "[] []" {
			t.Errorf("refusals: %s", got)
		}
	})
}

type tileReader struct {
	ctx context.Context
	src *Source
}

func (r tileReader) Height() int { return 8 }
func (r tileReader) ReadTiles(tiles []tlog.Tile) (out [][]byte, err error) {
	for _, t := range tiles {
		b, err := r.src.Tile(r.ctx, origin, t)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}
func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func readLog(t *testing.T, src *Source, log *memLog) {
	t.Helper()
	ctx := t.Context()
	note, err := src.Checkpoint(ctx, origin)
	if err != nil || !bytes.Equal(note, log.Checkpoint()) {
		t.Fatalf("checkpoint %q, %v", note, err)
	}
	if held, err := src.Held(ctx, origin); err != nil || string(held) != "held "+string(note) {
		t.Errorf("held %q, %v", held, err)
	}
	tree := log.tree(t)
	hashes := tlog.TileHashReader(tree, tileReader{ctx, src})
	for bundle := range uint64(4) {
		width := int(min(BundleWidth, uint64(tree.N)-bundle*BundleWidth))
		leaves, err := src.Entries(ctx, origin, bundle, width)
		if err != nil {
			t.Fatal(err)
		}
		for i, leaf := range leaves {
			index := int64(bundle)*BundleWidth + int64(i)
			got, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil || got[0] != tlog.RecordHash(leaf) {
				t.Fatalf("leaf %d: %v", index, err)
			}
		}
	}
	readParts(t, src, log)
	if _, err := src.Checkpoint(ctx, "entente/mallory/00000000"); !errors.Is(err, ErrAbsent) {
		t.Errorf("unknown log: %v", err)
	}
	if _, err := src.Entries(ctx, origin, 3, 233); !errors.Is(err, ErrAbsent) {
		t.Errorf("beyond the log: %v", err)
	}
}

func readParts(t *testing.T, src *Source, log *memLog) {
	t.Helper()
	var index, calls uint64
	for index < log.Size() {
		leaves, err := src.Sealed(t.Context(), origin, index, 1000)
		if err != nil {
			t.Fatal(err)
		}
		calls++
		for _, got := range leaves {
			want, _ := log.Sealed(index)
			if len(got) != len(want) {
				t.Fatalf("leaf %d: %d parts, want %d", index, len(got), len(want))
			}
			for i := range want {
				if !bytes.Equal(got[i], want[i]) || (got[i] == nil) != (want[i] == nil) {
					t.Fatalf("leaf %d part %d differs", index, i)
				}
			}
			index++
		}
	}
	if calls < 5 || calls > 7 { // 1,000 leaves by 256, and the large one alone
		t.Errorf("%d calls for all parts", calls)
	}
}

func TestAddCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		_, stop := serve(t, w.listen("north"), m, nil)
		defer stop()
		c := client(t, "south", "north", w.dial)
		defer c.Close()
		a, err := c.AddCheckpoint(t.Context(), make([]byte, MaxAddCheckpoint))
		if err != nil || a.Status != http.StatusOK || string(a.Body) != "cosigned for south" {
			t.Fatalf("%+v, %v", a, err)
		}
		a, err = c.AddCheckpoint(t.Context(), []byte("stale"))
		if err != nil || a.Status != http.StatusConflict || a.ContentType != "text/x.tlog.size" || string(a.Body) != "7\n" {
			t.Fatalf("%+v, %v", a, err)
		}
	})
}

// TestRound waits for a message of a run and fetches it; a run of somebody
// else's, and a message that was not said, are absent alike.
func TestRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		_, stop := serve(t, w.listen("north"), m, nil)
		defer stop()
		c, other := client(t, "south", "north", w.dial), client(t, "observer", "north", w.dial)
		defer c.Close()
		defer other.Close()
		run := LogName("a run")
		if _, err := c.Round(t.Context(), run, "chunk-own-0"); !errors.Is(err, ErrAbsent) {
			t.Errorf("not said yet: %v", err)
		}
		time.AfterFunc(10*time.Second, func() { m.say(run, "chunk-own-0", bytes.Repeat([]byte{7}, MaxRound)) })
		began := time.Now()
		if n, err := c.WaitRound(t.Context(), run, 0); err != nil || n != 1 || time.Since(began) != 10*time.Second {
			t.Errorf("%d messages after %v, %v", n, time.Since(began), err)
		}
		if n, err := c.WaitRound(t.Context(), run, 1); err != nil || n != 1 {
			t.Errorf("nothing new: %d, %v", n, err)
		}
		got, err := c.Round(t.Context(), run, "chunk-own-0")
		if err != nil || len(got) != MaxRound {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if _, err := other.Round(t.Context(), run, "chunk-own-0"); !errors.Is(err, ErrAbsent) {
			t.Errorf("of a run with somebody else: %v", err)
		}
		if n, err := other.WaitRound(t.Context(), run, 0); err != nil || n != 0 {
			t.Errorf("a run with somebody else has grown: %d, %v", n, err)
		}
		for _, bad := range []string{"", "../key", "Chunk", strings.Repeat("a", 65)} {
			if _, err := c.Round(t.Context(), run, bad); err == nil || errors.Is(err, ErrAbsent) {
				t.Errorf("message %q: %v", bad, err)
			}
		}
		m.say(run, "chunk-own-1", make([]byte, MaxRound+1))
		if _, err := c.Round(t.Context(), run, "chunk-own-1"); !errors.Is(err, ErrMalformed) {
			t.Errorf("an endless message: %v", err)
		}
	})
}

// TestWait holds long polls open in virtual time.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		m.grow(t, origin, 3)
		_, stop := serve(t, w.listen("north"), m, nil)
		defer stop()
		c := client(t, "south", "north", w.dial)
		defer c.Close()
		ask := []Growth{{Origin: origin, Size: 3}, {Held: true, Origin: origin, Size: 3}, {Origin: "entente/else/00000000"}}
		start := time.Now()
		got, err := c.Wait(t.Context(), ask)
		if err != nil || got != nil || time.Since(start) != 25*time.Second {
			t.Fatalf("%v, %v after %v", got, err, time.Since(start))
		}
		time.AfterFunc(10*time.Second, func() { m.grow(t, origin, 2) })
		start = time.Now()
		got, err = c.Wait(t.Context(), ask)
		if err != nil || time.Since(start) != 10*time.Second {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		want := []Growth{{Origin: origin, Size: 5}, {Held: true, Origin: origin, Size: 5}}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("got %v", got)
		}
	})
}

// TestSilentPartner lets a partner be silent for thirty days, then return
// under a clock that is ten years off.
func TestSilentPartner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		m.grow(t, origin, 1)
		c := client(t, "south", "north", w.dial)
		defer c.Close()
		start, tries := time.Now(), 0
		for time.Since(start) < 30*24*time.Hour {
			if err := c.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Checkpoint(t.Context(), origin); !errors.Is(err, ErrUnreachable) {
				t.Fatalf("silent partner: %v", err)
			}
			if _, err := c.Checkpoint(t.Context(), origin); !errors.Is(err, ErrUnreachable) {
				t.Fatalf("during the pause: %v", err)
			}
			tries++
		}
		if w.dials != tries || tries > 9000 || tries < 8000 {
			t.Errorf("%d tries, %d dials in 30 days", tries, w.dials)
		}
		_, stop := serve(t, w.listen("north"), m, func(c *Config) {
			c.Now = func() time.Time { return time.Now().AddDate(-10, 0, 0) }
		})
		defer stop()
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Checkpoint(t.Context(), origin); err != nil {
			t.Errorf("after its return: %v", err)
		}
		if c.Pause() != 0 {
			t.Errorf("pause of %v after success", c.Pause())
		}
	})
}

// TestMute: a partner that takes connections and requests and says nothing.
func TestMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		l := w.listen("north")
		defer l.Close()
		c := client(t, "south", "north", w.dial)
		defer c.Close()
		go func() {
			for {
				if _, err := l.Accept(); err != nil {
					return
				}
			}
		}()
		start := time.Now()
		_, err := c.Checkpoint(t.Context(), origin)
		if !errors.Is(err, ErrUnreachable) || time.Since(start) > time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// BenchmarkAddCheckpoint is one round trip on loopback with a backend that
// does nothing.
func BenchmarkAddCheckpoint(b *testing.B) {
	m := newMemory()
	_, address := loopback(b, m, func(c *Config) { c.Partners[0].Budget.Requests = 1e6 })
	c, err := NewClient(ClientConfig{
		Party: "north", Address: address, Keys: []ed25519.PublicKey{identity(b, "north").Public()},
		Self: identity(b, "south"), Dial: tcp, Now: time.Now, Budget: Budget{Requests: 1e6},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	body := make([]byte, 1300)
	for b.Loop() {
		if _, err := c.AddCheckpoint(b.Context(), body); err != nil {
			b.Fatal(err)
		}
	}
}
