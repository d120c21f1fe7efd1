package recording

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/film"
)

const (
	maxTimeline = 32 * 24 * time.Hour
	maxPlay     = 24 * time.Hour
	maxScenes   = 4
	playLife    = 12 * time.Hour
	maxPlays    = 1000
)

// Timeline is what there is of a stream in a span.
type Timeline struct {
	Stream string `json:"stream"`
	Spans  []Span `json:"spans"`
	Marks  []Mark `json:"marks"`
	Holds  []Hold `json:"holds"`
}

func checkSpan(from, to time.Time, most time.Duration) error {
	if !from.Before(to) {
		return errs.Field("recording.span", "to", "must be after from")
	}
	if to.Sub(from) > most {
		return errs.Field("recording.span", "to", "is too far after from")
	}
	return nil
}

// segments lists those of a stream with the one that is being recorded as it stands now.
func (s *Service) segments(ctx context.Context, stream string, from, to time.Time) ([]Segment, error) {
	// The open one stands in the index where it began.
	list, err := s.Store.Segments(ctx, stream, from.Add(-2*time.Minute), to)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	r := s.running[stream]
	s.mu.Unlock()
	out := list[:0]
	for _, g := range list {
		if g.Open && r != nil {
			if open, _ := r.state(); open != nil && open.ID == g.ID {
				g = *open
			}
		}
		if g.To.After(from) && g.From.Before(to) && g.From.Before(g.To) {
			out = append(out, g)
		}
	}
	return out, nil
}

// Timeline shows what there is of a stream within from ≤ t < to, of a month at most.
func (s *Service) Timeline(ctx context.Context, stream string, from, to time.Time) (Timeline, error) {
	if _, _, err := s.visible(ctx, stream, actor.VideoReplay); err != nil {
		return Timeline{}, err
	}
	if err := checkSpan(from, to, maxTimeline); err != nil {
		return Timeline{}, err
	}
	list, err := s.segments(ctx, stream, from, to)
	if err != nil {
		return Timeline{}, err
	}
	out := Timeline{Stream: stream, Spans: spans(list, from, to), Holds: []Hold{}}
	if out.Marks, err = s.Store.Marks(ctx, stream, from, to); err != nil {
		return Timeline{}, err
	}
	holds, err := s.holds(ctx)
	if err != nil {
		return Timeline{}, err
	}
	r, err := s.Desks.Reach(ctx, actor.VideoReplay)
	if err != nil {
		return Timeline{}, err
	}
	for _, h := range holds {
		if h.Stream == stream && h.EndedAt == nil && h.From.Before(to) && from.Before(h.To) {
			h.Yours = r.Has(h.OrgID)
			h.To = earlier(h.To, to) // that of a scene has no end yet
			out.Holds = append(out.Holds, h)
		}
	}
	return out, nil
}

// Play is leave to look at some streams in a span.
type Play struct {
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
	Reels   []Reel    `json:"reels"`
}

// Reel is the segments of one stream, by time.
type Reel struct {
	Stream   string    `json:"stream"`
	Segments []Segment `json:"segments"`
}

type play struct {
	user    string
	streams []string
	expires time.Time
}

// Play begins to look at streams within from ≤ t < to, of a day at most; it is written down. The segments are
// read with its id until it expires. Asked again with that id, it goes on without a new trace: the one that is
// recorded grows.
func (s *Service) Play(ctx context.Context, id string, streams []string, from, to time.Time) (Play, error) {
	a, err := actor.Require(ctx, actor.VideoReplay)
	if err != nil {
		return Play{}, err
	}
	if len(streams) == 0 || len(streams) > maxScenes {
		return Play{}, errs.Field("recording.streams", "streams", "must be 1 to 4")
	}
	if err := checkSpan(from, to, maxPlay); err != nil {
		return Play{}, err
	}
	division := ""
	out := Play{ID: id}
	for _, stream := range streams {
		_, d, err := s.visible(ctx, stream, actor.VideoReplay)
		if err != nil {
			return Play{}, err
		}
		division = d.Division
		list, err := s.segments(ctx, stream, from, to)
		if err != nil {
			return Play{}, err
		}
		out.Reels = append(out.Reels, Reel{stream, list})
	}
	now := time.Now()
	if p, ok := s.playing(id, a.ID, now); ok && same(p.streams, streams) {
		out.Expires = p.expires.UTC()
		return out, nil
	}
	e := event.New(ctx, EventPlayed, streams[0], division, Played{streams, from.UTC(), to.UTC()})
	if err := s.Events.Record(ctx, &e); err != nil {
		return Play{}, err
	}
	s.Events.Publish(ctx, e)
	out.ID, out.Expires = rand.Text(), now.Add(playLife).UTC()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, p := range s.plays {
		if now.After(p.expires) || len(s.plays) >= maxPlays {
			delete(s.plays, key)
		}
	}
	s.plays[out.ID] = play{a.ID, slices.Clone(streams), out.Expires}
	return out, nil
}

func same(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func (s *Service) playing(id, user string, now time.Time) (play, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.plays[id]
	return p, ok && p.user == user && now.Before(p.expires)
}

// Footage is a piece of a segment's file that is a film of its own: head and parts.
type Footage struct {
	Segment Segment
	Size    int64
	io.ReadCloser
}

// Read opens a segment from the last key frame at or before a moment on; the zero time is its beginning. With sound it
// is the sound beside the pictures. The caller closes it. errs.Denied without a Play of its stream.
func (s *Service) Read(ctx context.Context, playID, segment string, at time.Time, sound bool) (Footage, error) {
	a, err := actor.Require(ctx, actor.VideoReplay)
	if err != nil {
		return Footage{}, err
	}
	g, err := s.Store.Segment(ctx, segment)
	if err != nil {
		return Footage{}, err
	}
	if p, ok := s.playing(playID, a.ID, time.Now()); !ok || !slices.Contains(p.streams, g.Stream) {
		return Footage{}, errs.E(errs.Denied, "recording.no_play", "open the recording again: this look at it has ended")
	}
	if _, _, err := s.visible(ctx, g.Stream, actor.VideoReplay); err != nil {
		return Footage{}, err
	}
	file, read := g.File, film.Read
	if sound {
		file, read = soundFile(g), film.ReadSound
	}
	in, err := s.find(context.WithoutCancel(ctx), file) // it is read after the request was taken in; each piece has its limit
	if err != nil {
		return Footage{}, missing(err, g)
	}
	f, err := read(in, in.size)
	if err != nil {
		_ = in.Close() // only read
		return Footage{}, missing(err, g)
	}
	out := Footage{Segment: g, Size: f.Size}
	from := f.Head
	if i := f.From(at.Sub(g.Film)); !at.IsZero() && i > 0 {
		from = f.Parts[i].Offset
	}
	out.Size = f.Head + f.Size - from
	out.ReadCloser = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.NewSectionReader(in, 0, f.Head), io.NewSectionReader(in, from, f.Size-from)), in}
	return out, nil
}

func missing(err error, g Segment) error {
	if errors.Is(err, os.ErrNotExist) {
		return errs.Wrap(err, errs.NotFound, "recording.missing", "the file of recording "+g.ID+" is missing")
	}
	return err
}
