package border

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/statement"
)

func TestParseMarking(t *testing.T) {
	for text, want := range map[string]Marking{
		"TLP:CLEAR": Clear, "TLP:WHITE": Clear, "tlp:white": Clear, "TLP:GREEN": Green, "tlp:amber": Amber,
		"TLP:AMBER+STRICT": AmberStrict, "tlp:amber+strict": AmberStrict, "TLP:RED": Red,
		"": "", "RED": "", "TLP:": "", "TLP: RED": "", " TLP:RED": "", "TLP:AMBER STRICT": "", "TLP:PURPLE": "", "TLP:RED\n": "",
		"PAP:RED": "", "TLP:EX:CHR": "", "ᴛLP:RED": "",
	} {
		got, err := ParseMarking(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v, want %q", text, got, err, want)
		}
		if r, ok := statement.AsRefusal(err); err != nil && (!ok || r.Code != statement.CodeMarking) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestStrictestOnlyTightens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.SliceOfN(rapid.SampledFrom(Markings()), 1, 5).Draw(t, "markings")
		s := Strictest(ms...)
		for _, m := range ms {
			if m.strictness() > s.strictness() {
				t.Fatalf("%s of %v", s, ms)
			}
		}
		if !slices.Contains(ms, s) {
			t.Fatalf("%s is none of %v", s, ms)
		}
	})
	if Strictest() != Red || Strictest(Clear, "typo") != Red {
		t.Error("a slip opened something")
	}
}

// The full matrix of markings and recipients (catalogue numbers 28 and 29).
func TestReleaseMatrix(t *testing.T) {
	parties := []string{"south", "observer"}
	for _, c := range []struct {
		recipients string
		named      bool // allowed under a marking that needs names
		open       bool // allowed under CLEAR and GREEN
		to         string
		code       statement.Code
	}{
		{"south", true, true, "south", ""},
		{"south,observer", true, true, "observer,south", ""},
		{"", false, true, "observer,south", statement.CodeRecipient},
		{"mallory", false, false, "", statement.CodeRecipient},
		{"south,mallory", false, false, "", statement.CodeRecipient},
		{"south,south", false, false, "", statement.CodeRecipient},
		{"*", false, false, "", statement.CodeRecipient},
		{"South", false, false, "", statement.CodeRecipient},
	} {
		var recipients []string
		if c.recipients != "" {
			recipients = strings.Split(c.recipients, ",")
		}
		for _, m := range Markings() {
			allowed := c.named || c.open && (m == Clear || m == Green)
			got, err := Release(strings.ToLower(string(m)), recipients, parties)
			if !allowed {
				if r, ok := statement.AsRefusal(err); !ok || r.Code != c.code || got.Rule != "" {
					t.Errorf("%s to %q: %+v %v, want %s", m, c.recipients, got, err, c.code)
				}
				continue
			}
			if err != nil || strings.Join(got.Recipients, ",") != c.to || got.Marking != string(m) || got.Rule == "" {
				t.Errorf("%s to %q: %+v %v", m, c.recipients, got, err)
			}
		}
		for _, marking := range []string{"", "TLP:PURPLE", "secret"} {
			if got, err := Release(marking, recipients, parties); err == nil {
				t.Errorf("%q to %q: %+v", marking, c.recipients, got)
			}
		}
	}
	if _, err := Release("TLP:CLEAR", nil, nil); err == nil {
		t.Error("released to nobody")
	}
}

