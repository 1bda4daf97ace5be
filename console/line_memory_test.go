package console

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"entente/accord"
	"entente/charter"
	"entente/statement"
)

func (m *memory) Lines() Lines { return m }

func (m *memory) Line(context.Context) (LineRecord, error) {
	r := talked()
	if len(m.rows) == 0 {
		r = accord.NewRecord(accord.World{Charter: lineCharter(), Now: noon})
	}
	return LineRecord{Record: r, Self: m.header.Party}, m.broken
}

func (m *memory) Notify(_ context.Context, by User, n accord.Notice, about []Ref) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, err := json.Marshal(n)
	if err != nil {
		return "", err
	}
	if _, err := accord.ParseNotice(raw); err != nil {
		return "", err
	}
	m.accepted = append(m.accepted, fmt.Sprint(by.Name, " ", n.Template, " ", n.To, " ", n.Subject.In("en"), " ", about))
	return digest("draft"), m.broken
}

func (m *memory) Acknowledge(_ context.Context, by User, notice Ref) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accepted = append(m.accepted, fmt.Sprint(by.Name, " acknowledges ", notice))
	return digest("draft"), m.broken
}

// talk writes what parties say on the line, and when others saw it.
type talk struct {
	w    accord.World
	next map[string]uint64
}

func lineCharter() charter.Charter {
	c := charter.Charter{Name: "line", Epoch: 1, Scope: []string{"intrusion", "availability"}, CoolingOffSeconds: 3600}
	for _, id := range []string{"north", "observer", "south"} {
		role := charter.RoleParty
		if id == "observer" {
			role = charter.RoleObserver
		}
		c.Parties = append(c.Parties, charter.Party{ID: id, Role: role, Name: id, Origin: "line.test/" + id})
	}
	return c
}

func (t *talk) say(party string, ago time.Duration, kind statement.Kind, body any, refs []statement.Ref, officers ...string) statement.Ref {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	s := accord.Said{Party: party, Claimed: noon.Add(-ago).UnixMilli(), Act: statement.Act{
		Kind: kind, Case: digest("line")[:32], Refs: refs, Marking: "TLP:AMBER", Recipients: slices.DeleteFunc([]string{"north", "observer", "south"}, func(id string) bool { return id == party }), Body: raw,
	}}
	for _, o := range officers {
		s.Approvals = append(s.Approvals, statement.Approval{Officer: o, Key: lineKey(party, o)})
	}
	s.Ref = statement.Ref{Origin: "line.test/" + party, Index: t.next[party], ID: sha256.Sum256(fmt.Appendf(nil, "%s%d%s", party, t.next[party], raw))}
	t.next[party]++
	t.w.Said = append(t.w.Said, s)
	return s.Ref
}

// seen lets others cosign a party's log.
func (t *talk) seen(party string, ago time.Duration, by ...string) {
	at := noon.Add(-ago).Unix()
	for _, b := range by {
		t.next[b]++
		t.w.Moments = append(t.w.Moments, accord.Moment{
			Origin: "line.test/" + party, Size: t.next[party], Owner: at, By: b, At: at, Logged: t.next[b], Root: sha256.Sum256(fmt.Appendf(nil, "%s%d", party, t.next[party])),
		})
	}
}

func (t *talk) all(ago time.Duration) {
	t.seen("north", ago, "observer", "south")
	t.seen("south", ago, "north", "observer")
	t.seen("observer", ago, "north", "south")
}

func lineKey(party, name string) string {
	sum := sha256.Sum256([]byte(party + "/" + name))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (t *talk) officers(party string) {
	o := accord.Officers{}
	for _, f := range []struct {
		name  string
		roles []string
	}{{"duty-1", []string{"duty"}}, {"orlova", []string{"duty", "approver"}}, {"smith", []string{"head", "approver"}}} {
		o.Officers = append(o.Officers, accord.Officer{ID: f.name, Name: f.name, Roles: f.roles, Keys: []accord.OfficerKey{{Form: "ed25519", Key: lineKey(party, f.name)}}})
	}
	for _, name := range []string{"duty-1", "orlova"} {
		o.Contacts = append(o.Contacts, accord.Contact{Role: "duty", Officer: name, Reach: []string{"tel:+1-202-555-0143", "mailto:duty@" + party + ".example"}, Languages: []string{"en", "ru"}, Expires: "2027-01-01T00:00:00Z"})
	}
	t.say(party, 1000*time.Hour, accord.KindOfficers, o, nil, "smith", "orlova")
}

func (t *talk) notice(from, to, template string, ago time.Duration, values map[string]string, refs []statement.Ref, officers ...string) statement.Ref {
	for _, x := range accord.NoticeTemplates() {
		if x.ID != template {
			continue
		}
		n, err := x.Fill(values)
		if err != nil {
			panic(err)
		}
		n.To, n.AckBy = []string{to}, accord.At(noon.Add(-ago).Add(time.Minute))
		return t.say(from, ago, accord.KindNotice, n, refs, officers...)
	}
	panic(template)
}

// talked is a line on which each thing has happened that a screen shows.
var talked = sync.OnceValue(func() *accord.Record {
	t := &talk{w: accord.World{Charter: lineCharter(), Now: noon}, next: map[string]uint64{}}
	for _, id := range []string{"north", "observer", "south"} {
		t.officers(id)
	}
	t.all(999 * time.Hour)
	check := t.notice("north", "south", "test", 200*time.Minute, nil, nil, "duty-1")
	back := t.notice("south", "north", "test", 200*time.Minute, nil, nil, "duty-1")
	t.all(200*time.Minute - time.Minute)
	t.say("south", 200*time.Minute, accord.KindPosition, accord.Position{Stance: accord.Ack, Capacity: "official"}, []statement.Ref{check}, "orlova")
	t.all(200*time.Minute - 7*time.Minute)
	t.say("north", 3*time.Hour, accord.KindPosition, accord.Position{Stance: accord.Ack, Capacity: "official"}, []statement.Ref{back}, "duty-1")
	t.all(3 * time.Hour)
	what := map[string]string{"what": "a rising number of failed logins", "since": "2026-11-24T08:10:00Z", "where": "192.0.2.0/24"}
	t.notice("south", "north", "urgent", 20*time.Minute, what, nil, "duty-1", "orlova")
	help := t.notice("north", "south", "assist", 90*time.Minute, map[string]string{"what": "log slices of 192.0.2.17", "wanted": "netflow since Monday"}, nil, "duty-1", "orlova")
	t.all(12 * time.Minute)
	t.say("south", 10*time.Minute, accord.KindPosition, accord.Position{Stance: accord.Accept, Capacity: "official", Text: accord.Texts{"en": "We look at it now."}}, []statement.Ref{help}, "duty-1", "orlova")
	t.notice("north", "south", "correction", 9*time.Minute, map[string]string{"notice": "north/" + fmt.Sprint(help.Index), "wrong": "192.0.2.17", "right": "192.0.2.71"}, []statement.Ref{help}, "duty-1", "orlova")
	t.all(8 * time.Minute)
	t.notice("south", "north", "preserve", 3*time.Minute, map[string]string{"what": "mail logs", "from": "2026-11-01", "to": "2026-11-20"}, nil, "duty-1", "orlova")
	return accord.NewRecord(t.w)
})
