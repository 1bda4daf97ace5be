package accord

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"entente/statement"
)

// eventful is a unit that has something to report in every section.
func eventful(t testing.TB) *desk {
	d := newDesk(t).at("07:00")
	p := ceasefire()
	blind := p.Clauses[0]
	blind.No, blind.Observe = 2, Observe{Means: []string{}, Queries: []Query{}, Who: []string{}}
	p.Clauses = append(p.Clauses, blind)
	ref := d.agree(p)
	on := []statement.Ref{ref}
	act := samples()[KindProposal].(Proposal)
	act.For, act.Clauses, act.CoolingOff = ForAction, []Clause{}, 3600
	act.Action = &Action{Who: "south", Due: "2026-03-02T20:00:00Z", WatchUntil: "2026-03-10T00:00:00Z", Test: Texts{"en": "scan it"}, Queries: []Query{}}
	d.agree(act) // until 11:00
	wrong := d.account("north", "clause/1", []Item{d.scan("south", 7)}, on, nil)
	d.all()
	d.at("+1 08:55")
	test := d.notice("north", "south", "test", nil, nil, "duty-1")
	d.notice("south", "north", "test", nil, nil, "duty-1")
	d.all()
	d.at("+1 09:04").answer("south", test, Ack, "duty-1")
	d.all()
	d.at("+1 12:00")
	d.account("south", "clause/1", []Item{d.scan("north", 3), d.scan("mallory | <b>", 2)}, on, func(a *Account) { a.Limits = Texts{"en": "fog"} })
	d.account("observer", "clause/1", []Item{{Kind: "absence", What: TagAccess}, {Kind: "absence", What: "scan"}, d.scan("north", 4)}, on, nil)
	late := d.scan("north", 9)
	late.From = At(deskDay.Add(20 * time.Hour))
	early := d.scan("north", 50)
	early.From = At(deskDay.Add(time.Hour)) // before it took effect
	seen := d.account("south", "clause/1", []Item{late, early, {Kind: "measure", What: "wicked | tag", Quantity: &Quantity{Cmp: ">=", N: 5, Unit: "heaps"}}}, on, nil)
	claim := d.notice("south", "north", "explain", []statement.Ref{ref, seen}, func(n *Notice) { n.Part = "clause/1" })
	ask := d.notice("north", "south", "assist", nil, func(n *Notice) { n.Wanted, n.Impact = "rascals out", "grave" })
	d.answer("north", wrong, Retract, "duty-1")
	d.say("south", KindPosition, Position{Stance: Agree, Capacity: "personal", Text: Texts{"en": "a personal rascal"}}, []statement.Ref{claim}, "duty-1")
	d.all()
	d.at("+1 13:00").answer("south", ask, Decline, "duty-1")
	d.answer("north", claim, Ack, "duty-1")
	d.all()
	d.at("+1 23:00").all()
	return d
}

var reportDay = deskDay.AddDate(0, 0, 1)

// TestDailyGolden fixes the canonical form: a change of it is a change of what
// two nodes sign.
func TestDailyGolden(t *testing.T) {
	d := eventful(t)
	d.at("+2 06:00").all()
	got := d.record().Daily(reportDay, d.time()).Markdown()
	path := filepath.Join("testdata", "daily.md")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n%s", err, got)
	}
}

// TestDailyEverywhere: every node prints the same bytes, whenever it prints them,
// in whatever order its record came, whatever it alone may read.
func TestDailyEverywhere(t *testing.T) {
	d := eventful(t)
	want := d.record().Daily(reportDay, d.at("+2 00:00").time()).Markdown()
	rapid.Check(t, func(rt *rapid.T) {
		o := busy(rt, d, d.w.Said[3].Ref) // what comes later
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		for i := range o.w.Said { // what one node alone opened
			if rng.IntN(4) == 0 && o.w.Said[i].Parts == nil {
				o.w.Said[i].Parts = map[int][]byte{2: []byte("mine")}
			}
		}
		o.now += rapid.Int64Range(0, 1_000_000).Draw(rt, "later")
		if got := o.shuffled(rng).Daily(reportDay, o.time()).Markdown(); !bytes.Equal(got, want) {
			rt.Errorf("%s\n\nwant\n%s", got, want)
		}
	})
}

