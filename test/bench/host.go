package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/test/harness"
)

// host stands in for a test: it ends a measurement that cannot go on and cleans up after it.
type host struct {
	cleanups []func()
	failed   bool
}

// stopped is how Fatalf ends a measurement.
type stopped struct{ text string }

var errStopped = errors.New("the measurement ended")

func (h *host) Helper() {}

func (h *host) Fatalf(format string, args ...any) {
	h.failed = true
	panic(stopped{fmt.Sprintf(format, args...)})
}

func (h *host) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (h *host) Cleanup(f func()) { h.cleanups = append(h.cleanups, f) }

func (h *host) Failed() bool { return h.failed }

func (h *host) TempDir() string {
	dir, err := os.MkdirTemp("", "fengsui-bench-")
	if err != nil {
		h.Fatalf("make folder: %v", err)
	}
	h.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (h *host) must(err error) {
	if err != nil {
		h.Fatalf("%v", err)
	}
}

// measure runs one part and cleans up, whatever happens.
func measure(m measurement, o options) (figures []figure, err error) {
	h := &host{}
	defer func() {
		if r := recover(); r != nil {
			s, ok := r.(stopped)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("%w: %s", errStopped, s.text)
		}
		for _, clean := range slices.Backward(h.cleanups) {
			clean()
		}
	}()
	return m.run(h, o), nil
}

// usage is what a process has used so far.
type usage struct {
	CPU time.Duration
	RSS int64
}

// use reads a process from /proc.
func (h *host) use(p *harness.Process) usage {
	dir := filepath.Join("/proc", strconv.Itoa(p.PID()))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	h.must(err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, err := strconv.ParseInt(fields[11], 10, 64)
	h.must(err)
	system, err := strconv.ParseInt(fields[12], 10, 64)
	h.must(err)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	u := usage{CPU: time.Duration(user+system) * tick}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	h.must(err)
	for line := range strings.SplitSeq(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			h.must(err)
			u.RSS = kb << 10
		}
	}
	return u
}

// quantile of durations, by sorting.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(all))
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond)) }

func mb(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// machine describes where the figures come from.
func machine() string {
	return fmt.Sprintf("%s, %d cores, %s RAM, %s, %s", cpuName(), runtime.NumCPU(), memory(), kernel(), runtime.Version())
}

func cpuName() string { return field("/proc/cpuinfo", "model name") }

func memory() string {
	kb, err := strconv.ParseFloat(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 64)
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f GB", kb/1e6)
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "Linux"
	}
	return "Linux " + strings.TrimSpace(string(text))
}

func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// report is docs/benchmarks.md.
func report(figures []figure, args []string) string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\nWritten by `make bench`; do not edit. The programs run as in production, on one machine together with the\n" +
		"simulated field and the load generators, so the load takes its share of the same cores.\n\n")
	fmt.Fprintf(&b, "- Date: %s\n- Version: %s\n- Machine: %s\n- Command: `go run ./bench %s` in `test/`\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), version.Version, machine(), strings.Join(args[1:], " "))
	b.WriteString("| what | target (design §8) | measured |\n|---|---|---|\n")
	for _, f := range figures {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.What, f.Target, f.Measured)
	}
	b.WriteString(notes)
	return b.String()
}

const notes = `
How each figure is taken:

- **JSON readings**: four simple sensors publish arrays of 100 readings over MQTT QoS 1, 32 messages in
  flight each. Stored means counted by ` + "`/api/v1/telemetry/stats`" + `; CPU is that of the centre alone. The chain
  mosquitto + Telegraf + InfluxDB 1.8 was measured once for the design on another day (87 k readings/s,
  10.4 µs CPU each on two cores); it does not run in this bench, so the comparison is not one of the same run.
- **Edge batches**: four terminals speak the protocol over mutual TLS, 1,000 readings of 20 series a batch,
  eight batches in flight each; the delay is from handing a batch to the socket to its acknowledgement
  after the commit. The second figure paces the same terminals at 40 % of the speed reached.
- **Sealed**: 100 series of a tide with centimetres and a jitter of a few milliseconds, after the sealer is done.
- **Alarm**: a terminal hands in a reading above the limit of a rule without delay; the clock stops when the
  alarm arrives on a live WebSocket. The desk's browser draws within its next frame.
- **First picture**: a stream with a key frame every 4 s that ignores requests for one is already watched by
  somebody; each new viewer asks at a random moment. The clock runs from the request for a ticket to the
  last packet of the first picture that can be decoded, so a browser's decoding comes on top. Cold start is
  from an idle terminal.
- **Memory** is VmRSS.
`
