package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"entente/internal/disk"
	"entente/internal/disk/disktest"
	"entente/watch/archive"
)

// TestEarlier: an archive written before records were packed opens, its spool
// goes on, and all of it is found and sealed. testdata/first was written by the program of that time.
func TestEarlier(t *testing.T) {
	for _, fine := range []int{0, 1} {
		t.Run(fmt.Sprint(fine), func(t *testing.T) { earlier(t, fine) })
	}
}

func earlier(t *testing.T, fine int) {
	dir := t.TempDir()
	ok(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "first"))))
	note := must(os.ReadFile(filepath.Join("testdata", "first.note")))(t)
	cfg := config(must(disk.OS(dir))(t), newClock())
	cfg.fine = fine
	s, told, err := Open(cfg, note)
	ok(t, errors.Join(append(told, err)...))
	defer s.Close()
	check := func(segments, until int) {
		t.Helper()
		got, st := lines(t, s, everything()), s.State()
		if len(got) != until || st.Rows != int64(until) || st.Segments != segments {
			t.Fatalf("%d lines of %d, %+v", len(got), until, st)
		}
		rows := int64(0)
		_, err := s.Each(t.Context(), 0, nil, func(r *archive.Record) error {
			if want := record(int(rows)); r.Line != rows || string(r.Raw) != string(want.Raw) || r.Event.Get("dns.question.name") != want.Event.Get("dns.question.name") {
				return fmt.Errorf("row %d is %+v", rows, r)
			}
			rows++
			return nil
		})
		if err != nil || rows != int64(until) {
			t.Fatalf("%d rows, %v", rows, err)
		}
	}
	check(1, 100)
	add(t, s, 100, 250)
	check(1, 250)
	if m := must(s.Seal(t.Context(), true))(t); len(m) != 1 || m[0].Rows != 190 {
		t.Fatalf("sealed %+v", m)
	}
	check(2, 250)
}

// TestDraft: a segment made of what came in is, byte for byte, the one made of what the spool holds, whatever the batches.
func TestDraft(t *testing.T) {
	for seed := range uint64(8) {
		files := func(again, failing bool) map[string][]byte {
			rng := rand.New(rand.NewPCG(seed, 1))
			d := disktest.New(rng)
			cfg := config(d, newClock())
			cfg.fine = int(seed % 2)
			s, _, err := Open(cfg, nil)
			ok(t, err)
			var note []byte
			from := 0
			for range 12 {
				b := batch{from, from + rng.IntN(1<<rng.IntN(12))}
				if failing {
					must(s.Append(batch{7, 9}.span(), batch{7, 9}.records()))(t)
					s.Done(false)
				}
				note = must(s.Append(b.span(), b.records()))(t)
				s.Done(true)
				from = b.to
			}
			if again {
				ok(t, s.Close())
				d.Restart()
				s, _, err = Open(cfg, note)
				ok(t, err)
			}
			if m := must(s.Seal(t.Context(), true))(t); len(m) != 1 || m[0].Rows != int64(from) {
				t.Fatalf("seed %d: sealed %+v of %d", seed, m, from)
			}
			out := make(map[string][]byte)
			for _, ext := range extensions() {
				out[ext] = d.Bytes(fileName(1, ext))
			}
			return out
		}
		want := files(false, false)
		for name, got := range map[string]map[string][]byte{"opened again": files(true, false), "with failed transactions": files(false, true)} {
			for ext := range want {
				if !bytes.Equal(got[ext], want[ext]) {
					t.Errorf("seed %d: %s: %s differs", seed, name, ext)
				}
			}
		}
	}
}

// TestDraftsAreFew: where segments cannot be made for long, memory does not fill with drafts of them; the segments come all the same.
func TestDraftsAreFew(t *testing.T) {
	d := disktest.New(rand.New(rand.NewPCG(1, 1)))
	s, _, err := Open(config(d, newClock()), nil)
	ok(t, err)
	for n := range 4 {
		add(t, s, n*100, n*100+100)
		d.Play(disktest.Plan{Capacity: 1})
		if _, err := s.Seal(t.Context(), true); !disk.IsFull(err) {
			t.Fatalf("sealing: %v", err)
		}
		d.Play(disktest.Plan{})
	}
	drafts := 0
	for _, sp := range s.closed {
		if sp.draft != nil {
			drafts++
		}
	}
	if len(s.closed) != 4 || drafts > 1 {
		t.Errorf("%d drafts of %d spools", drafts, len(s.closed))
	}
	if m := must(s.Seal(t.Context(), false))(t); len(m) != 4 || len(lines(t, s, everything())) != 400 {
		t.Errorf("sealed %d", len(m))
	}
}

