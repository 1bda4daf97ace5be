package hostile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// Attack is one switch: what the catalogue calls by a number.
type Attack struct {
	Number int // in the catalogue; 0 where it has none
	Name   string
	Run    func(context.Context, *Stand) error
}

// Attacks lists every attack. Those of the wire alone end by themselves; those
// that need a face end when the victim has judged what it was shown.
func Attacks() []Attack {
	return []Attack{
		{1, "replay", replay},
		{2, "session", session},
		{3, "permute", permute},
		{4, "fork", fork},
		{5, "split", split},
		{6, "rewind", rewind},
		{7, "backdate", func(ctx context.Context, s *Stand) error { return dated(ctx, s, -10) }},
		{8, "postdate", func(ctx context.Context, s *Stand) error { return dated(ctx, s, 10) }},
		{9, "proofs", badProofs},
		{10, "race", race},
		{11, "signatures", signatures},
		{12, "rotated", rotated},
		{13, "withhold", withhold},
		{14, "delete", deletes},
		{17, "oversize", oversize},
		{18, "encoded", encoded},
		{20, "depth", depth},
		{69, "slow", slow},
		{70, "tls", wrongTLS},
		{71, "middle", middle},
		{0, "oracle", oracle},
		{0, "mirror", mirror},
		{0, "redate", redate},
		{0, "remark", remark},
	}
}

// Find returns an attack by its name or number.
func Find(name string) (Attack, bool) {
	for _, a := range Attacks() {
		if a.Name == name || a.Number > 0 && fmt.Sprint(a.Number) == name {
			return a, true
		}
	}
	return Attack{}, false
}

// Stand is where an attack happens: a party that lies, what it shows, and
// whom it shows it.
type Stand struct {
	*Party
	Face   *Face
	Victim string    // party id of an honest node
	Other  string    // another one
	Out    io.Writer // how the victim took it, a line each

	client *peer.Client
	read   map[string]uint64           // how far the victims' logs were overheard
	acts   map[string][]Heard          // by party
	acks   map[uint64]record.AckItem   // the victim's verdicts on own leaves
	proofs map[string]statement.Digest // evidence against this party, by kind
}

// NewStand prepares an attack on a victim. Serve shows the face.
func NewStand(p *Party, victim, other string, out io.Writer) (*Stand, error) {
	c, err := p.Client(victim)
	return &Stand{
		Party: p, Face: p.NewFace(), Victim: victim, Other: other, Out: out, client: c,
		read: make(map[string]uint64), acts: make(map[string][]Heard), acks: make(map[uint64]record.AckItem), proofs: make(map[string]statement.Digest),
	}, err
}

// Play runs an attack with the face on the party's own port. It goes on from
// the log that the victim holds, so that one attack after the other does not
// contradict itself unless it is meant to.
func (s *Stand) Play(ctx context.Context, a Attack) error {
	if err := s.recall(ctx); err != nil {
		return fmt.Errorf("read the own log back: %w", err)
	}
	l, err := s.Listen()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	if a.Name == "middle" {
		go func() { done <- s.impersonate(ctx, l) }()
	} else {
		go func() { done <- s.Face.Serve(ctx, l) }()
	}
	err = a.Run(ctx, s)
	cancel()
	s.client.Close()
	return errors.Join(err, <-done)
}

// recall adds to Main what the victim holds beyond it. A victim that knows of no
// head holds nothing; one that shows a head and not what lies under it is at fault:
// to go on from less would be a fork that nobody meant.
func (s *Stand) recall(ctx context.Context) error {
	if _, err := s.client.Checkpoint(ctx, s.Main.origin); errors.Is(err, peer.ErrAbsent) {
		return nil
	}
	_, err := s.copyLog(ctx, s.Main)
	return err
}

// copyLog brings a branch up to what the victim serves of its log, and
// returns the note that it serves it under.
func (s *Stand) copyLog(ctx context.Context, b *Branch) ([]byte, error) {
	msg, err := s.client.Checkpoint(ctx, b.origin)
	if err != nil {
		return nil, err
	}
	c, err := record.Peek(msg)
	for i := b.Size(); err == nil && i < c.Size; i++ {
		var leaves [][]byte
		var parts [][][]byte
		bundle := i / peer.BundleWidth
		if leaves, err = s.client.Entries(ctx, b.origin, bundle, int(min(peer.BundleWidth, c.Size-bundle*peer.BundleWidth))); err != nil {
			break
		}
		if parts, err = s.client.Sealed(ctx, b.origin, i, 1); err != nil {
			break
		}
		_, err = b.Add(leaves[i-bundle*peer.BundleWidth], parts[0])
	}
	return msg, err
}

