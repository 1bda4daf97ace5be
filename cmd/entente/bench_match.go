package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"entente/match"
	"entente/match/group"
	"entente/match/watchlist"
	"entente/observable"
	"entente/statement"
)

// benchMatch measures a mutual match, both sides on this machine, from sets to
// matched places with both proofs checked (manifest to M4; receipts and audits
// come on top, for each item opened), in processor time for each item of a
// side, beside the four locks that it cannot do without. A long run is of a
// million items, each side a process with its lists on the disk, to its end.
func benchMatch(ctx context.Context, e env, long bool, out func(figure)) error {
	n := 1 << 17 // the size class of 100,000
	first, second := lockLimit()
	var took time.Duration
	var bytes int
	var memory float64
	var err error
	if long {
		n = 1 << 20
		took, bytes, memory, err = twoProcesses(ctx, e, n)
	} else {
		took, bytes, err = doubleLock(ctx, n)
	}
	if err != nil {
		return err
	}
	f, s := lockLimit() // the machine may be busier the second time
	first, second = min(first, f), min(second, s)
	limit := 2 * (first + second)
	pair := took.Seconds() * 1e6 / float64(n)
	out(timed("double_lock", "us/pair", pair, limit))
	out(figure{Name: "double_lock_bytes", Value: round(float64(bytes) / float64(n)), Unit: "bytes/pair"})
	if memory > 0 {
		out(timed("double_lock_memory", "MiB", memory, residentBound))
	}
	took, err = watchlistQuery(ctx, 10_000)
	if err != nil {
		return err
	}
	// a question is locked by who asks, evaluated, and opened
	out(speed("watchlist_query", "items/s", 10_000/took.Seconds(), 1e6/(first+2*second)))
	return nil
}

// watchlistQuery is the processor time of one question about n items: asked,
// answered with its proof, checked and looked up, both sides.
func watchlistQuery(ctx context.Context, n int) (time.Duration, error) {
	owner, err := watchlist.NewOwner(ctx, "south", 1, benchSet(1, n), rand.Reader)
	if err != nil {
		return 0, err
	}
	set, file, best := benchSet(0, n), owner.File(), time.Duration(math.MaxInt64)
	for range 3 {
		began := cpuTime()
		q, err := watchlist.Ask(&owner.Announcement, set, rand.Reader)
		if err != nil {
			return 0, err
		}
		answer, err := owner.Answer(q.Bytes(), n, rand.Reader)
		if err != nil {
			return 0, err
		}
		hits, err := q.Open(answer, bytes.NewReader(file))
		if err != nil {
			return 0, err
		}
		best = min(best, cpuTime()-began)
		if len(hits) != n/2 {
			return 0, fmt.Errorf("bench: %d hits of %d", len(hits), n/2)
		}
	}
	return best, nil
}

// timed makes a figure of a duration beside a shorter one.
func timed(name, unit string, value, limit float64) figure {
	v, l, r := round(value), round(limit), round(limit/value)
	return figure{Name: name, Value: v, Unit: unit, Limit: &l, Ratio: &r}
}

// lockLimit measures what an item needs at least: hashed, locked and encoded
// the first time, decoded, locked and encoded the second; µs, the best of
// seven.
func lockLimit() (first, second float64) {
	k := group.HashScalar("entente/bench", []byte("key"))
	one, two := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	const n = 1 << 11
	list, points, made := make([]byte, n*group.Size), make([]group.Point, n), make([]group.Point, n)
	for range 7 {
		began := cpuTime()
		group.Each(n, func(from, to int) {
			for i := from; i < to; i++ {
				made[i] = group.Hash("entente/bench", []byte{byte(i), byte(i >> 8), 7, 9, 11, 13, 15, 17, 19, 21})
			}
		})
		group.LockAll(k, made, list)
		middle := cpuTime()
		group.DecodeAll(list, points)
		group.LockAll(k, points, list)
		one, two = min(one, middle-began), min(two, cpuTime()-middle)
	}
	return one.Seconds() * 1e6 / n, two.Seconds() * 1e6 / n
}

