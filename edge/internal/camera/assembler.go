package camera

import "time"

// NAL unit types of H.264 (ITU-T H.264 table 7-1).
const (
	unitIDR = 5
	unitSPS = 7
	unitPPS = 8
	unitAUD = 9
)

// backwards is how many frames may step back in time before the camera is said to send B frames; one
// can be a clock that was set.
const backwards = 3

// assembler makes frames of access units: it begins with a key frame, puts the parameter sets before
// each and finds B frames, which no browser shows over WebRTC.
type assembler struct {
	sps, pps []byte
	last     uint32
	first    bool
	steps    int
}

// frame takes one access unit; ok is false while no key frame has come.
func (a *assembler) frame(units [][]byte, at uint32, now time.Time) (f Frame, ok bool, err error) {
	key, sets := false, false
	kept := make([][]byte, 0, len(units)+2)
	for _, u := range units {
		if len(u) == 0 {
			continue
		}
		switch u[0] & 0x1f {
		case unitIDR:
			key = true
		case unitSPS:
			a.sps, sets = u, true
		case unitPPS:
			a.pps = u
		case unitAUD:
			continue
		}
		kept = append(kept, u)
	}
	if len(kept) == 0 || (a.first && !key) {
		return Frame{}, false, nil
	}
	if !a.first {
		if int32(at-a.last) < 0 {
			a.steps++
		}
		if a.steps >= backwards {
			return Frame{}, false, ErrBFrames
		}
	}
	if key {
		a.steps = 0
	}
	if key && !sets {
		if len(a.sps) == 0 || len(a.pps) == 0 {
			return Frame{}, false, nil // cannot be shown without them
		}
		kept = append([][]byte{a.sps, a.pps}, kept...)
	}
	f = Frame{Units: kept, Time: at, At: now, Key: key, First: a.first}
	a.first, a.last = false, at
	return f, true, nil
}
