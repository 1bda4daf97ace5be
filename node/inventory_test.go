package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInventory: a list is read again when it changes; one with an error
// changes nothing, now and after a start, and is told with its place.
func TestInventory(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir, Inventory: filepath.Join(dir, "list.json")}
	at := time.Unix(1_790_000_000, 0)
	put := func(text string) {
		t.Helper()
		write(t, cfg.Inventory, []byte(text))
		at = at.Add(time.Second)
		if err := os.Chtimes(cfg.Inventory, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := newGuarded(t.Context(), cfg, at); err == nil {
		t.Error("a node that is to guard what nobody listed has started")
	}
	put(`{"domains": [{"name": "vote.example"}]}`)
	g := must(newGuarded(t.Context(), cfg, at))(t)
	if len(g.get().Domains) != 1 || g.troubles() != nil {
		t.Fatalf("%+v, %v", g.get(), g.troubles())
	}
	put(`{"domains": [{"name": "vote.example"}, {"name": "sos.example"}]}`)
	if err := g.look(t.Context(), at); err != nil || len(g.get().Domains) != 2 {
		t.Fatalf("%+v, %v", g.get(), err)
	}
	put("{\"domains\": [\n{\"nam\": \"vote.example\"}]}")
	if err := g.look(t.Context(), at); err == nil || len(g.get().Domains) != 2 || len(g.troubles()) != 1 || !strings.Contains(g.troubles()[0], "list.json:2:2: ") || !strings.Contains(g.troubles()[0], "it may have call, name") {
		t.Fatalf("%+v, %v, %v", g.get(), err, g.troubles())
	}
	if again := must(newGuarded(t.Context(), cfg, at))(t); len(again.get().Domains) != 2 || len(again.troubles()) != 1 {
		t.Fatalf("after a start: %+v, %v", again.get(), again.troubles())
	}
	put(`{}`)
	if err := g.look(t.Context(), at); err != nil || !g.get().Empty() || g.troubles() != nil {
		t.Fatalf("%+v, %v, %v", g.get(), err, g.troubles())
	}
}
