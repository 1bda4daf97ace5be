package node

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/election/certlog"
	"entente/election/lookalike"
	"entente/internal/certfetch"
	"entente/internal/regular"
	"entente/internal/safedial"
)

// CertificateLog is a log of Certificate Transparency that this node reads for
// names that resemble those it guards.
type CertificateLog struct {
	URL      string        `yaml:"url"`       // its monitoring prefix
	Dir      string        `yaml:"dir"`       // or a folder with the same paths
	Key      string        `yaml:"key"`       // its public key, as lists of logs have it
	KeyFile  string        `yaml:"key_file"`  // or a file with it, PEM or base64
	From     *int64        `yaml:"from"`      // the entry to begin at; default: the newest ones
	Every    time.Duration `yaml:"every"`     // default: ten minutes, at least a minute
	PerRound int64         `yaml:"per_round"` // entries at most; default: 20,000
	Networks []string      `yaml:"networks"`  // that are not public and may be connected to
}

const (
	certEvery    = 10 * time.Minute
	certPerRound = 20_000
	certMost     = 1_000_000 // entries of a round
	certRound    = 10 * time.Minute
	certAnswer   = time.Minute
	certFindings = 200      // of a round; more are found in the next
	certOfEntry  = 20       // findings of one entry that are told, the nearest first; more are counted
	certEvidence = 16 << 20 // bytes of a round, likewise
	certBackOff  = 6        // doublings
	certAlarmed  = 3        // rounds in a row that failed are a trouble that is told
	// certFrozen is how old the newest head of a log that answers may be: most take a
	// day at most to merge what they promised, and sign a head in that time.
	certFrozen = 24 * time.Hour
)

func (c CertificateLog) where() string { return cmp.Or(c.URL, c.Dir) }

// key reads the log's public key.
func (c CertificateLog) key() (certlog.Key, error) {
	data := []byte(c.Key)
	if c.KeyFile != "" {
		var err error
		if data, err = readWhole(c.KeyFile, 64<<10); err != nil {
			return certlog.Key{}, err
		}
	}
	return certlog.ParseKey(data)
}

// check returns the log's key, or why the configuration is wrong.
func (c CertificateLog) check() (certlog.Key, error) {
	wrong := func(format string, a ...any) (certlog.Key, error) {
		return certlog.Key{}, fmt.Errorf("certificate_logs %.200q: "+format, append([]any{c.where()}, a...)...)
	}
	switch {
	case (c.URL == "") == (c.Dir == ""):
		return wrong("either url or dir")
	case c.URL != "" && certfetch.CheckPrefix(c.URL) != nil:
		return wrong("url: %v", certfetch.CheckPrefix(c.URL))
	case (c.Key == "") == (c.KeyFile == ""):
		return wrong("either key or key_file: nothing that a log says is believed without its key")
	case c.From != nil && *c.From < 0:
		return wrong("from: the number of an entry, from 0")
	case c.Every != 0 && c.Every < time.Minute:
		return wrong("every: at least a minute")
	case c.PerRound < 0 || c.PerRound > certMost:
		return wrong("per_round: at most %d", certMost)
	}
	if _, err := networksOf(c.Networks); err != nil {
		return wrong("%v", err)
	}
	k, err := c.key()
	if err != nil {
		return wrong("key: %v", err)
	}
	return k, nil
}

func (c Config) checkCertificateLogs() error {
	known := make(map[[32]byte]bool)
	for _, l := range c.CertificateLogs {
		k, err := l.check()
		if err != nil {
			return err
		}
		if known[k.ID] {
			return fmt.Errorf("certificate_logs %.200q: a log with this key stands there already", l.where())
		}
		known[k.ID] = true
	}
	return nil
}

