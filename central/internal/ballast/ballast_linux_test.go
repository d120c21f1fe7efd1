package ballast

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const size = 256 << 10

// smallDisk runs the whole test again in a child process that has a disk of 1 MiB for itself, and returns
// its folder there. In the parent it returns nothing: the test has been run then.
func smallDisk(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SMALL_DISK"); dir != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "SMALL_DISK="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("on the small disk: %v\n%s", err, out)
	}
	return ""
}

func there(t *testing.T, dir string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

func TestBallastIsKeptAndLetGoWhenTheDiskIsFull(t *testing.T) {
	dir := smallDisk(t)
	if dir == "" {
		return
	}
	log := slog.New(slog.DiscardHandler)
	look := func() {
		t.Helper()
		if err := Look(dir, size, log); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		look()
		if !there(t, dir) {
			t.Fatal("there is no ballast on an empty disk")
		}
	}
	glut := filepath.Join(dir, "glut")
	if room, err := fill(glut, 2<<20); room || err != nil {
		t.Fatalf("the disk is not full: %v", err)
	}
	look()
	if there(t, dir) {
		t.Error("the ballast stays on a full disk")
	}
	if room, err := fits(dir, size/2); !room || err != nil {
		t.Errorf("no room was won: %v", err)
	}
	if room, err := fill(filepath.Join(dir, "more"), 2<<20); room || err != nil {
		t.Fatalf("the disk is not full again: %v", err)
	}
	look() // nothing left to let go is no reason not to start
	if err := os.Truncate(glut, 300<<10); err != nil {
		t.Fatal(err)
	}
	look()
	if there(t, dir) {
		t.Error("the ballast takes the last room")
	}
}

func TestAFolderThatIsMissingIsAnError(t *testing.T) {
	if err := Look(filepath.Join(t.TempDir(), "none"), size, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no error")
	}
}
