package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"entente/api"
	"entente/border"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/statement"
)

// openList makes the tokens of items and says the list, or where the party has
// officers drafts it for them to sign.
func (n *Node) openList(ctx context.Context, t voprf.Terms, items match.Items) (ref statement.Ref, waits *api.Pending, err error) {
	owner, err := voprf.NewOwner(ctx, n.self.ID, n.roster.Charter.Epoch, items, rand.Reader)
	if err != nil {
		return ref, nil, err
	}
	p := &preparedList{owner, owner.Outline(), items}
	ref, err = n.putList(ctx, t, p, nil)
	if !refusedFor(err, statement.CodePower) {
		return ref, nil, err
	}
	made, err := n.draftList(ctx, t, p)
	if err != nil {
		return ref, nil, err
	}
	out := pendingOf(made)
	return ref, &out, nil
}

// endOrphan closes an own list whose key died with an earlier process.
func (n *Node) endOrphan(ctx context.Context, s *voprf.Standing) error {
	step := voprf.Step{Do: voprf.DoClose}
	if n.opt.Now().UnixMilli() < s.Terms.Until {
		step.Code = statement.CodeState
	}
	if err := n.sayOfList(ctx, s.Opened, step); err != nil {
		return err
	}
	n.wake.match.ring()
	return nil
}

// ownStep does what can be done now for an own list.
func (n *Node) ownStep(ctx context.Context, l *liveList, s *voprf.Standing) (played, error) {
	switch {
	case s.Ended != nil:
		return playOver, n.dropListItems(s.Terms.Announcement)
	case n.opt.Now().UnixMilli() >= s.Terms.Until:
		l.owner.Erase()
		return playMoved, n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoClose})
	}
	for i := range s.Asks {
		switch q := &s.Asks[i]; {
		case q.Refuse != nil:
		case q.Answer == nil && q.Void == "" && unread(s, i) >= maxUnread:
			l.troubled(statement.Refuse(statement.CodeBusy, "%d answers wait to be read; question %d waits for them", maxUnread, i))
			return playWaits, nil
		case q.Answer == nil:
			l.troubled(nil)
			return n.answerOne(ctx, l, s, i)
		case s.Terms.Echo && !l.checked[i]:
			return n.lookAtFindings(ctx, l, s, i)
		case q.Read != nil:
			if err := l.dropAnswer(i); err != nil {
				return playIdle, err
			}
		}
	}
	return playIdle, nil
}

// late says that a question, or what it found, has been waited for for too long.
func (l *liveList) late(now time.Time, s *voprf.Standing, what int) bool {
	since, ok := l.waited[what]
	if !ok {
		l.waited[what] = now
		return false
	}
	return now.Sub(since) > time.Duration(s.Terms.Step)*time.Second
}

// answerOne answers a question, or refuses it.
func (n *Node) answerOne(ctx context.Context, l *liveList, s *voprf.Standing, i int) (played, error) {
	q := &s.Asks[i]
	refuse := func(code statement.Code, evidence statement.Digest) (played, error) {
		n.logger.Warn("a question to a watchlist is refused", "list", s.Opened.ID.Short(), "partner", l.partner.ID, "number", i, "code", code)
		return playMoved, n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoRefuse, Number: i, Code: code, Digest: evidence})
	}
	if q.Void != "" {
		return refuse(q.Void, statement.Digest{})
	}
	query, err := n.lineTo(l.partner.ID).client.Round(ctx, l.id, "query-"+strconv.Itoa(i))
	if err != nil {
		if l.late(n.opt.Now(), s, i) {
			return refuse(statement.CodeLate, statement.Digest{})
		}
		return playWaits, nil //nolint:nilerr // not there, or nobody there: asked again until it is too late
	}
	if voprf.QueryDigest(query) != q.Digest {
		return refuse(statement.CodeDigest, statement.Digest{})
	}
	n.rounds.asking.answering.Lock()
	defer n.rounds.asking.answering.Unlock()
	left, err := n.leftFor(ctx, s)
	if err != nil {
		return playIdle, err
	}
	if q.Items > left {
		return refuse(statement.CodeBudget, statement.Digest{})
	}
	var answer []byte
	if err = voprf.CheckQuery(s.About, query, q.Items); err == nil {
		answer, err = l.owner.Answer(query, left, rand.Reader)
	}
	if no, refused := statement.AsRefusal(err); refused {
		digest, err := n.keepEvidence(l, s, i, query, nil)
		if err != nil {
			return playIdle, err
		}
		if badAsks(s) >= maxBadAsks {
			l.owner.Erase()
			return playMoved, n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoClose, Number: i, Code: no.Code, Digest: digest})
		}
		return refuse(no.Code, digest)
	}
	if err != nil {
		return playIdle, err
	}
	if err := replaceFile(l.path("answer", i), answer); err != nil {
		return playIdle, err
	}
	return playMoved, n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoAnswer, Number: i, Digest: voprf.AnswerDigest(answer)})
}

