// Package ballast keeps a file that means nothing beside the data. The centre looks after it at its start:
// when the disk is full, it is let go, so that the centre still starts. Rule that
// must never break: it never takes the last room of a disk.
package ballast

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
)

// name of the file in the data folder.
const name = "ballast"

// step is written at a time.
const step = 64 << 10

// Look makes sure that a data folder has its ballast of size bytes, or lets it go when there is not room for
// a sixteenth of it otherwise. It returns only errors that are no full disk.
func Look(dir string, size int64, log *slog.Logger) error {
	file := filepath.Join(dir, name)
	room, err := fits(dir, size/16)
	if err != nil {
		return err
	}
	_, err = os.Stat(file)
	there := err == nil
	switch {
	case !room && there:
		log.Warn("disk full: the ballast is let go so that the start finds room; free the disk", "file", file, "bytes", size)
		return remove(file)
	case !room:
		log.Error("disk full: there is no ballast to let go; free the disk", "dir", dir)
		return nil
	case there:
		return nil
	}
	if room, err = fill(file, size); err == nil && room {
		room, err = fits(dir, size)
	}
	if err != nil || !room {
		return errors.Join(err, remove(file))
	}
	return nil
}

// fits reports whether so many bytes can be written beside the data now.
func fits(dir string, size int64) (bool, error) {
	file := filepath.Join(dir, name+".try")
	ok, err := fill(file, size)
	return ok, errors.Join(err, remove(file))
}

// fill writes a file; false means that the disk is full.
func fill(file string, size int64) (bool, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return full(err)
	}
	block := make([]byte, step)
	for left := size; left > 0 && err == nil; left -= step {
		_, err = f.Write(block[:min(left, step)])
	}
	if err == nil {
		err = f.Sync()
	}
	return full(errors.Join(err, f.Close()))
}

func full(err error) (bool, error) {
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return false, nil
	}
	return false, fmt.Errorf("write ballast: %w", err)
}

func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("let ballast go: %w", err)
	}
	return nil
}
