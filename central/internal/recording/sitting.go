package recording

import (
	"context"
	"slices"
	"time"
)

// Sitting is a consultation of which something was recorded.
type Sitting struct {
	ID       string     `json:"id"`
	Title    string     `json:"title"`
	Incident string     `json:"incident,omitempty" doc:"Number and title of the incident that it belongs to"`
	From     time.Time  `json:"from"`
	To       *time.Time `json:"to,omitempty" doc:"Missing: it is being recorded"`
	Streams  []Seen     `json:"streams"`
}

// Seen is a stream of a sitting and who was to be seen on it.
type Seen struct {
	Stream string   `json:"stream"`
	Names  []string `json:"names" doc:"As they were then, with the organisation: of a seat whoever sat there, of a scene the camera"`
	Seat   bool     `json:"seat" doc:"Of somebody in the room; otherwise a camera that was shared in it"`
}

// sittings lists those of which something is left, with what the actor may see of it, and takes seats out of the
// cameras of which nothing is.
func (s *Service) sittings(ctx context.Context, cameras []Camera) (list []Sitting, left []Camera, err error) {
	list = []Sitting{}
	if s.Sittings == nil {
		return list, cameras, nil
	}
	all, err := s.Sittings(ctx)
	if err != nil {
		return nil, nil, err
	}
	kept := map[string]bool{} // streams that the actor may see: whether something is left
	for _, c := range cameras {
		kept[c.Stream] = c.Last != nil || c.Recording
	}
	empty := map[string]bool{}
	for _, one := range all {
		streams := []Seen{}
		for _, x := range one.Streams {
			empty[x.Stream] = empty[x.Stream] || x.Seat && !kept[x.Stream]
			if kept[x.Stream] {
				streams = append(streams, x)
			}
		}
		if one.Streams = streams; slices.ContainsFunc(streams, func(x Seen) bool { return x.Seat }) {
			list = append(list, one)
		}
	}
	return list, slices.DeleteFunc(cameras, func(c Camera) bool { return empty[c.Stream] }), nil
}
