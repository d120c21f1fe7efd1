// Package board is the pictures of a river or a plant that people put together from what is measured there:
// profiles, courses, plans, gauges, alarms, cameras. The duty desk and the wall use them. Rule that must
// never break: a board widens nobody's sight. It names series and cameras and holds no reading; whoever looks
// gets from the other capabilities what they may see, and nothing else.
package board

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// Limits of one board. Series of a tile are read in one request, which takes no more.
const (
	maxTitle    = 80 // characters
	maxTiles    = 24
	maxSeries   = 20
	maxPoints   = 40
	maxCourse   = 5 // lines that can still be told apart
	maxSource   = 300
	maxPicture  = 400 << 10 // bytes of a plan, as a data address
	maxDocument = 900 << 10
	maxColumns  = 4
	maxRows     = 3
	maxKM       = 10_000
	maxLevel    = 10_000 // metres
)

// Kind of tile.
type Kind string

// The kinds.
const (
	River  Kind = "river"  // stations along a river with their levels and limits
	Plan   Kind = "plan"   // a plant's plan with values at their places
	Course Kind = "course" // several series over one time
	Rain   Kind = "rain"   // rain from above over the level below
	Now    Kind = "now"    // gauges
	Alarms Kind = "alarms" // what stands in the board's division
	Camera Kind = "camera"
)

// Board is one saved board. Version counts its changes.
type Board struct {
	ID         string     `json:"id"`
	Division   string     `json:"division"`
	Title      string     `json:"title"`
	TitleEN    string     `json:"title_en"`
	Tiles      []Tile     `json:"tiles"`
	Version    int64      `json:"version"`
	Author     string     `json:"author"`
	AuthorName string     `json:"author_name"` // who changed it last
	Demo       bool       `json:"demo"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	RemovedAt  *time.Time `json:"removed_at,omitempty"`
}

// Tile is one part of a board. Which of the lists it uses its kind says.
type Tile struct {
	ID       string    `json:"id"`
	Kind     Kind      `json:"kind" enum:"river,plan,course,rain,now,alarms,camera"`
	Title    string    `json:"title,omitempty" doc:"Empty: the console names it"`
	TitleEN  string    `json:"title_en,omitempty"`
	Columns  int       `json:"columns" doc:"1 to 4 of the board's 4"`
	Rows     int       `json:"rows" doc:"1 to 3"`
	Series   []string  `json:"series,omitempty" doc:"device/property of course, now and rain; of rain the first is the level, the others are rain"`
	Stations []Station `json:"stations,omitempty" doc:"Of a river, from upstream to downstream"`
	Spots    []Spot    `json:"spots,omitempty" doc:"Of a plan"`
	Picture  string    `json:"picture,omitempty" doc:"Of a plan: a PNG, JPEG or WebP as a data address"`
	Camera   string    `json:"camera,omitempty"`
}

// Station is a gauge along a river. Its kilometre and its levels are somebody's statement: Source says whose,
// and Unverified that nobody has checked it.
type Station struct {
	Series     string   `json:"series" doc:"device/property"`
	KM         float64  `json:"km" doc:"Along the river, from upstream"`
	Warning    *float64 `json:"warning,omitempty" doc:"Warning level (警戒水位), in the unit and datum of the series"`
	Guarantee  *float64 `json:"guarantee,omitempty" doc:"Guarantee level (保证水位)"`
	Source     string   `json:"source" doc:"Where kilometre and levels come from"`
	Unverified bool     `json:"unverified"`
}

// Spot is where a series stands on a plan, in percent of its width and height from the upper left.
type Spot struct {
	Series string  `json:"series"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
}

// picture is what a plan may be. Drawings with scripts in them (SVG) may not.
var picture = regexp.MustCompile(`^data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$`)

// check says what is wrong with a board. The field it names has the place: tiles.0.series.
func (b *Board) check() error {
	b.Title, b.TitleEN = strings.TrimSpace(b.Title), strings.TrimSpace(b.TitleEN)
	switch {
	case !errs.Text(b.Title, maxTitle) || b.Title == "":
		return bad("title", "1 to 80 characters")
	case !errs.Text(b.TitleEN, maxTitle):
		return bad("title_en", "at most 80 characters")
	case !geo.Division(b.Division).Valid():
		return bad("division", "a division code has 6, 9 or 12 digits (GB/T 2260, GB/T 10114)")
	case len(b.Tiles) > maxTiles:
		return bad("tiles", "at most 24")
	}
	seen := map[string]bool{}
	for i := range b.Tiles {
		t := &b.Tiles[i]
		if key, why := t.wrong(); why != "" {
			return bad(fmt.Sprintf("tiles.%d.%s", i, key), why)
		}
		if seen[t.ID] {
			return bad(fmt.Sprintf("tiles.%d.id", i), "stands here twice")
		}
		seen[t.ID] = true
	}
	return nil
}

