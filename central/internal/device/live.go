package device

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// Periods of the register.
const (
	syncEvery   = 2 * time.Second
	touchEvery  = 30 * time.Second
	maxAgo      = 366 * 24 * time.Hour
	silentAfter = 5 * time.Minute // a simple sensor that says nothing for so long is offline
)

// Presence is told by the broker when the first session of a device begins and the last one ends.
func (s *Service) Presence(ctx context.Context, id string, online bool) {
	e, ok := s.find(ctx, id)
	if !ok {
		return
	}
	now := time.Now()
	var events []event.Event
	s.reg.mu.Lock()
	ctx = byEdge(ctx, e.rec.Device)
	e.connected = online
	if online || e.seen != nil {
		e.hears(now)
	}
	switch {
	case e.rec.Kind != Edge && !online:
		// A simple sensor may connect for each message: only silence makes it offline.
	case online:
		events = append(events, s.become(ctx, e, Online, "")...)
	default:
		events = append(events, s.become(ctx, e, Offline, "")...)
		for child := range s.reg.behind[id] {
			if c := s.reg.all[child]; c != nil && c.state != Never {
				events = append(events, s.become(ctx, c, Offline, "")...)
			}
		}
	}
	s.reg.mu.Unlock()
	s.Events.Publish(ctx, events...)
}

// become changes a state and says so; the lock is held.
func (s *Service) become(ctx context.Context, e *entry, state State, fault string) []event.Event {
	if e.state == state && e.fault == fault {
		return nil
	}
	was := e.state
	e.state, e.fault = state, fault
	if e.removed() || e.rec.RevokedAt != nil {
		return nil
	}
	s.contact(ctx, e, state, fault, time.Now())
	kind := EventChanged
	switch {
	case state == Offline:
		kind = EventOffline
	case state == Online && was != Fault:
		kind = EventOnline
	}
	return []event.Event{news(ctx, kind, e.view())}
}

// Barred reports whether an edge was revoked or removed, so that nothing of it is to be taken.
func (s *Service) Barred(ctx context.Context, edge string) bool {
	e, ok := s.find(ctx, edge)
	if !ok {
		return false // unknown is refused elsewhere
	}
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	return e.removed() || e.rec.RevokedAt != nil
}

// Status takes the state that an edge reports about itself and what is behind it. Whether it is online is
// not its word but the broker's.
func (s *Service) Status(ctx context.Context, edge string, st wire.Status) error {
	e, ok := s.find(ctx, edge)
	if !ok {
		return notFound(edge)
	}
	if st.State != "online" {
		return nil
	}
	now := time.Now()
	var events []event.Event
	foreign, which := uint64(0), ""
	s.reg.mu.Lock()
	agent := Agent{}
	if e.agent != nil {
		agent = *e.agent
	}
	agent.Boot, agent.Synced, agent.Backlog, agent.Lost, agent.RSSBytes = short(st.Boot), st.Synced, st.Backlog, st.Lost, st.RSSBytes
	agent.Offset, agent.Refused = st.Time-wire.Millis(now), st.Refused
	agent.Budget = ""
	if st.Budget != nil {
		agent.Budget = st.Budget.Level
	}
	agent.Applied, agent.Upgrade = applied(st.Applied), upgraded(st.Upgrade)
	if st.Agent != "" {
		agent.Version = short(st.Agent)
	}
	agent.Maintenance, agent.Disk = short(st.Maintenance), disk(st.Disk)
	var was []BadInput
	if e.reported != nil {
		was = e.reported.Faults
	}
	e.agent, e.reported = &agent, &Reported{At: event.Stamp(now), Status: st, Faults: badInput(was, st)}
	e.hears(now)
	report := func(id string, ok bool, text string, named *wire.CameraFault, answered int64) {
		c := s.reg.all[id]
		if c == nil || c.rec.Parent != edge || c.removed() {
			foreign++
			which = id
			return
		}
		if ok {
			if heard := answeredAt(st.Time, answered, now); c.seen == nil || heard.After(*c.seen) {
				c.hears(heard)
			}
			if e.connected {
				events = append(events, s.become(ctx, c, Online, "")...)
			}
			return
		}
		if e.connected && (text != "" || c.rec.Kind == Camera) { // a sensor without a fault was not asked yet
			c.named = known(named)
			events = append(events, s.become(ctx, c, Fault, wire.Text(text, maxFault))...)
		}
	}
	for _, one := range st.Sensors[:min(len(st.Sensors), maxSensors)] {
		report(one.ID, one.OK, one.Error, nil, one.At)
	}
	for _, one := range st.Cameras[:min(len(st.Cameras), maxCameras)] {
		report(one.ID, one.OK, one.Error, one.Fault, 0)
	}
	if e.connected {
		events = append(events, s.become(ctx, e, Online, "")...)
	}
	events = append(events, heartbeat(ctx, e.view()))
	s.reg.mu.Unlock()
	s.Refused(ctx, edge, ReasonForeignDevice, which, foreign)
	s.Events.Publish(ctx, events...)
	return nil
}

