package node

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/election/night"
	ringing "entente/internal/bell"
)

// TestBellsResults: what is found on a results page rings the bells that are there,
// in the words of this program: no name or number of the page, no word of another
// party, not even where a bell may tell what was looked for.
func TestBellsResults(t *testing.T) {
	t.Parallel()
	first, second := resultsHead+"Adams,Mayor,Ann Lee,120\n", resultsHead+"Adams,Mayor,Ann Lee,917\n"
	page := newPublicPage(t, first)
	plain, told := newTower(t), newTower(t)
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, []byte("0123456789abcdef\n"))
	u := newUnit(t, nil, north, south)
	u.watching(north, page.url)
	u.watching(south, page.url)
	bells := []Bell{{Kind: ringing.Ntfy, URL: plain.URL + "/topic"}, {Kind: ringing.Webhook, URL: told.URL, SecretFile: secret, Detail: true}}
	u.opt[north].assembled = func(n *Node) { n.press.slack = 0 }
	u.start(north, south)
	u.eventually("both have sealed the first version", func() bool { return len(u.outcomes(north, north)) == 1 && len(u.outcomes(north, south)) == 1 })
	n := u.node(north)
	r := must(newRinger(bells, nil, n.watch, north, time.Now))(t)
	r.by, r.tells = n.ringer.by, n.ringer.tells
	for _, tt := range []struct {
		code string
		find func() // lets north find it
	}{
		{night.FinalChanged, func() { page.set(200, second); u.look(north) }},
		{night.RootsDiffer, func() { // south is shown the first numbers on
			page.set(200, first)
			u.look(south)
			u.ok(u.node(south).press.flush(t.Context(), 0))
			page.set(200, second)
			u.look(north)
			u.ok(u.node(north).press.flush(t.Context(), 0))
		}},
	} {
		var heard, inDetail []string
		u.eventually("the bells ring for "+tt.code, func() bool {
			tt.find()
			u.ok(r.ring(t.Context()))
			heard, inDetail = append(heard, plain.rings()...), append(inDetail, told.rings()...)
			return len(heard) > 0 && slices.ContainsFunc(inDetail, func(s string) bool { return strings.Contains(s, night.Title(tt.code)) })
		})
		for _, s := range heard {
			if !strings.Contains(s, ": 1 line, open since ") || strings.Contains(s, "adams") || strings.Contains(s, night.Title(tt.code)) {
				t.Errorf("the bell without details says %q", s)
			}
		}
		var said struct{ Subject, Text string }
		for _, s := range inDetail {
			u.ok(json.Unmarshal([]byte(s), &said))
			if said.Subject != "north: 1 open incident" || !strings.Contains(said.Text, " on adams") {
				t.Errorf("the bell with details says %+v", said)
			}
		}
		for _, s := range slices.Concat(heard, inDetail) {
			for _, foreign := range []string{"Ann", "Mayor", "917", "Adams", "south", page.url} {
				if strings.Contains(s, foreign) {
					t.Errorf("a bell says %q of another: %q", foreign, s)
				}
			}
		}
	}
}
