package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"entente/api"
	"entente/border"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/statement"
)

// mayAsk refuses lists that cannot be asked as this node asks.
func (n *Node) mayAsk(ctx context.Context, s *voprf.Standing, echo bool) error {
	t := &s.Terms
	switch {
	case t.To != n.self.ID:
		return statement.Refuse(statement.CodeParty, "the list was not opened to %s", n.self.ID)
	case s.State(n.opt.Now().UnixMilli()) != voprf.StateOpen:
		return statement.Refuse(statement.CodeState, "the list is %s", s.State(n.opt.Now().UnixMilli()))
	case s.About.Epoch != n.roster.Charter.Epoch:
		return statement.Refuse(statement.CodeState, "the list is of epoch %d of the charter, now it is %d", s.About.Epoch, n.roster.Charter.Epoch)
	case t.Normaliser != observable.NormaliserVersion || t.Corpus.String() != observable.CorpusDigest:
		return statement.Refuse(statement.CodeDrift, "the list's normaliser is %.64s with corpus %s, here it is %s with %.8s",
			t.Normaliser, t.Corpus.Short(), observable.NormaliserVersion, observable.CorpusDigest)
	case t.Echo && !echo:
		return statement.Refuse(statement.CodeState, "the list demands that hits be proved to %s", s.From)
	}
	c, err := border.MatchClassOf(n.matchClasses(), t.Types)
	if err != nil {
		return err
	}
	if c.Aged > 0 && t.Aged.Seconds < int64(c.Aged.Seconds()) {
		return statement.Refuse(statement.CodeAge, "a list of this class must be in the log for %d seconds", int64(c.Aged.Seconds()))
	}
	return n.stocksOf(ctx, t.Stocks, s.From)
}

// askStep does what can be done now about a partner's list.
func (n *Node) askStep(ctx context.Context, l *liveList, s *voprf.Standing) (played, error) {
	if s.Ended != nil {
		n.giveUpAsking(l)
		return playOver, nil
	}
	for i := range s.Asks {
		q := &s.Asks[i]
		waits := l.query != nil && l.number == i
		switch {
		case q.Refuse != nil || q.Void != "":
			if waits {
				n.giveUpAsking(l)
			}
		case q.Read != nil:
		case q.Answer != nil && waits:
			return n.readAnswer(ctx, l, s, i)
		case q.Answer != nil: // its blinds died with an earlier process, or it came too late
			return n.readLate(ctx, l, s, i)
		case waits && n.opt.Now().Sub(milli(q.Time)) <= time.Duration(s.Terms.Step)*time.Second:
			return playWaits, nil
		case waits:
			n.giveUpAsking(l)
		}
	}
	l.mu.Lock()
	var next *questions
	if len(l.queue) > 0 {
		next = &l.queue[0]
	}
	l.mu.Unlock()
	if next == nil || s.State(n.opt.Now().UnixMilli()) != voprf.StateOpen {
		return playIdle, nil
	}
	return n.askNext(ctx, l, s, *next)
}

// waits says which question waits for its answer, if any.
func (l *liveList) waits(q *voprf.Query, number int, about questions) {
	l.query, l.number, l.about, l.opened, l.hits = q, number, about, false, nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asking = q != nil
}

// giveUpAsking forgets a question that nobody answers any more. What the watch saw
// is asked about again.
func (n *Node) giveUpAsking(l *liveList) {
	if l.about.watch != nil {
		n.glimpses.again(l.id, l.about.items)
	}
	l.waits(nil, 0, questions{})
}

// askNext commits to a question, once the token file is here. Nothing is spent on
// a list whose file is not the announced one.
func (n *Node) askNext(ctx context.Context, l *liveList, s *voprf.Standing, next questions) (played, error) {
	if l.tokens() == nil {
		return n.fetchTokens(ctx, l, s)
	}
	unqueue := func(why error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.queue, l.trouble = l.queue[1:], ""
		if no, refused := statement.AsRefusal(why); refused {
			l.trouble = no.Error()
		}
	}
	if next.size > s.Left() || len(s.Asks) >= voprf.MaxBatches {
		unqueue(statement.Refuse(statement.CodeBudget, "%d items, %d are left of the list's budget", next.size, s.Left()))
		return playMoved, nil
	}
	items, err := voprf.Fill(next.items, next.size, rand.Reader)
	if err != nil {
		return playIdle, err
	}
	query, err := voprf.Ask(s.About, items, rand.Reader)
	if err != nil {
		return playIdle, err
	}
	i := len(s.Asks)
	if err := replaceFile(l.path("query", i), query.Bytes()); err != nil {
		return playIdle, err
	}
	err = n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoAsk, Number: i, Items: next.size, Digest: voprf.QueryDigest(query.Bytes())})
	if err != nil {
		return playIdle, err
	}
	l.waits(query, i, next)
	unqueue(nil)
	return playMoved, nil
}

