// Package nmea is a simulated satellite receiver: RMC, GGA, VTG and HDT sentences over TCP, moving along a track.
// The simulator runs it, edge agents read it. Rule that must never break: every sentence carries the
// checksum of NMEA 0183 unless a test orders a damaged one, and the position depends on the time alone.
package nmea

import (
	"fmt"
	"math"
	"time"
)

// Place is degrees of WGS 84.
type Place struct{ Lon, Lat float64 }

// Track is a closed way that is driven at an even speed.
type Track struct {
	Places []Place
	Speed  float64 // metres a second
}

// Fix is where the receiver is.
type Fix struct {
	Place  Place
	Speed  float64 // metres a second
	Course float64 // degrees, 0 north
}

const metresPerDegree = 111_195

// metres is the short way between two places and its course.
func metres(a, b Place) (length, course float64) {
	dx := (b.Lon - a.Lon) * metresPerDegree * math.Cos((a.Lat+b.Lat)/2*math.Pi/180)
	dy := (b.Lat - a.Lat) * metresPerDegree
	course = math.Mod(math.Atan2(dx, dy)*180/math.Pi+360, 360)
	return math.Hypot(dx, dy), course
}

// At is the fix so long after the start.
func (t Track) At(since time.Duration) Fix {
	if len(t.Places) == 1 || t.Speed <= 0 {
		return Fix{Place: t.Places[0]}
	}
	total := 0.0
	for i, p := range t.Places {
		l, _ := metres(p, t.Places[(i+1)%len(t.Places)])
		total += l
	}
	if total == 0 {
		return Fix{Place: t.Places[0]}
	}
	rest := math.Mod(math.Max(0, since.Seconds())*t.Speed, total)
	for i, p := range t.Places {
		q := t.Places[(i+1)%len(t.Places)]
		l, course := metres(p, q)
		if rest <= l && l > 0 {
			f := rest / l
			return Fix{Place{p.Lon + (q.Lon-p.Lon)*f, p.Lat + (q.Lat-p.Lat)*f}, t.Speed, course}
		}
		rest -= l
	}
	return Fix{Place: t.Places[0]}
}

// Sentences are the RMC, GGA, VTG and HDT of a fix at a time, each with checksum and line end.
func Sentences(at time.Time, f Fix) string {
	at = at.UTC()
	clock := at.Format("150405.00")
	lat, ns := angle(f.Place.Lat, 2, "N", "S")
	lon, ew := angle(f.Place.Lon, 3, "E", "W")
	knots := f.Speed * 3600 / 1852
	rmc := fmt.Sprintf("GNRMC,%s,A,%s,%s,%s,%s,%.2f,%.1f,%s,,,A", clock, lat, ns, lon, ew, knots, f.Course, at.Format("020106"))
	gga := fmt.Sprintf("GNGGA,%s,%s,%s,%s,%s,1,14,0.8,4.0,M,8.0,M,,", clock, lat, ns, lon, ew)
	vtg := fmt.Sprintf("GNVTG,%.1f,T,,M,%.2f,N,%.2f,K,A", f.Course, knots, f.Speed*3.6)
	hdt := fmt.Sprintf("GNHDT,%.1f,T", f.Course) // it drives where it points
	return frame(rmc) + frame(gga) + frame(vtg) + frame(hdt)
}

// angle writes degrees as NMEA does: whole degrees, then minutes.
func angle(deg float64, digits int, plus, minus string) (text, side string) {
	side = plus
	if deg < 0 {
		side, deg = minus, -deg
	}
	whole := math.Floor(deg)
	minutes := math.Round((deg-whole)*60*1e5) / 1e5
	if minutes >= 60 {
		whole, minutes = whole+1, minutes-60
	}
	return fmt.Sprintf("%0*d%08.5f", digits, int(whole), minutes), side
}

func frame(body string) string {
	sum := byte(0)
	for i := range len(body) {
		sum ^= body[i]
	}
	return fmt.Sprintf("$%s*%02X\r\n", body, sum)
}
