package record

import (
	"bytes"
	"encoding/json"

	"entente/charter"
	"entente/statement"
)

// The kinds by which a record speaks of itself and of other records.
const (
	KindSeal       statement.Kind = "seal/v1"       // digest of something outside the record
	KindHeads      statement.Kind = "heads/v1"      // witness memory: heads that this node cosigned
	KindAck        statement.Kind = "ack/v1"        // batch of verdicts on a partner's statements
	KindRelease    statement.Kind = "release/v1"    // opens a part of an earlier statement to more
	KindKey        statement.Kind = "key/v1"        // statement key and commitment to the next
	KindRefusal    statement.Kind = "refusal/v1"    // what was refused, aggregated
	KindEvidence   statement.Kind = "evidence/v1"   // proof that a log's owner contradicted itself
	KindRepair     statement.Kind = "repair/v1"     // a damaged mirror was put right
	KindErasure    statement.Kind = "erasure/v1"    // a part of an earlier statement was erased
	KindOverride   statement.Kind = "override/v1"   // an officer let the node write without its partners' word
	KindWithdrawal statement.Kind = "withdrawal/v1" // the party leaves; its last statement
)

// The verdicts of an ack.
const (
	VerdictAccepted      = "accepted"       // understood and taken in
	VerdictHeldBack      = "held-back"      // taken in; the quality gate keeps something from alerting
	VerdictRefused       = "refused"        // refused, with a code
	VerdictNotUnderstood = "not-understood" // of a version that this node does not know
	VerdictSealed        = "sealed"         // not addressed to this node; stored
)

// SealBody is the body of seal/v1.
type SealBody struct {
	What   string           `json:"what"` // "log segment", "file", ...
	Name   string           `json:"name"`
	Size   int64            `json:"size"` // bytes
	Digest statement.Digest `json:"digest"`
}

// HeadsBody is the body of heads/v1.
type HeadsBody struct {
	Heads []HeadLine `json:"heads"`
}

// HeadLine is one head that this node cosigned.
type HeadLine struct {
	Origin string           `json:"origin"`
	Size   uint64           `json:"size"`
	Root   statement.Digest `json:"root"`
}

// AckBody is the body of ack/v1, about statements of one log.
type AckBody struct {
	Origin string    `json:"origin"`
	Items  []AckItem `json:"items"`
}

// AckItem is the verdict on one statement.
type AckItem struct {
	Index   uint64           `json:"index"`
	ID      statement.Digest `json:"id"`
	Verdict string           `json:"verdict"`
	Code    statement.Code   `json:"code"` // of a refusal, else empty
}

// ReleaseBody is the body of release/v1: refs[0] names the statement, Part
// which of its parts; part 1 of the release holds salt and plaintext.
type ReleaseBody struct {
	Part   int    `json:"part"`
	Reason string `json:"reason"`
}

// RefusalBody is the body of refusal/v1: counts of one period, so that
// refusing cannot fill a disk.
type RefusalBody struct {
	From  int64         `json:"from"` // Unix seconds
	To    int64         `json:"to"`
	Items []RefusalItem `json:"items"`
}

// RefusalItem is what was refused of one party for one reason.
type RefusalItem struct {
	Party string           `json:"party"` // or "stranger"
	Code  statement.Code   `json:"code"`
	Count uint64           `json:"count"`
	First statement.Digest `json:"first"` // SHA-256 of the first refused bytes
	Last  statement.Digest `json:"last"`
}

// EvidenceBody is the body of evidence/v1; part 1 holds the Evidence.
type EvidenceBody struct {
	Origin string           `json:"origin"`
	Kind   string           `json:"kind"`
	Digest statement.Digest `json:"digest"` // SHA-256 of part 1's plaintext
}

// RepairBody is the body of repair/v1: this node's copy of a log was damaged,
// which is nobody else's guilt, and put right from another's.
type RepairBody struct {
	Origin string `json:"origin"`
	Index  uint64 `json:"index"`  // the leaf where the damage was found
	Leaves uint64 `json:"leaves"` // how many were written anew
	From   string `json:"from"`   // party id of whoever gave the bytes
}

// ErasureBody is the body of erasure/v1: refs[0] names the statement.
type ErasureBody struct {
	Part   int    `json:"part"`
	Reason string `json:"reason"`
}

// OverrideBody is the body of override/v1.
type OverrideBody struct {
	Officer string `json:"officer"`
	Reason  string `json:"reason"`
	Size    uint64 `json:"size"` // of the log when the override was given
}

// WithdrawalBody is the body of withdrawal/v1.
type WithdrawalBody struct {
	Reason string `json:"reason"`
}