// certState is what is kept of a log, as a note of the watch. It is stored after
// what was found on the way to it: what a kill cuts off is read again, and makes
// no second incident.
type certState struct {
	Log      string              `json:"log"`
	Head     *certlog.SignedHead `json:"head,omitempty"` // the newest, from which the next must have grown
	Next     int64               `json:"next"`           // the entry to go on at
	Due      int64               `json:"due"`            // Unix milliseconds
	Answered int64               `json:"answered"`       // when it last gave a head, likewise
	Streak   int                 `json:"streak"`         // rounds in a row that failed
	Why      string              `json:"why"`
	Entries  int64               `json:"entries"` // all that were read
	Names    int64               `json:"names"`
	Unread   int64               `json:"unread"` // certificates that could not be, or not whole
	Found    int64               `json:"found"`
	Unproved int64               `json:"unproved"`
	Left     int64               `json:"left"` // findings beyond those of an entry that are told
	Splits   int64               `json:"splits"`
}

// certWatch reads one log. One goroutine does.
type certWatch struct {
	n     *Node
	cfg   CertificateLog
	key   certlog.Key
	id    string // of the log, by its key
	state certState
	index *lookalike.Index
	of    string // the names that the index was made of

	mu   sync.Mutex // guards kept, for screens
	kept certState
}

