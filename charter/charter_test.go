package charter

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"entente/statement"
)

func isCode(err error, code statement.Code) bool {
	r, ok := statement.AsRefusal(err)
	return ok && r.Code == code
}

// TestParseRefuses breaks one field at a time.
func TestParseRefuses(t *testing.T) {
	good := testCharter(t)
	mallory := testParty(t, "mallory", RoleParty)
	cases := []struct {
		name string
		code statement.Code
		edit func(c *Charter)
	}{
		{"no name", statement.CodeField, func(c *Charter) { c.Name = "" }},
		{"bidi in name", statement.CodeField, func(c *Charter) { c.Name = "unit \u202e tinu" }},
		{"invisible in name", statement.CodeField, func(c *Charter) { c.Name = "un\u200bit" }},
		{"epoch 0", statement.CodeField, func(c *Charter) { c.Epoch = 0 }},
		{"epoch 2 without previous", statement.CodeField, func(c *Charter) { c.Epoch = 2 }},
		{"epoch 1 with previous", statement.CodeField, func(c *Charter) { c.Previous = &statement.Digest{} }},
		{"one party", statement.CodeField, func(c *Charter) { c.Parties = c.Parties[:1] }},
		{"null parties", statement.CodeField, func(c *Charter) { c.Parties = nil }},
		{"unsorted", statement.CodeField, func(c *Charter) { c.Parties[0], c.Parties[1] = c.Parties[1], c.Parties[0] }},
		{"named twice", statement.CodeField, func(c *Charter) { c.Parties[1] = c.Parties[0] }},
		{"one party and two observers", statement.CodeField, func(c *Charter) { c.Parties[0].Role = RoleObserver }},
		{"unknown role", statement.CodeField, func(c *Charter) { c.Parties[0].Role = "guest" }},
		{"bad id", statement.CodeParty, func(c *Charter) { c.Parties[0].ID = "North" }},
		{"origin of another key", statement.CodeKey, func(c *Charter) { c.Parties[0].Keys.Statement = mallory.Keys.Statement }},
		{"origin of another party", statement.CodeKey, func(c *Charter) { c.Parties[0].Origin = c.Parties[1].Origin }},
		{"address without port", statement.CodeField, func(c *Charter) { c.Parties[0].Address = "north.example" }},
		{"address in octal", statement.CodeField, func(c *Charter) { c.Parties[0].Address = "010.0.0.1:7443" }},
		{"no witness", statement.CodeField, func(c *Charter) { c.Quorum.Witnesses = 0 }},
		{"own witness counted", statement.CodeField, func(c *Charter) { c.Quorum.Witnesses = 3 }},
		{"held by more than there are", statement.CodeField, func(c *Charter) { c.Quorum.Held = 3 }},
		{"succession by nobody", statement.CodeField, func(c *Charter) { c.Succession = 0 }},
		{"null scope", statement.CodeField, func(c *Charter) { c.Scope = nil }},
		{"scope twice", statement.CodeField, func(c *Charter) { c.Scope = []string{"a", "a"} }},
		{"negative budget", statement.CodeField, func(c *Charter) { c.Budgets.SightingsPerDay = -1 }},
		{"no connection", statement.CodeField, func(c *Charter) { c.Budgets.Connections = 0 }},
		{"no heartbeat", statement.CodeField, func(c *Charter) { c.Intervals.HeartbeatSeconds = 0 }},
		{"heartbeat of a week", statement.CodeField, func(c *Charter) { c.Intervals.HeartbeatSeconds = 7 * 86400 }},
		{"negative cooling-off", statement.CodeField, func(c *Charter) { c.CoolingOffSeconds = -1 }},
		{"local time", statement.CodeField, func(c *Charter) { c.Effective = "2026-01-31T12:00:00+01:00" }},
		{"fraction of a second", statement.CodeField, func(c *Charter) { c.Effective = "2026-01-31T12:00:00.5Z" }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, err := Parse(good.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			tc.edit(&c)
			data, err := encode(c)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Parse(data); !isCode(err, tc.code) {
				t.Errorf("got %v, want %s", err, tc.code)
			}
		})
	}
}

