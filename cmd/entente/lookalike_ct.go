package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entente/election/certlog"
	"entente/election/lookalike"
	"entente/internal/safedial"
)

// Bounds of a look through a log.
const (
	logAnswer  = 32 << 20
	logPatient = time.Minute
	logMost    = 5_000_000 // entries
)

// certSource is a certificate log as one reads it: a path below its prefix, with
// its query.
type certSource func(ctx context.Context, path string) ([]byte, error)

// errNotThere says that a log has no such path.
var errNotThere = errors.New("not there")

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
func (c *certFlags) source() (certSource, error) {
	if !strings.Contains(c.from, "://") {
		root, err := os.OpenRoot(c.from)
		if err != nil {
			return nil, hint(fmt.Errorf("--ct %s: %w", c.from, unwrapPath(err)), "a folder, or a log's address with https://")
		}
		return func(_ context.Context, path string) ([]byte, error) {
			file, err := root.Open(filepath.FromSlash(path))
			if errors.Is(err, os.ErrNotExist) {
				return nil, errNotThere
			}
			if err != nil {
				return nil, unwrapPath(err)
			}
			defer file.Close()
			return limited(file)
		}, nil
	}
	prefix, err := url.Parse(c.from)
	if err != nil || prefix.Host == "" || prefix.Scheme != "https" && prefix.Scheme != "http" || prefix.User != nil || prefix.RawQuery != "" {
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
	client := dialer.Client(nil, logPatient)
	base := strings.TrimSuffix(c.from, "/") + "/"
	return func(ctx context.Context, path string) ([]byte, error) { return askLog(ctx, client, base+path) }, nil
}

func askLog(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Encoding", "gzip, identity")
	r.Header.Set("User-Agent", "entente-lookalike/1")
	answer, err := client.Do(r)
	if errors.Is(err, safedial.ErrAddress) {
		return nil, hint(err, "--network names networks that may be connected to all the same")
	}
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return limited(answer.Body)
	case http.StatusNotFound, http.StatusGone, http.StatusForbidden: // stores of objects say 403
		return nil, errNotThere
	}
	return nil, fmt.Errorf("%s answers %d", address, answer.StatusCode)
}

// limited reads an answer, unpacked where it is packed: a log may pack without being asked.
func limited(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, logAnswer+1))
	if err == nil && bytes.HasPrefix(data, []byte{0x1f, 0x8b, 8}) {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, err = io.ReadAll(io.LimitReader(z, logAnswer+1))
		}
	}
	if err == nil && len(data) > logAnswer {
		err = fmt.Errorf("more than %d bytes", logAnswer)
	}
	return data, err
}

// certLook is one look through a log.
type certLook struct {
	e      *env
	x      *lookalike.Index
	key    certlog.Key
	read   certSource
	static bool
	head   certlog.Head
	name   string // of the log
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
	if l.key, err = readLogKey(c.key); err != nil {
		return err
	}
	if l.read, err = c.source(); err != nil {
		return err
	}
	if err := l.begin(ctx, c.from); err != nil {
		return err
	}
	from, to := c.start, l.head.Size
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
		l.name, from, from+int64(l.entries), l.head.Size, time.UnixMilli(l.head.Time).UTC().Format(time.RFC3339), counted(l.names, "name", "names"), l.found, l.unproved, counted(l.unparsed, "certificate", "certificates"))
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

// begin reads the head: a checkpoint, or where there is none, as RFC 6962 has it.
func (l *certLook) begin(ctx context.Context, from string) error {
	data, err := l.read(ctx, "checkpoint")
	if err == nil {
		l.static = true
		l.head, l.name, err = l.key.Checkpoint(data)
	} else if errors.Is(err, errNotThere) {
		l.name = from
		if data, err = l.read(ctx, "ct/v1/get-sth"); err == nil {
			l.head, err = l.key.STH(data)
		}
	}
	if errors.Is(err, errNotThere) {
		return hint(fmt.Errorf("%s: neither checkpoint nor ct/v1/get-sth is there", from), "the address or folder of a log's monitoring prefix?")
	}
	if err != nil {
		return fmt.Errorf("the head of %s: %w", from, err)
	}
	return nil
}

func (l *certLook) stretch(ctx context.Context, from, to int64) error {
	told, done := l.e.progress("entries")
	defer done()
	for at := from; at < to; {
		list, err := l.part(ctx, at)
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

// part reads what holds an entry: a tile, or what the log gives at once.
func (l *certLook) part(ctx context.Context, at int64) (list []certlog.Entry, err error) {
	if !l.static {
		data, err := l.read(ctx, fmt.Sprintf("ct/v1/get-entries?start=%d&end=%d", at, min(at+255, l.head.Size-1)))
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", at, err)
		}
		return certlog.ParseEntries(data, at)
	}
	n := at / 256
	width := int(min(256, l.head.Size-n*256))
	data, err := l.read(ctx, certlog.TilePath(-1, n, width))
	if errors.Is(err, errNotThere) && width < 256 { // it is full by now
		data, err = l.read(ctx, certlog.TilePath(-1, n, 256))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certlog.TilePath(-1, n, width), err)
	}
	if list, err = certlog.ParseTile(data, n*256); err == nil && len(list) < width {
		err = fmt.Errorf("%s has %d entries", certlog.TilePath(-1, n, width), len(list))
	}
	return list, err
}

// entry looks at the names of one certificate.
func (l *certLook) entry(ctx context.Context, entry certlog.Entry) error {
	l.entries++
	names, err := entry.Names()
	if err != nil {
		l.unparsed++
		return nil
	}
	var proof [][]byte
	for _, name := range names {
		l.names++
		for i, f := range l.x.MatchWith(&l.scratch, name) {
			if i == 0 {
				l.found++
			}
			if proof == nil {
				if proof, err = l.prove(ctx, entry); err != nil {
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

func (l *certLook) prove(ctx context.Context, entry certlog.Entry) ([][]byte, error) {
	if l.static {
		return certlog.Prove(l.head, entry, func(path string) ([]byte, error) { return l.read(ctx, path) })
	}
	h := certlog.LeafHash(entry)
	data, err := l.read(ctx, fmt.Sprintf("ct/v1/get-proof-by-hash?hash=%s&tree_size=%d", url.QueryEscape(base64.StdEncoding.EncodeToString(h[:])), l.head.Size))
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", entry.Index, err)
	}
	return certlog.ParseProof(data, l.head, entry)
}

func (l *certLook) tell(entry certlog.Entry, f lookalike.Finding, proof [][]byte) error {
	seen := certFinding{Finding: f, Log: l.name, Index: entry.Index, Seen: entry.When(), Proved: proof != nil}
	if proof != nil && l.out != nil {
		if err := l.out.Encode(certlog.Evidence{
			Format: certlog.Format, Log: l.name, Key: l.key.DER, Size: l.head.Size, Time: l.head.Time, Root: l.head.Root[:], Signature: l.head.Signature,
			Index: entry.Index, Leaf: entry.Leaf, Proof: proof, Name: f.Name, Protected: f.Protected, Kind: string(f.Kind),
		}); err != nil {
			return err
		}
	}
	if l.asJSON {
		return l.e.json(seen)
	}
	l.e.printf("%-14s  %-32s  %s  entry %d, seen by the log %s\n", f.Kind, f.Name, f.Protected, entry.Index, seen.Seen.Format(time.RFC3339))
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
