package watchlist

import (
	"encoding/base64"
	"slices"

	"entente/match"
	"entente/match/group"
	"entente/observable"
	"entente/statement"
)

// The kinds by which a list stands in the logs. Its owner opens it to one
// partner, and both say in steps what was asked, answered and refused: digests
// and numbers, nothing that shows an item, or whether there was a hit.
const (
	OpenKind statement.Kind = "match-watchlist/v1"
	StepKind statement.Kind = "match-watchlist-step/v1"
)

// Specs are the kinds for the registry.
func Specs() []statement.Spec {
	return []statement.Spec{{Kind: OpenKind, Check: CheckTerms}, {Kind: StepKind, Check: CheckStep}}
}

const (
	// MaxBatches is how many questions a list answers.
	MaxBatches = 1 << 13
	// MaxLife is how long a list may be open, in milliseconds.
	MaxLife = 366 * 24 * 3600 * 1000
)

// Terms are the body of match-watchlist/v1: one list that the author opens to
// one partner. A list that takes the place of one whose key died refers to it.
type Terms struct {
	To         string            `json:"to"`
	Purpose    string            `json:"purpose"`
	Types      []observable.Type `json:"types"` // sorted, of one class
	Normaliser string            `json:"normaliser"`
	Corpus     statement.Digest  `json:"corpus"`
	// Announcement is the base64 of the list's own: key, size, root.
	Announcement string `json:"announcement"`
	// Budget is how many items may be asked about, dummies included.
	Budget int `json:"budget"`
	// Echo says that the partner must prove its hits to the author.
	Echo bool `json:"echo"`
	// Aged binds the list and not what is asked: each item stands in one of Stocks.
	Aged   match.Aged    `json:"aged"`
	Stocks []match.Stock `json:"stocks"`
	From   int64         `json:"from"`  // Unix milliseconds
	Until  int64         `json:"until"` // when the key is destroyed at the latest
	Step   int64         `json:"step"`  // seconds that one side may let the other wait
}

func field(format string, a ...any) error {
	return statement.Refuse(statement.CodeField, format, a...)
}

// CheckTerms checks the body of match-watchlist/v1.
func CheckTerms(body []byte) error {
	_, _, err := ParseTerms(body)
	return err
}

// ParseTerms reads the body of match-watchlist/v1 with its announcement.
func ParseTerms(body []byte) (*Terms, *Announcement, error) {
	var t Terms
	if err := statement.Decode(body, statement.MaxAct, &t); err != nil {
		return nil, nil, err
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(t.Announcement)
	if err != nil {
		return nil, nil, field("an announcement is base64")
	}
	a, err := ParseAnnouncement(raw)
	if err != nil {
		return nil, nil, err
	}
	return &t, a, t.check(a)
}

func (t *Terms) check(a *Announcement) error {
	switch {
	case t.To == "" || len(t.To) > 31 || t.To == a.Party:
		return field("a list is opened to another party")
	case len(t.Purpose) == 0 || len(t.Purpose) > 512:
		return field("a purpose has 1 to 512 bytes")
	case len(t.Types) == 0 || len(t.Types) > 64 || !strictly(t.Types) || !strictly(t.Aged.Types):
		return field("types are sorted, each once")
	case t.Budget < 1 || t.Budget > statement.MaxInt:
		return field("a budget of %d items", t.Budget)
	case t.Aged.Types == nil || t.Aged.Seconds < 0 || t.Aged.Seconds > 366*86400 || (len(t.Aged.Types) == 0) != (t.Aged.Seconds == 0):
		return field("aged types and their age go together")
	case t.From <= 0 || t.Until <= t.From || t.Until > statement.MaxTime || t.Until-t.From > MaxLife:
		return field("a list is open from one time to a later one, for at most a year")
	case t.Step < 1 || t.Step > 7*86400:
		return field("a step of %d seconds", t.Step)
	case t.Stocks == nil || len(t.Stocks) > match.MaxStocks:
		return field("at most %d stocks", match.MaxStocks)
	case t.Aged.Seconds > 0 && len(t.Stocks) == 0:
		return field("an aged list names its stocks")
	}
	for _, s := range t.Stocks {
		if s.Items < 1 || s.Items > 1<<26 || s.Time <= 0 || s.Time > t.From-t.Aged.Seconds*1000 {
			return field("a stock is of 1 to 2^26 items, logged as long before as is agreed")
		}
	}
	return nil
}

func strictly(list []observable.Type) bool {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return false
		}
	}
	return true
}

