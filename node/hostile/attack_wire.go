package hostile

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// replay sends what was accepted again: a checkpoint, a leaf, another's leaf.
func replay(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 3); err != nil {
		return err
	}
	n := s.Main.Size()
	old := s.known(ctx)
	if _, err := s.client.AddCheckpoint(ctx, record.MarshalAddCheckpoint(old, s.proof(old, n), s.Main.Checkpoint())); err != nil {
		return err
	}
	statuses := make(map[int]int)
	for range 1000 {
		a, err := s.client.AddCheckpoint(ctx, record.MarshalAddCheckpoint(n, nil, s.Main.Checkpoint()))
		if err != nil {
			return err
		}
		statuses[a.Status]++
	}
	s.say("the same checkpoint 1000 times: %v", statuses)
	victim, _ := s.Roster.Member(s.Victim)
	theirs, err := s.client.Entries(ctx, victim.Origin, 0, 1)
	if err != nil {
		return err
	}
	parts, err := s.client.Sealed(ctx, victim.Origin, 0, 1)
	if err != nil {
		return err
	}
	index, err := s.Main.Add(s.Main.Leaf(n-1), s.Main.sealed[n-1])
	if err != nil {
		return err
	}
	foreign, err := s.Main.Add(theirs[0], parts[0])
	if err != nil {
		return err
	}
	if err := s.show(s.Main); err != nil {
		return err
	}
	if err := s.judged(ctx, "an accepted leaf again", index); err != nil {
		return err
	}
	return s.judged(ctx, "a leaf of "+s.Victim+" as an own one", foreign)
}

// tape records what is written to a connection.
type tape struct {
	net.Conn
	written []byte
}

func (t *tape) Write(b []byte) (int, error) {
	t.written = append(t.written, b...)
	return t.Conn.Write(b)
}

// session replays the recorded bytes of one connection on a new one.
func session(ctx context.Context, s *Stand) error {
	raw, err := s.DialRaw(ctx, s.Victim)
	if err != nil {
		return err
	}
	t := &tape{Conn: raw}
	line, err := secure(ctx, t, s.Keys.Transport, nil)
	if err != nil {
		return err
	}
	victim, _ := s.Roster.Member(s.Victim)
	r, err := line.Ask(Get("/" + peer.LogName(victim.Origin) + "/checkpoint"))
	if err != nil {
		return err
	}
	_ = line.Close()
	s.say("the recorded session: %s", r)
	again, err := s.DialRaw(ctx, s.Victim)
	if err != nil {
		return err
	}
	defer again.Close()
	_ = again.SetDeadline(time.Now().Add(lineTime))
	_, _ = again.Write(t.written)
	got, _ := io.ReadAll(again)
	s.say("its bytes replayed: cut off, answered in the clear or with data: %t", strings.Contains(string(got), "HTTP/"))
	return nil
}

// permute reorders requests, proof lines and leaves.
func permute(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 5); err != nil {
		return err
	}
	if err := s.shuffled(ctx); err != nil {
		return err
	}
	n := s.Main.Size()
	before := s.Main.Checkpoint()
	for _, turn := range []uint64{n + 1, n, n + 9} {
		leaf, sealed, err := s.Leaf(turn, seal("out of its turn"))
		if err != nil {
			return err
		}
		if _, err := s.Main.Add(leaf, sealed); err != nil {
			return err
		}
	}
	if err := s.Publish(s.Main, s.Now()); err != nil {
		return err
	}
	good := s.proof(n, n+3)
	if _, err := s.submit(ctx, "the head before", record.MarshalAddCheckpoint(s.known(ctx), s.proof(s.known(ctx), n), before)); err != nil {
		return err
	}
	good[0], good[len(good)-1] = good[len(good)-1], good[0]
	if _, err := s.submit(ctx, "proof lines in another order", record.MarshalAddCheckpoint(n, good, s.Main.Checkpoint())); err != nil {
		return err
	}
	s.Face.Show("", s.Main)
	for i, what := range []string{"a leaf before its turn", "a leaf after its turn", "a leaf after a gap"} {
		if err := s.judged(ctx, what, n+uint64(i)); err != nil {
			return err
		}
	}
	return nil
}

