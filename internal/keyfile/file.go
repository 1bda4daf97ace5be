package keyfile

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"entente/charter"
	"entente/statement"
)

const (
	// FileName is the name of the key file in a party's folder.
	FileName = "keys.json"
	// Format is the format of the file's plaintext.
	Format = "entente/keys/v1"
	// WorkFactor is the usual cost of a passphrase: scrypt with N = 2^18,
	// about a second.
	WorkFactor = 18

	maxFile       = 64 << 10
	maxWorkFactor = 22
)

type wireFile struct {
	Format string            `json:"format"`
	Party  string            `json:"party"`
	Origin string            `json:"origin"`
	Keys   map[string]string `json:"keys"` // role -> base64 seed; marshalled in order of names
	Parts  string            `json:"parts"`
	// Check is a hash of all of the above: one flipped bit in a seed would
	// otherwise be another valid key.
	Check statement.Digest `json:"check"`
}

func (w wireFile) check() statement.Digest {
	b := fmt.Appendf(nil, "%s %s %s\n", w.Party, w.Origin, w.Parts)
	for _, name := range slices.Sorted(maps.Keys(w.Keys)) {
		b = fmt.Appendf(b, "%s %s\n", name, w.Keys[name])
	}
	return statement.TaggedSum("entente/keys-check/v1", b)
}

// Write creates keys.json in dir with mode 0600 and makes file and folder
// durable before it returns. An existing file gives ErrExists and is left as
// it is. With a passphrase the content is encrypted by age's scrypt at the
// given work factor (10 to 22); without one workFactor is not read.
func Write(dir string, k *Keys, passphrase []byte, workFactor int) error {
	data, err := k.marshal()
	if err != nil {
		return err
	}
	if len(passphrase) > 0 {
		if data, err = encrypt(data, passphrase, workFactor); err != nil {
			return fmt.Errorf("encrypting the key file: %w", err)
		}
	}
	return create(dir, data)
}

// create writes beside the final name and links, so that the name never
// shows half a file and never replaces a whole one.
func create(dir string, data []byte) (err error) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Lstat(path); err == nil {
		return ErrExists
	}
	f, err := os.CreateTemp(dir, ".keys-*") // O_EXCL, mode 0600
	if err != nil {
		return fmt.Errorf("creating the key file: %w", err)
	}
	defer func() {
		err = errors.Join(err, os.Remove(f.Name()))
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the key file: %w", err)
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return ErrExists
	} else if err != nil {
		return fmt.Errorf("naming the key file: %w", err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be opened for syncing there
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read reads keys.json in dir. It gives ErrExposed if others than the owner
// may read it, ErrPassphrase if it is encrypted and passphrase does not open
// it, ErrDamaged if its content does not hold together.
func Read(dir string, passphrase []byte) (*Keys, error) {
	data, err := load(dir)
	if err != nil {
		return nil, err
	}
	if isEncrypted(data) {
		if data, err = decrypt(data, passphrase); err != nil {
			return nil, err
		}
	}
	return unmarshal(data)
}

// Encrypted reports whether the key file in dir needs a passphrase.
func Encrypted(dir string) (bool, error) {
	data, err := load(dir)
	return isEncrypted(data), err
}

func isEncrypted(data []byte) bool { return bytes.HasPrefix(data, []byte(armor.Header)) }

func load(dir string) ([]byte, error) {
	path := filepath.Join(dir, FileName)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: %w", path, ErrDamaged)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %#o, want 0600: %w", path, info.Mode().Perm(), ErrExposed)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes: %w", maxFile, ErrDamaged)
	}
	return data, nil
}

func (k *Keys) marshal() ([]byte, error) {
	w := wireFile{Format: Format, Party: k.Party, Origin: k.Origin, Keys: make(map[string]string), Parts: k.Parts.String()}
	for _, r := range k.roles() {
		w.Keys[r.name] = base64.StdEncoding.EncodeToString(r.seed())
	}
	w.Check = w.check()
	data, err := json.MarshalIndent(w, "", "  ")
	return append(data, '\n'), err
}

func unmarshal(data []byte) (*Keys, error) {
	damaged := func(format string, a ...any) (*Keys, error) {
		return nil, fmt.Errorf("%s: %w", fmt.Sprintf(format, a...), ErrDamaged)
	}
	var w wireFile
	if err := statement.Decode(data, maxFile, &w); err != nil {
		return damaged("%v", err)
	}
	if w.Format != Format {
		return damaged("format %.40q, want %s", w.Format, Format)
	}
	if w.Check != w.check() {
		return damaged("the content does not match its checksum")
	}
	// The origin may come from an earlier statement key; its shape may not.
	if !charter.ValidID(w.Party) || !strings.HasPrefix(w.Origin, "entente/"+w.Party+"/") {
		return damaged("party %.40q with origin %.60q", w.Party, w.Origin)
	}
	k := &Keys{Party: w.Party, Origin: w.Origin}
	if len(w.Keys) != len(k.roles()) {
		return damaged("%d keys, want %d", len(w.Keys), len(k.roles()))
	}
	for _, r := range k.roles() {
		seed, err := base64.StdEncoding.Strict().DecodeString(w.Keys[r.name])
		if err != nil || len(seed) != 32 {
			return damaged("key %s is not a seed", r.name)
		}
		if err := r.set(seed); err != nil {
			return damaged("key %s cannot be used", r.name)
		}
	}
	identity, err := age.ParseHybridIdentity(w.Parts)
	if err != nil {
		return damaged("key parts cannot be used")
	}
	k.Parts = identity
	return k, nil
}

func encrypt(data, passphrase []byte, workFactor int) ([]byte, error) {
	if workFactor < 10 || workFactor > maxWorkFactor {
		return nil, fmt.Errorf("work factor %d, want 10 to %d", workFactor, maxWorkFactor)
	}
	r, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(workFactor)
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, r)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(data)
	err = errors.Join(err, w.Close(), a.Close())
	return out.Bytes(), err
}

func decrypt(data, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, ErrPassphrase
	}
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(data)), id)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, fmt.Errorf("wrong passphrase: %w", ErrPassphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", err, ErrDamaged)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return nil, fmt.Errorf("%v: %w", err, ErrDamaged)
	}
	return out, nil
}
