package accord

import (
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"entente/statement"
)

// This file runs the fold itself over a small world of ticks: two parties and an
// observer, one of whom may cheat, every combination of delays and of what a
// cheater can do with its log, its clock and its cosignatures (rules R1 to R9).

// A tick is six hours: the cooling-off of the act is two, the grace two.
const (
	tick      = 6 * hour
	decideAt  = 3 // tick of decide_by
	lastTick  = 9
	onlyUnion = 99 // a delay: not before everything is exchanged
)

const partyA, partyB, watcher = 0, 1, 2

var modelNames = [3]string{"north", "south", "observer"}

// play is one way in which things can go.
type play struct {
	cheater int       // partyB, watcher, or -1: nobody
	delay   [3][3]int // ticks from owner to reader
	consent [3]int    // tick of each party's consent
	revoke  [3]int    // tick, or 0: never
	dark    int       // the cheater shows nothing of its log from decide_by to this tick
	back    int       // the cheater sets back its owner's time by so many ticks, from tick 6 on
	sit     int       // from tick 5 on the cheater cosigns again what it was shown first
	lie     int       // and sets back its own time by so many ticks
	hide    bool      // the cheater logs no times, and shows its cosignatures to one reader alone
	names   [3]string // of the three
}

// checkpoint is one that an owner signed at a tick.
type checkpoint struct {
	size  uint64
	owner int64
}

// sim is a run of a play.
type sim struct {
	play
	w     World
	heads [3]uint64
	made  [3][]checkpoint       // by tick
	read  [3][3]uint64          // leaves that a reader has of a log
	keeps [3][]Moment           // what a reader has beside the logs
	shown [3][3]map[uint64]bool // sizes that a cosigner has cosigned
	views map[string]verdict    // what the fold said of the same evidence before
}

var modelBodies = sync.OnceValue(func() map[string]json.RawMessage {
	s := &story{now: start}
	text := s.clause()
	text.For, text.Clauses, text.Urgent, text.CoolingOff = ForRun, []Clause{}, true, 2*tick
	text.DecideBy = At(time.Unix(start+decideAt*tick, 0))
	out := map[string]json.RawMessage{}
	for name, b := range map[string]any{"proposal": text, "consent": stance(Consent), "revoke": stance(Revoke), "north": staff("north"), "south": staff("south"), "observer": staff("observer")} {
		raw, err := json.Marshal(b)
		if err != nil {
			panic(err)
		}
		out[name] = raw
	}
	return out
})

func (s *sim) say(who int, kind statement.Kind, body string, refs ...statement.Ref) statement.Ref {
	raw := modelBodies()[body]
	name := s.names[who]
	if kind == KindOfficers {
		raw = modelBodies()[name]
	}
	ref := statement.Ref{Origin: originOf(name), Index: s.heads[who], ID: statement.Digest{byte(who), byte(s.heads[who]), body[0]}}
	s.heads[who]++
	said := Said{Ref: ref, Party: name, Act: statement.Act{Kind: kind, Case: "c", Refs: refs, Body: raw}}
	for _, id := range []string{"head", "delegate"} {
		said.Approvals = append(said.Approvals, statement.Approval{Officer: id, Key: officerKeys()[name+id]})
	}
	s.w.Said = append(s.w.Said, said)
	return ref
}

var officerKeys = sync.OnceValue(func() map[string]string {
	keys := map[string]string{}
	for _, p := range modelNames {
		for _, id := range everyone {
			keys[p+id] = officerKey(p, id)
		}
	}
	return keys
})

// run plays to the end and returns what honest nodes saw on the way, and last
// what everything together says.
func (s *sim) run() (seen []verdict) {
	s.w.Charter = modelCharter()
	for who := range 3 {
		s.say(who, KindOfficers, "o")
		for q := range 3 {
			s.shown[who][q] = map[uint64]bool{}
		}
	}
	act := s.say(partyA, KindProposal, "proposal")
	for t := range int64(lastTick) {
		for who := partyA; who <= partyB; who++ {
			if int64(s.consent[who]) == t {
				s.say(who, KindPosition, "consent", act)
			}
			if s.revoke[who] != 0 && int64(s.revoke[who]) == t {
				s.say(who, KindPosition, "revoke", act)
			}
		}
		s.sign(t)
		for range 2 { // what is logged in the first half of a tick is seen in the second
			s.deliver(t)
			s.sign(t)
		}
		if t == 5 || t == 7 {
			for who := range 3 {
				if who != s.cheater {
					seen = append(seen, s.view(who, t, act))
				}
			}
		}
	}
	for who := range 3 {
		if who == s.cheater {
			continue
		}
		for q := range 3 {
			s.read[who][q] = s.heads[q]
		}
		s.keeps[who] = slices.Concat(s.keeps[:]...)
	}
	return append(seen, s.view(partyA, lastTick, act))
}

// sign makes everyone's checkpoint of the tick.
func (s *sim) sign(t int64) {
	for who := range 3 {
		owner := t
		if who == s.cheater && t >= 6 {
			owner -= int64(s.back)
		}
		c := checkpoint{s.heads[who], start + owner*tick}
		if n := len(s.made[who]); int64(n) > t {
			s.made[who][t] = c
		} else {
			s.made[who] = append(s.made[who], c)
		}
	}
}

