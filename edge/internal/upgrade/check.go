package upgrade

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/shared/disk"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	probeTimeout = 30 * time.Second
	// spare is what must stay free on the disk: the outbox and its reserve live there as well.
	spare = 16 << 20
	// maxWindow bounds the memory of unpacking; the centre packs with a smaller one.
	maxWindow = 4 << 20
)

// check finds why an upgrade is not even begun.
func (u *Upgrader) check(w wire.Upgrade) error {
	r := w.Release
	floor := u.o.Keeper.Floor(u.o.Floor)
	switch {
	case !version.Valid(r.Version):
		return fmt.Errorf("%.64q is no version", r.Version)
	case r.Arch != runtime.GOARCH:
		return fmt.Errorf("the program is for %.20s, this terminal is %s", r.Arch, runtime.GOARCH)
	case r.Size <= 0 || r.Size > wire.MaxRelease || w.Packed <= 0 || w.Packed > wire.MaxRelease:
		return fmt.Errorf("the program has %d bytes; at most %d are taken", r.Size, wire.MaxRelease)
	case len(r.SHA256) != 2*sha256.Size:
		return errors.New("the hash is no SHA-256")
	case u.o.Key == nil && !u.o.Unsigned:
		return errors.New("this terminal has no key of releases and takes none: set upgrade.key in edge.yml")
	case u.o.Key != nil && !r.SignedBy(u.o.Key):
		return errors.New("the signature is not that of this terminal's key of releases")
	case version.Compare(r.Version, floor) < 0:
		return fmt.Errorf("%s is below the oldest version that may run here, %s", r.Version, floor)
	case version.Compare(r.Version, u.o.Keeper.own) < 0:
		return fmt.Errorf("the installed package %s is newer; it would take over at the next start", u.o.Keeper.own)
	}
	return nil
}

// room finds whether the disk takes what is still to be fetched and the program.
func room(dir string, need int64) error {
	free, err := disk.Free(dir)
	if err != nil {
		return err
	}
	if free < need+spare {
		return fmt.Errorf("the disk is too full: %d MB are free, %d MB are needed", free>>20, (need+spare)>>20+1)
	}
	return nil
}

// unpack writes the program from its packed file and checks that it is the one that was signed.
func unpack(packed, to string, r wire.Release) error {
	in, err := os.Open(packed)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return fmt.Errorf("unpack program: %w", err)
	}
	defer d.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o700)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), io.LimitReader(d, r.Size+1))
	if err != nil && !isDisk(err) {
		err = fmt.Errorf("%w: %w", errHash, err)
	}
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("unpack program: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != r.Size || got != r.SHA256 {
		return errHash
	}
	return nil
}

// errHash is returned for a file that is not the program that was meant.
var errHash = errors.New("what was fetched is not the program that was signed")

// probe runs a program as far as its version and returns its floor.
func probe(ctx context.Context, file, want string) (floor string, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var out []byte
	for try := 0; ; try++ {
		cmd := exec.CommandContext(ctx, file, "version")
		cmd.Env, cmd.WaitDelay = []string{}, time.Second
		out, err = cmd.Output()
		// A process that another part has just forked may hold the file open for writing for a moment.
		if try < 10 && errors.Is(err, syscall.ETXTBSY) {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		break
	}
	if err != nil {
		return "", fmt.Errorf("the program does not run here: %w", err)
	}
	return told(string(out), want)
}

// told reads what a program says of itself: fengsui-edge VERSION COMMIT floor FLOOR OS/ARCH.
func told(text, want string) (floor string, err error) {
	words := strings.Fields(text[:min(len(text), 200)])
	if len(words) < 5 || words[0] != "fengsui-edge" || words[3] != "floor" || !version.Valid(words[4]) {
		return "", errors.New("the program does not say its version as fengsui-edge does")
	}
	if words[1] != want {
		return "", fmt.Errorf("the program says that it is %.40s, not %s", words[1], want)
	}
	return words[4], nil
}

// install puts the fetched program into the free slot.
func (u *Upgrader) install(ctx context.Context, w wire.Upgrade, packed string) (string, error) {
	k := u.o.Keeper
	name := k.free()
	if err := k.clear(name); err != nil {
		return "", err
	}
	fresh := k.file(name) + ".new"
	err := unpack(packed, fresh, w.Release)
	floor := ""
	if err == nil {
		floor, err = probe(ctx, fresh, w.Release.Version)
	}
	if err == nil && version.Compare(u.o.Version, floor) < 0 {
		// It might write what the one that runs now could not read: there would be no way back.
		err = fmt.Errorf("%s can only follow %s or newer; upgrade to that one first", w.Release.Version, floor)
	}
	if err != nil {
		_ = os.Remove(fresh) // it may not have been made
		return "", err
	}
	if err := errors.Join(os.Rename(fresh, k.file(name)), run.SyncDir(k.dir)); err != nil {
		return "", fmt.Errorf("install program: %w", err)
	}
	return name, k.fill(name, slot{Version: w.Release.Version, SHA256: w.Release.SHA256, Floor: floor})
}
