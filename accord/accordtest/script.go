// Package accordtest plays scripts: cases written down as who said what when, for tests of the accord and stories of whole nodes.
package accordtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"entente/accord"
	"entente/charter"
	"entente/statement"
)

// Script is one case from its first word to its last.
type Script struct {
	Name     string              `json:"name"`
	Case     string              `json:"case"`
	Parties  map[string]string   `json:"parties"`  // id to role of the charter
	Officers map[string][]string `json:"officers"` // by party; each may sign anything
	Entries  []Entry             `json:"entries"`  // in order of time
}

// Entry is one statement.
type Entry struct {
	ID    string          `json:"id"` // within the script
	At    accord.Instant  `json:"at"`
	Party string          `json:"party"`
	By    []string        `json:"by"` // officers
	Kind  statement.Kind  `json:"kind"`
	Refs  []string        `json:"refs"` // ids of earlier entries
	Body  json.RawMessage `json:"body"` // what is left out is empty
	Items []accord.Item   `json:"items"`
}

// Parse reads a script and checks every body.
func Parse(data []byte) (Script, error) {
	var s Script
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Script{}, fmt.Errorf("script: %w", err)
	}
	known := map[string]bool{}
	for i, e := range s.Entries {
		if _, _, err := e.Build(); err != nil {
			return Script{}, fmt.Errorf("script, entry %s: %w", e.ID, err)
		}
		for _, ref := range e.Refs {
			if !known[ref] {
				return Script{}, fmt.Errorf("script, entry %s: no earlier %q", e.ID, ref)
			}
		}
		if i > 0 && e.At < s.Entries[i-1].At || known[e.ID] {
			return Script{}, fmt.Errorf("script, entry %s: twice, or earlier than the one before", e.ID)
		}
		known[e.ID] = true
	}
	return s, nil
}

// Build returns the exact body of the statement and, of an account with items,
// its part 1. The salts follow from the entry's id: a script is no secret.
func (e Entry) Build() (body, part []byte, err error) {
	switch e.Kind {
	case accord.KindAccount:
		return e.account()
	case accord.KindPosition:
		b := accord.Position{Capacity: "official"}
		body, err = fill(e.Body, &b)
		return checked(body, err, accord.ParsePosition)
	case accord.KindNotice:
		b := accord.Notice{Level: accord.LevelRoutine, What: []string{}, SeenFrom: []string{}, Role: accord.RoleDuty}
		body, err = fill(e.Body, &b)
		return checked(body, err, accord.ParseNotice)
	}
	return nil, nil, fmt.Errorf("kind %s: scripts have none of it", e.Kind)
}

func (e Entry) account() (body, part []byte, err error) {
	b := accord.Account{Mode: "open", Capacity: "official", Names: []string{}, Items: []statement.Digest{}}
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return nil, nil, err
	}
	if b.Event.Present == nil {
		b.Event.Present = []string{}
	}
	items := []accord.SaltedItem{}
	for i, it := range e.Items {
		it.No = i + 1
		if it.Exhibits == nil {
			it.Exhibits = []string{}
		}
		salt := sha256.Sum256(fmt.Appendf(nil, "salt of %s, item %d", e.ID, it.No))
		s := accord.SaltedItem{Salt: hex.EncodeToString(salt[:]), Item: it}
		d, err := accord.ItemDigest(s)
		if err != nil {
			return nil, nil, err
		}
		items, b.Items = append(items, s), append(b.Items, d)
	}
	if part, err = json.Marshal(items); err != nil {
		return nil, nil, err
	}
	if body, err = json.Marshal(b); err != nil {
		return nil, nil, err
	}
	if _, err := accord.ParseAccount(body); err != nil {
		return nil, nil, err
	}
	_, err = accord.ParseItems(b, part)
	return body, part, err
}

func fill(given json.RawMessage, b any) ([]byte, error) {
	if err := json.Unmarshal(given, b); err != nil {
		return nil, err
	}
	return json.Marshal(b)
}

