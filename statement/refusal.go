package statement

import (
	"errors"
	"fmt"
)

// Code is the reason of a refusal. Codes are part of the wire format and of
// every catalogue of translations; their meaning never changes.
type Code string

// The reason codes. docs/wire.md has one line for each.
const (
	CodeSize      Code = "E_SIZE"      // larger than a documented limit
	CodeDepth     Code = "E_DEPTH"     // nested deeper than MaxDepth
	CodeUTF8      Code = "E_UTF8"      // invalid UTF-8, byte order mark, NUL or lone surrogate
	CodeDupKey    Code = "E_DUP_KEY"   // an object key twice
	CodeCaseKey   Code = "E_CASE_KEY"  // an object key outside the lower-case alphabet
	CodeNumber    Code = "E_NUMBER"    // not an integer within ±2^53
	CodeJSON      Code = "E_JSON"      // not JSON
	CodeField     Code = "E_FIELD"     // a field is missing, unknown or out of range
	CodeValue     Code = "E_VALUE"     // a value that its type does not allow
	CodeSignature Code = "E_SIG"       // a signature does not verify or is not the expected one
	CodeKey       Code = "E_KEY"       // a key that the charter or the record does not allow here
	CodeSeq       Code = "E_SEQ"       // a sequence number or order that does not fit
	CodeParty     Code = "E_PARTY"     // not the party that may say this
	CodeCharter   Code = "E_CHARTER"   // under another charter, or none in force
	CodeKind      Code = "E_KIND"      // a kind that may not stand here
	CodePart      Code = "E_PART"      // a part is missing, too many, or cannot be opened
	CodeDigest    Code = "E_DIGEST"    // bytes do not match their digest
	CodeProof     Code = "E_PROOF"     // a proof does not verify
	CodeSplit     Code = "E_SPLIT"     // two signed trees that contradict each other
	CodeRewound   Code = "E_REWOUND"   // a log or a data folder went back to an older state
	CodeBudget    Code = "E_BUDGET"    // over an agreed budget
	CodeRecipient Code = "E_RECIPIENT" // an unknown or forbidden recipient
	CodeMarking   Code = "E_MARKING"   // an unknown or contradicting marking
	CodeForged    Code = "E_FORGED"    // a marking definition that says other than its specification
	CodeClosure   Code = "E_CLOSURE"   // refers to something that is not here, so nobody knows its marking
	CodePAP       Code = "E_PAP"       // may not be used in this way
	CodePower     Code = "E_POWER"     // not signed by as many officers, in the roles, as the rules demand
	CodeGroup     Code = "E_GROUP"     // no such group, an empty one, or an epoch that is not the newest
	CodeClearance Code = "E_CLEARANCE" // an account that may not see or do this
	CodeBusy      Code = "E_BUSY"      // not now; the same request may be repeated
	CodeRequest   Code = "E_REQUEST"   // a request that the protocol does not know
	CodeState     Code = "E_STATE"     // not possible in the present state
	CodeChanged   Code = "E_CHANGED"   // said once, and otherwise the second time
	CodeLate      Code = "E_LATE"      // not done in the agreed time
	CodeAge       Code = "E_AGE"       // not in the log for as long as agreed
	CodeDrift     Code = "E_DRIFT"     // other rules of normalising: the sets cannot be compared
	CodeDamage    Code = "E_DAMAGE"    // stored bytes are damaged here
)

// Refusal says no for one reason. It is the only error whose text may reach a
// partner or a screen; everything else is logged and shown as "internal".
type Refusal struct {
	Code   Code   `json:"code"`
	Detail string `json:"detail"` // English, one line, without secrets
}

// Error returns "CODE: detail".
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Detail }

// Is reports whether target is a refusal with the same code, so that
// errors.Is(err, &Refusal{Code: c}) asks for the reason alone.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Code == r.Code && (t.Detail == "" || t.Detail == r.Detail)
}

// Refuse makes a refusal with a formatted detail.
func Refuse(code Code, format string, a ...any) *Refusal {
	return &Refusal{Code: code, Detail: fmt.Sprintf(format, a...)}
}

// AsRefusal finds the refusal in err's chain.
func AsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	ok := errors.As(err, &r)
	return r, ok
}
