package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"entente/internal/keyfile"
	"entente/internal/logfile"
	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// Folder is a data folder without a running node: its keys, its charter and
// every log that can be opened. It holds the logs' locks until Close.
type Folder struct {
	cfg    Config
	keys   *keyfile.Keys
	roster record.Roster
	self   record.Member
	logs   map[string]*logfile.Log // by party, the own one included

	erasures erasures
}

// OpenFolder opens a data folder. ErrRunning if a node runs there. A log that
// is not there is left out; a damaged one is an error.
func OpenFolder(cfg Config, passphrase []byte) (*Folder, error) {
	f := &Folder{cfg: cfg, logs: make(map[string]*logfile.Log)}
	var err error
	if f.keys, f.roster, f.self, err = identify(cfg.Dir, passphrase); err != nil {
		return nil, err
	}
	signs, err := newSigners(f.keys)
	if err != nil {
		return nil, err
	}
	own, err := openLog(cfg.Dir, f.self.Origin, signs.log)
	if err != nil {
		return nil, inUse(cfg.Dir, err)
	}
	f.logs[f.self.ID] = own
	for _, m := range f.roster.Others(f.self.ID) {
		if _, err := os.Stat(filepath.Join(mirrorDir(cfg.Dir, m.Origin), "log")); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if f.logs[m.ID], err = openMirror(cfg.Dir, m.Origin); err != nil {
			delete(f.logs, m.ID)
			return nil, errors.Join(inUse(cfg.Dir, err), f.Close())
		}
	}
	return f, nil
}

func mirrorDir(dir, origin string) string {
	return filepath.Join(dir, "mirror", record.OriginHash(origin))
}

// inUse says in words what keeps a folder's own log from opening.
func inUse(dir string, err error) error {
	switch {
	case errors.Is(err, logfile.ErrInUse):
		return fmt.Errorf("%s: %w", dir, ErrRunning)
	case errors.Is(err, logfile.ErrOrigin):
		return fmt.Errorf("%s: %w: %w", dir, ErrOther, err)
	}
	return err
}

// identify reads keys and charter of a folder and checks that they belong
// together, whatever the charter's phase.
func identify(dir string, passphrase []byte) (*keyfile.Keys, record.Roster, record.Member, error) {
	keys, err := keyfile.Read(dir, passphrase)
	if err != nil {
		return nil, record.Roster{}, record.Member{}, fmt.Errorf("keys of %s: %w", dir, err)
	}
	c, _, err := ReadCharter(dir)
	if err != nil {
		return nil, record.Roster{}, record.Member{}, err
	}
	if p, ok := c.Party(keys.Party); !ok || !keys.Belongs(p) {
		return nil, record.Roster{}, record.Member{}, fmt.Errorf("%s: %w", dir, ErrOther)
	}
	roster, err := record.NewRoster(c)
	if err != nil {
		return nil, record.Roster{}, record.Member{}, fmt.Errorf("keys of the charter: %w", err)
	}
	self, _ := roster.Member(keys.Party)
	return keys, roster, self, nil
}

// ErrOther says that the keys of a folder are not those that its charter names.
var ErrOther = errors.New("the charter does not name the keys in this folder: it is the data folder of another party")

// Party returns whose folder it is.
func (f *Folder) Party() string { return f.self.ID }

// Roster returns the charter with its keys.
func (f *Folder) Roster() record.Roster { return f.roster }

// Close releases the logs.
func (f *Folder) Close() error {
	var errs []error
	for _, l := range f.logs {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// Get answers a path of the partner port from the stored logs (peer.Getter).
func (f *Folder) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	return peer.Local{Backend: shelf{f}, Party: f.self.ID}.Get(ctx, path, limit)
}

// shelf serves stored logs; it is read only by Folder.Get.
type shelf struct{ f *Folder }

func (s shelf) Log(_, h string) (peer.Log, bool) {
	for id, l := range s.f.logs {
		if m, _ := s.f.roster.Member(id); peer.LogName(m.Origin) == h {
			tree, note := l.Head()
			if c, err := record.Peek(note); err != nil || c.Tree != tree {
				return nil, false // behind its note: not whole
			}
			return servedLog{log: l, note: note, owner: m, erasure: s.erasure}, true
		}
	}
	return nil, false
}

// erasure looks through the whole log: a folder may lie there without its view.
func (s shelf) erasure(m record.Member, log readable, index uint64, part int) (uint64, bool) {
	of, ok := refTo(log, m.Origin, index)
	if !ok || s.f.keys == nil {
		return 0, false
	}
	return s.f.erasures.find(of, part, log, erases(m, s.f.keys.Parts), nil)
}

func (s shelf) Held(_, _ string) ([]byte, uint64, bool) { return nil, 0, false }
func (s shelf) Round(_, _ string) (peer.Round, bool)    { return nil, false }

func (s shelf) AddCheckpoint(context.Context, string, []byte) (int, string, []byte) {
	return http.StatusForbidden, "text/plain; charset=utf-8", nil
}

func (s shelf) Changed() <-chan struct{} { return nil }

func (s shelf) Refused(string, statement.Code, string) {}