// deliver shows each owner's checkpoint to each reader, who cosigns it and logs
// that.
func (s *sim) deliver(t int64) {
	for owner := range 3 {
		for reader := range 3 {
			d := int64(s.delay[owner][reader])
			if owner == reader || t < d || owner == s.cheater && t >= decideAt && t < int64(s.dark) {
				continue
			}
			c := s.made[owner][t-d]
			at := t
			if reader == s.cheater && s.sit > 0 && t >= 5 {
				c = s.made[owner][s.sit]
				at -= int64(s.lie)
			}
			s.cosign(owner, reader, c, start+at*tick)
		}
	}
}

func (s *sim) cosign(owner, reader int, c checkpoint, at int64) {
	s.read[reader][owner] = max(s.read[reader][owner], c.size)
	key := c.size<<8 | uint64((c.owner-start)/tick)
	if s.shown[owner][reader][key] {
		return
	}
	s.shown[owner][reader][key] = true
	m := Moment{Origin: originOf(s.names[owner]), Size: c.size, Owner: c.owner, By: s.names[reader], At: at}
	if s.hide && reader == s.cheater {
		s.keeps[watcher] = append(s.keeps[watcher], m)
		return
	}
	s.heads[reader]++
	m.Logged = s.heads[reader]
	s.w.Moments = append(s.w.Moments, m)
	s.keeps[reader] = append(s.keeps[reader], m)
}

// verdict is what the fold says under each rule of timing.
type verdict [4]Instrument

// view is what the fold says on one node.
func (s *sim) view(who int, t int64, act statement.Ref) verdict {
	s.read[who][who] = s.heads[who]
	key := []byte{byte(t)}
	w := World{Charter: s.w.Charter, Now: time.Unix(start+t*tick, 0), Sizes: map[string]uint64{}}
	for q := range 3 {
		w.Sizes[originOf(s.names[q])] = s.read[who][q]
		key = append(key, byte(s.read[who][q]))
	}
	for _, said := range s.w.Said {
		if said.Ref.Index < w.Sizes[said.Ref.Origin] {
			w.Said = append(w.Said, said)
			key = append(key, said.Ref.ID[:3]...)
		}
	}
	for _, m := range slices.Concat(s.keeps[who], s.w.Moments) {
		if m.Logged <= w.Sizes[originOf(m.By)] {
			w.Moments = append(w.Moments, m)
			key = append(key, m.Origin[8], m.By[0], byte(m.Size), byte(m.Logged), byte((m.Owner-start)/tick), byte((m.At-start)/tick))
		}
	}
	v, known := s.views[string(key)]
	if !known {
		r := newRecord(w, bothTimes, modelParse())
		for by := range v {
			r.timing = timing(by)
			r.decide()
			v[by], _ = r.Instrument(act)
		}
		s.views[string(key)] = v
	}
	return v
}

// modelParse reads each of the few bodies once: the model is about times.
var modelParse = sync.OnceValue(func() func(*Said) any {
	parsed := map[string]any{}
	for name, raw := range modelBodies() {
		kind := map[string]statement.Kind{"proposal": KindProposal, "consent": KindPosition, "revoke": KindPosition}[name]
		if kind == "" {
			kind = KindOfficers
		}
		parsed[string(raw)] = parseBody(&Said{Act: statement.Act{Kind: kind, Body: raw}})
	}
	return func(s *Said) any { return parsed[string(s.Act.Body)] }
})

var modelCharter = sync.OnceValue(storyCharter)

// faults are what a run showed.
type faults struct {
	both   int // in force on one honest node, revoked on another, and no proof that someone cheats
	forced int // in force although an honest party revoked in time
	late   int // in force although nobody heard of a party in time
	stuck  int // prompt and honest, and not in force
	forks  int // runs in which the cheater's contradiction was proven
	effect int // runs in which the act came into force
	runs   int
}

func (f *faults) add(g faults) {
	f.both, f.forced, f.late, f.stuck = f.both+g.both, f.forced+g.forced, f.late+g.late, f.stuck+g.stuck
	f.forks, f.effect, f.runs = f.forks+g.forks, f.effect+g.effect, f.runs+g.runs
}

// judge looks for faults under a rule of timing.
func (s *sim) judge(seen []verdict, by timing) faults {
	f, union := faults{runs: 1}, seen[len(seen)-1][by]
	is := func(state State) bool {
		return slices.ContainsFunc(seen, func(v verdict) bool { return v[by].State == state })
	}
	inForce, revoked := is(StateInForce), is(StateRevoked)
	if inForce {
		f.effect++
	}
	if union.State == StateDisputed {
		f.forks++
		return f
	}
	if inForce && (revoked || union.State != StateInForce) {
		f.both++
	}
	if r := s.revoke[partyA]; inForce && r == 2 { // in the cooling-off
		f.forced++
	}
	if inForce && union.Completed.NotAfter != 0 && s.unheard(union) {
		f.late++
	}
	if s.cheater < 0 && s.revoke == [3]int{} && s.prompt() && !(union.State == StateInForce) {
		f.stuck++
	}
	return f
}

