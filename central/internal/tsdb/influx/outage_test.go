package influx_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/central/internal/tsdb/influx"
	"github.com/fengsui/fengsui/central/internal/tsdb/influx/influxtest"
	"github.com/fengsui/fengsui/shared/wire"
)

// hour is what a centre receives while InfluxDB is away: more than memory may hold of it (5,000 readings in
// these tests), late readings, and some that are sent twice.
const hour = 3600

// TestAnHourWithoutInfluxDBLosesNothing kills the server, commits an hour of readings, and looks at every
// stage whether newest values and charts are right and each reading counts once.
func TestAnHourWithoutInfluxDBLosesNothing(t *testing.T) {
	s := influxtest.Start(t, influxtest.Options{})
	bucket := s.Bucket(t, "outage", "0s")
	dir := t.TempDir()
	c := client(t, s, bucket)
	d := open(t, dir, c)
	defer func() { shut(t, d) }()

	known := 0 // readings of each device, one a second
	add := func(seconds int) {
		t.Helper()
		for range seconds / 60 {
			for device := range 4 {
				var rs []wire.Reading
				for i := range 60 {
					rs = append(rs, reading(fmt.Sprint("d", device), known+i, float64(known+i)))
				}
				commit(t, d, rs...)
				if device == 3 {
					commit(t, d, rs[:7]...) // sent again
				}
			}
			known += 60
		}
	}
	newest := func() {
		t.Helper()
		list, err := d.Latest(t.Context())
		if err != nil || len(list) != 4 || list[3].Value != float64(known-1) {
			t.Fatalf("newest values: %+v, %v", list, err)
		}
	}
	chart := func(stage string) {
		t.Helper()
		newest()
		for device := range 4 {
			q := telemetry.Query{Device: fmt.Sprint("d", device), Property: "level", From: at(0), To: at(4 * hour), Points: 50}
			got, err := d.Query(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			total := int64(0)
			for _, b := range got.Buckets {
				first := b.At.Sub(at(0)).Seconds()
				if b.Min != first || b.Last != first+float64(b.Count)-1 || b.Max != b.Last || b.Mean != (b.Min+b.Max)/2 {
					t.Errorf("%s: bucket %+v", stage, b)
				}
				total += b.Count
			}
			if total != int64(known) {
				t.Errorf("%s: the chart of d%d has %d readings, want %d", stage, device, total, known)
			}
		}
	}
	add(1200)
	forward(t, d)
	chart("forwarded")
	add(60)
	chart("a minute waits")

	s.Kill(t)
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(hour)
	newest()
	waitFor(t, func() bool { return d.Forwarding().State == telemetry.ForwardBehind })
	if h := d.Health(); h.State != telemetry.Behind || h.Part != "behind" {
		t.Errorf("got %+v", h)
	}
	if _, err := d.Query(t.Context(), telemetry.Query{Device: "d1", Property: "level", From: at(0), To: at(hour)}); err == nil {
		t.Error("a chart without InfluxDB looks whole")
	}
	if err := d.Backup(t.Context(), t.TempDir()); err != nil {
		t.Errorf("a backup during the outage: %v", err)
	}
	// The centre dies as well, and comes back first.
	shut(t, d)
	d = open(t, dir, c)
	newest()
	s.Back(t)
	chart("back, nothing forwarded yet")
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(300)
	s.Kill(t) // in the middle
	add(300)
	s.Back(t)
	chart("back again")
	waitFor(t, func() bool { return d.Forwarding().Waiting == 0 })
	chart("caught up")
	add(60)
	chart("live again")
	waitFor(t, func() bool { return d.Forwarding().Waiting == 0 })
	if got, want := countAt(t, c), int64(4*known); got != want {
		t.Errorf("InfluxDB holds %d readings, want %d", got, want)
	}
}

func countAt(t *testing.T, c tsdb.Remote) int64 {
	t.Helper()
	total := int64(0)
	for device := range 4 {
		n, err := c.Count(context.Background(), fmt.Sprint("d", device), "level", 0, at(100*hour).UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	return total
}

// TestWhatWasAcceptedBeforeAKillCountsOnce lets InfluxDB have readings that the inbox still holds.
func TestWhatWasAcceptedBeforeAKillCountsOnce(t *testing.T) {
	s := influxtest.Start(t, influxtest.Options{})
	c := client(t, s, s.Bucket(t, "killed", "0s"))
	dir := t.TempDir()
	d := open(t, dir, c)
	var rs []wire.Reading
	var list []telemetry.Sample
	for i := range 1000 {
		rs = append(rs, reading("d1", i, 1))
		list = append(list, telemetry.Sample{Device: "d1", Property: "level", At: at(i), ReceivedAt: at(0), Value: 1})
	}
	commit(t, d, rs...)
	if err := c.Write(t.Context(), list[:700]); err != nil {
		t.Fatal(err)
	}
	shut(t, d)
	d = open(t, dir, c)
	defer func() { shut(t, d) }()
	for _, stage := range []string{"opened again", "forwarded again"} {
		for _, points := range []int{10, 5000} {
			got, err := d.Query(t.Context(), telemetry.Query{Device: "d1", Property: "level", From: at(0), To: at(hour), Points: points})
			if err != nil {
				t.Fatal(err)
			}
			total := int64(0)
			for _, b := range got.Buckets {
				total += b.Count
			}
			if total != 1000 {
				t.Errorf("%s, %d points: %d readings, want 1000", stage, points, total)
			}
		}
		if n := count(t, d, "d1"); n != 1000 {
			t.Errorf("%s: %d readings, want 1000", stage, n)
		}
		forward(t, d)
	}
	if st, err := d.Stats(t.Context()); err != nil || st.Readings != 1000 || st.Forward.Sent != 1000 {
		t.Errorf("got %+v, %v", st, err)
	}
}

// Forgetting does not wait for a server that is away: newest values go at once, and what lies in months from before the
// server waits for the next time.
func TestForgettingDoesNotWaitForAServerThatIsAway(t *testing.T) {
	c, err := influx.New(influx.Options{URL: "http://127.0.0.1:1", Bucket: "b"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for months, want := range map[bool]int{false: 0, true: 1} { // newest values that are left
		dir := t.TempDir()
		if months {
			d, err := tsdb.Open(t.Context(), tsdb.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			commit(t, d, reading("phone", 0, 1))
			if err := d.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
			shut(t, d)
		}
		d := open(t, dir, c)
		commit(t, d, reading("phone", 1, 2))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Forward(ctx) }()
		waitFor(t, func() bool { return d.Forwarding().State != telemetry.ForwardOK })
		out, err := d.Forget(t.Context(), []string{"phone"}, []string{"level"}, at(0).AddDate(0, 0, 1), func(int64) error { return nil })
		if err != nil || out.Held != months || out.Readings != 0 {
			t.Errorf("months %v: %+v %v", months, out, err)
		}
		if list, err := d.Latest(t.Context()); err != nil || len(list) != want {
			t.Errorf("months %v: newest values %+v %v", months, list, err)
		}
		stop()
		if err := <-ended; err == nil {
			t.Error("a server that is away took everything")
		}
		if months { // the next time
			if out, err := d.Forget(t.Context(), []string{"phone"}, []string{"level"}, at(0).AddDate(0, 0, 1), func(int64) error { return nil }); err != nil || out.Held || out.Readings != 1 {
				t.Errorf("the next time: %+v %v", out, err)
			}
		}
		shut(t, d)
	}
}
