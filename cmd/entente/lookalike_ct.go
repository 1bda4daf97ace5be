package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"entente/election/certlog"
	"entente/election/lookalike"
	"entente/internal/certfetch"
	"entente/internal/safedial"
)

// Bounds of a look through a log.
const (
	logPatient = time.Minute
	logMost    = 5_000_000 // entries
)

// certFlags are those of a look through a log.
type certFlags struct {
	from, key, evidence, verify string
	start, count                int64
	networks                    words
}

func (c *certFlags) register(f *flags) {
	f.StringVar(&c.from, "ct", "", "")
	f.StringVar(&c.key, "log-key", "", "")
	f.StringVar(&c.evidence, "evidence", "", "")
	f.StringVar(&c.verify, "verify", "", "")
	f.Int64Var(&c.start, "from", -1, "")
	f.Int64Var(&c.count, "count", 10_000, "")
	f.Var(&c.networks, "network", "")
}

// source opens a folder or a server.
func (c *certFlags) source() (certlog.Source, error) {
	if !strings.Contains(c.from, "://") {
		root, err := os.OpenRoot(c.from)
		if err != nil {
			return nil, hint(fmt.Errorf("--ct %s: %w", c.from, unwrapPath(err)), "a folder, or a log's address with https://")
		}
		read := certfetch.Folder(root)
		return func(ctx context.Context, path string) ([]byte, error) {
			data, err := read(ctx, path)
			return data, unwrapPath(err)
		}, nil
	}
	if certfetch.CheckPrefix(c.from) != nil {
		return nil, usagef("--ct %q: a folder, or the address of a log's monitoring prefix", c.from)
	}
	var dialer safedial.Dialer
	for _, n := range c.networks {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, usagef("--network %q: want an address and a length, 10.0.0.0/8", n)
		}
		dialer.Allow = append(dialer.Allow, p.Masked())
	}
	read := certfetch.Server(dialer.Client(nil, logPatient), c.from, "entente-lookalike/1")
	return func(ctx context.Context, path string) ([]byte, error) {
		data, err := read(ctx, path)
		if errors.Is(err, safedial.ErrAddress) {
			err = hint(err, "--network names networks that may be connected to all the same")
		}
		return data, err
	}, nil
}

// certLook is one look through a log.
type certLook struct {
	e      *env
	x      *lookalike.Index
	log    *certlog.Reader
	asJSON bool
	out    *json.Encoder // evidence; nil without

	scratch                  lookalike.Scratch
	entries, names, unparsed int
	found, unproved          int
}

// certFinding is a name in a certificate that resembles a protected one.
type certFinding struct {
	lookalike.Finding
	Log    string    `json:"log"`
	Index  int64     `json:"index"`
	Seen   time.Time `json:"seen"` // by the log's clock
	Proved bool      `json:"proved"`
}

// lookThroughLog reads a stretch of a log, the newest entries where none is named.
func lookThroughLog(ctx context.Context, e *env, x *lookalike.Index, c *certFlags, asJSON bool) (err error) {
	l := &certLook{e: e, x: x, asJSON: asJSON}
	key, err := readLogKey(c.key)
	if err != nil {
		return err
	}
	read, err := c.source()
	if err != nil {
		return err
	}
	l.log, err = certlog.Open(ctx, key, read, c.from)
	switch {
	case errors.Is(err, certlog.ErrNotThere):
		return hint(fmt.Errorf("%s: neither checkpoint nor ct/v1/get-sth is there", c.from), "the address or folder of a log's monitoring prefix?")
	case err != nil:
		return fmt.Errorf("the head of %s: %w", c.from, err)
	}
	from, to := c.start, l.log.Head.Size
	if from < 0 {
		from = max(0, to-c.count)
	}
	if c.count < 1 || c.count > logMost || from > to {
		return usagef("--from and --count name a stretch of at most %d of the log's %d entries", logMost, to)
	}
	to = min(to, from+c.count)
	if c.evidence == "" {
		err = l.stretch(ctx, from, to)
	} else {
		err = create(c.evidence, func(w io.Writer) error {
			l.out = json.NewEncoder(w)
			return l.stretch(ctx, from, to)
		})
		if errors.Is(err, os.ErrExist) {
			err = hint(fmt.Errorf("%s exists", c.evidence), "evidence is not overwritten; choose another name")
		}
	}
	e.note("%s: entries %d to %d of %d under the head of %s; %s in certificates, %d resemble a protected one, %d not proved, %s not read",
		l.log.Name, from, from+int64(l.entries), l.log.Head.Size, time.UnixMilli(l.log.Head.Time).UTC().Format(time.RFC3339), counted(l.names, "name", "names"), l.found, l.unproved, counted(l.unparsed, "certificate", "certificates"))
	return err
}

