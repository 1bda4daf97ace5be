package accord

import (
	"encoding/json"
	"testing"

	"entente/record"
	"entente/statement"
)

// TestLabelOutside: what binds a party beyond the accord needs the officers whom it
// had named where the statement stands: nobody before the first list, those of the
// old list and of the one that waits afterwards.
func TestLabelOutside(t *testing.T) {
	s := newStory(t)
	heir := staff("north")
	for i := range heir.Officers {
		heir.Officers[i].Keys[0].Key = officerKey("north", "new "+heir.Officers[i].ID)
	}
	s.say("north", KindOfficers, heir)
	list := s.heads["north"] - 1
	r := s.record()
	said := func(index uint64, origin string, kind statement.Kind, keys string, officers ...string) Said {
		one := Said{Ref: statement.Ref{Origin: origin, Index: index}, Act: statement.Act{Kind: kind, Body: json.RawMessage("{}")}}
		for _, id := range officers {
			one.Approvals = append(one.Approvals, statement.Approval{Officer: id, Key: officerKey("north", keys+id)})
		}
		return one
	}
	own := originOf("north")
	for what, c := range map[string]struct {
		said  Said
		want  Label
		ruled bool
	}{
		"two, a delegate among them":   {said(1, own, KindMatchOffer, "", "delegate", "duty"), LabelNone, true},
		"a consent by two":             {said(1, own, KindMatchConsent, "", "delegate", "head"), LabelNone, true},
		"a list, by nobody":            {said(1, own, KindMatchList, ""), LabelNoPower, true},
		"a list, by two":               {said(1, own, KindMatchList, "", "delegate", "head"), LabelNone, true},
		"one":                          {said(1, own, KindMatchConsent, "", "delegate"), LabelNoPower, true},
		"one twice":                    {said(1, own, KindMatchConsent, "", "delegate", "delegate"), LabelNoPower, true},
		"no delegate":                  {said(1, own, KindMatchOffer, "", "head", "approver", "duty"), LabelNoPower, true},
		"keys of nobody":               {said(1, own, KindMatchOffer, "x", "delegate", "head"), LabelNoPower, true},
		"a list waits, old keys alone": {said(list+1, own, KindMatchOffer, "", "delegate", "head"), LabelNoPower, true},
		"a list waits, new keys alone": {said(list+1, own, KindMatchOffer, "new ", "delegate", "head"), LabelNoPower, true},
		"leaving, without a head":      {said(1, own, record.KindWithdrawal, "", "delegate", "duty"), LabelNoPower, true},
		"what machines say":            {said(1, own, record.KindAck, ""), LabelNone, false},
		"a stranger":                   {said(1, originOf("mallory"), KindMatchOffer, "", "delegate", "head"), LabelStranger, false},
	} {
		label, ruled := r.LabelOutside(c.said)
		if label != c.want || ruled != c.ruled {
			t.Errorf("%s: %q, ruled %t", what, label, ruled)
		}
	}
	before := newRecord(World{Charter: storyCharter()}, bothTimes, parseBody)
	if label, ruled := before.LabelOutside(said(0, own, KindMatchOffer, "")); label != LabelNone || ruled {
		t.Errorf("a party without officers: %q, ruled %t", label, ruled)
	}
}
