//go:build unix

package regular

import (
	"errors"
	"syscall"
)

// atOnce opens without waiting. Of a regular file it changes nothing else.
const atOnce = syscall.O_NONBLOCK

// leased says that a file was not opened because somebody holds a lease on it, as a
// file server does, and was told to give it back.
func leased(err error) bool { return errors.Is(err, syscall.EAGAIN) }
