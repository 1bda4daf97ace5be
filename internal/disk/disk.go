// Package disk is the small file system that durable stores write through: one folder of flat files, on the operating system or simulated.
//
// The contracts are those that a store can build on and no more: bytes written
// are durable after File.Sync of that file, names after Disk.SyncDir, and
// before that any part of what was written may survive a power cut, in any
// order. Package disktest plays such power cuts.
package disk

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// ErrInUse says that another process, or another store in this process, holds
// the folder.
var ErrInUse = errors.New("the folder is in use by another process")

// Disk is one folder of flat files. Names hold no separators. It is safe for
// concurrent use.
type Disk interface {
	// OpenFile opens a file with os flags; new files have mode 0600.
	OpenFile(name string, flag int) (File, error)
	// Rename replaces newName in one step. Durable after SyncDir; after a power cut before that the file may have both names.
	Rename(oldName, newName string) error
	// Link gives a file a second name, which must be free. It fails where the
	// file system has no such thing. Durable after SyncDir.
	Link(oldName, newName string) error
	// Remove deletes a file. Durable after SyncDir.
	Remove(name string) error
	// ReadDir returns the names in the folder, sorted.
	ReadDir() ([]string, error)
	// SyncDir makes creations, renames and removals durable.
	SyncDir() error
	// Lock takes the folder for this store until the closer is closed or the
	// process ends. ErrInUse if somebody else has it.
	Lock() (io.Closer, error)
	// Close releases the folder's handle.
	Close() error
}

// Create makes an empty file of its own under a name that may be taken. What has the name loses it and is not emptied: after a
// power cut in the middle of a Rename it may be the file that was renamed, under both of its names.
func Create(d Disk, name string) (File, error) {
	if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return d.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

// File is one open file of a Disk. Reads may run beside each other and beside
// writes of other ranges.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync returns when all bytes written and the size are durable. After an
	// error what is on the medium is unknown: never call it again and go on.
	Sync() error
	// StartSync begins to write a range to the medium and does not wait, where
	// the system can. Nothing is durable by it; Sync then has less to wait for.
	StartSync(offset, length int64) error
	// Truncate sets the size; a longer file is filled with zeros.
	Truncate(size int64) error
	// Size returns the present size in bytes.
	Size() (int64, error)
	// Allocate grows the file with zeros to at least offset+length bytes and
	// reserves the room where the system can, so that writes there neither
	// change the size nor run out of space. Elsewhere it does nothing.
	Allocate(offset, length int64) error
	// Forget drops clean cached pages where the system can, so that the next
	// read shows what the medium holds and not what a failed Sync left in memory.
	Forget() error
}

// Sector is the unit that a torn write keeps or loses as a whole, in bytes.
const Sector = 512

// HasHole reports whether a range that should have been written holds a piece
// that never was. data is what the file has from offset at on, want the
// length in bytes that should be there. A piece is the part of a sector that
// lies in the range: all zero or beyond the end of the file, it was not
// written. Stores cut their tail back to zeros before they write over it, so
// a torn write always has a hole and a changed bit never makes one.
func HasHole(data []byte, at, want int64) bool {
	if int64(len(data)) < want {
		return true
	}
	for from := int64(0); from < want; {
		to := min(from+Sector-(at+from)%Sector, want)
		if AllZero(data[from:to]) {
			return true
		}
		from = to
	}
	return false
}

// AllZero reports whether every byte is zero.
func AllZero(b []byte) bool {
	return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1]) // each equals the one before
}

// IsFull reports whether an error says that the medium or a quota is full.
func IsFull(err error) bool { return isFull(err) }
