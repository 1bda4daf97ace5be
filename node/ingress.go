package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"filippo.io/age"

	"entente/accord"
	"entente/border"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
	"entente/watch/rule"
)

// ingress is the one way in: it turns leaves of any log, own or mirrored,
// into entries of the view. It judges by the bytes of the logs alone, so that
// a rebuild gives the same view; what depends on the day or on budgets is
// said in acks, which are themselves in the record.
type ingress struct {
	roster   record.Roster
	registry statement.Registry
	identity age.Identity
	view     *sqlite.View
	erasures *erasures
	// before, if set, sees new entries of a partner before the view has them.
	before func(ctx context.Context, party string, entries []sqlite.Entry) error
}

const ingressBatch = 64

// take brings the view of one log up to what is stored of it. It returns the
// entries that are new.
func (in ingress) take(ctx context.Context, m record.Member, log record.Storage) ([]sqlite.Entry, error) {
	next, err := in.view.Next(ctx, m.Origin)
	if err != nil {
		return nil, err
	}
	chain, err := in.chain(ctx, m)
	if err != nil {
		return nil, err
	}
	left, err := in.view.LastOfKind(ctx, m.Origin, record.KindWithdrawal)
	if err != nil {
		return nil, err
	}
	head, _ := log.Head()
	var all []sqlite.Entry
	for next < head.Size {
		var entries []sqlite.Entry
		for i := next; i < head.Size && len(entries) < ingressBatch; i++ {
			leaf, err := log.Leaf(i)
			if err != nil {
				return all, fmt.Errorf("read leaf %d of %s: %w", i, m.ID, err)
			}
			sealed, err := log.Sealed(i)
			if err != nil {
				return all, fmt.Errorf("read parts of leaf %d of %s: %w", i, m.ID, err)
			}
			var e sqlite.Entry
			e, chain = in.entry(m, chain, i, leaf, sealed)
			switch {
			case left >= 0:
				// Whoever has left says nothing more.
				e = sqlite.Entry{Statement: refused(e.Statement, statement.Refuse(statement.CodeState, "after the withdrawal"))}
			case e.Statement.State != sqlite.StateOpen:
			case e.Statement.Kind == record.KindWithdrawal:
				left = int64(i)
			default:
				e, err = fold{in, m, chain, log, entries}.after(ctx, e, leaf, sealed)
				if err != nil {
					return all, err
				}
			}
			entries = append(entries, e)
		}
		if in.before != nil {
			if err := in.before(ctx, m.ID, entries); err != nil {
				return all, err
			}
		}
		if err := in.view.Add(ctx, m.Origin, next, entries); err != nil {
			return all, err
		}
		next += uint64(len(entries))
		all = append(all, entries...)
	}
	return all, nil
}

func leafOf(raw []byte) (statement.Leaf, statement.Digest, error) {
	e, err := statement.ParseEnvelope(raw)
	if err != nil {
		return statement.Leaf{}, statement.Digest{}, err
	}
	l, err := e.Leaf()
	return l, e.ID(), err
}

// listPart is the part that holds the items of a list.
const listPart = 1

// chain replays the key statements of a log that are already in the view.
func (in ingress) chain(ctx context.Context, m record.Member) (record.KeyChain, error) {
	chain := record.NewKeyChain(m)
	keys, err := in.view.KeyStatements(ctx, m.Origin)
	if err != nil {
		return chain, err
	}
	for _, s := range keys {
		var b record.KeyBody
		if s.State != sqlite.StateOpen {
			continue
		}
		if err := json.Unmarshal(s.Body, &b); err != nil {
			return chain, err
		}
		if chain, err = chain.Rotate(s.Index, b); err != nil {
			return chain, err
		}
	}
	return chain, nil
}

// entry judges one leaf. Whatever is wrong with it becomes its state.
func (in ingress) entry(m record.Member, chain record.KeyChain, index uint64, leaf []byte, sealed [][]byte) (sqlite.Entry, record.KeyChain) {
	return in.judge(m, chain, index, leaf, func(l statement.Leaf, n int) (record.Part, error) { return in.open(l, sealed, n) })
}

// opener opens the parts of one leaf.
type opener func(l statement.Leaf, n int) (record.Part, error)

