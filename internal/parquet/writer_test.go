package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"entente/watch/archive"
	"entente/watch/event"
)

// random is a record of anything: values that repeat and that do not, none, many, long ones.
func random(rng *rand.Rand) *archive.Record {
	pick := func(all ...string) string { return all[rng.IntN(len(all))] }
	r := &archive.Record{
		Source: pick("a", "b"), Path: "/" + pick("x", "y"), Generation: rng.IntN(3), Line: rng.Int64(), Offset: rng.Int64N(1 << 40),
		Raw: make([]byte, rng.IntN(1000)),
	}
	ev := &r.Event
	ev.Dataset, ev.Left = pick("one", "two", ""), rng.IntN(2)
	if rng.IntN(4) > 0 {
		ev.Time = time.UnixMicro(rng.Int64N(4e15) - 1e15).UTC()
	}
	for range rng.IntN(8) {
		name := pick("source.ip", "source.port", "destination.ip", "destination.port", "url.full", "url.domain", "user.name", "message", "file.hash.md5")
		ev.Fields = append(ev.Fields, event.Field{Name: name, Value: pick("192.0.2.1", "443", "0", "тест", fmt.Sprint(rng.Uint64()), fmt.Sprint(rng.IntN(70_000)), strings.Repeat("x", rng.IntN(1500)))})
	}
	for range rng.IntN(4) {
		ev.Observe(pick("p", "q"), fmt.Sprintf("10.%d.%d.1", rng.IntN(256), rng.IntN(256)), event.Address)
		ev.Observe("h", fmt.Sprintf("%032x", rng.Uint64()), event.Hash)
	}
	return r
}

// TestWriter: whatever the records, the library reads the rows that they are, and statistics that hold: through dictionaries that
// overflow, pages and groups that end early.
func TestWriter(t *testing.T) {
	const n = 12_000
	rng := func() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }
	var out bytes.Buffer
	w := NewWriter(&out, "test")
	w.most = 256 << 10
	from := rng()
	for range n {
		if err := w.Write(random(from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if file.NumRows() != n || len(file.RowGroups()) < 2 {
		t.Errorf("%d rows in %d groups", file.NumRows(), len(file.RowGroups()))
	}
	type bounds struct{ least, most, nulls int64 }
	want := make([]bounds, len(file.RowGroups()))
	group, row := 0, 0
	from = rng()
	err = Read(bytes.NewReader(out.Bytes()), int64(out.Len()), func(got Row) error {
		var want1 Row
		var at time.Time
		want1.fill(random(from), &at)
		if d := cmp.Diff(want1, got, cmpopts.EquateEmpty()); d != "" {
			return fmt.Errorf("row %d of group %d: %s", row, group, d)
		}
		b := &want[group]
		if row == 0 {
			b.least, b.most = got.Line, got.Line
		}
		b.least, b.most = min(b.least, got.Line), max(b.most, got.Line)
		if got.Time == nil {
			b.nulls++
		}
		if row++; int64(row) == file.RowGroups()[group].NumRows() {
			group, row = group+1, 0
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range file.RowGroups() {
		line := g.ColumnChunks()[inLine].(*parquet.FileColumnChunk)
		least, most, ok := line.Bounds()
		if b := want[i]; !ok || least.Int64() != b.least || most.Int64() != b.most || file.Metadata().RowGroups[i].Columns[inTime].MetaData.Statistics.NullCount != b.nulls {
			t.Errorf("group %d: lines %v to %v, %v; want %+v", i, least, most, ok, b)
		}
	}
}

// TestCodec: what the codec writes is zstd.
func TestCodec(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var c codec
	var codes [3]code
	for range 500 {
		b := make([]byte, rng.IntN(1<<rng.IntN(20)))
		letters := 1 + rng.IntN(256)
		for i := range b {
			b[i] = byte(rng.IntN(letters))
		}
		i, j := rng.IntN(len(b)+1), rng.IntN(len(b)+1)
		frame := c.encode(part{b[:min(i, j)], &codes[0]}, part{b[min(i, j):max(i, j)], &codes[1]}, part{b[max(i, j):], &codes[rng.IntN(3)]})
		if got, err := z.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%d bytes of %d letters became %d: %v", len(b), letters, len(frame), err)
		}
	}
}

// kept is a file in memory that takes pages over.
type kept struct {
	pages [][]byte
	times int
}

func (k *kept) Write(b []byte) (int, error) {
	k.pages = append(k.pages, bytes.Clone(b))
	return len(b), nil
}

func (k *kept) Keep(b []byte) { k.pages, k.times = append(k.pages, b), k.times+1 }

// TestKeeper: what a Keeper is given stays as it was, whatever is written after it, and is the file that another writer gets.
func TestKeeper(t *testing.T) {
	var plain bytes.Buffer
	var k kept
	a, b := NewWriter(&plain, "test"), NewWriter(&k, "test")
	a.most, b.most = 64<<10, 64<<10
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		r := random(rng)
		if err := errors.Join(a.Write(r), b.Write(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(a.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.Join(k.pages, nil), plain.Bytes()) || k.times == 0 {
		t.Errorf("%d pages were kept, and the files differ", k.times)
	}
}