// maxFault is how much of an error of an edge is taken over, in bytes.
const maxFault = 500

// known is the name that a terminal gives a fault, cut to what is shown.
func known(f *wire.CameraFault) *wire.CameraFault {
	if f == nil {
		return nil
	}
	return &wire.CameraFault{Kind: short(f.Kind), Has: wire.Text(f.Has, 40)}
}

// disk is what an edge says of its disk, cut to what is shown.
func disk(d *wire.DiskState) *wire.DiskState {
	if d == nil {
		return nil
	}
	out := *d
	out.Kind = wire.DiskKind(short(string(out.Kind)))
	out.Path, out.Error = wire.Text(out.Path, 250), wire.Text(out.Error, maxFault)
	return &out
}

// answeredAt is when a device last answered, given in the clock of its terminal, in ours. Cameras do not say
// when: now.
func answeredAt(clock, answered int64, now time.Time) time.Time {
	if answered == 0 || answered > clock {
		return now
	}
	return now.Add(-time.Duration(min(clock-answered, maxAgo.Milliseconds())) * time.Millisecond)
}

// Reported is the last status of an edge that the actor may see, with the faults of what is behind it:
// errs.NotFound when the edge is unknown or has not reported since the start of the centre.
func (s *Service) Reported(ctx context.Context, edge string) (Reported, error) {
	if _, err := s.Get(ctx, edge); err != nil {
		return Reported{}, err
	}
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	if e := s.reg.all[edge]; e != nil && e.reported != nil {
		return *e.reported, nil
	}
	return Reported{}, errs.E(errs.NotFound, "device.not_reported", "device %s has not reported yet", edge)
}

// Result takes the outcome of a command and tells whoever asked for it.
func (s *Service) Result(ctx context.Context, edge string, r wire.CommandResult) {
	r.Error, r.Code = wire.Text(r.Error, 2*maxFault), short(r.Code)
	e := event.Event{At: time.Now().UTC(), Kind: EventResult, Subject: edge, Data: r, Ephemeral: true}
	if d, ok := s.Visible(ctx, edge); ok {
		e.Division = d.Division
	}
	s.Events.Publish(ctx, e)
}

// Crew takes what became of a message at an edge and tells whoever sent it.
func (s *Service) Crew(ctx context.Context, edge string, r wire.CrewReceipt) {
	s.Events.Publish(ctx, event.Event{At: time.Now().UTC(), Kind: EventCrew, Subject: edge, Data: r, Ephemeral: true})
}

// Told takes the configuration that an edge says it runs and tells whoever asked for it.
func (s *Service) Told(ctx context.Context, edge string, t wire.ConfigTold) {
	s.Events.Publish(ctx, event.Event{At: time.Now().UTC(), Kind: EventConfigTold, Subject: edge, Data: t, Ephemeral: true})
}

// Admit strips from a batch what its edge may not send: series it has not declared and things of other
// devices. It returns how many records that were, and counts them.
func (s *Service) Admit(ctx context.Context, edge string, b *wire.Batch) uint64 {
	if _, ok := s.find(ctx, edge); !ok {
		n := uint64(len(b.Readings) + len(b.Events))
		b.Readings, b.Events = nil, nil
		s.Refused(ctx, edge, ReasonSeries, "edge "+edge, n)
		return n
	}
	// Look up in the database what memory does not know, before the lock.
	last := ""
	for _, r := range b.Readings {
		if r.Device != last {
			last = r.Device
			s.find(ctx, r.Device)
		}
	}
	var heard []string
	refused, which := uint64(0), ""
	s.reg.mu.RLock()
	readings, last, property, known := b.Readings[:0], "", "", false
	for _, r := range b.Readings {
		if r.Device != last || r.Property != property {
			e := s.reg.all[r.Device]
			known = e != nil && e.rec.Parent == edge && !e.removed()
			if known {
				if r.Device != last {
					heard = append(heard, r.Device)
				}
				_, known = e.series[r.Property]
			}
			last, property = r.Device, r.Property
		}
		if known {
			readings = append(readings, r)
		} else {
			refused++
			which = r.Device + "/" + r.Property
		}
	}
	events := b.Events[:0]
	for _, ev := range b.Events {
		e := s.reg.all[ev.Device]
		if ev.Device == "" || ev.Device == edge || (e != nil && e.rec.Parent == edge && !e.removed()) {
			events = append(events, ev)
		} else {
			refused++
			which = ev.Device + " " + ev.Kind
		}
	}
	s.reg.mu.RUnlock()
	b.Readings, b.Events = readings, events
	now := time.Now()
	s.spoke(edge, now)
	if !b.Backfill {
		s.heard(ctx, heard, now)
	}
	s.Refused(ctx, edge, ReasonSeries, which, refused)
	return refused
}

