// Package wall is the saved arrangements of pictures: which cameras stand where, how many at once, and how long each
// page of a tour stays. The video page and the big screen use it. Rule that must never break: a wall widens
// nobody's sight; it names cameras, and whoever shows it sees those that they may see.
package wall

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// Limits of one wall.
const (
	maxTitle   = 80 // characters
	maxCameras = 64
	leastTour  = 5 // seconds: a picture must have come before the next is asked for
	mostTour   = 600
)

// sizes are the pictures at once that a wall may have: 8 is one large and seven small.
var sizes = []int{1, 4, 8, 9, 16} //nolint:gochecknoglobals // a list that nobody changes

// Wall is one saved arrangement. Version counts its changes.
type Wall struct {
	ID         string     `json:"id"`
	Division   string     `json:"division"`
	Title      string     `json:"title"`
	Size       int        `json:"size" doc:"Pictures at once: 1, 4, 8 (one large and seven small), 9 or 16"`
	Cameras    []string   `json:"cameras" doc:"By place, page after page; an empty one leaves the place free"`
	Tour       int        `json:"tour" doc:"Seconds that each page stays; 0: no tour"`
	Version    int64      `json:"version"`
	Author     string     `json:"author"`
	AuthorName string     `json:"author_name"` // who changed it last
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	RemovedAt  *time.Time `json:"removed_at,omitempty"`
}

// Draft is what a person gives.
type Draft struct {
	Division string
	Title    string
	Size     int
	Cameras  []string
	Tour     int
}

// check says what is wrong with a draft, and mends what is only untidy.
func (d *Draft) check() error {
	d.Title = strings.TrimSpace(d.Title)
	switch {
	case d.Title == "" || !errs.Text(d.Title, maxTitle):
		return bad("title", "1 to 80 characters")
	case !geo.Division(d.Division).Valid():
		return bad("division", "a division code has 6, 9 or 12 digits (GB/T 2260, GB/T 10114)")
	case !slices.Contains(sizes, d.Size):
		return bad("size", "1, 4, 8, 9 or 16")
	case d.Tour != 0 && (d.Tour < leastTour || d.Tour > mostTour):
		return bad("tour", fmt.Sprintf("0, or %d to %d seconds", leastTour, mostTour))
	case len(d.Cameras) > maxCameras:
		return bad("cameras", fmt.Sprintf("at most %d", maxCameras))
	}
	for len(d.Cameras) > 0 && d.Cameras[len(d.Cameras)-1] == "" {
		d.Cameras = d.Cameras[:len(d.Cameras)-1]
	}
	seen := map[string]bool{}
	for i, id := range d.Cameras {
		switch {
		case id == "":
			continue
		case !wire.ValidID(id):
			return bad(fmt.Sprintf("cameras.%d", i), "the id of a camera")
		case seen[id]:
			return bad(fmt.Sprintf("cameras.%d", i), "stands here twice")
		}
		seen[id] = true
	}
	if len(seen) == 0 {
		return bad("cameras", "at least one camera")
	}
	return nil
}

func bad(field, why string) error { return errs.Field("wall.invalid", field, why) }

func notFound(id string) error {
	return errs.E(errs.NotFound, "wall.not_found", "there is no wall %.64s", id)
}

func changed(w Wall) error {
	return errs.E(errs.Conflict, "wall.changed", "%s changed this wall at %s; look at that first", w.AuthorName, w.UpdatedAt.Format(time.RFC3339))
}
