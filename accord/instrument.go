package accord

import (
	"entente/statement"
)

// State is where a proposal stands. Each has exactly one. The words agreed, in
// force and joint are printed from here alone.
type State string

// The states.
const (
	StateTabled    State = "tabled"
	StateCountered State = "countered"        // another text, a reservation or an open option stands against it
	StatePartly    State = "partly-consented" //
	StateAgreed    State = "agreed"           // every consent is there in time; not in force yet
	StateInForce   State = "in-force"
	StateEnded     State = "ended"
	StateRefused   State = "refused" // by a party, or by the charter's rules
	StateLapsed    State = "lapsed"  // a time ran out; said with the sizes that were read
	StateRevoked   State = "revoked" // in the cooling-off
	StateWithdrawn State = "withdrawn"
	StateDisputed  State = "disputed" // the log of a needed party contradicts itself
)

// States lists them all.
func States() []State {
	return []State{StateTabled, StateCountered, StatePartly, StateAgreed, StateInForce, StateEnded, StateRefused, StateLapsed, StateRevoked, StateWithdrawn, StateDisputed}
}

// Reason says why a state is what it is; a Label where the text itself is at
// fault.
type Reason string

// The reasons.
const (
	ReasonNone         Reason = ""
	ReasonConsent      Reason = "no-consent"    // of By
	ReasonOptions      Reason = "open-options"  // alternatives of By
	ReasonReservation  Reason = "reservation"   // a consent of By with one
	ReasonText         Reason = "counter-text"  // a text of By that replaces this one
	ReasonRefusal      Reason = "refusal"       // of By
	ReasonRevocation   Reason = "revocation"    // by By
	ReasonRetraction   Reason = "retraction"    // by its author
	ReasonCoolingOff   Reason = "cooling-off"   // can still be revoked
	ReasonConfirmation Reason = "not-confirmed" // by By
	ReasonLater        Reason = "starts-later"  // confirmed; the text names a later instant
	ReasonDepends      Reason = "depends-on"    // an instrument that is not in force
	ReasonWithdrawal   Reason = "withdrawal"    // of By
	ReasonEnd          Reason = "end-act"       // a joint act ended it
	ReasonReplaced     Reason = "superseded"    // a joint act replaced it
	ReasonExpired      Reason = "expired"       // its own terms
	ReasonSplit        Reason = "fork"          // of By's log
)

// Reasons lists them all but the labels.
func Reasons() []Reason {
	return []Reason{ReasonConsent, ReasonOptions, ReasonReservation, ReasonText, ReasonRefusal, ReasonRevocation, ReasonRetraction, ReasonCoolingOff, ReasonConfirmation, ReasonLater, ReasonDepends, ReasonWithdrawal, ReasonEnd, ReasonReplaced, ReasonExpired, ReasonSplit}
}

// Instrument is a proposal and what has become of it. All times are Unix seconds,
// 0 for none. Lists of parties are sorted.
type Instrument struct {
	Ref    statement.Ref
	Case   string
	For    ProposalKind
	Author string
	Needs  []string

	State  State
	Since  int64 // 0 if no other node has seen yet what brought it about
	Reason Reason
	By     []string // the parties that Reason is about
	Tag    string   // with the reason not-the-scope
	// Otherwise is the state of a disputed one if the logs were whole.
	Otherwise State
	Disputes  []Dispute

	// Answers are every node's newest stance on the whole text.
	Answers []Answer
	// Missing are the needed parties whose consent (before it is agreed) or
	// confirmation (after) is not there.
	Missing []string
	// Consents are those that count, once it is agreed, in order of the parties.
	Consents []statement.Ref
	Pen      []string // who writes next
	// Alone can complete or abort the act by itself until AloneUntil (rule R7).
	Alone      string
	AloneMay   string // complete, abort
	AloneUntil int64
	LastActs   []LastAct // of each needed party, on this text

	DecideBy   int64
	CoolingOff int64  // seconds
	Completed  Window // when every consent was recorded by every needed party
	Undo       int64  // until when a consent can be revoked; 0 before it is agreed
	ConfirmBy  int64  // until when every needed party has to be heard of
	Confirmed  int64  // when that was seen; rows between Effective and this are provisional
	Effective  int64  // the instant that text and logs fix; 0 before it is agreed
	EndsAt     int64  // when it ends or ended, as far as is known

	Clauses     []ClauseState
	Suspensions []Suspension // of the whole
	Withdrawals []Withdrawal
	Unmet       []statement.Ref // of depends_on: not in force
	Replaces    *statement.Ref  // the text that this one replaces or tables again
	ReplacedBy  []statement.Ref
	Outdated    []statement.Ref // consents that were given to the text that this one replaces
	Sizes       []LogSize       // of the logs that this was computed from
}

