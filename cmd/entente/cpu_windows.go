package main

import (
	"time"

	"golang.org/x/sys/windows"
)

// cpuTime is the processor time that this process has taken.
func cpuTime() time.Duration {
	var created, ended, kernel, user windows.Filetime
	if windows.GetProcessTimes(windows.CurrentProcess(), &created, &ended, &kernel, &user) != nil {
		return 0
	}
	ticks := func(f windows.Filetime) time.Duration {
		return time.Duration(uint64(f.HighDateTime)<<32|uint64(f.LowDateTime)) * 100 // of 100 ns
	}
	return ticks(kernel) + ticks(user)
}
