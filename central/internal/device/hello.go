package device

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// Reasons of refusals that the register finds.
const (
	ReasonForeignDevice = "foreign_device"
	ReasonDivision      = "foreign_division" // declared where its edge does not stand; it keeps the edge's
	ReasonRemoved       = "removed_device"
	ReasonTooMany       = "too_many_declared"
	ReasonSeries        = "unknown_series"
)

// Declared is a sensor or a camera as its edge describes it.
type Declared struct {
	Kind Kind
	wire.SensorDeclared
}

// declared lists what a greeting says is behind the edge.
func declared(h wire.Hello) []Declared {
	var out []Declared
	for _, one := range h.Sensors {
		out = append(out, Declared{Kind: Sensor, SensorDeclared: one})
	}
	for _, c := range h.Cameras {
		out = append(out, Declared{Kind: Camera, SensorDeclared: wire.SensorDeclared{
			ID: c.ID, Name: c.Name, NameEN: c.NameEN, Class: "video", Division: c.Division, Place: c.Place, Demo: c.Demo,
		}})
	}
	return out
}

// demonstrates reports whether all that is behind an edge is of a demonstration; then so is the edge.
func demonstrates(h wire.Hello) bool {
	all := declared(h)
	return len(all) > 0 && !slices.ContainsFunc(all, func(d Declared) bool { return !d.Demo })
}

// Hello takes the greeting of an edge: what is behind it is registered or brought up to date. An id that
// belongs to somebody else is refused and counted.
func (s *Service) Hello(ctx context.Context, edge string, h wire.Hello) (Greeting, error) {
	e, ok := s.find(ctx, edge)
	if !ok {
		return Greeting{}, notFound(edge)
	}
	now := time.Now()
	if len(h.Sensors) > maxSensors || len(h.Cameras) > maxCameras {
		s.Refused(ctx, edge, ReasonTooMany, "hello", uint64(max(len(h.Sensors)-maxSensors, 0)+max(len(h.Cameras)-maxCameras, 0)))
		h.Sensors, h.Cameras = h.Sensors[:min(len(h.Sensors), maxSensors)], h.Cameras[:min(len(h.Cameras), maxCameras)]
	}
	events, err := s.greet(ctx, edge, h, now)
	if err != nil {
		return Greeting{}, err
	}
	s.reg.mu.Lock()
	agent := Agent{}
	if e.agent != nil {
		agent = *e.agent
	}
	agent.Version, agent.Boot, agent.Synced, agent.Offset = short(h.Agent), short(h.Boot), h.Synced, h.Time-wire.Millis(now)
	agent.Applied = applied(h.Applied)
	agent.Maintenance = short(h.Maintenance)
	var greeting Greeting
	agent.Lives, greeting = meet(agent.Lives, h, event.Stamp(now))
	e.agent = &agent
	e.hears(now)
	d := e.view()
	s.reg.mu.Unlock()
	greeted := news(ctx, EventGreeted, d)
	greeted.Ephemeral = true
	events = append(events, heartbeat(ctx, d), greeted)
	s.Events.Publish(ctx, events...)
	return greeting, nil
}

func short(s string) string { return wire.Text(s, 64) }

// applied is what an edge says of its configuration, cut to what is shown.
func applied(s *wire.ConfigState) *wire.ConfigState {
	if s == nil {
		return nil
	}
	out := *s
	out.Hash = short(out.Hash)
	if s.Last != nil {
		last := *s.Last
		last.Hash, last.Error = short(last.Hash), wire.Text(last.Error, maxFault)
		out.Last = &last
	}
	return &out
}

// maxOutcomes is how many outcomes of upgrades are taken over from an edge.
const maxOutcomes = 10

