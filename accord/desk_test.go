package accord

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"entente/charter"
	"entente/statement"
)

// desk writes worlds: what parties say, and when which node cosigned it. Its
// clock is moved by hand.
type desk struct {
	t      testing.TB
	w      World
	now    int64 // Unix seconds
	next   map[string]uint64
	matter string
}

// deskDay is when a desk's clock starts: midnight, so that hours can be read off.
var deskDay = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

var deskNodes = []string{"north", "observer", "south"}

// origin is the origin of a desk's party.
func deskOrigin(party string) string { return "entente.test/" + party }

// newDesk is a unit of two parties and an observer whose officers are listed and
// seen by all.
func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, now: deskDay.Unix() - 30*24*3600, next: map[string]uint64{}, matter: strings.Repeat("0", 31) + "1"}
	d.w.Charter = charter.Charter{Name: "desk", Epoch: 1, Scope: []string{"intrusion", "availability", "scan"}, CoolingOffSeconds: 3600}
	for _, id := range deskNodes {
		role := charter.RoleParty
		if id == "observer" {
			role = charter.RoleObserver
		}
		d.w.Charter.Parties = append(d.w.Charter.Parties, charter.Party{ID: id, Role: role, Name: strings.ToUpper(id), Origin: deskOrigin(id)})
	}
	for _, id := range deskNodes {
		d.list(id)
	}
	d.all()
	d.at("00:00")
	return d
}

// list says the officers of a party: two on duty, an approver, two delegates, a head.
func (d *desk) list(id string) statement.Ref {
	o := Officers{Officers: []Officer{}, Contacts: []Contact{}}
	for _, f := range []struct {
		name  string
		roles []string
	}{{"duty-1", []string{RoleDuty}}, {"duty-2", []string{RoleDuty, RoleApprover}}, {"analyst", []string{RoleAnalyst, RoleApprover}}, {"del-1", []string{RoleDelegate, RoleApprover}}, {"del-2", []string{RoleDelegate}}, {"head", []string{RoleHead}}} {
		o.Officers = append(o.Officers, Officer{ID: f.name, Name: f.name, Roles: f.roles, Keys: []OfficerKey{{Form: "ed25519", Key: deskKey(id, f.name)}}})
	}
	for _, name := range []string{"duty-1", "duty-2"} {
		o.Contacts = append(o.Contacts, Contact{Role: RoleDuty, Officer: name, Reach: []string{"tel:+1"}, Languages: []string{"en"}, Expires: "2027-01-01T00:00:00Z"})
	}
	return d.say(id, KindOfficers, o, nil, "head", "del-1")
}

