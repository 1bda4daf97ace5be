package node

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/internal/sqlite"
	"entente/statement"
)

const (
	// SubjectResults is the type of what incidents on results pages are about.
	subjectResults = "results"
	electionRule   = ownRule + "election/" // begins the origin of their keys: nobody marked them
	removedNote    = "results-removed"
	sheetPiece     = statement.MaxPart - 4096
)

// sheetParts is a sheet packed and cut into parts; none if it is too large to be told.
func sheetParts(t *results.Table) (parts [][]byte, err error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(t.Sheet(z), z.Close()); err != nil {
		return nil, err
	}
	for piece := range slices.Chunk(b.Bytes(), sheetPiece) {
		parts = append(parts, piece)
	}
	if len(parts) >= statement.MaxParts {
		return nil, nil
	}
	return parts, nil
}

// lastRead is the newest version before a place in a history that could be read.
func lastRead(h night.History, before int) (night.Seen, bool) {
	for _, v := range slices.Backward(h.Versions[:before]) {
		if v.Outcome != night.Unreadable {
			return v, true
		}
	}
	return night.Seen{}, false
}

// table is a version as it was read: from its bytes, else from its cells; nil
// if neither is kept any more.
func (p *press) table(page inventory.Page, v night.Version) (*results.Table, error) {
	if v.Outcome == night.Unreadable {
		return nil, nil
	}
	body, err := p.store.get(keptBytes, v.SHA256)
	if err == nil {
		if t, err := readPage(page, body, v.Marks.Modified, v.Marks.ETag); err == nil && rooted(t, v.Root) {
			return t, nil
		}
	}
	sheet, err := p.store.get(keptCells, v.Root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		p.n.logger.Warn("kept results", "page", v.Page, "error", err)
		return nil, nil
	}
	t, err := results.ReadSheet(sheet)
	if err != nil || !rooted(t, v.Root) {
		p.n.logger.Warn("kept results are damaged", "page", v.Page, "root", v.Root)
		return nil, nil //nolint:nilerr // told; the root stays in the record
	}
	return t, nil
}

func rooted(t *results.Table, root statement.Digest) bool {
	got, err := t.Root()
	return err == nil && statement.Digest(got) == root
}

// compare says in a version what it is against the one before.
func (p *press) compare(ctx context.Context, page inventory.Page, v *night.Version, t *results.Table) error {
	h, err := p.own(ctx, page.URL)
	if err != nil {
		return err
	}
	before, ok := lastRead(h, len(h.Versions))
	if !ok || t == nil {
		return nil
	}
	v.Previous = before.Root
	v.Outcome = results.Changed
	old, err := p.table(page, before.Version)
	if err != nil || old == nil {
		return err
	}
	d, err := results.Compare(old, t)
	if errors.Is(err, results.ErrElections) {
		return nil // of another election from now on: nothing to compare
	}
	if v.Outcome = d.Outcome; d.Outcome == results.SameBytes {
		v.Outcome = results.Reformatted
	}
	v.Changed, v.Added, v.Removed = int64(len(d.Changed)), int64(len(d.Added)), int64(len(d.Removed))
	return err
}

// judge looks at every own version of a page that has not been looked at, and
// makes incidents of what calls somebody. Done twice, it makes no second one.
func (p *press) judge(ctx context.Context, page inventory.Page, s *pageState) error {
	h, err := p.own(ctx, page.URL)
	if err != nil {
		return err
	}
	for i, v := range h.Versions {
		if v.Index < s.Judged {
			continue
		}
		before, had := lastRead(h, i)
		j, err := p.judgeOne(page, v, before, had)
		if err != nil {
			return err
		}
		if err := p.raise(ctx, page, v.Index, time.UnixMilli(v.At), j.Alarms, 0); err != nil {
			return err
		}
		s.age(v.At, j)
		s.Judged = v.Index + 1
	}
	return p.keep(ctx, s)
}

func (p *press) judgeOne(page inventory.Page, v, before night.Seen, had bool) (j night.Judged, err error) {
	if v.Outcome == night.Unreadable {
		j.Alarms = []night.Alarm{{Code: night.PageUnread, Grade: results.Medium, Says: fmt.Sprintf("%d bytes with SHA-256 %s are no table of results that is known", v.Size, v.SHA256)}}
		return j, nil
	}
	now, err := p.table(page, v.Version)
	if err != nil || now == nil {
		return j, err
	}
	var old *results.Table
	if had {
		if old, err = p.table(page, before.Version); err != nil {
			return j, err
		}
	}
	if old != nil && old.Election != now.Election {
		old = nil
	}
	return night.Judge(page, old, now)
}

