package pattern_test

import (
	"fmt"
	"time"

	"entente/exchange/stix/pattern"
)

func ExampleMatcher() {
	p, err := pattern.Parse(`([domain-name:value = 'evil.example'] FOLLOWEDBY [file:size > 1000 AND file:name = 'a.exe']) WITHIN 60 SECONDS`)
	if err != nil {
		panic(err) // a *statement.Refusal with line, column and byte
	}
	m, refused := pattern.NewMatcher([]pattern.Rule{{ID: "indicator--1", Pattern: p}}, pattern.Limits{})
	fmt.Println(refused[0] == nil)

	dict := func(fields ...pattern.Field) pattern.Value { return pattern.Value{Kind: pattern.Dict, Fields: fields} }
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var hits []pattern.Hit
	hits = m.Observe(&pattern.Observation{Key: "line 1", First: now, Objects: []pattern.Object{
		{Type: "domain-name", Value: dict(pattern.Field{Name: "value", Value: pattern.Text("evil.example")})},
	}}, now, hits)
	hits = m.Observe(&pattern.Observation{Key: "line 2", First: now.Add(5 * time.Second), Objects: []pattern.Object{
		{Type: "file", Value: dict(pattern.Field{Name: "name", Value: pattern.Text("a.exe")}, pattern.Field{Name: "size", Value: pattern.Number(4096)})},
	}}, now, hits)
	for _, s := range hits[0].Seen {
		fmt.Println(s.Key, s.Expression)
	}
	// Output:
	// true
	// line 1 [domain-name:value = 'evil.example']
	// line 2 [file:size > 1000 AND file:name = 'a.exe']
}