// shuffled asks the same questions in many orders and counts other answers.
func (s *Stand) shuffled(ctx context.Context) error {
	h := peer.LogName(s.Self.Origin)
	paths := []string{"/checkpoint", "/tile/0/000.p/1", "/tile/entries/000.p/2", "/parts/0?n=2", "/parts/1?n=1"}
	answers := make(map[string]string)
	other := 0
	for range 4 {
		l, err := s.Dial(ctx, s.Victim, nil)
		if err != nil {
			return err
		}
		for _, i := range mathrand.Perm(4 * len(paths)) {
			path := paths[i%len(paths)]
			r, err := l.Ask(Get("/" + h + path))
			if err != nil {
				_ = l.Close()
				return err
			}
			got := fmt.Sprint(r.Status, r.Body)
			if was, ok := answers[path]; ok && was != got {
				other++
			}
			answers[path] = got
		}
		_ = l.Close()
	}
	s.say("80 requests in random order on 4 lines: %d different answers", other)
	return nil
}

// badProofs sends checkpoints that no witness may cosign.
func badProofs(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 6); err != nil {
		return err
	}
	n := s.Main.Size()
	old := s.known(ctx)
	if _, err := s.submit(ctx, "an honest head", record.MarshalAddCheckpoint(old, s.proof(old, n), s.Main.Checkpoint())); err != nil {
		return err
	}
	next := s.Main.Cut(n)
	for range 3 {
		if _, err := s.Say(next, seal("next")); err != nil {
			return err
		}
	}
	if err := s.Publish(next, s.Now()); err != nil {
		return err
	}
	zero := base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n"
	huge := record.Tree{Size: 1 << 52, Root: record.EmptyRoot}
	hugeNote, err := s.Sign(huge, s.Now())
	if err != nil {
		return err
	}
	note := string(next.Checkpoint())
	oldIs := func(v string) string { return "old " + v + "\n" }
	for _, x := range []struct{ what, body string }{
		{"no proof", oldIs(fmt.Sprint(n)) + "\n" + note},
		{"a wrong proof", oldIs(fmt.Sprint(n)) + zero + zero + "\n" + note},
		{"64 proof lines", oldIs(fmt.Sprint(n)) + strings.Repeat(zero, 64) + "\n" + note},
		{"a proof line that is no hash", oldIs(fmt.Sprint(n)) + "AAAA\n\n" + note},
		{"old size with a leading zero", oldIs("0"+fmt.Sprint(n)) + "\n" + note},
		{"old size with a plus", oldIs("+"+fmt.Sprint(n)) + "\n" + note},
		{"old size 2^63", oldIs("9223372036854775808") + "\n" + note},
		{"old size above the new one", oldIs(fmt.Sprint(n+100)) + "\n" + note},
		{"another old size", oldIs(fmt.Sprint(n-1)) + "\n" + note},
		{"a tree of 2^52 leaves", oldIs(fmt.Sprint(n)) + zero + "\n" + string(hugeNote)},
		{"a checkpoint of size 2^63", oldIs(fmt.Sprint(n)) + "\n" + strings.Replace(note, "\n"+strconv.FormatUint(next.Size(), 10)+"\n", "\n9223372036854775808\n", 1)},
		{"a log that nobody knows", oldIs("0") + "\n" + strings.Replace(note, s.Self.Origin, "entente/nobody/00000000", 1)},
		{"no note", oldIs("0") + "\n"},
		{"nothing", "\n"},
	} {
		if _, err := s.submit(ctx, x.what, []byte(x.body)); err != nil {
			return err
		}
	}
	return nil
}

