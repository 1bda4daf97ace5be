package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	tokenLife   = 15 * time.Minute
	sessionLife = 12 * time.Hour // one shift
	maxTokens   = 64
	maxSessions = 256
	secretBytes = 32
)

// errEntry is the one answer to a token that is wrong, used or too old.
var errEntry = errors.New("no such entry token")

// door lets named users in by one-time tokens and keeps their sessions. Only
// SHA-256 digests of secrets are kept, in memory: a restart ends all sessions.
type door struct {
	scheme string // "http" or "https"
	host   string // exact value of the Host header
	cookie string
	users  *Users
	now    func() time.Time
	rand   io.Reader

	mu       sync.Mutex // guards tokens and sessions
	tokens   map[secretHash]pass
	sessions map[secretHash]pass
}

type secretHash [sha256.Size]byte

// pass says who a token or session stands for, and until when.
type pass struct {
	user  string
	until time.Time
}

func hashSecret(s string) secretHash { return sha256.Sum256([]byte(s)) }

func (d *door) newSecret() (string, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(d.rand, b); err != nil {
		return "", fmt.Errorf("randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// link makes a one-time entry link for a user. The token stands in the
// fragment, which no browser sends to a server or writes to a referrer.
func (d *door) link(user string) (string, error) {
	if _, ok := d.users.Find(user); !ok {
		return "", fmt.Errorf("user %q: %w", user, ErrNotFound)
	}
	token, err := d.newSecret()
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(d.tokens, hashSecret(token), pass{user, d.now().Add(tokenLife)}, maxTokens)
	return d.scheme + "://" + d.host + "/enter#" + token, nil
}

// enter spends a token and returns the secret of a new session.
func (d *door) enter(token string) (secret string, user User, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := hashSecret(token)
	p, ok := d.tokens[key]
	delete(d.tokens, key)
	if !ok || !d.now().Before(p.until) {
		return "", User{}, errEntry
	}
	user, ok = d.users.Find(p.user)
	if !ok {
		return "", User{}, errEntry
	}
	if secret, err = d.newSecret(); err != nil {
		return "", User{}, err
	}
	d.put(d.sessions, hashSecret(secret), pass{user.Name, d.now().Add(sessionLife)}, maxSessions)
	return secret, user, nil
}

// put stores p, after it has thrown out what is over and, if the map is still
// full, what ends first.
func (d *door) put(m map[secretHash]pass, key secretHash, p pass, limit int) {
	now := d.now()
	var oldest secretHash
	var first time.Time
	for k, q := range m {
		if !now.Before(q.until) {
			delete(m, k)
		} else if first.IsZero() || q.until.Before(first) {
			oldest, first = k, q.until
		}
	}
	if len(m) >= limit {
		delete(m, oldest)
	}
	m[key] = p
}

// visitor returns the user whose session the request carries.
func (d *door) visitor(r *http.Request) (User, bool) {
	c, err := r.Cookie(d.cookie)
	if err != nil || len(c.Value) > 2*secretBytes {
		return User{}, false
	}
	d.mu.Lock()
	p, ok := d.sessions[hashSecret(c.Value)]
	d.mu.Unlock()
	if !ok || !d.now().Before(p.until) {
		return User{}, false
	}
	return d.users.Find(p.user)
}

// leave ends the session of the request.
func (d *door) leave(r *http.Request) {
	if c, err := r.Cookie(d.cookie); err == nil {
		d.mu.Lock()
		delete(d.sessions, hashSecret(c.Value))
		d.mu.Unlock()
	}
}

// sessionCookie carries secret; an empty secret removes the cookie.
func (d *door) sessionCookie(secret string) *http.Cookie {
	c := &http.Cookie{
		Name: d.cookie, Value: secret, Path: "/",
		MaxAge: int(sessionLife / time.Second), HttpOnly: true,
		Secure: d.scheme == "https", SameSite: http.SameSiteStrictMode,
	}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}

// here reports whether the request names exactly this host, which a page of
// another site that has rebound its own name to loopback cannot.
func (d *door) here(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Host), []byte(d.host)) == 1
}
