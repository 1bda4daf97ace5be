package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"entente/internal/disk"
	"entente/internal/keyfile"
	"entente/internal/logfile"
	"entente/internal/peer"
	"entente/record"
)

// holder is somebody who may hold logs: a running partner or a folder.
type holder struct {
	name string
	record.Source
	close func() error
}

// holders opens what logs can be read back from: the given folders, or
// without any the partners that the charter gives an address.
func holders(keys *keyfile.Keys, r record.Roster, self record.Member, opt Options, folders []string) ([]holder, error) {
	var all []holder
	for _, dir := range folders {
		logs, err := openForeign(dir, r)
		if err != nil {
			return nil, errors.Join(err, closeHolders(all))
		}
		f := &Folder{keys: keys, roster: r, self: self, logs: logs}
		all = append(all, holder{dir, peer.NewSource(f), f.Close})
	}
	if len(folders) > 0 {
		return all, nil
	}
	id, err := peer.NewIdentity(keys.Transport.Seed())
	if err != nil {
		return nil, err
	}
	for _, p := range r.Charter.Others(self.ID) {
		if p.Address == "" {
			continue
		}
		key, err := p.Keys.TransportKey()
		if err != nil {
			return nil, errors.Join(err, closeHolders(all))
		}
		c, err := peer.NewClient(peer.ClientConfig{Party: p.ID, Address: p.Address, Keys: []ed25519.PublicKey{key}, Self: id, Dial: opt.Dial, Now: opt.Now})
		if err != nil {
			return nil, errors.Join(err, closeHolders(all))
		}
		all = append(all, holder{p.ID, c, func() error { c.Close(); return nil }})
	}
	return all, nil
}

func closeHolders(all []holder) error {
	var errs []error
	for _, h := range all {
		errs = append(errs, h.close())
	}
	return errors.Join(errs...)
}

// largest asks every holder for its newest note of a log and returns the
// largest that the log's owner signed, and who answered with one, the largest
// first.
func largest(ctx context.Context, r record.Roster, m record.Member, all []holder) (best []byte, from []giver, names []string) {
	var size uint64
	for _, h := range all {
		msg, err := stored(ctx, h, m.Origin)
		if err != nil {
			continue
		}
		c, _, err := openNote(r, m, msg)
		if err != nil {
			continue
		}
		names = append(names, h.name)
		from = append(from, giver{h.name, h.Source})
		if best == nil || c.Size > size {
			best, size = msg, c.Size
			from[0], from[len(from)-1] = from[len(from)-1], from[0]
		}
	}
	return best, from, names
}

// stored asks a holder for the newest note of what it stores whole: of a mirror
// the one that it cosigned, since its witness may have seen more.
func stored(ctx context.Context, h holder, origin string) ([]byte, error) {
	if mirror, ok := h.Source.(interface {
		Held(ctx context.Context, origin string) ([]byte, error)
	}); ok {
		if msg, err := mirror.Held(ctx, origin); err == nil {
			return msg, nil
		}
	}
	return h.Checkpoint(ctx, origin)
}

// Drilled says how losing the disk would have gone.
type Drilled struct {
	Party      string   `json:"party"`
	From       []string `json:"from"`       // who gave the log back
	Statements uint64   `json:"statements"` // leaves of the own log that came back
	Sealed     uint64   `json:"sealed"`     // sealed parts that came back with them
	Published  uint64   `json:"published"`  // leaves that were ever published
	Lost       uint64   `json:"lost"`       // published leaves that nobody gave back
	Pull       float64  `json:"pull_seconds"`
	View       float64  `json:"view_seconds"`
	Seconds    float64  `json:"seconds"`
}

