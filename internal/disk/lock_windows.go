package disk

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes a LockFileEx lock: it ends with the process.
func lockFile(f *os.File) error {
	err := control(f, func(fd uintptr) error {
		return windows.LockFileEx(windows.Handle(fd),
			windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	})
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return ErrInUse
	case err != nil:
		return fmt.Errorf("lock file: %w", err)
	}
	return nil
}

// syncDir does nothing: NTFS journals its names, and a folder has no sync.
func syncDir(*os.File) error { return nil }
