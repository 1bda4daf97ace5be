package node

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"

	"entente/accord"
	"entente/election/audit"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// auditKept is what all logs say of audits, in memory. A log is read once; from then
// on what comes is read and added, and an audit is folded again when something was
// said of it, or of times. What takes something back lets that log be read from its
// beginning. Of entries only digests are kept.
type auditKept struct {
	mu      sync.Mutex // guards what follows, while the view is read too
	logs    map[string]*auditSaid
	version map[string]uint64 // by audit
	joints  map[string]keptJoint
	moments map[string][]audit.Moment // by the party whose log it is
	forks   []string
	timed   uint64 // version of both
	read    int    // statements that were ever read
	folds   int    // audits that were ever folded
	changed int    // how often a fold gave something else

	ears  sync.Mutex // guards what follows: whoever brings news never waits for a reader
	whole map[string]bool
	times bool
}

// auditSaid is what one log says.
type auditSaid struct {
	next   uint64 // from where on it has not been read
	said   map[string][]keptSaid
	left   *audit.Said
	closed []keptSaid // shown, and not to be had
	newest map[string]*keptHead
	seen   []*keptHead // the newest of each log, while no other has come
}

// keptSaid is something said, and which heads of other logs its log had before it.
type keptSaid struct {
	audit.Said
	row   sqlite.Statement // of entries: how to read them again
	heads []*keptHead
}

// keptHead is a line of heads. root is looked for until it is decided.
type keptHead struct {
	audit.Head
	line record.HeadLine
}

// keptJoint is a fold, and what it was made of.
type keptJoint struct {
	joint          audit.Joint
	version, timed uint64
	ahead          uint64 // not 0: some heads were ahead of what was read here, so much
}

// hear takes note of entries that are in the view. An error says that not all that
// is in the view may be among them.
func (k *auditKept) hear(entries []sqlite.Entry, err error) {
	k.ears.Lock()
	defer k.ears.Unlock()
	k.times = k.times || err != nil
	for _, e := range entries {
		if e.Again != nil || e.Hides != nil || e.Statement.Kind == record.KindErasure {
			k.whole[e.Statement.Origin] = true
		}
		k.times = k.times || len(e.Moments) > 0 || e.Convicts != ""
	}
}

// ask takes the news.
func (k *auditKept) ask() (whole map[string]bool, times bool) {
	k.ears.Lock()
	defer k.ears.Unlock()
	whole, times = k.whole, k.times
	k.whole, k.times = make(map[string]bool), false
	return whole, times
}

// missed gives the news back that could not be taken.
func (k *auditKept) missed(whole map[string]bool) {
	k.ears.Lock()
	defer k.ears.Unlock()
	k.times = true
	for origin := range whole {
		k.whole[origin] = true
	}
}

func newAuditKept() *auditKept {
	return &auditKept{logs: make(map[string]*auditSaid), version: make(map[string]uint64), joints: make(map[string]keptJoint), whole: make(map[string]bool), times: true}
}

// refresh brings all logs up to the view. The caller holds mu.
func (k *auditKept) refresh(ctx context.Context, n *Node) (err error) {
	whole, times := k.ask()
	defer func() {
		if err != nil {
			k.missed(whole)
		}
	}()
	for _, m := range n.roster.Members {
		if err := k.readLog(ctx, n, m, whole[m.Origin]); err != nil {
			return err
		}
	}
	if !times {
		return nil
	}
	forks, err := n.view.Forks(ctx)
	if err != nil {
		return err
	}
	moments, forked := make(map[string][]audit.Moment), []string(nil)
	for _, m := range n.roster.Members {
		if slices.ContainsFunc(forks, func(f accord.Fork) bool { return f.Origin == m.Origin }) {
			forked = append(forked, m.ID)
		}
		if err := n.view.Moments(ctx, m.Origin, func(t accord.Moment) error {
			if t.Logged != 0 && t.Sound() {
				moments[m.ID] = append(moments[m.ID], audit.Moment{Party: m.ID, Size: t.Size, Owner: t.Owner, By: t.By, At: t.At})
			}
			return nil
		}); err != nil {
			return err
		}
	}
	k.moments, k.forks, k.timed = moments, forked, k.timed+1
	return nil
}