// newCertWatches makes one for each log of the configuration.
func newCertWatches(ctx context.Context, n *Node) (out []*certWatch, err error) {
	for _, c := range n.cfg.CertificateLogs {
		w, err := newCertWatch(ctx, n, c)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

func newCertWatch(ctx context.Context, n *Node, c CertificateLog) (*certWatch, error) {
	k, err := c.check()
	if err != nil {
		return nil, err
	}
	w := &certWatch{n: n, cfg: c, key: k, id: hex.EncodeToString(k.ID[:8])}
	if _, err := note(ctx, n.watch, w.note(), &w.state); err != nil {
		return nil, err
	}
	w.state.Log = cmp.Or(w.state.Log, c.where())
	w.kept = w.state
	return w, nil
}

func (w *certWatch) note() string { return "certificates/" + w.id }

// runCertificateLog reads one log when it is due.
func (n *Node) runCertificateLog(ctx context.Context, w *certWatch) error {
	return loop(ctx, make(bell), n.opt.Tend, func(ctx context.Context) error {
		if !n.open.Load() || n.gone.Load() || n.stopping.Load() {
			return nil
		}
		if w.n.opt.Now().UnixMilli() < w.state.Due {
			return nil
		}
		return n.survived(w.round(ctx))
	})
}

// source is where the log is read.
func (w *certWatch) source() (read certlog.Source, done func(), err error) {
	if w.cfg.Dir != "" {
		root, err := os.OpenRoot(w.cfg.Dir)
		if err != nil {
			return nil, nil, err
		}
		return certfetch.Folder(root), func() { _ = root.Close() }, nil
	}
	networks, err := networksOf(w.cfg.Networks)
	if err != nil {
		return nil, nil, err
	}
	client := safedial.Dialer{Allow: networks}.Client(nil, certAnswer)
	return certfetch.Server(client, w.cfg.URL, "entente-certificates/1"), client.CloseIdleConnections, nil
}

// names makes the index of what is guarded now; nil where nothing is.
func (w *certWatch) names() (*lookalike.Index, error) {
	domains, _, err := w.n.cfg.protectedNames(w.n.guarded.get()) // the guard of names tells those left out
	if err != nil || len(domains) == 0 {
		return nil, err
	}
	if of := strings.Join(domains, " "); of != w.of || w.index == nil {
		x, err := lookalike.New(domains, nil)
		if err != nil {
			return nil, err
		}
		w.index, w.of = x, of
	}
	return w.index, nil
}

// round reads what is new in a log, makes incidents of it, and then goes on from
// there. What could not be told, as on a full disk, is read again when it is due.
func (w *certWatch) round(ctx context.Context) error {
	before := w.state
	err := w.advance(ctx)
	if err != nil {
		w.state = before
		w.state.Due = w.after(0)
	}
	return err
}

func (w *certWatch) advance(ctx context.Context) error {
	index, err := w.names()
	if err != nil || index == nil {
		return err
	}
	read, done, err := w.source()
	if err != nil {
		return w.failed(ctx, "folder")
	}
	defer done()
	within, stop := context.WithTimeout(ctx, certRound)
	defer stop()
	log, err := certlog.Open(within, w.key, read, w.cfg.where())
	if err != nil {
		return w.failed(ctx, whyNoLog(err))
	}
	log.Name = printable(log.Name)
	w.state.Answered = w.n.opt.Now().UnixMilli()
	if err := w.grown(within, log); err != nil {
		if errors.Is(err, certlog.ErrStale) {
			w.state.Due = w.after(0)
			return w.keep(ctx)
		}
		if why := whyNoLog(err); ctx.Err() == nil && why != "" {
			return w.failed(ctx, why)
		}
		return err
	}
	found, failure := w.stretch(within, log, index)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := w.tell(ctx, log, found); err != nil {
		return err
	}
	w.state.Log = log.Name
	if old := w.state.Head; old == nil || old.Size != log.Head.Size || old.Time <= log.Head.Time || !bytes.Equal(old.Root, log.Head.Root[:]) {
		head := log.Head.Signed() // of one tree the newest: one of several servers may lag behind
		w.state.Head = &head
	}
	if failure != nil {
		return w.failed(ctx, whyNoLog(failure))
	}
	w.state.Streak, w.state.Why, w.state.Due = 0, "", w.after(0)
	if w.state.Next < log.Head.Size { // more than a round holds
		w.state.Due = w.n.opt.Now().UnixMilli()
	}
	return w.keep(ctx)
}

// whyNoLog is a word of this program for what went wrong; "" for a fault of the own side.
func whyNoLog(err error) string {
	var own *os.PathError
	switch {
	case errors.As(err, &own):
		return "folder"
	case errors.Is(err, errOwnSide):
		return ""
	case errors.Is(err, safedial.ErrAddress):
		return "inside"
	case errors.Is(err, certlog.ErrNotThere):
		return "absent"
	case errors.Is(err, certlog.ErrUnproved):
		return "unproved"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, regular.ErrSilent):
		return "late"
	}
	return "unreadable"
}

var errOwnSide = errors.New("the own side")

func (w *certWatch) after(streak int) int64 {
	d := cmp.Or(w.cfg.Every, certEvery) << min(streak, certBackOff)
	return w.n.opt.Now().Add(d).UnixMilli()
}

func (w *certWatch) failed(ctx context.Context, why string) error {
	w.state.Streak++
	w.state.Why, w.state.Due = why, w.after(w.state.Streak)
	w.n.logger.Warn("certificate log", "log", w.state.Log, "why", why, "streak", w.state.Streak)
	return w.keep(ctx)
}

func (w *certWatch) keep(ctx context.Context) error {
	data, err := json.Marshal(w.state)
	if err != nil {
		return err
	}
	if err := w.n.watch.PutNote(ctx, w.note(), data); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = w.state
	return nil
}

// trouble is what is wrong with the log for some rounds now.
func (w *certWatch) trouble() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept.Streak >= certAlarmed {
		return fmt.Sprintf("certificate log %s: not read %d times in a row (%s)", w.kept.Log, w.kept.Streak, w.kept.Why)
	}
	if h := w.kept.Head; h != nil && w.kept.Answered-h.Time > certFrozen.Milliseconds() {
		return fmt.Sprintf("certificate log %s: it answers, but its newest head is that of %s", w.kept.Log, time.UnixMilli(h.Time).UTC().Format(time.RFC3339))
	}
	return ""
}

