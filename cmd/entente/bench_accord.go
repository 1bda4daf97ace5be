package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"entente/accord"
	"entente/api"
	"entente/charter"
	"entente/internal/sqlite"
	"entente/node"
	"entente/record"
	"entente/statement"
)

const (
	benchFold = 1_000_000 // statements of the whole record
	benchCase = 5_000     // statements of the case that is opened
)

// benchAccord measures how fast states follow from what was said, beside the mere
// decoding of the same bodies, and how long a large case takes to open, beside
// the mere reading of its rows. On one core, in the processor's time where the system tells it.
func benchAccord(ctx context.Context, out func(figure)) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if err := foldSpeed(out); err != nil {
		return err
	}
	return openSpeed(ctx, out)
}

func foldSpeed(out func(figure)) error {
	w := newBenchWorld(benchFold, 200)
	began := cpuTime()
	r := accord.NewRecord(w.World)
	took := cpuTime() - began
	if got := len(r.Instruments()); got != w.proposals {
		return fmt.Errorf("bench: %d instruments of %d proposals", got, w.proposals)
	}
	if first := r.Instruments()[0]; first.State != accord.StateInForce {
		return fmt.Errorf("bench: the first text is %s (%s), which is less than the whole way", first.State, first.Reason)
	}
	began = cpuTime()
	for i := range w.Said {
		var v map[string]any
		if err := json.Unmarshal(w.Said[i].Act.Body, &v); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
	}
	limit := cpuTime() - began
	out(speed("fold", "statements/s", perSecond(benchFold, took), perSecond(benchFold, limit)))
	return nil
}

