package harness

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// ownMounts is set in the environment of a child that has mounts of its own.
const ownMounts = "FENGSUI_OWN_MOUNTS"

// OwnMounts runs this program again, with these programs and arguments, in a child process that may give them
// disks of their own, and reports whether this is the child. What the child says goes to out; the error is how it
// ended badly.
func OwnMounts(out io.Writer, p Programs, args ...string) (child bool, err error) {
	if os.Getenv(ownMounts) != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			return true, fmt.Errorf("keep mounts to myself: %w", err)
		}
		return true, nil
	}
	self, err := os.Executable()
	if err != nil {
		return false, fmt.Errorf("find myself: %w", err)
	}
	cmd := exec.Command(self, args...) //nolint:gosec,noctx // it runs as long as we do
	cmd.Env = append(os.Environ(), ownMounts+"=1", "FENGSUI_BIN="+filepath.Dir(p.Central))
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
	}
	if err := cmd.Run(); err != nil {
		return false, fmt.Errorf("run with mounts of its own: %w", err)
	}
	return false, nil
}

// Disk is a small one that can be filled.
type Disk struct{ dir string }

// Mount lays one at a folder, of a size that tmpfs understands; in the child of OwnMounts.
func Mount(t TB, dir, size string) Disk {
	t.Helper()
	must(t, errors.Join(os.MkdirAll(dir, 0o700), syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)), "mount a small disk")
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Logf("unmount a small disk: %v", err)
		}
	})
	return Disk{dir}
}

func (d Disk) filler() string { return filepath.Join(d.dir, "filler") }

// Fill leaves so many bytes.
func (d Disk) Fill(t TB, leave int64) {
	t.Helper()
	var s syscall.Statfs_t
	must(t, syscall.Statfs(d.dir, &s), "look at a small disk")
	free := int64(s.Bavail)*s.Bsize - leave //nolint:gosec // a small disk
	// A program that writes meanwhile may have taken some of it: full is full.
	if err := os.WriteFile(d.filler(), make([]byte, max(0, free)), 0o600); !errors.Is(err, syscall.ENOSPC) {
		must(t, err, "fill a small disk")
	}
}

// Empty gives back what Fill took.
func (d Disk) Empty(t TB) {
	t.Helper()
	must(t, os.Remove(d.filler()), "empty a small disk")
}
