package api

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/central/internal/steer"
	"github.com/fengsui/fengsui/central/internal/talk"
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
	alarms  map[string]telemetry.Alarm
	streams map[string]video.Stream
	got     map[string]video.Sent // by session
	health  *telemetry.Health
	duty    *time.Time // who is on duty has changed
	desk    *time.Time // clocks have changed
	cases   *time.Time // the inbox, incidents or reports have changed
	unkept  *bool      // nothing is recorded, or again
	rooms   *time.Time // consultations have changed
	rules   *time.Time // rules or their exceptions have changed
	steer   *time.Time // who turns which camera has changed
	talk    *time.Time // who speaks to which scene has changed
	crew    *time.Time // what became of messages to scenes has changed
	windows map[string]maintenance.Window

	// told is the time of each thing in the snapshot. An event that was queued while the snapshot was made
	// may be older than what it shows; nothing may go back. Forgotten with the first message after.
	told map[string]time.Time
}

// sent notes what a snapshot shows.
func (p *pending) sent(m liveMessage) {
	p.told = make(map[string]time.Time, len(m.Devices)+len(m.Latest)+len(m.Alarms))
	if m.Health != nil {
		p.told["health"] = m.Health.Since
	}
	for _, d := range m.Devices {
		p.told["d/"+d.ID] = d.UpdatedAt
	}
	for _, l := range m.Latest {
		p.told["l/"+l.Device+"/"+l.Property] = l.At
	}
	for i := range m.Windows {
		p.told["w/"+m.Windows[i].ID] = m.Windows[i].UpdatedAt
	}
	for _, a := range m.Alarms {
		p.told["a/"+a.ID] = a.UpdatedAt
	}
}

// add takes what the view may see of an event.
func (p *pending) add(e event.Event, v *view) urgency {
	if strings.HasPrefix(e.Kind, duty.EventKind) && v.who.Can(actor.DutyRead) {
		p.duty = &e.At
		return soon
	}
	if (strings.HasPrefix(e.Kind, deadline.EventKind) || strings.HasPrefix(e.Kind, handover.EventKind) || strings.HasPrefix(e.Kind, notice.EventKind) || strings.HasPrefix(e.Kind, rollcall.EventKind)) && v.who.Can(actor.DutyRead) {
		p.desk = &e.At
		return soon
	}
	if isCase(e.Kind) && v.who.Can(actor.IncidentRead) && v.who.Covers(e.Division) {
		p.cases = &e.At
		return soon
	}
	// Whoever is invited may belong to any division; what they may see they are told when they ask.
	if strings.HasPrefix(e.Kind, consult.EventKind) && v.who.Can(actor.ConsultJoin) {
		p.rooms = &e.At
		return soon
	}
	if (e.Kind == recording.EventFull || e.Kind == recording.EventRoom) && v.seesKept() {
		full := e.Kind == recording.EventFull
		p.unkept = &full
		return soon
	}
	switch data := e.Data.(type) {
	case rulebook.RuleOverride, rulebook.Changed:
		if !v.who.Can(actor.AlarmRead) {
			return ignored
		}
		p.rules = &e.At
		return soon
	case steer.Turn:
		if !v.who.Can(actor.VideoWatch) || !v.visible[data.Camera] {
			return ignored
		}
		p.steer = &e.At
		return soon
	case talk.Spoken:
		if !v.who.Can(actor.VideoWatch) || !(v.visible[data.Listener] || slices.ContainsFunc(data.Cameras, func(id string) bool { return v.visible[id] })) {
			return ignored
		}
		p.talk = &e.At
		return soon
	case crew.Message:
		if !v.who.Can(actor.VideoWatch) || !v.visible[data.Target] && !v.who.Covers(data.Division) {
			return ignored
		}
		p.crew = &e.At
		return soon
	case device.Device:
		if !v.who.Can(actor.DeviceRead) || data.UpdatedAt.Before(p.told["d/"+data.ID]) {
			return ignored
		}
		return p.device(e.Kind, data, v)
	case []telemetry.Latest:
		return p.values(data, v)
	case telemetry.Alarm:
		if !v.who.Can(actor.AlarmRead) || !v.who.Sees(data.Division) || data.UpdatedAt.Before(p.told["a/"+data.ID]) {
			return ignored
		}
		// Two people may act at once and their events cross: the newer state stays.
		if old, ok := p.alarms[data.ID]; ok && data.UpdatedAt.Before(old.UpdatedAt) {
			return now
		}
		put(&p.alarms, data.ID, data)
		return now
	case telemetry.Health:
		if !v.who.Can(actor.TelemetryRead) || data.Since.Before(p.told["health"]) {
			return ignored
		}
		p.health = &data
		return soon
	case maintenance.Window:
		if !v.who.Can(actor.AlarmRead) || !data.VisibleTo(v.who) || data.UpdatedAt.Before(p.told["w/"+data.ID]) {
			return ignored
		}
		put(&p.windows, data.ID, data)
		return soon
	case video.Stream:
		if !v.who.Can(actor.VideoWatch) || !v.visible[data.ID] {
			return ignored
		}
		put(&p.streams, data.ID, data)
		return soon
	case video.Got:
		if data.User != v.who.ID {
			return ignored
		}
		put(&p.got, data.Session, data.Sent)
		return soon
	}
	return ignored
}