// AdmitSensor does the same for a simple sensor, whose properties are whatever it sends, up to 64.
func (s *Service) AdmitSensor(ctx context.Context, id string, b *wire.Batch) (uint64, error) {
	e, ok := s.find(ctx, id)
	if !ok {
		return 0, notFound(id)
	}
	var fresh []Series
	s.reg.mu.RLock()
	gone := e.removed() || e.rec.RevokedAt != nil
	room := wire.MaxValues - len(e.series)
	known := func(p string) bool { _, ok := e.series[p]; return ok }
	for _, r := range b.Readings {
		p := r.Property
		if !known(p) && len(fresh) < room && !slices.ContainsFunc(fresh, func(one Series) bool { return one.Property == p }) {
			fresh = append(fresh, Series{Property: p, Name: p, NameEN: p, Digits: 3})
		}
	}
	s.reg.mu.RUnlock()
	if gone {
		return 0, notFound(id)
	}
	if len(fresh) > 0 {
		if err := s.grow(ctx, id, fresh); err != nil {
			return 0, err
		}
	}
	refused, which := uint64(0), ""
	s.reg.mu.RLock()
	readings := b.Readings[:0]
	for _, r := range b.Readings {
		if known(r.Property) {
			readings = append(readings, r)
		} else {
			refused++
			which = r.Device + "/" + r.Property
		}
	}
	s.reg.mu.RUnlock()
	b.Readings = readings
	s.heard(ctx, []string{id}, time.Now())
	s.Refused(ctx, id, ReasonSeries, which, refused)
	return refused, nil
}

// grow adds series to a device that does not have them yet, while there is room.
func (s *Service) grow(ctx context.Context, id string, list []Series) error {
	s.write.Lock()
	defer s.write.Unlock()
	var r Record
	var done event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		var err error
		if r, err = s.Store.Device(ctx, id); err != nil {
			return err
		}
		for _, one := range list {
			if len(r.Series) < wire.MaxValues && !r.sends(one.Property) {
				r.Series = append(slices.Clip(r.Series), one)
			}
		}
		r.UpdatedAt = event.Stamp(time.Now())
		if err := s.Store.Save(ctx, r); err != nil {
			return err
		}
		return s.record(ctx, &done, EventChanged, r)
	})
	if err != nil {
		return err
	}
	s.put(r)
	s.Events.Publish(ctx, done)
	return nil
}

func (d *Device) sends(property string) bool {
	for _, one := range d.Series {
		if one.Property == property {
			return true
		}
	}
	return false
}

// spoke notes a sign of life of an edge, whatever it is. Whether it is online the broker says.
func (s *Service) spoke(edge string, at time.Time) {
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	if e := s.reg.all[edge]; e != nil {
		e.hears(at)
	}
}

// heard notes that devices have sent data just now.
func (s *Service) heard(ctx context.Context, ids []string, at time.Time) {
	var events []event.Event
	s.reg.mu.Lock()
	for _, id := range ids {
		e := s.reg.all[id]
		if e == nil {
			continue
		}
		e.hears(at)
		parent := s.reg.all[e.rec.Parent]
		if (e.state == Never || e.state == Offline) && (parent == nil || parent.connected) {
			events = append(events, s.become(ctx, e, Online, "")...)
		}
	}
	s.reg.mu.Unlock()
	s.Events.Publish(ctx, events...)
}

// Connected reports whether an edge has a session.
func (s *Service) Connected(ctx context.Context, edge string) bool {
	e, ok := s.find(ctx, edge)
	if !ok {
		return false
	}
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	return e.connected
}
