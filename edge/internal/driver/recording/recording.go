// Package recording plays a recorded file as if it were a device: for demonstrations, for training and to
// try rules. Rule that must never break: what it plays is labelled as demonstration, which edge/app does.
package recording

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/wire"
)

// maxRows bounds a recording: a day of readings every second.
const maxRows = 100_000

// device plays one file.
type device struct {
	file    string
	profile *profile.Profile
}

// row is what was said at one moment.
type row struct {
	at      time.Duration // from the beginning
	samples []driver.Sample
}

// Open makes a device; the address is the path of a CSV file.
func Open(o driver.Options) (driver.Device, error) {
	if o.Profile.Recording == nil {
		return nil, fmt.Errorf("open %s: profile %s is not for recordings", o.ID, o.Profile.ID)
	}
	if !filepath.IsAbs(o.Address) {
		return nil, fmt.Errorf("open %s: %q is not the path of a file", o.ID, o.Address)
	}
	return &device{file: o.Address, profile: o.Profile}, nil
}

// Close implements driver.Device.
func (*device) Close() error { return nil }

// Listen implements driver.Source. After its end a recording that does not loop is silent.
func (d *device) Listen(ctx context.Context, sink driver.Sink) error {
	f, err := os.Open(d.file)
	if err != nil {
		return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
	}
	rows, err := parse(f, d.profile)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		begun := time.Now()
		for _, r := range rows {
			next.Reset(time.Until(begun.Add(r.at)))
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-next.C:
			}
			if err := sink.Take(ctx, driver.Message{Samples: r.samples}); err != nil {
				return fmt.Errorf("take reading of %s: %w", d.file, err)
			}
		}
		if !d.profile.Recording.Loop {
			<-ctx.Done()
			return ctx.Err()
		}
		next.Reset(time.Duration(d.profile.Every))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-next.C:
		}
	}
}

// parse reads a recording: a line of names, at and properties of the profile, then numbers; what is empty
// was not said.
func parse(r io.Reader, p *profile.Profile) ([]row, error) {
	lines := csv.NewReader(r)
	lines.ReuseRecord, lines.Comment = true, '#'
	head, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", driver.ErrMalformed, err)
	}
	columns := append([]string(nil), head...)
	known := map[string]bool{}
	for _, s := range p.Series {
		known[s.Property] = true
	}
	if columns[0] != "at" || len(columns) < 2 {
		return nil, bad(lines, "the columns must be at and properties")
	}
	for _, c := range columns[1:] {
		if !known[c] {
			return nil, bad(lines, "column %.40q is none of the series, or stands there twice", c)
		}
		known[c] = false
	}
	var out []row
	for {
		fields, err := lines.Read()
		switch {
		case errors.Is(err, io.EOF) && len(out) == 0:
			return nil, fmt.Errorf("%w: nothing is recorded", driver.ErrMalformed)
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("%w: %w", driver.ErrMalformed, err)
		case len(out) == maxRows:
			return nil, bad(lines, "more than %d lines", maxRows)
		}
		one, err := parseRow(columns, fields)
		if err != nil {
			return nil, bad(lines, "%w", err)
		}
		if n := len(out); n > 0 && one.at < out[n-1].at {
			return nil, bad(lines, "earlier than the line before it")
		}
		out = append(out, one)
	}
}

func parseRow(columns, fields []string) (row, error) {
	seconds, err := strconv.ParseFloat(fields[0], 64)
	if err != nil || !(seconds >= 0 && seconds <= 366*24*3600) {
		return row{}, fmt.Errorf("at %.40q is not seconds from the beginning", fields[0])
	}
	out := row{at: time.Duration(seconds * float64(time.Second))}
	for i, text := range fields[1:] {
		if text == "" {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return row{}, fmt.Errorf("%s %.40q is no number", columns[i+1], text)
		}
		out.samples = append(out.samples, driver.Sample{Property: columns[i+1], Value: v, Quality: wire.Good})
	}
	return out, nil
}

// bad names the line that was read last.
func bad(lines *csv.Reader, format string, args ...any) error {
	line, _ := lines.FieldPos(0)
	return fmt.Errorf("%w: line %d: %w", driver.ErrMalformed, line, fmt.Errorf(format, args...))
}