func checked[T any](body []byte, err error, parse func([]byte) (T, error)) ([]byte, []byte, error) {
	if err == nil {
		_, err = parse(body)
	}
	return body, nil, err
}

// Delay is how long after a statement the other nodes of a script cosign it.
const Delay = 60 * time.Second

// World is what every node knows when the script has been played: each entry a
// leaf of its party's log, cosigned by all others after Delay.
func (s Script) World() (accord.World, error) {
	w := accord.World{Charter: s.charter(), Sizes: map[string]uint64{}}
	refs := map[string]statement.Ref{}
	if len(s.Entries) == 0 {
		return w, nil
	}
	first := s.Entries[0].At.Time().Add(-time.Hour)
	for _, p := range w.Charter.Parties {
		raw, err := json.Marshal(s.staff(p.ID))
		if err != nil {
			return w, err
		}
		s.log(&w, p.ID, first, accord.Said{Act: statement.Act{Kind: accord.KindOfficers, Body: raw}})
	}
	for _, e := range s.Entries {
		body, part, err := e.Build()
		if err != nil {
			return w, err
		}
		said := accord.Said{Act: statement.Act{Kind: e.Kind, Body: body}}
		for _, id := range e.Refs {
			said.Act.Refs = append(said.Act.Refs, refs[id])
		}
		for _, id := range e.By {
			said.Approvals = append(said.Approvals, statement.Approval{Officer: id, Key: key(e.Party, id)})
		}
		if part != nil {
			said.Parts = map[int][]byte{1: part}
		}
		refs[e.ID] = s.log(&w, e.Party, e.At.Time(), said)
	}
	w.Now = s.Entries[len(s.Entries)-1].At.Time().Add(Delay)
	return w, nil
}

// log appends a statement, and the moments at which the others cosigned it.
func (s Script) log(w *accord.World, party string, at time.Time, said accord.Said) statement.Ref {
	p, _ := w.Charter.Party(party)
	index := w.Sizes[p.Origin]
	w.Sizes[p.Origin]++
	said.Ref = statement.Ref{Origin: p.Origin, Index: index, ID: statement.TaggedSum("script", []byte(s.Name), []byte(party), fmt.Append(nil, index), said.Act.Body)}
	said.Party, said.Claimed = party, at.UnixMilli()
	said.Act.Case, said.Act.Marking, said.Act.Recipients = s.Case, "TLP:CLEAR", []string{}
	if said.Act.Refs == nil {
		said.Act.Refs = []statement.Ref{}
	}
	for _, o := range w.Charter.Others(party) {
		said.Act.Recipients = append(said.Act.Recipients, o.ID)
		w.Moments = append(w.Moments, accord.Moment{Origin: p.Origin, Size: index + 1, Owner: at.Unix(), By: o.ID, At: at.Add(Delay).Unix()})
	}
	w.Said = append(w.Said, said)
	return said.Ref
}

func (s Script) charter() charter.Charter {
	c := charter.Charter{Name: s.Name, Epoch: 1, Scope: []string{}, CoolingOffSeconds: 24 * 3600}
	for id, role := range s.Parties {
		c.Parties = append(c.Parties, charter.Party{ID: id, Role: charter.Role(role), Name: id, Origin: "entente/" + id + "/00112233"})
	}
	slices.SortFunc(c.Parties, func(a, b charter.Party) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return c
}

func (s Script) staff(party string) accord.Officers {
	o := accord.Officers{Officers: []accord.Officer{}, Contacts: []accord.Contact{}}
	for _, id := range s.Officers[party] {
		o.Officers = append(o.Officers, accord.Officer{ID: id, Name: id, Roles: accord.Roles(), Keys: []accord.OfficerKey{{Form: "ed25519", Key: key(party, id)}}})
	}
	return o
}

func key(party, officer string) string {
	sum := sha256.Sum256([]byte(party + " " + officer))
	return base64.StdEncoding.EncodeToString(sum[:])
}