func deskKey(party, name string) string {
	sum := sha256.Sum256([]byte(party + "/" + name))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// at moves the clock to an hour of the day, or a later day ("+1 09:00").
func (d *desk) at(clock string) *desk {
	d.t.Helper()
	day, hour, ok := strings.Cut(clock, " ")
	if !ok {
		day, hour = "+0", clock
	}
	var n int
	if _, err := fmt.Sscanf(day, "+%d", &n); err != nil {
		d.t.Fatal(err)
	}
	layout := "15:04"
	if strings.Count(hour, ":") == 2 {
		layout = "15:04:05"
	}
	tm, err := time.Parse(layout, hour)
	if err != nil {
		d.t.Fatal(err)
	}
	d.now = deskDay.AddDate(0, 0, n).Unix() + int64(tm.Hour()*3600+tm.Minute()*60+tm.Second())
	return d
}

func (d *desk) time() time.Time { return time.Unix(d.now, 0).UTC() }

// say appends a statement, approved by these officers, to a party's log.
func (d *desk) say(party string, kind statement.Kind, body any, refs []statement.Ref, officers ...string) statement.Ref {
	d.t.Helper()
	return d.sayWith(party, kind, body, refs, nil, officers...)
}

func (d *desk) sayWith(party string, kind statement.Kind, body any, refs []statement.Ref, parts map[int][]byte, officers ...string) statement.Ref {
	d.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, spec := range Kinds() {
		if spec.Kind == kind {
			if err := spec.Check(raw); err != nil {
				d.t.Fatalf("%s: %v\n%s", kind, err, raw)
			}
		}
	}
	var others []string
	for _, id := range deskNodes {
		if id != party {
			others = append(others, id)
		}
	}
	if refs == nil {
		refs = []statement.Ref{}
	}
	s := Said{
		Party: party, Claimed: d.now * 1000, Parts: parts,
		Act: statement.Act{Kind: kind, Case: d.matter, Refs: refs, Marking: "TLP:AMBER", Recipients: others, Body: raw},
	}
	for _, o := range officers {
		s.Approvals = append(s.Approvals, statement.Approval{Officer: o, Key: deskKey(party, o)})
	}
	index := d.next[party]
	d.next[party]++
	s.Ref = statement.Ref{Origin: deskOrigin(party), Index: index, ID: sha256.Sum256(fmt.Appendf(nil, "%s %d %s", party, index, raw))}
	d.w.Said = append(d.w.Said, s)
	return s.Ref
}

// seen lets a node cosign a party's log as it is now.
func (d *desk) seen(party, by string) {
	d.next[by]++ // its times/v1
	d.w.Moments = append(d.w.Moments, Moment{
		Origin: deskOrigin(party), Size: d.next[party], Owner: d.now, By: by, At: d.now, Logged: d.next[by],
		Root: sha256.Sum256(fmt.Appendf(nil, "%s %d", party, d.next[party])),
	})
}

// all lets every node cosign every other log.
func (d *desk) all() {
	for _, p := range deskNodes {
		for _, by := range deskNodes {
			if p != by {
				d.seen(p, by)
			}
		}
	}
}

// record is what follows, seen at the desk's time. The world is a copy.
func (d *desk) record() *Record {
	w := d.w
	w.Now = d.time()
	w.Sizes = map[string]uint64{}
	for _, id := range deskNodes {
		w.Sizes[deskOrigin(id)] = d.next[id]
	}
	return NewRecord(w)
}

// shuffled is the same in another order, some of it twice.
func (d *desk) shuffled(rng *rand.Rand) *Record {
	o := *d
	o.w.Said = append([]Said{}, d.w.Said...)
	o.w.Moments = append([]Moment{}, d.w.Moments...)
	for range 3 {
		o.w.Said = append(o.w.Said, d.w.Said[rng.IntN(len(d.w.Said))])
		o.w.Moments = append(o.w.Moments, d.w.Moments[rng.IntN(len(d.w.Moments))])
	}
	rng.Shuffle(len(o.w.Said), func(i, j int) { o.w.Said[i], o.w.Said[j] = o.w.Said[j], o.w.Said[i] })
	rng.Shuffle(len(o.w.Moments), func(i, j int) { o.w.Moments[i], o.w.Moments[j] = o.w.Moments[j], o.w.Moments[i] })
	return o.record()
}

// notice says a notice made from a template.
func (d *desk) notice(party, to, template string, refs []statement.Ref, change func(*Notice), officers ...string) statement.Ref {
	d.t.Helper()
	for _, tpl := range NoticeTemplates() {
		if tpl.ID != template {
			continue
		}
		values := map[string]string{}
		for _, b := range tpl.Blanks() {
			values[b] = "192.0.2.7"
		}
		n, err := tpl.Fill(values)
		if err != nil {
			d.t.Fatal(err)
		}
		n.To, n.AckBy = []string{to}, At(d.time())
		if change != nil {
			change(&n)
		}
		if officers == nil {
			officers = []string{"duty-1", "duty-2"}
		}
		return d.say(party, KindNotice, n, refs, officers...)
	}
	d.t.Fatalf("no template %s", template)
	return statement.Ref{}
}

// answer says a stance on a statement.
func (d *desk) answer(party string, on statement.Ref, s Stance, officers ...string) statement.Ref {
	d.t.Helper()
	p := Position{Stance: s, Capacity: "official"}
	if s == Decline {
		p.Reason = "no-such-data"
	}
	return d.say(party, KindPosition, p, []statement.Ref{on}, officers...)
}

// agree brings a proposal into force: tabled by north, consented to by all that
// it needs, cooled off, confirmed. The desk's clock then stands two hours later.
func (d *desk) agree(p Proposal, refs ...statement.Ref) statement.Ref {
	d.t.Helper()
	p.DecideBy = At(d.time().Add(time.Hour))
	power := []string{"del-1", "del-2"}
	if p.For == ForAmend {
		power = append(power, "head")
	}
	ref := d.say("north", KindProposal, p, refs, power...)
	d.all()
	for _, id := range p.Needs {
		d.say(id, KindPosition, Position{Stance: Consent, Capacity: "official"}, []statement.Ref{ref}, power...)
	}
	d.all()
	d.all() // and what was logged of that
	d.now += 2 * 3600
	d.all()
	d.all()
	if i, _ := d.record().Instrument(ref); i.State != StateInForce {
		d.t.Fatalf("%s, %s %v, missing %v", i.State, i.Reason, i.By, i.Missing)
	}
	return ref
}

// ceasefire is a proposal of one clause: no scans between two networks.
func ceasefire() Proposal {
	p := samples()[KindProposal].(Proposal)
	p.CoolingOff = 3600
	p.Clauses = []Clause{{
		No: 1, Who: []string{"north", "south"}, Mode: "shall-not", Acts: []string{"scan", "intrusion"},
		Scope:   Scope{Assets: []string{}, Nets: []string{"192.0.2.0/24"}, Sectors: []string{}, Actors: []string{}, Except: []string{}},
		Observe: Observe{Means: []string{MeansSensors}, Queries: []Query{{Language: "stix", Text: "[ipv4-addr:value = '192.0.2.9']"}}, Who: []string{"north", "observer", "south"}},
		Breach:  Breach{AckWithin: 24 * 3600, ExplainWithin: 48 * 3600, Then: []string{"consult", "suspend"}},
	}}
	return p
}

// account says an account with these items, open to all.
func (d *desk) account(party, part string, items []Item, refs []statement.Ref, change func(*Account)) statement.Ref {
	d.t.Helper()
	a := Account{Event: Event{Title: Texts{"en": "what we saw"}, From: At(d.time()), Present: []string{}}, Part: part, Mode: "open", Capacity: "official", Names: []string{}, Items: []statement.Digest{}}
	var salted []SaltedItem
	for i, it := range items {
		it.No = i + 1
		if it.Exhibits == nil {
			it.Exhibits = []string{}
		}
		if it.Text == nil {
			it.Text = Texts{"en": "they did it, the rascals"}
		}
		if it.Basis == "" {
			it.Basis, it.Means = "observed", "sensor 4"
		}
		if it.Who == "" {
			it.Who = Undetermined
		}
		s := SaltedItem{Salt: fmt.Sprintf("%064x", i+1), Item: it}
		digest, err := ItemDigest(s)
		if err != nil {
			d.t.Fatal(err)
		}
		salted, a.Items = append(salted, s), append(a.Items, digest)
	}
	if change != nil {
		change(&a)
	}
	raw, err := json.Marshal(salted)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.sayWith(party, KindAccount, a, refs, map[int][]byte{1: raw}, "duty-2", "analyst")
}

// scan is one observation at the desk's time.
func (d *desk) scan(who string, n int64) Item {
	return Item{Kind: "measure", Who: who, What: "scan", From: At(d.time()), Where: "gate 7", Quantity: &Quantity{Cmp: "=", N: n, Unit: "events"}}
}
