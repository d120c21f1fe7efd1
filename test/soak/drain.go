package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// drained is the result of a run.
type drained struct {
	Readings   int64     `json:"readings"` // of the backlog
	File       int64     `json:"outbox_bytes"`
	Wrote      float64   `json:"written_in_s"`
	Link       string    `json:"link"`
	Round      string    `json:"connect"` // time that a connection takes
	Seconds    float64   `json:"seconds"` // from the start of the terminal until everything is counted by the centre
	Bytes      int64     `json:"bytes_up"`
	PerReading float64   `json:"bytes_per_reading"` // with all heads, live readings and alarms
	Delays     []float64 `json:"alarm_ms"`
	P50        float64   `json:"alarm_p50_ms"`
	P99        float64   `json:"alarm_p99_ms"`
	Max        float64   `json:"alarm_max_ms"`
	EdgeRSS    int64     `json:"terminal_rss_bytes"`
	CentreRSS  int64     `json:"centre_rss_bytes"`
	Wrong      []string  `json:"wrong,omitempty"`
}

func drainCommand(args []string) error {
	f, c := flags("drain")
	hours := f.Int("hours", 72, "length of the outage")
	rate := f.String("rate", "1mbit", "of the link, each way")
	delay := f.Duration("delay", 50*time.Millisecond, "of the link, one way")
	_ = f.Parse(args) // it ends the program
	programs, err := c.programs()
	if err != nil {
		return err
	}
	if here, err := harness.Alone(os.Args[1:]...); !here {
		return err
	}
	var result drained
	if err := harness.Try(func(h *harness.Host) { result = drain(h, programs, *hours, *rate, *delay) }); err != nil {
		return err
	}
	if err := c.write(result); err != nil {
		return err
	}
	if len(result.Wrong) > 0 {
		return fmt.Errorf("%d series are wrong", len(result.Wrong))
	}
	return nil
}

const stations = 25 // of four series each

func drain(t *harness.Host, programs harness.Programs, hours int, rate string, delay time.Duration) drained {
	log := &journal{os.Stderr, time.Now()}
	s := newSlow(t, rate, delay)
	r := drained{Link: fmt.Sprintf("%s and %s each way", rate, delay), Round: s.round(t).String()}
	log.say("link %s, a connection takes %s", r.Link, r.Round)
	dir := firmware(t)
	text := scene(dir, stations)
	for port := 20001; strings.Contains(text, "127.0.0.1:0"); port++ {
		text = strings.Replace(text, "127.0.0.1:0", fieldSide+":"+strconv.Itoa(port), 1)
	}
	field := harness.StartField(t, programs, text)
	c := harness.StartCentre(t, programs, harness.CentreOptions{Level: "warn", TLS: harness.NearSide + ":8883", Names: []string{harness.NearSide}})
	e := newEdge(t, c, field, dir, "soak-edge", c.TLS, "10s")
	hasten(t, e.Config)
	c.EnrolEdge(t, e.ID, e.Config)
	end := time.Now().Add(-time.Minute)
	books := backlog(t, log, filepath.Join(e.Dir, "data", "outbox.db"), end, hours, &r)
	s.Put(e.Process)
	before, start := received(harness.NearDevice), time.Now()
	e.Start(t)
	harness.WaitFor(t, time.Minute, "the backlog begins to arrive", func() error {
		if got := c.Stats(t).Readings; got < 10_000 {
			return fmt.Errorf("%d readings", got)
		}
		return nil
	})
	stop := make(chan struct{})
	var alarms sync.WaitGroup
	alarms.Go(func() { r.Delays = alarmsMeanwhile(log, c, field, stop) })
	last := time.Now()
	harness.WaitFor(t, 30*time.Minute, "the backlog is at the centre", func() error {
		var got harness.Stats
		if err := c.Admin.Call(http.MethodGet, "/telemetry/stats", nil, &got); err != nil {
			return err
		}
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			log.say("%d of %d readings, %d kB", got.Readings, r.Readings, (received(harness.NearDevice)-before)>>10)
		}
		if got.Readings < r.Readings {
			return fmt.Errorf("%d of %d readings", got.Readings, r.Readings)
		}
		for _, id := range []string{"soak-counter-1/energy", fmt.Sprintf("soak-counter-%d/power", stations)} {
			if n, err := counts(c, id, end, hours); err != nil || n < books[id].Count {
				return fmt.Errorf("%s has %d readings: %w", id, n, err)
			}
		}
		return nil
	})
	r.Seconds, r.Bytes = time.Since(start).Seconds(), received(harness.NearDevice)-before
	r.PerReading = float64(r.Bytes) / float64(r.Readings)
	edge, err := e.Use()
	t.Must(err)
	centre, err := c.Use()
	t.Must(err)
	r.EdgeRSS, r.CentreRSS = edge.RSS, centre.RSS
	close(stop)
	alarms.Wait()
	slices.Sort(r.Delays)
	if n := len(r.Delays); n > 0 {
		r.P50, r.P99, r.Max = r.Delays[n/2], r.Delays[min(n-1, n*99/100)], r.Delays[n-1]
	}
	log.say("drained in %.1f s; %d alarms meanwhile, p50 %.0f ms, p99 %.0f ms, max %.0f ms", r.Seconds, len(r.Delays), r.P50, r.P99, r.Max)
	r.Wrong = compare(t, c, books, end, hours)
	return r
}

