package recording

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

// Taps hands over the pictures of a stream until ctx ends (sfu.SFU).
type Taps interface {
	// hear is given the sound beside them; nil wants none.
	Tap(ctx context.Context, stream string, since time.Time, take func(film.Frame), hear func(film.Sound), tick func(time.Time)) error
}

// Leases has terminals send while something is recorded (video.Service).
type Leases interface {
	// Keep names all streams that are recorded. It returns at once.
	Keep(ctx context.Context, streams []string)
	// Peek has a terminal send a camera for one picture, until over is called. That says what keeps the camera from
	// sending, as far as it is known. Without over nothing is asked for, and why says so: faults of wire, or a Lack.
	Peek(ctx context.Context, stream string) (over func() string, why string)
}

// Devices is the register (device.Service).
type Devices interface {
	Visible(ctx context.Context, id string) (device.Device, bool)
	All(ctx context.Context) ([]device.Device, error)
}

// Options of the service.
type Options struct {
	Store       Store
	Tx          Tx
	Devices     Devices
	Desks       Desks
	LastPicture func(stream string) time.Time // when a packet of it last came (sfu.SFU)
	Taps        Taps
	Leases      Leases
	Sender      Sender
	Reporter    Reporter
	Cases       Cases // nil: nothing is recorded with incidents
	Rule        SceneRule
	AlarmRule   AlarmRule
	Sittings    func(ctx context.Context) ([]Sitting, error) // of which the actor may see the seats; nil: there are none
	Events      event.Publisher
	Log         *slog.Logger
	Dir         string // of the files
	Shelf       Shelf  // to which they move; nil: they stay
	Moving      MoveRule
	Quota       int64 // bytes of recordings at most
	Reserve     int64 // bytes that stay free on the disk

	Burner    Burner
	Preroll   time.Duration // of the time before an alarm that a terminal is asked for; 0: none
	KeepClips time.Duration // a clip is deleted so long after it was made
}

// Service is the use cases. Start records what is to be recorded.
type Service struct {
	Options
	loop  *run.Loop
	clips *run.Loop
	moves *run.Loop
	write sync.Mutex // one change of policies at a time

	filling sync.Mutex // one piece of an upload at a time
	grabs   sync.WaitGroup
	opened  chan struct{}              // a place for each camera that is opened for a picture
	rolled  map[string]map[string]bool // by camera: the alarms that need nothing more; of the loop alone

	considered map[string]int // by incident: its version when cameras were last added by rule; of the loop alone

	mu       sync.Mutex
	policies map[string]Policy
	scenes   map[string]Scene // that have not ended
	running  map[string]*recorder
	plays    map[string]play
	full     bool
	pressed  bool             // the disk fills: what can be moved is moved at once
	shelf    shelf            // how it does
	alarms   []Alarm          // not looked at yet
	asked    map[string]asked // by wish
	making   making
	grabbed  map[string]*grabbed    // by camera: the last picture of an alarm
	frozen   map[string][]time.Time // by person: snapshots of this minute
}

// New makes a service.
func New(o Options) *Service {
	return &Service{Options: o, loop: run.NewLoop(), clips: run.NewLoop(), moves: run.NewLoop(), policies: map[string]Policy{}, running: map[string]*recorder{}, plays: map[string]play{}, asked: map[string]asked{}, grabbed: map[string]*grabbed{}, opened: make(chan struct{}, openedAtOnce), frozen: map[string][]time.Time{}, rolled: map[string]map[string]bool{}, scenes: map[string]Scene{}, considered: map[string]int{}}
}

// Usage is what recordings take.
type Usage struct {
	Bytes int64 `json:"bytes"`
	Quota int64 `json:"quota"`
	Free  int64 `json:"free"`           // on the disk
	Full  bool  `json:"full,omitempty"` // nothing is recorded: what is left is held
	Clips int64 `json:"clips"`          // of Bytes

	Bucket *Bucket `json:"bucket,omitempty" doc:"Where recordings move to; missing: they stay on the disk"`

	Snapshots int64 `json:"snapshots"` // of Bytes
}

// Camera is how one camera is recorded.
type Camera struct {
	Policy
	Bytes     int64      `json:"bytes"`
	First     *time.Time `json:"first,omitempty"`
	Last      *time.Time `json:"last,omitempty"`
	Recording bool       `json:"recording"` // pictures are being written
	Wanted    bool       `json:"wanted"`    // they are to be
	Error     string     `json:"error,omitempty"`
	Incidents []string   `json:"incidents"` // numbers of those with which it is recorded

	AtTerminal *Held `json:"at_terminal,omitempty" doc:"What its terminal records of it by itself, as it last said; missing: it is behind none, or that has said nothing since the centre started"`
}

