package border

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/observable"
)

var (
	now  = time.Date(2026, 5, 10, 12, 0, 0, 0, time.UTC)
	seen = now.AddDate(0, 0, -3)
)

func detect(t testing.TB, raw string) observable.Value {
	t.Helper()
	v, err := observable.Detect(raw)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return v
}

func newTestGate(t testing.TB) *Gate {
	t.Helper()
	sinkholes, err := NewWarningList("sinkholes", KindCIDR, []string{"198.51.100.200", "203.0.113.64/26"})
	if err != nil {
		t.Fatal(err)
	}
	own := []observable.Value{detect(t, "vote.north.example"), detect(t, "198.51.100.0/28"), detect(t, "2001:db8:1::/48"), detect(t, "chief@partner.example")}
	return NewGate(append(BuiltIn(), sinkholes), own)
}

func TestJudgeHoldsPoison(t *testing.T) {
	g := newTestGate(t)
	for raw, want := range map[string]string{
		"0.0.0.0/0":                        HeldBreadth,
		"::/0":                             HeldBreadth,
		"45.0.0.0/15":                      HeldBreadth,
		"2a00::/31":                        HeldBreadth,
		".com":                             HeldPublicSuffix,
		"co.uk":                            HeldPublicSuffix,
		"blogspot.com":                     HeldPublicSuffix,
		"https://co.uk/x":                  HeldPublicSuffix,
		"8.8.8.8":                          HeldWarningList,
		"8.8.8.0/24":                       HeldWarningList,
		"http://1.1.1.1/x":                 HeldWarningList,
		"::ffff:10.0.0.1":                  HeldWarningList,
		"192.168.1.1":                      HeldWarningList,
		"127.0.0.1":                        HeldWarningList,
		"169.254.1.1":                      HeldWarningList,
		"100.64.0.1":                       HeldWarningList,
		"224.0.0.251":                      HeldWarningList,
		"255.255.255.255":                  HeldWarningList,
		"0.1.2.3":                          HeldWarningList,
		"::1":                              HeldWarningList,
		"fe80::1":                          HeldWarningList,
		"fd00::1":                          HeldWarningList,
		"ff02::1":                          HeldWarningList,
		"google.com":                       HeldWarningList,
		"www.google.com":                   HeldWarningList,
		"https://google.com/":              HeldWarningList,
		"d41d8cd98f00b204e9800998ecf8427e": HeldWarningList,
		"203.0.113.65":                     HeldWarningList,
		"203.0.113.0/24":                   HeldWarningList,
		"198.51.100.3":                     HeldOwnAsset,
		"198.51.100.0/24":                  HeldOwnAsset,
		"2001:db8:1:2::3":                  HeldOwnAsset,
		"vote.north.example":               HeldOwnAsset,
		"north.example":                    HeldOwnAsset,
		"admin.vote.north.example":         HeldOwnAsset,
		"http://vote.north.example/login":  HeldOwnAsset,
		"http://198.51.100.3:8080/":        HeldOwnAsset,
		"clerk@vote.north.example":         HeldOwnAsset,
		"chief@partner.example":            HeldOwnAsset,
		"da39a3ee5e6b4b0d3255bfef95601890afd80709": HeldWarningList,
	} {
		v := g.Judge(Candidate{Value: detect(t, raw), Observed: seen}, now)
		if !v.Hold || !slices.ContainsFunc(v.Reasons, func(r Reason) bool { return r.Code == want }) {
			t.Errorf("%s: %+v, want %s", raw, v, want)
		}
		for _, r := range v.Reasons {
			if r.Detail == "" || !slices.Contains(HeldCodes(), r.Code) {
				t.Errorf("%s: a reason without explanation: %+v", raw, r)
			}
		}
	}
}