func (p play) prompt() bool {
	for owner := range 3 {
		for reader := range 3 {
			if p.delay[owner][reader] > 1 {
				return false
			}
		}
	}
	return true
}

// unheard reports whether no honest node cosigned anything of the cheater's log
// between the end of the cooling-off and the end of the grace.
func (s *sim) unheard(i Instrument) bool {
	if s.cheater != partyB {
		return false
	}
	for _, m := range slices.Concat(s.keeps[partyA], s.w.Moments) {
		if m.Origin == originOf(s.names[partyB]) && m.At >= i.Undo && m.At <= i.ConfirmBy {
			return false
		}
	}
	return true
}

// plays lists the runs: all delays between the three and all that a cheater does.
func plays(deep bool) []play {
	slow, links, consents, revokes, backs, sits := []int{0, onlyUnion}, []int{0, 2}, []int{1}, []int{0, 2, 4, 6}, []int{0, 3}, []int{0, 1}
	if deep {
		slow, links, consents, revokes, backs, sits = []int{0, 2, onlyUnion}, []int{0, 1, 2}, []int{0, 1, 2}, []int{0, 1, 2, 3, 4, 5, 6, 7}, []int{0, 1, 3}, []int{0, 1, 3}
	}
	var out []play
	each := func(p play) { out = append(out, p) }
	delays(slow, links, func(d [3][3]int) {
		for _, cb := range consents {
			for _, cheater := range []int{-1, partyB, watcher} {
				for _, ra := range []int{0, 2} {
					for _, rb := range revokes {
						p := play{cheater: cheater, delay: d, consent: [3]int{0, cb, -1}, revoke: [3]int{ra, rb, 0}, names: modelNames}
						cheats(p, backs, sits, each)
					}
				}
			}
		}
	})
	return out
}

// delays calls f with every combination of delays: slow ones on the party B's
// and the observer's links, any of links on those of A.
func delays(slow, links []int, f func([3][3]int)) {
	for _, ab := range links {
		for _, ao := range links {
			for _, ba := range slow {
				for _, bo := range slow {
					for _, o := range []int{0, onlyUnion} {
						f([3][3]int{partyA: {0, ab, ao}, partyB: {ba, 0, bo}, watcher: {o, o, 0}})
					}
				}
			}
		}
	}
}

// cheats calls f with everything that the cheater of a play can do.
func cheats(p play, backs, sits []int, f func(play)) {
	if p.cheater < 0 {
		f(p)
		return
	}
	for _, hide := range []bool{false, true} {
		for _, dark := range []int{0, 7} {
			for _, back := range backs {
				for _, sit := range sits {
					q := p
					q.hide, q.dark, q.back, q.sit = hide, dark, back, sit
					f(q)
					if sit > 0 {
						q.lie = 3
						f(q)
					}
				}
			}
		}
	}
}

// TestModel: with both times nothing goes wrong in any run, and each weaker rule
// fails in some.
func TestModel(t *testing.T) {
	sums, folds := judgeAll(plays(os.Getenv("ENTENTE_MODEL") == "deep"))
	for by, name := range []string{"both times", "the cosigner's time alone", "the owner's time alone", "from what is seen first"} {
		f := sums[by]
		t.Logf("%-26s %d runs, %d in force, %d proven contradictions; in force and revoked %d, in force against a revocation %d, in force unheard %d, stuck %d",
			name, f.runs, f.effect, f.forks, f.both, f.forced, f.late, f.stuck)
	}
	t.Logf("%d different worlds", folds)
	if f := sums[bothTimes]; f.both+f.forced+f.late+f.stuck != 0 || f.effect == 0 || f.forks == 0 {
		t.Errorf("both times: %+v", f)
	}
	if f := sums[cosignersTime]; f.forced == 0 || f.both == 0 {
		t.Errorf("the cosigner's time alone was expected to fail: %+v", f)
	}
	if f := sums[ownersTime]; f.late == 0 {
		t.Errorf("the owner's time alone was expected to fail: %+v", f)
	}
	if f := sums[firstSeen]; f.both == 0 {
		t.Errorf("a cooling-off from what is seen first was expected to fail: %+v", f)
	}
}

func judgeAll(all []play) (sums [4]faults, folds int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for n := range workers {
		wg.Go(func() {
			var mine [4]faults
			views := map[string]verdict{}
			// Neighbours are alike: each worker takes a stretch, so that it meets
			// the worlds that it knows.
			for _, p := range all[n*len(all)/workers : (n+1)*len(all)/workers] {
				if len(views) > 20_000 { // memory is for speed alone
					mu.Lock()
					folds += len(views)
					mu.Unlock()
					clear(views)
				}
				s := &sim{play: p, views: views}
				seen := s.run()
				for by := range mine {
					mine[by].add(s.judge(seen, timing(by)))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			folds += len(views)
			for by := range sums {
				sums[by].add(mine[by])
			}
		})
	}
	wg.Wait()
	return sums, folds
}