// TestDailyBackdated: no cosigner puts later words into an earlier day.
func TestDailyBackdated(t *testing.T) {
	d := eventful(t)
	want := d.record().Daily(reportDay, d.at("+2 00:00").time()).Markdown()
	d.at("+3 00:00")
	d.account("north", "clause/1", []Item{d.scan("south", 99)}, []statement.Ref{d.w.Said[3].Ref}, nil)
	d.seen("north", "south")
	m := &d.w.Moments[len(d.w.Moments)-1]
	m.At = reportDay.Add(12 * time.Hour).Unix()
	if got := d.record().Daily(reportDay, d.time()).Markdown(); !bytes.Equal(got, want) {
		t.Errorf("%s", got)
	}
}

// TestDailyUnfinished: before its end a day's report says as of when it is.
func TestDailyUnfinished(t *testing.T) {
	d := eventful(t)
	rep := d.record().Daily(reportDay, d.at("+1 12:30:30").time())
	if rep.Whole || rep.AsOf != reportDay.Add(12*time.Hour+30*time.Minute) || !bytes.Contains(rep.Markdown(), []byte("The day is not over: as of 2026-03-03 12:30:00Z")) {
		t.Errorf("as of %s", rep.AsOf)
	}
	for _, c := range rep.Calls {
		if c.Answer != "" { // that came at 13:00
			t.Errorf("%+v", c)
		}
	}
}

// TestDailySilence: a partner that is gone is named with since when; the rest of
// the report goes on.
func TestDailySilence(t *testing.T) {
	d := eventful(t)
	d.at("+3 12:00")
	d.seen("north", "observer")
	d.seen("observer", "north")
	d.at("+4 00:00")
	rep := d.record().Daily(reportDay.AddDate(0, 0, 2), d.time())
	if len(rep.Silent) != 1 || rep.Silent[0].Party != "south" || rep.Silent[0].Last != reportDay.Add(23*time.Hour).Unix() {
		t.Errorf("%+v", rep.Silent)
	}
	text := string(rep.Markdown())
	if !strings.Contains(text, "Nothing was seen of south since 2026-03-03 23:00:00Z. | От south ничего не видно с 2026-03-03 23:00:00Z.") {
		t.Error(text)
	}
	if len(rep.Clauses) != 2 || len(rep.Claims) != 1 || rep.Checks[len(rep.Checks)-1].State != CheckNotAsked {
		t.Errorf("%+v", rep)
	}
}