// readLog reads what has come of one log. What was refused was not said.
func (k *auditKept) readLog(ctx context.Context, n *Node, m record.Member, whole bool) error {
	l := k.logs[m.Origin]
	if l == nil || whole {
		l = &auditSaid{said: make(map[string][]keptSaid), newest: make(map[string]*keptHead)}
	}
	to, err := n.view.Next(ctx, m.Origin)
	if err != nil {
		return err
	}
	var rows []sqlite.Statement
	if to > l.next {
		for _, kind := range []statement.Kind{record.KindSeal, audit.KindEntries, audit.KindCeremony, record.KindWithdrawal, record.KindHeads} {
			if err := n.saidOpen(ctx, m.Origin, kind, l.next, func(s sqlite.Statement) {
				if s.Index < to { // what comes while this reads is for the next time: no half of it counts
					rows = append(rows, s)
				}
			}); err != nil {
				return err
			}
		}
		slices.SortFunc(rows, func(a, b sqlite.Statement) int { return cmp.Compare(a.Index, b.Index) })
	}
	if old := k.logs[m.Origin]; old != nil && whole {
		for name := range old.said {
			k.version[name]++
		}
	}
	k.logs[m.Origin] = l
	closed := l.closed
	l.closed = nil
	for _, s := range closed {
		k.show(n, m, l, s)
	}
	for _, s := range rows {
		k.take(n, m, l, s)
	}
	k.read, l.next = k.read+len(rows), to
	return nil
}

// take takes up one statement of a log.
func (k *auditKept) take(n *Node, m record.Member, l *auditSaid, s sqlite.Statement) {
	said := keptSaid{Said: audit.Said{Party: m.ID, Index: s.Index, Time: s.Time / 1000, Without: n.without(m, s)}}
	name := ""
	switch s.Kind {
	case record.KindHeads:
		l.hears(n, m, s)
		return
	case record.KindWithdrawal:
		said.What, said.Without = audit.SaidLeft, nil
		l.left = &said.Said
		k.timed++ // it may change what counts of any audit
		return
	case record.KindSeal:
		var b record.SealBody
		if statement.Decode(s.Body, statement.MaxAct, &b) != nil || !slices.Contains([]string{audit.SealManifest, audit.SealRecords, audit.SealContest, audit.SealEntries}, b.What) {
			return
		}
		name, said.Name, _ = strings.Cut(b.Name, "/")
		said.What, said.Digest, said.Size = b.What, b.Digest, b.Size
	case audit.KindCeremony:
		step, err := audit.ParseStep(s.Body)
		if err != nil {
			return
		}
		name, said.Step = step.Audit, step
	case audit.KindEntries:
		said.row, said.heads = s, l.heads()
		k.show(n, m, l, said)
		return
	}
	if audit.ValidName(name) {
		said.heads = l.heads()
		k.add(l, name, said)
	}
}

func (k *auditKept) add(l *auditSaid, name string, s keptSaid) {
	l.said[name] = append(l.said[name], s)
	k.version[name]++
}

// maxClosed is how many readings of a log that are not to be had are looked for again.
const maxClosed = 64

// show takes up what a board is shown to have read, if that is to be had.
func (k *auditKept) show(n *Node, m record.Member, l *auditSaid, s keptSaid) {
	r, err := n.reading(m, s.row)
	if err == nil {
		s.Digest, err = r.Digest()
	}
	if err != nil {
		if len(l.closed) < maxClosed {
			l.closed = append(l.closed, s)
		}
		return
	}
	s.What, s.Name = audit.SaidEntries, r.Board
	k.add(l, r.Audit, s)
}

// hears takes up heads.
func (l *auditSaid) hears(n *Node, m record.Member, s sqlite.Statement) {
	var b record.HeadsBody
	if statement.Decode(s.Body, statement.MaxAct, &b) != nil {
		return
	}
	for _, h := range b.Heads {
		if of, ok := n.roster.ByOrigin(h.Origin); ok && of.ID != m.ID {
			l.newest[of.ID] = &keptHead{audit.Head{By: m.ID, Index: s.Index, Party: of.ID, Size: h.Size, Root: audit.RootAhead}, h}
			l.seen = nil
		}
	}
}

