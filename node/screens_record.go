package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"entente/charter"
	"entente/console"
	"entente/internal/logfile"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// coverageOf is what this node has seen cosigned of a log: of its own what it
// gathered, of another what stands on the notes here and what it says itself.
func (n *Node) coverageOf(m record.Member) record.Coverage {
	if m.ID == n.self.ID {
		return n.publisher.standing().coverage
	}
	st := n.mirrors[m.ID].state()
	notes := append([][]byte{st.newest, st.held}, n.relayed.of(m.ID)...)
	return n.covered.by(m.ID, notes, func() (c record.Coverage) {
		for _, msg := range notes {
			if msg == nil {
				continue
			}
			if cp, sigs, err := openNote(n.roster, m, msg); err == nil {
				c.Add(n.roster, cp, sigs)
			}
		}
		return c
	})
}

// covered remembers what stands on the notes of each log: to verify them takes
// milliseconds, and a screen asks once for every row.
type covered struct {
	mu   sync.Mutex // guards last
	last map[string]coveredBy
}

type coveredBy struct {
	notes [sha256.Size]byte
	cover record.Coverage // not changed any more
}

func (c *covered) by(party string, notes [][]byte, compute func() record.Coverage) record.Coverage {
	sum := sha256.Sum256(bytes.Join(notes, nil))
	c.mu.Lock()
	last, ok := c.last[party]
	c.mu.Unlock()
	if ok && last.notes == sum {
		return last.cover
	}
	cover := compute()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = make(map[string]coveredBy)
	}
	c.last[party] = coveredBy{sum, cover}
	return cover
}

// Record implements console.Source.
func (on screens) Record(ctx context.Context, q console.RecordQuery) (console.Record, error) {
	n := on.n
	var r console.Record
	var err error
	if r.Own, err = n.ownLog(ctx); err != nil {
		return r, err
	}
	refusals := n.clerk.counts()
	for _, m := range n.roster.Others(n.self.ID) {
		l := n.partnerLog(m)
		for k, count := range refusals {
			if k.party == m.ID {
				l.Refusals = append(l.Refusals, console.CodeCount{Code: string(k.code), Count: count})
			}
		}
		slices.SortFunc(l.Refusals, func(a, b console.CodeCount) int { return bytes.Compare([]byte(a.Code), []byte(b.Code)) })
		r.Partners = append(r.Partners, l)
	}
	for _, k := range n.registry.Kinds() {
		r.Kinds = append(r.Kinds, string(k))
	}
	r.Statements, r.Matching, err = on.statementRows(ctx, q)
	return r, err
}

func (n *Node) ownLog(ctx context.Context) (console.Log, error) {
	s := n.publisher.standing()
	tree, _ := n.log.Head()
	l := console.Log{Party: n.self.ID, Origin: n.self.Origin, Observer: n.self.Role == charter.RoleObserver, Size: tree.Size, Root: hex.EncodeToString(tree.Root[:]), UnwitnessedSince: s.since}
	l.WitnessedTo = s.coverage.WitnessedSize(n.roster.Charter.Quorum.Witnesses)
	if tree.Size == 0 {
		l.Root = ""
	}
	if s.published != nil {
		if _, sigs, err := openNote(n.roster, n.self, s.published); err == nil {
			l.Checkpoint = ownerTime(n.self, sigs)
		}
	}
	n.marks(&l, s.coverage, n.self)
	w, err := n.words(ctx)
	l.Logged, l.Witnessed, l.Held, l.Acknowledged = w.logged, w.witnessed, w.held, w.acked
	return l, err
}

func (n *Node) marks(l *console.Log, c record.Coverage, owner record.Member) {
	for _, o := range n.roster.Others(owner.ID) {
		if size := c.Witness[o.Witness.ID()]; size > 0 {
			l.Witnesses = append(l.Witnesses, console.Mark{Party: o.ID, Size: size})
		}
		if size := c.Mirror[o.Mirror.ID()]; size > 0 {
			l.Holders = append(l.Holders, console.Mark{Party: o.ID, Size: size})
		}
	}
}

func ownerTime(m record.Member, sigs []record.Signature) time.Time {
	for _, s := range sigs {
		if s.Key.ID() == m.Time.ID() {
			return time.Unix(s.Time, 0).UTC()
		}
	}
	return time.Time{}
}

func (n *Node) partnerLog(m record.Member) console.Log {
	st := n.mirrors[m.ID].state()
	l := console.Log{Party: m.ID, Origin: m.Origin, Observer: m.Role == charter.RoleObserver, Size: st.size}
	if st.newest != nil {
		if cp, sigs, err := openNote(n.roster, m, st.newest); err == nil {
			l.Root = hex.EncodeToString(cp.Root[:])
			l.Checkpoint = ownerTime(m, sigs)
		}
	}
	switch {
	case st.heard.IsZero():
		l.Silent = console.Silence{Since: n.started, Asks: st.asks, Never: true}
	case n.stale(st.heard):
		l.Silent = console.Silence{Since: st.heard, Asks: st.asks}
	}
	n.marks(&l, n.coverageOf(m), m)
	l.Forks = n.forksOf(m)
	return l
}

// stale reports whether heartbeats since a time have been missed for too long.
func (n *Node) stale(since time.Time) bool {
	i := n.roster.Charter.Intervals
	return n.opt.Now().Sub(since) > time.Duration(i.StaleAfterMissed*i.HeartbeatSeconds)*time.Second
}

// troubled reports a partner that is silent, or forked. Right after a start
// nobody has been heard yet, which is no trouble.
func (n *Node) troubled(m record.Member) bool {
	heard := n.mirrors[m.ID].state().heard
	if heard.IsZero() {
		heard = n.started
	}
	return n.stale(heard) || len(n.forksOf(m)) > 0
}