// readAnswer opens the answer to the question that waits for it.
func (n *Node) readAnswer(ctx context.Context, l *liveList, s *voprf.Standing, i int) (played, error) {
	q := &s.Asks[i]
	answer, err := n.lineTo(l.partner.ID).client.Round(ctx, l.id, "answer-"+strconv.Itoa(i))
	if err == nil && voprf.AnswerDigest(answer) != q.Answer.Digest {
		return n.endAccusing(ctx, l, s, i, statement.CodeDigest, nil)
	}
	if err != nil {
		if l.late(n.opt.Now(), s, i) {
			return n.endAccusing(ctx, l, s, i, statement.CodeLate, nil)
		}
		return playWaits, nil
	}
	query := l.query.Bytes()
	if !l.opened { // once: a full disk may keep what follows waiting
		l.begun = time.Now()
		l.hits, err = l.query.Open(answer, l.tokens())
	}
	hits := l.hits
	if no, refused := statement.AsRefusal(err); refused {
		return n.endAccusing(ctx, l, s, i, no.Code, answer)
	}
	if err != nil {
		return playIdle, err
	}
	l.opened = true
	// What is still to be done after a crash follows from what lies here by then:
	// receipts before findings, and findings before the word that there are hits.
	b, err := n.keepReceipts(ctx, l, s, i, query, answer, hits)
	if err != nil {
		return playIdle, err
	}
	if err := n.raiseBlind(ctx, s, i, hits, l.about.watch); err != nil {
		return playIdle, err
	}
	f, err := l.findings(i, hits)
	if err != nil {
		return playIdle, err
	}
	if len(hits) > 0 {
		if err := n.keepFound(l.id, &b); err != nil {
			return playIdle, err
		}
	}
	if !s.Terms.Echo && !pause(ctx, readWait(time.Since(l.begun), s.Asks[i].Items)) {
		return playIdle, nil
	}
	if err := n.sayFindings(ctx, l, s, i, f); err != nil {
		return playIdle, err
	}
	l.waits(nil, 0, questions{}) // not before: what fails above is tried again with the same hits
	return playMoved, nil
}

// What hits cost is done before it is said that an answer was read, and the list's owner
// sees when that is said: each hit is a file that is synced. So it is said at the end of
// a stretch whose length follows from the size of the question, as long as hits on all of
// it take on most disks; of more than maxRead the owner learns how many stretches it took.
// Where hits are proved to it there is nothing to keep from it.
const (
	readItem = 10 * time.Millisecond
	minRead  = time.Second
	maxRead  = time.Minute
)

// readWait is how long it is to the end of the stretch.
func readWait(took time.Duration, items int) time.Duration {
	stretch := min(max(time.Duration(items)*readItem, minRead), maxRead)
	return stretch - took%stretch
}

// endAccusing ends a list whose owner did what it must not.
func (n *Node) endAccusing(ctx context.Context, l *liveList, s *voprf.Standing, i int, code statement.Code, answer []byte) (played, error) {
	n.logger.Warn("a watchlist is ended", "list", s.Opened.ID.Short(), "partner", l.partner.ID, "number", i, "code", code)
	var query []byte
	if l.query != nil {
		query = l.query.Bytes()
	}
	digest, err := n.keepEvidence(l, s, i, query, answer)
	if err != nil {
		return playIdle, err
	}
	n.giveUpAsking(l)
	return playMoved, n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoClose, Number: i, Code: code, Digest: digest})
}

