//go:build unix

package segment

import "golang.org/x/sys/unix"

// Free returns a function that asks how much room is left where dir is, in bytes.
func Free(dir string) func() (int64, error) {
	return func() (int64, error) {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			return 0, err
		}
		return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // the types differ between systems
	}
}