// forksOf reads the evidence kept against one log.
func (n *Node) forksOf(m record.Member) []console.Fork {
	var out []console.Fork
	for _, path := range n.evidenceFiles() {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		e, err := record.ParseEvidence(data)
		if err != nil || e.Origin != m.Origin {
			continue
		}
		a, errA := record.Peek([]byte(e.A))
		b, errB := record.Peek([]byte(e.B))
		if errors.Join(errA, errB) != nil {
			continue
		}
		f := console.Fork{SizeA: a.Size, SizeB: b.Size, RootA: hex.EncodeToString(a.Root[:]), RootB: hex.EncodeToString(b.Root[:]), File: filepath.Base(path)}
		if info, err := os.Stat(path); err == nil {
			f.Found = info.ModTime().UTC()
		}
		out = append(out, f)
	}
	return out
}

// evidenceFiles lists the proof files of the data folder.
func (n *Node) evidenceFiles() []string {
	files, err := filepath.Glob(filepath.Join(n.proofs.dir, "*.json"))
	if err != nil {
		return nil
	}
	return files
}

func (on screens) statementRows(ctx context.Context, q console.RecordQuery) ([]console.StatementRow, int, error) {
	n := on.n
	f := sqlite.Filter{Party: q.Party, Kind: statement.Kind(q.Kind), Counted: !q.All && q.Kind == ""}
	limit, offset := q.Limit, q.Offset
	inMemory := q.Text != "" || q.State != ""
	if inMemory {
		limit, offset = 5000, 0
	}
	list, total, err := n.view.Statements(ctx, on.lens, f, limit, offset)
	if err != nil {
		return nil, 0, err
	}
	var rows []console.StatementRow
	for _, s := range list {
		row, err := on.statementRow(ctx, s)
		if err != nil {
			return nil, 0, err
		}
		if has(q.Text, append([]string{row.ID, row.Kind, row.Party}, row.Recipients...)...) && (q.State == "" || q.State == row.Progress.State) {
			rows = append(rows, row)
		}
	}
	if inMemory {
		rows, total = page(rows, q.Offset, q.Limit)
	}
	return rows, total, nil
}

func (on screens) statementRow(ctx context.Context, s sqlite.Statement) (console.StatementRow, error) {
	n := on.n
	m, _ := n.roster.ByOrigin(s.Origin)
	p, err := n.progress(ctx, m, s.Index)
	return console.StatementRow{
		Party: s.Party, Index: s.Index, ID: s.ID.String(), Kind: string(s.Kind), Understood: s.State != sqlite.StateNotUnderstood,
		Claimed: milli(s.Time), Marking: s.Marking, Recipients: s.Recipients, Progress: p,
	}, err
}

// Statement implements console.Source.
func (on screens) Statement(ctx context.Context, party string, index uint64) (console.Statement, error) {
	n := on.n
	m, log, err := n.logOf(party)
	if err != nil {
		return console.Statement{}, err
	}
	row, err := n.view.Row(ctx, on.lens, m.Origin, index)
	if err != nil {
		return console.Statement{}, console.ErrNotFound
	}
	shown := on.lens.Whole() || row.State != sqlite.StateSealed
	out := console.Statement{Origin: m.Origin, Case: row.Case, Seq: index}
	if out.StatementRow, err = on.statementRow(ctx, row); err != nil {
		return out, err
	}
	for _, r := range row.Refs {
		o, _ := n.roster.ByOrigin(r.Origin)
		out.Refs = append(out.Refs, console.Ref{Party: o.ID, Index: r.Index})
	}
	raw, err := log.Leaf(index)
	if err != nil {
		return out, err
	}
	env, err := statement.ParseEnvelope(raw)
	if err != nil {
		return out, nil //nolint:nilerr // shown as what it is: not understood
	}
	out.KeyID = env.KeyID
	l, err := env.Leaf()
	if err != nil {
		return out, nil //nolint:nilerr // as above
	}
	out.Format, out.Charter, out.Seq = l.Format, l.Charter.String(), l.Seq
	sealed, err := log.Sealed(index)
	if err != nil {
		return out, err
	}
	n.fillParts(&out, l, sealed, shown)
	if !shown {
		return out, nil
	}
	b, err := on.Bundle(ctx, party, index)
	out.Bundle = err == nil && b != nil
	return out, nil
}

// fillParts lists the parts, each open if this node can open it and shown says
// that the viewer may read it.
func (n *Node) fillParts(out *console.Statement, l statement.Leaf, sealed [][]byte, shown bool) {
	for i, d := range l.Parts {
		p := console.Part{Number: i, Digest: d.String(), State: console.PartAbsent}
		if i < len(sealed) {
			p.Size, p.State = int64(len(sealed[i])), console.PartSealed
			if sealed[i] == nil {
				p.State = console.PartErased
			}
		}
		if open, err := n.ingress.open(l, sealed, i); err == nil && shown {
			p.State = console.PartOpen
			if i == 0 {
				out.Act = open.Plaintext
				if _, approvals, err := statement.ParseAct(open.Plaintext); err == nil {
					for _, a := range approvals {
						out.Approvals = append(out.Approvals, console.Approval{Officer: a.Officer, Key: a.Key})
					}
				}
			}
		}
		out.Parts = append(out.Parts, p)
	}
}

func (n *Node) logOf(party string) (record.Member, *logfile.Log, error) {
	if party == n.self.ID {
		return n.self, n.log, nil
	}
	m, ok := n.mirrors[party]
	if !ok {
		return record.Member{}, nil, console.ErrNotFound
	}
	return m.member, m.log, nil
}