// age notes of each contest when its numbers changed and what was wrong.
func (s *pageState) age(at int64, j night.Judged) {
	note := func(contest string, change func(*contestAge)) {
		contest = results.Canonical(contest)
		c, known := s.Contests[contest]
		if contest == "" || !known && len(s.Contests) >= maxContests {
			return
		}
		change(&c)
		s.Contests[contest] = c
	}
	changed := func(contest string) { note(contest, func(c *contestAge) { c.Changed = at }) }
	for _, c := range j.Diff.Changed {
		changed(c.Contest)
	}
	for _, c := range slices.Concat(j.Diff.Added, j.Diff.Removed) {
		changed(c.Contest)
	}
	for _, a := range j.Alarms {
		note(a.Contest, func(c *contestAge) { c.Alarm, c.Alarmed = a.Code, at })
	}
}

// differ makes an incident of what another party was shown otherwise, once for
// each own version.
func (p *press) differ(ctx context.Context, page inventory.Page) error {
	all, err := p.n.histories(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(h night.History) bool { return h.URL != page.URL })
	for _, d := range night.Differences(all, p.slack) {
		own, other := d.A, d.B
		if other.Party == p.n.self.ID {
			own, other = other, own
		}
		if own.Party != p.n.self.ID {
			continue
		}
		a := night.Alarm{Code: night.RootsDiffer, Grade: results.Medium, Says: fmt.Sprintf("%s saw cell root %s when this party saw %s", other.Party, other.Root, own.Root)}
		if err := p.raise(ctx, page, own.Index, time.UnixMilli(d.To), []night.Alarm{a}, maxAlarms); err != nil {
			return err
		}
	}
	return nil
}

// raise makes incidents of alarms; line is what the alarms of one version, or of
// one time that a page was down, have in common, first the number of the first of them.
func (p *press) raise(ctx context.Context, page inventory.Page, line uint64, at time.Time, alarms []night.Alarm, first int) error {
	var hits []sqlite.Hit
	for i, a := range alarms[:min(len(alarms), maxAlarms)] {
		hits = append(hits, sqlite.Hit{
			Source: "results " + page.ID, Line: int64(line), Key: sqlite.Key{Origin: electionRule + page.ID, Index: line, Item: first + i}, Path: page.URL, Rule: a.Code, Field: a.Contest,
			Seen: a.Says, Type: subjectResults, Value: a.Code, Raw: []byte(a.Says), Dataset: subjectResults, EventTime: at.UnixMilli(), Asset: page.ID,
			Title: night.Title(a.Code), Level: a.Level(), Stored: p.n.opt.Now().UnixMilli(),
		})
	}
	if len(hits) == 0 {
		return nil
	}
	if err := p.n.watch.StoreHunt(ctx, hits); err != nil {
		return err
	}
	p.n.logger.Warn("results page", "page", page.ID, "alarm", alarms[0].Code, "says", alarms[0].Says, "more", len(alarms)-1)
	p.n.changes.watch()
	return nil
}

const maxAlarms = 50 // of one version that are kept line by line

// prune keeps fetched pages within the limit. The first and the newest two
// versions of a page, and what is joint, are needed.
func (p *press) prune(ctx context.Context) error {
	if p.store.used() <= p.store.limit {
		return nil
	}
	needed := make(map[string]bool)
	need := func(v night.Version) {
		needed[filepath.Base(p.store.path(keptBytes, v.SHA256))] = true
		needed[filepath.Base(p.store.path(keptCells, v.Root))] = true
	}
	all, err := p.n.histories(ctx)
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.Party != p.n.self.ID {
			continue
		}
		for i, v := range h.Versions {
			if i == 0 || i >= len(h.Versions)-2 {
				need(v.Version)
			}
		}
		if j, ok := night.Jointly(all, h.URL); ok {
			for _, v := range j.Seals {
				need(v.Version)
			}
		}
	}
	gone, err := p.store.prune(needed)
	if err != nil || gone.Files == 0 {
		return err
	}
	var before removed
	if _, err := note(ctx, p.n.watch, removedNote, &before); err != nil {
		return err
	}
	before.Files, before.Bytes = before.Files+gone.Files, before.Bytes+gone.Bytes
	data, err := json.Marshal(before)
	if err != nil {
		return err
	}
	return p.n.watch.PutNote(ctx, removedNote, data)
}
