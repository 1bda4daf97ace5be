package keyfile

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"entente/charter"
)

// Rotate returns the keys after a rotation of the statement key: the next one
// takes its place and a fresh one, drawn from rand, is the next. k stays.
func (k *Keys) Rotate(rand io.Reader) (*Keys, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("drawing the next statement key: %w", err)
	}
	next := *k
	next.Statement, next.NextStatement = k.NextStatement, ed25519.NewKeyFromSeed(seed)
	return &next, nil
}

// Belongs reports whether the charter's entry is of these keys. The statement
// key may have rotated since: its history is in the record.
func (k *Keys) Belongs(p charter.Party) bool {
	pub := k.Public()
	pub.Statement, pub.Next = p.Keys.Statement, p.Keys.Next
	return p.ID == k.Party && p.Origin == k.Origin && p.Keys == pub
}

// Replace puts the key file from one folder in the place of another's,
// durably: after a crash one of them is there, whole.
func Replace(dir, from string) error {
	if err := os.Rename(filepath.Join(from, FileName), filepath.Join(dir, FileName)); err != nil {
		return fmt.Errorf("replacing the key file: %w", err)
	}
	return errors.Join(syncDir(from), syncDir(dir))
}
