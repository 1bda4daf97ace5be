package rulepack

import (
	"testing"
	"time"

	"entente/watch"
	"entente/watch/detect"
	"entente/watch/event"
	"entente/watch/rule"
)

// BenchmarkEvents is what the pack costs an event of a web server's log.
func BenchmarkEvents(b *testing.B) {
	all, err := Rules(Names(), vendors())
	if err != nil {
		b.Fatal(err)
	}
	var sigma, code []rule.Rule
	for _, r := range all {
		if r.Detect != nil {
			code = append(code, r)
			continue
		}
		sigma = append(sigma, r)
	}
	var alone []rule.Rule
	for _, d := range detect.Election(vendors()) {
		if d.Alone() {
			alone = append(alone, rule.Detections("election", []*detect.Detection{d})...)
		}
	}
	s := stories()["6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c05"].twin
	p := s.format.New()
	events := make([]event.Event, len(s.lines))
	for i, line := range s.lines {
		if err := p.Parse([]byte(line), &events[i]); err != nil {
			b.Fatal(err)
		}
	}
	for name, rules := range map[string][]rule.Rule{"sigma": sigma, "code": code, "alone": alone, "all": all} {
		set := rule.NewSet(rules)
		b.Run(name, func(b *testing.B) {
			e, i, day := rule.NewEngine(set), 0, time.Duration(0)
			for b.Loop() {
				if i == len(events) {
					i, day = 0, day+24*time.Hour
				}
				ev := events[i]
				ev.Time = ev.Time.Add(day)
				e.Event(&ev, watch.Place{Source: "log", Offset: int64(i)}, nil, time.Time{})
				i++
			}
		})
	}
	b.Run("parse", func(b *testing.B) {
		var ev event.Event
		i := 0
		for b.Loop() {
			if p.Parse([]byte(s.lines[i]), &ev) != nil {
				b.Fatal(s.lines[i])
			}
			i = (i + 1) % len(s.lines)
		}
	})
}
