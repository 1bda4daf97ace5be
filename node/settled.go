package node

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"entente/border"
	"entente/internal/ingest"
	"entente/internal/sqlite"
)

// Settled says whether nothing is left to do: logs at their end and hunted
// back, acks written, sightings that may go gone, every own statement held.
// why names the first thing that is not. It is a barrier for the exercise and
// for drills, not a state of the protocol.
func (n *Node) Settled(ctx context.Context) (done bool, why string, err error) {
	if !n.open.Load() {
		return false, "read-only", nil
	}
	for _, step := range []func(context.Context) (string, error){n.unread, n.untaken, n.unhunted, n.unacked, n.unreleased, n.unreceipted, n.unheld, n.unclocked, n.unobserved} {
		why, err := step(ctx)
		if err != nil || why != "" {
			return false, why, err
		}
	}
	return true, "", nil
}

// unread names a log file that is not at its end.
func (n *Node) unread(ctx context.Context) (string, error) {
	rows, err := n.seen.Sources(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range n.cfg.Sources {
		if !s.isFile() {
			continue // what is sent has no end
		}
		files := []string{s.Path}
		if info, err := os.Stat(s.Path); err == nil && info.IsDir() {
			if files, err = filesIn(s.Path); err != nil {
				return "", err
			}
		}
		for _, f := range files {
			if !atEnd(rows, f) {
				return "reading " + f, nil
			}
		}
	}
	for _, r := range rows {
		done, err := n.watch.Note(ctx, "sealed:"+r.ID)
		if err != nil {
			return "", err
		}
		if once := slices.ContainsFunc(n.cfg.Sources, func(s Source) bool {
			return s.Once && (s.Path == r.Path || filepath.Dir(r.Path) == filepath.Clean(s.Path))
		}); once && done == nil {
			return "sealing " + r.ID, nil
		}
	}
	return "", nil
}

// untaken names a log of which leaves are held that the view does not have yet.
func (n *Node) untaken(ctx context.Context) (string, error) {
	for _, m := range n.roster.Members {
		_, log, err := n.logOf(m.ID)
		if err != nil {
			return "", err
		}
		next, err := n.view.Next(ctx, m.Origin)
		if err != nil {
			return "", err
		}
		if head, _ := log.Head(); next < head.Size {
			return "taking in the log of " + m.ID, nil
		}
	}
	return "", nil
}

func filesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

func atEnd(rows []sqlite.Source, path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.Size() == 0 {
		return true // the ledger says what is wrong with it
	}
	for _, r := range rows {
		if filepath.Clean(r.Path) != filepath.Clean(path) {
			continue
		}
		var p ingest.Position
		return r.Final || json.Unmarshal(r.Position, &p) == nil && (p.Done || p.Offset == info.Size())
	}
	return false
}

// unhunted names a source that a list has not been hunted back through, and
// waits for the watchlist to hold every list of the view.
func (n *Node) unhunted(ctx context.Context) (string, error) {
	if len(n.wake.lists) > 0 || !n.lookout.hunt.TryLock() {
		return "loading lists and hunting back", nil
	}
	n.lookout.hunt.Unlock()
	lists, err := n.view.Lists(ctx, n.self.Origin)
	if err != nil {
		return "", err
	}
	w := n.lists.get()
	done, err := n.watch.Hunts(ctx)
	if err != nil {
		return "", err
	}
	finished := make(map[sqlite.Hunt]bool)
	for _, h := range done {
		h.State = ""
		finished[h] = true
	}
	rows, err := n.seen.Sources(ctx)
	if err != nil {
		return "", err
	}
	for _, l := range lists {
		if l.Verdict == "refused" || n.lists.refusal(l.Ref.Origin, l.Ref.Index) != "" {
			continue
		}
		if !slices.Contains(w.lists, l.Ref) {
			return "loading list " + l.Body.Name, nil
		}
		for _, r := range rows {
			if !finished[sqlite.Hunt{Origin: l.Ref.Origin, Index: l.Ref.Index, Source: r.ID}] {
				return fmt.Sprintf("hunting %s back through %s", l.Body.Name, r.ID), nil
			}
		}
	}
	decisions, err := n.view.Decisions(ctx, n.self.Origin)
	if err != nil {
		return "", err
	}
	accepted := decided(decisions)
	for _, e := range w.entries {
		if e.accepted != accepted[e.key].Officer || e.agreed != accepted[e.key].Time {
			return "applying decisions", nil
		}
	}
	held, err := n.watch.HeldItems(ctx)
	if err != nil {
		return "", err
	}
	for _, k := range held {
		if i, ok := w.byKey[k]; ok && !w.entries[i].held() {
			return "raising what was accepted", nil
		}
	}
	return "", nil
}

func (n *Node) unacked(ctx context.Context) (string, error) {
	for _, m := range n.roster.Others(n.self.ID) {
		list, err := n.view.Unacked(ctx, m.Origin, n.self.Origin, 1)
		if err != nil {
			return "", err
		}
		if len(list) > 0 && !n.gone.Load() {
			return "acknowledging " + m.ID, nil
		}
	}
	return "", nil
}

// unreleased looks for a sighting that the policy would let go.
func (n *Node) unreleased(ctx context.Context) (string, error) {
	if n.teller.policy.Mode != border.ModeAutomatic {
		return "", nil
	}
	groups, _, err := n.seen.Groups(ctx, false, manyGroups, 0)
	if err != nil {
		return "", err
	}
	w := n.lists.get()
	for _, g := range groups {
		i, ok := w.byKey[g.Key]
		if !ok || g.Sent || !slices.Contains(n.present(), w.entries[i].giver) {
			continue
		}
		today, err := n.seen.SentOn(ctx, w.entries[i].giver, n.opt.Now())
		if err != nil {
			return "", err
		}
		if today < n.teller.policy.PerDay {
			return "releasing sightings", nil
		}
	}
	return "", nil
}

// unreceipted looks for something that left and has no receipt yet.
func (n *Node) unreceipted(ctx context.Context) (string, error) {
	if n.gone.Load() {
		return "", nil
	}
	n.clerk.receipting.Lock()
	next, err := n.clerk.unreceipted(ctx)
	n.clerk.receipting.Unlock()
	if err != nil {
		return "", err
	}
	left, err := n.view.Left(ctx, n.self.Origin, next, 1)
	if err != nil || len(left) == 0 {
		return "", err
	}
	return "writing receipts", nil
}

// unclocked names a log of which times should be in the record.
func (n *Node) unclocked(ctx context.Context) (string, error) {
	if n.writable() != nil {
		return "", nil
	}
	dues, err := n.accordDues(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range n.roster.Others(n.self.ID) {
		if note, err := n.untimed(ctx, m, dues[m.ID]); err != nil || note != nil {
			return "logging the times of " + m.ID, err
		}
	}
	return "", nil
}

func (n *Node) unheld(ctx context.Context) (string, error) {
	w, err := n.words(ctx)
	if err != nil {
		return "", err
	}
	if w.held < w.logged {
		return fmt.Sprintf("%d of %d own statements held", w.held, w.logged), nil
	}
	return "", nil
}

// Tally is what one node has to show for itself.
type Tally struct {
	Lines, Alerts, HeldBack   int64 // lines read, hits that alert, hits held back
	Met                       int   // indicators that alert, each with one or more hits
	Sent, Received            int   // sightings
	Statements                int   // own, housekeeping not counted
	Witnessed, Held, Evidence int
	LedgerAdds                bool // read = matched + clean + unparsed + dropped, and alerts agree
}

// Tally counts.
func (n *Node) Tally(ctx context.Context) (Tally, error) {
	var t Tally
	sum, err := n.seen.Totals(ctx)
	if err != nil {
		return t, err
	}
	t.Lines = sum.Read
	t.LedgerAdds = sum.Read == sum.Matched+sum.Clean+sum.Unparsed+sum.Dropped
	rows, err := n.seen.Sources(ctx)
	if err != nil {
		return t, err
	}
	for _, r := range rows {
		lines, err := n.watch.Recount(ctx, r.ID)
		if err != nil {
			return t, err
		}
		t.LedgerAdds = t.LedgerAdds && lines == r.Matched
	}
	if t.Alerts, t.HeldBack, err = n.seen.CountAlerts(ctx); err != nil {
		return t, err
	}
	totals, err := n.whole().totals(ctx)
	t.Met, t.Sent, t.Received, t.Statements, t.Witnessed, t.Held, t.Evidence = totals.Alerts, totals.Sent, totals.Received, totals.Statements, totals.Witnessed, totals.Held, totals.Forks
	return t, err
}

// Statements returns the indexes of the own statements that are not
// housekeeping.
func (n *Node) Statements(ctx context.Context) ([]uint64, error) {
	return n.view.Counted(ctx, n.self.Origin)
}

// AcceptHeld records an officer's decision to accept everything that the gate
// holds back of the lists with the given name. It returns how many items.
func (n *Node) AcceptHeld(ctx context.Context, officer, list, reason string) (int, error) {
	var keys []sqlite.Key
	for _, e := range n.lists.get().entries {
		if e.held() && e.name == list {
			keys = append(keys, e.key)
		}
	}
	if len(keys) == 0 {
		return 0, nil
	}
	return len(keys), n.decide(ctx, officer, keys, border.StanceAccept, reason)
}
