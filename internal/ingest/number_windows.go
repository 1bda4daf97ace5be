package ingest

import (
	"os"
	"syscall"
)

// fileNumber gives the volume and file index of an open file, which survive a rename.
func fileNumber(f *os.File) (device, inode uint64) {
	var info syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &info); err != nil {
		return 0, 0
	}
	return uint64(info.VolumeSerialNumber), uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)
}
