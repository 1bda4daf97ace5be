package node

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"entente/internal/matchfile"
	"entente/match"
	"entente/statement"
)

// runFiles are the files that a run works on while it is played, so that a
// node's memory does not grow with its list.
type runFiles struct {
	set   match.Set
	items *matchfile.Items // nil where the set is in memory
	space *matchfile.Space
	lost  error // why the own items cannot be read
}

// openRun opens the own items of a run, and room for its lists.
func (n *Node) openRun(offer statement.Digest, p *matchPending) (f *runFiles, err error) {
	f = &runFiles{set: p.Items}
	if p.Items == nil && !p.Played && !p.Lapsed { // one that was played, or not begun in time, is only to be ended
		if f.items, f.lost = matchfile.Open(n.itemsPath(p.public())); f.lost == nil {
			f.set = f.items
		}
	}
	if f.space, err = matchfile.NewSpace(filepath.Join(n.cfg.Dir, matchDir, matchWorkDir, offer.String())); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// hasItems says whether the own items of a run can be read.
func (n *Node) hasItems(p *matchPending) error {
	if p.Items != nil {
		return nil
	}
	f, err := matchfile.Open(n.itemsPath(p.public()))
	if err == nil {
		err = f.Close()
	}
	return err
}

// clearWork removes what another process left that no run needs: what runs worked on,
// also from where it lay before it had a folder of its own (files called by a number,
// among the folders of watchlists), items without the key of their run, and files that
// were not written to their end.
func (n *Node) clearWork() error {
	n.rounds.pending.Lock()
	defer n.rounds.pending.Unlock()
	dir := filepath.Join(n.cfg.Dir, matchDir)
	old, err := filepath.Glob(filepath.Join(dir, matchListsDir, "*", "[0-9]*"))
	errs := []error{err, os.RemoveAll(filepath.Join(dir, matchWorkDir))}
	for _, path := range old {
		errs = append(errs, os.Remove(path))
		_ = os.Remove(filepath.Dir(path)) // if nothing is left in it
	}
	kept, err := filepath.Glob(filepath.Join(dir, matchPendingDir, "*"))
	errs = append(errs, err)
	for _, path := range kept {
		key, items := strings.CutSuffix(path, ".items")
		if strings.HasSuffix(path, ".new") || items && !exists(key+".json") {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}

// close removes the lists; the own items are dropPending's.
func (f *runFiles) close() (err error) {
	if f.items != nil {
		err = f.items.Close()
	}
	if f.space != nil {
		err = errors.Join(err, f.space.Close())
	}
	return err
}

// largeRun is from how many items of a side on a run decides how much memory a
// node takes.
const largeRun = 1 << 17

// sparing makes the collector run often while large runs are played.
type sparing struct {
	mu   sync.Mutex // guards what follows
	runs int
	was  int
}

// begin is called when a run begins; the function that it returns, when it ends.
func (s *sparing) begin(m *match.Manifest) (end func()) {
	if max(m.Sides[0].Items, m.Sides[1].Items) < largeRun {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs++; s.runs == 1 {
		s.was = debug.SetGCPercent(matchfile.GCPercent)
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.runs--; s.runs == 0 {
			debug.SetGCPercent(s.was)
		}
	}
}

// itemsPath is where the own items of a run lie, beside what is kept of it.
func (n *Node) itemsPath(key string) string {
	return filepath.Join(n.cfg.Dir, matchDir, filepath.FromSlash(strings.TrimSuffix(pendingName(key), ".json")+".items"))
}

// keepItems puts the own items of a run into a file.
func (n *Node) keepItems(p *matchPending) error {
	path := n.itemsPath(p.public())
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFileBy(path, func(w io.Writer) error { return matchfile.Write(w, p.Items) })
}
