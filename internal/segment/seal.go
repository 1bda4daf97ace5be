package segment

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"sync"

	"entente/internal/disk"
	"entente/statement"
	"entente/watch/archive"
)

// segment is one complete, immutable part of the archive.
type segment struct {
	manifest archive.Manifest
	damaged  bool // what it covers must be read again from the sources

	once  sync.Once // guards the opening of what follows
	keys  disk.File
	lines disk.File
	index *archive.Index
	err   error
}

// Due says that a spool waits to become a segment.
func (s *Store) Due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full() || slices.ContainsFunc(s.closed, func(sp *spool) bool { return !sp.broken })
}

// full says that the current spool has its size or age. mu is held.
func (s *Store) full() bool {
	sp := s.current
	return sp.length > 0 && sp.pending == 0 && (sp.full >= s.cfg.SegmentBytes || s.cfg.Now().Sub(sp.began) >= s.cfg.SegmentAge)
}

// Seal makes segments of the spools that are complete; with now of the current
// one too. It returns their manifests. What fails, for want of room say, stays
// a spool, is hunted through like any, and is tried again.
func (s *Store) Seal(ctx context.Context, now bool) ([]archive.Manifest, error) {
	s.seal.Lock()
	defer s.seal.Unlock()
	s.mu.Lock()
	if s.full() || now && s.current.length > 0 && s.current.pending == 0 {
		s.rotate()
	}
	var todo []*spool
	for _, sp := range s.closed {
		if !sp.broken {
			todo = append(todo, sp)
		}
	}
	s.mu.Unlock()
	var made []archive.Manifest
	var damage []error
	for _, sp := range todo {
		if err := s.room(); err != nil {
			return made, err
		}
		m, err := s.build(ctx, sp)
		if errors.Is(err, archive.ErrDamaged) {
			s.spoil(sp.number) // and keeps no other from becoming one
			damage = append(damage, fmt.Errorf("spool %d: %w", sp.number, err))
			continue
		}
		if err != nil {
			return made, fmt.Errorf("make segment %d: %w", sp.number, err)
		}
		made = append(made, m)
		s.replace(sp, &segment{manifest: m})
	}
	return made, errors.Join(damage...)
}

// replace puts a segment in the place of its spool and removes that.
func (s *Store) replace(sp *spool, seg *segment) {
	s.files.Lock() // nobody reads the spool
	defer s.files.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.closed {
		if c == sp {
			s.closed = append(s.closed[:i:i], s.closed[i+1:]...)
			break
		}
	}
	s.segments = append(s.segments, seg)
	_ = sp.close()
	_ = s.cfg.Disk.Remove(spoolName(sp.number)) // else the next start does
}

// output is one file in the making, hashed as it is written.
type output struct {
	name string
	file disk.File
	at   int64
	sum  hash.Hash
	buf  *bufio.Writer

	named bool // it has its name already
}

func (s *Store) create(name string) (*output, error) {
	f, err := disk.Create(s.cfg.Disk, name+".tmp")
	if err != nil {
		return nil, err
	}
	return newOutput(name, f), nil
}

func newOutput(name string, f disk.File) *output {
	o := &output{name: name, file: f, sum: sha256.New()}
	o.buf = bufio.NewWriterSize(writerFunc(o.write), pieceBytes)
	return o
}

// pieceBytes of an output are written at once.
const pieceBytes = 256 << 10

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func (o *output) write(b []byte) (int, error) {
	n, err := o.file.WriteAt(b, o.at)
	if err == nil && n >= pieceBytes { // there is more to come while the disk is at work
		err = o.file.StartSync(o.at, int64(n))
	}
	o.at += int64(n)
	o.sum.Write(b[:n])
	return n, err
}

// finish makes the bytes durable and gives the file its name.
func (s *Store) finish(o *output) (archive.File, error) {
	err := o.buf.Flush()
	if err == nil {
		err = o.file.Sync()
	}
	if err = errors.Join(err, o.file.Close()); err == nil && !o.named {
		err = s.cfg.Disk.Rename(o.name+".tmp", o.name)
	}
	return archive.File{Name: o.name, Size: o.at, Digest: statement.Digest(o.sum.Sum(nil))}, err
}

