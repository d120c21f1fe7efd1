package poller

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/wire"
)

// look is somebody who wants to see a reading.
type look chan<- Look

// Look is one reading as it went over the line.
type Look struct {
	Sensor  string            `json:"sensor"`
	Listens bool              `json:"listens"` // the device speaks by itself and cannot be asked
	TookMS  float64           `json:"took_ms"`
	Values  []LookValue       `json:"values"`
	Frames  []LookFrame       `json:"frames"` // empty: the library of the protocol does not show them
	Error   string            `json:"error,omitempty"`
	Fault   string            `json:"fault,omitempty"` // kind of the error
	Raw     string            `json:"raw,omitempty"`   // hex of the frame that was refused
	State   *wire.SensorState `json:"state,omitempty"` // how the poller has it
}

// LookValue is one value of a Look.
type LookValue struct {
	Property string  `json:"property"`
	Value    float64 `json:"value"`
	Quality  string  `json:"quality"`
	At       int64   `json:"at,omitempty"` // Unix milliseconds, as the device said
}

// LookFrame is one frame of a Look.
type LookFrame struct {
	Way  string `json:"way"` // sent or came
	Hex  string `json:"hex"`
	Size int    `json:"size"` // bytes that there were; hex shows the first 256
}

// ErrNoSensor says that the terminal has no such sensor.
var ErrNoSensor = errors.New("terminal has no such sensor")

// asked is where looks at one device come in.
func (p *Poller) asked(id string) chan look {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.looks == nil {
		p.looks = map[string]chan look{}
	}
	if p.looks[id] == nil {
		p.looks[id] = make(chan look)
	}
	return p.looks[id]
}

// Look reads one device once, in its turn between the poller's own readings, and takes what it says as one
// more reading. Of a device that speaks by itself it shows the state. ErrNoSensor; the error of ctx when the
// device, or what shares its line, does not get done in time.
func (p *Poller) Look(ctx context.Context, id string) (Look, error) {
	at := slices.IndexFunc(p.Sensors, func(s Sensor) bool { return s.ID == id })
	if at < 0 {
		return Look{}, fmt.Errorf("%w: %.64q", ErrNoSensor, id)
	}
	var out Look
	if _, asks := p.Sensors[at].Device.(driver.Reader); !asks {
		out = Look{Sensor: id, Listens: true}
	} else {
		seen := make(chan Look, 1)
		select {
		case p.asked(id) <- seen:
		case <-ctx.Done():
			return Look{}, fmt.Errorf("read %s: its turn did not come: %w", id, ctx.Err())
		}
		select {
		case out = <-seen:
		case <-ctx.Done():
			return Look{}, fmt.Errorf("read %s: it is still being read: %w", id, ctx.Err())
		}
	}
	state := p.States()[at]
	out.State = &state
	return out, nil
}

// answer reads the device for one who looks. The next reading of the poller comes when it would have come.
func (p *Poller) answer(ctx context.Context, s Sensor, d driver.Reader, failures int, one look) int {
	trace, begun := &driver.Trace{}, time.Now()
	return p.once(driver.WithTrace(ctx, trace), s, d, failures, func(samples []driver.Sample, err error) {
		out := Look{Sensor: s.ID, TookMS: float64(time.Since(begun).Microseconds()) / 1000, Values: []LookValue{}, Frames: []LookFrame{}}
		for _, v := range samples {
			out.Values = append(out.Values, LookValue{v.Property, v.Value, word(v.Quality), v.At})
		}
		for _, f := range trace.Frames() {
			way := "came"
			if f.Sent {
				way = "sent"
			}
			out.Frames = append(out.Frames, LookFrame{way, hex.EncodeToString(f.Raw), f.Size})
		}
		if err != nil {
			out.Error = err.Error()
			if f := driver.FaultOf(err); f != nil {
				out.Fault, out.Raw = string(f.Kind), hex.EncodeToString(f.Raw)
			}
		}
		one <- out
	})
}

func word(q wire.Quality) string {
	switch q {
	case wire.Good:
		return "good"
	case wire.Uncertain:
		return "uncertain"
	default:
		return "bad"
	}
}
