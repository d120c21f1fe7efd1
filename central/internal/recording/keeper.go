package recording

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/shared/disk"
)

const (
	lookEvery = time.Second
	roomEvery = 10 * time.Second
	ageEvery  = 10 * time.Minute
)

var farAway = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Start mends what a kill left, then records what is to be recorded.
func (s *Service) Start(ctx context.Context) error {
	ctx = actor.WithSystem(ctx, "recording")
	if err := errors.Join(s.mend(ctx), s.sweepMoved(ctx), s.sweepSnapshots(ctx), s.sweepSounds()); err != nil {
		return err
	}
	list, err := s.Store.Policies(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	for _, p := range list {
		s.policies[p.Stream] = p
	}
	s.mu.Unlock()
	if err := s.loadScenes(ctx); err != nil {
		return err
	}
	s.clips.Start(ctx, 0, func(ctx context.Context, _ bool) time.Duration {
		s.say(ctx, "make clips", s.lookClips(ctx, time.Now()))
		return clipsEvery
	})
	if s.Shelf != nil {
		s.moves.Start(ctx, 0, func(ctx context.Context, _ bool) time.Duration { return s.lookMoves(ctx, time.Now()) })
	}
	var room, age, fill, scenes time.Time
	s.loop.Start(ctx, 0, func(ctx context.Context, _ bool) time.Duration {
		now := time.Now()
		s.say(ctx, "mark alarms", s.heard(ctx))
		if now.Sub(scenes) >= scenesEvery {
			scenes = now
			s.say(ctx, "follow incidents", s.followScenes(ctx))
		}
		s.look(context.WithoutCancel(ctx), now)
		if now.Sub(room) >= roomEvery {
			room = now
			s.say(ctx, "make room", s.makeRoom(ctx))
		}
		if now.Sub(fill) >= fillEvery {
			fill = now
			s.say(ctx, "fill gaps", s.fill(ctx, now))
		}
		if now.Sub(age) >= ageEvery {
			age = now
			s.say(ctx, "delete what is old", errors.Join(s.dropOld(ctx, now), s.tidySnapshots(ctx, now), s.forget(ctx, now), s.mend(ctx)))
		}
		return lookEvery
	})
	return nil
}

func (s *Service) say(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "recordings are not looked after", "step", what, "error", err)
	}
}

// Stop ends all recordings in order.
func (s *Service) Stop(ctx context.Context) error {
	err := errors.Join(s.loop.Stop(ctx), s.clips.Stop(ctx), s.moves.Stop(ctx))
	s.grabs.Wait() // they ended with the loop
	s.mu.Lock()
	running := s.running
	s.running = map[string]*recorder{}
	s.mu.Unlock()
	for _, r := range running {
		r.cancel()
	}
	for _, r := range running {
		select {
		case <-r.done:
		case <-ctx.Done():
			return errors.Join(err, fmt.Errorf("stop recordings: %w", ctx.Err()))
		}
	}
	return err
}

// look starts and stops recorders.
func (s *Service) look(ctx context.Context, now time.Time) {
	wanted := map[string]bool{}
	s.mu.Lock()
	for stream, p := range s.policies {
		if p.records(now) {
			wanted[stream] = true
		}
	}
	for _, one := range s.scenes {
		if one.Began != nil {
			wanted[one.Stream] = true
		}
	}
	var ended []*recorder
	for stream, r := range s.running {
		if !wanted[stream] {
			ended = append(ended, r)
			delete(s.running, stream)
		}
	}
	for stream := range wanted {
		if s.running[stream] == nil {
			if d, ok := s.Devices.Visible(ctx, stream); ok {
				s.running[stream] = s.record(ctx, d)
			}
		}
	}
	streams := make([]string, 0, len(s.running))
	for stream := range s.running {
		streams = append(streams, stream)
	}
	s.mu.Unlock()
	for _, r := range ended {
		r.cancel()
		<-r.done
	}
	slices.Sort(streams)
	s.Leases.Keep(ctx, streams)
}

// Full reports whether nothing is recorded because there is no room. Whoever sees that something is to be recorded may
// know it.
func (s *Service) Full() bool { return s.isFull() }

func (s *Service) isFull() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

// Usage is what recordings take, and whether there is room.
func (s *Service) Usage(ctx context.Context) (Usage, error) {
	if _, err := actor.Require(ctx, actor.VideoReplay); err != nil {
		return Usage{}, err
	}
	return s.usage(ctx)
}

// usage is what recordings take.
func (s *Service) usage(ctx context.Context) (Usage, error) {
	totals, err := s.Store.Totals(ctx)
	if err != nil {
		return Usage{}, err
	}
	u := Usage{Quota: s.Quota, Full: s.isFull()}
	away := int64(0)
	for _, t := range totals {
		u.Bytes, away = u.Bytes+t.Bytes-t.Away, away+t.Away
	}
	if u.Bucket, err = s.bucket(ctx, away, time.Now()); err != nil {
		return Usage{}, err
	}
	clips, err := s.Store.Clips(ctx)
	if err != nil {
		return Usage{}, err
	}
	for _, c := range clips {
		for _, f := range c.Files {
			u.Clips += f.Bytes
		}
	}
	if u.Snapshots, err = s.Store.SnapshotBytes(ctx); err != nil {
		return Usage{}, err
	}
	u.Bytes += u.Clips + u.Snapshots
	for _, r := range s.recorders() {
		if open, _ := r.state(); open != nil {
			u.Bytes += open.Bytes
		}
	}
	u.Free, err = disk.Free(s.Dir)
	return u, err
}