// build writes the files of a segment, the manifest last.
func (s *Store) build(ctx context.Context, sp *spool) (archive.Manifest, error) {
	m := archive.Manifest{Format: archive.ManifestFormat, Number: sp.number, Spool: sp.length, Made: s.cfg.Now().UnixMilli()}
	var outs []*output
	abandon := func(err error) (archive.Manifest, error) {
		for _, o := range outs {
			_ = o.file.Close()
			_ = s.cfg.Disk.Remove(o.name + ".tmp")
			_ = s.cfg.Disk.Remove(o.name)
		}
		return archive.Manifest{}, err
	}
	// An attempt that failed at the very end may have left its manifest.
	if err := s.cfg.Disk.Remove(fileName(sp.number, ".json")); err == nil {
		err = s.cfg.Disk.SyncDir()
		if err != nil {
			return abandon(err)
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return abandon(err)
	}
	for _, ext := range []string{".parquet", ".lines", ".keys"} {
		begin := s.create
		if ext == ".lines" && sp.coarse() {
			begin = func(name string) (*output, error) { return s.adopt(sp, name) }
		}
		o, err := begin(fileName(sp.number, ext))
		if err != nil {
			return abandon(err)
		}
		outs = append(outs, o)
	}
	if err := s.fill(ctx, sp, outs, &m); err != nil {
		return abandon(err)
	}
	for _, o := range outs {
		f, err := s.finish(o)
		if err != nil {
			return abandon(err)
		}
		m.Files = append(m.Files, f)
	}
	if err := s.cfg.Disk.SyncDir(); err != nil {
		return abandon(err)
	}
	data, err := m.Marshal()
	if err != nil {
		return abandon(err)
	}
	o, err := s.create(fileName(sp.number, ".json"))
	if err != nil {
		return abandon(err)
	}
	outs = append(outs, o)
	if _, err := o.buf.Write(data); err != nil {
		return abandon(err)
	}
	if _, err := s.finish(o); err != nil {
		return abandon(err)
	}
	// From here on the manifest may be on the disk: it is never taken back.
	return m, s.cfg.Disk.SyncDir()
}

// fill writes the three files: the lines by copying the blocks of the spool if they are not there already, the others from its
// draft, which is made of the spool first if there is none.
func (s *Store) fill(ctx context.Context, sp *spool, outs []*output, m *archive.Manifest) error {
	d, made := s.takeDraft(sp)
	lines := newLinesWriter(outs[1].buf)
	var spans []archive.Span
	var rec archive.Record
	var fs frames
	var from io.ReaderAt = sp.file
	if outs[1].named {
		from = outs[1]
	}
	err := fs.each(from, sp.length, func(f frame) error {
		if err := ended(ctx); err != nil {
			return err
		}
		spans = append(spans, f.span)
		if err := lines.take(f, outs[1].named); err != nil {
			return err
		}
		if f.blocks != nil && made {
			return nil
		}
		return fs.eachRecord(f, &rec, func(encoded []byte) error {
			d.add(&rec)
			if f.blocks == nil {
				return lines.add(encoded)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if err := errors.Join(lines.close(), d.finish(outs[0].buf)); err != nil {
		return err
	}
	if int64(lines.rows) != sp.rows || d.rows != sp.rows {
		return fmt.Errorf("%w: %d records, %d were counted", archive.ErrDamaged, lines.rows, sp.rows)
	}
	m.Spans = archive.Merge(spans)
	m.Rows, m.First, m.Last = sp.rows, d.first, d.last
	m.Keys = int64(d.keys.Postings())
	_, err = d.keys.WriteTo(outs[2].buf)
	return err
}

// takeDraft returns the draft of a spool if it has all that the spool has, which is used up by that; else an empty one.
func (s *Store) takeDraft(sp *spool) (d *draft, made bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, sp.draft = sp.draft, nil
	if d == nil || d.err != nil || d.rows != sp.rows {
		return newDraft(s.cfg.Table), false
	}
	return d, true
}

// openSegment reads a manifest and looks whether its files have their sizes.
func (s *Store) openSegment(number uint64) (*segment, error) {
	f, err := s.cfg.Disk.OpenFile(fileName(number, ".json"), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, min(size, archive.MaxManifest+1))
	if _, err := f.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	m, err := archive.ParseManifest(data)
	if err != nil {
		return nil, err
	}
	if m.Number != number {
		return nil, fmt.Errorf("%w: it says that it is number %d", archive.ErrDamaged, m.Number)
	}
	for _, file := range m.Files {
		if err := s.hasSize(file); err != nil {
			return nil, err
		}
	}
	return &segment{manifest: m}, nil
}

func (s *Store) hasSize(file archive.File) error {
	for _, ext := range extensions() {
		if n, ok := numberOf(file.Name, ext); ok && fileName(n, ext) == file.Name {
			f, err := s.cfg.Disk.OpenFile(file.Name, os.O_RDONLY)
			if err != nil {
				return err
			}
			size, err := f.Size()
			if err == nil && size != file.Size {
				err = fmt.Errorf("%w: %s has %d bytes, not %d", archive.ErrDamaged, file.Name, size, file.Size)
			}
			return errors.Join(err, f.Close())
		}
	}
	return fmt.Errorf("%w: a file named %.40q", archive.ErrDamaged, file.Name)
}