// Drill plays the loss of the disk in a copy: with keys and charter alone it
// reads every log back from the partners (or from the data folders given),
// checks every byte against the signed trees, computes the view, and throws
// the copy away. The folder itself is not touched.
func Drill(ctx context.Context, cfg Config, opt Options, folders []string, told Progress) (out Drilled, err error) {
	opt = opt.withDefaults()
	keys, roster, self, err := identify(cfg.Dir, opt.Passphrase)
	if err != nil {
		return out, err
	}
	out.Party = self.ID
	mark, _, err := (&highWater{path: cfg.highWater(), origin: self.Origin}).read()
	if err != nil {
		return out, err
	}
	all, err := holders(keys, roster, self, opt, folders)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, closeHolders(all)) }()
	dir, err := os.MkdirTemp(filepath.Dir(filepath.Clean(cfg.Dir)), filepath.Base(cfg.Dir)+".drill-*")
	if err != nil {
		return out, fmt.Errorf("make room for the copy: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	start := opt.Now()
	f := &Folder{cfg: Config{Dir: dir}, keys: keys, roster: roster, self: self, logs: make(map[string]*logfile.Log)}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, m := range roster.Members {
		names, err := f.readBack(ctx, m, all)
		if err != nil {
			return out, err
		}
		if m.ID == self.ID {
			out.From = names
		}
	}
	pulled := opt.Now()
	var view Rebuilt
	if err := f.fillView(ctx, filepath.Join(dir, viewFile), f.logs, &view, told); err != nil {
		return out, err
	}
	out.Pull, out.View, out.Seconds = seconds(pulled.Sub(start)), seconds(opt.Now().Sub(pulled)), seconds(opt.Now().Sub(start))
	return out, f.account(&out, mark)
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// account counts what came back of the own log and compares it with the mark.
func (f *Folder) account(out *Drilled, mark waterMark) error {
	out.Published = mark.Size
	own := f.logs[f.self.ID]
	if own == nil {
		out.Lost = mark.Size
		return nil
	}
	tree, _ := own.Head()
	out.Statements = tree.Size
	out.Lost = mark.Size - min(mark.Size, tree.Size)
	for i := range tree.Size {
		parts, err := own.Sealed(i)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if p != nil {
				out.Sealed++
			}
		}
	}
	if tree.Size < mark.Size || mark.Size == 0 {
		return nil
	}
	root, err := record.Extend(own, mark.Size, nil)
	if err == nil && root != [32]byte(mark.Root) {
		err = fmt.Errorf("the log that came back is not the one that was published: another root at %d", mark.Size)
	}
	return err
}

// readBack makes an empty log in the folder and pulls it full from whoever
// has the largest signed tree. It returns who had one; nobody is no error.
func (f *Folder) readBack(ctx context.Context, m record.Member, all []holder) ([]string, error) {
	note, from, names := largest(ctx, f.roster, m, all)
	if note == nil {
		return nil, nil
	}
	path := mirrorDir(f.cfg.Dir, m.Origin)
	if m.ID == f.self.ID {
		path = filepath.Join(f.cfg.Dir, "log")
	}
	l, err := createLog(path, m.Origin)
	if err != nil {
		return names, err
	}
	f.logs[m.ID] = l
	if m.ID == f.self.ID {
		err = pullOwn(ctx, f.self, from, f.keys.Parts, l, note, func(string, error) {})
	} else {
		err = pullAny(ctx, m, from, f.keys.Parts, l, note)
	}
	if err != nil {
		return names, fmt.Errorf("read back the log of %s: %w", m.ID, err)
	}
	return names, nil
}

// pullAny brings the mirror of a log up to a note from whoever has it: a giver
// may name a head that its witness has seen and its mirror not yet.
func pullAny(ctx context.Context, m record.Member, givers []giver, identity age.Identity, log record.Storage, note []byte) error {
	var errs []error
	for _, g := range givers {
		err := record.Pull(ctx, g, log, note, erases(m, identity))
		if err == nil || errors.Is(err, record.ErrInconsistent) || errors.Is(err, record.ErrPoisoned) {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// createLog makes an empty log and opens it as a mirror.
func createLog(path, origin string) (*logfile.Log, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make a log: %w", err)
	}
	d, err := disk.OS(path)
	if err != nil {
		return nil, fmt.Errorf("make a log: %w", err)
	}
	if err := logfile.Create(d, origin); err != nil {
		return nil, fmt.Errorf("make a log: %w", err)
	}
	if d, err = disk.OS(path); err != nil {
		return nil, fmt.Errorf("open the new log: %w", err)
	}
	return logfile.Open(d, logfile.Options{Origin: origin})
}
