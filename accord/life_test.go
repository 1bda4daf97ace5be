package accord

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/statement"
)

// This file is a model of signing, exit and restore: every order in which two
// officers draft, change, sign and send, a node is backed up and restored, a
// partner reads, and time passes. What the partner sees is judged by the fold
// itself. Each planted fault must be found; without one nothing may be.

// fault is a mistake that a node could be built with.
type fault string

const (
	noFault        fault = ""
	keepsApprovals fault = "a changed draft keeps the approvals of the old one"
	countsTwice    fault = "one officer who signs twice counts as two"
	oneWillDo      fault = "a verb that sends what one officer signed"
	startsBlind    fault = "a restored node writes before it asked the others"
	pullsNothing   fault = "a restored node asks, but does not fetch what it lacks"
	deafToReturn   fault = "a withdrawal cannot be taken back"
	noNotice       fault = "a withdrawal works at once"
	neverFinal     fault = "a withdrawal can be taken back after it took effect"
	sendsAgain     fault = "what was signed once can be sent again"
)

// A leaf is what a node logged: its stance and who signed it as it stands.
type leaf struct {
	stance byte // w: withdraw, r: revoke-withdrawal, 0: none
	one    bool // the head signed this text
	two    bool // the delegate did
	text   int8
	words  int8 // the place that it was drafted for: what is meant again is said in other words
}

const maxLeaves = 3

// bounds are how far the model goes: leaves of the node, weeks.
type bounds struct{ leaves, weeks int8 }

// life is one state of the model.
type life struct {
	disk, held, backup    [maxLeaves]leaf // on the node's disk, at the partner, in the backup
	onDisk, atHeld, saved int8            // how many of each
	seen                  [maxLeaves]int8 // tick at which the partner read each
	rival                 leaf            // another leaf at a place that the partner had read
	rivalAt               int8            // where, from 1; 0: none
	draft                 leaf
	one, two              int8 // text that each officer signed; 0: none
	again                 bool // the first officer signed twice
	readOnly              bool
	restored              bool
	tick                  int8
}

// next returns every state that can follow, by what was done.
func (l life) next(f fault, b bounds) map[string]life {
	out := map[string]life{}
	l.sign(f, b, out)
	l.store(f, out)
	if l.tick < b.weeks {
		n := l
		n.tick++
		out["a week passes"] = n
	}
	return out
}

// sign adds what officers can do.
func (l life) sign(f fault, b bounds, out map[string]life) {
	if l.onDisk == b.leaves {
		return
	}
	if f == sendsAgain && l.onDisk > 0 && !l.readOnly {
		n := l
		n.disk[l.onDisk] = l.disk[l.onDisk-1]
		n.onDisk++
		out["send the last again"] = n
	}
	if l.draft.stance == 0 {
		for _, s := range []byte("wr") {
			n := l
			n.draft, n.one, n.two, n.again = leaf{stance: s, text: 1, words: l.onDisk + 1}, 0, 0, false
			out["draft "+string(s)] = n
		}
		return
	}
	if l.draft.text == 1 {
		n := l
		n.draft.text++
		if f != keepsApprovals {
			n.one, n.two, n.again = 0, 0, false
		}
		out["change the draft"] = n
	}
	n := l
	n.again, n.one = l.one != 0 && f == countsTwice, l.draft.text
	out["the head signs"] = n
	n = l
	n.two = l.draft.text
	out["the delegate signs"] = n
	ready := l.one != 0 && l.two != 0 || f == countsTwice && l.again || f == oneWillDo && l.one+l.two != 0
	if !ready || l.readOnly {
		return
	}
	signed := leaf{stance: l.draft.stance, one: l.one == l.draft.text, two: l.two == l.draft.text, text: l.draft.text, words: l.draft.words}
	if slices.Contains(l.disk[:l.onDisk], signed) {
		return // a node that has it back after a restore says nothing twice
	}
	n = l
	n.disk[l.onDisk] = signed
	n.onDisk++
	n.draft, n.one, n.two, n.again = leaf{}, 0, 0, false
	out["send"] = n
}

// store adds what disks, backups and the link do.
func (l life) store(f fault, out map[string]life) {
	if !l.readOnly && l.onDisk > 0 {
		out["the partner reads"] = l.publish()
	}
	if !l.restored {
		n := l
		n.backup, n.saved = l.disk, l.onDisk
		out["back up"] = n
		n = l
		n.disk, n.onDisk, n.readOnly, n.restored = l.backup, l.saved, true, true
		out["restore the backup"] = n
	}
	if l.readOnly {
		n := l
		n.readOnly = false
		if f != startsBlind && f != pullsNothing && l.atHeld > l.onDisk {
			n.disk, n.onDisk = l.held, l.atHeld
		}
		out["start"] = n
	}
}

func (l life) publish() life {
	for i := range l.onDisk {
		switch {
		case i >= l.atHeld:
			l.held[i], l.seen[i], l.atHeld = l.disk[i], l.tick, i+1
		case l.held[i] != l.disk[i] && l.rivalAt == 0:
			l.rival, l.rivalAt = l.disk[i], i+1
		}
	}
	return l
}

