// Package gpio switches lines of the terminal itself through the kernel's files (Linux kernel
// documentation, admin-guide/gpio/sysfs.rst). Rule that must never break: a line becomes an output with
// its level already set, so that a relay does not click through the wrong state.
package gpio

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// chip is a folder such as /sys/class/gpio.
type chip struct {
	dir     string
	profile *profile.Profile
}

// Open makes a device; the address is the folder.
func Open(o driver.Options) (driver.Device, error) {
	if !filepath.IsAbs(o.Address) {
		return nil, fmt.Errorf("open %s: %q is not a folder such as /sys/class/gpio", o.ID, o.Address)
	}
	return &chip{dir: o.Address, profile: o.Profile}, nil
}

// Close implements driver.Device. The lines keep their levels.
func (c *chip) Close() error { return nil }

// Set implements driver.Switch.
func (c *chip) Set(_ context.Context, output string, on bool) error {
	o, line, err := c.line(output)
	if err != nil {
		return err
	}
	high := on != o.ActiveLow
	direction, err := os.ReadFile(filepath.Join(line, "direction"))
	switch {
	case err != nil:
		return unreachable(err)
	case strings.TrimSpace(string(direction)) == "out":
		return write(filepath.Join(line, "value"), map[bool]string{true: "1", false: "0"}[high])
	}
	// "high" and "low" make the line an output with that level at once.
	return write(filepath.Join(line, "direction"), map[bool]string{true: "high", false: "low"}[high])
}

// Get implements driver.Switch.
func (c *chip) Get(_ context.Context, output string) (bool, error) {
	o, line, err := c.line(output)
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(filepath.Join(line, "value"))
	if err != nil {
		return false, unreachable(err)
	}
	switch strings.TrimSpace(string(text)) {
	case "0":
		return o.ActiveLow, nil
	case "1":
		return !o.ActiveLow, nil
	}
	return false, fmt.Errorf("%w: %s reads %.20q", driver.ErrMalformed, line, text)
}

// line is the folder of an output's line; the kernel makes it when asked to.
func (c *chip) line(output string) (*profile.Output, string, error) {
	o := c.profile.Output(output)
	if o == nil || o.Line == nil {
		return nil, "", fmt.Errorf("%w: %s", driver.ErrNoOutput, output)
	}
	number := strconv.Itoa(int(*o.Line))
	line := filepath.Join(c.dir, "gpio"+number)
	if _, err := os.Stat(line); errors.Is(err, fs.ErrNotExist) {
		if err := write(filepath.Join(c.dir, "export"), number); err != nil {
			return nil, "", err
		}
	}
	return o, line, nil
}

// write needs the file to be there: the kernel makes them.
func write(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return unreachable(err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return unreachable(err)
	}
	return nil
}

func unreachable(err error) error { return fmt.Errorf("%w: %w", driver.ErrUnreachable, err) }
