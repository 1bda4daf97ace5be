package carry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
	"entente/statement"
)

// Writer writes a stick as a stream. After an error it writes nothing more.
type Writer struct {
	// Progress, if set, is told how many leaves of a log are written.
	Progress func(done, total uint64)

	w   io.Writer
	sum hash.Hash
	err error
}

// NewWriter begins a stick of party from, made at the given time.
func NewWriter(w io.Writer, from string, made time.Time) (*Writer, error) {
	if !isParty(from) {
		return nil, fmt.Errorf("not a party id: %.40q", from)
	}
	s := &Writer{sum: sha256.New()}
	s.w = io.MultiWriter(w, s.sum)
	s.put(fmt.Appendf(nil, "%s\nfrom %s\nmade %d\n\n", magic, from, max(0, made.UnixMilli())))
	return s, s.err
}

func (w *Writer) put(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

func (w *Writer) record(h head, body []byte) error {
	if w.err != nil {
		return w.err
	}
	h.size = int64(len(body))
	line := h.String()
	if _, err := parseHead(line); err != nil {
		return fmt.Errorf("write %s record: %w", h.kind, err)
	}
	w.put([]byte(line))
	w.put(body)
	w.put([]byte("\n"))
	return w.err
}

// Body writes what the link answers to one path: a checkpoint, a held note, a
// tile or a bundle.
func (w *Writer) Body(path string, body []byte) error {
	return w.record(head{kind: kindGet, path: path}, body)
}

// Sealed writes the frame of one leaf's sealed parts. The leaves of a log
// follow each other without a gap.
func (w *Writer) Sealed(log string, index uint64, frame []byte) error {
	return w.record(head{kind: kindLeaf, log: log, index: index}, frame)
}

// Ask writes an add-checkpoint request for another party's witness.
func (w *Writer) Ask(a Ask) error {
	return w.record(head{kind: kindAsk, from: a.From, to: a.To}, a.Body)
}

// Answer writes the response to an ask. Parameters of the content type are
// left out.
func (w *Writer) Answer(a Answer) error {
	kind, _, _ := strings.Cut(a.ContentType, ";")
	kind = cmp.Or(strings.TrimSpace(kind), "text/plain")
	return w.record(head{kind: kindAnswer, from: a.From, to: a.To, status: a.Status, digest: a.Asked, contentType: kind}, a.Body)
}

// Close writes the last line. It does not close what is written to.
func (w *Writer) Close() error {
	w.put([]byte(head{kind: kindEnd, digest: statement.Digest(w.sum.Sum(nil))}.String()))
	err := w.err
	if w.err == nil {
		w.err = errors.New("the stick is closed")
	}
	return err
}

// Getter is where a log is copied from: a link or the node's own logs.
type Getter interface {
	Get(ctx context.Context, path string, limit int64) ([]byte, error)
}

const width = 256 // C2SP tlog-tiles

// Log copies the log named h from leaf from on: checkpoint, held note if there
// is one, tiles, leaves and sealed parts. A mirror that holds at least from
// leaves can go on from there. It returns the size of the tree that is copied.
func (w *Writer) Log(ctx context.Context, g Getter, h string, from uint64) (size uint64, err error) {
	note, err := w.copy(ctx, g, "/"+h+"/checkpoint", record.MaxNote)
	if err != nil {
		return 0, err
	}
	c, err := record.Peek(note)
	if err != nil {
		return 0, fmt.Errorf("read checkpoint of %s: %w", h, err)
	}
	if _, err := w.copy(ctx, g, "/"+h+"/held", record.MaxNote); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	first := min(from, c.Size) / width
	for _, t := range tlog.NewTiles(8, 0, int64(c.Size)) {
		if t.L == 0 && uint64(t.N) < first {
			continue
		}
		if _, err := w.copy(ctx, g, "/"+h+"/tile/"+strings.TrimPrefix(t.Path(), "tile/8/"), width*tlog.HashSize); err != nil {
			return 0, err
		}
	}
	for n := first; n*width < c.Size; n++ {
		if err := w.bundle(ctx, g, h, n, c.Size); err != nil {
			return 0, err
		}
	}
	return c.Size, w.err
}

// bundle copies up to 256 leaves and their sealed parts.
func (w *Writer) bundle(ctx context.Context, g Getter, h string, n, size uint64) error {
	end := min(size, (n+1)*width)
	t := tlog.Tile{H: 8, L: -1, N: int64(n), W: int(end - n*width)}
	if _, err := w.copy(ctx, g, "/"+h+"/tile/entries/"+strings.TrimPrefix(t.Path(), "tile/8/data/"), maxBody); err != nil {
		return err
	}
	for i := n * width; i < end; i++ {
		frame, err := g.Get(ctx, fmt.Sprintf("/%s/parts/%d?n=1", h, i), maxBody)
		if err != nil {
			return fmt.Errorf("copy parts of leaf %d: %w", i, err)
		}
		if err := w.Sealed(h, i, frame); err != nil {
			return err
		}
	}
	if w.Progress != nil {
		w.Progress(end, size)
	}
	return nil
}

func (w *Writer) copy(ctx context.Context, g Getter, path string, limit int64) ([]byte, error) {
	body, err := g.Get(ctx, path, limit)
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", path, err)
	}
	return body, w.Body(path, body)
}
