package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// group is the set of sources that one directory gives. Rotation renames files within it: what was
// access.log is access.log.1 a moment later, and must not be read again under its new name.
type group struct {
	id, path string
	members  []*reader
	absent   map[string]Position // of sources whose names are not there at the moment, by path
	trouble  trouble
}

// find looks for an incarnation that a member has read, or is reading (errBusy), in the file of st. Several
// may have read of it, one after the other as it was renamed: the one that came furthest counts.
func (g *group) find(self *reader, st *stream) (Mark, bool, error) {
	head := headOf(st, self.cfg)
	sums := map[int]string{}
	var best Mark
	consider := func(mark Mark) bool {
		if mark.Offset == 0 || mark.Identity.HeadLen > len(head) || !headMatches(head, mark.Identity, sums) || !fileHolds(st, mark, self.cfg) {
			return false
		}
		if mark.Offset > best.Offset {
			best = mark
		}
		return true
	}
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
			if !consider(mark) {
				continue
			}
			if m != self && i == len(marks)-1 && !mark.Done && (m.st != nil || len(m.queue) > 0) {
				return Mark{}, false, errBusy
			}
			break
		}
	}
	for path, p := range g.absent {
		if rootName(path) == rootName(self.path) {
			for _, mark := range append(slices.Clone(p.Past), p.Mark) {
				consider(mark)
			}
		}
	}
	return best, best.Offset > 0, nil
}

// takenOver reports whether the rest of what r has read is another member's, because it lies under that one's name.
func (g *group) takenOver(r *reader, at string) bool {
	i := slices.IndexFunc(g.members, func(m *reader) bool { return m != r && m.path == at })
	if i < 0 {
		return false
	}
	was, now := r.pos.Identity, g.members[i].pos.Identity
	return r.pos.Done || was.Device == now.Device && was.Inode == now.Inode
}

// remember asks for the positions of names that are not there, because a rotation is just going on or is over:
// what they have read lies under a name that is.
func (g *group) remember(names []string, at Positions) {
	g.absent = map[string]Position{}
	ask := func(name string) {
		if !slices.Contains(names, name) && g.absent[filepath.Join(g.path, name)].IsZero() {
			if p := at(g.id + "/" + name); !p.IsZero() {
				g.absent[filepath.Join(g.path, name)] = p
			}
		}
	}
	for _, name := range names {
		root := rootName(name)
		ask(root)
		number, _ := strconv.Atoi(strings.TrimPrefix(strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(name, root), ".gz"), ".zst"), "."))
		for i := 1; i < min(number, maxPast); i++ {
			for _, ending := range []string{"", ".gz", ".zst"} {
				ask(fmt.Sprintf("%s.%d%s", root, i, ending))
			}
		}
	}
}

func headMatches(head []byte, id Identity, sums map[int]string) bool {
	if _, ok := sums[id.HeadLen]; !ok {
		sums[id.HeadLen] = sum(head[:id.HeadLen])
	}
	return sums[id.HeadLen] == id.Head
}

// again is the content of an open file from its beginning, without moving the place in it. The path would not
// do: a rotation may be going on.
func (s *stream) again(cfg Config) (*stream, error) {
	second := &stream{path: s.path, file: s.file, info: s.info, device: s.device, inode: s.inode}
	return second, second.start(io.NewSectionReader(s.file, 0, math.MaxInt64), cfg)
}

func headOf(st *stream, cfg Config) []byte {
	second, err := st.again(cfg)
	if err != nil {
		return nil
	}
	defer second.free()
	_ = second.skip(headKeep) // a shorter file has a shorter head
	return second.head
}

func fileHolds(st *stream, m Mark, cfg Config) bool {
	second, err := st.again(cfg)
	if err != nil {
		return false
	}
	defer second.free()
	return second.holds(m)
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
	room    room // for the events of the batch under way
}

// newSet checks every source before anything is read.
func newSet(cfg Config, sources []Source, at Positions, sink Sink) (*set, error) {
	s := &set{cfg: cfg.withDefaults(), at: at, sink: sink, names: map[string]bool{}}
	if at == nil {
		s.at = func(string) Position { return Position{} }
	}
	for _, src := range sources {
		if src.Reader != nil {
			if err := s.add(&reader{id: src.id(), source: src.Reader, anew: src.Anew}); err != nil {
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
	r.cfg, r.sink, r.pos, r.room = s.cfg, s.sink, s.at(r.id), &s.room
	s.readers = append(s.readers, r)
	if r.group == nil {
		r.plan() // else when its neighbours are known
	}
	return nil
}

// enlarge adds the files of a directory that have no reader yet.
func (s *set) enlarge(g *group) error {
	names, err := listFiles(g.path)
	if err != nil {
		return err
	}
	var fresh []*reader
	for _, name := range names {
		id := g.id + "/" + name
		if s.names[id] {
			continue
		}
		r := &reader{id: id, path: filepath.Join(g.path, name), group: g}
		if err := s.add(r); err != nil {
			return err
		}
		g.members, fresh = append(g.members, r), append(fresh, r)
	}
	if len(fresh) > 0 {
		g.remember(names, s.at)
	}
	for _, r := range fresh {
		r.plan()
	}
	return nil
}

// closeAll lets go of every open file.
func (s *set) closeAll() {
	for _, r := range s.readers {
		r.close()
	}
}
