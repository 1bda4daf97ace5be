package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"entente/border"
	"entente/console"
	ringing "entente/internal/bell"
	"entente/internal/regular"
	"entente/internal/sqlite"
)

// Bell is one place that is rung for open incidents and urgent notices.
type Bell struct {
	Kind string   `yaml:"kind"` // mail, webhook, matrix or ntfy
	URL  string   `yaml:"url"`
	Room string   `yaml:"room"` // matrix
	From string   `yaml:"from"` // mail
	To   []string `yaml:"to"`   // mail
	User string   `yaml:"user"` // mail
	// SecretFile holds the webhook's secret, a token or the mail password.
	SecretFile string `yaml:"secret_file"`
	// After is how long an incident must have been open before this bell rings:
	// the bells with a longer one are the escalation.
	After time.Duration `yaml:"after"`
	// Clearance is the strictest marking of whose incidents this bell rings:
	// whoever hears it may see no more. Empty: of all.
	Clearance string `yaml:"clearance"`
	// Detail puts what was looked for, the own asset and a rule's title into the
	// message, if the border lets that go to a tool: never what is TLP:RED.
	// Without it no text of a partner or of a log leaves the house.
	Detail bool `yaml:"detail"`
	// Languages are those of the message, as in [en, ru], one after the other;
	// by default English alone.
	Languages []string `yaml:"languages"`
}

// MaxBells is how many bells a node has at most.
const MaxBells = 16

const (
	bellEvery   = 5 * time.Second
	bellRetry   = time.Minute // after a bell that failed
	bellListed  = 20          // incidents named in one message
	bellMaxFile = 4 << 10     // bytes of a secret file
)

// ringer rings the bells, in the order of the configuration: the first ones
// first. What was rung for an incident is kept with it, so that a restart
// neither forgets nor repeats.
type ringer struct {
	bells  []Bell
	rings  []ringing.Bell
	retry  []time.Time // when a failed bell is tried again
	watch  *sqlite.Watch
	party  string
	now    func() time.Time
	lenses []border.Lens     // of whoever hears each bell
	words  [][]console.Words // that each bell speaks in
	by     func(ctx context.Context, lens border.Lens) (*sqlite.Seen, error)
	tells  func(ctx context.Context, incident string) bool // whether what it tells of may go to a tool
	calls  func(ctx context.Context) ([]call, error)       // the urgent notices that nobody here has acknowledged
	mu     sync.Mutex                                      // guards fault
	faults map[string]string
}

func newRinger(bells []Bell, dial func(ringing.Config) ringing.Config, w *sqlite.Watch, party string, now func() time.Time) (*ringer, error) {
	r := &ringer{bells: bells, watch: w, party: party, now: now, retry: make([]time.Time, len(bells)), faults: make(map[string]string)}
	r.by = func(ctx context.Context, lens border.Lens) (*sqlite.Seen, error) { return w.By(ctx, nil, lens) }
	if len(bells) > MaxBells {
		return nil, fmt.Errorf("%d bells, at most %d", len(bells), MaxBells)
	}
	last := time.Duration(0)
	for i, b := range bells {
		if b.After < last {
			return nil, fmt.Errorf("bell %d rings after %s, the one before it after %s; list them in the order in which they ring", i+1, b.After, last)
		}
		last = b.After
		lens, err := hearing(b, i)
		if err != nil {
			return nil, fmt.Errorf("bell %d: %w", i+1, err)
		}
		r.lenses = append(r.lenses, lens)
		words, err := speaking(b)
		if err != nil {
			return nil, fmt.Errorf("bell %d: %w", i+1, err)
		}
		r.words = append(r.words, words)
		secret, err := readSecret(b.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("bell %d: %w", i+1, err)
		}
		c := ringing.Config{Kind: b.Kind, URL: b.URL, Room: b.Room, From: b.From, To: b.To, User: b.User, Secret: secret}
		if dial != nil {
			c = dial(c)
		}
		one, err := ringing.New(c)
		if err != nil {
			return nil, fmt.Errorf("bell %d: %w", i+1, err)
		}
		r.rings = append(r.rings, one)
	}
	return r, nil
}

// hearing is the lens of whoever hears a bell.
func hearing(b Bell, i int) (border.Lens, error) {
	v := border.Owner(fmt.Sprintf("bell %d", i+1))
	if b.Clearance != "" {
		var err error
		if v.Clearance, err = border.ParseMarking(b.Clearance); err != nil {
			return border.Lens{}, err
		}
	}
	return border.See(v, "bell", "")
}

