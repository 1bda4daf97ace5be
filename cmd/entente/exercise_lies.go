package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/api"
	"entente/internal/peer"
	"entente/node/hostile"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// seal is what a lying south says when it has to say something.
func seal(name string) hostile.Words {
	return hostile.Words{Kind: record.KindSeal, Body: record.SealBody{What: "file", Name: name}}
}

// fork signs two logs of one size and shows each to another partner.
func (l *liar) fork(ctx context.Context) (proof, error) {
	stem := l.p.Main.Size()
	for _, to := range []string{north, observer} {
		b := l.p.Main.Cut(stem)
		if _, err := l.p.Say(b, seal("the count as "+to+" shall see it")); err != nil {
			return proof{}, err
		}
		if err := l.p.Publish(b, time.Now().Add(2*time.Second)); err != nil {
			return proof{}, err
		}
		l.face.Show(to, b)
	}
	l.tell("south signs two logs of %d statements: it shows one to north and another one to the observer.", stem+1)
	l.serve()
	file, err := l.evidence(ctx, north, "fork")
	if err != nil {
		return file, err
	}
	if _, err := l.evidence(ctx, observer, "fork"); err != nil {
		return file, err
	}
	finder, err := l.spread(ctx)
	if err != nil {
		return file, err
	}
	l.total.Forks = 1
	l.tell("north and the observer compared what they had seen. Both hold the two signed checkpoints; %s was first to put the evidence on the record, and both hold it.", finder)
	return file, nil
}

// rollback signs an older tree again, later.
func (l *liar) rollback(ctx context.Context) (proof, error) {
	// What nobody has seen yet can be taken back unnoticed, and south may have logged more when it ended.
	seen, err := l.southAt(ctx, north)
	if err != nil {
		return proof{}, err
	}
	if seen.Size == 0 {
		return proof{}, errors.New("north has seen nothing of south")
	}
	b := l.p.Main.Cut(seen.Size - 1)
	if err := l.p.Publish(b, time.Now().Add(2*time.Second)); err != nil {
		return proof{}, err
	}
	l.face.Show("", b)
	l.tell("south takes the last statement back that north has seen: it signs the log without it, %d statements instead of %d.", b.Size(), seen.Size)
	l.serve()
	file, err := l.evidence(ctx, north, "rollback")
	if err != nil {
		return file, err
	}
	finder, err := l.spread(ctx)
	if err != nil {
		return file, err
	}
	at, err := l.southAt(ctx, north)
	if err != nil {
		return file, err
	}
	if at.Size < seen.Size {
		return file, fmt.Errorf("north lost what south took back: it holds %d of %d", at.Size, seen.Size)
	}
	l.total.Forks = 1
	l.tell("north keeps all %d. A smaller tree signed at a later time is evidence; %s put it on the record, and both hold it.", at.Size, finder)
	return file, nil
}

// trick is one way to change bytes on their way, and the code it must meet.
type trick struct {
	what string
	code statement.Code
	log  peer.Log
	size uint64 // of south's log at north, when it has been refused
}

