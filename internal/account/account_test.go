package account

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/border"
)

var here = netip.MustParseAddr("127.0.0.1")

func scanner(name string) Account {
	return Account{Name: name, Scopes: []Scope{TaxiiRead, TaxiiWrite}, Clearance: border.Green, Added: time.Unix(1_790_000_000, 0).UTC()}
}

func add(t *testing.T, dir string, a Account, password string) string {
	t.Helper()
	token, err := addAt(dir, a, password, cheap)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// cheap is the cost of hashes in tests.
const cheap = 10

func book(dir string, now func() time.Time, report func(error)) *Book {
	b := NewBook(dir, now, report)
	b.cost = cheap
	return b
}

// TestFile: what is added is there, holds no secret, and goes again.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	if list, err := List(dir); err != nil || list != nil {
		t.Fatalf("a folder without accounts: %v, %v", list, err)
	}
	guest := scanner("guest.1")
	guest.Party = "south"
	token, _ := add(t, dir, scanner("siem"), ""), add(t, dir, guest, "correct horse battery")
	list, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Account{scanner("siem"), guest}, list); diff != "" {
		t.Error(diff)
	}
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), token) || strings.Contains(string(data), "correct horse") {
		t.Errorf("the file holds a secret:\n%s", data)
	}
	if _, err := Add(dir, scanner("siem"), ""); !errors.Is(err, ErrThere) {
		t.Errorf("twice the same name: %v", err)
	}
	if err := Remove(dir, "siem"); err != nil {
		t.Error(err)
	}
	if err := Remove(dir, "siem"); !errors.Is(err, ErrNone) {
		t.Errorf("removed twice: %v", err)
	}
	if list, err := List(dir); err != nil || len(list) != 1 || list[0].Name != "guest.1" {
		t.Errorf("left: %v, %v", list, err)
	}
}

