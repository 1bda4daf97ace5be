package charter

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/statement"
)

var ids = []string{"north", "observer", "south"}

func consent(t testing.TB, c Charter, id string, s Stance, at time.Time) Consent {
	t.Helper()
	data, err := SignConsent(c, id, s, at, testKey(id, "statement"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseConsent(data)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestStateStory walks one charter through its life.
func TestStateStory(t *testing.T) {
	c := testCharter(t) // effective at start, one hour of cooling-off
	hour := func(h float64) time.Time { return start.Add(time.Duration(h * float64(time.Hour))) }
	all := []Consent{
		consent(t, c, "north", Agree, hour(-3)),
		consent(t, c, "south", Agree, hour(-2.5)),
		consent(t, c, "observer", Agree, hour(-2)),
	}
	steps := []struct {
		name     string
		consents []Consent
		now      time.Time
		want     Status
	}{
		{"nobody", nil, hour(-3), Status{Phase: Proposed, Missing: ids}},
		{"north alone", all[:1], hour(-2.9), Status{Phase: Proposed, Missing: []string{"observer", "south"}}},
		{
			"south's clock is ahead", all[:2], hour(-2.9),
			Status{Phase: Proposed, Missing: []string{"observer", "south"}, Later: []string{"south"}},
		},
		{"all", all, hour(-1.5), Status{Phase: CoolingOff, InForceAt: start}},
		{"cooled off", all, hour(-1), Status{Phase: Consented, InForceAt: start}},
		{"in force", all, start, Status{Phase: InForce, InForceAt: start}},
		{
			"late consent", append(slices.Clone(all[:2]), consent(t, c, "observer", Agree, hour(5))), hour(6),
			Status{Phase: InForce, InForceAt: hour(6)},
		},
		{
			"revoked while cooling off", append(slices.Clone(all), consent(t, c, "south", Revoke, hour(-1))), hour(9),
			Status{Phase: Revoked, InForceAt: start, RevokedBy: "south"},
		},
		{
			"refused at once",
			[]Consent{consent(t, c, "south", Revoke, hour(-4))},
			hour(9),
			Status{Phase: Revoked, Missing: ids, RevokedBy: "south"},
		},
		{
			"left", append(slices.Clone(all), consent(t, c, "south", Revoke, hour(3))), hour(3),
			Status{Phase: InForce, InForceAt: start, Left: []Departure{{"south", hour(3)}}},
		},
		{
			"will leave", append(slices.Clone(all), consent(t, c, "south", Revoke, hour(3))), hour(2),
			Status{Phase: InForce, InForceAt: start},
		},
	}
	for _, step := range steps {
		if got := State(c, step.consents, step.now); !reflect.DeepEqual(got, step.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", step.name, got, step.want)
		}
	}
	left := State(c, append(slices.Clone(all), consent(t, c, "south", Revoke, hour(3))), hour(4))
	if left.Has(c, "south") || !left.Has(c, "north") || left.Has(c, "mallory") {
		t.Errorf("who belongs after south left: %+v", left)
	}
}

// TestStateBackdated: a claimed time before the force does not undo it once
// the witnesses' time is known.
func TestStateBackdated(t *testing.T) {
	c := testCharter(t)
	var all []Consent
	for _, id := range ids {
		all = append(all, consent(t, c, id, Agree, start.Add(-3*time.Hour)))
	}
	lie := consent(t, c, "south", Revoke, start.Add(-time.Hour))
	lie.Witnessed = start.Add(48 * time.Hour)
	got := State(c, append(all, lie), start.Add(72*time.Hour))
	if got.Phase != InForce || len(got.Left) != 1 || !got.Left[0].At.Equal(lie.Witnessed) {
		t.Errorf("a back-dated revocation: %+v", got)
	}
}

// TestStateForged: what does not verify is counted and changes nothing.
func TestStateForged(t *testing.T) {
	c := testCharter(t)
	good := consent(t, c, "north", Agree, start)
	other, err := Propose(testCards(t), DefaultTerms("other", 3, start))
	if err != nil {
		t.Fatal(err)
	}
	c2, err := Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	edited := good
	edited.Party = "south"
	turned := good
	turned.Stance = Revoke
	byHand := Consent{Charter: c.Digest(), Party: "south", Time: start, Stance: Agree}
	wrongKey := good
	wrongKey.envelope.Sig = slices.Clone(good.envelope.Sig)
	wrongKey.envelope.Sig[0] ^= 1
	forged := []Consent{edited, turned, byHand, wrongKey, consent(t, c2, "south", Agree, start)}
	got := State(c, append(forged, good), start)
	want := Status{Phase: Proposed, Missing: []string{"observer", "south"}, Ignored: len(forged)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := SignConsent(c, "south", Agree, start, testKey("mallory", "statement")); !isCode(err, statement.CodeSignature) {
		t.Errorf("mallory signs for south: %v", err)
	}
	if _, err := SignConsent(c, "mallory", Agree, start, testKey("mallory", "statement")); !isCode(err, statement.CodeParty) {
		t.Errorf("mallory signs for mallory: %v", err)
	}
}

// TestStateProperties compares State with a plain model and checks that
// order and repetition do not matter and that nothing final is undone.
func TestStateProperties(t *testing.T) {
	c := testCharter(t)
	const hours = 8
	var pool []Consent
	for _, id := range ids {
		for h := range hours {
			at := start.Add(time.Duration(h-4) * time.Hour)
			pool = append(pool, consent(t, c, id, Agree, at), consent(t, c, id, Revoke, at))
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.SliceOfN(rapid.SampledFrom(pool), 0, 9).Draw(r, "consents")
		now := start.Add(time.Duration(rapid.IntRange(-10, 16).Draw(r, "half hours")) * time.Hour / 2)
		got := State(c, list, now)
		if want := model(c, list, now); got.Phase != want {
			r.Fatalf("phase %q, the model says %q", got.Phase, want)
		}
		shuffled := rapid.Permutation(append(slices.Clone(list), list...)).Draw(r, "order")
		if again := State(c, shuffled, now); !reflect.DeepEqual(got, again) {
			r.Fatalf("order or repetition changed\n%+v\nto\n%+v", got, again)
		}
		after := State(c, list, now.Add(time.Hour))
		if got.Phase == Revoked && (after.Phase != Revoked || after.RevokedBy != got.RevokedBy) {
			r.Fatalf("a revoked charter became %+v", after)
		}
		if got.Phase == InForce && (after.Phase != InForce || !after.InForceAt.Equal(got.InForceAt)) {
			r.Fatalf("a charter in force became %+v", after)
		}
		if len(after.Left) < len(got.Left) || !slices.Equal(after.Left[:len(got.Left)], got.Left) {
			r.Fatalf("who left came back: %+v then %+v", got.Left, after.Left)
		}
	})
}

// model is the rule of State in the shortest words.
func model(c Charter, list []Consent, now time.Time) Phase {
	agreed := map[string]time.Time{}
	firstRevoke := time.Time{}
	for _, k := range list {
		if k.Time.After(now) {
			continue
		}
		if k.Stance == Revoke && (firstRevoke.IsZero() || k.Time.Before(firstRevoke)) {
			firstRevoke = k.Time
		}
		if t, ok := agreed[k.Party]; k.Stance == Agree && (!ok || k.Time.Before(t)) {
			agreed[k.Party] = k.Time
		}
	}
	if len(agreed) < len(c.Parties) {
		if !firstRevoke.IsZero() {
			return Revoked
		}
		return Proposed
	}
	cooled := slices.MaxFunc(slices.Collect(maps.Values(agreed)), time.Time.Compare).Add(c.CoolingOff())
	force := slices.MaxFunc([]time.Time{cooled, c.EffectiveAt()}, time.Time.Compare)
	switch {
	case !firstRevoke.IsZero() && firstRevoke.Before(force):
		return Revoked
	case !now.Before(force):
		return InForce
	case now.Before(cooled):
		return CoolingOff
	}
	return Consented
}

func TestConsentBytes(t *testing.T) {
	c := testCharter(t)
	data, err := SignConsent(c, "north", Agree, start, testKey("north", "statement"))
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, text := range map[string]string{
		"empty": "", "no newline": strings.TrimSpace(good), "CRLF": strings.TrimSpace(good) + "\r\n",
		"blank inside": strings.Replace(good, ",", ", ", 1), "leaf type": strings.Replace(good, "consent+json", "leaf+json", 1),
		"large": good + strings.Repeat(" ", MaxConsent),
	} {
		if _, err := ParseConsent([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseConsent(f *testing.F) {
	c := testCharter(f)
	for _, s := range []Stance{Agree, Revoke} {
		data, err := SignConsent(c, "north", s, start, testKey("north", "statement"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParseConsent(data)
		if err != nil {
			return
		}
		if again := string(k.envelope.Marshal()) + "\n"; again != string(data) {
			t.Error("accepted a second spelling")
		}
	})
}
