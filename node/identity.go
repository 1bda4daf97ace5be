package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/charter"
	"entente/internal/disk"
	"entente/internal/headfile"
	"entente/internal/keyfile"
	"entente/internal/logfile"
	"entente/internal/regular"
	"entente/record"
)

// The files of a data folder.
const (
	CharterFile = "charter.json"
	ConsentDir  = "consents"
	// SourceFile names the folder that the charter came from, where other
	// parties' consents are looked for too.
	SourceFile = "charter.source"
)

// ReadCharter reads the charter of a data folder and every consent that can
// be found: those in the folder, and those beside the file that was signed.
func ReadCharter(dir string) (charter.Charter, []charter.Consent, error) {
	data, err := os.ReadFile(filepath.Join(dir, CharterFile))
	if errors.Is(err, os.ErrNotExist) {
		return charter.Charter{}, nil, fmt.Errorf("%s holds no charter: %w", dir, os.ErrNotExist)
	}
	if err != nil {
		return charter.Charter{}, nil, err
	}
	c, err := charter.Parse(data)
	if err != nil {
		return c, nil, fmt.Errorf("charter of %s: %w", dir, err)
	}
	folders := []string{filepath.Join(dir, ConsentDir)}
	if from, err := os.ReadFile(filepath.Join(dir, SourceFile)); err == nil {
		folders = append(folders, strings.TrimSpace(string(from)))
	}
	return c, readConsents(folders), nil
}

// readConsents reads the consent files of some folders; what is no consent is
// passed over, since State ignores what does not verify anyway.
func readConsents(folders []string) []charter.Consent {
	var all []charter.Consent
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.consent.json"))
		if err != nil {
			continue
		}
		slices.Sort(files)
		for _, f := range files[:min(len(files), 4*charter.MaxParties)] {
			data, err := regular.Read(f, charter.MaxConsent)
			if err != nil {
				continue
			}
			if k, err := charter.ParseConsent(data); err == nil {
				all = append(all, k)
			}
		}
	}
	return all
}