// keepReceipts keeps what shows hits to others, before anything is said of them.
func (n *Node) keepReceipts(ctx context.Context, l *liveList, s *voprf.Standing, i int, query, answer []byte, hits []voprf.Hit) (b api.WatchlistBatch, err error) {
	b = api.WatchlistBatch{Number: i, Items: s.Asks[i].Items}
	if len(hits) == 0 {
		return b, nil
	}
	all, err := n.matchLists(ctx)
	if err != nil {
		return b, err
	}
	room, err := n.roomToKeep(all, l, 2*(len(query)+len(answer)))
	if err != nil {
		return b, err
	}
	if room {
		if _, err := n.keepEvidence(l, s, i, query, answer); err != nil {
			return b, err
		}
	}
	now := n.opt.Now().UnixMilli()
	for at, h := range hits {
		b.Hits = append(b.Hits, api.WatchlistHit{Type: h.Item.Type, Value: h.Item.Canonical, At: now})
		if room {
			room, err = n.roomToKeep(all, l, voprf.MaxReceipt)
		}
		if err != nil {
			return b, err
		}
		if !room {
			b.Bare++
			continue
		}
		r, err := voprf.NewReceipt(h, l.tokens(), l.file.Outline())
		if err != nil {
			return b, err
		}
		data, err := json.Marshal(r)
		if err != nil {
			return b, err
		}
		if err := n.keepOfList(l, filepath.Base(receiptName(l.id, i, at)), data); err != nil {
			return b, err
		}
	}
	if b.Bare > 0 {
		n.logger.Warn("there is no room for receipts of hits", "list", s.Opened.ID.Short(), "partner", l.partner.ID, "number", i, "hits", b.Bare)
	}
	return b, nil
}

func receiptName(id string, number, at int) string {
	return listDir(id) + "/receipt-" + strconv.Itoa(number) + "-" + strconv.Itoa(at) + ".json"
}

// findings are what is committed to of a question's hits: those that lie here
// already, or ones that are drawn and kept now.
func (l *liveList) findings(i int, hits []voprf.Hit) (*voprf.Findings, error) {
	if f, err := l.keptFindings(i); f != nil || err != nil {
		return f, err
	}
	f := &voprf.Findings{}
	if _, err := rand.Read(f.Salt[:]); err != nil {
		return nil, err
	}
	for _, h := range hits {
		f.Echoes = append(f.Echoes, h.Echo)
	}
	return f, replaceFile(l.path("findings", i), f.Marshal())
}

// keptFindings are nil if none lie here.
func (l *liveList) keptFindings(i int) (*voprf.Findings, error) {
	data, err := os.ReadFile(l.path("findings", i))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return voprf.ParseFindings(data, voprf.MaxQuery)
}

// sayFindings commits to what was found, hits or none, and shows it to the owner
// if the terms say so.
func (n *Node) sayFindings(ctx context.Context, l *liveList, s *voprf.Standing, i int, f *voprf.Findings) error {
	err := n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoRead, Number: i, Digest: f.Digest()})
	if err == nil {
		_ = os.Remove(l.path("query", i)) // it has been answered
	}
	return err
}

// readLate settles a question that was answered when nobody can open it any more,
// so that the owner need not wait for what it found. If it was opened before a crash
// that lies here; else it is lost.
func (n *Node) readLate(ctx context.Context, l *liveList, s *voprf.Standing, i int) (played, error) {
	f, err := l.keptFindings(i)
	if err != nil {
		return playIdle, err
	}
	if err := n.foundLate(l, s, i, f); err != nil {
		return playIdle, err
	}
	if f == nil {
		if f, err = l.findings(i, nil); err != nil {
			return playIdle, err
		}
	}
	return playMoved, n.sayFindings(ctx, l, s, i, f)
}

// foundLate keeps what is known of hits whose question was opened before a crash, if
// that is not kept yet: their receipts have the items.
func (n *Node) foundLate(l *liveList, s *voprf.Standing, i int, f *voprf.Findings) error {
	if exists(filepath.Join(l.dir, "found-"+strconv.Itoa(i)+".json")) {
		return nil
	}
	b := api.WatchlistBatch{Number: i, Items: s.Asks[i].Items, Lost: f == nil}
	if f != nil {
		for at := range f.Echoes {
			var r voprf.Receipt
			if err := n.readMatch(receiptName(l.id, i, at), &r); errors.Is(err, os.ErrNotExist) {
				b.Lost = true
				continue
			} else if err != nil {
				return err
			}
			b.Hits = append(b.Hits, api.WatchlistHit{Type: r.Item.Type, Value: r.Item.Canonical, At: s.Asks[i].Answer.Time})
		}
	}
	if len(b.Hits) == 0 && !b.Lost {
		return nil
	}
	return n.keepFound(l.id, &b)
}

// batches cuts items into questions.
func batches(items match.Items, most int) (list []questions) {
	for len(items) > 0 {
		part := items[:min(len(items), most)]
		items = items[len(part):]
		list = append(list, questions{items: part, size: match.SizeClass(max(len(part), border.MatchMinItems))})
	}
	return list
}