// upgraded is what an edge says of its programs, cut to what is shown.
func upgraded(s *wire.UpgradeState) *wire.UpgradeState {
	if s == nil {
		return nil
	}
	out := *s
	for _, text := range []*string{&out.Arch, &out.Slot, &out.Package, &out.A, &out.B, &out.Floor, &out.Back, &out.ID, &out.Version} {
		*text = short(*text)
	}
	out.Phase, out.Error = wire.UpgradePhase(short(string(out.Phase))), wire.Text(out.Error, maxFault)
	cut := func(o wire.UpgradeOutcome) wire.UpgradeOutcome {
		o.ID, o.From, o.Version, o.Error = short(o.ID), short(o.From), short(o.Version), wire.Text(o.Error, maxFault)
		return o
	}
	out.History = nil
	for _, o := range s.History[:min(len(s.History), maxOutcomes)] {
		out.History = append(out.History, cut(o))
	}
	if s.Last != nil {
		last := cut(*s.Last)
		out.Last = &last
	}
	return &out
}

// greet saves what is new in one transaction.
func (s *Service) greet(ctx context.Context, edge string, h wire.Hello, now time.Time) ([]event.Event, error) {
	s.write.Lock()
	defer s.write.Unlock()
	type change struct {
		kind string
		r    Record
		done event.Event
	}
	var changes []change
	refused := map[string]refusals{}
	refuse := func(reason, what string) { refused[reason] = refusals{What: what, N: refused[reason].N + 1} }
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		own, err := s.Store.Device(ctx, edge)
		if err != nil {
			return err
		}
		if own.RemovedAt != nil || own.RevokedAt != nil || own.Kind != Edge {
			return notFound(edge)
		}
		was := own
		if !own.Edited || own.Place == nil {
			if h.Place != nil && h.Place.OnEarth() {
				own.Place = h.Place
			}
		}
		if geo.Division(h.Division).Valid() && (own.Division == "" || geo.Division(own.Division).Covers(geo.Division(h.Division))) {
			own.Division = h.Division // never out of the division that somebody at the centre gave it
		}
		if own.Name == own.ID && h.Name != "" && len(h.Name) <= maxName && h.Name == wire.Text(h.Name, maxName) {
			own.Name = h.Name
		}
		if own.NameEN == "" && own.Name == h.Name { // an English name goes with the Chinese one
			own.NameEN = english(h.NameEN)
		}
		own.Demo = own.Demo || demonstrates(h)
		if !same(was, own) {
			own.UpdatedAt = event.Stamp(now)
			if err := s.Store.Save(ctx, own); err != nil {
				return err
			}
			changes = append(changes, change{kind: EventChanged, r: own})
		}
		behind := len(s.children(edge))
		for _, d := range declared(h) {
			if !wire.ValidID(d.ID) {
				refuse(ReasonForeignDevice, d.ID)
				continue
			}
			if d.Division != "" && !own.within(d.Division) {
				refuse(ReasonDivision, d.ID+" in "+d.Division)
			}
			r, err := s.Store.Device(ctx, d.ID)
			switch {
			case errs.KindOf(err) == errs.NotFound && behind >= maxBehind:
				refuse(ReasonTooMany, d.ID)
			case errs.KindOf(err) == errs.NotFound:
				behind++
				r = Record{Device: Device{ID: d.ID, Kind: d.Kind, CreatedAt: event.Stamp(now), UpdatedAt: event.Stamp(now)}}
				r.declare(d, own)
				if err := s.Store.Add(ctx, r); err != nil {
					return err
				}
				changes = append(changes, change{kind: EventCreated, r: r})
			case err != nil:
				return err
			case r.Parent != edge || r.Kind != d.Kind:
				refuse(ReasonForeignDevice, d.ID)
			case r.RemovedAt != nil:
				refuse(ReasonRemoved, d.ID)
			case r.declare(d, own):
				r.UpdatedAt = event.Stamp(now)
				if err := s.Store.Save(ctx, r); err != nil {
					return err
				}
				changes = append(changes, change{kind: EventChanged, r: r})
			}
		}
		var done []*event.Event
		for n := range changes {
			c := &changes[n]
			c.done = news(ctx, c.kind, s.preview(c.r))
			done = append(done, &c.done)
		}
		return s.Events.Record(ctx, done...)
	})
	if err != nil {
		return nil, err
	}
	var events []event.Event
	for _, c := range changes {
		s.put(c.r)
		events = append(events, c.done)
	}
	for reason, r := range refused {
		s.Refused(ctx, edge, reason, r.What, r.N)
	}
	return events, nil
}
