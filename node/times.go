package node

import (
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/border"
	"entente/election/audit"
	"entente/match"
	"entente/record"
)

// keepTimes logs when this node cosigned checkpoints of other logs, so that
// every reader of the record reckons with the same moments. It does so where a
// state may rest on it, and nowhere else:
//
//   - a statement of the accord, a stock of match, or a step of an audit's ceremony
//     is newly covered,
//   - another node's own times record for the first time that a consent was
//     covered: from when on, is what these leaves say,
//   - an instant has passed that an open act waits for.
//
// The second makes no third: times that cover times alone are covered by
// nobody, so that nodes never answer each other for ever.
func (n *Node) keepTimes(ctx context.Context) error {
	if n.writable() != nil {
		return nil
	}
	n.timing.Lock()
	defer n.timing.Unlock()
	dues, err := n.accordDues(ctx)
	if err != nil {
		return err
	}
	var notes []string
	for _, m := range n.roster.Others(n.self.ID) {
		note, err := n.untimed(ctx, m, dues[m.ID])
		if err != nil {
			return err
		}
		if note != nil {
			notes = append(notes, string(note))
		}
	}
	for chunk := range slices.Chunk(notes, accord.MaxTimes) {
		_, err := n.author.say(ctx, draft{kind: accord.KindTimes, marking: border.Green, toAll: true, body: accord.Times{Notes: chunk}})
		if err != nil {
			return err
		}
	}
	return nil
}

// untimed is the note of a partner's log that should be logged now, if any.
func (n *Node) untimed(ctx context.Context, m record.Member, dues []int64) ([]byte, error) {
	note, at := n.timedNote(m)
	if note == nil {
		return nil, nil
	}
	news, err := n.timeMatters(ctx, m, at, dues)
	if err != nil || !news {
		return nil, err
	}
	return note, nil
}

// timeMatters says that a state may rest on a moment that is not logged yet.
func (n *Node) timeMatters(ctx context.Context, m record.Member, at accord.Moment, dues []int64) (bool, error) {
	size, owner, err := n.view.Timed(ctx, m.Origin, n.self.ID)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(dues, func(d int64) bool { return owner < d && d <= at.Owner }) {
		return true, nil
	}
	said, err := n.view.LastAccord(ctx, m.Origin)
	if err != nil {
		return false, err
	}
	recorded, err := n.view.LastRecorded(ctx, m.ID)
	if err != nil {
		return false, err
	}
	stocked, err := n.view.LastOfKind(ctx, m.Origin, match.StockKind)
	if err != nil {
		return false, err
	}
	stepped, err := n.view.LastOfKind(ctx, m.Origin, audit.KindCeremony)
	if err != nil {
		return false, err
	}
	last := max(said, recorded, stocked, stepped)
	return last >= 0 && uint64(last) >= size && at.Size > uint64(last), nil
}

// timedNote is the newest checkpoint of a partner that this node cosigned, with
// the owner's time: the owner's two lines and this node's, nothing else. None
// if there is none, or the pair of times says nothing.
func (n *Node) timedNote(m record.Member) ([]byte, accord.Moment) {
	held := n.mirrors[m.ID].state().held
	if held == nil {
		return nil, accord.Moment{}
	}
	c, sigs, err := openNote(n.roster, m, held)
	if err != nil {
		return nil, accord.Moment{}
	}
	var lines [][]byte
	for _, s := range sigs {
		switch s.Key.ID() {
		case m.Log.ID(), m.Time.ID(), n.self.Witness.ID():
			lines = append(lines, s.Line)
		}
	}
	note := record.Join(c.Text(), lines...)
	moments, err := momentsOf(n.roster, note)
	if err != nil || !moments[0].Sound() {
		return nil, accord.Moment{}
	}
	return note, moments[0]
}

// dueFor is how long after an instant has passed this node still looks for a
// head that shows it.
const dueFor = 30 * 24 * time.Hour

