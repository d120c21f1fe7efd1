package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

func killCommand(args []string) error {
	f, c := flags("kill")
	n := f.Int("n", 100, "number of blows")
	seed := f.Uint64("seed", uint64(time.Now().UnixNano())%1e9, "for the same blows again") //nolint:gosec // any number will do
	counters := f.Int("counters", 3, "devices with four counters each")
	pause := f.Duration("pause", 1500*time.Millisecond, "longest time between two blows")
	existing := f.Bool("mosquitto", false, "the broker is a Mosquitto, which is killed too")
	with := f.String("with", "", "more blows, with commas between: restore, full (needs root), power")
	log := f.String("log", "", "file for a line a blow; empty: standard error")
	_ = f.Parse(args) // it ends the program
	programs, err := c.programs()
	if err != nil {
		return err
	}
	plan := killPlan{n: *n, seed: *seed, counters: *counters, pause: *pause, existing: *existing}
	if plan.with, err = kinds(*with); err != nil {
		return err
	}
	if slices.Contains(plan.with, "full") {
		if child, err := harness.OwnMounts(os.Stderr, programs, os.Args[1:]...); !child || err != nil {
			return err
		}
	}
	out := io.Writer(os.Stderr)
	if *log != "" {
		file, err := os.Create(*log)
		if err != nil {
			return fmt.Errorf("make log: %w", err)
		}
		defer file.Close()
		out = file
	}
	var result killed
	if err := harness.Try(func(h *harness.Host) {
		result = kill(h, programs, plan, out)
	}); err != nil {
		return fmt.Errorf("%w; to repeat: %s", err, plan.repeat())
	}
	if err := c.write(result); err != nil {
		return err
	}
	if len(result.Wrong) > 0 {
		return fmt.Errorf("%d lost, %d doubled; to repeat: %s", result.Lost, result.Doubled, result.Repeat)
	}
	return nil
}

type killPlan struct {
	n        int
	seed     uint64
	counters int
	pause    time.Duration
	existing bool     // a Mosquitto instead of the broker within the centre
	with     []string // kinds of moreBlows
	only     bool     // no others
}

// kinds are those of moreBlows that a flag names.
func kinds(flag string) ([]string, error) {
	var out []string
	for name := range strings.SplitSeq(flag, ",") {
		if name == "" {
			continue
		}
		if moreBlows()[name] == nil {
			return nil, fmt.Errorf("-with %s: there are %s", name, strings.Join(sortedKeys(moreBlows()), ", "))
		}
		out = append(out, name)
	}
	return out, nil
}

// repeat is the command for the same blows again.
func (p killPlan) repeat() string {
	command := fmt.Sprintf("go run ./soak kill -n %d -seed %d", p.n, p.seed)
	if len(p.with) > 0 {
		command += " -with " + strings.Join(p.with, ",")
	}
	if p.existing {
		command += " -mosquitto"
	}
	return command
}