// seesKept reports whether somebody is shown that something is recorded.
func (v *view) seesKept() bool {
	return v.who.Can(actor.VideoWatch) || v.who.Can(actor.VideoReplay) || v.who.Can(actor.ConsultJoin)
}

// isCase reports whether an event is of the inbox, of an incident or of a report.
func isCase(kind string) bool {
	return strings.HasPrefix(kind, incident.EventKind) || strings.HasPrefix(kind, intake.EventKind) || strings.HasPrefix(kind, report.EventKind) || strings.HasPrefix(kind, response.EventKind) ||
		strings.HasPrefix(kind, resource.EventKind) || kind == field.EventEntered
}

func (p *pending) device(kind string, d device.Device, v *view) urgency {
	if kind == device.EventRemoved || !v.who.Sees(d.Division) {
		// Removed, or moved to where this actor sees nothing.
		if !v.visible[d.ID] {
			return ignored
		}
		delete(v.visible, d.ID)
		delete(p.devices, d.ID)
		put(&p.removed, d.ID, true)
		return soon
	}
	if d.Kind == device.Camera && !v.visible[d.ID] {
		// A camera that has just come has a stream, which nobody watches yet.
		put(&p.streams, d.ID, video.Stream{ID: d.ID, State: video.Idle})
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
		if v.visible[l.Device] && !l.At.Before(p.told["l/"+l.Device+"/"+l.Property]) {
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
	var m liveMessage
	for _, a := range p.alarms {
		m.Alarms = append(m.Alarms, a)
	}
	for _, d := range p.devices {
		m.Devices = append(m.Devices, d)
	}
	for _, l := range p.latest {
		m.Latest = append(m.Latest, l)
	}
	for _, s := range p.streams {
		m.Streams = append(m.Streams, s)
	}
	for _, s := range p.got {
		m.Sent = append(m.Sent, s)
	}
	for id := range p.windows {
		m.Windows = append(m.Windows, p.windows[id])
	}
	m.Health, m.Duty, m.Desk, m.Rules, m.Cases, m.Steer, m.Talk, m.Crew, m.Rooms, m.Unkept = p.health, p.duty, p.desk, p.rules, p.cases, p.steer, p.talk, p.crew, p.rooms, p.unkept
	if len(p.removed) > 0 {
		m.Removed = &liveRemoved{}
		for id := range p.removed {
			m.Removed.Devices = append(m.Removed.Devices, id)
		}
	}
	*p = pending{}
	return m
}

// takeApart is take without devices and values, which stay.
func (p *pending) takeApart() liveMessage {
	kept := pending{devices: p.devices, removed: p.removed, latest: p.latest, told: p.told}
	p.devices, p.removed, p.latest = nil, nil, nil
	m := p.take()
	*p = kept
	return m
}
