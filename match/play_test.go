package match

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"entente/observable"
	"entente/statement"
)

var began = time.UnixMilli(1_780_000_000_000).UTC()

// names makes n distinct domains.
func names(prefix string, n int) Items {
	var list Items
	for i := range n {
		list = append(list, observable.Value{Type: observable.Domain, Canonical: fmt.Sprintf("%s-%d.example", prefix, i)})
	}
	return list
}

// meeting is two sides with what both agreed on.
type meeting struct {
	t       testing.TB
	agreed  *Agreed
	keys    [2]ed25519.PrivateKey
	sets    [2]Set
	shelves [2][]*Shelf
	seeds   [2][32]byte
	runs    [2]*Run
	now     time.Time
	logged  uint64
	failed  error                  // of a side that could not answer
	lying   bool                   // whether side 1 goes on whatever its run says
	tamper  func(side int, r *Run) // before a side logs or answers
}

func runKey(seed byte) ed25519.PrivateKey { return runKeyOf(append(make([]byte, 31), seed)) }

func runKeyOf(seed []byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed) }

// meet agrees on a manifest; change may bend it before it is signed.
func meet(t testing.TB, sets [2]Set, change func(m *Manifest)) *meeting {
	t.Helper()
	g := &meeting{t: t, sets: sets, now: began}
	corpus, err := statement.ParseDigest(observable.CorpusDigest)
	if err != nil {
		t.Fatal(err)
	}
	m := &Manifest{
		Format: Format, Purpose: "is it the same intruder?", Mode: ModeNames, Types: []observable.Type{observable.Domain},
		Normaliser: observable.NormaliserVersion, Corpus: corpus, Exclude: []statement.Digest{},
		Audit: Audit{Items: 4, Sees: SeesPartner}, Aged: Aged{Types: []observable.Type{}}, Epoch: 1, Time: began.UnixMilli(), Step: 60,
	}
	for i, party := range []string{"north", "south"} {
		g.keys[i] = runKey(byte(i + 1))
		g.seeds[i] = [32]byte{byte(i + 10)}
		shelf, err := NewShelf(context.Background(), sets[i], g.seeds[i])
		if err != nil {
			t.Fatal(err)
		}
		g.shelves[i] = []*Shelf{shelf}
		m.Sides[i] = Side{
			Party: party, Key: base64.StdEncoding.EncodeToString(g.keys[i].Public().(ed25519.PublicKey)),
			Items: SizeClass(sets[i].Len()), Stocks: []Stock{},
			Left: 5000, After: 5000 - SizeClass(sets[1-i].Len()), Nonce: statement.TaggedSum("test nonce", []byte(party)),
		}
		if shelf.Len() > 0 {
			m.Sides[i].Stocks = append(m.Sides[i].Stocks, Stock{Root: shelf.Root(), Items: shelf.Len(), Index: 3, Time: began.Add(-48 * time.Hour).UnixMilli()})
		}
	}
	if change != nil {
		change(m)
	}
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	g.agreed, err = NewAgreed(data, [2][64]byte{SignManifest(data, g.keys[0]), SignManifest(data, g.keys[1])})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *meeting) config(side int) Config {
	return Config{
		Agreed: g.agreed, Party: g.agreed.Manifest.Sides[side].Party, Key: g.keys[side], Set: g.sets[side],
		Seed: g.seeds[side], Shelves: g.shelves[side], Random: rand.NewChaCha8([32]byte{byte(side + 1)}), Began: began,
	}
}

// start prepares both sides.
func (g *meeting) start() *meeting {
	g.t.Helper()
	for i := range g.runs {
		r, err := New(g.config(i))
		if err != nil {
			g.t.Fatal(err)
		}
		if err := r.Prepare(context.Background(), nil); err != nil {
			g.t.Fatal(err)
		}
		g.runs[i] = r
	}
	return g
}

// bend may change a message on its way; nil drops it.
type bend func(from int, id ID, raw []byte) []byte

// play moves messages until nothing moves. Runs agree to the count as it comes.
func (g *meeting) play(change bend) error {
	g.t.Helper()
	for moved := true; moved; {
		moved = false
		for side, r := range g.runs {
			ok, err := g.step(side, r, change)
			if g.failed != nil {
				return g.failed
			}
			if err != nil && (side == 0 || !g.lying) {
				return err
			}
			moved = moved || ok && err == nil
		}
	}
	return nil
}

func (g *meeting) step(side int, r *Run, change bend) (moved bool, err error) {
	g.now = g.now.Add(time.Second)
	if g.tamper != nil {
		g.tamper(side, r)
	}
	for _, id := range r.ToLog() {
		g.logged++
		if err := r.Logged(g.now, id, g.place()); err != nil {
			return false, err
		}
		moved = true
	}
	if _, ok := r.Count(); ok && !r.agreedTo {
		if err := r.Agree(); err != nil {
			return false, err
		}
		moved = true
	}
	for _, id := range r.Want() {
		raw, place := g.fetch(1-side, id, change)
		if raw == nil {
			break
		}
		if err := r.Accept(g.now, raw, place); err != nil {
			return false, err
		}
		moved = true
	}
	return moved, nil
}

func (g *meeting) place() Place { return Place{Index: g.logged, Time: g.now.UnixMilli()} }

// fetch asks a side for a message; a logged one must be in its log.
func (g *meeting) fetch(side int, id ID, change bend) ([]byte, *Place) {
	g.t.Helper()
	r := g.runs[side]
	var place *Place
	if id.Kind.Logged() {
		rec, ok := r.ours().records[id]
		if !ok {
			return nil, nil
		}
		place = rec.place
	}
	raw, err := r.Message(id)
	if errors.Is(err, &statement.Refusal{Code: statement.CodeBusy}) {
		return nil, nil
	}
	if err != nil {
		g.failed = err
		return nil, nil
	}
	if change != nil {
		raw = change(side, id, raw)
	}
	return raw, place
}

// resign signs a changed message with the side's own key, as a liar would.
func (g *meeting) resign(raw []byte, change func(m *Message)) []byte {
	g.t.Helper()
	m, err := ParseMessage(raw)
	if err != nil {
		g.t.Fatal(err)
	}
	m.Body = append([]byte(nil), m.Body...)
	change(&m)
	m.sign(g.keys[m.Side])
	return m.Marshal()
}
