package segment

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"entente/internal/disk"
	"entente/internal/disk/disktest"
	"entente/observable"
	"entente/statement"
	"entente/watch/archive"
)

// add appends batches of 100 records, each stored, and returns the last note.
func add(t testing.TB, s *Store, from, to int) (note []byte) {
	t.Helper()
	for n := from; n < to; n += 100 {
		b := batch{n, min(n+100, to)}
		note = must(s.Append(b.span(), b.records()))(t)
		s.Done(true)
	}
	return note
}

// TestHunt: in spool and segments alike, live or opened again, exactly what is
// asked for is found, and every record once; the lines copied, and with no block that is small the spool itself.
func TestHunt(t *testing.T) {
	for name, fine := range map[string]int{"copied": 0, "adopted": 1} {
		t.Run(name, func(t *testing.T) { hunts(t, fine) })
	}
}

func hunts(t *testing.T, fine int) {
	dir := t.TempDir()
	c := newClock()
	open := func(note []byte) *Store {
		cfg := config(must(disk.OS(dir))(t), c)
		cfg.fine = fine
		s, told, err := Open(cfg, note)
		ok(t, errors.Join(append(told, err)...))
		return s
	}
	s := open(nil)
	add(t, s, 0, 3000)
	if m := must(s.Seal(t.Context(), true))(t); len(m) != 1 || m[0].Rows != 3000 {
		t.Fatalf("sealed %+v", m)
	}
	add(t, s, 3000, 3500)
	must(s.Seal(t.Context(), true))(t)
	note := add(t, s, 3500, 4000)
	check := func(s *Store) {
		t.Helper()
		all := lines(t, s, everything())
		for n := range int64(4000) {
			if all[n] != 1 {
				t.Fatalf("line %d came %d times", n, all[n])
			}
		}
		for _, q := range []struct {
			want  observable.Value
			lines int // of the segments
		}{
			{value(observable.IPv4, address(17)), 1},
			{value(observable.Domain, "n3400.zone5.example"), 1},
			{value(observable.Domain, "zone5.example"), 500},
			{value(observable.Net4, "10.0.4.0/24"), 256},
			{value(observable.Domain, "example"), 0},
			{value(observable.Domain, "nowhere.example"), 0},
		} {
			got := lines(t, s, archive.NewNeedles([]observable.Value{q.want}))
			inSegments := 0
			for n := range got {
				if n < 3500 {
					inSegments++
				}
			}
			if inSegments != q.lines {
				t.Errorf("%v: %d lines, want %d", q.want, inSegments, q.lines)
			}
		}
		if cov := s.Coverage(); !cov.Has("log", 0, 0, 40_000) || cov.Has("log", 0, 0, 40_001) {
			t.Error("coverage")
		}
		if st := s.State(); st.Rows != 4000 || st.Segments != 2 || st.Stopped != nil || st.Since != record(0).Event.Time.UnixMilli() {
			t.Errorf("state %+v", st)
		}
	}
	check(s)
	m := s.Segments()[1]
	ok(t, s.Close())
	for _, f := range m.Files {
		data := must(os.ReadFile(filepath.Join(dir, f.Name)))(t)
		if int64(len(data)) != f.Size || statement.Digest(sha256.Sum256(data)) != f.Digest {
			t.Errorf("%s is not what its manifest says", f.Name)
		}
	}
	if sum := sha256.Sum256(must(os.ReadFile(filepath.Join(dir, "00000002.json")))(t)); statement.Digest(sum) != must(m.Digest())(t) {
		t.Error("the digest is not that of the file")
	}
	s = open(note)
	check(s)
	ok(t, s.Close())
}

// TestCutBack: what no transaction stored is gone at the next start, and a
// batch that is written again is there once.
func TestCutBack(t *testing.T) {
	d, c := disktest.New(rand.New(rand.NewPCG(1, 1))), newClock()
	s, _, err := Open(config(d, c), nil)
	ok(t, err)
	note := add(t, s, 0, 100)
	must(s.Append(batch{100, 200}.span(), batch{100, 200}.records()))(t)
	s.Done(false) // the database failed
	must(s.Append(batch{100, 150}.span(), batch{100, 150}.records()))(t)
	d.Restart() // killed before the transaction
	s, told, err := Open(config(d, c), note)
	ok(t, errors.Join(append(told, err)...))
	add(t, s, 100, 200)
	for n, times := range lines(t, s, everything()) {
		if times != 1 || n >= 200 {
			t.Errorf("line %d came %d times", n, times)
		}
	}
}