// written is what stands in one series: readings and the sum of their values in hundredths.
type written struct {
	Count int64 `json:"count"`
	Sum   int64 `json:"sum"`
}

// backlog fills the outbox of a terminal that was never linked.
func backlog(t *harness.Host, log *journal, file string, end time.Time, hours int, r *drained) map[string]written {
	root, err := harness.Root()
	t.Must(err)
	rounds := int64(hours) * 360
	begun := time.Now()
	cmd := exec.Command("go", "run", "./edge/internal/outbox/backlog", "-file", file, "-devices", strings.Join(names(stations), ","), //nolint:gosec,noctx // our own words; it ends by itself
		"-properties", strings.Join(counted, ","), "-rounds", strconv.FormatInt(rounds, 10),
		"-begin", strconv.FormatInt(end.Add(-time.Duration(rounds)*10*time.Second).UnixMilli(), 10))
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	t.Must(err)
	books := map[string]written{}
	t.Must(json.Unmarshal(out, &books))
	for _, b := range books {
		r.Readings += b.Count
	}
	info, err := os.Stat(file)
	t.Must(err)
	r.File, r.Wrote = info.Size(), time.Since(begun).Seconds()
	log.say("%d readings of %d h in %d series wait in an outbox of %d kB; written in %.0f s", r.Readings, hours, len(books), r.File>>10, r.Wrote)
	return books
}

// hasten has the gas read five times a second; the rest is read as the backlog was.
func hasten(t *harness.Host, config string) {
	text, err := os.ReadFile(config)
	t.Must(err)
	out := strings.Replace(string(text), "generic-gas-ch4-modbus, every: 10s", "generic-gas-ch4-modbus, every: 200ms", 1)
	t.Must(os.WriteFile(config, []byte(out), 0o600))
}

// alarmsMeanwhile lets the gas rise every few seconds and takes the time from there to the live view.
func alarmsMeanwhile(log *journal, c *harness.Centre, f *harness.Field, stop chan struct{}) (ms []float64) {
	live, err := c.Admin.DialLive()
	if err != nil {
		log.say("live view: %v", err)
		return nil
	}
	defer live.Close()
	known := map[string]bool{}
	until := func(what func() bool) bool {
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			if what() {
				return true
			}
			select {
			case <-stop:
				return false
			case <-time.After(2 * time.Millisecond):
			}
		}
		log.say("no alarm, or no end of one, within a minute")
		return true
	}
	for live.Err() == nil {
		begun := time.Now()
		if err := f.Post("/devices/"+gas+"/values", []byte(`{"ch4_lel":80}`)); err != nil {
			log.say("raise the gas: %v", err)
			return ms
		}
		fresh, id := false, ""
		if !until(func() bool {
			found, _ := live.Alarms(gas, "open")
			for _, a := range found {
				if a.Rule == "gas-ch4-high" && !known[a.ID] {
					known[a.ID], fresh, id = true, true, a.ID
				}
			}
			return fresh
		}) {
			return ms
		}
		if fresh {
			ms = append(ms, float64(live.Came(id, "open").Sub(begun).Microseconds())/1000)
		}
		_ = f.Post("/devices/"+gas+"/values", []byte(`{"ch4_lel":5}`)) // the next alarm would not come, and that shows
		if !until(func() bool {
			active, err := c.Admin.Alarms("active")
			for _, a := range active {
				_ = c.Admin.Call(http.MethodPost, "/alarms/"+a.ID+"/ack", map[string]string{"note": ""}, nil) // the next look tries again
			}
			return err == nil && len(active) == 0
		}) {
			return ms
		}
		select {
		case <-stop:
			return ms
		case <-time.After(time.Duration(len(ms)%7) * 150 * time.Millisecond):
		}
	}
	return ms
}

// received is how many bytes came in at an interface of this namespace.
func received(name string) int64 {
	text, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

// counts is how many readings of the backlog a series has at the centre.
func counts(c *harness.Centre, series string, end time.Time, hours int) (n int64, err error) {
	var chart harness.Series
	q := "?points=50&from=" + end.Add(-time.Duration(hours+1)*time.Hour).UTC().Format(time.RFC3339) + "&to=" + end.UTC().Format(time.RFC3339)
	if err := c.Admin.Call(http.MethodGet, "/telemetry/series/"+series+q, nil, &chart); err != nil {
		return 0, err
	}
	for _, b := range chart.Buckets {
		n += b.Count
	}
	return n, nil
}

// compare reads every single reading of the backlog.
func compare(t *harness.Host, c *harness.Centre, books map[string]written, end time.Time, hours int) (wrong []string) {
	for _, series := range sortedKeys(books) {
		rows, err := c.Admin.Readings(series, end.Add(-time.Duration(hours+1)*time.Hour), end)
		t.Must(err)
		got := written{Count: int64(len(rows))}
		for i, row := range rows {
			got.Sum += int64(math.Round(row.Value * 100))
			if i > 0 && !row.At.After(rows[i-1].At) {
				wrong = append(wrong, fmt.Sprintf("%s: a reading at %s follows one at %s", series, row.At, rows[i-1].At))
			}
		}
		if got != books[series] {
			wrong = append(wrong, fmt.Sprintf("%s: %+v at the centre, %+v in the backlog", series, got, books[series]))
		}
	}
	return wrong
}
