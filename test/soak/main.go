// Command soak proves what takes long: that a thousand kills lose no reading, that three days of backlog
// drain in minutes while alarms pass, that nothing grows in a day. make soak runs it; a short run of kill
// is among the tests. Rule that must never break: it looks at the real programs from outside only, what
// it counts it has seen at the device, and whoever reads a failure can repeat it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const usage = `usage: soak kill|drain|age [flags]
  kill   random kills of terminal, centre, broker and link; every reading is accounted for
  drain  72 hours of backlog through 1 Mbit/s and 100 ms, with new alarms meanwhile
  age    a day's worth of data; memory, goroutines and open files are watched
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	commands := map[string]func([]string) error{"kill": killCommand, "drain": drainCommand, "age": ageCommand}
	run, ok := commands[os.Args[1]]
	if !ok {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// common are the flags of every command.
type common struct {
	bin, out string
}

func flags(name string) (*flag.FlagSet, *common) {
	f, c := flag.NewFlagSet(name, flag.ExitOnError), &common{}
	f.StringVar(&c.bin, "bin", "../bin", "folder of the programs")
	f.StringVar(&c.out, "out", "", "file for the result as JSON; empty: standard output")
	return f, c
}

// programs are those of the flags; they run in folders of their own.
func (c *common) programs() (harness.Programs, error) {
	dir, err := filepath.Abs(c.bin)
	if err != nil {
		return harness.Programs{}, fmt.Errorf("find the programs: %w", err)
	}
	p := harness.In(dir)
	if _, err := os.Stat(p.Central); err != nil {
		return p, fmt.Errorf("the programs are not built, run make build: %w", err)
	}
	return p, nil
}

// write puts a result where the flags say.
func (c *common) write(result any) error {
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	if c.out == "" {
		fmt.Println(string(text))
		return nil
	}
	if err := os.WriteFile(c.out, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// journal is one line for each thing that is done.
type journal struct {
	out   io.Writer
	begun time.Time
}

func (j *journal) say(format string, args ...any) {
	fmt.Fprintf(j.out, "%9.3f %s\n", time.Since(j.begun).Seconds(), fmt.Sprintf(format, args...))
}