// TestAnotherPast: segments that the database does not know count for nothing.
func TestAnotherPast(t *testing.T) {
	d, c := disktest.New(rand.New(rand.NewPCG(1, 1))), newClock()
	s, _, err := Open(config(d, c), nil)
	ok(t, err)
	old := add(t, s, 0, 100)
	add(t, s, 100, 200)
	must(s.Seal(t.Context(), true))(t)
	add(t, s, 200, 300)
	must(s.Seal(t.Context(), true))(t)
	for name, note := range map[string][]byte{"no note": nil, "an older one": old} {
		d := d.Clone()
		s, told, err := Open(config(d, c), note)
		ok(t, err)
		if len(told) == 0 || s.State().Rows != 0 || s.Coverage().Has("log", 0, 0, 10) {
			t.Errorf("%s: told %v, %+v", name, told, s.State())
		}
		add(t, s, 0, 50)
		if got := lines(t, s, everything()); len(got) != 50 {
			t.Errorf("%s: %d lines", name, len(got))
		}
		if len(d.Bytes("aside-00000001.json")) == 0 {
			t.Errorf("%s: the old segment is not kept", name)
		}
	}
}

// TestFull: without room nothing is archived or doubled, it says why, and it
// goes on when there is room again.
func TestFull(t *testing.T) {
	d, c := disktest.New(rand.New(rand.NewPCG(1, 1))), newClock()
	cfg := config(d, c)
	free := int64(100)
	cfg.Free, cfg.Reserve = func() (int64, error) { return free, nil }, 50
	s, _, err := Open(cfg, nil)
	ok(t, err)
	add(t, s, 0, 100)
	refuse := func(want error, b batch) {
		t.Helper()
		if _, err := s.Append(b.span(), b.records()); !errors.Is(err, want) || !errors.Is(s.State().Stopped, want) {
			t.Errorf("append: %v, state %v; want %v", err, s.State().Stopped, want)
		}
		s.Done(true) // what the caller does with a batch that was not archived changes nothing
		if s.Coverage().Has("log", 0, int64(b.from)*10, int64(b.from)*10+1) {
			t.Error("covers what it did not take")
		}
	}
	free = 10
	refuse(ErrRoom, batch{100, 200})
	free = 100
	if _, err := s.Append(batch{200, 300}.span(), batch{200, 300}.records()); !errors.Is(err, ErrPaused) {
		t.Errorf("at once again: %v", err)
	}
	c.now = c.now.Add(retryPause)
	d.Play(disktest.Plan{Capacity: int64(len(d.Bytes("00000001.spool"))) + 500})
	refuse(syscall.ENOSPC, batch{200, 300})
	d.Play(disktest.Plan{})
	c.now = c.now.Add(retryPause)
	add(t, s, 300, 400)
	got := lines(t, s, everything())
	if len(got) != 200 || s.State().Stopped != nil {
		t.Errorf("%d lines, %v", len(got), s.State().Stopped)
	}
	d.Play(disktest.Plan{Capacity: 1})
	if _, err := s.Seal(t.Context(), true); !disk.IsFull(err) {
		t.Errorf("sealing: %v", err)
	}
	d.Play(disktest.Plan{})
	must(s.Seal(t.Context(), false))(t)
	if got := lines(t, s, everything()); len(got) != 200 || s.State().Segments != 2 {
		t.Errorf("%d lines, %+v", len(got), s.State())
	}
}

// TestRetention: the oldest go, by size and by age, and are no longer covered.
func TestRetention(t *testing.T) {
	d, c := disktest.New(rand.New(rand.NewPCG(1, 1))), newClock()
	cfg := config(d, c)
	cfg.MaxAge = 30 * 24 * time.Hour
	s, _, err := Open(cfg, nil)
	ok(t, err)
	for i := range 4 {
		add(t, s, i*100, i*100+100)
		must(s.Seal(t.Context(), true))(t)
		c.now = c.now.Add(10 * 24 * time.Hour)
	}
	gone := s.Spent()
	if len(gone) != 1 || gone[0].Number != 1 {
		t.Fatalf("by age: %+v", gone)
	}
	ok(t, s.Remove(1))
	s.cfg.MaxBytes = s.State().Bytes - 1
	if gone = s.Spent(); len(gone) != 1 || gone[0].Number != 2 {
		t.Fatalf("by size: %+v", gone)
	}
	ok(t, s.Remove(2))
	if len(s.Spent()) != 0 || s.Coverage().Has("log", 0, 0, 4000) || !s.Coverage().Has("log", 0, 2000, 4000) || len(lines(t, s, everything())) != 200 {
		t.Error("what is left is wrong")
	}
	for _, name := range must(d.ReadDir())(t) {
		if name < "00000003" {
			t.Errorf("%s is still there", name)
		}
	}
}

