package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"entente/border"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/statement"
)

// listItems is where the items of an own list lie, so that it can be opened again when
// its key died with the process. They are called by its announcement, which is known
// before anything is said: they lie there first.
func listItems(announcement string) string {
	sum := sha256.Sum256([]byte(announcement))
	return matchOpenedDir + "/" + hex.EncodeToString(sum[:]) + ".json"
}

func (n *Node) matchPath(name string) string {
	return filepath.Join(n.cfg.Dir, matchDir, filepath.FromSlash(name))
}

func (n *Node) keepListItems(announcement string, items match.Items) error {
	data, err := json.Marshal(items)
	if err != nil {
		return err
	}
	return n.keepMatch(listItems(announcement), data)
}

func (n *Node) dropListItems(announcement string) error {
	err := os.Remove(n.matchPath(listItems(announcement)))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// sweepListItems removes the items of lists that nobody can ask any more, and of those
// that never were said. The caller holds opening.
func (n *Node) sweepListItems(all []*voprf.Standing) error {
	files, err := os.ReadDir(n.matchPath(matchOpenedDir))
	if errors.Is(err, os.ErrNotExist) || len(files) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	needed := map[string]bool{}
	for _, s := range all {
		if s.From == n.self.ID && (s.Ended == nil || n.orphaned(s, all)) {
			needed[listItems(s.Terms.Announcement)] = true
		}
	}
	for _, a := range n.rounds.asking.allPrepared() {
		needed[listItems(a)] = true
	}
	var errs []error
	for _, f := range files {
		name := matchOpenedDir + "/" + f.Name()
		if needed[name] {
			continue
		}
		if err := os.Remove(n.matchPath(name)); !errors.Is(err, os.ErrNotExist) { // who answers a list drops its items too
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// moveListItems brings what an older version kept beside a list to where it lies now.
func (n *Node) moveListItems(s *voprf.Standing) error {
	old := n.matchPath(listDir(s.Opened.ID.String()) + "/items.json")
	if !exists(old) {
		return nil
	}
	if err := os.MkdirAll(n.matchPath(matchOpenedDir), 0o700); err != nil {
		return err
	}
	return os.Rename(old, n.matchPath(listItems(s.Terms.Announcement)))
}

// reopenRest is how long a list that could not be opened again waits.
const reopenRest = 5 * time.Minute

// orphaned says that an own list is to be opened again: nobody closed it, its
// key died, nothing has taken its place, its epoch has not ended, and its partner
// can be reached.
func (n *Node) orphaned(s *voprf.Standing, all []*voprf.Standing) bool {
	if s == nil || s.Ended == nil || s.Void != "" || s.About.Epoch != n.roster.Charter.Epoch || s.Ended.By != n.self.ID || s.Ended.Code != statement.CodeState || n.opt.Now().UnixMilli() >= s.Terms.Until || s.Left() < border.MatchMinItems {
		return false
	}
	for _, o := range all {
		if o.Void == "" && o.Before != nil && *o.Before == s.Opened {
			return false
		}
	}
	return n.lineTo(s.Terms.To) != nil && exists(n.matchPath(listItems(s.Terms.Announcement)))
}

// reopen opens a list again, once, as openAgain does.
func (n *Node) reopen(ctx context.Context, s *voprf.Standing) error {
	a, id := &n.rounds.asking, s.Opened.ID.String()
	if !a.again.add(id, s, maxPrepared) {
		return nil // it is being opened
	}
	defer a.again.put(id, nil)
	if all, err := n.matchLists(ctx); err != nil || !n.orphaned(listIn(all, s.Opened), all) {
		return err // another one was faster
	}
	err := n.openAgain(ctx, s)
	if _, refused := statement.AsRefusal(err); refused || full(err) {
		n.logger.Warn("a watchlist is not opened again yet", "list", s.Opened.ID.Short(), "partner", s.Terms.To, "error", err)
		pause(ctx, reopenRest) // each try makes all tokens again
		return nil
	}
	return err
}

// openAgain opens a list under a new key for what is left of its time and budget. Its
// items are taken away only when the new list stands in the log, which has them then.
func (n *Node) openAgain(ctx context.Context, s *voprf.Standing) error {
	var items match.Items
	if err := n.readMatch(listItems(s.Terms.Announcement), &items); err != nil {
		return err
	}
	t := s.Terms
	t.Budget = s.Left()
	owner, err := voprf.NewOwner(ctx, n.self.ID, n.roster.Charter.Epoch, items, rand.Reader)
	if err != nil {
		return err
	}
	_, err = n.putList(ctx, t, &preparedList{owner, owner.Outline(), items}, &s.Opened)
	return err
}
