package main

import (
	"bufio"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/test/harness"
)

// aged is the result of a run.
type aged struct {
	Hours    float64  `json:"hours_worth"` // of 100 series read every 10 s
	Readings int64    `json:"readings"`
	Seconds  float64  `json:"seconds"`
	Samples  []sample `json:"samples"`
	Terminal trend    `json:"terminal_rss"`
	Centre   trend    `json:"centre_rss"`
	Heap     trend    `json:"centre_heap"`
	// goroutines of the terminal, from its trace: after the warm-up, and of another life at the end
	Goroutines [2]int `json:"terminal_goroutines"`
}

// sample is one look at both programs.
type sample struct {
	At               float64 `json:"s"`
	Readings         int64   `json:"readings"`
	TerminalRSS      int64   `json:"terminal_rss"`
	TerminalFiles    int     `json:"terminal_files"`
	CentreRSS        int64   `json:"centre_rss"`
	CentreFiles      int     `json:"centre_files"`
	CentreHeap       float64 `json:"centre_heap"` // go_memstats_heap_inuse_bytes
	CentreGoroutines float64 `json:"centre_goroutines"`
}

// trend is the straight line through the samples of the second half.
type trend struct {
	Mean  float64 `json:"mean_mb"`
	Slope float64 `json:"mb_per_day_worth"`
}

func ageCommand(args []string) error {
	f, c := flags("age")
	hours := f.Float64("hours", 24, "worth of data: 100 series, a reading each 10 s; it is read a hundred times as fast")
	_ = f.Parse(args) // it ends the program
	programs, err := c.programs()
	if err != nil {
		return err
	}
	var result aged
	if err := harness.Try(func(h *harness.Host) { result = age(h, programs, *hours) }); err != nil {
		return err
	}
	return c.write(result)
}

const (
	agingPace = "100ms"
	warmUp    = time.Minute
	lookEvery = 10 * time.Second
)

func age(t *harness.Host, programs harness.Programs, hours float64) aged {
	log := &journal{os.Stderr, time.Now()}
	dir := firmware(t)
	field := harness.StartField(t, programs, scene(dir, stations))
	metrics := testserver.FreeAddr(t)
	c := harness.StartCentre(t, programs, harness.CentreOptions{Level: "warn", Extra: "metrics:\n  listen: " + metrics + "\ntelemetry:\n  seal_after_minutes: 1\n"})
	e := newEdge(t, c, field, dir, "soak-edge", c.TLS, agingPace)
	c.EnrolEdge(t, e.ID, e.Config)
	e.Start(t)
	live := c.Admin.Live(t) // a desk looks on all the time
	log.say("warming up")
	time.Sleep(warmUp)
	r := aged{Hours: hours}
	r.Goroutines[0] = trace(e)
	e.Start(t)
	begun, from := time.Now(), c.Stats(t).Readings
	want := from + int64(hours*360*100)
	for {
		s := look(t, c, e, metrics)
		s.At = time.Since(begun).Seconds()
		r.Samples = append(r.Samples, s)
		if len(r.Samples)%6 == 1 {
			log.say("%d readings; terminal %.1f MB, %d files; centre %.1f MB, heap %.1f MB, %d files, %.0f goroutines", s.Readings-from,
				float64(s.TerminalRSS)/1e6, s.TerminalFiles, float64(s.CentreRSS)/1e6, s.CentreHeap/1e6, s.CentreFiles, s.CentreGoroutines)
		}
		if s.Readings >= want {
			break
		}
		t.Must(live.Err())
		time.Sleep(lookEvery)
	}
	r.Readings, r.Seconds = c.Stats(t).Readings-from, time.Since(begun).Seconds()
	perDay := 24 * 36000 / float64(r.Readings) * r.Seconds // seconds of this run that a day's worth takes
	r.Terminal = line(r.Samples, perDay, func(s sample) float64 { return float64(s.TerminalRSS) })
	r.Centre = line(r.Samples, perDay, func(s sample) float64 { return float64(s.CentreRSS) })
	r.Heap = line(r.Samples, perDay, func(s sample) float64 { return s.CentreHeap })
	r.Goroutines[1] = trace(e)
	log.say("terminal %+v, centre %+v, heap %+v, goroutines of the terminal %v", r.Terminal, r.Centre, r.Heap, r.Goroutines)
	return r
}

// trace ends the terminal by SIGQUIT and counts the goroutines that it then prints.
func trace(e *harness.Edge) int {
	said := len(e.Stderr())
	e.Quit()
	return strings.Count(e.Stderr()[said:], "\ngoroutine ")
}

func look(t *harness.Host, c *harness.Centre, e *harness.Edge, metrics string) sample {
	edge, err := e.Use()
	t.Must(err)
	centre, err := c.Use()
	t.Must(err)
	s := sample{
		Readings: c.Stats(t).Readings, TerminalRSS: edge.RSS, TerminalFiles: edge.Files, CentreRSS: centre.RSS, CentreFiles: centre.Files,
	}
	answer, err := http.Get("http://" + metrics + "/metrics") //nolint:noctx,gosec // our own program
	t.Must(err)
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "go_memstats_heap_inuse_bytes":
			s.CentreHeap, err = strconv.ParseFloat(value, 64)
		case "go_goroutines":
			s.CentreGoroutines, err = strconv.ParseFloat(value, 64)
		}
		t.Must(err)
	}
	return s
}

// line is the least-squares line through the second half of the samples.
func line(samples []sample, perDay float64, of func(sample) float64) trend {
	half := samples[len(samples)/2:]
	n, sx, sy, sxx, sxy := float64(len(half)), 0.0, 0.0, 0.0, 0.0
	for _, s := range half {
		x, y := s.At/perDay, of(s)/1e6
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	out := trend{Mean: sy / n}
	if d := n*sxx - sx*sx; d > 0 {
		out.Slope = (n*sxy - sx*sy) / d
	}
	return out
}