// tamper serves changed bytes of a log that it signed honestly.
func (l *liar) tamper(ctx context.Context) (proof, error) {
	tricks, err := l.tricks()
	if err != nil {
		return proof{}, err
	}
	l.face.SetWitness(hostile.Withhold)
	before, err := l.status(ctx, north)
	if err != nil {
		return proof{}, err
	}
	l.tell("south changes bytes on their way: a checkpoint's signature, a leaf, a hash in a tile, a sealed part.")
	l.face.Show("", tricks[0].log)
	l.serve()
	codes := make(map[statement.Code]bool)
	for _, t := range tricks {
		was, err := l.refused(ctx, t.code)
		if err != nil {
			return proof{}, err
		}
		l.face.Show("", t.log)
		err = l.until(ctx, "north refuses "+t.what, func(ctx context.Context) (bool, error) {
			now, err := l.refused(ctx, t.code)
			return now > was, err
		})
		if err != nil {
			return proof{}, err
		}
		if at, err := l.southAt(ctx, north); err != nil || at.Size != t.size || at.Disputed {
			return proof{}, fmt.Errorf("after %s north holds %d leaves of south, want %d (disputed: %t): %w", t.what, at.Size, t.size, at.Disputed, err)
		}
		codes[t.code] = true
	}
	after, err := l.status(ctx, north)
	if err != nil {
		return proof{}, err
	}
	if after.Watch.Indicators != before.Watch.Indicators || after.Watch.Rules != before.Watch.Rules || after.Watch.Lists != before.Watch.Lists || len(after.Evidence) > 0 {
		return proof{}, fmt.Errorf("north took something in or accused somebody: %d indicators, were %d; evidence %v", after.Watch.Indicators, before.Watch.Indicators, after.Evidence)
	}
	l.tell("north refused all four (%s), took nothing in, and accuses nobody: bytes may change on any line.", strings.Join(codeNames(codes), ", "))
	return l.refusals(ctx, codes)
}

func codeNames(codes map[statement.Code]bool) []string {
	var names []string
	for c := range codes {
		names = append(names, string(c))
	}
	slices.Sort(names)
	return names
}

// tricks prepares what tamper shows, in order. All are refused before a leaf
// is stored.
func (l *liar) tricks() ([]trick, error) {
	have := l.p.Main.Size()
	list, err := l.list("guarded", []indicator.Item{{Type: "ipv4-addr", Value: "198.51.100.66", Observed: "2016-10-01"}})
	if err != nil {
		return nil, err
	}
	one := l.p.Main.Cut(have)
	if _, err := l.p.Say(one, list); err != nil {
		return nil, err
	}
	// Enough leaves that a mirror has to go through tiles.
	long := l.p.Main.Cut(have)
	for n := range 4500 {
		if _, err := long.Add(fmt.Appendf(nil, "filler %d", n), nil); err != nil {
			return nil, err
		}
	}
	at := time.Now().Add(2 * time.Second)
	for _, b := range []*hostile.Branch{one, long} {
		if err := l.p.Publish(b, at); err != nil {
			return nil, err
		}
	}
	hashes := func(t tlog.Tile, data []byte) []byte {
		if t.L == 0 {
			return hostile.Flip(data, -1)
		}
		return data
	}
	return []trick{
		{"a changed signature", statement.CodeSignature, hostile.Altered{Log: one, Note: func(b []byte) []byte { return swapSignature(b) }}, have},
		{"a changed leaf", statement.CodeProof, hostile.Altered{Log: one, Leaves: func(_ uint64, b []byte) []byte { return hostile.Flip(b, -40) }}, have},
		{"a changed tile", statement.CodeProof, hostile.Altered{Log: long, Hashes: hashes}, have},
		{"a changed part", statement.CodeDigest, hostile.Altered{Log: one, Parts: func(i uint64, parts [][]byte) [][]byte {
			if i == have {
				hostile.Flip(parts[len(parts)-1], -1)
			}
			return parts
		}}, have},
	}, nil
}

// swapSignature changes one letter in the middle of the first signature.
func swapSignature(msg []byte) []byte {
	i := strings.Index(string(msg), "\n— ")
	end := i + 1 + strings.IndexByte(string(msg[i+1:]), '\n')
	at := end - 40
	if msg[at] == 'A' {
		msg[at] = 'B'
	} else {
		msg[at] = 'A'
	}
	return msg
}

// refused is how often north has refused south for a reason.
func (l *liar) refused(ctx context.Context, code statement.Code) (uint64, error) {
	s, err := l.status(ctx, north)
	for _, r := range s.Refusals {
		if r.Party == south && r.Code == code {
			return r.Count, err
		}
	}
	return 0, err
}

