package node

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/internal/account"
	"entente/internal/carry"
	"entente/internal/headfile"
	"entente/internal/peer"
	"entente/internal/segment"
	"entente/internal/sqlite"
	"entente/record"
)

// A backup is a tar file: the files of the data folder that are kept, the segments of
// the archive if wanted, a copy of watch.db, the witness memory, every log as a stick cut into pieces, and a
// last entry that says that nothing is missing. Keys are not in it.
const (
	backupLogs    = "logs/"
	backupHeads   = "heads/"
	backupEnd     = "complete"
	backupArchive = "archive/"
	watchFile     = "watch.db"
	pieceSize     = 8 << 20
)

// backup is what a backup is made from.
type backup struct {
	cfg    Config
	roster record.Roster
	self   record.Member
	logs   peer.Getter
	heads  *headfile.Store
	watch  *sqlite.Watch
	now    time.Time

	archive bool // with its segments
}

func (n *Node) backup(ctx context.Context, w io.Writer, archive bool) error {
	return backup{n.cfg, n.roster, n.self, peer.Local{Backend: n.backend, Party: n.self.ID}, n.heads, n.watch, n.opt.Now(), archive}.write(ctx, w)
}

// Backup writes a backup of a folder without a running node, with the segments of its archive if wanted.
func (f *Folder) Backup(ctx context.Context, w io.Writer, now time.Time, archive bool) (err error) {
	heads, err := openHeads(f.cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, heads.Close()) }()
	watch, err := sqlite.OpenWatch(ctx, filepath.Join(f.cfg.Dir, watchFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watch.Close()) }()
	return backup{f.cfg, f.roster, f.self, f, heads, watch, now, archive}.write(ctx, w)
}

func (b backup) write(ctx context.Context, w io.Writer) error {
	t := tar.NewWriter(w)
	if err := b.files(ctx, t); err != nil {
		return err
	}
	if b.archive { // before watch.db, which then knows every segment that is copied
		if err := b.segments(ctx, t); err != nil {
			return err
		}
	}
	if err := b.watchDB(ctx, t); err != nil {
		return err
	}
	for _, m := range b.roster.Others(b.self.ID) {
		if h, ok := b.heads.Latest(m.Origin); ok {
			if err := b.entry(t, backupHeads+record.OriginHash(m.Origin), h.Note); err != nil {
				return err
			}
		}
	}
	if err := b.sticks(ctx, t); err != nil {
		return err
	}
	if err := b.entry(t, backupEnd, nil); err != nil {
		return err
	}
	return t.Close()
}

func (b backup) entry(t *tar.Writer, name string, data []byte) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: b.now.Truncate(time.Second)}); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if _, err := t.Write(data); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

// keptFiles are the files of a data folder that nothing computes again, as
// patterns of path.Match: what a backup copies as they are, and all of them that
// a restore writes. Left out are keys (keys.json, what rotate prepares), what is
// under way of match (its keys are worth nothing to another process, and a run
// or list that the record has must not be played a second time from older
// files), and what the view, watch.db or a log hold anyway.
func keptFiles() []string {
	return []string{
		CharterFile, "config.yaml", usersFile, account.FileName, SourceFile, inventoryOwn, inventoryCopy,
		ConsentDir + "/*.consent.json",
		proofDir + "/*.json",
		evidenceDir + "/*.jsonl",
		holdDir + "/*.jsonl",
		captureDir + "/*.wacz",
		rollsDir + "/" + rollKeyFile, rollsDir + "/*.days",
		matchDir + "/seed", matchDir + "/" + matchStocksDir + "/*",
		matchDir + "/" + matchRunsDir + "/*/outcome.json",
		matchDir + "/" + matchRunsDir + "/*/transcript", matchDir + "/" + matchRunsDir + "/*/transcript-with-items",
		matchDir + "/" + matchListsDir + "/*/evidence-*.json", matchDir + "/" + matchListsDir + "/*/receipt-*.json",
		matchDir + "/" + matchListsDir + "/*/found-*.json", matchDir + "/" + matchListsDir + "/*/*findings-*",
	}
}

// bulkyFiles are the like that go with the archive: with what may be large, and is
// kept up to a size only.
func bulkyFiles() []string { return []string{resultsDir + "/*.gz"} }

// files copies what is kept as files. One that goes meanwhile was to go.
func (b backup) files(ctx context.Context, t *tar.Writer) error {
	patterns := keptFiles()
	if b.archive {
		patterns = append(patterns, bulkyFiles()...)
	}
	dir := os.DirFS(b.cfg.Dir)
	for _, pattern := range patterns {
		found, err := fs.Glob(dir, pattern)
		if err != nil {
			return err
		}
		for _, name := range found {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if !backupFile(name) { // half written, or another kind of thing
				continue
			}
			if err := b.copyFile(t, name, filepath.Join(b.cfg.Dir, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// backupFile reports whether a backup may hold a file of this name.
func backupFile(name string) bool {
	if !fs.ValidPath(name) || strings.HasSuffix(name, ".new") {
		return false
	}
	return name == watchFile || slices.ContainsFunc(append(keptFiles(), bulkyFiles()...), func(pattern string) bool {
		is, err := path.Match(pattern, name)
		return err == nil && is
	})
}

// watchDB copies what was seen, as it is at this moment.
func (b backup) watchDB(ctx context.Context, t *tar.Writer) error {
	dir, err := os.MkdirTemp(b.cfg.Dir, ".backup-*")
	if err != nil {
		return fmt.Errorf("back up watch.db: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, watchFile)
	if err := b.watch.Snapshot(ctx, file); err != nil {
		return err
	}
	return b.copyFile(t, watchFile, file)
}

// copyFile copies a file of any size that does not change.
func (b backup) copyFile(t *tar.Writer, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: b.now.Truncate(time.Second)}); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if _, err := io.Copy(t, f); err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	return nil
}

// segments copies the archive's segments, which never change. One that goes meanwhile was to go.
func (b backup) segments(ctx context.Context, t *tar.Writer) error {
	dir := b.cfg.archiveDir()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || b.cfg.Archive.Off {
		return nil
	}
	if err != nil {
		return fmt.Errorf("back up the archive: %w", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, name := range segment.Complete(names) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := b.copyFile(t, backupArchive+name, filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// sticks writes every log as one stick in pieces.
func (b backup) sticks(ctx context.Context, t *tar.Writer) error {
	p := &pieces{b: b, t: t}
	out, err := carry.NewWriter(p, b.self.ID, b.now)
	if err != nil {
		return err
	}
	for _, m := range b.roster.Members {
		h := peer.LogName(m.Origin)
		if _, err := b.logs.Get(ctx, "/"+h+"/checkpoint", record.MaxNote); err != nil {
			continue // nothing of it is held
		}
		if _, err := out.Log(ctx, b.logs, h, 0); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return p.flush()
}

// pieces cuts a stream into entries of a tar file, whose size must be known.
type pieces struct {
	b   backup
	t   *tar.Writer
	buf bytes.Buffer
	n   int
}

func (p *pieces) Write(b []byte) (int, error) {
	p.buf.Write(b)
	if p.buf.Len() < pieceSize {
		return len(b), nil
	}
	return len(b), p.flush()
}

func (p *pieces) flush() error {
	if p.buf.Len() == 0 {
		return nil
	}
	err := p.b.entry(p.t, fmt.Sprintf("%s%06d", backupLogs, p.n), p.buf.Bytes())
	p.n++
	p.buf.Reset()
	return err
}