// race submits two heads at once, again and again: one wins, none rolls back.
func race(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	const rounds = 25
	outcomes := make(map[string]int)
	for round := range rounds {
		near, far := s.Main.Cut(s.Main.Size()), (*Branch)(nil)
		old := s.known(ctx)
		if _, err := s.Say(near, seal(fmt.Sprint("race ", round))); err != nil {
			return err
		}
		far = near.Cut(near.Size())
		for range 3 {
			if _, err := s.Say(far, seal("race, further")); err != nil {
				return err
			}
		}
		if err := s.Publish(near, s.Now()); err != nil {
			return err
		}
		if err := s.Publish(far, s.Now()); err != nil {
			return err
		}
		s.Main = far
		var wg sync.WaitGroup
		got := make([]int, 2)
		for i, b := range []*Branch{near, far} {
			wg.Go(func() {
				r, err := s.once(ctx, s.Victim, Post("/add-checkpoint", record.MarshalAddCheckpoint(old, s.proof(old, b.Size()), b.Checkpoint())))
				if err == nil {
					got[i] = r.Status
				}
			})
		}
		wg.Wait()
		outcomes[fmt.Sprint(min(got[0], got[1]), " ", max(got[0], got[1]))]++
		if k := s.known(ctx); k != near.Size() && k != far.Size() {
			return fmt.Errorf("after the race the witness knows %d, not %d or %d", k, near.Size(), far.Size())
		}
	}
	s.say("%d races of two heads: %v", rounds, outcomes)
	return s.show(s.Main)
}

// withhold never cosigns: it refuses, then claims to know more.
func withhold(ctx context.Context, s *Stand) error {
	asked := make(chan string, 100)
	s.Face.SetWitness(func(party string, body []byte) (int, string, []byte) {
		select {
		case asked <- party:
		default:
		}
		if len(asked)%2 == 0 {
			return Absurd(party, body)
		}
		return Withhold(party, body)
	})
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	if err := s.until(ctx, s.Victim+" to ask for a cosignature", func() (bool, error) { return len(asked) > 3, nil }); err != nil {
		return err
	}
	s.say("asked for cosignatures, gave none")
	<-ctx.Done()
	return nil
}

// oversize sends more than anybody reads.
func oversize(ctx context.Context, s *Stand) error {
	r, err := s.once(ctx, s.Victim, "POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 10737418240\r\n\r\n")
	if err != nil {
		return err
	}
	s.say("10 GiB declared: %s", r)
	l, err := s.Dial(ctx, s.Victim, nil)
	if err != nil {
		return err
	}
	defer l.Close()
	_ = l.SetDeadline(time.Now().Add(lineTime))
	if _, err := io.WriteString(l, "POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
		return err
	}
	chunk := "4000\r\n" + strings.Repeat("x", 0x4000) + "\r\n"
	sent := 0
	for sent < 1<<30 {
		n, err := io.WriteString(l, chunk)
		sent += n
		if err != nil {
			break
		}
	}
	s.say("1 GiB in chunks: cut before 16 MiB: %t", sent < 16<<20)
	r, err = s.once(ctx, s.Victim, "POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n\r\n"+strings.Repeat("x", 1<<16))
	if err != nil {
		return err
	}
	s.say("no length: %s", r)
	r, err = s.once(ctx, s.Victim, Get("/"+strings.Repeat("x", 20<<10)))
	if err != nil {
		return err
	}
	s.say("a path of 20 KiB: %s", r)
	return s.longLeaf(ctx)
}

// longLeaf shows a leaf beyond the limit: it cannot even be framed as one.
func (s *Stand) longLeaf(ctx context.Context) error {
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	b := s.Main.Cut(s.Main.Size())
	if _, err := b.Add(make([]byte, statement.MaxEnvelope+1), nil); err != nil {
		return err
	}
	if err := s.show(b); err != nil {
		return err
	}
	return s.refusal(ctx, "a leaf of 32 KiB and a byte", statement.CodeSize)
}

// refusal waits until the victim's refusal statements count this party with a code.
func (s *Stand) refusal(ctx context.Context, what string, code statement.Code) error {
	err := s.until(ctx, what+" to be refused", func() (bool, error) {
		if err := s.listen(ctx, s.Victim); err != nil {
			return false, err
		}
		return s.counted(code), nil
	})
	if err == nil {
		s.say("%s: %s", what, code)
	}
	return err
}
