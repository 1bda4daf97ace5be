package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var errSkip = errors.New("not kept")

type sinkFunc func(Batch) error

func (f sinkFunc) Batch(_ context.Context, b Batch) error { return f(b) }

// followOnce follows until there is nothing left to read.
func followOnce(t testing.TB, b *book, cfg Config, paths ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cfg.PollOnly, cfg.Quiet = true, cancel
	cfg.Trouble = func(source string, err error) { t.Errorf("%s: %v", source, err) }
	var sources []Source
	for _, p := range paths {
		sources = append(sources, Source{ID: filepath.Base(p), Path: p})
	}
	if err := Follow(ctx, cfg, sources, b.positions, b); err != nil {
		t.Fatal(err)
	}
}

// follower is a Follow in a synctest bubble, whose clock stands still while it is not waited for.
type follower struct {
	*book
	t    *testing.T
	stop func()
}

func follow(t *testing.T, b *book, sources ...Source) *follower {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := config()
	cfg.PollOnly = true
	cfg.Trouble = func(source string, err error) { t.Errorf("%s: %v", source, err) }
	done := make(chan error)
	go func() { done <- Follow(ctx, cfg, sources, b.positions, b) }()
	return &follower{book: b, t: t, stop: func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}}
}

// pass lets d go by.
func (f *follower) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (f *follower) want(source, values string) {
	f.t.Helper()
	if got := f.values(source); got != values {
		f.t.Errorf("%s: have %q, want %q", source, got, values)
	}
}

const second = time.Second

func TestFollowAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		write(t, path, "")
		f := follow(t, newBook(t), Source{ID: "log", Path: path})
		f.pass(second)
		appendTo(t, path, "#keyed p.\na=1\nb=")
		f.pass(2 * second)
		f.want("log", "1")
		appendTo(t, path, "2\r")
		f.pass(2 * second)
		f.want("log", "1")
		appendTo(t, path, "\nc=3\n")
		f.pass(2 * second)
		f.want("log", "1 2 3")
		f.stop()
		if got := f.lines["log"][2]; got != "0:3@14+3 p.b=2" {
			t.Error(got)
		}
	})
}

func TestFollowRename(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		write(t, path, "a=1\n")
		f := follow(t, newBook(t), Source{ID: "log", Path: path})
		f.pass(second)
		rename(t, path, path+".1")
		appendTo(t, path+".1", "a=2\n")
		f.pass(2 * second) // there is no file at the path now
		appendTo(t, path, "b=1\n")
		f.pass(second)
		appendTo(t, path+".1", "a=3\na=4") // the writer has not let go yet
		f.pass(2 * second)
		f.want("log", "1 2 3")
		f.pass(4 * second)
		f.want("log", "1 2 3 4 1")
		rename(t, path, path+".2") // twice while nobody looks
		write(t, path, "c=1\n")
		rename(t, path, path+".3")
		write(t, path, "d=1\n")
		f.pass(20 * second)
		f.want("log", "1 2 3 4 1 1 1")
		f.stop()
		want := []string{"0:4@12+3 a=4", "1:1@0+3 b=1", "2:1@0+3 c=1", "3:1@0+3 d=1"}
		if diff := cmp.Diff(want, f.lines["log"][3:]); diff != "" {
			t.Error(diff)
		}
		if len(f.lost) > 0 {
			t.Error(f.lost)
		}
		replayEquals(t, f.book, "log", path, nil)
	})
}

func TestFollowCopyTruncate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		write(t, path, "a=1\n")
		f := follow(t, newBook(t), Source{ID: "log", Path: path})
		f.pass(2 * second)
		// The copy has a line that was not read before the file was emptied.
		write(t, path+".1", "a=1\na=2\n")
		write(t, path, "")
		f.pass(10 * second)
		f.want("log", "1 2")
		appendTo(t, path, "b=1 and more than there was\n")
		f.pass(10 * second)
		// Truncated and grown beyond the old length between two looks.
		write(t, path, "c=1, longer than what was there before it\nc=2\n")
		f.pass(10 * second)
		f.stop()
		f.want("log", "1 2 1 and more than there was 1, longer than what was there before it 2")
		if t.Failed() {
			t.Log(f.lines)
		}
		if len(f.lost) != 1 || !strings.Contains(f.lost[0], "truncated") {
			t.Errorf("lost: %q", f.lost)
		}
		replayEquals(t, f.book, "log", path, []int{1})
	})
}

