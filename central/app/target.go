package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// target is a file that appears under its name whole or not at all.
type target struct {
	file  string
	force bool
	part  *os.File // nil when it is finished or given up
}

// newTarget opens the file under another name beside it.
func newTarget(to BackupTo) (*target, error) {
	file, err := filepath.Abs(to.File)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", to.File, err)
	}
	t := &target{file: file, force: to.Force}
	if err := t.free(); err != nil {
		return nil, err
	}
	// CreateTemp makes it readable by its owner alone.
	if t.part, err = os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*"); err != nil {
		return nil, fmt.Errorf("create backup: %w", err)
	}
	return t, nil
}

func (t *target) free() error {
	info, err := os.Lstat(t.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look for %s: %w", t.file, err)
	case info.IsDir():
		return fmt.Errorf("%s is a folder; name a file in it", t.file)
	case !t.force:
		return fmt.Errorf("%s exists already; choose another name or give --force", t.file)
	}
	return nil
}

// Write implements io.Writer.
func (t *target) Write(p []byte) (int, error) { return t.part.Write(p) }

// finish makes what was written durable under its name.
func (t *target) finish() error {
	if err := errors.Join(t.part.Sync(), t.free()); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := os.Rename(t.part.Name(), t.file); err != nil {
		return fmt.Errorf("name backup: %w", err)
	}
	err := t.part.Close()
	t.part = nil
	folder, opened := os.Open(filepath.Dir(t.file))
	if err := errors.Join(err, opened); err != nil {
		return fmt.Errorf("finish backup: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("finish backup: %w", err)
	}
	return nil
}

// discard removes what was not finished.
func (t *target) discard() {
	if t.part != nil {
		_ = t.part.Close()
		_ = os.Remove(t.part.Name())
	}
}

// progress says at most once a second how much of a long copy is written.
type progress struct {
	out         io.Writer
	to          io.Writer
	total, done int64
	said        time.Time
}

// Write implements io.Writer.
func (p *progress) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	p.done += int64(n)
	if p.said.IsZero() {
		p.said = time.Now()
	}
	if err == nil && time.Since(p.said) >= time.Second {
		p.said = time.Now()
		_, err = fmt.Fprintf(p.out, "%s of about %s\n", size(p.done), size(p.total))
	}
	return n, err
}

func size(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
