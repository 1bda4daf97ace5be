package node

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entente/charter"
	"entente/internal/carry"
	"entente/internal/disk"
	"entente/internal/headfile"
	"entente/internal/keyfile"
	"entente/internal/logfile"
	"entente/internal/peer"
	"entente/internal/segment"
	"entente/record"
)

// Restored says what came back.
type Restored struct {
	Party string            `json:"party"`
	Logs  map[string]uint64 `json:"logs"`  // leaves by party
	From  []string          `json:"from"`  // who gave the own log back
	Aside string            `json:"aside"` // where the damaged log lies
	// Archive is where the segments lie that came back; "" if none did.
	Archive string `json:"archive,omitempty"`
}

// Restore makes a data folder from a backup and a key file, which is copied
// last. Every log is checked against its owner's signature on the way in. The
// folder must not exist or be empty. The node starts read-only and asks the
// others for what was said after the backup.
func Restore(ctx context.Context, cfg Config, keysDir string, passphrase []byte, r io.Reader, told Progress) (out Restored, err error) {
	keys, err := keyfile.Read(keysDir, passphrase)
	if err != nil {
		return out, fmt.Errorf("keys of %s: %w", keysDir, err)
	}
	out.Party, out.Logs = keys.Party, make(map[string]uint64)
	if entries, err := os.ReadDir(cfg.Dir); err == nil && len(entries) > 0 {
		return out, fmt.Errorf("%s is not empty: data is never adopted", cfg.Dir)
	}
	defer func() {
		if err != nil { // it was empty before: half a folder is worse than none
			err = errors.Join(err, os.RemoveAll(cfg.Dir))
		}
	}()
	for _, sub := range []string{"", "log", "heads", "mirror", ConsentDir, proofDir} {
		if err := os.MkdirAll(filepath.Join(cfg.Dir, sub), 0o700); err != nil {
			return out, fmt.Errorf("make %s: %w", cfg.Dir, err)
		}
	}
	stick, heads, err := unpack(cfg.Dir, r)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, stick.Close(), os.Remove(stick.Name())) }()
	c, _, err := ReadCharter(cfg.Dir)
	if err != nil {
		return out, err
	}
	if p, ok := c.Party(keys.Party); !ok || !keys.Belongs(p) {
		return out, fmt.Errorf("%s: %w", cfg.Dir, ErrOther)
	}
	if err := restoreLogs(ctx, cfg.Dir, c, keys, stick, heads, &out, told); err != nil {
		return out, err
	}
	if out.Archive, err = placeArchive(cfg.Dir); err != nil {
		return out, err
	}
	data, err := os.ReadFile(filepath.Join(keysDir, keyfile.FileName))
	if err != nil {
		return out, err
	}
	return out, replaceFile(filepath.Join(cfg.Dir, keyfile.FileName), data)
}

// unpack writes the kept files into the folder and the logs into a temporary
// stick. Only names that a backup has are written.
func unpack(dir string, r io.Reader) (*os.File, map[string][]byte, error) {
	stick, err := os.CreateTemp(dir, ".stick-*")
	if err != nil {
		return nil, nil, err
	}
	heads, err := unpackInto(dir, stick, r)
	if err != nil {
		return nil, nil, errors.Join(err, stick.Close())
	}
	return stick, heads, nil
}

func unpackInto(dir string, stick *os.File, r io.Reader) (map[string][]byte, error) {
	heads := make(map[string][]byte)
	t := tar.NewReader(r)
	for complete := false; ; {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF) && complete:
			return heads, nil
		case errors.Is(err, io.EOF), complete:
			return nil, fmt.Errorf("the backup is cut off or damaged: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return nil, fmt.Errorf("the backup is cut off or damaged: %w", err)
		}
		switch name := h.Name; {
		case name == backupEnd:
			complete = true
		case strings.HasPrefix(name, backupLogs):
			_, err = io.Copy(stick, t)
		case strings.HasPrefix(name, backupHeads):
			heads[strings.TrimPrefix(name, backupHeads)], err = io.ReadAll(io.LimitReader(t, record.MaxNote))
		case strings.HasPrefix(name, backupArchive) && segment.IsFile(strings.TrimPrefix(name, backupArchive)):
			// Into the data folder, wherever the archive was, until it is known whose backup this is: see placeArchive.
			if err = os.MkdirAll(filepath.Join(dir, "archive"), 0o700); err == nil {
				err = writeAll(filepath.Join(dir, filepath.FromSlash(name)), t)
			}
		case backupFile(name):
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err = os.MkdirAll(filepath.Dir(file), 0o700); err == nil {
				err = writeAll(file, t)
			}
		default:
			err = fmt.Errorf("no backup of this version holds %.80q", name)
		}
		if err != nil {
			return nil, fmt.Errorf("the backup is cut off or damaged: %w", err)
		}
	}
}

