package main

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"testing"
	"time"
)

// The past must be a month of every station, end before the demo begins, and hold what a trial is to find: springs
// and storms over the warning levels, one puff of gas, and mostly nothing.
func TestPastIsAMonthWithAFewStorms(t *testing.T) {
	for _, end := range []time.Time{time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC), time.Date(2026, 11, 26, 7, 30, 0, 0, time.UTC)} {
		var text bytes.Buffer
		if err := writePast(&text, end); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&text).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		count, high := map[string]int{}, map[string]int{}
		limits := map[string]float64{"rd-level-1 water_level": 5.2, "rd-level-2 water_level": 5.2, "rd-level-3 water_level": 5.2, "rd-gas-1 ch4_lel": 20, "rd-rain-1 rain_1h": 16}
		for _, r := range rows[1:] {
			at, err := time.Parse(time.RFC3339, r[2])
			if err != nil || !at.Before(end) || end.Sub(at) > (pastDays+1)*24*time.Hour {
				t.Fatalf("%v: %v", r, err)
			}
			v, err := strconv.ParseFloat(r[3], 64)
			if err != nil || v < 0 || v > 40 {
				t.Fatalf("%v: %v", r, err)
			}
			k := r[0] + " " + r[1]
			count[k]++
			if limit, ok := limits[k]; ok && v > limit {
				high[k]++
			}
		}
		for _, c := range courses() {
			if k := c.device + " " + c.property; count[k] != pastDays*24*6 {
				t.Errorf("%s has %d readings", k, count[k])
			}
		}
		for k := range limits {
			if share := float64(high[k]) / float64(count[k]); high[k] == 0 && k != "rd-level-3 water_level" || share > 0.1 {
				t.Errorf("%s is over its limit in %.1f %% of the month", k, 100*share)
			}
		}
	}
}