func readLogKey(path string) (certlog.Key, error) {
	if path == "" {
		return certlog.Key{}, usagef("whose log? --log-key FILE is its public key, as PEM or as lists of logs have it")
	}
	data, err := readFile(path, 64<<10)
	if err != nil {
		return certlog.Key{}, err
	}
	k, err := certlog.ParseKey(data)
	if err != nil {
		return k, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

func (l *certLook) stretch(ctx context.Context, from, to int64) error {
	told, done := l.e.progress("entries")
	defer done()
	for at := from; at < to; {
		list, err := l.log.Part(ctx, at)
		for _, entry := range list {
			if entry.Index < at || entry.Index >= to {
				continue
			}
			if err := l.entry(ctx, entry); err != nil {
				return err
			}
		}
		if err != nil {
			return hint(err, "--from %d goes on there", at)
		}
		at = list[len(list)-1].Index + 1
		if told != nil {
			told(uint64(l.entries), uint64(to-from))
		}
	}
	return nil
}

// entry looks at the names of one certificate.
func (l *certLook) entry(ctx context.Context, entry certlog.Entry) error {
	l.entries++
	names, err := entry.Names()
	if err != nil {
		l.unparsed++ // of one with too many names the first are looked at
	}
	var proof [][]byte
	for _, name := range names {
		l.names++
		for i, f := range l.x.MatchWith(&l.scratch, name) {
			if i == 0 {
				l.found++
			}
			if proof == nil {
				if proof, err = l.log.Prove(ctx, entry); err != nil {
					l.unproved++
					l.e.note("%s: %v", name, err)
				}
			}
			if err := l.tell(entry, f, proof); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *certLook) tell(entry certlog.Entry, f lookalike.Finding, proof [][]byte) error {
	seen := certFinding{Finding: f, Log: l.log.Name, Index: entry.Index, Seen: entry.When(), Proved: proof != nil}
	if proof != nil && l.out != nil {
		if err := l.out.Encode(l.log.Evidence(entry, proof, f.Name, f.Protected, string(f.Kind))); err != nil {
			return err
		}
	}
	if l.asJSON {
		return l.e.json(seen)
	}
	l.e.printf("%-14s  %-32s  %s  entry %d, seen by the log %s\n", f.Kind, f.Name, f.Protected, entry.Index, seen.Seen.Format(time.RFC3339))
	return nil
}

// verifySplit checks two heads of a log that contradict each other.
func verifySplit(e *env, s *certlog.Split, k certlog.Key, asJSON bool) error {
	kind, err := s.Check(k)
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(s)
	}
	e.printf("proved: the log with this key signed a head of %d entries at %s and one of %d at %s, which no log that only grows can (%s)\n",
		s.Older.Size, time.UnixMilli(s.Older.Time).UTC().Format(time.RFC3339), s.Newer.Size, time.UnixMilli(s.Newer.Time).UTC().Format(time.RFC3339), kind)
	return nil
}

// verifyCertificates checks evidence offline, all that is in a file.
func verifyCertificates(e *env, path, key string, asJSON bool) error {
	k, err := readLogKey(key)
	if err != nil {
		return err
	}
	data, err := readFile(path, 256<<20)
	if err != nil {
		return err
	}
	n := 0
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		n++
		if split, err := certlog.ParseSplit(line); err == nil {
			if err := verifySplit(e, split, k, asJSON); err != nil {
				return fmt.Errorf("%s: piece %d: %w", path, n, err)
			}
			continue
		}
		ev, err := certlog.ParseEvidence(line)
		var seen certlog.Seen
		if err == nil {
			seen, err = ev.Check(k)
		}
		if err != nil {
			return fmt.Errorf("%s: piece %d: %w", path, n, err)
		}
		if asJSON {
			if err := e.json(certFinding{Finding: lookalike.Finding{Name: ev.Name, Protected: ev.Protected, Kind: lookalike.Kind(ev.Kind)}, Log: ev.Log, Index: ev.Index, Seen: seen.Entry.When(), Proved: true}); err != nil {
				return err
			}
			continue
		}
		e.printf("proved: a certificate for %s is entry %d of the log with this key, which dates it %s and signed so at %s\n", ev.Name, ev.Index, seen.Entry.When().Format(time.RFC3339), time.UnixMilli(seen.Head.Time).UTC().Format(time.RFC3339))
	}
	if n == 0 {
		return fmt.Errorf("%s: no evidence", path)
	}
	if !asJSON {
		e.printf("proves not: that the name is used, by whom, or for what\n")
	}
	return nil
}
