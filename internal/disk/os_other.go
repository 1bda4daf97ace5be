//go:build !linux

package disk

import "os"

func dataSync(f *os.File) error { return f.Sync() }

func startSync(*os.File, int64, int64) error { return nil }

func allocate(*os.File, int64, int64) error { return nil }

func forget(*os.File) error { return nil }