// What a step does.
const (
	DoAsk    = "ask"    // the partner commits to a question, before it is sent
	DoAnswer = "answer" // the owner to its answer
	DoRefuse = "refuse" // the owner does not answer a question
	DoRead   = "read"   // the partner commits to what it found, hits or none
	DoClose  = "close"  // either ends the list
)

// Step is the body of match-watchlist-step/v1. It refers to the list.
type Step struct {
	Do     string `json:"do"`
	Number int    `json:"number"` // of the question, from 0; of a close, the one that it is about, or 0
	Items  int    `json:"items"`  // of a question, a size class; else 0
	// Digest is of the question, the answer or the findings; of a refusal and a
	// close, of the evidence that its author keeps, or zero.
	Digest statement.Digest `json:"digest"`
	Code   statement.Code   `json:"code"` // of a refusal; of a close that is nobody's fault, empty
}

// CheckStep checks the body of match-watchlist-step/v1.
func CheckStep(body []byte) error {
	_, err := ParseStep(body)
	return err
}

// ParseStep reads the body of match-watchlist-step/v1.
func ParseStep(body []byte) (s Step, err error) {
	if err := statement.Decode(body, statement.MaxAct, &s); err != nil {
		return s, err
	}
	zero := s.Digest == statement.Digest{}
	switch {
	case !slices.Contains([]string{DoAsk, DoAnswer, DoRefuse, DoRead, DoClose}, s.Do):
		return s, field("a step that does %.40q", s.Do)
	case s.Number < 0 || s.Number >= MaxBatches:
		return s, statement.Refuse(statement.CodeSize, "question number %d", s.Number)
	case s.Do == DoAsk && (s.Items < 1 || s.Items > MaxQuery || match.SizeClass(s.Items) != s.Items):
		return s, statement.Refuse(statement.CodeSize, "a question about %d items", s.Items)
	case s.Do != DoAsk && s.Items != 0:
		return s, field("only a question has items")
	case zero && (s.Do == DoAsk || s.Do == DoAnswer || s.Do == DoRead):
		return s, field("a step of this sort commits to something")
	case (s.Do == DoRefuse && s.Code == "") || (s.Code != "" && s.Do != DoRefuse && s.Do != DoClose):
		return s, field("a refusal has a code, and nothing else has but a close")
	case !isCode(s.Code):
		return s, field("a code of other characters")
	}
	return s, nil
}

func isCode(c statement.Code) bool {
	for _, r := range c {
		if !(r >= 'A' && r <= 'Z' || r == '_') {
			return false
		}
	}
	return len(c) <= 32
}

// QueryDigest is what a partner logs of a question before it sends it.
func QueryDigest(query []byte) statement.Digest {
	return statement.TaggedSum("entente/match/v1 watchlist query", query)
}

// AnswerDigest is what an owner logs of its answer before it sends it.
func AnswerDigest(answer []byte) statement.Digest {
	return statement.TaggedSum("entente/match/v1 watchlist answer", answer)
}

// Findings are what a question found, as the partner commits to them in its log:
// a salt, so that nobody can tell whether there were any, and the echoes.
type Findings struct {
	Salt   [32]byte
	Echoes []Echo
}

// Marshal returns the salt and the echoes, 64 bytes each.
func (f *Findings) Marshal() []byte {
	b := append(make([]byte, 0, len(f.Salt)+len(f.Echoes)*len(Echo{})), f.Salt[:]...)
	for _, e := range f.Echoes {
		b = append(b, e[:]...)
	}
	return b
}

// Digest is what is logged of findings.
func (f *Findings) Digest() statement.Digest {
	return statement.TaggedSum("entente/match/v1 watchlist findings", f.Marshal())
}

// ParseFindings reads the findings of a question about so many items. An item is asked
// about once in a question, so no echo comes twice: each costs the owner a lock to check.
func ParseFindings(b []byte, items int) (*Findings, error) {
	f := &Findings{}
	n := (len(b) - len(f.Salt)) / len(Echo{})
	if len(b) < len(f.Salt) || (len(b)-len(f.Salt))%len(Echo{}) != 0 || n > items {
		return nil, statement.Refuse(statement.CodeSize, "findings of %d bytes to a question about %d items", len(b), items)
	}
	copy(f.Salt[:], b)
	seen := make(map[Echo]bool, n)
	for b = b[len(f.Salt):]; len(b) > 0; b = b[len(Echo{}):] {
		e := Echo(b[:len(Echo{})])
		if seen[e] {
			return nil, statement.Refuse(statement.CodeSeq, "an echo comes twice")
		}
		seen[e] = true
		f.Echoes = append(f.Echoes, e)
	}
	return f, nil
}

// MaxMessage is the longest query, answer or findings, in bytes.
const MaxMessage = MaxQuery*64 + group.ProofSize + 64