// exit is what the notes say of exit, in a few words of its own: a week's tick,
// two weeks of notice from being seen, revocable until then.
func (l life) exit(f fault) (ended bool) {
	effect := int8(-1)
	for i := range l.atHeld {
		late := effect >= 0 && l.seen[i] >= effect && f != neverFinal
		switch {
		case l.held[i].stance == 'w' && effect < 0:
			effect = l.seen[i] + 2
			if f == noNotice {
				effect = l.seen[i]
			}
		case l.held[i].stance == 'r' && effect >= 0 && !late && f != deafToReturn:
			effect = -1
		}
	}
	return effect >= 0 && effect <= l.tick
}

// partner folds what the partner has read.
type partner struct {
	base  *story
	act   statement.Ref
	known map[life]string
}

// wrong says what is wrong with a state, or nothing.
func (p *partner) wrong(l life, f fault) string {
	key := life{held: l.held, atHeld: l.atHeld, seen: l.seen, rival: l.rival, rivalAt: l.rivalAt, tick: l.tick}
	v, ok := p.known[key]
	if !ok {
		v = p.judge(l, f)
		p.known[key] = v
	}
	return v
}

func (p *partner) judge(l life, f fault) string {
	s := *p.base
	s.heads = maps.Clone(p.base.heads)
	s.w.Said, s.w.Moments = slices.Clip(p.base.w.Said), slices.Clip(p.base.w.Moments)
	for i := range l.atHeld {
		s.now = p.base.now + int64(l.seen[i])*7*day
		p.say(&s, l.held[i])
		s.cosign("south", "north")
	}
	if l.rivalAt > 0 {
		s.heads["south"] = p.base.heads["south"] + uint64(l.rivalAt) - 1
		p.say(&s, l.rival)
		s.heads["south"] = p.base.heads["south"] + uint64(l.atHeld)
	}
	s.now = p.base.now + int64(l.tick)*7*day
	r := s.record()
	i, _ := r.Instrument(p.act)
	if i.State == StateDisputed {
		return "an honest party's log contradicts itself"
	}
	for _, said := range r.On(p.act) {
		if label := r.Label(said); label != LabelNone {
			return "logged, and is not the party's position: " + string(label)
		}
	}
	if ended := l.exit(f); ended != (i.State == StateEnded) {
		return fmt.Sprintf("ended %v, and the fold says %s", ended, i.State)
	}
	return ""
}

// say logs a leaf at south. An approval of another text does not verify: it is
// none.
func (p *partner) say(s *story, l leaf) {
	var signed []string
	if l.one {
		signed = append(signed, "head")
	}
	if l.two {
		signed = append(signed, "delegate")
	}
	b := stance(RevokeWithdrawal)
	if l.stance == 'w' {
		b = stance(Withdraw)
		b.Effective = At(time.Unix(start, 0))
	}
	b.Text = Texts{"en": fmt.Sprintf("text %d for place %d", l.text, l.words)}
	s.sayBy(signed, "south", KindPosition, b, p.act)
}

// explore visits every state and returns how many there are, and the shortest way
// to one in which something is wrong.
func explore(p *partner, f fault, b bounds) (states int, way []string) {
	type from struct {
		state life
		did   string
	}
	first := life{}
	came := map[life]from{first: {}}
	for queue := []life{first}; len(queue) > 0; queue = queue[1:] {
		l := queue[0]
		if bad := p.wrong(l, f); bad != "" {
			way = []string{bad}
			for l != first {
				way = append(way, came[l].did)
				l = came[l].state
			}
			slices.Reverse(way)
			return len(came), way
		}
		next := l.next(f, b)
		for _, did := range slices.Sorted(maps.Keys(next)) {
			if n := next[did]; came[n] == (from{}) && n != first {
				came[n] = from{l, did}
				queue = append(queue, n)
			}
		}
	}
	return len(came), nil
}

// TestLife: signing, exit and restore in every order; each planted fault is found.
func TestLife(t *testing.T) {
	base := newStory(t)
	group := base.clause()
	group.For, group.Clauses = ForGroup, []Clause{}
	act := base.inForce(group)
	b := bounds{2, 3}
	if os.Getenv("ENTENTE_MODEL") == "deep" {
		b = bounds{maxLeaves, 5}
	}
	for _, f := range []fault{noFault, keepsApprovals, countsTwice, oneWillDo, startsBlind, pullsNothing, deafToReturn, noNotice, neverFinal, sendsAgain} {
		states, way := explore(&partner{base: base, act: act, known: map[life]string{}}, f, b)
		switch {
		case f == noFault && way != nil:
			t.Errorf("wrong: %s", strings.Join(way, ", "))
		case f == noFault:
			t.Logf("%d states, nothing is wrong", states)
		case way == nil:
			t.Errorf("%s: not found in %d states", f, states)
		default:
			t.Logf("%s: found after %d states: %s", f, states, strings.Join(way, ", "))
		}
	}
}
