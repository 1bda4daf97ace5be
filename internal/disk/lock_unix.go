//go:build unix

package disk

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes an flock: it ends with the process, also by kill -9.
func lockFile(f *os.File) error {
	err := control(f, func(fd uintptr) error {
		return unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB)
	})
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return ErrInUse
	case err != nil:
		return fmt.Errorf("flock: %w", err)
	}
	return nil
}

func syncDir(f *os.File) error { return f.Sync() }
