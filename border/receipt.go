package border

import (
	"bytes"
	"encoding/json"
	"slices"

	"entente/statement"
)

// KindReceipt is the kind by which a node tells the observers what its border
// decided: never what it let out, only that it did, to whom and why.
const KindReceipt statement.Kind = "receipt/v1"

// ReceiptBody is the body of receipt/v1: the decisions of one period.
type ReceiptBody struct {
	Releases []Released `json:"releases"` // rising by index
	Refusals []Refused  `json:"refusals"` // sorted by use, code and officer
	// Tools are runs that let something out to tools; what went is listed in part
	// 1, which is for the own side alone until it is opened.
	Tools []ToolRelease `json:"tools,omitempty"`
	// Through says that of the leaves before this one everything that left has its
	// receipt, here or earlier: a statement there without one is a lie that the
	// log itself proves. 0: nothing is said, as in logs of earlier versions.
	Through uint64 `json:"through,omitempty"`
}

// ToolRelease is the receipt of one run or export: many objects, one line.
type ToolRelease struct {
	Use     Use    `json:"use"`
	Rule    string `json:"rule"`
	Tool    string `json:"tool"`    // what was written: "defend zeek", "misp feed"
	Marking string `json:"marking"` // the strictest of what went
	PAP     string `json:"pap"`
	Officer string `json:"officer"` // who asked for it; "" where nobody is named
	Count   uint64 `json:"count"`   // objects
}

// Released is the receipt of one statement that left.
type Released struct {
	Index      uint64             `json:"index"` // in the log that says the receipt
	ID         statement.Digest   `json:"id"`
	Parts      []statement.Digest `json:"parts"` // salted commitments, as the leaf has them
	Rule       string             `json:"rule"`
	Marking    string             `json:"marking"`
	PAP        string             `json:"pap"`
	Recipients []string           `json:"recipients"`
	Group      *Epoch             `json:"group"`
	Refs       []statement.Ref    `json:"refs"`    // what it speaks of, the group left out
	Officer    string             `json:"officer"` // who let it go; "" where the node no longer knows
}

// Refused counts what the own side wanted to let out and the border kept.
type Refused struct {
	Use     Use            `json:"use"`
	Code    statement.Code `json:"code"`
	Officer string         `json:"officer"`
	Count   uint64         `json:"count"`
}

const (
	// MaxReleased bounds the receipts in one statement.
	MaxReleased = 64
	maxTools    = 16
	maxOfficer  = 120
	maxCount    = 1 << 53
)

// CheckReceipts checks the body of a receipt.
func CheckReceipts(body []byte) error {
	_, err := ParseReceipts(body)
	return err
}

// ParseReceipts decodes and checks the body of a receipt.
func ParseReceipts(body []byte) (ReceiptBody, error) {
	var b ReceiptBody
	if err := statement.Decode(body, statement.MaxAct, &b); err != nil {
		return ReceiptBody{}, err
	}
	if again, err := json.Marshal(b); err != nil || !bytes.Equal(again, body) {
		return ReceiptBody{}, statement.Refuse(statement.CodeField, "not the one spelling of this body")
	}
	if len(b.Tools) > maxTools || b.Through > maxCount {
		return ReceiptBody{}, statement.Refuse(statement.CodeField, "at most %d runs", maxTools)
	}
	for _, r := range b.Tools {
		if r.Tool == "" || len(r.Tool) > maxOfficer || len(r.Officer) > maxOfficer || r.Count == 0 || r.Count > maxCount || len(r.Use) > 20 || len(r.Rule) > 20 {
			return ReceiptBody{}, statement.Refuse(statement.CodeField, "a run with its use, rule, tool and count")
		}
	}
	if len(b.Releases)+len(b.Refusals)+len(b.Tools) == 0 || len(b.Releases) > MaxReleased || len(b.Refusals) > MaxReleased {
		return ReceiptBody{}, statement.Refuse(statement.CodeField, "at most %d releases and as many refusals, and one of either", MaxReleased)
	}
	for i, r := range b.Releases {
		if i > 0 && r.Index <= b.Releases[i-1].Index {
			return ReceiptBody{}, statement.Refuse(statement.CodeSeq, "releases rise by index")
		}
		if err := r.check(); err != nil {
			return ReceiptBody{}, err
		}
	}
	for _, r := range b.Refusals {
		if r.Use == "" || len(r.Use) > 20 || r.Code == "" || len(r.Code) > 40 || len(r.Officer) > maxOfficer || r.Count == 0 || r.Count > maxCount {
			return ReceiptBody{}, statement.Refuse(statement.CodeField, "a refusal with its use, code and count")
		}
	}
	return b, nil
}

// CheckTool says whether a run was within the rules, as far as its receipt says:
// E_MARKING, E_PAP and E_FIELD are breaches.
func CheckTool(r ToolRelease) error {
	if r.Use == UseKeep && r.Rule == RuleSelf {
		return nil // also what nobody has marked
	}
	m, err := ParseMarking(r.Marking)
	if err != nil {
		return err
	}
	label := Label{TLP: m}
	if r.PAP != "" {
		if label.PAP, err = ParsePAP(r.PAP); err != nil {
			return err
		}
	}
	rule, err := tools(r.Use, label)
	if err == nil && rule != r.Rule {
		err = statement.Refuse(statement.CodeField, "rule %.20q, where %s decides", r.Rule, rule)
	}
	return err
}

