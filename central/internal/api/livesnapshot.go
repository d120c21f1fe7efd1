package api

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// livePart is how many devices one message of a snapshot has: a slow link must take it within liveWrite.
const livePart = 2000

func (v *view) snapshot(ctx context.Context) (liveMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	m := liveMessage{Type: "snapshot"}
	src := v.server.live.src
	var err error
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
	if m.Windows, err = permitted(src.Windows(ctx)); err != nil {
		return m, err
	}
	switch health, err := src.Health(ctx); {
	case err == nil:
		m.Health = &health
	case errs.KindOf(err) != errs.Denied:
		return m, err
	}
	return m, nil
}

// show sends a snapshot, and notes what it shows once its first part is on the way.
func (v *view) show(m liveMessage) error {
	parts := m.parts(livePart)
	if err := v.send(parts[0]); err != nil {
		return err
	}
	for i := range m.Devices {
		v.visible[m.Devices[i].ID] = true
	}
	v.pending.sent(m)
	for _, part := range parts[1:] {
		if err := v.send(part); err != nil {
			return err
		}
	}
	return nil
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
		parts = append(parts, liveMessage{Devices: devices, More: true})
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