// TestParseBytes: the same content in another spelling is another file.
func TestParseBytes(t *testing.T) {
	good := string(testCharter(t).Bytes())
	cases := []struct {
		name, text string
		code       statement.Code
	}{
		{"empty", "", statement.CodeJSON},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), statement.CodeJSON},
		{"no final newline", strings.TrimSuffix(good, "\n"), statement.CodeJSON},
		{"two final newlines", good + "\n", statement.CodeJSON},
		{"trailing data", good + "{}", statement.CodeJSON},
		{"byte order mark", "\ufeff" + good, statement.CodeUTF8},
		{"unknown field", strings.Replace(good, `  "epoch": 1,`, `  "epoch": 1,`+"\n"+`  "epochs": 1,`, 1), statement.CodeField},
		{"field twice", strings.Replace(good, `  "epoch": 1,`, `  "epoch": 1,`+"\n"+`  "epoch": 1,`, 1), statement.CodeDupKey},
		{"other case", strings.Replace(good, `"epoch"`, `"Epoch"`, 1), statement.CodeCaseKey},
		{"missing field", strings.Replace(good, `  "previous": null,`+"\n", "", 1), statement.CodeJSON},
		{"fraction", strings.Replace(good, `"epoch": 1,`, `"epoch": 1.0,`, 1), statement.CodeNumber},
		{"held none", strings.Replace(good, `"held": "all"`, `"held": 0`, 1), statement.CodeField},
		{"a card", strings.Replace(good, Format, CardFormat, 1), statement.CodeField},
		{"too large", good + strings.Repeat(" ", MaxSize), statement.CodeSize},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Parse([]byte(tc.text)); !isCode(err, tc.code) {
				t.Errorf("got %v, want %s", err, tc.code)
			}
		})
	}
	for _, version := range []string{
		strings.Replace(good, Format, "entente/charter/v2", 1),
		strings.Replace(good, `"rules": "1"`, `"rules": "2"`, 1),
	} {
		if _, err := Parse([]byte(version)); !errors.Is(err, statement.ErrNotUnderstood) {
			t.Errorf("another version: %v", err)
		}
	}
}

