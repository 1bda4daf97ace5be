package segment

import "golang.org/x/sys/windows"

// Free returns a function that asks how much room is left where dir is, in bytes.
func Free(dir string) func() (int64, error) {
	return func() (int64, error) {
		name, err := windows.UTF16PtrFromString(dir)
		if err != nil {
			return 0, err
		}
		var free uint64
		err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
		return int64(free), err
	}
}
