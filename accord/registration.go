package accord

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"entente/statement"
)

// Registration is what a depositary asks of an instrument that is to be registered,
// beside its texts: who consented when, when and how it entered into force, and
// everything that was said of it since, reservations among it. Times are RFC 3339,
// empty where nothing happened or it is not certain yet.
type Registration struct {
	Unit      string           `json:"unit"`
	Charter   statement.Digest `json:"charter"`
	Text      statement.Ref    `json:"text"`
	Author    string           `json:"author"`
	For       ProposalKind     `json:"for"`
	Title     Texts            `json:"title"`
	Authentic []string         `json:"authentic"` // languages of equal force
	Marking   string           `json:"marking"`
	State     State            `json:"state"`
	Agreed    Instant          `json:"agreed"` // when the last consent was recorded
	InForce   Instant          `json:"in_force"`
	Method    string           `json:"method"`
	Ends      Instant          `json:"ends"`
	Parties   []Ratified       `json:"parties"`
	Said      []SaidOf         `json:"said"` // the rest, in order of the record
	Paper     Paper            `json:"-"`
}

// Ratified is one party's consent that counts.
type Ratified struct {
	Party    string        `json:"party"`
	Consent  statement.Ref `json:"consent"`
	Seen     Instant       `json:"seen"` // when another node first saw it
	Officers []string      `json:"officers"`
	Words    Texts         `json:"words"` // in the party's own words; null for none
}

// SaidOf is one thing that was said of the instrument or of a clause of it.
type SaidOf struct {
	What  string        `json:"what"` // a stance, "reservation", or of another text: "supersedes", "ends"
	Part  string        `json:"part"`
	Party string        `json:"party"`
	Ref   statement.Ref `json:"ref"`
	Seen  Instant       `json:"seen"`
	Words Texts         `json:"words"`
}

const registered = "consent of every party to the same bytes, not revoked in the cooling-off; each party was heard of afterwards"

// Registration is of an instrument that is or was in force, and whose text can be
// read here.
func (r *Record) Registration(ref statement.Ref) (Registration, error) {
	i, ok := r.Instrument(ref)
	if !ok || i.Confirmed == 0 || i.State != StateInForce && i.State != StateEnded {
		return Registration{}, statement.Refuse(statement.CodeState, "what is or was in force is registered, not what is %s", cmp.Or(i.State, "unknown"))
	}
	p, s := bodyOf[Proposal](r, r.find(ref)), r.said[r.find(ref)]
	paper, err := OpenPaper(*p, s.Parts[ContentPart])
	if err != nil {
		return Registration{}, err
	}
	out := Registration{
		Unit: r.charter.Name, Charter: r.charter.Digest(), Text: ref, Author: i.Author, For: i.For, Title: p.Title, Authentic: p.Authentic, Marking: s.Act.Marking,
		State: i.State, InForce: instant(i.Effective), Ends: instant(i.EndsAt), Method: registered, Parties: []Ratified{}, Said: []SaidOf{}, Paper: paper,
	}
	if i.Completed.NotBefore == i.Completed.NotAfter {
		out.Agreed = instant(i.Completed.NotAfter)
	}
	for _, q := range r.on.of(r.find(ref)) {
		e := &r.said[q]
		if e.at == never || r.Label(*e.Said) != LabelNone {
			continue
		}
		if b, ok := e.body.(*Position); ok && slices.Contains(i.Consents, e.Ref) {
			out.Parties = append(out.Parties, Ratified{e.party, e.Ref, instant(e.at), e.officers(), b.Text})
		} else if one, ok := saidOf(e); ok {
			out.Said = append(out.Said, one)
		}
	}
	return out, nil
}

func saidOf(e *entry) (SaidOf, bool) {
	out := SaidOf{Party: e.party, Ref: e.Ref, Seen: instant(e.at)}
	switch b := e.body.(type) {
	case *Position:
		out.What, out.Part, out.Words = string(b.Stance), b.Part, b.Text
		if b.Reservation != nil {
			out.What, out.Words = "reservation", b.Reservation
		}
	case *Proposal:
		out.Words = b.Title
		switch {
		case b.Supersedes:
			out.What = "supersedes"
		case b.Ends:
			out.What = "ends"
		}
	}
	return out, out.What != ""
}

func (e *entry) officers() []string {
	out := []string{}
	for _, a := range e.Approvals {
		out = append(out, a.Officer)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func instant(at int64) Instant {
	if at == 0 || at == never {
		return ""
	}
	return At(time.Unix(at, 0))
}

// Statements are what the registration rests on: the text, every consent, and the rest.
func (g Registration) Statements() []statement.Ref {
	out := []statement.Ref{g.Text}
	for _, p := range g.Parties {
		out = append(out, p.Consent)
	}
	for _, s := range g.Said {
		out = append(out, s.Ref)
	}
	return out
}

// Files are the registration as files: the facts, and each authentic text.
func (g Registration) Files() (map[string][]byte, error) {
	facts, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{"registration.json": append(facts, '\n')}
	for _, lang := range g.Authentic {
		text := "# " + g.Title[lang] + "\n\n" + g.Paper.Text[lang] + "\n"
		for _, c := range g.Paper.Clauses {
			text += "\n" + PartName("clause", c.No) + "\n\n" + c.Text[lang] + "\n"
		}
		out["text."+lang+".md"] = []byte(text)
	}
	return out, nil
}