func TestPack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var p packer
	var u unpacker
	for n := range 600 {
		plain := make([]byte, rng.IntN(1<<rng.IntN(19)))
		letters := 1 + rng.IntN(256)
		for i := range plain {
			plain[i] = byte(rng.IntN(letters))
		}
		packed := p.pack(nil, plain)
		if len(packed) > len(plain)+packHead {
			t.Fatalf("%d bytes became %d", len(plain), len(packed))
		}
		got, err := u.unpack(nil, packed, len(plain))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("block %d of %d bytes by method %d: %d bytes, %v", n, len(plain), packed[packHead-1], len(got), err)
		}
		packed[rng.IntN(len(packed))] ^= 1 << rng.IntN(8)
		if _, err := u.unpack(nil, packed, len(plain)); !errors.Is(err, archive.ErrDamaged) {
			t.Fatalf("block %d: a flipped bit gave %v", n, err)
		}
	}
}

// TestPackTogether: blocks of a batch have one Huffman code, and what a batch becomes does not depend on the one before.
func TestPackTogether(t *testing.T) {
	block := func(rng *rand.Rand, from, to byte) []byte { // letters that S2 finds nothing in
		b := make([]byte, 60_000)
		for i := range b {
			b[i] = from + byte(rng.IntN(int(to-from)))&byte(rng.IntN(256))
		}
		return b
	}
	rng := rand.New(rand.NewPCG(1, 2))
	batch := [][]byte{block(rng, 0, 64), block(rng, 0, 64), block(rng, 100, 200), block(rng, 100, 200)}
	var u unpacker
	pack := func(p *packer) (all [][]byte, made int) {
		p.begin()
		for i, b := range batch {
			packed := p.pack(nil, b)
			if got, err := u.unpack(nil, packed, len(b)); err != nil || !bytes.Equal(got, b) || packed[packHead-1] != byHuffman {
				t.Fatalf("block %d by method %d: %v", i, packed[packHead-1], err)
			}
			if p.huff.OutTable != nil {
				made++
			}
			all = append(all, packed)
		}
		return all, made
	}
	var first, used packer
	want, made := pack(&first)
	if made != 2 {
		t.Errorf("%d codes were made for two sets of letters", made)
	}
	used.pack(nil, block(rng, 0, 64))
	if got, _ := pack(&used); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Error("a batch became something else behind another")
	}
}

// FuzzUnpack: whatever the bytes, it neither panics nor gives another size.
func FuzzUnpack(f *testing.F) {
	var p packer
	for _, s := range []string{"", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", string(bytes.Repeat([]byte("10.0.0.1 is 1.0.0.10"), 99))} {
		f.Add(p.pack(nil, []byte(s))[4:], len(s))
	}
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		var u unpacker
		if out, err := u.unpack(nil, append(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(b, castagnoli)), b...), size); err == nil && len(out) != size {
			t.Fatalf("%d bytes of %d", len(out), size)
		}
	})
}

// TestRecordsGivenOnce: a draft that was not given what the spool was makes no segment; that is made of the spool.
func TestRecordsGivenOnce(t *testing.T) {
	s, _, err := Open(config(disktest.New(rand.New(rand.NewPCG(1, 1))), newClock()), nil)
	ok(t, err)
	given := false
	b := batch{0, 100}
	must(s.Append(b.span(), func(yield func(*archive.Record) bool) {
		if given {
			return
		}
		given = true
		b.records()(yield)
	}))(t)
	s.Done(true)
	m := must(s.Seal(t.Context(), true))(t)
	if got := lines(t, s, everything()); len(got) != 100 || len(m) != 1 || m[0].Rows != 100 {
		t.Errorf("%d lines, segments %+v", len(got), m)
	}
}
