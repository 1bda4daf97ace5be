package hostile

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"net/http"
	"sync"

	"entente/charter"
	"entente/internal/peer"
	"entente/statement"
)

const textPlain = "text/plain; charset=utf-8"

// Witness answers add-checkpoint.
type Witness func(party string, body []byte) (status int, contentType string, response []byte)

// Face is what the party shows on its port: to each partner another log, if
// it likes, and a witness that says what it likes.
type Face struct {
	party *Party

	mu      sync.Mutex // guards what follows
	own     map[string]peer.Log
	others  map[string]peer.Log // other parties' logs, by peer.LogName
	witness Witness
	changed chan struct{}
}

var _ peer.Backend = (*Face)(nil)

// NewFace shows Main to everybody and cosigns everything.
func (p *Party) NewFace() *Face {
	f := &Face{party: p, own: map[string]peer.Log{"": p.Main}, others: make(map[string]peer.Log), changed: make(chan struct{})}
	f.witness = f.sign
	return f
}

// Show gives one partner, or with an empty id all others, a version of the own log.
func (f *Face) Show(to string, l peer.Log) {
	f.mu.Lock()
	f.own[to] = l
	f.mu.Unlock()
	f.Ring()
}

// Mirror serves another party's log.
func (f *Face) Mirror(origin string, l peer.Log) {
	f.mu.Lock()
	f.others[peer.LogName(origin)] = l
	f.mu.Unlock()
	f.Ring()
}

// Ring ends every long poll, so that partners look again.
func (f *Face) Ring() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.changed)
	f.changed = make(chan struct{})
}

// SetWitness replaces the witness.
func (f *Face) SetWitness(w Witness) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.witness = w
}

func (f *Face) sign(_ string, body []byte) (int, string, []byte) {
	line, err := f.party.Cosign(body)
	if err != nil {
		return http.StatusBadRequest, textPlain, nil
	}
	return http.StatusOK, textPlain, line
}

// Withhold is a witness that never cosigns.
func Withhold(string, []byte) (int, string, []byte) { return http.StatusForbidden, textPlain, nil }

// Absurd is a witness that claims to know a tree of 2^60 leaves.
func Absurd(string, []byte) (int, string, []byte) {
	return http.StatusConflict, "text/x.tlog.size", []byte("1152921504606846976\n")
}

// Log implements peer.Backend.
func (f *Face) Log(party, h string) (peer.Log, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if h != peer.LogName(f.party.Self.Origin) {
		l, ok := f.others[h]
		return l, ok
	}
	l, ok := f.own[party]
	if !ok {
		l, ok = f.own[""]
	}
	return l, ok
}

// Held implements peer.Backend: it never says that it holds anything.
func (f *Face) Held(string, string) ([]byte, uint64, bool) { return nil, 0, false }

// Round implements peer.Backend: it plays no match.
func (f *Face) Round(string, string) (peer.Round, bool) { return nil, false }

// AddCheckpoint implements peer.Backend.
func (f *Face) AddCheckpoint(_ context.Context, party string, body []byte) (int, string, []byte) {
	f.mu.Lock()
	w := f.witness
	f.mu.Unlock()
	return w(party, body)
}

// Changed implements peer.Backend.
func (f *Face) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// Refused implements peer.Backend; a liar keeps no books.
func (f *Face) Refused(string, statement.Code, string) {}

// Serve answers partners on l until ctx ends.
func (f *Face) Serve(ctx context.Context, l net.Listener) error {
	var partners []peer.Partner
	for _, c := range f.party.Charter.Others(f.party.Self.ID) {
		key, err := c.Keys.TransportKey()
		if err != nil {
			return err
		}
		partners = append(partners, peer.Partner{Party: c.ID, Keys: []ed25519.PublicKey{key}})
	}
	s, err := peer.NewServer(peer.Config{Self: f.party.id, Partners: partners, Backend: f, Now: f.party.Now})
	if err != nil {
		return err
	}
	return s.Serve(ctx, l)
}

// Listen opens the port that the charter names.
func (p *Party) Listen() (net.Listener, error) {
	self, _ := p.Charter.Party(p.Self.ID)
	return net.Listen("tcp", self.Address)
}

// Stall accepts connections on l, reads what comes and never answers a byte.
func Stall(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		context.AfterFunc(ctx, func() { _ = c.Close() })
		go swallow(c)
	}
}

func swallow(c net.Conn) {
	buf := make([]byte, 4096)
	for {
		if _, err := c.Read(buf); err != nil {
			_ = c.Close()
			return
		}
	}
}

// Client returns an honest client of a partner.
func (p *Party) Client(id string) (*peer.Client, error) {
	who, ok := p.Charter.Party(id)
	if !ok {
		return nil, errors.New("no such partner: " + id)
	}
	key, err := who.Keys.TransportKey()
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return peer.NewClient(peer.ClientConfig{Party: id, Address: who.Address, Keys: []ed25519.PublicKey{key}, Self: p.id, Dial: d.DialContext, Now: p.Now, Budget: budget(p.Charter.Budgets)})
}

func budget(b charter.Budgets) peer.Budget {
	return peer.Budget{Connections: int(b.Connections), Requests: int(b.RequestsPerSecond), BytesIn: b.BytesPerDay}
}
