package app

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/video"
)

// consults are the rooms in which people see and hear each other; nil when pictures are switched off.
func (c *Centre) consults(ctx context.Context, b *base, router *sfu.SFU, pictures *video.Service, kept *recording.Service, cameras *cameras, incidents *incident.Service) *consult.Service {
	if pictures == nil {
		return nil
	}
	o := consult.Options{
		Store: store.NewConsults(b.db), Tx: b.db, Desks: incident.Desks{Accounts: b.accounts}, Incidents: incidents, People: b.accounts, Router: router, Pictures: pictures, Events: b.bus, Log: c.log.With("component", "consult"),
	}
	if kept != nil {
		o.Recorder = roomRecorder{kept}
	}
	s := consult.New(o)
	cameras.rooms.Store(s)
	b.bus.Handle(s.OnEvent(func(e event.Event) bool {
		switch e.Kind {
		case account.EventDisabled, account.EventChanged, account.EventOrgChanged, account.EventPasswordReset:
			return true
		}
		return false
	}))
	b.bus.Handle(func(_ context.Context, e event.Event) {
		if e.Kind == recording.EventFull || e.Kind == recording.EventRoom {
			s.DiskFull(e.Kind == recording.EventFull)
		}
	})
	if kept != nil && kept.Full() { // it said so before anybody heard
		s.DiskFull(true)
	}
	s.Start(ctx)
	c.parts.Add("consults", s.Stop)
	return s
}

// cameras are the register, and the seats of consultation rooms of which something was recorded: these are played by
// whoever may enter the room.
type cameras struct {
	*device.Service
	rooms atomic.Pointer[consult.Service]
}

// Visible implements recording.Devices.
func (c *cameras) Visible(ctx context.Context, id string) (device.Device, bool) {
	if d, ok := c.Service.Visible(ctx, id); ok {
		return d, true
	}
	if s := c.rooms.Load(); s != nil {
		return s.Seat(ctx, id)
	}
	return device.Device{}, false
}

// All implements recording.Devices.
func (c *cameras) All(ctx context.Context) ([]device.Device, error) {
	out, err := c.Service.All(ctx)
	s := c.rooms.Load()
	if err != nil || s == nil {
		return out, err
	}
	seats, err := s.RecordedSeats(ctx)
	return append(slices.Clip(out), seats...), err
}

// Sittings are the rooms of which something was recorded.
func (c *cameras) Sittings(ctx context.Context) ([]recording.Sitting, error) {
	s := c.rooms.Load()
	if s == nil {
		return nil, nil
	}
	rooms, err := s.RecordedRooms(ctx)
	out := make([]recording.Sitting, 0, len(rooms))
	for _, r := range rooms {
		if r.First == nil {
			continue
		}
		one := recording.Sitting{ID: r.ID, Title: r.Title, Incident: r.Incident, From: *r.First}
		if !r.Recording {
			one.To = r.Last
		}
		for _, k := range r.Kept {
			one.Streams = append(one.Streams, recording.Seen{Stream: k.Stream, Names: k.Names, Seat: r.Owns(k.Stream)})
		}
		slices.SortStableFunc(one.Streams, func(a, b recording.Seen) int { return strings.Compare(seatsFirst(a), seatsFirst(b)) })
		out = append(out, one)
	}
	return out, err
}

// seatsFirst puts the seats before the scenes that were shared.
func seatsFirst(x recording.Seen) string {
	if x.Seat {
		return "0" + x.Stream
	}
	return "1"
}

// roomRecorder records rooms.
type roomRecorder struct{ *recording.Service }

// longest is how long a room is recorded at a stretch, in minutes.
const longest = 24 * 60

// Begin implements consult.Recorder.
func (k roomRecorder) Begin(ctx context.Context, stream string) error {
	_, err := k.Service.Begin(ctx, stream, longest)
	return err
}

// End implements consult.Recorder.
func (k roomRecorder) End(ctx context.Context, stream string) error {
	_, err := k.Service.End(ctx, stream)
	return err
}

// Hold implements consult.Recorder.
func (k roomRecorder) Hold(ctx context.Context, r consult.Room, stream string, to time.Time, reference string) error {
	_, err := k.AddHold(ctx, recording.Hold{Stream: stream, From: *r.Since, To: to, Reference: incident.Cut(reference, 100), OrgID: r.OrgID, OrgName: r.OrgName})
	return err
}

// ended tells all rooms that have sessions of the router of those that ended; pictures know one listener.
func ended(ctx context.Context, pictures *video.Service, told ...func(context.Context, string)) {
	system := actor.WithSystem(context.WithoutCancel(ctx), "sessions")
	pictures.OnEnded(func(session string) {
		for _, tell := range told {
			tell(system, session)
		}
	})
}