func (in ingress) judge(m record.Member, chain record.KeyChain, index uint64, leaf []byte, open opener) (sqlite.Entry, record.KeyChain) {
	l, id, err := in.roster.Accept(m, chain, index, leaf)
	s := sqlite.Statement{Origin: m.Origin, Index: index, ID: id, Party: m.ID, Time: l.Time, State: sqlite.StateOpen, Recipients: []string{}, Refs: []statement.Ref{}, Parts: len(l.Parts), Counted: true}
	if err != nil {
		return sqlite.Entry{Statement: refused(s, err)}, chain
	}
	act, err := open(l, 0)
	if r, ok := statement.AsRefusal(err); ok && r.Code == statement.CodeRecipient {
		s.State = sqlite.StateSealed
		return sqlite.Entry{Statement: s}, chain
	}
	if err != nil {
		return sqlite.Entry{Statement: refused(s, err)}, chain
	}
	a, approvals, err := statement.ParseAct(act.Plaintext)
	if err != nil {
		return sqlite.Entry{Statement: refused(s, err)}, chain
	}
	s.Kind, s.Case, s.Marking, s.Recipients, s.Refs, s.Body = a.Kind, a.Case, a.Marking, a.Recipients, a.Refs, a.Body
	spec, known := in.registry.Spec(a.Kind)
	s.Counted = !spec.Housekeeping
	if !known {
		return sqlite.Entry{Statement: refused(s, statement.ErrNotUnderstood)}, chain
	}
	if err := spec.Check(a.Body); err != nil {
		return sqlite.Entry{Statement: refused(s, err)}, chain
	}
	if len(a.Recipients) > 0 {
		if _, err := border.ParseMarking(a.Marking); err != nil {
			return sqlite.Entry{Statement: refused(s, err)}, chain
		}
	}
	e := sqlite.Entry{Statement: s}
	if err = in.project(&e, m, &chain, l, open); err == nil && ofAccord(a.Kind) {
		err = projectAccord(&e, l, approvals, open)
	}
	if isMatchAct(a.Kind) {
		e.Approvals = approvals
	}
	if err != nil {
		return sqlite.Entry{Statement: refused(s, err)}, chain
	}
	return e, chain
}

func refused(s sqlite.Statement, err error) sqlite.Statement {
	if errors.Is(err, statement.ErrNotUnderstood) {
		s.State = sqlite.StateNotUnderstood
		return s
	}
	s.State, s.Code = sqlite.StateRefused, statement.CodeState
	if r, ok := statement.AsRefusal(err); ok {
		s.Code = r.Code
	}
	return s
}

// open decrypts one part.
func (in ingress) open(l statement.Leaf, sealed [][]byte, n int) (record.Part, error) {
	if n >= len(l.Parts) || n >= len(sealed) {
		return record.Part{}, statement.Refuse(statement.CodePart, "part %d is missing", n)
	}
	if sealed[n] == nil {
		return record.Part{}, statement.Refuse(statement.CodePart, "part %d was erased", n)
	}
	return record.OpenPart(sealed[n], l.Parts[n], in.identity)
}

// project fills the projections of the kinds that have one. What a statement
// says of another is believed as far as its author may say it.
func (in ingress) project(e *sqlite.Entry, m record.Member, chain *record.KeyChain, l statement.Leaf, open opener) (err error) {
	body := e.Statement.Body
	switch e.Statement.Kind {
	case record.KindKey:
		var b record.KeyBody
		if err := json.Unmarshal(body, &b); err != nil {
			return err
		}
		*chain, err = chain.Rotate(e.Statement.Index, b)
		return err
	case record.KindAck:
		e.Acks = new(record.AckBody)
		return json.Unmarshal(body, e.Acks)
	case indicator.KindSighting:
		b, err := indicator.ParseSighting(body)
		e.Sighting = &b
		return err
	case indicator.KindList:
		return projectList(e, l, open)
	case stix.KindObjects:
		return projectObjects(e, l, open)
	case record.KindEvidence:
		return in.projectEvidence(e, l, open)
	case accord.KindTimes:
		return in.projectTimes(e)
	case accord.KindDisclosure:
		return projectDisclosure(e, l, open)
	case border.KindDecision:
		b, err := border.ParseDecision(body)
		// By runs: a few bytes of a partner must not become a million rows.
		for _, r := range b.Ranges {
			e.Decisions = append(e.Decisions, sqlite.Decision{Origin: b.Indicator.Origin, Index: b.Indicator.Index, From: r.From, To: r.To, Stance: b.Stance, Officer: b.Officer, Reason: b.Reason})
		}
		return err
	}
	return nil
}

func projectList(e *sqlite.Entry, l statement.Leaf, open opener) error {
	b, err := indicator.ParseListBody(e.Statement.Body)
	if err != nil {
		return err
	}
	part, err := open(l, listPart)
	if err != nil {
		return err
	}
	list, err := indicator.ParseList(part.Plaintext)
	if err != nil {
		return err
	}
	if len(list.Items) != b.Count {
		return statement.Refuse(statement.CodeField, "%d items, the act says %d", len(list.Items), b.Count)
	}
	if err := rule.Check(list.Items); err != nil {
		return err
	}
	e.Items, e.Objects = list.Items, listed(e.Statement, list.Items)
	return nil
}
