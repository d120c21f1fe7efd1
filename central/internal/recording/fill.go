package recording

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// WishState is what became of a wish.
type WishState string

// The states.
const (
	Wanted WishState = "wanted"
	Done   WishState = "done"   // the terminal has sent all that it had
	Failed WishState = "failed" // it cannot; Error says why
)

// Wish is a span that a terminal is asked for.
type Wish struct {
	ID         string     `json:"id"` // UUIDv7
	Stream     string     `json:"stream"`
	Edge       string     `json:"edge"`
	From       time.Time  `json:"from"`
	To         time.Time  `json:"to"`
	State      WishState  `json:"state" enum:"wanted,done,failed"`
	Error      string     `json:"error,omitempty"`
	Films      int        `json:"films"`
	Bytes      int64      `json:"bytes"`
	Ticket     string     `json:"-"`
	AuthorName string     `json:"author_name,omitempty"` // empty: the centre itself
	CreatedAt  time.Time  `json:"created_at"`
	SettledAt  *time.Time `json:"settled_at,omitempty"`
}

const (
	fillEvery = 5 * time.Second
	askAgain  = 30 * time.Second // a terminal that works on it does nothing
	// settled is how long ago a gap must have ended: what is being written now is no gap.
	settledGap = 10 * time.Second
	leastGap   = 2 * time.Second
	longestGap = time.Hour // of one wish
	fillWithin = 72 * time.Hour
	maxWish    = 24 * time.Hour
	fillDir    = ".fill"
)

// Reporter knows what terminals last said of themselves (device.Service).
type Reporter interface {
	Reported(ctx context.Context, edge string) (device.Reported, error)
	Connected(ctx context.Context, edge string) bool
}

// Sender reaches a terminal that is connected (ingest.Ingest).
type Sender interface {
	Command(ctx context.Context, edge string, c wire.Command) error
}

// asked is a wish that was sent.
type asked struct {
	at      time.Time
	command string
	refused string
}

// Result takes the outcome of a command to a terminal (device.EventResult). It returns at once.
func (s *Service) Result(r wire.CommandResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range s.asked {
		if a.command == r.Command && !r.OK {
			a.refused = r.Error
			if a.refused == "" {
				a.refused = "the terminal did not say why"
			}
			s.asked[id] = a
		}
	}
}

// Ask has the terminal of a camera send what it recorded within from ≤ t < to and the centre has not.
func (s *Service) Ask(ctx context.Context, stream string, from, to time.Time) ([]Wish, error) {
	a, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return nil, err
	}
	if err := checkSpan(from, to, maxWish); err != nil {
		return nil, err
	}
	to = earlier(to, time.Now())
	if d.Parent == "" {
		return nil, errs.E(errs.Unavailable, "recording.no_edge", "camera %s is behind no terminal", stream)
	}
	if _, ok := s.ring(ctx, d); !ok {
		return nil, errs.E(errs.Unavailable, "recording.no_ring", "terminal %s records nothing of this camera by itself", d.Parent)
	}
	list, err := s.segments(ctx, stream, from, to)
	if err != nil {
		return nil, err
	}
	return s.wish(ctx, d, gaps(list, from, to, leastGap), a.Name)
}

// ring is what the terminal of a camera holds of it.
func (s *Service) ring(ctx context.Context, camera device.Device) (wire.RingState, bool) {
	r, records, _ := s.said(ctx, camera)
	return r, records
}

// said is the same; told is false while the terminal has not reported.
func (s *Service) said(ctx context.Context, camera device.Device) (r wire.RingState, records, told bool) {
	status, err := s.Reporter.Reported(actor.WithSystem(ctx, "recording"), camera.Parent)
	if err != nil {
		return r, false, false
	}
	at := slices.IndexFunc(status.Status.Ring, func(one wire.RingState) bool { return one.Camera == camera.ID })
	if at < 0 {
		return r, false, true
	}
	return status.Status.Ring[at], true, true
}

// held is what the terminal of a camera holds of it, for people; nil: nobody knows.
func (s *Service) held(ctx context.Context, camera device.Device) *Held {
	r, records, told := s.said(ctx, camera)
	switch {
	case !told:
		return nil
	case !records:
		return &Held{State: HeldOff}
	}
	out := Held{State: HeldKept, Bytes: r.Bytes}
	if r.From > 0 {
		out.From = new(wire.Time(r.From))
	}
	switch {
	case r.Full:
		out.State = HeldFull
	case r.Error != "":
		out.State = HeldBroken
	}
	return &out
}

func (s *Service) wish(ctx context.Context, d device.Device, missing []Span, author string) ([]Wish, error) {
	out := []Wish{}
	for _, gap := range missing {
		for from := gap.From; from.Before(gap.To); from = from.Add(longestGap) {
			w := Wish{
				ID: uuid.Must(uuid.NewV7()).String(), Stream: d.ID, Edge: d.Parent, From: from.UTC(), To: earlier(from.Add(longestGap), gap.To).UTC(),
				State: Wanted, Ticket: rand.Text(), AuthorName: author, CreatedAt: event.Stamp(time.Now()),
			}
			e := event.New(ctx, EventAsked, d.ID, d.Division, w)
			if err := s.change(ctx, &e, func(ctx context.Context) error { return s.Store.AddWish(ctx, w) }); err != nil {
				return out, err
			}
			out = append(out, w)
		}
	}
	if len(out) > 0 {
		s.loop.Wake()
	}
	return out, nil
}

