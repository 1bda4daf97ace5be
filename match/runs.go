package match

import (
	"bytes"
	"encoding/json"
	"slices"

	"entente/statement"
)

// Said is one statement about runs, as it stands in a log.
type Said struct {
	Ref   statement.Ref
	Party string
	Refs  []statement.Ref
	Kind  statement.Kind
	Time  int64 // claimed, Unix milliseconds
	Body  json.RawMessage
	// Void says why an offer, a consent or a list that is opened is not its party's
	// position; empty if it is. Who may bind a party is the caller's question.
	Void string
}

// VoidRepeated is why an offer moves nothing that stands a second time in a log:
// who signed it signed one run.
const VoidRepeated = "repeated"

// VoidNoPower is why a statement moves nothing that lacks the officers whom its
// party's rules demand; the accord's word for it.
const VoidNoPower = "no-power"

// Voided is a statement that moves nothing, and why.
type Voided struct {
	Ref   statement.Ref
	Party string
	Why   string
}

// Standing is what the logs say of one run.
type Standing struct {
	Offer   statement.Ref
	From    string
	Terms   Offer
	Offered int64
	Consent *statement.Ref
	// Consented is when, as its author claims: Unix milliseconds.
	Consented int64
	// Proposed is the manifest that the consent holds.
	Proposed *Manifest
	Agreed   *Agreed        // once both sides have signed
	Begun    *statement.Ref // the step that holds the second signature
	BegunAt  int64          // claimed, Unix milliseconds
	// Steps are the logged messages of each side, in the order of the manifest.
	Steps [2]map[Kind]Logged
	// Void is why the offer is no position of its party: the run is none. Voided
	// are consents to it that are none of theirs.
	Void string
	// Release is the observer's word on the release of the named lists, if the run
	// goes through it; nil if it has said none.
	Release *ReleaseBody
	Voided  []Voided

	consent json.RawMessage
}

// Logged is a message in a log.
type Logged struct {
	Ref  statement.Ref
	Time int64 // claimed, Unix milliseconds
	Raw  []byte
}

func (s *Standing) has(side int, k Kind) bool { _, ok := s.Steps[side][k]; return ok }

// Runs folds what the logs say into runs, in the order of their offers. It does
// not matter in which order statements of different logs come; those of one
// log come in the log's. What does not fit (a consent that is not the offer's, a
// second one, a step of a stranger) moves nothing.
func Runs(said []Said) []*Standing {
	f := fold{offers: map[statement.Ref]*Standing{}, consents: map[statement.Ref]*Standing{}, keys: map[string]bool{}}
	for _, k := range []statement.Kind{OfferKind, ConsentKind, StepKind} {
		for i := range said {
			if said[i].Kind == k {
				f.take(&said[i])
			}
		}
	}
	// Steps that begin a run stand in another log than those of the other side.
	for i := range said {
		switch said[i].Kind {
		case StepKind:
			f.message(&said[i])
		case ReleaseKind:
			f.release(&said[i])
		}
	}
	var list []*Standing
	for _, s := range f.offers {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Standing) int {
		if a.Offered != b.Offered {
			return int(max(-1, min(1, a.Offered-b.Offered)))
		}
		return bytes.Compare(a.Offer.ID[:], b.Offer.ID[:])
	})
	return list
}

type fold struct {
	offers, consents map[statement.Ref]*Standing
	keys             map[string]bool // of offers: party and key of the run
}

func (f *fold) take(s *Said) {
	switch s.Kind {
	case OfferKind:
		o, err := ParseOffer(s.Body)
		if err == nil && CheckOffer(s.Body) == nil && o.Side.Party == s.Party {
			f.offers[s.Ref] = &Standing{Offer: s.Ref, From: s.Party, Terms: *o, Offered: s.Time, Steps: [2]map[Kind]Logged{{}, {}}, Void: f.void(s, o)}
		}
	case ConsentKind:
		m, _, err := ParseConsent(s.Body)
		if err != nil || len(s.Refs) == 0 {
			return
		}
		run := f.offers[s.Refs[0]]
		if run == nil || run.Void != "" || run.Consent != nil || run.Terms.To != s.Party || !run.Terms.fits(m, s.Party) {
			return
		}
		if s.Void != "" {
			run.Voided = append(run.Voided, Voided{s.Ref, s.Party, s.Void})
			return
		}
		ref := s.Ref
		run.Consent, run.Consented, run.Proposed, run.consent = &ref, s.Time, m, s.Body
		f.consents[ref] = run
	case StepKind:
		f.begin(s)
	}
}

