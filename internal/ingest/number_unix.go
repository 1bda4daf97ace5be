//go:build unix

package ingest

import (
	"os"
	"syscall"
)

// fileNumber gives the device and inode of an open file, which survive a rename.
func fileNumber(f *os.File) (device, inode uint64) {
	info, err := f.Stat()
	if err != nil {
		return 0, 0
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return uint64(st.Dev), uint64(st.Ino) // the types differ between systems
}