// Wishes lists what terminals were asked for within from ≤ t < to, by time.
func (s *Service) Wishes(ctx context.Context, stream string, from, to time.Time) ([]Wish, error) {
	if _, _, err := s.visible(ctx, stream, actor.VideoReplay); err != nil {
		return nil, err
	}
	return s.Store.Wishes(ctx, stream, from, to)
}

// due is a span of a stream that ought to have been recorded.
type due struct {
	stream   string
	from, to time.Time
}

// owed is what ought to have been recorded: cameras that always are, and the scenes of incidents.
func (s *Service) owed(ctx context.Context, now time.Time) ([]due, error) {
	scenes, err := s.Store.ScenesSince(ctx, now.Add(-fillWithin))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []due
	for _, p := range s.policies {
		if p.Mode == Always && p.Since != nil {
			out = append(out, due{p.Stream, *p.Since, now})
		}
	}
	for _, one := range scenes {
		if one.Began == nil {
			continue
		}
		d := due{one.Stream, *one.Began, now}
		if one.Ended != nil {
			d.to = *one.Ended
		}
		out = append(out, d)
	}
	return out, nil
}

// fill asks terminals for what is missing of what ought to have been recorded, and brings wishes on.
func (s *Service) fill(ctx context.Context, now time.Time) error {
	list, err := s.owed(ctx, now)
	if err != nil {
		return err
	}
	for _, p := range list {
		d, ok := s.Devices.Visible(ctx, p.stream)
		if !ok || d.Parent == "" || !s.Reporter.Connected(ctx, d.Parent) {
			continue
		}
		held, ok := s.ring(ctx, d)
		if !ok || held.From == 0 {
			continue
		}
		from := later(later(p.from, now.Add(-fillWithin)), wire.Time(held.From))
		to := earlier(earlier(now.Add(-settledGap), p.to), wire.Time(held.To))
		if !from.Before(to) {
			continue
		}
		missing, err := s.missing(ctx, p.stream, from, to)
		if err != nil {
			return err
		}
		if _, err := s.wish(ctx, d, missing, ""); err != nil {
			return err
		}
	}
	if err := s.preroll(ctx, now); err != nil {
		return err
	}
	return s.bring(ctx, now)
}

// missing is the gaps that nobody was asked for yet.
func (s *Service) missing(ctx context.Context, stream string, from, to time.Time) ([]Span, error) {
	list, err := s.segments(ctx, stream, from, to)
	if err != nil {
		return nil, err
	}
	wishes, err := s.Store.Wishes(ctx, stream, from, to)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		list = append(list, Segment{From: w.From, To: w.To})
	}
	slices.SortFunc(list, func(a, b Segment) int { return a.From.Compare(b.From) })
	return gaps(list, from, to, leastGap), nil
}

// bring sends each terminal its oldest wish.
func (s *Service) bring(ctx context.Context, now time.Time) error {
	open, err := s.Store.OpenWishes(ctx)
	if err != nil {
		return err
	}
	busy := map[string]bool{}
	for _, w := range open {
		if busy[w.Edge] {
			continue
		}
		busy[w.Edge] = true
		s.mu.Lock()
		a := s.asked[w.ID]
		s.mu.Unlock()
		if a.refused != "" {
			w.State, w.Error = Failed, a.refused[:min(len(a.refused), maxNote)]
			if err := s.settle(ctx, w); err != nil {
				return err
			}
			continue
		}
		if !s.Reporter.Connected(ctx, w.Edge) || now.Sub(a.at) < askAgain {
			continue
		}
		if err := s.send(ctx, w, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) send(ctx context.Context, w Wish, now time.Time) error {
	text, err := json.Marshal(wire.RingFetch{ID: w.ID, Camera: w.Stream, From: wire.Millis(w.From), To: wire.Millis(w.To), URL: "/fill/" + w.ID, Token: w.Ticket, Sound: !s.policy(w.Stream).Mute})
	if err != nil {
		return fmt.Errorf("encode wish: %w", err)
	}
	cmd := wire.Command{ID: uuid.Must(uuid.NewV7()).String(), Kind: wire.CommandRingFetch, Body: text}
	s.mu.Lock()
	s.asked[w.ID] = asked{at: now, command: cmd.ID}
	s.mu.Unlock()
	if err := s.Sender.Command(ctx, w.Edge, cmd); err != nil && errs.KindOf(err) != errs.Unavailable {
		return err
	}
	return nil
}

func (s *Service) settle(ctx context.Context, w Wish) error {
	now := event.Stamp(time.Now())
	w.SettledAt = &now
	d, _ := s.Devices.Visible(actor.WithSystem(ctx, "recording"), w.Stream)
	e := event.New(ctx, EventFilled, w.Stream, d.Division, w)
	if err := s.change(ctx, &e, func(ctx context.Context) error { return s.Store.ChangeWish(ctx, w) }); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.asked, w.ID)
	s.mu.Unlock()
	_ = os.RemoveAll(filepath.Join(s.Dir, fillDir, w.ID)) // what came half
	return nil
}
