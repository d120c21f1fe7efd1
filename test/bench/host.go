package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/test/harness"
)

// host stands in for a test.
type host struct{ *harness.Host }

func (h host) must(err error) { h.Must(err) }

// measure runs one part and cleans up, whatever happens.
func measure(m measurement, o options) (figures []figure, err error) {
	err = harness.Try(func(h *harness.Host) { figures = m.run(host{h}, o) })
	return figures, err
}

// use is what a process has used so far.
func (h host) use(p *harness.Process) harness.Usage {
	u, err := p.Use()
	h.must(err)
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

// notMeasured is the line of a part that failed: the others' figures stand without it.
func notMeasured(part string, err error) figure {
	why, _, _ := strings.Cut(err.Error(), "\n")
	why = strings.NewReplacer("|", "/", "\t", " ").Replace(why)
	if r := []rune(why); len(r) > 300 {
		why = string(r[:300]) + " …"
	}
	return figure{"Part `" + part + "`", "–", "not measured: " + why}
}

// report is docs/benchmarks.md.
func report(figures []figure, args []string) string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\n`make bench` writes all of this. A figure that names a part or a command with a time and a load was taken by that\n" +
		"part alone and put in by hand, often with a newer program and on a busier machine; figures are compared within one run\n" +
		"only. The programs run as in production, on one machine together with the simulated field and the load generators, so\n" +
		"the load takes its share of the same cores.\n\n")
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
  flight each. The clock runs from the first message until the last can be queried; CPU is that of all programs
  of a chain, without the sensors. Right after the centre the same sensors send the same messages, byte for byte,
  to mosquitto 2 (nothing written to disk, unlimited queue), Telegraf 1.30.3 (` + "`mqtt_consumer`" + ` with a persistent
  session: acknowledged when InfluxDB has them; batches of 10,000) and InfluxDB 1.8.10, on the same machine. On both
  sides number and sum of every series are read back by query and compared with what was sent; if they differ there
  is no figure. The centre acknowledges after its commit; mosquitto acknowledges before anything is stored.
- **Edge batches**: four terminals speak the protocol over mutual TLS, 1,000 readings of 20 series a batch,
  eight batches in flight each; the delay is from handing a batch to the socket to its acknowledgement
  after the commit. The second figure paces the same terminals at 40 % of the speed reached.
- **Sealed**: 100 series of a tide with centimetres and a jitter of a few milliseconds, after the sealer is done.
- **Year**: one series with a reading each 10 minutes over 365 days that are over (52,560), sealed and rolled up;
  500 points are asked for, 21 times, and each answer is held against the number of readings.
- **Alarm**: a terminal hands in a reading above the limit of a rule without delay; the clock stops when the
  alarm arrives on a live WebSocket. The desk's browser draws within its next frame.
- **First picture**: a stream with a key frame every 4 s that ignores requests for one is already watched by
  somebody; each new viewer asks at a random moment. The clock runs from the request for a ticket to the
  last packet of the first picture that can be decoded, so a browser's decoding comes on top. From an
  idle terminal nobody has watched the camera before: the centre tells the terminal by MQTT, which connects by WebRTC. A
  camera in standby is open all the time, so the terminal has the pictures since its last key frame; one that is
  opened only then makes the viewer wait for its next key frame, up to 4 s here, which was the whole of the former 3.4 s.
- **Tiles**: one connection with 20 places, of which 16 show 17 streams of one terminal; the 17th runs for another viewer. The clock
  runs from the request that puts another stream at a place to the last packet of the first picture of it, which is a key
  frame with its parameter sets and comes after the RTP time that the answer names.
- **Viewers**: forty viewers of one terminal's camera; its clip is that of the other parts, encoded anew with noise to
  2 Mbit/s (about ten packets a picture, 20 pictures a second). CPU is that of the whole centre, the packets are those
  that arrived at the viewers, and the bits beside them are those of the pictures at each viewer.
