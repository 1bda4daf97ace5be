package accord

import "entente/statement"

// Stance is one word of a closed list. What it may stand on: see stancesOn.
type Stance string

// The stances.
const (
	Consent          Stance = "consent" // on a proposal; firm until decide_by
	Refuse           Stance = "refuse"
	Undecided        Stance = "undecided"
	Discuss          Stance = "discuss"
	NotNow           Stance = "not-now"           // Until says when to ask again
	Revoke           Stance = "revoke"            // in cooling-off, without reason
	Suspend          Stance = "suspend"           // an instrument or clause, at once
	Resume           Stance = "resume"            //
	Withdraw         Stance = "withdraw"          // from an instrument, effective after notice
	RevokeWithdrawal Stance = "revoke-withdrawal" // before it takes effect
	Ack              Stance = "ack"               // a person saw a notice; not agreement with its content
	Accept           Stance = "accept"            // a request
	Decline          Stance = "decline"           //
	Done             Stance = "done"              //
	Agree            Stance = "agree"             // on an item, row or clause
	Differ           Stance = "differ"            //
	Deny             Stance = "deny"              //
	NoComment        Stance = "no-comment"        // is neither silence nor denial
	CannotSay        Stance = "cannot-say"        //
	Retract          Stance = "retract"           // on one's own statement
	Correct          Stance = "correct"           // refs[1] is the new one
	Reveal           Stance = "reveal"            // opens what was sealed
	Explain          Stance = "explain"           // answers a clarification or a breach claim
	Park             Stance = "park"              // a topic: stays listed with its age
	TextsDiffer      Stance = "texts-differ"      // two authentic languages of a clause say different things
	Vague            Stance = "vague"             // nothing in another's item can be checked: shown beside it
)

// Target says what a stance may stand on.
type Target string

// The targets.
const (
	OnProposal Target = "proposal"
	OnClause   Target = "clause"
	OnNotice   Target = "notice"
	OnItem     Target = "item" // of an account; also a judgement of an assessment
	OnExhibit  Target = "exhibit"
	OnOwn      Target = "own"
)

// StancesOn is the closed list of stances for each target.
func StancesOn(t Target) []Stance {
	switch t {
	case OnProposal:
		return []Stance{Consent, Refuse, Undecided, Discuss, NotNow, Revoke, Suspend, Resume, Withdraw, RevokeWithdrawal, Done, Park}
	case OnClause:
		return []Stance{Suspend, Resume, Agree, Differ, Explain, TextsDiffer}
	case OnNotice:
		// Agree and Differ are its author's, on what came of it.
		return []Stance{Ack, Accept, Decline, Done, Explain, NoComment, CannotSay, Park, Agree, Differ}
	case OnItem:
		return []Stance{Agree, Differ, Deny, NoComment, CannotSay, Explain, Vague}
	case OnExhibit: // an ack says that somebody has seen it, never what it shows
		return []Stance{Ack, Agree, Differ, Deny, NoComment, CannotSay, Explain}
	case OnOwn:
		return []Stance{Retract, Correct, Reveal, Park}
	}
	return nil
}

// Position is the body of position/v1: refs[0] names the statement, and refs[1],
// if Counter is set, the statement put against it.
type Position struct {
	Part         string    `json:"part"` // "", "clause/2", "item/3", "judgement/1", "commitment/2"
	Stance       Stance    `json:"stance"`
	Text         Texts     `json:"text"`          // the speaker's own words, never state; null for none
	Reason       string    `json:"reason"`        // of a decline: law, capacity, no-such-data, national-security, disputed, other; else empty
	Reservation  Texts     `json:"reservation"`   // consent with one is a counter-text, not consent; a request accepted with one is accepted in part; null for none
	AdReferendum bool      `json:"ad_referendum"` // consent that waits for confirmation at home; counts from the plain one on
	Counter      string    `json:"counter"`       // part of refs[1] that is put against Part, or empty
	Quantity     *Quantity `json:"quantity"`      // with differ: the other figure
	Effective    Instant   `json:"effective"`     // of a suspension or withdrawal
	Until        Instant   `json:"until"`         // of a suspension; of not-now the day to ask again
	Capacity     string    `json:"capacity"`      // official, personal, reported; only official moves a state
}

var allStances = []Stance{Consent, Refuse, Undecided, Discuss, NotNow, Revoke, Suspend, Resume, Withdraw, RevokeWithdrawal, Ack, Accept, Decline, Done, Agree, Differ, Deny, NoComment, CannotSay, Retract, Correct, Reveal, Explain, Park, TextsDiffer, Vague}

// ParsePosition decodes and checks the body of a position. Whether the stance
// fits what it stands on is judged where the target is known.
func ParsePosition(body []byte) (Position, error) {
	return parse(body, statement.MaxAct, checkPosition)
}

func checkPosition(p Position) error {
	if p.Reservation != nil && p.Stance != Consent && p.Stance != Accept {
		return refuse("a reservation stands with a consent, or with a request that is accepted in part")
	}
	if p.AdReferendum && p.Stance != Consent {
		return refuse("ad referendum stands with a consent")
	}
	if (p.Stance == NotNow) != (p.Until != "" && p.Stance != Suspend) {
		return refuse("not-now names the day to ask again; else only a suspension has an end")
	}
	if (p.Stance == Decline) != (p.Reason != "") {
		return refuse("a reason with a decline and only there")
	}
	return first(
		one("stance", p.Stance, allStances...),
		checkPartName(p.Part), checkPartName(p.Counter),
		optional("text", p.Text, maxNote), optional("reservation", p.Reservation, maxClauseText),
		one("reason", p.Reason, "", "law", "capacity", "no-such-data", "national-security", "disputed", "other"),
		p.Effective.check("effective", p.Stance == Withdraw), p.Until.check("until", false),
		one("capacity", p.Capacity, "official", "personal", "reported"),
		p.Quantity.check(),
	)
}

func optional(what string, t Texts, limit int) error {
	if t == nil {
		return nil
	}
	return CheckTexts(what, t, limit, false)
}

// checkPartName accepts "" and NAME/NUMBER.
func checkPartName(s string) error {
	if s == "" {
		return nil
	}
	_, _, err := SplitPart(s)
	return err
}
