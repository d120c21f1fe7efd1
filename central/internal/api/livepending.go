package api

import (
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
)

// urgency is when an event must leave.
type urgency int

const (
	ignored urgency = iota
	soon            // with others, within liveCoalesce
	now
)

type seriesKey struct{ device, property string }

// pending is what changed since the last message, each thing once with its newest state.
type pending struct {
	devices map[string]device.Device
	removed map[string]bool
	latest  map[seriesKey]telemetry.Latest
	alarms  []telemetry.Alarm
	streams map[string]video.Stream
}

// add takes what the view may see of an event.
func (p *pending) add(e event.Event, v *view) urgency {
	switch data := e.Data.(type) {
	case device.Device:
		if !v.who.Can(actor.DeviceRead) || !v.who.Sees(data.Division) {
			return ignored
		}
		return p.device(e.Kind, data, v)
	case []telemetry.Latest:
		return p.values(data, v)
	case telemetry.Alarm:
		if !v.who.Can(actor.AlarmRead) || !v.who.Sees(data.Division) {
			return ignored
		}
		p.alarms = append(p.alarms, data)
		return now
	case video.Stream:
		if !v.visible[data.ID] {
			return ignored
		}
		put(&p.streams, data.ID, data)
		return soon
	}
	return ignored
}

func (p *pending) device(kind string, d device.Device, v *view) urgency {
	if kind == device.EventRemoved {
		delete(v.visible, d.ID)
		delete(p.devices, d.ID)
		put(&p.removed, d.ID, true)
		return soon
	}
	v.visible[d.ID] = true
	delete(p.removed, d.ID)
	put(&p.devices, d.ID, d)
	return soon
}

func (p *pending) values(latest []telemetry.Latest, v *view) urgency {
	u := ignored
	if !v.who.Can(actor.TelemetryRead) {
		return u
	}
	for _, l := range latest {
		if v.visible[l.Device] {
			put(&p.latest, seriesKey{l.Device, l.Property}, l)
			u = soon
		}
	}
	return u
}

func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

// take empties the pending changes into a message.
func (p *pending) take() liveMessage {
	m := liveMessage{Alarms: p.alarms}
	for _, d := range p.devices {
		m.Devices = append(m.Devices, d)
	}
	for _, l := range p.latest {
		m.Latest = append(m.Latest, l)
	}
	for _, s := range p.streams {
		m.Streams = append(m.Streams, s)
	}
	if len(p.removed) > 0 {
		m.Removed = &liveRemoved{}
		for id := range p.removed {
			m.Removed.Devices = append(m.Removed.Devices, id)
		}
	}
	*p = pending{}
	return m
}
