package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"
)

var (
	// ErrUnknown is returned for every credential that is not one, whatever is
	// wrong with it.
	ErrUnknown = errors.New("unknown account or wrong secret")
	// ErrTooMany is returned to an address that was wrong too often; it may try
	// again after a second.
	ErrTooMany = errors.New("too many wrong secrets from this address")
)

// Wrong secrets that an address may send at once, and how long one more takes.
const (
	wrongBurst   = 20
	wrongEvery   = time.Second
	maxAddresses = 4096
	maxRemember  = 1024
)

// Book answers who somebody is. It reads the file again whenever that has
// changed; a file that cannot be read lets nobody in. Safe for concurrent use.
type Book struct {
	dir    string
	now    func() time.Time
	report func(error)
	key    [32]byte      // of the digests below: they mean nothing outside this process
	turn   chan struct{} // one hash at a time, whoever asks
	cost   int           // of a hash for nobody

	mu    sync.Mutex // guards what follows
	info  os.FileInfo
	list  file
	bad   string                     // what was reported last
	right map[[sha256.Size]byte]int  // credentials that were right, and whose
	wrong map[[sha256.Size]byte]bool // and that were not: a tool repeats itself
	tries map[netip.Addr]time.Time   // by address, when its wrong secrets are forgotten
}

// NewBook makes the book of a data folder. report, if set, is told once when
// the file turns bad.
func NewBook(dir string, now func() time.Time, report func(error)) *Book {
	b := &Book{dir: dir, now: now, report: report, turn: make(chan struct{}, 1), cost: logN, tries: make(map[netip.Addr]time.Time)}
	if b.report == nil {
		b.report = func(error) {}
	}
	_, _ = rand.Read(b.key[:])
	b.forget()
	return b
}

func (b *Book) forget() {
	b.right, b.wrong = make(map[[sha256.Size]byte]int), make(map[[sha256.Size]byte]bool)
}

// Credential is what somebody shows: a token alone, or a name and its token or
// password.
type Credential struct {
	Name   string // empty with a token alone
	Secret string
}

// digest keys what is remembered of a credential.
func (b *Book) digest(c Credential) [sha256.Size]byte {
	h := hmac.New(sha256.New, b.key[:])
	h.Write(binary.AppendUvarint(nil, uint64(len(c.Name))))
	h.Write([]byte(c.Name))
	h.Write([]byte(c.Secret))
	return [sha256.Size]byte(h.Sum(nil))
}

// Authenticate returns whose credential it is. A right one costs its hash only
// once, a wrong one counts against the address that it came from. ErrUnknown,
// ErrTooMany, or the error of ctx.
func (b *Book) Authenticate(ctx context.Context, c Credential, from netip.Addr) (Account, error) {
	if len(c.Secret) > maxPassword || len(c.Name) > 64 {
		return Account{}, ErrUnknown
	}
	sum := b.digest(c)
	one, known, err := b.recall(sum, c, from)
	if known || err != nil {
		return one.Account, err
	}
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return Account{}, ctx.Err()
	}
	// Whoever waited for its turn may have been answered by the one before.
	if one, known, err := b.recall(sum, c, from); known || err != nil {
		return one.Account, err
	}
	return b.settle(sum, one, proves(one, c, b.cost), from)
}

// recall reads the file if that has changed, and looks for an answer that
// costs no hash. Without one it returns the account that c would have to prove.
func (b *Book) recall(sum [sha256.Size]byte, c Credential, from netip.Addr) (one stored, known bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refresh()
	if i, ok := b.right[sum]; ok {
		return b.list.Accounts[i], true, nil
	}
	if until, ok := b.tries[from]; ok && until.Sub(b.now()) > wrongBurst*wrongEvery {
		return stored{}, false, ErrTooMany
	}
	if b.wrong[sum] {
		b.count(from)
		return stored{}, false, ErrUnknown
	}
	for _, s := range b.list.Accounts {
		if c.Name == s.Name || c.Name == "" && looksLikeToken(c.Secret) && c.Secret[:TokenID] == s.ID {
			return s, false, nil
		}
	}
	return stored{}, false, nil
}

// proves says whether the secret is one of the account's. It takes as long for
// no account as for a wrong token, and tells the two secrets apart by nothing.
func proves(one stored, c Credential, cost int) bool {
	ask := one.Token
	switch {
	case one.Name == "":
		ask = hashed{LogN: cost, Salt: make([]byte, saltLen), Hash: make([]byte, hashLen)}
	case one.Password != nil && !looksLikeToken(c.Secret):
		ask = *one.Password
	}
	return ask.is(c.Secret) && one.Name != ""
}

// settle remembers what a hash said, if the file is still the same.
func (b *Book) settle(sum [sha256.Size]byte, one stored, right bool, from netip.Addr) (Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.right)+len(b.wrong) >= maxRemember {
		b.forget()
	}
	if !right {
		b.wrong[sum] = true
		b.count(from)
		return Account{}, ErrUnknown
	}
	i := b.list.find(one.Name)
	if i < 0 || b.list.Accounts[i].ID != one.ID {
		return Account{}, ErrUnknown // it was removed meanwhile
	}
	b.right[sum] = i
	return one.Account, nil
}

// count remembers a wrong secret. Callers hold mu.
func (b *Book) count(from netip.Addr) {
	now := b.now()
	if len(b.tries) >= maxAddresses {
		for a, until := range b.tries {
			if !until.After(now) {
				delete(b.tries, a)
			}
		}
		for a := range b.tries { // still too many: any one
			if len(b.tries) < maxAddresses {
				break
			}
			delete(b.tries, a)
		}
	}
	until := b.tries[from]
	if until.Before(now) {
		until = now
	}
	b.tries[from] = until.Add(wrongEvery)
}

// refresh reads the file if it is another one than last time. Callers hold mu.
func (b *Book) refresh() {
	info, err := os.Stat(filepath.Join(b.dir, FileName))
	gone := errors.Is(err, fs.ErrNotExist)
	same := err == nil && b.info != nil && os.SameFile(info, b.info) && info.ModTime().Equal(b.info.ModTime()) && info.Size() == b.info.Size() && info.Mode() == b.info.Mode()
	if same || gone && b.info == nil && b.bad == "" {
		return
	}
	list, read, err := load(b.dir)
	if err != nil {
		list = file{}
		if b.bad != err.Error() {
			b.report(err)
		}
		b.bad = err.Error()
	} else {
		b.bad = ""
	}
	b.list, b.info = list, read
	b.forget()
}

// Accounts returns the accounts that there are now.
func (b *Book) Accounts() []Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refresh()
	var list []Account
	for _, s := range b.list.Accounts {
		list = append(list, s.Account)
	}
	return list
}
