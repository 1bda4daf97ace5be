package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"entente/api"
	"entente/internal/carry"
	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// A stick carries what the link would: logs with their sealed parts, notes
// with mirror cosignatures, requests to witnesses and their answers. Requests
// that went out and answers that wait to go are kept in watch.db, so that a
// restart between two sticks loses neither.
const (
	askedNote   = "carry:asked"   // requests that went out, by digest
	answersNote = "carry:answers" // answers for the next stick
	maxKept     = 256
)

// asked is one request that this node gave to a stick.
type asked struct {
	Witness string           `json:"witness"`
	Body    statement.Digest `json:"body"`
	Note    []byte           `json:"note"`
}

// carryOut writes a stick with everything that somebody else may lack.
func (n *Node) carryOut(ctx context.Context, w io.Writer) error {
	tree, _ := n.log.Head()
	if n.open.Load() && n.publisher.standing().size < tree.Size {
		if err := n.publisher.publish(nil, false); err != nil {
			return err
		}
	}
	out, err := carry.NewWriter(w, n.self.ID, n.opt.Now())
	if err != nil {
		return err
	}
	local := peer.Local{Backend: n.backend, Party: n.self.ID}
	for _, m := range n.roster.Members {
		if m.ID == n.self.ID && n.publisher.standing().published == nil || m.ID != n.self.ID && n.mirrors[m.ID].state().newest == nil {
			continue
		}
		if _, err := out.Log(ctx, local, peer.LogName(m.Origin), n.lacked(m)); err != nil {
			return err
		}
	}
	if err := n.carryAsks(ctx, out); err != nil {
		return err
	}
	var answers []carry.Answer
	if _, err := note(ctx, n.watch, answersNote, &answers); err != nil {
		return err
	}
	for _, a := range answers {
		if err := out.Answer(a); err != nil {
			return err
		}
	}
	return out.Close()
}

// lacked is the first leaf of a log that some other node may not have yet.
func (n *Node) lacked(owner record.Member) uint64 {
	c := n.coverageOf(owner)
	least, first := uint64(0), true
	for _, m := range n.roster.Others(n.self.ID) {
		if m.ID == owner.ID {
			continue
		}
		if size := c.Mirror[m.Mirror.ID()]; first || size < least {
			least, first = size, false
		}
	}
	return least
}

// carryAsks submits the own head to every other witness.
func (n *Node) carryAsks(ctx context.Context, out *carry.Writer) error {
	msg := n.publisher.standing().published
	if msg == nil {
		return nil
	}
	var gone []asked
	if _, err := note(ctx, n.watch, askedNote, &gone); err != nil {
		return err
	}
	for _, m := range n.roster.Others(n.self.ID) {
		body, bare, err := n.publisher.request(m.ID, msg)
		if err != nil {
			return err
		}
		a := carry.Ask{From: n.self.ID, To: m.ID, Body: body}
		if err := out.Ask(a); err != nil {
			return err
		}
		gone = slices.DeleteFunc(gone, func(x asked) bool { return x.Body == a.Digest() })
		gone = append(gone, asked{m.ID, a.Digest(), bare})
	}
	return n.keepNote(ctx, askedNote, gone[max(0, len(gone)-maxKept):])
}

func (n *Node) keepNote(ctx context.Context, key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return n.watch.PutNote(ctx, key, b)
}

// request makes the add-checkpoint request for a note, with the owner's own
// signatures alone, which is what a witness needs.
func (p *publisher) request(witness string, msg []byte) (body, bare []byte, err error) {
	c, sigs, err := record.Open(msg, p.self.OwnKeys()...)
	if err != nil {
		return nil, nil, err
	}
	var lines [][]byte
	for _, s := range sigs {
		lines = append(lines, s.Line)
	}
	bare = record.Join(c.Text(), lines...)
	p.mu.Lock()
	old := min(p.known[witness], c.Size)
	p.mu.Unlock()
	var proof tlog.TreeProof
	if old > 0 && old < c.Size {
		if proof, err = tlog.ProveTree(int64(c.Size), int64(old), p.log); err != nil {
			return nil, nil, fmt.Errorf("prove the head: %w", err)
		}
	}
	return record.MarshalAddCheckpoint(old, proof, bare), bare, nil
}

// carryIn takes a stick in: the same bytes and the same checks as over the
// link. What is refused is counted against whoever wrote the stick and keeps
// nothing else from being taken in.
func (n *Node) carryIn(ctx context.Context, file *os.File, size int64) (api.Carried, error) {
	out := api.Carried{Refusals: []string{}}
	r, err := carry.NewReader(file, size)
	if err != nil {
		return out, err
	}
	from, ok := n.roster.Member(r.From)
	if !ok || from.ID == n.self.ID {
		return out, statement.Refuse(statement.CodeParty, "a stick of %.40q; it is for the other parties of this charter", r.From)
	}
	out.From, out.Made = r.From, r.Made.UnixMilli()
	for _, step := range []func(context.Context, *carry.Reader, record.Member, *api.Carried) error{n.carriedLogs, n.carriedNotes, n.carriedAsks, n.carriedAnswers} {
		if err := step(ctx, r, from, &out); err != nil {
			return out, err
		}
	}
	n.changes.all()
	return out, nil
}

