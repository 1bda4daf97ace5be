package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// group is the set of sources that one directory gives. Rotation renames files within it: what was
// access.log is access.log.1 a moment later, and must not be read again under its new name.
type group struct {
	id, path string
	members  []*reader
	trouble  trouble
}

// find looks for an incarnation that a member has read, or is reading (errBusy), in the file of st.
func (g *group) find(self *reader, st *stream) (Mark, bool, error) {
	head := headOf(st.path, self.cfg)
	sums := map[int]string{}
	for _, m := range g.members {
		if m != self && rootName(m.path) != rootName(self.path) {
			continue
		}
		if m != self && m.st != nil && os.SameFile(m.st.info, st.info) {
			return Mark{}, false, errBusy
		}
		marks := slices.Clone(m.pos.Past)
		if m != self {
			marks = append(marks, m.pos.Mark)
		}
		for i, mark := range slices.Backward(marks) {
			if mark.Offset == 0 || mark.Identity.HeadLen > len(head) || !headMatches(head, mark.Identity, sums) {
				continue
			}
			if !fileHolds(st.path, mark, self.cfg) {
				continue
			}
			if m != self && i == len(marks)-1 && !mark.Done && (m.st != nil || len(m.queue) > 0) {
				return Mark{}, false, errBusy
			}
			return mark, true, nil
		}
	}
	return Mark{}, false, nil
}

func headMatches(head []byte, id Identity, sums map[int]string) bool {
	if _, ok := sums[id.HeadLen]; !ok {
		sums[id.HeadLen] = sum(head[:id.HeadLen])
	}
	return sums[id.HeadLen] == id.Head
}

func headOf(path string, cfg Config) []byte {
	st, err := openFile(path, cfg)
	if err != nil {
		return nil
	}
	defer st.close()
	_ = st.skip(headKeep) // a shorter file has a shorter head
	return st.head
}

func fileHolds(path string, m Mark, cfg Config) bool {
	st, err := openFile(path, cfg)
	if err != nil {
		return false
	}
	defer st.close()
	return st.holds(m)
}

// listFiles gives the regular files of a directory in the order of their names; hidden ones and what is
// no file are left out.
func listFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.Mode().IsRegular() {
			out = append(out, e.Name())
		}
	}
	if len(out) > maxDirFiles {
		return nil, fmt.Errorf("%s: %w: %d, at most %d", dir, ErrTooMany, len(out), maxDirFiles)
	}
	return out, nil // ReadDir sorts
}

// set is all that one call reads.
type set struct {
	cfg     Config
	at      Positions
	sink    Sink
	readers []*reader
	groups  []*group
	names   map[string]bool
}

// newSet checks every source before anything is read.
func newSet(cfg Config, sources []Source, at Positions, sink Sink) (*set, error) {
	s := &set{cfg: cfg.withDefaults(), at: at, sink: sink, names: map[string]bool{}}
	if at == nil {
		s.at = func(string) Position { return Position{} }
	}
	for _, src := range sources {
		if src.Reader != nil {
			if err := s.add(&reader{id: src.id(), source: src.Reader}); err != nil {
				return nil, err
			}
			continue
		}
		info, err := os.Stat(src.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: %w", src.Path, errors.Join(ErrMissing, fs.ErrNotExist))
		case err != nil:
			return nil, err
		case info.IsDir():
			g := &group{id: src.id(), path: src.Path}
			if err := s.enlarge(g); err != nil {
				return nil, err
			}
			s.groups = append(s.groups, g)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s: %w", src.Path, ErrNotAFile)
		default:
			if err := s.add(&reader{id: src.id(), path: src.Path}); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *set) add(r *reader) error {
	if s.names[r.id] {
		return fmt.Errorf("%s: %w", r.id, ErrTwice)
	}
	s.names[r.id] = true
	r.cfg, r.sink, r.pos = s.cfg, s.sink, s.at(r.id)
	s.readers = append(s.readers, r)
	r.plan()
	return nil
}

// enlarge adds the files of a directory that have no reader yet.
func (s *set) enlarge(g *group) error {
	names, err := listFiles(g.path)
	if err != nil {
		return err
	}
	for _, name := range names {
		id := g.id + "/" + name
		if s.names[id] {
			continue
		}
		r := &reader{id: id, path: filepath.Join(g.path, name), group: g}
		if err := s.add(r); err != nil {
			return err
		}
		g.members = append(g.members, r)
	}
	return nil
}

// closeAll lets go of every open file.
func (s *set) closeAll() {
	for _, r := range s.readers {
		r.close()
	}
}
