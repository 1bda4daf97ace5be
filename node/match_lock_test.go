package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"

	"entente/match"
	"entente/observable"
	"entente/statement"
)

// gated is a set whose reading waits: a long list that is being locked.
type gated struct {
	match.Items
	reached, open chan struct{}
	then          func() error
}

func (g gated) Read(from int, out []observable.Value) error {
	g.reached <- struct{}{}
	<-g.open
	if err := g.then(); err != nil {
		return err
	}
	return g.Items.Read(from, out)
}

// agreedRun is a run that both have signed, with their keys; bend changes it before.
func agreedRun(t testing.TB, one, other string, bend func(*match.Manifest)) (*match.Agreed, [2]ed25519.PrivateKey) {
	t.Helper()
	m := &match.Manifest{
		Format: match.Format, Purpose: "x", Mode: match.ModeNames, Types: []observable.Type{observable.Domain},
		Normaliser: observable.NormaliserVersion, Corpus: must(statement.ParseDigest(observable.CorpusDigest))(t),
		Exclude: []statement.Digest{}, Audit: match.Audit{Sees: match.SeesNobody}, Aged: match.Aged{Types: []observable.Type{}}, Epoch: 1, Time: time.Now().UnixMilli(), Step: 60,
	}
	var keys [2]ed25519.PrivateKey
	for i, party := range []string{one, other} {
		seed := sha256.Sum256([]byte(party))
		keys[i] = ed25519.NewKeyFromSeed(seed[:])
		m.Sides[i] = match.Side{Party: party, Key: base64.StdEncoding.EncodeToString(keys[i].Public().(ed25519.PublicKey)), Items: 16, Stocks: []match.Stock{}, Nonce: statement.Digest{byte(i)}}
	}
	if bend != nil {
		bend(m)
	}
	data := must(m.Marshal())(t)
	return must(match.NewAgreed(data, [2][64]byte{match.SignManifest(data, keys[0]), match.SignManifest(data, keys[1])}))(t), keys
}

// lockingRun is a run between north and south that is not in the logs, as north
// begins to play it.
func (u *unit) lockingRun(then func() error) (*liveRun, gated) {
	u.t.Helper()
	set := gated{reached: make(chan struct{}), open: make(chan struct{}), then: then}
	for i := range 16 {
		set.Items = append(set.Items, observable.Value{Type: observable.Domain, Canonical: string(rune('a'+i)) + ".example"})
	}
	a, keys := agreedRun(u.t, north, south, nil)
	n := u.node(north)
	partner, _ := n.roster.Member(south)
	r := &liveRun{
		standing: &match.Standing{Offer: statement.Ref{Origin: n.self.Origin}, From: north, Terms: match.Offer{To: south}, Agreed: a}, partner: partner, side: 1,
		kept: &matchPending{Key: keys[0].Seed()}, files: &runFiles{set: set}, bell: make(bell, 1), logged: map[match.ID]statement.Ref{}, grown: n.backend.grown,
	}
	r.run = must(match.New(match.Config{Agreed: a, Party: north, Key: keys[0], Set: set, Random: rand.Reader, Began: time.Now()}))(u.t)
	n.rounds.live.put(sidOf(a), r)
	return r, set
}

// TestMatchStoppedWhileLocking: an officer ends a run, the partner asks for it and a
// screen shows it while the own list is being locked, which has the run to itself.
func TestMatchStoppedWhileLocking(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(north)
	r, set := u.lockingRun(func() error { return nil })
	done := make(chan error)
	go func() { done <- n.lockList(t.Context(), r) }()
	<-set.reached
	for _, round := range []interface {
		Message(string) ([]byte, error)
	}{r, handed{r}} {
		if raw, err := round.Message("outline-own-0"); raw != nil || err != nil {
			t.Errorf("a run that is not prepared says %x, %v", raw, err)
		}
	}
	if out, err := n.matchShown(t.Context(), nil, r.standing); err != nil || out.Waits != "partner" || out.Total != 0 {
		t.Errorf("shown as %+v, %v", out, err)
	}
	if err := r.answer(false); !refusedFor(err, statement.CodeState) {
		t.Errorf("a count before the lists are locked: %v", err)
	}
	if err := r.answer(true); err != nil {
		t.Error(err)
	}
	close(set.open)
	if err := <-done; err != nil {
		t.Errorf("locking ended with %v", err)
	}
	if f := r.run.Fault(); f == nil || f.Side != -1 || len(r.run.ToLog()) != 1 {
		t.Errorf("the run was not ended: %v", f)
	}
}

// TestMatchShutDownWhileLocking: a node that is stopped while it locks a list stops.
// What becomes of the run the next process says.
func TestMatchShutDownWhileLocking(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(north)
	ctx, stop := context.WithCancel(t.Context())
	r, set := u.lockingRun(ctx.Err) // as a longer list ends in the middle
	if err := n.keepPending(r.kept); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- n.playMatch(ctx, r) }()
	<-set.reached
	stop()
	close(set.open)
	if err := <-done; err != nil {
		t.Errorf("a stopped node: %v", err)
	}
	if r.run.Fault() != nil {
		t.Errorf("the run was given up: %v", r.run.Fault())
	}
	kept := filepath.Join(n.cfg.Dir, matchDir, filepath.FromSlash(pendingName(r.kept.public())))
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the key by which the next process ends the run: %v", err)
	}
}