// speaking are the words of the languages of a bell.
func speaking(b Bell) (list []console.Words, err error) {
	langs := b.Languages
	if len(langs) == 0 {
		langs = []string{"en"}
	}
	for _, lang := range langs {
		w, err := console.WordsIn(lang)
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}

// readSecret reads the one line of a file that nobody else may read.
func readSecret(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("its secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return nil, fmt.Errorf("its secret %s can be read by others; make it mode 0600", path)
	}
	data, err := regular.Read(path, bellMaxFile)
	if err != nil {
		return nil, fmt.Errorf("its secret %s: %w", path, err)
	}
	return bytes.TrimSpace(data), nil
}

// ring rings every bell that is due. A bell that fails is tried again later
// and keeps no other from ringing.
func (r *ringer) ring(ctx context.Context) error {
	now := r.now()
	called := r.ringCalls(ctx, now) // what goes wrong with it keeps no incident from ringing
	return errors.Join(r.ringIncidents(ctx, now), called)
}

func (r *ringer) ringIncidents(ctx context.Context, now time.Time) error {
	for i, b := range r.bells {
		if now.Before(r.retry[i]) {
			continue
		}
		seen, err := r.by(ctx, r.lenses[i])
		if err != nil {
			return err
		}
		due, err := seen.Ringing(ctx, i+1, now.Add(-b.After).UnixMilli())
		if err != nil {
			return err
		}
		// A later bell does not wait for an earlier one that fails: somebody is to be called.
		if len(due) == 0 {
			continue
		}
		err = r.rings[i].Ring(ctx, r.message(ctx, i, due, now))
		if ctx.Err() != nil {
			return nil
		}
		r.say(i, err)
		if err != nil {
			r.retry[i] = now.Add(bellRetry)
			continue
		}
		for _, d := range due {
			if err := r.watch.Rung(ctx, d.ID, i+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// say remembers what went wrong with a bell, for screens.
func (r *ringer) say(i int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := r.rings[i].Name()
	if err == nil {
		delete(r.faults, name)
		return
	}
	r.faults[name] = err.Error()
}

// troubles lists the bells that do not ring.
func (r *ringer) troubles() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, 0, len(r.faults))
	for _, b := range r.rings {
		if f, ok := r.faults[b.Name()]; ok {
			out = append(out, "bell: "+f)
		}
	}
	return out
}

func (r *ringer) message(ctx context.Context, i int, due []sqlite.Incident, now time.Time) ringing.Message {
	sum := sha256.New()
	details := make([]bool, len(due))
	for n, d := range due {
		fmt.Fprintf(sum, "%d %s\n", i, d.ID)
		details[n] = n < bellListed && r.bells[i].Detail && r.tells != nil && r.tells(ctx, d.ID)
	}
	return r.said(i, hex.EncodeToString(sum.Sum(nil)[:16]), now, func(w console.Words) (string, string) {
		var text strings.Builder
		for n, d := range due[:min(len(due), bellListed)] {
			text.WriteString(w.Count("bell.incident", uint64(max(d.Count, 0)), "id", d.ID[:8], "time", minute(d.Stored)))
			if d.Level != "" {
				text.WriteString(", " + w.Label("level", d.Level))
			}
			if details[n] {
				text.WriteString("\n  " + w.Text("bell.detail", "what", printable(d.Headline()), "asset", printable(d.Asset)))
			}
			text.WriteString("\n")
		}
		if more := len(due) - bellListed; more > 0 {
			text.WriteString(w.Text("bell.more", "n", more) + "\n")
		}
		return w.Count("bell.open", uint64(len(due))), text.String()
	})
}

// said is what a bell says in each of its languages: the subjects beside each
// other, the texts one below the other.
func (r *ringer) said(i int, id string, now time.Time, in func(console.Words) (subject, text string)) ringing.Message {
	var subjects, texts []string
	for _, w := range r.words[i] {
		subject, text := in(w)
		subjects, texts = append(subjects, subject), append(texts, text)
	}
	return ringing.Message{ID: id, Subject: r.party + ": " + strings.Join(subjects, " / "), Text: strings.Join(texts, "\n"), At: now}
}

// minute is an instant in Unix milliseconds as bells tell it.
func minute(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04") }

// printable keeps a foreign text on one line and free of what a terminal or a
// mail reader might act on.
func printable(s string) string {
	const most = 200
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 || c >= 0x200b && c <= 0x200f || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			return '?'
		}
		return c
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// runBells rings until ctx ends.
func (n *Node) runBells(ctx context.Context) error {
	if len(n.ringer.bells) == 0 {
		return nil
	}
	return loop(ctx, make(chan struct{}), bellEvery, func(ctx context.Context) error {
		err := n.ringer.ring(ctx)
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return n.survived(err)
	})
}