// Held is what a terminal records of a camera by itself.
type Held struct {
	State HeldState  `json:"state" enum:"kept,full,broken,off"`
	From  *time.Time `json:"from,omitempty" doc:"The oldest that it has"`
	Bytes int64      `json:"bytes"`
}

// HeldState is how that goes.
type HeldState string

// The states.
const (
	HeldKept   HeldState = "kept"
	HeldFull   HeldState = "full"   // its disk is too full
	HeldBroken HeldState = "broken" // the camera gives it no picture, or the disk refuses it
	HeldOff    HeldState = "off"
)

// Overview is every camera that the actor may see, and what all recordings take.
type Overview struct {
	Usage    Usage     `json:"usage"`
	Cameras  []Camera  `json:"cameras"`
	Sittings []Sitting `json:"sittings" doc:"Consultations, the newest first; their seats are among the cameras"`
	Burns    bool      `json:"burns"`     // clips can have time and watermark in the picture
	ClipDays float64   `json:"clip_days"` // how long a clip is kept
}

func (s *Service) recorders() []*recorder {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*recorder, 0, len(s.running))
	for _, r := range s.running {
		out = append(out, r)
	}
	return out
}

// recording reports whether a segment is being written.
func (s *Service) recording(g Segment) bool {
	return slices.ContainsFunc(s.recorders(), func(r *recorder) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.id == g.ID
	})
}

// Overview shows how cameras are recorded.
func (s *Service) Overview(ctx context.Context) (Overview, error) {
	if _, err := actor.Require(ctx, actor.VideoReplay); err != nil {
		return Overview{}, err
	}
	all, err := s.Devices.All(ctx)
	if err != nil {
		return Overview{}, err
	}
	totals, err := s.Store.Totals(ctx)
	if err != nil {
		return Overview{}, err
	}
	out := Overview{Cameras: []Camera{}, Burns: s.Burner.Program != "", ClipDays: s.KeepClips.Hours() / 24}
	if out.Usage, err = s.usage(ctx); err != nil {
		return Overview{}, err
	}
	now := time.Now()
	for _, d := range all {
		if d.Kind == device.Camera {
			c := s.camera(d.ID, totals, now)
			if d.Parent != "" {
				c.AtTerminal = s.held(ctx, d)
			}
			out.Cameras = append(out.Cameras, c)
		}
	}
	slices.SortFunc(out.Cameras, func(a, b Camera) int { return cmp.Compare(a.Stream, b.Stream) })
	out.Sittings, out.Cameras, err = s.sittings(ctx, out.Cameras)
	return out, err
}

func (s *Service) camera(stream string, totals []Total, now time.Time) Camera {
	c := Camera{Policy: s.policy(stream)}
	c.Wanted, c.Incidents = c.records(now), []string{}
	for _, one := range s.scenesOf(stream) {
		if one.Began != nil {
			c.Wanted, c.Incidents = true, append(c.Incidents, one.No)
		}
	}
	for _, t := range totals {
		if t.Stream == stream {
			c.Bytes, c.First, c.Last = t.Bytes, &t.First, &t.Last
		}
	}
	s.mu.Lock()
	r := s.running[stream]
	s.mu.Unlock()
	if r == nil {
		return c
	}
	open, err := r.state()
	if open != nil {
		c.Recording, c.Bytes, c.Last = true, c.Bytes+open.Bytes, &open.To
		if c.First == nil {
			c.First = &open.From
		}
	}
	if err != nil {
		c.Error = err.Error()
	}
	return c
}

// visible finds a camera that the actor may see and do something with.
func (s *Service) visible(ctx context.Context, stream string, p actor.Permission) (actor.Actor, device.Device, error) {
	a, err := actor.Require(ctx, p)
	if err != nil {
		return a, device.Device{}, err
	}
	d, ok := s.Devices.Visible(ctx, stream)
	if !ok || d.Kind != device.Camera || !wire.ValidID(stream) {
		return a, d, errs.E(errs.NotFound, "recording.no_camera", "camera %.64s does not exist", stream)
	}
	return a, d, nil
}

// change saves and records in one transaction, then publishes.
func (s *Service) change(ctx context.Context, e *event.Event, fn func(ctx context.Context) error) error {
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return s.Events.Record(ctx, e)
	})
	if err == nil {
		s.Events.Publish(ctx, *e)
	}
	return err
}