// TestAddRefuses: no account that cannot be gets into the file.
func TestAddRefuses(t *testing.T) {
	dir := t.TempDir()
	for why, change := range map[string]func(*Account){
		"a name":       func(a *Account) { a.Name = "../x" },
		"no name":      func(a *Account) { a.Name = "" },
		"a line end":   func(a *Account) { a.Name = "x\n" },
		"no scope":     func(a *Account) { a.Scopes = nil },
		"a scope":      func(a *Account) { a.Scopes = []Scope{"taxii:admin"} },
		"twice":        func(a *Account) { a.Scopes = []Scope{TaxiiRead, TaxiiRead} },
		"a clearance":  func(a *Account) { a.Clearance = "secret" },
		"no clearance": func(a *Account) { a.Clearance = "" },
		"a party":      func(a *Account) { a.Party = "South!" },
	} {
		a := scanner("x")
		change(&a)
		if _, err := Add(dir, a, ""); !errors.Is(err, ErrAccount) {
			t.Errorf("%s: %v", why, err)
		}
	}
	for _, password := range []string{"short", strings.Repeat("x", maxPassword+1)} {
		if _, err := Add(dir, scanner("x"), password); !errors.Is(err, ErrAccount) {
			t.Errorf("password of %d bytes: %v", len(password), err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestBusy: of many who add at once, each succeeds or is told to try again,
// and none undoes what another did.
func TestBusy(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	var mu sync.Mutex
	added := 0
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			_, err := Add(dir, scanner(name), "")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				added++
			} else if !errors.Is(err, ErrBusy) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if list, err := List(dir); err != nil || len(list) != added || added == 0 {
		t.Errorf("%d added, %d there: %v", added, len(list), err)
	}
}

// TestBook: a token, a password with the name, and nothing else.
func TestBook(t *testing.T) {
	dir := t.TempDir()
	siem := add(t, dir, scanner("siem"), "")
	feed := add(t, dir, scanner("feed"), "correct horse battery")
	now := time.Unix(1_790_000_000, 0)
	b := book(dir, func() time.Time { return now }, func(err error) { t.Error(err) })
	for _, c := range []struct {
		why  string
		with Credential
		want string // whose it is, empty for nobody's
	}{
		{"name and token", Credential{"siem", siem}, "siem"},
		{"token alone", Credential{"", siem}, "siem"},
		{"again", Credential{"", siem}, "siem"},
		{"name and password", Credential{"feed", "correct horse battery"}, "feed"},
		{"its token", Credential{"feed", feed}, "feed"},
		{"password alone", Credential{"", "correct horse battery"}, ""},
		{"another's token", Credential{"siem", feed}, ""},
		{"another's password", Credential{"siem", "correct horse battery"}, ""},
		{"a changed secret", Credential{"", siem[:TokenLength-1] + map[bool]string{true: "b", false: "a"}[siem[TokenLength-1] == 'a']}, ""},
		{"no such name", Credential{"nobody", siem}, ""},
		{"nothing", Credential{}, ""},
		{"a long one", Credential{"", strings.Repeat("a", 1<<20)}, ""},
		{"still", Credential{"siem", siem}, "siem"},
	} {
		a, err := b.Authenticate(t.Context(), c.with, here)
		if a.Name != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %q, %v; want %q", c.why, a.Name, err, c.want)
		}
	}
}

// TestReread: who is added may come in, who is removed no more, without a
// restart; a file that cannot be read lets nobody in and says so once.
func TestReread(t *testing.T) {
	dir := t.TempDir()
	reported := 0
	b := book(dir, time.Now, func(error) { reported++ })
	ask := func(token string) error {
		_, err := b.Authenticate(t.Context(), Credential{"", token}, here)
		return err
	}
	if err := ask(newToken()); !errors.Is(err, ErrUnknown) {
		t.Errorf("without a file: %v", err)
	}
	token := add(t, dir, scanner("siem"), "")
	if err := ask(token); err != nil {
		t.Errorf("after it was added: %v", err)
	}
	other := add(t, dir, scanner("other"), "")
	if err := Remove(dir, "siem"); err != nil {
		t.Fatal(err)
	}
	if err := ask(token); !errors.Is(err, ErrUnknown) {
		t.Errorf("after it was removed: %v", err)
	}
	if err := ask(other); err != nil {
		t.Errorf("the other one: %v", err)
	}
	path := filepath.Join(dir, FileName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"{", `{"accounts":[]} x`, `{"accounts":[],"more":1}`, strings.Repeat(" ", maxFile+1), strings.Replace(string(good), `"scrypt_log_n": 10`, `"scrypt_log_n": 40`, 1)} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		before := reported
		for range 2 {
			if err := ask(other); !errors.Is(err, ErrUnknown) {
				t.Errorf("a file of %.40q: %v", bad, err)
			}
		}
		if reported != before+1 {
			t.Errorf("a file of %.40q was reported %d times", bad, reported-before)
		}
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ask(other); err != nil {
		t.Errorf("after it was mended: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := List(dir); !errors.Is(err, ErrExposed) {
		t.Errorf("a file that others may read: %v", err)
	}
	if err := ask(other); !errors.Is(err, ErrUnknown) {
		t.Errorf("a file that others may read: %v", err)
	}
}

// TestWrong: an address that is wrong too often waits, others and whoever was
// right do not.
func TestWrong(t *testing.T) {
	dir := t.TempDir()
	token := add(t, dir, scanner("siem"), "")
	now := time.Unix(1_790_000_000, 0)
	b := book(dir, func() time.Time { return now }, nil)
	ask := func(secret, from string) error {
		_, err := b.Authenticate(t.Context(), Credential{"siem", secret}, netip.MustParseAddr(from))
		return err
	}
	if err := ask(token, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	tries := 0
	for ; tries < 100; tries++ { // the same wrong secret costs one hash
		if err := ask("wrong, wrong, wrong", "192.0.2.1"); errors.Is(err, ErrTooMany) {
			break
		}
	}
	if tries < wrongBurst || tries > wrongBurst+1 {
		t.Errorf("stopped after %d tries, want %d", tries, wrongBurst)
	}
	if err := ask(token, "192.0.2.1"); err != nil {
		t.Errorf("what was right before: %v", err)
	}
	if err := ask("wrong, wrong, wrong", "192.0.2.2"); !errors.Is(err, ErrUnknown) {
		t.Errorf("another address: %v", err)
	}
	now = now.Add(2 * time.Second)
	if err := ask("wrong, wrong, wrong", "192.0.2.1"); !errors.Is(err, ErrUnknown) {
		t.Errorf("two seconds later: %v", err)
	}
	for i := range maxAddresses + 10 {
		_ = ask("wrong, wrong, wrong", netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String())
	}
	if len(b.tries) > maxAddresses {
		t.Errorf("%d addresses are remembered", len(b.tries))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"accounts":[]}`))
	f.Add([]byte(`{"accounts":[{"name":"a","scopes":["taxii:read"],"clearance":"TLP:RED","added":"2026-01-01T00:00:00Z","id":"aaaaaaaaaa","token":{"scrypt_log_n":15,"salt":"AAAAAAAAAAAAAAAAAAAAAA==","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parse(data)
		if err != nil {
			return
		}
		for _, s := range list.Accounts {
			if s.Check() != nil || s.Token.LogN > maxLogN {
				t.Errorf("accepted %+v", s)
			}
		}
	})
}
