package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	voprf "entente/match/watchlist"
	"entente/statement"
)

// What one partner can make this node keep has a bound, for each list and for all of
// its lists together: it opens as many as it likes, and hits on them cost up to 170
// KiB each.
const (
	maxKeptList    = 256 << 20 // bytes of evidence and receipts
	maxKeptPartner = 1 << 30
	maxUnread      = 4  // answers that wait to be read; the next question waits for them
	maxBadAsks     = 16 // questions with evidence against their sender; one more ends the list
)

// keptOfLists is how much is kept of each list, measured once and counted from then on.
type keptOfLists struct {
	mu sync.Mutex // guards of
	of map[string]int64
}

func (k *keptOfLists) add(list string, n int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.of[list] += n
}

// take measures a folder that was not measured yet, and returns what is kept in it.
func (k *keptOfLists) take(list, dir string) (int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n, known := k.of[list]; known {
		return n, nil
	}
	var n int64
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, f := range files {
		if match, _ := filepath.Match("*.json", f.Name()); !match {
			continue
		}
		if info, err := f.Info(); err == nil {
			n += info.Size()
		}
	}
	if k.of == nil {
		k.of = map[string]int64{}
	}
	k.of[list] = n
	return n, nil
}

// roomToKeep says whether so many bytes more may be kept of a partner's list.
func (n *Node) roomToKeep(all []*voprf.Standing, l *liveList, more int) (bool, error) {
	var sum int64
	for _, s := range all {
		if s.From != l.partner.ID && s.Terms.To != l.partner.ID {
			continue
		}
		id := s.Opened.ID.String()
		kept, err := n.rounds.asking.kept.take(id, n.matchPath(listDir(id)))
		if err != nil {
			return false, err
		}
		if sum += kept; sum+int64(more) > maxKeptPartner || id == l.id && kept+int64(more) > maxKeptList {
			return false, nil
		}
	}
	return true, nil
}

// keepOfList keeps a file beside a list and counts it.
func (n *Node) keepOfList(l *liveList, name string, data []byte) error {
	if _, err := n.rounds.asking.kept.take(l.id, l.dir); err != nil {
		return err
	}
	more := int64(len(data))
	if info, err := os.Stat(filepath.Join(l.dir, name)); err == nil {
		more -= info.Size() // it was kept before, and what came after it was not
	}
	if err := n.keepMatch(listDir(l.id)+"/"+name, data); err != nil {
		return err
	}
	n.rounds.asking.kept.add(l.id, more)
	return nil
}

// unread is how many answers before a question nobody has said to have read.
func unread(s *voprf.Standing, number int) (n int) {
	for i := range s.Asks[:number] {
		if q := &s.Asks[i]; q.Answer != nil && q.Read == nil {
			n++
		}
	}
	return n
}

// badAsks is how many questions were refused with evidence against their sender.
func badAsks(s *voprf.Standing) (n int) {
	for i := range s.Asks {
		if r := s.Asks[i].Refuse; r != nil && r.Digest != (statement.Digest{}) {
			n++
		}
	}
	return n
}

// dropAnswer removes an answer that was read: it is not shown again.
func (l *liveList) dropAnswer(i int) error {
	if l.dropped[i] {
		return nil
	}
	if err := os.Remove(l.path("answer", i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l.dropped[i] = true
	return nil
}