// heads are the newest heads of all logs that a log has.
func (l *auditSaid) heads() []*keptHead {
	if l.seen == nil {
		for _, h := range l.newest {
			l.seen = append(l.seen, h)
		}
	}
	return l.seen
}

// log is what all logs say of an audit, and whether a head before something said of it
// is of more than was read here. The caller holds mu.
func (k *auditKept) log(n *Node, name string) (out audit.Log, ahead bool) {
	heads := make(map[*keptHead]bool) // true: a statement of the audit comes behind it
	out.Forks = k.forks
	for _, m := range n.roster.Members {
		l := k.logs[m.Origin]
		for _, h := range l.heads() {
			heads[h] = false
		}
		stepped, shows := false, 0
		for _, s := range l.said[name] {
			for _, h := range s.heads {
				heads[h] = true
			}
			stepped = stepped || s.What == ""
			if s.What == audit.SaidEntries {
				if shows++; shows > audit.MaxSheets {
					continue
				}
				if r, err := n.reading(m, s.row); err == nil {
					s.Entries = r.Entries
				}
			}
			out.Said = append(out.Said, s.Said)
		}
		if l.left != nil {
			out.Said = append(out.Said, *l.left)
		}
		if stepped {
			out.Moments = append(out.Moments, k.moments[m.ID]...)
		}
	}
	for h, needed := range heads {
		if h.Root == audit.RootAhead {
			of, _ := n.roster.Member(h.Party)
			h.Root = n.rootAt(of, h.line, k.logs[of.Origin].next)
		}
		ahead = ahead || needed && h.Root == audit.RootAhead
		out.Heads = append(out.Heads, h.Head)
	}
	return out, ahead
}

// auditLog is what all logs that this node holds say of an audit.
func (n *Node) auditLog(ctx context.Context, name string) (audit.Log, error) {
	if !audit.ValidName(name) {
		return audit.Log{}, statement.Refuse(statement.CodeRequest, "the name of an audit: 1 to 100 bytes, without slashes, blanks around it or control characters")
	}
	n.audited.mu.Lock()
	defer n.audited.mu.Unlock()
	if err := n.audited.refresh(ctx, n); err != nil {
		return audit.Log{}, err
	}
	log, _ := n.audited.log(n, name)
	return log, nil
}

// auditsNow are all audits that any log speaks of, by name, as far as they have come
// for those who take part if nobody says otherwise, and a number that is another when
// any of them is. They are for reading.
func (n *Node) auditsNow(ctx context.Context) (out []audit.Joint, mark int, err error) {
	k := n.audited
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(ctx, n); err != nil {
		return nil, 0, err
	}
	spoken := make(map[string]bool)
	for _, l := range k.logs {
		for name, said := range l.said {
			spoken[name] = spoken[name] || slices.ContainsFunc(said, func(s keptSaid) bool { return s.What != audit.SaidEntries })
		}
	}
	var read uint64
	for _, l := range k.logs {
		read += l.next
	}
	for name, ok := range spoken {
		if ok {
			out = append(out, k.joint(n, name, read))
		}
	}
	slices.SortFunc(out, func(a, b audit.Joint) int { return cmp.Compare(a.Audit, b.Audit) })
	for name := range k.joints {
		if !spoken[name] { // taken back
			delete(k.joints, name)
			k.changed++
		}
	}
	return out, k.changed, nil
}

// joint is one of them. The caller holds mu.
func (k *auditKept) joint(n *Node, name string, read uint64) audit.Joint {
	kept, ok := k.joints[name]
	if ok && kept.version == k.version[name] && kept.timed == k.timed && (kept.ahead == 0 || kept.ahead == read) {
		return kept.joint
	}
	log, ahead := k.log(n, name)
	now := keptJoint{joint: audit.Join(name, log, n.seats(audit.Seats{})), version: k.version[name], timed: k.timed}
	if ahead {
		now.ahead = read
	}
	if !ok || !reflect.DeepEqual(kept.joint, now.joint) {
		k.changed++
	}
	k.folds++
	k.joints[name] = now
	return now.joint
}
