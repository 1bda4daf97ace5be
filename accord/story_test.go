package accord

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"entente/charter"
	"entente/statement"
)

// story builds a world as nodes do: each statement is a leaf of its party's
// log, and each cosignature is recorded in the cosigner's log.
type story struct {
	t     testing.TB
	w     World
	now   int64 // Unix seconds
	heads map[string]uint64
	last  string            // case of the statements to come
	alias map[string]string // name of a party in ids, where two stories differ in names alone
}

// start is 2026-01-31 09:00 UTC, a Saturday.
var start = time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC).Unix()

const minute, hour, day = int64(60), int64(3600), int64(24 * 3600)

func originOf(party string) string { return "entente/" + party + "/00112233" }

// newStory begins a unit of north, south and observer, whose officers lists are
// logged and seen.
func newStory(t testing.TB) *story {
	c := storyCharter()
	s := &story{t: t, now: start, heads: map[string]uint64{}, last: fmt.Sprintf("%032x", 1), w: World{Charter: c}}
	for _, p := range c.Parties {
		s.say(p.ID, KindOfficers, staff(p.ID))
	}
	s.round()
	return s
}

// storyCharter is of two parties and an observer.
func storyCharter() charter.Charter {
	c := charter.Charter{Name: "unit", Epoch: 1, Scope: []string{"intrusion", "propaganda"}, CoolingOffSeconds: day}
	for _, id := range []string{"north", "observer", "south"} {
		role := charter.RoleParty
		if id == "observer" {
			role = charter.RoleObserver
		}
		c.Parties = append(c.Parties, charter.Party{ID: id, Role: role, Name: id, Origin: originOf(id)})
	}
	return c
}

// everyone are the officers that staff lists; two of them may do anything.
var everyone = []string{"head", "delegate", "duty", "approver", "analyst"}

func staff(party string) Officers {
	o := Officers{Contacts: []Contact{}}
	for _, id := range everyone {
		o.Officers = append(o.Officers, Officer{ID: id, Name: id, Roles: []string{id}, Keys: []OfficerKey{{Form: "ed25519", Key: officerKey(party, id)}}})
	}
	return o
}

func officerKey(party, officer string) string {
	sum := sha256.Sum256([]byte(party + " " + officer))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// say logs a statement that all officers of the party signed.
func (s *story) say(party string, kind statement.Kind, body any, refs ...statement.Ref) statement.Ref {
	return s.sayBy(everyone, party, kind, body, refs...)
}

func (s *story) sayBy(officers []string, party string, kind statement.Kind, body any, refs ...statement.Ref) statement.Ref {
	s.t.Helper()
	raw, ok := body.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			s.t.Fatal(err)
		}
	}
	index := s.heads[party]
	s.heads[party]++
	ref := statement.Ref{Origin: originOf(party), Index: index, ID: s.id(party, index, raw)}
	if refs == nil {
		refs = []statement.Ref{}
	}
	said := Said{Ref: ref, Party: party, Claimed: s.now * 1000, Act: statement.Act{Kind: kind, Case: s.last, Refs: refs, Marking: "TLP:AMBER", Recipients: []string{}, Body: raw}}
	for _, id := range officers {
		said.Approvals = append(said.Approvals, statement.Approval{Officer: id, Key: officerKey(party, id)})
	}
	s.w.Said = append(s.w.Said, said)
	return ref
}

func (s *story) id(party string, index uint64, raw []byte) statement.Digest {
	if name, ok := s.alias[party]; ok {
		return statement.TaggedSum("story", []byte(name), fmt.Append(nil, index))
	}
	return statement.TaggedSum("story", []byte(party), fmt.Append(nil, index), raw)
}

// cosign lets a node cosign another's newest checkpoint now and log that.
func (s *story) cosign(owner, by string) {
	size := s.heads[owner]
	s.heads[by]++
	s.w.Moments = append(s.w.Moments, Moment{Origin: originOf(owner), Size: size, Owner: s.now, By: by, At: s.now, Logged: s.heads[by]})
}

// round lets everyone cosign everyone's newest checkpoint, twice: so that also
// what was logged in the first round is seen.
func (s *story) round() {
	for range 2 {
		for _, p := range s.w.Charter.Parties {
			for _, q := range s.w.Charter.Others(p.ID) {
				s.cosign(p.ID, q.ID)
			}
		}
	}
}

// pass lets time pass, and then everyone see everyone.
func (s *story) pass(seconds int64) {
	s.now += seconds
	s.round()
}

// world is what a node with everything knows now.
func (s *story) world() World {
	w := s.w
	w.Now = time.Unix(s.now, 0).UTC()
	w.Sizes = map[string]uint64{}
	for id, n := range s.heads {
		w.Sizes[originOf(id)] = n
	}
	return w
}

func (s *story) record() *Record { return NewRecord(s.world()) }

// in is an instant so many seconds from now.
func (s *story) in(seconds int64) Instant { return At(time.Unix(s.now+seconds, 0)) }

// clause is a proposal of one clause that north and south need.
func (s *story) clause() Proposal {
	p := samples()[KindProposal].(Proposal)
	p.DecideBy = s.in(72 * hour)
	p.CoolingOff = 0
	return p
}

func stance(s Stance) Position { return Position{Stance: s, Capacity: "official"} }