// TestDailyText: a report is a text that can be signed, however much was said,
// and holds no word that a party wrote freely.
func TestDailyText(t *testing.T) {
	d := eventful(t)
	ref := d.w.Said[3].Ref
	d.at("+1 23:30")
	var items []Item
	for range MaxItems {
		items = append(items, d.scan("north", statement.MaxInt))
	}
	for range 5 {
		d.account("south", "clause/1", items, []statement.Ref{ref}, nil)
	}
	d.all()
	rep := d.record().Daily(reportDay, d.at("+2 00:00").time())
	text := string(rep.Markdown())
	if err := CheckTexts("report", Texts{"en": text}, maxPaper, true); err != nil {
		t.Error(err)
	}
	paper, err := json.Marshal(rep.Paper([]string{"en", "ru"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParsePaper(paper); err != nil || rep.Paper([]string{"en"}).Text["en"] != text {
		t.Errorf("%v", err)
	}
	for _, free := range []string{"rascal", "fog", "wicked", "heaps", "gate 7", "sensor 4", "grave", "mallory", "192.0.2", "<b>", "duty-1"} {
		if strings.Contains(text, free) {
			t.Errorf("%q of a party in the report", free)
		}
	}
	if !strings.Contains(text, "Left out above, in the record:") || strings.Contains(text, "-9007") {
		t.Error("a flood is not cut, or overflows")
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") && strings.Contains(line, "||") {
			t.Errorf("empty cell: %s", line)
		}
	}
}

// TestWords: every word that a derived value can hold has its two languages,
// and the console's catalogues say the same.
func TestWords(t *testing.T) {
	need := map[string][]string{
		"call": {CallSent, CallDelivered, CallAcknowledged, CallAnswered, CallClosed}, "clock": {ClockDelivery, ClockAck, ClockUnreachable, ClockAnswer},
		"answer":  {AnswerAccepted, AnswerInPart, AnswerDeclined, AnswerDone, AnswerExplained, string(NoComment), string(CannotSay), "agree", "differ", "not-answered", "acked", "asked"},
		"contact": {ContactListed, ContactConfirmed, ContactOverdue, ContactUnreachable, ContactReplaced},
		"check":   {ContactConfirmed, ContactOverdue, ContactUnreachable, CheckWaiting, CheckNotAsked, CheckUndeliver},
		"row":     {RowBefore, RowAfter, RowFuture, RowAllowed, RowVague}, "basis": bases, "side": {Undetermined, OtherCategory},
		"claim": {ClaimMade, ClaimAcked, ClaimExplained, ClaimSilent, ClaimFound}, "became": {OutcomeCured, OutcomeRepeated, OutcomeSuspended, OutcomeEnded},
		"finding": {"breach", "not-a-breach", "not-proven", "split", "attributed", "not-attributed", "none"},
		"action":  {ActionOpen, ActionOverdue, ActionDone, ActionTested, ActionFailed, ActionWatched, ActionClosed, ActionReopened},
		"fixes":   {FixLateRow, FixTakenBack, FixCorrected, FixNotice}, "level": {LevelTest, LevelRoutine, LevelPriority, LevelUrgent},
		"ask": {"ack", "explain", "assist", "preserve", "consult", "inspect", "stop"}, "reason": {"law", "capacity", "no-such-data", "national-security", "disputed", "other"},
		"label": {string(LabelPersonal), string(LabelReported), string(LabelNoPower), string(LabelDisputed), string(LabelOverQuota), string(LabelScope), string(LabelTarget), string(LabelStranger), string(LabelUnread), string(LabelNeeds), string(LabelLanguages), string(LabelContested), string(LabelRepeated)},
	}
	for _, s := range States() {
		need["state"] = append(need["state"], string(s))
	}
	for _, s := range ClauseWords() {
		need["clause"] = append(need["clause"], string(s))
	}
	for _, s := range proposalKinds {
		need["for"] = append(need["for"], string(s))
	}
	for _, n := range (Ledger{}).Tallies() {
		need["ledger"] = append(need["ledger"], n.Word)
	}
	catalogues := map[string]map[string]any{}
	for _, lang := range []string{"en", "ru"} {
		raw, err := os.ReadFile("../console/locale/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]any{}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		catalogues[lang] = m
	}
	for group, words := range need {
		for _, w := range words {
			text, ok := Words()[group+"."+w]
			if !ok {
				t.Errorf("no words for %s.%s", group, w)
				continue
			}
			if strings.ContainsFunc(text["en"], func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) || !strings.ContainsFunc(text["ru"], func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
				t.Errorf("%s.%s: %v", group, w, text)
			}
		}
	}
	for name, text := range Words() {
		group, w, _ := strings.Cut(name, ".")
		if !slices.Contains(need[group], w) && group != "label" {
			t.Errorf("%s is a word that nothing says", name)
		}
		for lang, c := range catalogues {
			if c["accord."+name] != text[lang] {
				t.Errorf("accord.%s in %s.json: %v, want %q", name, lang, c["accord."+name], text[lang])
			}
		}
	}
}
