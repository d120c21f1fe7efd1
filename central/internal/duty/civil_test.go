package duty

import (
	"archive/zip"
	"flag"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// everyDay tries hand-offs on every day of every zone, instead of around the changes of the clocks and on
// days drawn by lot: go test ./central/internal/duty -run Zone -every-day -timeout 0.
var everyDay = flag.Bool("every-day", false, "try hand-offs on every day 2000 to 2100 in every zone")

// zones are all zones of the IANA database that Go carries, each under one of its names.
func zones(t *testing.T) []string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("find Go: %v", err)
	}
	z, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatalf("open zones: %v", err)
	}
	defer z.Close()
	var out []string
	same := map[uint32]bool{}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") && !same[f.CRC32] {
			same[f.CRC32] = true
			out = append(out, f.Name)
		}
	}
	if len(out) < 300 {
		t.Fatalf("only %d zones", len(out))
	}
	return out
}

// days are those to try in a zone: around every change of its clocks 2000 to 2100, and some by lot.
func days(loc *time.Location, lot *rand.Rand) []Day {
	var out []Day
	first, last := Day("2000-01-01"), Day("2100-12-31")
	if *everyDay {
		for d := first; d <= last; d = d.Add(1) {
			out = append(out, d)
		}
		return out
	}
	for at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() <= 2100; {
		_, end := at.In(loc).ZoneBounds()
		if end.IsZero() {
			break
		}
		if !end.After(at) {
			end = at.Add(24 * time.Hour)
		}
		at = end
		if year := end.Year(); year <= 2037 || year%9 == 4 { // from 2038 on every year follows one rule; 2040 is a leap year
			d := DayOf(end, loc)
			out = append(out, d.Add(-1), d)
		}
	}
	for range 20 {
		out = append(out, first.Add(lot.IntN(36890)))
	}
	return out
}

// Around the clock, in watches that meet at wall times of every kind, nobody stands before the other has
// come and nobody is missing, in any zone and in any year.
func TestHandOffsInEveryZoneLeaveNoGapAndNoOverlap(t *testing.T) {
	t.Parallel()
	schemes := [][]Watch{
		{{"全天", "08:30", "08:30"}},
		{{"全天", "00:00", "00:00"}},
		{{"早", "00:00", "01:30"}, {"中", "01:30", "02:30"}, {"晚", "02:30", "00:00"}},
		{{"白", "08:00", "20:00"}, {"夜", "20:00", "08:00"}},
	}
	lot := rand.New(rand.NewPCG(1, 2))
	tried := 0
	for _, name := range zones(t) {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, d := range days(loc, lot) {
			for _, scheme := range schemes {
				var end time.Time
				for _, day := range []Day{d, d.Add(1)} {
					for _, w := range scheme {
						from, to := w.span(day, loc)
						tried++
						if to.Before(from) {
							t.Fatalf("%s %s %s: ends %s before it begins %s", name, day, w.From, to, from)
						}
						if !end.IsZero() && !from.Equal(end) {
							t.Fatalf("%s %s %s: begins %s, the one before ends %s", name, day, w.From, from, end)
						}
						if !reaches(from, day, w.From, loc) || reaches(from.Add(-time.Second), day, w.From, loc) {
							t.Fatalf("%s %s %s: %s is not the first moment", name, day, w.From, from)
						}
						if to.Sub(from) > 51*time.Hour {
							t.Fatalf("%s %s %s: lasts %s", name, day, w.From, to.Sub(from))
						}
						end = to
					}
				}
			}
		}
	}
	t.Logf("%d watches tried", tried)
}

// reaches reports whether the clocks of the place show the wall time of the day, or a later one.
func reaches(at time.Time, d Day, c Clock, loc *time.Location) bool {
	return at.In(loc).Format("2006-01-02 15:04:05") >= string(d)+" "+string(c)+":00"
}

// The rule itself: the first instant at which the clocks show that wall time of that day, or a later one.
func TestHandOffIsTheFirstMomentTheClocksReachIt(t *testing.T) {
	for _, c := range []struct {
		zone string
		day  Day
		at   Clock
		want string
	}{
		{"Asia/Shanghai", "2026-11-26", "08:30", "2026-11-26T00:30:00Z"},
		{"Asia/Shanghai", "1986-05-04", "02:30", "1986-05-03T18:00:00Z"},       // missing: the clocks jump from 02:00 to 03:00
		{"Asia/Shanghai", "1986-09-14", "01:30", "1986-09-13T16:30:00Z"},       // twice: the first counts
		{"Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00:00Z"},       // missing
		{"Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30:00Z"},       // twice
		{"Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30:00Z"}, // half an hour is missing
		{"America/Asuncion", "2020-10-04", "00:00", "2020-10-04T04:00:00Z"},    // midnight is missing
		{"Pacific/Apia", "2011-12-30", "08:30", "2011-12-30T10:00:00Z"},        // the whole day is missing
		{"Pacific/Apia", "2011-12-31", "00:00", "2011-12-30T10:00:00Z"},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.day.At(c.at, loc).Format(time.RFC3339); got != c.want {
			t.Errorf("%s %s %s: got %s, want %s", c.zone, c.day, c.at, got, c.want)
		}
	}
}

func TestDaysAndClocksAreReadStrictly(t *testing.T) {
	for text, want := range map[Day]bool{"2026-11-26": true, "2024-02-29": true, "2026-02-29": false, "2026-1-1": false, "": false, "2026-13-01": false} {
		if text.Valid() != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	for text, want := range map[Clock]bool{"00:00": true, "23:59": true, "24:00": false, "8:30": false, "": false} {
		if text.Valid() != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