// refusals waits until north's refusal statements count every code, and
// returns the bundle of the newest one that does.
func (l *liar) refusals(ctx context.Context, codes map[statement.Code]bool) (proof, error) {
	var last proof
	for code := range codes {
		err := l.until(ctx, "north records "+string(code), func(ctx context.Context) (bool, error) {
			p, _, err := l.said(ctx, record.KindRefusal, func(raw []byte) bool {
				var b record.RefusalBody
				return json.Unmarshal(raw, &b) == nil && slices.ContainsFunc(b.Items, func(i record.RefusalItem) bool { return i.Party == south && i.Code == code })
			})
			if err == nil && (last.name == "" || code == statement.CodeDigest) {
				last = p
			}
			return err == nil, nil
		})
		if err != nil {
			return proof{}, err
		}
	}
	return last, nil
}

// list is a list of indicators for north.
func (l *liar) list(name string, items []indicator.Item) (hostile.Words, error) {
	part, err := indicator.List{Items: items}.Marshal()
	return hostile.Words{
		Kind: indicator.KindList, To: []string{north}, Marking: "TLP:AMBER", Parts: [][]byte{part},
		Body: indicator.ListBody{Name: name, Basis: indicator.BasisTold, Count: len(items), Sheet: 1, Sheets: 1},
	}, err
}

// stall accepts connections and never says a word.
func (l *liar) stall(ctx context.Context) (proof, error) {
	sctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	l.stage.group.Go(func() { _ = hostile.Stall(sctx, l.line) })
	l.tell("south takes every connection and never answers.")
	began := time.Now()
	ref, err := l.stage.nodes[north].Control().Seal(ctx, api.SealRequest{What: "file", Name: "said while south was silent"})
	if err != nil {
		return proof{}, fmt.Errorf("north could not write: %w", err)
	}
	wrote := time.Since(began)
	var at api.PartnerStatus
	err = l.until(ctx, "north sees the silence and the observer holds north's statement", func(ctx context.Context) (bool, error) {
		at, err = l.southAt(ctx, north)
		if err != nil || at.Silent == 0 || at.Asks == 0 {
			return false, err
		}
		list, err := l.stage.nodes[north].Control().Statements(ctx, api.StatementQuery{Party: north, Index: &ref.Index})
		return err == nil && slices.Contains(list.Items[0].Witnesses, observer) && slices.Contains(list.Items[0].Holders, observer), err
	})
	if err != nil {
		return proof{}, err
	}
	p, rep, err := l.bundle(ctx, ref.Index)
	if err != nil {
		return proof{}, err
	}
	if rep.Word == record.Held || slices.Contains(rep.WitnessedBy, south) || slices.Contains(rep.HeldBy, south) {
		return proof{}, fmt.Errorf("the bundle says %q, witnessed by %v, held by %v, while south says nothing", rep.Word, rep.WitnessedBy, rep.HeldBy)
	}
	l.tell("north wrote on (%d ms) and shows that south has been silent since %s, unanswered asks: %d.", wrote.Milliseconds(), time.UnixMilli(at.Silent).UTC().Format("15:04:05"), at.Asks)
	l.tell("The statement is %q: witnessed by %s, held by %s, not by south. Nothing says more than that.", rep.Word, strings.Join(rep.WitnessedBy, ", "), strings.Join(rep.HeldBy, ", "))
	return p, nil
}

