package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/internal/segment"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/watch"
	"entente/watch/archive"
	"entente/watch/indicator"
)

// archive looks at what was archived last first. A value is asked for by the
// index and judged by the rules of live matching; other text is looked for in
// the lines until as many are found as are shown, or the bounds are reached.
func (s *search) archive(ctx context.Context) (*api.SearchArchive, error) {
	a := s.on.n.lookout.archive
	out := &api.SearchArchive{Lines: []api.Hit{}}
	if a == nil {
		out.Off = true
		return out, nil
	}
	began := time.Now()
	more := func(l segment.Look) bool {
		if s.told != nil {
			s.told(l.Rows, l.Total)
		}
		switch {
		case s.value.Type == "" && out.Count >= int64(s.limit):
			out.Stopped = api.StoppedEnough
		case l.Bytes >= s.bytes:
			out.Stopped = api.StoppedBytes
		case time.Since(began) >= s.until:
			out.Stopped = api.StoppedTime
		}
		return out.Stopped == ""
	}
	var needles *archive.Needles
	take := s.takeText(out)
	if s.value.Type != "" {
		needles, take = archive.NewNeedles([]observable.Value{s.value}), s.takeValue(out)
	}
	look, err := a.Newest(ctx, needles, more, take)
	out.Looked, out.Events = look.Rows, look.Total
	if out.Stopped == "" {
		notAfter(&out.Since, a.State().Since)
	}
	if errors.Is(err, archive.ErrDamaged) {
		s.on.n.archiveTrouble(err)
		out.Damaged, err = true, nil
	}
	return out, err
}

// takeText keeps the lines that hold the text.
func (s *search) takeText(out *api.SearchArchive) func(*archive.Record) error {
	needle, buf := []byte(sqlite.Fold(s.text.Given)), []byte(nil)
	return func(rec *archive.Record) error {
		when := stamp(rec.Event.Time)
		notAfter(&out.Since, when)
		buf = sqlite.AppendFolded(buf[:0], rec.Raw)
		if bytes.Contains(buf, needle) {
			s.keep(out, api.Hit{File: rec.Path, Line: rec.Line, Offset: rec.Offset, Time: when}, rec.Raw)
		}
		return nil
	}
}

// takeValue keeps the lines that the value meets.
func (s *search) takeValue(out *api.SearchArchive) func(*archive.Record) error {
	m := watch.NewMatcher(indicator.NewSet([]indicator.Entry{{Value: s.value}}), func(uint32) (watch.Meta, bool) {
		return watch.Meta{Value: s.value, Status: watch.Active}, true
	})
	var hits []watch.Hit
	return func(rec *archive.Record) error {
		when := stamp(rec.Event.Time)
		notAfter(&out.Since, when)
		at := watch.Place{Source: rec.Source, Generation: rec.Generation, Line: rec.Line, Offset: rec.Offset}
		if hits = m.Match(&rec.Event, at, rec.Raw, hits[:0]); len(hits) > 0 {
			h := hits[0]
			s.keep(out, api.Hit{File: rec.Path, Line: rec.Line, Offset: rec.Offset, Field: h.Field, Seen: h.Seen.Canonical, Rule: h.Rule.Code(), Time: when}, rec.Raw)
		}
		return nil
	}
}

func notAfter(since *int64, when int64) {
	if when != 0 && (*since == 0 || when < *since) {
		*since = when
	}
}

// keep counts a line and keeps it if it is among the newest.
func (s *search) keep(out *api.SearchArchive, h api.Hit, raw []byte) {
	out.Count++
	i, _ := slices.BinarySearchFunc(out.Lines, h, func(a, b api.Hit) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.File, b.File), cmp.Compare(b.Line, a.Line))
	})
	if i == s.limit {
		return
	}
	h.Raw = string(raw)
	out.Lines = slices.Insert(out.Lines, i, h)
	out.Lines = out.Lines[:min(len(out.Lines), s.limit)]
}

// holdsText says that a text holds another, letter case aside, as the databases are asked.
func holdsText(in, text string) bool { return strings.Contains(sqlite.Fold(in), sqlite.Fold(text)) }
