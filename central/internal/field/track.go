package field

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Spot is where somebody was at a time.
type Spot struct {
	At  time.Time `json:"at"`
	Lon float64   `json:"lon"`
	Lat float64   `json:"lat"`
}

// Track is the way that one phone, terminal or crew came, oldest first.
type Track struct {
	ID    string `json:"id"` // of the device, or of the dispatch
	Kind  string `json:"kind" enum:"phone,terminal,crew"`
	Name  string `json:"name"`
	Spots []Spot `json:"spots"`
}

// Trail is the ways of the last hours.
type Trail struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Tracks []Track   `json:"tracks"`
	Left   int       `json:"left"` // how many more there are
}

// The kinds of tracks.
const (
	OfPhone    = "phone"
	OfTerminal = "terminal"
	OfCrew     = "crew"
)

// The most that is shown of where people went, and how long back.
const (
	MaxHours  = 24
	MaxTracks = 40
	MaxSpots  = 300
	apart     = 10.0 // metres below which nothing has moved
)

// Ways are where those of one kind went about an incident; who asks sees only what they may, and who may see none of a
// kind gets none.
type Ways func(ctx context.Context, i incident.Incident, from, to time.Time) ([]Track, error)

// Trail shows where crews, phones and terminals of an incident went in the last hours. An exercise has none: terminals and
// phones are where they really are.
func (s *Service) Trail(ctx context.Context, id string, hours int) (Trail, error) {
	if _, err := actor.Require(ctx, actor.IncidentRead); err != nil {
		return Trail{}, err
	}
	if hours < 1 || hours > MaxHours {
		return Trail{}, errs.Field("field.hours", "hours", "must be 1 to 24")
	}
	i, err := s.Incidents.Get(ctx, id)
	if err != nil {
		return Trail{}, err
	}
	to := stamp()
	out := Trail{From: to.Add(-time.Duration(hours) * time.Hour), To: to, Tracks: []Track{}}
	if world.Of(ctx) != world.Real {
		return out, nil
	}
	for _, ways := range s.Ways {
		list, err := ways(ctx, i, out.From, to)
		if err != nil {
			return Trail{}, err
		}
		for _, t := range list {
			if t.Spots = Thin(t.Spots, MaxSpots); len(t.Spots) > 0 {
				out.Tracks = append(out.Tracks, t)
			}
		}
	}
	newest := func(t Track) time.Time { return t.Spots[len(t.Spots)-1].At }
	slices.SortStableFunc(out.Tracks, func(a, b Track) int { return newest(b).Compare(newest(a)) })
	if len(out.Tracks) > MaxTracks {
		out.Left, out.Tracks = len(out.Tracks)-MaxTracks, out.Tracks[:MaxTracks]
	}
	return out, nil
}

// Thin leaves out what lies where the spot before lies, then every so many that at most so many are left. The first and
// the last stay.
func Thin(list []Spot, most int) []Spot {
	var out []Spot
	for n, p := range list {
		if n == len(list)-1 && len(out) > 1 && metres(out[len(out)-1], p) < apart {
			out[len(out)-1] = p // it stands there until now
			continue
		}
		if len(out) == 0 || n == len(list)-1 || metres(out[len(out)-1], p) >= apart {
			out = append(out, p)
		}
	}
	if len(out) <= most {
		return out
	}
	kept := make([]Spot, 0, most)
	for n := range most {
		kept = append(kept, out[n*(len(out)-1)/(most-1)])
	}
	return kept
}

// metres is how far two places are apart, near enough for neighbours.
func metres(a, b Spot) float64 {
	const each = 111_320 // of a degree of latitude
	return math.Hypot((b.Lon-a.Lon)*math.Cos(a.Lat*math.Pi/180), b.Lat-a.Lat) * each
}

// Near reports whether two places are at most so many kilometres apart.
func Near(lon1, lat1, lon2, lat2, km float64) bool {
	return metres(Spot{Lon: lon1, Lat: lat1}, Spot{Lon: lon2, Lat: lat2}) <= km*1000
}