// probe asks which of many guesses north notices.
func (l *liar) probe(ctx context.Context) (proof, error) {
	budget := l.p.Charter.Budgets
	items := guesses(int(budget.ObjectsPerDay) + indicator.MaxItems)
	before, err := l.southAt(ctx, north)
	if err != nil {
		return proof{}, err
	}
	first, sheets := l.p.Main.Size(), 0
	for sheet := range slices.Chunk(items, indicator.MaxItems) {
		w, err := l.list(fmt.Sprintf("guesses %d", sheets+1), sheet)
		if err != nil {
			return proof{}, err
		}
		if _, err := l.p.Say(l.p.Main, w); err != nil {
			return proof{}, err
		}
		sheets++
	}
	if err := l.p.Publish(l.p.Main, time.Now().Add(2*time.Second)); err != nil {
		return proof{}, err
	}
	l.tell("south sends %s guesses in %d lists, every address it can think of, dated and plausible, to learn which of them north has noticed.", grouped(int64(len(items))), sheets)
	l.serve()
	file, refused, err := l.overBudget(ctx, first, sheets)
	if err != nil {
		return file, err
	}
	learnt, err := l.learnt(ctx, first)
	if err != nil {
		return file, err
	}
	s, err := l.status(ctx, north)
	if err != nil {
		return file, err
	}
	if left := s.Watch.PerDay - before.SentDay; learnt > left {
		return file, fmt.Errorf("south learnt %d of its guesses; %d sightings were left of the day's %d", learnt, left, s.Watch.PerDay)
	}
	l.tell("north refused %d lists over the budget of %s objects a day (E_BUDGET), on the record.", refused, grouped(budget.ObjectsPerDay))
	l.tell("Of the rest %d are in north's logs; south could learn %d of them, %d with what it learnt before, and never more than %d a day.", s.Watch.Alerts, learnt, learnt+before.SentDay, s.Watch.PerDay)
	return file, nil
}

// guesses are addresses where something may have been, the likely ones first.
func guesses(n int) []indicator.Item {
	items := make([]indicator.Item, 0, n)
	for _, net := range []string{"198.51.100.0", "203.0.113.0", "192.0.2.0", "45.0.0.0"} {
		a, end := netip.MustParseAddr(net), 256
		if net == "45.0.0.0" {
			end = n - len(items)
		}
		for range end {
			items = append(items, indicator.Item{Type: "ipv4-addr", Value: a.String(), Observed: "2016-10-01", Note: "seen with us"})
			a = a.Next()
		}
	}
	return items[:n]
}

// overBudget waits until north has judged every list and returns the bundle
// of an ack that refuses some, and how many.
func (l *liar) overBudget(ctx context.Context, first uint64, sheets int) (proof, int, error) {
	var file proof
	refused, judged := make(map[uint64]bool), make(map[uint64]bool)
	err := l.until(ctx, "north acknowledges every list", func(ctx context.Context) (bool, error) {
		p, _, err := l.said(ctx, record.KindAck, func(raw []byte) bool {
			var b record.AckBody
			if json.Unmarshal(raw, &b) != nil || b.Origin != l.p.Self.Origin {
				return false
			}
			some := false
			for _, i := range b.Items {
				if i.Index < first {
					continue
				}
				judged[i.Index] = true
				if i.Verdict == record.VerdictRefused && i.Code == statement.CodeBudget {
					refused[i.Index], some = true, true
				}
			}
			return some
		})
		if err == nil {
			file = p
		}
		return len(refused) > 0 && len(judged) >= sheets, nil
	})
	return file, len(refused), err
}

// learnt waits until north has nothing more to release and counts the
// sightings that tell south of its guesses.
func (l *liar) learnt(ctx context.Context, first uint64) (int, error) {
	err := l.until(ctx, "sightings come to an end", func(ctx context.Context) (bool, error) {
		done, why, err := l.stage.nodes[north].Settled(ctx)
		// What south never cosigns is never held by all.
		return done || strings.HasSuffix(why, "statements held"), err
	})
	if err != nil {
		return 0, err
	}
	src, err := l.p.Client(north)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	m, _ := l.p.Roster.Member(north)
	heard, _, err := l.p.Overhear(ctx, src, m.Origin, 0)
	n := 0
	for _, h := range heard {
		if b, err := indicator.ParseSighting(h.Act.Body); h.Act.Kind == indicator.KindSighting && err == nil && b.Indicator.Origin == l.p.Self.Origin && b.Indicator.Index >= first {
			n++
		}
	}
	return n, err
}
