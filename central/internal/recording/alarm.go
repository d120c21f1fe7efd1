package recording

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/geo"
)

// Alarm is what a recording needs to know of one.
type Alarm struct {
	ID      string
	Device  string // that alarms
	At      time.Time
	Title   string
	TitleEN string
	Level   int
}

// maxAlarms is how many alarms may wait to be marked; of a flood of them the first tell enough.
const maxAlarms = 1000

// OnEvent hears of alarms (event.Bus.Handle), given how to read one out of an event.
func (s *Service) OnEvent(read func(event.Event) (Alarm, bool)) func(context.Context, event.Event) {
	return func(_ context.Context, e event.Event) {
		a, ok := read(e)
		if !ok {
			return
		}
		s.mu.Lock()
		if len(s.alarms) < maxAlarms {
			s.alarms = append(s.alarms, a)
		}
		s.mu.Unlock()
		s.loop.Wake()
	}
}

// heard marks the alarms that have come.
func (s *Service) heard(ctx context.Context) error {
	s.mu.Lock()
	list := s.alarms
	s.alarms = nil
	s.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	all, err := s.Devices.All(ctx) // once, however many they are
	for i := 0; err == nil && i < len(list); i++ {
		if err = s.alarmed(ctx, list[i], all); err != nil {
			list = list[i:]
		}
	}
	if err != nil {
		s.mu.Lock()
		s.alarms = append(list, s.alarms...)
		s.mu.Unlock()
	}
	return err
}

// AlarmRule says which cameras stand beside something that alarms (recording.alarm_* in central.yml).
type AlarmRule struct {
	Within   float64 // metres
	Pictures int     // so many of the nearest leave a picture; 0: none
}

// near is a camera that stands beside something.
type near struct {
	device.Device

	metres *int // away; nil when one of the two has no position
}

