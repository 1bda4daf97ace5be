package observed

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"entente/exchange/stix/pattern"
	"entente/watch/event"
	"entente/watch/format/eve"
)

// BenchmarkLines: what a real line costs to read, to map, and to match against many patterns.
func BenchmarkLines(b *testing.B) {
	data, err := os.ReadFile("../../../shared/data/logs/suricata/test6-malicious.eve.json")
	if err != nil {
		b.Skip("../shared/data/logs/suricata is not here")
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	var rules []pattern.Rule
	for i := range 1000 {
		text := fmt.Sprintf(`([domain-name:value = 'c%d.evil.example'] FOLLOWEDBY [network-traffic:dst_ref.value = '203.0.113.%d' AND network-traffic:dst_port = %d]) WITHIN 600 SECONDS`, i, i%256, i)
		p, err := pattern.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		rules = append(rules, pattern.Rule{ID: text, Pattern: p})
	}
	matcher, _ := pattern.NewMatcher(rules, pattern.Limits{})
	run := func(each func(ev *event.Event)) func(*testing.B) {
		return func(b *testing.B) {
			parser := eve.Format().New()
			var ev event.Event
			for i := 0; b.Loop(); i++ {
				if parser.Parse(lines[i%len(lines)], &ev) == nil {
					each(&ev)
				}
			}
		}
	}
	var m Mapper
	b.Run("read", run(func(*event.Event) {}))
	b.Run("read and map", run(func(ev *event.Event) { m.Map(ev, "k") }))
	b.Run("read, map and match", run(func(ev *event.Event) { matcher.Observe(m.Map(ev, "k"), when, nil) }))
}
