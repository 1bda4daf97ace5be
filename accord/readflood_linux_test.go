package accord

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"entente/statement"
)

// hostileShapes are worlds that one party fills as it likes, by how much it says.
func hostileShapes() map[string]func(t testing.TB, s *story, n int) {
	sealed := func(t testing.TB, n int) (Account, []byte) {
		a, part := account(t, claim(func(it *Item) { it.Text = Texts{"en": strconv.Itoa(n)} }))
		a.Mode, a.Depositary, a.RevealBy, a.CommitBy = "sealed", "observer", At(time.Unix(start+48*hour, 0)), At(time.Unix(start+24*hour, 0))
		return a, part
	}
	return map[string]func(t testing.TB, s *story, n int){
		"whole answers": func(t testing.TB, s *story, n int) {
			var items []Item
			for range 200 {
				items = append(items, claim(nil))
			}
			a, part := account(t, items...)
			ref := s.tell("north", a, part)
			for range n {
				s.say("south", KindPosition, stance(NoComment), ref)
			}
		},
		"sealed accounts": func(t testing.TB, s *story, n int) {
			for i := range n {
				if i%1900 == 1899 {
					s.pass(day)
				}
				a, part := sealed(t, i)
				s.tell("south", a, part)
			}
		},
		"missing exhibits": func(t testing.TB, s *story, n int) {
			for i := range n {
				if i%950 == 949 {
					s.pass(day)
				}
				s.last = fmt.Sprintf("%032x", i+2)
				a, part := account(t, claim(func(it *Item) { it.Who = "north"; it.Exhibits = []string{fmt.Sprintf("%064x", i)} }))
				a.Names = []string{"north"}
				s.tell("south", a, part)
				s.say("south", KindExhibit, exhibitOf("shared"))
			}
		},
		"aligned chain": func(t testing.TB, s *story, n int) {
			var last []statement.Ref
			for i := range n {
				if i%1900 == 1899 {
					s.pass(day)
				}
				a, part := account(t, claim(func(it *Item) {
					it.What = fmt.Sprint("t", i)
					if last != nil {
						it.Aligns = "item/1"
					}
				}))
				last = []statement.Ref{s.tell("south", a, part, last...)}
			}
		},
		"aligned circle": func(t testing.TB, s *story, n int) {
			a, part := account(t, claim(func(it *Item) { it.What = "a" }))
			north := s.tell("north", a, part)
			a, part = account(t, claim(func(it *Item) { it.What = "b"; it.Aligns = "item/1" }))
			south := s.tell("south", a, part, north)
			b := onItem(Differ, 1)
			b.Counter = "item/1"
			s.say("north", KindPosition, b, south, north)
			for i := range n {
				if i%1900 == 1899 {
					s.pass(day)
				}
				a, part := account(t, claim(func(it *Item) { it.What = fmt.Sprint("t", i); it.Aligns = "item/1" }))
				s.tell("south", a, part, south)
			}
		},
		"one row": func(t testing.TB, s *story, n int) {
			for range n/200 + 1 {
				var items []Item
				for i := range 200 {
					items = append(items, claim(func(it *Item) { it.Quantity = &Quantity{">=", int64(i), "n"} }))
				}
				a, part := account(t, items...)
				s.tell("south", a, part)
				s.tell("north", a, part)
			}
		},
		"waiting lists": func(t testing.TB, s *story, n int) {
			p := s.say("north", KindProposal, s.clause())
			for i := range 100 {
				l := staff("south")
				l.Officers[4].Name = fmt.Sprint(i)
				s.say("south", KindOfficers, l)
			}
			for range n {
				s.say("south", KindPosition, stance(Discuss), p)
			}
		},
		"explain": func(t testing.TB, s *story, n int) {
			p := s.inForce(s.clause())
			for i := range n {
				if i%190 == 189 {
					s.pass(day)
				}
				a, part := account(t, claim(nil))
				acc := s.tell("south", a, part, p)
				b := samples()[KindNotice].(Notice)
				b.Level, b.Ask, b.To, b.Part, b.Where = LevelPriority, "explain", []string{"north"}, "clause/1", strconv.Itoa(i)
				s.say("south", KindNotice, b, p, acc)
			}
		},
		"ask and explain": func(t testing.TB, s *story, n int) {
			p := s.inForce(s.clause())
			for i := range n {
				if i%190 == 189 {
					s.pass(day)
				}
				b := samples()[KindNotice].(Notice)
				b.Level, b.Ask, b.To, b.Part, b.Where = LevelPriority, "explain", []string{"south"}, "clause/1", strconv.Itoa(i)
				s.say("north", KindNotice, b, p)
				x := stance(Explain)
				x.Part, x.Text = "clause/1", Texts{"en": strconv.Itoa(i)}
				s.say("south", KindPosition, x, p)
			}
		},
		"retract chain": func(t testing.TB, s *story, n int) {
			ref := s.say("south", KindPosition, stance(Discuss), s.say("north", KindProposal, s.clause()))
			for range n {
				ref = s.say("south", KindPosition, stance(Retract), ref)
			}
		},
		"parks": func(t testing.TB, s *story, n int) {
			p := s.say("north", KindProposal, s.clause())
			for range n {
				ref := s.say("south", KindPosition, stance(Park), p)
				s.say("south", KindPosition, stance(Retract), ref)
			}
		},
		"supersedes chain": func(t testing.TB, s *story, n int) {
			p := s.say("north", KindProposal, s.clause())
			for range n {
				text := s.clause()
				text.Supersedes = true
				p = s.say("south", KindProposal, text, p)
			}
		},
		"depends": func(t testing.TB, s *story, n int) {
			p := s.say("north", KindProposal, s.clause())
			for range n {
				text := s.clause()
				text.DependsOn = []statement.Ref{p}
				p = s.say("south", KindProposal, text, p)
			}
		},
		"questions": func(t testing.TB, s *story, n int) {
			for i := range n {
				if i%1900 == 1899 {
					s.pass(day)
				}
				s.say("south", KindAssessment, samples()[KindAssessment])
			}
		},
	}
}