// carriedLogs follows every log on the stick.
func (n *Node) carriedLogs(ctx context.Context, r *carry.Reader, from record.Member, out *api.Carried) error {
	names := r.Logs()
	for _, m := range n.roster.Others(n.self.ID) {
		if !slices.Contains(names, peer.LogName(m.Origin)) {
			continue
		}
		out.Logs++
		before, _ := n.mirrors[m.ID].log.Head()
		err := n.follow(ctx, from.ID, peer.NewSource(r), n.mirrors[m.ID])
		after, _ := n.mirrors[m.ID].log.Head()
		out.Leaves += after.Size - before.Size
		if err := refusal(out, m.ID, err); err != nil {
			return err
		}
	}
	return nil
}

// carriedNotes takes in what the writer's mirror says to hold.
func (n *Node) carriedNotes(ctx context.Context, r *carry.Reader, from record.Member, out *api.Carried) error {
	src := peer.NewSource(r)
	for _, m := range n.roster.Members {
		msg, err := src.Held(ctx, m.Origin)
		if errors.Is(err, fs.ErrNotExist) || m.ID == from.ID {
			continue
		}
		switch {
		case err != nil:
		case m.ID == n.self.ID:
			if err = n.publisher.heldBy(from, msg); err == nil {
				out.Held++
			}
		default:
			err = n.relayHeld(m, from, msg)
		}
		n.blame(from.ID, err)
		if err := refusal(out, m.ID, err); err != nil {
			return err
		}
	}
	return nil
}

// carriedAsks answers requests to this node's witness, for the next stick.
func (n *Node) carriedAsks(ctx context.Context, r *carry.Reader, _ record.Member, out *api.Carried) error {
	asks, err := r.Asks(n.self.ID)
	if err != nil {
		return err
	}
	var kept []carry.Answer
	if _, err := note(ctx, n.watch, answersNote, &kept); err != nil {
		return err
	}
	for _, a := range asks {
		if m, ok := n.roster.Member(a.From); !ok || m.ID == n.self.ID {
			continue
		}
		status, kind, body := n.backend.AddCheckpoint(ctx, a.From, a.Body)
		kept = slices.DeleteFunc(kept, func(x carry.Answer) bool { return x.To == a.From && x.Asked == a.Digest() })
		kept = append(kept, carry.Answer{From: n.self.ID, To: a.From, Status: status, Asked: a.Digest(), ContentType: kind, Body: body})
		out.Asks++
	}
	return n.keepNote(ctx, answersNote, kept[max(0, len(kept)-maxKept):])
}

// carriedAnswers takes in the witnesses' answers to requests that went out.
func (n *Node) carriedAnswers(ctx context.Context, r *carry.Reader, from record.Member, out *api.Carried) error {
	answers, err := r.Answers(n.self.ID)
	if err != nil {
		return err
	}
	var gone []asked
	if _, err := note(ctx, n.watch, askedNote, &gone); err != nil {
		return err
	}
	for _, a := range answers {
		i := slices.IndexFunc(gone, func(x asked) bool { return x.Body == a.Asked && x.Witness == a.From })
		if i < 0 {
			continue // not ours, or taken in already
		}
		out.Answers++
		err := n.publisher.answered(a, gone[i].Note)
		n.blame(from.ID, err)
		if err := refusal(out, a.From, err); err != nil {
			return err
		}
		gone = slices.Delete(gone, i, i+1)
	}
	return n.keepNote(ctx, askedNote, gone)
}

// answered takes in a witness's answer to a request for a note.
func (p *publisher) answered(a carry.Answer, msg []byte) error {
	c, err := record.Peek(msg)
	if err != nil {
		return err
	}
	switch a.Status {
	case http.StatusOK:
		if err := p.gather(msg, a.Body); err != nil {
			return err
		}
		p.remember(a.From, c.Size)
		return nil
	case http.StatusConflict:
		size, err := strconv.ParseUint(strings.TrimSuffix(string(a.Body), "\n"), 10, 63)
		if err != nil {
			return statement.Refuse(statement.CodeField, "a conflict without a size")
		}
		p.remember(a.From, size) // the next stick asks from there
		return nil
	}
	return statement.Refuse(statement.CodeProof, "witness %s answers %d", a.From, a.Status)
}

// refusal notes a refusal on out and passes on what must end the reading.
func refusal(out *api.Carried, about string, err error) error {
	if r, ok := statement.AsRefusal(err); ok {
		out.Refusals = append(out.Refusals, about+": "+r.Error())
		return nil
	}
	return err
}
