package api

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/device"
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
	for _, d := range m.Devices {
		v.visible[d.ID] = true
	}
	v.pending.sent(m)
	return m, nil
}

// parts divides a snapshot by its devices, each with its values: a map of tens of thousands begins to show
// something with the first. That has everything else, and the devices in alarm. The snapshot's own list is
// put in order.
func (m liveMessage) parts(size int) []liveMessage {
	if len(m.Devices) <= size {
		return []liveMessage{m}
	}
	alarmed := make(map[string]bool, len(m.Alarms))
	for i := range m.Alarms {
		alarmed[m.Alarms[i].Device] = true
	}
	slices.SortStableFunc(m.Devices, func(a, b device.Device) int {
		switch {
		case alarmed[a.ID] == alarmed[b.ID]:
			return 0
		case alarmed[a.ID]:
			return -1
		}
		return 1
	})
	parts := make([]liveMessage, 0, len(m.Devices)/size+1)
	where := make(map[string]int, len(m.Devices))
	for devices := range slices.Chunk(m.Devices, size) {
		for i := range devices {
			where[devices[i].ID] = len(parts)
		}
		parts = append(parts, liveMessage{Devices: devices, More: true})
	}
	for _, l := range m.Latest {
		part := &parts[where[l.Device]]
		part.Latest = append(part.Latest, l)
	}
	first := &parts[0]
	first.Type, first.Alarms, first.Streams, first.Windows, first.Health = m.Type, m.Alarms, m.Streams, m.Windows, m.Health
	parts[len(parts)-1].More = false
	return parts
}

// permitted makes a list that the actor may not see an empty one.
func permitted[T any](list []T, err error) ([]T, error) {
	if errs.KindOf(err) == errs.Denied {
		return []T{}, nil
	}
	return append([]T{}, list...), err
}