// beside picks the cameras that stand beside a device, the nearest first: of itself when it is one, else those behind
// terminals of the same division within the limit. What has no position is near to what is behind the same terminal, and
// comes last.
func (r AlarmRule) beside(d device.Device, all []device.Device) []near {
	if d.Kind == device.Camera {
		none := 0
		return []near{{d, &none}}
	}
	terminals := map[string]device.Device{}
	for _, one := range all {
		if one.Kind == device.Edge {
			terminals[one.ID] = one
		}
	}
	own := cmp.Or(d.Parent, d.ID)
	var out []near
	for _, c := range all {
		if c.Kind != device.Camera || c.Parent == "" || c.State == device.Revoked {
			continue
		}
		here, there := d.Place, c.Place
		if c.Parent != own {
			if here, there = cmp.Or(here, terminals[own].Place), cmp.Or(there, terminals[c.Parent].Place); here == nil || there == nil || !neighbours(d, c) {
				continue
			}
		}
		one := near{Device: c}
		if here != nil && there != nil {
			far := kilometres(here.Lon, here.Lat, there.Lon, there.Lat) * 1000
			if far > r.Within {
				continue
			}
			whole := int(math.Round(far))
			one.metres = &whole
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.orLast(), b.orLast()), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func (n near) orLast() int {
	if n.metres == nil {
		return math.MaxInt
	}
	return *n.metres
}

// neighbours reports whether two devices are of one division, or one of a part of the other's.
func neighbours(a, b device.Device) bool {
	x, y := geo.Division(a.Division), geo.Division(b.Division)
	return x.Covers(y) || y.Covers(x)
}

// afterAlarm is how long is recorded on after something alarmed.
const afterAlarm = 5 * time.Minute

// alarmed marks an alarm in the timelines of the cameras beside it, records those whose mode says so, and keeps a
// picture of the nearest.
func (s *Service) alarmed(ctx context.Context, a Alarm, all []device.Device) error {
	d, ok := s.Devices.Visible(ctx, a.Device)
	if !ok {
		return nil
	}
	for i, c := range s.AlarmRule.beside(d, all) {
		a := a.asSeenFrom(c.Device, d)
		m := Mark{Stream: c.ID, At: a.At.UTC(), Kind: "alarm", Ref: a.ID, Title: a.Title, TitleEN: a.TitleEN, Level: a.Level, Metres: c.metres}
		if err := s.Store.AddMark(ctx, m); err != nil {
			return err
		}
		if i < s.AlarmRule.Pictures {
			if err := s.grab(ctx, c, a); err != nil {
				return err
			}
		}
		_, err := s.changePolicy(ctx, EventStarted, c.Device, func(p *Policy) error {
			until := event.Stamp(time.Now().Add(afterAlarm))
			if p.Mode != OnAlarm || (p.Until != nil && !p.Until.Before(until)) {
				return errAsItIs
			}
			p.Until = &until
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// asSeenFrom is the alarm as who may see a camera may read of it: whose title is of a device that they may not see, above
// the division of the camera or beside it, is told without it.
func (a Alarm) asSeenFrom(camera, of device.Device) Alarm {
	if !geo.Division(camera.Division).Covers(geo.Division(of.Division)) {
		a.Title, a.TitleEN = "附近告警", "Alarm nearby"
	}
	return a
}

// Missed is a picture that an alarm should have left of a camera, and why there is none.
type Missed struct {
	Alarm   string    `json:"alarm"`
	Stream  string    `json:"stream"`
	Camera  string    `json:"camera"` // its name as it was then
	At      time.Time `json:"at"`     // of the alarm
	Title   string    `json:"title"`
	TitleEN string    `json:"title_en"`
	Metres  *int      `json:"metres,omitempty" doc:"From the camera to what alarmed; missing: one of the two has no position"`
	Why     string    `json:"why" doc:"late, busy, recent, full, failed, offline, budget, fault, or the kind of a camera's fault"`
}

// Reasons of this package; those of pictures that nobody sends are of video and wire.
const (
	lackLate   = "late"   // no picture came in time
	lackBusy   = "busy"   // too many cameras were opened for other alarms
	lackRecent = "recent" // the picture of another alarm within the minute stands for it
	lackFull   = "full"   // there is no room
	lackFailed = "failed" // the centre could not keep it
)

const (
	// grabWithin is how long a camera whose pictures come anyway has for its next key frame after an alarm.
	grabWithin = 30 * time.Second
	// openFor is how long one is opened that nobody watches: what it sends until its first key frame is paid for.
	openFor = 10 * time.Second
	// grabAgain is how long the picture of one alarm stands for those that follow.
	grabAgain = time.Minute
	// openedAtOnce is how many are opened at a time, and queueFor how long the others wait for a place.
	openedAtOnce = 4
	queueFor     = 20 * time.Second
	// flowing is how old the last packet of a picture that comes may be.
	flowing = 2 * time.Second
)

// grabbed is the last time that a camera was asked for a picture of an alarm.
type grabbed struct {
	at    time.Time
	alarm string
	done  chan struct{} // closed with why
	why   string        // there is none; empty: it is kept
}

// grab keeps a key frame of a camera for an alarm. One whose pictures do not come is opened until the first, or for
// openFor. It returns at once, and gives up with ctx.
func (s *Service) grab(ctx context.Context, c near, a Alarm) error {
	now := time.Now()
	s.mu.Lock()
	last := s.grabbed[c.ID]
	recent := last != nil && now.Sub(last.at) < grabAgain
	mine := &grabbed{at: now, alarm: a.ID, done: make(chan struct{})}
	if !recent {
		s.grabbed[c.ID] = mine
	}
	s.mu.Unlock()
	switch {
	case recent && last.alarm == a.ID:
		return nil
	case recent:
		s.grabs.Go(func() {
			select {
			case <-ctx.Done():
			case <-last.done:
				s.say(ctx, "say why an alarm has no picture", s.missed(ctx, c, a, cmp.Or(last.why, lackRecent)))
			}
		})
		return nil
	}
	s.grabs.Go(func() {
		defer close(mine.done)
		why, err := s.grabOne(ctx, c, a)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.Log.ErrorContext(ctx, "no picture of an alarm is kept", "stream", c.ID, "alarm", a.ID, "error", err)
			why = cmp.Or(why, lackFailed)
		}
		if mine.why = why; why != "" {
			s.say(ctx, "say why an alarm has no picture", s.missed(ctx, c, a, why))
		}
	})
	return nil
}

func (s *Service) missed(ctx context.Context, c near, a Alarm, why string) error {
	return s.Store.AddMissed(ctx, Missed{Alarm: a.ID, Stream: c.ID, Camera: c.Name, At: a.At.UTC(), Title: a.Title, TitleEN: a.TitleEN, Metres: c.metres, Why: why})
}

// grabOne keeps the picture, or says why there is none.
func (s *Service) grabOne(ctx context.Context, c near, a Alarm) (why string, err error) {
	within := grabWithin
	if s.LastPicture == nil || time.Since(s.LastPicture(c.ID)) > flowing {
		select {
		case s.opened <- struct{}{}:
			defer func() { <-s.opened }()
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(queueFor):
			return lackBusy, nil
		}
		over, lack := s.Leases.Peek(ctx, c.ID)
		if over == nil {
			return lack, nil
		}
		within = openFor
		defer func() {
			if known := over(); why == lackLate {
				why = cmp.Or(known, why)
			}
		}()
	}
	return s.still(ctx, c, a, within)
}

// notBefore is the moment since which a picture shows something of the alarm: one of before does not, nor does one of long
// ago when the alarm has come late. The clock of what alarms may be ahead.
func (a Alarm) notBefore(now time.Time) time.Time {
	return earlier(later(a.At, now.Add(-flowing)), now)
}

func (s *Service) still(ctx context.Context, c near, a Alarm, within time.Duration) (why string, err error) {
	tap, enough := context.WithTimeout(ctx, within)
	defer enough()
	var text []byte
	var wrong error
	p := Snapshot{Stream: c.ID, Origin: OfAlarm, Verified: true, Type: filmType, Alarm: a.ID, Title: a.Title, TitleEN: a.TitleEN, Metres: c.metres}
	err = s.Taps.Tap(tap, c.ID, a.notBefore(time.Now()), func(f film.Frame) {
		if len(text) > 0 {
			return
		}
		if text, wrong = film.Still(f); wrong != nil || len(text) > 0 {
			p.At = f.At
			enough()
		}
	}, nil, func(time.Time) {})
	if err = errors.Join(err, wrong); err != nil {
		return "", err
	}
	if len(text) == 0 {
		return lackLate, nil
	}
	f, err := film.Read(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return "", fmt.Errorf("keep picture of an alarm: %w", err)
	}
	p.Width, p.Height = f.Width, f.Height
	if s.isFull() {
		return lackFull, nil
	}
	_, err = s.addSnapshot(context.WithoutCancel(ctx), p, c.Device, text)
	return "", err
}

// MissedPictures lists what alarms should have left of cameras that the actor may see, the newest first, at most 500; of
// one alarm when it is named.
func (s *Service) MissedPictures(ctx context.Context, alarm string, since time.Time) ([]Missed, error) {
	if _, err := actor.Require(ctx, actor.VideoReplay); err != nil {
		return nil, err
	}
	list, err := s.Store.Missed(ctx, alarm, since)
	if err != nil {
		return nil, err
	}
	out := []Missed{}
	for _, m := range list {
		if _, ok := s.Devices.Visible(ctx, m.Stream); ok && len(out) < snapshotsListed {
			out = append(out, m)
		}
	}
	return out, nil
}