// TestKeysRefused: no key serves two roles or two parties, and no key is one
// under which signatures mean nothing.
func TestKeysRefused(t *testing.T) {
	north, south := testParty(t, "north", RoleParty), testParty(t, "south", RoleParty)
	logKey, err := ParseVKey(north.Keys.Log)
	if err != nil {
		t.Fatal(err)
	}
	small := func(hex string) string {
		b := mustHex(hex)
		return base64.StdEncoding.EncodeToString(b[:])
	}
	cases := []struct {
		name string
		edit func(p *Party)
	}{
		{"log key as time key", func(p *Party) { p.Keys.Time = NewVKey(p.Origin+"/time", KeyCosignature, logKey.Key).String() }},
		{"log key as transport key", func(p *Party) { p.Keys.Transport = FormatPublicKey(logKey.Key) }},
		{"transport key of south", func(p *Party) { p.Keys.Transport = south.Keys.Transport }},
		{"parts key of south", func(p *Party) { p.Keys.Parts = south.Keys.Parts }},
		{"next key of south", func(p *Party) { p.Keys.Next = south.Keys.Next }},
		{"next key in use", func(p *Party) { p.Keys.Next = NextDigest(public("north", "statement")) }},
		{"next key in use by south", func(p *Party) { p.Keys.Next = NextDigest(public("south", "mirror")) }},
		{"witness key of type 1", func(p *Party) {
			p.Keys.Witness = NewVKey(p.Origin+"/witness", KeyEd25519, public("north", "witness")).String()
		}},
		{"witness key under another name", func(p *Party) {
			p.Keys.Witness = NewVKey(p.Origin+"/mirror", KeyCosignature, public("north", "witness")).String()
		}},
		{"classical key as log_pq", func(p *Party) { p.Keys.LogPQ = p.Keys.Log }},
		{"small order 0", func(p *Party) { p.Keys.Transport = small(strings.Repeat("00", 32)) }},
		{"small order 1", func(p *Party) { p.Keys.Transport = small("01" + strings.Repeat("00", 31)) }},
		{"small order -1", func(p *Party) { p.Keys.Transport = small("ec" + strings.Repeat("ff", 30) + "7f") }},
		{"small order -1, sign", func(p *Party) { p.Keys.Transport = small("ec" + strings.Repeat("ff", 31)) }},
		{"small order 8", func(p *Party) {
			p.Keys.Transport = small("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")
		}},
		{"not below p", func(p *Party) { p.Keys.Transport = small("ee" + strings.Repeat("ff", 30) + "7f") }},
		{"small order in a vkey", func(p *Party) {
			p.Keys.Mirror = NewVKey(p.Origin+"/mirror", KeyCosignature, make([]byte, 32)).String()
		}},
		{"wrong hash in a vkey", func(p *Party) { p.Keys.Log = strings.Replace(p.Keys.Log, "+", "+0", 1)[:len(p.Keys.Log)] }},
		{"classical parts key", func(p *Party) {
			p.Keys.Parts = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
		}},
		{"mistyped parts key", func(p *Party) { p.Keys.Parts = p.Keys.Parts[:len(p.Keys.Parts)-1] + "q" }},
		{"parts key of small order", func(p *Party) {
			b, _ := decodeBech32("age1pq", p.Keys.Parts)
			p.Keys.Parts = encodeBech32("age1pq", append(b[:len(b)-32], make([]byte, 32)...))
		}},
		{"parts key beyond the modulus", func(p *Party) {
			b, _ := decodeBech32("age1pq", p.Keys.Parts)
			b[0], b[1] = 0xff, 0xff
			p.Keys.Parts = encodeBech32("age1pq", b)
		}},
		{"unpadded base64", func(p *Party) { p.Keys.Transport = strings.TrimRight(p.Keys.Transport, "=") }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			bad := north
			tc.edit(&bad)
			_, err := Propose([]Card{{Format: CardFormat, Party: bad}, {Format: CardFormat, Party: south}}, DefaultTerms("unit", 2, start))
			if !isCode(err, statement.CodeKey) {
				t.Errorf("got %v, want %s", err, statement.CodeKey)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	for s, ok := range map[string]bool{
		"": true, "127.0.0.1:7443": true, "[2001:db8::1]:7443": true, "north.localhost:1": true, "a-b.example:65535": true,
		":7443": false, "north": false, "north:0": false, "north:07": false, "north:65536": false, "North:1": false,
		"a..b:1": false, "-a:1": false, "a_b:1": false, "1.2.3:1": false, "2130706433:1": false, "[::1%eth0]:1": false,
		"[2001:DB8::1]:1": false, "http://north:1": false, "north:1/": false,
	} {
		if err := checkAddress(s); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestSucceeds(t *testing.T) {
	first := testCharter(t)
	digest := first.Digest()
	terms := testTerms()
	terms.Epoch, terms.Previous = 2, &digest
	next := func(edit func(c *Card), t2 Terms) Charter {
		t.Helper()
		cards := testCards(t)
		edit(&cards[2])
		data, err := Propose(cards, t2)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	rotated := func(c *Card) {
		c.Keys.Statement = FormatPublicKey(public("north", "next"))
		c.Keys.Next = NextDigest(public("north", "third"))
	}
	if err := first.Succeeds(next(rotated, terms)); err != nil {
		t.Errorf("a rotated statement key under the old origin: %v", err)
	}
	moved := func(c *Card) {
		p := testParty(t, "nord", RoleParty)
		p.ID = "north"
		c.Party = rename(p, "nord", "north")
	}
	if err := first.Succeeds(next(moved, terms)); !isCode(err, statement.CodeCharter) {
		t.Errorf("another origin for a known party: %v", err)
	}
	joined := func(c *Card) { c.Party = testParty(t, "east", RoleParty) }
	if err := first.Succeeds(next(joined, terms)); err != nil {
		t.Errorf("a new party: %v", err)
	}
	skipped := terms
	skipped.Epoch = 3
	if err := first.Succeeds(next(func(*Card) {}, skipped)); !isCode(err, statement.CodeCharter) {
		t.Errorf("an epoch left out: %v", err)
	}
}

// rename gives p's note keys the names that another id requires.
func rename(p Party, from, to string) Party {
	p.Origin = strings.Replace(p.Origin, "entente/"+from+"/", "entente/"+to+"/", 1)
	for _, s := range []*string{&p.Keys.Log, &p.Keys.LogPQ, &p.Keys.Time, &p.Keys.Witness, &p.Keys.WitnessPQ, &p.Keys.Mirror} {
		v, _ := ParseVKey(*s)
		name := strings.Replace(v.Name, "entente/"+from+"/", "entente/"+to+"/", 1)
		*s = NewVKey(name, v.Type, v.Key).String()
	}
	return p
}

func TestLookups(t *testing.T) {
	c := testCharter(t)
	p, ok := c.Party("south")
	if q, found := c.ByOrigin(p.Origin); !ok || !found || q != p {
		t.Error("south is not found by its origin")
	}
	if _, ok := c.Party("mallory"); ok {
		t.Error("mallory is on the charter")
	}
	if o := c.Others("north"); len(o) != 2 || o[0].ID != "observer" || o[1].ID != "south" {
		t.Errorf("others of north: %v", o)
	}
	if c.HeldNeeded() != 2 || !c.EffectiveAt().Equal(start) || c.CoolingOff() != time.Hour {
		t.Error("terms do not come back")
	}
}

func TestFingerprint(t *testing.T) {
	c := testCharter(t)
	f := Fingerprint(c.Digest())
	if len(f) != 6*5+5 || strings.Trim(f, "0123456789 ") != "" {
		t.Errorf("fingerprint %q", f)
	}
	p := c.Parties[0]
	before := p.Fingerprint()
	p.Address, p.Name = "elsewhere.example:1", "Other"
	if p.Fingerprint() != before {
		t.Error("the fingerprint of the keys covers the address")
	}
	p.Keys.Next = NextDigest(public("mallory", "next"))
	if p.Fingerprint() == before {
		t.Error("the fingerprint does not cover the next key")
	}
}

func FuzzParse(f *testing.F) {
	c := testCharter(f)
	f.Add(c.Bytes())
	f.Add([]byte(`{"format":"entente/charter/v1"}`))
	f.Add([]byte(`{"format":"entente/charter/v9","parties":[[[[[]]]]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		again, err := encode(c)
		if err != nil || string(again) != string(data) {
			t.Errorf("accepted a second spelling (%v)", err)
		}
	})
}

func FuzzParseCard(f *testing.F) {
	for _, c := range testCards(f) {
		data, err := c.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"format":"entente/card/v1","keys":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCard(data)
		if err != nil {
			return
		}
		if again, err := c.Marshal(); err != nil || string(again) != string(data) {
			t.Errorf("accepted a second spelling (%v)", err)
		}
	})
}
