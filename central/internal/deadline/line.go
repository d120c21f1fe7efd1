package deadline

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// stepped is how far the wall clock may run from the steady one between two looks before it counts as set.
const stepped = 2 * time.Second

// Sample is one look at the clocks of the machine: the wall's, and how long the machine has been up, which
// nobody can set. Boot names this start of the machine.
type Sample struct {
	Wall time.Time
	Boot string
	Up   time.Duration
}

// Line is how far the wall clock was set in all, and the last look. Counted clocks are kept without the
// shift, so that setting the clock moves every one of them in one write.
type Line struct {
	Shift time.Duration
	Last  Sample
}

// look goes on to another sample and says by how much the wall clock was set in between. Across a start of
// the machine nobody knows how long it was off: then only a clock that runs backwards was surely set.
func (l Line) look(s Sample) (Line, time.Duration) {
	var step time.Duration
	switch {
	case l.Last.Wall.IsZero():
	case l.Last.Boot == s.Boot && s.Up >= l.Last.Up:
		if step = s.Wall.Sub(l.Last.Wall) - (s.Up - l.Last.Up); step.Abs() < stepped {
			step = 0
		}
	case s.Wall.Before(l.Last.Wall):
		step = s.Wall.Sub(l.Last.Wall)
	}
	return Line{l.Shift + step, s}, step
}

// kept is a time of a clock as it is kept, and shown the other way round.
func (l Line) kept(scale Scale, t time.Time) time.Time {
	if scale == Counted {
		return t.Add(-l.Shift)
	}
	return t
}

func (l Line) shown(scale Scale, t time.Time) time.Time {
	if scale == Counted {
		return t.Add(l.Shift)
	}
	return t
}

// moment is a time of the counted scale, kept or shown, where there is one.
func (l Line) moment(t *time.Time, to func(Line, Scale, time.Time) time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := to(l, Counted, *t)
	return &at
}

// MachineClocks looks at the clocks of this machine. The steady one is the kernel's time since boot, which
// goes on while the machine sleeps; where it cannot be read, the program's own.
func MachineClocks() func() Sample {
	start := time.Now()
	boot := fmt.Sprintf("process %d %d", os.Getpid(), start.UnixNano())
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if _, failed := uptime(); err == nil && failed == nil {
		boot = strings.TrimSpace(string(id))
	}
	return func() Sample {
		now := time.Now()
		s := Sample{Wall: now.Round(0).UTC(), Boot: boot, Up: now.Sub(start)}
		if !strings.HasPrefix(boot, "process ") {
			if up, err := uptime(); err == nil {
				s.Up = up
			}
		}
		return s
	}
}

// uptime reads /proc/uptime (proc(5)): seconds since boot with two decimals.
func uptime() (time.Duration, error) {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	return time.Duration(seconds * float64(time.Second)), err
}