// leftFor is how many items the partner may ask about now: what the class leaves
// after runs, and what any list of it has answered. The caller answers before
// anything else is answered.
func (n *Node) leftFor(ctx context.Context, s *voprf.Standing) (int, error) {
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return 0, err
	}
	c, err := border.MatchClassOf(n.matchClasses(), s.Terms.Types)
	if err != nil {
		return 0, err
	}
	all, err := n.matchLists(ctx)
	if err != nil {
		return 0, err
	}
	asked := n.askedOf(all, s.Terms.To, (*voprf.Standing).Answered)
	return n.guessesLeft(runs, asked, c, s.Terms.To), nil
}

// askedOf is what a partner has asked about on own lists, as a budget counts it.
func (n *Node) askedOf(all []*voprf.Standing, partner string, count func(*voprf.Standing) int) (list []border.MatchRun) {
	for _, s := range all {
		if s.From == n.self.ID && s.Terms.To == partner {
			list = append(list, border.MatchRun{Epoch: s.About.Epoch, Partner: partner, Types: s.Terms.Types, Theirs: count(s)})
		}
	}
	return list
}

// lookAtFindings takes the proofs of what a question found, before the next one
// is answered.
func (n *Node) lookAtFindings(ctx context.Context, l *liveList, s *voprf.Standing, i int) (played, error) {
	q := &s.Asks[i]
	shut := func(code statement.Code, digest statement.Digest) (played, error) {
		n.logger.Warn("a watchlist is ended", "list", s.Opened.ID.Short(), "partner", l.partner.ID, "number", i, "code", code)
		l.owner.Erase()
		return playMoved, n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoClose, Number: i, Code: code, Digest: digest})
	}
	var data []byte
	err := errors.New("not read yet")
	if q.Read != nil {
		data, err = n.lineTo(l.partner.ID).client.Round(ctx, l.id, "findings-"+strconv.Itoa(i))
	}
	if err != nil {
		if l.late(n.opt.Now(), s, -1-i) {
			return shut(statement.CodeLate, statement.Digest{})
		}
		return playWaits, nil
	}
	f, err := voprf.ParseFindings(data, q.Items)
	if err == nil && f.Digest() != q.Read.Digest {
		err = statement.Refuse(statement.CodeDigest, "not the findings that were committed to")
	}
	b := api.WatchlistBatch{Number: i, Items: q.Items}
	for at := 0; err == nil && at < len(f.Echoes); at++ {
		v, no := l.owner.CheckEcho(f.Echoes[at])
		err = no
		b.Hits = append(b.Hits, api.WatchlistHit{Type: v.Type, Value: v.Canonical, At: q.Read.Time})
	}
	if no, refused := statement.AsRefusal(err); refused {
		if err := replaceFile(l.path("bad-findings", i), data); err != nil {
			return playIdle, err
		}
		return shut(no.Code, q.Read.Digest)
	}
	if err != nil {
		return playIdle, err
	}
	if len(b.Hits) > 0 {
		if err := n.keepFound(l.id, &b); err != nil {
			return playIdle, err
		}
	}
	l.checked[i] = true
	return playMoved, nil
}

// keepFound keeps what is known of a question's hits.
func (n *Node) keepFound(id string, b *api.WatchlistBatch) error {
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return n.keepMatch(listDir(id)+"/found-"+strconv.Itoa(b.Number)+".json", data)
}
