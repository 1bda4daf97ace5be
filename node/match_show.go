package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"entente/api"
	"entente/match"
	"entente/observable"
	"entente/statement"
)

// MatchRuns lists the runs that the logs speak of, newest last.
func (c control) MatchRuns(ctx context.Context) ([]api.MatchRun, error) {
	n := c.n
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return nil, err
	}
	out := []api.MatchRun{}
	for _, r := range runs {
		one, err := n.matchShown(ctx, runs, r)
		if err != nil {
			return nil, err
		}
		one.Matches = nil // a list of runs is not where items are shown
		out = append(out, one)
	}
	return out, nil
}

// MatchRun shows one run, with what came of it on this side.
func (c control) MatchRun(ctx context.Context, id string) (api.MatchRun, error) {
	runs, err := c.n.matchRuns(ctx)
	if err != nil {
		return api.MatchRun{}, err
	}
	r, err := findRun(runs, id)
	if err != nil {
		return api.MatchRun{}, err
	}
	return c.n.matchShown(ctx, runs, r)
}

func (n *Node) matchShown(ctx context.Context, runs []*match.Standing, r *match.Standing) (api.MatchRun, error) {
	out := n.matchLogged(r)
	if !out.Own {
		return out, nil
	}
	partner, err := n.partnerOf(r)
	if err != nil {
		return out, err
	}
	out.Guesses = out.Items[partner.ID]
	if limits, _, err := n.matchLimits(ctx, runs, r.Terms.Types, r.Terms.Mode, partner.ID); err == nil {
		out.Left = limits.Left
	}
	return out, n.matchOwn(&out, r)
}

// matchOwn adds what only this side knows.
func (n *Node) matchOwn(out *api.MatchRun, r *match.Standing) error {
	if out.SID != "" {
		if live := n.rounds.live.get(out.SID); live != nil {
			live.mu.Lock()
			defer live.mu.Unlock()
			out.Waits = "partner"
			if !live.prepared {
				out.Locked, out.ToLock = int(live.locked.Load()), int(live.toLock.Load())
				return nil
			}
			out.Done, out.Total = live.run.Progress()
			out.TimeMS = live.pace.left(out.Total).Milliseconds()
			if count, known := live.run.Count(); known {
				out.Count = count
				if live.waiting {
					out.Waits = "count"
				}
			}
			return nil
		}
	}
	if r.Void != "" {
		return nil
	}
	if r.Consent == nil && r.Terms.To == n.self.ID {
		out.Waits = "consent"
	} else if !out.State.Over() {
		out.Waits = "partner" // also while what both signed is only about to be played
	}
	var o outcome
	err := n.readMatch(matchRunsDir+"/"+out.ID+"/outcome.json", &o)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil { // one that is damaged hides no other run
		n.logger.Error("what came of a run cannot be read", "run", r.Offer.ID.Short(), "error", err)
		o = outcome{Count: -1, Fault: statement.Refuse(statement.CodeState, "what came of the run cannot be read any more").Error()}
	}
	out.Waits, out.Fault, out.Guilty, out.Audited = "", o.Fault, o.Guilty, o.Audited
	if o.Fault != "" {
		out.Code, _, _ = strings.Cut(o.Fault, ": ")
	}
	out.Ended = max(out.Ended, o.Ended)
	if o.Count >= 0 {
		out.Count = o.Count
	}
	for _, m := range o.Matches {
		out.Matches = append(out.Matches, api.MatchFound{Type: observable.Type(m.Type), Value: m.Value, Ours: m.Ours, Theirs: m.Theirs})
	}
	if path := n.transcriptPath(r.Offer.ID, false); exists(path) {
		if out.File, err = filepath.Rel(n.cfg.Dir, path); err != nil {
			return err
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// MatchAgree says that the items behind a count may be shown and learnt, or
// ends the run.
func (c control) MatchAgree(ctx context.Context, r api.MatchAgree) (api.MatchRun, error) {
	n := c.n
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return api.MatchRun{}, err
	}
	s, err := findRun(runs, r.Run)
	if err != nil {
		return api.MatchRun{}, err
	}
	var live *liveRun
	if s.Agreed != nil {
		live = n.rounds.live.get(sidOf(s.Agreed))
	}
	if live == nil {
		return api.MatchRun{}, statement.Refuse(statement.CodeState, "the run is not being played here: it is %s", s.State())
	}
	if err := live.answer(r.Stop); err != nil {
		return api.MatchRun{}, err
	}
	live.bell.ring()
	return c.MatchRun(ctx, s.Offer.ID.String())
}