// void says why an offer is none. A key is of one run: the same offer once more,
// with the signatures that it bore, was signed by nobody.
func (f *fold) void(s *Said, o *Offer) string {
	key := s.Party + " " + o.Side.Key
	switch {
	case s.Void != "":
		return s.Void
	case f.keys[key]:
		return VoidRepeated
	}
	f.keys[key] = true
	return ""
}

// fits reports whether a manifest is the offer with the other side filled in.
func (o *Offer) fits(m *Manifest, other string) bool {
	i := m.Side(other)
	if i < 0 {
		return false
	}
	want := o.Manifest(m.Sides[i])
	a, err := want.Marshal()
	if err != nil {
		return false
	}
	b, err := m.Marshal()
	return err == nil && bytes.Equal(a, b)
}

// begin takes the step that holds the offering side's signature.
func (f *fold) begin(s *Said) {
	step, raw, err := ParseStep(s.Body)
	if err != nil || raw != nil || len(s.Refs) == 0 {
		return
	}
	run := f.consents[s.Refs[0]]
	if run == nil || run.Begun != nil || run.From != s.Party {
		return
	}
	a, err := run.agree(step.Signature)
	if err != nil {
		return
	}
	ref := s.Ref
	run.Agreed, run.Begun, run.BegunAt = a, &ref, s.Time
}

// agree puts both signatures under the manifest of the consent.
func (s *Standing) agree(offering string) (*Agreed, error) {
	first, err := parseSignature(offering)
	if err != nil {
		return nil, err
	}
	m, c, err := ParseConsent(s.consent)
	if err != nil {
		return nil, err
	}
	second, err := parseSignature(c.Signature)
	if err != nil {
		return nil, err
	}
	var sigs [2][64]byte
	own := m.Side(s.From)
	sigs[own], sigs[1-own] = first, second
	return NewAgreed([]byte(c.Manifest), sigs)
}

// message takes a logged message of a run that has begun. The first of each
// kind counts; whether another one contradicts it is the run's to judge.
func (f *fold) message(s *Said) {
	_, raw, err := ParseStep(s.Body)
	if err != nil || raw == nil || len(s.Refs) == 0 {
		return
	}
	run := f.consents[s.Refs[0]]
	if run == nil || run.Agreed == nil {
		return
	}
	m, err := ParseMessage(raw)
	if err != nil || m.SID != run.Agreed.SID || run.Agreed.Manifest.Sides[m.Side].Party != s.Party {
		return
	}
	if _, twice := run.Steps[m.Side][m.ID.Kind]; !twice {
		run.Steps[m.Side][m.ID.Kind] = Logged{Ref: s.Ref, Time: s.Time, Raw: raw}
	}
}

// release takes the first word of the run's own observer.
func (f *fold) release(s *Said) {
	b, err := ParseRelease(s.Body)
	if err != nil || len(s.Refs) == 0 {
		return
	}
	run := f.consents[s.Refs[0]]
	if run == nil || run.Agreed == nil || run.Release != nil {
		return
	}
	m := &run.Agreed.Manifest
	if !m.byObserver() || m.Observer != s.Party || slices.ContainsFunc(b.Parties, func(p string) bool { return m.Side(p) < 0 }) {
		return
	}
	run.Release = &b
}

// ByObserver says that an agreed run's named lists go through an observer, and which.
func (s *Standing) ByObserver() (observer string, yes bool) {
	if s.Agreed == nil || !s.Agreed.Manifest.byObserver() {
		return "", false
	}
	return s.Agreed.Manifest.Observer, true
}

// Refs of a step: the consent of its run.
func (s *Standing) Refs() []statement.Ref {
	if s.Consent == nil {
		return []statement.Ref{s.Offer}
	}
	return []statement.Ref{*s.Consent}
}