// TestDamage: a damaged segment is told, no longer covered, and hides no other.
func TestDamage(t *testing.T) {
	for _, ext := range []string{".keys", ".lines"} {
		d, c := disktest.New(rand.New(rand.NewPCG(1, 1))), newClock()
		s, _, err := Open(config(d, c), nil)
		ok(t, err)
		add(t, s, 0, 2000)
		must(s.Seal(t.Context(), true))(t)
		add(t, s, 2000, 2100)
		d.Flip("00000001"+ext, int64(len(d.Bytes("00000001"+ext))/2), 3)
		found := 0
		values := []observable.Value{value(observable.Net4, "10.0.0.0/8")}
		for n := range 2000 {
			values = append(values, value(observable.IPv4, address(n)), value(observable.Domain, fmt.Sprintf("n%d.zone%d.example", n, n%7)))
		}
		err = s.Hunt(t.Context(), archive.NewNeedles(values), nil, func(r *archive.Record) error {
			if r.Line >= 2000 {
				found++
			}
			return nil
		})
		if !errors.Is(err, archive.ErrDamaged) || found != 100 {
			t.Errorf("%s: %v, %d found behind it", ext, err, found)
		}
		if s.Coverage().Has("log", 0, 0, 10) || !s.Coverage().Has("log", 0, 20_000, 21_000) {
			t.Errorf("%s: still covered", ext)
		}
	}
}

// TestDamagedSpool: a spool that is damaged while the store is open is told, no
// longer covered, and what comes later is archived in another.
func TestDamagedSpool(t *testing.T) {
	d, c := disktest.New(rand.New(rand.NewPCG(1, 1))), newClock()
	s, _, err := Open(config(d, c), nil)
	ok(t, err)
	add(t, s, 0, 2000)
	d.Flip("00000001.spool", int64(len(d.Bytes("00000001.spool"))/2), 3)
	hunt := func() (found int, err error) {
		needles := []observable.Value{value(observable.Net4, "0.0.0.0/0")}
		err = s.Hunt(t.Context(), archive.NewNeedles(needles), nil, func(r *archive.Record) error {
			if r.Line >= 2000 {
				found++
			}
			return nil
		})
		return found, err
	}
	if _, err := hunt(); !errors.Is(err, archive.ErrDamaged) {
		t.Fatalf("a damaged spool: %v", err)
	}
	if s.Coverage().Has("log", 0, 0, 20_000) {
		t.Error("it is still covered")
	}
	add(t, s, 2000, 2100)
	if found, err := hunt(); found != 100 || !errors.Is(err, archive.ErrDamaged) {
		t.Errorf("%d found behind it, %v", found, err)
	}
	if !s.Coverage().Has("log", 0, 20_000, 21_000) || s.Coverage().Has("log", 0, 0, 20_000) {
		t.Error("what came later is not covered, or what is damaged is")
	}
}

func FuzzParseFrame(f *testing.F) {
	var fr framer
	f.Add(bytes.Clone(fr.bytes(fr.encode(batch{0, 3}.span(), batch{0, 3}.records())))[frameHead:], true)
	f.Add([]byte("\x03log\x00\x00\x00\x1e\x00"), false)
	f.Fuzz(func(t *testing.T, b []byte, packed bool) {
		fr, err := parseFrame(b, packed)
		if err != nil {
			return
		}
		var rec archive.Record
		n := int64(0)
		var fs frames
		if err := fs.eachRecord(fr, &rec, func(e []byte) error { n++; return nil }); err == nil && n != fr.count {
			t.Fatalf("%d records, counted %d", n, fr.count)
		}
	})
}

func FuzzLines(f *testing.F) {
	var out bytes.Buffer
	w := newLinesWriter(&out)
	for n := range 10 {
		if err := w.add(archive.AppendRecord(nil, record(n))); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.close(); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := newLinesReader(bytes.NewReader(b), int64(len(b)), 10)
		if err != nil {
			return
		}
		defer l.close()
		var rec archive.Record
		for n := range uint32(10) {
			if err := l.read(n, &rec); err != nil && !errors.Is(err, archive.ErrDamaged) {
				t.Fatal(err)
			}
		}
	})
}
