package border

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente/observable"
)

// poison returns values of which none may ever alert by itself, each with the
// reason that must be among those given.
func poison(t *testing.T) map[string]string {
	all := make(map[string]string)
	add := func(code string, raws ...string) {
		for _, raw := range raws {
			all[raw] = code
		}
	}
	for bits := range MinBits4 {
		add(HeldBreadth, fmt.Sprintf("45.0.0.0/%d", bits))
	}
	for bits := range MinBits6 {
		add(HeldBreadth, fmt.Sprintf("2a00::/%d", bits))
	}
	for _, name := range []string{"com", "ru", "org", "gov", "us", "su", "example", "co.uk", "com.ru", "gov.uk", "github.io", "blogspot.com", "xn--p1ai", "рф"} {
		add(HeldPublicSuffix, name)
		if strings.Contains(name, ".") {
			add(HeldPublicSuffix, "http://"+name+"/login", "root@"+name)
		}
	}
	for _, a := range append(publicResolvers(), "10.1.2.3", "172.31.255.255", "192.168.0.1", "127.0.0.1", "169.254.169.254", "100.64.1.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "fe80::1", "fc00::1", "ff02::1") {
		add(HeldWarningList, a)
		if detect(t, a).Type == observable.IPv4 {
			add(HeldWarningList, "http://"+a+"/x", "::ffff:"+a)
		}
	}
	for _, name := range ubiquitousDomains() {
		add(HeldWarningList, name, "www."+name, "https://"+name+"/a?b=c")
	}
	add(HeldWarningList, emptyFile()...)
	add(HeldWarningList, "8.8.0.0/16", "9.9.9.0/24")
	add(HeldOwnAsset, "vote.north.example", "north.example", "a.vote.north.example", "http://vote.north.example/", "x@vote.north.example", "198.51.100.1", "198.51.100.0/24", "2001:db8:1::1", "http://[2001:db8:1::1]/", "chief@partner.example")
	return all
}

// TestPoison (security 32): a dated list of more than 200 poisoned values, said to be
// observed and named by others too, makes no alert; each is held for its reason.
func TestPoison(t *testing.T) {
	g := newTestGate(t)
	all := poison(t)
	if len(all) < 200 {
		t.Fatalf("only %d values", len(all))
	}
	for raw, code := range all {
		value, err := observable.Detect(raw)
		if err != nil { // one label is a name only where a name is asked for
			value, err = observable.Normalise(observable.Domain, raw)
		}
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		v := g.Judge(Candidate{Value: value, Observed: seen, Basis: "observed", Corroborated: 3, Sighted: 3, LastSighted: now}, now)
		if !v.Hold || !slices.ContainsFunc(v.Reasons, func(r Reason) bool { return r.Code == code && r.Detail != "" }) {
			t.Errorf("%s: %+v, want %s", raw, v.Reasons, code)
		}
	}
}

// TestHostsAreJudged: a URL by its host, an e-mail address where the list is
// for such; a network inside a listed one.
func TestHostsAreJudged(t *testing.T) {
	mail := newTestList(t, KindHostname, "throwaway.example").For(observable.Email)
	machines := newTestList(t, KindString, "198.51.100.9", "t.example")
	nets := newTestList(t, KindCIDR, "198.51.100.0/24")
	for _, c := range []struct {
		list  *WarningList
		value string
		want  string
	}{
		{mail, "jo@throwaway.example", "throwaway.example"},
		{mail, "jo@a.throwaway.example", "throwaway.example"},
		{mail, "throwaway.example", ""},
		{machines, "http://198.51.100.9:8080/x", "198.51.100.9"},
		{machines, "http://t.example/x", ""}, // strangers have pages there
		{nets, "198.51.100.64/26", "198.51.100.0/24"},
		{nets, "198.51.0.0/16", "198.51.100.0/24"},
		{nets, "http://198.51.100.7/x", "198.51.100.0/24"},
	} {
		entry, found := c.list.Find(detect(t, c.value))
		if entry != c.want && found || found != (c.want != "") {
			t.Errorf("%s: %q %v, want %q", c.value, entry, found, c.want)
		}
	}
}
