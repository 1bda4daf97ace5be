package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"time"

	"entente/api"
	"entente/internal/disk"
	"entente/internal/ingest"
	"entente/internal/parquet"
	"entente/internal/segment"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/archive"
	"entente/watch/event"
)

// Archive is how events are kept for indicators that come later. Zero fields
// take the defaults.
type Archive struct {
	Off          bool   `yaml:"off"`
	Dir          string `yaml:"dir"`           // default: archive in the data folder
	SegmentMiB   int64  `yaml:"segment_mib"`   // a segment is complete at this size, before compression; 128
	SegmentHours int64  `yaml:"segment_hours"` // or when it began so long ago; 24
	KeepGiB      int64  `yaml:"keep_gib"`      // the oldest segments go beyond this; 50
	KeepDays     int64  `yaml:"keep_days"`     // or when they are older; 400
	ReserveMiB   int64  `yaml:"reserve_mib"`   // archiving stops while less room is left on the disk; 1024
}

// archiveDir is where the archive lies.
func (c Config) archiveDir() string { return cmp.Or(c.Archive.Dir, filepath.Join(c.Dir, "archive")) }

// archiveNote is the key in watch.db of what is stored with each batch.
const archiveNote = "archive"

// openArchive opens the archive that belongs to watch.db.
func (n *Node) openArchive(ctx context.Context) error {
	a := n.cfg.Archive
	if a.Off {
		return nil
	}
	dir := n.cfg.archiveDir()
	d, err := disk.OS(dir)
	if err != nil { // another disk that is away, say: matching does without
		n.archiveAway = true
		n.archiveTrouble(err)
		return nil
	}
	note, err := n.watch.Note(ctx, archiveNote)
	if err != nil {
		return err
	}
	const mib, day = 1 << 20, 24 * time.Hour
	store, told, err := segment.Open(segment.Config{
		Disk: d, Now: n.opt.Now, Free: segment.Free(dir),
		Table:        func(w io.Writer) segment.Table { return parquet.NewWriter(w, Version) },
		SegmentBytes: cmp.Or(a.SegmentMiB, 128) * mib, SegmentAge: time.Duration(cmp.Or(a.SegmentHours, 24)) * time.Hour,
		MaxBytes: cmp.Or(a.KeepGiB, 50) << 30, MaxAge: time.Duration(cmp.Or(a.KeepDays, 400)) * day,
		Reserve: cmp.Or(a.ReserveMiB, 1024) * mib,
	}, note)
	if err != nil {
		return errors.Join(err, d.Close())
	}
	for _, err := range told {
		n.archiveTrouble(err)
	}
	n.lookout.archive = store
	return nil
}

func (n *Node) closeArchive() error {
	if n.lookout == nil || n.lookout.archive == nil {
		return nil
	}
	return n.lookout.archive.Close()
}

func (n *Node) archiveTrouble(err error) {
	n.logger.Warn("archive", "error", err)
	n.lookout.fail(fmt.Errorf("archive: %w", err))
}

// keep appends the batch's events to the archive and returns what must be
// stored with its results. Where that cannot be, matching goes on: the batch is
// not covered, and a later hunt reads its source again.
func (l *lookout) keep(b ingest.Batch) []sqlite.Note {
	if l.archive == nil {
		return nil
	}
	span := archive.Span{Source: b.Source, Generation: b.Generation, Begin: b.Position().Begin, From: b.From, To: b.To, Final: b.Final}
	note, err := l.archive.Append(span, ArchiveRecords(b))
	switch {
	case err == nil:
		return []sqlite.Note{{Key: archiveNote, Value: note}}
	case !errors.Is(err, segment.ErrPaused): // that one was told when it stopped
		l.logger.Error("archiving has stopped; matching goes on", "error", err)
	}
	return nil
}

// ArchiveRecords yields the events of a batch as the archive keeps them. Each
// is valid until the next.
func ArchiveRecords(b ingest.Batch) iter.Seq[*archive.Record] {
	return func(yield func(*archive.Record) bool) {
		rec := archive.Record{Source: b.Source, Path: b.Path, Generation: b.Generation}
		for _, line := range b.Lines {
			if line.Event == nil {
				continue
			}
			rec.Line, rec.Offset, rec.Raw, rec.Event = line.Number, line.Offset, line.Raw, *line.Event
			if rec.Event.Time.Before(time.Time{}) && rec.Event.Time.Year() == 0 { // the zero time is of the year 1
				rec.Event.Time = time.Time{}
				if !b.Modified.IsZero() {
					rec.Event.Time = event.CompleteYear(line.Event.Time, b.Modified)
				}
			}
			if !yield(&rec) {
				return
			}
		}
	}
}

