package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// FileName is the file of accounts in a data folder.
const FileName = "accounts.json"

const (
	maxAccounts = 1000
	maxFile     = 1 << 20
	minPassword = 16
	maxPassword = 256
)

var (
	// ErrExposed is returned when others than the owner may read or write the file.
	ErrExposed = errors.New("the file of accounts is open to others")
	// ErrBusy is returned when another process is changing the file.
	ErrBusy = errors.New("another process is changing the accounts")
)

// stored is one account as it lies in the file.
type stored struct {
	Account
	ID       string  `json:"id"` // the first characters of its token
	Token    hashed  `json:"token"`
	Password *hashed `json:"password,omitempty"` // one that somebody chose, beside the token
}

// file is all accounts, in the order in which they were added.
type file struct {
	Accounts []stored `json:"accounts"`
}

func (f file) find(name string) int {
	return slices.IndexFunc(f.Accounts, func(s stored) bool { return s.Name == name })
}

func (f file) check() error {
	if len(f.Accounts) > maxAccounts {
		return fmt.Errorf("%w: %d of at most %d", ErrAccount, len(f.Accounts), maxAccounts)
	}
	for i, s := range f.Accounts {
		if err := errors.Join(s.Check(), s.Token.check()); err != nil {
			return err
		}
		if s.Password != nil {
			if err := s.Password.check(); err != nil {
				return err
			}
		}
		if len(s.ID) != TokenID {
			return fmt.Errorf("%w: %s: no id of a token", ErrAccount, s.Name)
		}
		if slices.ContainsFunc(f.Accounts[:i], func(o stored) bool { return o.Name == s.Name || o.ID == s.ID }) {
			return fmt.Errorf("%w: %s is there twice", ErrAccount, s.Name)
		}
	}
	return nil
}

func parse(data []byte) (file, error) {
	var f file
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return file{}, fmt.Errorf("%s: %w", FileName, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return file{}, fmt.Errorf("%s: something follows the accounts", FileName)
	}
	return f, f.check()
}

// load reads the file; one that is not there holds no accounts.
func load(dir string) (file, os.FileInfo, error) {
	path := filepath.Join(dir, FileName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, nil, nil
	}
	if err != nil {
		return file{}, nil, fmt.Errorf("read accounts: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return file{}, nil, fmt.Errorf("read accounts: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return file{}, info, fmt.Errorf("%s has mode %#o, want 0600: %w", path, info.Mode().Perm(), ErrExposed)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return file{}, info, fmt.Errorf("read accounts: %w", err)
	}
	if len(data) > maxFile {
		return file{}, info, fmt.Errorf("%w: the file is larger than %d bytes", ErrAccount, maxFile)
	}
	list, err := parse(data)
	return list, info, err
}

// List returns the accounts of a data folder in the order in which they were
// added; without a file there are none.
func List(dir string) ([]Account, error) {
	f, _, err := load(dir)
	var list []Account
	for _, s := range f.Accounts {
		list = append(list, s.Account)
	}
	return list, err
}

// Add stores a new account and returns its token, which is kept nowhere. A
// password of 16 to 256 bytes, if there is one, works beside the token, for
// tools that cannot be given one. ErrThere if the name is taken.
func Add(dir string, a Account, password string) (token string, err error) {
	return addAt(dir, a, password, logN)
}

// addAt is Add with the cost of the hashes.
func addAt(dir string, a Account, password string, cost int) (token string, err error) {
	if err := a.Check(); err != nil {
		return "", err
	}
	if n := len(password); n > 0 && (n < minPassword || n > maxPassword) {
		return "", fmt.Errorf("%w: a password has %d to %d bytes", ErrAccount, minPassword, maxPassword)
	}
	token = newToken()
	one := stored{Account: a, ID: token[:TokenID]}
	one.Added = one.Added.UTC().Truncate(time.Second)
	if one.Token, err = hash(token, cost); err != nil {
		return "", err
	}
	if password != "" {
		h, err := hash(password, cost)
		if err != nil {
			return "", err
		}
		one.Password = &h
	}
	err = change(dir, func(f *file) error {
		if f.find(a.Name) >= 0 {
			return fmt.Errorf("%s: %w", a.Name, ErrThere)
		}
		f.Accounts = append(f.Accounts, one)
		return f.check()
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// Remove takes an account away; what it asks from then on is refused. ErrNone
// if there is no such account.
func Remove(dir, name string) error {
	return change(dir, func(f *file) error {
		i := f.find(name)
		if i < 0 {
			return fmt.Errorf("%s: %w", name, ErrNone)
		}
		f.Accounts = slices.Delete(f.Accounts, i, i+1)
		return nil
	})
}

// change rewrites the file. The new content lies beside it first, under a name
// that only one process can make, and takes its place at once.
func change(dir string, edit func(*file) error) (err error) {
	path := filepath.Join(dir, FileName)
	temp, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s.new is there: %w", path, ErrBusy)
	}
	if err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	placed := false
	defer func() {
		if !placed {
			err = errors.Join(err, temp.Close(), os.Remove(temp.Name()))
		}
	}()
	f, _, err := load(dir)
	if err != nil {
		return err
	}
	if err := edit(&f); err != nil {
		return err
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(f); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	if _, err := temp.WriteString(b.String()); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	if err := temp.Sync(); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	if err := temp.Close(); err != nil { // Windows renames no open file
		return fmt.Errorf("write accounts: %w", err)
	}
	placed = true
	if err := os.Rename(temp.Name(), path); err != nil {
		return errors.Join(fmt.Errorf("write accounts: %w", err), os.Remove(temp.Name()))
	}
	return nil
}