func TestJudgeLetsPass(t *testing.T) {
	g := newTestGate(t)
	for _, raw := range []string{
		"198.51.100.77", "203.0.113.9", "192.0.2.1", "198.18.0.9", "2001:db8::5", // documentation networks
		"45.10.0.0/16", "2a00::/32", "evil.example", "sub.evil.co.uk", "someone.blogspot.com",
		"https://drive.evil.example/a?b", "spam@gmail.com", "spam@google.com", "x@partner.example",
		"notnorth.example", "9e107d9d372bb6826bd81d3542a419d6",
	} {
		if v := g.Judge(Candidate{Value: detect(t, raw), Observed: seen, Until: now.Add(time.Hour)}, now); v.Hold || len(v.Reasons) > 0 {
			t.Errorf("%s: %+v", raw, v)
		}
	}
}

func TestJudgeTimes(t *testing.T) {
	g := NewGate(nil, nil)
	value := detect(t, "evil.example")
	for _, c := range []struct {
		what string
		c    Candidate
		want string
	}{
		{"dated", Candidate{Observed: seen}, ""},
		{"undated", Candidate{}, HeldUndated + HeldEvidence},
		{"undated, seen by its giver", Candidate{Basis: "observed"}, HeldUndated},
		{"undated, named by others too", Candidate{Corroborated: 1}, HeldUndated},
		{"inferred", Candidate{Observed: seen, Basis: "inferred"}, HeldEvidence},
		{"asserted", Candidate{Observed: seen, Basis: "asserted"}, HeldEvidence},
		{"inferred and seen by others", Candidate{Observed: seen, Basis: "inferred", Sighted: 1}, ""},
		{"tomorrow here is today there", Candidate{Observed: now.Add(FutureSlack)}, ""},
		{"future", Candidate{Observed: now.Add(FutureSlack + 1)}, HeldFuture},
		{"ten years ahead", Candidate{Observed: now.AddDate(10, 0, 0)}, HeldFuture},
		{"expires now", Candidate{Observed: seen, Until: now}, HeldExpired},
		{"expires next", Candidate{Observed: seen, Until: now.Add(1)}, ""},
		{"context", Candidate{Observed: seen, Context: true}, HeldContext},
	} {
		c.c.Value = value
		v := g.Judge(c.c, now)
		var got string
		for _, r := range v.Reasons {
			got += r.Code
		}
		if got != c.want || v.Hold != (c.want != "") {
			t.Errorf("%s: %+v, want %q", c.what, v, c.want)
		}
	}
}

func TestJudgeGivesEveryReason(t *testing.T) {
	v := newTestGate(t).Judge(Candidate{Value: detect(t, "0.0.0.0/0"), Until: seen, Context: true}, now)
	want := []Reason{
		{HeldBreadth, "0.0.0.0/0, limit /16"},
		{HeldOwnAsset, "198.51.100.0/28"},
		{HeldWarningList, "special-purpose networks: 0.0.0.0/8"},
		{HeldWarningList, "public resolvers: 1.0.0.1"},
		{HeldWarningList, "sinkholes: 198.51.100.200"},
		{HeldUndated, "no observation time"},
		{HeldExpired, "2026-05-07T12:00:00Z"},
		{HeldEvidence, "told"},
		{HeldContext, "to_ids=false"},
	}
	if !v.Hold || !slices.Equal(v.Reasons, want) {
		t.Errorf("got  %+v\nwant %+v", v.Reasons, want)
	}
}

func TestBuiltIn(t *testing.T) {
	for _, l := range BuiltIn() {
		if l.Unread() != 0 || l.Len() == 0 {
			t.Errorf("%s: %d entries, %d unread", l.Name(), l.Len(), l.Unread())
		}
		for _, documentation := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "198.18.0.0/15", "evil.example", "example.com"} {
			if entry, ok := l.Find(detect(t, documentation)); ok {
				t.Errorf("%s lists %s, which examples use (entry %s)", l.Name(), documentation, entry)
			}
		}
	}
	m, s1, s2 := md5.Sum(nil), sha1.Sum(nil), sha256.Sum256(nil)
	want := []string{hex.EncodeToString(m[:]), hex.EncodeToString(s1[:]), hex.EncodeToString(s2[:])}
	if !slices.Equal(emptyFile(), want) {
		t.Errorf("%s, want %s", strings.Join(emptyFile(), " "), strings.Join(want, " "))
	}
}
