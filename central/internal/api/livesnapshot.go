package api

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// livePart is how many devices one message of a snapshot has: an alarm waits behind one of them at most, which a link of
// 1 Mbit/s must take, compressed, well within a second.
const livePart = 1000

func (v *view) snapshot(ctx context.Context) (liveMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	m := liveMessage{Type: "snapshot"}
	src := v.server.live.src
	var err error
	// First what waits for the database: the rest comes from memory, and that of a large county takes its time.
	if m.Windows, err = permitted(src.Windows(ctx)); err != nil {
		return m, err
	}
	if m.Devices, err = permitted(src.Devices(ctx)); err != nil {
		return m, err
	}
	if m.Latest, err = permitted(src.Latest(ctx)); err != nil {
		return m, err
	}
	if m.Alarms, err = permitted(src.Alarms(ctx)); err != nil {
		return m, err
	}
	if m.Streams, err = permitted(src.Streams(ctx)); err != nil {
		return m, err
	}
	if src.Unkept != nil && v.seesKept() {
		full := src.Unkept()
		m.Unkept = &full
	}
	switch health, err := src.Health(ctx); {
	case err == nil:
		m.Health = &health
	case errs.KindOf(err) != errs.Denied:
		return m, err
	}
	return m, nil
}

// show sends the first part of a snapshot, and notes what all of it shows once that is on the way.
func (v *view) show(m liveMessage) error {
	parts := m.parts(livePart)
	if err := v.send(parts[0]); err != nil {
		return err
	}
	for i := range m.Devices {
		v.visible[m.Devices[i].ID] = true
	}
	v.pending.sent(m)
	v.parts = parts[1:]
	return nil
}

// goOn sends the next part, if there is one, and is patient with the browser anew. What waited for the last part follows it.
func (v *view) goOn(patience, flush *time.Timer) error {
	if len(v.parts) == 0 {
		return nil
	}
	part := v.parts[0]
	// What was removed meanwhile, or moved to where this actor sees nothing, is not told any more.
	part.Devices = slices.DeleteFunc(part.Devices, func(d device.Device) bool { return !v.visible[d.ID] })
	part.Latest = slices.DeleteFunc(part.Latest, func(l telemetry.Latest) bool { return !v.visible[l.Device] })
	if v.parts = v.parts[1:]; len(v.parts) > 0 {
		patience.Reset(livePatience)
	} else {
		flush.Reset(0)
	}
	return v.send(part)
}

// increment is what leaves now. While parts of the snapshot wait, changed devices and values wait for them, or an older
// part would take them back; alarms do not wait, and bring their devices along.
func (v *view) increment() liveMessage {
	if len(v.parts) == 0 {
		return v.pending.take()
	}
	m := v.pending.takeApart()
	in := make(map[string]bool, len(m.Alarms))
	for i := range m.Alarms {
		in[m.Alarms[i].Device] = true
	}
	for i := range v.parts {
		m.Devices = append(m.Devices, of(in, v.parts[i].Devices, func(d *device.Device) string { return d.ID })...)
		m.Latest = append(m.Latest, of(in, v.parts[i].Latest, func(l *telemetry.Latest) string { return l.Device })...)
	}
	return m
}

// of are the things of some devices.
func of[T any](devices map[string]bool, list []T, device func(*T) string) (found []T) {
	for i := range list {
		if len(devices) > 0 && devices[device(&list[i])] {
			found = append(found, list[i])
		}
	}
	return found
}

// parts divides a snapshot by its devices, each with its values. The first part has the devices in alarm, everything
// else that is not of devices, and how many others stand where: with it a map of tens of thousands can be read.
// The snapshot's own list is put in order.
func (m liveMessage) parts(size int) []liveMessage {
	if len(m.Devices) <= size {
		return []liveMessage{m}
	}
	rest := m.alarmedFirst(size)
	parts := make([]liveMessage, 1, len(m.Devices)/size+2)
	parts[0] = liveMessage{
		Type: m.Type, Alarms: m.Alarms, Streams: m.Streams, Windows: m.Windows, Health: m.Health, More: true,
		Devices: m.Devices[:rest:rest], Crowd: crowdOf(m.Devices[rest:], m.Latest),
	}
	for devices := range slices.Chunk(m.Devices[rest:], size) {
		parts = append(parts, liveMessage{Type: "part", Devices: devices, More: true})
	}
	where := make(map[string]int, len(m.Devices))
	for i := range parts {
		for n := range parts[i].Devices {
			where[parts[i].Devices[n].ID] = i
		}
	}
	for i := range m.Latest {
		part := &parts[where[m.Latest[i].Device]]
		part.Latest = append(part.Latest, m.Latest[i])
	}
	parts[len(parts)-1].More = false
	return parts
}

// alarmedFirst puts so many devices in alarm first and says how many there are.
func (m liveMessage) alarmedFirst(most int) (n int) {
	alarmed := make(map[string]bool, len(m.Alarms))
	for i := range m.Alarms {
		alarmed[m.Alarms[i].Device] = true
	}
	for i := range m.Devices {
		if n == most {
			break
		}
		if alarmed[m.Devices[i].ID] {
			m.Devices[n], m.Devices[i] = m.Devices[i], m.Devices[n]
			n++
		}
	}
	return n
}

// permitted makes a list that the actor may not see an empty one.
func permitted[T any](list []T, err error) ([]T, error) {
	if errs.KindOf(err) == errs.Denied {
		return []T{}, nil
	}
	return append([]T{}, list...), err
}