// flooded are what nodes compute from a record for pages, bells and reports.
func flooded() map[string]func(r *Record) {
	matter := fmt.Sprintf("%032x", 1)
	return map[string]func(r *Record){
		"fold": func(r *Record) { NewRecord(r.world) },
		"cases": func(r *Record) {
			for _, c := range r.Cases() {
				r.CaseSummary(c)
			}
		},
		"compare": func(r *Record) { r.Compare(matter) },
		"line":    func(r *Record) { r.Line(r.now) },
		"conduct": func(r *Record) { r.Conduct(r.now) },
		"daily": func(r *Record) {
			report := r.Daily(r.now, r.now)
			report.Markdown()
		},
		"watching": func(r *Record) { r.Watching(r.now); r.Actions(r.now) },
		"labels": func(r *Record) {
			for s := range r.All() {
				r.Label(s)
			}
		},
		"seals": func(r *Record) {
			for s := range r.All() {
				r.Reveal(s.Ref)
			}
		},
		"questions": func(r *Record) { r.Questions(matter) },
	}
}

// TestReadFlood: whatever one party says over and over, eight times as much costs
// some eight times as much to read, in memory and in time, not 64 times.
func TestReadFlood(t *testing.T) {
	deep := os.Getenv("ENTENTE_MODEL") == "deep"
	n := 150
	if deep {
		n = 1000
	}
	for name, say := range hostileShapes() {
		world := func(n int) *Record {
			s := newStory(t)
			say(t, s, n)
			s.pass(2 * minute)
			s.now += 2 * minute // so that a report of now holds it
			return s.record()
		}
		few, many := world(n), world(8*n)
		for what, read := range flooded() {
			space := func(r *Record) uint64 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				read(r)
				runtime.ReadMemStats(&after)
				return after.TotalAlloc - before.TotalAlloc
			}
			x, y := space(few), space(many)
			if ratio := float64(y) / float64(x); ratio > 24 && y > 8<<20 {
				t.Errorf("%s, %s: eight times as much takes %.0f times the memory (%d, %d)", name, what, ratio, x, y)
			}
			if !deep {
				continue
			}
			a, b := quickest(few, read), quickest(many, read)
			if ratio := float64(b) / float64(a); ratio > 40 && b > 100*time.Millisecond {
				t.Errorf("%s, %s: eight times as much takes %.0f times as long (%v, %v)", name, what, ratio, a, b)
			}
		}
	}
}

// quickest is the processor time of the best of some runs.
func quickest(r *Record, read func(*Record)) time.Duration {
	spent := func() time.Duration {
		var u syscall.Rusage
		if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
			return 0
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	best := time.Hour
	for range 4 {
		from := spent()
		read(r)
		best = min(best, spent()-from)
	}
	return best
}