func bad(field, why string) error { return errs.Field("board.invalid", field, why) }

// wrong names the part of a tile that cannot be, and why.
func (t *Tile) wrong() (key, why string) {
	switch {
	case !wire.ValidID(t.ID):
		return "id", "1 to 64 lower-case letters, digits, - or _"
	case !errs.Text(t.Title, maxTitle):
		return "title", "at most 80 characters"
	case !errs.Text(t.TitleEN, maxTitle):
		return "title_en", "at most 80 characters"
	case t.Columns < 1 || t.Columns > maxColumns:
		return "columns", "1 to 4"
	case t.Rows < 1 || t.Rows > maxRows:
		return "rows", "1 to 3"
	case t.Camera != "" && (t.Kind != Camera || !wire.ValidID(t.Camera)):
		return "camera", "the id of a camera, in a tile for one"
	case len(t.Stations) > 0 && t.Kind != River:
		return "stations", "only a river has them"
	case (len(t.Spots) > 0 || t.Picture != "") && t.Kind != Plan:
		return "spots", "only a plan has them"
	case len(t.Picture) > maxPicture || t.Picture != "" && !picture.MatchString(t.Picture):
		return "picture", "a PNG, JPEG or WebP of at most 300 KB"
	}
	if key, why := t.wrongSeries(); why != "" {
		return key, why
	}
	for i, s := range t.Stations {
		if key, why := s.wrong(); why != "" {
			return fmt.Sprintf("stations.%d.%s", i, key), why
		}
		if i > 0 && s.KM < t.Stations[i-1].KM {
			return fmt.Sprintf("stations.%d.km", i), "must not be before the station upstream"
		}
	}
	for i, s := range t.Spots {
		if !series(s.Series) || !within(s.X, 0, 100) || !within(s.Y, 0, 100) {
			return fmt.Sprintf("spots.%d", i), "a series as device/property, x and y from 0 to 100"
		}
	}
	return "", ""
}

func (t *Tile) wrongSeries() (key, why string) {
	most := map[Kind]int{Course: maxCourse, Rain: maxCourse, Now: maxSeries, River: 0, Plan: 0, Alarms: 0, Camera: 0}
	limit, known := most[t.Kind]
	switch {
	case !known:
		return "kind", "river, plan, course, rain, now, alarms or camera"
	case len(t.Series) > limit:
		return "series", fmt.Sprintf("at most %d in a tile of this kind", limit)
	case len(t.Stations) > maxSeries:
		return "stations", "at most 20"
	case len(t.Spots) > maxPoints:
		return "spots", "at most 40"
	}
	for i, s := range t.Series {
		if !series(s) {
			return fmt.Sprintf("series.%d", i), "must be device/property"
		}
	}
	return "", ""
}

func (s *Station) wrong() (key, why string) {
	switch {
	case !series(s.Series):
		return "series", "must be device/property"
	case !within(s.KM, 0, maxKM):
		return "km", "0 to 10000"
	case s.Warning != nil && !within(*s.Warning, -maxLevel, maxLevel):
		return "warning", "a level in metres"
	case s.Guarantee != nil && !within(*s.Guarantee, -maxLevel, maxLevel):
		return "guarantee", "a level in metres"
	case s.Warning != nil && s.Guarantee != nil && *s.Guarantee < *s.Warning:
		return "guarantee", "must not be below the warning level"
	case strings.TrimSpace(s.Source) == "" || !errs.Text(s.Source, maxSource):
		return "source", "say where kilometre and levels come from, in at most 300 characters"
	}
	return "", ""
}

func within(v, low, high float64) bool { return !math.IsNaN(v) && v >= low && v <= high }

// series reports whether a text names one: device/property.
func series(s string) bool {
	id, property, ok := strings.Cut(s, "/")
	return ok && wire.ValidID(id) && wire.ValidID(property)
}