// grown compares the head with the one before. A log that contradicts itself is
// an incident with both heads, and is read on: names in it are names all the same.
// Only heads that convict it accuse it; a proof that is not given is an outage.
func (w *certWatch) grown(ctx context.Context, log *certlog.Reader) error {
	first := w.state.Head == nil
	if first {
		w.state.Next = max(0, log.Head.Size-w.perRound())
		if w.cfg.From != nil {
			w.state.Next = min(*w.cfg.From, log.Head.Size)
		}
		return nil
	}
	old, err := w.state.Head.Head()
	if err != nil {
		return err
	}
	err = log.Since(ctx, old)
	var split *certlog.Split
	if !errors.As(err, &split) {
		return err
	}
	if _, err := split.Check(w.key); err != nil {
		return fmt.Errorf("%w: %w", certlog.ErrUnproved, err)
	}
	if err := w.tellSplit(ctx, split); err != nil {
		return fmt.Errorf("%w: %w", errOwnSide, err)
	}
	w.state.Splits++
	w.state.Next = max(0, min(w.state.Next, log.Head.Size)-w.perRound()) // what was read may be other now
	return nil
}

func (w *certWatch) perRound() int64 { return cmp.Or(w.cfg.PerRound, certPerRound) }

// certFound is a name in a certificate that resembles a guarded one.
type certFound struct {
	lookalike.Finding
	entry certlog.Entry
	item  int    // of those in the entry
	proof []byte // evidence, as JSON; nil where the log gave no proof
	more  int    // further ones in the entry that are not told, said of its first
}

// stretch reads on, as far as a round goes; what it has found when it fails counts.
func (w *certWatch) stretch(ctx context.Context, log *certlog.Reader, index *lookalike.Index) (found []certFound, err error) {
	var scratch lookalike.Scratch
	to, room := min(log.Head.Size, w.state.Next+w.perRound()), certEvidence
	for w.state.Next < to && len(found) < certFindings && room > 0 {
		list, err := log.Part(ctx, w.state.Next)
		if err != nil {
			return found, err
		}
		before := w.state.Next
		for _, e := range list {
			if e.Index != w.state.Next || e.Index >= to || len(found) >= certFindings || room <= 0 {
				continue
			}
			here, err := w.entry(ctx, log, index, &scratch, e)
			if err != nil {
				return found, err
			}
			found = append(found, here...)
			for _, f := range here {
				room -= len(f.proof)
			}
			w.state.Next++
		}
		if w.state.Next == before {
			return found, errors.New("the log gives other entries than it was asked for")
		}
	}
	return found, nil
}

// entry looks at the names of one certificate.
func (w *certWatch) entry(ctx context.Context, log *certlog.Reader, index *lookalike.Index, scratch *lookalike.Scratch, e certlog.Entry) (found []certFound, err error) {
	names, err := e.Names()
	w.state.Entries++
	if err != nil {
		w.state.Unread++ // of one with too many names the first are looked at
	}
	for _, name := range names {
		w.state.Names++
		for _, f := range index.MatchWith(scratch, name) {
			found = append(found, certFound{Finding: f, entry: e, item: len(found)})
		}
	}
	if more := len(found) - certOfEntry; more > 0 {
		slices.SortStableFunc(found, func(a, b certFound) int { return cmp.Compare(a.Kind.Rank(), b.Kind.Rank()) })
		found = found[:certOfEntry:certOfEntry]
		found[0].more = more
		w.state.Left += int64(more)
	}
	if len(found) == 0 {
		return nil, nil
	}
	proof, err := log.Prove(ctx, e)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		w.state.Unproved += int64(len(found))
		return found, nil
	}
	for i, f := range found {
		if found[i].proof, err = json.Marshal(log.Evidence(e, proof, f.Name, f.Protected, string(f.Kind))); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// evidenceDir holds what was found in certificate logs, each file under the
// SHA-256 of it that the own record holds: entente lookalike --verify reads it.
const evidenceDir = "certificates"

// evidencePath is where evidence is kept.
func (n *Node) evidencePath(sum string) string {
	return filepath.Join(n.cfg.Dir, evidenceDir, sum+".jsonl")
}

func lines(all []certFound) []byte {
	var b bytes.Buffer
	for _, f := range all {
		if f.proof != nil {
			b.Write(f.proof)
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}
