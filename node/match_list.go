package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entente/border"
	"entente/internal/peer"
	"entente/internal/sqlite"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

// asking is the epoch watchlists that this node answers or may ask, while they
// are open. Whatever else is known of them follows from the logs.
type asking struct {
	live underWay[liveList]

	answering sync.Mutex // one answer at a time, so that each sees what is left

	opening sync.Mutex               // an own list is said and put among the live ones at once
	again   underWay[voprf.Standing] // own lists that are being opened again

	preparing sync.Mutex               // guards prepared
	prepared  map[string]*preparedList // own lists that are not said yet, by announcement
	kept      keptOfLists
	folding   sync.Mutex // guards folded and upTo
	folded    []*voprf.Standing
	upTo      uint64
}

// maxLists is how many lists of one partner are followed at a time. Another one's
// have their own room.
const maxLists = 64

// liveList is one list in use: the own one with its key, or a partner's.
type liveList struct {
	id      string        // of the statement that opened it
	said    statement.Ref // that opened it
	own     bool
	partner record.Member
	dir     string
	bell    bell
	size    atomic.Uint64 // grows whenever there may be something new to fetch
	grown   func()
	started atomic.Bool

	owner   *voprf.Owner      // of an own list
	outline []byte            // of its file
	waited  map[int]time.Time // since when each question is waited for; its player's alone
	checked map[int]bool      // whose findings were looked at; its player's alone
	dropped map[int]bool      // whose answer is here no more; its player's alone

	query  *voprf.Query // that waits for its answer; its player's alone
	number int
	about  questions
	opened bool      // and what it found is in hits
	begun  time.Time // when it was opened
	hits   []voprf.Hit
	file   *tokenFile   // the partner's, as far as it is here; its player's alone
	room   atomic.Int64 // bytes that the file takes or will

	pause time.Duration // of the last rest; its player's alone
	again time.Time     // when the rest ends

	mu       sync.Mutex // guards what follows
	standing *voprf.Standing
	queue    []questions
	asking   bool   // a question waits for its answer
	done     int    // blocks of the file
	trouble  string // why the last question was not asked
}

// questions are items that are to be asked about, in one question.
type questions struct {
	items match.Items
	size  int                             // dummies included
	watch map[observable.Value]sqlite.Hit // where each was seen, of a question of the watch
}

var _ peer.Round = (*liveList)(nil)

// Size implements peer.Round.
func (l *liveList) Size() uint64 { return l.size.Load() }

