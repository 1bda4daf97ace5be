package segment

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Most bytes of a spool that was filled in large batches are what its lines file would hold. Such a spool gets the name of the
// lines file as its second one, and the index behind its last frame: its blocks are read once, for the digest and to see that
// they are what was written, and not written again. That is undone by taking the second name away: a spool ends where the
// database says that it does, whatever lies behind.

// coarse says that all of a spool is in blocks, and few of its bytes in such small ones that they should be packed anew, with others.
func (sp *spool) coarse() bool { return !sp.plain && sp.small*8 <= sp.full }

// adopt returns a complete spool as the lines file of its segment. Where a file cannot have two names it returns an empty one.
func (s *Store) adopt(sp *spool, name string) (*output, error) {
	if err := s.cfg.Disk.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if s.cfg.Disk.Link(spoolName(sp.number), name) != nil {
		return s.create(name)
	}
	f, err := s.cfg.Disk.OpenFile(name, os.O_RDWR)
	if err == nil {
		err = f.Truncate(sp.length) // an attempt that failed may have left its index
	}
	if err != nil {
		return nil, errors.Join(err, s.cfg.Disk.Remove(name))
	}
	o := newOutput(name, f)
	o.named = true
	return o, nil
}

// ReadAt reads what an output that is there already is to hold, from the first byte to the last: it counts as if it had been written.
func (o *output) ReadAt(b []byte, at int64) (int, error) {
	n, err := o.file.ReadAt(b, at)
	o.sum.Write(b[:n])
	o.at += int64(n)
	return n, err
}

// take adds the blocks of a frame; there says that the file has them.
func (l *linesWriter) take(f frame, there bool) error {
	at := f.at
	for _, b := range f.blocks {
		if there {
			l.enter(b, at)
			at += int64(len(b.data))
		} else if err := l.copy(b); err != nil {
			return err
		}
	}
	return nil
}

// part makes the lines file of a segment one of its own, if it is also a spool that goes on.
func (s *Store) part(name string) error {
	f, err := s.cfg.Disk.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	o, err := s.create(name)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if _, err = io.Copy(o.buf, io.NewSectionReader(f, 0, size)); err == nil {
		_, err = s.finish(o)
	} else {
		err = errors.Join(err, o.file.Close()) // the next start removes it
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	return nil
}
