package watchlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"entente/statement"
)

// TestReceipt: a receipt shows anybody that the list held an item, and cannot be
// made for one that it does not hold or that was not asked about.
func TestReceipt(t *testing.T) {
	list := names("listed", 40)
	o, a, file := open(t, list)
	terms, err := json.Marshal(termsOf(a, 64))
	if err != nil {
		t.Fatal(err)
	}
	q := ask(t, a, append(names("other", 3), list[7]))
	answer, err := o.Answer(q.Bytes(), 4, chance(3))
	if err != nil {
		t.Fatal(err)
	}
	query := q.Bytes()
	got, err := q.Open(answer, bytes.NewReader(file))
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	e := &Evidence{
		Format: EvidenceFormat, Terms: terms, Query: query, Reply: answer,
		Ask: Step{Do: DoAsk, Items: 4, Digest: QueryDigest(query)}, Answer: Step{Do: DoAnswer, Digest: AnswerDigest(answer)},
	}
	r, err := NewReceipt(got[0], bytes.NewReader(file), o.Outline())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(e); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		code   statement.Code
		change func(r *Receipt, e *Evidence)
	}{
		"another item":     {statement.CodeProof, func(r *Receipt, _ *Evidence) { r.Item = list[8] }},
		"another place":    {statement.CodeProof, func(r *Receipt, _ *Evidence) { r.Place = 2 }},
		"no such place":    {statement.CodeProof, func(r *Receipt, _ *Evidence) { r.Place = 4 }},
		"another blind":    {statement.CodeProof, func(r *Receipt, _ *Evidence) { r.Blind[0] ^= 1 }},
		"another file":     {statement.CodeDigest, func(r *Receipt, _ *Evidence) { r.Data[3] ^= 1 }},
		"another root":     {statement.CodeDigest, func(r *Receipt, _ *Evidence) { r.Outline[3] ^= 1 }},
		"without answer":   {statement.CodeProof, func(_ *Receipt, e *Evidence) { e.Reply = nil }},
		"another question": {statement.CodeDigest, func(_ *Receipt, e *Evidence) { e.Query = slices.Clone(e.Query); e.Query[40] ^= 1 }},
	} {
		bent, about := *r, *e
		bent.Blind, bent.Data, bent.Outline = slices.Clone(r.Blind), slices.Clone(r.Data), slices.Clone(r.Outline)
		c.change(&bent, &about)
		if err := bent.Check(&about); !errors.Is(err, refusal(c.code)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := NewReceipt(Hit{}, bytes.NewReader(file), o.Outline()); !errors.Is(err, refusal(statement.CodeProof)) {
		t.Errorf("a receipt of no hit: %v", err)
	}
}