// Message implements peer.Round. What is committed to is shown once the log has it.
func (l *liveList) Message(name string) ([]byte, error) {
	l.mu.Lock()
	s := l.standing
	l.mu.Unlock()
	word, i := messageOf(name)
	asked := i >= 0 && i < len(s.Asks)
	switch {
	case l.own && name == "outline":
		return l.outline, nil
	case l.own && word == "block" && i >= 0:
		return l.owner.Block(i), nil
	case l.own && word == "answer" && asked && s.Asks[i].Answer != nil,
		!l.own && word == "query" && asked,
		!l.own && word == "findings" && asked && s.Asks[i].Read != nil && s.Terms.Echo:
	default:
		return nil, nil
	}
	data, err := os.ReadFile(l.path(word, i))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// messageOf takes the name of a message apart. The number is -1 where there is none,
// where it has another spelling than the one, and where it is beyond all that a
// list can have.
func messageOf(name string) (word string, number int) {
	word, digits, _ := strings.Cut(name, "-")
	i, err := strconv.Atoi(digits)
	if err != nil || i < 0 || i >= max(voprf.MaxBatches, voprf.MaxTokens/voprf.BlockTokens) || strconv.Itoa(i) != digits {
		return word, -1
	}
	return word, i
}

// path is where a message of a list lies.
func (l *liveList) path(word string, number int) string {
	return filepath.Join(l.dir, word+"-"+strconv.Itoa(number))
}

func (l *liveList) stands(s *voprf.Standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.standing = s
}

// crowded says that as many lists of a partner are followed as may be.
func (a *asking) crowded(partner string) bool {
	return a.live.count(func(l *liveList) bool { return !l.own && l.partner.ID == partner }) >= maxLists
}

// notFollowed is why nobody can ask a list that is open.
func (a *asking) notFollowed(partner string) error {
	if a.crowded(partner) {
		return statement.Refuse(statement.CodeBusy, "%d lists of %s are followed already", maxLists, partner)
	}
	return statement.Refuse(statement.CodeBusy, "the list is not followed here yet")
}

// listDir is where what a list needs and leaves behind lies, below matchDir.
func listDir(id string) string { return matchListsDir + "/" + id }

func (n *Node) newLiveList(s *voprf.Standing) (*liveList, error) {
	l := &liveList{
		id: s.Opened.ID.String(), said: s.Opened, own: s.From == n.self.ID, standing: s, bell: make(bell, 1), grown: n.backend.grown,
		waited: map[int]time.Time{}, checked: map[int]bool{}, dropped: map[int]bool{},
	}
	partner := s.From
	if l.own {
		partner = s.Terms.To
	}
	m, ok := n.roster.Member(partner)
	if !ok || n.lineTo(partner) == nil {
		return nil, statement.Refuse(statement.CodeParty, "there is no direct line to %.31s", partner)
	}
	l.partner, l.dir = m, filepath.Join(n.cfg.Dir, matchDir, filepath.FromSlash(listDir(l.id)))
	return l, os.MkdirAll(l.dir, 0o700)
}

// matchLists folds the logs into lists, once for every change of them.
func (n *Node) matchLists(ctx context.Context) ([]*voprf.Standing, error) {
	a := &n.rounds.asking
	a.folding.Lock()
	defer a.folding.Unlock()
	heard := n.rounds.heard.Load() + n.accord.heard.Load() // who may speak for a party is of the accord
	if a.folded == nil || a.upTo != heard {
		said, err := n.saidOfLists(ctx)
		if err != nil {
			return nil, err
		}
		a.folded, a.upTo = voprf.Lists(said), heard
	}
	return a.folded, nil
}

// saidOfLists is what all logs say of lists.
func (n *Node) saidOfLists(ctx context.Context) (said []match.Said, err error) {
	for _, m := range n.roster.Members {
		approvals, err := n.view.Approvals(ctx, m.Origin)
		if err != nil {
			return nil, err
		}
		for _, kind := range []statement.Kind{voprf.OpenKind, voprf.StepKind} {
			rows, err := n.view.OfKind(ctx, m.Origin, kind)
			if err != nil {
				return nil, err
			}
			for _, s := range rows {
				if s.State != sqlite.StateOpen {
					continue
				}
				ref := statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}
				one := match.Said{Ref: ref, Party: s.Party, Refs: s.Refs, Kind: s.Kind, Time: s.Time, Body: s.Body}
				if kind == voprf.OpenKind {
					if one.Void, err = n.matchVoid(ctx, s, approvals[s.Index]); err != nil {
						return nil, err
					}
				}
				said = append(said, one)
			}
		}
	}
	return said, nil
}

// listOf is how one list stands now.
func (n *Node) listOf(ctx context.Context, opened statement.Ref) (*voprf.Standing, error) {
	all, err := n.matchLists(ctx)
	if err != nil {
		return nil, err
	}
	if s := listIn(all, opened); s != nil {
		return s, nil
	}
	return nil, statement.Refuse(statement.CodeState, "the list is not in the logs any more")
}

// listIn is the list that a statement opened; nil if none was.
func listIn(all []*voprf.Standing, opened statement.Ref) *voprf.Standing {
	for _, s := range all {
		if s.Opened == opened {
			return s
		}
	}
	return nil
}

// tendLists starts whatever list is open, and ends own ones whose key died with
// an earlier process.
func (n *Node) tendLists(ctx context.Context, start func(func(context.Context) error)) error {
	if !n.open.Load() || n.gone.Load() || n.stopping.Load() {
		return nil
	}
	a := &n.rounds.asking
	a.opening.Lock()
	defer a.opening.Unlock()
	all, err := n.matchLists(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.From != n.self.ID && s.Terms.To != n.self.ID {
			continue
		}
		l := a.live.get(s.Opened.ID.String())
		if l == nil && s.From == n.self.ID {
			if err := n.survived(n.moveListItems(s)); err != nil {
				return err
			}
		}
		switch {
		case l != nil:
			l.stands(s)
			l.bell.ring()
		case s.Ended != nil && s.From == n.self.ID:
			if n.orphaned(s, all) {
				start(func(ctx context.Context) error { return n.survived(n.reopen(ctx, s)) })
			}
			continue
		case s.Ended != nil, s.Void != "" && s.From != n.self.ID:
			continue
		case s.From == n.self.ID && n.rounds.asking.isPrepared(s.Terms.Announcement): // officers have signed it
			if l, err = n.adopt(s); err != nil {
				if err := n.survived(err); err != nil {
					return err
				}
				continue
			}
		case s.From == n.self.ID:
			if err := n.survived(n.endOrphan(ctx, s)); err != nil {
				return err
			}
			continue
		case !a.crowded(s.From):
			if l, err = n.newLiveList(s); err != nil {
				if err := n.survived(err); err != nil {
					return err
				}
				continue
			}
			a.live.put(l.id, l)
		default:
			continue
		}
		if !l.started.Swap(true) {
			start(func(ctx context.Context) error { return n.survived(n.playList(ctx, l)) })
		}
	}
	return n.sweepListItems(all)
}

