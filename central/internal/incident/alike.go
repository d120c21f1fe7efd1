package incident

import (
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/fengsui/fengsui/shared/geo"
)

// Sketch is what two accounts of something are compared by. Empty parts count for neither side.
type Sketch struct {
	At       time.Time
	Division string
	Place    string
	Lon, Lat *float64
	Category string
	Text     string
}

// Sketch is what is known of the incident.
func (i Incident) Sketch() Sketch {
	return Sketch{i.OccurredAt, i.Division, i.Place, i.Lon, i.Lat, i.Category, i.Title + " " + i.Summary}
}

// Likely is the likeness from which two accounts are shown as one and the same.
const Likely = 0.5

// Alike says how probably two accounts are of the same thing, 0 to 1, and why: place, time, category, words.
func Alike(a, b Sketch) (score float64, why []string) {
	place := placeAlike(a, b)
	if place < 0 {
		return 0, nil
	}
	parts := []struct {
		name        string
		weight, hit float64
	}{
		{"place", 0.4, place},
		{"time", 0.2, timeAlike(a.At, b.At)},
		{"category", 0.15, categoryAlike(a.Category, b.Category)},
		{"words", 0.25, math.Min(1, 2*dice(pairs(a.Text), pairs(b.Text)))},
	}
	for _, p := range parts {
		score += p.weight * p.hit
		if p.hit >= 0.5 {
			why = append(why, p.name)
		}
	}
	return score, why
}

// placeAlike is negative when the places exclude each other.
func placeAlike(a, b Sketch) float64 {
	if a.Lon != nil && a.Lat != nil && b.Lon != nil && b.Lat != nil {
		switch d := Metres(*a.Lon, *a.Lat, *b.Lon, *b.Lat); {
		case d <= 500:
			return 1
		case d <= 2000:
			return 0.7
		case d <= 5000:
			return 0.4
		case d <= 20_000:
			return 0
		}
		return -1
	}
	if a.Division != "" && b.Division != "" && !geo.Division(a.Division).Covers(geo.Division(b.Division)) && !geo.Division(b.Division).Covers(geo.Division(a.Division)) {
		return -1
	}
	return math.Min(1, 1.5*dice(pairs(a.Place), pairs(b.Place)))
}

func timeAlike(a, b time.Time) float64 {
	switch d := a.Sub(b).Abs(); {
	case a.IsZero() || b.IsZero():
		return 0.5
	case d <= 30*time.Minute:
		return 1
	case d <= 2*time.Hour:
		return 0.7
	case d <= 6*time.Hour:
		return 0.4
	case d <= 24*time.Hour:
		return 0.1
	}
	return 0
}

func categoryAlike(a, b string) float64 {
	group := func(s string) string { g, _, _ := strings.Cut(s, "."); return g }
	switch {
	case a == "" || b == "":
		return 0.5
	case Within(a, b) || Within(b, a):
		return 1
	case group(a) == group(b):
		return 0.3
	}
	return 0
}

// Metres is the distance of two places on a sphere, near enough for places of one city.
func Metres(lon1, lat1, lon2, lat2 float64) float64 {
	const radius = 6_371_000
	rad := math.Pi / 180
	x := (lon2 - lon1) * rad * math.Cos((lat1+lat2)/2*rad)
	y := (lat2 - lat1) * rad
	return radius * math.Hypot(x, y)
}

// pairs are the pairs of neighbouring letters and figures: Chinese has no spaces between words.
func pairs(s string) map[string]int {
	out := map[string]int{}
	var last rune
	for _, r := range strings.ToLower(s) {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			last = 0
			continue
		}
		if last != 0 {
			out[string([]rune{last, r})]++
		}
		last = r
	}
	return out
}

// dice is how much two sets of pairs have in common, 0 to 1 (Sørensen and Dice).
func dice(a, b map[string]int) float64 {
	common, all := 0, 0
	for k, n := range a {
		common += min(n, b[k])
		all += n
	}
	for _, n := range b {
		all += n
	}
	if all == 0 {
		return 0
	}
	return 2 * float64(common) / float64(all)
}