- **Recording**: four cameras of one terminal, each with the clip of the viewers and one viewer, who keeps its stream running; CPU of the
  whole centre before and while all four are recorded, a quarter of the difference. Film is what the index says that the
  recordings grew by, the other figure is what the centre gave to write (wchar of the kernel's count), its sockets and
  database included, a quarter of the difference. Then the centre is killed five times and started again: lost is the time from the
  signal back to the end of what the timeline of each camera still has.
- **Consultation**: eight seats in one room, each a plain sender of a picture of 480 × 270 (20 a second, a key frame every
  second) and of sound, through a socket of its own. CPU is that of the whole centre, the packets are those of pictures and sound
  that arrived at the seats; the clock of the last who comes in runs from their offer to the last packet of the first picture of
  the last of the seven others, so a browser's decoding comes on top. Asking for who is there is part of it.
- **Bad links**: terminal and camera, or all but the viewer, are in a network namespace of their own (root is needed); whole
  packets of the kernel, those of the signalling too, pass through two tun devices and the bench, which delays each by half
  the round trip and loses some by chance in each direction, because not every kernel has netem. The camera has a key frame
  every 4 s, ignores requests for one and fills 2 Mbit/s. The viewer asks for lost packets every 25 ms and puts packets into
  order; a picture counts when all of it and all since its key frame have come, a hole of 500 ms is given up and a key frame
  asked for. A cut loses everything for 5 s and tells nobody; the clock runs from its end. ` + "`--only loss --seconds 30`" + ` is a short look.
- **Thin link**: a terminal whose camera is ffmpeg with a noisy test picture (640 × 360, 20 a second, a key frame every 2 s),
  over such a link of 60 ms, whose rate is that of the kernel's token bucket (tc tbf) with 300 ms of room. The clock runs from
  the viewer's request to the start of the program at a bit rate below the link's. A step of the bit rate starts the program
  again, which is a gap in the picture, and so is an attempt at a higher one, about every 20 s at first.
- **Narrow link**: all but the viewer in a namespace, over such a link of 60 ms; from some moment on it carries 500 kbit/s with
  300 ms of room (tc tbf), of which a second viewer, who keeps the smaller picture (160 kbit/s, a key frame every second) running, takes
  its share. What the viewer gets is what the centre says; pictures are counted as for bad links.
- **Map page**: the sensors of 50 terminals, spread over a county, each with a value; a browser without GPU on the same
  machine. The clock runs from the address to a map whose signs, lines and numbers of bubbles add up to all of them, and
  two pictures more; cold is with nothing in the cache of the browser.
- **First report**: an officer of the county signs a written first report that lies ready; an officer of the city has the
  live view open. The clock runs from the request that signs it until the list of the city's desk holds it, which is
  asked for whenever the live view says that reports have changed, as the page does; it draws and rings within its next frame.
- **Clocks**: the engine of the centre on a SQLite file of its own, synced at each commit, with the record of events and
  without the other parts (` + "`BenchmarkTenThousandAtOnce`" + `). A clock fires when its mark is written down; its owner is told in
  a second transaction. Each owner must have been told exactly once. ` + "`TestKillsLoseNoMarkAndDoubleNone`" + ` shows the same over 200 kills.
- **Proposal**: the service that looks for teams and stock, on a SQLite file and a PostgreSQL of its own, right after their
  rows were written, when PostgreSQL has no statistics of them (` + "`BenchmarkPropose`" + `): teams have
  three capabilities of twenty, each of 1,000 warehouses holds what was asked, exactly and in words that are like it.
- **Activation**: the service that carries out a plan, with the engine of clocks and the messages, on a SQLite file and a PostgreSQL of its own
  (` + "`BenchmarkActivate`" + `): all four levels at once, 40 roles filled from the roster, 150 tasks with their clocks, in one transaction.
- **Memory** is VmRSS.
`