func TestReceiptJSON(t *testing.T) {
	r, err := Release("TLP:WHITE", []string{"south"}, []string{"south", "observer"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(r)
	if want := `{"use":"share","rule":"tlp-named","marking":"TLP:CLEAR","pap":"","recipients":["south"],"group":null}`; err != nil || string(got) != want {
		t.Errorf("%s %v, want %s", got, err, want)
	}
}

func TestDecide(t *testing.T) {
	officer, automatic := ReleasePolicy{ModeOfficer, 2}, ReleasePolicy{ModeAutomatic, 2}
	theirs := Sighting{Giver: "south"}
	approved := Sighting{Giver: "south", Approved: true}
	for _, c := range []struct {
		what   string
		policy ReleasePolicy
		sent   int
		s      Sighting
		want   Decision
	}{
		{"nobody released it", officer, 0, theirs, Decision{Keep, RuleAwaitsOfficer}},
		{"an officer did", officer, 1, approved, Decision{Send, RuleOfficerReleased}},
		{"too many today", officer, 2, approved, Decision{OverBudget, RuleDailyBudget}},
		{"policy", automatic, 1, theirs, Decision{Send, RulePolicyReleased}},
		{"policy over budget", automatic, 2, theirs, Decision{OverBudget, RuleDailyBudget}},
		{"officer under policy", automatic, 0, approved, Decision{Send, RuleOfficerReleased}},
		{"own indicator", automatic, 0, Sighting{Approved: true}, Decision{Keep, RuleOwnIndicator}},
		{"held", automatic, 0, Sighting{Giver: "south", Held: true, Approved: true}, Decision{Keep, RuleHeldIndicator}},
		{"no policy", ReleasePolicy{}, 0, approved, Decision{Keep, RuleAwaitsOfficer}},
		{"absurd policy", ReleasePolicy{ModeAutomatic, MaxPerDay + 1}, 0, theirs, Decision{Keep, RuleAwaitsOfficer}},
		{"zero budget", ReleasePolicy{ModeAutomatic, 0}, 0, theirs, Decision{OverBudget, RuleDailyBudget}},
		{"broken count", automatic, -1, theirs, Decision{OverBudget, RuleDailyBudget}},
	} {
		if got := Decide(c.policy, c.sent, c.s); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

// Whatever mallory gives and however often it is seen, under officer mode he
// learns nothing, and under a policy never more than its budget a day.
func TestOracleIsBudgeted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := ReleasePolicy{rapid.SampledFrom([]string{ModeOfficer, ModeAutomatic}).Draw(t, "mode"), rapid.IntRange(0, 20).Draw(t, "per day")}
		sent := 0
		for range rapid.IntRange(0, 100).Draw(t, "sightings") {
			if Decide(policy, sent, Sighting{Giver: "mallory"}).Outcome == Send {
				sent++
			}
		}
		if policy.Mode == ModeOfficer && sent > 0 || sent > policy.PerDay {
			t.Fatalf("%d sent under %+v", sent, policy)
		}
	})
}

func TestBudget(t *testing.T) {
	day := time.Date(2026, 5, 10, 23, 59, 0, 0, time.UTC)
	b := NewBudget(10, 1000)
	take := func(objects, bytes int64, at time.Time, ok bool) {
		t.Helper()
		before := b
		err := b.Take(objects, bytes, at)
		if r, refused := statement.AsRefusal(err); (err == nil) != ok || err != nil && (!refused || r.Code != statement.CodeBudget) {
			t.Errorf("take %d %d: %v, want ok %v", objects, bytes, err, ok)
		}
		if err != nil && b != before {
			t.Errorf("a refusal changed the budget: %+v", b)
		}
	}
	take(4, 600, day, true)
	take(7, 1, day, false)             // objects
	take(1, 401, day, false)           // bytes
	take(-1, 0, day, false)            // nothing comes back
	take(math.MaxInt64, 1, day, false) // no overflow
	take(1, math.MaxInt64, day, false) //
	take(6, 400, day, true)            // to the last
	take(1, 0, day, false)             //
	take(0, 0, day, true)              //
	take(10, 1000, day.Add(time.Hour), true)
	take(1, 0, day, false) // the clock stepped back: yesterday is not open again
	if objects, bytes := b.Left(); objects != 0 || bytes != 0 {
		t.Errorf("left %d %d", objects, bytes)
	}
	b = NewBudget(-1, -1)
	take(1, 0, day, false)

	// What is left of a day adds up, from the day before since, to 3 days more.
	b = NewAllowance(10, 3, day)
	take(20, 1<<40, day, true)
	take(1, 0, day, false)
	take(11, 0, day.Add(24*time.Hour), false)
	take(4, 0, day.Add(24*time.Hour), true)
	take(16, 0, day.Add(48*time.Hour), true)
	take(41, 0, day.AddDate(1, 0, 0), false)
	take(40, 0, day.AddDate(1, 0, 0), true)
	take(1, 0, day, false)
	used := b
	b = NewAllowance(10, 3, day)
	b.Resume(used)
	take(1, 0, day, false)
	b = NewAllowance(math.MaxInt64, math.MaxInt64>>33, day)
	take(math.MaxInt64, 0, day, false)
	b = NewAllowance(0, 3, day)
	take(1, 0, day.AddDate(1, 0, 0), false)
}
