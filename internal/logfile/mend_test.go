package logfile

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

// twin gives what a whole copy of the log has.
type twin struct{ *Log }

func (s twin) Checkpoint(context.Context, string) ([]byte, error) {
	_, note := s.Head()
	return note, nil
}

func (s twin) Tile(_ context.Context, _ string, t tlog.Tile) ([]byte, error) { return s.Log.Tile(t) }

func (s twin) Entries(_ context.Context, _ string, bundle uint64, width int) (out [][]byte, err error) {
	for i := range uint64(width) {
		leaf, err := s.Leaf(bundle*256 + i)
		if err != nil {
			return nil, err
		}
		out = append(out, leaf)
	}
	return out, nil
}

func (s twin) Sealed(_ context.Context, _ string, from uint64, _ int) ([][][]byte, error) {
	parts, err := s.Log.Sealed(from)
	return [][][]byte{parts}, err
}

func (s twin) Erasure(context.Context, string, uint64, int) (uint64, error) {
	return 0, errors.New("nothing is erased")
}

// junk gives leaves and parts of the right length with other bytes.
type junk struct{ twin }

func (s junk) Entries(ctx context.Context, origin string, bundle uint64, width int) ([][]byte, error) {
	out, err := s.twin.Entries(ctx, origin, bundle, width)
	for _, leaf := range out {
		leaf[0] ^= 1
	}
	return out, err
}

func (s junk) Sealed(ctx context.Context, origin string, from uint64, n int) ([][][]byte, error) {
	out, err := s.twin.Sealed(ctx, origin, from, n)
	for _, p := range out[0] {
		p[0] ^= 1
	}
	return out, err
}

// TestMendAnywhere changes one bit of each byte of a running log in turn.
// What scrubbing finds in leaves, ciphertexts and hashes is put right from a
// copy; what it finds in the frame of a batch stays damage; junk is never
// taken.
func TestMendAnywhere(t *testing.T) {
	const n = 5
	whole, o := small(t, n, Options{})
	good, err := Open(whole.Clone(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	var damage *record.Damage
	found, mended := 0, 0
	for at := fileHeader; at < len(whole.Bytes(logName)); at++ {
		d := whole.Clone()
		l, err := Open(d, o)
		if err != nil {
			t.Fatal(err)
		}
		d.Flip(logName, int64(at), uint8(at))
		_, err = l.Scrub(t.Context(), 0, n)
		if err == nil {
			l.Close()
			continue
		}
		if !errors.As(err, &damage) {
			t.Fatal(err)
		}
		found++
		if wrote, err := record.Heal(t.Context(), junk{twin{good}}, l, o.Origin, damage.Index, nil); err == nil && wrote > 0 {
			if _, err := l.Scrub(t.Context(), 0, n); err != nil {
				t.Fatalf("byte %d: junk was taken: %v", at, err)
			}
		}
		wrote, err := record.Heal(t.Context(), twin{good}, l, o.Origin, damage.Index, nil)
		if err != nil && !errors.As(err, &damage) {
			t.Fatalf("byte %d: %v", at, err)
		}
		_, again := l.Scrub(t.Context(), 0, n)
		switch {
		case again == nil:
			mended++
			if err := readAll(t, l, n); err != nil {
				t.Fatalf("byte %d: %v", at, err)
			}
		case wrote > 0 && err == nil:
			t.Fatalf("byte %d: said to be right, and is not: %v", at, again)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Leaves and ciphertexts are 17 bytes each here, with a length of two.
	if least := n * (17 + 17 + 2); mended < least || found < mended {
		t.Errorf("%d found, %d put right, want at least %d", found, mended, least)
	}
	t.Logf("%d bytes found damaged, %d put right, the rest in the frames of batches", found, mended)
}

// TestMendEdited: a leaf that was changed together with its stored hash is
// found by the tree and put right with its hash.
func TestMendEdited(t *testing.T) {
	const n, bad = 300, 17
	whole, o := small(t, n, Options{deriveEvery: 20})
	good, err := Open(whole.Clone(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	was := fmt.Sprintf("leaf %d of the log", bad)
	overwrite(t, whole, logName, []byte(was), []byte("LEAF"+was[4:]))
	l, err := Open(whole, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	hash := tlog.RecordHash([]byte("LEAF" + was[4:]))
	if _, err := l.side.levels[0].WriteAt(hash[:], bad*32); err != nil {
		t.Fatal(err)
	}
	var damage *record.Damage
	if _, err := l.Scrub(t.Context(), 0, n); !errors.As(err, &damage) {
		t.Fatalf("scrub: %v", err)
	}
	if wrote, err := record.Heal(t.Context(), junk{twin{good}}, l, o.Origin, damage.Index, nil); err == nil || wrote > 0 {
		t.Errorf("junk: %d, %v", wrote, err)
	}
	if wrote, err := record.Heal(t.Context(), twin{good}, l, o.Origin, damage.Index, nil); wrote != 1 || err != nil {
		t.Errorf("heal: %d, %v", wrote, err)
	}
	if _, err := l.Scrub(t.Context(), 0, n); err != nil {
		t.Error(err)
	}
	if err := readAll(t, l, n); err != nil {
		t.Error(err)
	}
}

// TestMendRefuses: what does not fit what was stored is not written.
func TestMendRefuses(t *testing.T) {
	whole, o := small(t, 3, Options{})
	l, err := Open(whole, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var damage *record.Damage
	for name, err := range map[string]error{
		"a longer leaf":  l.Mend(1, make([]byte, 99), nil),
		"another part":   l.Mend(1, nil, [][]byte{[]byte("LEAF 9 OF THE LOG!")}),
		"too many parts": l.Mend(1, nil, [][]byte{nil, nil}),
	} {
		if !errors.As(err, &damage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.Mend(3, []byte("x"), nil); !errors.Is(err, ErrBeyond) {
		t.Errorf("beyond the end: %v", err)
	}
	if err := readAll(t, l, 3); err != nil {
		t.Error(err)
	}
	if first, n, err := l.Span(1); first > 1 || first+n < 2 || err != nil {
		t.Errorf("span %d, %d, %v", first, n, err)
	}
}
