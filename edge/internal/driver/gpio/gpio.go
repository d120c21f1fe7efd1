// Package gpio reads and switches lines of the terminal itself through the kernel's files (Linux kernel
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
	"github.com/fengsui/fengsui/shared/wire"
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
	if len(o.Profile.Series) > 0 && o.Profile.GPIO == nil {
		return nil, fmt.Errorf("open %s: profile %s is not for GPIO", o.ID, o.Profile.ID)
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
	return level(line, o.ActiveLow)
}

// Read implements driver.Reader. A line that is no input yet becomes one first.
func (c *chip) Read(context.Context) ([]driver.Sample, error) {
	var out []driver.Sample
	var failed error
	for _, in := range c.profile.GPIO.Inputs {
		on, err := c.input(in)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", in.Property, err))
			continue
		}
		out = append(out, driver.Sample{Property: in.Property, Value: map[bool]float64{true: 1}[on], Quality: wire.Good})
	}
	return out, failed
}

func (c *chip) input(in profile.GPIOInput) (bool, error) {
	line, err := c.export(in.Line)
	if err != nil {
		return false, err
	}
	direction, err := os.ReadFile(filepath.Join(line, "direction"))
	if err != nil {
		return false, unreachable(err)
	}
	if strings.TrimSpace(string(direction)) != "in" {
		if err := write(filepath.Join(line, "direction"), "in"); err != nil {
			return false, err
		}
	}
	return level(line, in.ActiveLow)
}

// level reports whether a line is on.
func level(line string, activeLow bool) (bool, error) {
	text, err := os.ReadFile(filepath.Join(line, "value"))
	if err != nil {
		return false, unreachable(err)
	}
	switch strings.TrimSpace(string(text)) {
	case "0":
		return activeLow, nil
	case "1":
		return !activeLow, nil
	}
	return false, fmt.Errorf("%w: %s reads %.20q", driver.ErrMalformed, line, text)
}

// line is an output and the folder of its line.
func (c *chip) line(output string) (*profile.Output, string, error) {
	o := c.profile.Output(output)
	if o == nil || o.Line == nil {
		return nil, "", fmt.Errorf("%w: %s", driver.ErrNoOutput, output)
	}
	line, err := c.export(*o.Line)
	return o, line, err
}

// export is the folder of a line; the kernel makes it when asked to.
func (c *chip) export(line uint16) (string, error) {
	number := strconv.Itoa(int(line))
	dir := filepath.Join(c.dir, "gpio"+number)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return dir, write(filepath.Join(c.dir, "export"), number)
	}
	return dir, nil
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