// benchSet is a side's set of n; half of it is in the other's.
func benchSet(side, n int) match.Items {
	set := make(match.Items, n)
	for i := range set {
		set[i] = observable.Value{Type: observable.Domain, Canonical: fmt.Sprintf("host-%d.example", i+side*(n/2))}
	}
	return set
}

// benchRun is the manifest of a run of two sets of n, always the same, and the
// keys that sign it.
func benchRun(n int) (agreed *match.Agreed, keys [2]ed25519.PrivateKey, err error) {
	corpus, err := statement.ParseDigest(observable.CorpusDigest)
	if err != nil {
		return nil, keys, err
	}
	m := match.Manifest{
		Format: match.Format, Purpose: "bench", Mode: match.ModeNames, Types: []observable.Type{observable.Domain},
		Normaliser: observable.NormaliserVersion, Corpus: corpus, Exclude: []statement.Digest{},
		Audit: match.Audit{Sees: match.SeesNobody}, Aged: match.Aged{Types: []observable.Type{}}, Epoch: 1, Time: 1, Step: 3600,
	}
	for i, party := range []string{"north", "south"} {
		seed := statement.TaggedSum("bench", []byte(party))
		keys[i] = ed25519.NewKeyFromSeed(seed[:])
		m.Sides[i] = match.Side{
			Party: party, Key: base64.StdEncoding.EncodeToString(keys[i].Public().(ed25519.PublicKey)), Items: match.SizeClass(n), Stocks: []match.Stock{},
			Nonce: statement.TaggedSum("bench nonce", []byte(party)),
		}
	}
	data, err := m.Marshal()
	if err != nil {
		return nil, keys, err
	}
	agreed, err = match.NewAgreed(data, [2][ed25519.SignatureSize]byte{match.SignManifest(data, keys[0]), match.SignManifest(data, keys[1])})
	return agreed, keys, err
}

// doubleLock runs both sides against each other and returns processor time and
// bytes sent.
func doubleLock(ctx context.Context, n int) (took time.Duration, sent int, err error) {
	agreed, keys, err := benchRun(n)
	if err != nil {
		return 0, 0, err
	}
	sets := [2]match.Items{benchSet(0, n), benchSet(1, n)}
	began := cpuTime()
	var runs [2]*match.Run
	for i := range runs {
		runs[i], err = match.New(match.Config{
			Agreed: agreed, Party: agreed.Manifest.Sides[i].Party, Key: keys[i], Set: sets[i], Random: rand.Reader, Began: time.Unix(0, 0),
		})
		if err == nil {
			err = runs[i].Prepare(ctx, nil)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	for !proven(runs) {
		moved := 0
		for i, r := range runs {
			size, err := benchStep(r, runs[1-i])
			if err != nil {
				return 0, 0, err
			}
			moved += size
			sent += size
		}
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		if moved == 0 {
			return 0, 0, errors.New("bench: the run stands still")
		}
	}
	took = cpuTime() - began
	if pairs, _ := runs[0].Pairs(); len(pairs) != n/2 {
		return 0, 0, fmt.Errorf("bench: %d of %d found", len(pairs), n/2)
	}
	return took, sent, nil
}

func proven(runs [2]*match.Run) bool {
	return !slices.ContainsFunc(runs[:], func(r *match.Run) bool { _, ok := r.Pairs(); return !ok })
}

// benchStep moves what one side may do and get now, and returns how many bytes
// that was.
func benchStep(r, other *match.Run) (sent int, err error) {
	now, place := time.Unix(0, 0), match.Place{}
	for _, id := range r.ToLog() {
		if err := r.Logged(now, id, place); err != nil {
			return sent, err
		}
	}
	if _, ok := r.Count(); ok {
		if err := r.Agree(); err != nil {
			return sent, err
		}
	}
	for _, id := range r.Want() {
		if id.Kind == match.KindReceipts {
			break
		}
		raw, err := other.Message(id)
		if errors.Is(err, &statement.Refusal{Code: statement.CodeBusy}) {
			break
		}
		if err != nil {
			return sent, err
		}
		if err := r.Accept(now, raw, &place); errors.Is(err, &statement.Refusal{Code: statement.CodeState}) {
			break // the other side has yet to log something
		} else if err != nil {
			return sent, err
		}
		sent += len(raw)
	}
	return sent, nil
}