// replayEquals checks that a replay gives the very lines that were read, but for the generations that are
// gone, which it must name.
func replayEquals(t *testing.T, b *book, source, path string, gone []int) {
	t.Helper()
	var got, want []string
	err := Replay(t.Context(), config(), Source{ID: source, Path: path}, b.positions(source), func(b Batch) error {
		got = append(got, texts(b)...)
		return nil
	})
	for _, l := range b.lines[source] {
		missing := false
		for _, g := range gone {
			missing = missing || strings.HasPrefix(l, string(rune('0'+g))+":")
		}
		if !missing {
			want = append(want, l)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("replay of %s:\n%s", source, diff)
	}
	var told *Gone
	if errors.As(err, &told) != (len(gone) > 0) || err != nil && told == nil {
		t.Errorf("replay of %s: %v, want gone %v", source, err, gone)
	}
	if told != nil && told.Generation != gone[0] {
		t.Errorf("replay of %s: %v", source, told)
	}
}

func TestRestartAcrossRotations(t *testing.T) {
	for _, packed := range []bool{false, true} {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		b := newBook(t)
		write(t, path, "a=1\na=2")
		followOnce(t, b, config(), path)
		if got := b.values("log"); got != "1" {
			t.Fatal(got)
		}
		// Three rotations pass while nobody reads; the oldest is compressed.
		appendTo(t, path, "\na=3\n")
		rename(t, path, path+".3")
		if packed {
			write(t, path+".3.gz", zipped("a=1\na=2\na=3\n"))
			if err := os.Remove(path + ".3"); err != nil {
				t.Fatal(err)
			}
		}
		write(t, path+".2", "b=1\n")
		write(t, path+".1", "c=1\n")
		write(t, path, "d=1\n")
		mustOnce(t, b, config(), path)
		if got := b.values("log"); got != "1 2 3 1 1 1" || len(b.lost) > 0 {
			t.Errorf("packed=%v: %q, lost %q", packed, got, b.lost)
		}
		replayEquals(t, b, "log", path, nil)
		mustOnce(t, b, config(), path)
		if got := b.values("log"); got != "1 2 3 1 1 1" {
			t.Errorf("packed=%v: read again: %q", packed, got)
		}
	}
}

func TestRestartAfterLoss(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	b := newBook(t)
	write(t, path, "a=1\n")
	mustOnce(t, b, config(), path)
	write(t, path, "b=1\n")
	mustOnce(t, b, config(), path)
	if got := b.values("log"); got != "1 1" || len(b.lost) != 1 || !strings.Contains(b.lost[0], "replaced or truncated") {
		t.Errorf("%q, lost %q", got, b.lost)
	}
	replayEquals(t, b, "log", path, []int{0})
	// The same content under another inode is the same file: a restored copy.
	rename(t, path, path+"x")
	write(t, path, "b=1\nb=2\n")
	if err := os.Remove(path + "x"); err != nil {
		t.Fatal(err)
	}
	mustOnce(t, b, config(), path)
	if got := b.values("log"); got != "1 1 2" || len(b.lost) != 1 {
		t.Errorf("%q, lost %q", got, b.lost)
	}
}

// In a directory every name is a source, and rotation moves what was read from one name to the next.
func TestFollowDirectoryRotation(t *testing.T) {
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "log")
			write(t, path, "a=1\n")
			b := newBook(t)
			f := follow(t, b, Source{ID: "d", Path: dir})
			again := func() {
				f.pass(20 * second)
				if restart {
					f.stop()
					f = follow(t, b, Source{ID: "d", Path: dir})
				}
			}
			f.pass(2 * second)
			for i, text := range []string{"b=1\n", "c=1\n", "d=1\n"} {
				for n := i; n > 0; n-- {
					rename(t, path+"."+string(rune('0'+n)), path+"."+string(rune('1'+n)))
				}
				rename(t, path, path+".1")
				appendTo(t, path+".1", "late=2\n")
				write(t, path, text)
				again()
			}
			appendTo(t, path+".2", "verylate=3\n")
			again()
			f.stop()
			var all []string
			for _, lines := range b.lines {
				for _, l := range lines {
					_, name, _ := strings.Cut(l, " ")
					all = append(all, name)
				}
			}
			count := map[string]int{}
			for _, a := range all {
				count[a]++
			}
			want := map[string]int{"a=1": 1, "b=1": 1, "c=1": 1, "d=1": 1, "late=2": 3, "verylate=3": 1}
			if diff := cmp.Diff(want, count); diff != "" {
				t.Errorf("restart=%v: %s\n%v", restart, diff, b.lines)
			}
			if len(b.lost) > 0 {
				t.Error(b.lost)
			}
			replayed := 0
			for source := range b.lines {
				err := Replay(t.Context(), config(), Source{ID: source, Path: filepath.Join(dir, filepath.Base(source))},
					b.positions(source), func(batch Batch) error {
						replayed += len(batch.Lines)
						return nil
					})
				if err != nil {
					t.Errorf("restart=%v: %s: %v", restart, source, err)
				}
			}
			if replayed != len(all) {
				t.Errorf("restart=%v: replayed %d of %d lines", restart, replayed, len(all))
			}
		})
	}
}

func TestDirectoryCopyTruncate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		write(t, path, "a=1\n")
		b := newBook(t)
		f := follow(t, b, Source{ID: "d", Path: dir})
		f.pass(2 * second)
		write(t, path+".1", "a=1\na=2\n")
		f.pass(2 * second) // the copy is there, the file not yet emptied
		write(t, path, "b=3\n")
		f.pass(20 * second)
		f.stop()
		if b.values("d/log") != "1 2 3" || b.values("d/log.1") != "" || len(b.lost) > 0 {
			t.Errorf("%v, lost %v", b.lines, b.lost)
		}
	})
}

func TestFollowNotified(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, "a=1\n")
	b := newBook(t)
	b.seen = make(chan struct{})
	cfg := config()
	cfg.Poll = time.Hour // so it is the notification that wakes
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Follow(ctx, cfg, []Source{{ID: "log", Path: path}}, b.positions, b) }()
	<-b.seen
	appendTo(t, path, "a=2\n")
	<-b.seen
	cancel()
	if err := <-done; err != nil || b.values("log") != "1 2" {
		t.Error(err, b.lines)
	}
}

func TestFollowSinkFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, "a=1\n")
	full := errors.New("disk full")
	err := Follow(t.Context(), config(), []Source{{ID: "log", Path: path}}, nil, sinkFunc(func(Batch) error { return full }))
	if !errors.Is(err, full) || !strings.Contains(err.Error(), "log") {
		t.Error(err)
	}
	err = Follow(t.Context(), config(), []Source{{ID: "log", Path: path + "x"}}, nil, sinkFunc(func(Batch) error { return nil }))
	if !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
}