// openSpeed opens a case as a node does that has nothing in memory: from the
// view's rows to the printed page.
func openSpeed(ctx context.Context, out func(figure)) (err error) {
	dir, err := os.MkdirTemp("", "entente-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	view, err := sqlite.OpenView(ctx, filepath.Join(dir, "view.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	w := newBenchWorld(benchCase, benchCase)
	if err := w.store(ctx, view); err != nil {
		return err
	}
	var open, read []float64
	for range 40 {
		began := cpuTime()
		world, err := node.ReadWorld(ctx, view, record.Roster{Charter: w.Charter, Members: w.members()}, w.Now)
		if err != nil {
			return err
		}
		if _, err := node.ViewAccord(world, api.AccordQuery{What: api.ViewCase, Case: w.Said[len(w.Said)-1].Act.Case}); err != nil {
			return err
		}
		open = append(open, float64((cpuTime()-began).Microseconds())/1000)
		began = cpuTime()
		if err := view.AccordSaid(ctx, sqlite.AccordFilter{}, func(accord.Said) error { return nil }); err != nil {
			return err
		}
		read = append(read, float64((cpuTime()-began).Microseconds())/1000)
	}
	p95, limit := percentile(open, 95), percentile(read, 95)
	out(beside("open_case_p95", p95, limit))
	return nextSpeed(ctx, w, view, out)
}

// nextSpeed brings the state of the case up to one more statement, as a node does that
// has read the others, beside a node that has nothing in memory.
func nextSpeed(ctx context.Context, w *benchWorld, view *sqlite.View, out func(figure)) error {
	id := w.Said[len(w.Said)-1].Act.Case
	var next, whole []float64
	r := accord.NewRecord(w.World)
	for range 40 {
		w.say("south", 0, accord.KindPosition, benchBody(accord.Position{Stance: accord.Ack, Capacity: "official"}), w.last["notice"])
		w.Said[len(w.Said)-1].Act.Case = id
		began := cpuTime()
		r = r.Next(w.World)
		r.CaseState(id)
		next = append(next, float64((cpuTime()-began).Microseconds())/1000)
	}
	for range 10 {
		began := cpuTime()
		world, err := node.ReadWorld(ctx, view, record.Roster{Charter: w.Charter, Members: w.members()}, w.Now)
		if err != nil {
			return err
		}
		accord.NewRecord(world).CaseState(id)
		whole = append(whole, float64((cpuTime()-began).Microseconds())/1000)
	}
	out(beside("next_statement_p95", percentile(next, 95), percentile(whole, 50)))
	return nil
}

// beside is a time in ms with another one that it is measured against.
func beside(name string, took, limit float64) figure {
	l, ratio := round(limit), round(limit/took)
	return figure{Name: name, Value: round(took), Unit: "ms", Limit: &l, Ratio: &ratio}
}

func percentile(x []float64, p int) float64 {
	slices.Sort(x)
	return x[min(len(x)*p/100, len(x)-1)]
}

// benchWorld is a record of two parties and an observer in which a proposal and
// answers to it, notices and acknowledgements, follow each other.
type benchWorld struct {
	accord.World
	proposals int
	next      map[string]uint64
	approvals []statement.Approval
	last      map[string]statement.Ref // by party: what it said last that asks for an answer
}

func newBenchWorld(statements, perCase int) *benchWorld {
	start := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	w := &benchWorld{next: make(map[string]uint64), last: make(map[string]statement.Ref)}
	w.Charter = charter.Charter{Name: "bench", Epoch: 1, Scope: []string{"intrusion"}, CoolingOffSeconds: 3600}
	for _, id := range []string{"north", "observer", "south"} {
		role := charter.RoleParty
		if id == "observer" {
			role = charter.RoleObserver
		}
		w.Charter.Parties = append(w.Charter.Parties, charter.Party{ID: id, Role: role, Name: id, Origin: "entente/" + id + "/bench"})
	}
	list := accord.Officers{Contacts: []accord.Contact{}}
	for _, role := range accord.Roles() {
		sum := sha256.Sum256([]byte(role))
		key := base64.StdEncoding.EncodeToString(sum[:])
		list.Officers = append(list.Officers, accord.Officer{ID: role, Name: role, Roles: []string{role}, Keys: []accord.OfficerKey{{Form: "ed25519", Key: key}}})
		w.approvals = append(w.approvals, statement.Approval{Officer: role, Key: key})
	}
	for _, p := range w.Charter.Parties {
		w.say(p.ID, 0, accord.KindOfficers, benchBody(list))
	}
	w.talk(statements, perCase, start)
	w.Sizes = make(map[string]uint64)
	for _, p := range w.Charter.Parties {
		w.Sizes[p.Origin] = w.next[p.ID]
		w.moments(p, start, statements)
	}
	w.Now = start.Add(time.Duration(statements) * time.Second)
	return w
}

// talk repeats a cycle of ten: a proposal, two consents, notices and their acks.
func (w *benchWorld) talk(statements, perCase int, start time.Time) {
	text := accord.Texts{"en": "a text of some length, as people write it"}
	ask := benchBody(accord.Notice{Level: accord.LevelPriority, Ask: "ack", Subject: text, Text: text, What: []string{}, SeenFrom: []string{}, AckBy: accord.At(start.Add(48 * time.Hour)), To: []string{"south"}, Role: accord.RoleDuty})
	yes, ack := benchBody(accord.Position{Stance: accord.Consent, Capacity: "official"}), benchBody(accord.Position{Stance: accord.Ack, Capacity: "official"})
	for i := len(w.Said); i < statements; i++ {
		at := start.Add(time.Duration(i) * time.Second)
		id := i / perCase
		switch i % 10 {
		case 0:
			w.proposals++
			w.last["text"] = w.say("north", id, accord.KindProposal, benchBody(accord.Proposal{
				For: accord.ForGroup, Title: text, Authentic: []string{"en"}, Needs: []string{"north", "south"}, DecideBy: accord.At(at.Add(72 * time.Hour)),
				CoolingOff: 3600, Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{},
			}))
		case 1, 2:
			if w.proposals > 0 {
				w.say([]string{"north", "south"}[i%2], id, accord.KindPosition, yes, w.last["text"])
				continue
			}
			fallthrough
		case 3, 5, 7:
			w.last["notice"] = w.say("north", id, accord.KindNotice, ask)
		default:
			w.say("south", id, accord.KindPosition, ack, w.last["notice"])
		}
	}
}

func benchBody(v any) json.RawMessage {
	b, _ := json.Marshal(v) // of our own types
	return b
}

func (w *benchWorld) say(party string, id int, kind statement.Kind, body json.RawMessage, refs ...statement.Ref) statement.Ref {
	p, _ := w.Charter.Party(party)
	ref := statement.Ref{Origin: p.Origin, Index: w.next[party]}
	binary.BigEndian.PutUint64(ref.ID[:], ref.Index+1)
	copy(ref.ID[8:], party)
	w.next[party]++
	if refs == nil {
		refs = []statement.Ref{}
	}
	w.Said = append(w.Said, accord.Said{
		Ref: ref, Party: party, Act: statement.Act{Kind: kind, Case: fmt.Sprintf("%032x", id), Refs: refs, Marking: "TLP:AMBER", Recipients: []string{}, Body: body},
		Approvals: w.approvals, Digests: []statement.Digest{sha256.Sum256(ref.ID[:])},
	})
	return ref
}

// moments let the others cosign each log a thousand times on the way.
func (w *benchWorld) moments(p charter.Party, start time.Time, statements int) {
	size := w.next[p.ID]
	step := max(size/1000, 1)
	for at := step; at <= size; at += step {
		for _, by := range w.Charter.Parties {
			if by.ID == p.ID {
				continue
			}
			when := start.Unix() + int64(at)*int64(statements)/int64(size)
			w.Moments = append(w.Moments, accord.Moment{Origin: p.Origin, Size: at, Owner: when, By: by.ID, At: when, Logged: at})
		}
	}
}

func (w *benchWorld) members() []record.Member {
	var out []record.Member
	for _, p := range w.Charter.Parties {
		out = append(out, record.Member{ID: p.ID, Role: p.Role, Origin: p.Origin})
	}
	return out
}

// store puts the world into a view, as ingress would.
func (w *benchWorld) store(ctx context.Context, view *sqlite.View) error {
	for _, p := range w.Charter.Parties {
		var entries []sqlite.Entry
		for _, s := range w.Said {
			if s.Party != p.ID {
				continue
			}
			entries = append(entries, sqlite.Entry{
				Statement: sqlite.Statement{Origin: s.Ref.Origin, Index: s.Ref.Index, ID: s.Ref.ID, Party: s.Party, State: sqlite.StateOpen, Kind: s.Act.Kind, Case: s.Act.Case, Marking: s.Act.Marking, Recipients: s.Act.Recipients, Refs: s.Act.Refs, Body: s.Act.Body, Parts: 1, Counted: true},
				Accord:    &sqlite.Accord{Approvals: s.Approvals, Digests: s.Digests},
			})
		}
		if len(entries) > 0 {
			for _, m := range w.Moments {
				if m.Origin == p.Origin {
					entries[0].Moments = append(entries[0].Moments, m)
				}
			}
		}
		if err := view.Add(ctx, p.Origin, 0, entries); err != nil {
			return err
		}
	}
	return nil
}