const (
	// MaxAckItems and MaxHeadLines keep an act within statement.MaxAct.
	MaxAckItems  = 150
	MaxHeadLines = 100
	maxReason    = 1000
)

// Kinds returns the specs of this package's kinds.
func Kinds() []statement.Spec {
	return []statement.Spec{
		{Kind: KindSeal, Check: checkAs(func(b SealBody) error { return text("what and name", b.What, b.Name) })},
		{Kind: KindHeads, Check: checkAs(checkHeads), Housekeeping: true},
		{Kind: KindAck, Check: checkAs(checkAck), Housekeeping: true},
		{Kind: KindRelease, Check: checkAs(func(b ReleaseBody) error { return part(b.Part, b.Reason) })},
		{Kind: KindKey, Check: checkAs(checkKey)},
		{Kind: KindRefusal, Check: checkAs(checkRefusal), Housekeeping: true},
		{Kind: KindEvidence, Check: checkAs(func(b EvidenceBody) error { return text("origin and kind", b.Origin, b.Kind) })},
		{Kind: KindRepair, Check: checkAs(checkRepair), Housekeeping: true},
		{Kind: KindErasure, Check: checkAs(checkErasure)},
		{Kind: KindOverride, Check: checkAs(func(b OverrideBody) error { return text("officer and reason", b.Officer, b.Reason) })},
		{Kind: KindWithdrawal, Check: checkAs(func(b WithdrawalBody) error { return text("reason", b.Reason) })},
	}
}

// checkAs decodes a body strictly as T and checks it. A body has one spelling,
// so a missing field is refused and not read as zero.
func checkAs[T any](check func(T) error) func([]byte) error {
	return func(body []byte) error {
		var b T
		if err := statement.Decode(body, statement.MaxAct, &b); err != nil {
			return err
		}
		if again, err := json.Marshal(b); err != nil || !bytes.Equal(again, body) {
			return statement.Refuse(statement.CodeField, "not the one spelling of this body")
		}
		return check(b)
	}
}

func text(what string, values ...string) error {
	for _, s := range values {
		if s == "" || len(s) > maxReason {
			return statement.Refuse(statement.CodeField, "%s: 1 to %d bytes", what, maxReason)
		}
	}
	return nil
}

func part(n int, reason string) error {
	if n < 0 || n >= statement.MaxParts {
		return statement.Refuse(statement.CodePart, "part %d", n)
	}
	return text("reason", reason)
}

func checkRepair(b RepairBody) error {
	if b.Index > maxSize || b.Leaves == 0 || b.Leaves > maxSize {
		return statement.Refuse(statement.CodeField, "a leaf, and 1 to 2^53 written anew")
	}
	return text("origin and giver", b.Origin, b.From)
}

// checkErasure: an act is never erased, since every state is computed from it.
func checkErasure(b ErasureBody) error {
	if b.Part == 0 {
		return statement.Refuse(statement.CodePart, "part 0, the act, is never erased")
	}
	return part(b.Part, b.Reason)
}

func checkHeads(b HeadsBody) error {
	if len(b.Heads) == 0 || len(b.Heads) > MaxHeadLines {
		return statement.Refuse(statement.CodeField, "1 to %d heads", MaxHeadLines)
	}
	for _, h := range b.Heads {
		if h.Origin == "" || h.Size > maxSize {
			return statement.Refuse(statement.CodeField, "a head with its origin and size")
		}
	}
	return nil
}

func checkAck(b AckBody) error {
	if b.Origin == "" || len(b.Items) == 0 || len(b.Items) > MaxAckItems {
		return statement.Refuse(statement.CodeField, "an origin and 1 to %d items", MaxAckItems)
	}
	for _, i := range b.Items {
		switch i.Verdict {
		case VerdictAccepted, VerdictHeldBack, VerdictNotUnderstood, VerdictSealed, VerdictRefused:
		default:
			return statement.Refuse(statement.CodeField, "verdict %.40q", i.Verdict)
		}
		if (i.Verdict == VerdictRefused) != (i.Code != "") {
			return statement.Refuse(statement.CodeField, "a code with a refusal and only there")
		}
	}
	return nil
}

func checkKey(b KeyBody) error {
	if _, err := charter.ParsePublicKey(b.Key); err != nil {
		return err
	}
	if _, err := statement.ParseDigest(b.Next); err != nil || b.Role != "statement" {
		return statement.Refuse(statement.CodeKey, "a statement key and the commitment to the next")
	}
	return nil
}

func checkRefusal(b RefusalBody) error {
	if len(b.Items) == 0 || len(b.Items) > MaxHeadLines || b.From > b.To {
		return statement.Refuse(statement.CodeField, "1 to %d items of one period", MaxHeadLines)
	}
	return nil
}
