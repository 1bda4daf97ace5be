package accord

import (
	"crypto/sha256"
	"slices"

	"entente/charter"
	"entente/statement"
)

// The states of an accusation. Silence leaves it alleged or acknowledged at any
// age; nothing expires.
const (
	AccAlleged       = "alleged"
	AccAcked         = "acked"    // the accused has seen it, which is no agreement with it
	AccAnswered      = "answered" // item by item
	AccEvidenceAsked = "evidence-asked"
	AccShown         = "shown"         // all evidence is open to both
	AccObserverOnly  = "observer-only" // some of it to an observer alone
	AccWithheld      = "withheld"      // some of it to nobody else
	AccFound         = "found"         // see Finding
	AccReopened      = "reopened"      // by an exhibit that came after the finding
	AccParked        = "parked"
	AccClosed        = "closed"
	AccClosedNone    = "closed-no-finding"
)

// The words of a finding.
const (
	FindingJoint    = "joint"    // both parties signed one result
	FindingSplit    = "split"    // both signed that they do not agree
	FindingObserver = "observer" // the accuser and an observer signed it, the accused did not
	FindingNone     = "none"
)

// The flags of an accusation.
const (
	FlagLateEvidence = "evidence-after-notice" // logged after the accused was told
	FlagNoEvidence   = "no-evidence"           // it names none
	FlagNotNotified  = "not-notified"          // no notice to the accused is in the record
)

// Accusation is one party's charge against another, from the first account that
// names it to the finding.
type Accusation struct {
	Case     string
	Opened   statement.Ref
	Accusers []string
	Accused  []string // parties of the charter; Names has everybody
	Names    []string
	State    string
	Since    int64
	Items    []Charge
	Evidence []Evidence
	Flags    []string
	Notified int64 // when the first notice to the accused was covered
	Acked    int64
	Asked    Asked // requests to inspect evidence
	Finding  FoundView
	Findings []FoundView // every proposal of one, in order
	Owner    []string    // whose step is next
	Due      int64       // Unix seconds, 0 for none
}

// Charge is one numbered item of an accusation and where it stands with each of
// the accused: alleged, acked, agree (admitted), differ, deny, no-comment or
// cannot-say. The denial of one leaves the others as they were.
type Charge struct {
	ItemView
	States map[string]string // by accused party
}

// Evidence is one exhibit that an accusation names.
type Evidence struct {
	ID       string
	Ref      statement.Ref // zero if the record does not have it
	Party    string
	State    string // shown, observer-only, withheld, sealed, mismatch (opened, and not what was committed to), missing
	Observer string
	Reason   string
	Later    Instant
	At       int64
	Late     bool     // logged after the accused was told
	SeenBy   []string // observers who say that they have seen it: that, never what
}

// FoundView is one proposal of a finding.
type FoundView struct {
	Ref    statement.Ref
	Word   string // none unless its instrument is in force and enough signed
	Result string
	State  State
	Since  int64
	Views  []View
	Short  bool // it does not need whom a finding in this case needs
}

// Accusation returns the charge of a case; false if no account of it names
// anybody.
func (r *Record) Accusation(caseID string) (Accusation, bool) {
	a := Accusation{Case: caseID, Finding: FoundView{Word: FindingNone}}
	g := r.gather(caseID)
	r.charges(g, caseID, &a)
	if a.Opened == (statement.Ref{}) {
		return a, false
	}
	r.notified(caseID, &a)
	r.evidence(caseID, &a)
	r.findings(caseID, &a)
	for i := range a.Items {
		a.Items[i].settle(&a)
	}
	r.place(caseID, &a)
	return a, true
}

// charges collects the items of the accounts that name somebody.
func (r *Record) charges(g *gathered, caseID string, a *Accusation) {
	accounts := map[statement.Ref]bool{}
	for _, s := range r.evenly(caseID) {
		b, ok := Body[Account](r, s.Ref)
		if !ok || len(b.Names) == 0 || r.Label(s) != LabelNone {
			continue
		}
		if _, covered := r.Covered(s.Ref); !covered {
			continue
		}
		if a.Opened == (statement.Ref{}) {
			a.Opened = s.Ref
			a.Since, _ = r.Covered(s.Ref)
		}
		accounts[s.Ref] = true
		a.Accusers, a.Names = append(a.Accusers, s.Party), append(a.Names, b.Names...)
	}
	a.Accusers, a.Names = once(a.Accusers), once(a.Names)
	for _, n := range a.Names {
		if p, ok := r.charter.Party(n); ok && p.Role == charter.RoleParty {
			a.Accused = append(a.Accused, n)
		}
	}
	for _, v := range g.items {
		if accounts[v.Account] && v.Label == LabelNone {
			a.Items = append(a.Items, Charge{ItemView: *v, States: map[string]string{}})
		}
	}
}