func writeAll(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

func restoreLogs(ctx context.Context, dir string, c charter.Charter, keys *keyfile.Keys, stick *os.File, notes map[string][]byte, out *Restored, told Progress) (err error) {
	roster, err := record.NewRoster(c)
	if err != nil {
		return err
	}
	info, err := stick.Stat()
	if err != nil {
		return err
	}
	r, err := carry.NewReader(stick, info.Size())
	if err != nil {
		return fmt.Errorf("logs of the backup: %w", err)
	}
	party := keys.Party
	if r.From != party {
		return fmt.Errorf("this is the backup of %.40s and the keys are those of %s: %w", r.From, party, ErrOther)
	}
	self, _ := roster.Member(party)
	f := &Folder{cfg: Config{Dir: dir}, keys: keys, roster: roster, self: self, logs: make(map[string]*logfile.Log)}
	defer func() { err = errors.Join(err, f.Close()) }()
	all := []holder{{"backup", peer.NewSource(r), nil}}
	for i, m := range roster.Members {
		told.tell(uint64(i), uint64(len(roster.Members)))
		if _, err := f.readBack(ctx, m, all); err != nil {
			return err
		}
		l := f.logs[m.ID]
		if l == nil && m.ID == party {
			if l, err = createLog(filepath.Join(dir, "log"), m.Origin); err != nil {
				return err
			}
			f.logs[m.ID] = l
		}
		if l != nil {
			tree, _ := l.Head()
			out.Logs[m.ID] = tree.Size
		}
	}
	out.From = []string{"backup"}
	return restoreHeads(ctx, dir, roster, self, notes)
}

// restoreHeads makes the witness memory anew from the notes that were kept.
func restoreHeads(ctx context.Context, dir string, roster record.Roster, self record.Member, notes map[string][]byte) (err error) {
	d, err := disk.OS(filepath.Join(dir, "heads"))
	if err != nil {
		return err
	}
	if err := headfile.Create(d); err != nil {
		return err
	}
	heads, err := openHeads(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, heads.Close()) }()
	for _, m := range roster.Others(self.ID) {
		msg := notes[record.OriginHash(m.Origin)]
		if msg == nil {
			continue
		}
		c, _, err := openNote(roster, m, msg)
		if err != nil {
			return fmt.Errorf("witness memory of %s: %w", m.ID, err)
		}
		if err := heads.Update(ctx, m.Origin, 0, record.Head{Tree: c.Tree, Note: msg}); err != nil {
			return err
		}
	}
	return nil
}

// Repair reads the own log back from the partners (or from the data folders
// given) and puts it in the place of the one in the folder, which is moved
// aside. Mirrors that do not open are moved aside too; the node pulls them
// again. No node may run there.
func Repair(ctx context.Context, cfg Config, opt Options, folders []string, told Progress) (out Restored, err error) {
	opt = opt.withDefaults()
	keys, roster, self, err := identify(cfg.Dir, opt.Passphrase)
	if err != nil {
		return out, err
	}
	out.Party, out.Logs = self.ID, make(map[string]uint64)
	if err := unlocked(cfg.Dir); err != nil {
		return out, err
	}
	all, err := holders(keys, roster, self, opt, folders)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, closeHolders(all)) }()
	note, from, names := largest(ctx, roster, self, all)
	if note == nil {
		return out, errors.New("nobody who answers holds this log")
	}
	fresh := filepath.Join(cfg.Dir, "log.restored")
	if err := os.RemoveAll(fresh); err != nil {
		return out, err
	}
	l, err := createLog(fresh, self.Origin)
	if err != nil {
		return out, err
	}
	pull := pullOwn(ctx, self, from, keys.Parts, l, note, func(string, error) {})
	tree, _ := l.Head()
	if err := errors.Join(pull, l.Close()); err != nil {
		return out, err
	}
	told.tell(tree.Size, tree.Size)
	out.From, out.Logs[self.ID] = names, tree.Size
	stamp := opt.Now().UTC().Format("20060102T150405Z")
	out.Aside = filepath.Join(cfg.Dir, "log.aside-"+stamp)
	if err := os.Rename(filepath.Join(cfg.Dir, "log"), out.Aside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return out, err
	}
	if err := os.Rename(fresh, filepath.Join(cfg.Dir, "log")); err != nil {
		return out, err
	}
	if err := mirrorsAside(cfg.Dir, roster, self, stamp); err != nil {
		return out, err
	}
	return out, removeView(filepath.Join(cfg.Dir, viewFile))
}

// unlocked makes sure that no node has the logs open.
func unlocked(dir string) error {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	if _, err := Connect(dir).Status(ctx); err == nil {
		return fmt.Errorf("%s: %w", dir, ErrRunning)
	}
	d, err := disk.OS(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer d.Close()
	lock, err := d.Lock()
	if err != nil {
		return inUse(dir, err)
	}
	return lock.Close()
}

func mirrorsAside(dir string, roster record.Roster, self record.Member, stamp string) error {
	for _, m := range roster.Others(self.ID) {
		path := mirrorDir(dir, m.Origin)
		if _, err := os.Stat(filepath.Join(path, "log")); err != nil {
			continue
		}
		l, err := openMirror(dir, m.Origin)
		if err == nil {
			if err := l.Close(); err != nil {
				return err
			}
			continue
		}
		if err := os.Rename(path, path+".aside-"+stamp); err != nil {
			return err
		}
	}
	return nil
}