// Window bounds an instant: with all evidence both are the same. NotBefore is 0
// while a needed party's record of it has not been read.
type Window struct{ NotBefore, NotAfter int64 }

// Answer is one node's newest stance on a proposal as a whole.
type Answer struct {
	Party        string
	Ref          statement.Ref
	Stance       Stance
	At           int64 // when another node saw it
	Label        Label
	Counts       bool // it is the consent that counts
	Reservation  bool
	AdReferendum bool
	Again        int64 // not-now: when to ask again
}

// LastAct is the last thing that a party said on a text.
type LastAct struct {
	Party string
	Ref   statement.Ref
	At    int64
}

// Withdrawal is a party's exit, while its notice runs and after.
type Withdrawal struct {
	Party   string
	Ref     statement.Ref
	Said    int64
	Effect  int64 // it can be revoked until then
	Revoked statement.Ref
	Done    bool // the effect has come
}

// LogSize is how many leaves of a party's log were read.
type LogSize struct {
	Party string
	Size  uint64
}

// ClauseWord is where one clause stands.
type ClauseWord string

// The states of clauses.
const (
	ClauseNone        ClauseWord = "not-agreed"
	ClauseNoScope     ClauseWord = "scope-not-defined" // cannot take effect
	ClauseProvisional ClauseWord = "provisional"       // applies from agreement, before confirmation
	ClauseWaits       ClauseWord = "starts-later"
	ClauseInForce     ClauseWord = "in-force"
	ClauseSuspended   ClauseWord = "suspended"
	ClauseExpired     ClauseWord = "expired"
	ClauseEnded       ClauseWord = "ended"
)

// ClauseWords lists them all.
func ClauseWords() []ClauseWord {
	return []ClauseWord{ClauseNone, ClauseNoScope, ClauseProvisional, ClauseWaits, ClauseInForce, ClauseSuspended, ClauseExpired, ClauseEnded}
}

// ClauseState is where one clause stands, and what can be watched of it.
type ClauseState struct {
	No          int
	State       ClauseWord
	From        int64
	Until       int64
	Checkable   bool // otherwise "not checkable"
	Suspensions []Suspension
	MayMirror   []string // parties that may answer a suspension with their own
}

// Suspension is one party's, of a clause or of the whole.
type Suspension struct {
	Party string
	Ref   statement.Ref
	From  int64
	Until int64 // 0: until it is resumed
	Whole bool  // of the whole instrument
	Ended int64 // when its party resumed
}

// holds reports whether the suspension holds at an instant.
func (s Suspension) holds(at int64) bool {
	return s.From <= at && (s.Until == 0 || at < s.Until) && (s.Ended == 0 || at < s.Ended)
}

// Bound reports whether the act binds as far as this record shows: it is
// confirmed and not ended, whether or not it has begun.
func (i Instrument) Bound() bool {
	return i.Confirmed != 0 && (i.State == StateInForce || i.State == StateAgreed)
}

// Idle is how many seconds ago any needed party last said something on the text,
// at an instant; 0 if nobody did.
func (i Instrument) Idle(now int64) int64 {
	var last int64
	for _, a := range i.LastActs {
		last = max(last, a.At)
	}
	if last == 0 {
		return 0
	}
	return max(0, now-last)
}
