package regular

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSilent reports that the system did not answer for a file: the server that it
// lies on is gone, or somebody holds it.
var ErrSilent = errors.New("the system gives no answer for this file")

// A Patient opens and reads files that may lie on a server which is gone. Every call
// of the system is waited for so long as it has patience and the context lasts; one
// that does not come back is left behind. Its methods are safe for concurrent use.
type Patient struct {
	Patience time.Duration

	mu     sync.Mutex     // guards silent
	silent map[string]int // calls that were left behind, by path
}

// Do runs what asks the system for a path. After an error it may still be running,
// and what it writes to must not be read. For a path that did not answer and still
// does not nothing is asked again.
func (p *Patient) Do(ctx context.Context, path string, ask func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	waiting := p.silent[path]
	p.mu.Unlock()
	if waiting > 0 {
		return ErrSilent
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ask()
	}()
	t := time.NewTimer(p.Patience)
	defer t.Stop()
	err := ErrSilent
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-t.C:
	}
	p.leave(path, done)
	return err
}

// leave remembers a call until it comes back.
func (p *Patient) leave(path string, done <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent == nil {
		p.silent = make(map[string]int)
	}
	p.silent[path]++
	go func() {
		<-done
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.silent[path]--; p.silent[path] == 0 {
			delete(p.silent, path)
		}
	}()
}

// Open opens a regular file. Its reads end with the context.
func (p *Patient) Open(ctx context.Context, path string) (*File, error) {
	return p.open(ctx, path, func() (source, error) {
		f, err := Open(path)
		return f, err
	})
}

// source is what a File reads.
type source interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Stat() (os.FileInfo, error)
}

// opened is what became of opening.
type opened struct {
	from source
	size int64
	err  error
}

func (p *Patient) open(ctx context.Context, path string, with func() (source, error)) (*File, error) {
	came := make(chan opened, 1)
	var left atomic.Bool
	drop := func() { // what nobody waits for any more
		select {
		case o := <-came:
			if o.err == nil {
				_ = o.from.Close()
			}
		default:
		}
	}
	err := p.Do(ctx, path, func() {
		var o opened
		if o.from, o.err = with(); o.err == nil {
			var info os.FileInfo
			if info, o.err = o.from.Stat(); o.err == nil {
				o.size = info.Size()
			} else {
				_ = o.from.Close()
			}
		}
		if came <- o; left.Load() {
			drop()
		}
	})
	if err != nil {
		left.Store(true)
		drop()
		return nil, err
	}
	o := <-came
	return &File{p: p, ctx: ctx, path: path, from: o.from, size: o.size}, o.err
}

// Read is the content of a regular file of at most so many bytes.
func (p *Patient) Read(ctx context.Context, path string, most int64) ([]byte, error) {
	f, err := p.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, most)
}

// A File is read as its Patient allows. One goroutine reads.
type File struct {
	p    *Patient
	ctx  context.Context //nolint:containedctx // of whoever opened it: io.Reader takes none
	path string
	from source
	size int64

	block, rest []byte // what was read, and what of it was not yet given
	err         error  // after which nothing is read
}

// blockSize is what is asked for at once.
const blockSize = 256 << 10

// Size is that of the file when it was opened, in bytes.
func (f *File) Size() int64 { return f.size }

// Read implements io.Reader.
func (f *File) Read(to []byte) (int, error) {
	if len(to) == 0 {
		return 0, nil
	}
	if len(f.rest) == 0 && f.err == nil {
		f.fill()
	}
	if len(f.rest) == 0 {
		return 0, f.err
	}
	n := copy(to, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *File) fill() {
	if f.block == nil {
		f.block = make([]byte, blockSize)
	}
	var n int
	var err error
	block := f.block
	if left := f.p.Do(f.ctx, f.path, func() { n, err = f.from.Read(block) }); left != nil {
		f.block, f.err = nil, left // it may still be written to
		return
	}
	f.rest, f.err = block[:n], err
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(to []byte, at int64) (int, error) {
	var n int
	var err error
	block := make([]byte, len(to)) // not to, which the caller has back when the call was left
	if left := f.p.Do(f.ctx, f.path, func() { n, err = f.from.ReadAt(block, at) }); left != nil {
		return 0, left
	}
	return copy(to, block[:n]), err
}

// Close implements io.Closer.
func (f *File) Close() error { return f.from.Close() }
