package video

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	lookEvery    = 500 * time.Millisecond
	recheckEvery = time.Minute     // what somebody watches must still be theirs to see
	bitrateEvery = 5 * time.Second // how often a change of nothing but the bit rate is told
	maxReason    = 500             // bytes of what a terminal says
)

// run looks after every stream until ctx ends.
func (s *Service) run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	recheck := time.NewTicker(recheckEvery)
	defer recheck.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-recheck.C:
			s.Recheck(ctx)
		case <-tick.C:
		case <-s.kick:
		}
		s.look(ctx, time.Now())
	}
}

// poke makes run look now.
func (s *Service) poke() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// changed is told by the router.
func (s *Service) changed(ctx context.Context, c Change) {
	if c.Sent != nil {
		s.got(ctx, *c.Sent)
		return
	}
	if c.Ended != "" {
		s.ended(ctx, c.Ended)
		s.mu.Lock()
		told := s.told
		s.mu.Unlock()
		if told != nil {
			told(c.Ended)
		}
	}
	s.poke()
}

// look compares every stream with what was last told and does what its lease needs.
func (s *Service) look(ctx context.Context, now time.Time) {
	var events []event.Event
	turned := map[string]bool{}
	s.mu.Lock()
	for nonce, expires := range s.used {
		if now.Unix() >= expires {
			delete(s.used, nonce)
		}
	}
	for user, before := range s.barred {
		if now.Sub(before) > connectWithin {
			delete(s.barred, user)
		}
	}
	there := map[string]bool{}
	for _, v := range s.sessions {
		if v.link != "" && !v.watch && v.stream != "" {
			there[v.stream] = true
		}
	}
	for id, st := range s.streams {
		st.there = there[id]
		flow := s.o.Router.Flow(id)
		if !st.busy && st.edge != "" {
			if a := st.lease.decide(now, flow.Wanted, flow.live(now)); a != nothing {
				st.busy = true
				s.wg.Go(func() { s.tell(ctx, id, a) })
			}
		}
		if !st.small {
			flow = flow.with(s.o.Router.Flow(SubOf(id)), now)
		}
		if live := flow.live(now); st.edge == "" && live != st.sends {
			st.sends = live
			turned[id] = live
		}
		if st.update(flow, now) && !st.small {
			events = append(events, event.Event{
				At: now, Kind: EventChanged, Subject: id, Division: st.division, Data: st.shown, Ephemeral: true,
			})
		}
	}
	late := s.late(now)
	s.mu.Unlock()
	for id, live := range turned {
		s.o.Outside.Sends(ctx, id, live)
	}
	s.hangUp(late)
	s.o.Events.Publish(ctx, events...)
}

// got tells a user what a viewer of theirs gets.
func (s *Service) got(ctx context.Context, sent Sent) {
	s.mu.Lock()
	v, ok := s.sessions[sent.Session]
	s.mu.Unlock()
	if ok && v.link == "" {
		s.o.Events.Publish(ctx, event.Event{
			At: time.Now(), Kind: EventLayer, Subject: sent.Stream, Division: v.division, Data: Got{sent, v.user}, Ephemeral: true,
		})
	}
}

// late are the sessions whose links have expired. The caller holds the lock.
func (s *Service) late(now time.Time) []string {
	var out []string
	for name, v := range s.sessions {
		if v.link != "" && !now.Before(v.until) {
			out = append(out, name)
		}
	}
	return out
}

// tell sends a command and notes how it went.
func (s *Service) tell(ctx context.Context, id string, a act) {
	s.mu.Lock()
	st := s.streams[id]
	edge := st.edge
	s.mu.Unlock()
	var err error
	if terminal, ok := s.o.Devices.Visible(ctx, edge); a == start && (!ok || terminal.State != device.Online) {
		err = offline(edge, nil) // it is asked when it is back
	} else if err = s.command(ctx, id, edge, a); err != nil && ctx.Err() == nil {
		s.o.Log.Warn("terminal was not asked", "edge", edge, "stream", id, "error", err)
	}
	fault, named := "", (*wire.CameraFault)(nil)
	of, small := MainOf(id)
	if camera, ok := s.o.Devices.Visible(ctx, of); ok && !small && camera.State == device.Fault {
		fault, named = camera.Error, camera.Fault
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.busy, st.fault, st.named, st.failure = false, fault, named, ""
	switch {
	case a == start && err != nil:
		st.failure = offline(edge, nil).Error()
	case a == start:
		st.lease.started(time.Now())
	}
}

// Greeted takes that a terminal has connected anew (device.EventGreeted). It returns at once.
func (s *Service) Greeted(edge string) {
	s.mu.Lock()
	for _, st := range s.streams {
		if st.edge == edge {
			st.lease.anew()
		}
	}
	s.mu.Unlock()
	s.poke()
}

// Result takes the outcome of a command to a terminal (device.EventResult). It returns at once.
func (s *Service) Result(edge string, r wire.CommandResult) {
	s.mu.Lock()
	for _, st := range s.streams {
		if st.edge != edge || st.command != r.Command {
			continue
		}
		st.refusal = ""
		if !r.OK {
			st.refusal = cmp.Or(r.Error, "the terminal did not say why it sends nothing")
			st.refusal = strings.ToValidUTF8(st.refusal[:min(len(st.refusal), maxReason)], "")
		}
	}
	s.mu.Unlock()
	s.poke()
}

// update brings what is shown up to date and reports whether it must be told.
func (st *stream) update(f Flow, now time.Time) bool {
	needed := st.lease.needed(now, f.Viewers)
	state := stateOf(f, needed, now)
	if st.edge == "" {
		state = standby(state, st.shown.State, f, needed)
	}
	next := Stream{ID: st.shown.ID, State: state, Viewers: f.Viewers, Since: st.shown.Since, Bitrate: f.Bitrate, Outside: st.edge == ""}
	if state != st.shown.State || next.Since == nil {
		since := now.UTC()
		next.Since = &since
	}
	switch state {
	case Frozen:
		last := f.Last.UTC()
		next.FrozenSince = &last
	case Starting:
		next.Error = cmp.Or(st.failure, st.refusal, st.fault)
		switch next.Error {
		case "":
		case st.failure:
			next.Fault = &wire.CameraFault{Kind: FaultOffline}
		case st.fault:
			next.Fault = st.named
		}
	case Idle:
		st.refusal, st.reason = "", ""
	case Live:
		st.refusal = ""
	}
	next.Standby = next.Outside && state == Idle && st.there
	next.UsedUp = st.refusal == wire.RefusedBudget
	if state != Live {
		next.Bitrate = 0
	}
	old := st.shown
	same := old.State == next.State && old.Viewers == next.Viewers && old.Error == next.Error && old.UsedUp == next.UsedUp && old.Standby == next.Standby && old.Since != nil
	first := old.Bitrate == 0 && next.Bitrate > 0
	if same && !first && (old.Bitrate == next.Bitrate || now.Sub(st.told) < bitrateEvery) {
		return false
	}
	st.shown, st.told = next, now
	return true
}
