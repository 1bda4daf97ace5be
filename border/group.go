package border

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"entente/statement"
)

// KindGroup is the kind by which a party says who is in one of its groups. The
// newest one in its log counts, from the moment that it stands there.
const KindGroup statement.Kind = "group/v1"

// GroupBody is the body of group/v1: the whole group, never a change to it.
type GroupBody struct {
	Name    string   `json:"name"`    // among the groups of its owner's log
	Epoch   uint64   `json:"epoch"`   // from 1, rising with each change
	Members []string `json:"members"` // party ids, sorted; the owner belongs to it anyway and is not listed
	Reason  string   `json:"reason"`
}

const maxMembers, maxGroupName, maxGroupReason = 200, 31, 1000

// maxEpoch keeps an epoch an integer that every reader of JSON holds exactly.
const maxEpoch = 1 << 53

// CheckGroup checks the body of a group.
func CheckGroup(body []byte) error {
	_, err := ParseGroup(body)
	return err
}

// ParseGroup decodes and checks the body of a group.
func ParseGroup(body []byte) (GroupBody, error) {
	var g GroupBody
	if err := statement.Decode(body, statement.MaxAct, &g); err != nil {
		return GroupBody{}, err
	}
	if again, err := json.Marshal(g); err != nil || !bytes.Equal(again, body) {
		return GroupBody{}, statement.Refuse(statement.CodeField, "not the one spelling of this body")
	}
	if !ValidGroupName(g.Name) {
		return GroupBody{}, statement.Refuse(statement.CodeField, "a group is named by [a-z][a-z0-9-]{0,30}")
	}
	if g.Epoch == 0 || g.Epoch > maxEpoch {
		return GroupBody{}, statement.Refuse(statement.CodeField, "epochs begin with 1")
	}
	if g.Members == nil || len(g.Members) > maxMembers || !slices.IsSorted(g.Members) || len(slices.Compact(slices.Clone(g.Members))) != len(g.Members) {
		return GroupBody{}, statement.Refuse(statement.CodeRecipient, "members are sorted, named once, and at most %d", maxMembers)
	}
	if g.Reason == "" || len(g.Reason) > maxGroupReason {
		return GroupBody{}, statement.Refuse(statement.CodeField, "a reason of 1 to %d bytes", maxGroupReason)
	}
	return g, nil
}

// ValidGroupName reports whether s could name a group.
func ValidGroupName(s string) bool {
	if s == "" || len(s) > maxGroupName || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// Epoch is one state of a group: the statement that says it, and what that says.
type Epoch struct {
	Owner   string        `json:"owner"` // party id
	Name    string        `json:"name"`
	Epoch   uint64        `json:"epoch"`
	Said    statement.Ref `json:"said"` // the group/v1 statement
	Members []string      `json:"-"`    // without the owner
}

// Others returns the members that are among parties, the owner too.
func (e Epoch) Others(parties []string) []string {
	var to []string
	for _, id := range append([]string{e.Owner}, e.Members...) {
		if slices.Contains(parties, id) && !slices.Contains(to, id) {
			to = append(to, id)
		}
	}
	return to
}

// Has reports whether a party is in the group.
func (e Epoch) Has(party string) bool { return party == e.Owner || slices.Contains(e.Members, party) }

// Groups is what the logs say of groups: each group's epochs, in order.
type Groups struct{ epochs map[string][]Epoch }

func groupKey(owner, name string) string { return owner + "/" + name }

// Apply takes in a group statement of its owner, in the order of its log. An
// epoch that is not above the last one is refused with E_GROUP: who could go
// back to an older one could let a removed member in again unseen. There may
// be gaps: a reader is not told of the epochs in which it was not a member.
func (g *Groups) Apply(owner string, said statement.Ref, b GroupBody) error {
	key := groupKey(owner, b.Name)
	past := g.epochs[key]
	if n := len(past); n > 0 {
		if last := past[n-1]; b.Epoch <= last.Epoch {
			return statement.Refuse(statement.CodeGroup, "epoch %d of %s after epoch %d", b.Epoch, b.Name, last.Epoch)
		} else if said.Index <= last.Said.Index {
			return statement.Refuse(statement.CodeSeq, "out of the order of its log")
		}
	}
	if g.epochs == nil {
		g.epochs = make(map[string][]Epoch)
	}
	g.epochs[key] = append(past, Epoch{Owner: owner, Name: b.Name, Epoch: b.Epoch, Said: said, Members: b.Members})
	return nil
}

// Newest returns a group as it is now.
func (g *Groups) Newest(owner, name string) (Epoch, bool) {
	past := g.epochs[groupKey(owner, name)]
	if len(past) == 0 {
		return Epoch{}, false
	}
	return past[len(past)-1], true
}

// At returns the epoch that was the newest before a leaf of its owner's log.
func (g *Groups) At(owner, name string, index uint64) (Epoch, bool) {
	for _, e := range slices.Backward(g.epochs[groupKey(owner, name)]) {
		if e.Said.Index < index {
			return e, true
		}
	}
	return Epoch{}, false
}

// Of returns the epoch that a statement said.
func (g *Groups) Of(said statement.Ref) (Epoch, bool) {
	for _, past := range g.epochs {
		for _, e := range past {
			if e.Said == said {
				return e, true
			}
		}
	}
	return Epoch{}, false
}

// All returns the newest epoch of each group, sorted by owner and name.
func (g *Groups) All() []Epoch {
	var all []Epoch
	for _, key := range slices.Sorted(maps.Keys(g.epochs)) {
		past := g.epochs[key]
		all = append(all, past[len(past)-1])
	}
	return all
}
