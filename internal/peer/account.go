package peer

import (
	"crypto/ed25519"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Partner is one party that may connect: its id, the transport keys that the
// charter has in force for it (two while a key changes), and its budget.
type Partner struct {
	Party  string
	Keys   []ed25519.PublicKey
	Budget Budget
}

// Counters is what one partner has used since the server started. The empty
// party stands for connections that were never identified.
type Counters struct {
	Open     int    // connections
	Requests uint64 // answered or refused
	Refused  uint64
	BytesIn  uint64
	BytesOut uint64
}

// account is the server's book of one partner: what it may use and has used.
type account struct {
	party    string
	budget   Budget
	requests *bucket
	in, out  *bucket
	work     chan struct{} // a slot per request worked on
	polls    chan struct{} // a slot per long poll

	served, refused, received, sent atomic.Uint64

	mu    sync.Mutex
	conns map[*conn]bool // guarded by mu
}

const secondsPerDay = 24 * 60 * 60

func newAccount(party string, b Budget, now time.Time) *account {
	b = b.withDefaults()
	rate := float64(b.Requests)
	return &account{
		party: party, budget: b,
		requests: newBucket(4*rate, rate, now),
		in:       newBucket(float64(b.BytesIn), float64(b.BytesIn)/secondsPerDay, now),
		out:      newBucket(float64(b.BytesOut), float64(b.BytesOut)/secondsPerDay, now),
		work:     make(chan struct{}, b.Work),
		polls:    make(chan struct{}, b.Polls),
		conns:    map[*conn]bool{},
	}
}

// spare is how many connections beyond its budget a partner may hold open, on
// which it is told so; further ones are closed without a word.
const spare = 2

// open registers a connection. over says that its requests are to be refused.
func (a *account) open(c *conn, share int) (ok, over bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	soft := min(a.budget.Connections+a.budget.Polls, share)
	if len(a.conns) >= min(soft+spare, share) {
		return false, true
	}
	over = len(a.conns) >= soft
	a.conns[c] = true
	return true, over
}

func (a *account) close(c *conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.conns, c)
}

// drop closes the connections that r does not count as this account's.
func (a *account) drop(r *roster) {
	a.mu.Lock()
	var gone []*conn
	for c := range a.conns {
		if r.byKey[c.key] != a {
			gone = append(gone, c)
		}
	}
	a.mu.Unlock()
	for _, c := range gone {
		_ = c.Close()
	}
}

func (a *account) counters() Counters {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Counters{len(a.conns), a.served.Load(), a.refused.Load(), a.received.Load(), a.sent.Load()}
}

// roster is who may connect at the moment. It is replaced as a whole.
type roster struct {
	byKey   map[pin]*account
	byParty map[string]*account
}

// next makes the roster of partners; a partner whose budget stays keeps its
// account, and so what it has used.
func (r *roster) next(partners []Partner, now time.Time) (*roster, error) {
	n := &roster{map[pin]*account{}, map[string]*account{}}
	for _, p := range partners {
		if p.Party == "" || n.byParty[p.Party] != nil {
			return nil, fmt.Errorf("partner %q: empty or named twice", p.Party)
		}
		keys, err := pins(p.Keys)
		if err != nil {
			return nil, fmt.Errorf("partner %s: %w", p.Party, err)
		}
		a := r.byParty[p.Party]
		if a == nil || a.budget != p.Budget.withDefaults() {
			a = newAccount(p.Party, p.Budget, now)
		}
		n.byParty[p.Party] = a
		for k := range keys {
			if n.byKey[k] != nil {
				return nil, fmt.Errorf("partner %s: key %x is another partner's too", p.Party, k[:8])
			}
			n.byKey[k] = a
		}
	}
	return n, nil
}

// Remaining is what a partner has left of its bytes, as it is kept across a
// restart of the node. Below zero it is a debt.
type Remaining struct {
	In, Out float64
	At      time.Time
}

func (a *account) remaining(now time.Time) Remaining {
	return Remaining{a.in.left(now), a.out.left(now), now}
}

// resume goes on with what was left. A clock that stepped back since gives
// nothing.
func (a *account) resume(r Remaining, now time.Time) {
	a.in.resume(r.In, now.Sub(r.At))
	a.out.resume(r.Out, now.Sub(r.At))
}

func (r *roster) knows(k pin) bool { return r.byKey[k] != nil }
