package console

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// digest makes a digest that looks like one.
func digest(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func progress(s State, since time.Time) Progress {
	p := Progress{State: s, Witnesses: []string{"south", "observer"}, Holders: []string{"observer"}}
	for i, t := range []*time.Time{&p.Logged, &p.Witnessed, &p.Held, &p.Acknowledged} {
		if rank(s) > i {
			*t = since.Add(time.Duration(i*700) * time.Millisecond)
		}
	}
	switch s {
	case StateAcknowledged:
		p.Verdict, p.Holders = "accepted", []string{"south", "observer"}
	case StateLogged, StateWitnessed:
		p.Missing = []string{"south"}
	}
	return p
}

// shift is a party's node in the middle of a working day.
func shift(party, partner string) *memory {
	m := &memory{budget: 200, header: Header{
		Party: party, Version: "0.1.0", Policy: PolicyOfficer,
		Charter:  Charter{"Joint unit, autumn exercise", "9f3a 77c1 04de b2e8", 3, true, ago(72 * time.Hour)},
		Budgets:  []Budget{{partner, 12, 200}},
		Partners: []string{partner, "observer"},
		Troubled: []string{"observer"},
		Totals:   Totals{Lines: 120934, Alerts: 23, HeldBack: 911, Sent: 12, Received: 9, Statements: 1284, Witnessed: 1284, Held: 1281},
	}}
	fillWatch(m, party, partner)
	fillHeld(m, partner)
	fillRecord(m, party, partner)
	fillStory(m, partner)
	return m
}

func fillWatch(m *memory, party, partner string) {
	values := []struct{ typ, value, rule, field, seen string }{
		{"ipv4-addr", "203.0.113.77", "match.equal", "source.ip", "203.0.113.77"},
		{"domain-name", "vote-registry.example", "match.subdomain", "dns.question.name", "login.vote-registry.example"},
		{"ipv4-net", "198.51.100.0/24", "match.in_network", "destination.ip", "198.51.100.23"},
		{"url", "files.cdn-update.example/eFax/37486.zip", "match.url_prefix", "url.full", "http://files.cdn-update.example/eFax/37486.zip?id=9"},
		{"sha256", digest("implant"), "match.equal", "file.hash.sha256", digest("implant")},
		{"email-addr", "hr@county-clerk.example", "match.equal", "email.from.address", "HR@county-clerk.example"},
		{"ipv6-addr", "2001:db8:71::4f", "match.equal", "source.ip", "2001:db8:71::4f"},
	}
	states := []State{StateWaiting, StateAcknowledged, StateWaiting, StateHeld, StateWitnessed, StateNone, StateLogged}
	for i := range 23 {
		v := values[i%len(values)]
		if i >= len(values) {
			v.typ, v.rule, v.field = "ipv4-addr", "match.equal", "source.ip"
			v.value = fmt.Sprintf("192.0.2.%d", 11+i*9)
			v.seen = v.value
		}
		last := ago(time.Duration(i*i*47+9) * time.Second)
		a := Alert{
			ID: fmt.Sprintf("a%d", i), Count: uint64(1 + (i*i*31)%1913), First: last.Add(-time.Duration(i*9+3) * time.Hour), Last: last, Rule: v.rule,
			Indicator: Indicator{
				Type: v.typ, Value: v.value, Giver: partner, List: "Scanning of registration sites, week 44", Basis: "observed",
				Note: "Seen against a voter-registration portal; tries logins, then SQL injection.", Observed: ago(96 * time.Hour), Ref: Ref{partner, 412},
			},
			Sources:  []string{"eve"},
			Sighting: Sighting{Progress: progress(states[i%len(states)], last.Add(time.Minute))},
		}
		if i == 1 {
			a.Dwell = (12*24 + 3) * time.Hour
		}
		if a.Sighting.State == StateNone {
			a.Indicator.Giver, a.Indicator.List = party, "Own watch list"
		}
		if rank(a.Sighting.State) > 0 {
			a.Sighting.Ref, a.Sighting.By, a.Sighting.Released = Ref{party, uint64(1200 + i)}, "orlova", last.Add(time.Minute)
		}
		for h := range 3 {
			a.Hits = append(a.Hits, Hit{
				Time: last.Add(-time.Duration(h*h) * time.Minute), File: "/var/log/suricata/eve.json", Line: uint64(48211 - h*97), Offset: int64(29381774 - h*60112),
				Format: "eve", Field: v.field, Seen: v.seen, Rule: v.rule,
				Raw: fmt.Sprintf(`{"timestamp":"%s","event_type":"flow","src_ip":"10.20.0.14","src_port":51698,"dest_ip":"10.20.0.80","dest_port":443,"proto":"TCP","value":"%s","flow":{"pkts_toserver":%d,"state":"closed"}}`, last.Format(time.RFC3339), v.seen, 3+h),
			})
		}
		m.alerts = append(m.alerts, a)
		m.incidents = append(m.incidents, incidentOf(i, a))
	}
	m.incidents[4].Type, m.incidents[4].Title, m.incidents[4].Value, m.incidents[4].Level = "sigma-rule", "Many failed logins, then one that works", "a4d8b9c2-0000-4000-8000-000000000001", "high"
	for i := range 9 {
		m.received = append(m.received, Received{
			From: partner, Type: "ipv4-addr", Value: fmt.Sprintf("203.0.113.%d", 5+i*17), Count: uint64(3 + i*i*7), Basis: "observed",
			First: ago(30 * time.Hour), Last: ago(time.Duration(i+1) * time.Hour), Received: ago(time.Duration(i) * time.Hour),
			Ref: Ref{partner, uint64(398 - i)}, Progress: progress(fourWords()[(3+i)%4], ago(time.Duration(i+1)*time.Hour)),
		})
	}
	m.ledger = []Ledger{
		{Name: "sensor-dmz", File: "/var/log/suricata/eve.json", Format: "eve", Read: 48308, Matched: 88, Clean: 48220, Last: ago(4 * time.Second), State: SourceFollowing},
		{Name: "portal", File: "/var/log/apache2/access.log", Format: "weblog", Read: 61022, Matched: 23, Clean: 60984, Unparsed: 15, Lag: 18432, Last: ago(time.Second), State: SourceReading},
		{Name: "bastion", File: "/var/log/auth.log", Format: "syslog", Read: 9604, Matched: 3, Clean: 9596, Unparsed: 5, Last: ago(66 * time.Second), State: SourceFollowing},
		{Name: "zeek", File: "/data/zeek/2026-11-02/dns.log.gz", Format: "zeektsv", Read: 2000, Clean: 2000, Last: ago(20 * time.Hour), State: SourceDone},
		{Name: "mail", File: "/var/log/mail.log", Format: "syslog", State: SourceBroken, Fault: "permission denied"},
	}
}

// incidentOf is the incident that an alert of the sample belongs to.
func incidentOf(n int, a Alert) Incident {
	i := Incident{
		ID: digest(a.ID)[:32], Type: a.Indicator.Type, Value: a.Indicator.Value, Asset: []string{"10.20.0.80", "registry-web", "bastion", ""}[n%4],
		Day: a.Last.Truncate(24 * time.Hour), Count: a.Count, First: a.First, Last: a.Last, Givers: []string{a.Indicator.Giver},
		State: incidentStates()[n%5], Alerts: []string{a.ID}, Hits: a.Hits, Dwell: a.Dwell,
	}
	if i.State != IncidentOpen {
		i.By = "orlova"
		i.Acts = []IncidentAct{{Time: a.Last, By: "orlova", State: i.State, Reason: "seen before: a scanner of our own"}}
	}
	for h := range 5 {
		i.Hours = append(i.Hours, Bar{At: a.Last.Truncate(time.Hour).Add(time.Duration(h*h-16) * time.Hour), Lines: uint64(3 + h*17)})
	}
	return i
}

func fillHeld(m *memory, partner string) {
	reasons := [][]Reason{
		{{"HELD_UNDATED", "no observation time"}},
		{{"HELD_UNDATED", ""}, {"HELD_WARNING_LIST", "public resolvers: 192.0.2.53"}},
		{{"HELD_BREADTH", "198.0.0.0/8, limit /16"}},
		{{"HELD_PUBLIC_SUFFIX", "co.example"}},
		{{"HELD_EXPIRED", "2024-05-01"}},
		{{"HELD_OWN_ASSET", "gateway"}},
	}
	values := []string{"192.0.2.%d", "192.0.2.53", "198.18.0.0/16", "co.example", "old-c2-%d.example", "10.20.0.1"}
	types := []string{"ipv4-addr", "ipv4-addr", "ipv4-net", "domain-name", "domain-name", "ipv4-addr"}
	for i := range 64 {
		k := i % 6
		value := values[k]
		if k == 0 || k == 4 {
			value = fmt.Sprintf(value, 20+i)
		}
		m.held = append(m.held, HeldBack{
			ID: fmt.Sprintf("h%d", i), Received: ago(time.Duration(i) * 11 * time.Minute), Reasons: reasons[k], WouldMatch: uint64((i * 131) % 97),
			Indicator: Indicator{Type: types[k], Value: value, Giver: partner, List: "JAR-16-20296A.csv", Basis: "told", Note: "It is recommended that network administrators review traffic to and from the address."},
		})
	}
}

func fillRecord(m *memory, party, partner string) {
	m.logs = Record{
		Own: Log{
			Party: party, Origin: "entente/" + party + "/6b1f09c2", Size: 1284, Root: digest("root"), Checkpoint: ago(2 * time.Second),
			Witnesses:   []Mark{{partner, 1284, ago(time.Second)}, {"observer", 1284, ago(time.Second)}},
			Holders:     []Mark{{partner, 1281, ago(time.Minute)}, {"observer", 1284, ago(time.Second)}},
			WitnessedTo: 1284,
			Logged:      1284, Witnessed: 1284, Held: 1281, Acknowledged: 1190,
		},
		Partners: []Log{
			{
				Party: partner, Origin: "entente/" + partner + "/a90c77e1", Size: 412, Root: digest("other"), Checkpoint: ago(9 * time.Second),
				Witnesses: []Mark{{party, 412, noon}, {"observer", 410, noon}}, Holders: []Mark{{party, 412, noon}},
				Refusals: []CodeCount{{"E_BUDGET", 4, ago(time.Hour)}, {"E_FIELD", 1, ago(30 * time.Hour)}},
			},
			{
				Party: "observer", Observer: true, Origin: "entente/observer/11d2f0aa", Size: 96, Root: digest("third"), Checkpoint: ago(77 * time.Hour),
				Witnesses: []Mark{{party, 96, noon}, {partner, 96, noon}}, Silent: Silence{Since: ago(77 * time.Hour), Asks: 311},
			},
		},
	}
	kinds := []string{"sighting/v1", "indicator/v1", "ack/v1", "sighting/v1", "heads/v1", "seal/v1", "", "forecast/v2"}
	tlp := []string{"TLP:AMBER", "TLP:GREEN", "TLP:CLEAR", "TLP:RED", "TLP:AMBER+STRICT"}
	for i := range 60 {
		who := []string{party, partner, party}[i%3]
		k := kinds[i%len(kinds)]
		m.rows = append(m.rows, StatementRow{
			Party: who, Index: uint64(1283 - i), ID: digest(fmt.Sprint(who, i)), Kind: k, Understood: k != "forecast/v2",
			Claimed: ago(time.Duration(i*i) * 20 * time.Second), Marking: tlp[i%len(tlp)], Recipients: []string{partner, "observer"}[:1+i%2],
			Progress: progress(fourWords()[min(3, i/3)], ago(time.Duration(i*i)*20*time.Second)),
		})
	}
	m.full = map[string]Statement{party + "-1283": {
		StatementRow: m.rows[0], Origin: m.logs.Own.Origin, Format: "entente/leaf/v2", Charter: digest("charter"), Case: "c-5f0e9d",
		KeyID: "6b1f09c2", Seq: 1283, LogSize: 1284, Refs: []Ref{{partner, 412}}, Bundle: true,
		Approvals: []Approval{{"orlova", "a1c09f"}},
		Act:       []byte(`{"kind":"sighting/v1","case":"c-5f0e9d","refs":[{"origin":"entente/south/a90c77e1","index":412,"id":"` + digest("x") + `"}],"marking":"TLP:AMBER","recipients":["south"],"body":{"indicator":{"origin":"entente/south/a90c77e1","index":412},"item":17,"type":"ipv4-addr","value":"203.0.113.77","count":962,"first":"2026-11-01T08:12:44Z","last":"2026-11-03T11:58:02Z","basis":"observed"}}`),
		Parts:     []Part{{0, digest("p0"), 4096, PartOpen}, {1, digest("p1"), 16384, PartSealed}, {2, digest("p2"), 0, PartErased}},
	}}
}

func fillStory(m *memory, partner string) {
	m.story = []Event{
		{ago(31 * time.Minute), EventCharter, "", 0, "Joint unit, autumn exercise"},
		{ago(30 * time.Minute), EventReading, "", 48308, ""},
		{ago(28 * time.Minute), EventShared, partner, 114, ""},
		{ago(27 * time.Minute), EventTaken, partner, 203, ""},
		{ago(27 * time.Minute), EventHeldBack, partner, 911, ""},
		{ago(25 * time.Minute), EventAccepted, partner, 1, "orlova"},
		{ago(24 * time.Minute), EventMatched, "", 23, ""},
		{ago(20 * time.Minute), EventReleased, partner, 12, ""},
		{ago(18 * time.Minute), EventSighted, partner, 9, ""},
		{ago(17 * time.Minute), EventWitnessed, "observer", 1284, ""},
		{ago(16 * time.Minute), EventRefused, partner, 4, "E_BUDGET"},
		{ago(15 * time.Minute), EventHeld, "", 1281, ""},
	}
}

// overseer is an observer's node: it has no logs of its own to watch.
func overseer() *memory {
	m := &memory{header: Header{
		Party: "observer", Observer: true, Version: "0.1.0", Policy: PolicyOfficer,
		Charter:  Charter{"Joint unit, autumn exercise", "9f3a 77c1 04de b2e8", 3, true, ago(72 * time.Hour)},
		Partners: []string{"north", "south"},
		Totals:   Totals{Statements: 96, Witnessed: 96, Held: 96, Forks: 1},
	}}
	fillRecord(m, "observer", "south")
	m.logs.Partners = m.logs.Partners[:1]
	m.logs.Partners = append(m.logs.Partners, Log{Party: "north", Size: 1284, Root: digest("root"), Checkpoint: ago(time.Second)})
	m.logs.Partners[0].Forks = []Fork{{ago(time.Hour), 409, 409, digest("a"), digest("b"), "fork-south-409.proof"}}
	m.story = []Event{
		{ago(31 * time.Minute), EventCharter, "", 0, "Joint unit, autumn exercise"},
		{ago(30 * time.Minute), EventMirrored, "north", 1284, ""},
		{ago(30 * time.Minute), EventMirrored, "south", 412, ""},
		{ago(29 * time.Minute), EventWitnessed, "north", 96, ""},
		{ago(9 * time.Minute), EventSilent, "south", 31, ""},
		{ago(8 * time.Minute), EventFork, "south", 1, "fork-south-409.proof"},
	}
	return m
}

// ruleSamples is one rule of each outcome; the refused one is hostile.
func ruleSamples() []Rule {
	return []Rule{
		{Title: "<script>alert(1)</script>\x1b[2J", Kind: "detection", File: "bad.yml", Line: 1, Giver: "south", Outcome: "refused", Why: "line 7, column 5: modifier re: <b>"},
		{Title: "A field that is not here", ID: "e1", Kind: "detection", Level: "unheard of", File: "never.yml", Line: 1, Giver: "north", Outcome: "never", Missing: "web.access: x, y"},
		{Title: "A scan", ID: "5c7d1f3e", Kind: "correlation", Level: "high", File: "scan.yml", Line: 12, Giver: "north", Outcome: "loaded", Datasets: "web.access", Hits: 3, Overrun: 2, Notes: []RuleNote{{"no_witness", ""}, {"filtered", "<b>\x1b[31m"}}},
	}
}
