// Package disk tells how much room there is. Terminal and centre use it.
package disk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Free is how many bytes an ordinary user may still write on the disk of a folder.
func Free(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:gosec,unconvert // no disk is that large; the type of Bsize differs between processors
}
