package device

import (
	"cmp"
	"slices"

	"github.com/fengsui/fengsui/shared/wire"
)

// maxBadKinds is how many kinds of bad input are kept of one device; there are fewer.
const maxBadKinds = 32

// BadInput is what a terminal had to refuse of one device, of one kind: how often since its agent began, and
// the newest frame of that kind that a status has brought since the start of the centre. A status carries the
// newest of all kinds, so that of a rare kind may have been passed over.
type BadInput struct {
	Device string            `json:"device"`
	Kind   string            `json:"kind"`
	Count  uint64            `json:"count"`
	Last   *wire.SensorFault `json:"last,omitempty"`
}

// badInput is what a status says, with the frames that earlier ones have brought; the newest first.
func badInput(was []BadInput, st wire.Status) []BadInput {
	type key struct{ device, kind string }
	known := make(map[key]BadInput, len(was))
	for _, old := range was {
		known[key{old.Device, old.Kind}] = old
	}
	out := []BadInput{}
	for _, s := range st.Sensors[:min(len(st.Sensors), maxSensors)] {
		n := 0
		for kind, count := range s.Faults {
			if n++; n > maxBadKinds {
				break
			}
			one := BadInput{Device: s.ID, Kind: kind, Count: count}
			if old := known[key{s.ID, kind}]; old.Count <= count { // fewer: the agent began anew
				one.Last = old.Last
			}
			if f := s.LastFault; f != nil && f.Kind == kind {
				one.Last = f
			}
			out = append(out, one)
		}
	}
	at := func(b BadInput) int64 {
		if b.Last == nil {
			return 0
		}
		return b.Last.At
	}
	slices.SortFunc(out, func(a, b BadInput) int {
		return cmp.Or(cmp.Compare(at(b), at(a)), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}
