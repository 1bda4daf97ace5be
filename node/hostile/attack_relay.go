package hostile

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"regexp"

	"entente/exchange/stix"
	"entente/record"
	"entente/statement"
)

// mirror holds the victim's log and, when the victim has lost it or is gone,
// gives it on with every sealed part changed.
func mirror(ctx context.Context, s *Stand) error {
	return s.relays(ctx, "will not give one part back as it was", func(a *Altered) {
		a.Parts = func(_ uint64, parts [][]byte) [][]byte {
			for _, p := range parts {
				Flip(p, -1)
			}
			return parts
		}
	})
}

// redate gives the victim's log on with one digit of every claimed time changed.
func redate(ctx context.Context, s *Stand) error {
	return s.relays(ctx, "gives every leaf on a little later", func(a *Altered) {
		a.Leaves = func(_ uint64, data []byte) []byte { return Redate(data) }
	})
}

// Redate changes the last digit of the claimed time in every envelope of data.
func Redate(data []byte) []byte { return payload.ReplaceAllFunc(data, later) }

var (
	payload = regexp.MustCompile(`"payload":"[A-Za-z0-9+/=]+"`)
	claimed = regexp.MustCompile(`"time":\d+`)
)

// later changes the last digit of the time in an envelope's payload.
func later(field []byte) []byte {
	const before = len(`"payload":"`)
	text, err := base64.StdEncoding.DecodeString(string(field[before : len(field)-1]))
	if at := claimed.FindIndex(text); err == nil && at != nil {
		Flip(text, at[1]-1)
	}
	return []byte(`"payload":"` + base64.StdEncoding.EncodeToString(text) + `"`)
}

// remark gives the victim's log on with another marking in every act that this
// party can read, sealed anew to everybody under the old salt.
func remark(ctx context.Context, s *Stand) error {
	return s.relays(ctx, "gives every act that it can read on as TLP:CLEAR", func(a *Altered) {
		b := a.Log.(*Branch)
		a.Parts = func(i uint64, parts [][]byte) [][]byte {
			if again, err := s.remarked(b.Leaf(i), parts[0]); err == nil {
				parts[0] = again
			}
			return parts
		}
	})
}

var marked = regexp.MustCompile(`"marking":"TLP:(AMBER|GREEN)"`)

func (s *Stand) remarked(leaf, act []byte) ([]byte, error) {
	e, err := statement.ParseEnvelope(leaf)
	if err != nil {
		return nil, err
	}
	l, err := e.Leaf()
	if err != nil {
		return nil, err
	}
	part, err := record.OpenPart(act, l.Parts[0], s.Keys.Parts)
	if err != nil {
		return nil, err
	}
	part.Plaintext = marked.ReplaceAll(bytes.Clone(part.Plaintext), []byte(`"marking":"TLP:CLEAR"`))
	var to []string
	for _, m := range s.Roster.Others(s.Self.ID) {
		to = append(to, m.ID)
	}
	people, err := s.recipients(to)
	if err != nil {
		return nil, err
	}
	return part.Seal(people...)
}

// relays copies the victim's log and serves it, changed, until it is stopped.
func (s *Stand) relays(ctx context.Context, how string, alter func(*Altered)) error {
	m, _ := s.Roster.Member(s.Victim)
	b := newBranch(m.Origin)
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	note, err := s.copyLog(ctx, b)
	if err != nil {
		return err
	}
	b.setNote(note)
	a := Altered{Log: b}
	alter(&a)
	s.Face.Mirror(m.Origin, a)
	s.say("holds %d leaves of %s and %s", b.Size(), s.Victim, how)
	if _, err := s.Say(s.Main, seal("ready")); err != nil {
		return err
	}
	if err := s.show(s.Main); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// Tell is the attack of whoever says objects without asking whether it may: the
// victim and the other party get them as they are, and the victim's verdict is
// printed.
func Tell(what, media, marking string, objects ...[]byte) Attack {
	return Attack{Name: "tell", Run: func(ctx context.Context, s *Stand) error {
		if len(objects) == 0 {
			return errors.New("nothing to tell")
		}
		index, err := s.Say(s.Main, Words{
			Kind: stix.KindObjects, Marking: marking, Parts: [][]byte{stix.JoinEnvelope(objects)},
			Body: stix.ObjectsBody{Name: what, Basis: "told", Media: media, Count: len(objects), Sheet: 1, Sheets: 1},
		})
		if err != nil {
			return err
		}
		if err := s.show(s.Main); err != nil {
			return err
		}
		return s.judged(ctx, what, index)
	}}
}
