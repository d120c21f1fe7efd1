package release

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// window bounds what a terminal needs of memory to unpack.
const window = 1 << 20

// shelf is the folder of the files: HASH.zst whole, HASH.part while it is uploaded.
type shelf struct{ dir string }

func (s shelf) packed(r wire.Release) string { return filepath.Join(s.dir, r.SHA256+".zst") }
func (s shelf) part(r wire.Release) string   { return filepath.Join(s.dir, r.SHA256+".part") }

// received is how much of an upload has come.
func (s shelf) received(r wire.Release) int64 {
	info, err := os.Stat(s.part(r))
	if err != nil {
		return 0
	}
	return info.Size()
}

// add writes a piece of an upload at its place, which is the end of what has come.
func (s shelf) add(r wire.Release, offset int64, text []byte) (int64, error) {
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return 0, fmt.Errorf("make folder of releases: %w", err)
	}
	have := s.received(r)
	if offset != have || offset+int64(len(text)) > r.Size {
		return have, errs.E(errs.Conflict, "release.offset", "the next piece begins at byte %d of %d", have, r.Size)
	}
	f, err := os.OpenFile(s.part(r), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return have, fmt.Errorf("write upload: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return have, fmt.Errorf("write upload: %w", err)
	}
	return have + int64(len(text)), nil
}

// pack compares a whole upload with its hash and packs it. An upload that is another file is thrown away.
func (s shelf) pack(r wire.Release) (int64, error) {
	in, err := os.Open(s.part(r))
	if err != nil {
		return 0, fmt.Errorf("read upload: %w", err)
	}
	defer func() { _ = in.Close() }()
	fresh := s.packed(r) + ".new"
	out, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, fmt.Errorf("pack program: %w", err)
	}
	z, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, fmt.Errorf("pack program: %w", err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(z, sum), in)
	if err = errors.Join(err, z.Close(), out.Sync()); err != nil {
		return 0, fmt.Errorf("pack program: %w", errors.Join(err, out.Close(), os.Remove(fresh)))
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != r.Size || got != r.SHA256 {
		return 0, errors.Join(errs.E(errs.Invalid, "release.hash", "the file is not the one that was announced: its hash is %.12s…, not %.12s…; upload it again", got, r.SHA256),
			out.Close(), os.Remove(fresh), os.Remove(s.part(r)))
	}
	info, err := out.Stat()
	if err = errors.Join(err, out.Close()); err == nil {
		err = errors.Join(os.Rename(fresh, s.packed(r)), os.Remove(s.part(r)))
	}
	if err != nil {
		return 0, fmt.Errorf("pack program: %w", err)
	}
	return info.Size(), nil
}

// whole reports whether the packed file of a release is there.
func (s shelf) whole(r Release) bool {
	info, err := os.Stat(s.packed(r.Release))
	return err == nil && r.Packed > 0 && info.Size() == r.Packed
}

// read is a piece of the packed file.
func (s shelf) read(r Release, from, to int64) ([]byte, error) {
	f, err := os.Open(s.packed(r.Release))
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "release.missing", "the file of "+r.ID+" is missing; upload it again")
	}
	defer func() { _ = f.Close() }()
	out := make([]byte, to-from+1)
	if _, err := io.ReadFull(io.NewSectionReader(f, from, to-from+1), out); err != nil {
		return nil, fmt.Errorf("read program: %w", err)
	}
	return out, nil
}

// remove deletes the files of a release.
func (s shelf) remove(r wire.Release) error {
	var out error
	for _, file := range []string{s.packed(r), s.part(r)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			out = errors.Join(out, err)
		}
	}
	return out
}
