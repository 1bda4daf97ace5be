package node

import (
	"crypto/sha256"
	"slices"
	"time"

	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/indicator"
)

// handsOn says that statements of a kind hold things to look for in part 1.
func handsOn(k statement.Kind) bool { return k == indicator.KindList || k == stix.KindObjects }

// projectObjects reads the objects of a statement, each for itself: one that is
// refused is kept by its number and reason and changes nothing for the others.
func projectObjects(e *sqlite.Entry, l statement.Leaf, open opener) error {
	b, err := stix.ParseObjectsBody(e.Statement.Body)
	if err != nil {
		return err
	}
	part, err := open(l, listPart)
	if err != nil {
		return err
	}
	raws, err := stix.SplitEnvelope(part.Plaintext)
	if err != nil {
		return err
	}
	if len(raws) != b.Count {
		return statement.Refuse(statement.CodeField, "%d objects, the act says %d", len(raws), b.Count)
	}
	good := make([][]byte, len(raws))
	for n, raw := range raws {
		o := objectOf(b.Media, raw, e.Statement.Marking)
		if o.N = n; o.Code == "" && asks(o) {
			good[n] = raw
		}
		e.Objects = append(e.Objects, o)
	}
	e.Items, e.ObjectOf = convert.Derive(b.Media, good)
	for _, n := range e.ObjectOf {
		e.Objects[n].Gated = true // an event too, if it asks to look for something
	}
	return nil
}

// asks says that an object may ask to look for something. An indicator does,
// also one that cannot be read: nobody has said that it may pass.
func asks(o sqlite.Object) bool { return o.Gated || o.Type == convert.TypeEvent }

// objectOf reads one object as the view keeps it; marking is its statement's.
func objectOf(media string, raw []byte, marking string) sqlite.Object {
	o, err := convert.ReadObject(media, raw)
	out := sqlite.Object{Media: media, Raw: raw, Hash: sha256.Sum256(raw), Level: levelOf(marking, o.Labels, o.Parts)}
	if err != nil {
		out.Code = statement.CodeField
		if r, ok := statement.AsRefusal(err); ok {
			out.Code = r.Code
		}
		return out
	}
	out.ID, out.Type, out.Version, out.VKey = o.ID, o.Type, o.Version, convert.VKey(o.Version)
	out.CreatedBy, out.Revoked, out.Gated = o.CreatedBy, o.Revoked, o.Type == "indicator"
	return out
}

// levelOf is the strictness of an object: of its statement's marking and its
// own, the stricter, and never laxer than a part of it. Where neither is marked
// it is the own side's alone, whatever a part says.
func levelOf(marking string, labels, parts []string) int {
	level := -1
	if marking != "" {
		level = border.Marking(marking).Level()
	}
	if marking == "" && len(labels) == 0 {
		return sqlite.MaxLevel
	}
	for _, text := range slices.Concat(labels, parts) {
		m, err := border.ParseMarking(text)
		if err != nil {
			return sqlite.MaxLevel
		}
		level = max(level, m.Level())
	}
	return level
}

// listed makes the objects as which tools see the items of a list.
func listed(s sqlite.Statement, items []indicator.Item) []sqlite.Object {
	version := time.UnixMilli(s.Time).UTC().Format("2006-01-02T15:04:05.000Z")
	objects := make([]sqlite.Object, len(items))
	for n := range items {
		objects[n] = sqlite.Object{
			N: n, ID: stix.IndicatorID(s.ID, n), Type: "indicator", Version: version, VKey: convert.VKey(version),
			Level: levelOf(s.Marking, nil, nil), Gated: true,
		}
	}
	return objects
}

// retracted checks that a retraction is about an earlier statement of its own
// log: nobody takes back what another said.
func (f fold) retracted(e sqlite.Entry) (sqlite.Entry, error) {
	s := e.Statement
	b, err := border.ParseRetraction(s.Body)
	if err == nil {
		err = f.retractable(s)
	}
	if err != nil {
		if _, ok := statement.AsRefusal(err); ok {
			return sqlite.Entry{Statement: refused(s, err)}, nil
		}
		return e, err
	}
	e.Retraction = &sqlite.Retraction{Of: s.Refs[0].Index}
	for _, r := range b.Ranges {
		e.Retraction.Runs = append(e.Retraction.Runs, [2]int{r.From, r.To})
	}
	return e, nil
}

func (f fold) retractable(s sqlite.Statement) error {
	if len(s.Refs) == 0 {
		return statement.Refuse(statement.CodeField, "a retraction names a statement")
	}
	of := s.Refs[0]
	if of.Origin != f.m.Origin {
		return statement.Refuse(statement.CodeParty, "only who said something takes it back")
	}
	if of.Index >= s.Index {
		return statement.Refuse(statement.CodeSeq, "a retraction of what was not said before")
	}
	if at, ok := refTo(f.log, f.m.Origin, of.Index); !ok || at.ID != of.ID {
		return statement.Refuse(statement.CodeDigest, "what is taken back is not what the reference names")
	}
	return nil
}
