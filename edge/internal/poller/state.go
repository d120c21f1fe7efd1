package poller

import (
	"encoding/hex"
	"maps"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/wire"
)

// state is what is known of one device.
type state struct {
	wire.SensorState
	asked bool // it has been asked or heard
}

func (p *Poller) state(id string) *state {
	if p.states == nil {
		p.states = map[string]*state{}
	}
	s := p.states[id]
	if s == nil {
		s = &state{SensorState: wire.SensorState{ID: id}}
		p.states[id] = s
	}
	return s
}

// note says how a round with a device went.
func (p *Poller) note(id string, answered bool, err error) {
	if f := driver.FaultOf(err); f != nil {
		p.count(id, f)
	}
	now, _ := p.Now()
	p.mu.Lock()
	s := p.state(id)
	was, known := s.OK, s.asked
	s.asked, s.OK, s.Error = true, err == nil, ""
	if answered {
		s.At = now.UnixMilli()
	}
	if err != nil {
		s.Error = err.Error()
	}
	p.mu.Unlock()
	if known && was == (err == nil) {
		return
	}
	if err == nil {
		p.Log.Info("device answers", "sensor", id)
	} else {
		p.Log.Warn("device does not answer", "sensor", id, "error", err)
	}
	if p.Changed != nil {
		p.Changed()
	}
}

// taken counts an answer that is kept.
func (p *Poller) taken(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state(id).Taken++
}

// count adds a fault to those of its kind and keeps it as the last one.
func (p *Poller) count(id string, f *driver.Fault) {
	now, _ := p.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state(id)
	if s.Faults == nil {
		s.Faults = map[string]uint64{}
	}
	s.Faults[string(f.Kind)]++
	s.LastFault = &wire.SensorFault{
		Kind: string(f.Kind), At: now.UnixMilli(), Text: f.Error(), Raw: hex.EncodeToString(f.Raw),
	}
}

// States says of every sensor whether it answers, in the order of Sensors.
func (p *Poller) States() []wire.SensorState {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]wire.SensorState, 0, len(p.Sensors))
	for _, sensor := range p.Sensors {
		s := p.state(sensor.ID).SensorState
		s.Faults = maps.Clone(s.Faults)
		out = append(out, s)
	}
	return out
}