func (s *Stand) say(format string, a ...any) { fmt.Fprintf(s.Out, format+"\n", a...) }

// until polls; the victim works at the pace of its charter's intervals.
func (s *Stand) until(ctx context.Context, what string, ok func() (bool, error)) error {
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for {
		done, err := ok()
		var gone *peer.Error
		if err != nil && !errors.As(err, &gone) {
			return fmt.Errorf("%s: %w", what, err)
		}
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		case <-t.C:
		}
	}
}

// taken waits until the victim serves the own log at a size.
func (s *Stand) taken(ctx context.Context, size uint64) error {
	return s.until(ctx, fmt.Sprintf("%s to hold %d leaves", s.Victim, size), func() (bool, error) {
		msg, err := s.client.Checkpoint(ctx, s.Self.Origin)
		if err != nil {
			return false, err
		}
		c, err := record.Peek(msg)
		return c.Size >= size, err
	})
}

// listen reads what an honest node has said since the last time.
func (s *Stand) listen(ctx context.Context, id string) error {
	c := s.client
	if id != s.Victim {
		var err error
		if c, err = s.Client(id); err != nil {
			return err
		}
		defer c.Close()
	}
	m, _ := s.Roster.Member(id)
	heard, size, err := s.Overhear(ctx, c, m.Origin, s.read[id])
	s.read[id] = size
	s.acts[id] = append(s.acts[id], heard...)
	for _, h := range heard {
		s.note(id, h.Act)
	}
	return err
}

// note remembers verdicts and evidence.
func (s *Stand) note(id string, act statement.Act) {
	switch act.Kind {
	case record.KindAck:
		var b record.AckBody
		if json.Unmarshal(act.Body, &b) != nil || b.Origin != s.Self.Origin || id != s.Victim {
			return
		}
		for _, i := range b.Items {
			s.acks[i.Index] = i
		}
	case record.KindEvidence:
		var b record.EvidenceBody
		if json.Unmarshal(act.Body, &b) == nil && b.Origin == s.Self.Origin {
			s.proofs[b.Kind] = b.Digest
		}
	}
}

// verdict waits for the victim's ack of an own leaf.
func (s *Stand) verdict(ctx context.Context, index uint64) (record.AckItem, error) {
	err := s.until(ctx, fmt.Sprintf("a verdict on leaf %d", index), func() (bool, error) {
		err := s.listen(ctx, s.Victim)
		_, ok := s.acks[index]
		return ok, err
	})
	return s.acks[index], err
}

// judged prints the victim's verdict on a leaf.
func (s *Stand) judged(ctx context.Context, what string, index uint64) error {
	v, err := s.verdict(ctx, index)
	if err == nil {
		s.say("%s: %s", what, spaced(v.Verdict, string(v.Code)))
	}
	return err
}

func spaced(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}

// accused waits until somebody has put evidence of a kind on the record.
func (s *Stand) accused(ctx context.Context, kind string) error {
	err := s.until(ctx, "evidence of a "+kind, func() (bool, error) {
		for _, id := range []string{s.Victim, s.Other} {
			if err := s.listen(ctx, id); err != nil {
				return false, err
			}
		}
		_, ok := s.proofs[kind]
		return ok, nil
	})
	if err == nil {
		s.say("evidence of a %s against %s is on the record", kind, s.Self.ID)
	}
	return err
}

// show publishes a branch and shows it to everybody.
func (s *Stand) show(b *Branch) error {
	if err := s.Publish(b, s.Now()); err != nil {
		return err
	}
	s.Face.Show("", b)
	return nil
}

// begin makes the log begin honestly, with a few statements that the victim accepts.
func (s *Stand) begin(ctx context.Context, n int) error {
	for i := range n {
		if _, err := s.Say(s.Main, seal(fmt.Sprintf("honest %d", i))); err != nil {
			return err
		}
	}
	if err := s.show(s.Main); err != nil {
		return err
	}
	if err := s.taken(ctx, s.Main.Size()); err != nil {
		return err
	}
	_, err := s.verdict(ctx, s.Main.Size()-1)
	return err
}

func seal(name string) Words {
	return Words{Kind: record.KindSeal, Body: record.SealBody{What: "file", Name: name}}
}

// submit sends a checkpoint to the victim's witness and says what it answered.
func (s *Stand) submit(ctx context.Context, what string, body []byte) (Reply, error) {
	r, err := s.once(ctx, s.Victim, Post("/add-checkpoint", body))
	if err != nil {
		return r, fmt.Errorf("%s: %w", what, err)
	}
	s.say("%s: %s", what, r)
	return r, nil
}