// played is what one step of a list came to.
type played int

const (
	playIdle  played = iota // nothing to do before the logs or the clock move
	playMoved               // there may be more to do at once
	playWaits               // for a partner who cannot be reached
	playOver
)

// stepList does what can be done now, unless the list rests: whatever wakes it then
// is looked at after.
func (n *Node) stepList(ctx context.Context, l *liveList, s *voprf.Standing) (played, error) {
	switch over := s.Ended != nil || n.opt.Now().UnixMilli() >= s.Terms.Until; {
	case !over && time.Until(l.again) > 0:
		return playWaits, nil
	case l.own:
		return n.ownStep(ctx, l, s)
	}
	return n.askStep(ctx, l, s)
}

// playList answers or asks one list until it ends.
func (n *Node) playList(ctx context.Context, l *liveList) error {
	defer n.rounds.asking.live.put(l.id, nil)
	defer l.shut()
	for {
		s, err := n.listOf(ctx, l.said)
		if err != nil {
			return err
		}
		l.stands(s)
		came, err := n.stepList(ctx, l, s)
		if _, refused := statement.AsRefusal(err); refused || full(err) {
			n.logger.Warn("a watchlist waits", "list", l.said.ID.Short(), "partner", l.partner.ID, "error", err)
			came, err = playWaits, nil
		}
		wait := time.Minute
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case came == playOver:
			return n.leaveList(l)
		case came == playMoved:
			l.rested()
			l.size.Add(1)
			l.grown()
			n.changes.record()
			continue
		case came == playWaits:
			if wait = time.Until(l.again); wait <= 0 {
				l.rest(s.Terms.Step)
				wait = l.pause
			}
		}
		if left := milli(s.Terms.Until).Sub(n.opt.Now()); left > 0 {
			wait = min(wait, left)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-l.bell:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// sayOfList logs a step of a list.
func (n *Node) sayOfList(ctx context.Context, list statement.Ref, step voprf.Step) error {
	_, err := n.author.say(ctx, draft{kind: voprf.StepKind, refs: []statement.Ref{list}, marking: border.Amber, toAll: true, body: step})
	return err
}

// leaveList forgets what an ended list needs no more. Evidence, hits and their
// receipts stay.
func (n *Node) leaveList(l *liveList) error {
	if l.owner != nil {
		l.owner.Erase()
	}
	l.shut()
	var errs []error
	for _, pattern := range []string{"tokens*", "outline", "answer-*", "query-*"} {
		list, err := filepath.Glob(filepath.Join(l.dir, pattern))
		errs = append(errs, err)
		for _, path := range list {
			errs = append(errs, os.Remove(path))
		}
	}
	_ = os.Remove(l.dir) // if nothing is left in it
	return errors.Join(errs...)
}

// keepEvidence writes down the exchange about one question, and returns the
// digest that a refusal names.
func (n *Node) keepEvidence(l *liveList, s *voprf.Standing, number int, query, reply []byte) (statement.Digest, error) {
	q := &s.Asks[number]
	e := voprf.Evidence{
		Format: voprf.EvidenceFormat, Opened: s.Opened, Terms: s.Body, Asked: q.Ref, Query: query, Reply: reply,
		Ask: voprf.Step{Do: voprf.DoAsk, Number: number, Items: q.Items, Digest: q.Digest},
	}
	if q.Answer != nil {
		e.Answered, e.Answer = q.Answer.Ref, voprf.Step{Do: voprf.DoAnswer, Number: number, Digest: q.Answer.Digest}
	}
	data, digest, err := e.Marshal()
	if err != nil {
		return digest, err
	}
	return digest, n.keepOfList(l, "evidence-"+strconv.Itoa(number)+".json", data)
}
