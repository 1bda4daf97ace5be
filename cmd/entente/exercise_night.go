package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/api"
	"entente/election/inventory"
	"entente/election/night"
	"entente/election/press"
	"entente/election/results"
	"entente/internal/scenario"
	"entente/record"
)

// nightSite is the two counties' results pages, served on this machine as they
// stand at the moment.
type nightSite struct {
	server *http.Server
	base   string

	mu    sync.Mutex // guards pages
	pages map[string][]byte
}

func openNight() (*nightSite, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &nightSite{base: "http://" + l.Addr().String() + "/", pages: map[string][]byte{}}
	s.server = &http.Server{Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

func (s *nightSite) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	page, ok := s.pages[strings.Trim(r.URL.Path, "/")]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write(page)
}

func (s *nightSite) publish(page string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[page] = data
}

// pageID is what the inventories call a county's page.
func pageID(county string) string { return strings.ToLower(county) }

// guard writes the inventory of one party: both counties' pages are watched by
// everybody, each from its own place.
func (x *exercise) guard(name string) (string, error) {
	list := inventory.Inventory{
		Call: []inventory.Person{{ID: "duty", Name: "The officer on duty of " + name, Phone: "+000 000"}},
	}
	for _, p := range x.night.Pages {
		u, err := url.JoinPath(x.site.base, pageID(p.County))
		if err != nil {
			return "", err
		}
		list.Results = append(list.Results, inventory.Page{
			ID: pageID(p.County), URL: u, Jurisdiction: p.County, Every: inventory.Duration(24 * time.Hour),
			Networks: []string{"127.0.0.0/8", "::1/128"}, Call: "duty", Shared: true,
		})
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(x.dir, "scenario", name, "inventory.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, data, 0o600)
}

// playNight plays the election night.
func (x *exercise) playNight(ctx context.Context) error {
	dir := filepath.Join(x.dir, "night")
	if err := x.night.Write(dir); err != nil {
		return err
	}
	if err := x.lodge(ctx, dir); err != nil {
		return err
	}
	for _, play := range []func(context.Context) error{x.reports, x.alter, x.lookAlikes, x.posts, x.memo, x.meet, x.tellPress} {
		if err := play(ctx); err != nil {
			return fmt.Errorf("election night: %w", err)
		}
	}
	return nil
}

// reports lets the results come in, version by version, and has all three nodes
// look; then each gives its word.
func (x *exercise) reports(ctx context.Context) error {
	pages := x.night.Pages
	for v := range pages[0].Versions {
		if pages[0].Versions[v].Silent != nil {
			break
		}
		for _, p := range pages {
			x.site.publish(pageID(p.County), p.Versions[v].Data)
		}
		if err := x.lookAll(ctx, pages...); err != nil {
			return err
		}
	}
	words := 0
	for _, name := range parties() {
		for _, p := range pages {
			g, err := x.stage.nodes[name].Control().GiveWord(ctx, api.PageRequest{Page: pageID(p.County)})
			if err != nil {
				return fmt.Errorf("%s gives its word on %s: %w", name, p.County, err)
			}
			if g.Balances {
				words++
			}
		}
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	views, err := x.stage.nodes[observer].Control().ResultPages(ctx, "")
	if err != nil {
		return err
	}
	versions, joint := 0, 0
	for _, v := range views {
		for _, h := range v.Histories {
			versions += len(h.Versions)
		}
		if v.Words != nil && v.Words.Stand == night.Balanced {
			joint++
		}
	}
	x.total.Sealed = versions
	x.tell("Election night. Adams (north's) and Baker (south's) report: all three nodes fetch both pages from their own places and seal %s of %s in their logs.", many(int64(versions), "version"), counted(len(views), "page", "pages"))
	x.tell("Each tests the sums alone and signs: %s of %d say that the numbers balance. For %d of %d pages that is now the joint word over the same root.", counted(words, "word", "words"), len(parties())*len(pages), joint, len(views))
	return nil
}

func (x *exercise) lookAll(ctx context.Context, pages ...scenario.ResultsPage) error {
	for _, name := range parties() {
		for _, p := range pages {
			if _, err := x.stage.nodes[name].Control().LookAtPage(ctx, api.PageRequest{Page: pageID(p.County)}); err != nil {
				return fmt.Errorf("%s looks at %s: %w", name, p.County, err)
			}
		}
	}
	return x.settle(ctx)
}

// alter changes one number at the source, without a word, and has it proven.
func (x *exercise) alter(ctx context.Context) error {
	began := time.Now()
	p := x.night.Pages[0]
	last := p.Versions[len(p.Versions)-1]
	x.site.publish(pageID(p.County), last.Data)
	if err := x.lookAll(ctx, p); err != nil {
		return err
	}
	alarmed := 0
	for _, name := range parties() {
		views, err := x.stage.nodes[name].Control().ResultPages(ctx, pageID(p.County))
		if err != nil {
			return err
		}
		for _, a := range views[0].Alarms {
			x.total.PageAlarms += a.Count
		}
		for _, h := range views[0].Histories {
			if h.Party == name && len(h.Versions) > 1 && h.Versions[len(h.Versions)-1].Silent(h.Versions[len(h.Versions)-2]) {
				alarmed++
			}
		}
	}
	if alarmed != len(parties()) {
		return fmt.Errorf("%d of %d nodes saw the altered number", alarmed, len(parties()))
	}
	c := last.Silent
	x.tell("A number changes at Adams' source, and nothing says so: %s, %s, %s: %d is now %d, and every sum still adds up. All three nodes have it, from before and after.", c.Contest, c.Choice, c.Unit, c.Old, c.New)
	if err := x.proveAltered(ctx, p, *c); err != nil {
		return err
	}
	x.total.Proven++
	x.tell("%.1f s later both numbers are proven offline, from south's log alone: the cell, its path, the sealed root, the witnesses.", time.Since(began).Seconds())
	return nil
}

// proveAltered checks as a stranger would, from south's statements and the two
// copies, that the number was published both ways.
func (x *exercise) proveAltered(ctx context.Context, p scenario.ResultsPage, c scenario.SilentChange) error {
	roster, err := record.NewRoster(x.charter())
	if err != nil {
		return err
	}
	n := x.stage.nodes[south]
	views, err := n.Control().ResultPages(ctx, pageID(p.County))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(views[0].Histories, func(h night.History) bool { return h.Party == south })
	seen := views[0].Histories[i].Versions
	for back, count := range []int64{c.New, c.Old} {
		version := p.Versions[len(p.Versions)-1-back]
		table, err := results.Read(bytes.NewReader(version.Data), results.Options{File: "detail.xml"})
		if err != nil {
			return err
		}
		proof, err := provenCell(table, c, count)
		if err != nil {
			return err
		}
		data, err := n.Control().Bundle(ctx, south, seen[len(seen)-1-back].Index)
		if err != nil {
			return err
		}
		b, err := record.ParseBundle(data)
		if err != nil {
			return err
		}
		report, err := record.Verify(roster, b)
		if err != nil {
			return err
		}
		said, err := night.ParsePublished(report.Act.Body)
		if err != nil {
			return err
		}
		if said.Version == nil || said.Version.Root.String() != proof.Root || proof.Check() != nil {
			return fmt.Errorf("the sealed root does not prove %d", count)
		}
	}
	return nil
}

// provenCell is the proof of the cell that was altered.
func provenCell(t *results.Table, c scenario.SilentChange, count int64) (results.Proof, error) {
	for _, cell := range t.Cells {
		if strings.EqualFold(cell.Choice, c.Choice) && strings.EqualFold(cell.Unit, c.Unit) && strings.EqualFold(cell.Contest, c.Contest) && cell.Count == count {
			return t.Prove(cell.Key)
		}
	}
	return results.Proof{}, fmt.Errorf("no cell of %d votes for %s in %s", count, c.Choice, c.Unit)
}

// tellPress writes the statement for the press from what each side's log says,
// and what was checked beside it; both sides make the same bytes.
func (x *exercise) tellPress(ctx context.Context) error {
	var pages [2][]byte
	for i, name := range []string{north, south} {
		views, err := x.stage.nodes[name].Control().ResultPages(ctx, "")
		if err != nil {
			return err
		}
		facts := press.Facts{
			Election: "General Election", AsOf: x.night.Pages[0].Versions[len(x.night.Pages[0].Versions)-1].At, Parties: parties(),
			Checks: append(night.Checks(views), x.checks...),
		}
		if pages[i], err = press.Markdown(facts); err != nil {
			return err
		}
	}
	if !bytes.Equal(pages[0], pages[1]) {
		return fmt.Errorf("north and south make different statements for the press")
	}
	path := filepath.Join(x.dir, "night", "statement.md")
	if err := os.WriteFile(path, pages[0], 0o600); err != nil {
		return err
	}
	digest := press.Digest(pages[0])
	x.tell("North and south write the statement for the press, each alone, and get the same bytes, SHA-256 %x:", digest[:8])
	fmt.Fprintf(x.out, "\n%s\n", pages[0])
	return nil
}