// openIdentity reads keys and charter and waits until the charter is in force.
func openIdentity(ctx context.Context, cfg Config, opt Options, logger *slog.Logger) (*keyfile.Keys, charter.Charter, error) {
	keys, err := keyfile.Read(cfg.Dir, opt.Passphrase)
	if err != nil {
		return nil, charter.Charter{}, fmt.Errorf("keys of %s: %w", cfg.Dir, err)
	}
	said := ""
	for {
		c, consents, err := ReadCharter(cfg.Dir)
		if err != nil {
			return nil, c, err
		}
		p, ok := c.Party(keys.Party)
		if !ok || !keys.Belongs(p) {
			return nil, c, fmt.Errorf("%s: %w", cfg.Dir, ErrOther)
		}
		s := charter.State(c, consents, opt.Now())
		switch s.Phase {
		case charter.InForce:
			return keys, c, nil
		case charter.Revoked:
			return nil, c, fmt.Errorf("the charter was revoked by %s", s.RevokedBy)
		}
		if why := waiting(s); why != said {
			logger.Info("waiting for the charter", "phase", s.Phase, "for", why)
			said = why
		}
		select {
		case <-ctx.Done():
			return nil, c, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func waiting(s charter.Status) string {
	if len(s.Missing) > 0 {
		return "consent of " + strings.Join(s.Missing, ", ")
	}
	return "force at " + s.InForceAt.Format(time.RFC3339)
}

// signers are the keys of each role, ready to sign.
type signers struct {
	log     record.Signer
	logPQ   record.Signer
	time    record.Signer // the owner's
	witness record.Signer
	pq      record.Signer
	mirror  record.Signer
}

func newSigners(k *keyfile.Keys) (signers, error) {
	var s signers
	var err error
	ed := func(f func(string, []byte) (record.Signer, error), name string, key ed25519.PrivateKey) record.Signer {
		out, e := f(name, key.Seed())
		err = errors.Join(err, e)
		return out
	}
	s.log = ed(record.NewLogSigner, k.Origin, k.Log)
	s.time = ed(record.NewCosigner, k.Origin+"/time", k.Time)
	s.witness = ed(record.NewCosigner, k.Origin+"/witness", k.Witness)
	s.mirror = ed(record.NewCosigner, k.Origin+"/mirror", k.Mirror)
	var e error
	s.logPQ, e = record.NewPQSigner(k.Origin, k.LogPQ.Bytes())
	err = errors.Join(err, e)
	s.pq, e = record.NewPQSigner(k.Origin+"/witness-pq", k.WitnessPQ.Bytes())
	return s, errors.Join(err, e)
}

// openLog opens the own log, which `entente init` made.
func openLog(dir, origin string, signer record.Signer) (*logfile.Log, error) {
	d, err := disk.OS(filepath.Join(dir, "log"))
	if err != nil {
		return nil, fmt.Errorf("open the own log: %w", err)
	}
	return logfile.Open(d, logfile.Options{Origin: origin, Sign: func(t record.Tree) ([]byte, error) {
		return record.Sign(record.Checkpoint{Origin: origin, Tree: t}, 0, signer)
	}})
}

// openMirror opens the copy of a partner's log, made at the first start.
func openMirror(dir, origin string) (*logfile.Log, error) {
	path := mirrorDir(dir, origin)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, fmt.Errorf("make a mirror: %w", err)
		}
		d, err := disk.OS(path)
		if err != nil {
			return nil, fmt.Errorf("make a mirror: %w", err)
		}
		if err := logfile.Create(d, origin); err != nil {
			return nil, fmt.Errorf("make a mirror: %w", err)
		}
	}
	d, err := disk.OS(path)
	if err != nil {
		return nil, fmt.Errorf("open a mirror: %w", err)
	}
	l, err := logfile.Open(d, logfile.Options{Origin: origin})
	if errors.Is(err, logfile.ErrNoLog) {
		// A crash came between making the folder and the log.
		if d, err = disk.OS(path); err == nil {
			err = logfile.Create(d, origin)
		}
		if err == nil {
			if d, err = disk.OS(path); err == nil {
				l, err = logfile.Open(d, logfile.Options{Origin: origin})
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the mirror of %s: %w", origin, err)
	}
	return l, nil
}

// openHeads opens the witness memory.
func openHeads(dir string) (*headfile.Store, error) {
	d, err := disk.OS(filepath.Join(dir, "heads"))
	if err != nil {
		return nil, fmt.Errorf("open the witness memory: %w", err)
	}
	s, err := headfile.Open(d, headfile.Options{})
	if err != nil {
		return nil, fmt.Errorf("open the witness memory: %w", err)
	}
	return s, nil
}

// Init makes a data folder: keys, an empty log, and the mark outside it. It
// refuses a folder that holds anything.
func Init(cfg Config, keys *keyfile.Keys, passphrase []byte) error {
	entries, err := os.ReadDir(cfg.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: data is never adopted", cfg.Dir)
	}
	mark := &highWater{path: cfg.highWater(), origin: keys.Origin}
	if _, err := os.Stat(mark.path); err == nil {
		return fmt.Errorf("%s exists: it remembers the log of a folder that was here", mark.path)
	}
	for _, sub := range []string{"", "log", "heads", "mirror", ConsentDir, proofDir} {
		if err := os.MkdirAll(filepath.Join(cfg.Dir, sub), 0o700); err != nil {
			return fmt.Errorf("make %s: %w", cfg.Dir, err)
		}
	}
	d, err := disk.OS(filepath.Join(cfg.Dir, "log"))
	if err != nil {
		return err
	}
	if err := logfile.Create(d, keys.Origin); err != nil {
		return err
	}
	if d, err = disk.OS(filepath.Join(cfg.Dir, "heads")); err != nil {
		return err
	}
	if err := headfile.Create(d); err != nil {
		return err
	}
	if err := mark.raise(record.Tree{Root: record.EmptyRoot}, 0); err != nil {
		return err
	}
	// Keys last: a folder with keys is a whole one.
	return keyfile.Write(cfg.Dir, keys, passphrase, keyfile.WorkFactor)
}