// accordDues are the instants that open acts wait for and that have passed by
// this node's clock, in Unix seconds, by the party whose log they speak of.
func (n *Node) accordDues(ctx context.Context) (map[string][]int64, error) {
	all, err := n.accord.dues(ctx, n)
	if err != nil {
		return nil, err
	}
	now := n.opt.Now()
	out := make(map[string][]int64)
	for id, list := range all {
		from, _ := slices.BinarySearch(list, now.Add(-dueFor).Unix())
		to, _ := slices.BinarySearch(list, now.Unix()+1)
		out[id] = list[min(from, to):to]
	}
	return out, nil
}

// duesOf are all instants that acts of a record wait for, sorted, by party.
func duesOf(r *accord.Record) map[string][]int64 {
	out := make(map[string][]int64)
	add := func(at int64, parties ...string) {
		if at <= 0 {
			return
		}
		for _, id := range parties {
			out[id] = append(out[id], at)
		}
	}
	for _, i := range r.Instruments() {
		for _, at := range []int64{i.DecideBy, i.Undo, i.ConfirmBy, i.EndsAt} {
			add(at, i.Needs...)
		}
		for _, w := range i.Withdrawals {
			add(w.Effect, w.Party)
		}
	}
	for s := range r.All() {
		parties, instants := awaited(s)
		for _, at := range instants {
			if t := at.Time(); !t.IsZero() {
				add(t.Unix(), parties...)
			}
		}
	}
	for id, list := range out {
		slices.Sort(list)
		out[id] = slices.Compact(list)
	}
	return out
}

// awaited are the instants by which others are asked for something.
func awaited(s accord.Said) (of []string, by []accord.Instant) {
	switch s.Act.Kind {
	case accord.KindNotice:
		if b, err := accord.ParseNotice(s.Act.Body); err == nil {
			return b.To, []accord.Instant{b.AckBy, b.AnswerBy}
		}
	case accord.KindAccount:
		if b, err := accord.ParseAccount(s.Act.Body); err == nil {
			return append(slices.Clone(s.Act.Recipients), s.Party), []accord.Instant{b.CommitBy, b.RevealBy}
		}
	case accord.KindAssessment:
		if b, err := accord.ParseAssessment(s.Act.Body); err == nil {
			return append(slices.Clone(s.Act.Recipients), s.Party), []accord.Instant{b.RevealBy}
		}
	}
	return nil, nil
}

// contradicts looks at the notes of a times statement: one of a tree that is
// not the one held here convicts its owner.
func (n *Node) contradicts(ctx context.Context, body []byte) error {
	t, err := accord.ParseTimes(body)
	if err != nil {
		return err
	}
	for _, text := range t.Notes {
		c, err := record.Peek([]byte(text))
		if err != nil {
			return err
		}
		owner, _ := n.roster.ByOrigin(c.Origin)
		m := n.mirrors[owner.ID]
		if m == nil {
			if err := n.publisher.owned(c); err != nil && n.open.Load() {
				return err
			}
			continue
		}
		if e, ok := m.convicts(ctx, []byte(text)); ok {
			if err := n.accuse(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// convicts holds a note that this node has verified against the log that it
// holds.
func (m *mirror) convicts(ctx context.Context, msg []byte) (record.Evidence, bool) {
	have, known := m.log.Head()
	c, err := record.Peek(msg)
	if err != nil || known == nil {
		return record.Evidence{}, false
	}
	if c.Size > have.Size {
		return record.Evidence{}, false // what is not here yet is compared when it comes
	}
	if root, err := m.rootAt(c.Size, have); err != nil || root == c.Root {
		return record.Evidence{}, false
	}
	e, ok := record.Contradict(ctx, known, msg, localSource{m.log, m.erases}, m.member.OwnKeys()...)
	if ok {
		m.dispute(e)
	}
	return e, ok
}