func (r Released) check() error {
	switch {
	case r.Index > maxCount, len(r.Parts) == 0, len(r.Parts) > statement.MaxParts:
		return statement.Refuse(statement.CodeField, "a release with its index and parts")
	case len(r.Officer) > maxOfficer:
		return statement.Refuse(statement.CodeField, "an officer of at most %d bytes", maxOfficer)
	case r.Recipients == nil, len(r.Recipients) > maxRecipients, !slices.IsSorted(r.Recipients):
		return statement.Refuse(statement.CodeRecipient, "recipients are sorted and at most %d", maxRecipients)
	case r.Refs == nil:
		return statement.Refuse(statement.CodeField, "refs is a list")
	case (r.Rule == RuleGroup) != (r.Group != nil):
		return statement.Refuse(statement.CodeGroup, "a group with the rule for groups and only there")
	}
	return nil
}

// Facts are what whoever checks a receipt knows from the logs alone: none of
// it needs the content of anything.
type Facts struct {
	Author  string         // party whose log says the receipt
	Parties []string       // the others of the charter
	Leaf    statement.Leaf // at Released.Index
	ID      statement.Digest
	Groups  *Groups // of every log, as far as the checker may read them
	// Receipt returns the receipt that another party's log has for a statement
	// of its own.
	Receipt func(statement.Ref) (Released, bool)
	// Knew reports whether the author's log shows before Released.Index that it
	// had read a statement.
	Knew func(statement.Ref) bool
}

// CheckReceipt says whether a receipt is true as far as the logs show, and the
// release within the rules. Every refusal is one that the author's own log
// proves:
//
//   - E_DIGEST: the log has another statement there;
//   - E_MARKING, E_RECIPIENT: the rule does not let this marking go to these;
//   - E_GROUP: the group is none, not at its newest epoch then, or has other members;
//   - E_PARTY: it speaks of another party's statement that was said to a group,
//     and went to somebody outside that group: outside the epoch that the
//     statement names, or outside a later one that the author had read.
//
// What the checker cannot judge, because it may not read a group or has no
// receipt of what is spoken of, is no breach.
func CheckReceipt(r Released, f Facts) error {
	if r.ID != f.ID || !slices.Equal(r.Parts, f.Leaf.Parts) || r.Index != f.Leaf.Seq {
		return statement.Refuse(statement.CodeDigest, "not the statement that stands at %d", r.Index)
	}
	to := r.Recipients
	if r.Rule == RuleOpen {
		to = nil
	}
	out, err := Release(r.Marking, to, f.Parties)
	if err != nil {
		return err
	}
	if r.Rule == RuleOpen && !slices.Equal(out.Recipients, r.Recipients) {
		// Who has left receives nothing: fewer is no breach.
		if slices.ContainsFunc(r.Recipients, func(id string) bool { return !slices.Contains(out.Recipients, id) }) {
			return statement.Refuse(statement.CodeRecipient, "to somebody who is no party")
		}
	}
	switch r.Rule {
	case RuleNamed, RuleOpen:
	case RuleGroup:
		if err := checkGroup(r, f); err != nil {
			return err
		}
	default:
		return statement.Refuse(statement.CodeField, "rule %.20q", r.Rule)
	}
	for _, ref := range r.Refs {
		if err := checkPassedOn(r, ref, f); err != nil {
			return err
		}
	}
	return nil
}

// checkGroup holds the recipients against the epoch that the receipt names.
func checkGroup(r Released, f Facts) error {
	e, known := f.Groups.Of(r.Group.Said)
	if !known {
		return nil // not addressed to the checker, or not held here yet
	}
	if e.Owner != r.Group.Owner || e.Name != r.Group.Name || e.Epoch != r.Group.Epoch {
		return statement.Refuse(statement.CodeGroup, "the group that it names says something else")
	}
	if e.Owner == f.Author {
		if now, _ := f.Groups.At(e.Owner, e.Name, r.Index); now.Epoch != e.Epoch {
			return statement.Refuse(statement.CodeGroup, "epoch %d of %s when %d was in force", e.Epoch, e.Name, now.Epoch)
		}
	} else if later, ok := newerKnown(e, f); ok {
		return statement.Refuse(statement.CodeGroup, "epoch %d of %s when %d had been read", e.Epoch, e.Name, later.Epoch)
	}
	if !e.Has(f.Author) {
		return statement.Refuse(statement.CodeGroup, "%s is not in the group", f.Author)
	}
	for _, id := range r.Recipients {
		if !e.Has(id) {
			return statement.Refuse(statement.CodeGroup, "%s was not in the group at epoch %d", id, e.Epoch)
		}
	}
	return nil
}

// newerKnown returns the newest epoch after e that the author had read.
func newerKnown(e Epoch, f Facts) (Epoch, bool) {
	for _, later := range slices.Backward(f.Groups.epochs[groupKey(e.Owner, e.Name)]) {
		if later.Epoch <= e.Epoch {
			break
		}
		if f.Knew != nil && f.Knew(later.Said) {
			return later, true
		}
	}
	return Epoch{}, false
}

// checkPassedOn judges a release that speaks of another party's statement.
func checkPassedOn(r Released, ref statement.Ref, f Facts) error {
	if f.Receipt == nil {
		return nil
	}
	of, ok := f.Receipt(ref)
	if !ok || of.Group == nil || of.Marking == string(Clear) {
		return nil
	}
	e, known := f.Groups.Of(of.Group.Said)
	if !known || e.Owner == f.Author {
		return nil
	}
	if later, ok := newerKnown(e, f); ok {
		e = later
	}
	for _, id := range r.Recipients {
		if !e.Has(id) {
			return statement.Refuse(statement.CodeParty, "passes on what was said to the group %s at epoch %d to %s, who is not in it", e.Name, e.Epoch, id)
		}
	}
	return nil
}
