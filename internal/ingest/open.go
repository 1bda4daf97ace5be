package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"

	"entente/watch/event"
	"entente/watch/sieve"
)

// plan decides what is to be read, from what is at the path and the position that was stored.
func (r *reader) plan() {
	r.queue = nil
	fresh := step{path: r.path}
	switch {
	case r.source != nil:
		if r.anew {
			r.queue = []step{{}}
		} else if !r.pos.Done {
			r.queue = []step{{resume: !r.pos.IsZero()}}
		}
	case r.pos.IsZero():
		r.queue = []step{fresh}
	case r.unchanged():
	default:
		switch at := locate(r.path, r.pos.Mark, r.cfg); {
		case at == r.path:
			r.queue = []step{{path: at, resume: true}}
		case at != "" && r.group != nil && r.group.takenOver(r, at):
			r.queue = []step{fresh}
		case at != "":
			r.queue = append([]step{{path: at, resume: true}}, r.later(at)...)
		default:
			fresh.lost = r.gone("the file was replaced or truncated while nobody read it")
			r.queue = []step{fresh}
		}
	}
}

// unchanged spares reading a finished file again only to find its end.
func (r *reader) unchanged() bool {
	info, err := os.Stat(r.path)
	if err != nil || !r.pos.Done || info.Size() != r.pos.Size {
		return false
	}
	st, err := openFile(r.path, r.cfg)
	if err != nil {
		return false
	}
	defer st.close()
	return st.device == r.pos.Identity.Device && st.inode == r.pos.Identity.Inode && (st.packed || st.holds(r.pos.Mark))
}

// later is what follows the incarnation found at old: those that came and went, then the path itself. The
// files of a directory are sources of their own.
func (r *reader) later(old string) []step {
	var steps []step
	if r.group == nil {
		for _, p := range between(r.path, old) {
			if !r.known(p) {
				steps = append(steps, step{path: p})
			}
		}
	}
	return append(steps, step{path: r.path})
}

// known reports whether the file at path is an incarnation that was read before.
func (r *reader) known(path string) bool {
	for _, m := range append(r.pos.Past, r.pos.Mark) {
		st, err := openFile(path, r.cfg)
		if err != nil {
			return true // nothing to be read there
		}
		same := m.Offset > 0 && st.holds(m)
		st.close()
		if same {
			return true
		}
	}
	return false
}

// gone tells of a lost rest, unless nothing can be lost: never read, or a gzip file that was at its end.
func (r *reader) gone(reason string) *Gone {
	if r.pos.Offset == 0 {
		return nil
	}
	return &Gone{Source: r.id, Generation: r.pos.Generation, Offset: r.pos.Offset, Reason: reason}
}

// errBusy: a neighbour of the same directory is still reading this very file under its older name.
var errBusy = errors.New("still being read under another name")

// errMoved: between planning and opening, the path came to hold another file.
var errMoved = errors.New("renamed in this very moment")

// open starts the first step of the queue, or of a new one if a rotation came between.
func (r *reader) open() error {
	err := r.openFirst()
	for tries := 0; errors.Is(err, errMoved) && tries < 4; tries++ {
		if r.plan(); len(r.queue) == 0 {
			return errBusy
		}
		err = r.openFirst()
	}
	return err
}

func (r *reader) openFirst() error {
	s := r.queue[0]
	var st *stream
	var err error
	if r.source != nil {
		st, err = openReader(r.source, r.cfg)
	} else {
		st, err = openFile(s.path, r.cfg)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.id, err)
	}
	next := r.pos
	if !s.resume && !r.pos.IsZero() {
		next = r.pos.push()
	}
	if !s.resume && r.group != nil {
		m, found, err := r.group.find(r, st)
		if err != nil {
			st.close()
			return err
		}
		if found {
			m.Generation, m.Begin, m.Done = next.Generation, m.Offset, false
			next.Mark = m
		}
	}
	err = st.seek(next.Offset)
	if r.source == nil && next.Offset > 0 && (errors.Is(err, io.ErrUnexpectedEOF) || err == nil && !st.sought(next.Mark)) {
		err = errMoved
	}
	if err != nil {
		st.close()
		return fmt.Errorf("%s: go to byte %d: %w", r.id, next.Offset, err)
	}
	fr := newFramer(st.r, r.cfg.MaxLine)
	fr.resume(next.Mark, st.head, st.history)
	if err := r.restore(next.Mark); err != nil {
		st.close()
		return err
	}
	r.st, r.fr, r.pos = st, fr, next
	if s.lost != nil {
		r.lost = s.lost
	}
	return nil
}

// restore sets the parser as it was at m. Without a format it is found anew with the next lines.
func (r *reader) restore(m Mark) error {
	r.format, r.parser, r.sieve = "", nil, nil
	if m.Format == "" {
		return nil
	}
	for _, f := range r.cfg.Formats {
		if f.Name() == m.Format {
			r.use(f)
			if m.Offset == 0 {
				return nil
			}
			if err := r.parser.Restore(m.State); err != nil {
				return fmt.Errorf("%s: restore the state of format %s: %w", r.id, m.Format, err)
			}
			return nil
		}
	}
	return nil // a format that this version does not have: detect another
}

// use takes the format that the lines are in.
func (r *reader) use(f event.Format) {
	r.format, r.parser, r.sieve = f.Name(), f.New(), nil
	if sifted, ok := f.(sieve.Format); ok && r.cfg.Sieve != nil {
		r.sieve = sieve.New(sifted.Layout())
	}
}

func (r *reader) close() {
	if r.st != nil {
		r.st.close()
		r.st = nil
	}
}
