package watchlist

import (
	"encoding/json"

	"entente/statement"
)

// Evidence is one question with everything that its two sides exchanged about
// it. Whoever holds it, and sees in the logs the list and both commitments, can
// judge who was wrong; it shows no item.
type Evidence struct {
	Format   string          `json:"format"`   // EvidenceFormat
	Opened   statement.Ref   `json:"opened"`   // of the list
	Terms    json.RawMessage `json:"terms"`    // exactly as said
	Asked    statement.Ref   `json:"asked"`    // the commitment to the question
	Ask      Step            `json:"ask"`      // as said
	Answered statement.Ref   `json:"answered"` // the commitment to the answer; zero if there is none
	Answer   Step            `json:"answer"`
	Query    []byte          `json:"query"` // empty if it never came
	Reply    []byte          `json:"reply"`
}

// EvidenceFormat is the version of evidence.
const EvidenceFormat = "entente/watchlist/evidence/v1"

// MaxEvidence is the largest evidence, in bytes.
const MaxEvidence = 2*MaxMessage + statement.MaxAct

// Marshal returns the evidence's bytes and their digest, which a refusal or a
// close names.
func (e *Evidence) Marshal() ([]byte, statement.Digest, error) {
	b, err := json.Marshal(e)
	return b, statement.TaggedSum("entente/match/v1 watchlist evidence", b), err
}

// ParseEvidence reads evidence. The error is a *statement.Refusal.
func ParseEvidence(data []byte) (*Evidence, error) {
	var e Evidence
	if err := statement.Decode(data, 2*MaxEvidence, &e); err != nil {
		return nil, err
	}
	if e.Format != EvidenceFormat {
		return nil, field("format %.40q", e.Format)
	}
	return &e, nil
}

// Judgement is what follows from evidence.
type Judgement struct {
	Guilty string // party; empty if both kept to the protocol as far as it shows
	Why    *statement.Refusal
}

// Judge says who was wrong, by the evidence alone: whether the statements in it
// stand in the logs is for whoever reads them there. The error is of evidence
// that is none.
func (e *Evidence) Judge() (Judgement, error) {
	t, a, err := ParseTerms(e.Terms)
	if err != nil {
		return Judgement{}, err
	}
	if e.Ask.Do != DoAsk || len(e.Query) > 0 && QueryDigest(e.Query) != e.Ask.Digest {
		return Judgement{}, statement.Refuse(statement.CodeDigest, "the question is not the one that was committed to")
	}
	if len(e.Query) == 0 {
		return Judgement{}, nil // that nothing came is one side's word
	}
	if err := CheckQuery(a, e.Query, e.Ask.Items); err != nil {
		no, _ := statement.AsRefusal(err)
		return Judgement{t.To, no}, nil
	}
	if len(e.Reply) == 0 {
		return Judgement{}, nil
	}
	if e.Answer.Do != DoAnswer || AnswerDigest(e.Reply) != e.Answer.Digest {
		return Judgement{}, statement.Refuse(statement.CodeDigest, "the answer is not the one that was committed to")
	}
	if err := a.CheckAnswer(e.Query, e.Reply); err != nil {
		no, _ := statement.AsRefusal(err)
		return Judgement{a.Party, no}, nil
	}
	return Judgement{}, nil
}