func once(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// notified finds the notices to the accused about the charge, their
// acknowledgement, and the requests to inspect the evidence.
func (r *Record) notified(caseID string, a *Accusation) {
	for _, s := range r.evenly(caseID) {
		n, ok := Body[Notice](r, s.Ref)
		at, covered := r.Covered(s.Ref)
		if !ok || !covered || r.Label(s) != LabelNone {
			continue
		}
		if n.Ask == "inspect" && slices.Contains(a.Accused, s.Party) {
			if a.Asked.Times++; a.Asked.Since == 0 {
				a.Asked.Since = at
			}
		}
		if !slices.Contains(a.Accusers, s.Party) || !slices.ContainsFunc(n.To, func(to string) bool { return slices.Contains(a.Accused, to) && to != s.Party }) {
			continue
		}
		if a.Notified == 0 || at < a.Notified {
			a.Notified = at
		}
		for _, o := range r.On(s.Ref) {
			p, ok := Body[Position](r, o.Ref)
			at, covered := r.Covered(o.Ref)
			if ok && covered && slices.Contains(a.Accused, o.Party) && slices.Contains(StancesOn(OnNotice), p.Stance) && r.Label(o) == LabelNone && (a.Acked == 0 || at < a.Acked) {
				a.Acked = at
			}
		}
	}
	if a.Notified == 0 {
		a.Flags = append(a.Flags, FlagNotNotified)
	}
}

// evidence finds the exhibits that the items name, and whether their digests
// stood in a log before the accused was told.
func (r *Record) evidence(caseID string, a *Accusation) {
	var ids []string
	for _, it := range a.Items {
		ids = append(ids, it.Item.Exhibits...)
	}
	ids = once(ids)
	found := r.exhibits(caseID, ids)
	for _, id := range ids {
		e := Evidence{ID: id, State: "missing"}
		if s, ok := found[id]; ok {
			e = r.evidenceOf(id, s)
			e.Late = a.Notified != 0 && (e.At == 0 || e.At > a.Notified)
		}
		if e.Late && !slices.Contains(a.Flags, FlagLateEvidence) {
			a.Flags = append(a.Flags, FlagLateEvidence)
		}
		a.Evidence = append(a.Evidence, e)
	}
	if len(ids) == 0 {
		a.Flags = append(a.Flags, FlagNoEvidence)
	}
	slices.Sort(a.Flags)
}

// exhibits finds exhibits by their ids: those of the case, else wherever they
// stand, since one exhibit may serve several cases.
func (r *Record) exhibits(caseID string, ids []string) map[string]Said {
	found := map[string]Said{}
	for _, id := range ids {
		places := r.exhibit[id]
		if len(places) == 0 {
			continue
		}
		at := slices.IndexFunc(places, func(p int32) bool { return r.said[p].Act.Case == caseID })
		found[id] = *r.said[places[max(at, 0)]].Said
	}
	return found
}

// findExhibits sorts the exhibits by their ids.
func (r *Record) findExhibits() {
	r.exhibit = map[string][]int32{}
	for i := range r.said {
		if s := r.said[i].Said; s.Act.Kind == KindExhibit {
			r.exhibit[s.Ref.ID.String()] = append(r.exhibit[s.Ref.ID.String()], int32(i))
		}
	}
}

func (r *Record) evidenceOf(id string, s Said) Evidence {
	b, ok := Body[Exhibit](r, s.Ref)
	e := Evidence{ID: id, Ref: s.Ref, Party: s.Party, State: b.Held, Observer: b.Observer, Reason: b.Reason, Later: b.Later}
	e.At, _ = r.Covered(s.Ref)
	if !ok {
		e.State = "missing"
		return e
	}
	opened, _, _ := r.opened(s, b.Observer)
	content := s.Parts[1]
	if b.Held == "shared" || opened != SealClosed {
		e.State = "shown"
		if b.Held == "shared" && content == nil && len(s.Digests) == 1 {
			e.State = "missing" // said to be shared, and the statement has no part that holds it
		}
		if content != nil && (int64(len(content)) != b.Size || sha256.Sum256(content) != b.SHA256) {
			e.State = "mismatch"
		}
	}
	for _, o := range r.On(s.Ref) {
		p, ok := Body[Position](r, o.Ref)
		by, known := r.charter.Party(o.Party)
		if _, covered := r.Covered(o.Ref); ok && covered && known && by.Role == charter.RoleObserver && p.Stance == Ack && r.Label(o) == LabelNone {
			e.SeenBy = append(e.SeenBy, o.Party)
		}
	}
	e.SeenBy = once(e.SeenBy)
	return e
}

// Unseen says on how many of the charge's items, and of how many, a reader must
// take somebody's word: they rest on evidence that it cannot see.
func (a Accusation) Unseen(reader string) (n, of int) {
	hidden := map[string]bool{}
	for _, e := range a.Evidence {
		open := e.State == "shown" || e.Party == reader || e.State == "observer-only" && e.Observer == reader
		hidden[e.ID] = !open
	}
	for _, it := range a.Items {
		if slices.ContainsFunc(it.Item.Exhibits, func(id string) bool { return hidden[id] }) {
			n++
		}
	}
	return n, len(a.Items)
}