// runArchive makes segments of what is complete, puts their digests into the
// record, and lets the oldest go.
func (n *Node) runArchive(ctx context.Context) error {
	if n.lookout.archive == nil {
		return nil
	}
	var quiet time.Time // no attempt before: the last one failed
	for pause(ctx, n.opt.Tend) {
		if n.opt.Now().Before(quiet) {
			continue
		}
		if err := n.tendArchive(ctx, n.lookout.archive.Due()); err != nil && ctx.Err() == nil {
			if err := n.survived(err); err != nil {
				n.archiveTrouble(err)
			}
			quiet = n.opt.Now().Add(time.Minute)
		}
	}
	return nil
}

// tendArchive does one round; with seal it makes segments first.
func (n *Node) tendArchive(ctx context.Context, seal bool) error {
	a := n.lookout.archive
	if seal {
		if _, err := a.Seal(ctx, false); err != nil {
			return err
		}
		if err := n.noteArchive(ctx); err != nil {
			return err
		}
	}
	if !n.open.Load() || n.gone.Load() {
		return nil
	}
	n.sealing.Lock()
	defer n.sealing.Unlock()
	for _, m := range a.Segments() {
		if err := n.sealSegment(ctx, "archive segment", m); err != nil {
			return err
		}
	}
	for _, m := range a.Spent() {
		if err := n.sealSegment(ctx, "archive segment deleted", m); err != nil {
			return err
		}
		if err := a.Remove(m.Number); err != nil {
			return fmt.Errorf("delete segment %d: %w", m.Number, err)
		}
		n.logger.Info("an archive segment was deleted", "number", m.Number, "events", m.Rows, "bytes", m.Size())
	}
	return nil
}

// noteArchive lets watch.db forget spools that have become segments.
func (n *Node) noteArchive(ctx context.Context) error {
	n.lookout.mu.Lock() // no batch is under way
	defer n.lookout.mu.Unlock()
	note, err := n.lookout.archive.Note()
	if err != nil {
		return err
	}
	return n.watch.PutNote(ctx, archiveNote, note)
}

// sealSegment says once what became of a segment.
func (n *Node) sealSegment(ctx context.Context, what string, m archive.Manifest) error {
	digest, err := m.Digest()
	if err != nil {
		return err
	}
	key := what + ":" + digest.String()
	if _, done := n.sealed.Load(key); done {
		return nil
	}
	said, err := n.watch.Note(ctx, key)
	if err != nil {
		return err
	}
	if said == nil {
		if err := n.sealLog(ctx, record.SealBody{What: what, Name: fmt.Sprint("segment ", m.Number), Size: m.Size(), Digest: digest}); err != nil {
			return err
		}
		if err := n.watch.PutNote(ctx, key, []byte("said")); err != nil {
			return err
		}
	}
	n.sealed.Store(key, true)
	return nil
}

// SealArchive makes a segment of all that is archived and puts its digest into
// the record. It returns how many events the archive holds.
func (n *Node) SealArchive(ctx context.Context) (events int64, err error) {
	a := n.lookout.archive
	if a == nil {
		return 0, statement.Refuse(statement.CodeRequest, "this node keeps no archive")
	}
	if _, err := a.Seal(ctx, true); err != nil {
		return 0, err
	}
	if err := n.noteArchive(ctx); err != nil {
		return 0, err
	}
	return a.State().Rows, n.tendArchive(ctx, false)
}

// archiveStatus says how the archive stands.
func (n *Node) archiveStatus() api.ArchiveStatus {
	a := n.lookout.archive
	if n.archiveAway {
		return api.ArchiveStatus{Stopped: "its folder cannot be opened"}
	}
	if a == nil {
		return api.ArchiveStatus{Off: true}
	}
	st := a.State()
	out := api.ArchiveStatus{Segments: st.Segments, Events: st.Rows, Bytes: st.Bytes, Since: st.Since}
	if st.Stopped != nil {
		out.Stopped = stoppedBy(st.Stopped)
	}
	return out
}

// stoppedBy is why nothing is archived, in words that may be shown.
func stoppedBy(err error) string {
	switch {
	case errors.Is(err, segment.ErrRoom):
		return "less room is left on the disk than is reserved"
	case disk.IsFull(err):
		return "the disk is full"
	default:
		return "the disk fails"
	}
}

// uncovered is what of a position has to be read again from the source: what
// the archive covers is taken out. none says that nothing is left.
func uncovered(id string, p ingest.Position, c archive.Coverage) (rest ingest.Position, none bool) {
	rest = p
	has := func(m ingest.Mark) bool { return c.Has(id, m.Generation, m.Begin, m.Offset) }
	first := p.Generation
	if len(p.Past) > 0 {
		first = p.Past[0].Generation
	}
	for g := range first { // those that the position has forgotten
		if rest.Forgotten > 0 && c.Whole(id, g) {
			rest.Forgotten--
		}
	}
	rest.Past = slices.DeleteFunc(slices.Clone(p.Past), has)
	if has(p.Mark) {
		rest.Offset = rest.Begin // nothing of it
	}
	return rest, rest.Forgotten == 0 && len(rest.Past) == 0 && rest.Offset <= rest.Begin
}
