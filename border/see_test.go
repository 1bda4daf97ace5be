package border

import (
	"slices"
	"testing"

	"entente/statement"
)

// TestLensMatrix is the whole matrix of clearance, use, marking, guest and
// audience (catalogue numbers 28 and 29).
func TestLensMatrix(t *testing.T) {
	levels := append(Markings(), "")
	for _, clearance := range Markings() {
		for _, use := range []Use{"", UsePassive, UseActive, UsePublish} {
			for _, guest := range []string{"", "south"} {
				l, err := See(Viewer{Account: "siem", Clearance: clearance, Scopes: []string{"taxii:read"}, Guest: guest}, "taxii:read", use)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range levels {
					for _, p := range append(PAPs(), "") {
						for _, s := range []Sight{
							{Said: false},
							{Said: true, Recipients: []string{"south"}},
							{Said: true, Recipients: []string{"west"}},
							{Said: true, Signer: "south", Recipients: []string{"west"}},
							{Said: true, Signer: "west", Recipients: []string{"south"}, Only: []string{"west"}},
						} {
							s.Label = Label{m, p}
							if got, want := l.Shows(s), mayShow(clearance, use, guest, s); got != want {
								t.Errorf("clearance %s, use %q, guest %q, %+v: %v, want %v", clearance, use, guest, s, got, want)
							}
						}
					}
				}
			}
		}
	}
}

// mayShow is the rule in other words than Shows has.
func mayShow(clearance Marking, use Use, guest string, s Sight) bool {
	order := append(Markings(), "")
	within := slices.Index(order, s.Label.TLP) <= slices.Index(order, clearance) || s.Label.TLP == "" && clearance == Red && guest == ""
	switch use {
	case UsePublish:
		within = within && s.Label.TLP == Clear && (s.Label.PAP == "" || s.Label.PAP == PAPClear)
	case UseActive:
		within = within && s.Label.TLP != Red && s.Label.TLP != "" && s.Label.PAP != PAPAmber && s.Label.PAP != PAPRed
	case UsePassive:
		within = within && s.Label.TLP != Red && s.Label.TLP != ""
	}
	forGuest := guest == "" || s.Said && (s.Signer == guest || slices.Contains(s.Recipients, guest) && (s.Only == nil || slices.Contains(s.Only, guest)))
	return within && forGuest
}

func TestSeeRefuses(t *testing.T) {
	for name, v := range map[string]Viewer{
		"nobody":       {},
		"no scope":     {Account: "a", Clearance: Red},
		"other scope":  {Account: "a", Clearance: Red, Scopes: []string{"taxii:write", "misp:read"}},
		"no clearance": {Account: "a", Scopes: []string{"taxii:read"}},
		"bad":          {Account: "a", Clearance: "TLP:PINK", Scopes: []string{"taxii:read"}},
	} {
		l, err := See(v, "taxii:read", "")
		if r, ok := statement.AsRefusal(err); !ok || r.Code != statement.CodeClearance {
			t.Errorf("%s: %v", name, err)
		}
		if l.Ceiling() != -1 || len(l.PAPs()) > 0 || l.Shows(Sight{Label: openLabel}) {
			t.Errorf("%s: sees", name)
		}
	}
	if _, err := See(Owner("anna"), "taxii:read", UseShare); err == nil {
		t.Error("a lens to share through")
	}
	if l, err := See(Owner("anna"), "anything", ""); err != nil || !l.Shows(Sight{}) {
		t.Errorf("the owner does not see a draft: %v", err)
	}
}
