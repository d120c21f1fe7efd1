// Command bench measures the targets of the design on the machine it runs on and writes the figures into
// docs/benchmarks.md. make bench runs it. Rule that must never break: a figure is what was measured in
// this run, with the real programs over the network; what could not be measured says why.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// figure is one line of the report.
type figure struct {
	What, Target, Measured string
}

// measurement is one part of the bench.
type measurement struct {
	name string
	run  func(t host, o options) []figure
}

type options struct {
	programs harness.Programs
	bin      string
	seconds  time.Duration // of each throughput run
	set      bool          // seconds were given
}

func measurements() []measurement {
	return []measurement{
		{"size", sizes},
		{"compare", comparison},
		{"batches", batchThroughput},
		{"sealed", sealed},
		{"year", year},
		{"alarm", alarmLatency},
		{"video", firstFrame},
		{"cold", coldStart},
		{"viewers", forwarding},
		{"tiles", tileSwitch},
		{"record", recordingCost},
		{"consult", consultation},
		{"loss", overBadLinks},
		{"thin", overThinLink},
		{"narrow", overNarrowLink},
		{"paint", firstPaint},
		{"idle", idle},
		{"ten", tenDevices},
		{"report", reportLatency},
		{"clocks", dueAtOnce},
		{"dispatch", proposals},
		{"activation", activation},
	}
}

func run() error {
	bin := flag.String("bin", "../bin", "folder of the programs")
	out := flag.String("out", "", "file for the report; empty: standard output")
	only := flag.String("only", "", "comma-separated parts: size, compare, batches, sealed, year, alarm, video, cold, viewers, consult, tiles, record, loss, thin, narrow, paint, idle, ten, report, clocks, dispatch, activation")
	seconds := flag.Int("seconds", 15, "length of each throughput run, and of the part loss (there 300 when it is not given)")
	raw := flag.String("figures", "", "file for the figures alone, as JSON")
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "seconds" })
	dir, err := filepath.Abs(*bin) // the programs run in folders of their own
	if err != nil {
		return fmt.Errorf("find the programs: %w", err)
	}
	o := options{programs: harness.In(dir), bin: dir, seconds: time.Duration(*seconds) * time.Second, set: set}
	if _, err := os.Stat(o.programs.Central); err != nil {
		return fmt.Errorf("the programs are not built, run make build: %w", err)
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(*only, ",") {
		wanted[name] = true
	}
	var figures []figure
	var failed error
	for _, m := range measurements() {
		if *only != "" && !wanted[m.name] {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", m.name)
		got, err := measure(m, o)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("measure %s: %w", m.name, err))
			figures = append(figures, notMeasured(m.name, err))
			continue
		}
		for _, f := range got {
			fmt.Fprintf(os.Stderr, "  %s: %s\n", f.What, f.Measured)
		}
		figures = append(figures, got...)
	}
	if *raw != "" {
		text, err := json.Marshal(figures)
		return errors.Join(failed, err, os.WriteFile(*raw, text, 0o600))
	}
	text := report(figures, os.Args)
	if *out == "" {
		fmt.Print(text)
		return failed
	}
	if err := os.WriteFile(*out, []byte(text), 0o644); err != nil {
		return errors.Join(failed, fmt.Errorf("write report: %w", err))
	}
	return failed
}
