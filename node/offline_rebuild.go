package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"entente/internal/disk"
	"entente/internal/logfile"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// Rebuilt says what a rebuild of the view gave.
type Rebuilt struct {
	Statements uint64           `json:"statements"` // leaves of all logs
	Logs       int              `json:"logs"`
	Digest     statement.Digest `json:"digest"` // SHA-256 of the ordered dump
	Before     statement.Digest `json:"before"` // of the view that was there, zero if none
	Same       bool             `json:"same"`
}

const viewFile = "view.db"

// Rebuild computes the view anew from the logs of the folder, or with from
// from those in another party's data folder, and compares it with the view
// that is there. Without from it takes its place. dump, if not nil, gets the
// ordered dump.
func (f *Folder) Rebuild(ctx context.Context, from string, dump io.Writer, told Progress) (Rebuilt, error) {
	var out Rebuilt
	logs := f.logs
	if from != "" {
		foreign, err := openForeign(from, f.roster)
		if err != nil {
			return out, err
		}
		logs = foreign
		defer func() {
			for _, l := range foreign {
				_ = l.Close() // read only
			}
		}()
	}
	fresh := filepath.Join(f.cfg.Dir, viewFile+".rebuild")
	if err := removeView(fresh); err != nil {
		return out, err
	}
	if err := f.fillView(ctx, fresh, logs, &out, told); err != nil {
		return out, errors.Join(err, removeView(fresh))
	}
	var err error
	if out.Digest, err = dumpView(ctx, fresh, dump); err != nil {
		return out, err
	}
	old := filepath.Join(f.cfg.Dir, viewFile)
	if _, err := os.Stat(old); err == nil {
		// A node that was stopped between storing a leaf and taking it in goes on
		// at its next start; so the view goes on here before it is compared.
		behind := f.fillView(ctx, old, f.logs, new(Rebuilt), nil)
		if behind != nil {
			out.Before = statement.Digest{}
		} else if out.Before, err = dumpView(ctx, old, nil); err != nil {
			out.Before = statement.Digest{} // a broken view is what rebuild is for
		}
	}
	out.Same = out.Before == out.Digest
	if from != "" {
		return out, removeView(fresh)
	}
	if err := removeView(old); err != nil {
		return out, err
	}
	return out, os.Rename(fresh, old)
}

// fillView computes a view into a new file and closes it.
func (f *Folder) fillView(ctx context.Context, path string, logs map[string]*logfile.Log, out *Rebuilt, told Progress) (err error) {
	registry, err := Kinds()
	if err != nil {
		return err
	}
	view, err := sqlite.OpenView(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	in := ingress{roster: f.roster, registry: registry, identity: f.keys.Parts, view: view}
	var total uint64
	for _, l := range logs {
		tree, _ := l.Head()
		total += tree.Size
	}
	for _, m := range f.roster.Members {
		l := logs[m.ID]
		if l == nil {
			continue
		}
		if _, err := in.take(ctx, m, l); err != nil {
			return err
		}
		tree, _ := l.Head()
		out.Logs++
		out.Statements += tree.Size
		told.tell(out.Statements, total)
	}
	return nil
}

// filled is a view that has all that logs hold. The caller closes it.
func (f *Folder) filled(ctx context.Context, path string, logs map[string]*logfile.Log) (*sqlite.View, error) {
	if err := f.fillView(ctx, path, logs, new(Rebuilt), nil); err != nil {
		return nil, err
	}
	return sqlite.OpenView(ctx, path)
}

// dumpView returns the digest of a view's dump and copies it to w.
func dumpView(ctx context.Context, path string, w io.Writer) (d statement.Digest, err error) {
	view, err := sqlite.OpenView(ctx, path)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	h := sha256.New()
	all := io.Writer(h)
	if w != nil {
		all = io.MultiWriter(h, w)
	}
	err = view.Dump(ctx, all)
	return statement.Digest(h.Sum(nil)), err
}

func removeView(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the old view: %w", err)
		}
	}
	return nil
}

// openForeign opens the logs in the data folder of any party, as mirrors.
func openForeign(dir string, roster record.Roster) (map[string]*logfile.Log, error) {
	logs := make(map[string]*logfile.Log)
	for _, m := range roster.Members {
		l, err := openAnyMirror(dir, m.Origin)
		if err != nil {
			for _, l := range logs {
				err = errors.Join(err, l.Close())
			}
			return nil, err
		}
		if l != nil {
			logs[m.ID] = l
		}
	}
	if len(logs) == 0 {
		return nil, fmt.Errorf("%s holds no log of this charter", dir)
	}
	return logs, nil
}

// openAnyMirror finds the log of origin in a data folder, own or mirrored, or
// in a folder that is the log itself; nil if it is not there.
func openAnyMirror(dir, origin string) (*logfile.Log, error) {
	for _, path := range []string{mirrorDir(dir, origin), filepath.Join(dir, "log"), dir} {
		if info, err := os.Stat(filepath.Join(path, "log")); err != nil || !info.Mode().IsRegular() {
			continue
		}
		d, err := disk.OS(path)
		if err != nil {
			return nil, err
		}
		l, err := logfile.Open(d, logfile.Options{Origin: origin})
		if errors.Is(err, logfile.ErrOrigin) {
			continue
		}
		if err != nil {
			return nil, inUse(dir, fmt.Errorf("open the log in %s: %w", path, err))
		}
		return l, nil
	}
	return nil, nil
}
