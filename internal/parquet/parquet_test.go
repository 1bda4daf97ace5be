package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"entente/watch/archive"
	"entente/watch/event"
)

func record(i int) archive.Record {
	r := archive.Record{Source: "eve", Path: "/logs/eve.json", Line: int64(i + 1), Offset: int64(i) * 100, Raw: []byte("a line")}
	ev := &r.Event
	ev.Dataset = "suricata.dns"
	if i%7 > 0 {
		ev.Time = time.UnixMicro(1_790_000_000_000_000 + int64(i)).UTC()
	}
	ev.Put("source.ip", fmt.Sprintf("198.51.100.%d", i%250), event.Address)
	ev.Add("source.port", fmt.Sprint(i%70_000))
	ev.Put("source.ip", "192.0.2.1", event.Address)
	ev.Put("dns.question.name", fmt.Sprintf("n%d.example.org", i%9000), event.Name)
	if i%3 == 0 {
		ev.Put("file.hash.md5", fmt.Sprintf("%032x", i), event.Hash)
	}
	ev.Add("message", "тест \u0000 \"quoted\"")
	return r
}

func write(t testing.TB, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, "test")
	for i := range n {
		r := record(i)
		if err := w.Write(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRows: what was written is read, over several row groups; no row takes
// over anything from the one whose memory it uses.
func TestRows(t *testing.T) {
	const n = groupRows + 1000
	data := write(t, n)
	i := 0
	err := Read(bytes.NewReader(data), int64(len(data)), func(got Row) error {
		if i%97 > 1 { // comparing takes longer than reading
			i++
			return nil
		}
		r := record(i)
		var want Row
		var at time.Time
		want.fill(&r, &at)
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			return fmt.Errorf("row %d: %s", i, d)
		}
		i++
		return nil
	})
	if err != nil || i != n {
		t.Fatalf("%d rows, %v", i, err)
	}
	var r Row
	var at time.Time
	rec := record(3)
	r.fill(&rec, &at)
	if r.SourceIP != "198.51.100.3" || r.SourcePort != 3 || r.Domain != "n3.example.org" || len(r.Hashes) != 1 || len(r.Observables) != 4 {
		t.Errorf("columns: %+v", r)
	}
	if d := cmp.Diff([]Field{{"source.ip", "192.0.2.1"}, {"dns.question.name", "n3.example.org"}, {"file.hash.md5", r.Hashes[0]}, {"message", "тест \x00 \"quoted\""}}, r.Fields); d != "" {
		t.Errorf("the rest: %s", d)
	}
}

// TestEmpty: a file without rows is a file.
func TestEmpty(t *testing.T) {
	data := write(t, 0)
	if err := Read(bytes.NewReader(data), int64(len(data)), func(Row) error { return errors.New("a row") }); err != nil {
		t.Error(err)
	}
}

// TestDamaged: a damaged file gives an error or rows, never a panic.
func TestDamaged(t *testing.T) {
	data := write(t, 600)
	rng := rand.New(rand.NewPCG(1, 2))
	noticed := 0
	for range 100 {
		bad := bytes.Clone(data)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		if err := Read(bytes.NewReader(bad), int64(len(bad)), func(Row) error { return nil }); err != nil {
			noticed++
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
		}
	}
	if noticed == 0 {
		t.Error("nothing was noticed")
	}
}

func BenchmarkWrite(b *testing.B) {
	w := NewWriter(new(bytes.Buffer), "bench")
	r := record(4)
	for b.Loop() {
		if err := w.Write(&r); err != nil {
			b.Fatal(err)
		}
	}
}
